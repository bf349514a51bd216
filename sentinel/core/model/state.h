/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_MODEL_STATE_H
#define SN_CORE_MODEL_STATE_H

/* The core's model. These headers hold its structures; the modules' headers hold the functions that
 * change them. Internal: only core/ and its unit tests include them.
 *
 * Ownership: the core owns groups, a group owns its instances, an instance holds a reference on its
 * links. "No such instant" is SN_MS_NEVER everywhere. */

#include "base/fields.h"
#include "base/hashtable.h"
#include "base/idmap.h"
#include "base/prng.h"
#include "base/timer.h"
#include "core/core.h"
#include "core/view.h"

#define SN_PENDING_MAX        100 /* unanswered commands on a link to a data node (§11.2) */
#define SN_PENDING_PEER_MAX   256 /* the same to a peer, which groups share (D26) */
#define SN_PENDING_HELLOS_MAX 64  /* a question finds that many commands before it at most */
#define SN_ASKS_MAX           4   /* outstanding questions to one peer about one group */
#define SN_OWN_ADDRS          16  /* own addresses remembered from hellos */
#define SN_SCRIPT_QUEUE_MAX   256 /* PROTOCOL.md §8.2 */
#define SN_SCRIPT_RUNNING_MAX 16
#define SN_SCRIPT_STARTS_MAX  10
#define SN_PRIORITY_DEFAULT   100

#define SN_BEAT_MS            10  /* what has a long period is sent at multiples of this */
#define SN_BEAT_PERIOD_MIN_MS 500 /* … namely one of at least that */

#define SN_RANK_STEP_MS      25   /* candidate k waits k of these at least (DESIGN.md D6) */
#define SN_RANK_STEP_MAX_MS  700  /* upper limit of the step, with slow links or disks */
#define SN_RANK_GRACE_MS     10   /* for earlier ranks that still see the master up */
#define SN_POLL_FAST_MS      100  /* INFO while a promotion or reconfiguration is watched (D12) */
#define SN_LAST_LOOK_MAX_MS  3000 /* longest wait for a master that may be about to answer */
#define SN_RETRY_BASE_MS     20   /* first back-off of an unwinnable round (D8) */
#define SN_RETRY_UNIT_MAX_MS 500  /* longest unit of that back-off */
#define SN_RETRY_SAVE_MS     1000 /* next attempt after a failed save */
#define SN_POLL_DRAIN_MS     3    /* INFO while a replica catches up in a drain (D17) */
#define SN_VOTES_MAX_MS      500  /* a planned switchover's wait for votes it does not need */
#define SN_FATE_MAX_MS       5000 /* longest wait for a replica that may have been promoted */
#define SN_FRESH_INFO_MAX_MS 500  /* longest wait for INFO before the choice (D10) */

enum sn_timer_kind {
    SN_TIMER_NONE = 0,
    SN_TIMER_LINK_RETRY, /* open the link again, or give up a slow attempt */
    SN_TIMER_LINK_PING,
    SN_TIMER_LINK_STALE, /* close a dead link (PROTOCOL.md §9.6) */
    SN_TIMER_DOWN,       /* an instance may become S_DOWN */
    SN_TIMER_INFO,
    SN_TIMER_HELLO,
    SN_TIMER_ASK,
    SN_TIMER_ANSWER_OLD, /* a peer's last answer expires */
    SN_TIMER_ELECTION,   /* a group's next failover attempt */
    SN_TIMER_FAILOVER,   /* a group's failover state has a deadline */
    SN_TIMER_HEARTBEAT,  /* regular steps, so that own stalls are noticed */
    SN_TIMER_TILT,
    SN_TIMER_PROBE,   /* time-out of a probe */
    SN_TIMER_CONFIRM, /* a peer is asked for its configuration, or has not answered */
    SN_TIMER_SAVE,    /* retry a failed save */
    SN_TIMER_TRUCE,   /* a truce is over */
    SN_TIMER_JOB      /* a script is due, or overdue */
};

/* An IP and a port. */
struct sn_place_key {
    char ip[SN_IP_MAX + 1];
    uint16_t port;
};

struct sn_chunk;
struct sn_deferred;
struct sn_group;
struct sn_instance;
struct sn_job;
struct sn_link;
struct sn_peer_link;
struct sn_place;
struct sn_probe;
struct sn_told;
struct sn_unsaved;

