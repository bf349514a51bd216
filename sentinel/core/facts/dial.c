/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/facts/dial.h"

#include "core/model/group.h"
#include "core/tell/out.h"

void sn_dial_peer_credentials(const struct sn_core *core, const char **user, const char **pass)
{
    const struct sn_globals *globals = &core->globals;
    bool own = globals->sentinel_pass == NULL;
    *pass = own ? globals->own_pass : globals->sentinel_pass;
    *user = own ? NULL : globals->sentinel_user;
}

/* AUTH for this link (PROTOCOL.md §9.2). */
static void choose_credentials(const struct sn_link *link, const char **user, const char **pass)
{
    if (link->kind == SN_LINK_PEER) {
        sn_dial_peer_credentials(link->core, user, pass);
        return;
    }
    *pass = link->owners->group->params.auth_pass;
    *user = link->owners->group->params.auth_user;
}

/* PROTOCOL.md §20.5. */
static bool uses_tls(const struct sn_link *link)
{
    const struct sn_globals *globals = &link->core->globals;
    return link->kind == SN_LINK_PEER ? globals->tls
                                      : sn_group_params_tls(&link->owners->group->params, globals);
}

void sn_dial_describe(const struct sn_link *link, struct sn_action_connect *connect)
{
    struct sn_core *core = link->core;
    const struct sn_addr *addr = &link->owners->addr;
    const char *user, *pass;
    choose_credentials(link, &user, &pass);
    connect->kind = link->kind;
    connect->ip = sn_out_text(core, addr->ip);
    connect->port = addr->port;
    connect->host = sn_out_text(core, addr->host);
    connect->tls = uses_tls(link);
    connect->user = sn_out_text(core, user);
    connect->pass = sn_out_text(core, pass);
    connect->name = link->kind == SN_LINK_SUBSCRIBE ? core->sub_name : core->cmd_name;
    connect->renames = sn_out_renames(core, link);
}
