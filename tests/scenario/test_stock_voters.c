/* SPDX-License-Identifier: BSD-3-Clause */

/* One sentinel of ours between two that vote by the stock rule (PROTOCOL.md §14.2, §23): only if
 * the requested epoch is not below their current one, which other groups raise as well, and above
 * their last vote for this master. A refusal shows their last vote, and nothing else. */

#include "cluster.h"
#include "cluster_internal.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include <cmocka.h>

#define DOWN_AFTER 1000
#define VOTERS     2
#define PORT       27379
#define BOB        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

struct voter {
    struct cluster_guest guest; /* first */
    struct sn_runid id;
    uint64_t epoch;
    uint64_t leader_epoch;
    char leader[SN_RUNID_LEN + 1];
};

static void no_change(struct cluster_guest *guest)
{
    (void)guest;
}

static void no_client(struct cluster_guest *guest, struct conn *conn, const struct packet *packet)
{
    (void)guest;
    (void)conn;
    (void)packet;
}

static void answer_question(struct voter *voter, struct conn *conn, const struct packet *request)
{
    struct sim_reply reply = {.type = SN_REPLY_ARRAY, .count = 3};
    bool vote = strcmp(request->runid, "*") != 0;
    if (vote && request->epoch > voter->epoch)
        voter->epoch = request->epoch;
    if (vote && voter->leader_epoch < request->epoch && voter->epoch <= request->epoch) {
        voter->leader_epoch = request->epoch;
        (void)snprintf(voter->leader, sizeof(voter->leader), "%s", request->runid);
    }
    bool shown = vote && voter->leader[0] != '\0';
    reply.items[0].type = SN_REPLY_INTEGER;
    reply.items[0].integer = 1;
    reply.items[1].type = SN_REPLY_STRING;
    reply.items[1].text = sn_strdup(shown ? voter->leader : "*");
    reply.items[2].type = SN_REPLY_INTEGER;
    reply.items[2].integer = shown ? (int64_t)voter->leader_epoch : 0;
    conn_reply(conn, request->order, request->tag, &reply);
}

static void serve(struct cluster_guest *guest, struct conn *conn)
{
    while (conn->inbox != NULL && !conn->server_gone) {
        struct packet *request = conn->inbox;
        struct sim_reply reply = {.type = SN_REPLY_INTEGER, .integer = 1};
        LL_DELETE(conn->inbox, request);
        if (request->order == SN_ORDER_ASK) {
            answer_question((struct voter *)guest, conn, request);
        } else {
            if (request->order == SN_ORDER_PING) {
                reply.type = SN_REPLY_STATUS;
                reply.text = sn_strdup("PONG");
            }
            conn_reply(conn, request->order, request->tag, &reply);
        }
        packet_free(request);
    }
}

static void say_hello(struct cluster *cluster, const struct voter *voter)
{
    char hello[256];
    (void)snprintf(hello, sizeof(hello), "127.0.0.1,%u,%s,%llu,mymaster,127.0.0.1,6379,0",
                   voter->guest.node.addr.port, voter->id.hex, (unsigned long long)voter->epoch);
    cluster_publish(cluster->sentinels[0], hello);
}

/* s1, the voters, a master and two replicas; quorum 2. */
static struct cluster *make(uint64_t seed, struct voter voters[VOTERS])
{
    struct cluster *cluster = cluster_new(seed);
    cluster_add_simple(cluster, "mymaster", 6379, 2, 2);
    cluster_start_sentinels(cluster, 1, 0);
    for (unsigned i = 0; i < VOTERS; i++) {
        char name[16];
        struct voter *voter = &voters[i];
        memset(voter, 0, sizeof(*voter));
        memset(voter->id.hex, '1' + (int)i, SN_RUNID_LEN);
        voter->guest.start = no_change;
        voter->guest.stop = no_change;
        voter->guest.take = no_client;
        voter->guest.serve = serve;
        (void)snprintf(name, sizeof(name), "k%u", i + 1);
        cluster_add_guest(cluster, &voter->guest, (uint16_t)(PORT + i), name);
        cluster_start(&voter->guest.node);
        say_hello(cluster, voter);
    }
    cluster_settle(cluster);
    cluster_run_for(cluster, 2000);
    return cluster;
}

