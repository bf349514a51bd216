/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/quorum.h"

#include <stdio.h>

/* Beyond stock: names a sentinel that is up, but will be missing when the master is down
 * (PROTOCOL.md §4.5). */
static void describe_useless(const struct sn_group *group, char *out, size_t size)
{
    const char *why = NULL;
    uint16_t port = 0;
    const struct sn_instance *peer = sn_group_useless_peer(group, &why);

    out[0] = '\0';
    if (peer == NULL)
        return;
    const char *host = sn_instance_address(peer, &port);
    snprintf(out, size, ". Not counted: Sentinel %s at %s:%u, because %s",
             sn_instance_runid(peer)->hex, host, (unsigned)port, why);
}

/* Beyond stock: names servers that a failover will neither choose nor redirect (PROTOCOL.md
 * §4.5). */
static void describe_claimed(const struct sn_group *group, char *out, size_t size)
{
    size_t count = 0;
    uint16_t port = 0;
    char more[32] = "";
    const struct sn_instance *server = sn_group_claimed(group, &count);

    out[0] = '\0';
    if (server == NULL)
        return;
    const char *host = sn_instance_address(server, &port);
    if (count > 1)
        snprintf(more, sizeof(more), " and %zu more", count - 1);
    snprintf(out, size, ". Claimed by another group too, so we send it no orders: %s:%u%s", host,
             (unsigned)port, more);
}

bool sn_quorum_describe(const struct sn_group *group, char *text)
{
    static const char no_quorum[] = "Not enough available Sentinels to reach the specified quorum "
                                    "for this master";
    static const char no_majority[] = "Not enough available Sentinels to reach the majority and "
                                      "authorize a failover";
    size_t usable = 0, voters = 0;
    char useless[640], claimed[512];

    sn_group_quorum(group, &usable, &voters);
    bool quorum = usable >= sn_group_params(group)->quorum;
    bool majority = usable >= voters / 2 + 1;
    describe_useless(group, useless, sizeof(useless));
    describe_claimed(group, claimed, sizeof(claimed));
    if (quorum && majority)
        snprintf(text, SN_QUORUM_TEXT_MAX + 1,
                 "OK %zu usable Sentinels. Quorum and failover authorization can be reached%s%s",
                 usable, useless, claimed);
    else
        snprintf(text, SN_QUORUM_TEXT_MAX + 1, "NOQUORUM %zu usable Sentinels. %s%s%s%s%s", usable,
                 quorum ? "" : no_quorum, !quorum && !majority ? ". " : "",
                 majority ? "" : no_majority, useless, claimed);
    return quorum && majority;
}
