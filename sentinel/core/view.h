/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_VIEW_H
#define SN_CORE_VIEW_H

/* Read-only access to the core's state, for the SENTINEL commands and INFO. Nothing here changes
 * the core. Pointers are valid until the next step. */

#include "base/addr.h"
#include "base/buf.h"
#include "base/level.h"
#include "core/core.h"
#include "core/reason.h"
#include "core/timing.h"

struct sn_group;
struct sn_instance;

/* Receives one field of a description. */
typedef void sn_field_fn(void *arg, const char *name, const char *value);

const struct sn_runid *sn_core_myid(const struct sn_core *core);
const struct sn_globals *sn_core_globals(const struct sn_core *core);
uint64_t sn_core_current_epoch(const struct sn_core *core);
sn_ms sn_core_timing(const struct sn_core *core, enum sn_timing timing);
unsigned sn_core_simulate_flags(const struct sn_core *core);
bool sn_core_tilt(const struct sn_core *core);
/* Milliseconds since TILT was entered; -1 outside TILT. */
sn_ms sn_core_tilt_ms(const struct sn_core *core, sn_ms now);
/* Number of times TILT was entered (PROTOCOL.md §22.2). */
uint64_t sn_core_tilt_count(const struct sn_core *core);

/* Groups in the order of their configuration. */
size_t sn_core_group_count(const struct sn_core *core);
const struct sn_group *sn_core_group_first(const struct sn_core *core);
const struct sn_group *sn_group_next(const struct sn_group *group);
/* By name, len bytes, case-sensitive; NULL if none (PROTOCOL.md §3.1). */
const struct sn_group *sn_core_group_find(const struct sn_core *core, const char *name, size_t len);

const char *sn_group_name(const struct sn_group *group);
const struct sn_group_params *sn_group_params(const struct sn_group *group);
const struct sn_instance *sn_group_master(const struct sn_group *group);
/* Replicas and peers in the order in which they became known; NULL at the end. */
const struct sn_instance *sn_group_replica_first(const struct sn_group *group);
const struct sn_instance *sn_group_peer_first(const struct sn_group *group);
const struct sn_instance *sn_instance_next(const struct sn_instance *instance);
size_t sn_group_replica_count(const struct sn_group *group);
size_t sn_group_peer_count(const struct sn_group *group);
/* True if a known peer of some group is at this IP. */
bool sn_core_has_peer_at(const struct sn_core *core, const char *ip);
/* "ok", "sdown" or "odown" (PROTOCOL.md §6.1). */
const char *sn_group_status(const struct sn_group *group);
/* An operator's pause of automatic failovers (DESIGN.md D28). Text is the core's. */
struct sn_pause_view {
    sn_ms left_ms;
    int64_t until_s; /* Unix time, by the clock of the sentinel that was ordered */
    const struct sn_runid *by;
    const char *reason; /* "" if none was given */
};
/* False if there is none. */
bool sn_group_pause(const struct sn_group *group, sn_ms now, struct sn_pause_view *pause);
/* Returns the address of the current master, as GET-MASTER-ADDR-BY-NAME shows it (PROTOCOL.md
 * §4.3). */
void sn_group_address(const struct sn_core *core, const struct sn_group *group, const char **host,
                      uint16_t *port);
/* *usable: 1 + peers that are not S_DOWN; *voters: 1 + all known peers (PROTOCOL.md §4.5).
 * Deliberate difference from stock: a peer that is up but cannot answer usefully is not usable. */
void sn_group_quorum(const struct sn_group *group, size_t *usable, size_t *voters);
/* Returns the first peer that is up but not usable, and the reason in *why; NULL if none. */
const struct sn_instance *sn_group_useless_peer(const struct sn_group *group, const char **why);
/* Returns the first data node of group that another group claims as well, and their number in
 * *count; NULL if none. Such replicas get no orders (PROTOCOL.md §4.5, DESIGN.md D16). */
const struct sn_instance *sn_group_claimed(const struct sn_group *group, size_t *count);
/* Writes the recorded reasons to out (room for SN_REASONS_MAX), ordered by first occurrence.
 * Returns their number. */
size_t sn_group_reasons(const struct sn_group *group, const struct sn_reason_entry **out);
/* Returns the member that entry concerns; NULL if none, or if it was removed. */
const struct sn_instance *sn_reason_about(const struct sn_group *group,
                                          const struct sn_reason_entry *entry);
/* Writes "slave 10.0.0.2:6379 … @ …: it is down (for 1200 ms)" to out (SN_REASON_TEXT_MAX + 1
 * bytes). */
