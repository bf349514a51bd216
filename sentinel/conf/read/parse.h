/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_READ_PARSE_H
#define SN_CONF_READ_PARSE_H

#include "conf/read/config.h"

/* sn_conf_load without the file: text stands for the one at path, which is only named in messages.
 * files: included files, folders and scripts are looked at. No saved state is merged in. *conf is
 * empty after an error. */
SN_MUST_CHECK int sn_conf_parse(const char *path, const char *text, size_t len, int argc,
                                char *const *argv, bool files, struct sn_conf *conf,
                                struct sn_buf *error);

#endif
