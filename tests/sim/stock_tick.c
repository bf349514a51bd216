/* SPDX-License-Identifier: BSD-3-Clause */

/* What a stock sentinel decides: PROTOCOL.md §10.3 and §11 to §18, nothing else. */

#include "stock_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TILT_TRIGGER_MS 2000
#define TILT_PERIOD_MS  30000
#define ELECTION_MS     10000
#define DESYNC_MS       1000

static bool same_id(const struct sn_runid *a, const struct sn_runid *b)
{
    return strcmp(a->hex, b->hex) == 0;
}

static sn_ms timeout_ms(const struct stock *stock)
{
    return stock->sim->plan.failover_timeout_ms;
}

static sn_ms jitter(struct stock *stock)
{
    return (sn_ms)sn_prng_below(&stock->guest.node.cluster->prng, DESYNC_MS);
}

/* ---- epochs and votes (§14) ---------------------------------------------------------------------
 */

void stock_adopt_epoch(struct stock *stock, uint64_t epoch)
{
    if (epoch <= stock->epoch)
        return;
    stock->epoch = epoch;
    stock_save(stock);
    stock_say(stock, "+new-epoch %llu", (unsigned long long)epoch);
}

void stock_vote(struct stock *stock, const char *candidate, uint64_t epoch)
{
    stock_adopt_epoch(stock, epoch);
    if (stock->leader_epoch >= epoch || stock->epoch > epoch)
        return;
    (void)snprintf(stock->leader.hex, sizeof(stock->leader.hex), "%s", candidate);
    stock->leader_epoch = stock->epoch;
    stock_save(stock);
    stock_say(stock, "+vote-for-leader %s %llu", candidate,
              (unsigned long long)stock->leader_epoch);
    if (strcmp(candidate, stock->id.hex) != 0)
        stock->started_at = stock_now(stock) + jitter(stock);
}

static unsigned votes_for(const struct stock *stock, const char *runid)
{
    unsigned votes = 0;
    for (unsigned i = 0; i < stock->peer_count; i++) {
        if (stock->peers[i].vote_epoch == stock->epoch &&
            strcmp(stock->peers[i].vote.hex, runid) == 0)
            votes++;
    }
    return votes;
}

/* The run id with most votes in the current epoch, ours included; "" if nobody has won. */
static const char *count_votes(struct stock *stock)
{
    unsigned voters = stock->peer_count + 1;
    const char *best = "";
    unsigned most = 0;
    for (unsigned i = 0; i < stock->peer_count; i++) {
        const struct stock_member *peer = &stock->peers[i];
        if (peer->vote_epoch != stock->epoch || peer->vote.hex[0] == '\0')
            continue;
        if (votes_for(stock, peer->vote.hex) > most) {
            most = votes_for(stock, peer->vote.hex);
            best = peer->vote.hex;
        }
    }
    stock_vote(stock, best[0] == '\0' ? stock->id.hex : best, stock->failover_epoch);
    if (stock->leader_epoch == stock->failover_epoch && stock->leader.hex[0] != '\0') {
        unsigned votes = votes_for(stock, stock->leader.hex) + 1;
        if (votes > most) {
            most = votes;
            best = stock->leader.hex;
        }
    }
    return most >= voters / 2 + 1 && most >= stock->sim->plan.quorum ? best : "";
}

/* ---- hellos (§10.3) -----------------------------------------------------------------------------
 */

static void remove_peer(struct stock *stock, unsigned index)
{
    stock_disconnect(stock, &stock->peers[index]);
    stock->peer_count--;
    memmove(&stock->peers[index], &stock->peers[index + 1],
            (stock->peer_count - index) * sizeof(stock->peers[0]));
}

static void meet(struct stock *stock, const struct sn_hello *hello)
{
    for (unsigned i = 0; i < stock->peer_count; i++) {
        bool id = same_id(&stock->peers[i].runid, &hello->runid);
        bool addr = stock->peers[i].port == hello->port;
        if (id && addr)
            return;
        if (id || addr) {
            remove_peer(stock, i);
            break;
        }
    }
    if (stock->peer_count == STOCK_MEMBERS_MAX)
        return;
    struct stock_member *peer = &stock->peers[stock->peer_count++];
    stock_member_init(stock, peer, STOCK_PEER, hello->port);
    peer->runid = hello->runid;
    stock_say(stock, "+sentinel %s", hello->runid.hex);
    stock_save(stock);
}

