/* SPDX-License-Identifier: BSD-3-Clause */

/* Whose data a replica has, and whether they are complete (DESIGN.md D20). */

#include "core_kit.h"

#include "core/agree/doubt.h"
#include "core/facts/history.h"

#include <string.h>

#define DOWN_AFTER 1000

static enum sn_reason refusal(struct kit *kit, const char *node)
{
    kit->core->now = kit->now; /* as in the step that would ask */
    return sn_select_refusal(kit_group(kit, "m1"), kit_instance(kit, "m1", node)).reason;
}

static const char *best(struct kit *kit)
{
    kit->core->now = kit->now;
    const struct sn_instance *found = sn_select_replica(kit_group(kit, "m1"));
    return found == NULL ? "" : kit_node_name(kit, found);
}

static enum sn_kin kin(struct kit *kit, const char *node)
{
    return sn_history_kin(kit_instance(kit, "m1", node));
}

/* All of one history. */
static struct kit *made(const char *text)
{
    static const char *const names[] = {"n1", "n2", "n3"};
    struct kit *kit = kit_new(text);
    for (size_t i = 0; i < 3; i++) {
        struct kit_node *node = kit_node(kit, names[i]);
        node->history = 'a';
        node->tells_keys = true;
        node->keys = 100;
        node->offset = 1000;
    }
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_to(kit, 10100);
    return kit;
}

static const char group_of_three[] = "m1 n1 replicas n2,n3 quorum 1";

/* The master dies, and each replica says once more how it is. */
static void lose_master(struct kit *kit)
{
    kit_node(kit, "n2")->link_up = kit_node(kit, "n3")->link_up = false;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, kit_now(kit) + DOWN_AFTER);
    assert_true(kit_instance(kit, "m1", "n1")->s_down);
}

static void long_after(struct kit *kit)
{
    kit_to(kit, kit_now(kit) + 10 * DOWN_AFTER);
}

static void test_doubt__refuses_who_is_in_a_full_sync_for_as_long_as_it_lasts(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n2")->syncing = true;
    kit_node(kit, "n2")->offset = 2000;
    kit_mode(kit, "n3", KIT_REFUSING);
    lose_master(kit);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_FULL_SYNC);
    long_after(kit);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_FULL_SYNC);
    assert_true(kit_reasons(kit, "m1", SN_REASON_FULL_SYNC, "n2") > 0);
    assert_int_equal(kit_count(kit, "promote n2"), 0);
    kit_node(kit, "n2")->syncing = false;
    kit_to(kit, kit_now(kit) + 1000);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_NONE);
    kit_free(kit);
}

static void test_doubt__prefers_whoever_is_in_no_full_sync(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n2")->syncing = true;
    kit_node(kit, "n2")->priority = 1;
    lose_master(kit);
    assert_string_equal(best(kit), "n3");
    kit_free(kit);
}

static void test_doubt__force_takes_the_least_doubtful(void **state)
{
    struct kit *kit = made("m1 n1 replicas n2,n3,n4 quorum 9 max-lag 100");
    (void)state;
    kit_node(kit, "n2")->syncing = true; /* the best by its numbers */
    kit_node(kit, "n2")->priority = 1;
    kit_node(kit, "n3")->offset = 10;
    kit_node(kit, "n4")->tells_keys = true; /* empty, and never in sync */
    kit_node(kit, "n4")->history = 'x';
    kit_node(kit, "n4")->never_up = true;
    kit_node(kit, "n4")->link_up = false;
    kit_node(kit, "n4")->priority = 1;
    lose_master(kit);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_FULL_SYNC);
    assert_int_equal(refusal(kit, "n3"), SN_REASON_LAGS);
    assert_int_equal(refusal(kit, "n4"), SN_REASON_EMPTY);
    kit_failover(kit, "m1", SN_MODE_PLANNED);
    assert_int_equal(kit_count(kit, "answer 1 error -NOGOODSLAVE"), 1);
    kit_failover(kit, "m1", SN_MODE_FORCED);
    assert_int_equal(kit_count(kit, "answer 2 ok"), 1);
    kit_to(kit, kit_now(kit) + 100);
    assert_int_equal(kit_count(kit, "promote n3"), 1);
    assert_int_equal(kit_count(kit, "log W Chose slave 10.0.0.3:6379 10.0.0.3 6379 @ m1 10.0.0.1 "
                                    "6379 although it lags by more than max-replica-lag (990 "
                                    "bytes, at most 100): the operator forces this failover."),
                     2); /* the command looks first */
    kit_free(kit);
}

