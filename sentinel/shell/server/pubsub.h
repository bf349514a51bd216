/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_PUBSUB_H
#define SN_SHELL_SERVER_PUBSUB_H

/* Subscriptions to channels and patterns (PROTOCOL.md §5.6). Publishing costs one look-up, one
 * match per distinct pattern, and one copy per subscriber. */

#include "base/buf.h"
#include "base/hashtable.h"
#include "wire/resp.h"

struct sn_client;

/* Caps per connection. */
#define SN_SUBSCRIPTIONS_MAX       4096
#define SN_SUBSCRIPTIONS_BYTES_MAX (1U << 20)
#define SN_PATTERNS_BYTES_MAX      (64U << 10) /* every event is matched with all patterns */

enum sn_topic_kind { SN_TOPIC_NONE = 0, SN_TOPIC_CHANNEL, SN_TOPIC_PATTERN };

struct sn_topic; /* a channel or pattern with subscribers */
struct sn_subscription;

struct sn_pubsub {
    struct sn_topic *channels; /* by name */
    struct sn_topic *patterns;
    size_t subscribers; /* connections with at least one subscription */
};

/* The subscriptions of one connection. */
struct sn_subscriptions {
    struct sn_subscription *channels; /* by name, in the order of subscribing */
    struct sn_subscription *patterns;
    size_t count;         /* of channels and patterns */
    size_t bytes;         /* of all names */
    size_t pattern_bytes; /* of pattern names */
};

void sn_pubsub_init(struct sn_pubsub *pubsub);
/* Precondition: no subscriptions are left. */
void sn_pubsub_fini(struct sn_pubsub *pubsub);
/* Returns the number of channels or patterns with subscribers. */
size_t sn_pubsub_topics(const struct sn_pubsub *pubsub, enum sn_topic_kind kind);

/* Returns the number of channels or patterns that the connection is subscribed to. */
size_t sn_subscriptions_count(const struct sn_subscriptions *subscriptions,
                              enum sn_topic_kind kind);
size_t sn_subscriptions_total(const struct sn_subscriptions *subscriptions);

/* Subscribes client; no effect if it is subscribed already. SN_EFULL: a cap is reached. */
SN_MUST_CHECK int sn_pubsub_subscribe(struct sn_pubsub *pubsub, struct sn_client *client,
                                      enum sn_topic_kind kind, const char *name, size_t len);
/* Unsubscribes client; no effect if it is not subscribed. */
void sn_pubsub_unsubscribe(struct sn_pubsub *pubsub, struct sn_client *client,
                           enum sn_topic_kind kind, const char *name, size_t len);
/* Removes the oldest subscription of this kind, and calls done with its name before freeing it.
 * False if there is none. */
bool sn_pubsub_unsubscribe_first(struct sn_pubsub *pubsub, struct sn_client *client,
                                 enum sn_topic_kind kind,
                                 void (*done)(void *arg, const char *name, size_t len), void *arg);
void sn_pubsub_unsubscribe_all(struct sn_pubsub *pubsub, struct sn_client *client);

/* Appends message to the outputs of all subscribers, channels first (PROTOCOL.md §5.6). */
void sn_pubsub_publish(struct sn_pubsub *pubsub, const char *channel, size_t channel_len,
                       const char *message, size_t message_len);

#endif
