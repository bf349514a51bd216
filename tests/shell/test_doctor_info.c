/* SPDX-License-Identifier: BSD-3-Clause */

/* What SENTINEL DOCTOR finds in the INFO of the servers. */

#include "doctor_kit.h"

#include <stdio.h>
#include <string.h>

static void test_doctor_info__masters_that_write_alone(void **state)
{
    struct kit *kit = kit_new(WELL);
    (void)state;
    expect(kit, "advice no-min-replicas 10.0.0.1:6379\n");
    kit_node(kit, "n1")->keeps_replicas = true;
    kit_to(kit, 20050);
    expect(kit, "");
    kit_free(kit);
    /* Its only replica would refuse all writes as the new master. */
    kit = kit_new("m1 n1 quorum 2 down-after 5000 replicas n2 peers a,b");
    expect(kit, "");
    kit_free(kit);
}

#define REDIS(version)  "redis_version:" version "\r\n"
#define VALKEY(version) "redis_version:7.2.4\r\nvalkey_version:" version "\r\n"

static void test_doctor_info__replicas_that_are_older(void **state)
{
    struct kit *kit = kit_well(WELL);
    static const struct {
        const char *master, *replica;
        bool is_older;
    } pairs[] = {
        {REDIS("7.2.5"), REDIS("7.0.15"), true},   {REDIS("8.0.0"), REDIS("7.4.1"), true},
        {REDIS("7.0.15"), REDIS("7.0.2"), false},  {REDIS("7.0.15"), REDIS("7.2.5"), false},
        {VALKEY("8.1.1"), VALKEY("8.0.3"), true},  {VALKEY("8.0.1"), VALKEY("8.1.0"), false},
        {REDIS("7.4.0"), VALKEY("8.1.1"), true},   {VALKEY("8.1.1"), REDIS("7.4.0"), false},
        {VALKEY("8.1.1"), REDIS("7.0.15"), true},  {VALKEY("8.1.1"), REDIS("7.2.4"), false},
        {REDIS("255.255.255"), REDIS("x"), false}, {REDIS(""), REDIS("7.0.15"), false}};
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        kit_node(kit, "n1")->server_info = kit_node(kit, "n3")->server_info = pairs[i].master;
        kit_node(kit, "n2")->server_info = pairs[i].replica;
        kit_to(kit, kit->now + 10050);
        expect(kit, pairs[i].is_older ? "warning older-replica 10.0.0.2:6379\n" : "");
    }
    kit_free(kit);
}

/* Of the replica with the third address. */
static sn_ms info_age_ms(struct kit *kit)
{
    const struct sn_instance *replica = sn_group_replica_first(kit_group(kit, "m1"));
    struct sn_buf text;
    sn_ms age_ms = 0;
    uint16_t port;
    while (strcmp(sn_instance_address(replica, &port), "10.0.0.3") != 0)
        replica = sn_instance_next(replica);
    sn_buf_init(&text, SIZE_MAX);
    assert_true(sn_instance_info(replica, kit->now, &text, &age_ms));
    sn_buf_fini(&text);
    return age_ms;
}

static void test_doctor_info__clocks(void **state)
{
    struct kit *kit = kit_well(WELL);
    struct sn_doctor_facts facts = facts_of(kit);
    const int64_t then_ms = 1700000000000;
    char told[64];
    (void)state;
    kit_node(kit, "n2")->server_info = "server_time_usec:no\r\n";
    kit_node(kit, "n3")->server_info = told;
    for (sn_ms ahead_ms = -3000; ahead_ms <= 3000; ahead_ms += 1500) {
        (void)snprintf(told, sizeof(told), "server_time_usec:%lld\r\n",
                       (long long)(then_ms + ahead_ms) * 1000);
        kit_to(kit, kit->now + 13050);
        facts.now = kit->now;
        facts.wall_ms = then_ms + info_age_ms(kit);
        expect_of(kit, &facts,
                  ahead_ms < -2000 || ahead_ms > 2000 ? "advice clock 10.0.0.3:6379\n" : "");
        facts.wall_ms = 0;
        expect_of(kit, &facts, "");
    }
    kit_free(kit);
}

/* An answer that lay in our socket while this process stood still tells of an earlier moment. */
static void test_doctor_info__an_answer_that_waited_is_no_wrong_clock(void **state)
{
    struct kit *kit = kit_well(WELL);
    struct sn_doctor_facts facts = facts_of(kit);
    const int64_t then_ms = 1700000000000;
    char told[64];
    (void)state;
    kit_node(kit, "n3")->server_info = told;
    (void)snprintf(told, sizeof(told), "server_time_usec:%lld\r\n", (long long)then_ms * 1000);
    kit_to(kit, kit->now + 10050);
    struct sn_instance *replica = kit_instance(kit, "m1", "n3");
    replica->u.data.info_asked_at = replica->u.data.info_at - 3000;
    facts.now = kit->now;
    facts.wall_ms = then_ms + 3000 + info_age_ms(kit);
    expect_of(kit, &facts, "");
    facts.wall_ms += 2001;
    expect_of(kit, &facts, "advice clock 10.0.0.3:6379\n");
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doctor_info__masters_that_write_alone),
        cmocka_unit_test(test_doctor_info__replicas_that_are_older),
        cmocka_unit_test(test_doctor_info__clocks),
        cmocka_unit_test(test_doctor_info__an_answer_that_waited_is_no_wrong_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
