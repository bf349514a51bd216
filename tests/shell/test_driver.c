/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/driver/driver.h"

#include "fake_core.h"
#include "loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static uv_loop_t loop;
static struct sn_driver *driver;
static char trace[4096];
static void (*on_log)(const char *text); /* what LOG does beside tracing */
static void (*on_idle)(void);
static size_t idle_calls;

static void add_trace(const char *text)
{
    strncat(trace, text, sizeof(trace) - strlen(trace) - 1);
    strncat(trace, " ", sizeof(trace) - strlen(trace) - 1);
}

static void perform(void *arg, const struct sn_action *action)
{
    (void)arg;
    assert_int_equal(action->kind, SN_ACTION_LOG);
    add_trace(action->u.log.text);
    if (on_log != NULL)
        on_log(action->u.log.text);
}

static void port_idle(void *arg)
{
    (void)arg;
    idle_calls++;
    add_trace("idle");
    if (on_idle != NULL)
        on_idle();
}

static int set_up(void **state)
{
    static const struct sn_driver_ports ports = {.perform = perform, .idle = port_idle};

    (void)state;
    fake_core_reset();
    trace[0] = '\0';
    on_log = NULL;
    on_idle = NULL;
    idle_calls = 0;
    loop_start(&loop);
    driver = sn_driver_new(&loop, &fake_core, &ports, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sn_driver_close(driver);
    loop_finish(&loop);
    fake_core_reset();
    return 0;
}

static void feed(enum sn_input_kind kind)
{
    struct sn_input event = {.kind = kind};

    sn_driver_feed(driver, &event);
}

static void act_log(const char *text)
{
    fake_core_act(SN_ACTION_LOG)->u.log = (struct sn_action_log){SN_LEVEL_NOTICE, text};
}

/* ---- order ---- */

static void two_actions_for_start(const struct sn_input *event)
{
    if (event->kind == SN_INPUT_START) {
        act_log("a");
        act_log("b");
    } else {
        act_log("later");
    }
}

static void feed_persisted_at_a(const char *text)
{
    if (strcmp(text, "a") == 0)
        feed(SN_INPUT_PERSISTED);
}

static void test_driver__queues_what_is_fed_while_actions_are_performed(void **state)
{
    (void)state;
    fake_core.on_step = two_actions_for_start;
    on_log = feed_persisted_at_a;
    feed(SN_INPUT_START);
    assert_string_equal(trace, "a b later idle ");
    assert_int_equal(fake_core.event_count, 2);
}

static void feed_once_when_idle(void)
{
    if (idle_calls == 1)
        feed(SN_INPUT_PERSISTED);
}

static void test_driver__calls_idle_again_after_idle_fed_something(void **state)
{
    (void)state;
    fake_core.on_step = two_actions_for_start;
    on_idle = feed_once_when_idle;
    feed(SN_INPUT_START);
    assert_string_equal(trace, "a b idle later idle ");
}

static void close_at_a(const char *text)
{
    if (strcmp(text, "a") == 0)
        sn_driver_close(driver);
}

static void test_driver__performs_nothing_more_once_closed(void **state)
{
    (void)state;
    fake_core.on_step = two_actions_for_start;
    on_log = close_at_a;
    feed(SN_INPUT_START);
    feed(SN_INPUT_PERSISTED);
    assert_string_equal(trace, "a ");
    loop_finish(&loop);
    set_up(NULL); /* for the common tear-down */
}

/* ---- copies ---- */

static struct sn_input *given;

static void feed_given_and_spoil_it(const char *text)
{
    (void)text;
    sn_driver_feed(driver, given);
}

static void log_for_start(const struct sn_input *event)
{
    if (event->kind == SN_INPUT_START)
        act_log("go");
}

/* Feeds event from within an action; whoever made it frees it before it is taken. */
static const struct sn_input *feed_nested(struct sn_input *event)
{
    given = event;
    fake_core.on_step = log_for_start;
    on_log = feed_given_and_spoil_it;
    feed(SN_INPUT_START);
    assert_int_equal(fake_core.event_count, 2);
    return &fake_core.events[1];
}

static void test_driver__copies_link_texts_and_addresses(void **state)
{
    (void)state;
    char reason[] = "refused";
    struct sn_input event = {.kind = SN_INPUT_LINK_DOWN,
                             .u.link = {.link = {4}, .local_ip = "", .reason = reason}};

    const struct sn_input *copy = feed_nested(&event);
    assert_ptr_not_equal(copy->u.link.reason, reason);
    assert_string_equal(copy->u.link.reason, "refused");
    assert_int_equal(copy->u.link.link.v, 4);
}

static void test_driver__copies_look_ups(void **state)
{
    (void)state;
    char host[] = "db.example";
    struct sn_input event = {.kind = SN_INPUT_RESOLVED, .u.resolved = {host, "10.0.0.2"}};

    const struct sn_input *copy = feed_nested(&event);
    assert_ptr_not_equal(copy->u.resolved.host, host);
    assert_string_equal(copy->u.resolved.host, "db.example");
    assert_string_equal(copy->u.resolved.ip, "10.0.0.2");
}

/* ---- time ---- */

static bool timer_came(void)
{
    return fake_core_count(SN_INPUT_TIMER, NULL) > 0;
}

static void disarm(const struct sn_input *event)
{
    if (event->kind == SN_INPUT_TIMER)
        fake_core.deadline = SN_MS_NEVER;
}

static void test_driver__timer_is_never_early_and_hardly_late(void **state)
{
    (void)state;
    fake_core.on_step = disarm;
    for (int i = 0; i < 200; i++) {
        const struct sn_input *timer = NULL;
        sn_ms deadline = sn_driver_now(driver) + 7;
        fake_core.deadline = deadline;
        feed(SN_INPUT_START);
        fake_core.event_count = 0;
        assert_true(loop_run_until(&loop, timer_came));
        assert_int_equal(fake_core_count(SN_INPUT_TIMER, &timer), 1);
        assert_true(timer->now >= deadline);
        /* A loaded machine may be late; once in two hundred times it is not. */
        if (timer->now <= deadline + 2)
            return;
    }
    fail_msg("each of two hundred timers was late by more than 2 ms");
}

static void test_driver__rearms_for_an_earlier_deadline(void **state)
{
    (void)state;
    fake_core.on_step = disarm;
    fake_core.deadline = sn_driver_now(driver) + 3600000;
    feed(SN_INPUT_START);
    fake_core.deadline = sn_driver_now(driver) + 5;
    feed(SN_INPUT_START);
    assert_true(loop_run_until(&loop, timer_came));
}

static void test_driver__fires_no_timer_after_disarming(void **state)
{
    (void)state;
    fake_core.deadline = sn_driver_now(driver) + 5;
    feed(SN_INPUT_START);
    fake_core.deadline = SN_MS_NEVER;
    feed(SN_INPUT_START);
    loop_run_for(&loop, 30);
    assert_false(timer_came());
}

static void on_input(uv_poll_t *poll, int status, int events)
{
    char byte;

    (void)status;
    (void)events;
    assert_int_equal(read((int)(intptr_t)poll->data, &byte, 1), 1);
    feed(SN_INPUT_LINK_TRAFFIC);
}

static int input_end; /* what is written to it is input */

/* The process stands still over its deadline while an answer waits in a socket: when it goes on,
 * libuv runs the timer first. */
static void stall_with_input_waiting(void (*step)(const struct sn_input *event), bool (*done)(void))
{
    uv_poll_t poll;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    input_end = ends[1];
    uv_poll_init(&loop, &poll, ends[0]);
    poll.data = (void *)(intptr_t)ends[0];
    uv_poll_start(&poll, UV_READABLE, on_input);
    fake_core.on_step = step;
    fake_core.deadline = sn_driver_now(driver) + 20;
    feed(SN_INPUT_START);
    assert_int_equal(write(ends[1], "x", 1), 1);
    uv_sleep(60);
    assert_true(loop_run_until(&loop, done));
    uv_close((uv_handle_t *)&poll, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
    close(ends[0]);
    close(ends[1]);
}

static void test_driver__takes_waiting_input_before_an_overdue_timer(void **state)
{
    (void)state;
    stall_with_input_waiting(disarm, timer_came);
    assert_int_equal(fake_core.event_count, 3);
    assert_int_equal(fake_core.events[1].kind, SN_INPUT_LINK_TRAFFIC);
    assert_int_equal(fake_core.events[2].kind, SN_INPUT_TIMER);
}

/* A deadline passes while the first input is handled, and more input arrives. */
static void be_slow_at_input(const struct sn_input *event)
{
    static bool again;

    again = event->kind == SN_INPUT_LINK_TRAFFIC && !again;
    if (again) {
        fake_core.deadline = event->now + 10;
        uv_sleep(30);
        assert_int_equal(write(input_end, "x", 1), 1);
    }
    disarm(event);
}

/* What arrives while input is handled is not read yet: deadlines of that time must not come before
 * it. */
static void test_driver__timer_does_not_run_ahead_of_the_input(void **state)
{
    (void)state;
    stall_with_input_waiting(be_slow_at_input, timer_came);
    assert_int_equal(fake_core.event_count, 4);
    assert_int_equal(fake_core.events[1].kind, SN_INPUT_LINK_TRAFFIC);
    assert_int_equal(fake_core.events[2].kind, SN_INPUT_LINK_TRAFFIC);
    assert_int_equal(fake_core.events[3].kind, SN_INPUT_TIMER);
}

static void disarm_at_input(const struct sn_input *event)
{
    if (event->kind == SN_INPUT_LINK_TRAFFIC)
        fake_core.deadline = SN_MS_NEVER;
}

static bool input_came(void)
{
    return fake_core_count(SN_INPUT_LINK_TRAFFIC, NULL) > 0;
}

static void test_driver__forgets_an_overdue_timer_that_waiting_input_disarms(void **state)
{
    (void)state;
    stall_with_input_waiting(disarm_at_input, input_came);
    loop_run_for(&loop, 30);
    assert_false(timer_came());
}

/* Nothing else wakes the loop for a long time. */
static void test_driver__timer_does_not_wait_for_other_events(void **state)
{
    (void)state;
    const struct sn_input *timer = NULL;
    uv_timer_t watchdog;

    uv_timer_init(&loop, &watchdog);
    uv_timer_start(&watchdog, loop_tick, 3000, 0);
    fake_core.on_step = disarm;
    sn_ms deadline = sn_driver_now(driver) + 5;
    fake_core.deadline = deadline;
    feed(SN_INPUT_START);
    for (int i = 0; i < 5 && !timer_came(); i++)
        uv_run(&loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&watchdog, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(fake_core_count(SN_INPUT_TIMER, &timer), 1);
    assert_true(timer->now < deadline + 2000);
}

static void test_driver__stamps_time_that_moves_and_never_goes_back(void **state)
{
    (void)state;
    sn_ms last = 0;

    for (int i = 0; i < 5; i++) {
        feed(SN_INPUT_START);
        loop_run_for(&loop, 3);
    }
    assert_int_equal(fake_core.event_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_true(fake_core.events[i].now > last);
        last = fake_core.events[i].now;
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_driver__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(queues_what_is_fed_while_actions_are_performed),
        TEST(calls_idle_again_after_idle_fed_something),
        TEST(performs_nothing_more_once_closed),
        TEST(copies_link_texts_and_addresses),
        TEST(copies_look_ups),
        TEST(timer_is_never_early_and_hardly_late),
        TEST(rearms_for_an_earlier_deadline),
        TEST(fires_no_timer_after_disarming),
        TEST(takes_waiting_input_before_an_overdue_timer),
        TEST(timer_does_not_run_ahead_of_the_input),
        TEST(forgets_an_overdue_timer_that_waiting_input_disarms),
        TEST(timer_does_not_wait_for_other_events),
        TEST(stamps_time_that_moves_and_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
