/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_ACCOUNTS_H
#define SN_SHELL_SERVER_ACCOUNTS_H

/* The users of a server, what they were refused, and the orders to read and write their file. */

#include "acl/acl.h"
#include "shell/server/acl_log.h"
#include "shell/store/store_file.h"

struct sn_client;

/* ACL LOAD or SAVE, under way (the first) or waiting for its turn. */
struct sn_acl_order {
    uint64_t ticket;
    bool is_save;
    struct sn_acl_order *next;
};

struct sn_accounts {
    struct sn_acl acl;
    struct sn_acl_log log;
    char *real;                    /* the file that aclfile stood for at the start; NULL: none */
    struct sn_store_access access; /* of that file, when it is made anew */
    struct sn_acl_order *orders;
    bool changed; /* since the start, by commands */
};

/* log_max: entries that ACL LOG keeps. */
void sn_accounts_init(struct sn_accounts *accounts, uint64_t log_max);
void sn_accounts_fini(struct sn_accounts *accounts);
/* True if a fresh connection is the default user without a password (PROTOCOL.md §24.1). */
bool sn_accounts_open_to_all(const struct sn_accounts *accounts);
/* Puts a refusal into ACL LOG. */
void sn_accounts_note_refusal(struct sn_client *client, const char *reason, const char *object,
                              const char *user);
/* client may no longer be served as it was: it goes, after its reply if it is the one that asked
 * for this (NULL: that one is gone). */
void sn_accounts_drop(const struct sn_client *caller, struct sn_client *client);
/* Reads (is_save: writes) the ACL file while client waits. There must be one. */
void sn_accounts_order(struct sn_client *client, bool muted, bool is_save);

#endif