void stock_hello(struct stock *stock, const char *message)
{
    struct sn_hello hello;
    if (sn_hello_parse(message, strlen(message), &hello) != 0 ||
        strcmp(hello.master_name, SIM_GROUP) != 0 || same_id(&hello.runid, &stock->id))
        return;
    meet(stock, &hello);
    stock_adopt_epoch(stock, hello.current_epoch);
    if (hello.master_config_epoch <= stock->config_epoch)
        return;
    stock->config_epoch = hello.master_config_epoch;
    if (hello.master_port == stock_master_port(stock))
        return;
    stock_say(stock, "+config-update-from %s", hello.runid.hex);
    stock_switch(stock, hello.master_port);
}

void stock_switch(struct stock *stock, uint16_t port)
{
    uint16_t ports[STOCK_MEMBERS_MAX];
    unsigned count = 0;
    uint16_t old = stock->master.port;
    stock_say(stock, "+switch-master %s 127.0.0.1 %u 127.0.0.1 %u", SIM_GROUP, old, port);
    for (unsigned i = 0; i < stock->replica_count; i++) {
        stock_disconnect(stock, &stock->replicas[i]);
        if (stock->replicas[i].port != port)
            ports[count++] = stock->replicas[i].port;
    }
    stock_disconnect(stock, &stock->master);
    if (old != port && count < STOCK_MEMBERS_MAX)
        ports[count++] = old;
    stock->state = STOCK_NONE;
    stock->promoted = 0;
    stock->forced = false;
    stock->o_down = false;
    stock->started_at = 0;
    stock_member_init(stock, &stock->master, STOCK_MASTER, port);
    stock->replica_count = count;
    for (unsigned i = 0; i < count; i++)
        stock_member_init(stock, &stock->replicas[i], STOCK_REPLICA, ports[i]);
    stock_save(stock);
}

/* ---- INFO (§12, §15.5, §17) ---------------------------------------------------------------------
 */

static bool master_is_sane(const struct stock *stock)
{
    const struct stock_member *master = &stock->master;
    return master->role == SN_ROLE_MASTER && !master->s_down && !stock->o_down &&
           master->info_at != 0 && stock_now(stock) - master->info_at < 2 * STOCK_INFO_MS;
}

static bool quiet_for(const struct stock *stock, const struct stock_member *member, sn_ms ms)
{
    return !member->s_down && (member->down_at == 0 || stock_now(stock) - member->down_at > ms);
}

static void repair(struct stock *stock, struct stock_member *replica, const struct sn_info *info)
{
    sn_ms now = stock_now(stock);
    sn_ms wait = 4 * STOCK_PUBLISH_MS;
    if (stock->tilt_at != 0 || !master_is_sane(stock) || replica->port == stock->promoted)
        return;
    if (info->role == SN_ROLE_MASTER) {
        if (quiet_for(stock, replica, wait) && now - replica->role_at > wait) {
            stock_say(stock, "+convert-to-slave %u", replica->port);
            stock_follow(stock, replica, stock->master.port);
        }
    } else if (replica->master_port != 0 && replica->master_port != stock->master.port) {
        if (quiet_for(stock, replica, timeout_ms(stock)) &&
            now - replica->master_at > timeout_ms(stock) && stock->state == STOCK_NONE) {
            stock_say(stock, "+fix-slave-config %u", replica->port);
            stock_follow(stock, replica, stock->master.port);
        }
    }
}

static void confirm(struct stock *stock, const struct stock_member *replica)
{
    if (stock->state != STOCK_WAIT_PROMOTION || replica->port != stock->promoted)
        return;
    stock->config_epoch = stock->failover_epoch;
    stock->state = STOCK_RECONF;
    stock->state_at = stock_now(stock);
    stock_save(stock);
    stock_say(stock, "+promoted-slave %u", replica->port);
    /* The forced hello update: due at the next tick. */
    stock->master.published_at = 0;
    for (unsigned i = 0; i < stock->replica_count; i++)
        stock->replicas[i].published_at = 0;
    for (unsigned i = 0; i < stock->peer_count; i++)
        stock->peers[i].published_at = 0;
}

static void follow_reconf(struct stock *stock, struct stock_member *replica,
                          const struct sn_info *info)
{
    if (stock->state != STOCK_RECONF || info->master_port != stock->promoted)
        return;
    if (replica->reconf == STOCK_SENT)
        replica->reconf = STOCK_INPROG;
    if (replica->reconf == STOCK_INPROG && info->link_up)
        replica->reconf = STOCK_DONE;
}

