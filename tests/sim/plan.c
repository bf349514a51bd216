/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan.h"

#include <string.h>

/* Which kinds belong to which class; drawn with equal chance. */
struct choice {
    enum fault_kind kind;
    const char *name;
    unsigned class;
    unsigned weight;
    bool about_server; /* a counts servers, else sentinels */
};

static const struct choice choices[] = {
    {FAULT_RESET, "reset", CLASS_NETWORK, 2, false},
    {FAULT_CUT_WAY, "cut-way", CLASS_NETWORK, 2, false},
    {FAULT_CUT, "cut", CLASS_NETWORK, 2, false},
    {FAULT_ISOLATE, "isolate", CLASS_NETWORK, 2, false},
    {FAULT_SPLIT, "split", CLASS_NETWORK, 3, false},
    {FAULT_SLOW, "slow", CLASS_NETWORK, 2, false},
    {FAULT_DISK_SLOW, "disk-slow", CLASS_DISK, 3, false},
    {FAULT_DISK_FAIL, "disk-fail", CLASS_DISK, 3, false},
    {FAULT_KILL, "kill", CLASS_PROCESS, 3, false},
    {FAULT_HANG, "hang", CLASS_PROCESS, 2, false},
    {FAULT_KILL_AT, "kill-at", CLASS_PROCESS, 4, false},
    {FAULT_HANG_AT, "hang-at", CLASS_PROCESS, 2, false},
    {FAULT_WALL_JUMP, "wall-jump", CLASS_CLOCK, 2, false},
    {FAULT_FAILOVER, "failover", CLASS_OPERATOR, 5, false},
    {FAULT_FAILOVER_2, "failover-twice", CLASS_OPERATOR, 1, false},
    {FAULT_SET, "set", CLASS_OPERATOR, 4, false},
    {FAULT_FORGET, "reset-group", CLASS_OPERATOR, 2, false},
    {FAULT_REMOVE, "remove", CLASS_OPERATOR, 1, false},
    {FAULT_LIES, "lies", CLASS_REDIS, 1, true},
    {FAULT_PING_ERROR, "ping-error", CLASS_REDIS, 2, true},
    {FAULT_ORDER_ERROR, "order-error", CLASS_REDIS, 2, true},
    {FAULT_PAUSE_ERROR, "pause-error", CLASS_REDIS, 1, true},
    {FAULT_IGNORES, "ignores", CLASS_REDIS, 1, true},
    {FAULT_DROPS, "drops", CLASS_REDIS, 2, true},
    {FAULT_LAG, "lag", CLASS_REDIS, 3, true},
    {FAULT_PRIORITY, "priority", CLASS_REDIS, 3, true},
    {FAULT_EMPTY, "empty", CLASS_REDIS, 2, true},
    {FAULT_READDRESS, "readdress", CLASS_REDIS, 1, true},
    {FAULT_CLIENT_KILL, "client-kill", CLASS_REDIS, 2, true},
    {FAULT_PAUSED, "paused", CLASS_REDIS, 1, true},
    {FAULT_PROMOTED, "promoted", CLASS_REDIS, 1, true},
    {FAULT_FULL, "full", CLASS_REDIS, 2, true},
    {FAULT_STRANGER, "stranger", CLASS_STRANGER, 1, true},
    /* Drawn by features.c. */
    {FAULT_MESH, "mesh", CLASS_NETWORK, 0, false},
    {FAULT_TRUCE, "truce", CLASS_OPERATOR, 0, false},
    {FAULT_ISOLATE_AT, "isolate-at", CLASS_PROCESS, 0, false},
    {FAULT_CONFIG_ERROR, "config-error", CLASS_REDIS, 0, true},
    {FAULT_CHAIN, "chain", CLASS_REDIS, 0, true},
    {FAULT_REJECT, "reject", CLASS_REDIS, 0, true},
    {FAULT_REBORN, "reborn", CLASS_REDIS, 0, true},
    {FAULT_OTHER_DATA, "other-data", CLASS_REDIS, 0, true},
    {FAULT_FORGE_HELLO, "forged-hello", CLASS_STRANGER, 0, true},
    {FAULT_FORGE_VOTE, "forged-vote", CLASS_STRANGER, 0, true},
    {FAULT_FORGE_SWITCH, "forged-switch", CLASS_STRANGER, 0, true},
};

