/* SPDX-License-Identifier: BSD-3-Clause */

/* Own addresses, by which the echo of an own hello is told from the hello of a stranger. */

#include "core/facts/own.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

void sn_own_note(struct sn_core *core, const char *host, uint16_t port)
{
    struct sn_place_key key = {.port = port};
    if (!sn_text_copy(key.ip, sizeof(key.ip), host))
        return; /* the name is too long for the table */
    for (size_t i = 0; i < SN_OWN_ADDRS; i++) {
        if (core->own[i].port == port && strcasecmp(core->own[i].ip, key.ip) == 0)
            return;
    }
    core->own[core->own_next++ % SN_OWN_ADDRS] = key;
}

bool sn_own_is(const struct sn_core *core, const struct sn_addr *addr)
{
    const struct sn_globals *globals = &core->globals;
    uint16_t port = globals->announce_port != 0 ? globals->announce_port : globals->listen_port;
    if (globals->announce_ip != NULL && port == addr->port &&
        (strcasecmp(globals->announce_ip, addr->host) == 0 ||
         strcmp(globals->announce_ip, addr->ip) == 0))
        return true;
    for (size_t i = 0; i < SN_OWN_ADDRS; i++) {
        const struct sn_place_key *own = &core->own[i];
        if (own->port == addr->port && own->port != 0 &&
            (strcmp(own->ip, addr->ip) == 0 || strcasecmp(own->ip, addr->host) == 0))
            return true;
    }
    return false;
}