static void meet_replicas(struct stock *stock, const struct sn_info *info)
{
    for (size_t i = 0; i < info->replica_count; i++) {
        uint16_t port = info->replicas[i].port;
        if (stock_find_replica(stock, port) != NULL || stock->replica_count == STOCK_MEMBERS_MAX ||
            port == stock->master.port)
            continue;
        stock_member_init(stock, &stock->replicas[stock->replica_count++], STOCK_REPLICA, port);
        stock_say(stock, "+slave %u", port);
        stock_save(stock);
    }
}

void stock_info(struct stock *stock, struct stock_member *member, const struct sn_info *info)
{
    sn_ms now = stock_now(stock);
    member->info_at = now;
    member->runid = info->runid;
    member->link_down_ms = info->link_down_ms;
    if (info->role != member->role) {
        member->role = info->role;
        member->role_at = now;
    }
    if (info->has_priority)
        member->priority = info->priority;
    if (info->has_offset)
        member->offset = info->repl_offset;
    if (info->role == SN_ROLE_REPLICA && info->master_port != member->master_port) {
        member->master_port = info->master_port;
        member->master_at = now;
    }
    if (member->kind == STOCK_MASTER) {
        if (info->role == SN_ROLE_MASTER)
            meet_replicas(stock, info);
        return;
    }
    if (stock->tilt_at != 0)
        return;
    if (info->role == SN_ROLE_MASTER && stock->state == STOCK_WAIT_PROMOTION &&
        member->port == stock->promoted) {
        confirm(stock, member);
        return;
    }
    follow_reconf(stock, member, info);
    repair(stock, member, info);
}

/* ---- selection (§16) ----------------------------------------------------------------------------
 */

static bool eligible(const struct stock *stock, const struct stock_member *replica)
{
    sn_ms now = stock_now(stock);
    const struct stock_member *master = &stock->master;
    sn_ms info_max = master->s_down ? 5 * STOCK_PING_MS : 3 * STOCK_INFO_MS;
    sn_ms down = master->s_down ? now - master->down_at : 0;
    return !replica->s_down && replica->cmd.up && replica->sub.up && replica->priority > 0 &&
           now - replica->last_avail_at <= 5 * STOCK_PING_MS && replica->info_at != 0 &&
           now - replica->info_at <= info_max &&
           replica->link_down_ms <= 10 * stock->sim->plan.down_after_ms + down;
}

static bool better(const struct stock_member *a, const struct stock_member *b)
{
    if (a->priority != b->priority)
        return a->priority < b->priority;
    if (a->offset != b->offset)
        return a->offset > b->offset;
    return strcasecmp(a->runid.hex, b->runid.hex) < 0;
}

/* ---- failover (§15) -----------------------------------------------------------------------------
 */

static void give_up(struct stock *stock, const char *event)
{
    stock_say(stock, "%s", event);
    stock->state = STOCK_NONE;
    stock->forced = false;
    stock->promoted = 0;
}

static void enter(struct stock *stock, enum stock_state state)
{
    stock->state = state;
    stock->state_at = stock_now(stock);
}

static void wait_start(struct stock *stock)
{
    const char *winner = stock->forced ? stock->id.hex : count_votes(stock);
    sn_ms patience = timeout_ms(stock) < ELECTION_MS ? timeout_ms(stock) : ELECTION_MS;
    if (strcmp(winner, stock->id.hex) == 0) {
        stock_say(stock, "+elected-leader %s %llu", SIM_GROUP,
                  (unsigned long long)stock->failover_epoch);
        checks_guest_leader(
            &stock->sim->checks.groups[0], &stock->guest.node, stock->failover_epoch,
            stock->forced || stock->epoch != stock->failover_epoch ||
                stock->peer_count + 1 < stock->sim->plan.sentinels + stock->sim->plan.stocks);
        enter(stock, STOCK_SELECT);
    } else if (stock_now(stock) - stock->started_at > patience) {
        give_up(stock, "-failover-abort-not-elected");
    }
}

static void select_replica(struct stock *stock)
{
    const struct stock_member *best = NULL;
    for (unsigned i = 0; i < stock->replica_count; i++) {
        const struct stock_member *replica = &stock->replicas[i];
        if (eligible(stock, replica) && (best == NULL || better(replica, best)))
            best = replica;
    }
    if (best == NULL) {
        give_up(stock, "-failover-abort-no-good-slave");
        return;
    }
    stock->promoted = best->port;
    stock_say(stock, "+selected-slave %u", best->port);
    enter(stock, STOCK_PROMOTE);
}

