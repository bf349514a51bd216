/* SPDX-License-Identifier: BSD-3-Clause */

/* Every kind of fault has a phrase of words and slots. A slot says a part of the fault, and takes
 * it from the words again. */

#include "plan_words.h"

#include "cast.h"
#include "meaning.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PHRASE_MAX 96
#define WORD_MAX   24
#define LOTS_MAX   100        /* of a and b: below TARGET_MASTER */
#define TO_CORE    (1U << 30) /* of value: no order to a stock node */

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
    {FAULT_STRANGER, "stranger speaks at $server with lot $lot"},
    {FAULT_FORGE_HELLO, "forge $forgery hello of $whose for $whom at $server of $group with lots "
                        "$lot $lot2"},
    {FAULT_FORGE_VOTE, "forge vote request to $asked through $server of $group with lot $lot"},
};

#define PHRASES (sizeof(phrases) / sizeof(phrases[0]))

struct teller {
    const struct plan *plan;
    const struct cast *cast;
    const struct fault *fault;
    struct sn_buf *out;
};

struct reader {
    const struct plan *plan;
    const struct cast *cast;
    const struct sn_words *words;
    size_t at;
    struct fault *fault;
    bool has_group;
    unsigned wanted;     /* FAULT_FAILOVER_2: its target; UINT32_MAX: none */
    unsigned whom;       /* FAULT_FORGE_HELLO: its receiver */
    const char *forgery; /* likewise */
    struct plan_words_error *error;
};

/* ---- words --------------------------------------------------------------------------------------
 */

static const char *peek(const struct reader *reader)
{
    return reader->at < reader->words->count ? reader->words->items[reader->at] : "";
}

/* Keeps what was expected at the word up to which any phrase fits. */
static bool fail(struct reader *reader, const char *expected)
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

static bool take_word(struct reader *reader, const char *word)
{
    char expected[WORD_MAX + 2];
    if (reader->at < reader->words->count && strcmp(peek(reader), word) == 0) {
        reader->at++;
        return true;
    }
    (void)snprintf(expected, sizeof(expected), "'%s'", word);
    return fail(reader, expected);
}

static bool take_number(struct reader *reader, int64_t low, int64_t high, int64_t *number)
{
    char expected[96];
    const char *word = peek(reader);
    if (sn_text_to_i64(word, strlen(word), number) == 0 && *number >= low && *number <= high) {
        reader->at++;
        return true;
    }
    if (high == INT64_MAX)
        (void)snprintf(expected, sizeof(expected), "a number of %" PRId64 " or more", low);
    else
        (void)snprintf(expected, sizeof(expected), "a number from %" PRId64 " to %" PRId64, low,
                       high);
    return fail(reader, expected);
}

/* Index of the node called by the next word, from first on, count of them. */
static bool take_name(struct reader *reader, unsigned first, unsigned count, unsigned *index)
{
    char low[CAST_NAME_MAX], high[CAST_NAME_MAX], expected[64];
    unsigned node = cast_find(reader->cast, peek(reader));
    if (node >= first && node < first + count) {
        *index = node - first;
        reader->at++;
        return true;
    }
    if (count == 0)
        return fail(reader, "a node (there is none of that kind)");
    cast_name(reader->cast, first, low);
    cast_name(reader->cast, first + count - 1, high);
    (void)snprintf(expected, sizeof(expected), "one of %s to %s", low, high);
    return fail(reader, expected);
}

static void say_name(const struct teller *teller, unsigned index)
{
    char name[CAST_NAME_MAX];
    cast_name(teller->cast, index, name);
    sn_buf_puts(teller->out, name);
}

/* ---- whose group --------------------------------------------------------------------------------
 */

static void say_group(const struct teller *teller)
{
    sn_buf_printf(teller->out, "g%u", teller->fault->group + 1);
}

static bool take_group(struct reader *reader)
{
    char expected[64];
    unsigned group = cast_find_group(reader->cast, peek(reader));
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
    return fail(reader, expected);
}

/* An order to a stock node is about the only group that it knows. */
static void say_ours(const struct teller *teller)
{
    if (meaning_to_stock(teller->plan, teller->fault))
        return;
    sn_buf_puts(teller->out, "of ");
    say_group(teller);
}

