/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_RENAMES_H
#define SN_SHELL_SERVER_RENAMES_H

/* rename-command for commands of this process. */

#include "acl/specs.h"
#include "base/buf.h"
#include "conf/table/settings.h"

/* Checks the rename-command lines of settings. SN_EINVAL: *error names the wrong line and the
 * reason (PROTOCOL.md §19.9). */
SN_MUST_CHECK int sn_renames_check(const struct sn_settings *settings, struct sn_buf *error);
/* As sn_specs_find, with the names from rename-command (PROTOCOL.md §19.9). */
const struct sn_spec *sn_renames_find_spec(const struct sn_settings *settings, const char *name);

#endif