#define SN_REASON_TEXT_MAX 1400
void sn_reason_text(const struct sn_group *group, const struct sn_reason_entry *entry, char *out);
/* Returns the host of instance as replies show it; *port gets its port. */
const char *sn_instance_address(const struct sn_instance *instance, uint16_t *port);
const struct sn_runid *sn_instance_runid(const struct sn_instance *instance);

/* False for a replica with replica_announced:0, which is not listed (PROTOCOL.md §4.2). */
bool sn_instance_announced(const struct sn_instance *instance);
/* Calls field for each field of PROTOCOL.md §4.2 in order; values are valid during the call. */
void sn_instance_describe(const struct sn_core *core, const struct sn_instance *instance, sn_ms now,
                          sn_field_fn *field, void *arg);
/* Appends the last INFO text and returns its age in milliseconds (0 if none). False: there is none
 * (PROTOCOL.md §4.12). */
bool sn_instance_info(const struct sn_instance *instance, sn_ms now, struct sn_buf *text,
                      sn_ms *age_ms);

/* How a member is, as values. Ages and durations in milliseconds; -1: none. */
struct sn_member_figures {
    bool is_master, is_replica; /* neither: a peer */
    bool is_down;               /* S_DOWN */
    sn_ms down_ms;              /* since when; -1: it is up */
    bool connected;             /* as the flag `disconnected` says */
    sn_ms last_ok_ping_ms;
    /* Data nodes. */
    sn_ms info_age_ms;
    bool says_master; /* the role that it reports */
    /* Replicas. */
    bool link_up; /* to its master, as it reports */
    sn_ms link_down_ms;
    bool lag_known;
    uint64_t lag; /* bytes behind the master, by the last INFO of both */
    uint32_t priority;
    bool announced;
    bool claimed; /* by another group too */
    /* Peers. */
    sn_ms hello_age_ms;
    bool master_down; /* it agrees that the master is down */
};
void sn_measure_member(const struct sn_instance *instance, sn_ms now,
                       struct sn_member_figures *figures);

/* How a group is, as values. */
struct sn_group_figures {
    bool is_odown;
    sn_ms odown_ms;             /* -1: it is not */
    uint64_t epoch;             /* of the configuration */
    const char *failover_state; /* as the field `failover-state`; NULL: no failover */
    sn_ms failover_ms;          /* since when; -1: no failover */
    const struct sn_runid *leader;
    uint64_t leader_epoch; /* of the last vote given; 0: none */
    size_t ok_replicas;    /* not S_DOWN */
    size_t ok_peers;
};
void sn_measure_group(const struct sn_group *group, sn_ms now, struct sn_group_figures *figures);

/* What the last switch of the master has lost (DESIGN.md D21), in bytes of the replication stream.
 */
struct sn_loss_figures {
    const struct sn_addr *old_master; /* before the switch; NULL: no switch since the start */
    sn_ms switch_age_ms;
    bool known;          /* at least `bytes` are lost */
    bool exact;          /* the old master has returned and told it */
    uint64_t bytes;      /* 0, unless known */
    sn_ms offset_age_ms; /* how old its last offset was at the switch; -1: unknown */
    sn_ms choice_age_ms; /* … and the newest fact that our choice rested on; -1: not our choice */
};
void sn_measure_loss(const struct sn_group *group, sn_ms now, struct sn_loss_figures *figures);

/* Connections by kind (enum sn_link_kind). Peers have one for all groups. */
struct sn_link_figures {
    size_t up[SN_LINK_PEER + 1];
    size_t connecting[SN_LINK_PEER + 1];
    size_t idle[SN_LINK_PEER + 1];
};
void sn_measure_links(const struct sn_core *core, struct sn_link_figures *figures);

/* True if the host or IP of addr, and its port, are those of instance. */
bool sn_measure_is_at(const struct sn_instance *instance, const struct sn_addr *addr);
/* A walk over the groups that may pause while the core steps: returns the group behind the one with
 * id *id (0: the first) and puts its id there; NULL at the end. Groups that come or go meanwhile
 * may be missed, the others are not. */
const struct sn_group *sn_measure_next_group(const struct sn_core *core, uint64_t *id);

/* A queued or running script (PROTOCOL.md §4.13). */
struct sn_script_view {
    char *const *argv; /* NULL-terminated */
    bool running;
    int64_t pid;      /* 0 when not running */
    sn_ms elapsed_ms; /* running: time since its start; else time until it may start, 0 if due */
    unsigned starts;  /* so far */
};
size_t sn_core_script_count(const struct sn_core *core);
size_t sn_core_script_running(const struct sn_core *core);
/* index < sn_core_script_count() (PROTOCOL.md §4.13). */
void sn_core_script_at(const struct sn_core *core, size_t index, sn_ms now,
                       struct sn_script_view *view);

#endif
