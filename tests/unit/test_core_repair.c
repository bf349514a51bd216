/* SPDX-License-Identifier: BSD-3-Clause */

/* Replicas that are not what the group says (PROTOCOL.md §17.2, §17.3, §23 (9), DESIGN.md D13,
 * D16).
 */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

#define N2      "slave 10.0.0.2:6379 10.0.0.2 6379 @ m1 10.0.0.1 6379"
#define CONVERT "follow n2 10.0.0.1 6379\nevent N +convert-to-slave " N2 "\n"
#define FIX     "follow n2 10.0.0.1 6379\nevent N +fix-slave-config " N2 "\n"
#define AWRY    "event V -role-change " N2 " new reported role is master\n"

static const char group[] = "m1 n1 replicas n2 peers a,b config 3;- epoch 3";

/* n2 claims to be master, as noticed at 10000; its INFO is in the test's hands from then on, and no
 * order helps. */
static struct kit *with_second_master(const char *text)
{
    struct kit *kit = kit_new(text);
    kit_to(kit, 9999);
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_node(kit, "n2")->order = "[:0]";
    kit_clear(kit);
    return kit;
}

/* Answers INFO of n2 at exactly `at`, and lets what follows happen. */
static void info_at(struct kit *kit, sn_ms at)
{
    kit->hold = 0;
    kit_to(kit, at - 2);
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit->core->timings[SN_TIMING_INFO_PERIOD] = 1;
    sn_instance_plan_info(kit_instance(kit, "m1", "n2"));
    kit_to(kit, at - 1);
    kit->core->timings[SN_TIMING_INFO_PERIOD] = 10000;
    kit_clear(kit);
    kit_to(kit, at);
    kit_info(kit, "n2", NULL);
}

static void confirm(struct kit *kit, const char *peer)
{
    kit_hello(kit, peer, "m1", "n1", 3, 3);
}

static void test_repair__a_second_master_is_demoted_after_four_publish_periods(void **state)
{
    struct kit *kit = with_second_master(group);
    (void)state;
    kit_to(kit, 10000);
    kit_expect(kit, "event follow", AWRY);
    info_at(kit, 18000);
    kit_expect(kit, "event follow", "");
    kit_free(kit);

    kit = with_second_master(group);
    info_at(kit, 18001);
    kit_expect(kit, "event follow", CONVERT);
    assert_true(kit_reasons(kit, "m1", SN_REASON_REPAIR_UNCONFIRMED, NULL) > 0);
    kit_free(kit);
}

static void test_repair__its_role_is_looked_at_every_second(void **state)
{
    struct kit *kit = with_second_master(group);
    (void)state;
    kit_to(kit, 18999);
    assert_int_equal(kit_count(kit, "follow"), 0);
    assert_in_range(kit_count(kit, "info n2"), 9, 10);
    kit_to(kit, 19000);
    assert_int_equal(kit_when(kit, "follow n2 10.0.0.1 6379"), 19000);
    kit_free(kit);
}

static void test_repair__a_replica_that_was_just_down_is_left_alone(void **state)
{
    struct kit *kit = kit_new(group);
    (void)state;
    kit_to(kit, 11000);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, 12500); /* down at 12000 */
    kit_instance(kit, "m1", "n2")->u.data.role_reported_at -= 20000;
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_instance(kit, "m1", "n2")->u.data.role_reported = SN_ROLE_MASTER;
    kit_node(kit, "n2")->order = "[:0]";
    kit_mode(kit, "n2", KIT_WELL);
    kit_to(kit, 15000);
    assert_false(kit_instance(kit, "m1", "n2")->s_down);
    assert_int_equal(kit_instance(kit, "m1", "n2")->s_down_at - kit->start, 12000);
    info_at(kit, 20000);
    kit_expect(kit, "event follow", "");
    info_at(kit, 20003);
    kit_expect(kit, "event follow", CONVERT);
    kit_free(kit);
}

