/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_STORE_STORE_FILE_H
#define SN_SHELL_STORE_STORE_FILE_H

/* Replaces the content of a file so that after a crash at any moment either the old or the new
 * content is there (PROTOCOL.md §19.8, §24.2). Blocks; for a worker thread. */

#include "base/buf.h"

#include "shell/store/claim.h"

#include <sys/types.h>

#define SN_STORE_REASON_MAX 512

/* Who may read a file that is made anew. */
struct sn_store_access {
    mode_t mode;
    uid_t uid; /* (uid_t)-1: whoever we are; only root gives files away */
    gid_t gid;
};

/* Those of the file at path as it is now, so that one that is lost later comes back alike; mode and
 * ourselves if there is none. */
void sn_store_access_of(const char *path, mode_t mode, struct sn_store_access *access);

struct sn_store_file {
    const char *path; /* a symbolic link is followed: it stays, what it points to is replaced */
    const char *real; /* what path stands for, see sn_store_file_resolve; NULL: found out now */
    struct sn_claim *claim; /* of real; NULL: nothing is locked */
    struct sn_store_access
        access;              /* for a file that does not exist; else mode and owner are kept */
    const char *journal_dir; /* for the copy below, if it can be written; else the folder of path */
    bool bare;               /* set by the write: it was overwritten in place without a journal */
};

/* Writes len bytes: to a temporary file beside it that then takes its name. Where that is
 * impossible but the file itself can be written (a single file mounted into a container, a folder
 * without write permission) it is overwritten in place, and *in_place is set: first the content
 * goes to
 * `<journal_dir>/<name>.journal`, which is removed when the overwriting is complete, so that a
 * journal that exists is always complete and newer than the file. If no folder takes a journal, it
 * is overwritten without one. SN_EIO: reason says what failed and why; the old content is still
 * there. SN_EEXIST: another process keeps its state there. */
SN_MUST_CHECK int sn_store_file_write(struct sn_store_file *file, const char *bytes, size_t len,
                                      bool *in_place, char reason[SN_STORE_REASON_MAX]);

/* Appends the content of path (a regular file; follow: or a link to one), nothing if there is no
 * such file. SN_EIO: it cannot be read (reason says why); SN_EFULL: it is larger than buf takes. */
SN_MUST_CHECK int sn_store_file_read(const char *path, bool follow, struct sn_buf *buf,
                                     char reason[SN_STORE_REASON_MAX]);

#endif
