/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_LONG_REPLY_H
#define SN_SHELL_SERVER_LONG_REPLY_H

/* A reply with an element for each group, instance or client. It is rendered in slices, one per
 * turn of the loop, into a separate buffer; other clients are served in between. The client gets it
 * when it is complete; its next request waits until then. */

#include "base/text.h"
#include "shell/server/call.h"

struct sn_long_reply;

/* Renders elements from reply->next on into call->resp and counts them in reply->count, until all
 * are rendered (true) or sn_clients_turn_is_over() (false). A later slice shows changes since the
 * earlier ones. */
typedef bool sn_long_reply_fn(struct sn_call *call, struct sn_long_reply *reply);

struct sn_long_reply {
    sn_long_reply_fn *render;
    bool is_text; /* one verbatim string; else an array of count elements */
    bool muted;   /* discard the reply */
    bool is_work; /* no reply itself: render makes the client wait for one */
    struct sn_buf body;
    size_t count;
    uint64_t next; /* start of the next slice; defined by render */
    char **names;  /* group names for render; owned */
    size_t name_count;
    int filter;            /* for render */
    struct sn_words words; /* a copy of the request */
    const struct sn_spec *spec;
};

/* Begins a long reply to call and makes the client wait for it. The caller may fill in the result
 * before it calls sn_client_render. */
struct sn_long_reply *sn_long_reply_new(struct sn_call *call, sn_long_reply_fn *render);
/* Keeps a copy of name for render. */
void sn_long_reply_add_name(struct sn_long_reply *reply, const char *name);
void sn_long_reply_free(struct sn_long_reply *reply);
/* Returns the bytes held by reply. */
size_t sn_long_reply_memory(const struct sn_long_reply *reply);

#endif
