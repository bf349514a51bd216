/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_READ_REDIS_H
#define SN_CONF_READ_REDIS_H

#include "conf/read/loader.h"

/* Reads a file of the Redis syntax, whose whole text is NUL-terminated after len bytes, with what
 * it includes. SN_EINVAL, with the error set; so all of these. */
SN_MUST_CHECK int sn_redis_read(struct sn_loader *loader, const char *file, const char *text,
                                size_t len);
/* A line, or lines, that do not stand in the main file: of the command line. */
SN_MUST_CHECK int sn_redis_add_words(struct sn_loader *loader, const struct sn_place *at,
                                     enum sn_origin origin, char *const *words, size_t count);
SN_MUST_CHECK int sn_redis_read_more(struct sn_loader *loader, const char *name, const char *text,
                                     size_t len);

#endif
