/* SPDX-License-Identifier: BSD-3-Clause */

/* The replicas after a switch (PROTOCOL.md §15.6, §15.7, §24.2, DESIGN.md D12, D13, D16). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

#define SELF(n) "slave 10.0.0." n ":6379 10.0.0." n " 6379 @ m1 10.0.0.2 6379"
#define END     "event W +failover-end master m1 10.0.0.2 6379\n"

/* Right behind the switch from n1 to n2. Replicas synchronise slowly, so that nothing ends by
 * itself. */
static struct kit *at_switch(const char *text)
{
    struct kit *kit = kit_new(text);
    static const char *const names[] = {"n3", "n4", "n5", "n6"};
    for (size_t i = 0; i < 4; i++) {
        if (kit_instance(kit, "m1", names[i]) != NULL)
            kit_node(kit, names[i])->syncs_slowly = true;
    }
    kit_node(kit, "n2")->priority = 1;
    kit_to(kit, 10000); /* and let it be known */
    kit_kill_master(kit, "ab");
    for (int i = 0; i < 200 && kit_count(kit, "event W +switch-master") == 0; i++)
        kit_to(kit, kit_now(kit) + 1);
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379"), 1);
    return kit;
}

static size_t in_progress(struct kit *kit)
{
    static const char *const names[] = {"n3", "n4", "n5", "n6"};
    size_t count = 0;
    for (size_t i = 0; i < 4; i++) {
        enum sn_reconf reconf = kit_instance(kit, "m1", names[i])->u.data.reconf;
        count += reconf == SN_RECONF_SENT || reconf == SN_RECONF_INPROG;
    }
    return count;
}

static void test_reconf__orders_parallel_syncs_replicas_at_a_time(void **state)
{
    static const struct {
        const char *text;
        size_t at_once;
    } rows[] = {{"m1 n1 replicas n2,n3,n4,n5,n6 peers a,b timeout 60000 syncs 1", 1},
                {"m1 n1 replicas n2,n3,n4,n5,n6 peers a,b timeout 60000 syncs 2", 2},
                {"m1 n1 replicas n2,n3,n4,n5,n6 peers a,b timeout 60000 syncs 100", 4}};
    static const char *const names[] = {"n3", "n4", "n5", "n6"};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = at_switch(rows[i].text);
        assert_int_equal(kit_count(kit, "follow"), rows[i].at_once);
        for (size_t n = 0; n < 4; n++) {
            sn_ms at = kit_now(kit);
            assert_int_equal(in_progress(kit), sn_min((sn_ms)rows[i].at_once, 4 - (sn_ms)n));
            kit_to(kit, at + 1000); /* however long it takes */
            kit_clear(kit);
            kit_node(kit, names[n])->link_up = true;
            kit_to(kit, at + 1100);
            char line[64];
            (void)snprintf(line, sizeof(line), "event N +slave-reconf-done slave 10.0.0.%zu:6379",
                           n + 3);
            assert_int_equal(kit_count(kit, line), 1);
            if (n + rows[i].at_once < 4) { /* the next one starts in that moment */
                assert_int_equal(kit_count(kit, "follow"), 1);
                assert_int_equal(kit_when(kit, "follow"), kit_when(kit, line));
            }
        }
        assert_int_equal(kit_count(kit, "event W +failover-end master m1 10.0.0.2 6379"), 1);
        assert_int_equal(kit_count(kit, "follow"), 0);
        assert_int_equal(kit_reasons(kit, "m1", SN_REASON_FOLLOW_NO_PLACE, NULL) > 0,
                         rows[i].at_once < 4);
        kit_free(kit);
    }
}

