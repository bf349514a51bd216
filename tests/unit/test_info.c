/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/prng.h"
#include "wire/info.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID "9c5bad19d61651aaf0eac50d9c2c0e5064d2c811"

/* As sent by redis-server 7.0.15, shortened, with LF for CRLF. */
static const char master_info[] = "# Server\n"
                                  "redis_version:7.0.15\n"
                                  "redis_mode:standalone\n"
                                  "process_id:14491\n"
                                  "run_id:" ID "\n"
                                  "tcp_port:33289\n"
                                  "\n"
                                  "# Replication\n"
                                  "role:master\n"
                                  "connected_slaves:2\n"
                                  "slave0:ip=127.0.0.1,port=47547,state=online,offset=14,lag=1\n"
                                  "slave1:ip=redis-2.local,port=6379,state=wait_bgsave,offset=0,"
                                  "lag=0\n"
                                  "master_failover_state:no-failover\n"
                                  "master_replid:e51a999c8667ed3e6fe471cc79042142af8cf8dd\n"
                                  "master_repl_offset:14\n"
                                  "second_repl_offset:-1\n";

static const char replica_info[] = "# Server\n"
                                   "redis_version:7.0.15\n"
                                   "run_id:" ID "\n"
                                   "\n"
                                   "# Replication\n"
                                   "role:slave\n"
                                   "master_host:127.0.0.1\n"
                                   "master_port:33289\n"
                                   "master_link_status:down\n"
                                   "master_last_io_seconds_ago:-1\n"
                                   "master_sync_in_progress:0\n"
                                   "slave_read_repl_offset:14\n"
                                   "slave_repl_offset:14\n"
                                   "master_link_down_since_seconds:2\n"
                                   "slave_priority:100\n"
                                   "slave_read_only:1\n"
                                   "replica_announced:1\n"
                                   "connected_slaves:1\n"
                                   "slave0:ip=127.0.0.1,port=7,state=online,offset=1,lag=1\n"
                                   "master_repl_offset:14\n";

/* As a server before 2.8 sends it. */
static const char old_master_info[] = "redis_version:2.6.17\n"
                                      "run_id:" ID "\n"
                                      "role:master\n"
                                      "connected_slaves:2\n"
                                      "slave0:10.0.0.7,6380,online\n"
                                      "slave1:2001:db8::1,6381,online\n";

/* Parses a copy in memory of exactly the right size, so that reading beyond it is caught. */
static void parse(const char *text, size_t len, struct sn_info *info)
{
    char *copy = malloc(len == 0 ? 1 : len);

    assert_non_null(copy);
    memcpy(copy, text, len);
    memset(info, 0xee, sizeof(*info));
    sn_info_parse(copy, len, info);
    free(copy);
}

static void parse_text(const char *text, struct sn_info *info)
{
    parse(text, strlen(text), info);
}

static void parse_with_crlf(const char *text, struct sn_info *info)
{
    char *out = malloc(2 * strlen(text) + 1);
    size_t len = 0;

    assert_non_null(out);
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            out[len++] = '\r';
        out[len++] = *text;
    }
    parse(out, len, info);
    free(out);
}

static void check_master(const struct sn_info *info)
{
    assert_string_equal(info->runid.hex, ID);
    assert_int_equal(info->role, SN_ROLE_MASTER);
    assert_int_equal(info->replica_count, 2);
    assert_string_equal(info->replicas[0].host, "127.0.0.1");
    assert_int_equal(info->replicas[0].port, 47547);
    assert_string_equal(info->replicas[1].host, "redis-2.local");
    assert_int_equal(info->replicas[1].port, 6379);
    assert_true(info->has_master_offset);
    assert_int_equal(info->master_repl_offset, 14);
    assert_int_equal(info->link_down_ms, 0);
    assert_false(info->has_master_host || info->has_master_port || info->has_link_status ||
                 info->has_priority || info->has_offset || info->has_announced);
}

static void test_info__of_a_master(void **state)
{
    struct sn_info info;

    (void)state;
    parse_with_crlf(master_info, &info);
    check_master(&info);
    sn_info_fini(&info);
    parse_text(master_info, &info);
    check_master(&info);
    sn_info_fini(&info);
    assert_null(info.replicas);
    assert_int_equal(info.replica_count, 0);
    sn_info_fini(&info);
}

