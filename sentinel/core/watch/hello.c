/* SPDX-License-Identifier: BSD-3-Clause */

/* Hellos: discovery of peers, spread of epochs and of configurations (PROTOCOL.md §10). All fields
 * are checked first: a configuration is adopted as a whole or not at all (PROTOCOL.md §24.1), and
 * only once it is confirmed (confirm.c). A sender with a usable address is a voter even if the rest
 * of its hello is unusable, as a majority must never be counted too small. Ignored hellos are
 * logged once. */

#include "core/watch/hello.h"
#include "core/facts/group.h"
#include "core/facts/link.h"
#include "core/facts/mark.h"
#include "core/facts/persist.h"
#include "core/facts/refusal.h"

#include "core/facts/alias.h"
#include "core/facts/attempt.h"
#include "core/facts/epoch.h"
#include "core/facts/members.h"
#include "core/facts/own.h"
#include "core/facts/reason.h"
#include "core/tell/form.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"
#include "core/tell/script.h"
#include "core/tell/told.h"
#include "core/watch/confirm.h"
#include "core/watch/peer.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>
#include <utlist.h>

/* Makes an address from a hello; false if it is unusable here. */
static bool usable_addr(const struct sn_group *group, const char *host, uint16_t port,
                        struct sn_addr *addr)
{
    const struct sn_core *core = group->core;
    const struct sn_lookup *lookup = group->lookup;
    if (sn_addr_make(host, port, addr) != 0 || port == 0)
        return false;
    if (addr->ip[0] != '\0')
        return true;
    if (!core->globals.resolve_hostnames)
        return false;
    if (lookup != NULL && strcasecmp(lookup->found.host, host) == 0)
        memcpy(addr->ip, lookup->found.ip, sizeof(addr->ip));
    const struct sn_instance *instance, *next;
    HASH_ITER(hh_id, core->instances, instance, next) {
        if (addr->ip[0] != '\0')
            break;
        if (strcasecmp(instance->addr.host, host) == 0)
            memcpy(addr->ip, instance->addr.ip, sizeof(addr->ip));
    }
    return true;
}

/* True if no host can have the address of the master. If both sides are configured with it, they
 * mean the same master. */
static bool is_no_master(const struct sn_group *group, const struct sn_addr *master)
{
    return sn_addr_is_useless(master) && !sn_addr_equal(master, &group->master->addr);
}

/* The group's master or one of its replicas is at addr. */
static bool is_member(const struct sn_group *group, const struct sn_addr *addr)
{
    return sn_addr_equal(&group->master->addr, addr) || sn_group_find_replica(group, addr) != NULL;
}

/* DESIGN.md D15: two deployments that use one name and, by reused addresses, hear each other. */
static bool is_stranger(const struct sn_group *group, const struct sn_hello *hello,
                        const struct sn_addr *master)
{
    return group->config_epoch != 0 && !group->accept_any_peer &&
           sn_group_find_peer(group, &hello->runid) == NULL && !is_member(group, master) &&
           !sn_confirm_is_claimed(group, master);
}

static void tell_stranger(struct sn_group *group, const struct sn_hello *hello,
                          const struct sn_addr *sender, const struct sn_addr *master)
{
    sn_reason_note_id(group, hello->runid.hex, SN_REASON_HELLO_STRANGER,
                      (int64_t)hello->master_config_epoch, 0);
    if (group->stranger_told)
        return;
    group->stranger_told = true;
    sn_raise(group->master, SN_NOTICE_FOREIGN_HELLO, "from %s %s %u master %s %u", hello->runid.hex,
             sender->host, sender->port, master->host, master->port);
    sn_out_log(group->core, SN_LEVEL_WARNING,
               "Ignored an unknown sentinel that announces another master for %s. If it belongs to "
               "another deployment, give the groups different names.",
               group->name);
}