static void promote(struct stock *stock)
{
    struct stock_member *replica = stock_find_replica(stock, stock->promoted);
    if (replica != NULL && replica->cmd.up) {
        stock_send(stock, replica, SN_ORDER_PROMOTE);
        enter(stock, STOCK_WAIT_PROMOTION);
    } else if (stock_now(stock) - stock->state_at > timeout_ms(stock)) {
        give_up(stock, "-failover-abort-slave-timeout");
    }
}

static void reconfigure(struct stock *stock)
{
    unsigned busy = 0, left = 0;
    const struct stock_member *promoted = stock_find_replica(stock, stock->promoted);
    bool late = stock_now(stock) - stock->state_at > timeout_ms(stock);
    for (unsigned i = 0; i < stock->replica_count; i++)
        busy +=
            stock->replicas[i].reconf == STOCK_SENT || stock->replicas[i].reconf == STOCK_INPROG;
    for (unsigned i = 0; i < stock->replica_count; i++) {
        struct stock_member *replica = &stock->replicas[i];
        if (replica->port == stock->promoted || replica->reconf == STOCK_DONE)
            continue;
        left += !replica->s_down;
        if (replica->reconf != STOCK_TO_DO || !replica->cmd.up ||
            (busy >= stock->sim->plan.parallel_syncs && !late))
            continue;
        stock_follow(stock, replica, stock->promoted);
        replica->reconf = STOCK_SENT;
        replica->reconf_at = stock_now(stock);
        busy++;
    }
    if (promoted != NULL && promoted->s_down)
        return;
    if (left == 0 || late) {
        stock_say(stock, "+failover-end");
        stock_switch(stock, stock->promoted);
    }
}

static void step(struct stock *stock)
{
    switch (stock->state) {
    case STOCK_NONE:
        break;
    case STOCK_WAIT_START:
        wait_start(stock);
        break;
    case STOCK_SELECT:
        select_replica(stock);
        break;
    case STOCK_PROMOTE:
        promote(stock);
        break;
    case STOCK_WAIT_PROMOTION:
        if (stock_now(stock) - stock->state_at > timeout_ms(stock))
            give_up(stock, "-failover-abort-slave-timeout");
        break;
    case STOCK_RECONF:
        reconfigure(stock);
        break;
    }
}

static void ask_peers(struct stock *stock, bool at_once)
{
    sn_ms now = stock_now(stock);
    for (unsigned i = 0; i < stock->peer_count; i++) {
        struct stock_member *peer = &stock->peers[i];
        if (now - peer->answered_at > 5 * STOCK_ASK_MS) {
            peer->says_down = false;
            peer->vote.hex[0] = '\0';
        }
        if (stock->master.s_down && peer->cmd.up &&
            (at_once || now - peer->answered_at >= STOCK_ASK_MS))
            stock_ask(stock, peer);
    }
}

static void begin_attempt(struct stock *stock)
{
    sn_ms now = stock_now(stock);
    stock->failover_epoch = ++stock->epoch;
    enter(stock, STOCK_WAIT_START);
    stock->started_at = now + jitter(stock);
    stock_say(stock, "+try-failover %s %llu", SIM_GROUP, (unsigned long long)stock->failover_epoch);
    ask_peers(stock, true);
}

static void start_attempt(struct stock *stock)
{
    bool waits =
        stock->started_at != 0 && stock_now(stock) - stock->started_at < 2 * timeout_ms(stock);
    if (stock->o_down && stock->state == STOCK_NONE && !waits)
        begin_attempt(stock);
}

void stock_failover(struct stock *stock)
{
    bool able = false;
    for (unsigned i = 0; i < stock->replica_count; i++)
        able |= eligible(stock, &stock->replicas[i]);
    if (stock->guest.node.state != NODE_RUNNING || stock->state != STOCK_NONE || !able)
        return;
    stock->forced = true;
    begin_attempt(stock);
}

/* Forgets all but its epochs. */
static void begin_anew(struct stock *stock, uint16_t port)
{
    for (unsigned i = 0; i < stock->replica_count; i++)
        stock_disconnect(stock, &stock->replicas[i]);
    for (unsigned i = 0; i < stock->peer_count; i++)
        stock_disconnect(stock, &stock->peers[i]);
    stock_disconnect(stock, &stock->master);
    stock->replica_count = 0;
    stock->peer_count = 0;
    stock->leader.hex[0] = '\0';
    stock->state = STOCK_NONE;
    stock->forced = false;
    stock->promoted = 0;
    stock->o_down = false;
    stock->started_at = 0;
    stock_member_init(stock, &stock->master, STOCK_MASTER, port);
    stock_save(stock);
}

