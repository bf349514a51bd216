/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_TITLE_H
#define SN_SHELL_PROCESS_TITLE_H

/* What ps, pidof and pgrep show: the title stands where the words of the command line were, and
 * may be longer than those. libuv's own title is not used: it is cut to the length of the command
 * line, and becomes the name of the process too, by which then nobody finds it. */

#include "conf/conf.h"

/* Moves the words and the environment elsewhere and returns the former. Once, at the start of
 * main(), before anything keeps a pointer into them. */
char **sn_title_init(int argc, char **argv);
/* Sets title and name (comm: the base name of argv[0]) as the settings say (PROTOCOL.md §21.2). */
void sn_title_set(const struct sn_conf *conf);

#endif
