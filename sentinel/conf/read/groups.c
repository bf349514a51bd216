/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/read/groups.h"

#include "base/error.h"
#include "base/text.h"
#include "conf/table/value.h"

#include <ctype.h>
#include <string.h>

static int fail_address(struct sn_loader *loader, const struct sn_statement *statement, int code)
{
    if (code == SN_ERANGE)
        return sn_loader_fail(loader, &statement->at, "Invalid port number.",
                              "a port from 1 to 65535");
    return sn_loader_fail(loader, &statement->at, "Can't resolve instance hostname.",
                          "an IP address, or a host name of letters, digits, '.', '-' and '_'");
}

/* Stock accepted host names without resolve-hostnames until Redis 6.0: it resolved them once. */
static void note_name(struct sn_loader *loader, const struct sn_statement *statement,
                      const struct sn_addr *addr)
{
    if (addr->ip[0] != '\0' || loader->conf->image.globals.resolve_hostnames || loader->named)
        return;
    loader->named = true;
    sn_loader_notice(loader, &statement->at,
                     "host name %s is resolved only once, because resolve-hostnames is no. Add "
                     "\"sentinel resolve-hostnames yes\" to follow changes of its address",
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
        sn_loader_notice(loader, &statement->at, "port 0 accepts no connections");
    return 0;
}

/* Stock connects to such an address: 0.0.0.0 is this host, a different one for each sentinel, and
 * the other ones belong to no host. */
static bool note_useless(struct sn_loader *loader, const struct sn_statement *statement,
                         const struct sn_addr *addr, const char *what)
{
    if (!sn_addr_is_useless(addr))
        return false;
    sn_loader_notice(loader, &statement->at, "no host can have the address %s: %s", addr->ip, what);
    return true;
}

/* PROTOCOL.md §24.3. */
static bool name_valid(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= SN_NAME_MAX && !sn_text_has_control(name, len) &&
           strpbrk(name, " ,") == NULL;
}

/* A group may be defined once per file, but a main file may repeat the definition of an included
 * file: so it keeps the address that a failover has brought (PROTOCOL.md §19.5). */
static int redefine_group(struct sn_loader *loader, const struct sn_statement *statement,
                          const struct sn_addr *addr, uint32_t quorum)
{
    enum sn_origin first = sn_loader_group_origin(loader, statement->group);
    struct sn_group_image *group = sn_loader_group(loader, statement->group);

    if (first == statement->origin)
        return sn_loader_fail(loader, &statement->at, "Duplicate master name.",
                              "one monitor line per group");
    if (statement->origin == SN_ORIGIN_COMMAND_LINE) {
        /* The file contains changes that are newer than the command line. */
        group->params.quorum = quorum;
        if (!sn_addr_equal(&group->addr, addr))
            sn_loader_notice(loader, &statement->at, "using the address of group %s from the file",
                             group->name);
        return 0;
    }
    if (statement->origin == SN_ORIGIN_MAIN) {
        group->addr = *addr;
        group->params.quorum = quorum;
        sn_loader_redefine_group(loader, group->name, SN_ORIGIN_MAIN);
    }
    sn_loader_notice(
        loader, &statement->at,
        "group %s is also defined in an included file: using the line of the main file",
        group->name);
    return 0;
}

/* monitor checks name, quorum and address (PROTOCOL.md §19.7). */
int sn_groups_monitor(struct sn_loader *loader, const struct sn_statement *statement)
{
    const struct sn_directive *directive = sn_directive_find(SN_SCOPE_GROUP, "quorum");
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
                       "only this host could answer there. Give the address of the master");
    if (sn_loader_group(loader, statement->group) != NULL)
        return redefine_group(loader, statement, &addr, (uint32_t)quorum);
    sn_loader_add_group(loader, statement->group, &addr, (uint32_t)quorum, statement->origin);
    return 0;
}

int sn_groups_rename(struct sn_loader *loader, const struct sn_statement *statement)
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

/* Returns a text that is equal for equal addresses (sn_addr_equal), because no name is resolved
 * yet. */
static const char *addr_key(const struct sn_addr *addr)
{
    return addr->ip[0] != '\0' ? addr->ip : addr->host;
}

/* Returns the index of a member in its list; `next` if it is new. Lists can be long: stock keeps
 * every forged peer. */
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

/* known-replica, known-sentinel and their old forms are read back (PROTOCOL.md §19.7). */
int sn_groups_replica(struct sn_loader *loader, const struct sn_statement *statement)
{
    struct sn_group_image *group = sn_loader_group(loader, statement->group);
    struct sn_addr addr = {0};

    int code = parse_address(loader, statement, &addr);
    if (code < 0)
        return code;
    if (sn_addr_equal(&addr, &group->addr)) {
        sn_loader_notice(loader, &statement->at,
                         "ignored: this is the address of the master itself");
        return 0;
    }
    if (note_useless(loader, statement, &addr, "the replica is not watched"))
        return 0;
    bool added;
    (void)member_index(loader, group, "replica", addr_key(&addr), addr.port, group->replica_count,
                       &added);
    if (added)
        sn_group_image_add_replica(group, &addr);
    return 0;
}

/* Of two lines with one run id the later one counts, where stock refuses to start: a crash between
 * two versions of a file must not stop a sentinel (PROTOCOL.md §19.7). */
int sn_groups_peer(struct sn_loader *loader, const struct sn_statement *statement)
{
    struct sn_group_image *group = sn_loader_group(loader, statement->group);
    struct sn_addr addr = {0};
    struct sn_runid runid;

    if (statement->value_count < 3)
        return 0; /* written before ids existed: hellos will restore the peer */
    int code = parse_address(loader, statement, &addr);
    if (code < 0)
        return code;
    if (!sn_text_is_runid(statement->values[2])) {
        sn_loader_notice(loader, &statement->at, "ignored: malformed sentinel id");
        return 0;
    }
    sn_text_copy(runid.hex, sizeof(runid.hex), statement->values[2]);
    (void)note_useless(
        loader, statement, &addr,
        "the sentinel stays a voter and is down until its hello announces another address");
    bool added;
    size_t index = *member_index(loader, group, "peer", runid.hex, 0, group->peer_count, &added);
    if (added)
        sn_group_image_add_peer(group, &addr, &runid);
    else
        group->peers[index].addr = addr;
    return 0;
}
