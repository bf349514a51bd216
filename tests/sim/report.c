/* SPDX-License-Identifier: BSD-3-Clause */

/* Reads the state of everybody as an operator would who could ask all at once. What sentinels
 * believe is what they show and save; stock nodes are models, and show all. */

#include "report.h"

#include "sim.h"
#include "stock_internal.h"
#include "table.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDENT       "    "
#define NAME_MAX_LEN 64
#define TEXT_MAX_LEN 256
#define REASON_MS    10000 /* older ones tell nothing of now */
#define REFUSALS     2     /* of each sentinel and group */
#define REASON_BYTES 110

static const char *state_name(const struct node *node)
{
    return node->state == NODE_RUNNING ? "running" : node->state == NODE_HUNG ? "stopped" : "off";
}

static void name_port(const struct sim *sim, uint16_t port, char name[NAME_MAX_LEN])
{
    const struct node *node = cluster_find_node(sim->cluster, "127.0.0.1", port);
    if (node != NULL)
        (void)snprintf(name, NAME_MAX_LEN, "%s", node->name);
    else if (port == 0)
        (void)snprintf(name, NAME_MAX_LEN, "-");
    else
        (void)snprintf(name, NAME_MAX_LEN, "port %u", port);
}

/* ---- the cast -----------------------------------------------------------------------------------
 */

static void tell_groups(const struct sim *sim, struct sn_buf *out)
{
    const struct plan *plan = &sim->plan;
    for (unsigned i = 0; i < plan->groups; i++) {
        const struct sim_group *group = &sim->groups[i];
        sn_buf_printf(out, INDENT "g%u %s:", i + 1, group->name);
        for (unsigned k = 0; k < group->server_count; k++)
            sn_buf_printf(out, " %s", group->servers[k]->node.name);
        sn_buf_printf(out, "; quorum %u", group->quorum);
        if (i == 0)
            sn_buf_printf(out,
                          ", down-after %lld ms, failover-timeout %lld ms, parallel-syncs %u, as "
                          "planned",
                          (long long)plan->down_after_ms, (long long)plan->failover_timeout_ms,
                          plan->parallel_syncs);
        sn_buf_putc(out, '\n');
    }
}

static void tell_sentinels(const struct sim *sim, struct sn_buf *out)
{
    const char *comma = "";
    sn_buf_puts(out, INDENT "sentinels: ");
    for (size_t i = 0; i < sim->cluster->node_count; i++) {
        const struct node *node = sim->cluster->nodes[i];
        if (node->redis != NULL)
            continue;
        sn_buf_printf(out, "%s%s", comma, node->name);
        if (node->guest != NULL)
            sn_buf_puts(out, " (stock)");
        if (node->state != NODE_RUNNING)
            sn_buf_printf(out, " (%s)", state_name(node));
        if (node == sim->leader)
            sn_buf_puts(out, " (led last)");
        comma = ", ";
    }
    sn_buf_putc(out, '\n');
}

static const char *repl_name(const struct model_redis *redis)
{
    switch (redis->repl) {
    case REPL_NONE:
        return "-";
    case REPL_CONNECT:
        return "down";
    case REPL_SYNC:
        return "syncs";
    case REPL_LOAD:
        return "loads";
    case REPL_UP:
        return "up";
    }
    return "?";
}

/* What is odd about a server. */
static void list_oddities(const struct model_redis *redis, char text[TEXT_MAX_LEN])
{
    const struct {
        bool is;
        const char *name;
    } oddities[] = {
        {model_redis_is_loading(redis), "loading"},
        {model_redis_is_paused(redis), "paused"},
        {redis->lagging, "lags"},
        {redis->ping_error != NULL, "in trouble"},
        {redis->turns_away != NULL, "full"},
        {redis->rejects, "rejects sentinels"},
        {redis->lies_role != SN_ROLE_UNKNOWN, "lies"},
        {redis->order_error != NULL, "refuses orders"},
        {redis->pause_error != NULL, "refuses pauses"},
        {redis->config_error != NULL, "refuses CONFIG"},
        {redis->ignores_orders, "ignores orders"},
        {redis->drops_orders, "drops orders"},
    };
    text[0] = '\0';
    for (size_t i = 0; i < sizeof(oddities) / sizeof(oddities[0]); i++) {
        size_t len = strlen(text);
        if (oddities[i].is)
            (void)snprintf(text + len, TEXT_MAX_LEN - len, "%s%s", len > 0 ? ", " : "",
                           oddities[i].name);
    }
}

