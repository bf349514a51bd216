/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf_redis_kit.h"

static void test_conf_redis__empty_file_means_defaults(void **state)
{
    struct sn_conf conf;

    (void)state;
    load("", &conf);
    assert_int_equal(conf.syntax, SN_CONF_REDIS);
    assert_int_equal(conf.settings.port, 26379);
    assert_int_equal(conf.settings.maxclients, 10000);
    assert_int_equal(conf.settings.tcp_backlog, 511);
    assert_int_equal(conf.settings.tcp_keepalive_s, 300);
    assert_int_equal(conf.settings.bulk_max, 512 << 20);
    assert_int_equal(conf.settings.query_buffer_max, 1 << 20);
    assert_int_equal(conf.settings.pubsub_hard_max, 32 << 20);
    assert_int_equal(conf.settings.loglevel, SN_LEVEL_NOTICE);
    assert_string_equal(conf.settings.tls.auth_clients, "yes");
    assert_true(conf.settings.tls.session_caching);
    assert_false(conf.settings.protected_mode);
    assert_null(conf.settings.logfile);
    assert_int_equal(conf.image.group_count, 0);
    assert_int_equal(conf.notice_count, 0);
    sn_conf_fini(&conf);
}

static void test_conf_redis__two_groups(void **state)
{
    struct sn_conf conf;

    (void)state;
    load("port 5000\n"
         "sentinel monitor mymaster 127.0.0.1 6379 2\n"
         "sentinel down-after-milliseconds mymaster 60000\n"
         "sentinel failover-timeout mymaster 180000\n"
         "sentinel parallel-syncs mymaster 1\n"
         "\n"
         "sentinel monitor resque 192.168.1.3 6380 3\n"
         "sentinel down-after-milliseconds resque 10000\n"
         "sentinel failover-timeout resque 180000\n"
         "sentinel parallel-syncs resque 5\n",
         &conf);
    assert_int_equal(conf.settings.port, 5000);
    assert_int_equal(conf.image.globals.listen_port, 5000);
    assert_int_equal(conf.image.group_count, 2);
    const struct sn_group_image *group = &conf.image.groups[0];
    assert_string_equal(group->name, "mymaster");
    assert_string_equal(group->addr.ip, "127.0.0.1");
    assert_int_equal(group->params.quorum, 2);
    assert_int_equal(group->params.down_after_ms, 60000);
    group = &conf.image.groups[1];
    assert_string_equal(group->name, "resque");
    assert_int_equal(group->addr.port, 6380);
    assert_int_equal(group->params.parallel_syncs, 5);
    sn_conf_fini(&conf);
}

static void test_conf_redis__options_may_stand_before_their_group(void **state)
{
    struct sn_conf conf;

    (void)state;
    load("sentinel known-replica m db2.example 6380\n"
         "sentinel down-after-milliseconds m 7\n"
         "sentinel monitor m db.example 6379 1\n"
         "SENTINEL Resolve-Hostnames YES\n",
         &conf);
    const struct sn_group_image *group = group_of(&conf, "m");
    assert_int_equal(group->params.down_after_ms, 7);
    assert_string_equal(group->addr.host, "db.example");
    assert_string_equal(group->addr.ip, "");
    assert_string_equal(group->replicas[0].host, "db2.example");
    sn_conf_fini(&conf);
}

static void test_conf_redis__lines_quotes_blanks_and_comments(void **state)
{
    struct sn_conf conf;

    (void)state;
    load("\xEF\xBB\xBF# a mark of the encoding may stand before a comment\n"
         "  \t Port 1 \r\n"
         "sentinel\n"
         "   # indented\n"
         "requirepass \"a b\\\"\\x41\\\\\"\n"
         "logfile 'it\\'s'\n"
         "sentinel monitor m 127.0.0.1 6379 1\r\n"
         "sentinel auth-pass m 'x \\' y'\n"
         "sentinel auth-user m a#b",
         &conf);
    assert_int_equal(conf.settings.port, 1);
    assert_string_equal(conf.settings.requirepass, "a b\"A\\");
    assert_string_equal(conf.image.globals.own_pass, "a b\"A\\");
    assert_string_equal(group_of(&conf, "m")->params.auth_pass, "x ' y");
    assert_string_equal(group_of(&conf, "m")->params.auth_user, "a#b");
    sn_conf_fini(&conf);
}

