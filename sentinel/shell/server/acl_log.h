/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_ACL_LOG_H
#define SN_SHELL_SERVER_ACL_LOG_H

/* The latest refusals, for ACL LOG. Equal refusals within a minute share an entry with a count. */

#include "wire/resp.h"

#define SN_ACL_LOG_MAX   10000 /* upper limit of acllog-max-len */
#define SN_ACL_LOG_SHOWN 10    /* default number of entries that ACL LOG shows */

struct sn_acl_log_entry;

struct sn_acl_log {
    struct sn_acl_log_entry *entries; /* newest first */
    size_t count;
    uint64_t most; /* entries kept: acllog-max-len */
    uint64_t next_id;
};

/* reason: "auth", "command" or "channel". object: the refused command or channel. client_info: a
 * line of CLIENT LIST. now_ms: loop time; wall_ms: since 1970. Texts are copied (PROTOCOL.md §5.4).
 */
void sn_acl_log_add(struct sn_acl_log *log, const char *reason, const char *object,
                    const char *user, const char *client_info, uint64_t now_ms, int64_t wall_ms);
/* Replies with the newest `most` entries. */
void sn_acl_log_reply(const struct sn_acl_log *log, uint64_t now_ms, size_t most,
                      struct sn_resp *resp);
void sn_acl_log_clear(struct sn_acl_log *log);

#endif
