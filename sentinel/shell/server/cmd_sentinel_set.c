/* SPDX-License-Identifier: BSD-3-Clause */
/* SENTINEL subcommands that the core decides (PROTOCOL.md §4). Malformed requests are answered
 * here; others become a command event, and the client waits for the answer. */

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "conf/conf.h"
#include "core/view.h"
#include "shell/server/call.h"
#include "shell/server/client.h"
#include "shell/server/clients.h"
#include "shell/server/cmd.h"
#include "shell/server/cmd_sentinel.h"
#include "shell/server/long_reply.h"
#include "shell/server/parts.h"
#include "shell/server/waits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TIMING_VALUE_MAX_MS ((int64_t)1000 * 86400 * 365)
#define ERROR_TEXT_MAX      4096
/* Limit for one SET, CONFIG or DEBUG: each word of a change is an event, a log line and perhaps a
 * file check. About twenty parameters exist, and rename-command may be repeated. */
#define WORDS_MAX      256
#define PARAMETERS_MAX 16        /* of SENTINEL CONFIG */
#define VALUE_MAX      (1 << 20) /* of one parameter: requests are not longer */
/* Groups that RESET clears in one step, with one save. */
#define RESET_AT_ONCE_MAX 16

static struct sn_wait *wait_for_answer(struct sn_call *call)
{
    bool muted = call->muted;

    return sn_wait_new(call->client, muted);
}

/* Passes command to the core, which answers wait, perhaps at once. */
static void ask_core(struct sn_call *call, const struct sn_command *command,
                     const struct sn_wait *wait)
{
    struct sn_input event = {.kind = SN_INPUT_COMMAND};

    event.u.command = *command;
    event.u.command.ticket.v = wait->ticket;
    sn_driver_feed(sn_server_driver(call->server), &event);
}

void sn_cmd_decide(struct sn_call *call, const struct sn_command *command)
{
    ask_core(call, command, wait_for_answer(call));
}

void sn_cmd_save(struct sn_call *call, const int64_t *count)
{
    struct sn_command command = {.kind = SN_COMMAND_FLUSH, .name = ""};
    struct sn_wait *wait = wait_for_answer(call);

    wait->counts = count != NULL;
    wait->count = count != NULL ? *count : 0;
    ask_core(call, &command, wait);
}

static struct sn_command named(const struct sn_call *call, enum sn_command_kind kind)
{
    return (struct sn_command){.kind = kind, .name = call->argv[2], .name_len = call->lens[2]};
}

/* Port and epoch of a question are signed numbers; an address that cannot be one finds nothing
 * (PROTOCOL.md §4.4). */
void sn_cmd_sentinel_ask(struct sn_call *call)
{
    struct sn_command command = {.kind = SN_COMMAND_ASK, .name = "", .runid = call->argv[5]};
    int64_t port = 0, epoch = 0;

    if (sn_call_integer(call, 3, &port) != 0 || sn_call_integer(call, 4, &epoch) != 0) {
        sn_resp_error(call->resp, "value is not an integer or out of range");
        return;
    }
    if (!sn_call_is_text(call, 2) || sn_addr_make(call->argv[2], port, &command.addr) != 0 ||
        sn_text_has_control(call->argv[5], call->lens[5])) {
        /* No master can have such an address. */
        sn_resp_array(call->resp, 3);
        sn_resp_integer(call->resp, 0);
        sn_resp_text(call->resp, "*");
        sn_resp_integer(call->resp, 0);
        return;
    }
    /* A negative epoch becomes a huge one, which the core refuses. */
    command.epoch = (uint64_t)epoch;
    sn_cmd_decide(call, &command);
}

void sn_cmd_sentinel_myid(struct sn_call *call)
{
    struct sn_command command = {.kind = SN_COMMAND_MYID, .name = ""};

    sn_cmd_decide(call, &command);
}

void sn_cmd_sentinel_remove(struct sn_call *call)
{
    struct sn_command command = named(call, SN_COMMAND_REMOVE);

    if (sn_cmd_group(call, 2))
        sn_cmd_decide(call, &command);
}

/* Returns the number of groups that the pattern of call matches; their names go into reply, unless
 * it is NULL. */
