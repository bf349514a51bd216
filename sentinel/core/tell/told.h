/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_TOLD_H
#define SN_CORE_TOLD_H

/* What the log says once for each sender and reason. Internal to the core. */

#include "core/model/group.h"

/* Senders and reasons that are remembered: of one group, of all, and of one group in any case. */
#define SN_TOLD_MAX       128
#define SN_TOLD_TOTAL_MAX 1024
#define SN_TOLD_FEW       8

enum sn_told_reason {
    SN_TOLD_NONE = 0,
    SN_TOLD_FORM,     /* no hello at all */
    SN_TOLD_SENDER,   /* cannot be counted */
    SN_TOLD_MASTER,   /* counted, but its master cannot be used */
    SN_TOLD_TWIN,     /* uses our id */
    SN_TOLD_OWN_ADDR, /* … our address */
    SN_TOLD_FORGED,   /* is not where it is said to be */
    SN_TOLD_ODD_ADDR, /* announces an address that nobody can reach */
    SN_TOLD_TWO,      /* speaks from two addresses */
    SN_TOLD_FULL,     /* one peer too many */
    SN_TOLD_NO_ROOM,  /* a replica waits for a connection */
    SN_TOLD_MORE      /* than are remembered */
};

uint64_t sn_told_key(enum sn_told_reason reason, const struct sn_group *group,
                     const struct sn_runid *runid, const char *host, uint16_t port);

enum sn_telling {
    SN_TELL_NOTHING = 0, /* it was told, and has been heard of within an hour */
    SN_TELL_IT,
    SN_TELL_MORE /* only that there are more than can be remembered */
};

/* group is whose bound counts; NULL: that of what belongs to none. */
enum sn_telling sn_told_first(struct sn_core *core, const struct sn_group *group, uint64_t key);
/* It is over: next time it is told again. */
void sn_told_take_back(struct sn_core *core, uint64_t key);
/* True if the log has to name this sender and reason now (told.c). group: where it was heard; NULL:
 * that is not known. */
bool sn_told_warn(struct sn_core *core, const struct sn_group *group, uint64_t key);
void sn_told_fini(struct sn_core *core);

#endif
