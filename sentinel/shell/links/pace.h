/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_LINKS_PACE_H
#define SN_SHELL_LINKS_PACE_H

/* The time for new connections in each turn of the loop. With thousands of groups the rest waits
 * for the next turns, so that clients are answered meanwhile. */

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* Starts with zeros. */
struct sn_pace {
    uint64_t turn_ms;  /* the loop's time in the last turn */
    uint64_t until_ns; /* end of the share in it */
};

/* True until the time of this turn is over, which begins with the first call. */
bool sn_pace_has_time(struct sn_pace *pace, const uv_loop_t *loop);

#endif