static bool take_ours(struct reader *reader)
{
    return meaning_to_stock(reader->plan, reader->fault) ||
           (take_word(reader, "of") && take_group(reader));
}

/* ---- whom ---------------------------------------------------------------------------------------
 */

static void say_master(const struct teller *teller)
{
    sn_buf_puts(teller->out, "master of ");
    say_group(teller);
}

/* True unless the next word is "master"; *target is set if "of" and a group follow it. */
static bool is_no_master(struct reader *reader, unsigned *target, bool *fine)
{
    if (strcmp(peek(reader), "master") != 0)
        return true;
    reader->at++;
    *target = TARGET_MASTER;
    *fine = take_word(reader, "of") && take_group(reader);
    return false;
}

static void say_target(const struct teller *teller, unsigned target)
{
    if (target == TARGET_MASTER)
        say_master(teller);
    else if (target == TARGET_LEADER)
        sn_buf_puts(teller->out, "leader");
    else
        say_name(teller, target % cast_nodes(teller->cast));
}

static bool take_target(struct reader *reader, unsigned *target)
{
    bool fine = true;
    if (!is_no_master(reader, target, &fine))
        return fine;
    if (strcmp(peek(reader), "leader") == 0) {
        *target = TARGET_LEADER;
        return take_word(reader, "leader");
    }
    if (cast_find(reader->cast, peek(reader)) >= cast_nodes(reader->cast))
        return fail(reader, "a node, 'leader' or 'master of' a group");
    return take_name(reader, 0, cast_nodes(reader->cast), target);
}

static void say_node(const struct teller *teller)
{
    say_target(teller, teller->fault->a);
}

static bool take_node(struct reader *reader)
{
    return take_target(reader, &reader->fault->a);
}

static bool is_static(unsigned target)
{
    return target != TARGET_MASTER && target != TARGET_LEADER;
}

/* At the far end: the next node, if that is the same. */
static void say_other(const struct teller *teller)
{
    unsigned a = teller->fault->a, b = teller->fault->b, nodes = cast_nodes(teller->cast);
    bool same = is_static(a) && is_static(b) && a % nodes == b % nodes;
    say_target(teller, same ? (b + 1) % nodes : b);
}

static bool take_other(struct reader *reader)
{
    struct fault *fault = reader->fault;
    if (!take_target(reader, &fault->b))
        return false;
    if (!is_static(fault->a) || fault->a != fault->b)
        return true;
    reader->at--;
    return fail(reader, "another node");
}

static void say_server(const struct teller *teller)
{
    if (teller->fault->a == TARGET_MASTER)
        say_master(teller);
    else
        say_name(teller, teller->fault->a % teller->cast->servers);
}

static bool take_server(struct reader *reader)
{
    bool fine = true;
    if (!is_no_master(reader, &reader->fault->a, &fine))
        return fine;
    return take_name(reader, 0, reader->cast->servers, &reader->fault->a);
}

static void say_sentinel(const struct teller *teller, unsigned target)
{
    if (target == TARGET_LEADER)
        sn_buf_puts(teller->out, "leader");
    else
        say_name(teller, teller->cast->servers + target % teller->cast->sentinels);
}

static bool take_sentinel(struct reader *reader, unsigned *target)
{
    if (strcmp(peek(reader), "leader") == 0) {
        *target = TARGET_LEADER;
        return take_word(reader, "leader");
    }
    return take_name(reader, reader->cast->servers, reader->cast->sentinels, target);
}

static void say_core(const struct teller *teller)
{
    say_sentinel(teller, teller->fault->a);
}

static bool take_core(struct reader *reader)
{
    return take_sentinel(reader, &reader->fault->a);
}

static void say_receiver(const struct teller *teller)
{
    const struct cast *cast = teller->cast;
    if (meaning_to_stock(teller->plan, teller->fault))
        say_name(teller, cast->servers + cast->sentinels + teller->fault->a % cast->stocks);
    else
        say_core(teller);
}

static bool take_receiver(struct reader *reader)
{
    const struct cast *cast = reader->cast;
    unsigned first = cast->servers + cast->sentinels;
    unsigned node = cast_find(cast, peek(reader));
    reader->fault->value = 0;
    if (node >= first && node < cast_nodes(cast))
        return take_name(reader, first, cast->stocks, &reader->fault->a);
    reader->fault->value = TO_CORE;
    return take_core(reader);
}

