/* SPDX-License-Identifier: BSD-3-Clause */

/* Persist before speak. Every change of the durable state raises the version. Messages that depend
 * on it wait here until it is on disk; a failed write drops them. So no vote is ever sent that a
 * crash could make us forget. All changes of one step, and all steps during one write, are saved
 * together.
 *
 * A failed save is retried every SN_RETRY_SAVE_MS, and with every further change. */

#include "core/facts/persist.h"

#include "base/alloc.h"
#include "core/facts/members.h"
#include "core/tell/out.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static struct sn_unsaved *new_unsaved(struct sn_core *core, const struct sn_group *group)
{
    struct sn_unsaved *unsaved = sn_alloc(sizeof(*unsaved));
    if (group != NULL) {
        unsaved->group = group->id;
        unsaved->name = sn_strdup(group->name);
    }
    DL_APPEND(core->unsaved, unsaved);
    return unsaved;
}

/* The newest change is the last in the list. */
static void note(struct sn_core *core, struct sn_unsaved *unsaved, unsigned what)
{
    unsaved->version = ++core->version;
    unsaved->what |= what;
    if (unsaved->next == NULL)
        return; /* it is the last */
    DL_DELETE(core->unsaved, unsaved);
    DL_APPEND(core->unsaved, unsaved);
}

void sn_persist_changed(struct sn_core *core, unsigned what)
{
    if (core->unsaved_own == NULL)
        core->unsaved_own = new_unsaved(core, NULL);
    note(core, core->unsaved_own, what);
    if ((what & SN_RECORD_IDENTITY) != 0)
        core->identity_version = core->version;
}

void sn_persist_group_changed(struct sn_group *group, unsigned what)
{
    assert(what != 0 && group->name != NULL);
    if (group->unsaved == NULL)
        group->unsaved = new_unsaved(group->core, group);
    note(group->core, group->unsaved, what);
}

void sn_persist_epochs_changed(struct sn_group *group, unsigned what)
{
    sn_persist_group_changed(group, what);
    group->epochs_version = group->core->version;
}

void sn_persist_group_gone(struct sn_group *group)
{
    sn_persist_group_changed(group, SN_RECORD_GONE);
    group->unsaved->what = SN_RECORD_GONE;
}

void sn_persist_anyway(struct sn_core *core)
{
    core->version++;
}

static void free_unsaved(struct sn_core *core, struct sn_unsaved *unsaved)
{
    struct sn_group *group = sn_group_by_id(core, unsaved->group);
    if (group != NULL)
        group->unsaved = NULL;
    if (unsaved == core->unsaved_own)
        core->unsaved_own = NULL;
    DL_DELETE(core->unsaved, unsaved);
    free(unsaved->name);
    free(unsaved);
}

