/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_PERSIST_H
#define SN_CORE_PERSIST_H

/* The durable state: what is on disk, what has changed since, and what waits for a save. Internal
 * to the core. */

#include "core/model/group.h"

/* Effects that wait until a version is on disk. */
enum sn_deferred_kind {
    SN_DEFERRED_NONE = 0,
    SN_DEFERRED_ANSWER,  /* answer a client */
    SN_DEFERRED_ATTEMPT, /* ask for votes */
    SN_DEFERRED_SWITCH   /* announce the new master */
};

struct sn_deferred {
    enum sn_deferred_kind kind;
    uint64_t version;
    struct sn_ticket ticket;
    enum sn_answer_kind answer;
    int64_t number;
    struct sn_runid runid;
    uint64_t epoch;
    uint64_t group; /* id */
    struct sn_deferred *prev, *next;
};

/* Unsaved changes of one group, or of the sentinel itself. */
struct sn_unsaved {
    uint64_t version; /* of the last change */
    uint64_t group;   /* id; 0: the sentinel itself */
    char *name;       /* of the group, which may be removed by now; NULL: the sentinel itself */
    unsigned what;    /* SN_RECORD_ bits */
    struct sn_unsaved *prev, *next;
};

/* Record a change of the durable state (SN_RECORD_ bits): the version rises, and the next PERSIST
 * contains it. */
void sn_persist_changed(struct sn_core *core, unsigned what);
void sn_persist_group_changed(struct sn_group *group, unsigned what);
/* The same for configuration or vote: until it is on disk, sn_persist_may_speak is false. */
void sn_persist_epochs_changed(struct sn_group *group, unsigned what);
/* group is about to be freed. */
void sn_persist_group_gone(struct sn_group *group);
/* Requests a save although nothing has changed (PROTOCOL.md §4.11). */
void sn_persist_anyway(struct sn_core *core);

/* True if the group's configuration and vote, and our run id, are on disk as they are in memory, so
 * that others may be told (PROTOCOL.md §23, §24.1). */
bool sn_persist_may_speak(const struct sn_group *group);
/* True if our run id is on disk; it must not be sent before. */
bool sn_persist_has_identity(const struct sn_core *core);
/* Returns an epoch that is on disk, for messages to others. It never falls (PROTOCOL.md §10.1). */
uint64_t sn_persist_epoch(struct sn_core *core, const struct sn_group *group);

/* Emits the PERSIST of this step, if one is needed; called last in a step (PROTOCOL.md §19.8,
 * §24.2). */
void sn_persist_flush(struct sn_core *core);
/* How long a change of now takes to be on disk, in milliseconds: as long as the last one, or more
 * if it has to wait for a save in progress. */
sn_ms sn_persist_takes_ms(const struct sn_core *core);
void sn_persist_done(struct sn_core *core, const struct sn_input_persisted *persisted);
/* Releases what has waited for this save, oldest first: emits answers, and returns any other effect
 * in *taken, to be performed, or given up if the save failed. False if nothing is left (PROTOCOL.md
 * §4.18, §24.2). */
bool sn_persist_take(struct sn_core *core, const struct sn_input_persisted *persisted,
                     struct sn_deferred *taken);
void sn_persist_retry(struct sn_core *core);
/* Answers at once if everything is durable, else when the present version is (PROTOCOL.md §4.18,
 * §14.2). */
void sn_persist_answer(struct sn_core *core, struct sn_ticket ticket,
                       const struct sn_action_answer *answer);
void sn_persist_defer(struct sn_core *core, enum sn_deferred_kind kind, struct sn_group *group,
                      uint64_t epoch);
void sn_persist_fini(struct sn_core *core);

#endif
