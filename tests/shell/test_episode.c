/* SPDX-License-Identifier: BSD-3-Clause */

/* What an episode of the chronicle is: when it ends, and what it tells. */

#include "core_kit.h"

#include "shell/chronicle/episode.h"
#include "shell/report/history.h"

#include <jansson.h>
#include <utlist.h>

#define M  "master m1 10.0.0.1 6379"
#define M2 "master m1 10.0.0.2 6379"

/* Adds events, "NAME PAYLOAD" each, ten milliseconds apart. Returns the record, if the last of them
 * and no other has ended the episode. */
static json_t *told(const char *const *events, const struct sn_group *group)
{
    struct sn_moment moment = {.now = 1000, .wall_ms = 1700000000000, .group = group};
    struct sn_episode *episode = sn_episode_new("m1", 2, 1, &moment);
    bool ended = false;
    for (; *events != NULL; events++) {
        char name[64];
        size_t len = strcspn(*events, " ");
        (void)snprintf(name, sizeof(name), "%.*s", (int)len, *events);
        const struct sn_action_notice event = {SN_LEVEL_WARNING, name,
                                               (*events)[len] == '\0' ? "" : *events + len + 1, 0};
        assert_false(ended);
        ended = sn_episode_add(episode, &event, &moment);
        moment.now += 10;
        moment.wall_ms += 10;
    }
    assert_true(ended);
    char *text = sn_episode_text(episode);
    json_t *record = json_loads(text, 0, NULL);
    free(text);
    sn_episode_free(episode);
    assert_non_null(record);
    return record;
}

static const char *of(const json_t *record, const char *member)
{
    const json_t *value = json_object_get(record, member);
    assert_non_null(value);
    return json_is_null(value) ? "null" : json_string_value(value);
}

static void add_line(void *arg, const char *line)
{
    sn_buf_puts(arg, line);
    sn_buf_puts(arg, "\n");
}

static void expect_words(const json_t *record, const char *expected)
{
    char *text = json_dumps(record, JSON_COMPACT);
    struct sn_buf lines;
    sn_buf_init(&lines, SIZE_MAX);
    sn_history_lines(text, false, add_line, &lines);
    assert_string_equal(sn_buf_text(&lines), expected);
    sn_buf_fini(&lines);
    free(text);
}

#define TOLD(...) told((const char *const[]){__VA_ARGS__, NULL}, NULL)

static void test_episode__of_a_failover_that_is_led_here(void **state)
{
    json_t *record =
        TOLD("+sdown " M, "+odown " M " #quorum 2/2", "+try-failover " M, "+elected-leader " M,
             "+selected-slave slave 10.0.0.2:6379 10.0.0.2 6379 @ m1 10.0.0.1 6379",
             "+switch-master m1 10.0.0.1 6379 10.0.0.2 6379", "+failover-end " M2);
    (void)state;
    assert_string_equal(of(record, "kind"), "failover");
    assert_string_equal(of(record, "result"), "completed");
    assert_string_equal(of(record, "cause"), "master-down");
    assert_true(json_is_true(json_object_get(record, "led")));
    assert_int_equal(json_integer_value(json_object_get(record, "duration_ms")), 60);
    assert_int_equal(json_integer_value(json_object_get(record, "attempts")), 1);
    assert_int_equal(json_array_size(json_object_get(record, "steps")), 7);
    assert_string_equal(of(record, "time"), "2023-11-14T22:13:20.000Z");
    expect_words(record,
                 "2023-11-14T22:13:20.000Z m1: failover from 10.0.0.1:6379 to 10.0.0.2:6379, "
                 "completed in 60 ms; led by this sentinel, epoch 0, 1 attempt here; cause: "
                 "master-down; lost writes: unknown\n");
    json_decref(record);
    record = TOLD("+sdown " M, "+try-failover " M, "+elected-leader " M,
                  "+switch-master m1 10.0.0.1 6379 10.0.0.2 6379", "+failover-end-for-timeout " M2,
                  "+failover-end " M2);
    assert_string_equal(of(record, "result"), "replicas-left-behind");
    json_decref(record);
}

