/* SPDX-License-Identifier: BSD-3-Clause */

/* Which replica is chosen (PROTOCOL.md §16, DESIGN.md D10, D16). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

static const char *refusal(struct kit *kit, const char *node)
{
    kit->core->now = kit->now; /* as in the step that would ask */
    enum sn_reason reason =
        sn_select_refusal(kit_group(kit, "m1"), kit_instance(kit, "m1", node)).reason;
    return reason == SN_REASON_NONE ? NULL : sn_reason_words(reason);
}

/* What the group remembers last about node. */
static const char *last_reason(struct kit *kit, const char *node)
{
    static char text[SN_REASON_TEXT_MAX + 1];
    const struct sn_reason_entry *entries[SN_REASONS_MAX];
    size_t count = sn_group_reasons(kit_group(kit, "m1"), entries);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (entries[i]->member == kit_instance(kit, "m1", node)->id &&
            entries[i]->at == kit->core->now)
            sn_reason_text(kit_group(kit, "m1"), entries[i], text);
    }
    return text;
}

static void expect_refusal(struct kit *kit, const char *node, const char *expected)
{
    const char *got = refusal(kit, node);
    assert_string_equal(got == NULL ? "" : got, expected == NULL ? "" : expected);
    sn_select_note_refused(kit_group(kit, "m1"));
    if (expected != NULL)
        assert_non_null(strstr(last_reason(kit, node), expected));
}

static const char *best(struct kit *kit)
{
    kit->core->now = kit->now;
    const struct sn_instance *found = sn_select_replica(kit_group(kit, "m1"));
    return found == NULL ? "" : kit_node_name(kit, found);
}

static void test_select__refuses_what_is_down(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2");
    (void)state;
    expect_refusal(kit, "n2", NULL);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, 1000);
    expect_refusal(kit, "n2", "it is down");
    kit_free(kit);
}

static void test_select__refuses_what_is_not_connected_by_either_link(void **state)
{
    static const enum sn_link_kind kinds[] = {SN_LINK_DATA, SN_LINK_SUBSCRIBE};
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct kit *kit = kit_new("m1 n1 replicas n2");
        kit_mode(kit, "n2", KIT_GONE);
        kit_drop_link(kit, "n2", kinds[k]);
        expect_refusal(kit, "n2", "it is not connected");
        kit_mode(kit, "n2", KIT_WELL);
        kit_to(kit, 600);
        expect_refusal(kit, "n2", NULL);
        kit_free(kit);
    }
}

static void test_select__refuses_what_has_not_ponged_for_five_periods(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 down-after 60000");
    (void)state;
    kit_node(kit, "n2")->pong = "-BUSY Redis is busy running a script.";
    kit_to(kit, 5000);
    expect_refusal(kit, "n2", NULL);
    kit_to(kit, 5001);
    expect_refusal(kit, "n2", "it has not answered PING lately");
    kit_free(kit);
}

/* It was promoted once its priority had risen; a master does not tell it. */
static void test_select__takes_the_master_of_another_name_whatever_its_priority_was(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 quorum 1");
    (void)state;
    kit_node(kit, "n2")->priority = 0;
    kit_to(kit, 10000);
    assert_true(kit_hello_text(kit, "n1", "10.0.5.5,26379," KIT_E ",1,other,10.0.0.1,6379,0"));
    expect_refusal(kit, "n2", "its priority is 0");
    assert_true(kit_hello_text(kit, "n1", "10.0.5.5,26379," KIT_E ",1,other,10.0.0.2,6379,1"));
    expect_refusal(kit, "n2", "its priority is 0");
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_to(kit, 20000);
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379"), 1);
    assert_int_equal(kit_count(kit, "promote n2"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_OTHER_PROMOTED, NULL) > 0);
    kit_free(kit);
}

