/* SPDX-License-Identifier: BSD-3-Clause */

/* Which groups a thing that was seen is about. What sentinels say names its group; orders and their
 * answers carry the number of an instance, and which group that is of is all that the core itself
 * is asked; the rest belongs to the one group whose sentinel has the server's address on its disk,
 * or lists it. */

#include "check.h"

#include "cluster_internal.h"

#include "core/facts/instance.h"
#include "core/facts/link.h"
#include "core/facts/members.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE_MS 1000 /* elections that near to each other disturb each other */

static struct checks *by_name(struct check_groups *all, const char *name, size_t len)
{
    for (unsigned i = 0; i < all->count; i++) {
        if (strlen(all->groups[i].group) == len && strncmp(all->groups[i].group, name, len) == 0)
            return &all->groups[i];
    }
    return NULL;
}

/* "master NAME …", "slave … @ NAME …", "NAME …" of +switch-master; NULL if it names none. */
static struct checks *of_payload(struct check_groups *all, const char *payload)
{
    const char *at = strstr(payload, " @ ");
    const char *word = at != NULL ? at + 3 : payload;
    struct checks *checks = by_name(all, word, strcspn(word, " "));
    if (checks != NULL || at != NULL)
        return checks;
    word += strcspn(word, " ");
    word += strspn(word, " ");
    return by_name(all, word, strcspn(word, " "));
}

static bool has_port(const struct sn_group_image *group, uint16_t port)
{
    bool has = group->addr.port == port;
    for (size_t i = 0; i < group->replica_count; i++)
        has |= group->replicas[i].port == port;
    return has;
}

struct look {
    uint16_t port;
    bool found;
};

static void look_at(void *arg, const char *name, const char *value)
{
    struct look *look = arg;
    look->found |= strcmp(name, "port") == 0 && strtoul(value, NULL, 10) == look->port;
}

/* As SENTINEL REPLICAS shows it. */
static bool lists_port(const struct check_groups *all, const struct sentinel *sentinel,
                       const struct checks *checks, uint16_t port)
{
    struct look look = {.port = port};
    const struct sn_core *core = sentinel->core;
    const struct sn_group *group =
        core == NULL ? NULL : sn_core_group_find(core, checks->group, strlen(checks->group));
    const struct sn_instance *replica = group == NULL ? NULL : sn_group_replica_first(group);
    for (; replica != NULL; replica = sn_instance_next(replica))
        sn_instance_describe(core, replica, all->cluster->now, look_at, &look);
    return look.found;
}

bool check_groups_know(const struct check_groups *all, const struct sentinel *sentinel,
                       uint16_t port)
{
    bool known = false;
    for (unsigned i = 0; i < all->count; i++)
        known |= cluster_master_port(sentinel, all->groups[i].group) == port ||
                 lists_port(all, sentinel, &all->groups[i], port);
    return known;
}

/* What a slow disk does not have yet. */
static struct checks *of_new_port(struct check_groups *all, const struct sentinel *sentinel,
                                  uint16_t port)
{
    struct checks *found = NULL;
    for (unsigned i = 0; i < all->count; i++) {
        if (!lists_port(all, sentinel, &all->groups[i], port))
            continue;
        if (found != NULL)
            return NULL;
        found = &all->groups[i];
    }
    return found;
}

/* NULL if several groups claim it: then nobody knows for which of them that was. */
static struct checks *of_port(struct check_groups *all, const struct sentinel *sentinel,
                              uint16_t port)
{
    struct checks *found = NULL;
    if (all->count == 1)
        return &all->groups[0];
    for (size_t i = 0; i < sentinel->durable.group_count; i++) {
        const struct sn_group_image *group = &sentinel->durable.groups[i];
        if (!has_port(group, port))
            continue;
        if (found != NULL)
            return NULL;
        found = by_name(all, group->name, strlen(group->name));
    }
    return found != NULL ? found : of_new_port(all, sentinel, port);
}

struct checks *check_groups_at(struct check_groups *all, const struct sentinel *sentinel,
                               uint16_t port)
{
    return of_port(all, sentinel, port);
}

