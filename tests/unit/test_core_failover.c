/* SPDX-License-Identifier: BSD-3-Clause */

/* Promotion and switch (PROTOCOL.md §15.2-§15.5, §15.9, DESIGN.md D11, D12). */

#include "core_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define M1 "master m1 10.0.0.1 6379"
#define N2 "slave 10.0.0.2:6379 10.0.0.2 6379 @ m1 10.0.0.1 6379"
#define N3 "slave 10.0.0.3:6379 10.0.0.3 6379 @ m1 10.0.0.1 6379"
#define SELECTED(form)                                                                             \
    "event W +selected-slave " form "\nevent N +failover-state-send-slaveof-noone " form           \
    "\nevent N +failover-state-wait-promotion " form "\n"
#define TIMED_OUT "event W -failover-abort-slave-timeout " M1 "\n"

static const char three[] = "m1 n1 replicas n2,n3 peers a,b quorum 2";

/* n2 has been ordered to become master, and n3 would be the next. */
static struct kit *at_promotion(const char *text)
{
    struct kit *kit = kit_new(text);
    kit_to_promotion(kit, "ab");
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    kit_clear(kit);
    return kit;
}

static void test_failover__promotes_and_verifies_in_one_write(void **state)
{
    struct kit *kit = kit_new(three);
    (void)state;
    kit_to_promotion(kit, "ab");
    assert_non_null(kit_find(kit, "event W +failover-state-select-slave " M1));
    const char *after = "event promote info";
    char *all = kit_dump(kit);
    const char *order = strstr(all, "promote n2\n");
    assert_non_null(order);
    assert_non_null(strstr(order, "info n2\n")); /* right behind the transaction */
    free(all);
    kit_clear(kit);
    kit_expect(kit, after, "");
    kit_free(kit);
}

static void test_failover__tells_everything_in_order(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b quorum 2");
    (void)state;
    kit_kill_master(kit, "ab");
    kit_to(kit, 2000);
    kit_expect(
        kit, "event persist promote follow",
        "event W +sdown " M1 "\nevent W +odown " M1 " #quorum 2/2\nevent W +new-epoch 1\n"
        "event W +try-failover " M1 "\npersist 2\nevent W +vote-for-leader " KIT_ME " 1\n"
        "event W +elected-leader " M1 "\nevent W +failover-state-select-slave " M1 "\n" SELECTED(
            N2) "promote n2\n"
                "event V -role-change " N2 " new reported role is master\n"
                "event W +promoted-slave " N2 "\nevent W +failover-state-reconf-slaves " M1
                "\npersist 3\n"
                "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379\n"
                "event N +slave slave 10.0.0.3:6379 10.0.0.3 6379 @ m1 10.0.0.2 6379\n"
                "event N +slave slave 10.0.0.1:6379 10.0.0.1 6379 @ m1 10.0.0.2 6379\n"
                "event W +sdown slave 10.0.0.1:6379 10.0.0.1 6379 @ m1 10.0.0.2 6379\n"
                "follow n3 10.0.0.2 6379\n"
                "event N +slave-reconf-sent slave 10.0.0.3:6379 10.0.0.3 6379 @ m1 10.0.0.2 6379\n"
                "event N +slave-reconf-inprog slave 10.0.0.3:6379 10.0.0.3 6379 @ m1 10.0.0.2 "
                "6379\n"
                "event N +slave-reconf-done slave 10.0.0.3:6379 10.0.0.3 6379 @ m1 10.0.0.2 6379\n"
                "event W +failover-end master m1 10.0.0.2 6379\n");
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 1);
    kit_free(kit);
}

static void test_failover__hellos_carry_the_new_master_at_once(void **state)
{
    struct kit *kit = at_promotion(three);
    (void)state;
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]");
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    sn_ms at = kit_now(kit);
    kit_to(kit, at + 100); /* the next INFO */
    sn_ms switched = kit_when(kit, "event W +switch-master");
    assert_in_range(switched, at, at + 100);
    static const char *const all[] = {"a", "b", "n2", "n3"};
    for (size_t i = 0; i < 4; i++) {
        char line[128];
        (void)snprintf(line, sizeof(line),
                       "publish %s 10.0.9.9,26379," KIT_ME ",1,m1,10.0.0.2,6379,1", all[i]);
        assert_int_equal(kit_when(kit, line), switched);
    }
    kit_free(kit);
}

