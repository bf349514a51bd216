/* SPDX-License-Identifier: BSD-3-Clause */

/* The replica that is promoted: never one with priority 0, never one with wrong data (DESIGN.md
 * D20), and the best of those that certainly could have been taken, by what the leader had been
 * told (PROTOCOL.md §16). */

#include "check.h"

#include "cluster_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#define SURE_MS           4500 /* an INFO, or an answer to PING, of this age is fresh by every rule */
#define SYNC_SURE_MS      2000 /* seconds are rounded */
#define LAST_RESORT_DOWNS 3
#define CLAIMED_MS        7000 /* three hellos and some more: so long a claim may count */

static struct demotion *demotion_at(struct watched *seen, uint16_t port)
{
    for (size_t i = 0; i < CHECK_NODES; i++) {
        struct demotion *demotion = &seen->demotions[i];
        if (demotion->port == 0)
            demotion->port = port;
        if (demotion->port == port)
            return demotion;
    }
    abort();
}

/* Who was demoted has its own data until it is in sync with its new master. */
static void note_sync(const struct checks *checks, const struct sentinel *sentinel,
                      struct demotion *demotion, const struct sn_info *info)
{
    sn_ms age = checks->cluster->now - demotion->at;
    bool up = info->has_link_status && info->link_up;
    if (demotion->at == 0 || info->role != SN_ROLE_REPLICA)
        return;
    demotion->synced |= up || (info->has_link_down && info->link_down_ms <= age);
    if (info->has_master_host &&
        info->master_port == cluster_master_port(sentinel, checks->group) &&
        (up || (info->has_link_down && info->link_down_ms + SYNC_SURE_MS <= age)))
        demotion->at = 0;
}

static void note_demoted(struct watched *seen, uint16_t port, sn_ms now)
{
    *demotion_at(seen, port) = (struct demotion){.port = port, .at = now};
}

static void note_master(const struct checks *checks, struct master_data *master,
                        const struct sn_info *info)
{
    bool reborn = master->reborn;
    *master = (struct master_data){.at = checks->cluster->now,
                                   .replid = info->replid,
                                   .replid2 = info->replid2,
                                   .second_offset = info->second_offset,
                                   .offset = info->master_repl_offset,
                                   .has_keys = info->keys > 0,
                                   .reborn = reborn};
}

void check_choice_info(struct checks *checks, struct sentinel *sentinel, const struct node *server,
                       uint16_t port, const struct sn_info *info)
{
    struct watched *seen = checks_of(checks, sentinel);
    bool is_master = port == cluster_master_port(sentinel, checks->group);
    if (is_master && info->role == SN_ROLE_MASTER)
        note_master(checks, &seen->master, info);
    else if (is_master) /* whoever made it a replica may have made it empty */
        seen->master.has_keys = info->keys > 0;
    for (size_t i = 0; server != NULL && i < checks->cluster->server_count; i++) {
        if (&checks->cluster->servers[i]->node != server)
            continue;
        struct heard *heard = &seen->heard[i];
        heard->port = port;
        heard->at = checks->cluster->now;
        heard->role = info->role;
        heard->follows = info->master_port;
        heard->link_down_ms = info->link_down_ms;
        heard->replid = info->replid;
        heard->replid2 = info->replid2;
        heard->syncing = info->syncing;
        heard->loading = info->loading;
        heard->never_up = info->link_never_up;
        heard->empty = info->keys == 0;
        (void)snprintf(heard->runid, sizeof(heard->runid), "%s", info->runid.hex);
        note_sync(checks, sentinel, demotion_at(seen, port), info);
        if (info->role == SN_ROLE_REPLICA && info->has_priority && info->has_offset) {
            heard->priority = info->priority;
            heard->offset = info->repl_offset;
        }
    }
}

struct search {
    const char *runid;
    bool found;
};

static void look_for(void *arg, const char *name, const char *value)
{
    struct search *search = arg;
    search->found |= strcmp(name, "runid") == 0 && strcmp(value, search->runid) == 0;
}

