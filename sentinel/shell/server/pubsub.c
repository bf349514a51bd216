/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/pubsub.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "shell/server/client.h"
#include "shell/server/clients.h"
#include "shell/server/limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* One subscription: a client's place in the list of the topic, and the topic's place in the table
 * of the client. */
struct sn_subscription {
    struct sn_client *client;
    struct sn_topic *topic;
    struct sn_subscription *prev, *next; /* of the topic */
    UT_hash_handle hh;                   /* of the client; keyed by the topic's name */
};

struct sn_topic {
    char *name;
    size_t len;
    struct sn_subscription *subscribers;
    UT_hash_handle hh;
};

void sn_pubsub_init(struct sn_pubsub *pubsub)
{
    memset(pubsub, 0, sizeof(*pubsub));
}

void sn_pubsub_fini(struct sn_pubsub *pubsub)
{
    assert(!pubsub->channels && !pubsub->patterns && pubsub->subscribers == 0);
    (void)pubsub;
}

static struct sn_topic **topics(struct sn_pubsub *pubsub, enum sn_topic_kind kind)
{
    return kind == SN_TOPIC_PATTERN ? &pubsub->patterns : &pubsub->channels;
}

static struct sn_subscription **table(struct sn_subscriptions *subscriptions,
                                      enum sn_topic_kind kind)
{
    return kind == SN_TOPIC_PATTERN ? &subscriptions->patterns : &subscriptions->channels;
}

size_t sn_pubsub_topics(const struct sn_pubsub *pubsub, enum sn_topic_kind kind)
{
    const struct sn_topic *all = kind == SN_TOPIC_PATTERN ? pubsub->patterns : pubsub->channels;

    return HASH_COUNT(all);
}

size_t sn_subscriptions_count(const struct sn_subscriptions *subscriptions, enum sn_topic_kind kind)
{
    const struct sn_subscription *all =
        kind == SN_TOPIC_PATTERN ? subscriptions->patterns : subscriptions->channels;

    return HASH_COUNT(all);
}

size_t sn_subscriptions_total(const struct sn_subscriptions *subscriptions)
{
    return (size_t)HASH_COUNT(subscriptions->channels) + HASH_COUNT(subscriptions->patterns);
}

static struct sn_subscription *find_channel(struct sn_client *client, enum sn_topic_kind kind,
                                            const char *name, size_t len)
{
    struct sn_subscription *found = NULL;

    HASH_FIND(hh, *table(&client->subscriptions, kind), name, len, found);
    return found;
}

static struct sn_topic *topic_get(struct sn_pubsub *pubsub, enum sn_topic_kind kind,
                                  const char *name, size_t len)
{
    struct sn_topic **all = topics(pubsub, kind);
    struct sn_topic *topic = NULL;

    HASH_FIND(hh, *all, name, len, topic);
    if (topic)
        return topic;
    topic = sn_alloc(sizeof(*topic));
    topic->name = sn_strndup(name, len);
    topic->len = len;
    HASH_ADD_KEYPTR(hh, *all, topic->name, topic->len, topic);
    return topic;
}

int sn_pubsub_subscribe(struct sn_pubsub *pubsub, struct sn_client *client, enum sn_topic_kind kind,
                        const char *name, size_t len)
{
    struct sn_subscriptions *own = &client->subscriptions;

    if (find_channel(client, kind, name, len))
        return 0;
    if (sn_subscriptions_total(own) >= SN_SUBSCRIPTIONS_MAX ||
        len > SN_SUBSCRIPTIONS_BYTES_MAX - own->bytes ||
        (kind == SN_TOPIC_PATTERN && len > SN_PATTERNS_BYTES_MAX - own->pattern_bytes))
        return SN_EFULL;
    if (sn_subscriptions_total(own) == 0)
        pubsub->subscribers++;
    struct sn_subscription *subscription = sn_alloc(sizeof(*subscription));
    subscription->client = client;
    subscription->topic = topic_get(pubsub, kind, name, len);
    DL_APPEND(subscription->topic->subscribers, subscription);
    own->count++;
    own->bytes += len;
    own->pattern_bytes += kind == SN_TOPIC_PATTERN ? len : 0;
    HASH_ADD_KEYPTR(hh, *table(own, kind), subscription->topic->name, len, subscription);
    return 0;
}

static void drop_subscription(struct sn_pubsub *pubsub, struct sn_subscription *subscription,
                              enum sn_topic_kind kind)
{
    struct sn_topic *topic = subscription->topic;
    struct sn_subscriptions *own = &subscription->client->subscriptions;

