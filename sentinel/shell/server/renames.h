/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_RENAMES_H
#define SN_SHELL_SERVER_RENAMES_H

/* The names that rename-command gives to commands of this process. */

#include "acl/specs.h"
#include "base/buf.h"
#include "conf/table/settings.h"

/* Checks the rename-command lines of settings. SN_EINVAL: *error says which is wrong and why
 * (PROTOCOL.md §19.9). */
SN_MUST_CHECK int sn_renames_check(const struct sn_settings *settings, struct sn_buf *error);
/* As sn_specs_find, under the names that rename-command gave (PROTOCOL.md §19.9). */
const struct sn_spec *sn_renames_find_spec(const struct sn_settings *settings, const char *name);

#endif
