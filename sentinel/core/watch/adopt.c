/* SPDX-License-Identifier: BSD-3-Clause */

/* Adoption of a newer configuration that another sentinel has made. Its master and its config epoch
 * are taken together, and passed on at once. */

#include "core/watch/adopt.h"

#include "core/facts/attempt.h"
#include "core/facts/epoch.h"
#include "core/facts/group.h"
#include "core/facts/mark.h"
#include "core/facts/persist.h"
#include "core/facts/reason.h"
#include "core/tell/raise.h"
#include "core/tell/script.h"

#include <assert.h>

/* An attempt that is older than the configuration in force would lower the config epoch if it were
 * won (PROTOCOL.md §10.3, §17.1). */
static void end_outdated_attempt(struct sn_group *group)
{
    const struct sn_failover *failover = &group->failover;
    if (failover->state != SN_FAILOVER_NONE && failover->state != SN_FAILOVER_RECONF &&
        failover->epoch <= group->config_epoch) {
        const struct sn_why why = {SN_REASON_OUTDATED,
                                   {(int64_t)group->config_epoch, (int64_t)failover->epoch}};
        sn_attempt_abort(group, SN_NOTICE_FAILOVER_ABORT_NOT_ELECTED, &why, group->core->now);
    }
}

/* The sender now agrees with us, as its next hello will tell, unless it has told of a newer
 * configuration already. */
static void note_agreement(struct sn_instance *peer)
{
    struct sn_peer *facts = &peer->u.peer;
    if (facts->hello_config_epoch > peer->group->config_epoch)
        return;
    facts->hello_heard_at = peer->core->now;
    facts->hello_config_epoch = peer->group->config_epoch;
    facts->hello_agrees = true;
}

/* PROTOCOL.md §10.3, §14.1, §17.1, §17.4, §24.1. */
bool sn_adopt_config(struct sn_instance *peer, const struct sn_addr *master, uint64_t config_epoch)
{
    struct sn_group *group = peer->group;
    struct sn_addr old_addr = group->master->addr;
    assert(config_epoch > group->config_epoch && master->ip[0] != '\0');
    /* The current epoch is never below a config epoch, now and after a restart. A far epoch is
     * accepted once that peer, or a majority, confirms it. */
    if (!sn_epoch_take(group, peer, config_epoch)) {
        sn_reason_note_numbers(peer, SN_REASON_HELLO_EPOCH_FAR, (int64_t)config_epoch,
                               (int64_t)group->config_epoch, 0);
        return false;
    }
    if (sn_addr_equal(master, &old_addr)) {
        sn_group_raise_config(group, config_epoch);
        sn_persist_epochs_changed(group, SN_RECORD_CONFIG);
        sn_mark_instance(group->master); /* an alias may have to give way now */
        end_outdated_attempt(group);
        note_agreement(peer);
        return true;
    }
    sn_raise(peer, SN_NOTICE_CONFIG_UPDATE_FROM, NULL);
    sn_group_raise_config(group, config_epoch);
    sn_group_forget_unannounced(group); /* announced now, with this switch */
    sn_group_switch(group, master);
    sn_group_announce_switch(group, &old_addr);
    sn_script_reconfig(group, false, &old_addr, &group->master->addr);
    sn_group_push_hello(group);
    note_agreement(peer);
    return true;
}
