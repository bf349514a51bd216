/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_DIFFERENCES_H
#define SN_SHELL_PROCESS_DIFFERENCES_H

#include "conf/conf.h"

/* Calls tell with one line for each intended difference from redis-sentinel that this configuration
 * touches, in the words of COMPATIBILITY.md; nothing for a file in INI syntax, which the other
 * daemons cannot read. */
void sn_differences_tell(const struct sn_conf *conf, void (*tell)(void *arg, const char *text),
                         void *arg);

#endif
