/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_WIRE_INFO_H
#define SN_WIRE_INFO_H

/* Parser for the INFO text of a data node (PROTOCOL.md §12). Pure: text in, value out. The core
 * interprets the value. */

#include "base/types.h"

#define SN_INFO_REPLICAS_MAX 1024

enum sn_role { SN_ROLE_UNKNOWN = 0, SN_ROLE_MASTER, SN_ROLE_REPLICA };

struct sn_info_replica {
    char host[SN_HOST_MAX + 1];
    uint16_t port; /* 1..65535 */
};

struct sn_info {
    struct sn_runid runid; /* "" if absent or malformed */
    bool is_sentinel;      /* redis_mode or server_mode is "sentinel" */
    enum sn_role role;
    /* From the slaveN lines, both formats, whatever the role; lines that name no usable host and
     * port are skipped; at most SN_INFO_REPLICAS_MAX are kept. */
    struct sn_info_replica *replicas;
    size_t replica_count;
    /* master_link_down_since_seconds; 0 if absent or negative, cut to about 2^53 if larger. */
    sn_ms link_down_ms;
    bool has_link_down; /* present and not -1 */
    bool link_never_up; /* present and -1: not since this process is a replica */
    /* Only if present after role:slave, as has_* tells. */
    bool has_master_host, has_master_port, has_link_status, has_priority, has_offset, has_announced;
    char master_host[SN_HOST_MAX + 1];
    uint16_t master_port;
    bool link_up;         /* master_link_status:up */
    bool syncing;         /* master_sync_in_progress:1 */
    bool has_last_io;     /* master_last_io_seconds_ago, not negative */
    sn_ms last_io_ms;     /* … in milliseconds; cut like link_down_ms */
    uint32_t priority;    /* slave_priority */
    uint64_t repl_offset; /* slave_repl_offset */
    bool announced;       /* replica_announced */
    /* Of a master: its own offset; for planned switchovers. 0 if absent. */
    bool has_master_offset;
    uint64_t master_repl_offset;
    /* master_replid, and master_replid2 with second_repl_offset: until before that offset, the data
     * have this id, too. "" if absent, malformed or all zeros. */
    struct sn_runid replid, replid2;
    uint64_t second_offset;
    /* The backlog: from which offset on the stream can be had again. */
    bool has_backlog;
    uint64_t backlog_first;
    bool loading; /* loading:1; with async_loading:1 a server answers as ever */
    /* Keys of all databases together; known if the text has a section Keyspace. */
    bool has_keys;
    uint64_t keys;
    unsigned databases; /* that have keys … */
    uint32_t database;  /* … and the last of them */
    bool has_changes;   /* rdb_changes_since_last_save */
    uint64_t changes;
    uint64_t saved_at; /* rdb_last_save_time; 0: not told */
};

/* Reads the INFO text (len bytes, lines ended by CRLF or LF) into *info, which needs no
 * initialisation. Cannot fail: lines that it does not understand are skipped. Free with
 * sn_info_fini (PROTOCOL.md §12). */
void sn_info_parse(const char *text, size_t len, struct sn_info *info);
void sn_info_fini(struct sn_info *info);

#endif
