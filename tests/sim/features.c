/* SPDX-License-Identifier: BSD-3-Clause */

/* What a run may have beyond the first plans: each feature is drawn from a number of its own, so
 * that one more of them changes no run that does not have it. --with NAME gives it to every run. */

#include "plan.h"

#include "base/text.h"

#include <string.h>

#define SALT UINT64_C(0xfea7)

unsigned features_forced;

typedef void draw_fn(struct plan *plan, struct sn_prng *prng);

static uint64_t between(struct sn_prng *prng, uint64_t low, uint64_t high)
{
    return low + sn_prng_below(prng, high - low + 1);
}

static bool chance(struct sn_prng *prng, unsigned percent)
{
    return sn_prng_below(prng, 100) < percent;
}

/* A time within the first part of the span. */
static sn_ms early(const struct plan *plan, struct sn_prng *prng)
{
    return plan->warm_ms + 500 + (sn_ms)sn_prng_below(prng, (uint64_t)plan->span_ms / 2 + 1);
}

static unsigned lot(struct sn_prng *prng)
{
    return (unsigned)sn_prng_below(prng, 64);
}

/* ---- the cast -----------------------------------------------------------------------------------
 */

static void draw_ids(struct plan *plan, struct sn_prng *prng)
{
    plan->id_lot = sn_prng_next(prng) >> 8;
}

static void draw_stock_names(struct plan *plan, struct sn_prng *prng)
{
    plan->names = false;
    if (plan->stocks > 0)
        return;
    plan->stocks = (unsigned)between(prng, 1, plan->sentinels / 2);
    plan->sentinels -= plan->stocks;
}

static void draw_alias(struct plan *plan, struct sn_prng *prng)
{
    if (plan->groups < 2)
        plan->groups = 2;
    plan->two_deployments = plan->stocks == 0 && chance(prng, 35);
    if (plan->two_deployments) /* two or three for each name */
        plan->sentinels = (unsigned)between(prng, 4, 6);
    plan->other_replicas[1] = 1; /* counts for nothing */
}

static void draw_lone(struct plan *plan, struct sn_prng *prng)
{
    (void)prng;
    plan->quorum = 1;
}

static void draw_config(struct plan *plan, struct sn_prng *prng)
{
    unsigned count = (unsigned)between(prng, 1, 6);
    for (unsigned i = 0; i < count; i++)
        plan_add_fault(plan, &(struct fault){.kind = FAULT_CONFIG_ERROR,
                                             .at = chance(prng, 50) ? 0 : early(plan, prng),
                                             .lasts = 60000,
                                             .a = lot(prng),
                                             .value = sn_prng_next(prng) >> 8});
}

/* ---- the network --------------------------------------------------------------------------------
 */

static void draw_slow(struct plan *plan, struct sn_prng *prng)
{
    if (plan->stocks > 0)
        return; /* they cannot live with that */
    plan->rtt_percent =
        (unsigned)(chance(prng, 60) ? between(prng, 55, 90) : between(prng, 91, 200));
    plan->rtt_peace = chance(prng, 60);
    plan->connect_ms = chance(prng, 50) ? (sn_ms)between(prng, 0, 2) * plan->down_after_ms : 0;
    plan->span_ms += 4 * plan->down_after_ms;
}

static void draw_mesh(struct plan *plan, struct sn_prng *prng)
{
    unsigned count = (unsigned)between(prng, 1, 4);
    for (unsigned i = 0; i < count; i++)
        plan_add_fault(plan, &(struct fault){.kind = FAULT_MESH,
                                             .at = early(plan, prng),
                                             .lasts = (sn_ms)between(prng, 5, 150) * 100,
                                             .a = lot(prng),
                                             .value = sn_prng_next(prng) >> 8,
                                             .value2 = sn_prng_below(prng, MESH_APART)});
}