/* A link carries hellos of a group that is not its own: somebody else claims the node (D16). */
static void note_foreign_claim(const struct sn_link *link, const struct sn_group *named,
                               const struct sn_hello *hello)
{
    struct sn_group *group = link->owners->group;
    const char *name = hello->master_name;
    struct sn_addr master;
    if (group == named)
        return;
    /* Of our own groups we know better than hellos where their masters are. */
    if (sn_group_by_name(link->core, name, strlen(name)) != NULL) {
        if (named != NULL && sn_alias_known(group, name))
            return;
    } else if (hello->bad == 0 &&
               sn_addr_make(hello->master_ip, hello->master_port, &master) == 0 &&
               sn_alias_note(group, name, &master, hello->master_config_epoch)) {
        return;
    }
    link->owners->u.data.foreign_at = link->core->now;
}

static uint64_t highest_named(const struct sn_hello *hello)
{
    return hello->current_epoch > hello->master_config_epoch ? hello->current_epoch
                                                             : hello->master_config_epoch;
}

/* Looks at the configuration of the sender (PROTOCOL.md §10.3). A newer one is not adopted on the
 * word of a hello (DESIGN.md D30). */
static void look_at_config(struct sn_instance *peer, const struct sn_hello *hello,
                           const struct sn_addr *master)
{
    const struct sn_group *group = peer->group;
    if (hello->master_config_epoch < group->config_epoch)
        sn_reason_note_numbers(peer, SN_REASON_HELLO_OLD, (int64_t)hello->master_config_epoch,
                               (int64_t)group->config_epoch, 0);
    if (hello->master_config_epoch <= group->config_epoch)
        return;
    if (hello->master_config_epoch > SN_EPOCH_MAX) { /* replies cannot tell it */
        sn_reason_note_numbers(peer, SN_REASON_HELLO_EPOCH_FAR, INT64_MAX,
                               (int64_t)group->config_epoch, 0);
        return;
    }
    if (master->ip[0] == '\0') {
        sn_reason_note(peer, SN_REASON_HELLO_UNRESOLVED);
        return; /* parked until the look-up of sn_hello_receive ends */
    }
    sn_confirm_hear(peer, master, hello->master_config_epoch);
}

/* ---- what is told of hellos that are not taken whole ---------------------------------------- */

static enum sn_hello_field first_bad(const struct sn_hello *hello)
{
    unsigned field = 0;
    while (field < SN_HELLO_FIELDS && (hello->bad & 1U << field) == 0)
        field++;
    return (enum sn_hello_field)field;
}

static const struct sn_group *where_heard(const struct sn_link *link)
{
    return link == NULL ? NULL : link->owners->group;
}

/* Returns the source of a hello, in words. */
static const char *describe_way(struct sn_core *core, const struct sn_link *link)
{
    char form[SN_PAYLOAD_MAX + 1];
    if (link == NULL)
        return "sent to us by PUBLISH";
    sn_instance_form(link->owners, form);
    return sn_out_printf(core, "heard on %s", form);
}

static void tell_no_hello(struct sn_core *core, const struct sn_link *link,
                          const struct sn_hello *hello)
{
    static const struct sn_runid nobody = {""};
    bool whole = hello->bad == (1U << SN_HELLO_FIELDS) - 1;
    enum sn_hello_field field = first_bad(hello);
    const char *host = hello->ip;
    uint16_t port = hello->port;
    if (link != NULL)
        sn_reason_note(link->owners, SN_REASON_HELLO_BAD);
    if (host[0] == '\0' && link != NULL) {
        host = link->owners->addr.host;
        port = link->owners->addr.port;
    }
    if (!sn_told_warn(core, where_heard(link),
                      sn_told_key(SN_TOLD_FORM, NULL, whole ? &nobody : &hello->runid, host, port)))
        return;
    if (whole) {
        sn_out_log(core, SN_LEVEL_WARNING,
                   "Ignored a malformed hello, %s: \"%s\". If a sentinel sent it, that sentinel is "
                   "not counted as a voter here.",
                   describe_way(core, link), hello->bad_text);
        return;
    }
    sn_out_log(
        core, SN_LEVEL_WARNING,
        "Ignored the hello of sentinel %s at %s:%u for %s, %s: its %s \"%s\" cannot be used. "
        "That sentinel is not counted as a voter here: check its announce-ip, announce-port "
        "and myid.",
        hello->runid.hex[0] == '\0' ? "?" : hello->runid.hex,
        hello->ip[0] == '\0' ? "?" : hello->ip, hello->port,
        hello->master_name[0] == '\0' ? "?" : hello->master_name, describe_way(core, link),
        sn_hello_field_name(field), hello->bad_text);
}

