/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_TITLE_H
#define SN_SHELL_PROCESS_TITLE_H

/* Process title, as ps, pidof and pgrep show it. It replaces the command line in memory and may be
 * longer. libuv's title is not used: it is cut to the length of the command line, and also
 * overwrites the process name, by which tools find the process. */

#include "conf/conf.h"

/* Copies arguments and environment elsewhere and returns the new argv. Call once, at the start of
 * main(), before anything keeps a pointer into them. */
char **sn_title_init(int argc, char **argv);
/* Sets the title as configured, and the process name (comm) to the base name of argv[0]
 * (PROTOCOL.md §21.2). */
void sn_title_set(const struct sn_conf *conf);

#endif
