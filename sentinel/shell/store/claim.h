/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_STORE_CLAIM_H
#define SN_SHELL_STORE_CLAIM_H

/* Exclusive claim on the file that holds the state. The lock is on the file itself and moves to
 * each new file that replaces it. So no lock file is left behind, and the lock ends with the
 * process. Locking needs write permission. These functions block and must not be called from the
 * loop. */

#include "base/types.h"

struct sn_claim {
    char *path;    /* absolute, symbolic links resolved at the start; may not exist */
    int fd;        /* holds the lock; -1: no file yet, or locks unsupported */
    bool was_link; /* path is a symbolic link by now, which is not followed */
};

/* Resolves path; takes no lock (PROTOCOL.md §24.2). */
void sn_claim_init(struct sn_claim *claim, const char *path);
void sn_claim_fini(struct sn_claim *claim);
/* Locks the file if it exists and is writable. Retries for patience_ms while another process holds
 * it, which may be ending. *waited: another process held it, so content read before may be
 * outdated. SN_EEXIST: another process still holds it. */
SN_MUST_CHECK int sn_claim_take(struct sn_claim *claim, uint64_t patience_ms, bool *waited);
/* Before a write: if another file is at path by now, moves the lock to it. SN_EEXIST: another
 * process holds that lock (PROTOCOL.md §24.2). */
SN_MUST_CHECK int sn_claim_renew(struct sn_claim *claim);
/* Locks fd, a new file that is about to be renamed to path. Returns the lock's descriptor for
 * sn_claim_replace after the rename; -1: none. */
int sn_claim_lock_new(int fd);
void sn_claim_replace(struct sn_claim *claim, int lock);
/* True if another process holds the lock of the file at path. Takes no lock. */
bool sn_claim_is_taken(const char *path);

#endif