static void test_doubt__force_takes_a_full_sync_if_nobody_is_better(void **state)
{
    struct kit *kit = made("m1 n1 replicas n2 quorum 9");
    (void)state;
    kit_node(kit, "n2")->syncing = true;
    lose_master(kit);
    kit_failover(kit, "m1", SN_MODE_FORCED);
    kit_to(kit, kit_now(kit) + 100);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    kit_free(kit);
}

/* It would refuse the order. */
static void test_doubt__nobody_takes_who_is_loading(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n2")->loading = true;
    kit_mode(kit, "n3", KIT_REFUSING);
    lose_master(kit);
    long_after(kit);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_LOADING);
    kit_failover(kit, "m1", SN_MODE_FORCED);
    assert_int_equal(kit_count(kit, "answer 1 error -NOGOODSLAVE"), 1);
    kit_free(kit);
}

static void test_doubt__refuses_the_empty_if_the_master_is_not(void **state)
{
    (void)state;
    for (unsigned broken = 0; broken < 2; broken++) {
        struct kit *kit = made(group_of_three);
        struct kit_node *n2 = kit_node(kit, "n2");
        n2->keys = 0;
        n2->history = 'x';
        /* It lost everything to a synchronisation that broke off, or was started without data. */
        n2->link_down_s = 600 * broken;
        n2->never_up = !broken;
        n2->link_up = false;
        kit_mode(kit, "n3", KIT_REFUSING);
        lose_master(kit);
        long_after(kit);
        assert_int_equal(refusal(kit, "n2"), SN_REASON_EMPTY);
        n2->tells_keys = false; /* then it is not known to be empty */
        kit_to(kit, kit_now(kit) + 1000);
        assert_int_not_equal(refusal(kit, "n2"), SN_REASON_EMPTY);
        kit_free(kit);
    }
}

/* A synchronisation broke off while it loaded, and it still has the id of before. */
static void test_doubt__refuses_the_empty_that_has_kept_its_id(void **state)
{
    struct kit *kit = made(group_of_three);
    struct kit_node *n2 = kit_node(kit, "n2");
    (void)state;
    n2->keys = 0;
    n2->never_up = true;
    n2->link_up = false;
    kit_mode(kit, "n3", KIT_REFUSING);
    lose_master(kit);
    long_after(kit);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_EMPTY);
    kit_free(kit);
}

/* The first key did not reach it any more. */
static void test_doubt__takes_the_empty_that_was_in_sync(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n2")->keys = 0;
    kit_node(kit, "n2")->offset = 0;
    kit_to(kit, kit_now(kit) + 10000);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_NONE);
    kit_mode(kit, "n3", KIT_REFUSING);
    lose_master(kit);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_NONE);
    kit_free(kit);
}

/* A queue: the last key was deleted after the master's last INFO. */
static void test_doubt__takes_who_is_empty_by_right(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    lose_master(kit);
    kit_node(kit, "n2")->keys = kit_node(kit, "n3")->keys = 0;
    kit_to(kit, kit_now(kit) + 1000);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_NONE);
    kit_free(kit);
}

static void test_doubt__takes_the_empty_if_the_master_is_empty_too(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n1")->keys = 0;
    kit_node(kit, "n2")->keys = 0;
    kit_to(kit, kit_now(kit) + 10000);
    lose_master(kit);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_NONE);
    kit_free(kit);
}

/* n2 has said so before the first write. */
static void test_doubt__what_was_said_before_the_master_spoke_is_outdated(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_instance(kit, "m1", "n2")->u.data.set.keys = 0;
    memset(kit_instance(kit, "m1", "n2")->u.data.set.replid.hex, 'x', SN_RUNID_LEN);
    kit_instance(kit, "m1", "n2")->u.data.set.was_in_sync = false;
    assert_int_equal(refusal(kit, "n2"), SN_REASON_EMPTY);
    kit_instance(kit, "m1", "n2")->u.data.info_at =
        kit_instance(kit, "m1", "n1")->u.data.info_at - 1;
    assert_int_equal(refusal(kit, "n2"), SN_REASON_OTHER_HISTORY);
    kit_free(kit);
}

/* A master that is down and says that it has data is asked all the time: its last answer may be
 * newer than that of a replica, which has got nothing from it meanwhile. */
static void test_doubt__an_empty_replica_stays_empty_while_the_master_is_down(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n2")->keys = 0;
    kit_node(kit, "n2")->history = 'x';
    kit_node(kit, "n2")->never_up = true;
    lose_master(kit);
    long_after(kit);
    kit_instance(kit, "m1", "n1")->u.data.info_at =
        kit_instance(kit, "m1", "n2")->u.data.info_at + 1;
    assert_int_equal(refusal(kit, "n2"), SN_REASON_EMPTY);
    kit_free(kit);
}