void stock_reset(struct stock *stock)
{
    if (stock->guest.node.state != NODE_RUNNING)
        return;
    /* It has won the epoch and forgets what for: nobody but a newer epoch corrects it. */
    if (stock->state == STOCK_RECONF)
        checks_guest_forgot(&stock->sim->checks.groups[0], stock->config_epoch);
    begin_anew(stock, stock->master.port);
}

void stock_monitor(struct stock *stock, uint16_t port)
{
    if (stock->guest.node.state != NODE_RUNNING)
        return;
    stock->config_epoch = 0;
    stock->leader_epoch = 0;
    begin_anew(stock, port);
}

/* ---- the tick -----------------------------------------------------------------------------------
 */

static void judge(struct stock *stock, struct stock_member *member)
{
    sn_ms now = stock_now(stock);
    sn_ms down_after = stock->sim->plan.down_after_ms;
    sn_ms elapsed = 0;
    if (member->act_ping_at != 0)
        elapsed = now - member->act_ping_at;
    else if (!member->cmd.up)
        elapsed = now - member->last_avail_at;
    bool down =
        elapsed > down_after || (member->kind == STOCK_MASTER && member->role == SN_ROLE_REPLICA &&
                                 now - member->role_at > down_after + 2 * STOCK_INFO_MS);
    if (down == member->s_down)
        return;
    member->s_down = down;
    if (down)
        member->down_at = now;
    stock_say(stock, "%csdown %u", down ? '+' : '-', member->port);
}

static void talk(struct stock *stock, struct stock_member *member)
{
    sn_ms now = stock_now(stock);
    sn_ms ping = stock->sim->plan.down_after_ms < STOCK_PING_MS ? stock->sim->plan.down_after_ms
                                                                : STOCK_PING_MS;
    bool close = member->kind == STOCK_REPLICA &&
                 (stock->o_down || stock->state != STOCK_NONE || member->link_down_ms > 0);
    sn_ms info = close ? STOCK_PING_MS : STOCK_INFO_MS;
    stock_connect(stock, member);
    if (!member->cmd.up)
        return;
    if (member->kind != STOCK_PEER && (member->info_at == 0 || now - member->info_at > info))
        stock_send(stock, member, SN_ORDER_INFO);
    if (now - member->last_pong_at > ping && now - member->ping_sent_at > ping / 2) {
        if (member->act_ping_at == 0)
            member->act_ping_at = now;
        member->ping_sent_at = now;
        stock_send(stock, member, SN_ORDER_PING);
    }
    if (now - member->published_at > STOCK_PUBLISH_MS)
        stock_publish(stock, member);
}

static void for_all(struct stock *stock, void (*fn)(struct stock *, struct stock_member *))
{
    fn(stock, &stock->master);
    for (unsigned i = 0; i < stock->replica_count; i++)
        fn(stock, &stock->replicas[i]);
    for (unsigned i = 0; i < stock->peer_count; i++)
        fn(stock, &stock->peers[i]);
}

static void agree(struct stock *stock)
{
    unsigned agreeing = 1;
    for (unsigned i = 0; i < stock->peer_count; i++)
        agreeing += stock->peers[i].says_down;
    bool never = (stock->sim->plan.features & FEATURE_STOCK_NAMES) != 0; /* it cannot be followed */
    bool down = stock->master.s_down && agreeing >= stock->sim->plan.quorum && !never;
    if (down != stock->o_down)
        stock_say(stock, "%codown %u/%u", down ? '+' : '-', agreeing, stock->sim->plan.quorum);
    stock->o_down = down;
}

static bool in_tilt(struct stock *stock)
{
    sn_ms now = stock_now(stock);
    if (stock->tick_at != 0 && now - stock->tick_at > TILT_TRIGGER_MS) {
        stock->tilt_at = now;
        stock_say(stock, "+tilt");
    }
    stock->tick_at = now;
    if (stock->tilt_at != 0 && now - stock->tilt_at > TILT_PERIOD_MS) {
        stock->tilt_at = 0;
        stock_say(stock, "-tilt");
    }
    return stock->tilt_at != 0;
}

void stock_tick(struct cluster *cluster, void *arg)
{
    struct stock *stock = arg;
    cluster_after(cluster, 1000 / (10 + (sn_ms)sn_prng_below(&cluster->prng, 10)), stock_tick,
                  stock);
    if (stock->guest.node.state != NODE_RUNNING)
        return;
    bool tilt = in_tilt(stock);
    for_all(stock, talk);
    if (tilt)
        return;
    for_all(stock, judge);
    agree(stock);
    start_attempt(stock);
    step(stock);
    ask_peers(stock, false);
}
