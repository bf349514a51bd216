/* SPDX-License-Identifier: BSD-3-Clause */
/* SENTINEL subcommands that only show state (PROTOCOL.md §4). */

#include "shell/server/cmd_sentinel.h"

#include "base/alloc.h"
#include "core/view.h"
#include "shell/server/call.h"
#include "shell/server/client.h"
#include "shell/server/clients.h"
#include "shell/server/cmd.h"
#include "shell/server/long_reply.h"
#include "shell/server/parts.h"
#include "shell/server/quorum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool sn_cmd_names_group(const struct sn_call *call, size_t index)
{
    return sn_core_group_find(sn_server_core(call->server), call->argv[index], call->lens[index]) !=
           NULL;
}

bool sn_cmd_wants_json(const struct sn_call *call)
{
    size_t last = call->argc - 1;

    return last > 1 && sn_call_word_is(call, last, "JSON") &&
           !(last == 2 && sn_cmd_names_group(call, last));
}

const struct sn_group *sn_cmd_group(struct sn_call *call, size_t index)
{
    const struct sn_core *core = sn_server_core(call->server);
    const struct sn_group *group = sn_core_group_find(core, call->argv[index], call->lens[index]);

    if (!group)
        sn_resp_error(call->resp, "No such master with that name");
    return group;
}

/* Fields on their way into a map whose size is known at its end. */
struct fields {
    struct sn_resp *resp;
    size_t count;
};

static void add_field(void *arg, const char *name, const char *value)
{
    struct fields *fields = arg;

    sn_resp_text(fields->resp, name);
    sn_resp_text(fields->resp, value);
    fields->count++;
}

static void reply_description(struct sn_call *call, const struct sn_instance *instance)
{
    struct sn_driver *driver = sn_server_driver(call->server);
    struct fields fields = {.resp = call->resp};
    size_t start = call->resp->out->len;

    sn_instance_describe(sn_driver_core(driver), instance, sn_driver_now(driver), add_field,
                         &fields);
    sn_resp_map_from(call->resp, start, fields.count);
}

void sn_cmd_sentinel_master(struct sn_call *call)
{
    const struct sn_group *group = sn_cmd_group(call, 2);

    if (group)
        reply_description(call, sn_group_master(group));
}

/* Returns the group whose name comes next in reply; NULL if it was removed meanwhile. */
static const struct sn_group *next_group(struct sn_call *call, struct sn_long_reply *reply)
{
    const char *name = reply->names[reply->next++];

    return sn_core_group_find(sn_server_core(call->server), name, strlen(name));
}

static bool render_masters(struct sn_call *call, struct sn_long_reply *reply)
{
    while (reply->next < reply->name_count) {
        const struct sn_group *group = next_group(call, reply);
        if (group) {
            reply_description(call, sn_group_master(group));
            reply->count++;
        }
        if (sn_clients_turn_is_over(call->server))
            return reply->next == reply->name_count;
    }
    return true;
}

/* Makes a long reply of the descriptions that stand in the output from start on, and of those of
 * group and all behind it. */
static void go_on_later(struct sn_call *call, size_t start, size_t count,
                        const struct sn_group *group)
{
    struct sn_long_reply *reply = sn_long_reply_new(call, render_masters);
    struct sn_buf *out = call->resp->out;

    reply->count = count;
    sn_buf_append(&reply->body, sn_buf_text(out) + start, out->len - start);
    for (; group; group = sn_group_next(group))
        sn_long_reply_add_name(reply, sn_group_name(group));
}

/* Usually all groups fit into this turn of the loop: then nothing is copied. */
void sn_cmd_sentinel_masters(struct sn_call *call)
{
    const struct sn_core *core = sn_server_core(call->server);
    struct sn_buf *out = call->resp->out;
    size_t count = 0, header = out->len;

    sn_resp_array(call->resp, sn_core_group_count(core));
    size_t start = out->len;
    for (const struct sn_group *group = sn_core_group_first(core); group;
         group = sn_group_next(group)) {
        if (count > 0 && sn_clients_turn_is_over(call->server)) {
            go_on_later(call, start, count, group);
            sn_buf_truncate(out, header);
            return;
        }
        reply_description(call, sn_group_master(group));
        count++;
    }
}

enum instances { REPLICAS = 1, PEERS };

/* Replicas with replica-announced no are left out (PROTOCOL.md §4.2). */
static bool render_instances(struct sn_call *call, struct sn_long_reply *reply)
{
    const struct sn_group *group =
        sn_core_group_find(sn_server_core(call->server), call->argv[2], call->lens[2]);
    const struct sn_instance *instance = NULL;

    if (group)
        instance =
            reply->filter == REPLICAS ? sn_group_replica_first(group) : sn_group_peer_first(group);
    for (uint64_t i = 0; instance && i < reply->next; i++)
        instance = sn_instance_next(instance);
    for (; instance; instance = sn_instance_next(instance)) {
        if (reply->count > 0 && sn_clients_turn_is_over(call->server))
            return false;
        reply->next++;
        if (!sn_instance_announced(instance))
            continue;
        reply_description(call, instance);
        reply->count++;
    }
    return true;
}

