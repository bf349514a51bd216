/* SPDX-License-Identifier: BSD-3-Clause */

/* What INFO teaches, and when it is asked for (PROTOCOL.md §11.2, §12). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

#define M1 "master m1 10.0.0.1 6379"
#define N2 "slave 10.0.0.2:6379 10.0.0.2 6379 @ m1 10.0.0.1 6379"
#define ID "1234567890abcdef1234567890abcdef12345678"

/* INFO is in the test's hands, and is outstanding for every node. */
static struct kit *with_info_held(const char *text)
{
    struct kit *kit = kit_new(text);
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, 10000);
    kit_clear(kit);
    return kit;
}

static const struct sn_data *facts(struct kit *kit, const char *node)
{
    return &kit_instance(kit, "m1", node)->u.data;
}

static void test_discover__replicas_named_by_the_master_are_taken_in(void **state)
{
    struct kit *kit = with_info_held("m1 n1 replicas n2");
    (void)state;
    kit_info(kit, "n1",
             "role:master\r\nslave0:ip=10.0.0.2,port=6379,state=online,offset=1,lag=0\r\n"
             "slave1:ip=10.0.0.3,port=6379,state=online,offset=1,lag=0\r\n"
             "slave2:10.0.0.4,6379,online\r\n"
             "slave3:ip=10.0.0.1,port=6379,state=online\r\n"  /* the master itself */
             "slave4:ip=some.name,port=6379,state=online\r\n" /* names are not taken here */
             "slave5:ip=10.0.0.5,port=0,state=online\r\n");
    kit_expect(kit, "event persist connect",
               "connect data n3\n"
               "event N +slave slave 10.0.0.3:6379 10.0.0.3 6379 @ m1 10.0.0.1 6379\n"
               "connect data n4\n"
               "event N +slave slave 10.0.0.4:6379 10.0.0.4 6379 @ m1 10.0.0.1 6379\n"
               "persist 2\nconnect sub n3\nconnect sub n4\n");
    /* Known ones are not told again, missing ones not removed. */
    kit_to(kit, 11000);
    kit_info(kit, "n1", "role:master\r\nslave0:ip=10.0.0.4,port=6379,state=online\r\n");
    kit_expect(kit, "event persist connect", "");
    assert_int_equal(kit_group(kit, "m1")->replica_count, 3);
    kit_free(kit);
}

static void test_discover__names_are_taken_where_names_are_resolved(void **state)
{
    struct kit *kit = with_info_held("- hostnames;m1 n1");
    (void)state;
    kit_info(kit, "n1", "role:master\r\nslave0:ip=db.example.org,port=6379,state=online\r\n");
    kit_expect(kit, "event resolve connect",
               "resolve db.example.org\n"
               "event N +slave slave db.example.org:6379 db.example.org 6379 @ m1 10.0.0.1 6379\n");
    kit_free(kit);
}

/* By a hello the master's address was known before the name under which it had been a replica. */
static void test_discover__a_name_that_is_known_by_its_address_is_no_second_replica(void **state)
{
    struct kit *kit = with_info_held("- hostnames;m1 n1 replicas n2");
    (void)state;
    kit_info(kit, "n1",
             "role:master\r\nslave0:ip=one.example.org,port=6379,state=online\r\n"
             "slave1:ip=two.example.org,port=6379,state=online\r\n"
             "slave2:ip=three.example.org,port=6379,state=online\r\n");
    assert_int_equal(kit_group(kit, "m1")->replica_count, 4);
    kit_resolved(kit, "one.example.org", "10.0.0.1"); /* the master */
    assert_int_equal(kit_group(kit, "m1")->replica_count, 3);
    struct sn_instance *two = kit_group(kit, "m1")->replicas->next;
    assert_string_equal(two->addr.host, "two.example.org");
    two->u.data.unproven_at = kit_now(kit) + kit->start; /* demoted under the name that goes */
    kit_resolved(kit, "two.example.org", "10.0.0.2");    /* n2 */
    assert_int_equal(kit_group(kit, "m1")->replica_count, 2);
    assert_int_equal(kit_instance(kit, "m1", "n2")->u.data.unproven_at, kit_now(kit) + kit->start);
    kit_resolved(kit, "three.example.org", "10.0.0.3");
    assert_int_equal(kit_group(kit, "m1")->replica_count, 2);
    assert_int_equal(kit_count(kit, "log N Forgot replica"), 2);
    kit_to(kit, kit_now(kit) + 5000);
    kit_free(kit);
}

