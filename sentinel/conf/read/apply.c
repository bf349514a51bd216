/* SPDX-License-Identifier: BSD-3-Clause */

/* Directives whose values do more than fill one field. */

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "conf/read/loader.h"
#include "conf/table/directives.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static void copy_values(const struct sn_statement *statement, struct sn_setting_words *list)
{
    *list = (struct sn_setting_words){0};
    for (size_t i = 0; i < statement->value_count; i++)
        sn_list_take(list, sn_strdup(statement->values[i]));
}

static void add_line(const struct sn_statement *statement, struct sn_setting_words **lines,
                     size_t *count)
{
    *lines = sn_realloc(*lines, (*count + 1) * sizeof(**lines));
    copy_values(statement, &(*lines)[(*count)++]);
}

int sn_apply_bind(struct sn_loader *loader, const struct sn_statement *statement)
{
    struct sn_settings *settings = &loader->conf->settings;
    struct sn_setting_words list = {.items = settings->bind, .count = settings->bind_count};

    sn_list_fini(&list);
    settings->bind_none = statement->value_count == 1 && statement->values[0][0] == '\0';
    if (!settings->bind_none)
        copy_values(statement, &list);
    settings->bind = list.items;
    settings->bind_count = list.count;
    return 0;
}

int sn_apply_user(struct sn_loader *loader, const struct sn_statement *statement)
{
    struct sn_settings *settings = &loader->conf->settings;
    add_line(statement, &settings->users, &settings->user_count);
    return 0;
}

int sn_apply_server_rename(struct sn_loader *loader, const struct sn_statement *statement)
{
    struct sn_settings *settings = &loader->conf->settings;
    add_line(statement, &settings->renames, &settings->rename_count);
    return 0;
}

int sn_apply_output_limit(struct sn_loader *loader, const struct sn_statement *statement)
{
    static const struct sn_directive bytes = {.kind = SN_VALUE_BYTES, .max = INT64_MAX};
    static const struct sn_directive seconds = {.kind = SN_VALUE_NUMBER, .max = INT32_MAX};
    struct sn_settings *settings = &loader->conf->settings;
    const char *expected = "groups of: class, hard limit, soft limit, seconds";

    if (statement->value_count % 4 != 0)
        return sn_loader_fail(loader, &statement->at,
                              "Wrong number of arguments in buffer limit configuration.", expected);
    for (size_t i = 0; i < statement->value_count; i += 4) {
        char *const *words = &statement->values[i];
        int64_t hard, soft, time_s;
        if (strcasecmp(words[0], "normal") != 0 && strcasecmp(words[0], "slave") != 0 &&
            strcasecmp(words[0], "replica") != 0 && strcasecmp(words[0], "pubsub") != 0)
            return sn_loader_fail(loader, &statement->at,
                                  "Invalid client class specified in buffer limit configuration.",
                                  "normal, replica or pubsub");
        if (sn_value_parse(&bytes, words[1], &hard) < 0 ||
            sn_value_parse(&bytes, words[2], &soft) < 0 ||
            sn_value_parse(&seconds, words[3], &time_s) < 0)
            return sn_loader_fail(
                loader, &statement->at,
                "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
                expected);
        if (strcasecmp(words[0], "pubsub") == 0) {
            settings->pubsub_hard_max = (uint64_t)hard;
            settings->pubsub_soft_max = (uint64_t)soft;
            settings->pubsub_soft_s = (int)time_s;
        }
    }
    return 0;
}

/* A relative folder is seen from the one that an earlier line names. */
int sn_apply_dir(struct sn_loader *loader, const struct sn_statement *statement)
{
    struct sn_settings *settings = &loader->conf->settings;
    struct stat info;
    char *path = sn_path_join(settings->dir, statement->values[0]);

    if (loader->files) {
        int reason = 0;
        if (stat(path, &info) < 0)
            reason = errno;
        else if (!S_ISDIR(info.st_mode))
            reason = ENOTDIR;
        if (reason != 0) {
            free(path);
            return sn_loader_fail(loader, &statement->at, strerror(reason),
                                  "the path of an existing folder");
        }
    }
    sn_strset(&settings->dir, path);
    free(path);
    return 0;
}

static int fail_address(struct sn_loader *loader, const struct sn_statement *statement, int code)
{
    if (code == SN_ERANGE)
        return sn_loader_fail(loader, &statement->at, "Invalid port number.",
                              "a port from 1 to 65535");
    return sn_loader_fail(loader, &statement->at, "Can't resolve instance hostname.",
                          "an IP address, or a host name of letters, digits, '.', '-' and '_'");
}

