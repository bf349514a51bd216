/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_TOLD_H
#define SN_CORE_TOLD_H

/* Warnings that the log gives once per sender and reason. Internal to the core. */

#include "core/model/group.h"

/* Remembered pairs of sender and reason: at most per group, at most in total, and in any case per
 * group. */
#define SN_TOLD_MAX       128
#define SN_TOLD_TOTAL_MAX 1024
#define SN_TOLD_FEW       8

enum sn_told_reason {
    SN_TOLD_NONE = 0,
    SN_TOLD_FORM,     /* unreadable hello */
    SN_TOLD_SENDER,   /* its sender cannot be counted */
    SN_TOLD_MASTER,   /* its master is unusable */
    SN_TOLD_TWIN,     /* has our id */
    SN_TOLD_OWN_ADDR, /* has our address */
    SN_TOLD_DENIED,   /* denies what its hello claims */
    SN_TOLD_FORGED,   /* another id answers at its address */
    SN_TOLD_ODD_ADDR, /* announces an unreachable address */
    SN_TOLD_TWO,      /* speaks from two addresses */
    SN_TOLD_OTHER,    /* has another master with our config epoch */
    SN_TOLD_FULL,     /* one peer too many */
    SN_TOLD_NO_ROOM,  /* a replica waits for a connection */
    SN_TOLD_NO_NAME,  /* a host name does not resolve */
    SN_TOLD_MORE      /* more than are remembered */
};

uint64_t sn_told_key(enum sn_told_reason reason, const struct sn_group *group,
                     const struct sn_runid *runid, const char *host, uint16_t port);

enum sn_telling {
    SN_TELL_NOTHING = 0, /* told already, and repeated within an hour */
    SN_TELL_IT,
    SN_TELL_MORE /* say only that there are more than can be remembered */
};

/* Decides what to log about key, and remembers it. group: whose limit applies; NULL: that for no
 * group. */
enum sn_telling sn_told_first(struct sn_core *core, const struct sn_group *group, uint64_t key);
/* Forgets key: next time it is told again. Returns whether it was remembered. */
bool sn_told_take_back(struct sn_core *core, uint64_t key);
bool sn_told_has(const struct sn_core *core, uint64_t key);
/* True if the log has to name this sender and reason now. Beyond the limits, logs one line that
 * there are more. group: where it was heard; NULL: unknown. */
bool sn_told_warn(struct sn_core *core, const struct sn_group *group, uint64_t key);
void sn_told_fini(struct sn_core *core);

#endif