/* Some cannot reach a replica for longer than down-after; then it becomes the master. */
static void draw_apart(struct plan *plan, struct sn_prng *prng)
{
    unsigned server = (unsigned)between(prng, 0, plan->replicas);
    unsigned who = (unsigned)sn_prng_below(prng, plan->sentinels);
    sn_ms lasts = plan->down_after_ms + (sn_ms)between(prng, 5, 50) * 100;
    struct fault cut = {.kind = FAULT_MESH,
                        .at = early(plan, prng),
                        .lasts = lasts,
                        .a = server,
                        .value = ~(UINT64_C(1) << who),
                        .value2 = MESH_APART};
    struct fault order = {.kind = FAULT_FAILOVER,
                          .at = cut.at + lasts + (sn_ms)between(prng, 0, 300) - 150,
                          .lasts = 1000,
                          .a = who,
                          .b = server,
                          .value = 2 * sn_prng_below(prng, 2)};
    plan_add_fault(plan, &cut);
    plan_add_fault(plan, &order);
}

/* Servers that die and are started again at once, before or after a refusal counts; and some that
 * refuse sentinels alone. */
static void draw_refused(struct plan *plan, struct sn_prng *prng)
{
    unsigned count = (unsigned)between(prng, 1, 4);
    plan->refused_after_ms = (sn_ms)between(prng, 1, 40) * 10;
    for (unsigned i = 0; i < count; i++) {
        bool reject = chance(prng, 50);
        sn_ms lasts = reject ? (sn_ms)between(prng, 1, 80) * 100
                             : plan->refused_after_ms * (sn_ms)between(prng, 1, 8) / 4;
        struct fault fault = {.kind = reject ? FAULT_REJECT : FAULT_KILL,
                              .at = early(plan, prng),
                              .lasts = lasts,
                              .a = lot(prng)};
        plan_add_fault(plan, &fault);
        /* A rule that is wrong for more than one of them. */
        for (unsigned also = reject ? (unsigned)between(prng, 0, 3) : 0; also > 0; also--) {
            fault.a = lot(prng);
            fault.lasts = (sn_ms)between(prng, 1, 80) * 100;
            plan_add_fault(plan, &fault);
        }
    }
}

/* Servers that are restarted at once, or later, without their data or with those of nobody. Half of
 * them are masters. */
static void draw_data(struct plan *plan, struct sn_prng *prng)
{
    unsigned count = (unsigned)between(prng, 1, 4);
    plan->max_lag = chance(prng, 50) ? (uint64_t)between(prng, 1, 40) * 10 : 0;
    plan->reborn_failover = chance(prng, 50);
    for (unsigned i = 0; i < count; i++)
        plan_add_fault(plan,
                       &(struct fault){.kind = chance(prng, 60) ? FAULT_REBORN : FAULT_OTHER_DATA,
                                       .at = early(plan, prng),
                                       .lasts = (sn_ms)between(prng, 1, 30) * 50,
                                       .a = chance(prng, 50) ? TARGET_MASTER : lot(prng),
                                       .value = sn_prng_below(prng, 10000)});
}

/* ---- moments ------------------------------------------------------------------------------------
 */

/* Moments by their number in faults.c: most of these are of the server that obeys. */
static void draw_fates(struct plan *plan, struct sn_prng *prng)
{
    static const enum fault_kind kinds[] = {FAULT_ISOLATE_AT, FAULT_ISOLATE_AT, FAULT_KILL_AT,
                                            FAULT_HANG_AT};
    static const unsigned moments[] = {13, 13, 13, 14, 15};
    unsigned count = (unsigned)between(prng, 1, 3);
    sn_ms at = early(plan, prng);
    for (unsigned i = 0; i < count; i++)
        plan_add_fault(plan, &(struct fault){.kind = kinds[sn_prng_below(prng, 4)],
                                             .at = at,
                                             .lasts = (sn_ms)between(prng, 5, 120) * 100,
                                             .value = moments[sn_prng_below(prng, 5)]});
    plan_add_fault(plan, &(struct fault){.kind = FAULT_KILL,
                                         .at = at + 1,
                                         .lasts = (sn_ms)between(prng, 10, 200) * 100,
                                         .a = TARGET_MASTER});
}

