/* SPDX-License-Identifier: BSD-3-Clause */
/* COMMAND: the contents of the command table (PROTOCOL.md §5.5). */

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "shell/server/call.h"
#include "shell/server/cmd.h"
#include "shell/server/parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of COMMAND INFO and DOCS with names: all commands at once take 60 kB. */
#define NAMED_REPLY_MAX ((size_t)4 << 20)

static const struct {
    unsigned flag;
    const char *name;
} flag_names[] = {
    {SN_CMD_ADMIN, "admin"},     {SN_CMD_PUBSUB, "pubsub"},     {SN_CMD_NOSCRIPT, "noscript"},
    {SN_CMD_LOADING, "loading"}, {SN_CMD_STALE, "stale"},       {SN_CMD_FAST, "fast"},
    {SN_CMD_NO_AUTH, "no_auth"}, {SN_CMD_NO_MULTI, "no_multi"}, {SN_CMD_ALLOW_BUSY, "allow_busy"},
};

static bool is_listed(const struct sn_spec *spec)
{
    return !(spec->flags & SN_CMD_UNLISTED);
}

/* The subcommands of spec are the rows behind it, as long as this holds. */
static bool is_sub_row(size_t index)
{
    return index < sn_specs_count && sn_specs[index].container;
}

static size_t count_subs(const struct sn_spec *spec)
{
    size_t first = (size_t)(spec - sn_specs) + 1;
    size_t count = 0;

    while (!spec->container && is_sub_row(first + count))
        count++;
    return count;
}

static size_t count_top(void)
{
    size_t count = 0;

    for (size_t i = 0; i < sn_specs_count; i++)
        count += !sn_specs[i].container && is_listed(&sn_specs[i]);
    return count;
}

static void reply_flags(struct sn_resp *resp, unsigned flags)
{
    size_t count = 0;

    for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
        count += (flags & flag_names[i].flag) != 0;
    sn_resp_set(resp, count);
    for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++) {
        if (flags & flag_names[i].flag)
            sn_resp_status(resp, flag_names[i].name);
    }
}

static void reply_categories(struct sn_resp *resp, unsigned categories)
{
    char name[32] = "@";
    size_t count = 0;

    for (int i = 0; i < SN_CAT_COUNT; i++)
        count += (categories >> i) & 1;
    sn_resp_set(resp, count);
    for (int i = 0; i < SN_CAT_COUNT; i++) {
        if (((categories >> i) & 1) == 0)
            continue;
        sn_text_copy(name + 1, sizeof(name) - 1, sn_category_name((enum sn_category)i));
        sn_resp_status(resp, name);
    }
}

/* Hints for proxies that spread commands over a cluster; stock gives them here too. */
static const struct {
    const char *name;
    const char *tips[3];
} tips_table[] = {
    {"ping", {"request_policy:all_shards", "response_policy:all_succeeded"}},
    {"info", {"nondeterministic_output", "request_policy:all_shards", "response_policy:special"}},
    {"client|list", {"nondeterministic_output"}},
    {"client|info", {"nondeterministic_output"}},
    {"command", {"nondeterministic_output_order"}},
    {"command|docs", {"nondeterministic_output_order"}},
    {"command|info", {"nondeterministic_output_order"}},
    {"command|list", {"nondeterministic_output_order"}},
};

static void reply_tips(struct sn_resp *resp, const char *full_name)
{
    size_t count = 0;

    for (size_t i = 0; i < sizeof(tips_table) / sizeof(tips_table[0]); i++) {
        const char *const *tips = tips_table[i].tips;
        if (strcmp(tips_table[i].name, full_name) != 0)
            continue;
        while (count < 3 && tips[count] != NULL)
            count++;
        sn_resp_set(resp, count);
        for (size_t tip = 0; tip < count; tip++)
            sn_resp_text(resp, tips[tip]);
        return;
    }
    sn_resp_set(resp, 0);
}

/* Ten elements. Recursion ends at subcommands, which have none. */
static void reply_info(struct sn_resp *resp, const struct sn_spec *spec)
{
    char name[SN_SPEC_NAME_MAX + 1];
    size_t subs = count_subs(spec);

    sn_spec_full_name(spec, name);
    sn_resp_array(resp, 10);
    sn_resp_text(resp, name);
    sn_resp_integer(resp, spec->arity);
    reply_flags(resp, spec->flags);
    for (int i = 0; i < 3; i++) /* first key, last key, step: there are no keys */
        sn_resp_integer(resp, 0);
    reply_categories(resp, spec->categories);
    reply_tips(resp, name);
    sn_resp_set(resp, 0); /* key specifications */
    if (subs == 0)
        sn_resp_set(resp, 0);
    else
        sn_resp_array(resp, subs);
    for (size_t i = 1; i <= subs; i++)
        reply_info(resp, spec + i);
}

