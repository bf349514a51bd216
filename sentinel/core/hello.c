/* SPDX-License-Identifier: BSD-3-Clause */

/* Hellos: how peers are met, epochs spread and configurations adopted (PROTOCOL.md §10). Everything
 * is checked before anything is taken over, so that a hello is either adopted whole or not at all
 * (PROTOCOL.md §24.1). */

#include "core/election.h"
#include "core/model.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>
#include <utlist.h>

bool sn_hello_compose(const struct sn_instance *instance, char *out, size_t size)
{
    const struct sn_core *core = instance->core;
    const struct sn_group *group = instance->group;
    const struct sn_globals *globals = &core->globals;
    const char *ip = globals->announce_ip != NULL ? globals->announce_ip : instance->cmd->local_ip;
    struct sn_hello hello = {
        .port = globals->announce_port != 0 ? globals->announce_port : globals->listen_port,
        .runid = core->myid,
        .current_epoch = sn_persist_epoch(instance->core, group),
        .master_port = group->master->addr.port,
        .master_config_epoch = group->config_epoch,
    };
    return ip[0] != '\0' && hello.port != 0 && hello.master_port != 0 &&
           sn_text_copy(hello.ip, sizeof(hello.ip), ip) &&
           sn_text_copy(hello.master_name, sizeof(hello.master_name), group->name) &&
           sn_text_copy(hello.master_ip, sizeof(hello.master_ip),
                        sn_instance_host(group->master)) &&
           sn_hello_format(&hello, out, size) == 0;
}

/* Makes an address of what a hello says; false if it is of no use to us. */
static bool usable_addr(struct sn_core *core, const char *host, uint16_t port, struct sn_addr *addr)
{
    if (sn_addr_make(host, port, addr) != 0 || port == 0)
        return false;
    if (addr->ip[0] != '\0')
        return true;
    if (!core->globals.resolve_hostnames)
        return false;
    if (strcasecmp(core->looked_up.host, host) == 0)
        memcpy(addr->ip, core->looked_up.ip, sizeof(addr->ip));
    const struct sn_instance *instance, *next;
    HASH_ITER(hh_id, core->instances, instance, next) {
        if (addr->ip[0] != '\0')
            break;
        if (strcasecmp(instance->addr.host, host) == 0)
            memcpy(addr->ip, instance->addr.ip, sizeof(addr->ip));
    }
    return true;
}

/* The group's master or one of its replicas is at addr. */
static bool is_member(const struct sn_group *group, const struct sn_addr *addr)
{
    return sn_addr_equal(&group->master->addr, addr) || sn_group_find_replica(group, addr) != NULL;
}

/* DESIGN.md D15: two deployments that use one name and, by reused addresses, hear each other. */
static bool is_stranger(struct sn_group *group, const struct sn_hello *hello,
                        const struct sn_addr *sender, const struct sn_addr *master)
{
    if (group->config_epoch == 0 || group->learning ||
        sn_group_find_peer(group, &hello->runid) != NULL || is_member(group, master))
        return false;
    if (!group->stranger_told) {
        group->stranger_told = true;
        sn_event_raise(group->master, SN_LEVEL_WARNING, "+foreign-hello",
                       "from %s %s %u master %s %u", hello->runid.hex, sender->host, sender->port,
                       master->host, master->port);
        sn_out_log(
            group->core, SN_LEVEL_WARNING,
            "A sentinel we do not know announces another master for %s and is ignored. If it "
            "belongs to another deployment, give the groups different names.",
            group->name);
    }
    return true;
}

/* A link carries hellos of a group that is not its own: somebody else claims the node (D16). */
static void note_foreign_claim(const struct sn_link *link, const struct sn_group *named)
{
    if (link->owners->group == named)
        return;
    link->owners->u.data.foreign_at = link->core->now;
}

static void remove_peer(struct sn_instance *peer)
{
    struct sn_group *group = peer->group;
    DL_DELETE(group->peers, peer);
    group->peer_count--;
    sn_instance_free(peer);
    sn_persist_touch(group->core);
}

static void remove_peer_everywhere(struct sn_core *core, struct sn_runid runid)
{
    struct sn_group *group, *next;
    HASH_ITER(hh, core->groups, group, next) {
        struct sn_instance *peer = sn_group_find_peer(group, &runid);
        if (peer == NULL)
            continue;
        remove_peer(peer);
        sn_agree_update(group);
        sn_election_count(group);
    }
}

/* A known peer speaks from a new address. */
static void move_peer(struct sn_instance *peer, const struct sn_addr *addr)
{
    struct sn_core *core = peer->core;
    struct sn_instance *owner;
    unsigned others = 0;
    sn_event_raise(peer->group->master, SN_LEVEL_NOTICE, "+sentinel-address-switch",
                   "ip %s port %u for %s", addr->host, addr->port, peer->runid.hex);
    LL_FOREACH2(peer->cmd->owners, owner, owner_next) {
        owner->addr = *addr;
        if (owner != peer)
            others++;
    }
    sn_link_renew(peer->cmd);
    if (others > 0)
        sn_event_raise(peer, SN_LEVEL_NOTICE, "+sentinel-address-update",
                       "%u additional matching instances", others);
    sn_persist_touch(core);
}