static void test_reconf__tells_sent_inprog_and_done(void **state)
{
    struct kit *kit = at_switch("m1 n1 replicas n2,n3 peers a,b timeout 60000");
    (void)state;
    kit_clear(kit);
    kit_to(kit, kit_now(kit) + 2000);
    assert_int_equal(kit_instance(kit, "m1", "n3")->u.data.reconf, SN_RECONF_INPROG);
    kit_node(kit, "n3")->link_up = true;
    sn_ms at = kit_now(kit);
    kit_clear(kit);
    kit_to(kit, at + 100);
    kit_expect(kit, "event follow", "event N +slave-reconf-done " SELF("3") "\n" END);
    kit_free(kit);
}

static void test_reconf__progress_is_polled_every_100_ms(void **state)
{
    struct kit *kit = at_switch("m1 n1 replicas n2,n3,n4 peers a,b timeout 60000");
    (void)state;
    sn_ms at = kit_now(kit);
    kit_clear(kit);
    kit_to(kit, at + 1000);
    assert_in_range(kit_count(kit, "info n3"), 10, 11); /* in progress */
    assert_in_range(kit_count(kit, "info n4"), 1, 2);   /* waits for its turn */
    kit_free(kit);
}

static void test_reconf__master_host_must_be_the_new_one(void **state)
{
    struct kit *kit = at_switch("m1 n1 replicas n2,n3 peers a,b timeout 60000");
    (void)state;
    struct kit_node *n3 = kit_node(kit, "n3");
    /* It was told, but goes elsewhere. */
    (void)snprintf(n3->master, sizeof(n3->master), "n9");
    n3->link_up = true;
    kit_instance(kit, "m1", "n3")->u.data.reconf = SN_RECONF_SENT;
    kit_clear(kit);
    kit_to(kit, kit_now(kit) + 1000);
    assert_int_equal(kit_count(kit, "event N +slave-reconf"), 0);
    kit_free(kit);
}

static void test_reconf__a_replica_that_does_not_obey_loses_its_slot_in_time(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4 peers a,b timeout 60000");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_FOLLOW);
    kit_kill_master(kit, "ab");
    kit_to(kit, 1200);
    sn_ms at = kit_when(kit, "follow n3 10.0.0.2 6379");
    assert_true(at >= 1000);
    assert_int_equal(kit_count(kit, "follow"), 1);
    kit->hold |= KIT_HOLD(SN_ORDER_INFO); /* nothing reminds us of it */
    kit_clear(kit);
    kit_to(kit, at + 9999);
    kit_expect(kit, "event follow", "");
    kit_to(kit, at + 10000);
    kit_expect(kit, "event follow", "event N -slave-reconf-sent-timeout " SELF("3") "\n");
    kit_info(kit, "n4", NULL); /* asked for long ago */
    kit_expect(kit, "event follow", "");
    kit_info(kit, "n4", NULL);
    kit_expect(kit, "event follow",
               "follow n4 10.0.0.2 6379\nevent N +slave-reconf-sent " SELF("4") "\n");
    kit_to(kit, at + 20000);
    kit_expect(kit, "event follow", "event N -slave-reconf-sent-timeout " SELF("4") "\n" END);
    assert_true(kit_reasons(kit, "m1", SN_REASON_FOLLOW_LATE, NULL) > 0);
    kit_free(kit);
}

static void test_reconf__a_refusal_is_told_and_frees_the_slot(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4 peers a,b timeout 60000");
    (void)state;
    kit_node(kit, "n2")->priority = 1;
    kit_node(kit, "n3")->order = "[-NOPERM this user has no permissions|+OK|:0|:0]";
    kit_to(kit, 10000);
    kit_kill_master(kit, "ab");
    kit_to(kit, 11200);
    assert_non_null(kit_find(kit, "log W Replica 10.0.0.3:6379 of m1 refused to follow the master: "
                                  "NOPERM this user has no permissions."));
    assert_int_equal(kit_count(kit, "follow n3"), 1);
    assert_int_equal(kit_count(kit, "follow n4"), 1);
    assert_int_equal(kit_count(kit, "event W +failover-end master m1"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_FOLLOW_REFUSED, NULL) > 0);
    kit_free(kit);
}

