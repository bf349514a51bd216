/* SPDX-License-Identifier: BSD-3-Clause */

/* Safety, checked on everything that leaves a core and everything that reaches a disk. What has
 * been seen is kept as facts, one text each, across crashes: "vote s1 mymaster 5" -> whom. */

#include "cluster_internal.h"

#include "base/text.h"
#include "core/facts/members.h"
#include "wire/hello.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define KEY_MAX   (SN_NAME_MAX + 64)
#define VALUE_MAX 128

struct fact {
    char key[KEY_MAX + 1];
    char text[VALUE_MAX + 1];
    uint64_t number;
    UT_hash_handle hh;
};

SN_PRINTF(2, 3)
static void violated(struct sentinel *sentinel, const char *format, ...)
{
    struct cluster *cluster = sentinel->node.cluster;
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (cluster->watch != NULL && cluster->watch->excuses != NULL &&
        cluster->watch->excuses(cluster->watch->arg, text)) {
        cluster_say(cluster, &sentinel->node, "? %s", text);
        return;
    }
    cluster->violations++;
    cluster_say(cluster, &sentinel->node, "! %s", text);
}

static struct fact *find_fact(struct cluster *cluster, const char *key)
{
    struct fact *fact;
    HASH_FIND_STR(cluster->facts, key, fact);
    return fact;
}

static struct fact *need_fact(struct cluster *cluster, const char *key)
{
    struct fact *fact = find_fact(cluster, key);
    if (fact != NULL)
        return fact;
    fact = sn_alloc(sizeof(*fact));
    (void)sn_text_copy(fact->key, sizeof(fact->key), key);
    HASH_ADD_STR(cluster->facts, key, fact);
    return fact;
}

void check_free(struct cluster *cluster)
{
    struct fact *fact, *next;
    HASH_ITER(hh, cluster->facts, fact, next) {
        HASH_DELETE(hh, cluster->facts, fact);
        free(fact);
    }
}

/* key means value, and has never meant anything else. */
static void check_same(struct sentinel *sentinel, const char *key, const char *value)
{
    struct fact *fact = need_fact(sentinel->node.cluster, key);
    if (fact->text[0] == '\0')
        (void)sn_text_copy(fact->text, sizeof(fact->text), value);
    else if (strcmp(fact->text, value) != 0)
        violated(sentinel, "%s: was %s, is %s now", key, fact->text, value);
}

/* The number called key never shrinks. */
static void check_grows(struct sentinel *sentinel, const char *key, uint64_t number)
{
    struct fact *fact = need_fact(sentinel->node.cluster, key);
    if (number < fact->number)
        violated(sentinel, "%s: went back from %" PRIu64 " to %" PRIu64, key, fact->number, number);
    fact->number = number;
}

void check_forget_group(struct sentinel *sentinel, const char *group)
{
    char key[KEY_MAX + 1];
    (void)snprintf(key, sizeof(key), "config epoch of %s %s", sentinel->node.name, group);
    need_fact(sentinel->node.cluster, key)->number = 0;
    (void)snprintf(key, sizeof(key), "forgotten %s %s", sentinel->node.name, group);
    need_fact(sentinel->node.cluster, key)->number++;
}

/* One REMOVE excuses one group that begins anew. */
static bool excuse_forgotten(struct sentinel *sentinel, const char *group)
{
    char key[KEY_MAX + 1];
    (void)snprintf(key, sizeof(key), "forgotten %s %s", sentinel->node.name, group);
    struct fact *fact = find_fact(sentinel->node.cluster, key);
    if (fact == NULL || fact->number == 0)
        return false;
    fact->number--;
    return true;
}

/* ---- what is durable --------------------------------------------------------------------------
 */

/* The current epoch with which a restart would begin. */
static uint64_t durable_epoch(const struct sentinel *sentinel)
{
    const struct sn_image *image = &sentinel->durable;
    uint64_t epoch = image->current_epoch;
    for (size_t i = 0; i < image->group_count; i++) {
        if (image->groups[i].config_epoch > epoch)
            epoch = image->groups[i].config_epoch;
        if (image->groups[i].leader_epoch > epoch)
            epoch = image->groups[i].leader_epoch;
    }
    return epoch;
}

static uint64_t durable_vote_epoch(const struct sentinel *sentinel, const char *group)
{
    const struct sn_group_image *image = sn_image_find_group(&sentinel->durable, group);
    /* A group that is monitored anew takes no part in epochs that have been seen. */
    return image == NULL ? sentinel->durable.current_epoch : image->leader_epoch;
}