static void test_repair__nothing_is_ordered_unless_the_master_looks_sane(void **state)
{
    struct kit *kit;
    (void)state;
    /* It is S_DOWN. */
    kit = with_second_master(group);
    kit_to(kit, 16000);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 30000);
    assert_int_equal(kit_count(kit, "event W +sdown"), 1);
    assert_int_equal(kit_count(kit, "follow"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_REPAIR_MASTER_DOUBTED, "n2") > 0);
    kit_free(kit);

    /* It says that it is a replica. */
    kit = with_second_master(group);
    kit_node(kit, "n1")->role = SN_ROLE_REPLICA;
    (void)snprintf(kit_node(kit, "n1")->master, 64, "n2");
    kit_to(kit, 30000);
    assert_int_equal(kit_count(kit, "follow"), 0);
    kit_free(kit);

    /* Its INFO is older than two periods. */
    kit = with_second_master(group);
    kit_to(kit, 10000);
    struct sn_data *master = &kit_instance(kit, "m1", "n1")->u.data;
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, 18998);
    master->info_at = kit->now + 2 - 20001;
    info_at(kit, 19000);
    kit_expect(kit, "follow", "");
    kit_free(kit);

    kit = with_second_master(group);
    kit_to(kit, 10000);
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, 18998);
    kit_instance(kit, "m1", "n1")->u.data.info_at = kit->now + 2 - 20000;
    info_at(kit, 19000);
    kit_expect(kit, "follow", "follow n2 10.0.0.1 6379\n");
    kit_free(kit);
}

/* A claim that begins under our eyes at 10000, with hellos of a all the time: when it is ended. */
static sn_ms claim_ended_at(const char *text, const char *name, unsigned *rank)
{
    struct kit *kit = kit_new(text);
    *rank = sn_group_rank(kit_group(kit, name));
    kit_to(kit, 9999);
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_clear(kit);
    for (sn_ms at = 9999; at < 16000; at += 250) {
        kit_to(kit, at);
        kit_hello(kit, "a", name, "n1", 3, 3);
    }
    sn_ms ended_at = kit_when(kit, "follow n2 10.0.0.1 6379");
    if (*rank > 0)
        assert_true(kit_reasons(kit, name, SN_REASON_REPAIR_NOT_OUR_TURN, "n2") > 0);
    kit_free(kit);
    return ended_at;
}

static void test_repair__a_majority_that_confirms_later_makes_it_quick_in_turns(void **state)
{
    /* Half a period of doubt, a period for everybody to confirm, half a second per rank; INFO comes
     * each second. */
    static const sn_ms expected[] = {13000, 14000, 14000};
    unsigned seen = 0;
    (void)state;
    for (int i = 0; i < 40 && seen != 7; i++) {
        char text[128], name[16];
        unsigned rank;
        (void)snprintf(name, sizeof(name), "g%d", i);
        (void)snprintf(text, sizeof(text), "%s n1 replicas n2 peers a,b config 3;- epoch 3", name);
        sn_ms at = claim_ended_at(text, name, &rank);
        seen |= 1U << rank;
        assert_int_equal(at, expected[rank]);
    }
    assert_int_equal(seen, 7);
}

static void test_repair__what_the_majority_said_before_the_claim_does_not_count(void **state)
{
    struct kit *kit = with_second_master(group);
    (void)state;
    confirm(kit, "a");
    confirm(kit, "b");
    kit_to(kit, 10999); /* half a period: a promotion may not have reached them before */
    confirm(kit, "a");
    confirm(kit, "b");
    kit_to(kit, 18000);
    assert_int_equal(kit_count(kit, "follow"), 0);
    kit_free(kit);

    kit = with_second_master(group);
    kit_to(kit, 11000);
    confirm(kit, "a");
    info_at(kit, 14000);
    kit_expect(kit, "follow", "follow n2 10.0.0.1 6379\n");
    kit_free(kit);
}

/* n2 comes back from S_DOWN as a master, while the peers say hello from one time to another; when
 * it is demoted, counted from its return, or -1. */