static void reply_instances(struct sn_call *call, enum instances which)
{
    struct sn_long_reply *reply = sn_long_reply_new(call, render_instances);

    reply->filter = (int)which;
    sn_client_render(call->client);
}

void sn_cmd_sentinel_replicas(struct sn_call *call)
{
    if (sn_cmd_group(call, 2))
        reply_instances(call, REPLICAS);
}

void sn_cmd_sentinel_sentinels(struct sn_call *call)
{
    if (sn_cmd_group(call, 2))
        reply_instances(call, PEERS);
}

/* An unknown name has a null address (PROTOCOL.md §4.3). */
void sn_cmd_sentinel_get_address(struct sn_call *call)
{
    const struct sn_core *core = sn_server_core(call->server);
    const struct sn_group *group = sn_core_group_find(core, call->argv[2], call->lens[2]);
    const char *host = "";
    uint16_t port = 0;

    if (!group) {
        sn_resp_null_array(call->resp);
        return;
    }
    sn_group_address(core, group, &host, &port);
    sn_resp_array(call->resp, 2);
    sn_resp_text(call->resp, host);
    sn_resp_bulk_integer(call->resp, port);
}

/* PROTOCOL.md §4.5. */
void sn_cmd_sentinel_ckquorum(struct sn_call *call)
{
    const struct sn_group *group = sn_cmd_group(call, 2);
    char text[SN_QUORUM_TEXT_MAX + 1];

    if (!group)
        return;
    if (sn_quorum_describe(group, text))
        sn_resp_status(call->resp, text);
    else
        sn_resp_errorf(call->resp, "-%s", text);
}

static void reply_cached(struct sn_call *call, const struct sn_instance *instance)
{
    struct sn_buf text;
    sn_ms age_ms = 0;

    sn_buf_init(&text, SIZE_MAX);
    bool is_there =
        sn_instance_info(instance, sn_driver_now(sn_server_driver(call->server)), &text, &age_ms);
    sn_resp_array(call->resp, 2);
    sn_resp_integer(call->resp, age_ms);
    if (is_there)
        sn_resp_bulk(call->resp, sn_buf_text(&text), text.len);
    else
        sn_resp_null(call->resp);
    sn_buf_fini(&text);
}

static bool is_known(const struct sn_group *const *groups, size_t count,
                     const struct sn_group *group)
{
    for (size_t i = 0; i < count; i++) {
        if (groups[i] == group)
            return true;
    }
    return false;
}

static void reply_cache(struct sn_call *call, const struct sn_group *group)
{
    sn_resp_text(call->resp, sn_group_name(group));
    sn_resp_array(call->resp, 1 + sn_group_replica_count(group));
    reply_cached(call, sn_group_master(group));
    for (const struct sn_instance *replica = sn_group_replica_first(group); replica;
         replica = sn_instance_next(replica))
        reply_cached(call, replica);
}

static bool render_caches(struct sn_call *call, struct sn_long_reply *reply)
{
    while (reply->next < reply->name_count) {
        const struct sn_group *group = next_group(call, reply);
        if (group) {
            reply_cache(call, group);
            reply->count += 2;
        }
        if (sn_clients_turn_is_over(call->server))
            return reply->next == reply->name_count;
    }
    return true;
}

/* INFO-CACHE gives age and text of the last INFO, of each known name once (PROTOCOL.md §4.12). */
void sn_cmd_sentinel_info_cache(struct sn_call *call)
{
    const struct sn_core *core = sn_server_core(call->server);
    size_t names = call->argc - 2, count = 0;

    if (names > SN_INFO_CACHE_NAMES_MAX) {
        sn_resp_error(call->resp, "too many names");
        return;
    }
    const struct sn_group **groups = sn_alloc_array(names, sizeof(*groups));
    struct sn_long_reply *reply = sn_long_reply_new(call, render_caches);
    for (size_t i = 2; i < call->argc; i++) {
        const struct sn_group *group = sn_core_group_find(core, call->argv[i], call->lens[i]);
        if (!group || is_known(groups, count, group))
            continue;
        groups[count++] = group;
        sn_long_reply_add_name(reply, sn_group_name(group));
    }
    free(groups);
    sn_client_render(call->client);
}