/* As SENTINEL SENTINELS shows it. */
static bool is_peer(const struct checks *checks, const struct sentinel *sentinel, const char *runid)
{
    struct search search = {.runid = runid};
    const struct sn_group *group =
        sn_core_group_find(sentinel->core, checks->group, strlen(checks->group));
    const struct sn_instance *peer = group == NULL ? NULL : sn_group_peer_first(group);
    for (; peer != NULL; peer = sn_instance_next(peer))
        sn_instance_describe(sentinel->core, peer, checks->cluster->now, look_for, &search);
    return search.found;
}

/* Whoever speaks at the server for another group, or whom the sentinel does not know (DESIGN.md
 * D15, D16): it need not take a server that somebody else claims. */
void check_choice_hello(struct checks *checks, struct sentinel *sentinel, const struct node *server,
                        const struct sn_hello *hello)
{
    struct watched *seen = checks_of(checks, sentinel);
    if (strcmp(hello->runid.hex, sentinel->id.hex) == 0 ||
        (strcmp(hello->master_name, checks->group) == 0 &&
         (hello->master_port == cluster_master_port(sentinel, checks->group) ||
          is_peer(checks, sentinel, hello->runid.hex))))
        return;
    for (size_t i = 0; i < checks->cluster->server_count; i++) {
        if (&checks->cluster->servers[i]->node == server)
            seen->heard[i].claimed_at = checks->cluster->now;
    }
}

/* From then on what is heard tells of the time after the failure. */
static sn_ms failed_at(const struct watched *seen)
{
    return seen->down_at > 0 ? seen->down_at : seen->attempt.started_at;
}

/* It has been without its master for so long that its data may be too old. */
static bool lags_behind(const struct watched *seen, const struct heard *heard)
{
    const struct setting *setting = &seen->settings[SETTING_DOWN_AFTER];
    return heard->link_down_ms > (setting->known ? 9 * setting->value : 0);
}

static bool same_id(const struct sn_runid *a, const struct sn_runid *b)
{
    return a->hex[0] != '\0' && strcmp(a->hex, b->hex) == 0;
}

/* What a sentinel was told before a restart it has forgotten. */
static bool knows_master(const struct watched *seen)
{
    return seen->master.at > 0 && seen->master.at >= seen->booted_at && !seen->master.reborn;
}

/* Its data are surely those of the master, as far as it has got. */
static bool has_right_data(const struct watched *seen, const struct heard *heard)
{
    return knows_master(seen) && !heard->syncing && !heard->loading && !heard->empty &&
           same_id(&heard->replid, &seen->master.replid);
}

/* Its data are surely not. */
static bool has_other_history(const struct watched *seen, const struct heard *heard)
{
    const struct master_data *master = &seen->master;
    return knows_master(seen) && heard->role == SN_ROLE_REPLICA &&
           !same_id(&heard->replid, &master->replid) &&
           !same_id(&heard->replid2, &master->replid) &&
           !(same_id(&heard->replid, &master->replid2) && heard->offset < master->second_offset);
}

static bool surely_lags_not(const struct checks *checks, const struct watched *seen,
                            const struct heard *heard)
{
    uint64_t newest = seen->master.offset;
    for (size_t i = 0; i < checks->cluster->server_count; i++)
        newest = seen->heard[i].offset > newest ? seen->heard[i].offset : newest;
    return checks->plan->max_lag == 0 || newest <= heard->offset + checks->plan->max_lag;
}

/* Nothing whatever speaks against this one. */
static bool surely_eligible(const struct checks *checks, const struct sentinel *sentinel,
                            struct watched *seen, size_t index)
{
    const struct node *node = &checks->cluster->servers[index]->node;
    const struct heard *heard = &seen->heard[index];
    uint16_t port = node->addr.port;
    sn_ms now = checks->cluster->now;
    return heard->at > failed_at(seen) && heard->port == port && now - heard->at <= SURE_MS &&
           (heard->claimed_at == 0 || now - heard->claimed_at > CLAIMED_MS) &&
           heard->role == SN_ROLE_REPLICA && heard->priority > 0 && !lags_behind(seen, heard) &&
           has_right_data(seen, heard) && surely_lags_not(checks, seen, heard) && !heard->refused &&
           !heard->down && demotion_at(seen, port)->at == 0 &&
           check_silence_age(checks, sentinel, node, port) <= SURE_MS &&
           check_groups_at(checks->all, sentinel, port) == checks &&
           check_link_up(sentinel, port, SN_LINK_DATA) &&
           check_link_up(sentinel, port, SN_LINK_SUBSCRIBE);
}