static void tell_useless_sender(struct sn_group *group, const struct sn_hello *hello)
{
    struct sn_core *core = group->core;
    sn_reason_note_id(group, hello->runid.hex, SN_REASON_HELLO_SENDER_UNUSABLE, hello->port, 0);
    if (sn_told_warn(core, group,
                     sn_told_key(SN_TOLD_SENDER, group, &hello->runid, hello->ip, hello->port)))
        sn_out_log(
            core, SN_LEVEL_WARNING,
            "Ignored the hello of sentinel %s at %s:%u for %s: its sender address is a host name, "
            "but resolve-hostnames is no. That sentinel is not counted as a voter here. Set "
            "\"sentinel resolve-hostnames yes\" here, or an IP address as its announce-ip.",
            hello->runid.hex, hello->ip, hello->port, group->name);
}

static void tell_useless_master(struct sn_group *group, const struct sn_hello *hello)
{
    struct sn_core *core = group->core;
    enum sn_hello_field field = hello->bad != 0 ? first_bad(hello) : SN_HELLO_MASTER_IP;
    const char *why = "";
    sn_reason_note_id(group, hello->runid.hex, SN_REASON_HELLO_MASTER_UNUSABLE, hello->master_port,
                      0);
    if (hello->bad == 0 && sn_addr_is_ip(hello->master_ip))
        why = ", because no host can have it";
    else if (hello->bad == 0)
        why = " while resolve-hostnames is no. Use the same resolve-hostnames and "
              "announce-hostnames on all sentinels";
    if (sn_told_warn(core, group,
                     sn_told_key(SN_TOLD_MASTER, group, &hello->runid, hello->ip, hello->port)))
        sn_out_log(core, SN_LEVEL_WARNING,
                   "Sentinel %s at %s:%u is counted as a voter of %s, but configurations in its "
                   "hellos are ignored: their %s \"%s\" cannot be used%s.",
                   hello->runid.hex, hello->ip, hello->port, group->name,
                   sn_hello_field_name(field), hello->bad != 0 ? hello->bad_text : hello->master_ip,
                   why);
}

/* Handles a hello with our own id: an echo, or another sentinel with a copied id (PROTOCOL.md
 * §10.3, §24.2). */
static void take_own(struct sn_core *core, const struct sn_link *link, const struct sn_hello *hello)
{
    struct sn_addr addr;
    if (sn_addr_make(hello->ip, hello->port, &addr) != 0 || hello->port == 0 ||
        sn_own_is(core, &addr))
        return;
    if (link != NULL)
        sn_reason_note(link->owners, SN_REASON_HELLO_TWIN);
    if (sn_told_warn(core, where_heard(link),
                     sn_told_key(SN_TOLD_TWIN, NULL, &hello->runid, hello->ip, hello->port)))
        sn_out_log(
            core, SN_LEVEL_WARNING,
            "Another sentinel at %s:%u uses our id %s: the two do not count each other, and peers "
            "cannot tell their votes apart. Was our configuration copied? Stop one of the two, "
            "remove its \"sentinel myid\" line or its state file, and start it again.",
            hello->ip, hello->port, hello->runid.hex);
}

static void forget_foreign_master(struct sn_instance *peer)
{
    free(peer->u.peer.foreign_master);
    peer->u.peer.foreign_master = NULL;
}

/* A master whose host name is not used here still says which servers are none of our business, once
 * its IP is known (repair.c). A name may move, so every hello asks anew. */
