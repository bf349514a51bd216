/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_READ_ARGV_H
#define SN_CONF_READ_ARGV_H

#include "conf/read/loader.h"

/* Reads the words of the command line: `--directive value…`. SN_EINVAL, with the error set. */
SN_MUST_CHECK int sn_argv_read(struct sn_loader *loader, int argc, char *const *argv);

/* Which word of a command line is the configuration file: the first one, unless that is an option.
 * Else a word that stands behind the values of an option and belongs to nothing. Returns its index
 * in argv (which begins behind the program's name), or -1 (PROTOCOL.md §19.2). */
int sn_argv_find_file(int argc, char *const *argv);

#endif