static void tell_servers(const struct sim *sim, struct table *table, struct sn_buf *out)
{
    table_init(table);
    table_head(table, "server address state role of link offset priority");
    for (unsigned i = 0; i < sim->server_count; i++) {
        const struct model_redis *redis = sim->servers[i];
        char of[NAME_MAX_LEN], odd[TEXT_MAX_LEN];
        bool replica = redis->role == SN_ROLE_REPLICA;
        name_port(sim, replica ? redis->master.port : 0, of);
        list_oddities(redis, odd);
        table_row(table);
        table_cell(table, "%s", redis->node.name);
        table_cell(table, "%s:%u", redis->node.addr.ip, redis->node.addr.port);
        table_cell(table, "%s", state_name(&redis->node));
        table_cell(table, "%s", replica ? "replica" : "master");
        table_cell(table, "%s", of);
        table_cell(table, "%s", repl_name(redis));
        table_cell(table, "%" PRIu64, redis->offset);
        table_cell(table, "%u", redis->priority);
        table_cell(table, "%s", odd);
    }
    table_write(table, INDENT, out);
}

/* ---- beliefs ------------------------------------------------------------------------------------
 */

/* Of one sentinel about one group. */
struct belief {
    char master[NAME_MAX_LEN], vote[NAME_MAX_LEN], failover[2 * NAME_MAX_LEN];
    char down[TEXT_MAX_LEN]; /* who is S_DOWN, and the master O_DOWN */
    uint64_t config_epoch, current_epoch;
};

static void add_down(struct belief *belief, const char *name, bool s_down, bool o_down)
{
    size_t len = strlen(belief->down);
    if (s_down || o_down)
        (void)snprintf(belief->down + len, sizeof(belief->down) - len, "%s%s %s%s%s",
                       len > 0 ? ", " : "", name, s_down ? "S_DOWN" : "",
                       s_down && o_down ? " " : "", o_down ? "O_DOWN" : "");
}

static void set_vote(const struct sim *sim, const struct sn_runid *leader, uint64_t epoch,
                     struct belief *belief)
{
    const char *name = cluster_name_of(sim->cluster, leader->hex);
    for (unsigned i = 0; i < sim->plan.stocks; i++) {
        if (strcmp(sim->stocks[i]->id.hex, leader->hex) == 0)
            name = stock_node(sim->stocks[i])->name;
    }
    if (epoch == 0)
        (void)snprintf(belief->vote, sizeof(belief->vote), "-");
    else
        (void)snprintf(belief->vote, sizeof(belief->vote), "%.8s in %" PRIu64,
                       name[0] == '\0' ? "?" : name, epoch);
}

struct shown {
    char flags[TEXT_MAX_LEN], failover[NAME_MAX_LEN];
};

static void take_shown(void *arg, const char *name, const char *value)
{
    struct shown *shown = arg;
    if (strcmp(name, "flags") == 0)
        (void)sn_text_copy(shown->flags, sizeof(shown->flags), value);
    else if (strcmp(name, "failover-state") == 0)
        (void)sn_text_copy(shown->failover, sizeof(shown->failover), value);
}

static void look_at(const struct sim *sim, const struct sentinel *sentinel,
                    const struct sn_instance *instance, struct belief *belief)
{
    struct shown shown = {0};
    char name[NAME_MAX_LEN];
    uint16_t port;
    sn_ms now = sentinel->clock_offset + sim->cluster->now;
    (void)sn_instance_address(instance, &port);
    name_port(sim, port, name);
    sn_instance_describe(sentinel->core, instance, now, take_shown, &shown);
    add_down(belief, name, strstr(shown.flags, "s_down") != NULL,
             strstr(shown.flags, "o_down") != NULL);
    if (shown.failover[0] != '\0')
        (void)sn_text_copy(belief->failover, sizeof(belief->failover), shown.failover);
    size_t len = strlen(belief->failover);
    if (strstr(shown.flags, "promoted") != NULL)
        (void)snprintf(belief->failover + len, sizeof(belief->failover) - len, " of %s", name);
}