/* Started while the master is down: by a sentinel that heard neither of them before. */
static void test_doubt__who_was_started_without_a_master_is_the_last_resort(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 quorum 1");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_node(kit, "n2")->history = 'x';
    kit_node(kit, "n2")->link_up = false;
    kit_node(kit, "n2")->never_up = true;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, DOWN_AFTER + 3 * DOWN_AFTER - 1);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_UNSYNCED);
    kit_to(kit, DOWN_AFTER + 3 * DOWN_AFTER);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_NONE);
    kit_free(kit);
}

/* n3 has the larger offset, of other data. */
static void test_doubt__refuses_another_history_while_the_right_one_is_at_hand(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n3")->history = 'x';
    kit_node(kit, "n3")->offset = 9999;
    lose_master(kit);
    assert_int_equal(kin(kit, "n2"), SN_KIN_SAME);
    assert_int_equal(kin(kit, "n3"), SN_KIN_FOREIGN);
    assert_int_equal(refusal(kit, "n3"), SN_REASON_OTHER_HISTORY);
    assert_string_equal(best(kit), "n2");
    kit_free(kit);
}

/* n2 lost the master long ago, and n3 a moment ago, but what n3 holds was never the group's. */
static void test_doubt__data_of_nobody_are_none_to_wait_for(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n3")->history = 'x';
    kit_node(kit, "n2")->link_down_s = 40;
    lose_master(kit);
    kit_to(kit, kit_now(kit) + 1000);
    kit_instance(kit, "m1", "n1")->cmd->heard_at = kit->now - 60000;
    assert_int_equal(refusal(kit, "n3"), SN_REASON_OTHER_HISTORY);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_NONE);
    kit_free(kit);
}

/* The master was restarted, and died for good before anybody had copied its data. */
static void test_doubt__a_new_id_of_the_master_does_not_refuse_all(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n1")->history = 'b';
    kit_node(kit, "n3")->offset = 2000;
    kit_to(kit, kit_now(kit) + 10000);
    lose_master(kit);
    assert_int_equal(kin(kit, "n2"), SN_KIN_EARLIER);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_NONE);
    assert_string_equal(best(kit), "n3");
    kit_free(kit);
}

/* n2 may have followed since it spoke. */
static void test_doubt__what_was_said_before_the_id_changed_is_outdated(void **state)
{
    struct kit *kit = made(group_of_three);
    struct sn_data *n2 = &kit_instance(kit, "m1", "n2")->u.data;
    (void)state;
    kit_node(kit, "n1")->history = kit_node(kit, "n3")->history = 'b';
    kit_to(kit, kit_now(kit) + 10000);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_OTHER_HISTORY);
    n2->info_at = kit_group(kit, "m1")->history.since - 1;
    assert_int_equal(kin(kit, "n2"), SN_KIN_UNKNOWN);
    n2->info_at = kit_group(kit, "m1")->history.since;
    assert_int_equal(kin(kit, "n2"), SN_KIN_EARLIER);
    kit_free(kit);
}

/* The master has a new id, and n2 has followed: its offset counts from the restart. */
static void test_doubt__who_followed_a_new_id_comes_before_the_others(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n1")->history = kit_node(kit, "n2")->history = 'b';
    kit_node(kit, "n2")->offset = 7;
    kit_to(kit, kit_now(kit) + 10000);
    lose_master(kit);
    assert_int_equal(refusal(kit, "n3"), SN_REASON_OTHER_HISTORY);
    assert_string_equal(best(kit), "n2");
    /* It dies, too: old data of the group are better than none. */
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, kit_now(kit) + DOWN_AFTER);
    assert_int_equal(refusal(kit, "n3"), SN_REASON_NONE);
    kit_free(kit);
}

static void test_doubt__old_data_of_the_group_are_the_last_resort(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n1")->history = kit_node(kit, "n2")->history = 'b';
    kit_node(kit, "n2")->priority = 0;
    kit_to(kit, kit_now(kit) + 10000);
    lose_master(kit);
    kit_to(kit, kit_now(kit) + 3 * DOWN_AFTER - 1);
    assert_int_equal(refusal(kit, "n3"), SN_REASON_OTHER_HISTORY);
    kit_to(kit, kit_now(kit) + 1);
    assert_int_equal(refusal(kit, "n3"), SN_REASON_NONE);
    kit_free(kit);
}

/* n3 came back with data of its own, and has not been in sync; n2, which nobody wants as a master,
 * has the group's. */
