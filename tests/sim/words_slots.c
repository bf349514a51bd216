/* SPDX-License-Identifier: BSD-3-Clause */

/* What is special to some kinds of faults: lots as words, and words as lots that mean the same. */

#include "words_internal.h"

#include "meaning.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOTS_MAX 100 /* of a and b: below TARGET_MASTER */

/* ---- network ------------------------------------------------------------------------------------
 */

static void say_nodes(const struct teller *teller, uint64_t bits, unsigned first, unsigned count)
{
    const char *blank = "";
    for (unsigned i = 0; i < count; i++) {
        if (((bits >> i) & 1) == 0)
            continue;
        sn_buf_puts(teller->out, blank);
        words_say_name(teller, first + i);
        blank = " ";
    }
    if (blank[0] == '\0')
        sn_buf_puts(teller->out, "nobody");
}

static bool take_nodes(struct reader *reader, unsigned first, unsigned count, uint64_t *bits)
{
    unsigned index;
    *bits = 0;
    if (strcmp(words_peek(reader), "nobody") == 0)
        return words_take_word(reader, "nobody");
    while (*bits == 0 || cast_find(reader->cast, words_peek(reader)) < cast_nodes(reader->cast)) {
        if (!words_take_name(reader, first, count, &index))
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
        ones += (unsigned)((bits >> i) & 1);
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
    words_say_name(teller, fault->a % cast->servers);
    sn_buf_puts(teller->out, " apart from ");
    say_nodes(teller, fault->value, cast->servers, cast->sentinels);
}

static bool take_lot_of(struct reader *reader, uint64_t *lot)
{
    const char *word = words_peek(reader);
    if (sn_text_to_u64(word, strlen(word), lot) != 0)
        return words_fail(reader, "a number of 0 or more");
    reader->at++;
    return true;
}

static bool take_pairs(struct reader *reader)
{
    struct fault *fault = reader->fault;
    const struct cast *cast = reader->cast;
    for (unsigned kind = 0; kind < MESH_APART; kind++) {
        if (strcmp(words_peek(reader), mesh_names[kind]) != 0)
            continue;
        reader->at++;
        fault->value2 = kind;
        return words_take_word(reader, "pairs") && words_take_word(reader, "with") &&
               words_take_word(reader, "lot") && take_lot_of(reader, &fault->value);
    }
    fault->value2 = MESH_APART;
    if (cast_find(cast, words_peek(reader)) >= cast->servers)
        return words_fail(reader, "'all', 'sentinel-server', 'server', 'sentinel' or a server");
    return words_take_name(reader, 0, cast->servers, &fault->a) &&
           words_take_word(reader, "apart") && words_take_word(reader, "from") &&
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
    if (!words_take_number(reader, low, meaning(&highest), &number))
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
    bool lands = strcmp(words_peek(reader), "after") == 0;
    reader->fault->value = lands ? 0 : 1;
    return !lands || (words_take_word(reader, "after") && words_take_word(reader, "renames"));
}

static void say_moment(const struct teller *teller)
{
    sn_buf_printf(teller->out, "\"%s\"", meaning_moment(teller->fault->value));
}

static bool take_moment(struct reader *reader)
{
    for (uint64_t i = 0; i < MEANING_MOMENTS; i++) {
        if (strcmp(words_peek(reader), meaning_moment(i)) == 0) {
            reader->fault->value = i;
            reader->at++;
            return true;
        }
    }
    return words_fail(reader, "a moment in quotes (meaning.c lists them)");
}

static void say_jump(const struct teller *teller)
{
    sn_buf_printf(teller->out, "%lld", (long long)meaning_jump_ms(teller->fault));
}

static bool take_jump(struct reader *reader)
{
    int64_t by;
    if (!words_take_number(reader, -7199999, 7199999, &by))
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
        if (strcmp(words_peek(reader), meaning_mode_name(meaning_mode(*lot))) == 0) {
            reader->at++;
            return true;
        }
    }
    return words_fail(reader, "'PLANNED', 'COORDINATED' or 'FORCED'");
}

