/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_BOOT_H
#define SN_SHELL_PROCESS_BOOT_H

/* The command line, and everything that is checked before the process becomes a daemon. */

#include "conf/conf.h"
#include "shell/store/claim.h"

enum sn_boot_mode {
    SN_BOOT_NONE = 0,
    SN_BOOT_RUN,
    SN_BOOT_CHECK_CONFIG,
    SN_BOOT_VERSION,
    SN_BOOT_HELP
};

struct sn_boot {
    enum sn_boot_mode mode;
    const char *path;       /* RUN, CHECK_CONFIG: the configuration file; NULL: none is named */
    char *const *overrides; /* the other words, borrowed from argv */
    int override_count;
};

/* Sorts the words, and takes those that are no directives out of argv (PROTOCOL.md §19.2). */
void sn_boot_parse(int argc, char **argv, struct sn_boot *boot);
/* Loads the configuration and, to RUN, locks the file where state is kept; any error goes to
 * standard error. Errors as sn_conf_load; SN_EEXIST: somebody else keeps state in that file. */
SN_MUST_CHECK int sn_boot_load(const struct sn_boot *boot, struct sn_conf *conf,
                               struct sn_claim *claim);
/* See that state can be saved, and enter the working directory. SN_EIO: said on standard error. */
SN_MUST_CHECK int sn_boot_prepare(const struct sn_conf *conf);
/* What --check-config, --version and --help print. */
/* SN_EIO: the start would fail. */
SN_MUST_CHECK int sn_boot_print_check(const struct sn_boot *boot, const struct sn_conf *conf);
void sn_boot_print_version(void);
void sn_boot_print_help(void);

#endif