/* ---- what sentinels do --------------------------------------------------------------------------
 */

static void note_try(struct check_groups *all, const struct checks *checks)
{
    unsigned group = (unsigned)(checks - all->groups);
    sn_ms now = all->cluster->now;
    for (unsigned i = 0; i < all->count; i++) {
        if (i != group && all->tried_at[i] != 0 && now - all->tried_at[i] < AT_ONCE_MS)
            cluster_say(all->cluster, NULL, "elections of two groups at once");
    }
    all->tried_at[group] = now;
}

/* A vote names no group. */
static struct checks *of_group(struct check_groups *all, const struct sentinel *from, uint64_t id)
{
    const struct sn_group *group = from->core == NULL ? NULL : sn_group_by_id(from->core, id);
    return group == NULL ? NULL : by_name(all, group->name, strlen(group->name));
}

static void on_event(void *arg, struct sentinel *from, const struct sn_action_notice *event)
{
    struct check_groups *all = arg;
    struct checks *checks = of_payload(all, event->payload);
    bool vote = strcmp(event->name, "+vote-for-leader") == 0;
    if (vote)
        checks = of_group(all, from, event->group);
    if (strcmp(event->name, "+try-failover") == 0 && checks != NULL)
        note_try(all, checks);
    check_silence_event(all, checks, from, event);
    for (unsigned i = 0; i < all->count; i++) {
        if (vote || checks == NULL || checks == &all->groups[i])
            check_votes_event(&all->groups[i], from, event);
    }
    for (unsigned i = 0; i < all->count; i++) {
        if (checks == NULL || checks == &all->groups[i])
            checks_event(&all->groups[i], from, event);
    }
}

static size_t index_of(const struct check_groups *all, const struct sentinel *sentinel)
{
    size_t index = 0;
    while (all->cluster->sentinels[index] != sentinel)
        index++;
    return index;
}

/* The group of the instance whose number an order and its answer carry. NULL: it is gone. */
static struct checks *of_tag(struct check_groups *all, const struct sentinel *sentinel,
                             uint64_t tag)
{
    const struct sn_instance *instance =
        sentinel->core == NULL ? NULL : sn_instance_find(sentinel->core, tag);
    const char *name = instance == NULL ? "" : sn_group_name(instance->group);
    return by_name(all, name, strlen(name));
}

/* The group whose link to a server that is; NULL if it is none, or gone. */
static struct checks *of_link(struct check_groups *all, const struct sentinel *sentinel,
                              struct sn_link_id id)
{
    const struct sn_link *link = sentinel->core == NULL ? NULL : sn_link_find(sentinel->core, id);
    if (link == NULL || link->kind == SN_LINK_PEER)
        return NULL;
    const char *name = sn_group_name(link->owners->group);
    return by_name(all, name, strlen(name));
}

static void note_ping(struct check_groups *all, const struct sentinel *from, const struct node *to,
                      struct sn_link_id link)
{
    struct checks *checks = of_link(all, from, link);
    if (checks != NULL)
        check_silence_ping(all, checks, from, to, link);
}

static void on_send(void *arg, struct sentinel *from, struct node *to, uint16_t port,
                    const struct sn_action_send *send)
{
    struct check_groups *all = arg;
    bool order = send->order != SN_ORDER_PUBLISH && send->order != SN_ORDER_ASK &&
                 send->order != SN_ORDER_PING && send->order != SN_ORDER_INFO;
    struct checks *checks = order && to != NULL ? of_tag(all, from, send->tag) : &all->groups[0];
    if (order && checks == NULL) /* the instance went with the step that gave the order */
        checks = of_port(all, from, port);
    if (send->order == SN_ORDER_PUBLISH)
        check_heard_hello(all, from, send->message);
    if (send->order == SN_ORDER_PING && to != NULL)
        note_ping(all, from, to, send->link);
    if (order && to != NULL)
        all->ordered[index_of(all, from)][to->index % CHECK_NODES] = checks;
    if (checks != NULL)
        checks_send(checks, from, to, port, send);
}