/* ---- network ------------------------------------------------------------------------------------
 */

static void say_nodes(const struct teller *teller, uint64_t bits, unsigned first, unsigned count)
{
    const char *blank = "";
    for (unsigned i = 0; i < count; i++) {
        if (((bits >> i) & 1) == 0)
            continue;
        sn_buf_puts(teller->out, blank);
        say_name(teller, first + i);
        blank = " ";
    }
    if (blank[0] == '\0')
        sn_buf_puts(teller->out, "nobody");
}

static bool take_nodes(struct reader *reader, unsigned first, unsigned count, uint64_t *bits)
{
    unsigned index;
    *bits = 0;
    if (strcmp(peek(reader), "nobody") == 0)
        return take_word(reader, "nobody");
    while (*bits == 0 || cast_find(reader->cast, peek(reader)) < cast_nodes(reader->cast)) {
        if (!take_name(reader, first, count, &index))
            return false;
        *bits |= UINT64_C(1) << index;
    }
    return true;
}

/* The side that has fewer nodes. */
static void say_side(const struct teller *teller)
{
    unsigned nodes = cast_nodes(teller->cast), ones = 0;
    uint64_t bits = teller->fault->value;
    for (unsigned i = 0; i < nodes; i++)
        ones += (bits >> i) & 1;
    say_nodes(teller, 2 * ones > nodes ? ~bits : bits, 0, nodes);
}

static bool take_side(struct reader *reader)
{
    return take_nodes(reader, 0, cast_nodes(reader->cast), &reader->fault->value);
}

static const char *const mesh_names[MESH_APART] = {"all", "sentinel-server", "server", "sentinel"};

static void say_pairs(const struct teller *teller)
{
    const struct fault *fault = teller->fault;
    const struct cast *cast = teller->cast;
    unsigned kind = (unsigned)(fault->value2 % MESH_KINDS);
    if (kind != MESH_APART) {
        sn_buf_printf(teller->out, "%s pairs with lot %" PRIu64, mesh_names[kind], fault->value);
        return;
    }
    say_name(teller, fault->a % cast->servers);
    sn_buf_puts(teller->out, " apart from ");
    say_nodes(teller, fault->value, cast->servers, cast->sentinels);
}

static bool take_lot_of(struct reader *reader, uint64_t *lot)
{
    const char *word = peek(reader);
    if (sn_text_to_u64(word, strlen(word), lot) != 0)
        return fail(reader, "a number of 0 or more");
    reader->at++;
    return true;
}

static bool take_pairs(struct reader *reader)
{
    struct fault *fault = reader->fault;
    const struct cast *cast = reader->cast;
    for (unsigned kind = 0; kind < MESH_APART; kind++) {
        if (strcmp(peek(reader), mesh_names[kind]) != 0)
            continue;
        reader->at++;
        fault->value2 = kind;
        return take_word(reader, "pairs") && take_word(reader, "with") &&
               take_word(reader, "lot") && take_lot_of(reader, &fault->value);
    }
    fault->value2 = MESH_APART;
    if (cast_find(cast, peek(reader)) >= cast->servers)
        return fail(reader, "'all', 'sentinel-server', 'server', 'sentinel' or a server");
    return take_name(reader, 0, cast->servers, &fault->a) && take_word(reader, "apart") &&
           take_word(reader, "from") &&
           take_nodes(reader, cast->servers, cast->sentinels, &fault->value);
}

static void say_slow(const struct teller *teller)
{
    sn_buf_printf(teller->out, "%lld", (long long)meaning_slow_ms(teller->fault));
}

/* A value, the smallest that means number. */
static bool take_meant(struct reader *reader, sn_ms (*meaning)(const struct fault *fault))
{
    struct fault highest = {.value = 0};
    sn_ms low = meaning(&highest), number;
    while (meaning(&(struct fault){.value = highest.value + 1}) > low + (sn_ms)highest.value)
        highest.value++;
    if (!take_number(reader, low, meaning(&highest), &number))
        return false;
    reader->fault->value = (uint64_t)(number - low);
    return true;
}

static bool take_slow(struct reader *reader)
{
    return take_meant(reader, meaning_slow_ms);
}

/* ---- disks, processes, clocks -------------------------------------------------------------------
 */

