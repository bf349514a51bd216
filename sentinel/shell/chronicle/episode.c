/* SPDX-License-Identifier: BSD-3-Clause */

/* An outage is one episode, however many attempts there are in it. It begins with +sdown of the
 * master or with an attempt. It ends with the failover, for a sentinel that does not lead with
 * +switch-master; with -sdown of the master; or with the end of an attempt that an operator
 * ordered. Why a replica was chosen, and the others not, is asked of the core at that moment, as it
 * cannot be known later. */

#include "shell/chronicle/episode.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "shell/report/event.h"
#include "shell/report/explain_words.h"
#include "shell/report/json.h"
#include "shell/report/phrase.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts that are JSON already take a fifth of what values would. */
struct sn_episode {
    char *name;
    uint64_t number;
    uint64_t began_wall_ms, ended_wall_ms;
    sn_ms began_at, ended_at;
    const char *kind; /* NULL: it goes on */
    const char *result, *cause;
    char *why;
    char *leader;
    char *old_primary, *new_primary, *replicas; /* JSON */
    uint64_t epoch;                             /* 0: none */
    uint64_t attempts, skipped;
    int64_t lost_bytes;        /* -1: unknown */
    struct sn_buf first, last; /* steps, a line of JSON each */
    size_t first_count, last_count;
    bool was_down; /* the master */
    bool is_down;  /* it still is */
    bool trying;   /* an attempt goes on */
    bool leading;  /* elected, and the attempt goes on */
    bool led;      /* the switch */
    bool ordered;  /* by an operator */
    bool switched;
    bool left_behind; /* replicas that did not follow in time */
};

#define STEPS_HALF (SN_EPISODE_STEPS_MAX / 2)

static bool is(const struct sn_action_notice *event, const char *name)
{
    return strcmp(event->name, name) == 0;
}

static bool is_abort(const struct sn_action_notice *event)
{
    return strncmp(event->name, "-failover-abort", strlen("-failover-abort")) == 0;
}

static bool is_of_master(const struct sn_action_notice *event)
{
    return strncmp(event->payload, "master ", strlen("master ")) == 0;
}

bool sn_episode_begins(const struct sn_action_notice *event)
{
    return (is(event, "+sdown") && is_of_master(event)) || is(event, "+try-failover") ||
           is(event, "+switch-master");
}

static void set_text(char **member, char *text)
{
    free(*member);
    *member = text;
}

/* value is released. */
static char *dump_value(json_t *value)
{
    struct sn_buf text;

    sn_buf_init(&text, SIZE_MAX);
    sn_json_put(value, JSON_COMPACT, &text);
    return sn_buf_take(&text);
}

static json_t *make_clock(uint64_t wall_ms)
{
    char text[SN_EVENT_TIME_MAX + 1];

    sn_event_time(wall_ms, text);
    return json_string(text);
}

static json_t *make_id(uint64_t wall_ms, uint64_t number)
{
    char text[48];

    (void)snprintf(text, sizeof(text), "%" PRIu64 "-%" PRIu64, wall_ms, number);
    return json_string(text);
}

static json_t *make_part(const char *text, size_t len)
{
    char *part = sn_strndup(text, len);
    json_t *value = sn_json_text(part);

    free(part);
    return value;
}

/* The host and the port that are two words of a payload. */
static char *dump_place_at(const char *payload, size_t number)
{
    size_t host_len, port_len;
    const char *host = sn_event_word(payload, number, &host_len);
    const char *port = sn_event_word(payload, number + 1, &port_len);
    json_t *place = json_object();

    sn_json_set(place, "host", make_part(host, host_len));
    sn_json_set(place, "port", json_integer(strtol(port, NULL, 10)));
    return dump_value(place);
}

struct sn_episode *sn_episode_new(const char *name, size_t len, uint64_t number,
                                  const struct sn_moment *moment)
{
    struct sn_episode *episode = sn_alloc(sizeof(*episode));

    episode->name = sn_strndup(name, len);
    episode->number = number;
    episode->began_at = moment->now;
    episode->began_wall_ms = moment->wall_ms;
    episode->lost_bytes = -1;
    sn_buf_init(&episode->first, SIZE_MAX);
    sn_buf_init(&episode->last, SIZE_MAX);
    return episode;
}

void sn_episode_free(struct sn_episode *episode)
{
    sn_buf_fini(&episode->first);
    sn_buf_fini(&episode->last);
    free(episode->why);
    free(episode->leader);
    free(episode->old_primary);
    free(episode->new_primary);
    free(episode->replicas);
    free(episode->name);
    free(episode);
}

