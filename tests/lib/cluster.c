/* SPDX-License-Identifier: BSD-3-Clause */
#include "cluster_internal.h"

#include "base/text.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include <cmocka.h>

#define SENTINEL_PORT  26379
#define LINE_MAX_BYTES 2048
#define SPINS_MAX      2000000 /* events in one millisecond: something loops */

struct hook {
    char *pattern;
    unsigned times;
    cluster_line_fn *fn;
    void *arg;
    struct hook *next;
};

struct later {
    cluster_fn *fn;
    void *arg;
    struct sn_timer timer;
    struct later *next;
};

/* Those that cluster_free has not seen yet: what a failed test leaves to its teardown. */
static struct cluster *alive;

/* ---- the trace --------------------------------------------------------------------------------
 */

const char *cluster_name_of(const struct cluster *cluster, const char *runid)
{
    for (size_t i = 0; i < cluster->sentinel_count; i++) {
        if (strcmp(cluster->sentinels[i]->id.hex, runid) == 0)
            return cluster->sentinels[i]->node.name;
    }
    return runid;
}

/* The sentinel whose id text begins with; NULL if none. */
static const struct sentinel *id_at(const struct cluster *cluster, const char *text)
{
    for (size_t i = 0; i < cluster->sentinel_count; i++) {
        const struct sentinel *sentinel = cluster->sentinels[i];
        if (text[0] == sentinel->id.hex[0] && strncmp(text, sentinel->id.hex, SN_RUNID_LEN) == 0)
            return sentinel;
    }
    return NULL;
}

/* Ids that may hold anything. */
static void shorten_odd(const struct cluster *cluster, const char *text, struct sn_buf *out)
{
    while (*text != '\0') {
        const struct sentinel *sentinel = id_at(cluster, text);
        if (sentinel != NULL)
            sn_buf_puts(out, sentinel->node.name);
        else
            sn_buf_append(out, text, 1);
        text += sentinel != NULL ? SN_RUNID_LEN : 1;
    }
}

/* text with run ids of sentinels replaced by their names. */
static void shorten(const struct cluster *cluster, const char *text, struct sn_buf *out)
{
    if (cluster->odd_ids) {
        shorten_odd(cluster, text, out);
        return;
    }
    while (*text != '\0') {
        size_t hex = strspn(text, "0123456789abcdef");
        if (hex == SN_RUNID_LEN) {
            char id[SN_RUNID_LEN + 1] = "";
            memcpy(id, text, SN_RUNID_LEN);
            sn_buf_puts(out, cluster_name_of(cluster, id));
            text += SN_RUNID_LEN;
            continue;
        }
        size_t len = hex > 0 ? hex : 1;
        sn_buf_append(out, text, len);
        text += len;
    }
}

static void call_hooks(struct cluster *cluster, struct node *node, const char *line)
{
    struct hook *hook, *next;
    LL_FOREACH_SAFE(cluster->hooks, hook, next) {
        if (hook->times == 0 ||
            !sn_text_glob(hook->pattern, strlen(hook->pattern), line, strlen(line), false))
            continue;
        hook->times--;
        hook->fn(cluster, node, hook->arg);
    }
}

SN_PRINTF(4, 0)
static void take_line(struct cluster *cluster, struct node *node, bool fine, const char *format,
                      va_list args)
{
    char text[LINE_MAX_BYTES];
    struct sn_buf line;
    cluster->about = cluster->about_next;
    cluster->about_next = NULL; /* what hooks say is about other things */
    if (fine && cluster->quiet && !cluster->trace.keep_fine)
        return;
    (void)vsnprintf(text, sizeof(text), format, args);
    sn_buf_init(&line, 2 * LINE_MAX_BYTES);
    sn_buf_printf(&line, "%s ", node == NULL ? "net" : node->name);
    shorten(cluster, text, &line);
    (void)trace_add(&cluster->trace, cluster->now, fine, sn_buf_text(&line));
    if (!fine || !cluster->quiet)
        call_hooks(cluster, node, sn_buf_text(&line));
    sn_buf_fini(&line);
}

void cluster_say(struct cluster *cluster, struct node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    take_line(cluster, node, false, format, args);
    va_end(args);
}

void cluster_murmur(struct cluster *cluster, struct node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    take_line(cluster, node, true, format, args);
    va_end(args);
}

/* ---- building ---------------------------------------------------------------------------------
 */

