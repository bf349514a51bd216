/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_EXPLAIN_H
#define SN_CORE_EXPLAIN_H

/* How a group is, why, and what comes next, as values (DESIGN.md D28). Read-only, as view.h; the
 * shell has the words. Ages and durations in milliseconds; -1: none, or unknown. Pointers are valid
 * until the next step. */

#include "core/view.h"

/* X(enumerator, meaning); the names are those of the schema (HTTP.md). */
#define SN_SITUATIONS(X)                                                                           \
    X(TILT, "nothing is judged")                                                                   \
    X(OK, "the master answers")                                                                    \
    X(SILENT, "the master is silent, not for long enough to be down")                              \
    X(SUSPECT, "the master is S_DOWN; the quorum does not agree")                                  \
    X(WAITING, "another master is wanted, and no attempt of this sentinel is under way")           \
    X(VOTING, "an attempt collects votes")                                                         \
    X(CHOOSING, "the leader chooses a replica")                                                    \
    X(DRAINING, "a replica is chosen, and the order to it has to wait")                            \
    X(PROMOTING, "the order is sent, and the replica has not become a master yet")                 \
    X(SAVING, "the master is switched, and the switch is not saved yet")                           \
    X(FOLLOWING, "the master is switched, and the other replicas have to follow")

enum sn_situation {
    SN_SITUATION_NONE = 0,
#define X(id, meaning) SN_SITUATION_##id,
    SN_SITUATIONS(X)
#undef X
        SN_SITUATION_COUNT
};

/* Why the master is S_DOWN. */
enum sn_down_cause {
    SN_CAUSE_NONE = 0, /* it is up */
    SN_CAUSE_SILENCE,
    SN_CAUSE_GONE, /* its process has ended */
    SN_CAUSE_ROLE, /* it says that it is a replica */
    SN_CAUSE_OTHER /* rebooted, or replaced under another name */
};

struct sn_explanation {
    enum sn_situation situation;
    sn_ms since_ms;
    struct sn_why why;               /* what is waited for; NONE: the situation says it all */
    const struct sn_instance *about; /* whom it concerns; NULL: the group */
    sn_ms next_ms;                   /* until this sentinel acts by itself; -1: it only reacts */
    struct sn_why ended;             /* how the last attempt ended, if another master is wanted */
    sn_ms ended_ms;                  /* … and how long ago */
    /* The master. */
    enum sn_down_cause cause;
    sn_ms silence_ms; /* since when nothing good was heard of it; -1: no silence */
    sn_ms down_ms;    /* S_DOWN */
    sn_ms odown_ms;
    sn_ms last_ok_ms; /* last good reply to PING; -1: none so far */
    bool connected;   /* its command link is up */
    bool says_replica;
    bool has_lost_data;  /* it was restarted, and seems to have lost its data set */
    const char *refusal; /* why it refuses us; NULL: it does not */
    /* The sentinels, this one included. */
    size_t agreeing, voters, usable;
    size_t needed; /* votes for a failover */
    /* The attempt of this sentinel. */
    bool attempting;
    enum sn_failover_mode mode;
    uint64_t epoch;
    size_t votes;  /* VOTING: for this sentinel */
    bool is_saved; /* its vote, later its switch */
    const struct sn_instance *chosen;
    size_t followers, following; /* FOLLOWING: replicas, and those that are done */
    /* What any failover needs. */
    const struct sn_instance *best; /* the replica that would be chosen now; NULL: none */
    bool save_failed;               /* the last save of the state */
};
void sn_explain(const struct sn_group *group, sn_ms now, struct sn_explanation *explanation);

/* Writes the name of the situation, such as "waiting", to out (SN_REASON_NAME_MAX + 1 bytes). */
void sn_explain_name(enum sn_situation situation, char *out);

/* What a peer says about the master. */
enum sn_opinion {
    SN_OPINION_NONE = 0,  /* not asked, as the master is up here */
    SN_OPINION_AGREES,    /* the master is down */
    SN_OPINION_DISAGREES, /* it is up, by an answer since it went down here */
    SN_OPINION_SILENT,    /* up, but it has not answered since */
    SN_OPINION_DOWN,      /* the peer is S_DOWN */
    SN_OPINION_USELESS    /* its word does not count: another answers there, or it refuses us */
};
struct sn_peer_opinion {
    enum sn_opinion opinion;
    sn_ms age_ms;     /* of its last answer; DOWN: since when */
    const char *note; /* USELESS, DOWN: why, if that is known */
    const struct sn_runid *vote;
    uint64_t vote_epoch; /* 0: no vote is known */
    bool paused;         /* failovers are: it agrees to nothing */
};
void sn_explain_peer(const struct sn_instance *peer, sn_ms now, struct sn_peer_opinion *opinion);

/* Whether a replica could be promoted, and how far it is in following. */
struct sn_replica_fitness {
    struct sn_why why;   /* why it could not; NONE: it could */
    struct sn_why doubt; /* what speaks against its data, if it could all the same */
    bool best;
    const char *progress; /* while the replicas follow: "waits", "sent", "in-progress", "done" */
    const char *refusal;  /* NULL: it refuses nothing */
};
/* best: of the explanation; to find it anew for each of many replicas would take long. */
void sn_explain_replica(const struct sn_instance *replica, const struct sn_instance *best,
                        struct sn_replica_fitness *fitness);

/* X(enumerator): what is wrong, whatever goes on. The worst first. */
#define SN_TROUBLES(X)                                                                             \
    X(STATE_NOT_SAVED)     /* the last save failed */                                              \
    X(QUORUM_IMPOSSIBLE)   /* numbers: quorum, known sentinels */                                  \
    X(TOO_FEW_SENTINELS)   /* numbers: usable, known, needed */                                    \
    X(REFUSED)             /* about a member; detail: what it answered */                          \
    X(MASTER_LOST_DATA)    /* reborn empty */                                                      \
    X(MASTER_SAYS_REPLICA) /* the master */                                                        \
    X(NO_REPLICA)          /* none is known */                                                     \
    X(NO_CANDIDATE)        /* none could be promoted now */                                        \
    X(CLAIMED)             /* about a server: another group claims it too */

enum sn_trouble_kind {
    SN_TROUBLE_NONE = 0,
#define X(id) SN_TROUBLE_##id,
    SN_TROUBLES(X)
#undef X
        SN_TROUBLE_COUNT
};
struct sn_trouble {
    enum sn_trouble_kind kind;
    const struct sn_instance *about; /* NULL: the group */
    const char *detail;
    size_t numbers[3];
};
typedef void sn_trouble_fn(void *arg, const struct sn_trouble *trouble);
void sn_explain_troubles(const struct sn_group *group, sn_trouble_fn *tell, void *arg);
/* As sn_explain_name. */
void sn_explain_trouble_name(enum sn_trouble_kind kind, char *out);

#endif