#define CHOICE_COUNT (sizeof(choices) / sizeof(choices[0]))

const char *plan_fault_name(enum fault_kind kind)
{
    for (size_t i = 0; i < CHOICE_COUNT; i++) {
        if (choices[i].kind == kind)
            return choices[i].name;
    }
    return "none";
}

static uint64_t between(struct sn_prng *prng, uint64_t low, uint64_t high)
{
    return low + sn_prng_below(prng, high - low + 1);
}

static bool chance(struct sn_prng *prng, unsigned percent)
{
    return sn_prng_below(prng, 100) < percent;
}

static void draw_cast(struct plan *plan, struct sn_prng *prng)
{
    static const unsigned counts[] = {3, 3, 3, 3, 3, 4, 5, 5, 5, 7, 9};
    unsigned all = counts[sn_prng_below(prng, sizeof(counts) / sizeof(counts[0]))];
    plan->stocks = chance(prng, 25) ? (unsigned)between(prng, 1, all / 2 + 1) : 0;
    plan->sentinels = all - plan->stocks;
    plan->replicas = (unsigned)between(prng, 1, all > 5 ? 3 : 4);
    plan->quorum = chance(prng, 70) ? all / 2 + 1 : (uint32_t)between(prng, 1, all / 2 + 1);
    plan->parallel_syncs = (uint32_t)between(prng, 1, 2);
    plan->down_after_ms = (sn_ms)between(prng, 4, 30) * 100;
    plan->failover_timeout_ms = (sn_ms)between(prng, 3, 12) * 1000;
}

static void draw_ground(struct plan *plan, struct sn_prng *prng)
{
    plan->delay_min_ms = (sn_ms)between(prng, 0, 2);
    plan->delay_max_ms =
        plan->delay_min_ms + (sn_ms)(chance(prng, 50) ? between(prng, 0, 3) : between(prng, 3, 60));
    plan->disk_ms = (sn_ms)between(prng, 0, 5);
    plan->disk_jitter_ms =
        (sn_ms)(chance(prng, 60) ? between(prng, 0, 10) : between(prng, 10, 120));
    plan->timer_late_ms = chance(prng, 30) ? (sn_ms)between(prng, 1, 20) : 0;
    plan->write_ms = (sn_ms)between(prng, 5, 200);
    plan->sync_ms = (sn_ms)between(prng, 5, 800);
    plan->warm_ms = chance(prng, 80) ? 4000 : (sn_ms)between(prng, 0, 2000);
    plan->span_ms = (sn_ms)between(prng, 4, 25) * 1000;
    plan->blocking_peers = chance(prng, 30);
    plan->lag = chance(prng, 40);
    plan->lost_on_crash = chance(prng, 40);
}

static unsigned draw_classes(struct sn_prng *prng)
{
    unsigned classes = 0;
    for (unsigned class = 1; class < CLASS_ALL; class <<= 1) {
        if (chance(prng, class == CLASS_STRANGER ? 15 : 55))
            classes |= class;
    }
    return classes;
}

static const struct choice *draw_choice(unsigned classes, struct sn_prng *prng)
{
    unsigned sum = 0;
    for (size_t i = 0; i < CHOICE_COUNT; i++)
        sum += (choices[i].class & classes) != 0 ? choices[i].weight : 0;
    if (sum == 0)
        return NULL;
    uint64_t lot = sn_prng_below(prng, sum);
    for (size_t i = 0; i < CHOICE_COUNT; i++) {
        if ((choices[i].class & classes) == 0)
            continue;
        if (lot < choices[i].weight)
            return &choices[i];
        lot -= choices[i].weight;
    }
    return NULL;
}

static sn_ms draw_time(const struct plan *plan, struct sn_prng *prng)
{
    /* Many near to one another: what matters happens within a second. */
    if (plan->fault_count > 0 && chance(prng, 50)) {
        const struct fault *near = &plan->faults[sn_prng_below(prng, plan->fault_count)];
        sn_ms at = near->at + (sn_ms)sn_prng_below(prng, (uint64_t)plan->down_after_ms * 2);
        if (at < plan->warm_ms + plan->span_ms)
            return at;
    }
    return plan->warm_ms + (sn_ms)sn_prng_below(prng, (uint64_t)plan->span_ms);
}

