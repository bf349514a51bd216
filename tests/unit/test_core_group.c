/* SPDX-License-Identifier: BSD-3-Clause */

/* Groups: their beginning, the switch of the master, the index of places (PROTOCOL.md §17.1, §4.4,
 * §7.3, DESIGN.md D6, D14). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

static void test_group__start_announces_every_group(void **state)
{
    struct kit *kit = kit_new_seeded("m1 n1 quorum 2;m2 n2 quorum 3", 1, true);
    (void)state;
    kit_expect(kit, "event",
               "event W +monitor master m1 10.0.0.1 6379 quorum 2\n"
               "event W +monitor master m2 10.0.0.2 6379 quorum 3\n");
    kit_free(kit);
}

static void test_group__state_does_not_name_replicas_without_end(void **state)
{
    struct sn_image image;
    struct sn_addr addr;
    (void)state;
    assert_int_equal(sn_addr_make("10.0.0.1", 6379, &addr), 0);
    sn_image_init(&image);
    struct sn_group_image *group = sn_image_add_group(&image, "m1", &addr, 2);
    for (int i = 1; i <= SN_REPLICAS_MAX + 100; i++) {
        addr.port = (uint16_t)i;
        sn_group_image_add_replica(group, &addr);
    }
    struct sn_core *core = sn_core_new(&image, 1, 0);
    assert_int_equal(sn_group_by_name(core, "m1", 2)->replica_count, SN_REPLICAS_MAX);
    sn_core_free(core);
    sn_image_fini(&image);
}

static void test_group__state_that_repeats_itself_is_taken_once(void **state)
{
    struct sn_image image;
    struct sn_addr n1, n2;
    struct sn_runid me = {KIT_ME}, a = {KIT_A};
    (void)state;
    assert_int_equal(sn_addr_make("10.0.0.1", 6379, &n1), 0);
    assert_int_equal(sn_addr_make("10.0.0.2", 6379, &n2), 0);
    sn_image_init(&image);
    image.myid = me;
    struct sn_group_image *group = sn_image_add_group(&image, "m1", &n1, 2);
    sn_group_image_add_replica(group, &n1); /* the master itself */
    sn_group_image_add_replica(group, &n2);
    sn_group_image_add_replica(group, &n2);
    sn_group_image_add_peer(group, &n2, &a);
    sn_group_image_add_peer(group, &n1, &a);
    sn_group_image_add_peer(group, &n1, &me); /* ourselves */
    struct sn_core *core = sn_core_new(&image, 1, 0);
    assert_int_equal(sn_group_by_name(core, "m1", 2)->replica_count, 1);
    assert_int_equal(sn_group_by_name(core, "m1", 2)->peer_count, 1);
    sn_core_free(core);
    sn_image_fini(&image);
}

static void test_group__the_current_epoch_is_never_below_what_the_state_has_seen(void **state)
{
    static const struct {
        const char *text;
        uint64_t epoch;
    } rows[] = {{"- epoch 5;m1 n1 config 3 voted 4", 5},
                {"- epoch 5;m1 n1 config 7 voted 4", 7},
                {"- epoch 5;m1 n1 config 3 voted 8", 8}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new(rows[i].text);
        assert_int_equal(sn_core_current_epoch(kit->core), rows[i].epoch);
        kit_free(kit);
    }
}

static void test_group__a_switch_keeps_every_connection(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a");
    (void)state;
    kit_to(kit, 700);
    kit_clear(kit);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    kit_to(kit, 700);
    kit_expect(kit, "connect disconnect", "");
    /* INFO is asked for at once, of the new master too. */
    kit_hello(kit, "a", "m1", "n3", 6, 6);
    kit_expect(kit, "info connect disconnect", "info n3\ninfo n1\ninfo n2\n");
    kit_free(kit);
}

static void test_group__a_switch_lists_the_replicas_with_the_old_master_last(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4 peers a,b");
    (void)state;
    kit_hello(kit, "a", "m1", "n3", 5, 5);
    const struct sn_group *group = kit_group(kit, "m1");
    static const char *const expected[] = {"n2", "n4", "n1"};
    const struct sn_instance *replica = group->replicas;
    for (size_t i = 0; i < 3; i++, replica = replica->next) {
        assert_string_equal(kit_node_name(kit, replica), expected[i]);
        assert_int_equal(replica->kind, SN_KIND_REPLICA);
    }
    assert_null(replica);
    assert_int_equal(group->replica_count, 3);
    assert_int_equal(group->peer_count, 2); /* kept */
    kit_free(kit);
}

static void test_group__a_switch_forgets_what_was_known_in_the_old_part(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b quorum 1 timeout 60000");
    (void)state;
    kit_node(kit, "n2")->priority = 0;
    kit_node(kit, "n3")->priority = 0;
    kit_to(kit, 10000);
    kit_kill_master(kit, "");
    kit_to(kit, 11200);
    assert_true(kit_group(kit, "m1")->o_down);
    kit_clear(kit);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    const struct sn_group *group = kit_group(kit, "m1");
    assert_false(group->o_down);
    assert_false(group->master->s_down);
    assert_true(group->failover.state == SN_FAILOVER_NONE);
    assert_int_equal(group->lost_rounds, 0);
    /* No -sdown, no -odown; the silent old master is down anew, as a replica. */
    assert_int_equal(kit_count(kit, "event W -"), 0);
    assert_int_equal(kit_count(kit, "event W +sdown slave 10.0.0.1:6379"), 1);
    kit_free(kit);
}