    HASH_DEL(*table(own, kind), subscription);
    own->count--;
    own->bytes -= topic->len;
    own->pattern_bytes -= kind == SN_TOPIC_PATTERN ? topic->len : 0;
    if (sn_subscriptions_total(own) == 0)
        pubsub->subscribers--;
    DL_DELETE(topic->subscribers, subscription);
    free(subscription);
    if (!topic->subscribers) {
        HASH_DEL(*topics(pubsub, kind), topic);
        free(topic->name);
        free(topic);
    }
}

void sn_pubsub_unsubscribe(struct sn_pubsub *pubsub, struct sn_client *client,
                           enum sn_topic_kind kind, const char *name, size_t len)
{
    struct sn_subscription *subscription = find_channel(client, kind, name, len);

    if (subscription)
        drop_subscription(pubsub, subscription, kind);
}

bool sn_pubsub_unsubscribe_first(struct sn_pubsub *pubsub, struct sn_client *client,
                                 enum sn_topic_kind kind,
                                 void (*done)(void *arg, const char *name, size_t len), void *arg)
{
    struct sn_subscription *first = *table(&client->subscriptions, kind);

    if (!first)
        return false;
    char *name = sn_strndup(first->topic->name, first->topic->len);
    size_t len = first->topic->len;
    drop_subscription(pubsub, first, kind);
    done(arg, name, len);
    free(name);
    return true;
}

void sn_pubsub_unsubscribe_all(struct sn_pubsub *pubsub, struct sn_client *client)
{
    while (client->subscriptions.channels)
        drop_subscription(pubsub, client->subscriptions.channels, SN_TOPIC_CHANNEL);
    while (client->subscriptions.patterns)
        drop_subscription(pubsub, client->subscriptions.patterns, SN_TOPIC_PATTERN);
}

/* A message as sent to all subscribers of a topic, per protocol version; rendered for the first of
 * them. */
struct frame {
    const struct sn_topic *pattern; /* NULL: for subscribers of the channel */
    const char *channel;
    size_t channel_len;
    const char *message;
    size_t message_len;
    struct sn_buf bytes[2];
};

/* PROTOCOL.md §5.6. */
static const struct sn_buf *frame_get(struct frame *frame, enum sn_resp_version version)
{
    struct sn_buf *bytes = &frame->bytes[version == SN_RESP3];
    struct sn_resp resp = {.out = bytes, .version = version};

    if (bytes->len > 0)
        return bytes;
    sn_resp_push(&resp, frame->pattern ? 4 : 3);
    sn_resp_text(&resp, frame->pattern ? "pmessage" : "message");
    if (frame->pattern)
        sn_resp_bulk(&resp, frame->pattern->name, frame->pattern->len);
    sn_resp_bulk(&resp, frame->channel, frame->channel_len);
    sn_resp_bulk(&resp, frame->message, frame->message_len);
    return bytes;
}

static void deliver_message(const struct sn_topic *topic, struct frame *frame)
{
    struct sn_subscription *subscription;

    sn_buf_init(&frame->bytes[0], SIZE_MAX / 2);
    sn_buf_init(&frame->bytes[1], SIZE_MAX / 2);
    DL_FOREACH(topic->subscribers, subscription) {
        struct sn_client *client = subscription->client;
        const struct sn_buf *bytes = frame_get(frame, client->version);
        if (sn_client_is_gone(client))
            continue;
        sn_buf_append(&client->stream.out, bytes->data, bytes->len);
        sn_limits_check(client);
        sn_client_touch(client);
    }
    sn_buf_fini(&frame->bytes[0]);
    sn_buf_fini(&frame->bytes[1]);
}

void sn_pubsub_publish(struct sn_pubsub *pubsub, const char *channel, size_t channel_len,
                       const char *message, size_t message_len)
{
    struct frame frame = {.channel = channel,
                          .channel_len = channel_len,
                          .message = message,
                          .message_len = message_len};
    struct sn_topic *topic = NULL, *tmp;

    HASH_FIND(hh, pubsub->channels, channel, channel_len, topic);
    if (topic)
        deliver_message(topic, &frame);
    HASH_ITER(hh, pubsub->patterns, topic, tmp) {
        if (!sn_text_glob(topic->name, topic->len, channel, channel_len, false))
            continue;
        frame.pattern = topic;
        deliver_message(topic, &frame);
    }
}
