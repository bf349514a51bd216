/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/report/rehearsal.h"

#include "shell/report/json.h"
#include "shell/report/phrase.h"

static void put_order(const struct sn_rehearsed_order *order, struct sn_buf *out)
{
    char text[SN_ADDR_TEXT_MAX + 1];

    sn_buf_printf(out, "SENTINEL FAILOVER %s", sn_group_name(order->group));
    if (order->wanted != NULL) {
        sn_addr_format(order->wanted->host, order->wanted->port, text);
        sn_buf_printf(out, " TO %s", text);
    }
    sn_buf_puts(out, order->mode == SN_MODE_COORDINATED ? " COORDINATED"
                     : order->mode == SN_MODE_FORCED    ? " FORCE"
                                                        : "");
}

/* ---- words ---------------------------------------------------------------------------------- */

static void put_verdict(const struct sn_rehearsed_order *order, const struct sn_rehearsal *of,
                        struct sn_buf *out)
{
    put_order(order, out);
    if (of->refusal.reason != SN_REASON_NONE) {
        sn_buf_puts(out, " would be refused. ");
        sn_phrase_reason(out, &of->refusal, NULL);
    } else {
        sn_buf_puts(out, " would promote ");
        sn_phrase_address(out, of->chosen);
        sn_buf_puts(out, ". Nothing was changed.");
    }
}

static void put_behind(const struct sn_rehearsal *of, struct sn_buf *out)
{
    if (!of->behind_known) {
        sn_buf_puts(out, " How far it is behind is not known.");
        return;
    }
    sn_buf_printf(out, " By what the two told within the last ");
    sn_phrase_span(out, of->behind_age_ms);
    sn_buf_printf(out, ", not at the same moment, it was %llu bytes behind.",
                  (unsigned long long)of->behind_bytes);
}

static void put_writes(const struct sn_rehearsed_order *order, const struct sn_rehearsal *of,
                       struct sn_buf *out)
{
    if (order->mode == SN_MODE_FORCED) {
        sn_buf_puts(out, "The master is not paused: writes that the replica does not have yet are "
                         "lost.");
    } else if (!of->drains) {
        sn_buf_puts(out,
                    order->mode == SN_MODE_COORDINATED
                        ? "The order would be given up, because the master cannot be paused: "
                        : "The master cannot be paused, so that its last writes may be lost: ");
        sn_phrase_quoted(out, sn_reason_words(of->undrained.reason));
    } else {
        sn_buf_puts(out, "They pause until the replica has all of them, a few round trips");
        if (of->round_trip_ms > 0) {
            sn_buf_puts(out, " of ");
            sn_phrase_span(out, of->round_trip_ms);
        }
        sn_buf_puts(out, "; at most ");
        sn_phrase_span(out, of->pause_longest_ms);
        sn_buf_puts(out,
                    order->mode == SN_MODE_COORDINATED
                        ? ". None is lost: if it has not got them by then, the order is given "
                          "up."
                        : ". None is lost if it has them by then; otherwise it is promoted all "
                          "the same (COORDINATED would give up).");
    }
    put_behind(of, out);
}

static void put_votes_needed(const struct sn_rehearsal *of, struct sn_buf *out)
{
    sn_buf_printf(out, "%zu of %zu sentinels can be had, %zu are a majority", of->usable,
                  of->voters, of->needed);
    if (of->usable < of->needed && of->needs_votes)
        sn_buf_puts(out, ": the order would be given up.");
    else if (of->needs_votes)
        sn_buf_puts(out, ", which this order needs.");
    else
        sn_buf_puts(out, "; this order does not need one.");
}

static void say_replicas(struct sn_lines *lines, const struct sn_rehearsed_order *order,
                         const struct sn_rehearsal *of)
{
    const struct sn_instance *replica = sn_group_replica_first(order->group);

    for (; replica != NULL; replica = sn_instance_next(replica)) {
        struct sn_why why = sn_rehearse_replica(order->group, replica, order->mode);
        sn_buf_puts(&lines->text, "Replica ");
        sn_phrase_address(&lines->text, replica);
        if (replica == of->chosen) {
            sn_buf_puts(&lines->text, " would be promoted.");
        } else if (why.reason == SN_REASON_NONE) {
            sn_buf_puts(&lines->text, " could be promoted, and would follow.");
        } else {
            char sentence[SN_REASON_SENTENCE_MAX + 1];
            sn_buf_puts(&lines->text, " could not be promoted: ");
            sn_reason_sentence(&why, sentence);
            sn_phrase_quoted(&lines->text, sentence);
        }
        sn_lines_end(lines);
    }
}