static void say_disk(const struct teller *teller)
{
    sn_buf_printf(teller->out, "%lld", (long long)meaning_disk_ms(teller->fault));
}

static bool take_disk(struct reader *reader)
{
    return take_meant(reader, meaning_disk_ms);
}

/* Half of what fails is there all the same. */
static void say_lands(const struct teller *teller)
{
    if (teller->fault->value % 2 == 0)
        sn_buf_puts(teller->out, "after renames");
}

static bool take_lands(struct reader *reader)
{
    bool lands = strcmp(peek(reader), "after") == 0;
    reader->fault->value = lands ? 0 : 1;
    return !lands || (take_word(reader, "after") && take_word(reader, "renames"));
}

static void say_moment(const struct teller *teller)
{
    sn_buf_printf(teller->out, "\"%s\"", meaning_moment(teller->fault->value));
}

static bool take_moment(struct reader *reader)
{
    for (uint64_t i = 0; i < MEANING_MOMENTS; i++) {
        if (strcmp(peek(reader), meaning_moment(i)) == 0) {
            reader->fault->value = i;
            reader->at++;
            return true;
        }
    }
    return fail(reader, "a moment in quotes (meaning.c lists them)");
}

static void say_jump(const struct teller *teller)
{
    sn_buf_printf(teller->out, "%lld", (long long)meaning_jump_ms(teller->fault));
}

static bool take_jump(struct reader *reader)
{
    int64_t by;
    if (!take_number(reader, -7199999, 7199999, &by))
        return false;
    reader->fault->value = (uint64_t)(by < 0 ? -by : by);
    reader->fault->value2 = by < 0;
    return true;
}

/* ---- operators ----------------------------------------------------------------------------------
 */

static bool take_mode_of(struct reader *reader, uint64_t *lot)
{
    for (*lot = 0; *lot < 3; (*lot)++) {
        if (strcmp(peek(reader), meaning_mode_name(meaning_mode(*lot))) == 0) {
            reader->at++;
            return true;
        }
    }
    return fail(reader, "'PLANNED', 'COORDINATED' or 'FORCED'");
}

/* " of g1 to r3" */
static void say_failover(const struct teller *teller)
{
    const struct fault *fault = teller->fault;
    const struct cast *cast = teller->cast;
    sn_buf_puts(teller->out, " of ");
    say_group(teller);
    if (!meaning_has_target(fault))
        return;
    sn_buf_puts(teller->out, " to ");
    say_name(teller, cast->first[fault->group] + fault->b % cast->counts[fault->group]);
}

static bool take_failover(struct reader *reader)
{
    const struct cast *cast = reader->cast;
    unsigned group;
    reader->wanted = UINT32_MAX;
    if (!take_word(reader, "of") || !take_group(reader))
        return false;
    group = reader->fault->group;
    return strcmp(peek(reader), "to") != 0 ||
           (take_word(reader, "to") &&
            take_name(reader, cast->first[group], cast->counts[group], &reader->wanted));
}

static void say_mode(const struct teller *teller)
{
    if (meaning_to_stock(teller->plan, teller->fault))
        return;
    sn_buf_puts(teller->out, meaning_mode_name(meaning_mode(teller->fault->value)));
    say_failover(teller);
}

static bool take_mode(struct reader *reader)
{
    struct fault *fault = reader->fault;
    uint64_t mode;
    if (meaning_to_stock(reader->plan, fault))
        return true;
    if (!take_mode_of(reader, &mode) || !take_failover(reader))
        return false;
    fault->value |= mode;
    fault->value2 = reader->wanted == UINT32_MAX;
    fault->b = reader->wanted == UINT32_MAX ? 0 : reader->wanted;
    return true;
}

static void say_second(const struct teller *teller)
{
    say_sentinel(teller, teller->fault->b);
}

static bool take_second(struct reader *reader)
{
    return take_sentinel(reader, &reader->fault->b);
}

static void say_modes(const struct teller *teller)
{
    const struct fault *fault = teller->fault;
    sn_buf_printf(teller->out, "%s and %s", meaning_mode_name(meaning_mode(fault->value)),
                  meaning_mode_name(meaning_mode(fault->value2)));
    say_failover(teller);
}

