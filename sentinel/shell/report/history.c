/* SPDX-License-Identifier: BSD-3-Clause */

/* Entries may come from a file that others have written, so nothing about them is taken for
 * granted. */

#include "shell/report/history.h"

#include "base/text.h"
#include "shell/report/json.h"
#include "shell/report/phrase.h"

#include <string.h>

/* A member's text; "" if there is none. */
static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

static json_int_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void put_text(struct sn_buf *out, const json_t *object, const char *name)
{
    const char *text = text_of(object, name);

    sn_text_escape(out, text, strlen(text));
}

static void put_server(struct sn_buf *out, const json_t *place)
{
    char text[SN_ADDR_TEXT_MAX + 1], host[SN_HOST_MAX + 1];

    if (!json_is_object(place)) {
        sn_buf_puts(out, "unknown");
        return;
    }
    (void)sn_text_copy(host, sizeof(host), text_of(place, "host"));
    sn_addr_format(host, (uint16_t)number_of(place, "port"), text);
    sn_text_escape(out, text, strlen(text));
}

static bool is_kind(const json_t *entry, const char *kind)
{
    return strcmp(text_of(entry, "kind"), kind) == 0;
}

static void put_id(struct sn_buf *out, const char *leader)
{
    sn_buf_puts(out, "heard of from sentinel ");
    sn_text_escape(out, leader, strnlen(leader, 8));
}

static void put_leader(struct sn_buf *out, const json_t *entry)
{
    const char *leader = text_of(entry, "leader");

    if (json_is_true(json_object_get(entry, "led")))
        sn_buf_printf(out, "led by this sentinel, epoch %lld",
                      (long long)number_of(entry, "epoch"));
    else if (*leader != '\0')
        put_id(out, leader);
    else
        sn_buf_puts(out, "led by another sentinel");
    json_int_t attempts = number_of(entry, "attempts");
    if (attempts > 0)
        sn_buf_printf(out, ", %lld %s here", (long long)attempts,
                      attempts == 1 ? "attempt" : "attempts");
}

static void put_lost(struct sn_buf *out, const json_t *entry)
{
    const json_t *lost = json_object_get(entry, "lost_bytes");

    if (json_is_integer(lost) && json_integer_value(lost) == 0)
        sn_buf_puts(out, "; lost writes: none known");
    else if (json_is_integer(lost))
        sn_buf_printf(out, "; lost writes: at least %lld bytes",
                      (long long)json_integer_value(lost));
    else
        sn_buf_puts(out, "; lost writes: unknown");
}

static void put_change(struct sn_buf *out, const json_t *entry)
{
    const char *cause = text_of(entry, "cause");

    put_text(out, entry, "kind");
    sn_buf_puts(out, " from ");
    put_server(out, json_object_get(entry, "old_primary"));
    sn_buf_puts(out, " to ");
    put_server(out, json_object_get(entry, "new_primary"));
    sn_buf_puts(out, ", ");
    put_text(out, entry, "result");
    sn_buf_puts(out, " in ");
    sn_phrase_span(out, (sn_ms)number_of(entry, "duration_ms"));
    sn_buf_puts(out, "; ");
    put_leader(out, entry);
    if (*cause != '\0') {
        sn_buf_puts(out, "; cause: ");
        put_text(out, entry, "cause");
    }
    put_lost(out, entry);
}

static void put_attempts(struct sn_buf *out, const json_t *entry)
{
    json_int_t attempts = number_of(entry, "attempts");

    sn_buf_puts(out, "no failover from ");
    put_server(out, json_object_get(entry, "old_primary"));
    sn_buf_printf(out, ", %lld %s in ", (long long)attempts,
                  attempts == 1 ? "attempt" : "attempts");
    sn_phrase_span(out, (sn_ms)number_of(entry, "duration_ms"));
    sn_buf_puts(out, "; ");
    put_text(out, entry, "result");
    if (*text_of(entry, "why") == '\0')
        return;
    sn_buf_puts(out, "; the last one ended because ");
    put_text(out, entry, "why");
}

static void put_event(struct sn_buf *out, const json_t *step)
{
    put_text(out, step, "event");
    if (*text_of(step, "payload") != '\0')
        sn_buf_putc(out, ' ');
    put_text(out, step, "payload");
}

static void put_course(struct sn_buf *out, const json_t *entry)
{
    const json_t *steps = json_object_get(entry, "steps");

    sn_buf_puts(out, "goes on; the last step is ");
    put_event(out, json_array_get(steps, json_array_size(steps) - 1));
}

static void put_entry(struct sn_buf *out, const json_t *entry)
{
    put_text(out, entry, "time");
    sn_buf_putc(out, ' ');
    if (json_is_string(json_object_get(entry, "group"))) {
        put_text(out, entry, "group");
        sn_buf_puts(out, ": ");
    }
    if (json_is_null(json_object_get(entry, "kind"))) {
        put_course(out, entry);
    } else if (is_kind(entry, "event")) {
        put_event(out, json_array_get(json_object_get(entry, "steps"), 0));
    } else if (is_kind(entry, "down")) {
        put_server(out, json_object_get(entry, "old_primary"));
        sn_buf_puts(out, " was down for ");
        sn_phrase_span(out, (sn_ms)number_of(entry, "duration_ms"));
        sn_buf_puts(out, "; ");
        put_text(out, entry, "result");
    } else if (is_kind(entry, "attempt")) {
        put_attempts(out, entry);
    } else {
        put_change(out, entry);
    }
}

static void tell_details(const json_t *entry, struct sn_lines *lines)
{
    struct sn_buf *text = &lines->text;
    const json_t *steps = json_object_get(entry, "steps");
    const json_t *replicas = json_object_get(entry, "replicas");

    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i);
        sn_buf_puts(text, "  +");
        sn_phrase_span(text, (sn_ms)number_of(step, "ms"));
        sn_buf_putc(text, ' ');
        put_event(text, step);
        sn_lines_end(lines);
    }
    for (size_t i = 0; i < json_array_size(replicas); i++) {
        const json_t *replica = json_array_get(replicas, i);
        sn_buf_puts(text, "  Replica ");
        put_server(text, replica);
        sn_buf_putc(text, ' ');
        put_text(text, replica, "text");
        sn_lines_end(lines);
    }
}

void sn_history_lines(const char *entry, bool in_full, sn_line_fn *line, void *arg)
{
    struct sn_lines lines;
    json_t *value = json_loads(entry, 0, NULL);

    sn_lines_init(&lines, line, arg);
    if (json_is_object(value)) {
        put_entry(&lines.text, value);
        sn_lines_end(&lines);
        if (in_full && !is_kind(value, "event"))
            tell_details(value, &lines);
    }
    json_decref(value);
    sn_buf_fini(&lines.text);
}

void sn_history_json_begin(const struct sn_core *core, struct sn_buf *out)
{
    sn_buf_puts(out, "{\"schema\": 1, \"sentinel\": ");
    sn_json_put(sn_json_text(sn_core_myid(core)->hex), JSON_ENCODE_ANY, out);
    sn_buf_puts(out, ", \"entries\": [");
}

void sn_history_json_add(const char *entry, bool is_first, struct sn_buf *out)
{
    sn_buf_puts(out, is_first ? "\n" : ",\n");
    sn_buf_puts(out, entry);
}

void sn_history_json_end(struct sn_buf *out)
{
    sn_buf_puts(out, "\n]}\n");
}