const char *sn_episode_group(const struct sn_episode *episode)
{
    return episode->name;
}

bool sn_episode_has_switched(const struct sn_episode *episode)
{
    return episode->switched;
}

/* ---- what is asked of the core -------------------------------------------------------------- */

/* Why an attempt exists. */
static void note_cause(struct sn_episode *episode, const struct sn_moment *moment)
{
    struct sn_explanation of;

    if (moment->group == NULL)
        return;
    sn_explain(moment->group, moment->now, &of);
    if (!of.attempting)
        return;
    episode->ordered = of.mode != SN_MODE_NONE && of.mode != SN_MODE_REBORN;
    episode->cause = sn_phrase_mode(of.mode);
    episode->epoch = of.epoch;
}

/* Why an attempt has ended. */
static void note_why(struct sn_episode *episode, const struct sn_moment *moment)
{
    const struct sn_reason_entry *entries[SN_REASONS_MAX];
    size_t count = moment->group == NULL ? 0 : sn_group_reasons(moment->group, entries);
    const struct sn_reason_entry *found = NULL;
    char text[SN_REASON_SENTENCE_MAX + 1];
    struct sn_why why = {SN_REASON_NONE, {0}};

    for (size_t i = 0; i < count; i++) {
        if (entries[i]->reason >= SN_REASON_CANNOT_WIN &&
            entries[i]->reason <= SN_REASON_SWITCH_OVERTAKEN &&
            (found == NULL || entries[i]->at >= found->at))
            found = entries[i];
    }
    if (found == NULL)
        return;
    why.reason = (enum sn_reason)found->reason;
    memcpy(why.numbers, found->numbers, sizeof(why.numbers));
    sn_reason_sentence(&why, text);
    set_text(&episode->why, sn_strdup(text));
}

static json_t *make_candidate(const struct sn_instance *replica, const struct sn_moment *moment,
                              bool chosen)
{
    struct sn_replica_fitness fitness;
    struct sn_member_figures figures;
    struct sn_buf words;
    json_t *object = json_object();
    uint16_t port = 0;
    const char *host = sn_instance_address(replica, &port);

    sn_explain_replica(replica, NULL, &fitness);
    sn_measure_member(replica, moment->now, &figures);
    sn_buf_init(&words, SIZE_MAX);
    sn_explain_words_replica(&fitness, &words);
    sn_json_set(object, "host", sn_json_text(host));
    sn_json_set(object, "port", json_integer(port));
    sn_json_set(object, "chosen", json_boolean(chosen));
    sn_json_set(object, "can_be_promoted",
                json_boolean(chosen || fitness.why.reason == SN_REASON_NONE));
    sn_json_set(object, "text",
                chosen ? json_string("was chosen.") : sn_json_text(sn_buf_text(&words)));
    sn_json_set(object, "priority", json_integer(figures.priority));
    sn_json_set_bytes(object, "lag_bytes", figures.lag_known, figures.lag);
    sn_buf_fini(&words);
    return object;
}

/* chosen: the payload that begins with the chosen one; NULL: nobody was. */
static void note_candidates(struct sn_episode *episode, const struct sn_moment *moment,
                            const char *chosen)
{
    json_t *list = json_array();
    const struct sn_instance *replica =
        moment->group == NULL ? NULL : sn_group_replica_first(moment->group);

    for (; replica != NULL; replica = sn_instance_next(replica)) {
        char text[SN_ADDR_TEXT_MAX + 1];
        uint16_t port = 0;
        size_t len = 0;
        const char *host = sn_instance_address(replica, &port);
        const char *name = chosen == NULL ? "" : sn_event_word(chosen, 1, &len);
        sn_addr_format(host, port, text);
        bool is_chosen = len == strlen(text) && memcmp(name, text, len) == 0;
        (void)json_array_append_new(list, make_candidate(replica, moment, is_chosen));
    }
    set_text(&episode->replicas, dump_value(list));
}

static void note_loss(struct sn_episode *episode, const struct sn_moment *moment)
{
    struct sn_loss_figures loss;

    if (moment->group == NULL)
        return;
    sn_measure_loss(moment->group, moment->now, &loss);
    if (loss.old_master != NULL && loss.known)
        episode->lost_bytes = (int64_t)loss.bytes;
}

/* ---- from event to event -------------------------------------------------------------------- */