/* Nothing tells s1 that its epochs are too low, until a hello does. */
static void test_stock_voters__that_are_ahead_are_won_with_the_epoch_of_their_hello(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct voter voters[VOTERS];
        struct cluster *cluster = make(seed, voters);
        size_t mark = cluster_mark(cluster);
        for (size_t i = 0; i < VOTERS; i++)
            voters[i].epoch = 50;
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, DOWN_AFTER + 500);
        EXPECT(cluster, mark, "s1 +try-failover *", "s1 -failover-abort-not-elected *",
               "s1 +try-failover *", "s1 -failover-abort-not-elected *");
        cluster_expect_count(cluster, mark, "s1 +elected-leader *", 0);
        say_hello(cluster, &voters[0]);
        sn_ms told_at = cluster->now;
        cluster_run_to_line(cluster, mark, "s1 +switch-master *", 5000);
        cluster_require(cluster, mark, cluster->now - told_at <= 2000, "with the next round");
        EXPECT(cluster, mark, "s1 +new-epoch 50", "s1 +vote-for-leader s1 51",
               "s1 > k? ASK 127.0.0.1 6379 51 s1", "s1 +elected-leader *");
        assert_int_equal(cluster_config_epoch(cluster->sentinels[0], "mymaster"), 51);
        cluster_free(cluster);
    }
}

/* A vote for somebody else, in an answer, is the only hint that a refusal may give. */
static void test_stock_voters__that_voted_for_another_are_won_with_a_higher_epoch(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct voter voters[VOTERS];
        struct cluster *cluster = make(seed, voters);
        size_t mark = cluster_mark(cluster);
        for (size_t i = 0; i < VOTERS; i++) {
            voters[i].epoch = voters[i].leader_epoch = 7;
            (void)snprintf(voters[i].leader, sizeof(voters[i].leader), BOB);
        }
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_to_line(cluster, mark, "s1 +switch-master *", DOWN_AFTER + 500);
        EXPECT(cluster, mark, "s1 +vote-for-leader s1 1", "s1 # *voted for " BOB " 7",
               "s1 +new-epoch 7", "s1 -failover-abort-not-elected *", "s1 +vote-for-leader s1 8",
               "s1 +elected-leader *");
        cluster_expect_count(cluster, mark, "s1 +try-failover *", 2);
        cluster_free(cluster);
    }
}

/* They voted for s1, but in an earlier attempt, and refuse this one: by the stock rule for
 * candidates, which compares with the current epoch instead of the attempt's, such votes can make a
 * leader of an epoch that nobody gave it (PROTOCOL.md §24.1). */
static void test_stock_voters__their_votes_of_another_epoch_win_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct voter voters[VOTERS];
        struct cluster *cluster = make(seed, voters);
        size_t mark = cluster_mark(cluster);
        for (size_t i = 0; i < VOTERS; i++) {
            voters[i].epoch = 1000000;
            voters[i].leader_epoch = 9;
            (void)snprintf(voters[i].leader, sizeof(voters[i].leader), "%s",
                           cluster->sentinels[0]->id.hex);
        }
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 20000);
        EXPECT(cluster, mark, "s1 # *voted for * 9", "s1 +try-failover *", "s1 +try-failover *");
        cluster_expect_count(cluster, mark, "s1 +elected-leader *", 0);
        cluster_expect_count(cluster, mark, "s1 > r? *", 0);
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_stock_voters__that_are_ahead_are_won_with_the_epoch_of_their_hello),
        CLUSTER_TEST(test_stock_voters__that_voted_for_another_are_won_with_a_higher_epoch),
        CLUSTER_TEST(test_stock_voters__their_votes_of_another_epoch_win_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
