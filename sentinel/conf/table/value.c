/* SPDX-License-Identifier: BSD-3-Clause */

/* The kinds of values: what is a good one, what is said about a bad one, where it goes. Numbers are
 * strict: PROTOCOL.md §24.2 lists what lenient ones have led to. */

#include "base/addr.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "conf/conf.h"
#include "conf/table/directives.h"
#include "conf/table/title.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

static const char *const level_names[] = {
    [SN_LEVEL_DEBUG] = "debug",     [SN_LEVEL_VERBOSE] = "verbose", [SN_LEVEL_NOTICE] = "notice",
    [SN_LEVEL_WARNING] = "warning", [SN_LEVEL_NOTHING] = "nothing",
};

enum sn_level sn_conf_level(const char *text)
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

static int parse_yesno(const char *text, int64_t *number)
{
    *number = strcasecmp(text, "yes") == 0;
    return *number == 1 || strcasecmp(text, "no") == 0 ? 0 : SN_EINVAL;
}

static int parse_choice(const char *const *choices, const char *text)
{
    for (; *choices != NULL; choices++) {
        if (strcasecmp(*choices, text) == 0)
            return 0;
    }
    return SN_EINVAL;
}

/* "64mb": the units of the peers, with k = 1000 and kb = 1024. */
static int parse_bytes(const char *text, int64_t *number)
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
        return parse_bytes(text, number);
    int code = sn_text_to_i64(text, len - 1, number);
    if (code == 0 && (*number < 1 || *number > 100))
        code = SN_ERANGE;
    *number = -*number;
    return code;
}

static int parse_octal(const char *text, int64_t *number)
{
    size_t len = strlen(text);
    if (len == 0 || strspn(text, "01234567") != len)
        return SN_EINVAL;
    *number = 0;
    for (; *text != '\0'; text++) {
        if (*number > INT32_MAX)
            return SN_ERANGE;
        *number = *number * 8 + (*text - '0');
    }
    return 0;
}

int sn_value_parse(const struct sn_directive *directive, const char *text, int64_t *number)
{
    int code = 0;

    *number = 0;
    if (sn_text_has_control(text, strlen(text)))
        return SN_EINVAL;
    switch (directive->kind) {
    case SN_VALUE_NONE:
    case SN_VALUE_TEXT:
    case SN_VALUE_SCRIPT:
        return 0;
    case SN_VALUE_HOST:
        return text[0] == '\0' || sn_addr_host_valid(text) ? 0 : SN_EINVAL;
    case SN_VALUE_YESNO:
        return parse_yesno(text, number);
    case SN_VALUE_CHOICE:
        return parse_choice(directive->choices, text);
    case SN_VALUE_TITLE:
        return sn_title_expand(text, NULL, NULL);
    case SN_VALUE_LEVEL:
        *number = sn_conf_level(text);
        return *number != SN_LEVEL_NONE ? 0 : SN_EINVAL;
    case SN_VALUE_NUMBER:
        code = sn_text_to_i64(text, strlen(text), number);
        break;
    case SN_VALUE_BYTES:
        code = parse_bytes(text, number);
        break;
    case SN_VALUE_SHARE:
        return sn_conf_parse_share(text, number);
    case SN_VALUE_OCTAL:
        code = parse_octal(text, number);
        break;
    }
    if (code < 0)
        return code;
    return *number >= directive->min && *number <= directive->max ? 0 : SN_ERANGE;
}

static void put_choices(const struct sn_directive *directive, struct sn_buf *out)
{
    for (size_t i = 0; directive->choices[i] != NULL; i++)
        sn_buf_printf(out, "%s%s", i > 0 ? ", " : "", directive->choices[i]);
}