static sn_ms demoted_after(const char *text, const char *peers, uint64_t config_epoch,
                           sn_ms heard_to, bool restarted)
{
    struct kit *kit = kit_new(text);
    kit_to(kit, 10000);
    kit_mode(kit, "n2", KIT_REFUSING);
    if (restarted)
        memset(kit_node(kit, "n2")->runid.hex, 'e', SN_RUNID_LEN);
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    for (sn_ms at = 10000; at < 16000; at += 250) {
        kit_to(kit, at);
        if (at == 12000)
            kit_mode(kit, "n2", KIT_WELL);
        for (const char *letter = peers; *letter != '\0' && at <= heard_to; letter++) {
            const char name[] = {*letter, '\0'};
            kit_hello(kit, name, "m1", "n1", 3, config_epoch);
        }
    }
    sn_ms back_at = kit_when(kit, "event W -sdown " N2);
    sn_ms ordered_at = kit_when(kit, "follow n2 10.0.0.1 6379");
    assert_in_range(back_at, 12000, 13000);
    kit_free(kit);
    return ordered_at < 0 ? -1 : ordered_at - back_at;
}

static void test_repair__an_old_master_that_comes_back_is_demoted_at_once_if_confirmed(void **state)
{
    static const struct {
        const char *text;
        const char *peers;
        uint64_t config_epoch;
        sn_ms heard_to;
        bool demoted; /* before the eight seconds are over */
    } rows[] = {
        {group, "a", 3, 16000, true},
        {group, "a", 3, 12000, true}, /* what was said before it came counts as well */
        {group, "", 3, 16000, false},
        {group, "a", 2, 16000, false},                                   /* an older one */
        {"m1 n1 replicas n2 peers a,b config 0", "ab", 0, 16000, false}, /* none at all */
        {"m1 n1 replicas n2 peers a,b,c,d config 3;- epoch 3", "a", 3, 16000, false},
        {"m1 n1 replicas n2 peers a,b,c,d config 3;- epoch 3", "ab", 3, 16000, true},
        {"m1 n1 replicas n2 config 3;- epoch 3", "", 3, 16000, true}, /* nobody else to ask */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        sn_ms after = demoted_after(rows[i].text, rows[i].peers, rows[i].config_epoch,
                                    rows[i].heard_to, true);
        if ((after >= 0) != rows[i].demoted)
            fail_msg("row %zu: %lld", i, (long long)after);
        struct kit *kit = kit_new(rows[i].text);
        sn_ms turn = 500 * (sn_ms)sn_group_rank(kit_group(kit, "m1"));
        kit_free(kit);
        if (rows[i].demoted)
            assert_in_range(after, turn, turn == 0 ? 0 : turn + 1000);
    }
}

/* The same process was a replica: it was promoted on the other side of a partition, by somebody
 * whose hello is on its way. What the peers said before does not count. */
static void test_repair__who_was_promoted_while_it_was_away_is_no_old_master(void **state)
{
    (void)state;
    assert_true(demoted_after(group, "a", 3, 12000, true) >= 0);
    assert_int_equal(demoted_after(group, "a", 3, 12000, false), -1);
}

static void test_repair__a_confirmation_is_good_for_one_and_a_half_publish_periods(void **state)
{
    (void)state;
    for (sn_ms age = 3000; age <= 3001; age++) {
        struct kit *kit = with_second_master(group);
        kit_to(kit, 10500);
        kit->hold = KIT_HOLD(SN_ORDER_INFO);
        kit_to(kit, 14500); /* all turns have passed */
        confirm(kit, "a");
        kit_to(kit, 14500 + age);
        kit_clear(kit);
        kit_info(kit, "n2", NULL);
        kit_expect(kit, "follow", age == 3000 ? "follow n2 10.0.0.1 6379\n" : "");
        kit_free(kit);
    }
}

static void test_repair__another_failover_under_way_forbids_haste(void **state)
{
    struct kit *kit = with_second_master(group);
    (void)state;
    kit_ask(kit, "n1", 4, KIT_B); /* b may be failing the group over */
    kit_clear(kit);
    for (sn_ms at = 10000; at <= 18000; at += 500) {
        kit_to(kit, at);
        confirm(kit, "a");
    }
    assert_int_equal(kit_count(kit, "follow"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_REPAIR_RIVAL, NULL) > 0);
    kit_free(kit);
}

