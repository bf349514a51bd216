/* SPDX-License-Identifier: BSD-3-Clause */
/* INFO (PROTOCOL.md §6.1): the fields of stock, in stock's order. Fields that only a data node has
 * are included as zero, because tools look for them. */

#include "base/text.h"
#include "shell/server/call.h"
#include "shell/server/client.h"
#include "shell/server/clients.h"
#include "shell/server/cmd.h"
#include "shell/server/listen.h"
#include "shell/server/parts.h"
#include "shell/server/pubsub.h"
#include "shell/server/stats.h"
#include "shell/server/waits.h"
#include "sn_version.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <utlist.h>

#define INFO_MAX ((size_t)64 << 20)

enum { SERVER = 1, CLIENTS = 2, STATS = 4, CPU = 8, SENTINEL = 16, TLS = 32, ALL = 63 };

static const char *compiler_version(void)
{
#if defined(__clang__)
    return "clang " __clang_version__;
#elif defined(__VERSION__)
    return __VERSION__;
#else
    return "0.0.0";
#endif
}

static void put(struct sn_buf *out, const char *name, uint64_t value)
{
    sn_buf_printf(out, "%s:%llu\r\n", name, (unsigned long long)value);
}

static void put_zeros(struct sn_buf *out, const char *const *names)
{
    for (size_t i = 0; names[i]; i++)
        put(out, names[i], 0);
}

static void put_kbps(struct sn_buf *out, const char *name, const struct sn_rate *rate, uint64_t now)
{
    sn_buf_printf(out, "%s:%.2f\r\n", name, (double)sn_rate_get(rate, now) / 1024);
}

static void put_executable(struct sn_buf *out, const char *given)
{
    char running[1024] = "";
    size_t size = sizeof(running);

    if (given == NULL || given[0] == '\0')
        (void)uv_exepath(running, &size);
    sn_buf_printf(out, "executable:%s\r\n", running[0] != '\0' || given == NULL ? running : given);
}

/* Whoever has put this program in the place of valkey-sentinel asks by Valkey's fields. Those of
 * Redis stay. */
static void put_names(struct sn_buf *out, bool is_valkey)
{
    sn_buf_printf(out, "# Server\r\nredis_version:%s\r\n", SN_REDIS_VERSION);
    if (is_valkey)
        sn_buf_printf(out, "server_name:valkey\r\nvalkey_version:%s\r\n", SN_REDIS_VERSION);
    sn_buf_puts(out, "redis_git_sha1:00000000\r\nredis_git_dirty:0\r\nredis_build_id:0\r\n");
    sn_buf_puts(out, "redis_mode:sentinel\r\n");
    if (is_valkey)
        sn_buf_puts(out, "server_mode:sentinel\r\n");
}

/* PROTOCOL.md §6.1. */
static void put_server(struct sn_buf *out, const struct sn_server *server)
{
    uint64_t uptime_s = (sn_server_now(server) - sn_server_started_at(server)) / 1000;
    struct utsname os = {0};
    struct timespec wall = {0};

    (void)uname(&os);
    clock_gettime(CLOCK_REALTIME, &wall);
    put_names(out, sn_server_env(server)->is_valkey);
    sn_buf_printf(out, "os:%s %s %s\r\n", os.sysname, os.release, os.machine);
    put(out, "arch_bits", 8 * sizeof(void *));
    sn_buf_puts(out, "monotonic_clock:POSIX clock_gettime\r\nmultiplexing_api:libuv\r\n");
    sn_buf_printf(out, "atomicvar_api:none\r\ngcc_version:%s\r\n", compiler_version());
    put(out, "process_id", (uint64_t)uv_os_getpid());
    sn_buf_printf(out, "process_supervised:%s\r\nrun_id:%s\r\n",
                  sn_server_env(server)->supervisor ? sn_server_env(server)->supervisor : "no",
                  sn_server_runid(server));
    const struct sn_settings *settings = sn_server_env(server)->settings;
    put(out, "tcp_port", settings->port != 0 ? settings->port : settings->tls.port);
    put(out, "server_time_usec", (uint64_t)wall.tv_sec * 1000000 + (uint64_t)(wall.tv_nsec / 1000));
    put(out, "uptime_in_seconds", uptime_s);
    put(out, "uptime_in_days", uptime_s / 86400);
    sn_buf_puts(out, "hz:10\r\nconfigured_hz:10\r\n");
    put(out, "lru_clock", (uint64_t)wall.tv_sec & 0xffffff);
    put_executable(out, sn_server_env(server)->executable);
    sn_buf_printf(out, "config_file:%s\r\n",
                  sn_server_env(server)->config_path ? sn_server_env(server)->config_path : "");
    sn_buf_puts(out, "io_threads_active:0\r\n");
    sn_listen_describe(server, out);
    sn_buf_printf(out, "sentineld_version:%s\r\n", SN_VERSION);
}