static void test_failover__waits_for_info_and_asks_for_it_every_100_ms(void **state)
{
    struct kit *kit = at_promotion(three);
    (void)state;
    sn_ms at = kit_now(kit);
    /* EXEC is answered, but INFO keeps saying slave for a while. */
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]");
    kit_to(kit, at + 350);
    assert_in_range(kit_count(kit, "info n2"), 4, 5);
    assert_int_equal(kit_count(kit, "event W +promoted-slave"), 0);
    assert_int_equal(kit_count(kit, "promote"), 0); /* once is enough */
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_to(kit, at + 450);
    assert_int_equal(kit_count(kit, "event W +promoted-slave " N2), 1);
    kit_free(kit);
}

static void test_failover__refusal_is_told_and_the_next_candidate_tried(void **state)
{
    static const struct {
        const char *exec, *queue_error, *why;
    } rows[] = {
        {"[-NOPERM this user has no permissions|+OK|:0|:0]", "",
         "NOPERM this user has no permissions"},
        {"-EXECABORT Transaction discarded because of previous errors.",
         "NOPERM no permissions to run the 'slaveof' command",
         "NOPERM no permissions to run the 'slaveof' command"},
        {"-EXECABORT Transaction discarded because of previous errors.", "",
         "EXECABORT Transaction discarded because of previous errors"},
        {"_", "", "the transaction was not executed"},
        {"[]", "", "the transaction was not executed"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = at_promotion(three);
        char log[512];
        sn_ms at = kit_now(kit);
        kit_reply_queue_error(kit, "n2", SN_ORDER_PROMOTE, rows[i].exec, rows[i].queue_error);
        (void)snprintf(log, sizeof(log),
                       "log W " N2 " was not promoted: %s. Trying the next candidate.",
                       rows[i].why);
        assert_non_null(kit_find(kit, log));
        assert_int_equal(kit_now(kit), at);
        kit_expect(kit, "event promote", SELECTED(N3) "promote n3\n");
        kit_free(kit);
    }
}

static void test_failover__without_a_transaction_info_decides(void **state)
{
    static const char refused[] = "NOPERM no permissions to run the 'multi' command";
    struct kit *kit = at_promotion(three);
    (void)state;
    kit_reply_queue_error(kit, "n2", SN_ORDER_PROMOTE, "-ERR EXEC without MULTI", refused);
    kit_to(kit, kit_now(kit) + 100);
    kit_expect(kit, "event promote", SELECTED(N3) "promote n3\n");
    assert_int_equal(kit_reasons(kit, "m1", SN_REASON_ORDER_REFUSED_PARTLY, "n2"), 1);
    kit_free(kit);

    kit = at_promotion(three);
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_reply_queue_error(kit, "n2", SN_ORDER_PROMOTE, "-ERR EXEC without MULTI", refused);
    kit_to(kit, kit_now(kit) + 100);
    assert_int_equal(kit_count(kit, "promote"), 0);
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379"), 1);
    kit_free(kit);
}

static void test_failover__what_fails_behind_slaveof_does_not_matter(void **state)
{
    struct kit *kit = at_promotion(three);
    (void)state;
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_reply(kit, "n2", SN_ORDER_PROMOTE,
              "[+OK|-ERR The server is running without a config file|:1|:0]");
    kit_to(kit, kit_now(kit) + 100);
    assert_non_null(kit_find(
        kit, "log N Promoted 10.0.0.2:6379, although a part of the order failed: ERR The server is "
             "running without a config file"));
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379"), 1);
    kit_free(kit);
}

static void test_failover__when_nobody_will_do_it_tries_again_with_growing_pauses(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 quorum 1 timeout 2000");
    static const sn_ms pauses[] = {1000, 2000, 4000, 4000, 4000};
    (void)state;
    kit_node(kit, "n2")->order = "[-NOPERM no|+OK|:0|:0]";
    kit_kill_master(kit, "");
    kit_expect(kit, "event promote",
               "event W +sdown " M1 "\nevent W +odown " M1 " #quorum 1/1\n"
               "event W +new-epoch 1\nevent W +try-failover " M1 "\n"
               "event W +vote-for-leader " KIT_ME " 1\nevent W +elected-leader " M1 "\n"
               "event W +failover-state-select-slave " M1
               "\n" SELECTED(N2) "promote n2\n"
                                 "event W -failover-abort-no-good-slave " M1 "\n");
    sn_ms at = kit_now(kit);
    for (size_t i = 0; i < sizeof(pauses) / sizeof(*pauses); i++) {
        kit_to(kit, at + pauses[i] - 1);
        assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
        at += pauses[i];
        kit_to(kit, at);
        assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
        assert_int_equal(kit_count(kit, "promote n2"), 1); /* a new attempt, a new chance */
        kit_clear(kit);
    }
    kit_free(kit);
}

/* It may have obeyed before it went down: nobody else in this epoch, and not for a while. */
static void test_failover__a_candidate_that_dies_is_replaced_in_a_new_epoch(void **state)
{
    struct kit *kit = at_promotion(three);
    (void)state;
    sn_ms at = kit_now(kit);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, at + 999);
    kit_expect(kit, "event promote", "");
    kit_to(kit, at + 1999);
    assert_int_equal(kit_count(kit, "log W " N2 " may have been promoted"), 1);
    kit_expect(kit, "event promote", "event W +sdown " N2 "\n");
    kit_to(kit, at + 2000);
    kit_expect(kit, "event promote",
               "event W -failover-abort-slave-timeout " M1 "\n"
               "event W +new-epoch 2\nevent W +try-failover " M1 "\n"
               "event W +vote-for-leader " KIT_ME " 2\nevent W +elected-leader " M1 "\n"
               "event W +failover-state-select-slave " M1 "\n" SELECTED(N3) "promote n3\n");
    assert_true(kit_reasons(kit, "m1", SN_REASON_FATE_AWAITED, NULL) > 0);
    kit_free(kit);
}

