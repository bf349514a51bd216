/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_REWRITE_REWRITE_H
#define SN_CONF_REWRITE_REWRITE_H

#include "conf/read/config.h"

/* sn_conf_render of a file of the Redis syntax (PROTOCOL.md §19.8). */
SN_MUST_CHECK int sn_rewrite_render(const struct sn_conf *conf, const struct sn_image *image,
                                    const char *old, size_t old_len, struct sn_buf *out);

#endif
