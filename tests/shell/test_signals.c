/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals of the process (PROTOCOL.md §21.3). Each test runs in a child, as they change the process
 * for good. */
#include "shell/process/signals.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define FAILED 99

static int told[8];
static size_t told_count;

static void on_caught(void *arg, int number)
{
    told[told_count++] = number;
    uv_stop(arg);
}

static void demand(int condition)
{
    if (!condition)
        _exit(FAILED);
}

static void demand_handlers(void)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction action;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        demand(sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_DFL);
}

/* The wait status of a child that has run body. */
static int run_child(void (*body)(void))
{
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        body();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void assert_exits(void (*body)(void), int code)
{
    int status = run_child(body);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), code);
}

static void be_told(void)
{
    uv_loop_t loop;
    struct sn_signals signals;

    demand(uv_loop_init(&loop) == 0);
    demand(sn_signals_init(&signals, &loop, on_caught, &loop) == 0);
    raise(SIGHUP);
    uv_run(&loop, UV_RUN_DEFAULT);
    raise(SIGINT);
    raise(SIGTERM);
    uv_run(&loop, UV_RUN_DEFAULT);
    demand(told_count == 3 && told[0] == SIGHUP && told[1] == SIGINT && told[2] == SIGTERM);
}

static void end(int number)
{
    uv_loop_t loop;
    struct sn_signals signals;

    demand(uv_loop_init(&loop) == 0);
    demand(sn_signals_init(&signals, &loop, on_caught, &loop) == 0);
    demand_handlers();
    sn_signals_close(&signals);
    demand_handlers();
    uv_run(&loop, UV_RUN_DEFAULT);
    demand(uv_loop_close(&loop) == 0);
    demand_handlers();
    raise(number);
    demand(told_count == 0);
}

static void interrupt_the_end(void)
{
    end(SIGINT);
}

static void terminate_the_end(void)
{
    end(SIGTERM);
}

static void interrupt_before_the_end(void)
{
    uv_loop_t loop;
    struct sn_signals signals;

    demand(uv_loop_init(&loop) == 0);
    demand(sn_signals_init(&signals, &loop, on_caught, &loop) == 0);
    raise(SIGTERM);
    raise(SIGINT);
    sn_signals_close(&signals);
}

static void test_signals__are_told_in_the_loop(void **state)
{
    (void)state;
    assert_exits(be_told, 0);
}

static void test_signals__have_no_default_action_until_the_end(void **state)
{
    (void)state;
    assert_exits(interrupt_the_end, 1);
    assert_exits(terminate_the_end, 0);
}

static void test_signals__an_interrupt_that_was_not_told_ends_the_process(void **state)
{
    (void)state;
    assert_exits(interrupt_before_the_end, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals__are_told_in_the_loop),
        cmocka_unit_test(test_signals__have_no_default_action_until_the_end),
        cmocka_unit_test(test_signals__an_interrupt_that_was_not_told_ends_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
