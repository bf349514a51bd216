/* SPDX-License-Identifier: BSD-3-Clause */

/* Persist before speak. Every change of the durable state raises the version; what must not be said
 * before it is on disk waits here, and a failed write drops it: no vote is ever given that a crash
 * could make us forget. All changes of one step, and all steps during one write, are saved
 * together.
 *
 * A failed save is tried again every SN_RETRY_SAVE_MS, and with every further change. */

#include "core/election.h"
#include "core/model.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

void sn_persist_touch(struct sn_core *core)
{
    core->version++;
}

void sn_persist_touch_epochs(struct sn_group *group)
{
    sn_persist_touch(group->core);
    group->epochs_version = group->core->version;
}

bool sn_persist_may_speak(const struct sn_group *group)
{
    const struct sn_core *core = group->core;
    return core->durable_version >= group->epochs_version && sn_persist_has_identity(core);
}

bool sn_persist_has_identity(const struct sn_core *core)
{
    return core->durable_version >= core->identity_version;
}

/* While attempts of many groups raise the epoch faster than the disk writes, there is always an
 * epoch that is not on disk yet; the one that is lies at most two writes behind. */
static void track_epoch(struct sn_core *core)
{
    if (core->durable_version < core->epoch_version)
        return;
    if (core->epoch_of_version > core->durable_epoch)
        core->durable_epoch = core->epoch_of_version;
    core->epoch_version = core->version;
    core->epoch_of_version = core->current_epoch;
    /* Not below what a configuration has made it, and was told already. */
    if (core->durable_version >= core->version && core->current_epoch > core->durable_epoch)
        core->durable_epoch = core->current_epoch;
}

uint64_t sn_persist_epoch(struct sn_core *core, const struct sn_group *group)
{
    if (sn_persist_may_speak(group) && group->config_epoch > core->durable_epoch)
        core->durable_epoch = group->config_epoch;
    return core->durable_epoch;
}

void sn_persist_flush(struct sn_core *core)
{
    track_epoch(core);
    if (core->asked_version >= core->version)
        return;
    if (core->asked_version <= core->durable_version)
        core->save_began_at = core->now;
    core->asked_version = core->version;
    sn_timer_stop(&core->timers, &core->save);
    sn_out_add(core, SN_ACTION_PERSIST)->u.persist_version = core->version;
}

void sn_persist_retry(struct sn_core *core)
{
    if (core->durable_version < core->version)
        core->asked_version = core->durable_version;
}

static void emit_answer(struct sn_core *core, struct sn_ticket ticket, enum sn_answer_kind kind,
                        const char *text, int64_t number, uint64_t epoch)
{
    struct sn_action_answer *answer = &sn_out_add(core, SN_ACTION_ANSWER)->u.answer;
    answer->ticket = ticket;
    answer->kind = kind;
    answer->text = text;
    answer->number = number;
    answer->epoch = epoch;
}

void sn_persist_answer(struct sn_core *core, struct sn_ticket ticket,
                       const struct sn_action_answer *answer)
{
    if (core->durable_version >= core->version) {
        emit_answer(core, ticket, answer->kind, sn_out_text(core, answer->text), answer->number,
                    answer->epoch);
        return;
    }
    struct sn_deferred *item = sn_alloc(sizeof(*item));
    item->kind = SN_DEFERRED_ANSWER;
    item->version = core->version;
    item->ticket = ticket;
    item->answer = answer->kind;
    item->number = answer->number;
    item->epoch = answer->epoch;
    if (answer->text != NULL)
        memcpy(item->runid.hex, answer->text, strnlen(answer->text, SN_RUNID_LEN));
    DL_APPEND(core->deferred, item);
}

void sn_persist_defer(struct sn_core *core, enum sn_deferred_kind kind, struct sn_group *group,
                      uint64_t epoch)
{
    struct sn_deferred *item = sn_alloc(sizeof(*item));
    item->kind = kind;
    item->version = core->version;
    item->group = group->id;
    item->epoch = epoch;
    DL_APPEND(core->deferred, item);
}

static void release(struct sn_core *core, const struct sn_deferred *item)
{
    struct sn_group *group = sn_group_by_id(core, item->group);
    switch (item->kind) {
    case SN_DEFERRED_ANSWER:
        emit_answer(core, item->ticket, item->answer, sn_out_text(core, item->runid.hex),
                    item->number, item->epoch);
        break;
    case SN_DEFERRED_ATTEMPT:
        if (group != NULL)
            sn_election_collect(group, item->epoch);
        break;
    case SN_DEFERRED_SWITCH:
        if (group != NULL)
            sn_failover_switch_durable(group, item->epoch);
        break;
    case SN_DEFERRED_NONE:
        break;
    }
}

/* True if item is settled by the failure; what has already happened outside must still be told,
 * once a later write succeeds. */
static bool refuse(struct sn_core *core, const struct sn_deferred *item)
{
    struct sn_group *group;
    switch (item->kind) {
    case SN_DEFERRED_ANSWER:
        emit_answer(core, item->ticket, SN_ANSWER_ERROR,
                    "Failed to save config file. Check server logs.", 0, 0);
        return true;
    case SN_DEFERRED_ATTEMPT:
        group = sn_group_by_id(core, item->group);
        if (group != NULL && group->failover.epoch == item->epoch &&
            group->failover.state == SN_FAILOVER_WAIT_START) {
            sn_out_log(
                core, SN_LEVEL_WARNING,
                "Attempt %llu for %s given up: its vote could not be saved. Free the disk or "
                "mend its rights.",
                (unsigned long long)item->epoch, group->name);
            sn_failover_abort(group, "-failover-abort-not-elected",
                              sn_after(core->now, SN_RETRY_SAVE_MS));
        }
        return true;
    case SN_DEFERRED_SWITCH:
    case SN_DEFERRED_NONE:
        break;
    }
    return false;
}

void sn_persist_done(struct sn_core *core, const struct sn_event_persisted *persisted)
{
    core->save_failed = !persisted->ok;
    core->save_took_ms = sn_age(core, core->save_began_at);
    core->save_began_at = core->now; /* of the one that may be under way by now */
    if (persisted->ok && persisted->version > core->durable_version)
        core->durable_version = persisted->version;
    track_epoch(core);
    /* Releasing may defer more: those are appended with newer versions and stay. */
    struct sn_deferred *item, *next;
    DL_FOREACH_SAFE(core->deferred, item, next) {
        if (item->version > persisted->version)
            break;
        DL_DELETE(core->deferred, item);
        if (persisted->ok) {
            release(core, item);
        } else if (!refuse(core, item)) {
            DL_PREPEND(core->deferred, item);
            continue;
        }
        free(item);
    }
    if (!persisted->ok && persisted->version >= core->asked_version)
        sn_timer_set(&core->timers, &core->save, sn_after(core->now, SN_RETRY_SAVE_MS));
}

void sn_persist_fini(struct sn_core *core)
{
    struct sn_deferred *item, *next;
    DL_FOREACH_SAFE(core->deferred, item, next) {
        DL_DELETE(core->deferred, item);
        free(item);
    }
}