/* Names without resolve-hostnames were allowed until Redis 6.0: they are looked up once. */
static void note_name(struct sn_loader *loader, const struct sn_statement *statement,
                      const struct sn_addr *addr)
{
    if (addr->ip[0] != '\0' || loader->conf->image.globals.resolve_hostnames || loader->named)
        return;
    loader->named = true;
    sn_loader_notice(loader, &statement->at,
                     "the host name %s is looked up once, and its address is kept, as host names "
                     "are off. Add \"sentinel resolve-hostnames yes\" to follow names",
                     addr->host);
}

/* Host and port of a statement. SN_EINVAL after the error was set. */
static int parse_address(struct sn_loader *loader, const struct sn_statement *statement,
                         struct sn_addr *addr)
{
    const char *host = statement->values[0];
    const char *port_text = statement->values[1];
    int64_t port;

    if (sn_text_to_i64(port_text, strlen(port_text), &port) < 0)
        return fail_address(loader, statement, SN_ERANGE);
    int code = sn_addr_make(host, port, addr);
    if (code < 0)
        return fail_address(loader, statement, code);
    note_name(loader, statement, addr);
    if (port == 0)
        sn_loader_notice(loader, &statement->at, "port 0 is never connected");
    return 0;
}

/* Stock connects to it: 0.0.0.0 is this host, another one for each sentinel, and the others are
 * nobody. */
static bool note_useless(struct sn_loader *loader, const struct sn_statement *statement,
                         const struct sn_addr *addr, const char *what)
{
    if (!sn_addr_is_useless(addr))
        return false;
    sn_loader_notice(loader, &statement->at, "nobody can be connected to at %s: %s", addr->ip,
                     what);
    return true;
}

static bool name_valid(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= SN_NAME_MAX && !sn_text_has_control(name, len) &&
           strpbrk(name, " ,") == NULL;
}

/* A group may be defined once per file, but a main file may repeat what an included one says: that
 * is how the address that a failover has brought is kept. */
static int redefine_group(struct sn_loader *loader, const struct sn_statement *statement,
                          const struct sn_addr *addr, uint32_t quorum)
{
    enum sn_origin first = sn_loader_group_origin(loader, statement->group);
    struct sn_group_image *group = sn_loader_group(loader, statement->group);

    if (first == statement->origin)
        return sn_loader_fail(loader, &statement->at, "Duplicate master name.",
                              "one monitor line per group");
    if (statement->origin == SN_ORIGIN_COMMAND_LINE) {
        /* The file holds what was learned since that command line was written. */
        group->params.quorum = quorum;
        if (!sn_addr_equal(&group->addr, addr))
            sn_loader_notice(loader, &statement->at,
                             "the address of group %s is taken from the file", group->name);
        return 0;
    }
    if (statement->origin == SN_ORIGIN_MAIN) {
        group->addr = *addr;
        group->params.quorum = quorum;
        sn_loader_add_group(loader, group->name, addr, quorum, SN_ORIGIN_MAIN);
    }
    sn_loader_notice(loader, &statement->at,
                     "group %s is also defined in an included file: the main file's line counts",
                     group->name);
    return 0;
}

int sn_apply_monitor(struct sn_loader *loader, const struct sn_statement *statement)
{
    const struct sn_directive *directive = sn_directive_of_option(SN_OPTION_QUORUM);
    struct sn_addr addr = {0};
    int64_t quorum;

    if (!name_valid(statement->group))
        return sn_loader_fail(loader, &statement->at, "Invalid master name.",
                              "1 to 255 characters, none of them a blank, a comma or a control "
                              "character; letters, digits, '.', '-' and '_' are safe everywhere");
    if (sn_value_parse(directive, statement->values[2], &quorum) < 0)
        return sn_loader_fail(loader, &statement->at, directive->error, directive->expected);
    int code = parse_address(loader, statement, &addr);
    if (code < 0)
        return code;
    (void)note_useless(loader, statement, &addr,
                       "if anybody answers, it is this host. Give the address of the master");
    if (sn_loader_group(loader, statement->group) != NULL)
        return redefine_group(loader, statement, &addr, (uint32_t)quorum);
    sn_loader_add_group(loader, statement->group, &addr, (uint32_t)quorum, statement->origin);
    return 0;
}

int sn_apply_rename(struct sn_loader *loader, const struct sn_statement *statement)
{
    struct sn_group_image *group = sn_loader_group(loader, statement->group);
    const char *from = statement->values[0];
    const char *to = statement->values[1];
    struct sn_change change = {
        .option = SN_OPTION_RENAME_COMMAND, .name = "rename-command", .value = from, .to = to};

    if (from[0] == '\0' || to[0] == '\0')
        return sn_loader_fail(loader, &statement->at, "a command's name is empty",
                              "the name of a command and its new name");
    const char *before = sn_group_params_command(&group->params, from);
    if (before != from && strcmp(before, to) != 0 && statement->origin == SN_ORIGIN_MAIN)
        return sn_loader_fail(loader, &statement->at,
                              "Same command renamed multiple times with rename-command.",
                              "one line per command");
    sn_group_params_apply(&group->params, &change);
    return 0;
}