static uint64_t durable_config_epoch(const struct sentinel *sentinel, const char *group)
{
    const struct sn_group_image *image = sn_image_find_group(&sentinel->durable, group);
    return image == NULL ? 0 : image->config_epoch;
}

/* The highest epoch in which it has told anybody its vote. */
static struct fact *vote_told(const struct sentinel *sentinel, const char *group)
{
    char key[KEY_MAX + 1];
    (void)snprintf(key, sizeof(key), "vote told by %s for %s", sentinel->node.name, group);
    return need_fact(sentinel->node.cluster, key);
}

/* A vote for itself that nobody has heard of may go to another candidate of an earlier epoch. */
static bool is_withdrawn(const struct sentinel *sentinel, const struct sn_group_image *before,
                         const struct sn_group_image *now)
{
    return strcmp(before->leader.hex, sentinel->id.hex) == 0 &&
           vote_told(sentinel, now->name)->number < now->leader_epoch;
}

void check_durable(struct sentinel *sentinel, const struct sn_image *image)
{
    const struct sn_image *old = &sentinel->durable;
    if (image->current_epoch < old->current_epoch)
        violated(sentinel, "saves current epoch %" PRIu64 " over %" PRIu64, image->current_epoch,
                 old->current_epoch);
    for (size_t i = 0; i < old->group_count; i++) {
        if (shadow_find_group(image, i, old->groups[i].name) == NULL &&
            !excuse_forgotten(sentinel, old->groups[i].name))
            violated(sentinel, "saves no %s any more", old->groups[i].name);
    }
    for (size_t i = 0; i < image->group_count; i++) {
        const struct sn_group_image *group = &image->groups[i];
        const struct sn_group_image *before = shadow_find_group(old, i, group->name);
        if (before == NULL)
            continue;
        bool lower = group->config_epoch < before->config_epoch ||
                     group->leader_epoch < before->leader_epoch;
        if (!lower || excuse_forgotten(sentinel, group->name))
            continue;
        if (group->config_epoch < before->config_epoch)
            violated(sentinel, "saves config epoch %" PRIu64 " of %s over %" PRIu64,
                     group->config_epoch, group->name, before->config_epoch);
        if (group->leader_epoch < before->leader_epoch && !is_withdrawn(sentinel, before, group))
            violated(sentinel, "saves vote epoch %" PRIu64 " of %s over %" PRIu64,
                     group->leader_epoch, group->name, before->leader_epoch);
    }
}

/* ---- what is sent -----------------------------------------------------------------------------
 */

const char *sentinel_group_at(const struct sentinel *sentinel, const char *host, uint16_t port)
{
    const struct sn_group *group = sn_core_group_first(sentinel->core);
    for (; group != NULL; group = sn_group_next(group)) {
        const char *master_host;
        uint16_t master_port;
        sn_group_address(sentinel->core, group, &master_host, &master_port);
        /* One may speak of the name, and the other of the address. */
        if (master_port == port &&
            (sentinel->node.cluster->names || strcmp(master_host, host) == 0))
            return sn_group_name(group);
    }
    return "";
}

/* The other name of the group; the same one if it has none. */
static const char *other_name(const struct cluster *cluster, const char *group)
{
    for (size_t i = 0; i < 2; i++) {
        if (cluster->also[i] != NULL && strcmp(cluster->also[i], group) == 0)
            return cluster->also[1 - i];
    }
    return group;
}

/* An address says no more than that it is about one of the names: the one whose vote that is. */
static const char *whose_vote(const struct sentinel *sentinel, const char *group, uint64_t epoch,
                              const char *whom)
{
    const char *names[2] = {group, other_name(sentinel->node.cluster, group)};
    for (size_t i = 0; i < 2; i++) {
        const struct sn_group_image *image = sn_image_find_group(&sentinel->durable, names[i]);
        if (image != NULL && image->leader_epoch == epoch && strcmp(image->leader.hex, whom) == 0)
            return names[i];
    }
    return group;
}

static bool has_saved_another(const struct sentinel *sentinel, const char *group, uint64_t epoch,
                              const char *whom)
{
    const struct sn_group_image *image = sn_image_find_group(&sentinel->durable, group);
    return image != NULL && image->leader_epoch == epoch && image->leader.hex[0] != '\0' &&
           strcmp(image->leader.hex, whom) != 0;
}

