/* SPDX-License-Identifier: BSD-3-Clause */

/* A planned switchover that has drained the master loses no acknowledged write. An offset stands
 * for the writes: everything that the old master acknowledged until the promotion must be on the
 * promoted replica; and where nothing but operators disturbs, until the old master follows. */

#include "check.h"

#include "cluster_internal.h"
#include "core/facts/members.h"

#include <inttypes.h>
#include <string.h>

#define CLOCKS_MS 50 /* a clock that drifts is wrong by less in the time of a pause */

/* Whoever runs there now: a server may have taken the address of one that is gone. */
static struct model_redis *server_at(const struct checks *checks, uint16_t port)
{
    const struct node *node = cluster_find_node(checks->cluster, "127.0.0.1", port);
    return node == NULL ? NULL : node->redis;
}

static bool promises(const struct attempt *attempt)
{
    return attempt->mode == SN_MODE_COORDINATED ||
           (attempt->mode == SN_MODE_PLANNED && attempt->drained);
}

/* The order leaves while the clients wait: with time to spare, as the order needs some. */
void check_loss_send(struct checks *checks, struct sentinel *sentinel,
                     const struct sn_action_send *send)
{
    struct attempt *attempt = &checks_of(checks, sentinel)->attempt;
    sn_ms now = checks->cluster->now;
    if (send->order == SN_ORDER_CLIENT_PAUSE)
        attempt->paused_until = now + send->duration_ms;
    if (send->order == SN_ORDER_PROMOTE && attempt->mode == SN_MODE_COORDINATED &&
        now > attempt->paused_until + CLOCKS_MS)
        checks_violated(checks, &sentinel->node,
                        "promotes in a COORDINATED failover after the end of its pause");
    if (send->order == SN_ORDER_PROMOTE && attempt->mode == SN_MODE_COORDINATED &&
        !attempt->drained)
        checks_violated(checks, &sentinel->node,
                        "promotes in a COORDINATED failover without having drained the master");
}

static void check_promotion(struct checks *checks, struct model_redis *redis, struct sentinel *by)
{
    const struct attempt *attempt = &checks_of(checks, by)->attempt;
    struct model_redis *master = server_at(checks, cluster_master_port(by, checks->group));
    /* One that ignores orders, and says OK, can be demoted by nobody; one that another order has
     * demoted already may get writes from there. */
    if (!promises(attempt) || master == NULL || master == redis || master->ignores_orders ||
        master->role != SN_ROLE_MASTER)
        return;
    if (attempt->mode == SN_MODE_COORDINATED)
        checks->coordinated++;
    if (!model_redis_is_paused(master)) {
        /* The order was held up for longer than the pause lasts: nobody can help that. */
        checks->late_pauses++;
        return;
    }
    /* One whose data was replaced meanwhile has offsets of another history. */
    if (redis->offset < master->offset && sn_runid_equal(&redis->replid2, &master->replid))
        checks_violated(checks, &by->node,
                        "promoted %s at offset %" PRIu64
                        " after a drain; %s has acknowledged %" PRIu64,
                        redis->node.name, redis->offset, master->node.name, master->offset);
    checks->drained = (struct drained){.paused_until = master->paused_until,
                                       .master = master,
                                       .promoted = redis,
                                       .by = by,
                                       .runid = master->runid,
                                       .offset = redis->offset};
}

void check_loss_obeyed(struct checks *checks, struct model_redis *redis, const struct node *by,
                       enum sn_order order)
{
    struct drained *drained = &checks->drained;
    if (by->sentinel == NULL || by->sentinel->core == NULL)
        return;
    if (order == SN_ORDER_PROMOTE) {
        drained->master = NULL;
        check_promotion(checks, redis, by->sentinel);
        return;
    }
    if (drained->master != redis)
        return;
    drained->master = NULL;
    if (by->sentinel != drained->by)
        return; /* one that was held up in an attempt of its own may have ended the pause */
    if (checks->cluster->now >= drained->paused_until) {
        /* Links or a disk so slow that a quarter of down-after was too short for the rest. */
        checks->late_pauses++;
        return;
    }
    if (strcmp(redis->runid.hex, drained->runid.hex) != 0)
        return; /* started anew, and without the pause */
    checks->losses++;
    if (redis->offset > drained->offset)
        checks_violated(checks, &redis->node,
                        "acknowledged writes up to %" PRIu64 ", but %s had them up to %" PRIu64,
                        redis->offset, drained->promoted->node.name, drained->offset);
}