/* Whether it took it for that is what sn_chain_learn decides: who began to follow when the one
 * above was a master is none, though an operator did it. */
static bool is_taken_for_chained(const struct checks *checks, const struct sentinel *sentinel,
                                 uint16_t port)
{
    const struct sn_instance *replica = checks_replica(checks, sentinel, port);
    return replica != NULL && replica->u.data.chained;
}

/* As far as the sentinel knows, another replica is above it by its operator's wish. Who follows
 * neither the master nor such a one may be taken for either. */
static bool is_below(const struct checks *checks, const struct sentinel *sentinel,
                     const struct watched *seen, size_t index)
{
    /* One that was started since cannot tell it from a replica left below an old master. */
    return sentinel->node.started_at < checks->cluster->servers[index]->put_below_at &&
           checks->plan->chained && !seen->forgot && /* MONITOR sets no directives */
           checks->cluster->servers[index]->put_below &&
           seen->heard[index].follows != seen->client_port &&
           is_taken_for_chained(checks, sentinel, checks->cluster->servers[index]->node.addr.port);
}

/* a was surely heard since the failure. */
static bool better(const struct watched *seen, const struct heard *a, const struct heard *b)
{
    if (b->at < failed_at(seen))
        return true;
    if (a->priority != b->priority)
        return a->priority < b->priority;
    if (a->offset != b->offset)
        return a->offset > b->offset;
    return strcasecmp(a->runid, b->runid) < 0;
}

static size_t server_at(const struct checks *checks, const char *payload)
{
    char kind[32], name[128], host[64];
    unsigned port;
    size_t found = SIZE_MAX;
    if (sscanf(payload, "%31s %127s %63s %u", kind, name, host, &port) != 4)
        return SIZE_MAX;
    /* Where another one has moved to, the one that was there before is off. */
    for (size_t i = 0; i < checks->cluster->server_count; i++) {
        const struct node *node = &checks->cluster->servers[i]->node;
        if (node->addr.port == port && (found == SIZE_MAX || node->state != NODE_OFF))
            found = i;
    }
    return found;
}

/* A down replica is none that could have been taken. */
static void note_down(struct checks *checks, struct watched *seen, const char *payload, bool down)
{
    size_t index = server_at(checks, payload);
    if (index != SIZE_MAX)
        seen->heard[index].down = down;
}

/* What was demoted a moment ago is taken if the master has been down for long, or by force. */
static void check_demoted(struct checks *checks, struct sentinel *sentinel, size_t chosen)
{
    struct watched *seen = checks_of(checks, sentinel);
    const struct node *node = &checks->cluster->servers[chosen]->node;
    const struct demotion *demotion = demotion_at(seen, node->addr.port);
    const struct setting *setting = &seen->settings[SETTING_DOWN_AFTER];
    sn_ms down_ms = seen->down_at > 0 ? checks->cluster->now - seen->down_at : 0;
    if (demotion->at == 0 || demotion->synced || !setting->known ||
        seen->attempt.mode == SN_MODE_FORCED ||
        down_ms + down_ms / 100 + 2 >= LAST_RESORT_DOWNS * setting->value ||
        checks_has_alias(checks)) /* an order of the one name, while the other one promoted it */
        return;
    checks_violated(checks, &sentinel->node, "chose %s, which was demoted %lld ms ago", node->name,
                    (long long)(checks->cluster->now - demotion->at));
}

