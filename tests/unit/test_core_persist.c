/* SPDX-License-Identifier: BSD-3-Clause */

/* Persist before speak (DESIGN.md §1, PROTOCOL.md §23 (4), §24.1). */

#include "core_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_persist__nothing_changed_nothing_saved(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
    (void)state;
    kit_to(kit, 60000);
    assert_int_equal(kit_count(kit, "persist"), 0);
    kit_free(kit);
}

static void test_persist__a_new_identity_is_saved_before_it_is_told(void **state)
{
    struct sn_image image;
    struct sn_addr addr;
    struct sn_actions actions;
    struct sn_input event = {.kind = SN_INPUT_START, .now = 5};
    (void)state;
    sn_image_init(&image);
    assert_int_equal(sn_addr_make("10.0.0.1", 6379, &addr), 0);
    (void)sn_image_add_group(&image, "m1", &addr, 1);
    struct sn_core *core = sn_core_new(&image, 42, 5);
    sn_core_step(core, &event, &actions);
    assert_int_equal(actions.items[actions.count - 1].kind, SN_ACTION_PERSIST);
    assert_int_equal(strlen(sn_core_myid(core)->hex), SN_RUNID_LEN);
    assert_int_equal(strspn(sn_core_myid(core)->hex, "0123456789abcdef"), SN_RUNID_LEN);
    assert_false(sn_persist_may_speak(sn_group_by_name(core, "m1", 2)));
    /* Another seed, another identity. */
    struct sn_core *other = sn_core_new(&image, 43, 5);
    assert_string_not_equal(sn_core_myid(core)->hex, sn_core_myid(other)->hex);
    sn_core_free(other);
    sn_core_free(core);
    sn_image_fini(&image);
}

/* The last answer among actions; NULL if there is none. */
static const struct sn_action_answer *find_answer(const struct sn_actions *actions)
{
    const struct sn_action_answer *found = NULL;
    for (size_t i = 0; i < actions->count; i++) {
        if (actions->items[i].kind == SN_ACTION_ANSWER)
            found = &actions->items[i].u.answer;
    }
    return found;
}

static void test_persist__who_asks_for_a_new_identity_waits_until_it_is_durable(void **state)
{
    static const struct sn_input start = {.kind = SN_INPUT_START, .now = 5};
    static const struct sn_input ask = {
        .kind = SN_INPUT_COMMAND,
        .now = 7,
        .u.command = {.kind = SN_COMMAND_MYID, .ticket = {7}, .name = ""}};
    struct sn_input saved = {.kind = SN_INPUT_PERSISTED, .now = 7, .u.persisted = {.ok = true}};
    struct sn_image image;
    struct sn_actions actions;
    (void)state;
    sn_image_init(&image);
    struct sn_core *core = sn_core_new(&image, 42, 5);
    sn_core_step(core, &start, &actions);
    saved.u.persisted.version = actions.items[actions.count - 1].u.persist.version;
    sn_core_step(core, &ask, &actions);
    assert_null(find_answer(&actions));
    sn_core_step(core, &saved, &actions);
    assert_non_null(find_answer(&actions));
    assert_int_equal(find_answer(&actions)->ticket.v, 7);
    assert_int_equal(find_answer(&actions)->kind, SN_ANSWER_TEXT);
    assert_string_equal(find_answer(&actions)->text, sn_core_myid(core)->hex);
    sn_core_step(core, &ask, &actions);
    assert_non_null(find_answer(&actions));
    sn_core_free(core);
    sn_image_fini(&image);
}

/* One that was there before is told whatever else has to be saved. */
static void test_persist__who_asks_for_an_old_identity_waits_for_nothing(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    struct sn_command command = {.kind = SN_COMMAND_MYID, .name = ""};
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit_set(kit, "m1", SN_OPTION_QUORUM, "quorum", "3", 3);
    kit_command(kit, &command);
    kit_expect(kit, "answer", "answer 2 text " KIT_ME "\n");
    kit_free(kit);
}

static void test_persist__all_changes_of_a_step_are_one_save_at_its_end(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
    (void)state;
    kit_hello(kit, "b", "m1", "n1", 9, 0); /* a peer, an epoch */
    assert_int_equal(kit_count(kit, "persist"), 1);
    kit_free(kit);
}