static void test_doubt__foreign_data_are_never_taken_while_the_right_ones_are_at_hand(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n2")->priority = 0;
    kit_node(kit, "n3")->history = 'x';
    kit_node(kit, "n3")->link_up = false;
    kit_node(kit, "n3")->never_up = true;
    kit_to(kit, kit_now(kit) + 10000);
    lose_master(kit);
    long_after(kit);
    assert_int_equal(refusal(kit, "n3"), SN_REASON_OTHER_HISTORY);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, kit_now(kit) + DOWN_AFTER);
    assert_int_equal(refusal(kit, "n3"), SN_REASON_NONE);
    kit_free(kit);
}

/* n2 promoted itself, or was: its second id is the master's up to its promotion. */
static void test_doubt__second_ids_are_of_the_same_history(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n2")->history = 'c';
    kit_node(kit, "n2")->history2 = 'a';
    kit_to(kit, kit_now(kit) + 10000);
    assert_int_equal(kin(kit, "n2"), SN_KIN_SAME);
    kit_free(kit);
}

/* The master was promoted at offset 1000: whoever has no more than that can follow. */
static void test_doubt__the_masters_second_id_counts_up_to_its_offset(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n1")->history = 'b';
    kit_node(kit, "n1")->history2 = 'a';
    kit_node(kit, "n1")->second_offset = 1001;
    kit_node(kit, "n3")->offset = 1001;
    kit_to(kit, kit_now(kit) + 10000);
    assert_int_equal(kin(kit, "n2"), SN_KIN_SAME);
    assert_int_equal(kin(kit, "n3"), SN_KIN_EARLIER);
    lose_master(kit);
    assert_int_equal(refusal(kit, "n3"), SN_REASON_OTHER_HISTORY);
    assert_string_equal(best(kit), "n2");
    kit_free(kit);
}

/* Both were promoted or restarted, beginning with the same data. */
static void test_doubt__histories_that_parted_are_no_foreign_ones(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n1")->history = 'b';
    kit_node(kit, "n1")->history2 = kit_node(kit, "n2")->history2 = 'a';
    kit_node(kit, "n1")->second_offset = kit_node(kit, "n2")->second_offset = 1001;
    kit_node(kit, "n2")->history = 'c';
    kit_to(kit, kit_now(kit) + 10000);
    assert_int_equal(kin(kit, "n2"), SN_KIN_EARLIER);
    kit_free(kit);
}

/* The first replica makes a master change its id; the master dies before it tells us. */
static void test_doubt__an_unknown_id_of_who_was_in_sync_delays_nothing(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    kit_node(kit, "n2")->history = kit_node(kit, "n3")->history = 'z';
    kit_to(kit, kit_now(kit) + 10000);
    lose_master(kit);
    assert_int_equal(kin(kit, "n2"), SN_KIN_FOREIGN);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_NONE);
    kit_free(kit);
}

static void test_doubt__the_last_few_ids_are_remembered(void **state)
{
    struct kit *kit = made(group_of_three);
    (void)state;
    for (const char *id = "bcd"; *id != '\0'; id++) {
        kit_node(kit, "n1")->history = *id;
        kit_to(kit, kit_now(kit) + 10000);
        assert_int_equal(kin(kit, "n2"), SN_KIN_EARLIER);
    }
    kit_node(kit, "n1")->history = 'c'; /* no new one */
    kit_to(kit, kit_now(kit) + 10000);
    assert_int_equal(kin(kit, "n2"), SN_KIN_EARLIER);
    kit_node(kit, "n1")->history = 'e';
    kit_to(kit, kit_now(kit) + 10000);
    assert_int_equal(kin(kit, "n2"), SN_KIN_FOREIGN);
    kit_free(kit);
}

static void test_doubt__without_ids_there_is_none(void **state)
{
    struct kit *kit = kit_new(group_of_three);
    (void)state;
    kit_node(kit, "n2")->history = 'x';
    kit_to(kit, 10100);
    assert_int_equal(kin(kit, "n2"), SN_KIN_UNKNOWN);
    assert_int_equal(kin(kit, "n3"), SN_KIN_UNKNOWN);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_NONE);
    kit_free(kit);
}

