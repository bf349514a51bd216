/* SPDX-License-Identifier: BSD-3-Clause */
/* INFO, ROLE and HELLO of the mock servers. INFO has the sections, fields and size that a Redis 7.0
 * has; what sentinels read of it is true, the rest stays as it is. */
#include "farm.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BACKLOG_SIZE 1048576
#define NO_REPLID    "0000000000000000000000000000000000000000"

static const char server_head[] = "redis_version:7.0.15\r\n"
                                  "redis_git_sha1:00000000\r\n"
                                  "redis_git_dirty:0\r\n"
                                  "redis_build_id:ae4d7c971a948f0\r\n"
                                  "redis_mode:standalone\r\n"
                                  "os:Linux 6.1.0-28-amd64 x86_64\r\n"
                                  "arch_bits:64\r\n"
                                  "monotonic_clock:POSIX clock_gettime\r\n"
                                  "multiplexing_api:epoll\r\n"
                                  "atomicvar_api:c11-builtin\r\n"
                                  "gcc_version:12.2.0\r\n"
                                  "process_id:812\r\n"
                                  "process_supervised:no\r\n";
static const char server_tail[] = "hz:10\r\n"
                                  "configured_hz:10\r\n"
                                  "lru_clock:637663\r\n"
                                  "executable:/usr/bin/redis-server\r\n"
                                  "config_file:/etc/redis/redis.conf\r\n"
                                  "io_threads_active:0\r\n";
static const char clients[] = "connected_clients:214\r\n"
                              "cluster_connections:0\r\n"
                              "maxclients:10000\r\n"
                              "client_recent_max_input_buffer:0\r\n"
                              "client_recent_max_output_buffer:0\r\n"
                              "blocked_clients:0\r\n"
                              "tracking_clients:0\r\n"
                              "clients_in_timeout_table:0\r\n";
static const char memory[] = "used_memory:1894237184\r\n"
                             "used_memory_human:1.76G\r\n"
                             "used_memory_rss:2012680192\r\n"
                             "used_memory_rss_human:1.87G\r\n"
                             "used_memory_peak:2011234304\r\n"
                             "used_memory_peak_human:1.87G\r\n"
                             "used_memory_peak_perc:102.57%\r\n"
                             "used_memory_overhead:876408\r\n"
                             "used_memory_startup:876208\r\n"
                             "used_memory_dataset:40568\r\n"
                             "used_memory_dataset_perc:99.51%\r\n"
                             "allocator_allocated:1690848\r\n"
                             "allocator_active:1826816\r\n"
                             "allocator_resident:4497408\r\n"
                             "total_system_memory:25276514304\r\n"
                             "total_system_memory_human:23.54G\r\n"
                             "used_memory_lua:32768\r\n"
                             "used_memory_vm_eval:32768\r\n"
                             "used_memory_lua_human:32.00K\r\n"
                             "used_memory_scripts_eval:0\r\n"
                             "number_of_cached_scripts:0\r\n"
                             "number_of_functions:0\r\n"
                             "number_of_libraries:0\r\n"
                             "used_memory_vm_functions:33792\r\n"
                             "used_memory_vm_total:66560\r\n"
                             "used_memory_vm_total_human:65.00K\r\n"
                             "used_memory_functions:200\r\n"
                             "used_memory_scripts:200\r\n"
                             "used_memory_scripts_human:200B\r\n"
                             "maxmemory:0\r\n"
                             "maxmemory_human:0B\r\n"
                             "maxmemory_policy:noeviction\r\n"
                             "allocator_frag_ratio:1.08\r\n"
                             "allocator_frag_bytes:135968\r\n"
                             "allocator_rss_ratio:2.46\r\n"
                             "allocator_rss_bytes:2670592\r\n"
                             "rss_overhead_ratio:2.68\r\n"
                             "rss_overhead_bytes:7577600\r\n"
                             "mem_fragmentation_ratio:13.78\r\n"
                             "mem_fragmentation_bytes:11198656\r\n"
                             "mem_not_counted_for_evict:0\r\n"
                             "mem_replication_backlog:0\r\n"
                             "mem_total_replication_buffers:0\r\n"
                             "mem_clients_slaves:0\r\n"
                             "mem_clients_normal:0\r\n"
                             "mem_cluster_links:0\r\n"
                             "mem_aof_buffer:0\r\n"
                             "mem_allocator:jemalloc-5.3.0\r\n"
                             "active_defrag_running:0\r\n"
                             "lazyfree_pending_objects:0\r\n"
                             "lazyfreed_objects:0\r\n";