/* It loads what the old master sent, and takes no orders meanwhile. */
static void test_reconf__a_refusal_that_passes_is_followed_by_the_order_again(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b timeout 60000");
    (void)state;
    kit_node(kit, "n2")->priority = 1;
    kit_node(kit, "n3")->order = "[-LOADING Redis is loading the dataset in memory|+OK|:0|:0]";
    kit_node(kit, "n3")->link_up = false;
    kit_to(kit, 10000);
    kit_kill_master(kit, "ab");
    kit_to(kit, 13000);
    assert_int_equal(kit_count(kit, "follow n3"), 1);
    assert_int_equal(kit_count(kit, "event W +failover-end master m1"), 1);
    kit_hello(kit, "a", "m1", "n2", 1, 1);
    kit_hello(kit, "b", "m1", "n2", 1, 1);
    kit_node(kit, "n3")->order = NULL;
    kit_to(kit, 15000);
    assert_int_equal(kit_count(kit, "follow n3"), 2);
    assert_int_equal(kit_count(kit, "event N +fix-slave-config"), 1);
    kit_free(kit);
}

static void test_reconf__a_replica_that_dies_in_progress_frees_its_slot(void **state)
{
    struct kit *kit = at_switch("m1 n1 replicas n2,n3,n4 peers a,b timeout 60000");
    (void)state;
    sn_ms at = kit_now(kit);
    kit_mode(kit, "n3", KIT_REFUSING);
    kit->hold = KIT_HOLD(SN_ORDER_INFO); /* nothing else reminds us */
    kit_clear(kit);
    kit_to(kit, at + 999);
    kit_expect(kit, "event follow", "");
    kit_to(kit, at + 1000);
    kit_expect(kit, "event follow",
               "event W +sdown " SELF("3") "\nfollow n4 10.0.0.2 6379\n"
                                           "event N +slave-reconf-sent " SELF("4") "\n");
    /* Who is down is not waited for in the end. */
    kit->hold = 0;
    kit_node(kit, "n4")->link_up = true;
    kit_to(kit, at + 1300);
    kit_expect(
        kit, "event follow",
        "event N +slave-reconf-inprog " SELF("4") "\n"
                                                  "event N +slave-reconf-done " SELF("4") "\n" END);
    kit_free(kit);
}

/* Void for want of CONFIG REWRITE; by then another one has its slot. */
static void test_reconf__a_void_order_is_repeated_when_a_slot_is_free(void **state)
{
    static const char gone[] = "NOPERM no permissions to run the 'config|rewrite' command";
    struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4 peers a,b timeout 60000 syncs 1");
    (void)state;
    kit_node(kit, "n2")->priority = 1;
    kit_node(kit, "n4")->syncs_slowly = true;
    kit_to(kit, 10000);
    kit->hold = KIT_HOLD(SN_ORDER_FOLLOW);
    kit_kill_master(kit, "ab");
    kit_to(kit, kit_now(kit) + 1500);
    assert_int_equal(kit_count(kit, "follow n3 10.0.0.2 6379"), 1);
    kit_node(kit, "n3")->pong = "-ERR not now";
    kit_to(kit, kit_now(kit) + 1500);
    assert_int_equal(kit_count(kit, "event W +sdown " SELF("3")), 1);
    assert_int_equal(kit_count(kit, "follow n4 10.0.0.2 6379"), 1);
    kit_clear(kit);
    kit_reply_queue_error(kit, "n3", SN_ORDER_FOLLOW, "-EXECABORT Transaction", gone);
    kit_expect(kit, "follow", "");
    kit_node(kit, "n3")->pong = NULL;
    kit_to(kit, kit_now(kit) + 300);
    kit_expect(kit, "follow", "");
    (void)snprintf(kit_node(kit, "n4")->master, sizeof(kit_node(kit, "n4")->master), "n2");
    kit_node(kit, "n4")->link_up = true;
    kit_to(kit, kit_now(kit) + 1000);
    kit_expect(kit, "follow", "follow n3 10.0.0.2 6379 no-rewrite\n");
    kit_free(kit);
}