static size_t find_meant(const struct sn_call *call, struct sn_long_reply *reply)
{
    const struct sn_group *group =
        sn_core_group_first(sn_driver_core(sn_server_driver(call->server)));
    size_t count = 0;

    for (; group; group = sn_group_next(group)) {
        const char *name = sn_group_name(group);
        if (!sn_text_glob(call->argv[2], call->lens[2], name, strlen(name), false))
            continue;
        count++;
        if (reply)
            sn_long_reply_add_name(reply, name);
    }
    return count;
}

/* Resets groups one by one until this turn ends; the answer follows when all is saved. A client
 * that disconnects cancels the rest of its order (PROTOCOL.md §4.9). */
static bool render_reset(struct sn_call *call, struct sn_long_reply *reply)
{
    struct sn_driver *driver = sn_server_driver(call->server);
    struct sn_input event = {.kind = SN_INPUT_COMMAND};
    struct sn_command *command = &event.u.command;
    bool over =
        sn_driver_is_busy(driver); /* a busy driver would queue all of it behind this call */

    for (; reply->next < reply->name_count && !over; reply->next++) {
        const char *name = reply->names[reply->next];
        size_t len = strlen(name);
        if (!sn_core_group_find(sn_driver_core(driver), name, len))
            continue; /* removed meanwhile */
        *command = (struct sn_command){
            .kind = SN_COMMAND_RESET, .name = name, .name_len = len, .exact = true};
        sn_driver_feed(driver, &event); /* nobody waits for ticket 0 */
        reply->count++;
        over = sn_clients_turn_is_over(call->server);
    }
    if (over)
        return false;
    struct sn_wait *wait = sn_wait_new(call->client, reply->muted);
    wait->counts = true;
    wait->count = (int64_t)reply->count;
    *command = (struct sn_command){.kind = SN_COMMAND_FLUSH, .name = ""};
    ask_core(call, command, wait);
    return true;
}

void sn_cmd_sentinel_reset(struct sn_call *call)
{
    if (call->lens[2] > SN_PATTERN_MAX) {
        sn_resp_errorf(call->resp, "Pattern longer than %d bytes", SN_PATTERN_MAX);
        return;
    }
    if (find_meant(call, NULL) <= RESET_AT_ONCE_MAX) {
        struct sn_command command = named(call, SN_COMMAND_RESET);
        sn_cmd_decide(call, &command);
        return;
    }
    struct sn_long_reply *reply = sn_long_reply_new(call, render_reset);
    reply->is_work = true;
    (void)find_meant(call, reply);
    sn_client_render(call->client);
}

/* Reads `[TO host port] [COORDINATED] [FORCE]` (PROTOCOL.md §4.10, §22.4, DESIGN.md D17). NULL, or
 * the error. */
static const char *parse_failover(const struct sn_call *call, size_t argc,
                                  struct sn_command *command)
{
    int64_t port = 0;

    command->mode = SN_MODE_PLANNED;
    for (size_t i = 3; i < argc; i++) {
        bool modal = command->mode != SN_MODE_PLANNED;
        if (sn_call_word_is(call, i, "coordinated") && !modal)
            command->mode = SN_MODE_COORDINATED;
        else if (sn_call_word_is(call, i, "force") && !modal)
            command->mode = SN_MODE_FORCED;
        else if (sn_call_word_is(call, i, "to") && i + 2 < argc) {
            if (sn_call_integer(call, i + 2, &port) != 0 || port == 0 ||
                !sn_call_is_text(call, i + 1) ||
                sn_addr_make(call->argv[i + 1], port, &command->addr) != 0)
                return "Invalid replica address";
            i += 2;
        } else {
            return "Unknown failover option specified";
        }
    }
    return NULL;
}

void sn_cmd_sentinel_failover(struct sn_call *call)
{
    struct sn_command command = named(call, SN_COMMAND_FAILOVER);
    size_t dryrun = sn_cmd_dryrun_words(call);
    const char *error = parse_failover(call, call->argc - dryrun, &command);

    if (error != NULL)
        sn_resp_error(call->resp, error);
    else if (dryrun > 0)
        sn_cmd_dryrun(call, &command, dryrun == 2);
    else if (sn_cmd_group(call, 2))
        sn_cmd_decide(call, &command);
}

