/* SPDX-License-Identifier: BSD-3-Clause */

/* Asks which sentinel is at an address, on a temporary connection, before a known peer is moved
 * there or a new id takes the address over. Results are cached, so that forged hellos cause few
 * connections; the number of probes is bounded in any case. */

#include "core/watch/probe.h"
#include "core/facts/dial.h"
#include "core/facts/link.h"
#include "core/tell/out.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define PROBES          32
#define FRESH_MS        5000
#define PATIENCE_MIN_MS 1000
#define PATIENCE_MAX_MS 10000

struct sn_probe {
    struct sn_core *core;
    struct sn_addr addr;
    struct sn_link_id link; /* v == 0: ended, or unused if the verdict is NONE */
    enum sn_verdict verdict;
    struct sn_runid says;
    sn_ms at;       /* time of the verdict, or of the start */
    uint64_t group; /* id of the group whose claim the probe decides */
    struct sn_runid claim;
    struct sn_timer timer;
};

void sn_probe_fini(struct sn_core *core)
{
    for (size_t i = 0; core->probes != NULL && i < PROBES; i++)
        sn_timer_stop(&core->timers, &core->probes[i].timer);
    free(core->probes);
    core->probes = NULL;
}

static bool at_place(const struct sn_probe *probe, const struct sn_addr *addr)
{
    return probe->addr.port == addr->port && addr->ip[0] != '\0' &&
           strcmp(probe->addr.ip, addr->ip) == 0;
}

static struct sn_probe *probe_at(const struct sn_core *core, const struct sn_addr *addr)
{
    for (size_t i = 0; core->probes != NULL && i < PROBES; i++) {
        if (at_place(&core->probes[i], addr))
            return &core->probes[i];
    }
    return NULL;
}

static struct sn_probe *find_link(const struct sn_core *core, struct sn_link_id link)
{
    for (size_t i = 0; link.v != 0 && core->probes != NULL && i < PROBES; i++) {
        if (core->probes[i].link.v == link.v)
            return &core->probes[i];
    }
    return NULL;
}

/* Returns the probe for addr, else an unused one, else the one that ended longest ago; NULL if all
 * are in progress. */
static struct sn_probe *take_place(struct sn_core *core, const struct sn_addr *addr)
{
    struct sn_probe *best = NULL;
    if (core->probes == NULL) {
        core->probes = sn_alloc_array(PROBES, sizeof(*core->probes));
        for (size_t i = 0; i < PROBES; i++) {
            core->probes[i].core = core;
            sn_timer_init(&core->probes[i].timer, SN_TIMER_PROBE, &core->probes[i]);
        }
    }
    for (size_t i = 0; i < PROBES; i++) {
        struct sn_probe *probe = &core->probes[i];
        if (at_place(probe, addr))
            return probe;
        if (probe->link.v != 0)
            continue;
        if (best == NULL || (best->verdict != SN_VERDICT_NONE &&
                             (probe->verdict == SN_VERDICT_NONE || probe->at < best->at)))
            best = probe;
    }
    return best;
}

static void start_probe(struct sn_probe *probe, const struct sn_group *group,
                        const struct sn_addr *addr, const struct sn_runid *claim)
{
    struct sn_core *core = probe->core;
    struct sn_action_connect *connect = &sn_out_add(core, SN_ACTION_CONNECT)->u.connect;
    const char *user, *pass;
    sn_ms patience = sn_min(sn_max(group->params.down_after_ms, PATIENCE_MIN_MS), PATIENCE_MAX_MS);
    if (!at_place(probe, addr))
        probe->verdict = SN_VERDICT_NONE; /* the verdict is about another address */
    probe->addr = *addr;
    probe->link.v = ++core->next_id;
    probe->at = core->now;
    probe->group = group->id;
    probe->claim = *claim;
    sn_dial_peer_credentials(core, &user, &pass);
    connect->link = probe->link;
    connect->kind = SN_LINK_PEER;
    connect->ip = sn_out_text(core, addr->ip);
    connect->port = addr->port;
    connect->host = sn_out_text(core, addr->host);
    connect->tls = core->globals.tls;
    connect->user = sn_out_text(core, user);
    connect->pass = sn_out_text(core, pass);
    connect->name = core->cmd_name;
    sn_timer_set(&core->timers, &probe->timer, sn_after(core->now, patience));
}

