/* SPDX-License-Identifier: BSD-3-Clause */

/* What a switch has lost (DESIGN.md D21): where the old master is seen again with the data that it
 * had, all that it has beyond the parting of the histories is told, and never more than it has. */

#include "check.h"

#include "cluster_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PING_BYTES 14
#define LATE_MS    1000 /* a switch that is saved so late is told with what was known before */
#define OLD_WORDS  2    /* the first answer after a stall may have waited in it */

static bool same_id(const struct sn_runid *a, const struct sn_runid *b)
{
    return a->hex[0] != '\0' && strcmp(a->hex, b->hex) == 0;
}

static struct stand *stand_at(struct lost *lost, uint16_t port)
{
    for (size_t i = 0; i < CHECK_NODES; i++) {
        if (lost->stands[i].port == port || lost->stands[i].port == 0) {
            lost->stands[i].port = port;
            return &lost->stands[i];
        }
    }
    return &lost->stands[0];
}

/* Both have spoken, and the new master goes on from what the old one had. */
static bool have_parted(struct lost *lost, uint64_t *at)
{
    const struct stand *new_master = stand_at(lost, lost->new_port);
    *at = new_master->second_offset;
    return lost->old_port != 0 && new_master->is_master && same_id(&lost->id, &new_master->replid2);
}

static void note_switch(struct checks *checks, struct sentinel *sentinel, const char *payload)
{
    struct lost *lost = &checks_of(checks, sentinel)->lost;
    char name[128], old_host[64], host[64];
    unsigned old_port, port;
    if (sscanf(payload, "%127s %63s %u %63s %u", name, old_host, &old_port, host, &port) != 5)
        return;
    bool late = lost->promoted_at != 0 && checks->cluster->now - lost->promoted_at > LATE_MS;
    lost->promoted_at = 0;
    lost->old_port = late ? 0 : (uint16_t)old_port;
    lost->new_port = (uint16_t)port;
    lost->id = stand_at(lost, (uint16_t)old_port)->replid;
    lost->most = stand_at(lost, (uint16_t)old_port)->offset;
    lost->told = lost->due = 0;
    stand_at(lost, lost->new_port)->is_master = false; /* it has to say so in its new part */
}

static void check_told(struct checks *checks, struct sentinel *sentinel, const char *payload)
{
    struct lost *lost = &checks_of(checks, sentinel)->lost;
    char name[128], host[64];
    unsigned port;
    uint64_t bytes, at;
    if (sscanf(payload, "%127s %63s %u %" SCNu64, name, host, &port, &bytes) != 4 ||
        bytes <= lost->told || bytes <= PING_BYTES) {
        checks_violated(checks, &sentinel->node, "tells a loss that is none, or not more: %s",
                        payload);
        return;
    }
    lost->told = bytes;
    if (port == lost->old_port && have_parted(lost, &at) && bytes + at > lost->most + 1)
        checks_violated(checks, &sentinel->node,
                        "tells a loss of %" PRIu64 " bytes; the old master was at %" PRIu64
                        ", and the new one parted at %" PRIu64,
                        bytes, lost->most, at);
    checks->lost_told++;
}

void check_lost_event(struct checks *checks, struct sentinel *sentinel,
                      const struct sn_action_notice *event)
{
    struct lost *lost = &checks_of(checks, sentinel)->lost;
    if (strcmp(event->name, "+tilt") == 0) {
        lost->doubts = OLD_WORDS;
    } else if (strcmp(event->name, "+promoted-slave") == 0) {
        lost->old_port = 0; /* until that is announced */
        lost->due = 0;
        lost->promoted_at = checks->cluster->now;
    } else if (strcmp(event->name, "+switch-master") == 0)
        note_switch(checks, sentinel, event->payload);
    else if (strcmp(event->name, "+lost-writes") == 0)
        check_told(checks, sentinel, event->payload);
}

uint64_t check_lost_left(struct lost *lost)
{
    const struct stand *old;
    uint64_t at;
    if (!have_parted(lost, &at))
        return 0;
    old = stand_at(lost, lost->old_port);
    return old->is_master && same_id(&lost->id, &old->replid) && old->offset >= at + PING_BYTES
               ? old->offset - at + 1
               : 0;
}

void check_lost_info(struct checks *checks, struct sentinel *to, uint16_t port,
                     const struct sn_info *info)
{
    struct lost *lost = &checks_of(checks, to)->lost;
    struct stand *stand = stand_at(lost, port);
    uint64_t offset = info->role == SN_ROLE_MASTER ? info->master_repl_offset : info->repl_offset;
    uint64_t at;
    if (lost->due > lost->told)
        checks_violated(checks, &to->node,
                        "has not told that %" PRIu64 " bytes of the old master at port %u are lost",
                        lost->due, lost->old_port);
    lost->due = 0;
    stand->is_master = info->role == SN_ROLE_MASTER;
    stand->replid = info->replid;
    stand->replid2 = info->replid2;
    stand->second_offset = info->second_offset;
    stand->offset = offset;
    if (port == lost->new_port && lost->doubts > 0)
        lost->doubts--;
    if (port != lost->old_port || !same_id(&lost->id, &info->replid))
        return;
    lost->most = offset > lost->most ? offset : lost->most;
    if (have_parted(lost, &at) && offset >= at + PING_BYTES && lost->doubts == 0)
        lost->due = offset - at + 1;
}