static void test_select__refuses_priority_zero(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3");
    (void)state;
    kit_node(kit, "n2")->priority = 0;
    kit_node(kit, "n2")->offset = 99;
    kit_to(kit, 10000);
    expect_refusal(kit, "n2", "its priority is 0");
    assert_string_equal(best(kit), "n3");
    kit_node(kit, "n3")->priority = 0;
    kit_to(kit, 20000);
    assert_string_equal(best(kit), "");
    kit_free(kit);
}

static void test_select__refuses_old_info(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, 30000);
    expect_refusal(kit, "n2", NULL);
    kit_to(kit, 30001);
    expect_refusal(kit, "n2", "its last INFO is too old");
    kit_free(kit);

    /* Much sooner while the master is down. */
    kit = kit_new("m1 n1 replicas n2");
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 5000);
    expect_refusal(kit, "n2", NULL);
    kit_to(kit, 5001);
    expect_refusal(kit, "n2", "its last INFO is too old");
    kit_free(kit);
}

static void test_select__refuses_what_never_told_anything(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_node(kit, "n2")->role = SN_ROLE_REPLICA;
    (void)snprintf(kit_node(kit, "n2")->master, 64, "n1");
    kit_to(kit, 999);
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, 1000);
    kit_info(kit, "n1", NULL);
    kit_to(kit, 1001);
    expect_refusal(kit, "n2", "it has not answered INFO yet");
    kit_info(kit, "n2", NULL);
    expect_refusal(kit, "n2", NULL);
    kit_free(kit);
}

static void test_select__refuses_a_link_that_was_down_for_too_long(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 down-after 2000");
    (void)state;
    kit_node(kit, "n2")->link_down_s = 20;
    kit_node(kit, "n3")->link_down_s = 21;
    kit_to(kit, 10000);
    expect_refusal(kit, "n2", NULL);
    expect_refusal(kit, "n3", "its link to the master was down for too long");
    /* The time since the master went down is not held against them. */
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 12999);
    assert_int_equal(kit_instance(kit, "m1", "n1")->s_down_at, kit->start + 12000);
    expect_refusal(kit, "n3", "its link to the master was down for too long");
    kit_to(kit, 13000);
    expect_refusal(kit, "n3", NULL);
    kit_free(kit);
}

/* n1 is dead, and we have never heard it; the replicas lost it before we began. */
static struct kit *started_late(const char *text, unsigned n2_s, unsigned n3_s)
{
    struct kit *kit = kit_new(text);
    kit_node(kit, "n2")->link_up = kit_node(kit, "n3")->link_up = false;
    kit_node(kit, "n2")->link_down_s = n2_s;
    kit_node(kit, "n3")->link_down_s = n3_s;
    kit_instance(kit, "m1", "n1")->cmd->heard_at = SN_MS_NEVER;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    return kit;
}

static const char cut_off[] = "m1 n1 replicas n2,n3 quorum 1";

static void test_select__takes_the_freshest_if_all_lost_the_master_alike(void **state)
{
    struct kit *kit = started_late(cut_off, 31, 30);
    (void)state;
    kit_node(kit, "n2")->offset = 5;
    kit_node(kit, "n3")->offset = 9;
    kit_to(kit, 1000);
    expect_refusal(kit, "n2", NULL);
    expect_refusal(kit, "n3", NULL);
    assert_string_equal(best(kit), "n3");
    assert_int_equal(kit_count(kit, "promote n3"), 1);
    assert_int_equal(kit_count(kit, "log W Chose slave 10.0.0.3:6379 10.0.0.3 6379 @ m1 10.0.0.1 "
                                    "6379 although its link to the master was down for too long"),
                     1);
    kit_free(kit);
}

static void test_select__who_had_lost_the_master_long_before_the_others_is_left_out(void **state)
{
    struct kit *kit = started_late(cut_off, 3000, 30);
    (void)state;
    kit_to(kit, 1000);
    expect_refusal(kit, "n2", "its link to the master was down for too long");
    expect_refusal(kit, "n3", NULL);
    kit_free(kit);

    /* Although the other one will not do. */
    kit = started_late(cut_off, 3000, 0);
    kit_node(kit, "n3")->priority = 0;
    kit_to(kit, 60000);
    expect_refusal(kit, "n2", "its link to the master was down for too long");
    kit_free(kit);
}

