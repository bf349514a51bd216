/* SPDX-License-Identifier: BSD-3-Clause */

/* The INI form of the configuration: `[sentinel]` and one `[master NAME]` per group, with the
 * directives of the other syntax as keys, `address` and `quorum` in place of the monitor line. */

#include "conf/read/ini_conf.h"

#include "base/alloc.h"
#include "base/text.h"
#include "conf/file/ini.h"
#include "conf/read/statement.h"
#include "conf/table/ignored.h"
#include "conf/table/value.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum section { SECTION_NONE = 0, SECTION_SENTINEL, SECTION_MASTER };

struct ini_conf {
    struct sn_loader *loader;
    const char *file;
    enum section section;
    struct sn_place head; /* line of the [master] section; text is owned */
    char *name;           /* name of the group */
    char *host;
    char *port;
    char *quorum;
    struct sn_place address_at; /* text is owned */
    const char *problem;
};

static void drop_text(struct sn_place *at)
{
    free((char *)(uintptr_t)at->text);
    at->text = NULL;
}

static void forget_master(struct ini_conf *ini)
{
    drop_text(&ini->head);
    drop_text(&ini->address_at);
    sn_strset(&ini->name, NULL);
    sn_strset(&ini->host, NULL);
    sn_strset(&ini->port, NULL);
    sn_strset(&ini->quorum, NULL);
}

/* Ends a section: the keys that replace the monitor line must be complete. */
static int finish_section(struct ini_conf *ini)
{
    int code = 0;

    if (ini->section == SECTION_MASTER && ini->host == NULL)
        code = sn_loader_fail(ini->loader, &ini->head, "the group has no address",
                              "a line \"address = host:port\" in this section");
    else if (ini->section == SECTION_MASTER && ini->quorum == NULL)
        code = sn_loader_fail(ini->loader, &ini->head, "the group has no quorum",
                              "a line \"quorum = N\" in this section");
    else if (ini->section == SECTION_MASTER) {
        char *values[] = {ini->host, ini->port, ini->quorum};
        code = sn_statement_add(ini->loader, &ini->address_at, SN_ORIGIN_MAIN,
                                sn_directive_find(SN_SCOPE_GROUP, "monitor"), ini->name, values, 3);
    }
    forget_master(ini);
    ini->section = SECTION_NONE;
    return code;
}

static int begin_section(struct ini_conf *ini, const struct sn_place *at, const char *section)
{
    int code = finish_section(ini);
    if (code < 0)
        return code;
    size_t word = strcspn(section, " \t");

    if (strcasecmp(section, "sentinel") == 0) {
        ini->section = SECTION_SENTINEL;
        return 0;
    }
    if ((word == 6 && strncasecmp(section, "master", word) == 0) ||
        (word == 7 && strncasecmp(section, "primary", word) == 0)) {
        struct sn_words words;
        if (sn_words_split(section, strlen(section), &words) == 0 && words.count == 2) {
            ini->section = SECTION_MASTER;
            ini->name = sn_strdup(words.items[1]);
            ini->head = *at;
            ini->head.text = sn_strdup(at->text);
        }
        sn_words_fini(&words);
    }
    if (ini->section == SECTION_NONE)
        return sn_loader_fail(ini->loader, at, "unknown section", "[sentinel] or [master NAME]");
    return 0;
}

/* "host:port", "[v6]:port". */
static int take_address(struct ini_conf *ini, const struct sn_place *at, const char *text)
{
    const char *host = text;
    const char *colon = strrchr(text, ':');
    size_t host_len = colon != NULL ? (size_t)(colon - text) : 0;
    bool bracketed = host_len >= 2 && text[0] == '[' && colon[-1] == ']';

    if (bracketed) {
        host++;
        host_len -= 2;
    }
    if (host_len == 0 || (!bracketed && memchr(host, ':', host_len) != NULL))
        return sn_loader_fail(ini->loader, at, "malformed address",
                              "host:port, an IPv6 address in brackets: [::1]:6379");
    drop_text(&ini->address_at);
    ini->address_at = *at;
    ini->address_at.text = sn_strdup(at->text);
    free(ini->host);
    ini->host = sn_strndup(host, host_len);
    sn_strset(&ini->port, colon[1] != '\0' ? colon + 1 : "?");
    return 0;
}

static int take_quorum(struct ini_conf *ini, const struct sn_place *at, const char *text)
{
    const struct sn_directive *directive = sn_directive_find(SN_SCOPE_GROUP, "quorum");
    int64_t number;

    if (sn_value_parse(directive, text, &number) < 0)
        return sn_loader_fail(ini->loader, at, directive->error, directive->expected);
    sn_strset(&ini->quorum, text);
    return 0;
}

