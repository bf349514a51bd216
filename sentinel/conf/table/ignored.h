/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_TABLE_IGNORED_H
#define SN_CONF_TABLE_IGNORED_H

/* Directives that are accepted and mean nothing to a sentinel (PROTOCOL.md §19.9). */

#include "base/types.h"

/* True if name is a server directive of some release that has no meaning here. *quiet: nobody needs
 * to be told (PROTOCOL.md §19.9). */
bool sn_ignored_server(const char *name, bool *quiet);
/* The same for what stood behind `sentinel` in releases that are long gone. */
bool sn_ignored_sentinel(const char *name);

#endif