int sn_apply_myid(struct sn_loader *loader, const struct sn_statement *statement)
{
    const char *id = statement->values[0];
    if (!sn_text_is_runid(id))
        return sn_loader_fail(loader, &statement->at, statement->directive->error,
                              statement->directive->expected);
    sn_text_copy(loader->conf->image.myid.hex, sizeof(loader->conf->image.myid.hex), id);
    return 0;
}

static int parse_epoch(struct sn_loader *loader, const struct sn_statement *statement,
                       uint64_t *epoch)
{
    bool spoilt = false;
    if (sn_value_epoch(statement->values[0], epoch, &spoilt) < 0)
        return sn_loader_fail(loader, &statement->at, "Malformed epoch.",
                              "a number without sign, as it was saved");
    if (spoilt)
        sn_loader_notice(loader, &statement->at,
                         "no honest history reaches that epoch: it counts "
                         "as %llu",
                         (unsigned long long)*epoch);
    return 0;
}

static void lift(uint64_t *epoch, uint64_t to)
{
    if (*epoch < to)
        *epoch = to;
}

int sn_apply_current_epoch(struct sn_loader *loader, const struct sn_statement *statement)
{
    uint64_t epoch;
    int code = parse_epoch(loader, statement, &epoch);
    if (code == 0)
        lift(&loader->conf->image.current_epoch, epoch);
    return code;
}

int sn_apply_config_epoch(struct sn_loader *loader, const struct sn_statement *statement)
{
    uint64_t epoch;
    int code = parse_epoch(loader, statement, &epoch);
    if (code < 0)
        return code;
    sn_loader_group(loader, statement->group)->config_epoch = epoch;
    lift(&loader->conf->image.current_epoch, epoch);
    return 0;
}

int sn_apply_leader_epoch(struct sn_loader *loader, const struct sn_statement *statement)
{
    uint64_t epoch;
    int code = parse_epoch(loader, statement, &epoch);
    if (code == 0)
        sn_loader_group(loader, statement->group)->leader_epoch = epoch;
    return code;
}

/* Equal for addresses that sn_addr_equal, as no name has been looked up so far. */
static const char *addr_key(const struct sn_addr *addr)
{
    return addr->ip[0] != '\0' ? addr->ip : addr->host;
}

/* Where a member stands in its list, `next` if it is new. Lists can be long: stock keeps every
 * forged peer. */
static size_t *member_index(struct sn_loader *loader, const struct sn_group_image *group,
                            const char *kind, const char *name, uint16_t port, size_t next,
                            bool *added)
{
    struct sn_buf key;
    sn_buf_init(&key, SIZE_MAX);
    sn_buf_printf(&key, "%s %s %u ", kind, group->name, (unsigned)port);
    for (; *name != '\0'; name++)
        sn_buf_putc(&key, *kind == 'r' ? (char)tolower((unsigned char)*name) : *name);
    size_t *index = sn_textmap_put(&loader->members, sn_buf_text(&key), next, added);
    sn_buf_fini(&key);
    return index;
}

int sn_apply_known_replica(struct sn_loader *loader, const struct sn_statement *statement)
{
    struct sn_group_image *group = sn_loader_group(loader, statement->group);
    struct sn_addr addr = {0};

    int code = parse_address(loader, statement, &addr);
    if (code < 0)
        return code;
    if (sn_addr_equal(&addr, &group->addr)) {
        sn_loader_notice(loader, &statement->at, "that is the master itself, ignored");
        return 0;
    }
    if (note_useless(loader, statement, &addr, "it is not watched"))
        return 0;
    bool added;
    (void)member_index(loader, group, "replica", addr_key(&addr), addr.port, group->replica_count,
                       &added);
    if (added)
        sn_group_image_add_replica(group, &addr);
    return 0;
}

int sn_apply_known_sentinel(struct sn_loader *loader, const struct sn_statement *statement)
{
    struct sn_group_image *group = sn_loader_group(loader, statement->group);
    struct sn_addr addr = {0};
    struct sn_runid runid;

    if (statement->value_count < 3)
        return 0; /* written before ids existed: hellos will bring it back */
    int code = parse_address(loader, statement, &addr);
    if (code < 0)
        return code;
    if (!sn_text_is_runid(statement->values[2])) {
        sn_loader_notice(loader, &statement->at, "no sentinel has such an id, ignored");
        return 0;
    }
    sn_text_copy(runid.hex, sizeof(runid.hex), statement->values[2]);
    (void)note_useless(loader, statement, &addr,
                       "it stays a voter, and is down until it says where it is");
    bool added;
    size_t index = *member_index(loader, group, "peer", runid.hex, 0, group->peer_count, &added);
    if (added)
        sn_group_image_add_peer(group, &addr, &runid);
    else
        group->peers[index].addr = addr;
    return 0;
}