static void draw_fault(struct plan *plan, const struct choice *choice, struct sn_prng *prng)
{
    struct fault *fault = &plan->faults[plan->fault_count];
    memset(fault, 0, sizeof(*fault));
    fault->at = draw_time(plan, prng);
    fault->kind = choice->kind;
    fault->lasts =
        chance(prng, 60) ? (sn_ms)between(prng, 1, 40) * 100 : (sn_ms)between(prng, 4, 15) * 1000;
    fault->a = (unsigned)sn_prng_below(prng, 64);
    fault->b = (unsigned)sn_prng_below(prng, 64);
    if (choice->about_server && chance(prng, 30))
        fault->a = TARGET_MASTER;
    else if (!choice->about_server && chance(prng, 25))
        fault->a = TARGET_LEADER;
    fault->value = sn_prng_next(prng) >> 8;
    fault->value2 = sn_prng_next(prng) >> 8;
    plan->fault_count++;
}

/* Without a failover little is to be seen. */
static void draw_master_loss(struct plan *plan, struct sn_prng *prng)
{
    static const enum fault_kind losses[] = {FAULT_KILL, FAULT_KILL, FAULT_HANG, FAULT_ISOLATE};
    struct fault *fault = &plan->faults[plan->fault_count++];
    memset(fault, 0, sizeof(*fault));
    fault->kind = losses[sn_prng_below(prng, 4)];
    fault->at = plan->warm_ms + (sn_ms)sn_prng_below(prng, (uint64_t)plan->span_ms / 2 + 1);
    fault->lasts = plan->down_after_ms + (sn_ms)between(prng, 1, 12) * 1000;
    fault->a = TARGET_MASTER;
}

/* The masters of all groups are lost in the same moment, by one fault each. */
static void lose_all_masters(struct plan *plan)
{
    const struct fault first = plan->faults[0];
    for (unsigned i = 1; i < plan->groups && plan->fault_count < PLAN_FAULTS_MAX; i++) {
        plan->faults[plan->fault_count] = first;
        plan->faults[plan->fault_count++].group = i;
    }
}

/* Drawn apart from all the rest: runs of one group are what they were before there were several. */
static void draw_groups(struct plan *plan, uint64_t seed)
{
    static const unsigned counts[] = {1, 1, 1, 1, 1, 1, 2, 2, 3, 4};
    struct sn_prng prng;
    sn_prng_init(&prng, seed ^ UINT64_C(0x6071e5));
    plan->groups = counts[sn_prng_below(&prng, sizeof(counts) / sizeof(counts[0]))];
    if (plan->groups == 1)
        return;
    for (unsigned i = 1; i < plan->groups; i++)
        plan->other_replicas[i] = (unsigned)between(&prng, 1, 2);
    for (unsigned i = 0; i < plan->fault_count; i++)
        plan->faults[i].group = (unsigned)sn_prng_below(&prng, plan->groups);
    if (plan->fault_count > 0 && plan->faults[0].a == TARGET_MASTER && chance(&prng, 60)) {
        plan->faults[0].group = 0;
        lose_all_masters(plan);
    }
}

void plan_add_fault(struct plan *plan, const struct fault *fault)
{
    if (plan->fault_count < PLAN_FAULTS_MAX)
        plan->faults[plan->fault_count++] = *fault;
}

/* A switchover whose replicas lag, or hang up on the order, and are taken out of the choice before
 * they have caught up or obeyed: too rare a meeting of three faults to be left to chance. Drawn
 * apart, as the groups are. */
static void draw_late_priority(struct plan *plan, uint64_t seed)
{
    struct sn_prng prng;
    sn_prng_init(&prng, seed ^ UINT64_C(0x1a7e0));
    if (!chance(&prng, 6))
        return;
    struct fault order = {.kind = FAULT_FAILOVER, .value2 = 1, .lasts = 1000};
    order.at = plan->warm_ms + (sn_ms)sn_prng_below(&prng, (uint64_t)plan->span_ms / 2 + 1) + 500;
    order.a = (unsigned)sn_prng_below(&prng, 64);
    order.value = sn_prng_below(&prng, 2);
    sn_ms late = order.at + (sn_ms)between(&prng, 30, 900);
    enum fault_kind kind = chance(&prng, 50) ? FAULT_LAG : FAULT_DROPS;
    for (unsigned i = 1; i <= plan->replicas; i++) {
        plan_add_fault(plan,
                       &(struct fault){.kind = kind, .at = order.at - 400, .lasts = 4000, .a = i});
        plan_add_fault(plan,
                       &(struct fault){.kind = FAULT_PRIORITY, .at = late, .lasts = 4000, .a = i});
    }
    plan_add_fault(plan, &order);
}