/* b names a master that we cannot look up, from 10000 to until; once a second. */
static void hear_of_config_from(struct kit *kit, uint64_t epoch, sn_ms from, sn_ms until)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "10.0.1.2,26379," KIT_B ",5,m1,db.example.org,6379,%llu",
                   (unsigned long long)epoch);
    for (sn_ms at = from; at <= until; at += 1000) {
        kit_to(kit, at);
        assert_true(kit_hello_text(kit, NULL, text));
        confirm(kit, "a");
    }
}

static void hear_of_config(struct kit *kit, uint64_t epoch, sn_ms until)
{
    hear_of_config_from(kit, epoch, 10000, until);
}

static void test_repair__nothing_is_ordered_while_a_peer_has_a_newer_configuration(void **state)
{
    struct kit *kit = with_second_master(group);
    (void)state;
    hear_of_config(kit, 4, 30000);
    assert_int_equal(kit_count(kit, "follow"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_REPAIR_OUTDATED, "n2") > 0);
    kit_to(kit, 38000); /* b tells no more, and may be gone */
    assert_int_equal(kit_count(kit, "follow"), 0);
    kit_to(kit, 39999);
    assert_true(kit_count(kit, "follow n2 10.0.0.1 6379") > 0);
    kit_free(kit);

    /* It is down. */
    kit = with_second_master(group);
    hear_of_config(kit, 4, 30000);
    kit_mode(kit, "b", KIT_REFUSING);
    kit_to(kit, 33000);
    assert_true(kit_count(kit, "follow n2 10.0.0.1 6379") > 0);
    kit_free(kit);

    /* Our own, or an older one, under a name that we do not know, and one that nobody can have. */
    static const uint64_t harmless[] = {3, 2, UINT64_MAX};
    for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++) {
        kit = with_second_master(group);
        hear_of_config(kit, harmless[i], 20000);
        assert_true(kit_count(kit, "follow n2 10.0.0.1 6379") > 0);
        kit_free(kit);
    }

    /* The same for one that follows somebody else. */
    kit = kit_new("m1 n1 replicas n2 peers a,b config 3 timeout 6000;- epoch 3");
    kit_to(kit, 9999);
    (void)snprintf(kit_node(kit, "n2")->master, 64, "n9");
    hear_of_config(kit, 4, 40000);
    assert_int_equal(kit_count(kit, "follow"), 0);
    kit_free(kit);
}

/* A peer names its master by a host name, which is looked up only to compare. */
static void test_repair__who_is_not_the_master_of_a_newer_configuration_is_repaired(void **state)
{
    (void)state;
    static const struct {
        const char *ip;
        bool repaired;
    } cases[] = {{"10.0.0.1", true}, {"10.0.0.9", true}, {"10.0.0.2", false}, {"", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct kit *kit = with_second_master(group);
        hear_of_config(kit, 4, 12000);
        assert_true(kit_count(kit, "resolve db.example.org") > 0);
        kit_resolved(kit, "db.example.org", cases[i].ip);
        hear_of_config_from(kit, 4, 13000, 30000);
        assert_int_equal(kit_count(kit, "follow n2 10.0.0.1 6379") > 0, cases[i].repaired);
        kit_free(kit);
    }

    /* One that follows the master which that peer has. */
    for (int same = 0; same < 2; same++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b config 3 timeout 6000;- epoch 3");
        kit_to(kit, 9999);
        (void)snprintf(kit_node(kit, "n2")->master, 64, "n9");
        hear_of_config(kit, 4, 12000);
        kit_resolved(kit, "db.example.org", same == 1 ? "10.0.0.9" : "10.0.0.8");
        hear_of_config_from(kit, 4, 13000, 40000);
        assert_int_equal(kit_count(kit, "follow n2") > 0, same == 0);
        kit_free(kit);
    }

    /* Nothing is looked up for a configuration that is no newer. */
    struct kit *kit = with_second_master(group);
    hear_of_config(kit, 3, 20000);
    assert_int_equal(kit_count(kit, "resolve"), 0);
    kit_free(kit);
}

static void
test_repair__one_that_follows_somebody_else_is_redirected_after_the_timeout(void **state)
{
    (void)state;
    for (sn_ms age = 6000; age <= 6001; age++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b config 3 timeout 6000;- epoch 3");
        kit_to(kit, 9999);
        (void)snprintf(kit_node(kit, "n2")->master, 64, "n9");
        kit_node(kit, "n2")->order = "[:0]";
        kit_to(kit, 10000);
        confirm(kit, "a"); /* there is no quick rule for this */
        confirm(kit, "b");
        info_at(kit, 10000 + age);
        kit_expect(kit, "event follow", age == 6000 ? "" : FIX);
        assert_true(kit_reasons(kit, "m1", SN_REASON_REPAIR_WAITS, "n2") > 0);
        kit_free(kit);
    }
}

static void test_repair__the_wrong_port_is_a_wrong_master_too(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 config 3 timeout 6000;- epoch 3");
    (void)state;
    kit_to(kit, 9999);
    (void)snprintf(kit_node(kit, "n2")->master, 64, "10.0.0.1:6380");
    kit_to(kit, 30000);
    assert_int_equal(kit_count(kit, "event N +fix-slave-config"), 1);
    kit_free(kit);
}

static void test_repair__a_redirected_replica_must_not_have_been_down_lately(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 config 3 timeout 6000;- epoch 3");
    (void)state;
    kit_to(kit, 9999);
    (void)snprintf(kit_node(kit, "n2")->master, 64, "n9");
    kit_node(kit, "n2")->order = "[:0]";
    kit_to(kit, 13000);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, 14500); /* down since 14000 */
    kit_mode(kit, "n2", KIT_WELL);
    info_at(kit, 20000);
    kit_expect(kit, "follow", "");
    info_at(kit, 20003);
    kit_expect(kit, "follow", "follow n2 10.0.0.1 6379\n");
    kit_free(kit);
}

