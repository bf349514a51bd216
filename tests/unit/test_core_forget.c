/* SPDX-License-Identifier: BSD-3-Clause */

/* Single members are forgotten, by command or after a long time down (DESIGN.md D23). */

#include "core_kit.h"

#include <stdio.h>

static uint64_t forget(struct kit *kit, const char *host, uint16_t port)
{
    struct sn_command command = {.kind = SN_COMMAND_FORGET, .name = "m1", .name_len = 2};
    assert_int_equal(sn_addr_make(host, port, &command.addr), 0);
    return kit_command(kit, &command);
}

static void expect_answer(struct kit *kit, uint64_t ticket, const char *text)
{
    char line[128];
    (void)snprintf(line, sizeof(line), "answer %llu %s", (unsigned long long)ticket, text);
    assert_int_equal(kit_count(kit, line), 1);
}

#define N3 "slave 10.0.0.3:6379 10.0.0.3 6379 @ m1 10.0.0.1 6379"
#define B  "sentinel " KIT_B " 10.0.1.2 26379 @ m1 10.0.0.1 6379"

static void test_forget__replica_is_gone_and_saved_before_the_answer(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_node(kit, "n3")->mode = KIT_GONE;
    (void)snprintf(kit_node(kit, "n3")->master, sizeof(kit_node(kit, "n3")->master), "n2");
    kit->disk = KIT_DISK_SLOW;
    uint64_t ticket = forget(kit, "10.0.0.3", 6379);
    assert_int_equal(kit_count(kit, "event W +forget " N3), 1);
    assert_int_equal(kit_count(kit, "answer "), 0);
    kit_persisted(kit, true);
    expect_answer(kit, ticket, "ok");
    assert_int_equal(kit_group(kit, "m1")->replica_count, 1);
    struct kit *after = kit_restarted(kit, 1);
    assert_int_equal(kit_group(after, "m1")->replica_count, 1);
    assert_int_equal(kit_group(after, "m1")->peer_count, 2);
    kit_free(after);
    kit_free(kit);
}

static void test_forget__replica_that_the_master_lists_comes_back_and_says_so(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_to(kit, 1000);
    (void)forget(kit, "10.0.0.3", 6379);
    assert_int_equal(kit_group(kit, "m1")->replica_count, 1);
    kit_clear(kit);
    kit_to(kit, 12000);
    assert_int_equal(kit_count(kit, "event N +slave " N3), 1);
    assert_int_equal(kit_count(kit, "log N " N3 " was forgotten and is back: its master lists it"),
                     1);
    kit_free(kit);
}

static void test_forget__sentinel_changes_the_majority_until_its_hello(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b,c,d");
    (void)state;
    assert_int_equal(sn_group_majority(kit_group(kit, "m1")), 3);
    uint64_t ticket = forget(kit, "10.0.1.2", 26379);
    expect_answer(kit, ticket, "ok");
    assert_int_equal(kit_count(kit, "event W +forget " B), 1);
    assert_int_equal(kit_group(kit, "m1")->peer_count, 3);
    (void)forget(kit, "10.0.1.3", 26379);
    assert_int_equal(sn_group_majority(kit_group(kit, "m1")), 2);
    kit_hello(kit, "b", "m1", "n1", 0, 0);
    assert_int_equal(kit_group(kit, "m1")->peer_count, 3);
    assert_int_equal(kit_count(kit, "log N " B " was forgotten and is back: its hello has come"),
                     1);
    kit_hello(kit, "c", "m1", "n1", 0, 0);
    assert_int_equal(sn_group_majority(kit_group(kit, "m1")), 3);
    kit_free(kit);
}

/* That no vote is given twice does not depend on knowing who got it. */
static void test_forget__sentinel_takes_no_vote_with_it(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b voted 7 leader b");
    (void)state;
    (void)forget(kit, "10.0.1.2", 26379);
    uint64_t ticket = kit_ask(kit, "n1", 7, KIT_A);
    char line[128];
    (void)snprintf(line, sizeof(line), "answer %llu vote 0 " KIT_B " 7",
                   (unsigned long long)ticket);
    assert_int_equal(kit_count(kit, line), 1);
    kit_free(kit);
}

static void test_forget__refuses_the_master_and_strangers(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
    (void)state;
    expect_answer(kit, forget(kit, "10.0.0.1", 6379), "error The master cannot be forgotten");
    expect_answer(kit, forget(kit, "10.0.0.9", 6379), "error No replica or sentinel");
    assert_int_equal(kit_count(kit, "event W +forget"), 0);
    assert_int_equal(kit_count(kit, "persist"), 0);
    kit_free(kit);
}

static void test_forget__waits_for_no_failover(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_to_promotion(kit, "ab");
    expect_answer(kit, forget(kit, "10.0.0.2", 6379), "error -INPROG");
    expect_answer(kit, forget(kit, "10.0.1.1", 26379), "error -INPROG");
    assert_int_equal(kit_group(kit, "m1")->replica_count, 2);
    kit_free(kit);
}

/* ---- forget-after --------------------------------------------------------------------------- */