static void test_select__who_lost_a_master_that_we_heard_is_left_out(void **state)
{
    struct kit *kit = started_late(cut_off, 30, 30);
    (void)state;
    kit_to(kit, 1000);
    kit_instance(kit, "m1", "n1")->cmd->heard_at = kit->now - 40000; /* before */
    expect_refusal(kit, "n2", NULL);
    kit_instance(kit, "m1", "n1")->cmd->heard_at = kit->now - 20000; /* after they had lost it */
    expect_refusal(kit, "n2", "its link to the master was down for too long");
    kit_free(kit);
}

/* The master was restarted, and has forgotten that it is one. */
static void test_select__a_master_that_says_it_is_a_replica_was_lost_by_all(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 quorum 1");
    (void)state;
    kit_to(kit, 5000);
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_node(kit, "n1")->role = SN_ROLE_REPLICA;
    (void)snprintf(kit_node(kit, "n1")->master, 64, "n2");
    kit_node(kit, "n2")->link_down_s = kit_node(kit, "n3")->link_down_s = 38;
    kit_to(kit, 45000);
    assert_true(kit_instance(kit, "m1", "n1")->s_down);
    expect_refusal(kit, "n2", NULL);
    kit_free(kit);
}

/* Who does not answer may have had the master for longer. */
static void test_select__waits_for_a_silent_replica_before_it_takes_old_data(void **state)
{
    struct kit *kit = started_late(cut_off, 30, 30);
    (void)state;
    kit_mode(kit, "n3", KIT_REFUSING);
    kit_to(kit, 1000 + 2999);
    expect_refusal(kit, "n2", "its link to the master was down for too long");
    kit_to(kit, 1000 + 3000);
    expect_refusal(kit, "n2", NULL);
    kit_free(kit);
}

/* n2 is master by now; n1, demoted, answers. */
static struct kit *after_a_switch(void)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    kit_to(kit, 10000);
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_node(kit, "n1")->order = "[-NOPERM no|+OK|:0|:0]";
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_node(kit, "n1")->priority = 1; /* the best of all */
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    return kit;
}

static void test_select__refuses_who_was_demoted_until_it_is_in_sync(void **state)
{
    struct kit *kit = after_a_switch();
    struct kit_node *old = kit_node(kit, "n1");
    (void)state;
    expect_refusal(kit, "n1", "it was demoted and has not been in sync since");
    assert_string_equal(best(kit), "n3");
    old->role = SN_ROLE_REPLICA; /* of somebody else */
    (void)snprintf(old->master, sizeof(old->master), "n3");
    old->link_up = true;
    kit_to(kit, kit_now(kit) + 1100);
    expect_refusal(kit, "n1", "it was demoted and has not been in sync since");
    (void)snprintf(old->master, sizeof(old->master), "n2");
    old->link_up = false; /* the sync is in progress */
    kit_to(kit, kit_now(kit) + 10100);
    expect_refusal(kit, "n1", "it was demoted and has not been in sync since");
    old->link_up = true;
    kit_to(kit, kit_now(kit) + 1100);
    expect_refusal(kit, "n1", NULL);
    old->link_up = false; /* it has proved itself once */
    kit_to(kit, kit_now(kit) + 10000);
    expect_refusal(kit, "n1", NULL);
    kit_free(kit);

    /* We did not see the link up, but when it broke: after the demotion. */
    kit = after_a_switch();
    old = kit_node(kit, "n1");
    old->role = SN_ROLE_REPLICA;
    (void)snprintf(old->master, sizeof(old->master), "n2");
    old->link_up = false;
    old->link_down_s = 5; /* it says so of an earlier life */
    kit_to(kit, kit_now(kit) + 4000);
    expect_refusal(kit, "n1", "it was demoted and has not been in sync since");
    old->link_down_s = 1;
    kit_to(kit, kit_now(kit) + 1100);
    expect_refusal(kit, "n1", NULL);
    kit_free(kit);
}

