/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_STORE_STORE_FILE_H
#define SN_SHELL_STORE_STORE_FILE_H

/* Atomic replacement of a file's content: after a crash at any moment the old or the new content is
 * there (PROTOCOL.md §19.8, §24.2). Blocks; for a worker thread. */

#include "base/buf.h"

#include "shell/store/claim.h"

#include <stdatomic.h>
#include <sys/types.h>

#define SN_STORE_REASON_MAX 512

/* Mode and owner of a newly created file. */
struct sn_store_access {
    mode_t mode;
    uid_t uid; /* (uid_t)-1: the process's own; only root sets another */
    gid_t gid;
};

/* Reads mode and owner of the file at path, to recreate it later. If there is no file: mode, and
 * the process's own ids. */
void sn_store_access_of(const char *path, mode_t mode, struct sn_store_access *access);

/* What a save does. A thread that waits for the disk cannot tell, so it says so beforehand. */
enum sn_save_step {
    SN_SAVE_NOT_BEGUN = 0,
    SN_SAVE_READS,
    SN_SAVE_FORMATS,
    SN_SAVE_LOCKS,
    SN_SAVE_WRITES,
    SN_SAVE_SYNCS,
    SN_SAVE_RENAMES,
    SN_SAVE_SYNCS_FOLDER,
    SN_SAVE_OVERWRITES,
    SN_SAVE_SYNCS_IN_PLACE
};
typedef _Atomic(enum sn_save_step) sn_save_step;

struct sn_store_file {
    const char *path;              /* a symbolic link is followed: its target is replaced */
    const char *real;              /* path resolved; NULL: resolved by the write */
    struct sn_claim *claim;        /* of real; NULL: no lock */
    struct sn_store_access access; /* if the file does not exist; else its own are kept */
    const char *journal_dir;       /* preferred folder of the journal; else that of path */
    sn_save_step *step;            /* set by the write to what it does; NULL: nobody looks */
    bool bare;                     /* set by the write: overwritten in place without a journal */
};

/* Writes len bytes to a temporary file in the same folder and renames it. Where that is impossible
 * but the file is writable (a single file mounted into a container, a folder without write
 * permission), overwrites it in place and sets *in_place. The content then goes first to
 * `<journal_dir>/<name>.journal`, which is removed after the overwriting; so an existing journal is
 * always complete and newer than the file. If no folder takes a journal, the file is overwritten
 * without one. SN_EIO: reason says what failed and why; the old content is still there. SN_EEXIST:
 * another process holds the claim on the file. */
SN_MUST_CHECK int sn_store_file_write(struct sn_store_file *file, const char *bytes, size_t len,
                                      bool *in_place, char reason[SN_STORE_REASON_MAX]);

/* Writes all len bytes. SN_EIO: errno tells. */
SN_MUST_CHECK int sn_store_write_all(int fd, const char *bytes, size_t len);

/* Appends the content of path, a regular file (follow: or a symbolic link to one); nothing if it
 * does not exist. SN_EIO: it cannot be read, and reason says why. SN_EFULL: it exceeds the cap of
 * buf. */
SN_MUST_CHECK int sn_store_file_read(const char *path, bool follow, struct sn_buf *buf,
                                     char reason[SN_STORE_REASON_MAX]);

#endif
