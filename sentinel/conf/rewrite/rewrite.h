/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_REWRITE_REWRITE_H
#define SN_CONF_REWRITE_REWRITE_H

#include "conf/rewrite/lines.h"
#include "conf/table/update.h"

/* Rewrites the file of the Redis syntax whose text is old (PROTOCOL.md §19.8). *rewrite is
 * overwritten and kept by the caller, also if the call fails (sn_rewrite_fini); conf is borrowed
 * until then. */
SN_MUST_CHECK int sn_rewrite_whole(struct sn_rewrite *rewrite, const struct sn_conf *conf,
                                   const struct sn_image *image, const char *old, size_t old_len,
                                   struct sn_buf *out);
/* Rewrites the text that *rewrite wrote last where update says that something has changed. The
 * result is the one of sn_rewrite_whole with that text and the whole state. */
SN_MUST_CHECK int sn_rewrite_changes(struct sn_rewrite *rewrite,
                                     const struct sn_conf_update *update, struct sn_buf *out);

#endif
