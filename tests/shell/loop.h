/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_SHELL_LOOP_H
#define SN_TESTS_SHELL_LOOP_H

/* A loop that is run until something is true, within a bound. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdbool.h>
#include <uv.h>

#define LOOP_PATIENCE_MS 10000

/* A loop in a process as the daemon is one: a write to a connection that the other side has closed
 * fails, and kills nobody. */
static inline void loop_start(uv_loop_t *loop)
{
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(uv_loop_init(loop), 0);
}

static void loop_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* Returns the last value of done(). */
static inline bool loop_run_until(uv_loop_t *loop, bool (*done)(void))
{
    uv_timer_t tick;
    uint64_t until = uv_hrtime() / 1000000 + LOOP_PATIENCE_MS;

    uv_timer_init(loop, &tick);
    uv_timer_start(&tick, loop_tick, 1, 1);
    while (!done() && uv_hrtime() / 1000000 < until)
        uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
    return done();
}

static uint64_t loop_quiet_until;

static inline bool loop_quiet_is_over(void)
{
    return uv_hrtime() / 1000000 >= loop_quiet_until;
}

/* Runs the loop for ms milliseconds: only for "nothing happens". */
static inline void loop_run_for(uv_loop_t *loop, uint64_t ms)
{
    loop_quiet_until = uv_hrtime() / 1000000 + ms;
    loop_run_until(loop, loop_quiet_is_over);
}

/* Everything must have been closed by now or be closing. */
static inline void loop_finish(uv_loop_t *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(loop), 0);
}

#endif