static void test_discover__only_the_watched_node_names_replicas(void **state)
{
    static const char names[] = "role:master\r\nslave0:ip=10.0.0.7,port=6379,state=online\r\n";
    struct kit *kit = with_info_held("m1 n1 replicas n2");
    (void)state;
    kit_info(kit, "n2", names); /* a replica that claims to be master */
    assert_int_equal(kit_count(kit, "event N +slave"), 0);
    kit_free(kit);
}

static void test_discover__the_watched_node_names_replicas_whatever_its_role(void **state)
{
    static const char *const roles[] = {"role:slave\r\nmaster_host:10.0.0.9\r\nmaster_port:6379",
                                        "role:active-replica", "role:master", "redis_mode:x"};
    (void)state;
    for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
        struct kit *kit = with_info_held("m1 n1 replicas n2");
        char text[256];
        (void)snprintf(text, sizeof(text), "%s\r\nslave0:ip=10.0.0.7,port=6379,state=online\r\n",
                       roles[i]);
        kit_info(kit, "n1", text);
        assert_int_equal(
            kit_count(kit, "event N +slave slave 10.0.0.7:6379 10.0.0.7 6379 @ m1 10.0.0.1 6379"),
            1);
        kit_free(kit);
    }
}

/* Nobody can be connected to there; it is told once. */
static void test_discover__addresses_of_no_use_are_not_taken_in(void **state)
{
    struct kit *kit = with_info_held("m1 n1");
    (void)state;
    for (int i = 0; i < 2; i++) {
        kit_info(kit, "n1",
                 "role:master\r\nslave0:ip=0.0.0.0,port=6379,state=online\r\n"
                 "slave1:ip=255.255.255.255,port=6379,state=online\r\n"
                 "slave2:ip=224.0.0.1,port=6379,state=online\r\n"
                 "slave3:ip=::,port=6379,state=online\r\n"
                 "slave4:ip=ff02::1,port=6379,state=online\r\n");
        kit_to(kit, kit_now(kit) + 11000);
    }
    assert_int_equal(kit_count(kit, "log W The master of m1 reports a replica at 0.0.0.0:6379"), 1);
    kit_expect(kit, "event persist connect", "");
    assert_int_equal(kit_group(kit, "m1")->replica_count, 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_REPLICA_NO_ADDR, NULL) > 0);
    kit_free(kit);
}

static void test_discover__replicas_have_a_cap(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    for (int i = 0; i < SN_REPLICAS_MAX + 3; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "n%d", i + 2);
        kit_mode(kit, name, KIT_GONE);
    }
    kit_debug(kit, SN_TIMING_INFO_PERIOD, 1000);
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, 1000);
    /* In parts, as the texts of this kit are short. */
    for (int part = 0; part < 11; part++) {
        char text[8000] = "role:master\r\n";
        size_t len = strlen(text);
        for (int i = part * 100; i < part * 100 + 100 && i < SN_REPLICAS_MAX + 3; i++)
            len += (size_t)snprintf(text + len, sizeof(text) - len,
                                    "slave%d:ip=10.0.%d.%d,port=6379,state=online\r\n", i,
                                    (i + 2) / 250 * 10, (i + 2) % 250);
        kit_info(kit, "n1", text);
        kit_to(kit, kit_now(kit) + 1000);
    }
    assert_int_equal(kit_group(kit, "m1")->replica_count, SN_REPLICAS_MAX);
    assert_int_equal(kit_count(kit, "log W Group m1 already has 1024 replicas"), 1);
    kit_clear(kit);
    /* When one has found a place, the next time is a new one. */
    kit_named(kit, SN_COMMAND_RESET, "m1");
    kit_to(kit, kit_now(kit) + 1000);
    kit_info(kit, "n1", "role:master\r\nslave0:ip=10.0.0.2,port=6379,state=online\r\n");
    assert_int_equal(kit_group(kit, "m1")->replica_count, 1);
    assert_false(kit_group(kit, "m1")->full_told);
    assert_true(kit_reasons(kit, "m1", SN_REASON_REPLICA_TOO_MANY, NULL) > 0);
    kit_free(kit);
}

