/* SPDX-License-Identifier: BSD-3-Clause */
/* SUBSCRIBE and its family, and PUBLISH, which accepts hellos (PROTOCOL.md §5.6, §5.7). */

#include "shell/server/call.h"
#include "shell/server/client.h"
#include "shell/server/cmd.h"
#include "shell/server/parts.h"
#include "shell/server/pubsub.h"
#include "wire/hello.h"
#include "wire/hint.h"

#include <string.h>

/* Confirmations are pushes: they go out even to a client that switched its replies off (PROTOCOL.md
 * §5.6). */
static void confirm(struct sn_client *client, const char *word, const char *name, size_t len)
{
    struct sn_resp resp = {.out = &client->stream.out, .version = client->version};

    sn_resp_push(&resp, 3);
    sn_resp_text(&resp, word);
    if (name)
        sn_resp_bulk(&resp, name, len);
    else
        sn_resp_null(&resp);
    sn_resp_integer(&resp, (int64_t)sn_subscriptions_total(&client->subscriptions));
}

static void subscribe(struct sn_call *call, enum sn_topic_kind kind, const char *word)
{
    struct sn_client *client = call->client;

    for (size_t i = 1; i < call->argc; i++) {
        if (sn_pubsub_subscribe(sn_server_pubsub(call->server), client, kind, call->argv[i],
                                call->lens[i]) != 0) {
            sn_resp_error(call->resp, "too many subscriptions on this connection");
            return;
        }
        confirm(client, word, call->argv[i], call->lens[i]);
    }
}

struct unsubscribed {
    struct sn_client *client;
    const char *word;
};

static void on_unsubscribed(void *arg, const char *name, size_t len)
{
    const struct unsubscribed *unsubscribed = arg;

    confirm(unsubscribed->client, unsubscribed->word, name, len);
}

/* PROTOCOL.md §5.6. */
static void unsubscribe(struct sn_call *call, enum sn_topic_kind kind, const char *word)
{
    struct sn_pubsub *pubsub = sn_server_pubsub(call->server);
    struct unsubscribed unsubscribed = {call->client, word};

    for (size_t i = 1; i < call->argc; i++) {
        sn_pubsub_unsubscribe(pubsub, call->client, kind, call->argv[i], call->lens[i]);
        confirm(call->client, word, call->argv[i], call->lens[i]);
    }
    if (call->argc > 1)
        return;
    if (sn_subscriptions_count(&call->client->subscriptions, kind) == 0)
        confirm(call->client, word, NULL, 0);
    while (sn_pubsub_unsubscribe_first(pubsub, call->client, kind, on_unsubscribed, &unsubscribed))
        ;
}

void sn_cmd_subscribe(struct sn_call *call)
{
    subscribe(call, SN_TOPIC_CHANNEL, "subscribe");
}

void sn_cmd_psubscribe(struct sn_call *call)
{
    subscribe(call, SN_TOPIC_PATTERN, "psubscribe");
}

void sn_cmd_unsubscribe(struct sn_call *call)
{
    unsubscribe(call, SN_TOPIC_CHANNEL, "unsubscribe");
}

void sn_cmd_punsubscribe(struct sn_call *call)
{
    unsubscribe(call, SN_TOPIC_PATTERN, "punsubscribe");
}

/* PUBLISH takes hellos, and hints of peers (DESIGN.md D28), answers 1, and delivers them to no
 * subscriber (PROTOCOL.md §5.7). */
void sn_cmd_publish(struct sn_call *call)
{
    struct sn_input event = {.kind = SN_INPUT_HINT};

    if (!sn_call_is_text(call, 1) || strcmp(call->argv[1], SN_HELLO_CHANNEL) != 0) {
        sn_resp_error(call->resp, "Only HELLO messages are accepted by Sentinel instances.");
        return;
    }
    sn_resp_integer(call->resp, 1);
    if (!sn_hint_parse(call->argv[2], call->lens[2], &event.u.hint)) {
        event = (struct sn_input){.kind = SN_INPUT_HELLO};
        /* The core reports an error in the hello. */
        (void)sn_hello_parse(call->argv[2], call->lens[2], &event.u.hello.hello);
    }
    sn_driver_feed(sn_server_driver(call->server), &event);
}
