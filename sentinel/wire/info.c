/* SPDX-License-Identifier: BSD-3-Clause */

/* Reads the INFO text line by line, in order. The text is not trusted: a line that is not
 * understood (another key, a bad number, an impossible host) changes nothing. Stock is laxer: it
 * takes "12abc" as 12 and "-1" as an offset of 2^64 - 1, which would win any selection. */

#include "wire/info.h"

#include "base/addr.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Limit for a link-down time, about 285,000 years: adding it to an instant does not overflow. */
#define LINK_DOWN_S_MAX (INT64_MAX / 1000 / 1024)

struct slice {
    const char *text;
    size_t len;
};

/* True if line starts with prefix; *value is what follows it. */
static bool has_prefix(struct slice line, const char *prefix, struct slice *value)
{
    size_t len = strlen(prefix);

    if (line.len < len || memcmp(line.text, prefix, len) != 0)
        return false;
    *value = (struct slice){line.text + len, line.len - len};
    return true;
}

static bool equals(struct slice slice, const char *text)
{
    return slice.len == strlen(text) && memcmp(slice.text, text, slice.len) == 0;
}

/* Cuts *rest at the first separator and returns the part before it. */
static struct slice cut(struct slice *rest, char separator)
{
    struct slice head = *rest;
    const char *found = rest->len == 0 ? NULL : memchr(rest->text, separator, rest->len);

    if (found != NULL)
        head.len = (size_t)(found - rest->text);
    size_t skip = found != NULL ? head.len + 1 : head.len;
    *rest = (struct slice){rest->text + skip, rest->len - skip};
    return head;
}

static bool read_host(struct slice value, char out[SN_HOST_MAX + 1])
{
    char host[SN_HOST_MAX + 1];

    /* Without control characters there is no NUL either, which a C string could not hold. */
    if (value.len > SN_HOST_MAX || sn_text_has_control(value.text, value.len))
        return false;
    memcpy(host, value.text, value.len);
    host[value.len] = '\0';
    if (!sn_addr_host_valid(host))
        return false;
    memcpy(out, host, value.len + 1);
    return true;
}

