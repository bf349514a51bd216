/* SPDX-License-Identifier: BSD-3-Clause */
/* Handlers of our own: libuv restores the default action as soon as its handle is closed, and the
 * process would end by a signal that arrives before another handler is there. A handler may run in
 * any thread, the pool's too, so it touches no handle; the pipe that it writes into stays open. */
#define _GNU_SOURCE /* pipe2 */
#include "shell/process/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t ending;
static int ends[2] = {-1, -1};

/* libuv watches the others while the loop lives. Files that grow beyond a limit (XFSZ) are a write
 * that fails, which is told; a timer that somebody has left to us by an exec (ALRM) is nobody's;
 * newer stock outlives USR2; USR1 ends the process, as it does stock (PROTOCOL.md §21.3, §24.2). */
void sn_signals_ignore(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGALRM, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
    signal(SIGHUP, SIG_IGN); /* until the loop is told of it */
}

/* Where the pipe is full, enough of them wait. */
static void note_signal(int number)
{
    const unsigned char byte = (unsigned char)number;
    int error = errno;

    if (!ending) {
        ssize_t written = write(ends[1], &byte, 1);
        (void)written;
    } else if (number == SIGINT) {
        _exit(1);
    }
    errno = error;
}

static int next_signal(void)
{
    unsigned char byte;

    return read(ends[0], &byte, 1) == 1 ? byte : 0;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct sn_signals *signals = poll->data;
    int number;

    (void)events;
    while (status == 0 && (number = next_signal()) != 0)
        signals->caught(signals->arg, number);
}

int sn_signals_init(struct sn_signals *signals, uv_loop_t *loop,
                    void (*caught)(void *arg, int number), void *arg)
{
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};

    *signals = (struct sn_signals){.caught = caught, .arg = arg};
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return -errno;
    int status = uv_poll_init(loop, &signals->poll, ends[0]);
    if (status != 0)
        return status;
    signals->poll.data = signals;
    status = uv_poll_start(&signals->poll, UV_READABLE, on_readable);
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    return status;
}

/* PROTOCOL.md §21.3. */
void sn_signals_close(struct sn_signals *signals)
{
    int number;

    ending = 1;
    while ((number = next_signal()) != 0) {
        if (number == SIGINT)
            _exit(1);
    }
    uv_close((uv_handle_t *)&signals->poll, NULL);
}