static struct sn_instance *add_peer(struct sn_group *group, const struct sn_runid *runid,
                                    const struct sn_addr *addr)
{
    struct sn_instance *other, *next;
    DL_FOREACH_SAFE(group->peers, other, next) {
        if (!sn_addr_equal(&other->addr, addr))
            continue;
        sn_event_raise(other, SN_LEVEL_NOTICE, "+sentinel-invalid-addr", NULL);
        remove_peer_everywhere(group->core, other->runid);
        break;
    }
    if (group->peer_count >= SN_PEERS_MAX) {
        sn_out_log(
            group->core, SN_LEVEL_WARNING,
            "Group %s has %d peers already; sentinel %s at %s:%u is not taken in. SENTINEL RESET "
            "forgets those that are gone.",
            group->name, SN_PEERS_MAX, runid->hex, addr->host, addr->port);
        return NULL;
    }
    struct sn_instance *peer = sn_instance_new_peer(group, runid, addr);
    DL_APPEND(group->peers, peer);
    group->peer_count++;
    group->learning = false;
    sn_event_raise(peer, SN_LEVEL_NOTICE, "+sentinel", NULL);
    sn_persist_touch(group->core);
    return peer;
}

static struct sn_instance *meet_sender(struct sn_group *group, const struct sn_runid *runid,
                                       const struct sn_addr *addr)
{
    struct sn_instance *peer = sn_group_find_peer(group, runid);
    if (peer == NULL)
        return add_peer(group, runid, addr);
    if (!sn_addr_equal(&peer->addr, addr))
        move_peer(peer, addr);
    return peer;
}

/* An attempt from before the configuration in force would lower the config epoch if it were won. */
static void end_outdated_attempt(struct sn_group *group)
{
    const struct sn_failover *failover = &group->failover;
    if (failover->state != SN_FAILOVER_NONE && failover->state != SN_FAILOVER_RECONF &&
        failover->epoch <= group->config_epoch)
        sn_failover_abort(group, "-failover-abort-not-elected", group->core->now);
}

/* The sender has a newer configuration than we have. */
static void adopt_config(struct sn_instance *peer, const struct sn_hello *hello,
                         const struct sn_addr *master)
{
    struct sn_group *group = peer->group;
    struct sn_addr old_addr = group->master->addr;
    if (hello->master_config_epoch <= group->config_epoch)
        return;
    if (sn_addr_equal(master, &old_addr)) {
        group->config_epoch = hello->master_config_epoch;
        sn_persist_touch_epochs(group);
        end_outdated_attempt(group);
        return;
    }
    if (master->ip[0] == '\0')
        return; /* parked until the look-up of sn_hello_receive ends */
    sn_event_raise(peer, SN_LEVEL_WARNING, "+config-update-from", NULL);
    group->config_epoch = hello->master_config_epoch;
    group->untold_from.port = 0; /* it is told now, with what came after it */
    sn_group_switch(group, master);
    sn_group_announce_switch(group, &old_addr);
    sn_script_reconfig(group, false, &old_addr, &group->master->addr);
    sn_group_push_hello(group);
}

void sn_hello_receive(struct sn_core *core, const struct sn_event_hello *event)
{
    const struct sn_hello *hello = &event->hello;
    struct sn_group *group = sn_group_by_name(core, hello->master_name, strlen(hello->master_name));
    struct sn_link *link = event->link.v == 0 ? NULL : sn_link_find(core, event->link);
    struct sn_addr sender, master;
    bool heard = link != NULL && link->kind == SN_LINK_SUBSCRIBE;
    if (heard)
        sn_link_opening_judged(link);
    if (sn_runid_equal(&hello->runid, &core->myid))
        return;
    if (heard)
        note_foreign_claim(link, group);
    if (group == NULL || !usable_addr(core, hello->ip, hello->port, &sender) ||
        !usable_addr(core, hello->master_ip, hello->master_port, &master))
        return;
    if (is_stranger(group, hello, &sender, &master)) {
        /* A group of the same name is another group all the same. */
        if (heard)
            note_foreign_claim(link, NULL);
        return;
    }
    if (master.ip[0] == '\0') {
        sn_out_add(core, SN_ACTION_RESOLVE)->u.resolve = sn_out_text(core, master.host);
        core->parked_hello = *event;
    }
    struct sn_instance *peer = meet_sender(group, &hello->runid, &sender);
    sn_election_adopt_epoch(core, group, hello->current_epoch);
    if (peer == NULL)
        return;
    adopt_config(peer, hello, &master);
    peer->u.peer.hello_heard_at = core->now;
    peer->u.peer.hello_config_epoch = hello->master_config_epoch;
    peer->u.peer.hello_agrees = sn_addr_equal(&master, &group->master->addr);
}

void sn_hello_resolved(struct sn_core *core, const char *host, const char *ip)
{
    struct sn_event_hello event = core->parked_hello;
    (void)sn_text_copy(core->looked_up.host, sizeof(core->looked_up.host), host);
    (void)sn_text_copy(core->looked_up.ip, sizeof(core->looked_up.ip), ip);
    if (ip[0] == '\0' || strcasecmp(event.hello.master_ip, host) != 0)
        return;
    core->parked_hello.hello.master_ip[0] = '\0';
    sn_hello_receive(core, &event);
}