/* b counts sentinels and servers, value2 says a mode and whether there is a target. */
static bool take_modes(struct reader *reader)
{
    struct fault *fault = reader->fault;
    const struct cast *cast = reader->cast;
    uint64_t second;
    if (!take_mode_of(reader, &fault->value) || !take_word(reader, "and") ||
        !take_mode_of(reader, &second) || !take_failover(reader))
        return false;
    bool targeted = reader->wanted != UINT32_MAX;
    fault->value2 = second;
    while (meaning_has_target(fault) != targeted)
        fault->value2 += 4;
    unsigned count = cast->counts[fault->group], step = is_static(fault->b) ? cast->sentinels : 0;
    while (targeted && fault->b % count != reader->wanted && step > 0 && fault->b < LOTS_MAX)
        fault->b += step;
    if (!targeted || (fault->b % count == reader->wanted && (step == 0 || fault->b < LOTS_MAX)))
        return true;
    reader->at--;
    return fail(reader, "another server (no lot means both it and the second sentinel)");
}

static void say_setting(const struct teller *teller)
{
    const struct fault *fault = teller->fault;
    struct meaning_setting setting =
        meaning_setting(fault->value, teller->cast->voters[fault->group]);
    sn_buf_printf(teller->out, "%s of g%u to %" PRIu64, setting.name, fault->group + 1,
                  setting.low + fault->value2 % setting.span);
}

static bool take_setting(struct reader *reader)
{
    struct fault *fault = reader->fault;
    int64_t number;
    while (fault->value < MEANING_SETTINGS &&
           strcmp(meaning_setting(fault->value, 1).name, peek(reader)) != 0)
        fault->value++;
    if (fault->value == MEANING_SETTINGS)
        return fail(reader, "'quorum', 'down-after-milliseconds', 'failover-timeout' or "
                            "'parallel-syncs'");
    reader->at++;
    if (!take_word(reader, "of") || !take_group(reader) || !take_word(reader, "to"))
        return false;
    struct meaning_setting setting =
        meaning_setting(fault->value, reader->cast->voters[fault->group]);
    if (!take_number(reader, (int64_t)setting.low, (int64_t)(setting.low + setting.span - 1),
                     &number))
        return false;
    fault->value2 = (uint64_t)number - setting.low;
    return true;
}

/* ---- data nodes ---------------------------------------------------------------------------------
 */

static void say_trouble(const struct teller *teller)
{
    const char *error = meaning_trouble(teller->fault->value);
    sn_buf_append(teller->out, error, strcspn(error, " "));
    if (strncmp(error, "BUSY", 4) == 0 && teller->fault->value2 % 2 == 0)
        sn_buf_puts(teller->out, " after writes");
}

static bool take_trouble(struct reader *reader)
{
    struct fault *fault = reader->fault;
    for (fault->value = 0; fault->value < MEANING_TROUBLES; fault->value++) {
        const char *error = meaning_trouble(fault->value);
        size_t len = strcspn(error, " ");
        if (strncmp(error, peek(reader), len) == 0 && peek(reader)[len] == '\0')
            break;
    }
    if (fault->value == MEANING_TROUBLES)
        return fail(reader, "'LOADING', 'MASTERDOWN', 'BUSY', 'NOAUTH' or 'NOPERM'");
    reader->at++;
    bool wrote = strncmp(meaning_trouble(fault->value), "BUSY", 4) == 0 &&
                 strcmp(peek(reader), "after") == 0 && reader->at + 1 < reader->words->count &&
                 strcmp(reader->words->items[reader->at + 1], "writes") == 0;
    fault->value2 = !wrote;
    reader->at += wrote ? 2 : 0;
    return true;
}

static void say_config(const struct teller *teller)
{
    sn_buf_puts(teller->out, teller->fault->value % 5 % 2 == 0 ? "misses" : "refuses");
}

static bool take_config(struct reader *reader)
{
    bool misses = strcmp(peek(reader), "misses") == 0;
    reader->fault->value = !misses;
    return take_word(reader, misses ? "misses" : "refuses");
}

static void say_priority(const struct teller *teller)
{
    sn_buf_printf(teller->out, "%u", meaning_priority(teller->fault));
}

