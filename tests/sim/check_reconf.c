/* SPDX-License-Identifier: BSD-3-Clause */

/* The replicas behind a switch: never more of them at once than parallel-syncs allows (the old
 * master, which has the data, does not count), and no order to a server that another group claims
 * (DESIGN.md D16), unless the operator forces the failover. */

#include "check.h"

#include "cluster_internal.h"

#include <stdlib.h>
#include <string.h>

#define CLAIM_MS 5900 /* three publish periods, by a clock that drifts */

static struct place *place_at(struct reconf *reconf, uint16_t port)
{
    for (size_t i = 0; i < CHECK_NODES; i++) {
        struct place *place = &reconf->places[i];
        if (place->port == 0)
            place->port = port;
        if (place->port == port)
            return place;
    }
    abort();
}

static bool is_claimed(const struct checks *checks, const struct place *place)
{
    return place->claimed_at > 0 && checks->cluster->now - place->claimed_at < CLAIM_MS;
}

static void begin(const char *payload, struct reconf *reconf)
{
    const char *at = strstr(payload, " @ ");
    for (size_t i = 0; i < CHECK_NODES; i++)
        reconf->places[i].busy = false;
    reconf->on = true;
    reconf->old_port = at == NULL ? 0 : check_port_in(at + 1);
}

/* Whoever is chosen may be claimed after that, but not before. */
static void check_chosen(struct checks *checks, struct sentinel *sentinel, uint16_t port)
{
    struct watched *seen = checks_of(checks, sentinel);
    if (seen->attempt.mode == SN_MODE_FORCED)
        return;
    if (is_claimed(checks, place_at(&seen->reconf, port)))
        checks_violated(checks, &sentinel->node,
                        "chooses the replica %u, which another group claims", port);
}

void check_reconf_event(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_action_notice *event)
{
    struct reconf *reconf = &checks_of(checks, sentinel)->reconf;
    bool slave = strncmp(event->payload, "slave ", 6) == 0;
    if (strcmp(event->name, "+promoted-slave") == 0)
        begin(event->payload, reconf);
    else if (strcmp(event->name, "+failover-end-for-timeout") == 0)
        reconf->timed_out_at = checks->cluster->now;
    else if (strcmp(event->name, "+failover-end") == 0 ||
             strcmp(event->name, "+try-failover") == 0 ||
             strcmp(event->name, "+reset-master") == 0 || strcmp(event->name, "-monitor") == 0 ||
             strcmp(event->name, "+config-update-from") == 0)
        reconf->on = false;
    else if (slave && (strcmp(event->name, "+sdown") == 0 ||
                       strcmp(event->name, "-slave-reconf-sent-timeout") == 0))
        place_at(reconf, check_port_in(event->payload))->busy = false;
    else if (strcmp(event->name, "+foreign-instance") == 0)
        place_at(reconf, check_port_in(event->payload))->told_at = checks->cluster->now;
    else if (strcmp(event->name, "+selected-slave") == 0)
        check_chosen(checks, sentinel, check_port_in(event->payload));
}

static void check_places(struct checks *checks, struct sentinel *sentinel, const struct node *to,
                         struct place *place)
{
    struct watched *seen = checks_of(checks, sentinel);
    const struct setting *setting = &seen->settings[SETTING_SYNCS];
    int64_t busy = 0;
    for (size_t i = 0; i < CHECK_NODES; i++)
        busy += &seen->reconf.places[i] != place && seen->reconf.places[i].busy;
    place->busy = true;
    if (!setting->known)
        return;
    checks->syncs++;
    if (busy >= setting->value)
        checks_violated(checks, &sentinel->node,
                        "makes %s follow while %lld others are not done; parallel-syncs is %lld",
                        to->name, (long long)busy, (long long)setting->value);
}

void check_reconf_send(struct checks *checks, struct sentinel *sentinel, const struct node *to,
                       uint16_t port, const struct sn_action_send *send)
{
    struct reconf *reconf = &checks_of(checks, sentinel)->reconf;
    if (to == NULL || (send->order != SN_ORDER_FOLLOW && send->order != SN_ORDER_PROMOTE))
        return;
    struct place *place = place_at(reconf, port);
    bool own = reconf->on || reconf->timed_out_at == checks->cluster->now;
    bool forced = own && checks_of(checks, sentinel)->attempt.mode == SN_MODE_FORCED;
    checks->orders++;
    if (send->order == SN_ORDER_FOLLOW && !forced && place->told_at > 0 &&
        place->told_at == checks->cluster->now)
        checks_violated(checks, &sentinel->node, "gives orders to %s right after +foreign-instance",
                        to->name);
    if (send->order != SN_ORDER_FOLLOW)
        return;
    if (is_claimed(checks, place) && !forced)
        checks_violated(checks, &sentinel->node, "gives orders to %s, which another group claims",
                        to->name);
    if (reconf->on && port != reconf->old_port)
        check_places(checks, sentinel, to, place);
}

void check_reconf_info(struct checks *checks, const struct sentinel *sentinel, uint16_t port,
                       const struct sn_info *info)
{
    if (info->role == SN_ROLE_REPLICA && info->has_link_status && info->link_up &&
        info->master_port == cluster_master_port(sentinel, checks->group))
        place_at(&checks_of(checks, sentinel)->reconf, port)->busy = false;
}

void check_reconf_reply(struct checks *checks, const struct sentinel *sentinel, uint16_t port,
                        enum sn_order order, const struct sn_reply *reply)
{
    bool obeyed =
        reply->type == SN_REPLY_ARRAY && reply->count > 0 && reply->items[0].type != SN_REPLY_ERROR;
    if (order == SN_ORDER_FOLLOW && !obeyed)
        place_at(&checks_of(checks, sentinel)->reconf, port)->busy = false;
}

void check_reconf_hello(struct checks *checks, const struct sentinel *sentinel, uint16_t port,
                        const struct sn_hello *hello)
{
    if (strcmp(hello->runid.hex, sentinel->id.hex) == 0 ||
        strcmp(hello->master_name, checks->group) == 0 || checks_has_alias(checks))
        return;
    checks->claims++;
    place_at(&checks_of(checks, sentinel)->reconf, port)->claimed_at = checks->cluster->now;
}
