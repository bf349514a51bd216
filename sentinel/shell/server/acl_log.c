/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/acl_log.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define MERGE_MS 60000
#define TEXT_MAX 1024 /* longest object or user name, which a client typed */

struct sn_acl_log_entry {
    uint64_t id;
    uint64_t count;
    const char *reason; /* static */
    char *object;
    char *user;
    char *client_info; /* of the latest one */
    uint64_t at_ms;    /* of the latest one, loop time */
    int64_t created_wall_ms;
    int64_t updated_wall_ms;
    struct sn_acl_log_entry *prev, *next;
};

static void drop_entry(struct sn_acl_log *log, struct sn_acl_log_entry *entry)
{
    DL_DELETE(log->entries, entry);
    log->count--;
    free(entry->object);
    free(entry->user);
    free(entry->client_info);
    free(entry);
}

void sn_acl_log_clear(struct sn_acl_log *log)
{
    while (log->entries)
        drop_entry(log, log->entries);
}

static char *copy(const char *text)
{
    return sn_strndup(text, strnlen(text, TEXT_MAX));
}

static struct sn_acl_log_entry *find_entry(const struct sn_acl_log *log, const char *reason,
                                           const char *object, const char *user, uint64_t now_ms)
{
    struct sn_acl_log_entry *entry;

    DL_FOREACH(log->entries, entry) {
        if (now_ms - entry->at_ms <= MERGE_MS && strcmp(entry->reason, reason) == 0 &&
            strncmp(entry->object, object, TEXT_MAX) == 0 &&
            strncmp(entry->user, user, TEXT_MAX) == 0)
            return entry;
    }
    return NULL;
}

void sn_acl_log_add(struct sn_acl_log *log, const char *reason, const char *object,
                    const char *user, const char *client_info, uint64_t now_ms, int64_t wall_ms)
{
    struct sn_acl_log_entry *entry = find_entry(log, reason, object, user, now_ms);

    if (entry) {
        DL_DELETE(log->entries, entry);
    } else {
        entry = sn_alloc(sizeof(*entry));
        entry->id = log->next_id++;
        entry->reason = reason;
        entry->object = copy(object);
        entry->user = copy(user);
        entry->created_wall_ms = wall_ms;
        log->count++;
    }
    DL_PREPEND(log->entries, entry);
    entry->count++;
    sn_strset(&entry->client_info, client_info);
    entry->at_ms = now_ms;
    entry->updated_wall_ms = wall_ms;
    if (log->count > log->most)
        drop_entry(log, log->entries->prev);
}

static void reply_field(struct sn_resp *resp, const char *name, const char *value)
{
    sn_resp_text(resp, name);
    sn_resp_text(resp, value ? value : "");
}

void sn_acl_log_reply(const struct sn_acl_log *log, uint64_t now_ms, size_t most,
                      struct sn_resp *resp)
{
    const struct sn_acl_log_entry *entry = log->entries;
    size_t count = most < log->count ? most : log->count;

    sn_resp_array(resp, count);
    for (size_t i = 0; i < count; i++, entry = entry->next) {
        sn_resp_map(resp, 10);
        sn_resp_text(resp, "count");
        sn_resp_integer(resp, (int64_t)entry->count);
        reply_field(resp, "reason", entry->reason);
        reply_field(resp, "context", "toplevel");
        reply_field(resp, "object", entry->object);
        reply_field(resp, "username", entry->user);
        sn_resp_text(resp, "age-seconds");
        sn_resp_double(resp, (double)(now_ms - entry->at_ms) / 1000);
        reply_field(resp, "client-info", entry->client_info);
        sn_resp_text(resp, "entry-id");
        sn_resp_integer(resp, (int64_t)entry->id);
        sn_resp_text(resp, "timestamp-created");
        sn_resp_integer(resp, entry->created_wall_ms);
        sn_resp_text(resp, "timestamp-last-updated");
        sn_resp_integer(resp, entry->updated_wall_ms);
    }
}