/* DESIGN.md D23. */
void sn_cmd_sentinel_forget(struct sn_call *call)
{
    struct sn_command command = named(call, SN_COMMAND_FORGET);
    int64_t port = 0;

    if (sn_call_integer(call, 4, &port) != 0 || port == 0 || !sn_call_is_text(call, 3) ||
        sn_addr_make(call->argv[3], port, &command.addr) != 0)
        sn_resp_error(call->resp, "Invalid address");
    else if (sn_cmd_group(call, 2))
        sn_cmd_decide(call, &command);
}

/* PROTOCOL.md §4.11. */
void sn_cmd_sentinel_flushconfig(struct sn_call *call)
{
    sn_cmd_save(call, NULL);
}

/* MONITOR */

/* Stock takes any name; these bytes break its configuration file or its hellos (PROTOCOL.md §24.3).
 */
static bool is_group_name(const char *name, size_t len)
{
    return len > 0 && len <= SN_NAME_MAX && !sn_text_has_control(name, len) &&
           !memchr(name, ' ', len) && !memchr(name, ',', len);
}

/* Reads the arguments, in the order of the checks of stock. NULL, or the error (PROTOCOL.md §4.7).
 */
static const char *parse_monitor(const struct sn_call *call, struct sn_command *command)
{
    const struct sn_core *core = sn_server_core(call->server);
    int64_t quorum = 0, port = 0;
    struct sn_addr probe;

    if (sn_call_integer(call, 5, &quorum) != 0)
        return "Invalid quorum";
    if (sn_call_integer(call, 4, &port) != 0)
        return "Invalid port";
    if (quorum <= 0)
        return "Quorum must be 1 or greater.";
    if (quorum > INT32_MAX)
        return "Invalid quorum";
    if (!sn_call_is_text(call, 3) || sn_addr_make(call->argv[3], 0, &probe) != 0 ||
        (probe.ip[0] == '\0' && !sn_core_globals(core)->resolve_hostnames))
        return "Invalid IP address or hostname specified";
    if (sn_addr_make(call->argv[3], port, &command->addr) != 0)
        return "Invalid port number.";
    if (!is_group_name(call->argv[2], call->lens[2]))
        return "Invalid master name: expected 1 to 255 bytes without blanks, commas and control "
               "characters";
    command->quorum = (uint32_t)quorum;
    return NULL;
}

static void on_resolved(void *arg, const char *host, const char *ip)
{
    struct sn_wait *wait = arg;
    struct sn_input event = {.kind = SN_INPUT_COMMAND};

    (void)host;
    if (!wait->client) {
        sn_wait_end(wait); /* no client waits for the answer any more */
        return;
    }
    event.u.command = *wait->held;
    event.u.command.name = wait->held_name;
    event.u.command.ticket.v = wait->ticket;
    if (!sn_text_copy(event.u.command.addr.ip, sizeof(event.u.command.addr.ip), ip))
        event.u.command.addr.ip[0] = '\0';
    /* The answer frees wait, perhaps while the core still reads the name. */
    char *name = wait->held_name;
    wait->held_name = NULL;
    sn_driver_feed(sn_server_driver(wait->server), &event);
    free(name);
}

/* MONITOR resolves a host name without blocking the loop (PROTOCOL.md §4.7, §24.2). */
void sn_cmd_sentinel_monitor(struct sn_call *call)
{
    struct sn_command command = named(call, SN_COMMAND_MONITOR);
    const char *error = parse_monitor(call, &command);
    const struct sn_server_env *env = sn_server_env(call->server);

    if (error) {
        sn_resp_error(call->resp, error);
        return;
    }
    if (command.addr.ip[0] != '\0') {
        sn_cmd_decide(call, &command);
        return;
    }
    struct sn_wait *wait = wait_for_answer(call);
    wait->held = sn_alloc(sizeof(*wait->held));
    *wait->held = command;
    wait->held_name = sn_strndup(call->argv[2], call->lens[2]);
    env->resolve(env->arg, command.addr.host, on_resolved, wait);
}

/* SET and CONFIG */

/* A value with a NUL byte would be cut silently. True if there is such a value, or too many values;
 * the error is in the reply. */
