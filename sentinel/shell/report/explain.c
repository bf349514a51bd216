/* SPDX-License-Identifier: BSD-3-Clause */

/* Puts an explanation together, as lines and as JSON. */

#include "shell/report/explain.h"

#include "shell/report/explain_words.h"
#include "shell/report/json.h"
#include "shell/report/pause.h"
#include "shell/report/phrase.h"

#include <string.h>

/* ---- lines ---------------------------------------------------------------------------------- */

struct explain_lines {
    const struct sn_group *group;
    struct sn_lines out;
};

static void say(struct explain_lines *lines, const char *label, const struct sn_buf *words)
{
    if (words->len == 0)
        return;
    sn_buf_printf(&lines->out.text, "%s: %s", label, sn_buf_text(words));
    sn_lines_end(&lines->out);
}

static void say_answers(struct explain_lines *lines, const struct sn_explanation *explanation,
                        sn_ms now)
{
    struct sn_buf words;

    sn_buf_init(&words, SIZE_MAX);
    sn_report_pause_words(lines->group, now, &words);
    say(lines, "Paused", &words);
    sn_buf_clear(&words);
    sn_explain_words_what(lines->group, explanation, &words);
    say(lines, "What", &words);
    sn_buf_clear(&words);
    if (explanation->since_ms >= 0)
        sn_phrase_span(&words, explanation->since_ms);
    say(lines, "Since", &words);
    sn_buf_clear(&words);
    sn_explain_words_why(lines->group, explanation, now, &words);
    say(lines, "Why", &words);
    sn_buf_clear(&words);
    sn_explain_words_next(lines->group, explanation, now, &words);
    say(lines, "Next", &words);
    sn_buf_clear(&words);
    sn_explain_words_stop(lines->group, explanation, &words);
    say(lines, "Would stop it", &words);
    sn_buf_fini(&words);
}

static void say_trouble(void *arg, const struct sn_trouble *trouble)
{
    struct explain_lines *lines = arg;

    sn_buf_puts(&lines->out.text, "Wrong: ");
    sn_explain_words_trouble(lines->group, trouble, &lines->out.text);
    sn_buf_putc(&lines->out.text, ' ');
    sn_explain_words_remedy(lines->group, trouble, &lines->out.text);
    sn_lines_end(&lines->out);
}

static void say_members(struct explain_lines *lines, const struct sn_instance *best, sn_ms now)
{
    const struct sn_instance *member = sn_group_peer_first(lines->group);

    for (; member != NULL; member = sn_instance_next(member)) {
        struct sn_peer_opinion opinion;
        sn_explain_peer(member, now, &opinion);
        sn_buf_puts(&lines->out.text, "Sentinel ");
        sn_phrase_address(&lines->out.text, member);
        sn_buf_printf(&lines->out.text, " (%.8s) ", sn_instance_runid(member)->hex);
        sn_explain_words_peer(&opinion, &lines->out.text);
        sn_lines_end(&lines->out);
    }
    for (member = sn_group_replica_first(lines->group); member != NULL;
         member = sn_instance_next(member)) {
        struct sn_replica_fitness fitness;
        sn_explain_replica(member, best, &fitness);
        sn_buf_puts(&lines->out.text, "Replica ");
        sn_phrase_address(&lines->out.text, member);
        sn_buf_putc(&lines->out.text, ' ');
        sn_explain_words_replica(&fitness, &lines->out.text);
        sn_lines_end(&lines->out);
    }
}

static void say_switch(struct explain_lines *lines, sn_ms now)
{
    struct sn_loss_figures loss;
    char text[SN_ADDR_TEXT_MAX + 1];

    sn_measure_loss(lines->group, now, &loss);
    if (loss.old_master == NULL)
        return;
    sn_addr_format(loss.old_master->host, loss.old_master->port, text);
    sn_buf_puts(&lines->out.text, "Last switch: ");
    sn_phrase_span(&lines->out.text, loss.switch_age_ms);
    sn_buf_printf(&lines->out.text, " ago, from %s. ", text);
    if (!loss.known)
        sn_buf_puts(&lines->out.text, "Whether writes were lost is not known yet.");
    else if (loss.bytes == 0)
        sn_buf_printf(&lines->out.text, "Lost writes: none%s.", loss.exact ? "" : " known so far");
    else
        sn_buf_printf(&lines->out.text, "Lost writes: %s%llu bytes.", loss.exact ? "" : "at least ",
                      (unsigned long long)loss.bytes);
    sn_lines_end(&lines->out);
}

