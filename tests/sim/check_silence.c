/* SPDX-License-Identifier: BSD-3-Clause */

/* Nobody is down before it was silent for down-after-milliseconds (DESIGN.md D1), counted from the
 * last valid answer to PING that has reached the sentinel, from its own start, or from the end of a
 * stall (D3), whichever was last. */

#include "check.h"

#include "cluster_internal.h"

#include <stdio.h>
#include <string.h>

#define ROUND_MS    2     /* clocks count whole milliseconds */
#define LIES_MAX_MS 20000 /* two INFO periods: a master that says it is none is down after that */

static struct silence *silence_of(struct check_groups *all, const struct sentinel *sentinel)
{
    for (size_t i = 0; i < all->cluster->sentinel_count; i++) {
        if (all->cluster->sentinels[i] == sentinel)
            return &all->silences[i];
    }
    return NULL;
}

static bool is_valid(const struct sn_reply *reply)
{
    if (reply->type != SN_REPLY_STATUS && reply->type != SN_REPLY_ERROR)
        return false;
    return strncmp(reply->text, "PONG", 4) == 0 || strncmp(reply->text, "LOADING", 7) == 0 ||
           strncmp(reply->text, "MASTERDOWN", 10) == 0;
}

void check_silence_reply(struct check_groups *all, struct sentinel *to, const struct node *server,
                         uint16_t port, enum sn_order order, const struct sn_reply *reply)
{
    if (order != SN_ORDER_PING || server == NULL || server->index >= CHECK_NODES ||
        !is_valid(reply))
        return;
    struct sign *sign = &silence_of(all, to)->signs[server->index];
    sign->at = all->cluster->now;
    sign->port = port;
    /* Two groups may have a link each. */
    sign->of = server->redis == NULL ? NULL : check_groups_at(all, to, port);
}

sn_ms check_silence_age(const struct checks *checks, const struct sentinel *sentinel,
                        const struct node *node, uint16_t port)
{
    const struct silence *silence = silence_of(checks->all, sentinel);
    const struct sign *sign = &silence->signs[node->index % CHECK_NODES];
    bool known = sign->at > 0 && sign->port == port && sign->of == checks;
    return known ? checks->cluster->now - sign->at : SN_MS_NEVER;
}

void check_silence_info(struct check_groups *all, struct sentinel *to, const struct node *server,
                        const struct sn_info *info)
{
    if (server == NULL || server->index >= CHECK_NODES)
        return;
    struct sign *sign = &silence_of(all, to)->signs[server->index];
    if (info->role != SN_ROLE_REPLICA)
        sign->replica_since = 0;
    else if (sign->replica_since == 0)
        sign->replica_since = all->cluster->now;
}

void check_silence_crashed(struct check_groups *all, const struct sentinel *sentinel)
{
    memset(silence_of(all, sentinel), 0, sizeof(struct silence));
}

static sn_ms drift(const struct sentinel *sentinel, sn_ms duration)
{
    int64_t ppm = sentinel->clock_ppm < 0 ? -sentinel->clock_ppm : sentinel->clock_ppm;
    return ROUND_MS + duration * ppm / 1000000;
}

static void check_down(struct check_groups *all, struct checks *checks, struct sentinel *sentinel,
                       const char *payload)
{
    const struct silence *silence = silence_of(all, sentinel);
    const struct setting *setting = &checks_of(checks, sentinel)->settings[SETTING_DOWN_AFTER];
    uint16_t port = check_port_in(payload);
    bool peer = strncmp(payload, "sentinel ", 9) == 0;
    bool master = strncmp(payload, "master ", 7) == 0;
    sn_ms now = all->cluster->now, since = silence->tilt_at;
    if (!setting->known ||
        (!peer && (checks_has_alias(checks) || check_groups_share(all, sentinel, port))))
        return;
    /* A replica whose name is not looked up yet may be another one that is heard well. */
    if (all->cluster->names && strncmp(payload, "slave ", 6) == 0)
        return;
    for (size_t i = 0; i < CHECK_NODES; i++) {
        const struct sign *sign = &silence->signs[i];
        if (sign->at == 0 || sign->port != port || (!peer && sign->of != checks))
            continue;
        if (master && sign->replica_since > 0 &&
            now - sign->replica_since + drift(sentinel, setting->value + LIES_MAX_MS) >=
                setting->value + LIES_MAX_MS)
            return;
        since = sign->at > since ? sign->at : since;
    }
    if (since == 0)
        return;
    checks->silences++;
    if (now - since + drift(sentinel, setting->value) < setting->value)
        checks_violated(checks, &sentinel->node,
                        "+sdown of %s after %lld ms of silence, down-after-milliseconds is %lld",
                        payload, (long long)(now - since), (long long)setting->value);
}

void check_silence_event(struct check_groups *all, struct checks *checks, struct sentinel *sentinel,
                         const struct sn_action_event *event)
{
    if (strcmp(event->name, "+tilt") == 0)
        silence_of(all, sentinel)->tilt_at = all->cluster->now;
    else if (strcmp(event->name, "+sdown") == 0 && checks != NULL)
        check_down(all, checks, sentinel, event->payload);
}
