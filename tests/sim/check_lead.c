/* SPDX-License-Identifier: BSD-3-Clause */

/* Who may give orders: unasked nobody begins an attempt without O_DOWN, nobody promotes who was not
 * elected in this attempt. And what a planned switchover owes to the writes (DESIGN.md D17): the
 * clients of a master that answers are paused first, and it is demoted with the switch. */

#include "check.h"

#include "cluster_internal.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

/* So long a replica that lags is waited for before the pause… */
#define RESCUE_MS  15000 /* the time for a rescue, and for an INFO before it, on slow links */
#define NEAR_MS    5000
#define FOREIGN_MS 30000
/* …by a clock that drifts, timers that are late and processes that hang. */
#define SLACK_MS 200
/* A switch that takes longer to save may find its attempt over. */
#define SAVED_MS 2000

bool check_link_up(const struct sentinel *sentinel, uint16_t port, enum sn_link_kind kind)
{
    const struct conn *conn;
    DL_FOREACH(sentinel->node.cluster->conns, conn) {
        if (conn->client == &sentinel->node && conn->port == port && conn->kind == kind &&
            conn->up && !conn->client_gone && !conn->server_gone)
            return true;
    }
    return false;
}

uint16_t check_port_in(const char *payload)
{
    char kind[32], name[128], host[64];
    unsigned port;
    if (sscanf(payload, "%31s %127s %63s %u", kind, name, host, &port) != 4)
        return 0;
    return (uint16_t)port;
}

/* Known to be claimed by another group, since whenever that was told: it gets no orders. */
static bool is_claimed(const struct checks *checks, const struct sentinel *sentinel, uint16_t port)
{
    const struct sn_instance *replica = checks_replica(checks, sentinel, port);
    return replica != NULL && replica->u.data.foreign_told;
}

/* The order to the old master leaves in the step that tells of the switch. */
static void look_for_demotion(struct checks *checks, struct sentinel *sentinel)
{
    struct lead *lead = &checks_of(checks, sentinel)->lead;
    if (lead->demote_port == 0 || checks->cluster->now <= lead->demote_at)
        return;
    if (checks_has_alias(checks) || is_claimed(checks, sentinel, lead->demote_port)) {
        lead->demote_port = 0; /* it is demoted by its other name, or not at all */
        return;
    }
    checks_violated(checks, &sentinel->node, "has not demoted the old master at port %u",
                    lead->demote_port);
    lead->demote_port = 0;
}

/* Told to be claimed by another group: it gets no orders. */
static bool is_foreign(const struct checks *checks, const struct watched *seen, unsigned port)
{
    for (size_t i = 0; i < CHECK_NODES; i++) {
        const struct place *place = &seen->reconf.places[i];
        if (place->port == port && place->told_at > 0 &&
            checks->cluster->now - place->told_at < FOREIGN_MS)
            return true;
    }
    return false;
}

/* What the new master has said since it confirmed its promotion. */
static bool is_replica_again(const struct checks *checks, const struct watched *seen, unsigned port)
{
    for (size_t i = 0; i < checks->cluster->server_count; i++) {
        const struct heard *heard = &seen->heard[i];
        if (heard->port == port && heard->at >= seen->lead.promoted_at &&
            heard->role == SN_ROLE_REPLICA)
            return true;
    }
    return false;
}

static void note_switch(struct checks *checks, struct sentinel *sentinel, const char *payload)
{
    struct watched *seen = checks_of(checks, sentinel);
    struct lead *lead = &seen->lead;
    char name[128], old_host[64], host[64];
    unsigned old_port, port;
    if (sscanf(payload, "%127s %63s %u %63s %u", name, old_host, &old_port, host, &port) != 5)
        return;
    if (lead->odown_port != port)
        lead->odown_port = 0;
    if (lead->switched_port != port || seen->tilt)
        return;
    lead->switched_port = 0;
    if (checks->cluster->now - lead->promoted_at > SAVED_MS || lead->down_port == port)
        return; /* the attempt may be over, or the new master down again */
    if (is_replica_again(checks, seen, port))
        return; /* first it is promoted again */
    if (lead->lost || is_foreign(checks, seen, old_port) ||
        !check_link_up(sentinel, (uint16_t)old_port, SN_LINK_DATA))
        return;
    checks->demotions++;
    lead->demote_port = (uint16_t)old_port;
    lead->demote_at = checks->cluster->now + (checks->plan->rescue ? RESCUE_MS : 0);
}

static void note_selection(struct checks *checks, struct sentinel *sentinel)
{
    struct watched *seen = checks_of(checks, sentinel);
    struct lead *lead = &seen->lead;
    const struct setting *timeout = &seen->settings[SETTING_TIMEOUT];
    lead->selected_at = checks->cluster->now;
    lead->patience_ms = timeout->known ? timeout->value / 2 : 0;
    if (lead->patience_ms > NEAR_MS)
        lead->patience_ms = NEAR_MS;
    lead->drainable =
        lead->down_port == 0 &&
        check_link_up(sentinel, cluster_master_port(sentinel, checks->group), SN_LINK_DATA);
}