static const char persistence[] = "loading:0\r\n"
                                  "async_loading:0\r\n"
                                  "current_cow_peak:0\r\n"
                                  "current_cow_size:0\r\n"
                                  "current_cow_size_age:0\r\n"
                                  "current_fork_perc:0.00\r\n"
                                  "current_save_keys_processed:0\r\n"
                                  "current_save_keys_total:0\r\n"
                                  "rdb_changes_since_last_save:0\r\n"
                                  "rdb_bgsave_in_progress:0\r\n"
                                  "rdb_last_save_time:1795799775\r\n"
                                  "rdb_last_bgsave_status:ok\r\n"
                                  "rdb_last_bgsave_time_sec:-1\r\n"
                                  "rdb_current_bgsave_time_sec:-1\r\n"
                                  "rdb_saves:0\r\n"
                                  "rdb_last_cow_size:0\r\n"
                                  "rdb_last_load_keys_expired:0\r\n"
                                  "rdb_last_load_keys_loaded:0\r\n"
                                  "aof_enabled:0\r\n"
                                  "aof_rewrite_in_progress:0\r\n"
                                  "aof_rewrite_scheduled:0\r\n"
                                  "aof_last_rewrite_time_sec:-1\r\n"
                                  "aof_current_rewrite_time_sec:-1\r\n"
                                  "aof_last_bgrewrite_status:ok\r\n"
                                  "aof_rewrites:0\r\n"
                                  "aof_rewrites_consecutive_failures:0\r\n"
                                  "aof_last_write_status:ok\r\n"
                                  "aof_last_cow_size:0\r\n"
                                  "module_fork_in_progress:0\r\n"
                                  "module_fork_last_cow_size:0\r\n";
static const char stats[] = "total_connections_received:184467\r\n"
                            "total_commands_processed:9127736412\r\n"
                            "instantaneous_ops_per_sec:3120\r\n"
                            "total_net_input_bytes:1287346287342\r\n"
                            "total_net_output_bytes:8123762348712\r\n"
                            "total_net_repl_input_bytes:0\r\n"
                            "total_net_repl_output_bytes:0\r\n"
                            "instantaneous_input_kbps:0.00\r\n"
                            "instantaneous_output_kbps:0.00\r\n"
                            "instantaneous_input_repl_kbps:0.00\r\n"
                            "instantaneous_output_repl_kbps:0.00\r\n"
                            "rejected_connections:0\r\n"
                            "sync_full:0\r\n"
                            "sync_partial_ok:0\r\n"
                            "sync_partial_err:0\r\n"
                            "expired_keys:0\r\n"
                            "expired_stale_perc:0.00\r\n"
                            "expired_time_cap_reached_count:0\r\n"
                            "expire_cycle_cpu_milliseconds:0\r\n"
                            "evicted_keys:0\r\n"
                            "evicted_clients:0\r\n"
                            "total_eviction_exceeded_time:0\r\n"
                            "current_eviction_exceeded_time:0\r\n"
                            "keyspace_hits:4471002931\r\n"
                            "keyspace_misses:281830011\r\n"
                            "pubsub_channels:0\r\n"
                            "pubsub_patterns:0\r\n"
                            "pubsubshard_channels:0\r\n"
                            "latest_fork_usec:0\r\n"
                            "total_forks:0\r\n"
                            "migrate_cached_sockets:0\r\n"
                            "slave_expires_tracked_keys:0\r\n"
                            "active_defrag_hits:0\r\n"
                            "active_defrag_misses:0\r\n"
                            "active_defrag_key_hits:0\r\n"
                            "active_defrag_key_misses:0\r\n"
                            "total_active_defrag_time:0\r\n"
                            "current_active_defrag_time:0\r\n"
                            "tracking_total_keys:0\r\n"
                            "tracking_total_items:0\r\n"
                            "tracking_total_prefixes:0\r\n"
                            "unexpected_error_replies:0\r\n"
                            "total_error_replies:0\r\n"
                            "dump_payload_sanitizations:0\r\n"
                            "total_reads_processed:1\r\n"
                            "total_writes_processed:0\r\n"
                            "io_threaded_reads_processed:0\r\n"
                            "io_threaded_writes_processed:0\r\n"
                            "reply_buffer_shrinks:0\r\n"
                            "reply_buffer_expands:0\r\n";
static const char cpu[] = "used_cpu_sys:0.000000\r\n"
                          "used_cpu_user:0.012102\r\n"
                          "used_cpu_sys_children:0.000000\r\n"
                          "used_cpu_user_children:0.000000\r\n"
                          "used_cpu_sys_main_thread:0.000000\r\n"
                          "used_cpu_user_main_thread:0.011977\r\n";
