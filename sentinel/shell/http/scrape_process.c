/* SPDX-License-Identifier: BSD-3-Clause */
/* The metrics of the process. */

#include "shell/http/sample.h"
#include "shell/http/scrape.h"
#include "sn_version.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

/* Where the values of one family are asked for. */
struct place {
    const char *name;
    struct sn_buf *out;
    const struct sn_http_parts *parts;
    const struct sn_core *core;
    const struct sn_tally *tally;
    struct sn_server_figures server;
};

static void put(const struct place *place, uint64_t value)
{
    struct sn_sample sample = sn_sample_begin(place->out, place->name, "");

    sn_sample_end(&sample, value);
}

static void put_by(const struct place *place, const char *label, const char *text, uint64_t value)
{
    struct sn_sample sample = sn_sample_begin(place->out, place->name, "");

    sn_sample_label(&sample, label, text);
    sn_sample_end(&sample, value);
}

/* Labels without a value for sentinels are empty, as with redis_exporter. */
static void put_instance(const struct place *place)
{
    const struct sn_settings *settings = place->parts->env.settings;
    struct sn_sample sample = sn_sample_begin(place->out, place->name, "");
    struct utsname os = {0};
    char text[sizeof(os.sysname) + sizeof(os.release) + sizeof(os.machine)];

    (void)uname(&os);
    sn_sample_label(&sample, "role", "");
    sn_sample_label(&sample, "redis_version", place->server.redis_version);
    sn_sample_label(&sample, "redis_build_id", "0");
    sn_sample_label(&sample, "redis_mode", "sentinel");
    snprintf(text, sizeof(text), "%s %s %s", os.sysname, os.release, os.machine);
    sn_sample_label(&sample, "os", text);
    sn_sample_label(&sample, "maxmemory_policy", "");
    snprintf(text, sizeof(text), "%u",
             (unsigned)(settings->port != 0 ? settings->port : settings->tls.port));
    sn_sample_label(&sample, "tcp_port", text);
    sn_sample_label(&sample, "run_id", place->server.runid);
    snprintf(text, sizeof(text), "%ld", (long)uv_os_getpid());
    sn_sample_label(&sample, "process_id", text);
    sn_sample_label(&sample, "master_replid", "");
    sn_sample_end(&sample, 1);
}

