/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_RESCUE_RESCUE_FILE_H
#define SN_SHELL_RESCUE_RESCUE_FILE_H

/* A file of rescued writes, and one of facts beside it. Written by worker threads, one after the
 * other: nothing blocks the loop. An existing file is never overwritten: names get a number. */

#include "base/buf.h"

#include <uv.h>

struct sn_rescue_file;

/* Called from the loop, when no worker is at work. */
struct sn_rescue_file_hooks {
    /* Some of what was added is written, or writing has failed; the owner calls
     * sn_rescue_file_write for the rest. */
    void (*written)(void *owner);
    /* sn_rescue_file_finish is done, or has failed. */
    void (*finished)(void *owner);
    /* Closed: nothing else follows. */
    void (*closed)(void *owner);
};

/* The file will be `<dir>/<stem>.resp`; it is created with the first byte. */
struct sn_rescue_file *sn_rescue_file_new(uv_loop_t *loop, const char *dir, const char *stem,
                                          const struct sn_rescue_file_hooks *hooks, void *owner);
/* Where bytes are appended, before sn_rescue_file_write. */
struct sn_buf *sn_rescue_file_input(struct sn_rescue_file *file);
/* complete: so many of all bytes that were appended are worth keeping, if nothing follows them. */
void sn_rescue_file_write(struct sn_rescue_file *file, uint64_t complete);
/* Bytes that are not written yet. */
size_t sn_rescue_file_waiting(const struct sn_rescue_file *file);
/* Cuts the file behind its first len bytes, makes it durable, and writes facts to `<stem>.json`.
 * len 0: removes the file. After an error only what was complete in the last write that succeeded
 * is kept, without facts. facts: taken over, free(). */
void sn_rescue_file_finish(struct sn_rescue_file *file, uint64_t len, char *facts);
/* In the hooks only: the path of the file; "": there is none. */
const char *sn_rescue_file_path(const struct sn_rescue_file *file);
/* In the hooks only: what has failed, and why; "": nothing. */
const char *sn_rescue_file_error(const struct sn_rescue_file *file);
/* A file that is not finished is cut, and has no facts. Ends in the hook `closed`, also within the
 * call. */
void sn_rescue_file_close(struct sn_rescue_file *file);

#endif