void sn_explain_lines(const struct sn_group *group, sn_ms now, sn_line_fn *line, void *arg)
{
    struct explain_lines lines = {.group = group};
    struct sn_explanation explanation;

    sn_lines_init(&lines.out, line, arg);
    sn_explain(group, now, &explanation);
    say_answers(&lines, &explanation, now);
    sn_explain_troubles(group, say_trouble, &lines);
    say_members(&lines, explanation.best, now);
    say_switch(&lines, now);
    sn_buf_fini(&lines.out.text);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

/* Null if there are none. Leaves words empty. */
static void put_words(json_t *object, const char *name, struct sn_buf *words)
{
    sn_json_set(object, name, words->len == 0 ? json_null() : sn_json_text(sn_buf_text(words)));
    sn_buf_clear(words);
}

static json_t *make_reason(const struct sn_why *why, const struct sn_instance *about)
{
    char name[SN_REASON_NAME_MAX + 1], sentence[SN_REASON_SENTENCE_MAX + 1];

    if (why->reason == SN_REASON_NONE)
        return json_null();
    json_t *object = json_object();
    sn_reason_name(why->reason, name);
    sn_reason_sentence(why, sentence);
    sn_json_set(object, "reason", json_string(name));
    sn_json_set(object, "text", sn_json_text(sentence));
    sn_json_set(object, "about", sn_json_place(about));
    return object;
}

static json_t *make_primary(const struct sn_group *group, const struct sn_explanation *of)
{
    json_t *object = sn_json_place(sn_group_master(group));

    sn_json_set_ms(object, "silence_ms", of->silence_ms);
    sn_json_set_ms(object, "down_ms", of->down_ms);
    sn_json_set_ms(object, "odown_ms", of->odown_ms);
    sn_json_set(object, "connected", json_boolean(of->connected));
    sn_json_set_text(object, "refusal", of->refusal);
    return object;
}

static json_t *make_agreement(const struct sn_group *group, const struct sn_explanation *of)
{
    json_t *object = json_object();

    sn_json_set_count(object, "agreeing", of->agreeing);
    sn_json_set_count(object, "quorum", sn_group_params(group)->quorum);
    sn_json_set_count(object, "sentinels", of->voters);
    sn_json_set_count(object, "usable_sentinels", of->usable);
    sn_json_set_count(object, "votes_needed", of->needed);
    return object;
}

static json_t *make_attempt(const struct sn_group *group, const struct sn_explanation *of,
                            sn_ms now)
{
    struct sn_group_figures figures;

    if (!of->attempting)
        return json_null();
    json_t *object = json_object();
    sn_measure_group(group, now, &figures);
    sn_json_set(object, "state", json_string(figures.failover_state));
    sn_json_set(object, "mode", json_string(sn_phrase_mode(of->mode)));
    sn_json_set_count(object, "epoch", of->epoch);
    sn_json_set_ms(object, "since_ms", figures.failover_ms);
    sn_json_set(object, "votes",
                of->situation == SN_SITUATION_VOTING ? json_integer((json_int_t)of->votes)
                                                     : json_null());
    sn_json_set(object, "chosen", sn_json_place(of->chosen));
    return object;
}

static json_t *make_last_attempt(const struct sn_explanation *of)
{
    json_t *object = make_reason(&of->ended, NULL);

    if (of->ended_ms >= 0)
        sn_json_set_ms(object, "ms_ago", of->ended_ms);
    return object;
}

static json_t *make_sentinel(const struct sn_instance *peer, sn_ms now, struct sn_buf *words)
{
    static const char *const names[] = {
        [SN_OPINION_NONE] = "none",           [SN_OPINION_AGREES] = "agrees",
        [SN_OPINION_DISAGREES] = "disagrees", [SN_OPINION_SILENT] = "silent",
        [SN_OPINION_DOWN] = "down",           [SN_OPINION_USELESS] = "useless"};
    struct sn_peer_opinion of;
    json_t *object = sn_json_place(peer);

    sn_explain_peer(peer, now, &of);
    sn_json_set(object, "run_id", sn_json_text(sn_instance_runid(peer)->hex));
    sn_json_set(object, "opinion", json_string(names[of.opinion]));
    sn_json_set_ms(object, "age_ms", of.age_ms);
    sn_json_set(object, "voted_for", of.vote_epoch == 0 ? json_null() : sn_json_text(of.vote->hex));
    sn_json_set_count(object, "voted_epoch", of.vote_epoch);
    sn_explain_words_peer(&of, words);
    put_words(object, "text", words);
    return object;
}

static json_t *make_replica(const struct sn_instance *replica, const struct sn_instance *best,
                            struct sn_buf *words)
{
    struct sn_replica_fitness of;
    json_t *object = sn_json_place(replica);

    sn_explain_replica(replica, best, &of);
    sn_json_set(object, "can_be_promoted", json_boolean(of.why.reason == SN_REASON_NONE));
    sn_json_set(object, "would_be_promoted", json_boolean(of.best));
    sn_json_set(object, "reason", make_reason(&of.why, replica));
    sn_json_set(object, "doubt", make_reason(&of.doubt, replica));
    sn_json_set(object, "progress", of.progress == NULL ? json_null() : json_string(of.progress));
    sn_json_set_text(object, "refusal", of.refusal);
    sn_explain_words_replica(&of, words);
    put_words(object, "text", words);
    return object;
}

struct troubles {
    const struct sn_group *group;
    json_t *list;
    struct sn_buf *words;
};

static void add_trouble(void *arg, const struct sn_trouble *trouble)
{
    struct troubles *troubles = arg;
    json_t *object = json_object();
    char name[SN_REASON_NAME_MAX + 1];

    sn_explain_trouble_name(trouble->kind, name);
    sn_json_set(object, "trouble", json_string(name));
    sn_json_set(object, "about", sn_json_place(trouble->about));
    sn_explain_words_trouble(troubles->group, trouble, troubles->words);
    put_words(object, "text", troubles->words);
    sn_explain_words_remedy(troubles->group, trouble, troubles->words);
    put_words(object, "remedy", troubles->words);
    (void)json_array_append_new(troubles->list, object);
}

static json_t *make_switch(const struct sn_group *group, sn_ms now)
{
    struct sn_loss_figures loss;

    sn_measure_loss(group, now, &loss);
    if (loss.old_master == NULL)
        return json_null();
    json_t *object = json_object();
    sn_json_set(object, "old_host", sn_json_text(loss.old_master->host));
    sn_json_set_count(object, "old_port", loss.old_master->port);
    sn_json_set_ms(object, "ms_ago", loss.switch_age_ms);
    sn_json_set_bytes(object, "lost_bytes", loss.known, loss.bytes);
    sn_json_set(object, "lost_bytes_exact", json_boolean(loss.known && loss.exact));
    return object;
}

static void put_answers(json_t *object, const struct sn_group *group,
                        const struct sn_explanation *of, sn_ms now, struct sn_buf *words)
{
    sn_explain_words_what(group, of, words);
    put_words(object, "what", words);
    sn_json_set_ms(object, "since_ms", of->since_ms);
    sn_explain_words_why(group, of, now, words);
    put_words(object, "why", words);
    sn_json_set(object, "reason", make_reason(&of->why, of->about));
    sn_json_set(object, "last_attempt", make_last_attempt(of));
    sn_explain_words_next(group, of, now, words);
    put_words(object, "next", words);
    sn_json_set_ms(object, "next_ms", of->next_ms);
    sn_explain_words_stop(group, of, words);
    put_words(object, "would_stop_it", words);
}

static void put_members(json_t *object, const struct sn_group *group,
                        const struct sn_instance *best, sn_ms now, struct sn_buf *words)
{
    const struct sn_instance *member = sn_group_peer_first(group);
    json_t *sentinels = json_array(), *replicas = json_array();

    for (; member != NULL; member = sn_instance_next(member))
        (void)json_array_append_new(sentinels, make_sentinel(member, now, words));
    for (member = sn_group_replica_first(group); member != NULL; member = sn_instance_next(member))
        (void)json_array_append_new(replicas, make_replica(member, best, words));
    sn_json_set(object, "sentinels", sentinels);
    sn_json_set(object, "replicas", replicas);
}

json_t *sn_explain_json(const struct sn_core *core, const struct sn_group *group, sn_ms now)
{
    struct sn_explanation of;
    struct sn_buf words;
    char situation[SN_REASON_NAME_MAX + 1];
    json_t *object = json_object(), *lines = json_array();
    struct troubles troubles = {group, json_array(), &words};

    sn_buf_init(&words, SIZE_MAX);
    sn_explain(group, now, &of);
    sn_explain_name(of.situation, situation);
    sn_json_set_count(object, "schema", SN_EXPLAIN_SCHEMA);
    sn_json_set(object, "group", sn_json_text(sn_group_name(group)));
    sn_json_set(object, "sentinel", sn_json_text(sn_core_myid(core)->hex));
    sn_json_set(object, "situation", json_string(situation));
    put_answers(object, group, &of, now, &words);
    sn_json_set(object, "pause", sn_report_pause_json(group, now));
    sn_json_set(object, "primary", make_primary(group, &of));
    sn_json_set(object, "agreement", make_agreement(group, &of));
    sn_json_set(object, "failover", make_attempt(group, &of, now));
    put_members(object, group, of.best, now, &words);
    sn_explain_troubles(group, add_trouble, &troubles);
    sn_json_set(object, "troubles", troubles.list);
    sn_json_set(object, "last_switch", make_switch(group, now));
    sn_explain_lines(group, now, sn_json_add_line, lines);
    sn_json_set(object, "lines", lines);
    sn_buf_fini(&words);
    return object;
}
