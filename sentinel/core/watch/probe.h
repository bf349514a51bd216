/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_PROBE_H
#define SN_CORE_PROBE_H

/* Who is at an address. Internal to the core. */

#include "core/model/group.h"

enum sn_verdict {
    SN_VERDICT_NONE = 0, /* not known yet */
    SN_VERDICT_SILENT,   /* cannot be reached */
    SN_VERDICT_UNTOLD,   /* answers, but does not tell its id */
    SN_VERDICT_TOLD
};

/* That runid is at addr, as a hello for a group says. */
struct sn_claim {
    uint64_t group; /* id */
    struct sn_runid runid;
    struct sn_addr addr;
};

/* Who is at addr, asked on a connection of its own. NONE: the question is under way if there is
 * room for one; once answered, the claim is handed out again. */
enum sn_verdict sn_probe_ask(struct sn_group *group, const struct sn_addr *addr,
                             const struct sn_runid *claim, struct sn_runid *says);
/* True if somebody else than runid was found at addr, however long ago. */
bool sn_probe_denies(const struct sn_core *core, const struct sn_addr *addr,
                     const struct sn_runid *runid, struct sn_runid *says);
/* Somebody was found at addr otherwise. */
void sn_probe_note(struct sn_core *core, const struct sn_addr *addr, const struct sn_runid *says);
/* Events of connections that are no link's; ignored if they are no probe's either. True if that has
 * ended the probe of *claim, which sn_peer_meet is to judge again. */
bool sn_probe_link_event(struct sn_core *core, const struct sn_input *event,
                         struct sn_claim *claim);
bool sn_probe_reply(struct sn_core *core, const struct sn_input_reply *event,
                    struct sn_claim *claim);
/* SN_TIMER_PROBE: nothing has answered in time; the same. */
void sn_probe_due(struct sn_probe *probe, struct sn_claim *claim);
void sn_probe_fini(struct sn_core *core);
/* The id in the answer to SENTINEL MYID; "" if there is none. */
void sn_probe_read_id(const struct sn_reply *reply, struct sn_runid *id);

#endif