/* It was cut off, and had obeyed; n3 would be better. */
static void test_failover__a_candidate_that_comes_back_as_a_master_is_taken(void **state)
{
    static const sn_ms away[] = {1500, 2500}; /* within the attempt; after it */
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kit *kit = at_promotion(three);
        sn_ms at = kit_now(kit);
        kit_node(kit, "n3")->priority = 1;
        kit_mode(kit, "n3", KIT_FROZEN); /* nobody else, so far */
        kit_mode(kit, "n2", KIT_REFUSING);
        kit_node(kit, "n2")->role = SN_ROLE_MASTER;
        kit_to(kit, at + away[i]);
        kit_mode(kit, "n3", KIT_WELL);
        kit_mode(kit, "n2", KIT_WELL);
        kit->hold = 0;
        kit_to(kit, at + 6000);
        assert_int_equal(kit_count(kit, "promote n3"), 0);
        assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379"),
                         1);
        kit_free(kit);
    }
}

/* Another one was promoted meanwhile: it is made a replica. */
static void test_failover__a_candidate_that_comes_back_too_late_is_demoted(void **state)
{
    struct kit *kit = at_promotion(three);
    (void)state;
    sn_ms at = kit_now(kit);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit->hold = 0;
    kit_to(kit, at + 5000);
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.3 6379"), 1);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 2);
    kit_mode(kit, "n2", KIT_WELL);
    kit_to(kit, at + 20000);
    assert_int_equal(kit_count(kit, "follow n2 10.0.0.3 6379"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_FOLLOW_DOWN, NULL) > 0);
    kit_free(kit);
}

/* The old master answers: there is no hurry, and it stays. */
static void test_failover__a_planned_one_ends_if_the_candidate_goes_down(void **state)
{
    struct kit *kit = kit_new(three);
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_to(kit, 500);
    kit_failover(kit, "m1", SN_MODE_FORCED);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, 1500);
    assert_int_equal(kit_count(kit, "event W -failover-abort-slave-timeout"), 1);
    assert_int_equal(kit_count(kit, "log W " N2 " may have been promoted"), 1);
    kit_to(kit, 10000);
    assert_int_equal(kit_count(kit, "promote"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_FATE_UNKNOWN, NULL) > 0);
    kit_free(kit);
}