/* An answer to PING. Several groups may have a link to a server, and several ids, of which at most
 * one is not forged, to a sentinel. */
static void on_pong(struct check_groups *all, struct sentinel *to, struct node *server,
                    uint16_t port, struct sn_link_id id, const struct sn_reply *reply)
{
    const struct sn_link *link = sn_link_find(to->core, id);
    if (link == NULL)
        return;
    if (link->kind == SN_LINK_PEER) {
        if (server->sentinel == NULL || sn_runid_equal(&link->peer->runid, &server->sentinel->id))
            check_silence_reply(all, NULL, to, server, port, reply);
        return;
    }
    struct checks *checks = of_link(all, to, id);
    if (checks != NULL)
        check_silence_reply(all, checks, to, server, port, reply);
}

static void on_reply(void *arg, struct sentinel *to, struct node *server, uint16_t port,
                     struct sn_link_id link, enum sn_order order, uint64_t tag,
                     const struct sn_reply *reply)
{
    struct check_groups *all = arg;
    if (order == SN_ORDER_PING && server != NULL)
        on_pong(all, to, server, port, link, reply);
    struct checks *checks = of_tag(all, to, tag);
    all->replied = checks;
    if (order == SN_ORDER_FOLLOW && checks != NULL)
        check_reconf_reply(checks, to, port, order, reply);
    if (order == SN_ORDER_ASK && checks != NULL && server != NULL &&
        reply->type == SN_REPLY_ARRAY && reply->count == 3)
        check_quorum_heard(checks, to, server, reply->items[0].integer == 1);
}

static void on_answer(void *arg, struct sentinel *from, struct node *asker, const char *group,
                      uint16_t port, const struct sn_action_answer *answer)
{
    struct check_groups *all = arg;
    for (unsigned i = 0; i < all->count; i++) {
        struct checks *checks = &all->groups[i];
        /* Who asks takes the answer for that of his own group at the address. */
        bool his = asker != NULL && (strcmp(group, checks->group) == 0 ||
                                     (asker->sentinel != NULL &&
                                      cluster_master_port(asker->sentinel, checks->group) == port));
        if (answer->kind == SN_ANSWER_VOTE && his)
            check_quorum_answer(checks, &from->node, asker, answer->number == 1, answer->text,
                                answer->epoch);
        if (asker == NULL)
            check_config_answer(checks, from, answer);
    }
    check_tilt_answer(&all->groups[0], from, answer);
}

/* ---- what happens to them -----------------------------------------------------------------------
 */

static void on_saved(void *arg, struct sentinel *sentinel, const struct sn_image *image)
{
    struct check_groups *all = arg;
    for (unsigned i = 0; i < all->count; i++) {
        check_config_saved(&all->groups[i], sentinel, image);
        check_hearsay_saved(&all->groups[i], sentinel, image);
    }
    check_heard_saved(&all->groups[0], sentinel, image);
    check_deployed_saved(all, sentinel, image);
    check_disk_saved(&all->groups[0], sentinel, image);
}

static void on_crashed(void *arg, struct sentinel *sentinel)
{
    struct check_groups *all = arg;
    for (unsigned i = 0; i < all->count; i++)
        checks_crashed(&all->groups[i], sentinel);
    check_silence_crashed(all, sentinel);
}

static void on_rebooting(void *arg, struct sentinel *sentinel)
{
    struct check_groups *all = arg;
    check_disk_reread(&all->groups[0], sentinel);
}

static void on_booted(void *arg, struct sentinel *sentinel)
{
    struct check_groups *all = arg;
    for (unsigned i = 0; i < all->count; i++)
        check_heard_ask(&all->groups[i], sentinel);
    for (unsigned i = 0; i < all->count; i++)
        check_memory_booted(&all->groups[i], sentinel);
    for (unsigned i = 0; i < all->count; i++)
        check_quorum_booted(&all->groups[i], sentinel);
    for (unsigned i = 0; i < all->count; i++)
        check_deployed_booted(&all->groups[i], sentinel);
}

