/* SPDX-License-Identifier: BSD-3-Clause */

/* The kinds of values: which values are good, and the errors about bad ones. Numbers are strict:
 * PROTOCOL.md §24.2 lists the consequences of lenient ones. */

#include "conf/table/value.h"

#include "base/addr.h"
#include "base/error.h"
#include "base/text.h"
#include "conf/table/title.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define LEVELS "debug, verbose, notice, warning, nothing"

static const char *const level_names[] = {
    [SN_LEVEL_DEBUG] = "debug",     [SN_LEVEL_VERBOSE] = "verbose", [SN_LEVEL_NOTICE] = "notice",
    [SN_LEVEL_WARNING] = "warning", [SN_LEVEL_NOTHING] = "nothing",
};

static enum sn_level level_of(const char *text)
{
    for (unsigned i = SN_LEVEL_DEBUG; i <= SN_LEVEL_NOTHING; i++) {
        if (strcasecmp(level_names[i], text) == 0)
            return (enum sn_level)i;
    }
    return SN_LEVEL_NONE;
}

const char *sn_conf_level_name(enum sn_level level)
{
    assert(level >= SN_LEVEL_DEBUG && level <= SN_LEVEL_NOTHING);
    return level_names[level];
}

typedef int parse_value(const struct sn_directive *directive, const char *text, int64_t *number);
typedef void put_expected(const struct sn_directive *directive, struct sn_buf *out);

static int in_range(const struct sn_directive *directive, int64_t number)
{
    return number >= directive->min && number <= directive->max ? 0 : SN_ERANGE;
}

static int parse_number(const struct sn_directive *directive, const char *text, int64_t *number)
{
    int code = sn_text_to_i64(text, strlen(text), number);
    return code == 0 ? in_range(directive, *number) : code;
}

static int parse_yesno(const struct sn_directive *directive, const char *text, int64_t *number)
{
    (void)directive;
    *number = strcasecmp(text, "yes") == 0;
    return *number == 1 || strcasecmp(text, "no") == 0 ? 0 : SN_EINVAL;
}

static int parse_host(const struct sn_directive *directive, const char *text, int64_t *number)
{
    (void)directive;
    (void)number;
    return text[0] == '\0' || sn_addr_host_valid(text) ? 0 : SN_EINVAL;
}

static int parse_level(const struct sn_directive *directive, const char *text, int64_t *number)
{
    (void)directive;
    *number = level_of(text);
    return *number != SN_LEVEL_NONE ? 0 : SN_EINVAL;
}

static int parse_choice(const struct sn_directive *directive, const char *text, int64_t *number)
{
    (void)number;
    for (const char *const *choice = directive->choices; *choice != NULL; choice++) {
        if (strcasecmp(*choice, text) == 0)
            return 0;
    }
    return SN_EINVAL;
}

static int parse_title(const struct sn_directive *directive, const char *text, int64_t *number)
{
    (void)directive;
    (void)number;
    return sn_title_expand(text, NULL, NULL);
}

/* "64mb": the units of stock, with k = 1000 and kb = 1024. */
static int read_bytes(const char *text, int64_t *number)
{
    static const struct {
        const char *unit;
        int64_t factor;
    } units[] = {{"", 1},           {"b", 1},
                 {"k", 1000},       {"kb", 1024},
                 {"m", 1000000},    {"mb", 1024 * 1024},
                 {"g", 1000000000}, {"gb", 1024 * 1024 * 1024}};
    size_t digits = strspn(text, "0123456789");

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcasecmp(units[i].unit, text + digits) != 0)
            continue;
        int code = sn_text_to_i64(text, digits, number);
        if (code < 0)
            return code;
        if (*number > INT64_MAX / units[i].factor)
            return SN_ERANGE;
        *number *= units[i].factor;
        return 0;
    }
    return SN_EINVAL;
}

int sn_conf_parse_share(const char *text, int64_t *number)
{
    size_t len = strlen(text);

    if (len == 0 || text[len - 1] != '%')
        return read_bytes(text, number);
    int code = sn_text_to_i64(text, len - 1, number);
    if (code == 0 && (*number < 1 || *number > 100))
        code = SN_ERANGE;
    *number = -*number;
    return code;
}

static int parse_bytes(const struct sn_directive *directive, const char *text, int64_t *number)
{
    int code = read_bytes(text, number);
    return code == 0 ? in_range(directive, *number) : code;
}

static int parse_share(const struct sn_directive *directive, const char *text, int64_t *number)
{
    (void)directive;
    return sn_conf_parse_share(text, number);
}

static int parse_path(const struct sn_directive *directive, const char *text, int64_t *number)
{
    (void)directive;
    (void)number;
    return text[0] != '\0' ? 0 : SN_EINVAL;
}

static int parse_octal(const struct sn_directive *directive, const char *text, int64_t *number)
{
    size_t len = strlen(text);
    if (len == 0 || strspn(text, "01234567") != len)
        return SN_EINVAL;
    for (; *text != '\0'; text++) {
        if (*number > INT32_MAX)
            return SN_ERANGE;
        *number = *number * 8 + (*text - '0');
    }
    return in_range(directive, *number);
}

static void put_choices(const struct sn_directive *directive, struct sn_buf *out)
{
    for (size_t i = 0; directive->choices[i] != NULL; i++)
        sn_buf_printf(out, "%s%s", i > 0 ? ", " : "", directive->choices[i]);
}