void sn_value_error(const struct sn_directive *directive, int code, struct sn_buf *out)
{
    if (directive->error != NULL) {
        sn_buf_puts(out, directive->error);
        return;
    }
    if (code == SN_ERANGE) {
        sn_buf_printf(out, "argument must be between %" PRId64 " and %" PRId64 " inclusive",
                      directive->min, directive->max);
        return;
    }
    switch (directive->kind) {
    case SN_VALUE_NONE:
    case SN_VALUE_TEXT:
    case SN_VALUE_SCRIPT:
        sn_buf_puts(out, "argument must not contain control characters");
        return;
    case SN_VALUE_HOST:
        sn_buf_puts(out, "argument must be an address");
        return;
    case SN_VALUE_YESNO:
        sn_buf_puts(out, "argument must be 'yes' or 'no'");
        return;
    case SN_VALUE_CHOICE:
        sn_buf_puts(out, "argument(s) must be one of the following: ");
        put_choices(directive, out);
        return;
    case SN_VALUE_TITLE:
        sn_buf_puts(out, "template format is invalid or contains unknown variables");
        return;
    case SN_VALUE_LEVEL:
        sn_buf_puts(out,
                    "argument(s) must be one of the following: debug, verbose, notice, warning, "
                    "nothing");
        return;
    case SN_VALUE_NUMBER:
        sn_buf_puts(out, "argument couldn't be parsed into an integer");
        return;
    case SN_VALUE_BYTES:
        sn_buf_puts(out, "argument must be a memory value");
        return;
    case SN_VALUE_SHARE:
        sn_buf_puts(out, "argument must be a memory or percent value");
        return;
    case SN_VALUE_OCTAL:
        sn_buf_puts(out, "argument couldn't be parsed as an octal number");
        return;
    }
}

void sn_value_expected(const struct sn_directive *directive, struct sn_buf *out)
{
    if (directive->expected != NULL) {
        sn_buf_puts(out, directive->expected);
        return;
    }
    switch (directive->kind) {
    case SN_VALUE_NONE:
    case SN_VALUE_TEXT:
        sn_buf_puts(out, "a text, in quotes if it has blanks");
        return;
    case SN_VALUE_SCRIPT:
        sn_buf_puts(out, "the path of an executable file");
        return;
    case SN_VALUE_HOST:
        sn_buf_puts(out, "an IP address or a host name");
        return;
    case SN_VALUE_YESNO:
        sn_buf_puts(out, "yes or no");
        return;
    case SN_VALUE_CHOICE:
        sn_buf_puts(out, "one of ");
        put_choices(directive, out);
        return;
    case SN_VALUE_TITLE:
        sn_buf_puts(out, "a text with {title}, {listen-addr}, {server-mode}, {port}, {tls-port}, "
                         "{unixsocket} or {config-file}");
        return;
    case SN_VALUE_LEVEL:
        sn_buf_puts(out, "one of debug, verbose, notice, warning, nothing");
        return;
    case SN_VALUE_NUMBER:
        sn_buf_printf(out, "a number from %" PRId64 " to %" PRId64, directive->min, directive->max);
        return;
    case SN_VALUE_BYTES:
        sn_buf_printf(out, "a number of bytes, at least %" PRId64 ", such as 64mb", directive->min);
        return;
    case SN_VALUE_SHARE:
        sn_buf_puts(out, "a number of bytes, such as 64mb, or a part of the memory, such as 5%");
        return;
    case SN_VALUE_OCTAL:
        sn_buf_printf(out, "an octal number up to %" PRIo64, (uint64_t)directive->max);
        return;
    }
}

void sn_value_store(const struct sn_directive *directive, const char *text, int64_t number,
                    struct sn_settings *settings)
{
    void *field = (char *)settings + directive->offset;

    switch (directive->field) {
    case SN_FIELD_NONE:
        return;
    case SN_FIELD_U16:
        *(uint16_t *)field = (uint16_t)number;
        return;
    case SN_FIELD_U32:
        *(uint32_t *)field = (uint32_t)number;
        return;
    case SN_FIELD_INT:
        *(int *)field = (int)number;
        return;
    case SN_FIELD_U64:
        *(uint64_t *)field = (uint64_t)number;
        return;
    case SN_FIELD_BOOL:
        *(bool *)field = number != 0;
        return;
    case SN_FIELD_LEVEL:
        *(enum sn_level *)field = (enum sn_level)number;
        return;
    case SN_FIELD_TEXT:
        sn_strset(field, text);
        return;
    }
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