static void test_group__the_new_master_is_taken_for_one_until_it_says_otherwise(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    kit_to(kit, 30000); /* not S_DOWN for its role while nothing is known */
    assert_int_equal(kit_count(kit, "event W +sdown"), 0);
    kit_info(kit, "n2", NULL); /* it says role:slave */
    assert_int_equal(kit_count(kit, "event V -role-change master m1 10.0.0.2 6379"), 1);
    kit_to(kit, 50999);
    assert_int_equal(kit_count(kit, "event W +sdown"), 0);
    kit_to(kit, 51000);
    assert_int_equal(kit_count(kit, "event W +sdown master m1 10.0.0.2 6379"), 1);
    kit_free(kit);
}

static void test_group__switching_back_and_forth_leaks_and_doubles_nothing(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a");
    static const char *const names[] = {"n2", "n3", "n1"};
    (void)state;
    for (uint64_t epoch = 1; epoch <= 30; epoch++) {
        kit_hello(kit, "a", "m1", names[epoch % 3], epoch, epoch);
        kit_to(kit, kit_now(kit) + 37);
        assert_int_equal(kit_group(kit, "m1")->replica_count, 2);
        assert_int_equal(kit_group(kit, "m1")->config_epoch, epoch);
    }
    assert_int_equal(kit_count(kit, "connect"), 0);
    kit_free(kit);
}

static void test_group__questions_find_masters_by_their_present_address(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a;m2 n3");
    struct sn_addr addr;
    (void)state;
    assert_int_equal(sn_addr_make("10.0.0.2", 6379, &addr), 0);
    assert_null(sn_group_at(kit->core, &addr));
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    assert_ptr_equal(sn_group_at(kit->core, &addr), kit_group(kit, "m1"));
    addr.port = 6380;
    assert_null(sn_group_at(kit->core, &addr));
    assert_int_equal(sn_addr_make("10.0.0.1", 6379, &addr), 0);
    assert_null(sn_group_at(kit->core, &addr));
    kit_free(kit);

    kit = kit_new("- hostnames;m1 db.example.org:6379");
    assert_int_equal(sn_addr_make("DB.Example.org", 6379, &addr), 0);
    assert_ptr_equal(sn_group_at(kit->core, &addr), kit_group(kit, "m1"));
    assert_int_equal(sn_addr_make("other.example.org", 6379, &addr), 0);
    assert_null(sn_group_at(kit->core, &addr));
    kit_free(kit);
}

static void test_group__many_masters_lost_at_once_fail_over_at_once(void **state)
{
    struct kit *kit = kit_new("- epoch 0");
    (void)state;
    for (int i = 0; i < 100; i++) {
        char name[16], master[16], replica[16];
        struct sn_command command = {.kind = SN_COMMAND_MONITOR, .quorum = 1};
        (void)snprintf(name, sizeof(name), "g%d", i);
        (void)snprintf(master, sizeof(master), "n%d", 2 * i + 1);
        (void)snprintf(replica, sizeof(replica), "n%d", 2 * i + 2);
        const struct kit_node *node = kit_node(kit, master);
        kit_node(kit, replica)->role = SN_ROLE_REPLICA;
        (void)snprintf(kit_node(kit, replica)->master, 64, "%s", master);
        command.name = name;
        command.name_len = strlen(name);
        assert_int_equal(sn_addr_make(node->host, node->port, &command.addr), 0);
        kit_command(kit, &command);
        kit_set(kit, name, SN_OPTION_DOWN_AFTER, "down-after-milliseconds", "1000", 1000);
    }
    kit_to(kit, 2000);
    kit_clear(kit);
    for (int i = 0; i < 100; i++) {
        char master[16];
        (void)snprintf(master, sizeof(master), "n%d", 2 * i + 1);
        kit_mode(kit, master, KIT_REFUSING);
    }
    kit_to(kit, 3000);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 100);
    assert_int_equal(kit_when(kit, "event W +switch-master"), 3000);
    assert_int_equal(sn_core_current_epoch(kit->core), 100); /* one each */
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group__start_announces_every_group),
        cmocka_unit_test(test_group__state_does_not_name_replicas_without_end),
        cmocka_unit_test(test_group__state_that_repeats_itself_is_taken_once),
        cmocka_unit_test(test_group__the_current_epoch_is_never_below_what_the_state_has_seen),
        cmocka_unit_test(test_group__a_switch_keeps_every_connection),
        cmocka_unit_test(test_group__a_switch_lists_the_replicas_with_the_old_master_last),
        cmocka_unit_test(test_group__a_switch_forgets_what_was_known_in_the_old_part),
        cmocka_unit_test(test_group__the_new_master_is_taken_for_one_until_it_says_otherwise),
        cmocka_unit_test(test_group__switching_back_and_forth_leaks_and_doubles_nothing),
        cmocka_unit_test(test_group__questions_find_masters_by_their_present_address),
        cmocka_unit_test(test_group__many_masters_lost_at_once_fail_over_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