static void test_repair__unknown_roles_and_right_masters_get_no_order(void **state)
{
    struct kit *kit = kit_new(group);
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, 10000);
    kit_info(kit, "n2", "run_id:none\r\n");
    kit_expect(kit, "event", "event V -role-change " N2 " new reported role is slave\n");
    kit_to(kit, 60000);
    kit_info(kit, "n2", "run_id:none\r\n");
    kit_expect(kit, "follow", "");
    kit_free(kit);
}

static void test_repair__not_during_a_failover_or_tilt(void **state)
{
    struct kit *kit = with_second_master(group);
    (void)state;
    kit_to(kit, 18500);
    kit_mode(kit, "a", KIT_FROZEN); /* makes TILT last */
    kit_stall(kit, 3000);
    kit_clear(kit);
    kit_to(kit, 22499);
    kit_expect(kit, "follow", "");
    kit_to(kit, 24000);
    assert_true(kit_count(kit, "follow n2") > 0);
    kit_free(kit);

    kit = with_second_master("m1 n1 replicas n2,n3 peers a,b config 3;- epoch 3");
    struct sn_command command = {
        .kind = SN_COMMAND_FAILOVER, .name = "m1", .name_len = 2, .mode = SN_MODE_COORDINATED};
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_to(kit, 17000);
    kit_command(kit, &command);
    kit_to(kit, 26999);
    assert_int_equal(kit_count(kit, "follow"), 0);
    kit_free(kit);
}

static void test_repair__an_instance_that_two_groups_claim_gets_no_order(void **state)
{
    struct kit *kit = with_second_master(
        "m1 n1 replicas n2 peers a,b config 3;m2 n8 replicas n2 config 3;- epoch 3");
    (void)state;
    kit_to(kit, 40000);
    assert_int_equal(kit_count(kit, "follow"), 0);
    assert_int_equal(kit_count(kit, "event W +foreign-instance " N2), 0); /* it was, at discovery */
    assert_true(kit_instance(kit, "m1", "n2")->u.data.foreign_told);
    /* The claim ends: so does the restraint. */
    kit_named(kit, SN_COMMAND_REMOVE, "m2");
    kit_to(kit, 41100);
    assert_true(kit_count(kit, "follow n2 10.0.0.1 6379") > 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_FOLLOW_CLAIMED, NULL) > 0);
    kit_free(kit);
}

