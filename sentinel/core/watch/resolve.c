/* SPDX-License-Identifier: BSD-3-Clause */

/* A resolved host name moves all members with that host. */

#include "core/watch/resolve.h"

#include "core/facts/alias.h"
#include "core/facts/group.h"
#include "core/facts/instance.h"
#include "core/facts/mark.h"
#include "core/tell/out.h"

#include <string.h>
#include <strings.h>

void sn_resolve_done(struct sn_core *core, const char *host, const char *ip)
{
    if (ip[0] == '\0') {
        sn_out_log(core, SN_LEVEL_WARNING,
                   "Host name %s does not resolve; the last known address stays in use. Check DNS.",
                   host);
        return;
    }
    struct sn_instance *instance, *next;
    struct sn_group *group, *next_group;
    bool moved = false;
    HASH_ITER(hh_id, core->instances, instance, next) {
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