/* PENDING-SCRIPTS shows each script with its state and its starts (PROTOCOL.md §4.13). */
static void reply_script(struct sn_resp *resp, const struct sn_script_view *script)
{
    size_t argc = 0;

    while (script->argv[argc])
        argc++;
    sn_resp_map(resp, 5);
    sn_resp_text(resp, "argv");
    sn_resp_array(resp, argc);
    for (size_t i = 0; i < argc; i++)
        sn_resp_text(resp, script->argv[i]);
    sn_resp_text(resp, "flags");
    sn_resp_text(resp, script->running ? "running" : "scheduled");
    sn_resp_text(resp, "pid");
    sn_resp_bulk_integer(resp, script->pid);
    sn_resp_text(resp, script->running ? "run-time" : "run-delay");
    sn_resp_bulk_integer(resp, script->elapsed_ms);
    sn_resp_text(resp, "retry-num");
    sn_resp_bulk_integer(resp, script->starts);
}

void sn_cmd_sentinel_pending_scripts(struct sn_call *call)
{
    struct sn_driver *driver = sn_server_driver(call->server);
    const struct sn_core *core = sn_driver_core(driver);
    size_t count = sn_core_script_count(core);

    sn_resp_array(call->resp, count);
    for (size_t i = 0; i < count; i++) {
        struct sn_script_view script;
        sn_core_script_at(core, i, sn_driver_now(driver), &script);
        reply_script(call->resp, &script);
    }
}

/* HELP has the usage lines of stock (PROTOCOL.md §4.16). */
void sn_cmd_sentinel_help(struct sn_call *call)
{
    static const char *const lines[] = {
        "CKQUORUM <master-name>",
        "    Tell whether enough sentinels are up to agree that the master is down and",
        "    to authorize its failover.",
        "CONFIG SET param value [param value ...]",
        "    Change settings of this sentinel.",
        "CONFIG GET <param> [param param param ...]",
        "    Show settings of this sentinel; params may be patterns.",
        "DEBUG [<param> <value> ...]",
        "    Show all timing parameters in milliseconds,",
        "    or change some of them.",
        "DOCTOR [<master-name>] [JSON]",
        "    Tell all that is wrong or unwise, the worst first, with what to do.",
        "EXPLAIN <master-name> [JSON]",
        "    Tell what goes on with the master, since when, why, what comes next, and what",
        "    would stop it.",
        "GET-MASTER-ADDR-BY-NAME <master-name>",
        "    Show the address and port of the master.",
        "FAILOVER <master-name> [TO <host> <port>] [COORDINATED] [FORCE] [DRYRUN [JSON]]",
        "    Hand the master over to a replica. Its writes are paused until the replica",
        "    has them all; COORDINATED stops rather than lose one, FORCE pauses nothing.",
        "    TO names the replica. DRYRUN changes nothing, and tells what would happen.",
        "FLUSHCONFIG",
        "    Save the configuration and the state, even if the file was removed or",
        "    changed by others.",
        "FORGET <master-name> <ip> <port>",
        "    Forget one replica or sentinel. Whoever is alive comes back.",
        "HISTORY [<master-name>] [<count>] [JSON]",
        "    Show the last failovers, switchovers, outages and orders; the steps as well if",
        "    count is 1.",
        "INFO-CACHE <master-name>",
        "    Show the last INFO of the master and of its replicas.",
        "IS-MASTER-DOWN-BY-ADDR <ip> <port> <current-epoch> <runid>",
        "    Tell whether this sentinel sees the master at ip:port as down, and vote for",
        "    runid if it is not '*'.",
        "MASTER <master-name>",
        "    Describe the master.",
        "MASTERS",
        "    Describe all monitored masters.",
        "MONITOR <name> <ip> <port> <quorum>",
        "    Start monitoring a master under this name.",
        "MYID",
        "    Show the id of this sentinel.",
        "PAUSE <master-name>|* [<seconds> [<reason> ...]]",
        "    Let no automatic failover of the master begin for that time, half an hour by",
        "    default. SENTINEL FAILOVER goes on working.",
        "PENDING-SCRIPTS",
        "    Show the scripts that run or wait to be run.",
        "REMOVE <master-name>",
        "    Stop monitoring the master.",
        "REPLICAS <master-name>",
        "    Describe the replicas of the master.",
        "RESET <pattern>",
        "    Forget replicas and sentinels of all masters whose name matches.",
        "RESUME <master-name>|*",
        "    End a pause of automatic failovers.",
        "SENTINELS <master-name>",
        "    Describe the other sentinels that monitor the master.",
        "SET <master-name> <option> <value> [<option> <value> ...]",
        "    Change parameters of a master.",
        "SIMULATE-FAILURE [CRASH-AFTER-ELECTION] [CRASH-AFTER-PROMOTION] [HELP]",
        "    Make this sentinel crash during its next failover.",
    };

    sn_call_reply_help(call, "SENTINEL", lines, sizeof(lines) / sizeof(lines[0]));
}