enum sn_verdict sn_probe_ask(struct sn_group *group, const struct sn_addr *addr,
                             const struct sn_runid *claim, struct sn_runid *says)
{
    struct sn_core *core = group->core;
    if (sn_addr_is_useless(addr))
        return SN_VERDICT_SILENT; /* the probe would reach this process */
    struct sn_probe *probe = take_place(core, addr);
    if (probe == NULL || probe->link.v != 0)
        return SN_VERDICT_NONE;
    if (at_place(probe, addr) && probe->verdict != SN_VERDICT_NONE &&
        sn_age(core, probe->at) < FRESH_MS) {
        *says = probe->says;
        return probe->verdict;
    }
    start_probe(probe, group, addr, claim);
    return SN_VERDICT_NONE;
}

bool sn_probe_denies(const struct sn_core *core, const struct sn_addr *addr,
                     const struct sn_runid *runid, struct sn_runid *says)
{
    const struct sn_probe *probe = probe_at(core, addr);
    if (probe == NULL || probe->verdict != SN_VERDICT_TOLD || sn_runid_equal(&probe->says, runid))
        return false;
    *says = probe->says;
    return true;
}

void sn_probe_note(struct sn_core *core, const struct sn_addr *addr, const struct sn_runid *says)
{
    struct sn_probe *probe = take_place(core, addr);
    if (probe == NULL || probe->link.v != 0)
        return;
    probe->addr = *addr;
    probe->verdict = SN_VERDICT_TOLD;
    probe->says = *says;
    probe->at = core->now;
}

static void end_probe(struct sn_probe *probe, enum sn_verdict verdict, struct sn_claim *claim)
{
    struct sn_core *core = probe->core;
    claim->group = probe->group;
    claim->runid = probe->claim;
    claim->addr = probe->addr;
    probe->link.v = 0;
    probe->verdict = verdict;
    probe->at = core->now;
    sn_timer_stop(&core->timers, &probe->timer);
}

static void hang_up(struct sn_probe *probe)
{
    sn_out_add(probe->core, SN_ACTION_DISCONNECT)->u.disconnect = probe->link;
}

void sn_probe_due(struct sn_probe *probe, struct sn_claim *claim)
{
    hang_up(probe);
    end_probe(probe, SN_VERDICT_SILENT, claim);
}

bool sn_probe_link_event(struct sn_core *core, const struct sn_input *event, struct sn_claim *claim)
{
    struct sn_probe *probe = find_link(core, event->u.link.link);
    if (probe == NULL)
        return false;
    if (event->kind == SN_INPUT_LINK_UP) {
        struct sn_action *action = sn_out_add(core, SN_ACTION_SEND);
        action->u.send = (struct sn_action_send){.link = probe->link, .order = SN_ORDER_MYID};
    }
    if (event->kind != SN_INPUT_LINK_DOWN)
        return false;
    end_probe(probe, SN_VERDICT_SILENT, claim);
    return true;
}

void sn_probe_read_id(const struct sn_reply *reply, struct sn_runid *id)
{
    id->hex[0] = '\0';
    if (reply->type == SN_REPLY_STRING && reply->len == SN_RUNID_LEN &&
        sn_text_is_runid(reply->text))
        memcpy(id->hex, reply->text, SN_RUNID_LEN + 1);
}

bool sn_probe_reply(struct sn_core *core, const struct sn_input_reply *event,
                    struct sn_claim *claim)
{
    struct sn_probe *probe = find_link(core, event->link);
    if (probe == NULL || event->order != SN_ORDER_MYID)
        return false;
    sn_probe_read_id(event->reply, &probe->says);
    hang_up(probe);
    end_probe(probe, probe->says.hex[0] == '\0' ? SN_VERDICT_UNTOLD : SN_VERDICT_TOLD, claim);
    return true;
}