static void put_clients(struct sn_buf *out, const struct sn_server *server)
{
    const struct sn_client *client;
    size_t tracking = 0, max_in = 0, max_out = 0;

    DL_FOREACH(sn_server_clients(server)->all, client) {
        size_t in = sn_request_reader_pending(client->reader), pending = sn_client_output(client);
        tracking += client->tracking;
        max_in = in > max_in ? in : max_in;
        max_out = pending > max_out ? pending : max_out;
    }
    sn_buf_puts(out, "# Clients\r\n");
    put(out, "connected_clients", sn_server_clients(server)->count);
    put(out, "cluster_connections", 0);
    put(out, "maxclients", sn_server_env(server)->settings->maxclients);
    put(out, "client_recent_max_input_buffer", max_in);
    put(out, "client_recent_max_output_buffer", max_out);
    put(out, "blocked_clients", sn_server_waits(server)->blocked);
    put(out, "tracking_clients", tracking);
    put(out, "pubsub_clients", sn_server_pubsub(server)->subscribers);
    put(out, "watching_clients", 0);
    put(out, "clients_in_timeout_table", 0);
    put(out, "total_watched_keys", 0);
    put(out, "total_blocking_keys", 0);
    put(out, "total_blocking_keys_on_nokey", 0);
    put(out, "clients_memory", sn_server_clients(server)->memory);
    put(out, "clients_memory_limit", sn_server_env(server)->memory_max);
}

static const char *const data_node_stats[] = {"sync_full",
                                              "sync_partial_ok",
                                              "sync_partial_err",
                                              "expired_keys",
                                              "expired_stale_perc",
                                              "expired_time_cap_reached_count",
                                              "expire_cycle_cpu_milliseconds",
                                              "evicted_keys",
                                              NULL};
static const char *const data_node_stats_2[] = {"total_eviction_exceeded_time",
                                                "current_eviction_exceeded_time", "keyspace_hits",
                                                "keyspace_misses", NULL};
static const char *const data_node_counters[] = {"migrate_cached_sockets",
                                                 "slave_expires_tracked_keys",
                                                 "active_defrag_hits",
                                                 "active_defrag_misses",
                                                 "active_defrag_key_hits",
                                                 "active_defrag_key_misses",
                                                 "total_active_defrag_time",
                                                 "current_active_defrag_time",
                                                 "tracking_total_keys",
                                                 "tracking_total_items",
                                                 "tracking_total_prefixes",
                                                 "unexpected_error_replies",
                                                 NULL};

