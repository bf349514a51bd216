/* SPDX-License-Identifier: BSD-3-Clause */

/* Thousands of groups on the same three sentinels: nothing that the groups share (a link to a peer,
 * its window, a budget, a save) may have a limit at which it breaks (DESIGN.md D26).
 *
 * SENTINELD_GROUPS names the numbers of groups, "1025,2000,5000". Without it they are just more
 * than any limit of ours: thousands take minutes. */

#include "cluster.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GROUPS        "300" /* SN_PENDING_PEER_MAX is 256 */
#define DOWN_AFTER    1000
#define REST_MS       10000 /* several periods of hellos and INFO */
#define FEW           100   /* masters */
#define FEW_BOUND_MS  300   /* beyond down-after */
#define MANY_BOUND_MS 1000
#define FIRST_PORT    5000
#define PORTS         10 /* of a group */

static void make_name(char *name, size_t size, unsigned i)
{
    (void)snprintf(name, size, "group-%04u", i);
}

static struct cluster *make_groups(unsigned groups)
{
    struct cluster *cluster = cluster_new(1);
    char name[32];
    cluster->quiet = true;
    for (unsigned i = 0; i < groups; i++) {
        make_name(name, sizeof(name), i);
        cluster_add_simple(cluster, name, (uint16_t)(FIRST_PORT + PORTS * i), 2, 2);
    }
    cluster_start_sentinels(cluster, 3, 130);
    cluster_settle(cluster);
    return cluster;
}

/* Returns the last switch, in milliseconds since the masters died. */
static sn_ms kill_masters(struct cluster *cluster, unsigned first, unsigned end)
{
    size_t mark = cluster_mark(cluster);
    sn_ms killed_at = cluster->now;
    char name[32];
    for (unsigned i = first; i < end; i++)
        cluster_kill(&cluster->servers[(size_t)3 * i]->node);
    cluster_run_for(cluster, 5000);
    for (unsigned i = first; i < end; i++) {
        make_name(name, sizeof(name), i);
        uint16_t port = cluster_master_port(cluster->sentinels[0], name);
        cluster_require(cluster, mark, port != FIRST_PORT + PORTS * i, name);
        cluster_require(cluster, mark, cluster_agreed(cluster, name, port), name);
    }
    cluster_expect_count(cluster, mark, "s? +switch-master *", (size_t)3 * (end - first));
    cluster_expect_count(cluster, mark, "s? +sdown sentinel *", 0);
    return trace_when_last(&cluster->trace, mark, "s? +switch-master *") - killed_at;
}

static void try_groups(unsigned groups)
{
    struct cluster *cluster = make_groups(groups);
    size_t mark = cluster_mark(cluster);
    cluster_run_for(cluster, REST_MS);
    cluster_expect_count(cluster, mark, "s? +sdown *", 0);
    sn_ms few = kill_masters(cluster, 0, FEW), many = kill_masters(cluster, FEW, groups);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_thousands__of_groups_break_nothing_that_they_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