static void test_episode__of_a_failover_that_another_one_leads(void **state)
{
    json_t *record =
        TOLD("+sdown " M, "+odown " M " #quorum 2/2", "+try-failover " M,
             "-failover-abort-not-elected " M,
             "+config-update-from sentinel " KIT_B " 10.0.1.2 26379 @ m1 10.0.0.1 6379",
             "+switch-master m1 10.0.0.1 6379 10.0.0.2 6379");
    (void)state;
    assert_string_equal(of(record, "kind"), "failover");
    assert_string_equal(of(record, "result"), "completed");
    assert_string_equal(of(record, "leader"), KIT_B);
    assert_true(json_is_false(json_object_get(record, "led")));
    json_decref(record);
    record = TOLD("+switch-master m1 10.0.0.1 6379 10.0.0.2 6379");
    assert_string_equal(of(record, "kind"), "switch");
    json_decref(record);
}

static void test_episode__of_an_outage_that_ends_by_itself(void **state)
{
    json_t *record = TOLD("+sdown " M, "-sdown " M);
    (void)state;
    assert_string_equal(of(record, "kind"), "down");
    expect_words(record,
                 "2023-11-14T22:13:20.000Z m1: 10.0.0.1:6379 was down for 10 ms; recovered\n");
    json_decref(record);
    record = TOLD("+sdown " M, "+try-failover " M, "+elected-leader " M,
                  "-failover-abort-no-good-slave " M, "+try-failover " M, "+elected-leader " M,
                  "-failover-abort-no-good-slave " M, "-sdown " M);
    assert_string_equal(of(record, "kind"), "attempt");
    assert_int_equal(json_integer_value(json_object_get(record, "attempts")), 2);
    expect_words(record,
                 "2023-11-14T22:13:20.000Z m1: no failover from 10.0.0.1:6379, 2 attempts in "
                 "70 ms; recovered\n");
    json_decref(record);
}

/* An attempt goes on when the master returns. */
static void test_episode__of_a_master_that_returns_too_late(void **state)
{
    json_t *record = TOLD("+sdown " M, "+try-failover " M, "+elected-leader " M, "-sdown " M,
                          "-failover-abort-slave-timeout " M);
    (void)state;
    assert_string_equal(of(record, "kind"), "attempt");
    assert_string_equal(of(record, "result"), "recovered");
    json_decref(record);
    record = TOLD("+sdown " M, "+try-failover " M, "-sdown " M, "+elected-leader " M,
                  "+switch-master m1 10.0.0.1 6379 10.0.0.2 6379", "+failover-end " M2);
    assert_string_equal(of(record, "kind"), "failover");
    assert_true(json_is_true(json_object_get(record, "led")));
    json_decref(record);
}

/* RESET takes back that the master is down, and an attempt, without another event. */
static void test_episode__ends_with_a_reset(void **state)
{
    json_t *record = TOLD("+sdown " M, "+reset-master " M);
    (void)state;
    assert_string_equal(of(record, "result"), "reset");
    json_decref(record);
    record = TOLD("+sdown " M, "+try-failover " M, "+elected-leader " M,
                  "+switch-master m1 10.0.0.1 6379 10.0.0.2 6379", "+reset-master " M2);
    assert_string_equal(of(record, "kind"), "failover");
    assert_string_equal(of(record, "result"), "reset");
    json_decref(record);
}

