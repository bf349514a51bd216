/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_BOOT_H
#define SN_SHELL_PROCESS_BOOT_H

/* Command line, and all checks before the process becomes a daemon. */

#include "conf/conf.h"
#include "shell/store/claim.h"

enum sn_boot_mode {
    SN_BOOT_NONE = 0,
    SN_BOOT_RUN,
    SN_BOOT_CHECK_CONFIG,
    SN_BOOT_VERSION,
    SN_BOOT_HELP,
    SN_BOOT_DATA_SERVER /* started as redis-server without --sentinel */
};

/* The programs whose place this one takes under their names, as a symbolic link or a copy. */
enum sn_boot_family { SN_FAMILY_NONE = 0, SN_FAMILY_REDIS, SN_FAMILY_VALKEY };

struct sn_boot {
    enum sn_boot_mode mode;
    const char *name;           /* by which it was started, without folders; borrowed from argv */
    enum sn_boot_family family; /* "redis-sentinel", "valkey-server", … */
    bool is_server;             /* "redis-server", "valkey-server" */
    char executable[1024];      /* the path by which it was started; "": started by a bare name */
    const char *path;           /* RUN, CHECK_CONFIG: the configuration file; NULL: none given */
    char *const *overrides;     /* the other arguments, borrowed from argv */
    int override_count;
};

/* Parses the arguments into *boot, and removes those that are not directives from argv (PROTOCOL.md
 * §19.2). */
void sn_boot_parse(int argc, char **argv, struct sn_boot *boot);
/* Loads the configuration and, for RUN, claims the state file. Prints errors to standard error.
 * Errors as sn_conf_load; SN_EEXIST: another process holds the state file. */
SN_MUST_CHECK int sn_boot_load(const struct sn_boot *boot, struct sn_conf *conf,
                               struct sn_claim *claim);
/* Checks that state can be saved, and enters the working directory. SN_EIO: printed to standard
 * error. */
SN_MUST_CHECK int sn_boot_prepare(const struct sn_conf *conf);
/* Output of --check-config. SN_EIO: the start would fail. */
SN_MUST_CHECK int sn_boot_print_check(const struct sn_boot *boot, const struct sn_conf *conf);
/* VERSION, HELP, DATA_SERVER: prints what is asked for, in the form and to the stream of the
 * program whose name was used. Returns the exit status (PROTOCOL.md §21.1). */
int sn_boot_print(const struct sn_boot *boot);

#endif