static void test_reconf__a_replica_without_a_link_is_ordered_when_it_returns(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b timeout 60000 down-after 2000");
    (void)state;
    kit_node(kit, "a")->says_down = true;
    kit_node(kit, "b")->says_down = true;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1500);
    kit_mode(kit, "n3", KIT_REFUSING);
    kit_to(kit, 2600);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 1);
    assert_int_equal(kit_count(kit, "follow"), 0);
    kit_mode(kit, "n3", KIT_WELL);
    kit_clear(kit);
    kit_to(kit, 4000);
    assert_int_equal(kit_count(kit, "follow n3 10.0.0.2 6379"), 1);
    assert_int_equal(kit_when(kit, "follow n3"), kit_when(kit, "connect data n3"));
    assert_int_equal(kit_count(kit, "event W +failover-end master"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_FOLLOW_UNTOLD, "n3") > 0);
    kit_free(kit);
}

/* Whatever a replica said before the switch may be outdated: another leader may have promoted it.
 */
static void test_reconf__orders_who_has_told_to_be_a_replica_since_the_switch(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4 peers a,b timeout 60000 syncs 2");
    (void)state;
    kit_node(kit, "n2")->priority = 1;
    kit_to(kit, 10000);
    kit_to_promotion(kit, "ab");
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:0|:0]");
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_info(kit, "n2", NULL);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 1);
    kit_to(kit, kit_now(kit) + 500);
    assert_int_equal(kit_count(kit, "follow"), 0);
    kit_node(kit, "n3")->role = SN_ROLE_MASTER;
    kit_info(kit, "n3", NULL);
    kit_info(kit, "n4", NULL);
    kit_to(kit, kit_now(kit) + 100);
    assert_int_equal(kit_count(kit, "follow n3"), 0);
    assert_int_equal(kit_count(kit, "follow n4"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_FOLLOW_UNTOLD, "n4") > 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_FOLLOW_IS_MASTER, "n3") > 0);
    kit_free(kit);
}

/* n3 has told to be a replica at the switch, waits for its place, and somebody promotes it
 * meanwhile. */
static void test_reconf__asks_again_who_had_to_wait(void **state)
{
    struct kit *kit = at_switch("m1 n1 replicas n2,n3,n4 peers a,b timeout 60000 syncs 1");
    const char *first = kit_count(kit, "follow n3") == 1 ? "n3" : "n4";
    const char *second = strcmp(first, "n3") == 0 ? "n4" : "n3";
    (void)state;
    kit_to(kit, kit_now(kit) + 3000);
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, kit_now(kit) + 1100);
    kit_info(kit, second, NULL);
    kit_node(kit, second)->role = SN_ROLE_MASTER;
    kit_node(kit, first)->link_up = true;
    kit_info(kit, first, NULL);
    assert_int_equal(kit_count(kit, "event N +slave-reconf-done"), 1);
    assert_int_equal(kit_count(kit, "follow"), 1);
    kit_info(kit, second, NULL);
    kit_to(kit, kit_now(kit) + 500);
    assert_int_equal(kit_count(kit, "follow"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_FOLLOW_IS_MASTER, second) > 0);
    kit_free(kit);
}

/* It hangs while the others are reconfigured, and gets its order from the leader when it returns:
 * failover-timeout is for those whom somebody else has redirected. */
