/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_EVENTS_H
#define SN_SHELL_HTTP_EVENTS_H

/* /events: what the sentinel publishes, as server-sent events (HTTP.md).
 *
 * A listener is a place in the ring of the last events, so it holds no buffer of its own but the
 * rest of one event. A listener with nothing to be told is suspended, and libmicrohttpd forgets its
 * socket; the next event, or a heartbeat, resumes it. One that has taken nothing for too long, or
 * that the ring has overtaken, is dropped: it may come back and go on from where it was. */

#include "core/action.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <uv.h>

#define SN_EVENTS_LISTENERS_MAX 16

struct sn_events;

struct sn_events_figures {
    size_t listeners;
    uint64_t dropped; /* that were too slow */
};

/* beat_ms: time without events after which a listener gets a comment, and the longest that one may
 * take nothing. */
struct sn_events *sn_events_new(const uv_loop_t *loop, uint64_t beat_ms);
/* Precondition: all connections are closed. */
void sn_events_free(struct sn_events *events);

/* True: the daemon has to run, as listeners wait no longer. */
bool sn_events_add(struct sn_events *events, const struct sn_action_notice *notice);
/* Answers a request for /events. The answer has no end. head_only: the request is a HEAD. */
enum MHD_Result sn_events_answer(struct sn_events *events, struct MHD_Connection *connection,
                                 bool head_only);

/* True if the connection is a listener that takes what it is told. */
bool sn_events_is_well(const struct sn_events *events, const struct MHD_Connection *connection);
/* The connection is being closed from our side: lets libmicrohttpd look at its socket. */
void sn_events_end(struct sn_events *events, const struct MHD_Connection *connection);
/* Before the daemon is stopped. */
void sn_events_end_all(struct sn_events *events);
/* Sends the heartbeats that are due. */
void sn_events_tick(struct sn_events *events);

void sn_events_measure(const struct sn_events *events, struct sn_events_figures *figures);

#endif