/* Two orders, one after the other: whom the first has demoted the second may promote. */
static void draw_back(struct plan *plan, struct sn_prng *prng)
{
    struct fault order = {.kind = FAULT_FAILOVER, .lasts = 1000, .value2 = 1};
    order.at = early(plan, prng);
    order.a = lot(prng);
    order.value = sn_prng_below(prng, 4);
    plan_add_fault(plan, &order);
    order.at += (sn_ms)between(prng, 50, 1500);
    order.a = lot(prng);
    order.value = sn_prng_below(prng, 4);
    if (chance(prng, 50)) {
        order.kind = FAULT_KILL;
        order.a = TARGET_MASTER;
        order.lasts = (sn_ms)between(prng, 30, 150) * 100;
    }
    plan_add_fault(plan, &order);
}

/* So many sentinels are gone that nobody can be elected, and the master dies. */
static void draw_hopeless(struct plan *plan, struct sn_prng *prng)
{
    unsigned all = plan->sentinels + plan->stocks;
    unsigned gone = all - all / 2; /* what is left is no majority */
    sn_ms at = early(plan, prng), lasts = (sn_ms)between(prng, 60, 150) * 100;
    if (plan->stocks > 0 || gone >= all)
        return;
    unsigned first = (unsigned)sn_prng_below(prng, all);
    /* Nodes are counted servers first. */
    unsigned servers = plan->replicas + 1;
    for (unsigned i = 1; i < plan->groups; i++)
        servers +=
            (plan->features & FEATURE_ALIAS) != 0 && i == 1 ? 0 : plan->other_replicas[i] + 1;
    for (unsigned i = 0; i < gone; i++)
        plan_add_fault(plan, &(struct fault){.kind = FAULT_KILL,
                                             .at = at + (sn_ms)between(prng, 0, 200),
                                             .lasts = lasts,
                                             .a = servers + (first + i) % all});
    plan_add_fault(plan, &(struct fault){.kind = FAULT_KILL,
                                         .at = at + (sn_ms)between(prng, 0, 3000),
                                         .lasts = lasts + 3000,
                                         .a = TARGET_MASTER});
    if (plan->quorum > all - gone)
        plan->quorum = chance(prng, 70) ? all - gone : plan->quorum;
}

/* ---- forgeries ----------------------------------------------------------------------------------
 */

static void draw_forged(struct plan *plan, struct sn_prng *prng)
{
    unsigned count = (unsigned)between(prng, 1, 6);
    for (unsigned i = 0; i < count; i++)
        plan_add_fault(
            plan, &(struct fault){.kind = chance(prng, 65) ? FAULT_FORGE_HELLO : FAULT_FORGE_VOTE,
                                  .at = early(plan, prng),
                                  .lasts = (sn_ms)between(prng, 1, 30) * 100,
                                  .a = lot(prng),
                                  .b = lot(prng),
                                  .value = sn_prng_next(prng) >> 8,
                                  .value2 = sn_prng_next(prng) >> 8});
}

/* Switches that nobody has made, also in the moments of real ones: the master dies. */
static void draw_hearsay(struct plan *plan, struct sn_prng *prng)
{
    unsigned count = (unsigned)between(prng, 2, 8);
    sn_ms at = early(plan, prng);
    if (chance(prng, 60))
        plan_add_fault(plan, &(struct fault){.kind = FAULT_KILL,
                                             .at = at,
                                             .lasts = (sn_ms)between(prng, 1, 80) * 100,
                                             .a = TARGET_MASTER});
    for (unsigned i = 0; i < count; i++)
        plan_add_fault(plan,
                       &(struct fault){
                           .kind = FAULT_FORGE_SWITCH,
                           .at = at + (sn_ms)sn_prng_below(prng, (uint64_t)plan->down_after_ms * 3),
                           .lasts = 1000,
                           .a = lot(prng),
                           .b = lot(prng),
                           .value = sn_prng_next(prng) >> 8,
                           .value2 = sn_prng_next(prng) >> 8});
}

