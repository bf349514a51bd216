/* SPDX-License-Identifier: BSD-3-Clause */

/* Nobody is down before it was silent for down-after-milliseconds (DESIGN.md D1), counted from the
 * last valid answer to PING that has reached the sentinel, from its own start, or from the end of a
 * stall (D3), whichever was last. */

#include "check.h"

#include "cluster_internal.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

#define ROUND_MS    2     /* clocks count whole milliseconds */
#define AGAIN_MS    150   /* words that were under way when a process was started again */
#define UNHEARD_MS  1300  /* INFO once a second from a master that is S_DOWN, and its answer */
#define AWAITED_MS  2900  /* a master that may be about to answer is waited for so long, not more */
#define LIES_MAX_MS 20000 /* two INFO periods: a master that says it is none is down after that */

static struct silence *silence_of(struct check_groups *all, const struct sentinel *sentinel)
{
    for (size_t i = 0; i < all->cluster->sentinel_count; i++) {
        if (all->cluster->sentinels[i] == sentinel)
            return &all->silences[i];
    }
    return NULL;
}

static bool is_valid(const struct sn_reply *reply)
{
    if (reply->type != SN_REPLY_STATUS && reply->type != SN_REPLY_ERROR)
        return false;
    return strncmp(reply->text, "PONG", 4) == 0 || strncmp(reply->text, "LOADING", 7) == 0 ||
           strncmp(reply->text, "MASTERDOWN", 10) == 0;
}

static struct sign *signs_of(struct check_groups *all, const struct checks *checks,
                             const struct sentinel *sentinel)
{
    struct silence *silence = silence_of(all, sentinel);
    return checks == NULL ? silence->peers : silence->signs[checks - all->groups];
}

void check_silence_reply(struct check_groups *all, struct checks *checks, struct sentinel *to,
                         const struct node *server, uint16_t port, const struct sn_reply *reply)
{
    if (server->index >= CHECK_NODES)
        return;
    struct sign *sign = &signs_of(all, checks, to)[server->index];
    sign->answered = true;
    if (!is_valid(reply))
        return;
    sign->at = all->cluster->now;
    sign->port = port;
}

void check_silence_ping(struct check_groups *all, struct checks *checks,
                        const struct sentinel *from, const struct node *server,
                        struct sn_link_id link)
{
    struct sign *sign = &signs_of(all, checks, from)[server->index % CHECK_NODES];
    if (sign->link == link.v)
        return;
    sign->link = link.v;
    sign->asked_at = all->cluster->now;
    sign->answered = false;
}

sn_ms check_silence_peer_age(const struct check_groups *all, const struct sentinel *sentinel,
                             const struct node *node)
{
    for (size_t i = 0; i < all->cluster->sentinel_count; i++) {
        const struct sign *sign = &all->silences[i].peers[node->index % CHECK_NODES];
        if (all->cluster->sentinels[i] == sentinel && sign->at > 0 && sign->port == node->addr.port)
            return all->cluster->now - sign->at;
    }
    return SN_MS_NEVER;
}

sn_ms check_silence_age(const struct checks *checks, const struct sentinel *sentinel,
                        const struct node *node, uint16_t port)
{
    const struct sign *sign = &signs_of(checks->all, checks, sentinel)[node->index % CHECK_NODES];
    bool known = sign->at > 0 && sign->port == port;
    return known ? checks->cluster->now - sign->at : SN_MS_NEVER;
}

void check_silence_info(struct checks *checks, struct sentinel *to, const struct node *server,
                        const struct sn_info *info)
{
    if (server->index >= CHECK_NODES)
        return;
    struct sign *sign = &signs_of(checks->all, checks, to)[server->index];
    if (info->role != SN_ROLE_REPLICA)
        sign->replica_since = 0;
    else if (sign->replica_since == 0)
        sign->replica_since = checks->cluster->now;
}

void check_silence_crashed(struct check_groups *all, const struct sentinel *sentinel)
{
    memset(silence_of(all, sentinel), 0, sizeof(struct silence));
}

static sn_ms drift(const struct sentinel *sentinel, sn_ms duration)
{
    int64_t ppm = sentinel->clock_ppm < 0 ? -sentinel->clock_ppm : sentinel->clock_ppm;
    return ROUND_MS + duration * ppm / 1000000;
}

/* Its host refuses connections: its process has ended, or is there again for a moment; or a
 * firewall refuses this sentinel, and it can ask replicas, of which none has received from the
 * master for longer than `unheard`. */
bool check_silence_gone(struct checks *checks, const struct sentinel *sentinel, uint16_t port,
                        sn_ms unheard)
{
    struct cluster *cluster = checks->cluster;
    const struct node *node = cluster_find_node(cluster, "127.0.0.1", port);
    const struct plan *plan = checks->plan;
    sn_ms again =
        AGAIN_MS + 4 * plan->delay_max_ms + 2 * plan->down_after_ms * plan->rtt_percent / 100;
    if (checks->plan->refused_after_ms == 0)
        return false;
    if (node == NULL || node->redis == NULL || node->state == NODE_OFF ||
        cluster->now - node->started_at < again)
        return true;
    if (!node->redis->rejects &&
        (node->redis->rejected_until == 0 || cluster->now - node->redis->rejected_until > again))
        return unheard > 0; /* it was restarted, and has not answered yet */
    unsigned known = 0, asked = 0;
    for (size_t i = 0; i < cluster->server_count; i++) {
        const struct model_redis *replica = cluster->servers[i];
        const struct heard *heard = &checks_of(checks, sentinel)->heard[i];
        if (heard->at == 0 || heard->down)
            continue; /* not known here, or S_DOWN */
        known += &replica->node != node;
        asked += &replica->node != node &&
                 (cluster->now - heard->at < again ||
                  check_link_up(sentinel, replica->node.addr.port, SN_LINK_DATA));
        if (replica->node.state == NODE_RUNNING && model_redis_follows(replica, node->redis) &&
            replica->repl == REPL_UP && replica->lies_role == SN_ROLE_UNKNOWN &&
            cluster->now - replica->link_up_at > again + unheard &&
            check_link_up(sentinel, replica->node.addr.port, SN_LINK_DATA))
            return false;
    }
    return known == 0 || asked > 0 || unheard > 0;
}