static void reply_docs(struct sn_resp *resp, const struct sn_spec *spec)
{
    char name[SN_SPEC_NAME_MAX + 1];
    size_t subs = count_subs(spec);

    sn_spec_full_name(spec, name);
    sn_resp_text(resp, name);
    sn_resp_map(resp, subs > 0 ? 4 : 3);
    sn_resp_text(resp, "summary");
    sn_resp_text(resp, spec->summary);
    sn_resp_text(resp, "since");
    sn_resp_text(resp, spec->since);
    sn_resp_text(resp, "group");
    sn_resp_text(resp, spec->group);
    if (subs == 0)
        return;
    sn_resp_text(resp, "subcommands");
    sn_resp_map(resp, subs);
    for (size_t i = 1; i <= subs; i++)
        reply_docs(resp, spec + i);
}

/* The text of COMMAND INFO or COMMAND DOCS about each command, in one protocol version: it never
 * changes, so it is rendered once. */
struct sn_command_texts {
    struct sn_buf bytes;
    size_t
        at[SN_SPECS_MAX + 1]; /* start of each row's text; its end is the start of the next one */
};

enum kind { INFO = 0, DOCS = 1 };

static const struct sn_command_texts *get_texts(struct sn_call *call, enum kind kind)
{
    enum sn_resp_version version = call->resp->version;
    struct sn_command_texts **place =
        &sn_server_texts(call->server)[2 * kind + (version == SN_RESP3)];

    if (*place)
        return *place;
    struct sn_command_texts *texts = sn_alloc(sizeof(*texts));
    struct sn_resp resp = {.out = &texts->bytes, .version = version};
    sn_buf_init(&texts->bytes, SIZE_MAX);
    for (size_t i = 0; i < sn_specs_count; i++) {
        texts->at[i] = texts->bytes.len;
        if (kind == INFO)
            reply_info(&resp, &sn_specs[i]);
        else
            reply_docs(&resp, &sn_specs[i]);
    }
    texts->at[sn_specs_count] = texts->bytes.len;
    *place = texts;
    return texts;
}

void sn_command_texts_free(struct sn_command_texts *texts)
{
    if (texts)
        sn_buf_fini(&texts->bytes);
    free(texts);
}

static size_t text_len(const struct sn_command_texts *texts, const struct sn_spec *spec)
{
    size_t row = (size_t)(spec - sn_specs);

    return texts->at[row + 1] - texts->at[row];
}

static void put_text(struct sn_call *call, const struct sn_command_texts *texts,
                     const struct sn_spec *spec)
{
    size_t row = (size_t)(spec - sn_specs);

    sn_buf_append(call->resp->out, texts->bytes.data + texts->at[row], text_len(texts, spec));
}

static void put_all_top(struct sn_call *call, const struct sn_command_texts *texts)
{
    for (size_t i = 0; i < sn_specs_count; i++) {
        if (!sn_specs[i].container && is_listed(&sn_specs[i]))
            put_text(call, texts, &sn_specs[i]);
    }
}

void sn_cmd_command(struct sn_call *call)
{
    sn_resp_array(call->resp, count_top());
    put_all_top(call, get_texts(call, INFO));
}

void sn_cmd_command_count(struct sn_call *call)
{
    sn_resp_integer(call->resp, (int64_t)count_top());
}

static const struct sn_spec *find_named(const struct sn_call *call, size_t index)
{
    return sn_call_is_text(call, index) ? sn_specs_find_full(call->argv[index]) : NULL;
}

/* False: repeated names would make a huge reply; the error is in the reply. */
static bool measure(struct sn_call *call, const struct sn_command_texts *texts, size_t *count)
{
    size_t len = 0;

    *count = 0;
    for (size_t i = 2; i < call->argc && len <= NAMED_REPLY_MAX; i++) {
        const struct sn_spec *spec = find_named(call, i);
        *count += spec != NULL;
        len += spec ? text_len(texts, spec) : 0;
    }
    if (len > NAMED_REPLY_MAX)
        sn_resp_errorf(call->resp, "the reply would be larger than %d MiB: name fewer commands",
                       (int)(NAMED_REPLY_MAX >> 20));
    return len <= NAMED_REPLY_MAX;
}

/* COMMAND INFO, DOCS and LIST tell the table; unknown names give null, or nothing (PROTOCOL.md
 * §5.5). */
void sn_cmd_command_info(struct sn_call *call)
{
    const struct sn_command_texts *texts = get_texts(call, INFO);
    size_t count;

    if (call->argc == 2) {
        sn_cmd_command(call);
        return;
    }
    if (!measure(call, texts, &count))
        return;
    sn_resp_array(call->resp, call->argc - 2);
    for (size_t i = 2; i < call->argc; i++) {
        const struct sn_spec *spec = find_named(call, i);
        if (spec)
            put_text(call, texts, spec);
        else
            sn_resp_null(call->resp);
    }
}

