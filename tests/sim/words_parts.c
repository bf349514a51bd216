/* SPDX-License-Identifier: BSD-3-Clause */

/* Single words, groups and nodes. */

#include "words_internal.h"

#include "meaning.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words --------------------------------------------------------------------------------------
 */

const char *words_peek(const struct reader *reader)
{
    return reader->at < reader->words->count ? reader->words->items[reader->at] : "";
}

/* Keeps what was expected at the word up to which any phrase fits. */
bool words_fail(struct reader *reader, const char *expected)
{
    struct plan_words_error *error = reader->error;
    size_t len = strlen(error->expected);
    if (reader->at < error->word)
        return false;
    if (reader->at > error->word)
        len = 0;
    error->word = reader->at;
    error->expected[len] = '\0';
    if (strstr(error->expected, expected) == NULL)
        (void)snprintf(error->expected + len, sizeof(error->expected) - len, "%s%s",
                       len > 0 ? " or " : "", expected);
    return false;
}

bool words_take_word(struct reader *reader, const char *word)
{
    char expected[WORD_MAX + 2];
    if (reader->at < reader->words->count && strcmp(words_peek(reader), word) == 0) {
        reader->at++;
        return true;
    }
    (void)snprintf(expected, sizeof(expected), "'%s'", word);
    return words_fail(reader, expected);
}

bool words_take_number(struct reader *reader, int64_t low, int64_t high, int64_t *number)
{
    char expected[96];
    const char *word = words_peek(reader);
    if (sn_text_to_i64(word, strlen(word), number) == 0 && *number >= low && *number <= high) {
        reader->at++;
        return true;
    }
    if (high == INT64_MAX)
        (void)snprintf(expected, sizeof(expected), "a number of %" PRId64 " or more", low);
    else
        (void)snprintf(expected, sizeof(expected), "a number from %" PRId64 " to %" PRId64, low,
                       high);
    return words_fail(reader, expected);
}

/* Index of the node called by the next word, from first on, count of them. */
bool words_take_name(struct reader *reader, unsigned first, unsigned count, unsigned *index)
{
    char low[CAST_NAME_MAX], high[CAST_NAME_MAX], expected[64];
    unsigned node = cast_find(reader->cast, words_peek(reader));
    if (node >= first && node < first + count) {
        *index = node - first;
        reader->at++;
        return true;
    }
    if (count == 0)
        return words_fail(reader, "a node (there is none of that kind)");
    cast_name(reader->cast, first, low);
    cast_name(reader->cast, first + count - 1, high);
    (void)snprintf(expected, sizeof(expected), "one of %s to %s", low, high);
    return words_fail(reader, expected);
}

void words_say_name(const struct teller *teller, unsigned index)
{
    char name[CAST_NAME_MAX];
    cast_name(teller->cast, index, name);
    sn_buf_puts(teller->out, name);
}

/* ---- whose group --------------------------------------------------------------------------------
 */

void words_say_group(const struct teller *teller)
{
    sn_buf_printf(teller->out, "g%u", teller->fault->group + 1);
}

bool words_take_group(struct reader *reader)
{
    char expected[64];
    unsigned group = cast_find_group(reader->cast, words_peek(reader));
    if (group < reader->cast->groups && (!reader->has_group || group == reader->fault->group)) {
        reader->fault->group = group;
        reader->has_group = true;
        reader->at++;
        return true;
    }
    if (reader->has_group)
        (void)snprintf(expected, sizeof(expected), "g%u, as before", reader->fault->group + 1);
    else if (reader->cast->groups == 1)
        (void)snprintf(expected, sizeof(expected), "g1");
    else
        (void)snprintf(expected, sizeof(expected), "one of g1 to g%u", reader->cast->groups);
    return words_fail(reader, expected);
}

/* An order to a stock node is about the only group that it knows. */
void words_say_ours(const struct teller *teller)
{
    if (meaning_to_stock(teller->plan, teller->fault))
        return;
    sn_buf_puts(teller->out, "of ");
    words_say_group(teller);
}

bool words_take_ours(struct reader *reader)
{
    return meaning_to_stock(reader->plan, reader->fault) ||
           (words_take_word(reader, "of") && words_take_group(reader));
}

/* ---- whom ---------------------------------------------------------------------------------------
 */