static void test_reconf__who_was_left_out_is_ordered_at_once_when_it_returns(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4 peers a,b timeout 60000");
    (void)state;
    kit_node(kit, "n2")->priority = 1;
    kit_to(kit, 10000);
    kit_to_promotion(kit, "ab");
    kit_mode(kit, "n3", KIT_FROZEN);
    kit->hold = 0;
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:0|:0]");
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_to(kit, kit_now(kit) + 3000);
    assert_int_equal(kit_count(kit, "event W +failover-end master m1"), 1);
    assert_int_equal(kit_count(kit, "follow n3"), 0);
    kit_mode(kit, "n3", KIT_WELL);
    kit_drop(kit, "n3");
    kit_clear(kit);
    kit_hello(kit, "a", "m1", "n2", 1, 1);
    kit_hello(kit, "b", "m1", "n2", 1, 1);
    kit_to(kit, kit_now(kit) + 1500);
    assert_int_equal(kit_count(kit, "follow n3 10.0.0.2 6379"), 1);
    assert_int_equal(kit_count(kit, "event N +fix-slave-config"), 1);
    assert_false(kit_instance(kit, "m1", "n3")->u.data.left_out);
    /* Whoever redirects it later has it for failover-timeout. */
    kit_clear(kit);
    (void)snprintf(kit_node(kit, "n3")->master, 64, "n4");
    kit_to(kit, kit_now(kit) + 30000);
    assert_int_equal(kit_count(kit, "follow n3"), 0);
    kit_free(kit);
}

static void test_reconf__ends_after_the_failover_timeout_with_best_effort_orders(void **state)
{
    struct kit *kit = at_switch("m1 n1 replicas n2,n3,n4,n5 peers a,b timeout 5000");
    (void)state;
    sn_ms at = kit_now(kit);
    kit_clear(kit);
    kit_to(kit, at + 4999);
    assert_int_equal(kit_count(kit, "event W +failover-end"), 0);
    assert_int_equal(kit_count(kit, "follow"), 0);
    kit_to(kit, at + 5000);
    /* n3 is in progress and gets one more, n4 and n5 their first. */
    kit_expect(
        kit, "event follow",
        "event W +failover-end-for-timeout master m1 10.0.0.2 6379\n" END
        "follow n3 10.0.0.2 6379\nevent N +slave-reconf-sent-be " SELF(
            "3") "\n"
                 "follow n4 10.0.0.2 6379\nevent N +slave-reconf-sent-be " SELF(
                     "4") "\n"
                          "follow n5 10.0.0.2 6379\nevent N +slave-reconf-sent-be " SELF("5") "\n");
    assert_true(kit_group(kit, "m1")->failover.state == SN_FAILOVER_NONE);
    assert_true(kit_reasons(kit, "m1", SN_REASON_RECONF_LATE, NULL) > 0);
    kit_free(kit);
}

static void test_reconf__who_was_just_told_gets_no_best_effort_order(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4 peers a,b timeout 5000");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_FOLLOW);
    kit_kill_master(kit, "ab");
    kit_to(kit, 1200);
    sn_ms at = kit_when(kit, "event W +switch-master");
    kit->hold |= KIT_HOLD(SN_ORDER_INFO);
    kit_clear(kit);
    kit_to(kit, at + 4999);
    assert_int_equal(kit_count(kit, "event W +failover-end"), 0);
    kit_to(kit, at + 5000);
    assert_int_equal(kit_count(kit, "event W +failover-end-for-timeout"), 1);
    assert_int_equal(kit_count(kit, "follow n3"), 0);
    assert_int_equal(kit_count(kit, "follow n4"), 1);
    kit_free(kit);
}

static void test_reconf__whoever_follows_already_gets_no_order(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4 peers a,b timeout 60000");
    (void)state;
    kit_node(kit, "n2")->priority = 1;
    kit_to(kit, 10000);
    (void)snprintf(kit_node(kit, "n3")->master, 64, "n2");
    kit_kill_master(kit, "ab");
    kit->disk = KIT_DISK_SLOW;
    for (int i = 0; i < 100 && kit_count(kit, "persist") == 0; i++)
        kit_to(kit, kit_now(kit) + 1);
    kit_persisted(kit, true); /* the attempt */
    kit_to(kit, kit_now(kit) + 20);
    kit_persisted(kit, true); /* the switch; INFO was answered meanwhile */
    kit_to(kit, kit_now(kit) + 100);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 1);
    assert_int_equal(kit_count(kit, "follow n3"), 0);
    assert_int_equal(kit_count(kit, "follow n4"), 1);
    assert_int_equal(kit_count(kit, "event W +failover-end master"), 1);
    kit_free(kit);
}