/* PROTOCOL.md §5.5. */
void sn_cmd_command_docs(struct sn_call *call)
{
    const struct sn_command_texts *texts = get_texts(call, DOCS);
    size_t count;

    if (call->argc == 2) {
        sn_resp_map(call->resp, count_top());
        put_all_top(call, texts);
        return;
    }
    if (!measure(call, texts, &count))
        return;
    sn_resp_map(call->resp, count);
    for (size_t i = 2; i < call->argc; i++) {
        const struct sn_spec *spec = find_named(call, i);
        if (spec)
            put_text(call, texts, spec);
    }
}

void sn_cmd_command_getkeys(struct sn_call *call)
{
    const struct sn_spec *spec = sn_call_is_text(call, 2) ? sn_specs_find(call->argv[2]) : NULL;

    if (spec && sn_spec_is_container(spec) && call->argc > 3)
        spec = sn_call_is_text(call, 3) ? sn_specs_find_sub(spec->name, call->argv[3]) : NULL;
    if (!spec)
        sn_resp_error(call->resp, "Invalid command specified");
    else
        sn_resp_error(call->resp, "The command has no key arguments");
}

enum list_filter { FILTER_NONE = 0, FILTER_MODULE, FILTER_CATEGORY, FILTER_PATTERN };

struct list {
    enum list_filter filter;
    const char *text; /* of the filter */
    size_t len;
    unsigned category; /* its bit; 0: unknown, nothing matches */
};

static bool list_matches(const struct list *list, const struct sn_spec *spec)
{
    char name[SN_SPEC_NAME_MAX + 1];

    if (!is_listed(spec))
        return false;
    switch (list->filter) {
    case FILTER_NONE:
        return true;
    case FILTER_MODULE:
        return false;
    case FILTER_CATEGORY:
        return (spec->categories & list->category) != 0;
    case FILTER_PATTERN:
        sn_spec_full_name(spec, name);
        return sn_text_glob(list->text, list->len, name, strlen(name), true);
    }
    return false;
}

/* COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern]; false: syntax error. */
static bool parse_list(struct sn_call *call, struct list *list)
{
    enum sn_category category;

    if (call->argc == 2)
        return true;
    if (call->argc != 5 || !sn_call_word_is(call, 2, "filterby"))
        return false;
    if (sn_call_word_is(call, 3, "module"))
        list->filter = FILTER_MODULE;
    else if (sn_call_word_is(call, 3, "aclcat"))
        list->filter = FILTER_CATEGORY;
    else if (sn_call_word_is(call, 3, "pattern"))
        list->filter = FILTER_PATTERN;
    else
        return false;
    list->text = call->argv[4];
    list->len = call->lens[4];
    if (list->filter == FILTER_PATTERN && list->len > SN_PATTERN_MAX)
        return false;
    if (list->filter == FILTER_CATEGORY && sn_call_is_text(call, 4) &&
        sn_category_find(list->text, &category) == 0)
        list->category = 1U << category;
    return true;
}

/* PROTOCOL.md §5.5. */
void sn_cmd_command_list(struct sn_call *call)
{
    struct list list = {0};
    char name[SN_SPEC_NAME_MAX + 1];
    size_t count = 0;

    if (!parse_list(call, &list)) {
        sn_resp_error(call->resp, "syntax error");
        return;
    }
    for (size_t i = 0; i < sn_specs_count; i++)
        count += list_matches(&list, &sn_specs[i]);
    sn_resp_array(call->resp, count);
    for (size_t i = 0; i < sn_specs_count; i++) {
        if (!list_matches(&list, &sn_specs[i]))
            continue;
        sn_spec_full_name(&sn_specs[i], name);
        sn_resp_text(call->resp, name);
    }
}

void sn_cmd_command_help(struct sn_call *call)
{
    static const char *const lines[] = {
        "(no subcommand)",
        "    Describe all commands.",
        "COUNT",
        "    Show the number of commands.",
        "DOCS [<command-name> ...]",
        "    Show the documentation of the named commands, or of all.",
        "GETKEYS <full-command>",
        "    Show the keys in a command; there are none here.",
        "GETKEYSANDFLAGS <full-command>",
        "    The same, with the use of each key.",
        "INFO [<command-name> ...]",
        "    Describe the named commands, or all.",
        "LIST [FILTERBY (MODULE <name>|ACLCAT <category>|PATTERN <pattern>)]",
        "    Show the names of all commands, or of those that match.",
    };

    sn_call_reply_help(call, "COMMAND", lines, sizeof(lines) / sizeof(lines[0]));
}