static void test_discover__reads_what_a_replica_says(void **state)
{
    struct kit *kit = with_info_held("m1 n1 replicas n2");
    (void)state;
    kit_info(kit, "n2",
             "run_id:" ID "\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\n"
             "master_link_status:down\r\nmaster_link_down_since_seconds:7\r\n"
             "slave_repl_offset:18446744073709551615\r\nslave_priority:25\r\n"
             "replica_announced:0\r\n");
    const struct sn_data *data = facts(kit, "n2");
    assert_string_equal(data->master_host, "10.0.0.1");
    assert_int_equal(data->master_port, 6379);
    assert_false(data->link_up);
    assert_int_equal(data->link_down_ms, 7000);
    assert_true(data->repl_offset == UINT64_MAX);
    assert_int_equal(data->priority, 25);
    assert_false(data->announced);
    /* What is not said keeps its value, except the time that the link has been down. */
    kit_to(kit, 20000);
    kit_info(kit, "n2", "run_id:" ID "\r\nrole:slave\r\n");
    assert_string_equal(data->master_host, "10.0.0.1");
    assert_int_equal(data->priority, 25);
    assert_false(data->announced);
    assert_int_equal(data->link_down_ms, 0);
    kit_free(kit);
}

static void test_discover__a_changed_master_restarts_its_clock(void **state)
{
    struct kit *kit = with_info_held("m1 n1 replicas n2 timeout 100000");
    (void)state;
    kit_info(kit, "n2", "role:slave\r\nmaster_host:some.Host\r\nmaster_port:6379\r\n");
    assert_int_equal(facts(kit, "n2")->master_changed_at - kit->start, 10000);
    kit_to(kit, 20000);
    kit_info(kit, "n2", "role:slave\r\nmaster_host:SOME.host\r\nmaster_port:6379\r\n");
    assert_int_equal(facts(kit, "n2")->master_changed_at - kit->start, 10000);
    kit_to(kit, 30000);
    kit_info(kit, "n2", "role:slave\r\nmaster_host:some.host\r\nmaster_port:6380\r\n");
    assert_int_equal(facts(kit, "n2")->master_changed_at - kit->start, 30000);
    kit_to(kit, 40000);
    kit_info(kit, "n2", "role:master\r\n");
    kit_to(kit, 41000);
    kit_info(kit, "n2", "role:slave\r\nmaster_host:some.host\r\nmaster_port:6380\r\n");
    assert_int_equal(facts(kit, "n2")->master_changed_at - kit->start, 41000);
    kit_free(kit);
}

static void test_discover__role_changes_are_told_as_expected_or_not(void **state)
{
    static const struct {
        const char *node, *info, *event;
    } rows[] = {
        {"n1", "role:master\r\n", ""},
        {"n1", "role:slave\r\n", "event V -role-change " M1 " new reported role is slave\n"},
        {"n1", "role:slave\r\n", ""},
        {"n1", "role:master\r\n", "event V +role-change " M1 " new reported role is master\n"},
        {"n1", "a:b\r\n", "event V -role-change " M1 " new reported role is slave\n"},
        {"n2", "role:slave\r\n", ""},
        {"n2", "role:master\r\n", "event V -role-change " N2 " new reported role is master\n"},
        {"n2", "role:slave\r\n", "event V +role-change " N2 " new reported role is slave\n"},
        {"n2", "a:b\r\n", "event V -role-change " N2 " new reported role is slave\n"},
        {"n2", "role:slave\r\n", "event V +role-change " N2 " new reported role is slave\n"},
    };
    struct kit *kit = with_info_held("m1 n1 replicas n2");
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        kit_to(kit, 10000 + 10000 * (sn_ms)i);
        kit_clear(kit);
        kit_info(kit, rows[i].node, rows[i].info);
        kit_expect(kit, "event", rows[i].event);
    }
    kit_free(kit);
}

static void test_discover__a_new_run_id_is_a_reboot(void **state)
{
    struct kit *kit = with_info_held("m1 n1 replicas n2");
    (void)state;
    kit_info(kit, "n2", "run_id:short\r\nrole:slave\r\n"); /* malformed: as good as none */
    kit_expect(kit, "event", "");
    kit_to(kit, 20000);
    kit_info(kit, "n2", "run_id:" ID "\r\nrole:slave\r\n");
    kit_expect(kit, "event", "event N +reboot " N2 "\n");
    kit_to(kit, 30000);
    kit_info(kit, "n2", "run_id:" ID "\r\nrole:slave\r\n");
    kit_expect(kit, "event", "");
    assert_string_equal(kit_instance(kit, "m1", "n2")->runid.hex, ID);
    kit_free(kit);
}

