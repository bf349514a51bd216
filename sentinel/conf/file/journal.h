/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_FILE_JOURNAL_H
#define SN_CONF_FILE_JOURNAL_H

/* Journals: where a file can only be overwritten in place, the whole new content is written to
 * NAME.journal first, and that is removed when the file is complete. */

#include "base/buf.h"

/* Where the journal of path may be: beside it, or in the working directory dir (NULL: the present
 * one). free() it. */
char *sn_journal_path(const char *path, const char *dir, bool beside);

/* True if the journal at found may be used for path: a file of root, of this user or of the owner
 * of path. The working directory may be open to others. */
bool sn_journal_trusted(const char *path, const char *found);

/* Looks for the journal of the Redis-syntax configuration file at path, which holds text. It counts
 * if it is as new as the file and belongs to the same sentinel. Returns its path (free() it) with
 * its content in *journal, or NULL with *journal empty. */
char *sn_journal_find(const char *path, const struct sn_buf *text, struct sn_buf *journal);

#endif
