/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_STORE_CLAIM_H
#define SN_SHELL_STORE_CLAIM_H

/* The one file that a sentinel keeps its state in: which one that is, and that no other process
 * keeps its own there. The lock lies on the file itself, and moves to each new one that takes its
 * name, so nothing is left beside it, and the end of the process, however it comes, is the end of
 * the lock. Only who may write the file can lock it. Blocks; no function here is for the loop. */

#include "base/types.h"

struct sn_claim {
    char *path;    /* absolute, without symbolic links as of the start; the file may not exist */
    int fd;        /* holds the lock; -1: none (no such file yet, or locks are unknown here) */
    bool was_link; /* what stands at path is a symbolic link, which is not followed */
};

/* Finds out what path is now; no lock yet (PROTOCOL.md §24.2). */
void sn_claim_init(struct sn_claim *claim, const char *path);
void sn_claim_fini(struct sn_claim *claim);
/* Locks the file, if there is one that can be written, trying for patience_ms if somebody else
 * holds it: one that is ending may still be writing. *waited: somebody did, so what was read before
 * may be old. SN_EEXIST: somebody else still holds it. */
SN_MUST_CHECK int sn_claim_take(struct sn_claim *claim, uint64_t patience_ms, bool *waited);
/* Before a write: takes the lock of a file that stands there by now in place of the one that is
 * locked. SN_EEXIST: somebody else has it (PROTOCOL.md §24.2). */
SN_MUST_CHECK int sn_claim_renew(struct sn_claim *claim);
/* The lock of fd, a new file that is about to take the name: for the following call, once it has.
 * -1: none. */
int sn_claim_lock_new(int fd);
void sn_claim_replace(struct sn_claim *claim, int lock);
/* True if another process holds the file at path; it is not locked. */
bool sn_claim_is_taken(const char *path);

#endif