static bool refuse_words(struct sn_call *call, const char *command)
{
    if (call->argc > WORDS_MAX) {
        sn_resp_errorf(call->resp, "Too many arguments for %s: at most %d at once", command,
                       WORDS_MAX);
        return true;
    }
    for (size_t i = 3; i < call->argc; i++) {
        if (sn_call_is_text(call, i))
            continue;
        sn_resp_errorf(call->resp, "Invalid argument '%.128s' for %s: it contains a NUL byte",
                       call->argv[i], command);
        return true;
    }
    return false;
}

void sn_cmd_sentinel_set(struct sn_call *call)
{
    struct sn_command command = named(call, SN_COMMAND_SET);
    const struct sn_core *core = sn_server_core(call->server);
    struct sn_changes changes = {0};
    struct sn_buf error;

    if (!sn_cmd_group(call, 2) || refuse_words(call, "SENTINEL SET"))
        return;
    sn_buf_init(&error, ERROR_TEXT_MAX);
    if (sn_conf_parse_set((int)(call->argc - 3), call->argv + 3,
                          sn_core_globals(core)->deny_scripts_reconfig, &changes, &error) != 0) {
        sn_resp_error(call->resp, sn_buf_text(&error));
    } else {
        command.changes = changes.items;
        command.change_count = changes.count;
        sn_cmd_decide(call, &command);
        sn_changes_fini(&changes);
    }
    sn_buf_fini(&error);
}

/* PROTOCOL.md §4.17. */
static void config_set(struct sn_call *call)
{
    struct sn_command command = {.kind = SN_COMMAND_CONFIG_SET, .name = ""};
    enum sn_level loglevel = SN_LEVEL_NONE;
    struct sn_changes changes = {0};
    struct sn_buf error;

    sn_buf_init(&error, ERROR_TEXT_MAX);
    if (sn_conf_parse_config_set((int)(call->argc - 3), call->argv + 3, &changes, &loglevel,
                                 &error) != 0) {
        sn_resp_error(call->resp, sn_buf_text(&error));
    } else {
        command.changes = changes.items;
        command.change_count = changes.count;
        if (loglevel != SN_LEVEL_NONE) { /* applied first, so that the following save contains it */
            sn_log_set_level(sn_server_env(call->server)->log, loglevel);
            sn_server_note_level(call->server);
        }
        sn_cmd_decide(call, &command);
        sn_changes_fini(&changes);
    }
    sn_buf_fini(&error);
}

static bool is_meant(const struct sn_call *call, size_t word, const char *name)
{
    return call->lens[word] <= SN_PATTERN_MAX / 8 &&
           sn_text_glob(call->argv[word], call->lens[word], name, strlen(name), true);
}

/* Returns the index of the first word that matches the parameter called name; argc if none does. */
static size_t find_word(const struct sn_call *call, const char *name)
{
    size_t word = 3;
    while (word < call->argc && !is_meant(call, word, name))
        word++;
    return word;
}

static void reply_parameter(struct sn_call *call, size_t index)
{
    struct sn_buf value;

    sn_buf_init(&value, VALUE_MAX);
    sn_conf_show_parameter(index, sn_core_globals(sn_server_core(call->server)),
                           sn_log_level(sn_server_env(call->server)->log), &value);
    sn_resp_text(call->resp, sn_conf_parameter(index));
    sn_resp_text(call->resp, sn_buf_text(&value));
    sn_buf_fini(&value);
}

/* In the order of the arguments, within one in the order of the table, each parameter once
 * (PROTOCOL.md §4.17, §22.1). */
static void config_get(struct sn_call *call)
{
    size_t words[PARAMETERS_MAX], parameters = 0, count = 0;
    const char *name;

    for (; (name = sn_conf_parameter(parameters)) != NULL; parameters++) {
        assert(parameters < PARAMETERS_MAX);
        words[parameters] = find_word(call, name);
        count += words[parameters] < call->argc;
    }
    sn_resp_map(call->resp, count);
    for (size_t word = 3; word < call->argc; word++) {
        for (size_t i = 0; i < parameters; i++) {
            if (words[i] == word)
                reply_parameter(call, i);
        }
    }
}