/* " of g1 to r3" */
static void say_failover(const struct teller *teller)
{
    const struct fault *fault = teller->fault;
    const struct cast *cast = teller->cast;
    sn_buf_puts(teller->out, " of ");
    words_say_group(teller);
    if (!meaning_has_target(fault))
        return;
    sn_buf_puts(teller->out, " to ");
    words_say_name(teller, cast->first[fault->group] + fault->b % cast->counts[fault->group]);
}

static bool take_failover(struct reader *reader)
{
    const struct cast *cast = reader->cast;
    unsigned group;
    reader->wanted = UINT32_MAX;
    if (!words_take_word(reader, "of") || !words_take_group(reader))
        return false;
    group = reader->fault->group;
    return strcmp(words_peek(reader), "to") != 0 ||
           (words_take_word(reader, "to") &&
            words_take_name(reader, cast->first[group], cast->counts[group], &reader->wanted));
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
    words_say_sentinel(teller, teller->fault->b);
}

static bool take_second(struct reader *reader)
{
    return words_take_sentinel(reader, &reader->fault->b);
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
    if (!take_mode_of(reader, &fault->value) || !words_take_word(reader, "and") ||
        !take_mode_of(reader, &second) || !take_failover(reader))
        return false;
    bool targeted = reader->wanted != UINT32_MAX;
    fault->value2 = second;
    while (meaning_has_target(fault) != targeted)
        fault->value2 += 4;
    unsigned count = cast->counts[fault->group],
             step = words_is_static(fault->b) ? cast->sentinels : 0;
    while (targeted && fault->b % count != reader->wanted && step > 0 && fault->b < LOTS_MAX)
        fault->b += step;
    if (!targeted || (fault->b % count == reader->wanted && (step == 0 || fault->b < LOTS_MAX)))
        return true;
    reader->at--;
    return words_fail(reader, "another server (no lot means both it and the second sentinel)");
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
           strcmp(meaning_setting(fault->value, 1).name, words_peek(reader)) != 0)
        fault->value++;
    if (fault->value == MEANING_SETTINGS)
        return words_fail(reader, "'quorum', 'down-after-milliseconds', 'failover-timeout' or "
                                  "'parallel-syncs'");
    reader->at++;
    if (!words_take_word(reader, "of") || !words_take_group(reader) ||
        !words_take_word(reader, "to"))
        return false;
    struct meaning_setting setting =
        meaning_setting(fault->value, reader->cast->voters[fault->group]);
    if (!words_take_number(reader, (int64_t)setting.low, (int64_t)(setting.low + setting.span - 1),
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
        if (strncmp(error, words_peek(reader), len) == 0 && words_peek(reader)[len] == '\0')
            break;
    }
    if (fault->value == MEANING_TROUBLES)
        return words_fail(reader, "'LOADING', 'MASTERDOWN', 'BUSY', 'NOAUTH' or 'NOPERM'");
    reader->at++;
    bool wrote = strncmp(meaning_trouble(fault->value), "BUSY", 4) == 0 &&
                 strcmp(words_peek(reader), "after") == 0 &&
                 reader->at + 1 < reader->words->count &&
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
    bool misses = strcmp(words_peek(reader), "misses") == 0;
    reader->fault->value = !misses;
    return words_take_word(reader, misses ? "misses" : "refuses");
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
        if (strcmp(text, words_peek(reader)) == 0) {
            reader->at++;
            return true;
        }
    }
    return words_fail(reader, "0, 1, 50 or 200");
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
    words_say_name(teller, fault->b % servers);
}