/* False if it does not know the group. */
static bool believe(const struct sim *sim, const struct sentinel *sentinel, const char *name,
                    struct belief *belief)
{
    const struct sn_core *core = sentinel->core;
    const struct sn_group *group = sn_core_group_find(core, name, strlen(name));
    struct sn_image image;
    memset(belief, 0, sizeof(*belief));
    if (group == NULL)
        return false;
    (void)snprintf(belief->failover, sizeof(belief->failover), "-");
    name_port(sim, cluster_master_port(sentinel, name), belief->master);
    sn_core_snapshot(core, &image);
    const struct sn_group_image *saved = sn_image_find_group(&image, name);
    belief->current_epoch = image.current_epoch;
    if (saved != NULL) {
        belief->config_epoch = saved->config_epoch;
        set_vote(sim, &saved->leader, saved->leader_epoch, belief);
    }
    sn_image_fini(&image);
    look_at(sim, sentinel, sn_group_master(group), belief);
    const struct sn_instance *instance = sn_group_replica_first(group);
    for (; instance != NULL; instance = sn_instance_next(instance))
        look_at(sim, sentinel, instance, belief);
    instance = sn_group_peer_first(group);
    for (; instance != NULL; instance = sn_instance_next(instance))
        look_at(sim, sentinel, instance, belief);
    return true;
}

static void look_at_member(const struct sim *sim, const struct stock_member *member, bool o_down,
                           struct belief *belief)
{
    char name[NAME_MAX_LEN];
    name_port(sim, member->port, name);
    add_down(belief, name, member->s_down, o_down);
}

static void believe_stock(const struct sim *sim, const struct stock *stock, struct belief *belief)
{
    static const char *const states[] = {"-",       "wait_start",     "select",
                                         "promote", "wait_promotion", "reconf"};
    char promoted[NAME_MAX_LEN];
    memset(belief, 0, sizeof(*belief));
    name_port(sim, stock_master_port(stock), belief->master);
    name_port(sim, stock->promoted, promoted);
    (void)snprintf(belief->failover, sizeof(belief->failover), "%s%s%s", states[stock->state],
                   stock->promoted == 0 ? "" : " of ", stock->promoted == 0 ? "" : promoted);
    belief->config_epoch = stock->config_epoch;
    belief->current_epoch = stock->epoch;
    set_vote(sim, &stock->leader, stock->leader_epoch, belief);
    look_at_member(sim, &stock->master, stock->o_down, belief);
    for (unsigned i = 0; i < stock->replica_count; i++)
        look_at_member(sim, &stock->replicas[i], false, belief);
    for (unsigned i = 0; i < stock->peer_count; i++)
        look_at_member(sim, &stock->peers[i], false, belief);
}

static void add_belief(struct table *table, const struct node *node, const struct belief *belief,
                       bool tilt)
{
    table_row(table);
    table_cell(table, "%s%s", node->name, node->state == NODE_HUNG ? " (stopped)" : "");
    table_cell(table, "%s", belief->master);
    table_cell(table, "%" PRIu64, belief->config_epoch);
    table_cell(table, "%" PRIu64, belief->current_epoch);
    table_cell(table, "%s", belief->vote);
    table_cell(table, "%s%s", belief->failover, tilt ? ", TILT" : "");
    table_cell(table, "%s", belief->down[0] == '\0' ? "-" : belief->down);
}

static void tell_beliefs(const struct sim *sim, unsigned index, struct table *table,
                         struct sn_buf *out)
{
    const struct sim_group *group = &sim->groups[index];
    struct belief belief;
    table_init(table);
    table_head(table, "who master config current vote failover down");
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        const struct sentinel *sentinel = sim->sentinels[i];
        if (sentinel->core != NULL && cluster_watches(sentinel, group->name) &&
            believe(sim, sentinel, group->name, &belief))
            add_belief(table, &sentinel->node, &belief, sn_core_tilt(sentinel->core));
    }
    for (unsigned i = 0; index == 0 && i < sim->plan.stocks; i++) {
        const struct node *node = stock_node(sim->stocks[i]);
        believe_stock(sim, sim->stocks[i], &belief);
        if (node->state != NODE_OFF)
            add_belief(table, node, &belief, sim->stocks[i]->tilt_at != 0);
    }
    sn_buf_printf(out, "  belief about %s\n", group->name);
    table_write(table, INDENT, out);
}

/* ---- reasons ------------------------------------------------------------------------------------
 */