static void test_failover__a_link_that_breaks_before_execs_answer_is_no_proof(void **state)
{
    /* The order was lost: it is given again, but not as fast as links can break. */
    struct kit *kit = at_promotion(three);
    (void)state;
    sn_ms at = kit_now(kit);
    kit_drop(kit, "n2");
    kit_to(kit, at);
    kit_expect(kit, "promote connect", "connect data n2\nconnect sub n2\n");
    kit_to(kit, at + 99);
    kit_expect(kit, "promote connect", "");
    kit_to(kit, at + 100);
    kit_expect(kit, "promote connect", "promote n2\n");
    kit_free(kit);

    /* Only the answer was lost. */
    kit = at_promotion(three);
    kit_drop(kit, "n2");
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_to(kit, kit_now(kit));
    kit_expect(kit, "promote", "");
    assert_true(kit_group(kit, "m1")->failover.state == SN_FAILOVER_NONE);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 1);
    kit_free(kit);
}

/* The one that got the order may live, as a master, at another address. */
static void test_failover__another_process_at_that_address_gets_no_order(void **state)
{
    static const bool acked[] = {false, true};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kit *kit = at_promotion(three);
        sn_ms at = kit_now(kit);
        if (acked[i])
            kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]");
        (void)snprintf(kit_node(kit, "n2")->runid.hex, SN_RUNID_LEN + 1, "%040d", 99);
        kit_node(kit, "n3")->priority = 1;
        kit_drop(kit, "n2");
        kit_to(kit, at + 1200);
        assert_int_equal(kit_count(kit, "log W " N2 " was restarted or replaced"), 1);
        assert_int_equal(kit_reasons(kit, "m1", SN_REASON_FATE_REPLACED, NULL), 1);
        assert_int_equal(kit_count(kit, "event W -failover-abort-slave-timeout"), 1);
        assert_int_equal(kit_count(kit, "promote n2"), 0);
        assert_int_equal(kit_count(kit, "event W +new-epoch 2"), 1); /* and only then */
        assert_int_equal(kit_count(kit, "promote n3"), 1);
        kit_free(kit);
    }
}

/* SLAVEOF may have been executed without its transaction, by a process that is elsewhere by now. */
static void test_failover__in_doubt_another_process_there_is_no_reason_for_the_next(void **state)
{
    struct kit *kit = at_promotion(three);
    (void)state;
    sn_ms at = kit_now(kit);
    kit->hold |= KIT_HOLD(SN_ORDER_INFO);
    kit_reply_queue_error(kit, "n2", SN_ORDER_PROMOTE, "-ERR EXEC without MULTI",
                          "NOPERM no permissions to run the 'multi' command");
    (void)snprintf(kit_node(kit, "n2")->runid.hex, SN_RUNID_LEN + 1, "%040d", 99);
    kit_drop(kit, "n2");
    kit->hold &= ~KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, at + 1200);
    assert_int_equal(kit_count(kit, "event W -failover-abort-slave-timeout"), 1);
    assert_true(kit_when(kit, "event W +new-epoch 2") >= 0);
    assert_true(kit_when(kit, "promote n3") >= kit_when(kit, "event W +new-epoch 2"));
    kit_free(kit);
}

/* It was restarted before it was chosen, and tells so behind the order: the order is on this very
 * connection, so that it gets no other process. */
static void test_failover__a_restart_that_is_heard_of_late_does_not_void_the_order(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b quorum 2");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_INFO) | KIT_HOLD(SN_ORDER_PROMOTE);
    (void)snprintf(kit_node(kit, "n2")->runid.hex, SN_RUNID_LEN + 1, "%040d", 99);
    kit_drop(kit, "n2"); /* connected again at once; INFO is asked for, and answered slowly */
    kit_kill_master(kit, "ab");
    kit_to(kit, kit_now(kit) + 1000);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    kit_info(kit, "n2", NULL); /* role:slave, from before the order */
    assert_int_equal(kit_count(kit, "event W -failover-abort"), 0);
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]");
    kit->hold = 0;
    kit_to(kit, kit_now(kit) + 100);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379"), 1);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 1);
    kit_free(kit);
}