static bool take_address(struct reader *reader)
{
    struct fault *fault = reader->fault;
    if (strcmp(words_peek(reader), "a") == 0 && fault->a != TARGET_MASTER) {
        fault->b = fault->a;
        return words_take_word(reader, "a") && words_take_word(reader, "new") &&
               words_take_word(reader, "address");
    }
    return words_take_word(reader, "the") && words_take_word(reader, "address") &&
           words_take_word(reader, "of") &&
           words_take_name(reader, 0, reader->cast->servers, &fault->b);
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
    while (strcmp(words_peek(reader), "and") == 0) {
        reader->at++;
        bool *what = strcmp(words_peek(reader), "silent") == 0 ? &silent : &drops;
        if (*what || (what == &silent ? !words_take_word(reader, "silent")
                                      : !words_take_word(reader, "drops") ||
                                            !words_take_word(reader, "clients")))
            return words_fail(reader, "'silent' or 'drops clients'");
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

static bool take_other_lot(struct reader *reader)
{
    return take_lot_of(reader, &reader->fault->value2);
}

static void say_forgery(const struct teller *teller)
{
    sn_buf_puts(teller->out, meaning_forgery_name(meaning_forgery(teller->plan, teller->fault)));
}

static bool take_forgery(struct reader *reader)
{
    reader->forgery = words_peek(reader);
    for (unsigned i = FORGE_NOBODY; i <= FORGE_CONFIG; i++) {
        if (strcmp(reader->forgery, meaning_forgery_name((enum forgery)i)) == 0) {
            reader->at++;
            return true;
        }
    }
    return words_fail(reader,
                      "'vote' or a forgery: 'nobody', 'moved', 'away', 'twin', 'self', 'epoch' "
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
    return words_fail(reader, expected);
}

static void say_whose(const struct teller *teller)
{
    words_say_name(teller, teller->cast->servers + teller->fault->b % teller->cast->sentinels);
}

static bool take_whose(struct reader *reader)
{
    return words_take_name(reader, reader->cast->servers, reader->cast->sentinels,
                           &reader->fault->b);
}

static unsigned receiver_of(const struct cast *cast, const struct fault *fault)
{
    return (fault->b + 1 + fault->a) % cast->sentinels;
}

static void say_whom(const struct teller *teller)
{
    words_say_name(teller, teller->cast->servers + receiver_of(teller->cast, teller->fault));
}

static bool take_whom(struct reader *reader)
{
    return words_take_name(reader, reader->cast->servers, reader->cast->sentinels, &reader->whom);
}

/* a counts servers, and from b on the receivers. */
bool words_settle_receiver(struct reader *reader)
{
    struct fault *fault = reader->fault;
    unsigned step = words_is_static(fault->a) ? reader->cast->servers : LOTS_MAX;
    while (receiver_of(reader->cast, fault) != reader->whom && fault->a < LOTS_MAX)
        fault->a += step;
    if (receiver_of(reader->cast, fault) == reader->whom &&
        (fault->a < LOTS_MAX || step == LOTS_MAX))
        return true;
    return words_fail(reader, "another receiver or server (no lot means both)");
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
    reader->fault->value2 = strcmp(words_peek(reader), "all") != 0;
    return reader->fault->value2 == 0 ? words_take_word(reader, "all") : take_whose(reader);
}

/* ---- all of them --------------------------------------------------------------------------------
 */

static const struct slot slots[] = {
    {"$node", words_say_node, words_take_node},
    {"$other", words_say_other, words_take_other},
    {"$side", say_side, take_side},
    {"$pairs", say_pairs, take_pairs},
    {"$slow", say_slow, take_slow},
    {"$core", words_say_core, words_take_core},
    {"$disk", say_disk, take_disk},
    {"$lands", say_lands, take_lands},
    {"$moment", say_moment, take_moment},
    {"$jump", say_jump, take_jump},
    {"$receiver", words_say_receiver, words_take_receiver},
    {"$mode", say_mode, take_mode},
    {"$second", say_second, take_second},
    {"$modes", say_modes, take_modes},
    {"$setting", say_setting, take_setting},
    {"$ours", words_say_ours, words_take_ours},
    {"$group", words_say_group, words_take_group},
    {"$server", words_say_server, words_take_server},
    {"$trouble", say_trouble, take_trouble},
    {"$config", say_config, take_config},
    {"$priority", say_priority, take_priority},
    {"$address", say_address, take_address},
    {"$full", say_full, take_full},
    {"$lot", say_lot, take_lot},
    {"$lot2", say_lot2, take_lot2},
    {"$lots", say_lot2, take_other_lot},
    {"$forgery", say_forgery, take_forgery},
    {"$whose", say_whose, take_whose},
    {"$whom", say_whom, take_whom},
    {"$asked", say_asked, take_asked},
};

const struct slot *words_slot(const char *name)
{
    for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        if (strcmp(slots[i].name, name) == 0)
            return &slots[i];
    }
    abort();
}
