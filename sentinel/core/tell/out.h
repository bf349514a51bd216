/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_OUT_H
#define SN_CORE_OUT_H

/* Actions under construction. Internal to the core. */

#include "core/model/group.h"

void sn_out_reset(struct sn_out *out);
void sn_out_fini(struct sn_out *out);
/* Appends a zeroed action of kind. Valid until the next call. */
struct sn_action *sn_out_add(struct sn_core *core, enum sn_action_kind kind);
/* Returns a zeroed array that lives as long as the actions. */
void *sn_out_array(struct sn_core *core, size_t count, size_t size);
/* Returns a copy of text that lives as long as the actions; NULL for NULL. */
const char *sn_out_text(struct sn_core *core, const char *text);
/* Returns the names of renamed commands on the other side of link; lives as long as the actions. */
struct sn_renames sn_out_renames(struct sn_core *core, const struct sn_link *link);
SN_PRINTF(2, 3) const char *sn_out_printf(struct sn_core *core, const char *format, ...);
SN_PRINTF(3, 4) void sn_out_log(struct sn_core *core, enum sn_level level, const char *format, ...);
void sn_out_send(struct sn_link *link, const struct sn_action_send *send);

#endif