void sn_rehearsal_lines(const struct sn_rehearsed_order *order, sn_ms now, sn_line_fn *line,
                        void *arg)
{
    struct sn_lines lines;
    struct sn_rehearsal of;

    sn_lines_init(&lines, line, arg);
    sn_rehearse(order->group, order->wanted, order->mode, now, &of);
    put_verdict(order, &of, &lines.text);
    sn_lines_end(&lines);
    if (of.refusal.reason == SN_REASON_NONE) {
        sn_buf_puts(&lines.text, "Writes: ");
        put_writes(order, &of, &lines.text);
        sn_lines_end(&lines);
        sn_buf_puts(&lines.text, "Votes: ");
        put_votes_needed(&of, &lines.text);
        sn_lines_end(&lines);
        if (of.followers == 1)
            sn_buf_puts(&lines.text, "Then: The old master has to follow.");
        else
            sn_buf_printf(&lines.text,
                          "Then: %zu servers have to follow, the old master among them, %u at a "
                          "time.",
                          of.followers, sn_group_params(order->group)->parallel_syncs);
        sn_lines_end(&lines);
    }
    say_replicas(&lines, order, &of);
    sn_buf_fini(&lines.text);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *make_why(const struct sn_why *why)
{
    char sentence[SN_REASON_SENTENCE_MAX + 1];

    if (why->reason == SN_REASON_NONE)
        return json_null();
    sn_reason_sentence(why, sentence);
    return sn_json_text(sentence);
}

static json_t *make_writes(const struct sn_rehearsal *of)
{
    json_t *object = json_object();

    sn_json_set(object, "paused", json_boolean(of->drains));
    sn_json_set(object, "not_paused_because", make_why(&of->undrained));
    sn_json_set(object, "at_most_ms",
                of->drains ? json_integer(of->pause_longest_ms) : json_null());
    sn_json_set_ms(object, "round_trip_ms", of->round_trip_ms);
    sn_json_set_bytes(object, "behind_bytes", of->behind_known, of->behind_bytes);
    sn_json_set(object, "behind_age_ms",
                of->behind_known ? json_integer(of->behind_age_ms) : json_null());
    return object;
}

static json_t *make_votes(const struct sn_rehearsal *of)
{
    json_t *object = json_object();

    sn_json_set_count(object, "sentinels", of->voters);
    sn_json_set_count(object, "usable_sentinels", of->usable);
    sn_json_set_count(object, "majority", of->needed);
    sn_json_set(object, "needed", json_boolean(of->needs_votes));
    return object;
}

json_t *sn_rehearsal_json(const struct sn_rehearsed_order *order, sn_ms now)
{
    struct sn_rehearsal of;
    struct sn_buf text;
    json_t *object = json_object(), *replicas = json_array(), *lines = json_array();
    const struct sn_instance *replica = sn_group_replica_first(order->group);

    sn_buf_init(&text, SIZE_MAX);
    sn_rehearse(order->group, order->wanted, order->mode, now, &of);
    put_order(order, &text);
    for (; replica != NULL; replica = sn_instance_next(replica)) {
        struct sn_why why = sn_rehearse_replica(order->group, replica, order->mode);
        json_t *one = sn_json_place(replica);
        sn_json_set(one, "chosen", json_boolean(replica == of.chosen));
        sn_json_set(one, "refused_because", make_why(&why));
        (void)json_array_append_new(replicas, one);
    }
    sn_json_set(object, "schema", json_integer(SN_REHEARSAL_SCHEMA));
    sn_json_set(object, "group", sn_json_text(sn_group_name(order->group)));
    sn_json_set(object, "order", sn_json_text(sn_buf_text(&text)));
    sn_json_set(object, "would_begin", json_boolean(of.refusal.reason == SN_REASON_NONE));
    sn_json_set(object, "refused_because", make_why(&of.refusal));
    sn_json_set(object, "chosen", sn_json_place(of.chosen));
    sn_json_set(object, "writes", make_writes(&of));
    sn_json_set(object, "votes", make_votes(&of));
    sn_json_set(object, "replicas", replicas);
    sn_rehearsal_lines(order, now, sn_json_add_line, lines);
    sn_json_set(object, "lines", lines);
    sn_buf_fini(&text);
    return object;
}