static void forget_saved(struct sn_core *core)
{
    while (core->unsaved != NULL && core->unsaved->version <= core->durable_version)
        free_unsaved(core, core->unsaved);
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

/* While failover attempts of many groups raise the epoch faster than the disk writes, the newest
 * epoch is never durable. The durable one is at most two writes behind. */
static void track_epoch(struct sn_core *core)
{
    assert(core->durable_epoch <= core->current_epoch);
    if (core->durable_version < core->epoch_version)
        return;
    if (core->epoch_of_version > core->durable_epoch)
        core->durable_epoch = core->epoch_of_version;
    core->epoch_version = core->version;
    core->epoch_of_version = core->current_epoch;
    /* durable_epoch is never lowered: sn_persist_epoch may have raised and announced it. */
    if (core->durable_version >= core->version && core->current_epoch > core->durable_epoch)
        core->durable_epoch = core->current_epoch;
}

uint64_t sn_persist_epoch(struct sn_core *core, const struct sn_group *group)
{
    if (sn_persist_may_speak(group) && group->config_epoch > core->durable_epoch)
        core->durable_epoch = group->config_epoch;
    return core->durable_epoch;
}

/* Lists the records that no successful or pending save contains. */
static void list_records(struct sn_core *core, struct sn_action_persist *persist)
{
    const struct sn_unsaved *first = NULL, *unsaved;
    size_t count = 0;
    /* The newest changes are last. */
    if (core->unsaved != NULL) {
        for (unsaved = core->unsaved->prev; unsaved->version > core->told_version;
             unsaved = unsaved->prev) {
            first = unsaved;
            count++;
            if (unsaved == core->unsaved)
                break;
        }
    }
    struct sn_record *records = sn_out_array(core, count, sizeof(*records));
    persist->records = records;
    for (unsaved = first; unsaved != NULL; unsaved = unsaved->next)
        records[persist->count++] = (struct sn_record){
            .group = unsaved->group, .name = unsaved->name, .what = unsaved->what};
    core->told_version = core->version;
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
    struct sn_action_persist persist = {.version = core->version};
    list_records(core, &persist);
    sn_out_add(core, SN_ACTION_PERSIST)->u.persist = persist;
}

sn_ms sn_persist_takes_ms(const struct sn_core *core)
{
    bool busy = core->asked_version > core->durable_version && !core->save_failed;
    if (!busy)
        return core->save_took_ms;
    return 2 * sn_max(core->save_took_ms, sn_age(core, core->save_began_at));
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

/* A failed save ends the attempt, and is repeated each second and with each change (PROTOCOL.md
 * §24.1). */
void sn_persist_done(struct sn_core *core, const struct sn_input_persisted *persisted)
{
    assert(persisted->version <= core->version);
    core->save_failed = !persisted->ok;
    core->save_took_ms = sn_age(core, core->save_began_at);
    core->save_began_at = core->now; /* of the save that may be in progress now */
    if (persisted->ok && persisted->version > core->durable_version)
        core->durable_version = persisted->version;
    if (!persisted->ok)
        core->told_version = core->durable_version;
    forget_saved(core);
    track_epoch(core);
    if (!persisted->ok && persisted->version >= core->asked_version)
        sn_timer_set(&core->timers, &core->save, sn_after(core->now, SN_RETRY_SAVE_MS));
    /* A newer save that was requested already does not contain the records of this one. */
    if (!persisted->ok && persisted->version < core->asked_version)
        core->asked_version = persisted->version;
}

/* Returns the first item that waited for this save; NULL if there is none. After a failed save a
 * switch stays queued: it has happened already, and is announced after a later save. */
static struct sn_deferred *first_settled(const struct sn_core *core,
                                         const struct sn_input_persisted *persisted)
{
    struct sn_deferred *item = core->deferred;
    while (item != NULL && item->kind == SN_DEFERRED_SWITCH && !persisted->ok)
        item = item->next;
    return item != NULL && item->version <= persisted->version ? item : NULL;
}

bool sn_persist_take(struct sn_core *core, const struct sn_input_persisted *persisted,
                     struct sn_deferred *taken)
{
    struct sn_deferred *item;
    while ((item = first_settled(core, persisted)) != NULL) {
        *taken = *item;
        DL_DELETE(core->deferred, item);
        free(item);
        if (taken->kind != SN_DEFERRED_ANSWER)
            return true;
        if (persisted->ok)
            emit_answer(core, taken->ticket, taken->answer, sn_out_text(core, taken->runid.hex),
                        taken->number, taken->epoch);
        else
            emit_answer(core, taken->ticket, SN_ANSWER_ERROR,
                        "Failed to save config file. Check server logs.", 0, 0);
    }
    return false;
}

void sn_persist_fini(struct sn_core *core)
{
    while (core->unsaved != NULL)
        free_unsaved(core, core->unsaved);
    struct sn_deferred *item, *next;
    DL_FOREACH_SAFE(core->deferred, item, next) {
        DL_DELETE(core->deferred, item);
        free(item);
    }
}