static void check_replica(const struct sn_info *info)
{
    assert_string_equal(info->runid.hex, ID);
    assert_int_equal(info->role, SN_ROLE_REPLICA);
    assert_int_equal(info->replica_count, 1); /* of its own */
    assert_int_equal(info->replicas[0].port, 7);
    assert_true(info->has_master_host && info->has_master_port);
    assert_string_equal(info->master_host, "127.0.0.1");
    assert_int_equal(info->master_port, 33289);
    assert_true(info->has_link_status);
    assert_false(info->link_up);
    assert_int_equal(info->link_down_ms, 2000);
    assert_true(info->has_priority);
    assert_int_equal(info->priority, 100);
    assert_true(info->has_offset);
    assert_int_equal(info->repl_offset, 14);
    assert_true(info->has_announced);
    assert_true(info->announced);
    assert_false(info->has_master_offset);
    assert_int_equal(info->master_repl_offset, 0);
}

static void test_info__of_a_replica(void **state)
{
    struct sn_info info;

    (void)state;
    parse_with_crlf(replica_info, &info);
    check_replica(&info);
    sn_info_fini(&info);
    parse_text(replica_info, &info);
    check_replica(&info);
    sn_info_fini(&info);
}

static void test_info__of_an_old_master(void **state)
{
    struct sn_info info;

    (void)state;
    parse_with_crlf(old_master_info, &info);
    assert_int_equal(info.role, SN_ROLE_MASTER);
    assert_int_equal(info.replica_count, 2);
    assert_string_equal(info.replicas[0].host, "10.0.0.7");
    assert_int_equal(info.replicas[0].port, 6380);
    assert_string_equal(info.replicas[1].host, "2001:db8::1");
    assert_int_equal(info.replicas[1].port, 6381);
    sn_info_fini(&info);
}

static void test_info__fields_before_role_slave_are_ignored(void **state)
{
    static const char fields[] = "master_host:h\nmaster_port:1\nmaster_link_status:up\n"
                                 "slave_priority:1\nslave_repl_offset:1\nreplica_announced:1\n"
                                 "master_sync_in_progress:1\n";
    char text[500];
    struct sn_info info;

    (void)state;
    snprintf(text, sizeof(text), "%srole:slave\n", fields);
    parse_text(text, &info);
    assert_int_equal(info.role, SN_ROLE_REPLICA);
    assert_false(info.has_master_host || info.has_master_port || info.has_link_status ||
                 info.has_priority || info.has_offset || info.has_announced || info.syncing);
    sn_info_fini(&info);

    snprintf(text, sizeof(text), "role:slave\n%s", fields);
    parse_text(text, &info);
    assert_true(info.has_master_host && info.has_master_port && info.has_link_status &&
                info.has_priority && info.has_offset && info.has_announced);
    assert_true(info.link_up && info.syncing);
    sn_info_fini(&info);
}

static void test_info__without_a_role(void **state)
{
    struct sn_info info;

    (void)state;
    parse_text("run_id:" ID "\nrole:sentinel\nxrole:master\n role:slave\n"
               "slave0:ip=h,port=1\nmaster_link_down_since_seconds:3\n",
               &info);
    assert_int_equal(info.role, SN_ROLE_UNKNOWN);
    assert_int_equal(info.replica_count, 1);
    assert_string_equal(info.replicas[0].host, "h");
    assert_int_equal(info.link_down_ms, 3000);
    sn_info_fini(&info);
    parse("", 0, &info);
    assert_int_equal(info.role, SN_ROLE_UNKNOWN);
    assert_string_equal(info.runid.hex, "");
    sn_info_fini(&info);
    sn_info_parse(NULL, 0, &info);
    assert_int_equal(info.role, SN_ROLE_UNKNOWN);
    sn_info_fini(&info);
}