static void test_conf_redis__server_directives_reach_their_fields(void **state)
{
    struct sn_conf conf;

    (void)state;
    load("bind 127.0.0.1 -::1\nunixsocket /tmp/s\nunixsocketperm 700\nprotected-mode yes\n"
         "tcp-backlog 5\ntcp-keepalive 6\ntimeout 7\nmaxclients 8\nbind-source-addr 127.0.0.2\n"
         "user alice on >x +@all\nuser bob off\nrename-command PING p\naclfile /a\n"
         "client-query-buffer-limit 2mb\nproto-max-bulk-len 3m\n"
         "client-output-buffer-limit normal 0 0 0 pubsub 4kb 2k 9\n"
         "daemonize yes\npidfile /p\nloglevel DEBUG\nlogfile /l\nsyslog-enabled yes\n"
         "syslog-ident i\nsyslog-facility LOCAL3\ndir /\ntls-port 9\ntls-replication yes\n"
         "tls-auth-clients optional\ntls-cert-file /c\n"
         "http-port 10\nhttp-bind 127.0.0.9\nhttp-bind \"127.0.0.1 -[::1]\"\n",
         &conf);
    const struct sn_settings *s = &conf.settings;
    assert_int_equal(s->bind_count, 2);
    assert_string_equal(s->bind[1], "-::1");
    assert_string_equal(s->unixsocket, "/tmp/s");
    assert_int_equal(s->unixsocketperm, 0700);
    assert_true(s->protected_mode);
    assert_int_equal(s->tcp_backlog, 5);
    assert_int_equal(s->tcp_keepalive_s, 6);
    assert_int_equal(s->timeout_s, 7);
    assert_int_equal(s->maxclients, 8);
    assert_string_equal(s->bind_source_addr, "127.0.0.2");
    assert_int_equal(s->user_count, 2);
    assert_int_equal(s->users[0].count, 4);
    assert_string_equal(s->users[0].items[2], ">x");
    assert_string_equal(s->users[1].items[0], "bob");
    assert_string_equal(s->renames[0].items[1], "p");
    assert_int_equal(s->query_buffer_max, 2 * 1024 * 1024);
    assert_int_equal(s->bulk_max, 3000000);
    assert_int_equal(s->pubsub_hard_max, 4096);
    assert_int_equal(s->pubsub_soft_max, 2000);
    assert_int_equal(s->pubsub_soft_s, 9);
    assert_true(s->daemonize);
    assert_int_equal(s->loglevel, SN_LEVEL_DEBUG);
    assert_true(s->syslog_enabled);
    assert_string_equal(s->syslog_facility, "LOCAL3");
    assert_string_equal(s->dir, "/");
    assert_int_equal(s->tls.port, 9);
    assert_true(s->tls.replication);
    assert_string_equal(s->tls.auth_clients, "optional");

    struct sn_settings copy;
    sn_settings_copy(s, &copy);
    sn_conf_fini(&conf);
    assert_string_equal(copy.users[0].items[3], "+@all");
    assert_string_equal(copy.bind[0], "127.0.0.1");
    assert_int_equal(copy.http_port, 10);
    assert_int_equal(copy.http_bind.count, 2);
    assert_string_equal(copy.http_bind.items[1], "-::1");
    assert_string_equal(copy.tls.cert_file, "/c");
    assert_string_equal(copy.dir, "/");
    sn_settings_fini(&copy);
}

static void test_conf_redis__state_lines_after_a_crash_and_from_other_daemons(void **state)
{
    struct sn_conf conf;

    (void)state;
    load("sentinel monitor m 127.0.0.1 6379 1\n"
         "sentinel myid " ID_A "\n"
         "sentinel config-epoch m 18446744073709551615\n"
         "sentinel leader-epoch m 3\n"
         "sentinel current-epoch 2\n"
         "sentinel known-replica m 127.0.0.1 6380\n"
         "sentinel known-slave m 127.0.0.1 6380\n"
         "sentinel known-replica m 127.0.0.1 6379\n"
         "sentinel known-replica m 127.0.0.1 0\n"
         "sentinel known-sentinel m 127.0.0.1 26380 " ID_B "\n"
         "sentinel known-sentinel m 127.0.0.1 26381 " ID_B "\n"
         "sentinel known-sentinel m 127.0.0.1 26382 short\n"
         "sentinel known-sentinel m 127.0.0.1 26383\n"
         "latency-tracking-info-percentiles 50 99 99.9\n",
         &conf);
    const struct sn_group_image *group = group_of(&conf, "m");
    assert_string_equal(conf.image.myid.hex, ID_A);
    assert_int_equal(group->config_epoch, SN_EPOCH_FAR);
    assert_int_equal(conf.image.current_epoch, SN_EPOCH_FAR);
    assert_int_equal(group->leader_epoch, 3);
    assert_int_equal(group->replica_count, 2);
    assert_int_equal(group->peer_count, 1);
    assert_int_equal(group->peers[0].addr.port, 26381);
    /* The epoch, the master as its own replica, port 0, the short id. */
    assert_int_equal(conf.notice_count, 4);
    assert_string_equal(conf.notices[0],
                        "s.conf:3: epoch is implausibly high; using 4611686018427387904 instead");
    sn_conf_fini(&conf);
}

