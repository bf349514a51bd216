/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_ACCOUNTS_H
#define SN_SHELL_SERVER_ACCOUNTS_H

/* Users of a server, the log of refusals, and orders to read and write the ACL file. */

#include "acl/acl.h"
#include "shell/server/acl_load.h"
#include "shell/server/acl_log.h"
#include "shell/store/store_file.h"

struct sn_client;

/* An ACL LOAD or SAVE. The first in the list is under way; the others wait. */
struct sn_acl_order {
    uint64_t ticket;
    bool is_save;
    struct sn_acl_order *next;
};

struct sn_accounts {
    struct sn_acl acl;
    struct sn_acl_file_password file_password;
    struct sn_acl_log log;
    char *real;                    /* aclfile, resolved at the start; NULL: none */
    struct sn_store_access access; /* mode and owner to recreate that file */
    struct sn_acl_order *orders;
    bool changed; /* by commands since the start */
};

/* log_max: entries that ACL LOG keeps. */
void sn_accounts_init(struct sn_accounts *accounts, uint64_t log_max);
void sn_accounts_fini(struct sn_accounts *accounts);
/* True if new connections are the default user without a password (PROTOCOL.md §24.1). */
bool sn_accounts_open_to_all(const struct sn_accounts *accounts);
/* Adds a refusal to ACL LOG. */
void sn_accounts_note_refusal(struct sn_client *client, const char *reason, const char *object,
                              const char *user);
/* Drops client, whose user changed or was deleted; if client is the caller, after its reply. caller
 * NULL: gone. */
void sn_accounts_drop(const struct sn_client *caller, struct sn_client *client);
/* Reads (is_save: writes) the ACL file while client waits. Precondition: an ACL file is configured.
 */
void sn_accounts_order(struct sn_client *client, bool muted, bool is_save);

#endif