static void test_failover__a_silent_candidate_is_given_up_after_the_failover_timeout(void **state)
{
    struct kit *kit = at_promotion("m1 n1 replicas n2,n3 peers a,b timeout 4000");
    (void)state;
    sn_ms at = kit_now(kit);
    kit_to(kit, at + 3999);
    kit_expect(kit, "event", "");
    kit_to(kit, at + 4000);
    kit_expect(kit, "event", TIMED_OUT);
    assert_false(kit_instance(kit, "m1", "n2")->u.data.promoted);
    /* Those who voted wait for us for twice the timeout; then it is their turn. */
    kit_to(kit, at + 2 * 4000 + 1499 - (int)(at - 1000));
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_to(kit, at + 2 * 4000 + 1500);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_PROMOTION_LATE, NULL) > 0);
    kit_free(kit);
}

static void test_failover__late_answers_of_an_old_candidate_change_nothing(void **state)
{
    struct kit *kit = at_promotion("m1 n1 replicas n2,n3 peers a,b timeout 4000");
    (void)state;
    kit_to(kit, kit_now(kit) + 4500);
    assert_int_equal(kit_count(kit, "event W -failover-abort-slave-timeout"), 1);
    kit_clear(kit);
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[-NOPERM no|+OK|:1|:0]");
    kit_expect(kit, "event promote", "");
    kit_free(kit);
}

static void keep_epoch(void *arg, const char *name, const char *value)
{
    char *told = arg;
    size_t len = strlen(told);
    if (strcmp(name, "config-epoch") == 0)
        (void)snprintf(told, 32, "%s", value);
    else if (strcmp(name, "switch-unsaved") == 0)
        (void)snprintf(told + len, 32 - len, ", unsaved %s", value);
}

static void expect_told_epoch(struct kit *kit, const char *node, const char *epoch)
{
    char told[32] = "";
    sn_instance_describe(kit->core, kit_instance(kit, "m1", node), kit->now, keep_epoch, told);
    assert_string_equal(told, epoch);
}

static void test_failover__the_switch_is_on_disk_before_anybody_hears_of_it(void **state)
{
    struct kit *kit =
        at_promotion("m1 n1 replicas n2,n3 peers a,b notify /n reconfig /r config 3;- epoch 3");
    const char *host;
    uint16_t port;
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]");
    kit_to(kit, kit_now(kit) + 100);
    assert_int_equal(kit_count(kit, "event W +promoted-slave"), 1);
    assert_int_equal(kit_count(kit, "persist"), 1);
    kit_to(kit, kit_now(kit) + 5000);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 0);
    assert_int_equal(kit_count(kit, "publish"), 0);
    assert_int_equal(kit_count(kit, "follow"), 0);
    assert_null(kit_find(kit, "start 0 /r")); /* whatever the number */
    /* Who asks us is told the truth already. */
    sn_group_address(kit->core, kit_group(kit, "m1"), &host, &port);
    assert_string_equal(host, "10.0.0.2");
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 4);
    /* But peers that confirm a hello by us are not, and see that the epoch is not that of n2. */
    expect_told_epoch(kit, "n2", "3, unsaved yes");
    struct sn_image image;
    sn_core_snapshot(kit->core, &image);
    assert_string_equal(image.groups[0].addr.ip, "10.0.0.2");
    assert_int_equal(image.groups[0].config_epoch, 4);
    assert_int_equal(image.groups[0].replica_count, 2);
    assert_string_equal(image.groups[0].replicas[1].ip, "10.0.0.1");
    sn_image_fini(&image);

    kit_clear(kit);
    kit_persisted(kit, false); /* what has happened out there is told all the same, but later */
    kit_to(kit, kit_now(kit) + 999);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 0);
    kit_to(kit, kit_now(kit) + 1);
    assert_int_equal(kit_count(kit, "persist"), 1);
    kit_persisted(kit, true);
    kit_to(kit, kit_now(kit));
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379"), 1);
    assert_int_equal(kit_count(kit, "publish a 10.0.9.9,26379," KIT_ME ",4,m1,10.0.0.2,6379,4"), 1);
    assert_int_equal(kit_count(kit, "follow n3 10.0.0.2 6379"), 1);
    expect_told_epoch(kit, "n2", "4");
    kit_free(kit);
}