static void put_step(struct sn_buf *steps, const struct sn_action_notice *event, sn_ms ms)
{
    json_t *step = json_object();

    sn_json_set(step, "ms", json_integer(ms));
    sn_json_set(step, "event", json_string(event->name));
    sn_json_set(step, "payload", sn_json_text(event->payload));
    sn_json_put(step, JSON_COMPACT, steps);
    sn_buf_putc(steps, '\n');
}

/* The beginning and the end tell most. */
static void add_step(struct sn_episode *episode, const struct sn_action_notice *event,
                     const struct sn_moment *moment)
{
    sn_ms ms = moment->now - episode->began_at;

    if (episode->first_count < STEPS_HALF) {
        put_step(&episode->first, event, ms);
        episode->first_count++;
        return;
    }
    put_step(&episode->last, event, ms);
    if (++episode->last_count <= STEPS_HALF)
        return;
    sn_buf_consume(&episode->last, strcspn(sn_buf_text(&episode->last), "\n") + 1);
    episode->last_count--;
    episode->skipped++;
}

static const char *name_abort(const struct sn_action_notice *event)
{
    if (is(event, "-failover-abort-not-elected"))
        return "not-elected";
    if (is(event, "-failover-abort-no-good-slave"))
        return "no-good-replica";
    return is(event, "-failover-abort-slave-timeout") ? "promotion-timeout" : "master-timeout";
}

static const char *name_kind(const struct sn_episode *episode)
{
    if (episode->switched && episode->ordered)
        return "switchover";
    if (episode->switched)
        return episode->was_down || episode->attempts > 0 ? "failover" : "switch";
    return episode->attempts > 0 ? "attempt" : "down";
}

static void end_episode(struct sn_episode *episode, const char *result,
                        const struct sn_moment *moment)
{
    episode->kind = name_kind(episode);
    episode->result = result;
    episode->ended_at = moment->now;
    episode->ended_wall_ms = moment->wall_ms;
    if (episode->switched)
        note_loss(episode, moment);
}

static void note_switch(struct sn_episode *episode, const struct sn_action_notice *event)
{
    episode->switched = true;
    episode->led = episode->leading;
    set_text(&episode->old_primary, dump_place_at(event->payload, 1));
    set_text(&episode->new_primary, dump_place_at(event->payload, 3));
    set_text(&episode->why, NULL);
}

static void note_begin(struct sn_episode *episode, const struct sn_action_notice *event)
{
    if (is(event, "+sdown") && is_of_master(event) && !episode->switched) {
        episode->was_down = episode->is_down = true;
        episode->cause = "master-down";
    }
    if (is(event, "-sdown") && is_of_master(event))
        episode->is_down = false;
    if (is_of_master(event) && episode->old_primary == NULL)
        episode->old_primary = dump_place_at(event->payload, 2);
}

static void note_attempt(struct sn_episode *episode, const struct sn_action_notice *event,
                         const struct sn_moment *moment)
{
    if (is(event, "+try-failover")) {
        episode->attempts++;
        episode->trying = true;
        note_cause(episode, moment);
    } else if (is(event, "+elected-leader")) {
        episode->leading = true;
    } else if (is(event, "+selected-slave")) {
        note_candidates(episode, moment, event->payload);
    } else if (is_abort(event)) {
        episode->trying = episode->leading = false;
        episode->result = name_abort(event);
        note_why(episode, moment);
        if (is(event, "-failover-abort-no-good-slave"))
            note_candidates(episode, moment, NULL);
    } else if (is(event, "+config-update-from")) {
        size_t len;
        const char *id = sn_event_word(event->payload, 1, &len);
        episode->trying = episode->leading = false; /* the attempt ends without another event */
        set_text(&episode->leader, sn_strndup(id, len));
    }
}

/* Returns how the episode ends with this event; NULL: it does not. */
static const char *find_result(const struct sn_episode *episode,
                               const struct sn_action_notice *event)
{
    if (is(event, "+failover-end"))
        return episode->left_behind ? "replicas-left-behind" : "completed";
    if (is(event, "+switch-master"))
        return episode->leading ? NULL : "completed";
    if (is(event, "-monitor"))
        return "not-monitored";
    if (is(event, "+reset-master")) /* forgets the attempt, and that the master is down */
        return "reset";
    if (is_abort(event) && !episode->is_down)
        return episode->was_down ? "recovered" : name_abort(event);
    if (is(event, "-sdown") && is_of_master(event) && !episode->switched && !episode->trying)
        return "recovered"; /* an attempt goes on, though the master is back */
    return NULL;
}