static void test_persist__versions_that_pile_up_are_released_together(void **state)
{
    struct kit *kit = kit_new("m1 n1;m2 n2");
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit_ask(kit, "n1", 5, KIT_A);
    uint64_t first = kit->saving;
    kit_ask(kit, "n2", 6, KIT_A);
    kit_set(kit, "m1", SN_OPTION_QUORUM, "quorum", "3", 3);
    kit_clear(kit);
    uint64_t last = kit->saving;
    kit->saving = first;
    kit_persisted(kit, true);
    kit_expect(kit, "answer", "answer 1 vote 0 " KIT_A " 5\n");
    kit->saving = last;
    kit_persisted(kit, true);
    kit_expect(kit, "answer persist", "answer 2 vote 0 " KIT_A " 6\nanswer 3 ok\n");
    kit_free(kit);
}

static void test_persist__an_older_failure_leaves_newer_answers_waiting(void **state)
{
    struct kit *kit = kit_new("m1 n1;m2 n2");
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit_ask(kit, "n1", 5, KIT_A);
    uint64_t first = kit->saving;
    kit_ask(kit, "n2", 6, KIT_A);
    uint64_t last = kit->saving;
    kit_clear(kit);
    kit->saving = first;
    kit_persisted(kit, false);
    kit_expect(kit, "answer record persist",
               "answer 1 error Failed to save config file. Check server logs.\n"
               "record m1 vote\nrecord - epoch\nrecord m2 vote\npersist 4\n");
    kit->saving = last; /* contains the first as well */
    kit_persisted(kit, true);
    kit_expect(kit, "answer", "answer 2 vote 0 " KIT_A " 6\n");
    kit_to(kit, 5000);
    assert_int_equal(kit_count(kit, "persist"), 0);
    kit_free(kit);
}

static void test_persist__a_failed_save_is_repeated_each_second_and_with_each_change(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit->disk = KIT_DISK_BAD;
    kit_set(kit, "m1", SN_OPTION_QUORUM, "quorum", "3", 3);
    kit_clear(kit);
    kit_to(kit, 999);
    kit_expect(kit, "persist", "");
    kit_to(kit, 1000);
    kit_expect(kit, "persist", "persist 1\n");
    kit_to(kit, 1500);
    kit_set(kit, "m1", SN_OPTION_QUORUM, "quorum", "4", 4);
    kit_expect(kit, "persist", "persist 2\n");
    kit_to(kit, 2499);
    kit_expect(kit, "persist", "");
    kit->disk = KIT_DISK_GOOD;
    kit_to(kit, 2500);
    kit_expect(kit, "persist", "persist 2\n");
    kit_to(kit, 60000);
    kit_expect(kit, "persist", "");
    kit_free(kit);
}

static void test_persist__a_configuration_is_told_only_when_its_version_is_durable(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a;m2 n2 peers a");
    const struct sn_group *first = sn_group_by_name(kit->core, "m1", 2);
    const struct sn_group *second = sn_group_by_name(kit->core, "m2", 2);
    (void)state;
    assert_true(sn_persist_may_speak(first));
    kit->disk = KIT_DISK_SLOW;
    kit_set(kit, "m1", SN_OPTION_QUORUM, "quorum", "3", 3); /* nothing that is told */
    assert_true(sn_persist_may_speak(first));
    kit_hello(kit, "a", "m1", "n1", 9, 8);
    assert_false(sn_persist_may_speak(first));
    assert_true(sn_persist_may_speak(second));
    kit_persisted(kit, false);
    assert_false(sn_persist_may_speak(first));
    kit_to(kit, 1000);
    kit_persisted(kit, true);
    assert_true(sn_persist_may_speak(first));
    kit_free(kit);
}

/* The epoch rises with every write that is under way, as when many groups fail at once. */
static void test_persist__an_epoch_is_told_only_when_it_is_durable(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a");
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    for (uint64_t epoch = 10; epoch <= 30; epoch += 10) {
        kit_hello(kit, "a", "m1", "n1", epoch, 0);
        kit_hello(kit, "a", "m1", "n1", epoch + 1, 0);
        assert_true(kit->core->durable_epoch < epoch);
        kit_persisted(kit, true);
        /* The kit's disk writes what was there when the write began. */
        assert_in_range(kit->core->durable_epoch, epoch - 10 + 1, epoch + 1);
    }
    kit_to(kit, 1);
    for (int i = 0; i < 3 && kit->core->durable_version < kit->core->version; i++)
        kit_persisted(kit, true);
    assert_int_equal(kit->core->durable_epoch, 31);
    kit_free(kit);
}

