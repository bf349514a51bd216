/* SPDX-License-Identifier: BSD-3-Clause */
/* The metrics of the process. */

#include "shell/http/sample.h"
#include "shell/http/scrape.h"
#include "sn_version.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

/* Where one value is asked for. */
struct place {
    const char *name;
    struct sn_buf *out;
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

/* What a sentinel has no value for stays empty, as with redis_exporter. */
static void put_instance(const struct place *place, const struct sn_http_parts *parts,
                         const struct sn_server_figures *server)
{
    const struct sn_settings *settings = parts->env.settings;
    struct sn_sample sample = sn_sample_begin(place->out, place->name, "");
    struct utsname os = {0};
    char text[sizeof(os.sysname) + sizeof(os.release) + sizeof(os.machine)];

    (void)uname(&os);
    sn_sample_label(&sample, "role", "");
    sn_sample_label(&sample, "redis_version", server->redis_version);
    sn_sample_label(&sample, "redis_build_id", "0");
    sn_sample_label(&sample, "redis_mode", "sentinel");
    snprintf(text, sizeof(text), "%s %s %s", os.sysname, os.release, os.machine);
    sn_sample_label(&sample, "os", text);
    sn_sample_label(&sample, "maxmemory_policy", "");
    snprintf(text, sizeof(text), "%u",
             (unsigned)(settings->port != 0 ? settings->port : settings->tls.port));
    sn_sample_label(&sample, "tcp_port", text);
    sn_sample_label(&sample, "run_id", server->runid);
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

static void put_cpu(const struct place *place, bool of_children, bool in_kernel)
{
    struct rusage usage = {0};

    (void)getrusage(of_children ? RUSAGE_CHILDREN : RUSAGE_SELF, &usage);
    put_time(place, in_kernel ? &usage.ru_stime : &usage.ru_utime);
}

static void put_groups_by_status(const struct place *place, const struct sn_core *core)
{
    static const char *const names[] = {"ok", "sdown", "odown"};
    const struct sn_group *group;
    uint64_t counts[] = {0, 0, 0};

    for (group = sn_core_group_first(core); group != NULL; group = sn_group_next(group)) {
        const char *status = sn_group_status(group);
        for (size_t i = 0; i < 3; i++)
            counts[i] += strcmp(status, names[i]) == 0;
    }
    for (size_t i = 0; i < 3; i++)
        put_by(place, "status", names[i], counts[i]);
}

static uint64_t count_failovers(const struct sn_core *core, sn_ms now)
{
    const struct sn_group *group;
    struct sn_group_figures figures;
    uint64_t count = 0;

    for (group = sn_core_group_first(core); group != NULL; group = sn_group_next(group)) {
        sn_measure_group(group, now, &figures);
        count += figures.failover_state != NULL;
    }
    return count;
}

/* Each attempt ends with one of these events. */
static void put_failovers(const struct place *place, const struct sn_tally *tally)
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
        put_by(place, "result", ends[i].result, sn_tally_of(tally, ends[i].event));
}

static void put_event(void *arg, const char *name, uint64_t count)
{
    put_by(arg, "event", name, count);
}

static void put_link(const struct place *place, const char *kind, const char *state, size_t count)
{
    struct sn_sample sample = sn_sample_begin(place->out, place->name, "");

    sn_sample_label(&sample, "kind", kind);
    sn_sample_label(&sample, "state", state);
    sn_sample_end(&sample, count);
}

static void put_links(const struct place *place, const struct sn_core *core)
{
    static const char *const kinds[] = {[SN_LINK_DATA] = "data",
                                        [SN_LINK_SUBSCRIBE] = "subscription",
                                        [SN_LINK_PEER] = "sentinel"};
    struct sn_link_figures figures;

    sn_measure_links(core, &figures);
    for (size_t kind = SN_LINK_DATA; kind <= SN_LINK_PEER; kind++) {
        put_link(place, kinds[kind], "up", figures.up[kind]);
        put_link(place, kinds[kind], "connecting", figures.connecting[kind]);
        put_link(place, kinds[kind], "down", figures.idle[kind]);
    }
}

static bool is_ready(const struct sn_http_parts *parts)
{
    struct sn_buf lines;

    sn_buf_init(&lines, SIZE_MAX);
    parts->env.why_not_ready(parts->env.arg, &lines);
    bool ready = lines.len == 0;
    sn_buf_fini(&lines);
    return ready;
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

void sn_scrape_process(const struct sn_http_parts *parts, enum sn_process_metric metric,
                       const char *name, struct sn_buf *out)
{
    const struct sn_core *core = sn_driver_core(parts->driver);
    const struct sn_tally *tally = &parts->tally;
    struct place place = {name, out};
    struct sn_server_figures server;

    sn_server_measure(parts->env.server, &server);
    switch (metric) {
    case SN_PROCESS_UP:
        put(&place, 1);
        return;
    case SN_PROCESS_INSTANCE_INFO:
        put_instance(&place, parts, &server);
        return;
    case SN_PROCESS_UPTIME:
        put(&place, server.uptime_s);
        return;
    case SN_PROCESS_CLIENTS:
        put(&place, server.clients);
        return;
    case SN_PROCESS_COMMANDS:
        put(&place, server.commands);
        return;
    case SN_PROCESS_CONNECTIONS:
        put(&place, server.connections);
        return;
    case SN_PROCESS_CPU_SYSTEM:
        put_cpu(&place, false, true);
        return;
    case SN_PROCESS_CPU_USER:
        put_cpu(&place, false, false);
        return;
    case SN_PROCESS_CPU_SYSTEM_CHILDREN:
        put_cpu(&place, true, true);
        return;
    case SN_PROCESS_CPU_USER_CHILDREN:
        put_cpu(&place, true, false);
        return;
    case SN_PROCESS_MASTERS:
        put(&place, sn_core_group_count(core));
        return;
    case SN_PROCESS_TILT:
        put(&place, sn_core_tilt(core));
        return;
    case SN_PROCESS_RUNNING_SCRIPTS:
        put(&place, sn_core_script_running(core));
        return;
    case SN_PROCESS_SCRIPTS_QUEUE:
        put(&place, sn_core_script_count(core));
        return;
    case SN_PROCESS_SIMULATE:
        put(&place, sn_core_simulate_flags(core));
        return;
    case SN_PROCESS_BUILD_INFO:
        put_by(&place, "version", SN_VERSION, 1);
        return;
    case SN_PROCESS_GROUPS:
        put_groups_by_status(&place, core);
        return;
    case SN_PROCESS_FAILOVERS_RUNNING:
        put(&place, count_failovers(core, sn_driver_now(parts->driver)));
        return;
    case SN_PROCESS_FAILOVERS:
        put_failovers(&place, tally);
        return;
    case SN_PROCESS_SWITCHES:
        put(&place, sn_tally_of(tally, "+switch-master"));
        return;
    case SN_PROCESS_VOTES:
        put(&place, sn_tally_of(tally, "+vote-for-leader"));
        return;
    case SN_PROCESS_CURRENT_EPOCH:
        put(&place, sn_core_current_epoch(core));
        return;
    case SN_PROCESS_TILTS:
        put(&place, sn_core_tilt_count(core));
        return;
    case SN_PROCESS_EVENTS:
        sn_tally_walk(tally, put_event, &place);
        return;
    case SN_PROCESS_LINKS:
        put_links(&place, core);
        return;
    case SN_PROCESS_READY:
        put(&place, is_ready(parts));
        return;
    case SN_PROCESS_SAVES:
        put_histogram(&place, &tally->saves);
        return;
    case SN_PROCESS_SAVES_FAILED:
        put(&place, tally->saves_failed);
        return;
    case SN_PROCESS_LOOP_LAG:
        put_histogram(&place, &tally->loop_lag);
        return;
    case SN_PROCESS_MAX_CLIENTS:
        put(&place, server.max_clients);
        return;
    case SN_PROCESS_CLIENTS_MEMORY:
        put(&place, server.clients_memory);
        return;
    case SN_PROCESS_SUBSCRIBERS:
        put(&place, server.subscribers);
        return;
    case SN_PROCESS_REJECTED:
        put(&place, server.rejected);
        return;
    case SN_PROCESS_EVICTED:
        put(&place, server.evicted);
        return;
    case SN_PROCESS_HTTP_CONNECTIONS:
        put(&place, parts->connections);
        return;
    case SN_PROCESS_HTTP_REQUESTS:
        put(&place, tally->requests);
        return;
    case SN_PROCESS_HTTP_CUT:
        put(&place, tally->cut);
        return;
    case SN_PROCESS_METRIC_COUNT:
        break;
    }
}