/* ---- trials of peace ----------------------------------------------------------------------------
 */

static void draw_away(struct plan *plan, struct sn_prng *prng)
{
    if (plan->down_after_ms > 800)
        plan->down_after_ms = (sn_ms)between(prng, 4, 8) * 100;
}

static void draw_nobody(struct plan *plan, struct sn_prng *prng)
{
    plan->failover_timeout_ms = (sn_ms)between(prng, 15, 30) * 1000;
}

/* world.c sets it up. */
static void draw_nothing(struct plan *plan, struct sn_prng *prng)
{
    (void)plan;
    (void)prng;
}

static void draw_forget(struct plan *plan, struct sn_prng *prng)
{
    plan->forget_after_s = (unsigned)between(prng, 1, 4);
}

/* Firewalls between sentinels and masters whose replicas go on. */
static void draw_veto(struct plan *plan, struct sn_prng *prng)
{
    unsigned count = (unsigned)between(prng, 0, 2);
    plan->replica_veto = true;
    for (unsigned i = 0; i < count; i++)
        plan_add_fault(plan,
                       &(struct fault){.kind = FAULT_REJECT,
                                       .at = early(plan, prng),
                                       .lasts = plan->down_after_ms * (sn_ms)between(prng, 1, 4),
                                       .a = TARGET_MASTER});
}

static void draw_rescue(struct plan *plan, struct sn_prng *prng)
{
    (void)prng;
    plan->rescue = true;
}

/* An odd duration ends by itself, an even one by RESUME. The master dies meanwhile. */
static void draw_truce(struct plan *plan, struct sn_prng *prng)
{
    unsigned count = (unsigned)between(prng, 1, 3);
    for (unsigned i = 0; i < count; i++) {
        sn_ms at = early(plan, prng);
        plan_add_fault(plan, &(struct fault){.kind = FAULT_TRUCE,
                                             .at = at,
                                             .lasts = 1000 + (sn_ms)between(prng, 0, 8000),
                                             .a = lot(prng)});
        plan_add_fault(plan, &(struct fault){.kind = chance(prng, 50) ? FAULT_KILL : FAULT_HANG,
                                             .at = at + (sn_ms)between(prng, 0, 3000),
                                             .lasts = (sn_ms)between(prng, 10, 80) * 100,
                                             .a = chance(prng, 70) ? TARGET_MASTER : lot(prng)});
    }
}

static void draw_chains(struct plan *plan, struct sn_prng *prng)
{
    unsigned count = (unsigned)between(prng, 1, 4);
    plan->chained = true;
    if (plan->replicas < 3)
        plan->replicas = 3;
    if (chance(prng, 50)) { /* somebody is gone for long enough to leave orphans */
        plan->failover_timeout_ms = (sn_ms)between(prng, 20, 40) * 100;
        plan->span_ms += 3 * plan->failover_timeout_ms;
        plan_add_fault(plan,
                       &(struct fault){.kind = FAULT_KILL,
                                       .at = early(plan, prng),
                                       .lasts = plan->down_after_ms + 4 * plan->failover_timeout_ms,
                                       .a = lot(prng)});
    }
    for (unsigned i = 0; i < count; i++)
        plan_add_fault(plan, &(struct fault){.kind = FAULT_CHAIN,
                                             .at = early(plan, prng),
                                             .lasts = 1000,
                                             .a = lot(prng),
                                             .value = sn_prng_next(prng) >> 8});
}

/* ---- all of them
 * --------------------------------------------------------------------------------
 */

struct feature {
    unsigned bit;
    const char *name;
    unsigned percent; /* of the seeds, of themselves */
    draw_fn *draw;
};

