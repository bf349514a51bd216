/* SPDX-License-Identifier: BSD-3-Clause */
/* A core for test_printers.py to look at from within gdb, in stop_here(): two groups, of which one
 * is in a failover. It is put together by hand and stands alone, so that its core dump is small
 * where all else is built with sanitizers, whose shadow memory would be in it. */
#include "core/model/group.h"

#include <stdio.h>
#include <string.h>

#define NODES 3

/* What the test looks at by name. */
struct holder {
    struct sn_core *core;
    struct sn_group *group;
    struct sn_instance *replica;
    struct sn_instance *peer;
    struct sn_link *link;
    struct sn_instance *stale;
};

static struct sn_core core;
static struct sn_group groups[2];
static struct sn_instance nodes[NODES], peer, lone;
static struct sn_link links[NODES], peer_link;

static struct sn_addr place(const char *host, const char *ip, uint16_t port)
{
    struct sn_addr addr = {.port = port};

    snprintf(addr.host, sizeof(addr.host), "%s", host);
    snprintf(addr.ip, sizeof(addr.ip), "%s", ip);
    return addr;
}

static struct sn_runid id_of(char letter)
{
    struct sn_runid id = {""};

    memset(id.hex, letter, SN_RUNID_LEN);
    return id;
}

static void add_group(struct sn_group *group, char *name, struct sn_instance *master)
{
    group->core = &core;
    group->id = ++core.next_id;
    group->name = name;
    group->params.quorum = 2;
    group->master = master;
    master->group = group;
    HASH_ADD_KEYPTR(hh, core.groups, group->name, strlen(group->name), group);
}

static void make_nodes(void)
{
    for (size_t i = 0; i < NODES; i++) {
        char ip[16];
        snprintf(ip, sizeof(ip), "10.0.0.%zu", i + 1);
        links[i].kind = SN_LINK_DATA;
        links[i].state = i == 0 ? SN_LINK_CONNECTING : SN_LINK_UP;
        links[i].id.v = 40 + i;
        links[i].silence_at = i == 0 ? 900 : SN_MS_NEVER;
        nodes[i].kind = i == 0 ? SN_KIND_MASTER : SN_KIND_REPLICA;
        nodes[i].group = &groups[0];
        nodes[i].addr = place(ip, ip, 6379);
        nodes[i].cmd = &links[i];
        nodes[i].u.data.role_reported = i == 0 ? SN_ROLE_MASTER : SN_ROLE_REPLICA;
    }
    nodes[0].s_down = true;
    nodes[0].s_down_at = 1900;
    nodes[1].runid = id_of('1');
    nodes[1].u.data.promoted = true;
    nodes[1].unanswered = SN_UNANSWERED_INFO | SN_UNANSWERED_ORDER;
    nodes[1].next = &nodes[2];
    links[1].pending = 2;
    links[1].retry = (struct sn_timer){.at = 2500, .pos = 1, .kind = SN_TIMER_LINK_RETRY};
}

static void make_peer(void)
{
    peer_link.kind = SN_LINK_PEER;
    peer_link.state = SN_LINK_UP;
    peer_link.silence_at = SN_MS_NEVER;
    peer.kind = SN_KIND_PEER;
    peer.addr = place("fe80::1", "fe80::1", 26379);
    peer.runid = id_of('a');
    peer.cmd = &peer_link;
    peer.u.peer.master_down = true;
    peer.u.peer.vote = id_of('0');
    peer.u.peer.vote_epoch = 8;
}

static void make_core(void)
{
    core.myid = id_of('0');
    core.current_epoch = 8;
    core.now = 2000;
    core.tilt = true;
    core.tilt_at = 1800;
    make_nodes();
    make_peer();
    lone.kind = SN_KIND_MASTER;
    lone.addr = place("db.example.org", "", 6380);
    add_group(&groups[0], "m1", &nodes[0]);
    add_group(&groups[1], "m2", &lone);
    groups[0].replicas = &nodes[1];
    groups[0].peers = &peer;
    groups[0].config_epoch = 6;
    groups[0].leader_epoch = 8;
    groups[0].leader = core.myid;
    groups[0].o_down = true;
    groups[0].rank_at = SN_MS_NEVER;
    groups[0].failover = (struct sn_failover){.state = SN_FAILOVER_WAIT_PROMOTION,
                                              .mode = SN_MODE_PLANNED,
                                              .epoch = 8,
                                              .state_at = 1950,
                                              .promoted = &nodes[1]};
    groups[0].held = true;
}

__attribute__((noinline)) static void stop_here(const struct holder *holder)
{
    __asm__ volatile("" : : "r"(holder) : "memory");
}

int main(void)
{
    struct holder holder = {.core = &core,
                            .group = &groups[0],
                            .replica = &nodes[1],
                            .peer = &peer,
                            .link = &links[1],
                            .stale = (struct sn_instance *)16};

    make_core();
    stop_here(&holder);
    HASH_CLEAR(hh, core.groups);
    return 0;
}