static void note_foreign_master(struct sn_instance *peer, const struct sn_hello *hello)
{
    struct sn_addr *known = peer->u.peer.foreign_master, addr;
    if (hello->bad != 0 || hello->master_port == 0 ||
        sn_addr_make(hello->master_ip, hello->master_port, &addr) != 0 || addr.ip[0] != '\0') {
        forget_foreign_master(peer);
        return;
    }
    if (known == NULL)
        known = peer->u.peer.foreign_master = sn_alloc(sizeof(*known));
    if (strcasecmp(known->host, addr.host) == 0)
        memcpy(addr.ip, known->ip, sizeof(addr.ip));
    *known = addr;
    if (hello->master_config_epoch > peer->group->config_epoch)
        sn_out_add(peer->core, SN_ACTION_RESOLVE)->u.resolve = sn_out_text(peer->core, addr.host);
}

/* Counts the sender as a voter, and takes nothing else from its hello (PROTOCOL.md §10.3,
 * §24.1). */
static void note_presence(struct sn_group *group, const struct sn_hello *hello,
                          const struct sn_addr *sender)
{
    struct sn_instance *peer = sn_peer_meet(group, &hello->runid, sender);
    tell_useless_master(group, hello);
    if (peer == NULL)
        return;
    peer->u.peer.hello_heard_at = group->core->now;
    peer->u.peer.hello_config_epoch = hello->master_config_epoch;
    peer->u.peer.hello_agrees = false;
    note_foreign_master(peer, hello);
}

/* Two masters with one config epoch: no failover made them, so they were configured differently. */
static void tell_other_master(struct sn_instance *peer, const struct sn_hello *hello,
                              const struct sn_addr *master)
{
    const struct sn_group *group = peer->group;
    bool odd = !peer->u.peer.hello_agrees && master->ip[0] != '\0' &&
               hello->master_config_epoch == group->config_epoch &&
               group->failover.state == SN_FAILOVER_NONE;
    if (odd && !peer->u.peer.other_master_told &&
        sn_told_warn(
            group->core, group,
            sn_told_key(SN_TOLD_OTHER, group, &peer->runid, hello->master_ip, hello->master_port)))
        sn_out_log(group->core, SN_LEVEL_WARNING,
                   "Sentinel %s at %s:%u watches %s:%u as the master of %s, but we watch %s:%u, "
                   "both with config epoch %llu: the two cannot agree that the master is down. "
                   "Give %s the same address on all sentinels, or the groups different names.",
                   peer->runid.hex, sn_instance_host(peer), peer->addr.port, hello->master_ip,
                   hello->master_port, group->name, sn_instance_host(group->master),
                   group->master->addr.port, (unsigned long long)group->config_epoch, group->name);
    if (odd || peer->u.peer.hello_agrees)
        peer->u.peer.other_master_told = odd;
}

static bool is_loopback(const char *ip)
{
    return strncmp(ip, "127.", strlen("127.")) == 0 || strcmp(ip, "::1") == 0;
}

/* True if others reach us by an address that is not local to this host. */
static bool are_reached_from_afar(const struct sn_core *core)
{
    for (size_t i = 0; i < SN_OWN_ADDRS; i++) {
        if (core->own[i].port != 0 && !is_loopback(core->own[i].ip))
            return true;
    }
    return false;
}

static void tell_odd_sender(struct sn_group *group, const struct sn_hello *hello,
                            const struct sn_addr *sender)
{
    struct sn_core *core = group->core;
    bool any = sn_addr_is_useless(sender);
    if (!any && (!is_loopback(sender->ip) || !are_reached_from_afar(core)))
        return;
    if (sn_told_warn(core, group,
                     sn_told_key(SN_TOLD_ODD_ADDR, group, &hello->runid, hello->ip, hello->port)))
        sn_out_log(core, SN_LEVEL_WARNING,
                   "Sentinel %s announces the address %s:%u for %s, which %s. Its vote is out of "
                   "reach: set its announce-ip to an address that the others can reach.",
                   hello->runid.hex, hello->ip, hello->port, group->name,
                   any ? "no host can have" : "means the reader's own host to every host");
}

/* One hello waits per group: a later one with a host name is newer, or names the same host. */
static void park(struct sn_group *group, const struct sn_input_hello *event,
                 const struct sn_addr *master)
{
    struct sn_core *core = group->core;
    sn_out_add(core, SN_ACTION_RESOLVE)->u.resolve = sn_out_text(core, master->host);
    if (group->lookup == NULL)
        group->lookup = sn_alloc(sizeof(*group->lookup));
    group->lookup->parked = *event;
}