static void put_stats(struct sn_buf *out, const struct sn_server *server)
{
    static const char *const buffers[] = {"io_threaded_reads_processed",
                                          "io_threaded_writes_processed", "reply_buffer_shrinks",
                                          "reply_buffer_expands", NULL};
    const struct sn_stats *stats = sn_server_stats(server);
    uint64_t now = sn_server_now(server);

    sn_buf_puts(out, "# Stats\r\n");
    put(out, "total_connections_received", stats->connections);
    put(out, "total_commands_processed", stats->commands);
    put(out, "instantaneous_ops_per_sec", sn_rate_get(&stats->commands_rate, now));
    put(out, "total_net_input_bytes", stats->bytes_in);
    put(out, "total_net_output_bytes", stats->bytes_out);
    put(out, "total_net_repl_input_bytes", 0);
    put(out, "total_net_repl_output_bytes", 0);
    put_kbps(out, "instantaneous_input_kbps", &stats->bytes_in_rate, now);
    put_kbps(out, "instantaneous_output_kbps", &stats->bytes_out_rate, now);
    sn_buf_puts(out, "instantaneous_input_repl_kbps:0.00\r\n");
    sn_buf_puts(out, "instantaneous_output_repl_kbps:0.00\r\n");
    put(out, "rejected_connections", stats->rejected);
    put_zeros(out, data_node_stats);
    put(out, "evicted_clients", stats->evicted);
    put_zeros(out, data_node_stats_2);
    put(out, "pubsub_channels", sn_pubsub_topics(sn_server_pubsub(server), SN_TOPIC_CHANNEL));
    put(out, "pubsub_patterns", sn_pubsub_topics(sn_server_pubsub(server), SN_TOPIC_PATTERN));
    put(out, "pubsubshard_channels", 0);
    put(out, "latest_fork_usec", 0);
    put(out, "total_forks", 0);
    put_zeros(out, data_node_counters);
    put(out, "total_error_replies", stats->error_replies);
    put(out, "dump_payload_sanitizations", 0);
    put(out, "total_reads_processed", stats->reads);
    put(out, "total_writes_processed", stats->writes);
    put_zeros(out, buffers);
    put(out, "acl_access_denied_auth", stats->denied_login);
    put(out, "acl_access_denied_cmd", stats->denied_command);
    put(out, "acl_access_denied_key", 0);
    put(out, "acl_access_denied_channel", stats->denied_channel);
}

static void put_time(struct sn_buf *out, const char *name, const struct timeval *time)
{
    sn_buf_printf(out, "%s:%ld.%06ld\r\n", name, (long)time->tv_sec, (long)time->tv_usec);
}

static void put_cpu(struct sn_buf *out)
{
    struct rusage self = {0}, children = {0};

    (void)getrusage(RUSAGE_SELF, &self);
    (void)getrusage(RUSAGE_CHILDREN, &children);
    sn_buf_puts(out, "# CPU\r\n");
    put_time(out, "used_cpu_sys", &self.ru_stime);
    put_time(out, "used_cpu_user", &self.ru_utime);
    put_time(out, "used_cpu_sys_children", &children.ru_stime);
    put_time(out, "used_cpu_user_children", &children.ru_utime);
    put_time(out, "used_cpu_sys_main_thread", &self.ru_stime);
    put_time(out, "used_cpu_user_main_thread", &self.ru_utime);
}

static size_t count_paused(const struct sn_core *core)
{
    struct sn_pause_view pause;
    size_t count = 0;

    for (const struct sn_group *group = sn_core_group_first(core); group;
         group = sn_group_next(group))
        count += sn_group_pause(group, 0, &pause);
    return count;
}

/* A group's line in INFO tells status, address, replicas and sentinels (PROTOCOL.md §6.1, §22.2).
 */