static void test_repair__hellos_of_another_group_on_an_instance_claim_it(void **state)
{
    struct kit *kit = with_second_master(group);
    (void)state;
    kit_to(kit, 17500);
    assert_true(kit_hello_text(kit, "n2", "10.0.5.5,26379," KIT_E ",9,other,10.0.0.2,6379,9"));
    kit_to(kit, 23500); /* good for three publish periods */
    assert_int_equal(kit_count(kit, "follow"), 0);
    assert_int_equal(kit_count(kit, "event W +foreign-instance " N2), 1);
    assert_int_equal(sn_core_current_epoch(kit->core), 3);
    kit_to(kit, 24500);
    assert_true(kit_count(kit, "follow n2 10.0.0.1 6379") > 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_HELLO_OTHER_GROUP, NULL) > 0);
    kit_free(kit);
}

static void test_repair__orders_are_not_piled_up(void **state)
{
    /* One is outstanding. */
    struct kit *kit = with_second_master(group);
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_FOLLOW);
    kit_to(kit, 25000);
    assert_int_equal(kit_count(kit, "follow n2"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_FOLLOW_PENDING, "n2") > 0);
    kit_free(kit);

    /* It was obeyed, but did not help: once per second. */
    kit = with_second_master(group);
    kit_to(kit, 22999);
    assert_int_equal(kit_count(kit, "follow n2"), 4);
    assert_true(kit_reasons(kit, "m1", SN_REASON_REPAIR_LATELY, "n2") > 0);
    kit_free(kit);

    /* It was refused: once per INFO period. */
    kit = with_second_master(group);
    kit_node(kit, "n2")->order = "[-NOPERM no|+OK|:0|:0]";
    kit_to(kit, 28999);
    assert_int_equal(kit_count(kit, "follow n2"), 1);
    kit_to(kit, 30000);
    assert_int_equal(kit_count(kit, "follow n2"), 2);
    kit_free(kit);
}

/* One process under two addresses must not be told to follow itself. */
static void test_repair__the_master_at_a_second_address_gets_no_order(void **state)
{
    struct kit *kit = with_second_master(group);
    (void)state;
    kit_node(kit, "n2")->runid = kit_node(kit, "n1")->runid;
    kit_to(kit, 30000);
    assert_int_equal(kit_count(kit, "follow"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_FOLLOW_ITSELF, "n2") > 0);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repair__the_master_at_a_second_address_gets_no_order),
        cmocka_unit_test(test_repair__who_was_promoted_while_it_was_away_is_no_old_master),
        cmocka_unit_test(test_repair__a_second_master_is_demoted_after_four_publish_periods),
        cmocka_unit_test(test_repair__its_role_is_looked_at_every_second),
        cmocka_unit_test(test_repair__a_replica_that_was_just_down_is_left_alone),
        cmocka_unit_test(test_repair__nothing_is_ordered_unless_the_master_looks_sane),
        cmocka_unit_test(test_repair__a_majority_that_confirms_later_makes_it_quick_in_turns),
        cmocka_unit_test(test_repair__what_the_majority_said_before_the_claim_does_not_count),
        cmocka_unit_test(
            test_repair__an_old_master_that_comes_back_is_demoted_at_once_if_confirmed),
        cmocka_unit_test(test_repair__a_confirmation_is_good_for_one_and_a_half_publish_periods),
        cmocka_unit_test(test_repair__another_failover_under_way_forbids_haste),
        cmocka_unit_test(test_repair__nothing_is_ordered_while_a_peer_has_a_newer_configuration),
        cmocka_unit_test(test_repair__who_is_not_the_master_of_a_newer_configuration_is_repaired),
        cmocka_unit_test(
            test_repair__one_that_follows_somebody_else_is_redirected_after_the_timeout),
        cmocka_unit_test(test_repair__the_wrong_port_is_a_wrong_master_too),
        cmocka_unit_test(test_repair__a_redirected_replica_must_not_have_been_down_lately),
        cmocka_unit_test(test_repair__unknown_roles_and_right_masters_get_no_order),
        cmocka_unit_test(test_repair__not_during_a_failover_or_tilt),
        cmocka_unit_test(test_repair__an_instance_that_two_groups_claim_gets_no_order),
        cmocka_unit_test(test_repair__hellos_of_another_group_on_an_instance_claim_it),
        cmocka_unit_test(test_repair__orders_are_not_piled_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