/* Nobody else is left: old data are better than none, but the new master may come back. */
static void test_select__takes_who_was_demoted_if_the_master_does_not_come_back(void **state)
{
    struct kit *kit = after_a_switch();
    (void)state;
    kit_mode(kit, "n3", KIT_REFUSING);
    kit_mode(kit, "n2", KIT_REFUSING);
    sn_ms at = kit_now(kit);
    kit_to(kit, at + 1000 + 2999);
    expect_refusal(kit, "n1", "it was demoted and has not been in sync since");
    kit_to(kit, at + 1000 + 3000);
    expect_refusal(kit, "n1", NULL);
    kit_free(kit);
}

static void test_select__force_takes_what_nothing_but_age_speaks_against(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 down-after 2000 peers a,b");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_node(kit, "n2")->link_down_s = 60;
    kit_to(kit, 10000);
    kit_failover(kit, "m1", SN_MODE_PLANNED);
    assert_int_equal(kit_count(kit, "answer 1 error -NOGOODSLAVE"), 1);
    kit_failover(kit, "m1", SN_MODE_FORCED);
    assert_int_equal(kit_count(kit, "answer 2 ok"), 1);
    kit_to(kit, 10100);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    kit_free(kit);
}

static void test_select__refuses_what_another_group_claims(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3;m2 n4 replicas n2");
    (void)state;
    expect_refusal(kit, "n2", "another group claims it too");
    expect_refusal(kit, "n3", NULL);
    kit_free(kit);
}

static void test_select__order_is_priority_offset_runid(void **state)
{
    static const struct {
        unsigned priority[3];
        unsigned long long offset[3];
        const char *runid[3]; /* first character; "" for none */
        const char *best;
    } rows[] = {
        {{100, 100, 100}, {5, 5, 5}, {"b", "a", "c"}, "n3"},
        {{100, 100, 100}, {5, 5, 6}, {"b", "a", "c"}, "n4"},
        {{100, 10, 100}, {9, 5, 6}, {"b", "c", "a"}, "n3"},
        {{1, 10, 100}, {0, 5, 6}, {"c", "b", "a"}, "n2"},
        {{10, 10, 100}, {7, 8, 9}, {"a", "b", "a"}, "n3"},
        {{100, 100, 100}, {5, 5, 5}, {"B", "A", "c"}, "n3"}, /* case is ignored */
        {{100, 100, 100}, {5, 5, 5}, {"", "", "f"}, "n4"},   /* unknown comes last */
        {{100, 100, 100}, {18446744073709551615U, 9, 9223372036854775808U}, {"c", "b", "a"}, "n2"},
        {{0, 4294967295U, 0}, {9, 0, 9}, {"c", "b", "a"}, "n3"},
    };
    static const char *const names[] = {"n2", "n3", "n4"};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4");
        for (size_t n = 0; n < 3; n++) {
            struct sn_instance *replica = kit_instance(kit, "m1", names[n]);
            replica->u.data.priority = rows[i].priority[n];
            replica->u.data.repl_offset = rows[i].offset[n];
            memset(replica->runid.hex, 0, sizeof(replica->runid.hex));
            if (rows[i].runid[n][0] != '\0')
                memset(replica->runid.hex, rows[i].runid[n][0], SN_RUNID_LEN);
        }
        if (strcmp(best(kit), rows[i].best) != 0)
            fail_msg("row %zu: %s", i, best(kit));
        kit_free(kit);
    }
}

static void test_select__ignores_role_master_and_announcement(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 down-after 60000");
    (void)state;
    struct sn_data *data = &kit_instance(kit, "m1", "n2")->u.data;
    data->role_reported = SN_ROLE_MASTER;
    data->announced = false;
    data->link_up = false;
    sn_strset(&data->master_host, "10.9.9.9");
    assert_string_equal(best(kit), "n2");
    kit_free(kit);
}

