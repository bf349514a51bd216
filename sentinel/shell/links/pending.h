/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_LINKS_PENDING_H
#define SN_SHELL_LINKS_PENDING_H

/* The commands of a link that are unanswered, oldest first: replies come in the order of commands.
 */

#include "core/action.h"
#include "wire/reply.h"

/* Whom the next reply is for. */
struct sn_pending {
    const char *setup; /* name of one of the opening commands; NULL: a SEND */
    enum sn_order order;
    unsigned before; /* replies that come before the one that is the answer */
    uint64_t tag;
    char *queue_error; /* the first error among those before; NULL: none */
    struct sn_pending *prev, *next;
};

/* Starts zeroed. */
struct sn_pendings {
    struct sn_pending *first;
    size_t count;
};

/* Adds a command; the list owns it. */
struct sn_pending *sn_pending_add(struct sn_pendings *list);
/* Takes the next reply. Returns the command that it answers, which is the caller's
 * (sn_pending_free); NULL if it is one of those before. Precondition: a command is unanswered. */
struct sn_pending *sn_pending_answer(struct sn_pendings *list, const struct sn_reply *reply);
void sn_pending_free(struct sn_pending *item);
void sn_pending_fini(struct sn_pendings *list);

#endif