static void check_down(struct check_groups *all, struct checks *checks, struct sentinel *sentinel,
                       const struct sn_action_notice *event, sn_ms unheard)
{
    const char *payload = event->payload;
    const struct setting *setting = &checks_of(checks, sentinel)->settings[SETTING_DOWN_AFTER];
    uint16_t port = check_port_in(payload);
    bool peer = strncmp(payload, "sentinel ", 9) == 0;
    bool master = strncmp(payload, "master ", 7) == 0;
    const struct sign *signs = signs_of(all, peer ? NULL : checks, sentinel);
    sn_ms now = all->cluster->now, since = silence_of(all, sentinel)->tilt_at;
    /* One that has been replaced under its other name is down at once (DESIGN.md D16). */
    if (!setting->known || (master && checks_has_alias(checks)))
        return;
    /* A replica whose name is not looked up yet may be another one that is heard well. */
    if (all->cluster->names && strncmp(payload, "slave ", 6) == 0)
        return;
    for (size_t i = 0; i < CHECK_NODES; i++) {
        const struct sign *sign = &signs[i];
        if (sign->at == 0 || sign->port != port)
            continue;
        /* Each id has a link of its own, and what came on another one is nothing to it. */
        if (peer && check_misnames(payload, all->cluster->nodes[i]))
            continue;
        if (master && sign->replica_since > 0 &&
            now - sign->replica_since + drift(sentinel, setting->value + LIES_MAX_MS) >=
                setting->value + LIES_MAX_MS)
            return;
        since = sign->at > since ? sign->at : since;
    }
    if (since == 0)
        return;
    checks->silences++;
    if (master && check_silence_gone(checks, sentinel, port, unheard))
        return;
    if (now - since + drift(sentinel, setting->value) < setting->value)
        checks_violated(checks, &sentinel->node,
                        "%s of %s after %lld ms of silence, down-after-milliseconds is %lld",
                        event->name, payload, (long long)(now - since), (long long)setting->value);
}

/* Where links are slow, the answer to the first PING of a connection to a master that runs is under
 * way for so long: no attempt begins before it may have come. */
static sn_ms sure_trip(const struct checks *checks)
{
    const struct plan *plan = checks->plan;
    sn_ms way = plan->down_after_ms * plan->rtt_percent / 200;
    sn_ms trip = 2 * (way - way / 8) - ROUND_MS;
    return trip < AWAITED_MS ? trip : AWAITED_MS;
}

/* The connection whose first answer is awaited: under another name there may be one more. */
static bool is_up(const struct sentinel *sentinel, uint64_t link)
{
    const struct conn *conn;
    DL_FOREACH(sentinel->node.cluster->conns, conn) {
        if (conn->client == &sentinel->node && conn->key.link == link)
            return conn->up && !conn->client_gone && !conn->server_gone;
    }
    return false;
}

/* A master that came back empty does answer, and is replaced for what it says. */
static void check_awaited(struct check_groups *all, struct checks *checks,
                          struct sentinel *sentinel)
{
    uint16_t port = cluster_master_port(sentinel, checks->group);
    const struct node *master = cluster_find_node(all->cluster, "127.0.0.1", port);
    if (checks->plan->rtt_percent == 0 || master == NULL || master->state != NODE_RUNNING ||
        checks_of(checks, sentinel)->attempt.asked != SN_MODE_NONE ||
        check_choice_may_replace(checks, sentinel))
        return;
    const struct sign *sign = &signs_of(all, checks, sentinel)[master->index % CHECK_NODES];
    if (!is_up(sentinel, sign->link))
        return;
    checks->awaited++;
    if (sign->link != 0 && !sign->answered &&
        all->cluster->now - sign->asked_at < sure_trip(checks))
        checks_violated(checks, &sentinel->node,
                        "begins an attempt %lld ms after it has reached the master, which may be "
                        "about to answer",
                        (long long)(all->cluster->now - sign->asked_at));
}

void check_silence_event(struct check_groups *all, struct checks *checks, struct sentinel *sentinel,
                         const struct sn_action_notice *event)
{
    if (strcmp(event->name, "+tilt") == 0)
        silence_of(all, sentinel)->tilt_at = all->cluster->now;
    else if (strcmp(event->name, "+sdown") == 0 && checks != NULL)
        check_down(all, checks, sentinel, event, 0);
    else if (strcmp(event->name, "+try-failover") == 0 && checks != NULL) {
        check_awaited(all, checks, sentinel);
        /* What was believed is taken back if a replica speaks against it. */
        if (checks_of(checks, sentinel)->attempt.asked == SN_MODE_NONE &&
            !check_choice_may_replace(checks, sentinel))
            check_down(all, checks, sentinel, event, UNHEARD_MS);
    }
}