/* n2 would be better, but may be hanging. */
static void test_select__who_has_not_answered_since_the_failure_comes_last(void **state)
{
    static const struct {
        const char *answers, *chosen;
    } rows[] = {{"n2", "n2"}, {"n3", "n3"}, {NULL, "n2"}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2,n3 quorum 1");
        kit_node(kit, "n2")->priority = 10;
        kit_to(kit, 10000);
        kit->hold = KIT_HOLD(SN_ORDER_INFO) | KIT_HOLD(SN_ORDER_PROMOTE);
        kit_mode(kit, "n1", KIT_REFUSING);
        kit_to(kit, 11000);
        if (rows[i].answers != NULL)
            kit_info(kit, rows[i].answers, NULL);
        kit_to(kit, 11499);
        assert_int_equal(kit_count(kit, "promote"), 0);
        kit_to(kit, 11500);
        assert_string_equal(kit_find(kit, "promote") + strlen("promote "), rows[i].chosen);
        kit_free(kit);
    }
}

static void test_select__says_why_each_candidate_is_refused(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4");
    (void)state;
    kit_node(kit, "n3")->priority = 0;
    kit_to(kit, 10000);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, 11000);
    kit_clear(kit);
    struct sn_command command = {
        .kind = SN_COMMAND_FAILOVER, .name = "m1", .name_len = 2, .mode = SN_MODE_FORCED};
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit->disk = KIT_DISK_SLOW;
    kit_command(kit, &command);
    kit_expect(
        kit, "log",
        "log N Not a candidate: slave 10.0.0.2:6379 10.0.0.2 6379 @ m1 10.0.0.1 6379: it is "
        "down.\n"
        "log N Not a candidate: slave 10.0.0.3:6379 10.0.0.3 6379 @ m1 10.0.0.1 6379: its "
        "priority is 0.\n"
        "log N Candidate: slave 10.0.0.4:6379 10.0.0.4 6379 @ m1 10.0.0.1 6379: priority 100, "
        "offset 0.\n"
        "log N Executing user requested FAILOVER of 'm1'\n");
    kit_free(kit);
}

static void test_select__waits_for_facts_younger_than_the_failure(void **state)
{
    static const struct {
        const char *text;
        sn_ms down_at, patience;
    } rows[] = {{"m1 n1 replicas n2,n3 quorum 1 down-after 1000", 1000, 500},
                {"m1 n1 replicas n2,n3 quorum 1 down-after 400", 400, 200},
                {"m1 n1 replicas n2,n3 quorum 1 down-after 4000", 4000, 500}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new(rows[i].text);
        kit->hold = KIT_HOLD(SN_ORDER_INFO) | KIT_HOLD(SN_ORDER_PROMOTE);
        kit_mode(kit, "n1", KIT_REFUSING);
        kit_to(kit, rows[i].down_at + rows[i].patience - 1);
        assert_int_equal(kit_count(kit, "info n2"), 1); /* asked in the moment of S_DOWN */
        assert_int_equal(kit_count(kit, "event W +failover-state-select-slave"), 1);
        assert_int_equal(kit_count(kit, "promote"), 0);
        kit_to(kit, rows[i].down_at + rows[i].patience);
        assert_int_equal(kit_count(kit, "promote n2"), 1);
        kit_free(kit);
    }
}

static void test_select__chooses_by_the_fresh_facts_as_soon_as_they_are_in(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4 quorum 1");
    (void)state;
    kit_mode(kit, "n4", KIT_REFUSING); /* what is down is not waited for */
    kit_to(kit, 2000);
    kit->hold = KIT_HOLD(SN_ORDER_INFO) | KIT_HOLD(SN_ORDER_PROMOTE);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 3000);
    kit_node(kit, "n3")->offset = 7;
    kit_info(kit, "n2", NULL);
    assert_int_equal(kit_count(kit, "promote"), 0);
    kit_info(kit, "n3", NULL);
    assert_int_equal(kit_count(kit, "promote n3"), 1);
    kit_free(kit);
}

