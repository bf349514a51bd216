/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_READ_APPLY_H
#define SN_CONF_READ_APPLY_H

#include "conf/read/loader.h"

/* Applies the statements of a loader to its configuration in the passes of PROTOCOL.md §19.6:
 * server directives, what is about the sentinel, the groups, what is about a group. SN_EINVAL, with
 * the error set. */
SN_MUST_CHECK int sn_apply_all(struct sn_loader *loader);

#endif