static void test_persist__snapshot_holds_everything_that_must_last(void **state)
{
    struct kit *kit = kit_new(
        "- epoch 9;m1 n1 replicas n2,n3 peers a,b config 4 voted 8 leader b quorum 3 notify /n "
        "pass secret syncs 7;m2 n9");
    struct sn_image image;
    (void)state;
    sn_core_snapshot(kit->core, &image);
    assert_string_equal(image.myid.hex, KIT_ME);
    assert_int_equal(image.current_epoch, 9);
    assert_int_equal(image.group_count, 2);
    const struct sn_group_image *group = &image.groups[0];
    assert_string_equal(group->name, "m1");
    assert_string_equal(group->addr.ip, "10.0.0.1");
    assert_int_equal(group->params.quorum, 3);
    assert_int_equal(group->params.parallel_syncs, 7);
    assert_int_equal(group->params.down_after_ms, 1000);
    assert_string_equal(group->params.notification_script, "/n");
    assert_string_equal(group->params.auth_pass, "secret");
    assert_int_equal(group->config_epoch, 4);
    assert_int_equal(group->leader_epoch, 8);
    assert_string_equal(group->leader.hex, KIT_B);
    assert_int_equal(group->replica_count, 2);
    assert_string_equal(group->replicas[1].ip, "10.0.0.3");
    assert_int_equal(group->peer_count, 2);
    assert_string_equal(group->peers[0].runid.hex, KIT_A);
    assert_int_equal(group->peers[1].addr.port, 26379);
    assert_string_equal(image.groups[1].name, "m2");
    sn_image_fini(&image);
    kit_free(kit);
}

/* That they name all that has changed is checked after every step of every test (shadow.c); here,
 * that they name nothing else. */
static void test_persist__says_what_has_changed(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b;m2 n9");
    (void)state;
    kit_ask(kit, "n1", 5, KIT_A);
    kit_expect(kit, "record", "record - epoch\nrecord m1 vote\n");
    kit_hello(kit, "a", "m1", "n1", 5, 5);
    kit_expect(kit, "record", "record m1 config\n");
    kit_hello(kit, "c", "m2", "n9", 5, 0);
    kit_expect(kit, "record", "record m2 peers\n");
    kit_named(kit, SN_COMMAND_RESET, "m1");
    kit_expect(kit, "record",
               "record m1 vote replicas peers\nrecord m1 replicas\n"); /* found again */
    kit_named(kit, SN_COMMAND_FLUSH, "");
    kit_expect(kit, "record persist", "persist 7\n");
    kit_named(kit, SN_COMMAND_REMOVE, "m2");
    kit_expect(kit, "record", "record m2 gone\n");
    kit_free(kit);
}

/* A name may be given to another group before the first one's end is on disk. */
static void test_persist__what_a_failed_save_had_to_keep_comes_again(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b;m2 n9");
    struct sn_command monitor = {
        .kind = SN_COMMAND_MONITOR, .name = "m2", .name_len = 2, .quorum = 1};
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    assert_int_equal(sn_addr_make("10.0.0.8", 6379, &monitor.addr), 0);
    kit_ask(kit, "n1", 5, KIT_A);
    kit_clear(kit);
    kit_named(kit, SN_COMMAND_REMOVE, "m2"); /* the first save is under way */
    kit_expect(kit, "record", "record m2 gone\n");
    kit_command(kit, &monitor);
    kit_clear(kit);
    kit_persisted(kit, false);
    kit_clear(kit);
    kit_to(kit, 1000);
    kit_expect(kit, "record",
               "record - epoch\nrecord m1 vote\nrecord m2 gone\n"
               "record m2 vote config params replicas peers\n");
    kit_persisted(kit, true);
    kit_clear(kit);
    kit_hello(kit, "a", "m1", "n1", 6, 0);
    kit_expect(kit, "record", "record - epoch\n");
    kit_free(kit);
}

static void test_persist__a_restart_goes_on_from_the_snapshot(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_kill_master(kit, "ab");
    kit_to(kit, 1500);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 1);
    struct kit *again = kit_restarted(kit, 9);
    assert_string_equal(kit_group(again, "m1")->master->addr.ip, "10.0.0.2");
    assert_int_equal(kit_group(again, "m1")->config_epoch, 1);
    assert_int_equal(sn_core_current_epoch(again->core), 1);
    assert_non_null(kit_instance(again, "m1", "n1"));
    /* No second vote in the epoch of the own attempt. */
    kit_ask(again, "n2", 1, KIT_A);
    kit_expect(again, "answer", "answer 1 vote 0 " KIT_ME " 1\n");
    kit_free(again);
    kit_free(kit);
}