static void test_reconf__old_master_that_answers_is_demoted_at_once_and_needs_no_slot(void **state)
{
    struct kit *kit = at_switch("m1 n1 replicas n2,n3 peers a,b timeout 60000");
    (void)state;
    kit_clear(kit);
    kit_mode(kit, "n1", KIT_WELL); /* while n3 holds the only slot */
    kit_to(kit, kit_now(kit) + 1200);
    assert_int_equal(kit_count(kit, "follow n1 10.0.0.2 6379"), 1);
    assert_int_equal(kit_count(kit, "event N +convert-to-slave " SELF("1")), 1);
    assert_int_equal(kit_when(kit, "follow n1"), kit_when(kit, "event W -sdown " SELF("1")));
    assert_int_equal(kit_count(kit, "event N +slave-reconf-sent"), 0);
    kit_to(kit, kit_now(kit) + 200);
    assert_int_equal(kit_count(kit, "follow n1"), 1);
    kit_free(kit);
}

static void test_reconf__ends_when_the_new_master_is_lost_too(void **state)
{
    struct kit *kit = at_switch("m1 n1 replicas n2,n3,n4 peers a,b timeout 60000");
    (void)state;
    sn_ms at = kit_now(kit);
    kit_clear(kit);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_node(kit, "n3")->offset = 5;
    kit_to(kit, at + 999);
    assert_int_equal(kit_count(kit, "event W +failover-end"), 0);
    kit_to(kit, at + 1200);
    assert_int_equal(kit_when(kit, "event W +odown master m1 10.0.0.2 6379"), at + 1000);
    assert_int_equal(kit_when(kit, "event W +failover-end master m1 10.0.0.2 6379"), at + 1000);
    assert_int_equal(kit_count(kit, "event W +try-failover master m1 10.0.0.2 6379"), 1);
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.2 6379 10.0.0.3 6379"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_RECONF_MASTER_DOWN, NULL) > 0);
    kit_free(kit);
}

static void test_reconf__gives_no_order_to_what_another_group_claims(void **state)
{
    struct kit *kit = kit_new_seeded(
        "m1 n1 replicas n2,n3 peers a,b timeout 60000;m2 n8 replicas n3 peers a,b", 1, true);
    (void)state;
    /* It is told when it is discovered, not first when it matters. */
    assert_int_equal(kit_count(kit, "event W +foreign-instance slave 10.0.0.3:6379 10.0.0.3 6379 @ "
                                    "m1 10.0.0.1 6379"),
                     1);
    kit_kill_master(kit, "ab");
    kit_to(kit, 1300);
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379"), 1);
    assert_int_equal(kit_count(kit, "follow"), 0);
    assert_int_equal(kit_count(kit, "event W +failover-end master"), 1); /* and is no hindrance */
    assert_true(kit_reasons(kit, "m1", SN_REASON_FOLLOW_UNTOLD, NULL) > 0);
    kit_free(kit);
}