/* A newer configuration ends the attempt of a leader without another event. */
static void test_episode__of_a_leader_that_is_overtaken(void **state)
{
    json_t *record =
        TOLD("+sdown " M, "+try-failover " M, "+elected-leader " M,
             "+config-update-from sentinel " KIT_B " 10.0.1.2 26379 @ m1 10.0.0.1 6379",
             "+switch-master m1 10.0.0.1 6379 10.0.0.2 6379");
    (void)state;
    assert_string_equal(of(record, "result"), "completed");
    assert_true(json_is_false(json_object_get(record, "led")));
    json_decref(record);
    record = TOLD("+sdown " M, "+try-failover " M, "+elected-leader " M,
                  "+switch-master m1 10.0.0.1 6379 10.0.0.2 6379",
                  "+config-update-from sentinel " KIT_B " 10.0.1.2 26379 @ m1 10.0.0.2 6379",
                  "+switch-master m1 10.0.0.2 6379 10.0.0.3 6379");
    assert_string_equal(of(record, "result"), "completed");
    json_decref(record);
}

/* While the master is up, there is nothing else to wait for. */
static void test_episode__of_an_order_ends_with_its_attempt(void **state)
{
    json_t *record =
        TOLD("+try-failover " M, "+elected-leader " M, "-failover-abort-master-timeout " M);
    (void)state;
    assert_string_equal(of(record, "kind"), "attempt");
    assert_string_equal(of(record, "result"), "master-timeout");
    json_decref(record);
}

static void test_episode__steps_are_bounded(void **state)
{
    const char *events[400] = {"+sdown " M};
    size_t count = 1;
    (void)state;
    while (count < 301) {
        events[count++] = "+try-failover " M;
        events[count++] = "-failover-abort-not-elected " M;
    }
    events[count] = "-sdown " M;
    json_t *record = told(events, NULL);
    const json_t *steps = json_object_get(record, "steps");
    assert_int_equal(json_array_size(steps), SN_EPISODE_STEPS_MAX);
    assert_int_equal(json_integer_value(json_object_get(record, "skipped_steps")),
                     302 - SN_EPISODE_STEPS_MAX);
    assert_string_equal(json_string_value(json_object_get(json_array_get(steps, 0), "event")),
                        "+sdown");
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(steps, SN_EPISODE_STEPS_MAX - 1), "event")),
                        "-sdown");
    assert_int_equal(json_integer_value(json_object_get(record, "attempts")), 150);
    json_decref(record);
}

static void test_episode__tells_why_the_others_were_not_chosen(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4 peers a,b");
    (void)state;
    kit_node(kit, "n2")->priority = 0;
    kit_node(kit, "n3")->offset = 10;
    kit_to(kit, 11000);
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_to_promotion(kit, "ab");
    json_t *record = told(
        (const char *const[]){
            "+sdown " M, "+try-failover " M,
            "+selected-slave slave 10.0.0.3:6379 10.0.0.3 6379 @ m1 10.0.0.1 6379", "-monitor " M,
            NULL},
        kit_group(kit, "m1"));
    const json_t *replicas = json_object_get(record, "replicas");
    assert_int_equal(json_array_size(replicas), 3);
    assert_string_equal(json_string_value(json_object_get(json_array_get(replicas, 0), "text")),
                        "could not be promoted: its priority is 0.");
    assert_true(json_is_true(json_object_get(json_array_get(replicas, 1), "chosen")));
    assert_true(json_is_true(json_object_get(json_array_get(replicas, 2), "can_be_promoted")));
    assert_false(json_is_true(json_object_get(json_array_get(replicas, 2), "chosen")));
    assert_int_equal(json_integer_value(json_object_get(record, "epoch")), 1);
    json_decref(record);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_episode__of_a_failover_that_is_led_here),
        cmocka_unit_test(test_episode__of_a_failover_that_another_one_leads),
        cmocka_unit_test(test_episode__of_an_outage_that_ends_by_itself),
        cmocka_unit_test(test_episode__of_a_master_that_returns_too_late),
        cmocka_unit_test(test_episode__ends_with_a_reset),
        cmocka_unit_test(test_episode__of_a_leader_that_is_overtaken),
        cmocka_unit_test(test_episode__of_an_order_ends_with_its_attempt),
        cmocka_unit_test(test_episode__steps_are_bounded),
        cmocka_unit_test(test_episode__tells_why_the_others_were_not_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