/* Actions under construction and the memory of their texts. */
struct sn_out {
    struct sn_action *items;
    size_t count;
    size_t room;
    struct sn_chunk *chunks;
};

struct sn_core {
    struct sn_runid myid;
    bool myid_made;
    char cmd_name[32]; /* CLIENT SETNAME */
    char sub_name[32];
    uint64_t current_epoch;
    uint64_t epoch_room; /* how far messages may raise it at once, … */
    sn_ms epoch_room_at; /* … as of this instant */
    sn_ms epoch_told_at; /* last log line about an epoch that is too high */
    struct sn_globals globals;
    struct sn_fields_pool info_names; /* of the texts of INFO */
    sn_ms timings[SN_TIMING_COUNT];
    unsigned simulate;
    struct sn_prng prng;
    struct sn_timers timers;
    struct sn_out out;
    sn_ms now;
    uint64_t next_id; /* of links, instances, groups, jobs */

    struct sn_group *groups; /* by name */
    struct sn_group *groups_by_id;
    struct sn_instance *instances;   /* by id */
    struct sn_idmap links;           /* by id of the present connection */
    struct sn_peer_link *peer_links; /* by run id */
    struct sn_place *places;
    struct sn_instance *marked_instances; /* for sn_settle, in order of marking (mark.h) */
    struct sn_group *marked_groups;
    struct sn_place_key own[SN_OWN_ADDRS]; /* recently announced own addresses, a ring */
    size_t own_next;
    struct sn_probe *probes; /* probe.c; NULL: none so far */
    uint64_t probes_wanted;  /* PINGs in 1,000 s that all masters together want (budget.c) */
    struct sn_told *told;    /* NULL: nothing so far */

    bool tilt;
    sn_ms tilt_at;
    uint64_t tilt_count;
    size_t tilt_waiting; /* links with tilt_wait */
    struct sn_timer tilt_end;
    struct sn_timer heartbeat;

    uint64_t version;          /* of the state in memory */
    uint64_t identity_version; /* of the last change of the run id */
    uint64_t asked_version;    /* of the last PERSIST */
    uint64_t told_version;     /* changes up to it are in a PERSIST that has not failed */
    uint64_t durable_version;  /* on disk */
    uint64_t durable_epoch;    /* a durable current epoch, for messages to others */
    uint64_t epoch_version, epoch_of_version; /* version that makes epoch_of_version durable */
    bool save_failed;                         /* the last save failed */
    sn_ms save_began_at, save_took_ms;        /* the last save */
    struct sn_deferred *deferred;
    struct sn_unsaved *unsaved;     /* oldest change first */
    struct sn_unsaved *unsaved_own; /* of the sentinel itself; NULL: none */
    struct sn_timer save;

    struct sn_job *jobs; /* oldest first */
    size_t job_count;
    size_t jobs_running;
};

/* Milliseconds since `at`; 0 if that is NEVER. */
static inline sn_ms sn_age(const struct sn_core *core, sn_ms at)
{
    return at == SN_MS_NEVER ? 0 : core->now - at;
}

static inline sn_ms sn_min(sn_ms a, sn_ms b)
{
    return a < b ? a : b;
}

static inline sn_ms sn_max(sn_ms a, sn_ms b)
{
    return a > b ? a : b;
}

/* at + ms, without running over; NEVER stays NEVER. */
static inline sn_ms sn_after(sn_ms at, sn_ms ms)
{
    return at == SN_MS_NEVER || (at > 0 && ms > SN_MS_NEVER - at) ? SN_MS_NEVER : at + ms;
}

/* When what returns each period is due again. Long periods end at full beats, a little early, so
 * that one wake-up serves what is due to hundreds of servers, and the next one their answers. */
static inline sn_ms sn_next_beat(sn_ms now, sn_ms period)
{
    sn_ms at = sn_after(now, period);
    return period < SN_BEAT_PERIOD_MIN_MS || at == SN_MS_NEVER ? at : at - at % SN_BEAT_MS;
}

static inline bool sn_runid_equal(const struct sn_runid *a, const struct sn_runid *b)
{
    return __builtin_strcmp(a->hex, b->hex) == 0;
}

#endif
