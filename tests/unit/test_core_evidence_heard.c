/* SPDX-License-Identifier: BSD-3-Clause */

/* Who has to testify before refusals count, for how long what was said holds, and what takes back
 * what was believed (DESIGN.md D18). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

#define DOWN     "event W +sdown master m1"
#define DOWN_END "event W -sdown master m1"

static const char group[] = "m1 n1 replicas n2,n3 peers a,b down-after 5000 refused 20";

static void set_links(struct kit *kit, bool up)
{
    kit_node(kit, "n2")->link_up = kit_node(kit, "n3")->link_up = up;
}

/* At 10000 n1 refuses, and both replicas have lost it. */
static struct kit *killed(const char *text)
{
    struct kit *kit = kit_new(text);
    kit_to(kit, 10000);
    set_links(kit, false);
    kit_clear(kit);
    kit_mode(kit, "n1", KIT_REFUSING);
    return kit;
}

/* The same, and S_DOWN by it. */
static struct kit *believed(void)
{
    struct kit *kit = killed(group);
    kit_to(kit, 10050);
    assert_int_equal(kit_count(kit, DOWN), 1);
    kit_clear(kit);
    return kit;
}

static bool is_asked(struct kit *kit, const char *node)
{
    const struct kit_sent *sent;
    DL_FOREACH(kit->sent, sent) {
        if (sent->order == SN_ORDER_INFO && strcmp(sent->node->name, node) == 0)
            return true;
    }
    return false;
}

/* When that is S_DOWN, in ms after the kill, if INFO of the replicas is answered after `trip` ms;
 * -1 if not within 16 s. */
static sn_ms down_with_slow_info(const char *text, sn_ms trip)
{
    static const char *const nodes[] = {"n2", "n3"};
    struct kit *kit = kit_new(text);
    sn_ms due[2] = {SN_MS_NEVER, SN_MS_NEVER};
    kit_to(kit, 10000);
    set_links(kit, false);
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_clear(kit);
    kit_mode(kit, "n1", KIT_REFUSING);
    for (sn_ms at = 10000; at < 16000 && kit_count(kit, DOWN) == 0; at++) {
        kit_to(kit, at);
        for (size_t i = 0; i < 2; i++) {
            if (is_asked(kit, nodes[i]) && at >= due[i])
                kit_info(kit, nodes[i], NULL);
            if (!is_asked(kit, nodes[i]))
                due[i] = SN_MS_NEVER;
            else if (due[i] == SN_MS_NEVER || at >= due[i])
                due[i] = at + trip;
        }
    }
    sn_ms down = kit_count(kit, DOWN) == 0 ? -1 : kit_when(kit, DOWN) - 10000;
    kit_free(kit);
    return down;
}

static void test_evidence__replicas_may_take_a_while_to_answer(void **state)
{
    static const sn_ms trips[] = {1, 5, 10, 20, 40, 100};
    (void)state;
    for (size_t i = 0; i < sizeof(trips) / sizeof(*trips); i++) {
        sn_ms at = down_with_slow_info(group, trips[i]);
        assert_in_range(at, 20, 20 + 2 * trips[i] + 2);
        at = down_with_slow_info("m1 n1 replicas n2,n3 peers a,b down-after 5000 refused 300",
                                 trips[i]);
        assert_in_range(at, 300, 300 + 2 * trips[i] + 2);
    }
}

/* It has answered late: meanwhile the process may be back, with more connections waiting than it
 * takes. */
static void test_evidence__an_attempt_that_takes_longer_than_a_refusal_is_awaited(void **state)
{
    struct kit *kit = kit_new(group);
    (void)state;
    kit_to(kit, 10000);
    kit->hold = KIT_HOLD(SN_ORDER_PING);
    kit_to(kit, 10500);
    kit_to(kit, 11400);
    kit_reply(kit, "n1", SN_ORDER_PING, "+PONG"); /* a slow one */
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    set_links(kit, false);
    kit_clear(kit);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 11412);
    kit_mode(kit, "n1", KIT_GONE);
    kit_to(kit, 11600);
    while (is_asked(kit, "n2"))
        kit_info(kit, "n2", NULL);
    while (is_asked(kit, "n3"))
        kit_info(kit, "n3", NULL);
    kit_to(kit, 12000);
    assert_int_equal(kit_count(kit, DOWN), 0);
    kit_free(kit);
}

static void test_evidence__somebody_has_to_testify(void **state)
{
    struct kit *kit = kit_new(group);
    (void)state;
    /* A firewall refuses us at all servers. */
    kit_to(kit, 10000);
    kit_clear(kit);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_mode(kit, "n3", KIT_REFUSING);
    kit_to(kit, 14500);
    assert_int_equal(kit_count(kit, DOWN), 0);
    kit_to(kit, 15100);
    assert_int_equal(kit_count(kit, DOWN), 1);
    kit_free(kit);

    /* There is nobody who could. */
    kit = kit_new("m1 n1 peers a,b down-after 5000 refused 20");
    kit_to(kit, 10000);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 10050);
    assert_int_equal(kit_count(kit, DOWN), 1);
    kit_free(kit);
}