static void test_persist__the_end_of_a_save_finds_its_group_gone(void **state)
{
    (void)state;
    for (int ok = 0; ok <= 1; ok++) {
        struct kit *kit = kit_new("m1 n1 replicas n2;m2 n3");
        kit->disk = KIT_DISK_SLOW;
        kit_named(kit, SN_COMMAND_FAILOVER, "m1");
        uint64_t attempt = kit->saving;
        kit_named(kit, SN_COMMAND_REMOVE, "m1");
        kit_clear(kit);
        kit->saving = attempt;
        kit_persisted(kit, ok != 0);
        assert_int_equal(kit_count(kit, "answer 1"), 1); /* and nothing but */
        kit_expect(kit, "event promote ask", "");
        kit_free(kit);
    }
}

static void test_persist__a_failed_save_ends_its_own_attempt_only(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit_named(kit, SN_COMMAND_FAILOVER, "m1");
    uint64_t first = kit->saving;
    kit_ask(kit, "n1", 2, KIT_A);
    kit_named(kit, SN_COMMAND_FAILOVER, "m1");
    assert_int_equal(kit_group(kit, "m1")->failover.epoch, 3);
    kit_clear(kit);
    kit->saving = first;
    kit_persisted(kit, false);
    assert_int_equal(kit_count(kit, "event W -failover-abort"), 0);
    assert_int_equal(kit_group(kit, "m1")->failover.epoch, 3);
    kit_free(kit);
}

/* Everything at once: failovers, commands, stalls, broken disks. */
static char *busy_hour(uint64_t seed)
{
    struct kit *kit =
        kit_new_seeded("m1 n1 replicas n2,n3,n4 peers a,b,c notify /n reconfig /r timeout 3000;"
                       "m2 n5 replicas n6,n7 peers a,b,c timeout 3000",
                       seed, true);
    static const char *const letters[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++)
        kit_node(kit, letters[i])->says_down = true;
    kit_node(kit, "b")->refuses = true;
    kit_to(kit, 3000);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_node(kit, "c")->refuses = true;
    kit_to(kit, 5000);
    kit_node(kit, "c")->refuses = false;
    kit_mode(kit, "n5", KIT_FROZEN);
    kit_to(kit, 9000);
    kit_stall(kit, 3000);
    kit_mode(kit, "n1", KIT_WELL);
    kit->disk = KIT_DISK_BAD;
    kit_to(kit, 20000);
    kit->disk = KIT_DISK_GOOD;
    kit_named(kit, SN_COMMAND_RESET, "*");
    kit_mode(kit, "n2", KIT_GONE);
    kit_to(kit, 60000);
    char *trace = kit_dump(kit);
    kit_free(kit);
    return trace;
}

static void test_persist__same_seed_and_events_give_the_same_trace(void **state)
{
    char *first = busy_hour(7), *second = busy_hour(7), *other = busy_hour(8);
    (void)state;
    assert_true(strlen(first) > 10000);
    assert_non_null(strstr(first, "+switch-master m1"));
    assert_non_null(strstr(first, "+switch-master m2"));
    assert_string_equal(first, second);
    assert_string_not_equal(first, other);
    free(first);
    free(second);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_persist__nothing_changed_nothing_saved),
        cmocka_unit_test(test_persist__a_new_identity_is_saved_before_it_is_told),
        cmocka_unit_test(test_persist__who_asks_for_a_new_identity_waits_until_it_is_durable),
        cmocka_unit_test(test_persist__who_asks_for_an_old_identity_waits_for_nothing),
        cmocka_unit_test(test_persist__all_changes_of_a_step_are_one_save_at_its_end),
        cmocka_unit_test(test_persist__versions_that_pile_up_are_released_together),
        cmocka_unit_test(test_persist__an_older_failure_leaves_newer_answers_waiting),
        cmocka_unit_test(test_persist__a_failed_save_is_repeated_each_second_and_with_each_change),
        cmocka_unit_test(test_persist__a_configuration_is_told_only_when_its_version_is_durable),
        cmocka_unit_test(test_persist__an_epoch_is_told_only_when_it_is_durable),
        cmocka_unit_test(test_persist__snapshot_holds_everything_that_must_last),
        cmocka_unit_test(test_persist__says_what_has_changed),
        cmocka_unit_test(test_persist__what_a_failed_save_had_to_keep_comes_again),
        cmocka_unit_test(test_persist__a_restart_goes_on_from_the_snapshot),
        cmocka_unit_test(test_persist__same_seed_and_events_give_the_same_trace),
        cmocka_unit_test(test_persist__the_end_of_a_save_finds_its_group_gone),
        cmocka_unit_test(test_persist__a_failed_save_ends_its_own_attempt_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