static void say_master(const struct teller *teller)
{
    sn_buf_puts(teller->out, "master of ");
    words_say_group(teller);
}

/* True unless the next word is "master"; *target is set if "of" and a group follow it. */
static bool is_no_master(struct reader *reader, unsigned *target, bool *fine)
{
    if (strcmp(words_peek(reader), "master") != 0)
        return true;
    reader->at++;
    *target = TARGET_MASTER;
    *fine = words_take_word(reader, "of") && words_take_group(reader);
    return false;
}

static void say_target(const struct teller *teller, unsigned target)
{
    if (target == TARGET_MASTER)
        say_master(teller);
    else if (target == TARGET_LEADER)
        sn_buf_puts(teller->out, "leader");
    else
        words_say_name(teller, target % cast_nodes(teller->cast));
}

static bool take_target(struct reader *reader, unsigned *target)
{
    bool fine = true;
    if (!is_no_master(reader, target, &fine))
        return fine;
    if (strcmp(words_peek(reader), "leader") == 0) {
        *target = TARGET_LEADER;
        return words_take_word(reader, "leader");
    }
    if (cast_find(reader->cast, words_peek(reader)) >= cast_nodes(reader->cast))
        return words_fail(reader, "a node, 'leader' or 'master of' a group");
    return words_take_name(reader, 0, cast_nodes(reader->cast), target);
}

void words_say_node(const struct teller *teller)
{
    say_target(teller, teller->fault->a);
}

bool words_take_node(struct reader *reader)
{
    return take_target(reader, &reader->fault->a);
}

bool words_is_static(unsigned target)
{
    return target != TARGET_MASTER && target != TARGET_LEADER;
}

/* At the far end: the next node, if that is the same. */
void words_say_other(const struct teller *teller)
{
    unsigned a = teller->fault->a, b = teller->fault->b, nodes = cast_nodes(teller->cast);
    bool same = words_is_static(a) && words_is_static(b) && a % nodes == b % nodes;
    say_target(teller, same ? (b + 1) % nodes : b);
}

bool words_take_other(struct reader *reader)
{
    struct fault *fault = reader->fault;
    if (!take_target(reader, &fault->b))
        return false;
    if (!words_is_static(fault->a) || fault->a != fault->b)
        return true;
    reader->at--;
    return words_fail(reader, "another node");
}

void words_say_server(const struct teller *teller)
{
    if (teller->fault->a == TARGET_MASTER)
        say_master(teller);
    else
        words_say_name(teller, teller->fault->a % teller->cast->servers);
}

bool words_take_server(struct reader *reader)
{
    bool fine = true;
    if (!is_no_master(reader, &reader->fault->a, &fine))
        return fine;
    return words_take_name(reader, 0, reader->cast->servers, &reader->fault->a);
}

void words_say_sentinel(const struct teller *teller, unsigned target)
{
    if (target == TARGET_LEADER)
        sn_buf_puts(teller->out, "leader");
    else
        words_say_name(teller, teller->cast->servers + target % teller->cast->sentinels);
}

bool words_take_sentinel(struct reader *reader, unsigned *target)
{
    if (strcmp(words_peek(reader), "leader") == 0) {
        *target = TARGET_LEADER;
        return words_take_word(reader, "leader");
    }
    return words_take_name(reader, reader->cast->servers, reader->cast->sentinels, target);
}

void words_say_core(const struct teller *teller)
{
    words_say_sentinel(teller, teller->fault->a);
}

bool words_take_core(struct reader *reader)
{
    return words_take_sentinel(reader, &reader->fault->a);
}

void words_say_receiver(const struct teller *teller)
{
    const struct cast *cast = teller->cast;
    if (meaning_to_stock(teller->plan, teller->fault))
        words_say_name(teller, cast->servers + cast->sentinels + teller->fault->a % cast->stocks);
    else
        words_say_core(teller);
}

bool words_take_receiver(struct reader *reader)
{
    const struct cast *cast = reader->cast;
    unsigned first = cast->servers + cast->sentinels;
    unsigned node = cast_find(cast, words_peek(reader));
    reader->fault->value = 0;
    if (node >= first && node < cast_nodes(cast))
        return words_take_name(reader, first, cast->stocks, &reader->fault->a);
    reader->fault->value = TO_CORE;
    return words_take_core(reader);
}
