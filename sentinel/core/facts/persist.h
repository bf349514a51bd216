/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_PERSIST_H
#define SN_CORE_PERSIST_H

/* What is durable, what has changed since, and what waits for it. Internal to the core. */

#include "core/model/group.h"

/* What must wait until a version is on disk. */
enum sn_deferred_kind {
    SN_DEFERRED_NONE = 0,
    SN_DEFERRED_ANSWER,  /* tell a client */
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

/* What is not known to be on disk of one group, or of the sentinel itself. */
struct sn_unsaved {
    uint64_t version; /* of the last change */
    uint64_t group;   /* id; 0: the sentinel itself */
    char *name;       /* of the group, which may be gone by now; NULL: the sentinel itself */
    unsigned what;    /* SN_RECORD_ bits */
    struct sn_unsaved *prev, *next;
};

/* Something durable changed: SN_RECORD_ bits. The version rises, and the next PERSIST says so. */
void sn_persist_changed(struct sn_core *core, unsigned what);
void sn_persist_group_changed(struct sn_group *group, unsigned what);
/* The same; until it is on disk, nothing of the group's configuration or vote may be told. */
void sn_persist_epochs_changed(struct sn_group *group, unsigned what);
/* group is about to be freed. */
void sn_persist_group_gone(struct sn_group *group);
/* A save is wanted although nothing has changed (PROTOCOL.md §4.11). */
void sn_persist_anyway(struct sn_core *core);

/* True if the group's configuration and vote are on disk as they are in memory, and may be told
 * (PROTOCOL.md §23, §24.1). */
bool sn_persist_may_speak(const struct sn_group *group);
/* True if our run id is on disk: before that nobody hears of it. */
bool sn_persist_has_identity(const struct sn_core *core);
/* The current epoch as far as it is on disk, for others to hear of. It never falls (PROTOCOL.md
 * §10.1). */
uint64_t sn_persist_epoch(struct sn_core *core, const struct sn_group *group);

/* Emits the PERSIST of this step, if one is needed: the last thing a step does (PROTOCOL.md §19.8,
 * §24.2). */
void sn_persist_flush(struct sn_core *core);
void sn_persist_done(struct sn_core *core, const struct sn_input_persisted *persisted);
/* Takes what has waited for this save one by one, oldest first: answers leave, anything else is
 * handed out in *taken, to be done or given up. False if nothing is left (PROTOCOL.md §4.18,
 * §24.2). */
bool sn_persist_take(struct sn_core *core, const struct sn_input_persisted *persisted,
                     struct sn_deferred *taken);
void sn_persist_retry(struct sn_core *core);
/* Answers now if all is durable, else once the present version is (PROTOCOL.md §4.18, §14.2). */
void sn_persist_answer(struct sn_core *core, struct sn_ticket ticket,
                       const struct sn_action_answer *answer);
void sn_persist_defer(struct sn_core *core, enum sn_deferred_kind kind, struct sn_group *group,
                      uint64_t epoch);
void sn_persist_fini(struct sn_core *core);

#endif