static void expect_number(const struct sn_directive *directive, struct sn_buf *out)
{
    sn_buf_printf(out, "a number from %" PRId64 " to %" PRId64, directive->min, directive->max);
}

static void expect_choice(const struct sn_directive *directive, struct sn_buf *out)
{
    sn_buf_puts(out, "one of ");
    put_choices(directive, out);
}

static void expect_bytes(const struct sn_directive *directive, struct sn_buf *out)
{
    sn_buf_printf(out, "a number of bytes, at least %" PRId64 ", such as 64mb", directive->min);
}

static void expect_octal(const struct sn_directive *directive, struct sn_buf *out)
{
    sn_buf_printf(out, "an octal number up to %" PRIo64, (uint64_t)directive->max);
}

/* A row for each kind of one checked word; the others have none. */
static const struct kind {
    parse_value *parse; /* NULL: any text */
    const char *error;  /* the error text of stock, if it is fixed */
    const char *expected;
    put_expected *expect; /* used if the text is not fixed */
} kinds[] = {
    [SN_VALUE_NUMBER] = {.parse = parse_number,
                         .error = "argument couldn't be parsed into an integer",
                         .expect = expect_number},
    [SN_VALUE_YESNO] = {.parse = parse_yesno,
                        .error = "argument must be 'yes' or 'no'",
                        .expected = "yes or no"},
    [SN_VALUE_TEXT] = {.error = "argument must not contain control characters",
                       .expected = "a text, in quotes if it has blanks"},
    [SN_VALUE_HOST] = {.parse = parse_host,
                       .error = "argument must be an address",
                       .expected = "an IP address or a host name"},
    [SN_VALUE_SCRIPT] = {.error = "argument must not contain control characters",
                         .expected = "the path of an executable file"},
    [SN_VALUE_PASSWORD_FILE] = {.parse = parse_path,
                                .error = "argument must be a path without control characters",
                                .expected = "the path of a file whose first line is the password"},
    [SN_VALUE_LEVEL] = {.parse = parse_level,
                        .error = "argument(s) must be one of the following: " LEVELS,
                        .expected = "one of " LEVELS},
    [SN_VALUE_CHOICE] = {.parse = parse_choice,
                         .error = "argument(s) must be one of the following: ",
                         .expect = expect_choice},
    [SN_VALUE_TITLE] = {.parse = parse_title,
                        .error = "template format is invalid or contains unknown variables",
                        .expected = "a text with {title}, {listen-addr}, {server-mode}, {port}, "
                                    "{tls-port}, {unixsocket} or {config-file}"},
    [SN_VALUE_BYTES] = {.parse = parse_bytes,
                        .error = "argument must be a memory value",
                        .expect = expect_bytes},
    [SN_VALUE_SHARE] = {.parse = parse_share,
                        .error = "argument must be a memory or percent value",
                        .expected = "a number of bytes, such as 64mb, or a part of the memory, "
                                    "such as 5%"},
    [SN_VALUE_OCTAL] = {.parse = parse_octal,
                        .error = "argument couldn't be parsed as an octal number",
                        .expect = expect_octal},
};

static const struct kind *kind_of(const struct sn_directive *directive)
{
    assert(directive->kind < sizeof(kinds) / sizeof(kinds[0]));
    return &kinds[directive->kind];
}

int sn_value_parse(const struct sn_directive *directive, const char *text, int64_t *number)
{
    const struct kind *kind = kind_of(directive);

    *number = 0;
    if (sn_text_has_control(text, strlen(text)))
        return SN_EINVAL;
    return kind->parse != NULL ? kind->parse(directive, text, number) : 0;
}

void sn_value_put(const struct sn_directive *directive, int64_t number, struct sn_buf *out)
{
    if (directive->kind == SN_VALUE_LEVEL)
        sn_buf_puts(out, sn_conf_level_name((enum sn_level)number));
    else if (directive->kind == SN_VALUE_YESNO)
        sn_buf_puts(out, number != 0 ? "yes" : "no");
    else if (directive->kind == SN_VALUE_OCTAL)
        sn_buf_printf(out, "%" PRIo64, (uint64_t)number);
    else if (directive->kind == SN_VALUE_EPOCH)
        sn_buf_printf(out, "%" PRIu64, (uint64_t)number);
    else
        sn_buf_printf(out, "%" PRId64, number);
}

void sn_value_error(const struct sn_directive *directive, int code, struct sn_buf *out)
{
    if (directive->error != NULL) {
        sn_buf_puts(out, directive->error);
    } else if (code == SN_ERANGE) {
        sn_buf_printf(out, "argument must be between %" PRId64 " and %" PRId64 " inclusive",
                      directive->min, directive->max);
    } else {
        sn_buf_puts(out, kind_of(directive)->error);
        if (directive->choices != NULL)
            put_choices(directive, out);
    }
}

void sn_value_expected(const struct sn_directive *directive, struct sn_buf *out)
{
    const struct kind *kind = kind_of(directive);

    if (directive->expected != NULL)
        sn_buf_puts(out, directive->expected);
    else if (kind->expect != NULL)
        kind->expect(directive, out);
    else
        sn_buf_puts(out, kind->expected);
}

int sn_value_epoch(const char *text, uint64_t *epoch, bool *spoilt)
{
    int code = sn_text_to_u64(text, strlen(text), epoch);
    if (code == 0 && *epoch <= SN_EPOCH_SAVED_MAX)
        return 0;
    if (code < 0 && code != SN_ERANGE)
        return code;
    *epoch = SN_EPOCH_FAR;
    *spoilt = true;
    return 0;
}