static void put_sentinel(struct sn_buf *out, const struct sn_server *server)
{
    const struct sn_core *core = sn_server_core(server);
    sn_ms tilt_ms = sn_core_tilt_ms(core, sn_driver_now(sn_server_driver(server)));
    const struct sn_group *group;
    size_t index = 0;

    sn_buf_puts(out, "# Sentinel\r\n");
    put(out, "sentinel_masters", sn_core_group_count(core));
    put(out, "sentinel_tilt", sn_core_tilt(core));
    sn_buf_printf(out, "sentinel_tilt_since_seconds:%lld\r\n",
                  tilt_ms < 0 ? -1LL : (long long)(tilt_ms / 1000));
    put(out, "sentinel_total_tilt", sn_core_tilt_count(core));
    put(out, "sentinel_running_scripts", sn_core_script_running(core));
    put(out, "sentinel_scripts_queue_length", sn_core_script_count(core));
    put(out, "sentinel_simulate_failure_flags", sn_core_simulate_flags(core));
    if (count_paused(core) > 0) /* beyond stock */
        put(out, "sentinel_paused_masters", count_paused(core));
    for (group = sn_core_group_first(core); group; group = sn_group_next(group)) {
        const char *host = "";
        uint16_t port = 0;
        sn_group_address(core, group, &host, &port);
        sn_buf_printf(out, "master%zu:name=%s,status=%s,address=%s:%u,slaves=%zu,sentinels=%zu\r\n",
                      index++, sn_group_name(group), sn_group_status(group), host, (unsigned)port,
                      sn_group_replica_count(group), sn_group_peer_count(group) + 1);
    }
}

/* Deliberate difference from stock: a section for TLS, where it is in use. */
static void put_tls(struct sn_buf *out, const struct sn_server *server)
{
    const struct sn_server_env *env = sn_server_env(server);
    const struct sn_client *client;
    uint64_t clients = 0;
    struct sn_buf fields;

    sn_buf_init(&fields, INFO_MAX);
    if (env->describe_tls != NULL)
        env->describe_tls(env->arg, &fields);
    if (fields.len > 0) {
        DL_FOREACH(sn_server_clients(server)->all, client)
            clients += sn_stream_session(&client->stream) != NULL;
        sn_buf_puts(out, out->len > 0 ? "\r\n# TLS\r\n" : "# TLS\r\n");
        put(out, "tls_port", sn_server_tls(server) != NULL ? env->settings->tls.port : 0);
        put(out, "tls_clients", clients);
        put(out, "tls_unfinished_handshakes", sn_server_clients(server)->half_count);
        put(out, "tls_failed_handshakes", sn_server_stats(server)->tls_failed);
        sn_buf_append(out, sn_buf_text(&fields), fields.len);
    }
    sn_buf_fini(&fields);
}

/* INFO has these sections in one order, and nothing for others (PROTOCOL.md §6.1). */
static unsigned sections_of(const struct sn_call *call)
{
    static const struct {
        const char *name;
        unsigned bits;
    } names[] = {{"server", SERVER}, {"clients", CLIENTS},   {"stats", STATS},
                 {"cpu", CPU},       {"sentinel", SENTINEL}, {"tls", TLS},
                 {"default", ALL},   {"all", ALL},           {"everything", ALL}};
    unsigned sections = call->argc == 1 ? ALL : 0;

    for (size_t i = 1; i < call->argc; i++) {
        for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
            if (sn_call_word_is(call, i, names[j].name))
                sections |= names[j].bits;
        }
    }
    return sections;
}

/* PROTOCOL.md §6.1. */
void sn_cmd_info(struct sn_call *call)
{
    unsigned sections = sections_of(call);
    struct sn_buf out;

    sn_buf_init(&out, INFO_MAX);
    for (unsigned section = SERVER; section <= SENTINEL; section <<= 1) {
        if (!(sections & section))
            continue;
        if (out.len > 0)
            sn_buf_puts(&out, "\r\n");
        if (section == SERVER)
            put_server(&out, call->server);
        else if (section == CLIENTS)
            put_clients(&out, call->server);
        else if (section == STATS)
            put_stats(&out, call->server);
        else if (section == CPU)
            put_cpu(&out);
        else
            put_sentinel(&out, call->server);
    }
    if (sections & TLS)
        put_tls(&out, call->server);
    sn_resp_bulk(call->resp, sn_buf_text(&out), out.len);
    sn_buf_fini(&out);
}