static int add_key(struct ini_conf *ini, const struct sn_place *at,
                   const struct sn_directive *directive, const char *value)
{
    struct sn_words words;
    int code = 0;

    if (directive->kind == SN_VALUE_MONITOR)
        return sn_loader_fail(ini->loader, at, "an INI file has two keys for this",
                              "address = host:port, and quorum = N");
    if (directive->state)
        return sn_loader_fail(ini->loader, at,
                              "this value is learned at run time and kept in the state file", NULL);
    if (sn_words_split(value, strlen(value), &words) < 0)
        return sn_loader_fail(ini->loader, at, "Unbalanced quotes in configuration line",
                              "a quote at the end of the word that one begins");
    for (size_t i = 0; i < words.count && code == 0; i++) {
        if (sn_text_has_control(words.items[i], words.lens[i]))
            code = sn_loader_fail(ini->loader, at, "control characters are not allowed in a value",
                                  NULL);
    }
    if (code == 0)
        code = sn_statement_add(ini->loader, at, SN_ORIGIN_MAIN, directive, ini->name, words.items,
                                words.count);
    sn_words_fini(&words);
    return code;
}

static int fail_section(struct ini_conf *ini, const struct sn_place *at, const char *section)
{
    return sn_loader_fail(ini->loader, at, "this key belongs in another section", section);
}

static int take_master_key(struct ini_conf *ini, const struct sn_place *at, const char *key,
                           const char *value)
{
    if (strcasecmp(key, "address") == 0)
        return take_address(ini, at, value);
    if (strcasecmp(key, "quorum") == 0)
        return take_quorum(ini, at, value);
    const struct sn_directive *directive = sn_directive_find(SN_SCOPE_GROUP, key);
    if (directive == NULL && (sn_directive_find(SN_SCOPE_SENTINEL, key) != NULL ||
                              sn_directive_find(SN_SCOPE_SERVER, key) != NULL))
        return fail_section(ini, at, "the line below [sentinel]");
    if (directive == NULL)
        return sn_statement_fail_unknown(ini->loader, at, key, SN_SCOPE_GROUP, SN_SCOPE_NONE);
    return add_key(ini, at, directive, value);
}

static int take_sentinel_key(struct ini_conf *ini, const struct sn_place *at, const char *key,
                             const char *value)
{
    bool quiet;
    const struct sn_directive *directive = sn_directive_find(SN_SCOPE_SENTINEL, key);

    if (directive == NULL)
        directive = sn_directive_find(SN_SCOPE_SERVER, key);
    if (directive != NULL)
        return add_key(ini, at, directive, value);
    if (sn_directive_find(SN_SCOPE_GROUP, key) != NULL || strcasecmp(key, "address") == 0)
        return fail_section(ini, at, "the line below [master NAME]");
    if (!sn_ignored_server(key, &quiet))
        return sn_statement_fail_unknown(ini->loader, at, key, SN_SCOPE_SERVER, SN_SCOPE_SENTINEL);
    if (!quiet)
        sn_loader_notice(ini->loader, at, "%s has no meaning for a sentinel, ignored", key);
    return 0;
}

static int on_conf_line(void *arg, const struct sn_ini_line *line)
{
    struct ini_conf *ini = arg;
    struct sn_place at = {.file = ini->file, .line = line->line, .text = line->text};

    if (line->key == NULL)
        return begin_section(ini, &at, line->section);
    switch (ini->section) {
    case SECTION_SENTINEL:
        return take_sentinel_key(ini, &at, line->key, line->value);
    case SECTION_MASTER:
        return take_master_key(ini, &at, line->key, line->value);
    case SECTION_NONE:
        break;
    }
    return sn_loader_fail(ini->loader, &at, "this key is outside all sections",
                          "[sentinel] or [master NAME] before it");
}

static int on_bad_line(void *arg, const struct sn_ini_line *line)
{
    struct ini_conf *ini = arg;
    ini->head.line = line->line;
    free((char *)(uintptr_t)ini->head.text);
    ini->head.text = sn_strdup(line->text);
    return 0;
}

int sn_ini_conf_read(struct sn_loader *loader, const char *file, const char *text, size_t len)
{
    struct ini_conf ini = {.loader = loader, .file = sn_loader_name(loader, file)};
    const char *problem = NULL;

    int code = sn_ini_read(text, len, on_conf_line, on_bad_line, &ini, &problem);
    if (problem != NULL) {
        ini.head.file = ini.file;
        code = sn_loader_fail(loader, &ini.head, problem, "[section], or key = value");
    }
    if (code == 0)
        code = finish_section(&ini);
    forget_master(&ini);
    return code;
}