struct cluster *cluster_new(uint64_t seed)
{
    struct cluster *cluster = sn_alloc(sizeof(*cluster));
    LL_PREPEND2(alive, cluster, next_alive);
    trace_init(&cluster->trace);
    cluster->trace.echo = getenv("SN_TRACE") != NULL;
    cluster->trace.keep_fine = cluster->trace.echo && strcmp(getenv("SN_TRACE"), "2") == 0;
    cluster->seed = seed;
    sn_prng_init(&cluster->prng, seed);
    sn_timers_init(&cluster->wires);
    sn_timers_init(&cluster->wakes);
    sn_image_init(&cluster->config);
    cluster->delay_min_ms = 1;
    cluster->delay_max_ms = 1;
    return cluster;
}

static void free_nodes(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->sentinel_count; i++) {
        if (cluster->sentinels[i]->core != NULL)
            sentinel_crash(cluster->sentinels[i]);
    }
    cluster_free_conns(cluster);
    for (size_t i = 0; i < cluster->sentinel_count; i++) {
        sn_image_fini(&cluster->sentinels[i]->durable);
        free(cluster->sentinels[i]);
    }
    for (size_t i = 0; i < cluster->server_count; i++)
        free(cluster->servers[i]);
    free(cluster->sentinels);
    free(cluster->servers);
    free(cluster->nodes);
    free(cluster->cuts);
}

static void destroy(struct cluster *cluster)
{
    struct hook *hook, *next_hook;
    struct later *later, *next_later;
    LL_DELETE2(alive, cluster, next_alive);
    free_nodes(cluster);
    LL_FOREACH_SAFE(cluster->hooks, hook, next_hook) {
        free(hook->pattern);
        free(hook);
    }
    LL_FOREACH_SAFE(cluster->laters, later, next_later) {
        free(later);
    }
    check_free(cluster);
    sn_timers_fini(&cluster->wires);
    sn_timers_fini(&cluster->wakes);
    sn_image_fini(&cluster->config);
    trace_fini(&cluster->trace);
    free(cluster);
}

void cluster_free(struct cluster *cluster)
{
    char what[128];
    size_t strange = trace_count(&cluster->trace, 0, "* ! *");
    (void)snprintf(what, sizeof(what), "%zu lines with '!', %u expected", strange,
                   cluster->violations_expected);
    cluster_require(cluster, 0, strange == cluster->violations_expected, what);
    destroy(cluster);
}

int cluster_teardown(void **state)
{
    (void)state;
    while (alive != NULL)
        destroy(alive);
    return 0;
}

/* Room for one node more. */
static void add_cuts(struct cluster *cluster)
{
    size_t count = cluster->node_count;
    bool *cuts = sn_alloc((count + 1) * (count + 1));
    for (size_t i = 0; i < count; i++)
        memcpy(cuts + i * (count + 1), cluster->cuts + i * count, count);
    free(cluster->cuts);
    cluster->cuts = cuts;
}

static void set_addr(struct node *node, uint16_t port)
{
    struct node **at = &node->cluster->at_port[port];
    if (sn_addr_make("127.0.0.1", port, &node->addr) != 0)
        abort();
    while (*at != NULL && (*at)->index < node->index)
        at = &(*at)->port_next;
    node->port_next = *at;
    *at = node;
}

static void add_node(struct cluster *cluster, struct node *node, uint16_t port)
{
    size_t count = cluster->node_count;
    if (cluster->cuts != NULL)
        add_cuts(cluster);
    node->cluster = cluster;
    node->index = count;
    cluster->nodes = sn_realloc(cluster->nodes, (count + 1) * sizeof(struct node *));
    cluster->nodes[cluster->node_count++] = node;
    set_addr(node, port);
}

struct model_redis *cluster_add_server(struct cluster *cluster, uint16_t port)
{
    struct model_redis *redis = sn_alloc(sizeof(*redis));
    add_node(cluster, &redis->node, port);
    redis->node.redis = redis;
    cluster->servers =
        sn_realloc(cluster->servers, (cluster->server_count + 1) * sizeof(struct model_redis *));
    cluster->servers[cluster->server_count++] = redis;
    (void)snprintf(redis->node.name, sizeof(redis->node.name), "r%zu", cluster->server_count);
    names_give(&redis->node);
    model_redis_init(redis);
    return redis;
}

struct sentinel *cluster_add_sentinel(struct cluster *cluster)
{
    struct sentinel *sentinel = sn_alloc(sizeof(*sentinel));
    size_t count = cluster->sentinel_count;
    add_node(cluster, &sentinel->node, (uint16_t)(SENTINEL_PORT + count));
    sentinel->node.sentinel = sentinel;
    cluster->sentinels = sn_realloc(cluster->sentinels, (count + 1) * sizeof(struct sentinel *));
    cluster->sentinels[cluster->sentinel_count++] = sentinel;
    (void)snprintf(sentinel->node.name, sizeof(sentinel->node.name), "s%zu", count + 1);
    sn_prng_runid(&cluster->prng, &sentinel->id);
    sentinel->disk.latency_ms = 2;
    sentinel->deployment = "";
    sn_image_init(&sentinel->durable);
    sn_timer_init(&sentinel->disk.timer, WIRE_DISK, sentinel);
    sn_timer_init(&sentinel->late, WIRE_LATE, sentinel);
    sn_timer_init(&sentinel->wake, WIRE_WAKE, sentinel);
    return sentinel;
}