/* PROTOCOL.md §10.3, §24.1. */
static void take_whole(struct sn_group *group, const struct sn_input_hello *event,
                       const struct sn_addr *sender, const struct sn_addr *master)
{
    struct sn_core *core = group->core;
    const struct sn_hello *hello = &event->hello;
    if (master->ip[0] == '\0')
        park(group, event, master);
    struct sn_instance *peer = sn_peer_meet(group, &hello->runid, sender);
    if (peer != NULL)
        sn_epoch_heard(peer, highest_named(hello));
    (void)sn_epoch_take(group, peer, hello->current_epoch);
    if (peer == NULL)
        return;
    forget_foreign_master(peer);
    look_at_config(peer, hello, master);
    if (hello->master_config_epoch <= group->config_epoch || !sn_confirm_is_denied(peer)) {
        peer->u.peer.hello_heard_at = core->now;
        peer->u.peer.hello_config_epoch = hello->master_config_epoch;
        peer->u.peer.hello_agrees = sn_addr_equal(master, &group->master->addr);
    }
    tell_other_master(peer, hello, master);
    sn_peer_ask_settings(peer);
}

/* PROTOCOL.md §10.3. */
void sn_hello_receive(struct sn_core *core, const struct sn_input_hello *event)
{
    const struct sn_hello *hello = &event->hello;
    struct sn_link *link = event->link.v == 0 ? NULL : sn_link_find(core, event->link);
    struct sn_addr sender, master;
    bool heard = link != NULL && link->kind == SN_LINK_SUBSCRIBE;
    if (heard) {
        sn_link_on_traffic(link);
        sn_link_opening_judged(link);
        link->deaf = false;
    }
    if (sn_runid_equal(&hello->runid, &core->myid)) {
        take_own(core, heard ? link : NULL, hello);
        return;
    }
    if (!sn_hello_names_sender(hello)) {
        tell_no_hello(core, heard ? link : NULL, hello);
        return;
    }
    struct sn_group *group = sn_group_by_name(core, hello->master_name, strlen(hello->master_name));
    if (heard)
        note_foreign_claim(link, group, hello);
    if (group == NULL) {
        if (heard)
            sn_reason_note(link->owners, SN_REASON_HELLO_OTHER_GROUP);
        return;
    }
    if (!usable_addr(group, hello->ip, hello->port, &sender)) {
        tell_useless_sender(group, hello);
        return;
    }
    tell_odd_sender(group, hello, &sender);
    if (hello->bad != 0 || !usable_addr(group, hello->master_ip, hello->master_port, &master) ||
        is_no_master(group, &master)) {
        note_presence(group, hello, &sender);
        return;
    }
    if (is_stranger(group, hello, &master)) {
        tell_stranger(group, hello, &sender, &master);
        /* A group with the same name in another deployment is a different group. */
        if (heard)
            note_foreign_claim(link, NULL, hello);
        return;
    }
    take_whole(group, event, &sender, &master);
}

static void end_lookup(struct sn_group *group, const char *host, const char *ip)
{
    struct sn_lookup *lookup = group->lookup;
    struct sn_input_hello event = lookup->parked;
    bool waits = strcasecmp(event.hello.master_ip, host) == 0;
    if (!waits && strcasecmp(lookup->found.host, host) != 0)
        return;
    (void)sn_text_copy(lookup->found.host, sizeof(lookup->found.host), host);
    (void)sn_text_copy(lookup->found.ip, sizeof(lookup->found.ip), ip);
    if (!waits || ip[0] == '\0')
        return;
    lookup->parked.hello.master_ip[0] = '\0';
    sn_hello_receive(group->core, &event);
}

void sn_hello_resolved(struct sn_core *core, const char *host, const char *ip)
{
    struct sn_group *group, *next;
    HASH_ITER(hh, core->groups, group, next) {
        if (group->lookup != NULL)
            end_lookup(group, host, ip);
    }
}