static const struct feature features[] = {
    {FEATURE_IDS, "ids", 8, draw_ids},
    {FEATURE_STOCK_NAMES, "stock-names", 5, draw_stock_names},
    {FEATURE_ALIAS, "alias", 8, draw_alias},
    {FEATURE_SLOW, "slow", 6, draw_slow},
    {FEATURE_MESH, "mesh", 8, draw_mesh},
    {FEATURE_APART, "apart", 6, draw_apart},
    {FEATURE_LONE, "lone", 5, draw_lone},
    {FEATURE_FORGED, "forged", 6, draw_forged},
    {FEATURE_EPOCHS, "epochs", 10, draw_forged},
    {FEATURE_FATES, "fates", 8, draw_fates},
    {FEATURE_BACK, "back", 6, draw_back},
    {FEATURE_HOPELESS, "hopeless", 5, draw_hopeless},
    {FEATURE_AWAY, "away", 4, draw_away},
    {FEATURE_NOBODY, "nobody", 3, draw_nobody},
    {FEATURE_CONFIG, "config", 5, draw_config},
    {FEATURE_REFUSED, "refused", 12, draw_refused},
    {FEATURE_DATA, "data", 15, draw_data},
    {FEATURE_SINGLE, "single", 15, draw_nothing},
    {FEATURE_FORGET, "forget", 12, draw_forget},
    {FEATURE_VETO, "veto", 8, draw_veto},
    {FEATURE_RESCUE, "rescue", 12, draw_rescue},
    {FEATURE_TRUCE, "truce", 10, draw_truce},
    {FEATURE_HEARSAY, "hearsay", 12, draw_hearsay},
    {FEATURE_CHAINS, "chains", 10, draw_chains},
};

#define FEATURES (sizeof(features) / sizeof(features[0]))

const char *features_name(unsigned index)
{
    return index < FEATURES ? features[index].name : NULL;
}

unsigned features_by_name(const char *name, size_t len)
{
    if (len == 3 && strncmp(name, "all", len) == 0)
        return FEATURE_ALL;
    for (size_t i = 0; i < FEATURES; i++) {
        if (strlen(features[i].name) == len && strncmp(features[i].name, name, len) == 0)
            return features[i].bit;
    }
    return 0;
}

bool features_want(enum fault_kind kind)
{
    static const unsigned of[] = {[FAULT_MESH] = FEATURE_MESH | FEATURE_APART,
                                  [FAULT_ISOLATE_AT] = FEATURE_FATES,
                                  [FAULT_CONFIG_ERROR] = FEATURE_CONFIG,
                                  [FAULT_TRUCE] = FEATURE_TRUCE,
                                  [FAULT_REJECT] = FEATURE_REFUSED,
                                  [FAULT_CHAIN] = FEATURE_CHAINS,
                                  [FAULT_REBORN] = FEATURE_DATA,
                                  [FAULT_OTHER_DATA] = FEATURE_DATA,
                                  [FAULT_FORGE_SWITCH] = FEATURE_HEARSAY};
    unsigned from = (size_t)kind < sizeof(of) / sizeof(of[0]) ? of[kind] : 0;
    if (from == 0 && kind >= FAULT_FORGE_HELLO)
        from = FEATURE_FORGED;
    bool drawn = from == 0;
    for (size_t i = 0; i < FEATURES; i++)
        drawn |= (features[i].bit & from) != 0 && features[i].percent > 0;
    return drawn;
}

void features_draw(struct plan *plan, uint64_t seed)
{
    for (size_t i = 0; i < FEATURES; i++) {
        struct sn_prng prng;
        sn_prng_init(&prng, seed ^ SALT ^ (uint64_t)(i + 1) << 20);
        bool drawn = chance(&prng, features[i].percent);
        if (!drawn && (features_forced & features[i].bit) == 0)
            continue;
        plan->features |= features[i].bit;
        features[i].draw(plan, &prng);
    }
}