static const char cluster[] = "cluster_enabled:0\r\n";
static const char keyspace[] = "db0:keys=1240551,expires=310092,avg_ttl=86001223\r\n";

void farm_reply(struct sn_buf *out, const char *format, ...)
{
    char line[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    sn_buf_puts(out, line);
    sn_buf_puts(out, "\r\n");
}

void farm_reply_bulk(struct sn_buf *out, const char *text)
{
    size_t len = strlen(text);
    char head[24];

    sn_buf_append(out, head, (size_t)snprintf(head, sizeof(head), "$%zu\r\n", len));
    sn_buf_append(out, text, len);
    sn_buf_append(out, "\r\n", 2);
}

static void write_server(struct sn_buf *out, struct farm_server *server)
{
    const struct farm *farm = server->farm;
    char runid[FARM_RUNID_LEN + 1];
    int64_t uptime_s = (farm->now - farm->started_at) / 1000;

    farm_model_runid(server, runid);
    sn_buf_append(out, server_head, sizeof(server_head) - 1);
    sn_buf_printf(out,
                  "run_id:%s\r\ntcp_port:%u\r\nserver_time_usec:%" PRId64
                  "\r\nuptime_in_seconds:%" PRId64 "\r\nuptime_in_days:0\r\n",
                  runid, (unsigned)farm_model_port(server), (farm->now + farm->wall_offset) * 1000,
                  uptime_s);
    sn_buf_append(out, server_tail, sizeof(server_tail) - 1);
}

static void write_master_link(struct sn_buf *out, const struct farm_server *server)
{
    int64_t now = server->farm->now;

    sn_buf_printf(out,
                  "master_host:%s\r\nmaster_port:%u\r\nmaster_link_status:%s\r\n"
                  "master_last_io_seconds_ago:%d\r\nmaster_sync_in_progress:0\r\n"
                  "slave_read_repl_offset:%" PRId64 "\r\nslave_repl_offset:%" PRId64 "\r\n",
                  server->master_host, (unsigned)server->master_port,
                  server->linked ? "up" : "down", server->linked ? 0 : -1, server->offset,
                  server->offset);
    if (!server->linked)
        sn_buf_printf(out, "master_link_down_since_seconds:%" PRId64 "\r\n",
                      server->unlinked_at < 0 ? -1 : (now - server->unlinked_at) / 1000);
    sn_buf_printf(out, "slave_priority:%u\r\nslave_read_only:1\r\nreplica_announced:1\r\n",
                  server->priority);
}

/* The servers of its group that follow it and are linked; returns how many there were. */
static size_t each_replica(struct farm_server *server,
                           void (*each)(struct sn_buf *out, size_t index,
                                        const struct farm_server *replica),
                           struct sn_buf *out)
{
    size_t count = 0;

    for (size_t i = 0; i <= server->farm->replica_count; i++) {
        struct farm_server *other = farm_model_server(server->farm, server->group, i);

        if (!other->is_replica || other->master != server || other->dead)
            continue;
        farm_model_settle(other);
        if (!other->linked)
            continue;
        if (each != NULL)
            each(out, count, other);
        count++;
    }
    return count;
}

static void write_replica(struct sn_buf *out, size_t index, const struct farm_server *replica)
{
    char host[INET_ADDRSTRLEN];

    sn_buf_printf(out, "slave%zu:ip=%s,port=%u,state=online,offset=%" PRId64 ",lag=0\r\n", index,
                  farm_model_host(replica, host), (unsigned)farm_model_port(replica),
                  replica->offset);
}

static void write_replication(struct sn_buf *out, struct farm_server *server)
{
    farm_model_settle(server);
    sn_buf_printf(out, "role:%s\r\n", server->is_replica ? "slave" : "master");
    if (server->is_replica)
        write_master_link(out, server);
    sn_buf_printf(out, "connected_slaves:%zu\r\n", each_replica(server, NULL, NULL));
    each_replica(server, write_replica, out);
    sn_buf_printf(out,
                  "master_failover_state:no-failover\r\nmaster_replid:%s\r\n"
                  "master_replid2:%s\r\nmaster_repl_offset:%" PRId64
                  "\r\nsecond_repl_offset:%" PRId64 "\r\nrepl_backlog_active:1\r\n"
                  "repl_backlog_size:%d\r\nrepl_backlog_first_byte_offset:%" PRId64
                  "\r\nrepl_backlog_histlen:%d\r\n",
                  server->replid, server->replid2[0] != '\0' ? server->replid2 : NO_REPLID,
                  server->offset, server->second_offset, BACKLOG_SIZE,
                  server->offset > BACKLOG_SIZE ? server->offset - BACKLOG_SIZE + 1 : 1,
                  server->offset > BACKLOG_SIZE ? BACKLOG_SIZE : (int)server->offset);
}

struct section {
    const char *title;
    const char *text;
    size_t len;
    void (*write)(struct sn_buf *out, struct farm_server *server);
    bool by_default;
};

/* A text, and its length. */
#define TEXT(text) text, sizeof(text) - 1

static const struct section sections[] = {
    {"Server", TEXT(""), write_server, true}, {"Clients", TEXT(clients), NULL, true},
    {"Memory", TEXT(memory), NULL, true},     {"Persistence", TEXT(persistence), NULL, true},
    {"Stats", TEXT(stats), NULL, true},       {"Replication", TEXT(""), write_replication, true},
    {"CPU", TEXT(cpu), NULL, true},           {"Modules", TEXT(""), NULL, true},
    {"Errorstats", TEXT(""), NULL, true},     {"Cluster", TEXT(cluster), NULL, true},
    {"Keyspace", TEXT(keyspace), NULL, true},
};

static bool is_wanted(const struct section *section, const struct farm_request *request)
{
    if (request->argc == 1)
        return true;
    for (size_t i = 1; i < request->argc; i++) {
        const char *word = request->argv[i];

        if (strcasecmp(word, section->title) == 0 || strcasecmp(word, "all") == 0 ||
            strcasecmp(word, "default") == 0 || strcasecmp(word, "everything") == 0)
            return true;
    }
    return false;
}

void farm_info_write(struct farm_conn *conn, const struct farm_request *request)
{
    struct farm_server *server = conn->server;
    struct sn_buf *out = &conn->out;
    const char *format = conn->resp3 ? "txt:" : "";       /* of a verbatim string */
    static struct sn_buf text = {.cap = (size_t)1 << 20}; /* its memory is kept for the next one */
    char head[24];

    sn_buf_clear(&text);
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        const struct section *section = &sections[i];

        if (!is_wanted(section, request))
            continue;
        if (text.len > 0)
            sn_buf_puts(&text, "\r\n");
        sn_buf_puts(&text, "# ");
        sn_buf_puts(&text, section->title);
        sn_buf_puts(&text, "\r\n");
        if (section->write != NULL)
            section->write(&text, server);
        else
            sn_buf_append(&text, section->text, section->len);
    }
    sn_buf_append(out, head,
                  (size_t)snprintf(head, sizeof(head), "%c%zu\r\n%s", conn->resp3 ? '=' : '$',
                                   text.len + strlen(format), format));
    sn_buf_append(out, text.data, text.len);
    sn_buf_append(out, "\r\n", 2);
}