bool sn_episode_add(struct sn_episode *episode, const struct sn_action_notice *event,
                    const struct sn_moment *moment)
{
    add_step(episode, event, moment);
    note_begin(episode, event);
    note_attempt(episode, event, moment);
    if (is(event, "+switch-master"))
        note_switch(episode, event);
    episode->left_behind |= is(event, "+failover-end-for-timeout");
    const char *result = find_result(episode, event);
    if (result != NULL)
        end_episode(episode, result, moment);
    return result != NULL;
}

void sn_episode_interrupt(struct sn_episode *episode, const struct sn_moment *moment)
{
    end_episode(episode, "interrupted", moment);
}

/* ---- the record ----------------------------------------------------------------------------- */

static void put_json(struct sn_buf *out, const char *member, const char *json,
                     const char *otherwise)
{
    sn_buf_printf(out, ",\"%s\":", member);
    sn_buf_puts(out, json == NULL ? otherwise : json);
}

/* Lines become elements. */
static void put_steps(struct sn_buf *out, const struct sn_buf *steps)
{
    const char *line = sn_buf_text(steps);

    for (size_t len = strcspn(line, "\n"); len > 0; len = strcspn(line, "\n")) {
        sn_buf_append(out, line, len);
        line += len + 1;
        if (*line != '\0')
            sn_buf_putc(out, ',');
    }
}

static json_t *make_record(const struct sn_episode *episode, bool has_group)
{
    json_t *record = json_object();
    bool is_over = episode->kind != NULL;

    sn_json_set(record, "schema", json_integer(SN_HISTORY_SCHEMA));
    sn_json_set(record, "id", make_id(episode->began_wall_ms, episode->number));
    sn_json_set(record, "group", has_group ? sn_json_text(episode->name) : json_null());
    sn_json_set_text(record, "kind", episode->kind);
    sn_json_set(record, "time", make_clock(episode->began_wall_ms));
    sn_json_set(record, "end_time", is_over ? make_clock(episode->ended_wall_ms) : json_null());
    sn_json_set(record, "duration_ms",
                is_over ? json_integer(episode->ended_at - episode->began_at) : json_null());
    sn_json_set_text(record, "result", episode->result);
    sn_json_set_text(record, "cause", episode->cause);
    sn_json_set_text(record, "why", episode->why);
    sn_json_set(record, "led", json_boolean(episode->led));
    sn_json_set_text(record, "leader", episode->leader);
    sn_json_set(record, "epoch",
                episode->epoch == 0 ? json_null() : json_integer((json_int_t)episode->epoch));
    sn_json_set(record, "attempts", json_integer((json_int_t)episode->attempts));
    sn_json_set(record, "lost_bytes",
                episode->lost_bytes < 0 ? json_null() : json_integer(episode->lost_bytes));
    sn_json_set(record, "skipped_steps", json_integer((json_int_t)episode->skipped));
    return record;
}

static char *dump_record(const struct sn_episode *episode, bool has_group)
{
    struct sn_buf text;

    sn_buf_init(&text, SIZE_MAX);
    sn_json_put(make_record(episode, has_group), JSON_COMPACT, &text);
    text.len--; /* the brace: there is more */
    put_json(&text, "old_primary", episode->old_primary, "null");
    put_json(&text, "new_primary", episode->new_primary, "null");
    put_json(&text, "replicas", episode->replicas, "[]");
    sn_buf_puts(&text, ",\"steps\":[");
    put_steps(&text, &episode->first);
    if (episode->last_count > 0) {
        sn_buf_putc(&text, ',');
        put_steps(&text, &episode->last);
    }
    sn_buf_puts(&text, "]}");
    return sn_buf_take(&text);
}

char *sn_episode_text(const struct sn_episode *episode)
{
    return dump_record(episode, true);
}

char *sn_episode_of_event(const struct sn_action_notice *event, const char *name, size_t len,
                          uint64_t number, const struct sn_moment *moment)
{
    struct sn_episode *episode = sn_episode_new(name == NULL ? "" : name, len, number, moment);

    add_step(episode, event, moment);
    episode->kind = "event";
    episode->ended_at = moment->now;
    episode->ended_wall_ms = moment->wall_ms;
    char *text = dump_record(episode, name != NULL);
    sn_episode_free(episode);
    return text;
}
