/* SPDX-License-Identifier: BSD-3-Clause */

/* Every kind of fault has a phrase of words and slots. A slot says a part of the fault, and takes
 * it from the words again. */

#include "plan_words.h"

#include "words_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct phrase {
    enum fault_kind kind;
    const char *text; /* words that begin with $ are slots */
};

static const struct phrase phrases[] = {
    {FAULT_RESET, "reset $node and $other"},
    {FAULT_CUT_WAY, "cut one way $node to $other"},
    {FAULT_CUT, "cut $node and $other"},
    {FAULT_ISOLATE, "isolate $node"},
    {FAULT_SPLIT, "split $side from the rest"},
    {FAULT_MESH, "mesh $pairs"},
    {FAULT_SLOW, "slow $node by $slow ms"},
    {FAULT_DISK_SLOW, "slow disk of $core to $disk ms"},
    {FAULT_DISK_FAIL, "fail disk of $core $lands"},
    {FAULT_KILL, "kill $node"},
    {FAULT_HANG, "hang $node"},
    {FAULT_KILL_AT, "kill whoever comes to $moment"},
    {FAULT_HANG_AT, "hang whoever comes to $moment"},
    {FAULT_ISOLATE_AT, "isolate whoever comes to $moment"},
    {FAULT_WALL_JUMP, "move wall clock of $core by $jump ms"},
    {FAULT_FAILOVER, "order $receiver FAILOVER $mode"},
    {FAULT_FAILOVER_2, "order $core and $second FAILOVER $modes"},
    {FAULT_SET, "order $core SET $setting"},
    {FAULT_FORGET, "order $receiver RESET $ours"},
    {FAULT_REMOVE, "order $core REMOVE of $group"},
    {FAULT_TRUCE, "order $core PAUSE of $group"},
    {FAULT_LIES, "$server lies about its role"},
    {FAULT_PING_ERROR, "$server answers PING with $trouble"},
    {FAULT_ORDER_ERROR, "$server refuses orders"},
    {FAULT_PAUSE_ERROR, "$server refuses pauses"},
    {FAULT_CONFIG_ERROR, "$server $config CONFIG"},
    {FAULT_IGNORES, "$server ignores orders"},
    {FAULT_DROPS, "$server drops orders"},
    {FAULT_CLIENT_KILL, "$server drops clients"},
    {FAULT_LAG, "$server lags"},
    {FAULT_PRIORITY, "$server has priority $priority"},
    {FAULT_EMPTY, "$server comes back empty"},
    {FAULT_READDRESS, "$server comes back at $address"},
    {FAULT_PAUSED, "$server is paused"},
    {FAULT_PROMOTED, "$server is promoted by hand"},
    {FAULT_FULL, "$server is full $full"},
    {FAULT_REBORN, "$server is reborn empty"},
    {FAULT_OTHER_DATA, "$server comes back with other data, lot $lot"},
    {FAULT_CHAIN, "$server is put below another, lot $lot"},
    {FAULT_REJECT, "$server rejects sentinels"},
    {FAULT_STRANGER, "stranger speaks at $server with lot $lot"},
    {FAULT_FORGE_HELLO, "forge $forgery hello of $whose for $whom at $server of $group with lots "
                        "$lot $lot2"},
    {FAULT_FORGE_SWITCH, "forge switch in the name of $whose at $server of $group with lots $lot "
                         "$lots"},
    {FAULT_FORGE_VOTE, "forge vote request to $asked through $server of $group with lot $lot"},
};

#define PHRASES (sizeof(phrases) / sizeof(phrases[0]))

/* The next word of a phrase; false at its end. */
static bool next_word(const char **phrase, char word[WORD_MAX])
{
    size_t len;
    *phrase += strspn(*phrase, " ");
    len = strcspn(*phrase, " ");
    if (len == 0)
        return false;
    (void)snprintf(word, WORD_MAX, "%.*s", (int)len, *phrase);
    *phrase += len;
    return true;
}

static bool comes_later(enum fault_kind kind)
{
    return kind >= FAULT_KILL_AT && kind <= FAULT_ISOLATE_AT;
}

void plan_words_write(const struct plan *plan, const struct fault *fault, struct sn_buf *out)
{
    struct cast cast;
    struct teller teller = {plan, &cast, fault, out};
    const char *phrase = "none";
    char word[WORD_MAX];
    size_t before = out->len;
    cast_make(plan, &cast);
    for (size_t i = 0; i < PHRASES; i++) {
        if (phrases[i].kind == fault->kind)
            phrase = phrases[i].text;
    }
    while (next_word(&phrase, word)) {
        if (out->len > before) /* some slots say nothing */
            sn_buf_putc(out, ' ');
        before = out->len;
        if (word[0] == '$')
            words_slot(word)->say(&teller);
        else
            sn_buf_puts(out, word);
    }
    if (out->len > before)
        sn_buf_putc(out, ' ');
    bool seconds = fault->lasts % 1000 == 0;
    sn_buf_printf(out, "%s %lld for %lld %s", comes_later(fault->kind) ? "after" : "at",
                  (long long)fault->at, (long long)fault->lasts / (seconds ? 1000 : 1),
                  seconds ? "s" : "ms");
}

/* "at 6699 for 10 s" */
static bool take_time(struct reader *reader)
{
    struct fault *fault = reader->fault;
    bool seconds;
    if (!words_take_word(reader, comes_later(fault->kind) ? "after" : "at") ||
        !words_take_number(reader, 0, INT64_MAX, &fault->at) || !words_take_word(reader, "for") ||
        !words_take_number(reader, 0, INT64_MAX / 1000, &fault->lasts))
        return false;
    seconds = strcmp(words_peek(reader), "s") == 0;
    if (!words_take_word(reader, seconds ? "s" : "ms"))
        return words_fail(reader, "'s'");
    fault->lasts *= seconds ? 1000 : 1;
    return reader->at == reader->words->count || words_fail(reader, "the end of the line");
}

static bool take_phrase(struct reader *reader, const struct phrase *phrase)
{
    const char *text = phrase->text;
    char word[WORD_MAX];
    *reader->fault = (struct fault){.kind = phrase->kind};
    reader->at = 0;
    reader->has_group = false;
    while (next_word(&text, word)) {
        if (word[0] == '$' ? !words_slot(word)->take(reader) : !words_take_word(reader, word))
            return false;
    }
    return take_time(reader) &&
           (phrase->kind != FAULT_FORGE_HELLO || words_settle_receiver(reader));
}

bool plan_words_read(const struct plan *plan, const struct sn_words *words, struct fault *fault,
                     struct plan_words_error *error)
{
    struct cast cast;
    struct reader reader = {
        .plan = plan, .cast = &cast, .words = words, .fault = fault, .error = error};
    cast_make(plan, &cast);
    memset(error, 0, sizeof(*error));
    for (size_t i = 0; i < PHRASES; i++) {
        if (take_phrase(&reader, &phrases[i]))
            return true;
    }
    return false;
}