/* What elections have counted is kept to the last digit, as it stands for votes; what nobody can
 * have counted is brought to where others can follow. */
static void test_conf_redis__spoilt_epochs_stop_no_start(void **state)
{
    static const struct {
        const char *text;
        uint64_t epoch;
    } rows[] = {
        {"281474976710656", UINT64_C(1) << 48},     {"4611686018427387904", SN_EPOCH_FAR},
        {"4611686018427387999", SN_EPOCH_FAR + 95}, {"6917529027641081856", SN_EPOCH_SAVED_MAX},
        {"6917529027641081857", SN_EPOCH_FAR},      {"9223372036854775807", SN_EPOCH_FAR},
        {"9223372036854775808", SN_EPOCH_FAR},      {"18446744073709551615", SN_EPOCH_FAR},
        {"18446744073709551616", SN_EPOCH_FAR},     {"-1", SN_EPOCH_FAR}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct sn_conf conf;
        char text[400];
        snprintf(text, sizeof(text),
                 "sentinel monitor m 127.0.0.1 6379 1\nsentinel myid " ID_A "\n"
                 "sentinel config-epoch m %s\nsentinel leader-epoch m %s\n"
                 "sentinel current-epoch %s\n",
                 rows[i].text, rows[i].text, rows[i].text);
        load(text, &conf);
        assert_true(conf.image.current_epoch == rows[i].epoch);
        assert_true(group_of(&conf, "m")->config_epoch == rows[i].epoch);
        assert_true(group_of(&conf, "m")->leader_epoch == rows[i].epoch);
        assert_int_equal(conf.notice_count,
                         strtoull(rows[i].text, NULL, 10) != rows[i].epoch ? 3 : 0);
        sn_conf_fini(&conf);
    }
}

static void test_conf_redis__port_of_our_hellos_is_the_one_of_tls_if_links_use_it(void **state)
{
    static const struct {
        const char *text;
        uint16_t port;
    } rows[] = {{"", 26379},
                {"port 7\n", 7},
                {"port 7\ntls-port 9\n", 7},
                {"port 7\ntls-replication yes\n", 7},
                {"port 7\ntls-port 9\ntls-replication yes\n", 9},
                {"port 0\ntls-port 9\ntls-replication yes\n", 9}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct sn_conf conf;
        load(rows[i].text, &conf);
        assert_int_equal(conf.image.globals.listen_port, rows[i].port);
        sn_conf_fini(&conf);
    }
}

static void test_conf_redis__known_sentinel_with_the_id_of_another_line_moves_it(void **state)
{
    struct sn_conf conf;

    (void)state;
    load("sentinel monitor m 127.0.0.1 6379 1\nsentinel monitor n 127.0.0.1 6380 1\n"
         "sentinel known-sentinel m 10.0.0.1 26379 " ID_A "\n"
         "sentinel known-sentinel m 10.0.0.2 26379 " ID_B "\n"
         "sentinel known-sentinel m 10.0.0.3 26380 " ID_A "\n"
         "sentinel known-sentinel n 10.0.0.4 26379 " ID_A "\n",
         &conf);
    const struct sn_group_image *group = group_of(&conf, "m");
    assert_int_equal(group->peer_count, 2);
    assert_string_equal(group->peers[0].runid.hex, ID_A);
    assert_string_equal(group->peers[0].addr.ip, "10.0.0.3");
    assert_int_equal(group->peers[0].addr.port, 26380);
    assert_string_equal(group->peers[1].addr.ip, "10.0.0.2");
    assert_int_equal(group_of(&conf, "n")->peer_count, 1);
    sn_conf_fini(&conf);
}

static void test_conf_redis__current_epoch_only_rises(void **state)
{
    struct sn_conf conf;

    (void)state;
    load("sentinel current-epoch 9\nsentinel current-epoch 4\n", &conf);
    assert_int_equal(conf.image.current_epoch, 9);
    sn_conf_fini(&conf);
}