static void on_snapshot(void *arg, struct sentinel *sentinel, const struct sn_image *image)
{
    struct check_groups *all = arg;
    for (unsigned i = 0; i < all->count; i++)
        check_memory_snapshot(&all->groups[i], sentinel, image);
}

static void on_info(void *arg, struct sentinel *to, struct node *server, uint16_t port,
                    const struct sn_info *info)
{
    const struct check_groups *all = arg;
    struct checks *checks = server == NULL ? NULL : all->replied; /* by the same answer */
    if (checks != NULL)
        check_silence_info(checks, to, server, info);
    if (checks != NULL)
        check_choice_info(checks, to, server, port, info);
    if (checks != NULL)
        check_reconf_info(checks, to, port, info);
    if (checks != NULL)
        check_restore_info(checks, to, port, info);
    if (checks != NULL)
        check_lost_info(checks, to, port, info);
    if (checks != NULL)
        check_forget_info(checks, to, port, info);
    if (checks != NULL)
        check_testimony_info(checks, to, port, info);
}

static void on_heard(void *arg, struct sentinel *to, const char *message)
{
    check_deployed_heard(arg, to, message);
}

static void on_hello(void *arg, struct sentinel *to, struct node *server, uint16_t port,
                     const struct sn_hello *hello)
{
    struct checks *checks = server == NULL ? NULL : of_port(arg, to, port);
    if (checks != NULL)
        check_choice_hello(checks, to, server, hello);
    if (checks != NULL)
        check_reconf_hello(checks, to, port, hello);
}

static void on_obeyed(void *arg, struct model_redis *redis, struct node *by, enum sn_order order)
{
    const struct check_groups *all = arg;
    struct checks *checks =
        by->sentinel == NULL
            ? NULL
            : all->ordered[index_of(all, by->sentinel)][redis->node.index % CHECK_NODES];
    if (checks != NULL)
        check_loss_obeyed(checks, redis, by, order);
    if (checks != NULL)
        check_fate_obeyed(checks, redis, by->sentinel, order);
}

static bool on_excuses(void *arg, const char *violation)
{
    char name[64];
    uint64_t epoch;
    bool leads = sscanf(violation, "leads %63s in %" SCNu64 " with", name, &epoch) == 2;
    if (!leads && sscanf(violation, "leader of %63s %" SCNu64, name, &epoch) != 2 &&
        sscanf(violation, "address of %63s %" SCNu64, name, &epoch) != 2)
        return false;
    struct checks *checks = by_name(arg, name, strlen(name));
    return checks != NULL && checks_excuse(checks, epoch, !leads);
}

void check_groups_init(struct check_groups *all, struct cluster *cluster, const struct plan *plan,
                       const char *const *names, unsigned count)
{
    memset(all, 0, sizeof(*all));
    all->cluster = cluster;
    all->count = count;
    all->watch = (struct cluster_watch){
        .arg = all,
        .send = on_send,
        .event = on_event,
        .answer = on_answer,
        .reply = on_reply,
        .saved = on_saved,
        .rebooting = on_rebooting,
        .snapshot = on_snapshot,
        .booted = on_booted,
        .crashed = on_crashed,
        .info = on_info,
        .heard = on_heard,
        .hello = on_hello,
        .obeyed = on_obeyed,
        .excuses = on_excuses,
    };
    cluster->watch = &all->watch;
    for (unsigned i = 0; i < count; i++) {
        unsigned voters = i == 0 ? plan->stocks : 0;
        for (size_t k = 0; k < cluster->sentinel_count; k++)
            voters += cluster_watches(cluster->sentinels[k], names[i]);
        const struct sn_group_image *image = sn_image_find_group(&cluster->config, names[i]);
        checks_init(&all->groups[i], cluster, plan, names[i], voters);
        all->groups[i].all = all;
        check_heard_init(&all->groups[i], image);
        check_config_init(&all->groups[i], image->params.quorum);
    }
}