static void check_vote(struct sentinel *sentinel, const char *group, uint64_t epoch,
                       const char *whom)
{
    char key[KEY_MAX + 1];
    if (group[0] == '\0')
        return;
    group = whose_vote(sentinel, group, epoch, whom);
    (void)snprintf(key, sizeof(key), "vote %s %s %" PRIu64, sentinel->node.name, group, epoch);
    check_same(sentinel, key, cluster_name_of(sentinel->node.cluster, whom));
    if (durable_vote_epoch(sentinel, group) < epoch ||
        has_saved_another(sentinel, group, epoch, whom))
        violated(sentinel, "vote for %s in %" PRIu64 " leaves before it is durable", group, epoch);
    struct fact *told = vote_told(sentinel, group);
    if (told->number < epoch)
        told->number = epoch;
}

static void check_hello(struct sentinel *sentinel, const char *message)
{
    struct sn_hello hello;
    char key[KEY_MAX + 1], addr[VALUE_MAX + 1];
    const char *name = sentinel->node.name;
    struct sn_hint hint;
    if (sn_hint_parse(message, strlen(message), &hint))
        return;
    if (sn_hello_parse(message, strlen(message), &hello) != 0) {
        violated(sentinel, "sends an unreadable hello: %s", message);
        return;
    }
    /* Cheap questions first: these are most of what is sent. */
    if (hello.current_epoch > sentinel->durable.current_epoch &&
        hello.current_epoch > durable_epoch(sentinel))
        violated(sentinel, "hello with epoch %" PRIu64 " leaves before it is durable",
                 hello.current_epoch);
    if (hello.master_config_epoch > 0 &&
        hello.master_config_epoch > durable_config_epoch(sentinel, hello.master_name))
        violated(sentinel, "hello with config epoch %" PRIu64 " leaves before it is durable",
                 hello.master_config_epoch);
    (void)snprintf(key, sizeof(key), "config epoch of %s %s", name, hello.master_name);
    check_grows(sentinel, key, hello.master_config_epoch);
    (void)snprintf(key, sizeof(key), "current epoch of %s", name);
    check_grows(sentinel, key, hello.current_epoch);
    if (hello.master_config_epoch == 0)
        return;
    (void)snprintf(key, sizeof(key), "address of %s%s %" PRIu64, sentinel->deployment,
                   hello.master_name, hello.master_config_epoch);
    /* A name that is not looked up yet stands for its address. */
    const char *ip = sentinel->node.cluster->names
                         ? cluster_lookup(sentinel->node.cluster, hello.master_ip)
                         : hello.master_ip;
    (void)snprintf(addr, sizeof(addr), "%.64s:%u", ip, hello.master_port);
    check_same(sentinel, key, addr);
}

static void check_ask(struct sentinel *sentinel, const struct sn_action_send *send)
{
    if (send->epoch > durable_epoch(sentinel))
        violated(sentinel, "question with epoch %" PRIu64 " leaves before it is durable",
                 send->epoch);
    if (strcmp(send->runid, "*") != 0)
        check_vote(sentinel, sentinel_group_at(sentinel, send->host, send->port), send->epoch,
                   send->runid);
}

void check_send(struct sentinel *sentinel, const struct sn_action_send *send)
{
    if (send->order == SN_ORDER_PUBLISH)
        check_hello(sentinel, send->message);
    else if (send->order == SN_ORDER_ASK)
        check_ask(sentinel, send);
}

void check_answer(struct sentinel *sentinel, const char *group,
                  const struct sn_action_answer *answer)
{
    if (answer->kind != SN_ANSWER_VOTE || answer->epoch == 0)
        return;
    /* Without a name it tells only below which epoch there will be no vote. A group that has been
     * monitored anew starts at the current epoch, and that floor is not saved with it yet. */
    if (strcmp(answer->text, "*") != 0)
        check_vote(sentinel, group, answer->epoch, answer->text);
    else if (durable_vote_epoch(sentinel, group) < answer->epoch &&
             sentinel->durable.current_epoch < answer->epoch)
        violated(sentinel, "answer with epoch %" PRIu64 " leaves before it is durable",
                 answer->epoch);
}

/* ---- what is announced ------------------------------------------------------------------------
 */

