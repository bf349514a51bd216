/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_LONG_REPLY_H
#define SN_SHELL_SERVER_LONG_REPLY_H

/* A reply with as many elements as there are groups, instances or clients. It is rendered in
 * slices, one a turn of the loop, beside the output: the client gets it when it is complete, and
 * its next request waits until then. Everybody else is served in between. */

#include "base/text.h"
#include "shell/server/call.h"

struct sn_long_reply;

/* Renders elements from reply->next on into resp, and adds them to reply->count, until all are
 * there (true) or sn_clients_turn_is_over() (false). What changes between two slices is shown as
 * the later one finds it. */
typedef bool sn_long_reply_fn(struct sn_call *call, struct sn_long_reply *reply);

struct sn_long_reply {
    sn_long_reply_fn *render;
    bool is_text; /* one verbatim string; else an array of count elements */
    bool muted;   /* nobody is to see it */
    bool is_work; /* no reply of its own: render leaves the client waiting for one */
    struct sn_buf body;
    size_t count;
    uint64_t next; /* where the next slice begins: its meaning is render's */
    char **names;  /* of groups, for render; owned */
    size_t name_count;
    int filter;            /* for render */
    struct sn_words words; /* a copy of the request */
    const struct sn_spec *spec;
};

/* Begins the reply to call. It is complete at the return, or the client waits for the rest. The
 * caller may fill in what is returned before sn_client_render. */
struct sn_long_reply *sn_long_reply_new(struct sn_call *call, sn_long_reply_fn *render);
/* Keeps a copy of name for render. */
void sn_long_reply_add_name(struct sn_long_reply *reply, const char *name);
void sn_long_reply_free(struct sn_long_reply *reply);
/* Bytes that it holds. */
size_t sn_long_reply_memory(const struct sn_long_reply *reply);

#endif
