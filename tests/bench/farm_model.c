/* SPDX-License-Identifier: BSD-3-Clause */
/* Roles and replication of the servers. Time moves a server only when somebody looks at it: a
 * master's offset grows with the clock, and a linked replica has that of its master. */
#include "farm.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#define BYTES_PER_MS 3 /* a server with little to do */
#define RECONNECT_MS 1000
#define CHAIN_MAX    8 /* replicas of replicas; servers may also follow each other in a circle */
#define FIRST_OFFSET 1000000

static uint64_t mix(uint64_t value)
{
    value ^= value >> 33;
    value *= UINT64_C(0xff51afd7ed558ccd);
    value ^= value >> 29;
    return value * UINT64_C(0xc4ceb9fe1a85ec53);
}

struct farm_server *farm_model_server(const struct farm *farm, size_t group, size_t member)
{
    return &farm->servers[(group - farm->first) * (farm->replica_count + 1) + member];
}

static struct sockaddr_in address_of(const struct farm *farm, size_t group, size_t member)
{
    struct sockaddr_in address = farm->address;
    uint32_t ip = ntohl(address.sin_addr.s_addr) + (uint32_t)(group / farm->per_address);
    size_t port = (group % farm->per_address) * (farm->replica_count + 1) + member;

    address.sin_addr.s_addr = htonl(ip);
    address.sin_port = htons((uint16_t)(ntohs(address.sin_port) + port));
    return address;
}

static struct farm_server *find(struct farm *farm, const char *host, uint16_t port)
{
    struct in_addr ip;

    if (inet_pton(AF_INET, host, &ip) != 1)
        return NULL;
    uint32_t row = ntohl(ip.s_addr) - ntohl(farm->address.sin_addr.s_addr);
    size_t at = port - (size_t)ntohs(farm->address.sin_port);
    size_t group = row * farm->per_address + at / (farm->replica_count + 1);
    if (at >= farm->per_address * (farm->replica_count + 1) || group < farm->first ||
        group >= farm->first + farm->group_count)
        return NULL;
    return farm_model_server(farm, group, at % (farm->replica_count + 1));
}

const char *farm_model_host(const struct farm_server *server, char out[INET_ADDRSTRLEN])
{
    return inet_ntop(AF_INET, &server->address.sin_addr, out, INET_ADDRSTRLEN);
}

uint16_t farm_model_port(const struct farm_server *server)
{
    return ntohs(server->address.sin_port);
}

/* The id of its process, number 0, or of data that it has begun. */
static void write_id(const struct farm_server *server, unsigned number,
                     char out[FARM_RUNID_LEN + 1])
{
    uint64_t value = mix(((uint64_t)server->group << 16) + ((uint64_t)server->member << 8) +
                         server->starts + 1 + ((uint64_t)number << 48));

    snprintf(out, FARM_RUNID_LEN + 1, "%016llx%016llx%08x", (unsigned long long)mix(value),
             (unsigned long long)mix(value + 1), (unsigned)mix(value + 2));
}

void farm_model_runid(const struct farm_server *server, char out[FARM_RUNID_LEN + 1])
{
    write_id(server, 0, out);
}

void farm_model_begin_history(struct farm_server *server)
{
    write_id(server, ++server->histories, server->replid);
    server->replid2[0] = '\0';
    server->second_offset = -1;
}

/* A promoted server goes on from the data of its master under an id of its own. */
static void part_from_master(struct farm_server *server)
{
    memcpy(server->replid2, server->replid, sizeof(server->replid2));
    server->second_offset = server->offset + 1;
    write_id(server, ++server->histories, server->replid);
}

void farm_model_start(struct farm_server *server)
{
    struct farm *farm = server->farm;

    server->address = address_of(farm, server->group, server->member);
    server->priority = 100;
    server->offset = FIRST_OFFSET;
    server->offset_at = farm->now;
    server->unlinked_at = -1;
    server->is_replica = server->member != 0;
    farm_model_begin_history(server);
    if (!server->is_replica)
        return;
    server->master = farm_model_server(farm, server->group, 0);
    server->master->address = address_of(farm, server->group, 0);
    farm_model_host(server->master, server->master_host);
    server->master_port = farm_model_port(server->master);
    server->linked = true;
}

/* Milliseconds since offset_at in which a master had something to write. */
static int64_t active_ms(const struct farm_server *server)
{
    int64_t from = server->offset_at;

    if (server->pause != FARM_PAUSE_NONE)
        from = server->pause_until > from ? server->pause_until : from;
    return server->farm->now > from ? server->farm->now - from : 0;
}

static void settle(struct farm_server *server, unsigned depth)
{
    struct farm_server *master = server->master;
    int64_t now = server->farm->now;

    if (server->dead || server->hung)
        return;
    if (!server->is_replica) {
        server->offset += active_ms(server) * BYTES_PER_MS;
        server->offset_at = now;
        return;
    }
    if (master == NULL || master->dead || depth == CHAIN_MAX)
        return;
    settle(master, depth + 1);
    if (!server->linked && now >= server->link_at && !master->hung &&
        (!master->is_replica || master->linked))
        server->linked = true;
    if (!server->linked)
        return;
    server->offset = master->offset;
    memcpy(server->replid, master->replid, sizeof(server->replid));
    memcpy(server->replid2, master->replid2, sizeof(server->replid2));
    server->second_offset = master->second_offset;
}

void farm_model_settle(struct farm_server *server)
{
    settle(server, 0);
}

bool farm_model_follow(struct farm_server *server, const char *host, uint16_t port)
{
    int64_t now = server->farm->now;

    farm_model_settle(server);
    if (host == NULL) {
        if (server->is_replica)
            part_from_master(server);
        server->is_replica = server->linked = false;
        server->master = NULL;
        server->offset_at = now;
        return true;
    }
    if (server->is_replica && server->master_port == port &&
        strcasecmp(server->master_host, host) == 0)
        return false;
    snprintf(server->master_host, sizeof(server->master_host), "%s", host);
    server->master_port = port;
    server->master = find(server->farm, host, port);
    server->unlinked_at = server->linked ? now : -1;
    server->is_replica = true;
    server->linked = false;
    server->link_at = now + server->farm->sync_ms;
    return true;
}

void farm_model_pause(struct farm_server *server, int pause, int64_t until)
{
    struct farm *farm = server->farm;

    farm_model_settle(server);
    if (server->pause != FARM_PAUSE_NONE)
        DL_DELETE2(farm->pausing, server, pausing_prev, pausing_next);
    server->pause = pause;
    server->pause_until = until;
    if (pause != FARM_PAUSE_NONE)
        DL_APPEND2(farm->pausing, server, pausing_prev, pausing_next);
}

/* Its replicas notice at once, as their connection breaks. */
void farm_model_died(struct farm_server *server)
{
    struct farm *farm = server->farm;

    for (size_t i = 0; i <= farm->replica_count; i++) {
        struct farm_server *other = farm_model_server(farm, server->group, i);

        if (other->is_replica && other->master == server) {
            farm_model_settle(other);
            other->unlinked_at = other->linked ? farm->now : other->unlinked_at;
            other->linked = false;
            other->link_at = farm->now + RECONNECT_MS;
        }
    }
}
