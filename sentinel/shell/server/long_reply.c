/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/long_reply.h"

#include "base/alloc.h"
#include "shell/server/call.h"
#include "shell/server/client.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct sn_long_reply *sn_long_reply_new(struct sn_call *call, sn_long_reply_fn *render)
{
    struct sn_long_reply *reply = sn_alloc(sizeof(*reply));

    assert(!call->client->long_reply);
    reply->render = render;
    reply->spec = call->spec;
    reply->muted = call->muted;
    reply->words.count = call->argc;
    reply->words.items = sn_alloc_array(call->argc, sizeof(*reply->words.items));
    reply->words.lens = sn_alloc_array(call->argc, sizeof(*reply->words.lens));
    for (size_t i = 0; i < call->argc; i++) {
        reply->words.items[i] = sn_strndup(call->argv[i], call->lens[i]);
        reply->words.lens[i] = call->lens[i];
    }
    sn_buf_init(&reply->body, SN_CLIENT_OUTPUT_MAX);
    call->client->long_reply = reply;
    return reply;
}

void sn_long_reply_add_name(struct sn_long_reply *reply, const char *name)
{
    reply->names = sn_realloc(reply->names, (reply->name_count + 1) * sizeof(*reply->names));
    reply->names[reply->name_count++] = sn_strdup(name);
}

void sn_long_reply_free(struct sn_long_reply *reply)
{
    if (!reply)
        return;
    for (size_t i = 0; i < reply->name_count; i++)
        free(reply->names[i]);
    free(reply->names);
    sn_words_fini(&reply->words);
    sn_buf_fini(&reply->body);
    free(reply);
}

size_t sn_long_reply_memory(const struct sn_long_reply *reply)
{
    return reply ? sizeof(*reply) + reply->body.room : 0;
}