static void test_discover__an_error_or_an_odd_reply_teaches_nothing(void **state)
{
    struct kit *kit = with_info_held("m1 n1 replicas n2");
    (void)state;
    sn_ms before = facts(kit, "n2")->info_at;
    kit_reply(kit, "n2", SN_ORDER_INFO, "-NOPERM no permissions to run the 'info' command");
    assert_int_equal(facts(kit, "n2")->info_at, before);
    kit_to(kit, 20000); /* asked again when it is due */
    assert_int_equal(kit_count(kit, "info n2"), 1);
    kit_reply(kit, "n2", SN_ORDER_INFO, ":1");
    kit_to(kit, 30000);
    kit_reply(kit, "n2", SN_ORDER_INFO, "[$role:master]");
    assert_int_equal(facts(kit, "n2")->info_at, before);
    kit_expect(kit, "event", "");
    kit_free(kit);
}

static void test_discover__without_a_role_it_is_unknown_and_told_as_a_slave(void **state)
{
    struct kit *kit = with_info_held("m1 n1 replicas n2");
    (void)state;
    kit_info(kit, "n2", "other:thing\r\n");
    assert_int_equal(facts(kit, "n2")->role_reported, SN_ROLE_UNKNOWN);
    kit_expect(kit, "event",
               "event V -role-change slave 10.0.0.2:6379 10.0.0.2 6379 @ m1 10.0.0.1 "
               "6379 new reported role is slave\n");
    kit_free(kit);
}

static void test_discover__the_text_is_kept_for_info_cache(void **state)
{
    struct kit *kit = with_info_held("m1 n1 replicas n2");
    struct sn_buf text;
    sn_ms age;
    (void)state;
    sn_buf_init(&text, SIZE_MAX);
    kit_info(kit, "n2", "role:slave\r\nother:thing\r\n");
    assert_true(sn_instance_info(kit_instance(kit, "m1", "n2"), kit->now + 7, &text, &age));
    assert_string_equal(sn_buf_text(&text), "role:slave\r\nother:thing\r\n");
    assert_int_equal(age, 7);
    sn_buf_fini(&text);
    kit_free(kit);
}

/* The times of INFO to node within [from, to], as many as there are. */
static size_t count_infos(struct kit *kit, const char *node, sn_ms from, sn_ms to)
{
    char line[32];
    (void)snprintf(line, sizeof(line), "info %s", node);
    kit_to(kit, from - 1);
    kit_clear(kit);
    kit_to(kit, to);
    return kit_count(kit, line);
}

static void test_discover__info_periods(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a down-after 2000");
    (void)state;
    kit_node(kit, "n3")->link_down_s = 3; /* noticed at 10000 */
    /* A replica each ten seconds. */
    assert_int_equal(count_infos(kit, "n2", 1, 9999), 0);
    assert_int_equal(count_infos(kit, "n2", 10000, 10000), 1);
    /* One with a broken link each second. */
    assert_int_equal(count_infos(kit, "n3", 10001, 15000), 5);
    /* A master each second while it is new, then each ten. */
    assert_int_equal(count_infos(kit, "n1", 20001, 29999), 0);
    assert_int_equal(count_infos(kit, "n1", 30000, 30000), 1);
    /* All replicas each second while the master is down. */
    kit_mode(kit, "n1", KIT_REFUSING);
    assert_int_equal(count_infos(kit, "n2", 32001, 36000), 4);
    kit_free(kit);
}

static void test_discover__the_period_can_be_changed(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2");
    (void)state;
    kit_debug(kit, SN_TIMING_INFO_PERIOD, 700);
    assert_int_equal(count_infos(kit, "n2", 1, 699), 0);
    assert_int_equal(count_infos(kit, "n2", 700, 700), 1);
    assert_int_equal(count_infos(kit, "n2", 701, 2800), 3);
    kit_free(kit);
}