static void test_conf_redis__directives_of_data_nodes_are_noted_and_ignored(void **state)
{
    struct sn_conf conf;

    (void)state;
    load("appendonly yes\nio-threads 4\nmin-slaves-to-write 1\n", &conf);
    assert_int_equal(conf.notice_count, 2);
    assert_string_equal(conf.notices[0],
                        "s.conf:1: appendonly has no meaning for a sentinel, ignored");
    sn_conf_fini(&conf);
}

#define GROUP "sentinel monitor m 127.0.0.1 6379 2\n"

static void test_conf_redis__numbers_are_read_by_their_meaning(void **state)
{
    static const struct {
        const char *text;
        sn_ms down_after_ms;
    } rows[] = {{"3000#text", 3000},        {"+5000", 5000},   {"05000", 5000},
                {"180000.0", 180000},       {"3000ms", 3000},  {"3000MS#x", 3000},
                {"'3000 # three s'", 3000}, {"' 3000'", 3000}, {"3000.00ms", 3000}};
    struct sn_conf conf;
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        snprintf(text, sizeof(text), GROUP "sentinel down-after-milliseconds m %s\n", rows[i].text);
        load(text, &conf);
        assert_int_equal(group_of(&conf, "m")->params.down_after_ms, rows[i].down_after_ms);
        assert_int_equal(conf.notice_count, 1);
        sn_conf_fini(&conf);
    }
    load("sentinel monitor m 127.0.0.1 06379 +2\nsentinel parallel-syncs m 0\n"
         "sentinel monitor n [::1] 6379#x 2\nsentinel parallel-syncs n -1\n"
         "sentinel announce-ip [2001:db8::1]\nsentinel announce-port 05\n"
         "sentinel known-replica m [::2] 06\nsentinel config-epoch m 07\n",
         &conf);
    assert_int_equal(group_of(&conf, "m")->addr.port, 6379);
    assert_int_equal(group_of(&conf, "m")->params.quorum, 2);
    assert_int_equal(group_of(&conf, "m")->params.parallel_syncs, 1);
    assert_int_equal(group_of(&conf, "m")->config_epoch, 7);
    assert_string_equal(group_of(&conf, "m")->replicas[0].ip, "::2");
    assert_string_equal(group_of(&conf, "n")->addr.host, "::1");
    assert_int_equal(group_of(&conf, "n")->params.parallel_syncs, 1);
    assert_string_equal(conf.image.globals.announce_ip, "2001:db8::1");
    assert_int_equal(conf.image.globals.announce_port, 5);
    sn_conf_fini(&conf);
}

static void test_conf_redis__what_becomes_of_wrong_data(void **state)
{
    struct sn_conf conf;

    (void)state;
    load(GROUP "sentinel monitor n 127.0.0.1 6380 2\nsentinel max-replica-lag m 10mb\n"
               "sentinel reborn-empty m Failover\nsentinel reborn-empty n warn\n"
               "sentinel forget-after m 60\n",
         &conf);
    assert_int_equal(group_of(&conf, "m")->params.max_lag, 10 << 20);
    assert_int_equal(group_of(&conf, "n")->params.max_lag, 0);
    assert_int_equal(group_of(&conf, "m")->params.forget_after_s, 60);
    assert_int_equal(group_of(&conf, "n")->params.forget_after_s, 0);
    assert_true(sn_group_params_replaces_reborn(&group_of(&conf, "m")->params));
    assert_false(sn_group_params_replaces_reborn(&group_of(&conf, "n")->params));
    sn_conf_fini(&conf);
    load(GROUP, &conf);
    assert_false(sn_group_params_replaces_reborn(&group_of(&conf, "m")->params));
    sn_conf_fini(&conf);
}

static void test_conf_redis__ipv6_addresses_to_listen_on_may_stand_in_brackets(void **state)
{
    static const struct {
        const char *text;
        const char *binds[10];
        size_t notices;
    } rows[] = {
        {"bind [::1]", {"::1"}, 1},
        {"bind \"[::1]\"", {"::1"}, 1},
        {"bind 127.0.0.1 -[::1] [fe80::1%eth0]", {"127.0.0.1", "-::1", "fe80::1%eth0"}, 2},
        {"bind \"127.0.0.1 -[::1]\"", {"127.0.0.1", "-::1"}, 1},
        {"bind a b c d e f g h [::]", {"a", "b", "c", "d", "e", "f", "g", "h", "::"}, 1},
        {"bind ::1 -::* [127.0.0.1] [] -[]", {"::1", "-::*", "[127.0.0.1]", "[]", "-[]"}, 0},
    };
    struct sn_conf conf;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        size_t count = 0;
        load(rows[i].text, &conf);
        for (; rows[i].binds[count] != NULL; count++) {
            assert_in_range(conf.settings.bind_count, count + 1, 9);
            assert_string_equal(conf.settings.bind[count], rows[i].binds[count]);
        }
        assert_int_equal(conf.settings.bind_count, count);
        assert_int_equal(conf.notice_count, rows[i].notices);
        sn_conf_fini(&conf);
    }
    load("bind-source-addr [::1]\n", &conf);
    assert_string_equal(conf.settings.bind_source_addr, "::1");
    sn_conf_fini(&conf);
}

