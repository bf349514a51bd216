/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_SIGNALS_H
#define SN_SHELL_PROCESS_SIGNALS_H

/* The signals TERM, INT and HUP, of which a process has one set. From sn_signals_init to the end of
 * the process none of them has its default action (PROTOCOL.md §21.3). */

#include <uv.h>

struct sn_signals {
    uv_poll_t poll;
    void (*caught)(void *arg, int number);
    void *arg;
};

/* Called before a loop exists: ignores signals whose default action would end the process. */
void sn_signals_ignore(void);
/* Calls caught in the loop, once for each signal. Returns 0 or a negative code of libuv. */
int sn_signals_init(struct sn_signals *signals, uv_loop_t *loop,
                    void (*caught)(void *arg, int number), void *arg);
/* At the end, when a write may still be pending: from now on INT ends the process at once with
 * status 1, also if it came before and was not told yet; TERM and HUP are ignored. The memory of
 * signals is used until the loop has closed the handle. */
void sn_signals_close(struct sn_signals *signals);

#endif