static void write_role_replica(struct sn_buf *out, size_t index, const struct farm_server *replica)
{
    char text[INET_ADDRSTRLEN];

    (void)index;
    farm_reply(out, "*3");
    farm_reply_bulk(out, farm_model_host(replica, text));
    snprintf(text, sizeof(text), "%u", (unsigned)farm_model_port(replica));
    farm_reply_bulk(out, text);
    char number[24];
    snprintf(number, sizeof(number), "%" PRId64, replica->offset);
    farm_reply_bulk(out, number);
}

void farm_info_role(struct sn_buf *out, struct farm_server *server)
{
    farm_model_settle(server);
    if (!server->is_replica) {
        farm_reply(out, "*3\r\n$6\r\nmaster\r\n:%" PRId64 "\r\n*%zu", server->offset,
                   each_replica(server, NULL, NULL));
        each_replica(server, write_role_replica, out);
        return;
    }
    farm_reply(out, "*5\r\n$5\r\nslave");
    farm_reply_bulk(out, server->master_host);
    farm_reply(out, ":%u", (unsigned)server->master_port);
    farm_reply_bulk(out, server->linked ? "connected" : "connect");
    farm_reply(out, ":%" PRId64, server->linked ? server->offset : -1);
}

void farm_info_hello(struct sn_buf *out, const struct farm_conn *conn)
{
    const char *role = conn->server->is_replica ? "replica" : "master";

    farm_reply(out,
               "%s\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n"
               "$5\r\nproto\r\n:%d\r\n$2\r\nid\r\n:%" PRIu64
               "\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$%zu\r\n%s\r\n"
               "$7\r\nmodules\r\n*0",
               conn->resp3 ? "%7" : "*14", conn->resp3 ? 3 : 2, conn->id, strlen(role), role);
}
