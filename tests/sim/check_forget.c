/* SPDX-License-Identifier: BSD-3-Clause */

/* Who is forgotten by himself (DESIGN.md D23): only replicas, that have been down for forget-after,
 * that last said that they follow the present master, and that this master has not just listed. */

#include "check.h"

#include "cluster_internal.h"

#include <string.h>

static struct last_said *said_at(struct forgets *forgets, uint16_t port)
{
    for (size_t i = 0; i < CHECK_NODES; i++) {
        if (forgets->said[i].port == port || forgets->said[i].port == 0) {
            forgets->said[i].port = port;
            return &forgets->said[i];
        }
    }
    return &forgets->said[0];
}

static bool is_listed(const struct forgets *forgets, uint16_t port)
{
    for (size_t i = 0; i < forgets->listed_count; i++) {
        if (forgets->listed[i] == port)
            return true;
    }
    return false;
}

static void check_forgotten(struct checks *checks, struct sentinel *sentinel, const char *payload)
{
    struct watched *seen = checks_of(checks, sentinel);
    uint16_t port = check_port_in(payload);
    const struct last_said *said = said_at(&seen->forgets, port);
    sn_ms after = (sn_ms)checks->plan->forget_after_s * 1000;
    const char *wrong = NULL;
    if (strncmp(payload, "slave ", 6) != 0)
        wrong = "is no replica";
    else if (after == 0 || said->down_at == 0 || checks->cluster->now - said->down_at < after)
        wrong = "has not been down for so long";
    else if (said->role != SN_ROLE_REPLICA || said->follows != seen->client_port)
        wrong = "has last said that it does not follow the master";
    else if (is_listed(&seen->forgets, port))
        wrong = "is listed by the master";
    if (wrong != NULL)
        checks_violated(checks, &sentinel->node, "forgets %s, which %s", payload, wrong);
    checks->forgotten++;
}

void check_forget_event(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_action_notice *event)
{
    struct forgets *forgets = &checks_of(checks, sentinel)->forgets;
    if (strcmp(event->name, "+forget") == 0)
        check_forgotten(checks, sentinel, event->payload);
    if (strcmp(event->name, "+sdown") == 0)
        said_at(forgets, check_port_in(event->payload))->down_at = checks->cluster->now;
    else if (strcmp(event->name, "-sdown") == 0)
        said_at(forgets, check_port_in(event->payload))->down_at = 0;
}

void check_forget_info(struct checks *checks, struct sentinel *to, uint16_t port,
                       const struct sn_info *info)
{
    struct watched *seen = checks_of(checks, to);
    struct last_said *said = said_at(&seen->forgets, port);
    said->role = info->role;
    if (info->has_master_port)
        said->follows = info->master_port;
    if (port != seen->client_port)
        return;
    seen->forgets.listed_count = 0;
    for (size_t i = 0; i < info->replica_count && i < CHECK_NODES; i++)
        seen->forgets.listed[seen->forgets.listed_count++] = info->replicas[i].port;
}
