/* SPDX-License-Identifier: BSD-3-Clause */

/* Notification and client reconfiguration scripts (PROTOCOL.md §7.1, §8). */

#include "core_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define M1 "master m1 10.0.0.1 6379"

static struct sn_job_id job_of(const char *line)
{
    struct sn_job_id id = {0};
    assert_non_null(line);
    assert_int_equal(strncmp(line, "start ", 6), 0);
    id.v = strtoull(line + 6, NULL, 10);
    return id;
}

static void started(struct kit *kit, struct sn_job_id job, int64_t pid)
{
    struct sn_input event = {.kind = SN_INPUT_SCRIPT_STARTED,
                             .u.script = {.job = job, .pid = pid, .spawned = true}};
    kit_step(kit, &event);
}

static void exited(struct kit *kit, struct sn_job_id job, int64_t status, int number)
{
    struct sn_input event = {
        .kind = SN_INPUT_SCRIPT_EXITED,
        .u.script = {.job = job, .status = status, .signal = number, .spawned = true}};
    kit_step(kit, &event);
}

/* One job has been started, of process 77. The master has no port, so that time passes quietly. */
static struct kit *with_one_running(struct sn_job_id *job)
{
    struct kit *kit = kit_new("m1 10.0.0.1:0 down-after 1000000000");
    kit_set(kit, "m1", SN_OPTION_NOTIFICATION_SCRIPT, "notification-script", "/n", 0);
    kit_to(kit, 0);
    *job = job_of(kit_find(kit, "start"));
    kit_clear(kit);
    started(kit, *job, 77);
    kit_expect(kit, "event", "event D +script-child 77\n");
    return kit;
}

static void test_script__hears_of_warnings_of_its_group_with_name_and_payload(void **state)
{
    struct kit *kit = kit_new_seeded("m1 n1 notify /bin/notify;m2 n2", 1, true);
    (void)state;
    kit_to(kit, 0);
    assert_non_null(strstr(kit_find(kit, "start"), " /bin/notify +monitor " M1 " quorum 2"));
    assert_int_equal(kit_count(kit, "start"), 1);
    kit_clear(kit);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1000);
    assert_int_equal(kit_count(kit, "start"), 1);
    assert_non_null(strstr(kit_find(kit, "start"), " /bin/notify +sdown " M1));
    kit_free(kit);
}

static void test_script__does_not_hear_of_lesser_events(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 notify /n");
    (void)state;
    kit_clear(kit);
    kit_node(kit, "n2")->runid.hex[0] = '5'; /* +reboot is a notice */
    kit_to(kit, 10000);
    assert_int_equal(kit_count(kit, "event N +reboot"), 1);
    assert_int_equal(kit_count(kit, "start"), 0);
    kit_free(kit);
}

static void test_script__the_one_being_set_hears_of_its_own_setting(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_set(kit, "m1", SN_OPTION_NOTIFICATION_SCRIPT, "notification-script", "/n", 0);
    kit_to(kit, 0);
    assert_non_null(strstr(kit_find(kit, "start"), " /n +set " M1 " notification-script /n"));
    kit_clear(kit);
    kit_set(kit, "m1", SN_OPTION_NOTIFICATION_SCRIPT, "notification-script", "", 0);
    kit_to(kit, 0);
    kit_expect(kit, "event start", "event W +set " M1 " notification-script \n");
    kit_free(kit);
}

static void test_script__never_starts_before_its_event_is_out(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_set(kit, "m1", SN_OPTION_NOTIFICATION_SCRIPT, "notification-script", "/n", 0);
    kit_expect(kit, "event start", "event W +set " M1 " notification-script /n\n");
    assert_true(sn_core_deadline(kit->core) <= kit->now);
    kit_to(kit, 0);
    assert_int_equal(kit_count(kit, "start"), 1);
    kit_free(kit);
}

static void test_script__that_ends_well_is_done(void **state)
{
    struct sn_job_id job;
    struct kit *kit = with_one_running(&job);
    (void)state;
    exited(kit, job, 0, 0);
    kit_expect(kit, "event start", "event D -script-child 77 0 0\n");
    assert_int_equal(sn_core_script_count(kit->core), 0);
    kit_to(kit, 600000);
    kit_expect(kit, "event start", "");
    kit_free(kit);
}