static void test_conf_redis__names_without_resolve_hostnames_are_noted(void **state)
{
    struct sn_conf conf;

    (void)state;
    load("sentinel monitor m db.example 6379 2\nsentinel known-replica m db2.example 6379\n"
         "sentinel known-sentinel m s.example 26379 " ID_A "\n",
         &conf);
    assert_string_equal(group_of(&conf, "m")->addr.host, "db.example");
    assert_string_equal(group_of(&conf, "m")->addr.ip, "");
    assert_int_equal(group_of(&conf, "m")->replica_count, 1);
    assert_int_equal(group_of(&conf, "m")->peer_count, 1);
    assert_int_equal(conf.notice_count, 1);
    assert_non_null(strstr(conf.notices[0], "Add \"sentinel resolve-hostnames yes\""));
    sn_conf_fini(&conf);
}

static void test_conf_redis__what_others_leave_behind_is_no_error(void **state)
{
    struct sn_conf conf;

    (void)state;
    load(GROUP "sentinel can-failover m yes\nsentinel known-replica m  6379\n"
               "sentinel known-sentinel m  26379 " ID_A "\nsentinel known-slave m  6379\n",
         &conf);
    assert_int_equal(group_of(&conf, "m")->replica_count, 0);
    assert_int_equal(group_of(&conf, "m")->peer_count, 0);
    assert_int_equal(conf.notice_count, 4);
    sn_conf_fini(&conf);
}

/* Stock starts with them. */
static void test_conf_redis__addresses_of_nobody_are_noted(void **state)
{
    static const char *const nobody[] = {"0.0.0.0", "::", "224.0.0.1", "255.255.255.255",
                                         "ff02::1"};
    struct sn_conf conf;
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof(nobody) / sizeof(*nobody); i++) {
        snprintf(text, sizeof(text),
                 "sentinel monitor m %s 6379 2\nsentinel known-replica m %s 6380\n"
                 "sentinel known-sentinel m %s 26379 " ID_A "\n",
                 nobody[i], nobody[i], nobody[i]);
        load(text, &conf);
        assert_string_equal(group_of(&conf, "m")->addr.host, nobody[i]);
        assert_int_equal(group_of(&conf, "m")->replica_count, 0);
        assert_int_equal(group_of(&conf, "m")->peer_count, 1); /* a voter is not forgotten */
        assert_int_equal(conf.notice_count, 3);
        assert_non_null(strstr(conf.notices[0], "Give the address of the master"));
        sn_conf_fini(&conf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conf_redis__empty_file_means_defaults),
        cmocka_unit_test(test_conf_redis__two_groups),
        cmocka_unit_test(test_conf_redis__options_may_stand_before_their_group),
        cmocka_unit_test(test_conf_redis__lines_quotes_blanks_and_comments),
        cmocka_unit_test(test_conf_redis__server_directives_reach_their_fields),
        cmocka_unit_test(test_conf_redis__state_lines_after_a_crash_and_from_other_daemons),
        cmocka_unit_test(test_conf_redis__spoilt_epochs_stop_no_start),
        cmocka_unit_test(test_conf_redis__port_of_our_hellos_is_the_one_of_tls_if_links_use_it),
        cmocka_unit_test(test_conf_redis__known_sentinel_with_the_id_of_another_line_moves_it),
        cmocka_unit_test(test_conf_redis__current_epoch_only_rises),
        cmocka_unit_test(test_conf_redis__directives_of_data_nodes_are_noted_and_ignored),
        cmocka_unit_test(test_conf_redis__numbers_are_read_by_their_meaning),
        cmocka_unit_test(test_conf_redis__what_becomes_of_wrong_data),
        cmocka_unit_test(test_conf_redis__ipv6_addresses_to_listen_on_may_stand_in_brackets),
        cmocka_unit_test(test_conf_redis__names_without_resolve_hostnames_are_noted),
        cmocka_unit_test(test_conf_redis__what_others_leave_behind_is_no_error),
        cmocka_unit_test(test_conf_redis__addresses_of_nobody_are_noted),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