static void put_time(const struct place *place, const struct timeval *time)
{
    struct sn_sample sample = sn_sample_begin(place->out, place->name, "");

    sn_sample_end_ns(&sample, (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_usec * 1000);
}

/* who: as for getrusage. */
static void put_cpu(const struct place *place, int who, bool in_kernel)
{
    struct rusage usage = {0};

    (void)getrusage(who, &usage);
    put_time(place, in_kernel ? &usage.ru_stime : &usage.ru_utime);
}

static void put_groups_by_status(const struct place *place)
{
    static const char *const names[] = {"ok", "sdown", "odown"};
    const struct sn_group *group;
    uint64_t counts[] = {0, 0, 0};

    for (group = sn_core_group_first(place->core); group != NULL; group = sn_group_next(group)) {
        const char *status = sn_group_status(group);
        for (size_t i = 0; i < 3; i++)
            counts[i] += strcmp(status, names[i]) == 0;
    }
    for (size_t i = 0; i < 3; i++)
        put_by(place, "status", names[i], counts[i]);
}

static void put_running_failovers(const struct place *place)
{
    sn_ms now = sn_driver_now(place->parts->driver);
    const struct sn_group *group;
    struct sn_group_figures figures;
    uint64_t count = 0;

    for (group = sn_core_group_first(place->core); group != NULL; group = sn_group_next(group)) {
        sn_measure_group(group, now, &figures);
        count += figures.failover_state != NULL;
    }
    put(place, count);
}

/* Each attempt ends with one of these events. */
static void put_failovers(const struct place *place)
{
    static const struct {
        const char *event;
        const char *result;
    } ends[] = {{"+failover-end", "completed"},
                {"+failover-end-for-timeout", "replicas-left-behind"},
                {"-failover-abort-not-elected", "not-elected"},
                {"-failover-abort-no-good-slave", "no-good-replica"},
                {"-failover-abort-slave-timeout", "promotion-timeout"},
                {"-failover-abort-master-timeout", "master-timeout"}};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        put_by(place, "result", ends[i].result, sn_tally_of(place->tally, ends[i].event));
}

static void put_event(void *arg, const char *name, uint64_t count)
{
    put_by(*(const struct place **)arg, "event", name, count);
}

static void put_events(const struct place *place)
{
    sn_tally_walk(place->tally, put_event, &place);
}

static void put_link(const struct place *place, const char *kind, const char *state, size_t count)
{
    struct sn_sample sample = sn_sample_begin(place->out, place->name, "");

    sn_sample_label(&sample, "kind", kind);
    sn_sample_label(&sample, "state", state);
    sn_sample_end(&sample, count);
}

static void put_links(const struct place *place)
{
    static const char *const kinds[] = {
        [SN_LINK_DATA] = "data", [SN_LINK_SUBSCRIBE] = "subscription", [SN_LINK_PEER] = "sentinel"};
    struct sn_link_figures figures;

    sn_measure_links(place->core, &figures);
    for (size_t kind = SN_LINK_DATA; kind <= SN_LINK_PEER; kind++) {
        put_link(place, kinds[kind], "up", figures.up[kind]);
        put_link(place, kinds[kind], "connecting", figures.connecting[kind]);
        put_link(place, kinds[kind], "down", figures.idle[kind]);
    }
}

static void put_ready(const struct place *place)
{
    const struct sn_http_env *env = &place->parts->env;
    struct sn_buf lines;

    sn_buf_init(&lines, SIZE_MAX);
    env->why_not_ready(env->arg, &lines);
    put(place, lines.len == 0);
    sn_buf_fini(&lines);
}

static void put_histogram(const struct place *place, const struct sn_histogram *histogram)
{
    struct sn_sample sample;
    uint64_t count = 0;

    for (size_t i = 0; i < SN_HISTOGRAM_BUCKETS; i++) {
        count += histogram->buckets[i];
        sample = sn_sample_begin(place->out, place->name, "_bucket");
        sn_sample_label(&sample, "le", sn_histogram_bound(i));
        sn_sample_end(&sample, count);
    }
    sample = sn_sample_begin(place->out, place->name, "_bucket");
    sn_sample_label(&sample, "le", "+Inf");
    sn_sample_end(&sample, histogram->count);
    sample = sn_sample_begin(place->out, place->name, "_sum");
    sn_sample_end_ns(&sample, histogram->sum_ns);
    sample = sn_sample_begin(place->out, place->name, "_count");
    sn_sample_end(&sample, histogram->count);
}

static void put_build(const struct place *place)
{
    put_by(place, "version", SN_VERSION, 1);
}

static void put_cpu_system(const struct place *place)
{
    put_cpu(place, RUSAGE_SELF, true);
}

static void put_cpu_user(const struct place *place)
{
    put_cpu(place, RUSAGE_SELF, false);
}

static void put_cpu_system_children(const struct place *place)
{
    put_cpu(place, RUSAGE_CHILDREN, true);
}

static void put_cpu_user_children(const struct place *place)
{
    put_cpu(place, RUSAGE_CHILDREN, false);
}

static void put_failover_duration(const struct place *place)
{
    put_histogram(place, &place->tally->failovers);
}

static void put_saves(const struct place *place)
{
    put_histogram(place, &place->tally->saves);
}

static void put_loop_lag(const struct place *place)
{
    put_histogram(place, &place->tally->loop_lag);
}

static void put_up(const struct place *place)
{
    put(place, 1);
}

static void put_uptime(const struct place *place)
{
    put(place, place->server.uptime_s);
}

static void put_clients(const struct place *place)
{
    put(place, place->server.clients);
}

static void put_commands(const struct place *place)
{
    put(place, place->server.commands);
}

static void put_connections(const struct place *place)
{
    put(place, place->server.connections);
}

static void put_masters(const struct place *place)
{
    put(place, sn_core_group_count(place->core));
}

static void put_tilt(const struct place *place)
{
    put(place, sn_core_tilt(place->core));
}

static void put_running_scripts(const struct place *place)
{
    put(place, sn_core_script_running(place->core));
}

static void put_script_queue(const struct place *place)
{
    put(place, sn_core_script_count(place->core));
}

static void put_simulate(const struct place *place)
{
    put(place, sn_core_simulate_flags(place->core));
}

static void put_switches(const struct place *place)
{
    put(place, sn_tally_of(place->tally, "+switch-master"));
}

static void put_votes(const struct place *place)
{
    put(place, sn_tally_of(place->tally, "+vote-for-leader"));
}

static void put_epoch(const struct place *place)
{
    put(place, sn_core_current_epoch(place->core));
}

static void put_tilts(const struct place *place)
{
    put(place, sn_core_tilt_count(place->core));
}

static void put_failed_saves(const struct place *place)
{
    put(place, place->tally->saves_failed);
}

static void put_max_clients(const struct place *place)
{
    put(place, place->server.max_clients);
}

static void put_memory(const struct place *place)
{
    put(place, place->server.clients_memory);
}

static void put_subscribers(const struct place *place)
{
    put(place, place->server.subscribers);
}

static void put_rejected(const struct place *place)
{
    put(place, place->server.rejected);
}

static void put_evicted(const struct place *place)
{
    put(place, place->server.evicted);
}

static void put_http_connections(const struct place *place)
{
    put(place, place->parts->connections);
}

static void put_http_requests(const struct place *place)
{
    put(place, place->tally->requests);
}

static void put_http_cut(const struct place *place)
{
    put(place, place->tally->cut);
}

static struct sn_events_figures listeners(const struct place *place)
{
    struct sn_events_figures figures;

    sn_events_measure(place->parts->events, &figures);
    return figures;
}

static void put_listeners(const struct place *place)
{
    put(place, listeners(place).listeners);
}

static void put_dropped_listeners(const struct place *place)
{
    put(place, listeners(place).dropped);
}

static void (*const putters[SN_PROCESS_METRIC_COUNT])(const struct place *place) = {
    [SN_PROCESS_UP] = put_up,
    [SN_PROCESS_INSTANCE_INFO] = put_instance,
    [SN_PROCESS_UPTIME] = put_uptime,
    [SN_PROCESS_CLIENTS] = put_clients,
    [SN_PROCESS_COMMANDS] = put_commands,
    [SN_PROCESS_CONNECTIONS] = put_connections,
    [SN_PROCESS_CPU_SYSTEM] = put_cpu_system,
    [SN_PROCESS_CPU_USER] = put_cpu_user,
    [SN_PROCESS_CPU_SYSTEM_CHILDREN] = put_cpu_system_children,
    [SN_PROCESS_CPU_USER_CHILDREN] = put_cpu_user_children,
    [SN_PROCESS_MASTERS] = put_masters,
    [SN_PROCESS_TILT] = put_tilt,
    [SN_PROCESS_RUNNING_SCRIPTS] = put_running_scripts,
    [SN_PROCESS_SCRIPTS_QUEUE] = put_script_queue,
    [SN_PROCESS_SIMULATE] = put_simulate,
    [SN_PROCESS_BUILD_INFO] = put_build,
    [SN_PROCESS_GROUPS] = put_groups_by_status,
    [SN_PROCESS_FAILOVERS_RUNNING] = put_running_failovers,
    [SN_PROCESS_FAILOVERS] = put_failovers,
    [SN_PROCESS_FAILOVER_DURATION] = put_failover_duration,
    [SN_PROCESS_SWITCHES] = put_switches,
    [SN_PROCESS_VOTES] = put_votes,
    [SN_PROCESS_CURRENT_EPOCH] = put_epoch,
    [SN_PROCESS_TILTS] = put_tilts,
    [SN_PROCESS_EVENTS] = put_events,
    [SN_PROCESS_LINKS] = put_links,
    [SN_PROCESS_READY] = put_ready,
    [SN_PROCESS_SAVES] = put_saves,
    [SN_PROCESS_SAVES_FAILED] = put_failed_saves,
    [SN_PROCESS_LOOP_LAG] = put_loop_lag,
    [SN_PROCESS_MAX_CLIENTS] = put_max_clients,
    [SN_PROCESS_CLIENTS_MEMORY] = put_memory,
    [SN_PROCESS_SUBSCRIBERS] = put_subscribers,
    [SN_PROCESS_REJECTED] = put_rejected,
    [SN_PROCESS_EVICTED] = put_evicted,
    [SN_PROCESS_HTTP_CONNECTIONS] = put_http_connections,
    [SN_PROCESS_HTTP_REQUESTS] = put_http_requests,
    [SN_PROCESS_HTTP_CUT] = put_http_cut,
    [SN_PROCESS_HTTP_LISTENERS] = put_listeners,
    [SN_PROCESS_HTTP_LISTENERS_DROPPED] = put_dropped_listeners,
};

void sn_scrape_process(const struct sn_http_parts *parts, enum sn_process_metric metric,
                       const char *name, struct sn_buf *out)
{
    struct place place = {.name = name,
                          .out = out,
                          .parts = parts,
                          .core = sn_driver_core(parts->driver),
                          .tally = &parts->tally};

    sn_server_measure(parts->env.server, &place.server);
    putters[metric](&place);
}