static void tell(struct kit *kit, const char *heard_on, const char *name, int node, int epoch)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "10.0.1.1,26379," KIT_A ",%d,%s,10.0.0.%d,6379,%d", epoch,
                   name, node, epoch);
    kit_hello_text(kit, heard_on, text);
}

/* Two other names of the master have switched one after the other; which of them we met first does
 * not matter. */
static void test_select__follows_the_newest_of_several_names(void **state)
{
    static const char *const names[][2] = {{"y1", "y2"}, {"y2", "y1"}};
    (void)state;
    for (size_t row = 0; row < 2; row++) {
        struct kit *kit = kit_new("x9 n1 replicas n2,n3 quorum 1 down-after 1000 timeout 5000");
        kit_to(kit, 1000);
        tell(kit, "n1", names[row][0], 1, 1);
        tell(kit, "n1", names[row][1], 1, 1);
        kit_to(kit, 2000);
        kit_clear(kit);
        tell(kit, "n2", "y2", 2, 5);
        tell(kit, "n3", "y1", 3, 9);
        kit_node(kit, "n3")->role = SN_ROLE_MASTER;
        (void)snprintf(kit_node(kit, "n2")->master, sizeof(kit_node(kit, "n2")->master), "n3");
        kit_mode(kit, "n1", KIT_REFUSING);
        for (int i = 0; i < 4; i++) {
            kit_to(kit, kit_now(kit) + 1000);
            tell(kit, "n3", "y1", 3, 9);
        }
        assert_int_equal(kit_count(kit, "promote"), 0);
        assert_string_equal(kit_group(kit, "x9")->master->addr.ip, "10.0.0.3");
        kit_free(kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_select__refuses_what_is_down),
        cmocka_unit_test(test_select__refuses_what_is_not_connected_by_either_link),
        cmocka_unit_test(test_select__refuses_what_has_not_ponged_for_five_periods),
        cmocka_unit_test(test_select__refuses_priority_zero),
        cmocka_unit_test(test_select__takes_the_master_of_another_name_whatever_its_priority_was),
        cmocka_unit_test(test_select__refuses_old_info),
        cmocka_unit_test(test_select__refuses_what_never_told_anything),
        cmocka_unit_test(test_select__refuses_a_link_that_was_down_for_too_long),
        cmocka_unit_test(test_select__takes_the_freshest_if_all_lost_the_master_alike),
        cmocka_unit_test(test_select__who_had_lost_the_master_long_before_the_others_is_left_out),
        cmocka_unit_test(test_select__who_lost_a_master_that_we_heard_is_left_out),
        cmocka_unit_test(test_select__a_master_that_says_it_is_a_replica_was_lost_by_all),
        cmocka_unit_test(test_select__waits_for_a_silent_replica_before_it_takes_old_data),
        cmocka_unit_test(test_select__refuses_who_was_demoted_until_it_is_in_sync),
        cmocka_unit_test(test_select__takes_who_was_demoted_if_the_master_does_not_come_back),
        cmocka_unit_test(test_select__force_takes_what_nothing_but_age_speaks_against),
        cmocka_unit_test(test_select__refuses_what_another_group_claims),
        cmocka_unit_test(test_select__order_is_priority_offset_runid),
        cmocka_unit_test(test_select__ignores_role_master_and_announcement),
        cmocka_unit_test(test_select__who_has_not_answered_since_the_failure_comes_last),
        cmocka_unit_test(test_select__says_why_each_candidate_is_refused),
        cmocka_unit_test(test_select__waits_for_facts_younger_than_the_failure),
        cmocka_unit_test(test_select__chooses_by_the_fresh_facts_as_soon_as_they_are_in),
        cmocka_unit_test(test_select__follows_the_newest_of_several_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