/* The n-th word of text (from 0) into out. */
static void take_word(const char *text, unsigned n, char *out, size_t size)
{
    size_t len;
    for (; n > 0 && *text != '\0'; n--) {
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
    len = strcspn(text, " ");
    (void)snprintf(out, size, "%.*s", (int)len, text);
}

void check_reply(struct sentinel *sentinel, const struct node *from, enum sn_order order,
                 const struct sn_reply *reply)
{
    char key[KEY_MAX + 1];
    if (order != SN_ORDER_ASK || from == NULL || from->guest == NULL ||
        reply->type != SN_REPLY_ARRAY || reply->count != 3 ||
        strcmp(reply->items[1].text, sentinel->id.hex) != 0)
        return;
    (void)snprintf(key, sizeof(key), "vote of guest %s for %s %" PRId64, from->name,
                   sentinel->node.name, reply->items[2].integer);
    need_fact(sentinel->node.cluster, key)->number = 1;
}

/* What guests answer is recorded where it arrives. */
static bool guest_votes_for(const struct node *guest, const struct sentinel *sentinel,
                            uint64_t epoch)
{
    char key[KEY_MAX + 1];
    (void)snprintf(key, sizeof(key), "vote of guest %s for %s %" PRIu64, guest->name,
                   sentinel->node.name, epoch);
    return find_fact(guest->cluster, key) != NULL;
}

static bool votes_in(const struct node *node, const char *group, uint64_t epoch,
                     const struct sentinel *leader)
{
    char key[KEY_MAX + 1];
    (void)snprintf(key, sizeof(key), "vote %s %s %" PRIu64, node->name, group, epoch);
    const struct fact *fact = find_fact(node->cluster, key);
    return fact != NULL && strcmp(fact->text, leader->node.name) == 0;
}

/* A leader has the votes of a majority of those it knows, each given for this very epoch. */
static void check_majority(struct sentinel *sentinel, const char *group, uint64_t epoch)
{
    struct cluster *cluster = sentinel->node.cluster;
    char peers[256];
    size_t votes = 0;
    for (size_t i = 0; i < cluster->node_count; i++) {
        const struct node *node = cluster->nodes[i];
        if (node->guest != NULL) {
            votes += guest_votes_for(node, sentinel, epoch);
            continue;
        }
        votes += node == &sentinel->node || votes_in(node, group, epoch, sentinel) ||
                 votes_in(node, other_name(cluster, group), epoch, sentinel);
    }
    cluster_field(sentinel, group, "num-other-sentinels", peers);
    if (votes < (strtoul(peers, NULL, 10) + 1) / 2 + 1)
        violated(sentinel, "leads %s in %" PRIu64 " with %zu votes", group, epoch, votes);
}

/* An attempt tells its vote for itself before anything else that is checked. */
static void note_attempt(struct sentinel *sentinel, const struct sn_action_notice *event)
{
    char key[KEY_MAX + 1], word[256];
    const struct sn_group *group =
        sentinel->core == NULL ? NULL : sn_group_by_id(sentinel->core, event->group);
    if (group == NULL || strncmp(event->payload, sentinel->id.hex, SN_RUNID_LEN) != 0)
        return;
    (void)snprintf(key, sizeof(key), "attempt of %s %s", sentinel->node.name, sn_group_name(group));
    take_word(event->payload, 1, word, sizeof(word));
    need_fact(sentinel->node.cluster, key)->number = strtoull(word, NULL, 10);
}

static void check_elected(struct sentinel *sentinel, const char *group)
{
    char key[KEY_MAX + 1], flags[256];
    cluster_field(sentinel, group, "flags", flags);
    if (strstr(flags, "force_failover") != NULL)
        return;
    (void)snprintf(key, sizeof(key), "attempt of %s %s", sentinel->node.name, group);
    uint64_t epoch = need_fact(sentinel->node.cluster, key)->number;
    (void)snprintf(key, sizeof(key), "leader of %s%s %" PRIu64, sentinel->deployment, group, epoch);
    check_same(sentinel, key, sentinel->node.name);
    check_majority(sentinel, group, epoch);
    if (durable_vote_epoch(sentinel, group) < epoch)
        violated(sentinel, "leads %s in %" PRIu64 " before its vote is durable", group, epoch);
}

void check_event(struct sentinel *sentinel, const struct sn_action_notice *event)
{
    char group[SN_NAME_MAX + 1], port[8];
    if (strcmp(event->name, "+vote-for-leader") == 0) {
        note_attempt(sentinel, event);
    } else if (strcmp(event->name, "+elected-leader") == 0) {
        take_word(event->payload, 1, group, sizeof(group));
        check_elected(sentinel, group);
    } else if (strcmp(event->name, "+switch-master") == 0 && !sentinel->told_update) {
        take_word(event->payload, 0, group, sizeof(group));
        take_word(event->payload, 4, port, sizeof(port));
        const struct sn_group_image *image = sn_image_find_group(&sentinel->durable, group);
        if (image != NULL && image->addr.port != strtoul(port, NULL, 10))
            violated(sentinel, "+switch-master of %s before it is durable", group);
    }
    sentinel->told_update = strcmp(event->name, "+config-update-from") == 0;
}