/* FORCE takes everything but what would refuse the order. */
static void check_data(struct checks *checks, struct sentinel *sentinel, size_t chosen)
{
    struct watched *seen = checks_of(checks, sentinel);
    const struct heard *heard = &seen->heard[chosen];
    const struct master_data *master = &seen->master;
    const struct node *node = &checks->cluster->servers[chosen]->node;
    if (heard->role != SN_ROLE_REPLICA || heard->port != node->addr.port)
        return;
    if (heard->loading)
        checks_violated(checks, &sentinel->node, "chose %s, which is loading", node->name);
    if (seen->attempt.mode == SN_MODE_FORCED)
        return;
    if (heard->syncing && !master->reborn)
        checks_violated(checks, &sentinel->node, "chose %s, which is in a full synchronisation",
                        node->name);
    if (heard->empty && heard->never_up && knows_master(seen) && master->has_keys &&
        heard->at > master->at)
        checks_violated(checks, &sentinel->node, "chose %s, which is empty", node->name);
    if (checks->plan->max_lag > 0 && seen->down_at > 0 && knows_master(seen) &&
        heard->at > seen->down_at && same_id(&heard->replid, &master->replid) &&
        heard->offset + checks->plan->max_lag < master->offset)
        checks_violated(checks, &sentinel->node, "chose %s, which lags", node->name);
}

/* The master was started again in the silence that was its failure: who has its former data has
 * another history, and is the better one if it was reborn empty. */
static bool is_restarted_since(const struct checks *checks, const struct watched *seen,
                               uint16_t port)
{
    const struct node *master = cluster_find_node(checks->cluster, "127.0.0.1", port);
    return master != NULL &&
           master->started_at + seen->settings[SETTING_DOWN_AFTER].value >= failed_at(seen);
}

static void check_best(struct checks *checks, struct sentinel *sentinel, const char *payload)
{
    struct watched *seen = checks_of(checks, sentinel);
    size_t chosen = server_at(checks, payload);
    uint16_t port = cluster_master_port(sentinel, checks->group);
    /* Whoever was chosen before in this attempt has been passed over. */
    if (seen->attempt.chosen)
        seen->heard[seen->attempt.last].refused = true;
    seen->attempt.chosen = chosen != SIZE_MAX;
    seen->attempt.last = chosen;
    if (chosen == SIZE_MAX || seen->attempt.wanted || seen->tilt ||
        check_groups_at(checks->all, sentinel, check_port_in(payload)) != checks)
        return;
    checks->choices++;
    check_demoted(checks, sentinel, chosen);
    check_data(checks, sentinel, chosen);
    /* It has been promoted already. */
    if (seen->heard[chosen].role == SN_ROLE_MASTER && seen->heard[chosen].at >= failed_at(seen))
        return;
    for (size_t i = 0; i < checks->cluster->server_count; i++) {
        uint16_t own = checks->cluster->servers[i]->node.addr.port;
        /* Two that came back under one address are one replica to everybody. */
        bool same = own == checks->cluster->servers[chosen]->node.addr.port;
        if (same || own == port || !surely_eligible(checks, sentinel, seen, i))
            continue;
        checks->comparisons++;
        if (has_other_history(seen, &seen->heard[chosen])) {
            if (is_restarted_since(checks, seen, port))
                continue;
            checks_violated(checks, &sentinel->node, "chose %s of another history over %s",
                            checks->cluster->servers[chosen]->node.name,
                            checks->cluster->servers[i]->node.name);
            continue;
        }
        const struct heard *a = &seen->heard[i], *b = &seen->heard[chosen];
        if (checks->plan->chained && a->follows != seen->client_port)
            continue;
        bool direct = a->priority == b->priority && is_below(checks, sentinel, seen, chosen);
        if (!direct && !better(seen, a, b))
            continue;
        checks_violated(checks, &sentinel->node,
                        "chose %s (priority %u, offset %" PRIu64 ") over %s (%u, %" PRIu64 ")",
                        checks->cluster->servers[chosen]->node.name, seen->heard[chosen].priority,
                        seen->heard[chosen].offset, checks->cluster->servers[i]->node.name,
                        seen->heard[i].priority, seen->heard[i].offset);
    }
}

/* After a switch everybody is judged anew; the new master may have been called down before the
 * switch is told. */