static void test_evidence__a_full_synchronisation_speaks_against_it(void **state)
{
    struct kit *kit = killed(group);
    (void)state;
    kit_node(kit, "n2")->syncing = true;
    kit_to(kit, 11000);
    assert_int_equal(kit_count(kit, DOWN), 0);
    kit_node(kit, "n2")->syncing = false; /* the process that sent it is gone, too */
    kit_to(kit, 11500);
    assert_int_equal(kit_count(kit, DOWN), 1);
    kit_free(kit);
}

static void test_evidence__a_replica_that_refuses_info_is_not_waited_for(void **state)
{
    struct kit *kit = kit_new(group);
    (void)state;
    kit_to(kit, 9000);
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    for (; kit_now(kit) < 22000; kit_to(kit, kit_now(kit) + 1)) {
        if (is_asked(kit, "n2"))
            kit_reply(kit, "n2", SN_ORDER_INFO, "-NOPERM no INFO");
        if (is_asked(kit, "n3"))
            kit_info(kit, "n3", NULL);
        if (kit_now(kit) == 21000) {
            set_links(kit, false);
            kit_clear(kit);
            kit_mode(kit, "n1", KIT_REFUSING);
        }
    }
    assert_in_range(kit_when(kit, DOWN), 21020, 21060);
    kit_free(kit);
}

static void test_evidence__a_time_out_ends_it(void **state)
{
    struct kit *kit = killed("m1 n1 replicas n2,n3 peers a,b down-after 20000 refused 500");
    (void)state;
    kit_to(kit, 10100);
    kit_mode(kit, "n1", KIT_GONE);
    kit_to(kit, 15200); /* that attempt is given up after 5 s */
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 20000);
    assert_int_equal(kit_count(kit, DOWN), 0);
    kit_free(kit);
}

static void test_evidence__believed_holds_while_attempts_fail_for_other_reasons(void **state)
{
    static const enum kit_mode modes[] = {KIT_NO_ROOM, KIT_GONE, KIT_REFUSING};
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        struct kit *kit = believed();
        kit_mode(kit, "n1", modes[i]);
        kit_to(kit, 20000);
        assert_int_equal(kit_count(kit, DOWN_END), 0);
        kit_free(kit);
    }
}

/* What had been refused to everybody is still refused to us, and no longer to a replica. */
static void test_evidence__a_replica_that_receives_again_takes_it_back(void **state)
{
    struct kit *kit = believed();
    (void)state;
    kit_node(kit, "n2")->link_up = true;
    kit_to(kit, 12000);
    assert_int_equal(kit_count(kit, DOWN_END), 1);
    assert_int_equal(kit_count(kit, DOWN), 0);
    /* Not for good. */
    kit_node(kit, "n2")->link_up = false;
    kit_to(kit, 14000);
    assert_int_equal(kit_count(kit, DOWN), 1);
    kit_free(kit);

    /* One that follows another master says nothing about this one. */
    kit = believed();
    kit_node(kit, "n2")->link_up = true;
    (void)snprintf(kit_node(kit, "n2")->master, 64, "n9");
    kit_to(kit, 14000);
    assert_int_equal(kit_count(kit, DOWN_END), 0);
    kit_free(kit);
}

/* Meanwhile it may have come back, and gone again. */
static void test_evidence__does_not_outlive_a_stall_of_ours(void **state)
{
    struct kit *kit = killed("m1 n1 replicas n2,n3 peers a,b down-after 60000 refused 500");
    (void)state;
    kit_to(kit, 10100);
    kit_stall(kit, 4000);
    kit_to(kit, 60000);
    assert_int_equal(kit_count(kit, "event W +tilt"), 1);
    assert_int_equal(kit_count(kit, "event W -tilt"), 1);
    assert_int_equal(kit_count(kit, DOWN), 0);
    kit_free(kit);
}

static void test_evidence__is_about_one_address(void **state)
{
    struct kit *kit = kit_new("- hostnames;m1 db.example:6379 replicas n2,n3 peers a,b "
                              "down-after 5000 refused 3000");
    (void)state;
    kit_resolved(kit, "db.example", "10.0.0.1");
    kit_to(kit, 20000);
    set_links(kit, false);
    kit_clear(kit);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 22500);
    kit_mode(kit, "n7", KIT_REFUSING); /* it is about to listen */
    kit_resolved(kit, "db.example", "10.0.0.7");
    kit_to(kit, 24000);
    assert_int_equal(kit_count(kit, DOWN), 0);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evidence__replicas_may_take_a_while_to_answer),
        cmocka_unit_test(test_evidence__an_attempt_that_takes_longer_than_a_refusal_is_awaited),
        cmocka_unit_test(test_evidence__somebody_has_to_testify),
        cmocka_unit_test(test_evidence__a_full_synchronisation_speaks_against_it),
        cmocka_unit_test(test_evidence__a_replica_that_refuses_info_is_not_waited_for),
        cmocka_unit_test(test_evidence__a_time_out_ends_it),
        cmocka_unit_test(test_evidence__believed_holds_while_attempts_fail_for_other_reasons),
        cmocka_unit_test(test_evidence__a_replica_that_receives_again_takes_it_back),
        cmocka_unit_test(test_evidence__does_not_outlive_a_stall_of_ours),
        cmocka_unit_test(test_evidence__is_about_one_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
