/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_REWRITE_SERVER_H
#define SN_CONF_REWRITE_SERVER_H

/* The server's own lines of a file that is being rewritten. They are the operator's and stay as
 * they are, but for what the command line and run-time changes say; a setting that is in force and
 * that no line of the file makes any more is written again, so that a lost file keeps its locks. */

#include "conf/rewrite/lines.h"

/* Settings of the command line, and those that no line of the file has. */
void sn_rewrite_settings(struct sn_rewrite *rewrite);
/* What was changed at run time. */
void sn_rewrite_live(struct sn_rewrite *rewrite);

#endif