/* n3 is lost at 20 s, and its master does not list it any more. */
static struct kit *losing(const char *text)
{
    struct kit *kit = kit_new(text);
    kit_to(kit, 20100);
    kit_mode(kit, "n3", KIT_GONE);
    kit_drop(kit, "n3");
    kit_node(kit, "n3")->role = SN_ROLE_UNKNOWN;
    kit_to(kit, 22000);
    assert_true(kit_instance(kit, "m1", "n3")->s_down);
    return kit;
}

static void test_forget__after_its_time_with_the_masters_info(void **state)
{
    struct kit *kit = losing("m1 n1 replicas n2,n3 peers a,b forget-after 60");
    (void)state;
    sn_ms down_at = kit_instance(kit, "m1", "n3")->s_down_at;
    kit_to(kit, kit_now(kit) + (down_at + 59999 - kit->now));
    assert_int_equal(kit_count(kit, "event W +forget"), 0);
    kit_to(kit, kit_now(kit) + 10001);
    assert_int_equal(kit_count(kit, "event W +forget " N3), 1);
    assert_int_equal(kit_group(kit, "m1")->replica_count, 1);
    kit_free(kit);
}

static void test_forget__nobody_by_default(void **state)
{
    struct kit *kit = losing("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_to(kit, 400000);
    assert_int_equal(kit_count(kit, "event W +forget"), 0);
    kit_free(kit);
}

static void test_forget__no_sentinel_by_itself(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b forget-after 60");
    (void)state;
    kit_mode(kit, "b", KIT_GONE);
    kit_to(kit, 400000);
    assert_int_equal(kit_count(kit, "event W +forget"), 0);
    assert_int_equal(kit_group(kit, "m1")->peer_count, 2);
    kit_free(kit);
}

static void test_forget__nobody_whom_the_master_lists(void **state)
{
    struct kit *kit = losing("m1 n1 replicas n2,n3 peers a,b forget-after 60");
    (void)state;
    kit_node(kit, "n3")->role = SN_ROLE_REPLICA; /* the master has not noticed */
    kit_to(kit, 400000);
    assert_int_equal(kit_count(kit, "event W +forget"), 0);
    kit_free(kit);
}

/* An old master returns as a master, and has to be demoted; who followed it has to be redirected.
 */
static void test_forget__nobody_who_needs_an_order_when_he_returns(void **state)
{
    struct kit *kit = losing("m1 n1 replicas n2,n3 peers a,b forget-after 60");
    (void)state;
    kit_kill_master(kit, "ab");
    kit_to(kit, kit_now(kit) + 3000);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 1);
    kit_node(kit, "n1")->role = SN_ROLE_UNKNOWN;
    kit_to(kit, 400000);
    assert_int_equal(kit_count(kit, "event W +forget"), 0);
    assert_int_equal(kit_group(kit, "m1")->replica_count, 2);
    kit_free(kit);
}

/* A switch takes those who were replicas for replicas of the new master, until they speak. */
static void test_forget__nobody_who_has_been_silent_since_the_switch(void **state)
{
    struct kit *kit = losing("m1 n1 replicas n2,n3 peers a,b forget-after 60");
    struct sn_data *data = &kit_instance(kit, "m1", "n3")->u.data;
    (void)state;
    data->role_reported_at = data->info_at;
    kit_to(kit, 400000);
    assert_int_equal(kit_count(kit, "event W +forget"), 0);
    kit_free(kit);
}

static void test_forget__nobody_while_the_master_is_no_master(void **state)
{
    struct kit *kit = losing("m1 n1 replicas n2,n3 peers a,b forget-after 60");
    (void)state;
    kit_set(kit, "m1", SN_OPTION_FORGET_AFTER, "forget-after", "0", 0);
    kit_to(kit, 100000);
    kit_node(kit, "n1")->role = SN_ROLE_REPLICA;
    (void)snprintf(kit_node(kit, "n1")->master, sizeof(kit_node(kit, "n1")->master), "n2");
    kit_set(kit, "m1", SN_OPTION_FORGET_AFTER, "forget-after", "60", 60);
    kit_to(kit, 115000);
    assert_int_equal(kit_count(kit, "event W +forget"), 0);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forget__replica_is_gone_and_saved_before_the_answer),
        cmocka_unit_test(test_forget__replica_that_the_master_lists_comes_back_and_says_so),
        cmocka_unit_test(test_forget__sentinel_changes_the_majority_until_its_hello),
        cmocka_unit_test(test_forget__sentinel_takes_no_vote_with_it),
        cmocka_unit_test(test_forget__refuses_the_master_and_strangers),
        cmocka_unit_test(test_forget__waits_for_no_failover),
        cmocka_unit_test(test_forget__after_its_time_with_the_masters_info),
        cmocka_unit_test(test_forget__nobody_by_default),
        cmocka_unit_test(test_forget__no_sentinel_by_itself),
        cmocka_unit_test(test_forget__nobody_whom_the_master_lists),
        cmocka_unit_test(test_forget__nobody_who_needs_an_order_when_he_returns),
        cmocka_unit_test(test_forget__nobody_who_has_been_silent_since_the_switch),
        cmocka_unit_test(test_forget__nobody_while_the_master_is_no_master),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
