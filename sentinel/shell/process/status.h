/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_STATUS_H
#define SN_SHELL_PROCESS_STATUS_H

/* How the sentinel is, in one line for `systemctl status`. */

#include "base/buf.h"
#include "core/view.h"

/* Appends the number of groups, those whose master is down, TILT, and whether state can be saved;
 * less than SN_STATUS_MAX bytes. */
void sn_status_describe(const struct sn_core *core, bool can_save, struct sn_buf *line);
/* Appends a line for each reason why this sentinel cannot do its duty; none: it can. */
void sn_status_why_not_ready(bool id_saved, bool can_save, struct sn_buf *lines);

#endif