void sn_cmd_sentinel_config(struct sn_call *call)
{
    if (refuse_words(call, "SENTINEL CONFIG"))
        return;
    if (sn_call_word_is(call, 2, "get"))
        config_get(call);
    else if (sn_call_word_is(call, 2, "set") && call->argc >= 5)
        config_set(call);
    else
        sn_resp_error(call->resp, "Only SENTINEL CONFIG GET <param> [<param> <param> ...] / SET "
                                  "<param> <value> [<param> <value> ...] are supported.");
}

/* SIMULATE-FAILURE and DEBUG */

/* Stock clears the flags first and sets them word by word: words before a bad word count. */
static void simulate_without_answer(struct sn_call *call, const struct sn_command *command)
{
    struct sn_input event = {.kind = SN_INPUT_COMMAND};

    event.u.command = *command; /* nobody waits for ticket 0 */
    sn_driver_feed(sn_server_driver(call->server), &event);
}

/* SIMULATE-FAILURE replaces the flags; words before a bad one count (PROTOCOL.md §4.14). */
void sn_cmd_sentinel_simulate(struct sn_call *call)
{
    struct sn_command command = {.kind = SN_COMMAND_SIMULATE, .name = ""};

    for (size_t i = 2; i < call->argc; i++) {
        if (sn_call_word_is(call, i, "crash-after-election")) {
            command.flags |= SN_SIMULATE_AFTER_ELECTION;
        } else if (sn_call_word_is(call, i, "crash-after-promotion")) {
            command.flags |= SN_SIMULATE_AFTER_PROMOTION;
        } else if (sn_call_word_is(call, i, "help")) {
            simulate_without_answer(call, &command);
            sn_resp_array(call->resp, 2);
            sn_resp_text(call->resp, "crash-after-election");
            sn_resp_text(call->resp, "crash-after-promotion");
            return;
        } else {
            simulate_without_answer(call, &command);
            sn_resp_error(call->resp, "Unknown failure simulation specified");
            return;
        }
    }
    sn_cmd_decide(call, &command);
}

static void reply_timings(struct sn_call *call)
{
    const struct sn_core *core = sn_server_core(call->server);

    sn_resp_map(call->resp, SN_TIMING_COUNT);
    for (int i = 0; i < SN_TIMING_COUNT; i++) {
        sn_resp_text(call->resp, sn_timing_name((enum sn_timing)i));
        sn_resp_bulk_integer(call->resp, sn_core_timing(core, (enum sn_timing)i));
    }
}

/* Reads the pair at index. False: the error is in the reply. */
static bool parse_timing(struct sn_call *call, size_t index, struct sn_timing_change *change)
{
    if (index + 1 >= call->argc || !sn_call_is_text(call, index) ||
        sn_timing_find(call->argv[index], &change->timing) != 0) {
        sn_resp_errorf(call->resp,
                       "Unknown option or number of arguments for SENTINEL DEBUG '%.128s'",
                       call->argv[index]);
        return false;
    }
    if (sn_call_integer(call, index + 1, &change->value_ms) != 0 || change->value_ms <= 0 ||
        change->value_ms > TIMING_VALUE_MAX_MS) {
        sn_resp_errorf(call->resp, "Invalid argument '%.128s' for SENTINEL DEBUG '%.128s'",
                       call->argv[index + 1], call->argv[index]);
        return false;
    }
    return true;
}

/* DEBUG lists thirteen timers, and sets all that are named or none (PROTOCOL.md §4.15, §24.2). */
void sn_cmd_sentinel_debug(struct sn_call *call)
{
    struct sn_command command = {.kind = SN_COMMAND_DEBUG, .name = ""};
    struct sn_timing_change *changes;
    size_t count = 0;
    bool good = true;

    if (call->argc == 2) {
        reply_timings(call);
        return;
    }
    if (refuse_words(call, "SENTINEL DEBUG"))
        return;
    changes = sn_alloc_array(call->argc / 2, sizeof(*changes));
    for (size_t i = 2; good && i < call->argc; i += 2)
        good = parse_timing(call, i, &changes[count++]);
    command.timings = changes;
    command.timing_count = count;
    if (good)
        sn_cmd_decide(call, &command);
    free(changes);
}
