/* SPDX-License-Identifier: BSD-3-Clause */
#include "core_kit.h"

#include "core_kit_internal.h"

#include "base/text.h"
#include "core/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define STEPS_AT_ONCE_MAX 100000

/* ---- the trace ------------------------------------------------------------------------------ */

void kit_line(struct kit *kit, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (kit->line_count == kit->line_room) {
        kit->line_room = kit->line_room == 0 ? 64 : 2 * kit->line_room;
        kit->lines = sn_realloc(kit->lines, kit->line_room * sizeof(*kit->lines));
    }
    kit->lines[kit->line_count].at = kit_now(kit);
    kit->lines[kit->line_count].text = sn_strdup(text);
    kit->line_count++;
}

void kit_clear(struct kit *kit)
{
    for (size_t i = 0; i < kit->line_count; i++)
        free(kit->lines[i].text);
    kit->line_count = 0;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

size_t kit_count(const struct kit *kit, const char *start)
{
    size_t count = 0;
    for (size_t i = 0; i < kit->line_count; i++)
        count += starts_with(kit->lines[i].text, start);
    return count;
}

static const struct kit_line *find_line(const struct kit *kit, const char *start)
{
    for (size_t i = 0; i < kit->line_count; i++) {
        if (starts_with(kit->lines[i].text, start))
            return &kit->lines[i];
    }
    return NULL;
}

const char *kit_find(const struct kit *kit, const char *start)
{
    const struct kit_line *line = find_line(kit, start);
    return line == NULL ? NULL : line->text;
}

sn_ms kit_when(const struct kit *kit, const char *start)
{
    const struct kit_line *line = find_line(kit, start);
    return line == NULL ? -1 : line->at;
}

/* Lines with their times, or without; only those whose first word is in words, if given. */
static char *join(const struct kit *kit, const char *words, bool times)
{
    size_t size = 1;
    for (size_t i = 0; i < kit->line_count; i++)
        size += strlen(kit->lines[i].text) + 32;
    char *all = sn_alloc(size), *end = all;
    for (size_t i = 0; i < kit->line_count; i++) {
        const char *text = kit->lines[i].text;
        char first[32];
        (void)snprintf(first, sizeof(first), " %.*s ", (int)strcspn(text, " "), text);
        char list[256];
        (void)snprintf(list, sizeof(list), " %s ", words == NULL ? "" : words);
        if (words != NULL && strstr(list, first) == NULL)
            continue;
        if (times)
            end += sprintf(end, "%7lld  ", (long long)kit->lines[i].at);
        end += sprintf(end, "%s\n", text);
    }
    return all;
}

char *kit_dump(const struct kit *kit)
{
    return join(kit, NULL, true);
}

void kit_expect_at(struct kit *kit, const char *words, const char *expected, const char *file,
                   int line)
{
    char *got = join(kit, words, false);
    if (strcmp(got, expected) != 0) {
        char *all = kit_dump(kit);
        print_error("at %lld, expected (%s):\n%s\ngot:\n%s\neverything since the last check:\n%s\n",
                    (long long)kit_now(kit), words, expected, got, all);
        free(all);
        free(got);
        _fail(file, line);
        return;
    }
    free(got);
    kit_clear(kit);
}

/* ---- actions as lines ----------------------------------------------------------------------- */

static char level_letter(enum sn_level level)
{
    assert_in_range(level, SN_LEVEL_DEBUG, SN_LEVEL_WARNING);
    return "DVNW"[level - SN_LEVEL_DEBUG];
}

static const char *kind_word(enum sn_link_kind kind)
{
    static const char *const words[] = {"none", "data", "sub", "peer"};
    return words[kind];
}

static void note_names(struct kit_conn *conn, const struct sn_renames *renames)
{
    struct sn_buf text;
    sn_buf_init(&text, sizeof(conn->names) - 1);
    for (size_t i = 0; i < renames->count; i++)
        sn_buf_printf(&text, "%s%s=%s", i > 0 ? " " : "", renames->items[i].from,
                      renames->items[i].to);
    (void)snprintf(conn->names, sizeof(conn->names), "%s", sn_buf_text(&text));
    sn_buf_fini(&text);
}

static void take_connect(struct kit *kit, const struct sn_action_connect *connect)
{
    char credentials[256] = "", user[128] = "";
    struct kit_node *node = kit_node_at(kit, connect->ip, connect->port);
    if (connect->user != NULL)
        (void)snprintf(user, sizeof(user), " user %s", connect->user);
    if (connect->pass != NULL)
        (void)snprintf(credentials, sizeof(credentials), "%s pass %s", user, connect->pass);
    kit_line(kit, "connect %s %s%s%s%s%s", kind_word(connect->kind), node->name,
             connect->tls ? " tls" : "", credentials, connect->resp3 ? " resp3" : "",
             connect->over.v != 0 ? " over" : "");
    assert_string_equal(connect->name, connect->kind == SN_LINK_SUBSCRIBE
                                           ? "sentinel-00000000-pubsub"
                                           : "sentinel-00000000-cmd");
    kit->conns = sn_realloc(kit->conns, (kit->conn_count + 1) * sizeof(*kit->conns));
    kit->conns[kit->conn_count++] = (struct kit_conn){.id = connect->link,
                                                      .kind = connect->kind,
                                                      .node = node,
                                                      .asked = true,
                                                      .hello = connect->resp3,
                                                      .over = connect->over};
    note_names(&kit->conns[kit->conn_count - 1], &connect->renames);
}

const char *kit_names(struct kit *kit, struct sn_link_id link)
{
    return kit_conn(kit, link)->names;
}

struct kit_conn *kit_conn(struct kit *kit, struct sn_link_id id)
{
    for (size_t i = 0; i < kit->conn_count; i++) {
        if (kit->conns[i].id.v == id.v)
            return &kit->conns[i];
    }
    return NULL;
}

void kit_forget_conn(struct kit *kit, struct sn_link_id id)
{
    struct kit_sent *sent, *next;
    for (size_t i = 0; i < kit->conn_count; i++) {
        if (kit->conns[i].over.v == id.v)
            kit->conns[i].orphan = true;
    }
    for (size_t i = 0; i < kit->conn_count; i++) {
        if (kit->conns[i].id.v == id.v)
            kit->conns[i] = kit->conns[--kit->conn_count];
    }
    DL_FOREACH_SAFE(kit->sent, sent, next) {
        if (sent->link.v != id.v)
            continue;
        DL_DELETE(kit->sent, sent);
        free(sent);
    }
}

static const char *order_word(enum sn_order order)
{
    static const char *const words[] = {
        "none",       "ping",        "info",     "publish",         "ask",
        "myid",       "settings",    "config",   "where",           "promote",
        "follow",     "script-kill", "pause",    "unpause",         "try-ask",
        "try-follow", "try-kill",    "try-exec", "try-transaction", "try-pause",
        "try-unpause"};
    return words[order];
}

static void take_send(struct kit *kit, const struct sn_action_send *send)
{
    struct kit_conn *conn = kit_conn(kit, send->link);
    assert_non_null(conn);
    assert_true(conn->up);
    assert_true(conn->kind != SN_LINK_SUBSCRIBE);
    note_names(conn, &send->renames);
    char rest[1024] = "";
    if (send->order == SN_ORDER_PUBLISH)
        (void)snprintf(rest, sizeof(rest), " %s", send->message);
    else if (send->order == SN_ORDER_ASK)
        (void)snprintf(rest, sizeof(rest), " %s %u %llu %s", send->host, send->port,
                       (unsigned long long)send->epoch, send->runid);
    else if (send->order == SN_ORDER_FOLLOW)
        (void)snprintf(rest, sizeof(rest), " %s %u", send->host, send->port);
    else if (send->order == SN_ORDER_CLIENT_PAUSE)
        (void)snprintf(rest, sizeof(rest), " %lld", (long long)send->duration_ms);
    kit_line(kit, "%s %s%s%s", order_word(send->order), conn->node->name, rest,
             send->no_rewrite ? " no-rewrite" : "");

    struct kit_sent *sent = sn_alloc(sizeof(*sent));
    sent->link = send->link;
    sent->order = send->order;
    sent->tag = send->tag;
    sent->node = conn->node;
    sent->port = send->port;
    sent->epoch = send->epoch;
    if (send->host != NULL)
        (void)sn_text_copy(sent->host, sizeof(sent->host), send->host);
    if (send->runid != NULL)
        (void)sn_text_copy(sent->runid.hex, sizeof(sent->runid.hex), send->runid);
    if (send->order == SN_ORDER_CONFIG || send->order == SN_ORDER_WHERE)
        (void)sn_text_copy(sent->message, sizeof(sent->message), send->message);
    DL_APPEND(kit->sent, sent);
}

static void take_answer(struct kit *kit, const struct sn_action_answer *answer)
{
    unsigned long long ticket = answer->ticket.v;
    switch (answer->kind) {
    case SN_ANSWER_OK:
        kit_line(kit, "answer %llu ok", ticket);
        return;
    case SN_ANSWER_ERROR:
        kit_line(kit, "answer %llu error %s", ticket, answer->text);
        return;
    case SN_ANSWER_INTEGER:
        kit_line(kit, "answer %llu integer %lld", ticket, (long long)answer->number);
        return;
    case SN_ANSWER_VOTE:
        kit_line(kit, "answer %llu vote %lld %s %llu", ticket, (long long)answer->number,
                 answer->text, (unsigned long long)answer->epoch);
        return;
    case SN_ANSWER_TEXT:
        kit_line(kit, "answer %llu text %s", ticket, answer->text);
        return;
    case SN_ANSWER_NONE:
        break;
    }
    fail_msg("an answer without a kind");
}

static void take_script(struct kit *kit, const struct sn_action_script *script)
{
    char words[1024] = "";
    size_t len = 0;
    for (size_t i = 0; script->argv[i] != NULL; i++)
        len += (size_t)snprintf(words + len, sizeof(words) - len, " %s", script->argv[i]);
    kit_line(kit, "start %llu%s", (unsigned long long)script->job.v, words);
}

static void take_records(struct kit *kit, const struct sn_action_persist *persist)
{
    static const char *const words[] = {"identity", "epoch",    "globals", "vote", "config",
                                        "params",   "replicas", "peers",   "gone"};
    shadow_persist(&kit->shadow, kit->core, persist);
    const char *missing = shadow_misses(&kit->shadow, kit->core);
    if (missing != NULL)
        fail_msg("at %lld: %s", (long long)kit_now(kit), missing);
    for (size_t i = 0; i < persist->count; i++) {
        const struct sn_record *record = &persist->records[i];
        char text[128] = "";
        size_t len = 0;
        for (size_t bit = 0; bit < sizeof(words) / sizeof(*words); bit++) {
            if ((record->what & (1U << bit)) != 0)
                len += (size_t)snprintf(text + len, sizeof(text) - len, " %s", words[bit]);
        }
        kit_line(kit, "record %s%s", record->name == NULL ? "-" : record->name, text);
    }
}

static void take_action(struct kit *kit, const struct sn_action *action)
{
    const struct kit_conn *conn;
    switch (action->kind) {
    case SN_ACTION_CONNECT:
        take_connect(kit, &action->u.connect);
        return;
    case SN_ACTION_DISCONNECT:
        conn = kit_conn(kit, action->u.disconnect);
        assert_non_null(conn);
        kit_line(kit, "disconnect %s %s", kind_word(conn->kind), conn->node->name);
        kit_forget_conn(kit, action->u.disconnect);
        return;
    case SN_ACTION_SEND:
        take_send(kit, &action->u.send);
        return;
    case SN_ACTION_RESOLVE:
        kit_line(kit, "resolve %s", action->u.resolve);
        return;
    case SN_ACTION_PERSIST:
        kit->saving = action->u.persist.version;
        take_records(kit, &action->u.persist);
        kit_line(kit, "persist %llu", (unsigned long long)action->u.persist.version);
        return;
    case SN_ACTION_ANSWER:
        take_answer(kit, &action->u.answer);
        return;
    case SN_ACTION_NOTICE:
        kit_line(kit, "event %c %s %s", level_letter(action->u.notice.level), action->u.notice.name,
                 action->u.notice.payload);
        return;
    case SN_ACTION_LOG:
        kit_line(kit, "log %c %s", level_letter(action->u.log.level), action->u.log.text);
        return;
    case SN_ACTION_SCRIPT_START:
        take_script(kit, &action->u.script);
        return;
    case SN_ACTION_SCRIPT_KILL:
        kit_line(kit, "kill %llu", (unsigned long long)action->u.script.job.v);
        return;
    case SN_ACTION_RESCUE:
        kit_line(kit, "rescue %s %s %u from %llu%s", action->u.rescue.name,
                 action->u.rescue.to.host, action->u.rescue.to.port,
                 (unsigned long long)action->u.rescue.parted_at,
                 action->u.rescue.paused ? "" : " unpaused");
        return;
    case SN_ACTION_EXIT:
        kit_line(kit, "exit %d", action->u.exit_status);
        return;
    case SN_ACTION_NONE:
        break;
    }
    fail_msg("an action without a kind");
}

/* ---- time ----------------------------------------------------------------------------------- */

sn_ms kit_now(const struct kit *kit)
{
    return kit->now - kit->start;
}

static void step_once(struct kit *kit, struct sn_input *event)
{
    struct sn_actions actions;
    event->now = kit->now;
    sn_core_step(kit->core, event, &actions);
    char text[SN_CHECK_TEXT_MAX + 1];
    const char *broken = sn_core_check(kit->core, text);
    if (broken != NULL)
        fail_msg("after an event of kind %d at %lld: %s", event->kind, (long long)kit_now(kit),
                 broken);
    for (size_t i = 0; i < actions.count; i++)
        take_action(kit, &actions.items[i]);
}

void kit_step(struct kit *kit, struct sn_input *event)
{
    step_once(kit, event);
    if (kit->busy)
        return; /* the loop below is running further up */
    kit->busy = true;
    for (size_t steps = 0; kit_answer_one(kit); steps++)
        assert_true(steps < STEPS_AT_ONCE_MAX);
    kit->busy = false;
}

void kit_to(struct kit *kit, sn_ms at)
{
    sn_ms target = kit->start + at;
    sn_ms last = -1;
    unsigned spins = 0;
    assert_true(target >= kit->now);
    for (;;) {
        sn_ms deadline = sn_core_deadline(kit->core);
        struct sn_input event = {.kind = SN_INPUT_TIMER};
        if (deadline > target)
            break;
        if (deadline > kit->now)
            kit->now = deadline;
        spins = kit->now == last ? spins + 1 : 0;
        last = kit->now;
        assert_true(spins < 1000);
        kit_step(kit, &event);
    }
    kit->now = target;
}

void kit_stall(struct kit *kit, sn_ms ms)
{
    struct sn_input event = {.kind = SN_INPUT_TIMER};
    kit->now += ms;
    kit_step(kit, &event);
}

size_t kit_reasons(struct kit *kit, const char *group, enum sn_reason reason, const char *node)
{
    const struct sn_reason_entry *entries[SN_REASONS_MAX];
    size_t count = sn_group_reasons(kit_group(kit, group), entries), found = 0;
    for (size_t i = 0; i < count; i++) {
        if (entries[i]->reason == reason &&
            (node == NULL || entries[i]->member == kit_instance(kit, group, node)->id))
            found += entries[i]->count;
    }
    return found;
}

const char *kit_reason_text(struct kit *kit, const char *group, enum sn_reason reason)
{
    static char text[SN_REASON_TEXT_MAX + 1];
    const struct sn_reason_entry *entries[SN_REASONS_MAX];
    size_t count = sn_group_reasons(kit_group(kit, group), entries);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (entries[i]->reason == reason)
            sn_reason_text(kit_group(kit, group), entries[i], text);
    }
    return text;
}