static bool is_over(const char *name)
{
    return strncmp(name, "-failover-abort", 15) == 0 || strcmp(name, "+failover-end") == 0 ||
           strcmp(name, "+reset-master") == 0 || strcmp(name, "-monitor") == 0 ||
           strcmp(name, "+config-update-from") == 0;
}

static void note_down(struct checks *checks, struct sentinel *sentinel, const char *name,
                      const char *payload)
{
    struct lead *lead = &checks_of(checks, sentinel)->lead;
    bool master = strncmp(payload, "master ", 7) == 0;
    uint16_t port = check_port_in(payload);
    if (master && strcmp(name, "+odown") == 0)
        lead->odown_port = port;
    else if (master && strcmp(name, "-odown") == 0)
        lead->odown_port = 0;
    else if (strcmp(name, "+sdown") == 0 && master)
        lead->down_port = port;
    else if (strcmp(name, "-sdown") == 0 && master)
        lead->down_port = 0;
    if (!master && port == lead->old_port && strcmp(name + 1, "sdown") == 0) {
        lead->lost = name[0] == '+';
        lead->demote_port = 0;
    }
    if (strcmp(name, "+sdown") == 0 && master)
        lead->drainable = false;
}

static void begin_attempt(struct checks *checks, struct sentinel *sentinel)
{
    struct watched *seen = checks_of(checks, sentinel);
    struct lead *lead = &seen->lead;
    lead->elected = false;
    lead->pauses = 0;
    lead->switched_port = 0;
    if (seen->attempt.mode != SN_MODE_NONE)
        return;
    checks->unasked++;
    if (lead->odown_port == 0)
        checks_violated(checks, &sentinel->node, "begins an attempt without O_DOWN");
    else
        check_quorum_agrees(checks, sentinel, "+try-failover");
}

void check_lead_event(struct checks *checks, struct sentinel *sentinel,
                      const struct sn_action_notice *event)
{
    struct lead *lead = &checks_of(checks, sentinel)->lead;
    if (strcmp(event->name, "+tilt") == 0)
        lead->demote_port = 0; /* it was held up, and must not give orders now */
    look_for_demotion(checks, sentinel);
    note_down(checks, sentinel, event->name, event->payload);
    if (strcmp(event->name, "+try-failover") == 0) {
        begin_attempt(checks, sentinel);
    } else if (strcmp(event->name, "+elected-leader") == 0) {
        lead->elected = true;
    } else if (strcmp(event->name, "+selected-slave") == 0) {
        note_selection(checks, sentinel);
    } else if (strcmp(event->name, "+promoted-slave") == 0) {
        lead->switched_port = check_port_in(event->payload);
        lead->promoted_at = checks->cluster->now;
        const char *at = strstr(event->payload, " @ ");
        lead->old_port = at == NULL ? 0 : check_port_in(at + 1);
        lead->lost = false;
    } else if (strcmp(event->name, "+switch-master") == 0) {
        note_switch(checks, sentinel, event->payload);
    } else if (strcmp(event->name, "+tilt") == 0) {
        lead->drainable = false;
    } else if (strcmp(event->name, "+foreign-instance") == 0) {
        lead->demote_port = 0;
    } else if (is_over(event->name)) {
        lead->elected = false;
        lead->switched_port = 0;
        /* While a rescue holds it up, it is left to the repair that follows. */
        if (strcmp(event->name, "+failover-end") != 0 || checks->plan->rescue)
            lead->demote_port = 0;
        if (strcmp(event->name, "-monitor") == 0 || strcmp(event->name, "+reset-master") == 0)
            lead->odown_port = 0;
    }
}

static void check_promotion(struct checks *checks, struct sentinel *sentinel)
{
    const struct watched *seen = checks_of(checks, sentinel);
    const struct lead *lead = &seen->lead;
    if (!lead->elected)
        checks_violated(checks, &sentinel->node, "promotes without having been elected");
    /* Links are told apart by their ports only: with two names, that of the other one may be up. */
    if (seen->attempt.mode != SN_MODE_PLANNED || !lead->drainable || checks_has_alias(checks) ||
        !check_link_up(sentinel, cluster_master_port(sentinel, checks->group), SN_LINK_DATA) ||
        checks->cluster->now - lead->selected_at >= lead->patience_ms - SLACK_MS)
        return;
    checks->planned++;
    if (lead->pauses == 0)
        checks_violated(
            checks, &sentinel->node,
            "promotes in a PLANNED failover without a pause, though the master answers");
}

void check_lead_send(struct checks *checks, struct sentinel *sentinel, uint16_t port,
                     const struct sn_action_send *send)
{
    struct lead *lead = &checks_of(checks, sentinel)->lead;
    if (send->order == SN_ORDER_FOLLOW && port == lead->demote_port)
        lead->demote_port = 0;
    look_for_demotion(checks, sentinel);
    if (send->order == SN_ORDER_CLIENT_PAUSE)
        lead->pauses++;
    if (send->order == SN_ORDER_PROMOTE)
        check_promotion(checks, sentinel);
}