static void test_discover__one_info_at_a_time(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, 60000);
    assert_int_equal(kit_count(kit, "info n2"), 1);
    kit_drop(kit, "n2"); /* what is lost with the link is asked again on the next */
    kit_to(kit, 60000);
    assert_int_equal(kit_count(kit, "info n2"), 2);
    kit_mode(kit, "n1", KIT_REFUSING); /* all replicas are asked in the moment of S_DOWN */
    kit_to(kit, 62000);
    assert_int_equal(kit_count(kit, "event W +sdown master m1"), 1);
    assert_int_equal(kit_count(kit, "info n2"), 2);
    kit_free(kit);
}

static void test_discover__a_replica_that_is_monitored_as_master_is_told(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    struct kit_node *node = kit_node(kit, "n3"); /* to be monitored */
    node->role = SN_ROLE_REPLICA;
    (void)snprintf(node->master, sizeof(node->master), "n9");
    struct sn_command command = {
        .kind = SN_COMMAND_MONITOR, .name = "m3", .name_len = 2, .quorum = 2};
    assert_int_equal(sn_addr_make(node->host, node->port, &command.addr), 0);
    kit_command(kit, &command);
    kit_to(kit, 60000);
    assert_int_equal(kit_count(kit,
                               "log W 10.0.0.3:6379, monitored as the master of m3, is a replica "
                               "of 10.0.0.9:6379: monitor its master instead (SENTINEL REMOVE m3, "
                               "then SENTINEL MONITOR m3 10.0.0.9 6379 2)."),
                     1);
    kit_free(kit);
}

/* Demoted while we were away: a hello will tell. Only what lasts is told. */
static void test_discover__an_old_master_is_no_misplaced_one_at_once(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a config 3");
    (void)state;
    struct kit_node *node = kit_node(kit, "n1");
    node->role = SN_ROLE_REPLICA;
    (void)snprintf(node->master, sizeof(node->master), "n2");
    kit_to(kit, 10000);
    assert_int_equal(kit_count(kit, "log W 10.0.0.1:6379, monitored as"), 0);
    kit_to(kit, 60000);
    assert_int_equal(kit_count(kit, "log W 10.0.0.1:6379, monitored as"), 1);
    kit_free(kit);
}

static void test_discover__a_sentinel_in_place_of_a_server_is_told_once(void **state)
{
    static const char *const infos[] = {"redis_version:7.0\r\nredis_mode:sentinel\r\n",
                                        "server_mode:sentinel\r\n"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kit *kit = kit_new("m1 n1");
        kit->hold = KIT_HOLD(SN_ORDER_INFO);
        for (int n = 0; n < 3; n++) {
            kit_to(kit, kit_now(kit) + 11000);
            kit_info(kit, "n1", infos[i]);
        }
        assert_int_equal(kit_count(kit, "log W 10.0.0.1:6379, a member of group m1, is a sentinel "
                                        "and not a data server"),
                         1);
        kit_free(kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_discover__replicas_named_by_the_master_are_taken_in),
        cmocka_unit_test(test_discover__addresses_of_no_use_are_not_taken_in),
        cmocka_unit_test(test_discover__names_are_taken_where_names_are_resolved),
        cmocka_unit_test(test_discover__a_name_that_is_known_by_its_address_is_no_second_replica),
        cmocka_unit_test(test_discover__only_the_watched_node_names_replicas),
        cmocka_unit_test(test_discover__the_watched_node_names_replicas_whatever_its_role),
        cmocka_unit_test(test_discover__replicas_have_a_cap),
        cmocka_unit_test(test_discover__reads_what_a_replica_says),
        cmocka_unit_test(test_discover__a_changed_master_restarts_its_clock),
        cmocka_unit_test(test_discover__role_changes_are_told_as_expected_or_not),
        cmocka_unit_test(test_discover__a_new_run_id_is_a_reboot),
        cmocka_unit_test(test_discover__an_error_or_an_odd_reply_teaches_nothing),
        cmocka_unit_test(test_discover__without_a_role_it_is_unknown_and_told_as_a_slave),
        cmocka_unit_test(test_discover__the_text_is_kept_for_info_cache),
        cmocka_unit_test(test_discover__info_periods),
        cmocka_unit_test(test_discover__the_period_can_be_changed),
        cmocka_unit_test(test_discover__one_info_at_a_time),
        cmocka_unit_test(test_discover__a_replica_that_is_monitored_as_master_is_told),
        cmocka_unit_test(test_discover__an_old_master_is_no_misplaced_one_at_once),
        cmocka_unit_test(test_discover__a_sentinel_in_place_of_a_server_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