void cluster_add_guest(struct cluster *cluster, struct cluster_guest *guest, uint16_t port,
                       const char *name)
{
    add_node(cluster, &guest->node, port);
    guest->node.guest = guest;
    (void)sn_text_copy(guest->node.name, sizeof(guest->node.name), name);
}

struct sn_group_image *cluster_add_group(struct cluster *cluster, const char *name,
                                         const struct model_redis *master, uint32_t quorum)
{
    return sn_image_add_group(&cluster->config, name, &master->node.addr, quorum);
}

struct sn_group_image *cluster_add_simple(struct cluster *cluster, const char *name, uint16_t port,
                                          unsigned replicas, uint32_t quorum)
{
    struct model_redis *master = cluster_add_server(cluster, port);
    cluster_start(&master->node);
    for (unsigned i = 1; i <= replicas; i++) {
        struct model_redis *replica = cluster_add_server(cluster, (uint16_t)(port + i));
        cluster_start(&replica->node);
        model_redis_follow(replica, master->node.addr.host, port);
    }
    struct sn_group_image *group = cluster_add_group(cluster, name, master, quorum);
    group->params.down_after_ms = 1000;
    return group;
}

void cluster_start_sentinels(struct cluster *cluster, unsigned n, sn_ms step_ms)
{
    for (unsigned i = 0; i < n; i++)
        (void)cluster_add_sentinel(cluster);
    for (unsigned i = 0; i < n; i++) {
        cluster_start(&cluster->sentinels[cluster->sentinel_count - n + i]->node);
        cluster_run_for(cluster, step_ms);
    }
}

struct cluster *cluster_new_three(uint64_t seed)
{
    struct cluster *cluster = cluster_new(seed);
    cluster_add_simple(cluster, "mymaster", 6379, 2, 2);
    cluster_start_sentinels(cluster, 3, 130);
    cluster_settle(cluster);
    cluster->servers[1]->lagging = true;
    (void)model_redis_write(cluster->servers[0], 100);
    return cluster;
}

/* ---- running ----------------------------------------------------------------------------------
 */

static void run_later(struct cluster *cluster, struct later *later)
{
    LL_DELETE(cluster->laters, later);
    later->fn(cluster, later->arg);
    free(later);
}

static void run_wire(struct cluster *cluster, struct sn_timer *timer)
{
    switch ((enum wire_kind)timer->kind) {
    case WIRE_PIPE:
        pipe_due(timer->owner);
        break;
    case WIRE_SERVE:
        conn_serve_due(timer->owner);
        break;
    case WIRE_DISK:
        disk_due(timer->owner);
        break;
    case WIRE_LATE:
        disk_late_due(timer->owner);
        break;
    case WIRE_REPL:
        model_redis_timer(timer->owner);
        break;
    case WIRE_RESCUE:
        rescue_due(timer->owner);
        break;
    case WIRE_SCRIPT:
        script_due(timer->owner);
        break;
    case WIRE_LATER:
        run_later(cluster, timer->owner);
        break;
    case WIRE_LOOKUP:
        lookup_due(timer->owner);
        break;
    case WIRE_WAKE:
        sentinel_wake_due(timer->owner);
        break;
    case WIRE_NONE:
        break;
    }
    cluster_bury(cluster);
}

/* Runs the next event up to `until`. False if there is none: then it is `until`. */
static bool run_one(struct cluster *cluster, sn_ms until)
{
    static sn_ms last_at;
    static unsigned spins;
    sn_ms wire_at = sn_timers_next(&cluster->wires);
    sn_ms wake_at = sn_timers_next(&cluster->wakes);
    bool wire = wire_at <= wake_at;
    sn_ms at = wire ? wire_at : wake_at;
    if (at > until) {
        cluster->now = until;
        return false;
    }
    spins = at == last_at ? spins + 1 : 0;
    last_at = at;
    if (spins > SPINS_MAX)
        fail_msg("Something loops at %lld ms", (long long)at);
    if (at > cluster->now)
        cluster->now = at;
    run_wire(cluster, sn_timers_pop(wire ? &cluster->wires : &cluster->wakes, cluster->now));
    return true;
}