static void test_failover__calls_the_reconfiguration_script_as_leader(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b quorum 2 reconfig /r");
    (void)state;
    kit_kill_master(kit, "ab");
    kit_to(kit, 1500);
    assert_int_equal(kit_count(kit, "start"), 1);
    assert_non_null(
        strstr(kit_find(kit, "start"), " /r m1 leader start 10.0.0.1 6379 10.0.0.2 6379"));
    kit_free(kit);
}

static void test_failover__simulated_crash_leaves_after_the_promotion_is_saved(void **state)
{
    struct kit *kit = at_promotion(three);
    struct sn_command command = {.kind = SN_COMMAND_SIMULATE, .flags = SN_SIMULATE_AFTER_PROMOTION};
    (void)state;
    kit_command(kit, &command);
    kit->disk = KIT_DISK_SLOW;
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]");
    kit_to(kit, kit_now(kit) + 100);
    assert_int_equal(kit_count(kit, "event W +promoted-slave"), 1);
    assert_int_equal(kit_count(kit, "exit"), 0);
    kit_persisted(kit, true);
    assert_int_equal(kit_count(kit, "exit 99"), 1);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 0);
    kit_free(kit);
}

static void test_failover__a_newer_configuration_with_another_master_ends_it(void **state)
{
    struct kit *kit = at_promotion(three);
    (void)state;
    kit_hello(kit, "a", "m1", "n3", 6, 6);
    assert_true(kit_group(kit, "m1")->failover.state == SN_FAILOVER_NONE);
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.3 6379"), 1);
    kit_clear(kit);
    /* n2 obeyed our order meanwhile; the answer is of no consequence. */
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]");
    assert_int_equal(kit_count(kit, "event W +promoted-slave"), 0);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 6);
    kit_free(kit);
}

static void test_failover__a_newer_configuration_with_the_same_master_ends_it(void **state)
{
    /* Won at epoch 1, it would lower the config epoch. */
    struct kit *kit = at_promotion(three);
    (void)state;
    kit_hello(kit, "a", "m1", "n1", 6, 6);
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected " M1), 1);
    /* The next attempt is above it. */
    kit_to(kit, kit_now(kit) + 10);
    assert_int_equal(kit_group(kit, "m1")->failover.epoch, 7);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 6);
    assert_int_equal(kit_reasons(kit, "m1", SN_REASON_OUTDATED, "n1"), 1);
    kit_free(kit);

    /* Won by somebody else in our epoch. */
    kit = at_promotion(three);
    kit_hello(kit, "a", "m1", "n1", 1, 1);
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected " M1), 1);
    kit_free(kit);

    /* What is no news does not. */
    kit = at_promotion("m1 n1 replicas n2,n3 peers a,b config 3;- epoch 3");
    kit_hello(kit, "a", "m1", "n1", 4, 3);
    assert_int_equal(kit_count(kit, "event W -failover-abort"), 0);
    kit_free(kit);
}

static void test_failover__reset_and_remove_end_it_without_a_word(void **state)
{
    struct kit *kit = at_promotion(three);
    (void)state;
    kit_named(kit, SN_COMMAND_RESET, "m1");
    kit_expect(kit, "event", "event W +reset-master " M1 "\n");
    kit_to(kit, kit_now(kit) + 100);
    assert_int_equal(kit_count(kit, "event W -"), 0);
    kit_free(kit);

    kit = at_promotion(three);
    kit_named(kit, SN_COMMAND_REMOVE, "m1");
    kit_expect(kit, "event", "event W -monitor " M1 "\n");
    kit_to(kit, kit_now(kit) + 30000);
    kit_expect(kit, "event promote connect", "");
    kit_free(kit);
}

