/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_FILE_FILE_H
#define SN_CONF_FILE_FILE_H

/* Opening and reading files that other people may have put something else in place of: a pipe that
 * nobody writes to, a terminal or a device must not hold anybody up. */

#include "base/buf.h"

/* open(2) with flags (a new file: 0644 and umask), of a regular file only; never waits, never
 * becomes a controlling terminal, is closed on exec. follow: symbolic links are. -1: errno tells;
 * EISDIR and EOPNOTSUPP if it is something else, ELOOP for a link that is not followed. */
int sn_file_open(const char *path, int flags, bool follow);
/* What to say about errno of it. */
const char *sn_file_error(int error);

/* Reads a whole file; *text is initialised. SN_ENOENT; SN_EIO: errno tells; SN_ERANGE: larger than
 * 64 MiB. */
SN_MUST_CHECK int sn_file_read(const char *path, struct sn_buf *text);

/* The length of the byte order mark that some editors put before UTF-8 text; 0: none. */
size_t sn_file_bom_len(const char *text, size_t len);

/* Takes the next line off *text, which reaches to end and is not empty. Returns its first byte that
 * is no blank; *len: from there to the last one. */
const char *sn_file_take_line(const char **text, const char *end, size_t *len);

/* path as seen from the folder dir (NULL: the present one). free() it. */
char *sn_file_join(const char *dir, const char *path);
/* path as seen from the root. free() it. */
char *sn_file_absolute(const char *path);

#endif
