/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_PROBE_H
#define SN_CORE_PROBE_H

/* Asks which sentinel is at an address. Internal to the core. */

#include "core/model/group.h"

enum sn_verdict {
    SN_VERDICT_NONE = 0, /* unknown so far */
    SN_VERDICT_SILENT,   /* cannot be reached */
    SN_VERDICT_UNTOLD,   /* answers, but does not tell its id */
    SN_VERDICT_TOLD
};

/* The claim of a hello for a group: runid is at addr. */
struct sn_claim {
    uint64_t group; /* id */
    struct sn_runid runid;
    struct sn_addr addr;
};

/* Asks, on a separate connection, which id is at addr, and stores it in *says (TOLD). NONE: the
 * question is under way, or all probes are in use. When a probe ends, its claim is handed out
 * again. */
enum sn_verdict sn_probe_ask(struct sn_group *group, const struct sn_addr *addr,
                             const struct sn_runid *claim, struct sn_runid *says);
/* True if an id other than runid (*says) was found at addr, however long ago. */
bool sn_probe_denies(const struct sn_core *core, const struct sn_addr *addr,
                     const struct sn_runid *runid, struct sn_runid *says);
/* Records that says was found at addr by other means. */
void sn_probe_note(struct sn_core *core, const struct sn_addr *addr, const struct sn_runid *says);
/* Take events of connections that belong to no link; those that belong to no probe are ignored.
 * True if the event has ended a probe: the caller passes *claim to sn_peer_meet again. */
bool sn_probe_link_event(struct sn_core *core, const struct sn_input *event,
                         struct sn_claim *claim);
bool sn_probe_reply(struct sn_core *core, const struct sn_input_reply *event,
                    struct sn_claim *claim);
/* SN_TIMER_PROBE: no answer in time. Ends the probe and returns its claim. */
void sn_probe_due(struct sn_probe *probe, struct sn_claim *claim);
void sn_probe_fini(struct sn_core *core);
/* Reads the id in the answer to SENTINEL MYID; "" if there is none. */
void sn_probe_read_id(const struct sn_reply *reply, struct sn_runid *id);

#endif