static void test_doubt__max_replica_lag_is_measured_in_bytes_against_the_newest_offset(void **state)
{
    static const struct {
        unsigned long long master, n2, n3;
        enum sn_reason of_n3;
    } rows[] = {
        {1100, 1000, 1000, SN_REASON_NONE}, {1101, 1000, 1000, SN_REASON_LAGS},
        {1000, 1100, 1000, SN_REASON_NONE}, /* a replica may have newer data than INFO of the master
                                             */
        {1000, 1101, 1000, SN_REASON_LAGS}, {1000, 1000, 2000, SN_REASON_NONE},
        {UINT64_MAX, 5, 0, SN_REASON_LAGS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kit *kit = made("m1 n1 replicas n2,n3 quorum 1 max-lag 100");
        kit_node(kit, "n1")->offset = rows[i].master;
        kit_node(kit, "n2")->offset = rows[i].n2;
        kit_node(kit, "n3")->offset = rows[i].n3;
        kit_to(kit, kit_now(kit) + 10000);
        assert_int_equal(refusal(kit, "n3"), SN_REASON_NONE); /* the master is up */
        lose_master(kit);
        if (refusal(kit, "n3") != rows[i].of_n3)
            fail_msg("row %zu: %d", i, refusal(kit, "n3"));
        kit_free(kit);
    }
}

/* Offsets of two histories cannot be compared. */
static void test_doubt__other_histories_make_no_lag(void **state)
{
    struct kit *kit = made("m1 n1 replicas n2,n3 quorum 1 max-lag 100");
    (void)state;
    kit_node(kit, "n3")->history = 'x';
    kit_node(kit, "n3")->offset = 99999;
    lose_master(kit);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_NONE);
    kit_free(kit);
}

static void test_doubt__a_lag_is_never_outweighed_by_time(void **state)
{
    struct kit *kit = made("m1 n1 replicas n2,n3 quorum 1 max-lag 100");
    (void)state;
    kit_node(kit, "n1")->offset = 5000;
    kit_to(kit, kit_now(kit) + 10000);
    lose_master(kit);
    long_after(kit);
    assert_int_equal(refusal(kit, "n2"), SN_REASON_LAGS);
    assert_int_equal(kit_count(kit, "promote n"), 0);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubt__refuses_who_is_in_a_full_sync_for_as_long_as_it_lasts),
        cmocka_unit_test(test_doubt__prefers_whoever_is_in_no_full_sync),
        cmocka_unit_test(test_doubt__force_takes_the_least_doubtful),
        cmocka_unit_test(test_doubt__force_takes_a_full_sync_if_nobody_is_better),
        cmocka_unit_test(test_doubt__nobody_takes_who_is_loading),
        cmocka_unit_test(test_doubt__refuses_the_empty_if_the_master_is_not),
        cmocka_unit_test(test_doubt__refuses_the_empty_that_has_kept_its_id),
        cmocka_unit_test(test_doubt__takes_the_empty_that_was_in_sync),
        cmocka_unit_test(test_doubt__takes_who_is_empty_by_right),
        cmocka_unit_test(test_doubt__takes_the_empty_if_the_master_is_empty_too),
        cmocka_unit_test(test_doubt__what_was_said_before_the_master_spoke_is_outdated),
        cmocka_unit_test(test_doubt__an_empty_replica_stays_empty_while_the_master_is_down),
        cmocka_unit_test(test_doubt__who_was_started_without_a_master_is_the_last_resort),
        cmocka_unit_test(test_doubt__refuses_another_history_while_the_right_one_is_at_hand),
        cmocka_unit_test(test_doubt__data_of_nobody_are_none_to_wait_for),
        cmocka_unit_test(test_doubt__a_new_id_of_the_master_does_not_refuse_all),
        cmocka_unit_test(test_doubt__what_was_said_before_the_id_changed_is_outdated),
        cmocka_unit_test(test_doubt__who_followed_a_new_id_comes_before_the_others),
        cmocka_unit_test(test_doubt__old_data_of_the_group_are_the_last_resort),
        cmocka_unit_test(test_doubt__foreign_data_are_never_taken_while_the_right_ones_are_at_hand),
        cmocka_unit_test(test_doubt__second_ids_are_of_the_same_history),
        cmocka_unit_test(test_doubt__the_masters_second_id_counts_up_to_its_offset),
        cmocka_unit_test(test_doubt__histories_that_parted_are_no_foreign_ones),
        cmocka_unit_test(test_doubt__an_unknown_id_of_who_was_in_sync_delays_nothing),
        cmocka_unit_test(test_doubt__the_last_few_ids_are_remembered),
        cmocka_unit_test(test_doubt__without_ids_there_is_none),
        cmocka_unit_test(
            test_doubt__max_replica_lag_is_measured_in_bytes_against_the_newest_offset),
        cmocka_unit_test(test_doubt__other_histories_make_no_lag),
        cmocka_unit_test(test_doubt__a_lag_is_never_outweighed_by_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