static void test_script__with_any_other_status_is_dropped(void **state)
{
    static const int statuses[] = {2, 3, 126, 127, 255};
    (void)state;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
        struct sn_job_id job;
        struct kit *kit = with_one_running(&job);
        char expected[128];
        exited(kit, job, statuses[i], 0);
        (void)snprintf(expected, sizeof(expected),
                       "event D -script-child 77 %d 0\nevent W -script-error /n 0 %d\n",
                       statuses[i], statuses[i]);
        kit_expect(kit, "event start", expected);
        assert_int_equal(sn_core_script_count(kit->core), 0);
        kit_free(kit);
    }
}

static void test_script__that_could_not_be_executed_is_dropped_as_stock_drops_it(void **state)
{
    struct sn_job_id job;
    struct kit *kit = with_one_running(&job);
    struct sn_input event = {.kind = SN_INPUT_SCRIPT_EXITED,
                             .u.script = {.job = job, .status = 2, .spawned = false}};
    (void)state;
    kit_step(kit, &event);
    kit_expect(kit, "event start", "event W -script-error /n 0 2\n");
    assert_int_equal(sn_core_script_count(kit->core), 0);
    kit_free(kit);
}

static void test_script__that_fails_is_repeated_nine_times_with_doubling_pauses(void **state)
{
    static const struct {
        int status, number;
    } ways[] = {{1, 0}, {0, 9}, {0, 11}};
    (void)state;
    for (size_t way = 0; way < 3; way++) {
        struct sn_job_id job;
        struct kit *kit = with_one_running(&job);
        sn_ms pause = 30000;
        for (int start = 2; start <= 10; start++) {
            sn_ms at = kit_now(kit);
            exited(kit, job, ways[way].status, ways[way].number);
            kit_clear(kit);
            kit_to(kit, at + pause - 1);
            kit_expect(kit, "start", "");
            kit_to(kit, at + pause);
            assert_int_equal(job_of(kit_find(kit, "start")).v, job.v);
            started(kit, job, 77 + start);
            kit_clear(kit);
            pause *= 2;
        }
        exited(kit, job, ways[way].status, ways[way].number);
        char expected[128];
        (void)snprintf(expected, sizeof(expected), "event W -script-error /n %d %d",
                       ways[way].number, ways[way].status);
        assert_int_equal(kit_count(kit, expected), 1);
        assert_int_equal(sn_core_script_count(kit->core), 0);
        kit_free(kit);
    }
}

static void test_script__the_pause_can_be_changed(void **state)
{
    struct sn_job_id job;
    struct kit *kit = with_one_running(&job);
    (void)state;
    kit_debug(kit, SN_TIMING_SCRIPT_RETRY_DELAY, 1000);
    exited(kit, job, 1, 0);
    kit_clear(kit);
    kit_to(kit, 999);
    kit_expect(kit, "start", "");
    kit_to(kit, 1000);
    assert_int_equal(kit_count(kit, "start"), 1);
    kit_free(kit);
}

static void test_script__that_runs_too_long_is_killed_once_and_repeated(void **state)
{
    struct sn_job_id job;
    struct kit *kit = with_one_running(&job);
    char line[64];
    (void)state;
    kit_to(kit, 59999);
    kit_expect(kit, "event kill", "");
    kit_to(kit, 60000);
    (void)snprintf(line, sizeof(line), "event W -script-timeout /n 77\nkill %llu\n",
                   (unsigned long long)job.v);
    kit_expect(kit, "event kill", line);
    kit_to(kit, 600000);
    kit_expect(kit, "event kill", "");
    exited(kit, job, 0, 9);
    kit_to(kit, 629999);
    kit_expect(kit, "start", "");
    kit_to(kit, 630000);
    assert_int_equal(kit_count(kit, "start"), 1);
    kit_free(kit);
}

static void test_script__sixteen_run_at_once_oldest_first(void **state)
{
    struct kit *kit = kit_new("m1 n1 notify /n");
    struct sn_job_id jobs[40];
    (void)state;
    for (int i = 0; i < 40; i++)
        kit_set(kit, "m1", SN_OPTION_QUORUM, "quorum", "3", 3);
    kit_to(kit, 0);
    /* The one of +monitor runs already. */
    assert_int_equal(sn_core_script_running(kit->core), 16);
    assert_int_equal(sn_core_script_count(kit->core), 41);
    assert_int_equal(kit_count(kit, "start"), 15);
    size_t found = 0;
    for (size_t i = 0; i < kit->line_count; i++) {
        if (strncmp(kit->lines[i].text, "start", 5) == 0)
            jobs[found++] = job_of(kit->lines[i].text);
    }
    for (size_t i = 1; i < found; i++)
        assert_true(jobs[i - 1].v < jobs[i].v);
    kit_clear(kit);
    exited(kit, jobs[3], 0, 0); /* a place for the next one */
    assert_true(job_of(kit_find(kit, "start")).v > jobs[found - 1].v);
    assert_int_equal(kit_count(kit, "start"), 1);
    assert_int_equal(sn_core_script_running(kit->core), 16);
    kit_free(kit);
}