static bool read_port(struct slice value, uint16_t *port)
{
    uint64_t number;

    if (sn_text_to_u64(value.text, value.len, &number) != 0 || number == 0 || number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return true;
}

static void read_runid(struct slice value, struct sn_runid *runid)
{
    struct sn_runid found;

    if (value.len != SN_RUNID_LEN)
        return;
    memcpy(found.hex, value.text, SN_RUNID_LEN);
    found.hex[SN_RUNID_LEN] = '\0';
    if (sn_text_is_runid(found.hex))
        *runid = found;
}

/* A link that is down for an unknown or huge time is down for very long (PROTOCOL.md §12). */
static void read_link_down(struct slice value, struct sn_info *info)
{
    int64_t seconds;
    int rc = sn_text_to_i64(value.text, value.len, &seconds);

    /* A number that is too large still says "for very long"; leaving it out would say "not at all".
     */
    if (rc == SN_ERANGE)
        seconds = value.text[0] == '-' ? 0 : LINK_DOWN_S_MAX;
    else if (rc != 0)
        return;
    info->has_link_down = seconds >= 0;
    info->link_never_up = seconds == -1;
    if (seconds < 0)
        seconds = 0;
    info->link_down_ms = (seconds < LINK_DOWN_S_MAX ? seconds : LINK_DOWN_S_MAX) * 1000;
}

/* An unused second id is all zeros. */
static void read_replid(struct slice value, struct sn_runid *replid)
{
    struct sn_runid found = {""};

    read_runid(value, &found);
    if (strspn(found.hex, "0") < SN_RUNID_LEN)
        *replid = found;
}

/* "db0:keys=N,expires=…" */
static void read_database(struct slice line, struct sn_info *info)
{
    struct slice name = cut(&line, ':');
    struct slice pair = cut(&line, ',');
    struct slice value;
    uint64_t number, index;

    if (!has_prefix(name, "db", &value) || sn_text_to_u64(value.text, value.len, &index) != 0 ||
        index > INT32_MAX || !has_prefix(pair, "keys=", &value) ||
        sn_text_to_u64(value.text, value.len, &number) != 0)
        return;
    info->databases += number > 0;
    info->database = number > 0 ? (uint32_t)index : info->database;
    info->keys = number > UINT64_MAX - info->keys ? UINT64_MAX : info->keys + number;
}

/* What tells whose data an instance has, and whether it has any (PROTOCOL.md §12). */
static void read_data_set(struct slice line, struct sn_info *info)
{
    struct slice value;
    uint64_t number;

    if (has_prefix(line, "master_replid:", &value))
        read_replid(value, &info->replid);
    else if (has_prefix(line, "master_replid2:", &value))
        read_replid(value, &info->replid2);
    else if (has_prefix(line, "second_repl_offset:", &value))
        info->second_offset = sn_text_to_u64(value.text, value.len, &number) == 0 ? number : 0;
    else if (equals(line, "repl_backlog_active:1"))
        info->has_backlog = true;
    else if (has_prefix(line, "repl_backlog_first_byte_offset:", &value))
        info->backlog_first = sn_text_to_u64(value.text, value.len, &number) == 0 ? number : 0;
    else if (equals(line, "loading:1"))
        info->loading = true;
    else if (has_prefix(line, "rdb_changes_since_last_save:", &value))
        info->has_changes = sn_text_to_u64(value.text, value.len, &info->changes) == 0;
    else if (has_prefix(line, "rdb_last_save_time:", &value))
        info->saved_at = sn_text_to_u64(value.text, value.len, &number) == 0 ? number : 0;
    else if (equals(line, "# Keyspace"))
        info->has_keys = true;
    else if (info->has_keys)
        read_database(line, info);
}

/* "ip=…,port=…,…" in any order. */
static bool read_replica_pairs(struct slice rest, struct sn_info_replica *replica)
{
    bool has_host = false, has_port = false;

    while (rest.len > 0) {
        struct slice pair = cut(&rest, ',');
        struct slice value;
        if (has_prefix(pair, "ip=", &value))
            has_host = read_host(value, replica->host);
        else if (has_prefix(pair, "port=", &value))
            has_port = read_port(value, &replica->port);
    }
    return has_host && has_port;
}

/* "<ip>,<port>,<state>", as servers before 2.8 write it. */
static bool read_replica_plain(struct slice rest, struct sn_info_replica *replica)
{
    struct slice host = cut(&rest, ',');
    struct slice port = cut(&rest, ',');

    return read_host(host, replica->host) && read_port(port, &replica->port);
}

/* Takes what follows "slave": a number, a colon, and the replica in either format (PROTOCOL.md
 * §12). */
static void read_replica(struct slice rest, struct sn_info *info)
{
    struct sn_info_replica replica = {.port = 0};
    struct slice number = cut(&rest, ':');
    uint64_t index;

    if (info->replica_count == SN_INFO_REPLICAS_MAX ||
        sn_text_to_u64(number.text, number.len, &index) != 0)
        return;
    if (!read_replica_pairs(rest, &replica) && !read_replica_plain(rest, &replica))
        return;

    /* Places double: the array is full whenever the count is a power of two, from 8 on. */
    size_t count = info->replica_count;
    if (count == 0 || (count >= 8 && (count & (count - 1)) == 0))
        info->replicas = sn_realloc(info->replicas, (count == 0 ? 8 : 2 * count) * sizeof(replica));
    info->replicas[info->replica_count++] = replica;
}

/* The lines that count only behind role:slave (PROTOCOL.md §12). */
static void read_replica_state(struct slice line, struct sn_info *info)
{
    struct slice value;
    uint64_t number;

    if (has_prefix(line, "master_host:", &value)) {
        info->has_master_host |= read_host(value, info->master_host);
    } else if (has_prefix(line, "master_port:", &value)) {
        info->has_master_port |= read_port(value, &info->master_port);
    } else if (has_prefix(line, "master_link_status:", &value)) {
        info->has_link_status = true;
        info->link_up = equals(value, "up");
    } else if (has_prefix(line, "master_last_io_seconds_ago:", &value)) {
        info->has_last_io = sn_text_to_u64(value.text, value.len, &number) == 0;
        if (info->has_last_io)
            info->last_io_ms = (sn_ms)(number < LINK_DOWN_S_MAX ? number : LINK_DOWN_S_MAX) * 1000;
    } else if (has_prefix(line, "master_sync_in_progress:", &value)) {
        info->syncing = equals(value, "1");
    } else if (has_prefix(line, "slave_priority:", &value)) {
        if (sn_text_to_u64(value.text, value.len, &number) == 0 && number <= UINT32_MAX) {
            info->has_priority = true;
            info->priority = (uint32_t)number;
        }
    } else if (has_prefix(line, "slave_repl_offset:", &value)) {
        info->has_offset |= sn_text_to_u64(value.text, value.len, &info->repl_offset) == 0;
    } else if (has_prefix(line, "replica_announced:", &value)) {
        if (sn_text_to_u64(value.text, value.len, &number) == 0) {
            info->has_announced = true;
            info->announced = number != 0;
        }
    }
}

/* PROTOCOL.md §12. */
static void read_line(struct slice line, struct sn_info *info)
{
    struct slice value;

    if (has_prefix(line, "run_id:", &value))
        read_runid(value, &info->runid);
    else if (equals(line, "redis_mode:sentinel") || equals(line, "server_mode:sentinel"))
        info->is_sentinel = true;
    else if (equals(line, "role:master"))
        info->role = SN_ROLE_MASTER;
    else if (equals(line, "role:slave"))
        info->role = SN_ROLE_REPLICA;
    else if (has_prefix(line, "master_link_down_since_seconds:", &value))
        read_link_down(value, info);
    else if (has_prefix(line, "master_repl_offset:", &value))
        info->has_master_offset |=
            sn_text_to_u64(value.text, value.len, &info->master_repl_offset) == 0;
    else if (info->role == SN_ROLE_REPLICA)
        read_replica_state(line, info);

    if (has_prefix(line, "slave", &value))
        read_replica(value, info);
    read_data_set(line, info);
}

void sn_info_parse(const char *text, size_t len, struct sn_info *info)
{
    struct slice rest = {text, len};

    *info = (struct sn_info){0};
    while (rest.len > 0) {
        struct slice line = cut(&rest, '\n');
        if (line.len > 0 && line.text[line.len - 1] == '\r')
            line.len--;
        read_line(line, info);
    }
    if (info->role != SN_ROLE_MASTER) {
        info->has_master_offset = false;
        info->master_repl_offset = 0;
    }
}

void sn_info_fini(struct sn_info *info)
{
    free(info->replicas);
    info->replicas = NULL;
    info->replica_count = 0;
}