static bool take_priority(struct reader *reader)
{
    struct fault *fault = reader->fault;
    char text[WORD_MAX];
    for (fault->value = 0; fault->value < 5; fault->value++) {
        (void)snprintf(text, sizeof(text), "%u", meaning_priority(fault));
        if (strcmp(text, peek(reader)) == 0) {
            reader->at++;
            return true;
        }
    }
    return fail(reader, "0, 1, 50 or 200");
}

static void say_address(const struct teller *teller)
{
    const struct fault *fault = teller->fault;
    unsigned servers = teller->cast->servers;
    if (fault->a != TARGET_MASTER && fault->a % servers == fault->b % servers) {
        sn_buf_puts(teller->out, "a new address");
        return;
    }
    sn_buf_puts(teller->out, "the address of ");
    say_name(teller, fault->b % servers);
}

static bool take_address(struct reader *reader)
{
    struct fault *fault = reader->fault;
    if (strcmp(peek(reader), "a") == 0 && fault->a != TARGET_MASTER) {
        fault->b = fault->a;
        return take_word(reader, "a") && take_word(reader, "new") && take_word(reader, "address");
    }
    return take_word(reader, "the") && take_word(reader, "address") && take_word(reader, "of") &&
           take_name(reader, 0, reader->cast->servers, &fault->b);
}

static bool is_silent(const struct fault *fault)
{
    return fault->value2 % 3 == 0;
}

static bool hangs_up(const struct fault *fault)
{
    return (fault->value2 >> 8) % 2 == 0;
}

static void say_full(const struct teller *teller)
{
    const char *silent = is_silent(teller->fault) ? "and silent" : "";
    const char *drops = hangs_up(teller->fault) ? "and drops clients" : "";
    sn_buf_printf(teller->out, "%s%s%s", silent, silent[0] != '\0' && drops[0] != '\0' ? " " : "",
                  drops);
}

static bool take_full(struct reader *reader)
{
    bool silent = false, drops = false;
    while (strcmp(peek(reader), "and") == 0) {
        reader->at++;
        bool *what = strcmp(peek(reader), "silent") == 0 ? &silent : &drops;
        if (*what ||
            (what == &silent ? !take_word(reader, "silent")
                             : !take_word(reader, "drops") || !take_word(reader, "clients")))
            return fail(reader, "'silent' or 'drops clients'");
        *what = true;
    }
    for (reader->fault->value2 = drops ? 0 : 256; is_silent(reader->fault) != silent;)
        reader->fault->value2++;
    return true;
}

/* ---- strangers ----------------------------------------------------------------------------------
 */

static void say_lot(const struct teller *teller)
{
    sn_buf_printf(teller->out, "%" PRIu64, teller->fault->value);
}

static bool take_lot(struct reader *reader)
{
    return take_lot_of(reader, &reader->fault->value);
}

static void say_lot2(const struct teller *teller)
{
    sn_buf_printf(teller->out, "%" PRIu64, teller->fault->value2);
}

static void say_forgery(const struct teller *teller)
{
    sn_buf_puts(teller->out, meaning_forgery_name(meaning_forgery(teller->plan, teller->fault)));
}

static bool take_forgery(struct reader *reader)
{
    reader->forgery = peek(reader);
    for (unsigned i = FORGE_NOBODY; i <= FORGE_CONFIG; i++) {
        if (strcmp(reader->forgery, meaning_forgery_name((enum forgery)i)) == 0) {
            reader->at++;
            return true;
        }
    }
    return fail(reader, "'vote' or a forgery: 'nobody', 'moved', 'away', 'twin', 'self', 'epoch' "
                        "or 'config'");
}

/* A hello whose lots do not mean what its words say would not be what it says. */
static bool take_lot2(struct reader *reader)
{
    char expected[64];
    struct fault *fault = reader->fault;
    const char *meant = meaning_forgery_name(meaning_forgery(reader->plan, fault));
    if (strcmp(meant, reader->forgery) == 0)
        return take_lot_of(reader, &fault->value2);
    reader->at--;
    (void)snprintf(expected, sizeof(expected), "a lot for '%s' (this one is for '%s')",
                   reader->forgery, meant);
    return fail(reader, expected);
}

static void say_whose(const struct teller *teller)
{
    say_name(teller, teller->cast->servers + teller->fault->b % teller->cast->sentinels);
}

static bool take_whose(struct reader *reader)
{
    return take_name(reader, reader->cast->servers, reader->cast->sentinels, &reader->fault->b);
}

