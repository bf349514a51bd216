/* SPDX-License-Identifier: BSD-3-Clause */

/* Thousands of groups on the same three sentinels: nothing that the groups share (a link to a peer,
 * its window, a budget, a save) may have a limit at which it breaks (DESIGN.md D26).
 *
 * SENTINELD_GROUPS names the numbers of groups in which all masters are killed in the end,
 * "1025,2000,5000". Without it they are just more than any limit of ours. */

#include "cluster_internal.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include <cmocka.h>

/* A sanitizer makes all of that several times slower. */
#if defined(__SANITIZE_ADDRESS__)
#define MANY 1025 /* no limit may be at a thousand, either */
#else
#define MANY 5000
#endif

#define GROUPS        "300" /* SN_PENDING_PEER_MAX is 256 */
#define DOWN_AFTER    1000
#define PING_MS       200   /* of a master where there are thousands (D19) */
#define REST_MS       10000 /* several periods of hellos and INFO */
#define SHORT_REST_MS 2500  /* a period of hellos */
#define SWITCH_MS     2500  /* in which all is over */
#define FEW           100   /* masters */
#define FEW_BOUND_MS  300   /* beyond down-after */
#define MANY_BOUND_MS 1000
#define DISK_MS       10 /* of a save */
#define FIRST_PORT    30000
#define PORTS         4 /* of a group */

static void make_name(char *name, size_t size, unsigned i)
{
    (void)snprintf(name, size, "group-%04u", i);
}

static struct cluster *make_groups(unsigned groups)
{
    struct cluster *cluster = cluster_new(1);
    char name[32];
    cluster->quiet = true;
    cluster->sparse = true;
    for (unsigned i = 0; i < groups; i++) {
        make_name(name, sizeof(name), i);
        cluster_add_simple(cluster, name, (uint16_t)(FIRST_PORT + PORTS * i), 2, 2);
    }
    cluster_start_sentinels(cluster, 3, 130);
    for (unsigned i = 0; i < 3; i++)
        cluster->sentinels[i]->disk.latency_ms = DISK_MS;
    cluster_settle(cluster);
    return cluster;
}

/* The number of the newest connection between two sentinels: another one if a link was broken. */
static uint64_t newest_peer_link(const struct cluster *cluster)
{
    const struct conn *conn;
    uint64_t newest = 0;
    DL_FOREACH(cluster->conns, conn) {
        if (conn->server != NULL && conn->server->sentinel != NULL && conn->id > newest)
            newest = conn->id;
    }
    return newest;
}

/* Returns the last switch, in milliseconds since the masters failed. */
static sn_ms fail_masters(struct cluster *cluster, void (*fail_node)(struct node *), unsigned first,
                          unsigned end)
{
    size_t mark = cluster_mark(cluster);
    sn_ms failed_at = cluster->now;
    uint64_t link = newest_peer_link(cluster);
    char name[32];
    for (unsigned i = first; i < end; i++)
        fail_node(&cluster->servers[(size_t)3 * i]->node);
    cluster_run_for(cluster, SWITCH_MS);
    for (unsigned i = first; i < end; i++) {
        make_name(name, sizeof(name), i);
        uint16_t port = cluster_master_port(cluster->sentinels[0], name);
        cluster_require(cluster, mark, port != FIRST_PORT + PORTS * i, name);
        cluster_require(cluster, mark, cluster_agreed(cluster, name, port), name);
    }
    cluster_expect_count(cluster, mark, "s? +switch-master *", (size_t)3 * (end - first));
    cluster_expect_count(cluster, mark, "s? +sdown sentinel *", 0);
    cluster_expect_count(cluster, mark, "s? -failover-abort-*", 0);
    cluster_require(cluster, mark, newest_peer_link(cluster) == link, "no link was broken");
    return trace_when_last(&cluster->trace, mark, "s? +switch-master *") - failed_at;
}

static void rest(struct cluster *cluster, sn_ms duration_ms)
{
    size_t mark = cluster_mark(cluster);
    uint64_t link = newest_peer_link(cluster);
    cluster_run_for(cluster, duration_ms);
    cluster_expect_count(cluster, mark, "s? +sdown *", 0);
    cluster_require(cluster, mark, newest_peer_link(cluster) == link, "no link was broken");
}

static void try_groups(unsigned groups)
{
    struct cluster *cluster = make_groups(groups);
    size_t mark = cluster_mark(cluster);
    rest(cluster, REST_MS);
    sn_ms few = fail_masters(cluster, cluster_kill, 0, FEW);
    sn_ms many = fail_masters(cluster, cluster_kill, FEW, groups);
    print_message(
        "of %u groups, the last of %d was switched after %lld ms, of the others %lld ms\n", groups,
        FEW, (long long)few, (long long)many);
    cluster_require(cluster, mark, few <= DOWN_AFTER + FEW_BOUND_MS, "some, in time");
    cluster_require(cluster, mark, many <= DOWN_AFTER + MANY_BOUND_MS, "all others, in time");
    cluster_free(cluster);
}

static void test_thousands__of_groups_break_nothing_that_they_share(void **state)
{
    const char *numbers = getenv("SENTINELD_GROUPS");
    (void)state;
    for (const char *at = numbers == NULL ? GROUPS : numbers; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        try_groups((unsigned)strtoul(at, NULL, 10));
    }
}

static void test_thousands__a_hundred_of_many_masters_hang(void **state)
{
    struct cluster *cluster = make_groups(MANY);
    size_t mark = cluster_mark(cluster);
    (void)state;
    rest(cluster, SHORT_REST_MS);
    sn_ms last = fail_masters(cluster, cluster_hang, 0, FEW);
    print_message("of %d groups, the last of %d was switched after %lld ms\n", MANY, FEW,
                  (long long)last);
    cluster_require(cluster, mark, last <= DOWN_AFTER + PING_MS + FEW_BOUND_MS, "in time");
    cluster_free(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_thousands__of_groups_break_nothing_that_they_share),
        CLUSTER_TEST(test_thousands__a_hundred_of_many_masters_hang),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
