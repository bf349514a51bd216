/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_RENAMES_H
#define SN_SHELL_SERVER_RENAMES_H

/* rename-command for commands of this process. */

#include "acl/spec_index.h"
#include "base/buf.h"
#include "conf/table/settings.h"

/* Checks the rename-command lines of settings. SN_EINVAL: *error names the wrong line and the
 * reason (PROTOCOL.md §19.9). */
SN_MUST_CHECK int sn_renames_check(const struct sn_settings *settings, struct sn_buf *error);
/* As sn_spec_index_find for a top-level command, with the names from rename-command (PROTOCOL.md
 * §19.9). name is a C string of len bytes, or has a NUL byte and finds nothing. */
const struct sn_spec *sn_renames_find_spec(const struct sn_settings *settings,
                                           const struct sn_spec_index *index, const char *name,
                                           size_t len);

#endif