static void begin_anew(const struct checks *checks, struct watched *seen, const char *payload)
{
    char text[128];
    (void)snprintf(text, sizeof(text), " %u", seen->down_port);
    const char *end = strrchr(payload, ' ');
    if (end == NULL || strcmp(end, text) != 0)
        seen->down_at = 0;
    memset(&seen->master, 0, sizeof(seen->master));
    for (size_t i = 0; i < checks->cluster->server_count; i++)
        seen->heard[i].down = false;
    char name[128], host[64];
    unsigned port;
    if (sscanf(payload, "%127s %63s %u", name, host, &port) != 3)
        return;
    note_demoted(seen, (uint16_t)port, checks->cluster->now);
}

/* A sentinel that was held up hears of an earlier process. */
static bool is_present_process(const struct checks *checks, const struct sentinel *sentinel,
                               const struct node *node)
{
    const struct sn_group *group = checks_group(checks, sentinel);
    return group != NULL && sn_runid_equal(&group->master->runid, &node->redis->runid);
}

/* It must be true that the process has no data but what was written to it. */
static void note_reborn(struct checks *checks, struct sentinel *sentinel)
{
    uint16_t port = cluster_master_port(sentinel, checks->group);
    const struct node *node = cluster_find_node(checks->cluster, "127.0.0.1", port);
    struct watched *seen = checks_of(checks, sentinel);
    seen->master.reborn = true;
    if (node != NULL && is_present_process(checks, sentinel, node) && node->state == NODE_RUNNING &&
        node->redis->role == SN_ROLE_MASTER && node->redis->keys > node->redis->changes)
        checks_violated(checks, &sentinel->node, "calls %s empty, which has %" PRIu64 " keys",
                        node->name, node->redis->keys);
}

bool check_choice_may_replace(struct checks *checks, const struct sentinel *sentinel)
{
    const struct watched *seen = checks_of(checks, sentinel);
    return seen->master.reborn && seen->lead.odown_port == 0 && checks->plan->reborn_failover;
}

static void forget_demotions(struct watched *seen)
{
    memset(seen->demotions, 0, sizeof(seen->demotions));
}

void check_choice_event(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_action_notice *event)
{
    struct watched *seen = checks_of(checks, sentinel);
    bool master = strncmp(event->payload, "master ", 7) == 0;
    if (strcmp(event->name, "+sdown") == 0 && master) {
        seen->down_at = checks->cluster->now;
        seen->down_port = check_port_in(event->payload);
    } else if (strcmp(event->name, "-sdown") == 0 && master)
        seen->down_at = 0;
    else if (strcmp(event->name, "+reset-master") == 0 || strcmp(event->name, "+monitor") == 0)
        forget_demotions(seen);
    else if (strcmp(event->name, "+switch-master") == 0)
        begin_anew(checks, seen, event->payload);
    else if (strcmp(event->name, "+sdown") == 0)
        note_down(checks, seen, event->payload, true);
    else if (strcmp(event->name, "-sdown") == 0)
        note_down(checks, seen, event->payload, false);
    else if (strcmp(event->name, "+master-reborn-empty") == 0)
        note_reborn(checks, sentinel);
    else if (strcmp(event->name, "+selected-slave") == 0)
        check_best(checks, sentinel, event->payload);
}

void check_choice_send(struct checks *checks, struct sentinel *sentinel, const struct node *to,
                       const struct sn_action_send *send)
{
    struct watched *seen = checks_of(checks, sentinel);
    for (size_t i = 0; send->order == SN_ORDER_FOLLOW && i < checks->cluster->server_count; i++) {
        /* What a replica said before a switch means nothing behind it. */
        if (&checks->cluster->servers[i]->node == to && seen->heard[i].role == SN_ROLE_MASTER &&
            seen->heard[i].at >= seen->switched_at)
            note_demoted(seen, checks->cluster->servers[i]->node.addr.port, checks->cluster->now);
    }
    for (size_t i = 0; send->order == SN_ORDER_PROMOTE && i < checks->cluster->server_count; i++) {
        struct heard *heard = &seen->heard[i];
        if (&checks->cluster->servers[i]->node != to)
            continue;
        heard->refused = true;
        if (heard->at > 0 && heard->role == SN_ROLE_REPLICA && heard->priority == 0)
            checks_violated(checks, &sentinel->node, "promotes %s, whose priority is 0", to->name);
    }
}