static void test_failover__forced_one_leaves_the_master_unasked(void **state)
{
    struct kit *kit = kit_new(three);
    struct sn_command command = {
        .kind = SN_COMMAND_FAILOVER, .name = "m1", .name_len = 2, .mode = SN_MODE_FORCED};
    (void)state;
    kit_to(kit, 500);
    kit_clear(kit);
    kit_command(kit, &command);
    kit_to(kit, 600);
    assert_int_equal(kit_count(kit, "pause"), 0);
    assert_int_equal(kit_when(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379"), 500);
    /* The old master still answers: it is demoted in the same moment. */
    assert_int_equal(kit_when(kit, "follow n1 10.0.0.2 6379"), 500);
    assert_int_equal(kit_count(kit, "event N +convert-to-slave slave 10.0.0.1:6379"), 1);
    assert_int_equal(kit_when(kit, "event W +failover-end master m1 10.0.0.2 6379"), 500);
    kit_free(kit);
}

static void test_failover__an_answer_of_the_last_candidate_proves_nothing_of_the_next(void **state)
{
    struct kit *kit = at_promotion(three);
    (void)state;
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]"); /* but then it dies */
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, kit_now(kit) + 2000);
    assert_int_equal(kit_count(kit, "promote n3"), 1);
    assert_false(kit_instance(kit, "m1", "n2")->u.data.promoted);
    kit_clear(kit);
    kit_drop(kit, "n3"); /* before the answer */
    kit_to(kit, kit_now(kit) + 100);
    assert_int_equal(kit_count(kit, "promote n3"), 1);
    kit_free(kit);
}

static void test_failover__one_that_refused_still_has_to_follow_the_next(void **state)
{
    struct kit *kit = at_promotion(three);
    (void)state;
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[-NOPERM no|+OK|:1|:0]");
    kit_node(kit, "n3")->role = SN_ROLE_MASTER;
    kit_reply(kit, "n3", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]");
    kit_to(kit, kit_now(kit) + 100);
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.3 6379"), 1);
    assert_int_equal(kit_count(kit, "follow n2 10.0.0.3 6379"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_ORDER_REFUSED, NULL) > 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_FAILED_BEFORE, NULL) > 0);
    kit_free(kit);
}

static void test_failover__a_refusal_that_comes_too_late_is_not_held_against_the_next(void **state)
{
    struct kit *kit = at_promotion(three);
    (void)state;
    kit_mode(kit, "n2", KIT_FROZEN); /* its link stays up */
    kit_to(kit, kit_now(kit) + 2200);
    assert_int_equal(kit_count(kit, "promote n3"), 1);
    kit_clear(kit);
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[-NOPERM no|+OK|:1|:0]");
    kit_expect(kit, "event promote", "");
    kit_free(kit);
}

static void test_failover__the_time_for_the_promotion_counts_from_its_order(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 quorum 1 timeout 4000");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE) | KIT_HOLD(SN_ORDER_INFO);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1600);
    assert_int_equal(kit_when(kit, "event W +try-failover"), 1000);
    assert_int_equal(kit_when(kit, "promote n2"), 1500); /* INFO did not come */
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_to(kit, 5499);
    assert_int_equal(kit_count(kit, "event W -failover-abort"), 0);
    kit_to(kit, 5500);
    assert_int_equal(kit_count(kit, "event W -failover-abort-slave-timeout"), 1);
    kit_free(kit);
}

/* What was won is overtaken while the disk is busy: it is not told any more. */
static void test_failover__a_switch_that_is_overtaken_before_it_is_saved_is_not_told(void **state)
{
    struct kit *kit = at_promotion(three);
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit->hold = 0;
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_to(kit, kit_now(kit) + 200);
    kit_hello(kit, "a", "m1", "n3", 9, 9);
    kit_clear(kit);
    kit_persisted(kit, true);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 0);
    assert_int_equal(kit_reasons(kit, "m1", SN_REASON_SWITCH_OVERTAKEN, "n3"), 1);
    kit_free(kit);
}