void cluster_run_for(struct cluster *cluster, sn_ms duration_ms)
{
    sn_ms until = cluster->now + duration_ms;
    while (run_one(cluster, until))
        ;
}

bool cluster_run_until(struct cluster *cluster, cluster_condition_fn *condition, void *arg,
                       sn_ms bound_ms)
{
    sn_ms until = cluster->now + bound_ms;
    while (!condition(cluster, arg)) {
        if (!run_one(cluster, until))
            return condition(cluster, arg);
    }
    return true;
}

size_t cluster_run_to_line(struct cluster *cluster, size_t from, const char *pattern,
                           sn_ms bound_ms)
{
    sn_ms until = cluster->now + bound_ms;
    for (;;) {
        size_t found = trace_find(&cluster->trace, from, pattern);
        if (found != TRACE_NOT_FOUND)
            return found;
        size_t seen = cluster->trace.count;
        bool more = true;
        while (more && cluster->trace.count == seen)
            more = run_one(cluster, until);
        if (!more)
            cluster_require(cluster, from, false, pattern);
    }
}

void cluster_after(struct cluster *cluster, sn_ms delay_ms, cluster_fn *fn, void *arg)
{
    struct later *later = sn_alloc(sizeof(*later));
    later->fn = fn;
    later->arg = arg;
    sn_timer_init(&later->timer, WIRE_LATER, later);
    LL_PREPEND(cluster->laters, later);
    sn_timer_set(&cluster->wires, &later->timer, cluster->now + delay_ms);
}

void cluster_when(struct cluster *cluster, const char *pattern, unsigned times, cluster_line_fn *fn,
                  void *arg)
{
    struct hook *hook = sn_alloc(sizeof(*hook));
    hook->pattern = sn_strdup(pattern);
    hook->times = times;
    hook->fn = fn;
    hook->arg = arg;
    LL_APPEND(cluster->hooks, hook);
}

static void kill_who(struct cluster *cluster, struct node *who, void *arg)
{
    (void)cluster;
    (void)arg;
    if (who != NULL)
        cluster_kill(who);
}

void cluster_kill_when(struct cluster *cluster, const char *pattern)
{
    cluster_when(cluster, pattern, 1, kill_who, NULL);
}

/* ---- processes --------------------------------------------------------------------------------
 */

void cluster_start(struct node *node)
{
    if (node->state != NODE_OFF)
        return;
    node->state = NODE_RUNNING;
    node->started_at = node->cluster->now;
    cluster_say(node->cluster, node, "started");
    if (node->redis != NULL)
        model_redis_start(node->redis);
    else if (node->guest != NULL)
        node->guest->start(node->guest);
    else
        sentinel_boot(node->sentinel);
}

void cluster_kill(struct node *node)
{
    struct conn *conn, *next;
    if (node->state == NODE_OFF)
        return;
    if (node->sentinel != NULL && node->sentinel->stepping) {
        node->sentinel->crash_asked = true;
        return;
    }
    node->state = NODE_OFF;
    cluster_say(node->cluster, node, "killed");
    for (conn = node->conns; conn != NULL; conn = next) {
        next = conn->node_next;
        conn_close_by_server(conn, "Server closed the connection");
    }
    if (node->redis != NULL) {
        model_redis_stopped(node->redis);
    } else if (node->guest != NULL) {
        cluster_close_clients(node);
        node->guest->stop(node->guest);
    } else {
        sentinel_crash(node->sentinel);
    }
}

void cluster_hang(struct node *node)
{
    if (node->state != NODE_RUNNING)
        return;
    node->state = NODE_HUNG;
    cluster_say(node->cluster, node, "stopped");
}

void cluster_resume(struct node *node)
{
    if (node->state != NODE_HUNG)
        return;
    node->state = NODE_RUNNING;
    cluster_say(node->cluster, node, "goes on");
    cluster_unstall(node->cluster);
    if (node->sentinel != NULL)
        sentinel_resumed(node->sentinel);
}

void cluster_readdress(struct node *node, uint16_t port)
{
    assert(node->state == NODE_OFF);
    LL_DELETE2(node->cluster->at_port[node->addr.port], node, port_next);
    set_addr(node, port);
    names_give(node);
    cluster_say(node->cluster, node, "moves to port %u", port);
}

struct node *cluster_find_node(struct cluster *cluster, const char *ip, uint16_t port)
{
    struct node *found = NULL;
    struct node *node;
    LL_FOREACH2(cluster->at_port[port], node, port_next) {
        if (strcmp(node->addr.ip, ip) == 0 && (found == NULL || found->state == NODE_OFF))
            found = node;
    }
    return found;
}
