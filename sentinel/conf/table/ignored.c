/* SPDX-License-Identifier: BSD-3-Clause */

/* Directives of the data node that a configuration may hold although they mean nothing to a
 * sentinel (PROTOCOL.md §19.9): they are accepted, so that a file taken over from elsewhere starts.
 */

#include "conf/table/ignored.h"

#include <string.h>
#include <strings.h>

/* Process settings, and settings that stock writes itself: ignored without a notice. */
static const char *const quiet_names[] = {
    "always-show-logo",
    "crash-log-enabled",
    "crash-memcheck-enabled",
    "disable-thp",
    "dynamic-hz",
    "hide-user-data-from-log",
    "hz",
    "ignore-warnings",
    "io-threads",
    "io-threads-do-reads",
    "jemalloc-bg-thread",
    "locale-collate",
    "lua-time-limit",
    "busy-reply-threshold",
    "oom-score-adj",
    "oom-score-adj-values",
    "socket-mark-id",
    "tls-cluster",
};

/* Whole families of such names. */
static const char *const quiet_prefixes[] = {"latency-", "slowlog-", "enable-", "shutdown-",
                                             "commandlog-"};

static const char *const loud_names[] = {
    "activedefrag",
    "activerehashing",
    "aof_rewrite_cpulist",
    "aof-rewrite-cpulist",
    "appenddirname",
    "appendfilename",
    "appendfsync",
    "appendonly",
    "auto-aof-rewrite-min-size",
    "auto-aof-rewrite-percentage",
    "bgsave_cpulist",
    "bgsave-cpulist",
    "bio_cpulist",
    "bio-cpulist",
    "databases",
    "db-hash-seed",
    "dbfilename",
    "dual-channel-replication-enabled",
    "events-per-io-thread",
    "extended-redis-compatibility",
    "import-mode",
    "list-max-ziplist-size",
    "loadmodule",
    "loadmodule-ex",
    "lua-enable-insecure-api",
    "masterauth",
    "masteruser",
    "max-new-connections-per-cycle",
    "max-new-tls-connections-per-cycle",
    "maxmemory",
    "min-io-threads-avoid-copy-reply",
    "min-io-threads-value-prefetch-off",
    "no-appendfsync-on-rewrite",
    "notify-keyspace-events",
    "prefetch-batch-max-size",
    "primaryauth",
    "primaryuser",
    "propagation-error-behavior",
    "rdbchecksum",
    "rdbcompression",
    "rdma-bind",
    "rdma-port",
    "replicaof",
    "sanitize-dump-payload",
    "save",
    "server_cpulist",
    "server-cpulist",
    "slaveof",
    "stop-writes-on-bgsave-error",
    "tracking-table-max-keys",
    "unixsocketgroup",
};

static const char *const loud_prefixes[] = {
    "active-",  "aof-",     "availability-", "cluster-",    "hash-",         "hll-", "lazyfree-",
    "lfu-",     "list-",    "maxmemory-",    "min-slaves-", "min-replicas-", "rdb-", "repl-",
    "replica-", "set-max-", "slave-",        "slot-",       "stream-",       "zset-"};

static bool in_list(const char *const *names, size_t count, const char *name, bool prefix)
{
    for (size_t i = 0; i < count; i++) {
        if (prefix ? strncasecmp(names[i], name, strlen(names[i])) == 0
                   : strcasecmp(names[i], name) == 0)
            return true;
    }
    return false;
}

#define IN_LIST(list, name, prefix) in_list(list, sizeof(list) / sizeof((list)[0]), name, prefix)

bool sn_ignored_server(const char *name, bool *quiet)
{
    *quiet = IN_LIST(quiet_names, name, false) || IN_LIST(quiet_prefixes, name, true);
    return *quiet || IN_LIST(loud_names, name, false) || IN_LIST(loud_prefixes, name, true);
}

bool sn_ignored_sentinel(const char *name)
{
    return strcasecmp(name, "can-failover") == 0; /* until 2.6 */
}
