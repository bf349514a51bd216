/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_ACL_RULES_H
#define SN_ACL_RULES_H

/* Password hashes; internal to this folder. */

#include "acl/acl.h"

/* The hexadecimal SHA-256 of len bytes, into out (SN_ACL_HASH_LEN + 1 bytes). */
void sn_acl_hash(const char *bytes, size_t len, char *out);
/* Compares two such hashes in constant time. */
bool sn_acl_hash_equal(const char *a, const char *b);

#endif