static void test_info__run_id_must_be_one(void **state)
{
    static const char *const bad[] = {
        "run_id:\n",         "run_id:" ID "0\n",
        "run_id:9c5bad19\n", "run_id:9c5bad19d61651aaf0eac50d9c2c0e5064d2c81,\n",
        " run_id:" ID "\n",  "run_id: " ID "\n",
    };
    struct sn_info info;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        parse_text(bad[i], &info);
        assert_string_equal(info.runid.hex, "");
        sn_info_fini(&info);
    }
}

static void test_info__replica_lines(void **state)
{
    static const struct {
        const char *line, *host;
        int port; /* 0: the line is skipped */
    } rows[] = {
        {"slave0:ip=10.0.0.1,port=1,state=online,offset=1,lag=0", "10.0.0.1", 1},
        {"slave17:lag=0,port=65535,state=online,ip=::1", "::1", 65535},
        {"slave0:ip=10.0.0.1,port=1", "10.0.0.1", 1},
        {"slave0:10.0.0.1,1,online", "10.0.0.1", 1},
        {"slave0:10.0.0.1,1", "10.0.0.1", 1},
        {"slave0:ip=10.0.0.1,state=online", NULL, 0},
        {"slave0:port=1,state=online", NULL, 0},
        {"slave0:ip=,port=1", NULL, 0},
        {"slave0:ip=h,port=", NULL, 0},
        {"slave0:ip=h,port=0", NULL, 0},
        {"slave0:ip=h,port=65536", NULL, 0},
        {"slave0:ip=h,port=-1", NULL, 0},
        {"slave0:ip=h,port=4294967297", NULL, 0},
        {"slave0:ip=h,port=1x", NULL, 0},
        {"slave0:ip=h h,port=1", NULL, 0},
        {"slave0:ip=h\rrole:slave,port=1", NULL, 0},
        {"slave0:ip=h\x1b[0m,port=1", NULL, 0},
        {"slave0:skip=h,sport=1", NULL, 0},
        {"slave0:", NULL, 0},
        {"slave0", NULL, 0},
        {"slave:ip=h,port=1", NULL, 0},
        {"slavex:ip=h,port=1", NULL, 0},
        {"slave_0:ip=h,port=1", NULL, 0},
        {"slaves0:ip=h,port=1", NULL, 0},
        {"xslave0:ip=h,port=1", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[200];
        struct sn_info info;
        snprintf(text, sizeof(text), "role:master\n%s\nslave9:ip=last,port=9\n", rows[i].line);
        parse_text(text, &info);
        if (info.replica_count != (rows[i].port == 0 ? 1U : 2U))
            fail_msg("'%s' gave %zu replicas", rows[i].line, info.replica_count - 1);
        if (rows[i].port != 0) {
            assert_string_equal(info.replicas[0].host, rows[i].host);
            assert_int_equal(info.replicas[0].port, rows[i].port);
        }
        assert_string_equal(info.replicas[info.replica_count - 1].host, "last");
        assert_int_equal(info.role, SN_ROLE_MASTER);
        sn_info_fini(&info);
    }
}

static void test_info__replicas_may_stand_before_the_role(void **state)
{
    struct sn_info info;

    (void)state;
    parse_text("slave0:ip=h,port=1\nrole:master\n", &info);
    assert_int_equal(info.replica_count, 1);
    sn_info_fini(&info);
}

static void test_info__replicas_have_a_cap(void **state)
{
    enum { LINES = SN_INFO_REPLICAS_MAX + 10 };
    static char text[LINES * 64];
    struct sn_info info;
    size_t len = (size_t)sprintf(text, "role:master\n");

    (void)state;
    for (int i = 0; i < LINES; i++)
        len += (size_t)sprintf(text + len, "slave%d:ip=h%d,port=%d\n", i, i, i + 1);
    parse(text, len, &info);
    assert_int_equal(info.replica_count, SN_INFO_REPLICAS_MAX);
    for (int i = 0; i < SN_INFO_REPLICAS_MAX; i++)
        assert_int_equal(info.replicas[i].port, i + 1);
    assert_string_equal(info.replicas[1023].host, "h1023");
    sn_info_fini(&info);
}

static void test_info__link_down_time(void **state)
{
    static const struct {
        const char *value;
        sn_ms ms;
    } rows[] = {
        {"0", 0},
        {"1", 1000},
        {"-1", 0},
        {"-99999999999999999999", 0},
        {"1700000000", 1700000000000},
        {"9007199254740", 9007199254740000},
        {"9007199254741", 9007199254740000},
        {"9223372036854775807", 9007199254740000},
        {"99999999999999999999", 9007199254740000},
        {"", 0},
        {"x", 0},
        {"1x", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[200];
        struct sn_info info;
        snprintf(text, sizeof(text), "role:slave\nmaster_link_down_since_seconds:%s\n",
                 rows[i].value);
        parse_text(text, &info);
        assert_true(info.link_down_ms == rows[i].ms);
        sn_info_fini(&info);
    }
}

static void test_info__last_byte_of_the_master(void **state)
{
    struct sn_info info;

    (void)state;
    parse_text(replica_info, &info);
    assert_false(info.has_last_io); /* -1: its link is down */
    sn_info_fini(&info);
    parse_text("role:slave\nmaster_last_io_seconds_ago:7\n", &info);
    assert_true(info.has_last_io);
    assert_int_equal(info.last_io_ms, 7000);
    sn_info_fini(&info);
    parse_text("role:slave\nmaster_last_io_seconds_ago:99999999999999999999\n", &info);
    assert_false(info.has_last_io);
    sn_info_fini(&info);
}

static void test_info__data_set(void **state)
{
    static const char a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    static const char b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    char text[600];
    struct sn_info info;

    (void)state;
    parse_text("role:master\n", &info);
    assert_false(info.has_keys || info.has_changes || info.loading || info.link_never_up);
    assert_string_equal(info.replid.hex, "");
    snprintf(text, sizeof(text),
             "loading:0\nasync_loading:1\nrdb_changes_since_last_save:7\nrole:master\n"
             "rdb_last_save_time:1700000000\n"
             "master_replid:%s\nmaster_replid2:%s\nsecond_repl_offset:51\ndb3:keys=9\n"
             "# Keyspace\ndb0:keys=2000,expires=0,avg_ttl=0\ndb15:keys=1,expires=1\n"
             "dbx:keys=5\ndb1:expires=5\ndb2:keys=-1\n",
             a, b);
    parse_text(text, &info);
    assert_string_equal(info.replid.hex, a);
    assert_string_equal(info.replid2.hex, b);
    assert_int_equal(info.second_offset, 51);
    assert_false(info.loading);
    assert_true(info.has_keys && info.has_changes);
    assert_int_equal(info.keys, 2001);
    assert_int_equal(info.changes, 7);
    assert_int_equal(info.saved_at, 1700000000);

    parse_text("loading:1\nrole:slave\nmaster_link_down_since_seconds:-1\nmaster_replid:short\n"
               "master_replid2:0000000000000000000000000000000000000000\nsecond_repl_offset:-1\n"
               "rdb_changes_since_last_save:many\nrdb_last_save_time:never\n# Keyspace\n",
               &info);
    assert_string_equal(info.replid.hex, "");
    assert_string_equal(info.replid2.hex, "");
    assert_int_equal(info.second_offset, 0);
    assert_true(info.loading && info.link_never_up && info.has_keys);
    assert_false(info.has_changes || info.has_link_down || info.saved_at != 0);
    assert_int_equal(info.keys, 0);

    parse_text("# Keyspace\ndb0:keys=18446744073709551615\ndb1:keys=2\n", &info);
    assert_true(info.keys == UINT64_MAX);
}

static void test_info__hostile_values_are_left_out(void **state)
{
    struct sn_info info;

    (void)state;
    parse_text("role:slave\n"
               "master_host:bad host\nmaster_port:0\nslave_priority:4294967296\n"
               "slave_repl_offset:-1\nreplica_announced:maybe\nmaster_link_status:sideways\n",
               &info);
    assert_false(info.has_master_host || info.has_master_port || info.has_priority ||
                 info.has_offset || info.has_announced);
    assert_true(info.has_link_status);
    assert_false(info.link_up);
    assert_string_equal(info.master_host, "");
    sn_info_fini(&info);

    /* A bad line does not undo a good one before it. */
    parse_text("role:slave\nslave_repl_offset:18446744073709551615\n"
               "slave_repl_offset:18446744073709551616\nslave_priority:4294967295\n"
               "slave_priority:\nmaster_port:7\nmaster_port:70000\nmaster_host:good\nmaster_host:"
               "\nreplica_announced:0\n"
               "replica_announced:\n",
               &info);
    assert_true(info.has_offset && info.has_priority && info.has_master_host && info.has_announced);
    assert_true(info.repl_offset == UINT64_MAX);
    assert_true(info.priority == UINT32_MAX);
    assert_string_equal(info.master_host, "good");
    assert_true(info.has_master_port);
    assert_int_equal(info.master_port, 7);
    assert_false(info.announced);
    sn_info_fini(&info);
}

static void test_info__nul_bytes_do_not_cut_values(void **state)
{
    static const char text[] = "role:slave\nmaster_host:10.0.0.1\0evil\nslave_priority:1\0\n";
    struct sn_info info;

    (void)state;
    parse(text, sizeof(text) - 1, &info);
    assert_false(info.has_master_host);
    assert_false(info.has_priority);
    sn_info_fini(&info);
}

static void test_info__hosts_end_at_their_limit(void **state)
{
    char text[400];
    struct sn_info info;

    (void)state;
    for (int len = SN_HOST_MAX - 1; len <= SN_HOST_MAX + 1; len++) {
        size_t used = (size_t)sprintf(text, "role:slave\nmaster_host:");
        memset(text + used, 'h', (size_t)len);
        strcpy(text + used + (size_t)len, "\n");
        parse_text(text, &info);
        assert_int_equal(info.has_master_host, len <= SN_HOST_MAX);
        assert_int_equal(strlen(info.master_host), len <= SN_HOST_MAX ? len : 0);
        sn_info_fini(&info);
    }
}

static void test_info__cut_anywhere_and_damaged_at_random(void **state)
{
    static const char *const texts[] = {master_info, replica_info, old_master_info};
    struct sn_info info;
    struct sn_prng prng;

    (void)state;
    sn_prng_init(&prng, 1);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char copy[sizeof(master_info) + sizeof(replica_info)];
        size_t len = strlen(texts[i]);
        for (size_t cut = 0; cut <= len; cut++) {
            parse(texts[i], cut, &info);
            sn_info_fini(&info);
        }
        for (int round = 0; round < 2000; round++) {
            memcpy(copy, texts[i], len);
            for (int hit = 0; hit < 4; hit++)
                copy[sn_prng_below(&prng, len)] = (char)sn_prng_next(&prng);
            parse(copy, len, &info);
            assert_true(info.role == SN_ROLE_MASTER || !info.has_master_offset);
            sn_info_fini(&info);
        }
    }
    parse_text("\n\r\n\n\rrole:master\nrole:slave\n", &info);
    assert_int_equal(info.role, SN_ROLE_REPLICA);
    sn_info_fini(&info);
    /* The last line counts without its end. */
    parse_text("role:slave\nslave_priority:12", &info);
    assert_int_equal(info.priority, 12);
    sn_info_fini(&info);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_info__of_a_master),
        cmocka_unit_test(test_info__of_a_replica),
        cmocka_unit_test(test_info__of_an_old_master),
        cmocka_unit_test(test_info__fields_before_role_slave_are_ignored),
        cmocka_unit_test(test_info__without_a_role),
        cmocka_unit_test(test_info__run_id_must_be_one),
        cmocka_unit_test(test_info__replica_lines),
        cmocka_unit_test(test_info__replicas_may_stand_before_the_role),
        cmocka_unit_test(test_info__replicas_have_a_cap),
        cmocka_unit_test(test_info__link_down_time),
        cmocka_unit_test(test_info__last_byte_of_the_master),
        cmocka_unit_test(test_info__data_set),
        cmocka_unit_test(test_info__hostile_values_are_left_out),
        cmocka_unit_test(test_info__nul_bytes_do_not_cut_values),
        cmocka_unit_test(test_info__hosts_end_at_their_limit),
        cmocka_unit_test(test_info__cut_anywhere_and_damaged_at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