static void test_script__the_queue_drops_the_oldest_that_does_not_run(void **state)
{
    struct kit *kit = kit_new("m1 n1 notify /n");
    struct sn_script_view view;
    (void)state;
    for (int i = 0; i < 300; i++) {
        char value[16];
        (void)snprintf(value, sizeof(value), "%d", i + 1);
        kit_set(kit, "m1", SN_OPTION_QUORUM, "quorum", value, i + 1);
        kit_to(kit, 0);
    }
    assert_int_equal(sn_core_script_count(kit->core), 256);
    assert_int_equal(sn_core_script_running(kit->core), 16);
    sn_core_script_at(kit->core, 15, kit->now, &view);
    assert_true(view.running);
    assert_string_equal(view.argv[2], M1 " quorum 15");
    sn_core_script_at(kit->core, 16, kit->now, &view);
    assert_false(view.running);
    assert_string_equal(view.argv[2], M1 " quorum 61"); /* 16 to 60 were dropped */
    sn_core_script_at(kit->core, 255, kit->now, &view);
    assert_string_equal(view.argv[2], M1 " quorum 300");
    kit_free(kit);
}

static void test_script__pending_ones_can_be_looked_at(void **state)
{
    struct sn_job_id job;
    struct kit *kit = with_one_running(&job);
    struct sn_script_view view;
    (void)state;
    sn_core_script_at(kit->core, 0, kit->now + 472, &view);
    assert_true(view.running);
    assert_int_equal(view.pid, 77);
    assert_int_equal(view.elapsed_ms, 472);
    assert_int_equal(view.starts, 1);
    assert_string_equal(view.argv[0], "/n");
    assert_string_equal(view.argv[1], "+set");
    assert_null(view.argv[3]);
    exited(kit, job, 1, 0);
    sn_core_script_at(kit->core, 0, kit->now + 1000, &view);
    assert_false(view.running);
    assert_int_equal(view.pid, 0);
    assert_int_equal(view.elapsed_ms, 29000);
    sn_core_script_at(kit->core, 0, kit->now + 31000, &view);
    assert_int_equal(view.elapsed_ms, 0);
    kit_free(kit);
}

static void test_script__words_about_unknown_jobs_are_ignored(void **state)
{
    struct sn_job_id job;
    struct kit *kit = with_one_running(&job);
    (void)state;
    exited(kit, (struct sn_job_id){job.v + 1000}, 1, 0);
    started(kit, (struct sn_job_id){job.v + 1000}, 5);
    exited(kit, job, 1, 0);
    kit_clear(kit);
    exited(kit, job, 1, 0); /* it waits, it does not run */
    kit_expect(kit, "event start", "");
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_script__hears_of_warnings_of_its_group_with_name_and_payload),
        cmocka_unit_test(test_script__does_not_hear_of_lesser_events),
        cmocka_unit_test(test_script__the_one_being_set_hears_of_its_own_setting),
        cmocka_unit_test(test_script__never_starts_before_its_event_is_out),
        cmocka_unit_test(test_script__that_ends_well_is_done),
        cmocka_unit_test(test_script__with_any_other_status_is_dropped),
        cmocka_unit_test(test_script__that_could_not_be_executed_is_dropped_as_stock_drops_it),
        cmocka_unit_test(test_script__that_fails_is_repeated_nine_times_with_doubling_pauses),
        cmocka_unit_test(test_script__the_pause_can_be_changed),
        cmocka_unit_test(test_script__that_runs_too_long_is_killed_once_and_repeated),
        cmocka_unit_test(test_script__sixteen_run_at_once_oldest_first),
        cmocka_unit_test(test_script__the_queue_drops_the_oldest_that_does_not_run),
        cmocka_unit_test(test_script__pending_ones_can_be_looked_at),
        cmocka_unit_test(test_script__words_about_unknown_jobs_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