static void test_reconf__every_kind_of_refusal_has_its_reason(void **state)
{
    static const struct {
        const char *exec, *queue_error, *why;
    } rows[] = {
        {"[-NOPERM no right|+OK|:0|:0]", "", "NOPERM no right"},
        {"-EXECABORT Transaction discarded", "NOPERM no slaveof", "NOPERM no slaveof"},
        {"-EXECABORT Transaction discarded", "", "EXECABORT Transaction discarded"},
        {"_", "", "the transaction was not executed"},
        {"[]", "", "the transaction was not executed"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4 peers a,b timeout 60000");
        char line[256];
        kit->hold = KIT_HOLD(SN_ORDER_FOLLOW);
        kit_kill_master(kit, "ab");
        kit_to(kit, 1200);
        kit_clear(kit);
        kit_reply_queue_error(kit, "n3", SN_ORDER_FOLLOW, rows[i].exec, rows[i].queue_error);
        (void)snprintf(line, sizeof(line),
                       "log W Replica 10.0.0.3:6379 of m1 refused to follow the master: %s.",
                       rows[i].why);
        assert_non_null(kit_find(kit, line));
        assert_int_equal(kit_count(kit, "follow n4"), 1);
        kit_free(kit);
    }
}

static void test_reconf__without_a_transaction_info_decides(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b timeout 60000");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_FOLLOW);
    kit_kill_master(kit, "ab");
    kit_to(kit, 1200);
    kit_clear(kit);
    kit_reply_queue_error(kit, "n3", SN_ORDER_FOLLOW, "-ERR EXEC without MULTI",
                          "NOPERM no permissions to run the 'multi' command");
    assert_int_equal(kit_instance(kit, "m1", "n3")->u.data.reconf, SN_RECONF_SENT);
    (void)snprintf(kit_node(kit, "n3")->master, 64, "n2"); /* it obeyed all the same */
    kit_to(kit, 1400);
    assert_int_equal(kit_count(kit, "event N +slave-reconf-done"), 1);
    kit_free(kit);
}

/* Somebody has promoted it under another name of the old master in the same moment. */
static void test_reconf__what_became_a_master_under_another_name_is_left_alone(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    (void)kit_hello_text(kit, "n1", "10.0.1.1,26379," KIT_A ",0,other,10.0.0.1,6379,0");
    kit_to_promotion(kit, "ab");
    kit_node(kit, "n2")->role = kit_node(kit, "n3")->role = SN_ROLE_MASTER;
    kit->hold = 0;
    kit_to(kit, kit_now(kit) + 300);
    assert_int_equal(kit_count(kit, "follow n3"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_FOLLOW_IS_MASTER, "n3") > 0);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reconf__what_became_a_master_under_another_name_is_left_alone),
        cmocka_unit_test(test_reconf__orders_parallel_syncs_replicas_at_a_time),
        cmocka_unit_test(test_reconf__tells_sent_inprog_and_done),
        cmocka_unit_test(test_reconf__progress_is_polled_every_100_ms),
        cmocka_unit_test(test_reconf__master_host_must_be_the_new_one),
        cmocka_unit_test(test_reconf__a_replica_that_does_not_obey_loses_its_slot_in_time),
        cmocka_unit_test(test_reconf__a_refusal_is_told_and_frees_the_slot),
        cmocka_unit_test(test_reconf__a_refusal_that_passes_is_followed_by_the_order_again),
        cmocka_unit_test(test_reconf__a_replica_that_dies_in_progress_frees_its_slot),
        cmocka_unit_test(test_reconf__a_void_order_is_repeated_when_a_slot_is_free),
        cmocka_unit_test(test_reconf__a_replica_without_a_link_is_ordered_when_it_returns),
        cmocka_unit_test(test_reconf__orders_who_has_told_to_be_a_replica_since_the_switch),
        cmocka_unit_test(test_reconf__asks_again_who_had_to_wait),
        cmocka_unit_test(test_reconf__who_was_left_out_is_ordered_at_once_when_it_returns),
        cmocka_unit_test(test_reconf__ends_after_the_failover_timeout_with_best_effort_orders),
        cmocka_unit_test(test_reconf__who_was_just_told_gets_no_best_effort_order),
        cmocka_unit_test(test_reconf__whoever_follows_already_gets_no_order),
        cmocka_unit_test(test_reconf__old_master_that_answers_is_demoted_at_once_and_needs_no_slot),
        cmocka_unit_test(test_reconf__ends_when_the_new_master_is_lost_too),
        cmocka_unit_test(test_reconf__gives_no_order_to_what_another_group_claims),
        cmocka_unit_test(test_reconf__every_kind_of_refusal_has_its_reason),
        cmocka_unit_test(test_reconf__without_a_transaction_info_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