static unsigned receiver_of(const struct cast *cast, const struct fault *fault)
{
    return (fault->b + 1 + fault->a) % cast->sentinels;
}

static void say_whom(const struct teller *teller)
{
    say_name(teller, teller->cast->servers + receiver_of(teller->cast, teller->fault));
}

static bool take_whom(struct reader *reader)
{
    return take_name(reader, reader->cast->servers, reader->cast->sentinels, &reader->whom);
}

/* a counts servers, and from b on the receivers. */
static bool settle_receiver(struct reader *reader)
{
    struct fault *fault = reader->fault;
    unsigned step = is_static(fault->a) ? reader->cast->servers : LOTS_MAX;
    while (receiver_of(reader->cast, fault) != reader->whom && fault->a < LOTS_MAX)
        fault->a += step;
    if (receiver_of(reader->cast, fault) == reader->whom &&
        (fault->a < LOTS_MAX || step == LOTS_MAX))
        return true;
    return fail(reader, "another receiver or server (no lot means both)");
}

/* All of them, or one. */
static void say_asked(const struct teller *teller)
{
    if (teller->fault->value2 % 2 == 0)
        sn_buf_puts(teller->out, "all");
    else
        say_whose(teller);
}

static bool take_asked(struct reader *reader)
{
    reader->fault->value2 = strcmp(peek(reader), "all") != 0;
    return reader->fault->value2 == 0 ? take_word(reader, "all") : take_whose(reader);
}

/* ---- phrases ------------------------------------------------------------------------------------
 */

struct slot {
    const char *name;
    void (*say)(const struct teller *teller);
    bool (*take)(struct reader *reader);
};

static const struct slot slots[] = {
    {"$node", say_node, take_node},
    {"$other", say_other, take_other},
    {"$side", say_side, take_side},
    {"$pairs", say_pairs, take_pairs},
    {"$slow", say_slow, take_slow},
    {"$core", say_core, take_core},
    {"$disk", say_disk, take_disk},
    {"$lands", say_lands, take_lands},
    {"$moment", say_moment, take_moment},
    {"$jump", say_jump, take_jump},
    {"$receiver", say_receiver, take_receiver},
    {"$mode", say_mode, take_mode},
    {"$second", say_second, take_second},
    {"$modes", say_modes, take_modes},
    {"$setting", say_setting, take_setting},
    {"$ours", say_ours, take_ours},
    {"$group", say_group, take_group},
    {"$server", say_server, take_server},
    {"$trouble", say_trouble, take_trouble},
    {"$config", say_config, take_config},
    {"$priority", say_priority, take_priority},
    {"$address", say_address, take_address},
    {"$full", say_full, take_full},
    {"$lot", say_lot, take_lot},
    {"$lot2", say_lot2, take_lot2},
    {"$forgery", say_forgery, take_forgery},
    {"$whose", say_whose, take_whose},
    {"$whom", say_whom, take_whom},
    {"$asked", say_asked, take_asked},
};

static const struct slot *find_slot(const char *name)
{
    for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        if (strcmp(slots[i].name, name) == 0)
            return &slots[i];
    }
    abort();
}

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
            find_slot(word)->say(&teller);
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
    if (!take_word(reader, comes_later(fault->kind) ? "after" : "at") ||
        !take_number(reader, 0, INT64_MAX, &fault->at) || !take_word(reader, "for") ||
        !take_number(reader, 0, INT64_MAX / 1000, &fault->lasts))
        return false;
    seconds = strcmp(peek(reader), "s") == 0;
    if (!take_word(reader, seconds ? "s" : "ms"))
        return fail(reader, "'s'");
    fault->lasts *= seconds ? 1000 : 1;
    return reader->at == reader->words->count || fail(reader, "the end of the line");
}

static bool take_phrase(struct reader *reader, const struct phrase *phrase)
{
    const char *text = phrase->text;
    char word[WORD_MAX];
    *reader->fault = (struct fault){.kind = phrase->kind};
    reader->at = 0;
    reader->has_group = false;
    while (next_word(&text, word)) {
        if (word[0] == '$' ? !find_slot(word)->take(reader) : !take_word(reader, word))
            return false;
    }
    return take_time(reader) && (phrase->kind != FAULT_FORGE_HELLO || settle_receiver(reader));
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