/* What the servers are like; drawn apart, as the groups are. */
static void draw_servers(struct plan *plan, uint64_t seed)
{
    struct sn_prng prng;
    sn_prng_init(&prng, seed ^ UINT64_C(0x10ad1c6));
    static const uint64_t backlogs[] = {0, 200, 2000, 2000, 1000000};
    plan->loading_ms = chance(&prng, 50) ? (sn_ms)between(&prng, 1, 40) * 100 : 0;
    plan->sync_load_ms = chance(&prng, 50) ? (sn_ms)between(&prng, 1, 80) * 20 : 0;
    plan->diskless = chance(&prng, 50);
    plan->backlog_max = backlogs[sn_prng_below(&prng, sizeof(backlogs) / sizeof(backlogs[0]))];
    plan->names = !chance(&prng, 85) && plan->stocks == 0;
    plan->announce_names = chance(&prng, 50);
    plan->resolve_max_ms = chance(&prng, 50) ? 5 : (sn_ms)between(&prng, 1, 30) * 100;
    plan->resolve_fails = chance(&prng, 50) ? 0 : (unsigned)between(&prng, 5, 60);
}

/* So many cores that the rest is still enough for every group. */
static unsigned spare_sentinels(const struct plan *plan)
{
    unsigned spare = plan->two_deployments ? 0 : plan->sentinels - 1;
    for (unsigned i = 0; i < plan->groups; i++) {
        unsigned voters = plan->sentinels + (i == 0 ? plan->stocks : 0);
        unsigned quorum = plan->quorum < voters ? plan->quorum : voters;
        if (spare > (voters - 1) / 2)
            spare = (voters - 1) / 2;
        if (spare > voters - quorum)
            spare = voters - quorum;
    }
    return spare;
}

/* Who does not come back in peace: then there is no agreement without a failover. */
static void draw_losses(struct plan *plan, uint64_t seed)
{
    struct sn_prng prng;
    sn_prng_init(&prng, seed ^ UINT64_C(0xdead60d));
    if (!chance(&prng, 40))
        return;
    unsigned spare = spare_sentinels(plan);
    unsigned groups = (1U << plan->groups) - 1;
    if (chance(&prng, 90))
        plan->lost_masters =
            chance(&prng, 50) ? groups : 1 + (unsigned)sn_prng_below(&prng, groups);
    if (spare > 0 && (plan->lost_masters == 0 || chance(&prng, 60)))
        plan->lost_sentinels = (unsigned)between(&prng, 1, spare);
    plan->lost_lot = sn_prng_next(&prng) >> 8;
    plan->lost_late = chance(&prng, 30);
}

void plan_make(struct plan *plan, uint64_t seed)
{
    struct sn_prng prng;
    memset(plan, 0, sizeof(*plan));
    sn_prng_init(&prng, seed ^ UINT64_C(0x51a70b5e55ed));
    plan->seed = seed;
    draw_cast(plan, &prng);
    draw_ground(plan, &prng);
    plan->classes = draw_classes(&prng);
    plan->drift_ppm = (plan->classes & CLASS_CLOCK) != 0 ? (int64_t)between(&prng, 0, 5000) : 0;
    if (chance(&prng, 75))
        draw_master_loss(plan, &prng);
    if (chance(&prng, 25))
        draw_master_loss(plan, &prng);
    unsigned count =
        chance(&prng, 60) ? (unsigned)between(&prng, 1, 10) : (unsigned)between(&prng, 10, 40);
    while (plan->fault_count < count) {
        const struct choice *choice = draw_choice(plan->classes, &prng);
        if (choice == NULL)
            break;
        draw_fault(plan, choice, &prng);
    }
    draw_groups(plan, seed);
    draw_late_priority(plan, seed);
    draw_servers(plan, seed);
    features_draw(plan, seed);
    draw_losses(plan, seed);
}
