/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_ACL_INTERNAL_H
#define SN_SHELL_SERVER_ACL_INTERNAL_H

/* What acl.c and acl_rules.c share. */

#include "shell/server/acl.h"

/* The hexadecimal SHA-256 of len bytes, into out (SN_ACL_HASH_LEN + 1 bytes). */
void sn_acl_hash(const char *bytes, size_t len, char *out);
/* Compares two such hashes in constant time. */
bool sn_acl_hash_equal(const char *a, const char *b);
/* Lets a password in; it is kept as its hash only. */
void sn_acl_add_password(struct sn_acl_user *user, const char *pass, size_t len);
void sn_acl_clear_passwords(struct sn_acl_user *user);

#endif
