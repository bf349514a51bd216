/* SPDX-License-Identifier: BSD-3-Clause */

/* Names of members in events, replies and the log. */

#include "core/tell/form.h"

#include <stdio.h>

/* PROTOCOL.md §20.2. */
const char *sn_instance_host(const struct sn_instance *instance)
{
    return sn_addr_shown(&instance->addr, instance->core->globals.announce_hostnames);
}

void sn_instance_form(const struct sn_instance *instance, char *out)
{
    const struct sn_group *group = instance->group;
    const struct sn_instance *master = group->master;
    const size_t size = SN_PAYLOAD_MAX + 1;
    const char *host = sn_instance_host(instance);
    char name[SN_ADDR_TEXT_MAX + 1];
    switch (instance->kind) {
    case SN_KIND_MASTER:
        (void)snprintf(out, size, "master %s %s %u", group->name, host, instance->addr.port);
        return;
    case SN_KIND_REPLICA:
        sn_addr_format(host, instance->addr.port, name);
        (void)snprintf(out, size, "slave %s %s %u @ %s %s %u", name, host, instance->addr.port,
                       group->name, sn_instance_host(master), master->addr.port);
        return;
    case SN_KIND_PEER:
        (void)snprintf(out, size, "sentinel %s %s %u @ %s %s %u", instance->runid.hex, host,
                       instance->addr.port, group->name, sn_instance_host(master),
                       master->addr.port);
        return;
    case SN_KIND_NONE:
        break;
    }
    out[0] = '\0';
}