/* Why a sentinel did, or did not do, what it did last for a group: the last that it logged. Every
 * other source of reasons belongs here. */
static void tell_reasons(const struct sim *sim, const struct sentinel *sentinel, unsigned groups,
                         struct sn_buf *out)
{
    const struct trace *trace = &sim->cluster->trace;
    char begin[NAME_MAX_LEN];
    (void)snprintf(begin, sizeof(begin), "%s # ", sentinel->node.name);
    for (size_t i = trace->count; i > 0; i--) {
        const struct trace_line *line = &trace->lines[i - 1];
        if (line->at + REASON_MS < sim->cluster->now)
            return;
        unsigned about = lens_groups(sim, line->text);
        if (strncmp(line->text, begin, strlen(begin)) != 0 || (about != 0 && (about & groups) == 0))
            continue;
        sn_buf_printf(out, INDENT "%6lld %.*s\n", (long long)line->at, REASON_BYTES, line->text);
        return;
    }
}

/* Why not: the last that it decided against in a group. */
static void tell_refusals(const struct sim *sim, const struct sentinel *sentinel, const char *group,
                          struct sn_buf *out)
{
    const struct sn_reason_entry *entries[SN_REASONS_MAX];
    char sentence[SN_REASON_SENTENCE_MAX + 1], name[NAME_MAX_LEN];
    const struct sn_group *found =
        sentinel->core == NULL ? NULL : sn_core_group_find(sentinel->core, group, strlen(group));
    size_t count = found == NULL ? 0 : sn_group_reasons(found, entries);
    for (size_t i = count > REFUSALS ? count - REFUSALS : 0; i < count; i++) {
        const struct sn_reason_entry *entry = entries[i];
        const struct sn_instance *about = sn_reason_about(found, entry);
        struct sn_why why = {.reason = (enum sn_reason)entry->reason};
        uint16_t port = 0;
        memcpy(why.numbers, entry->numbers, sizeof(why.numbers));
        sn_reason_sentence(&why, sentence);
        if (about != NULL)
            (void)sn_instance_address(about, &port);
        name_port(sim, port, name);
        sn_buf_printf(out, INDENT "%6s %s: %s: %.*s\n", "", sentinel->node.name,
                      about != NULL ? name : entry->id, REASON_BYTES, sentence);
    }
}

static void tell_all_reasons(const struct sim *sim, unsigned groups, struct sn_buf *out)
{
    size_t before;
    sn_buf_puts(out, "  reasons given last\n");
    before = out->len;
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        tell_reasons(sim, sim->sentinels[i], groups, out);
        for (unsigned g = 0; g < sim->plan.groups; g++) {
            if ((groups & (1U << g)) != 0)
                tell_refusals(sim, sim->sentinels[i], sim->groups[g].name, out);
        }
    }
    if (out->len == before)
        sn_buf_puts(out, INDENT "none\n");
}

/* ---- all of it ----------------------------------------------------------------------------------
 */

static void append_lines(const char *text, struct sn_buf *out)
{
    for (unsigned lines = 1; *text != '\0'; lines++) {
        size_t len = strcspn(text, "\n") + 1;
        if (lines == REPORT_LINES_MAX && text[len] != '\0') {
            sn_buf_puts(out, "  (and more: --look MS --group NAME shows a group alone)\n");
            return;
        }
        sn_buf_append(out, text, len);
        text += len;
    }
}

void report_write(const struct sim *sim, unsigned groups, struct sn_buf *out)
{
    static struct table table;
    struct sn_buf text;
    unsigned all = (1U << sim->plan.groups) - 1;
    groups = groups == 0 ? all : groups;
    sn_buf_init(&text, 1 << 16);
    sn_buf_printf(&text, "  cast at %lld ms, %lld ms after the start of the plan\n",
                  (long long)sim->cluster->now, (long long)(sim->cluster->now - sim->plan_at));
    tell_groups(sim, &text);
    tell_sentinels(sim, &text);
    tell_servers(sim, &table, &text);
    for (unsigned i = 0; i < sim->plan.groups; i++) {
        if (((groups >> i) & 1) != 0)
            tell_beliefs(sim, i, &table, &text);
    }
    tell_all_reasons(sim, groups, &text);
    append_lines(sn_buf_text(&text), out);
    sn_buf_fini(&text);
}
