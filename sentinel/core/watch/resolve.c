/* SPDX-License-Identifier: BSD-3-Clause */

/* A resolved host name moves all members with that host. */

#include "core/watch/resolve.h"

#include "core/facts/alias.h"
#include "core/facts/group.h"
#include "core/facts/instance.h"
#include "core/facts/mark.h"
#include "core/tell/out.h"
#include "core/tell/told.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static uint64_t key_of(const char *host)
{
    static const struct sn_runid anybody = {""};
    char name[SN_HOST_MAX + 1] = "";
    for (size_t i = 0; i < SN_HOST_MAX && host[i] != '\0'; i++)
        name[i] = (char)tolower((unsigned char)host[i]);
    return sn_told_key(SN_TOLD_NO_NAME, NULL, &anybody, name, 0);
}

static void warn(struct sn_core *core, const char *host)
{
    enum sn_telling telling = sn_told_first(core, NULL, key_of(host));
    if (telling == SN_TELL_IT)
        sn_out_log(core, SN_LEVEL_WARNING,
                   "Host name %s does not resolve; an address known before stays in use. "
                   "Check DNS.",
                   host);
    else if (telling == SN_TELL_MORE)
        sn_out_log(core, SN_LEVEL_WARNING,
                   "Many host names do not resolve; further ones are not named. Check DNS.");
}

/* PROTOCOL.md §20.2. */
bool sn_resolve_fails(const struct sn_core *core, const char *host)
{
    return sn_told_has(core, key_of(host));
}

static void compare_foreign_master(struct sn_instance *peer, const char *host, const char *ip)
{
    struct sn_addr *named = peer->u.peer.foreign_master;
    if (named != NULL && strcasecmp(named->host, host) == 0)
        (void)sn_text_copy(named->ip, sizeof(named->ip), ip);
}

void sn_resolve_done(struct sn_core *core, const char *host, const char *ip)
{
    if (ip[0] == '\0') {
        warn(core, host);
        return;
    }
    if (sn_told_take_back(core, key_of(host)))
        sn_out_log(core, SN_LEVEL_NOTICE, "Host name %s resolves again: %s.", host, ip);
    struct sn_instance *instance, *next;
    struct sn_group *group, *next_group;
    bool moved = false;
    HASH_ITER(hh_id, core->instances, instance, next) {
        if (instance->kind == SN_KIND_PEER)
            compare_foreign_master(instance, host, ip);
        if (strcasecmp(instance->addr.host, host) != 0 || strcmp(instance->addr.ip, ip) == 0)
            continue;
        struct sn_addr addr = instance->addr;
        (void)memset(addr.ip, 0, sizeof(addr.ip));
        memcpy(addr.ip, ip, strnlen(ip, SN_IP_MAX));
        sn_instance_move(instance, &addr);
        moved = true;
    }
    if (!moved)
        return;
    HASH_ITER(hh, core->groups, group, next_group) {
        sn_group_drop_duplicates(group);
        sn_mark_instance(group->master);
        sn_alias_look(group); /* groups of one master may be recognised only now */
    }
}