/* It may have strayed, and been demoted since by somebody else. */
static void test_failover__what_was_said_before_the_order_is_no_proof(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 20000);
    kit->hold = KIT_HOLD(SN_ORDER_INFO) | KIT_HOLD(SN_ORDER_PROMOTE);
    kit_kill_master(kit, "ab");
    for (int i = 0; i < 300 && kit_count(kit, "promote n2") == 0; i++)
        kit_to(kit, kit_now(kit) + 10);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_info(kit, "n2", NULL);
    assert_int_equal(kit_count(kit, "event W +promoted-slave"), 0);
    kit_info(kit, "n2", NULL);
    assert_int_equal(kit_count(kit, "event W +promoted-slave"), 1);
    kit_free(kit);
}

/* Two names of one master: the second one waits for what the first one promotes. */
static void test_failover__another_name_that_promotes_is_waited_for(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 quorum 1;m2 n1 replicas n2,n3 quorum 1");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 2500);
    assert_int_equal(kit_count(kit, "promote"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_ALIAS_PROMOTES, "n1") +
                    kit_reasons(kit, "m2", SN_REASON_ALIAS_PROMOTES, "n1") >
                0);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failover__a_switch_that_is_overtaken_before_it_is_saved_is_not_told),
        cmocka_unit_test(test_failover__another_name_that_promotes_is_waited_for),
        cmocka_unit_test(test_failover__what_was_said_before_the_order_is_no_proof),
        cmocka_unit_test(test_failover__promotes_and_verifies_in_one_write),
        cmocka_unit_test(test_failover__tells_everything_in_order),
        cmocka_unit_test(test_failover__hellos_carry_the_new_master_at_once),
        cmocka_unit_test(test_failover__waits_for_info_and_asks_for_it_every_100_ms),
        cmocka_unit_test(test_failover__refusal_is_told_and_the_next_candidate_tried),
        cmocka_unit_test(test_failover__without_a_transaction_info_decides),
        cmocka_unit_test(test_failover__what_fails_behind_slaveof_does_not_matter),
        cmocka_unit_test(test_failover__when_nobody_will_do_it_tries_again_with_growing_pauses),
        cmocka_unit_test(test_failover__a_candidate_that_dies_is_replaced_in_a_new_epoch),
        cmocka_unit_test(test_failover__a_candidate_that_comes_back_as_a_master_is_taken),
        cmocka_unit_test(test_failover__a_candidate_that_comes_back_too_late_is_demoted),
        cmocka_unit_test(test_failover__a_planned_one_ends_if_the_candidate_goes_down),
        cmocka_unit_test(test_failover__a_link_that_breaks_before_execs_answer_is_no_proof),
        cmocka_unit_test(test_failover__another_process_at_that_address_gets_no_order),
        cmocka_unit_test(test_failover__in_doubt_another_process_there_is_no_reason_for_the_next),
        cmocka_unit_test(test_failover__a_restart_that_is_heard_of_late_does_not_void_the_order),
        cmocka_unit_test(test_failover__a_silent_candidate_is_given_up_after_the_failover_timeout),
        cmocka_unit_test(test_failover__late_answers_of_an_old_candidate_change_nothing),
        cmocka_unit_test(test_failover__the_switch_is_on_disk_before_anybody_hears_of_it),
        cmocka_unit_test(test_failover__calls_the_reconfiguration_script_as_leader),
        cmocka_unit_test(test_failover__simulated_crash_leaves_after_the_promotion_is_saved),
        cmocka_unit_test(test_failover__a_newer_configuration_with_another_master_ends_it),
        cmocka_unit_test(test_failover__a_newer_configuration_with_the_same_master_ends_it),
        cmocka_unit_test(test_failover__reset_and_remove_end_it_without_a_word),
        cmocka_unit_test(test_failover__forced_one_leaves_the_master_unasked),
        cmocka_unit_test(test_failover__an_answer_of_the_last_candidate_proves_nothing_of_the_next),
        cmocka_unit_test(test_failover__one_that_refused_still_has_to_follow_the_next),
        cmocka_unit_test(test_failover__a_refusal_that_comes_too_late_is_not_held_against_the_next),
        cmocka_unit_test(test_failover__the_time_for_the_promotion_counts_from_its_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
