/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"
#include "conf/conf.h"
#include "conf/read/argv.h"
#include "conf/read/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void load_words(const char *text, int argc, char *const *argv, struct sn_conf *conf)
{
    struct sn_buf error;
    sn_buf_init(&error, SIZE_MAX);
    int code = sn_conf_parse("s.conf", text, strlen(text), argc, argv, true, conf, &error);
    if (code < 0)
        fail_msg("%s", sn_buf_text(&error));
    sn_buf_fini(&error);
}

static void load(const char *text, struct sn_conf *conf)
{
    load_words(text, 0, NULL, conf);
}

static struct sn_group_image *group_of(const struct sn_conf *conf, const char *name)
{
    struct sn_group_image *group = sn_image_find_group(&conf->image, name);
    assert_non_null(group);
    return group;
}

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
         "tls-auth-clients optional\ntls-cert-file /c\n",
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

static void test_conf_redis__command_line_wins(void **state)
{
    static char *argv[] = {"--port",   "7", "--sentinel", "--sentinel",    "monitor", "m",
                           "10.0.0.9", "1", "5",          "--sentinel",    "monitor", "n",
                           "10.0.0.1", "2", "1",          "--requirepass", "a b"};
    struct sn_conf conf;

    (void)state;
    load_words("port 1\nsentinel monitor m 127.0.0.1 6379 2\n", (int)(sizeof(argv) / sizeof(*argv)),
               argv, &conf);
    assert_int_equal(conf.settings.port, 7);
    assert_string_equal(conf.settings.requirepass, "a b");
    /* What the file says of the address may be newer than the command line. */
    assert_string_equal(group_of(&conf, "m")->addr.ip, "127.0.0.1");
    assert_int_equal(group_of(&conf, "m")->params.quorum, 5);
    assert_int_equal(conf.notice_count, 1);
    assert_string_equal(group_of(&conf, "n")->addr.ip, "10.0.0.1");
    sn_conf_fini(&conf);
}

static char folder[] = "/tmp/sn_conf_XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int drop_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void put_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void drop_file(const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    unlink(path);
}

static void test_conf_redis__includes(void **state)
{
    struct sn_conf conf;
    struct sn_buf error;
    char text[512];

    (void)state;
    put_file("a.inc", "port 2\nsentinel monitor a 127.0.0.1 6379 2\n");
    put_file("b.inc", "\nsentinel monitor b 127.0.0.1 6380 2\nsentinel parallel-syncs b x\n");
    snprintf(text, sizeof(text), "port 1\ninclude %s/a.i*\nINCLUDE %s/none*\n", folder, folder);
    load(text, &conf);
    assert_int_equal(conf.settings.port, 2);
    group_of(&conf, "a");
    sn_conf_fini(&conf);

    /* The line of the included file is named. */
    snprintf(text, sizeof(text), "include %s/b.inc\n", folder);
    sn_buf_init(&error, SIZE_MAX);
    assert_int_equal(sn_conf_parse("s.conf", text, strlen(text), 0, NULL, true, &conf, &error),
                     SN_EINVAL);
    assert_non_null(strstr(sn_buf_text(&error), "/b.inc:3: sentinel parallel-syncs b x\n"));

    /* A file that includes itself ends in an error, not in a crash. */
    snprintf(text, sizeof(text), "include %s/a.inc\n", folder);
    put_file("a.inc", text);
    sn_buf_clear(&error);
    assert_int_equal(sn_conf_parse("s.conf", text, strlen(text), 0, NULL, true, &conf, &error),
                     SN_EINVAL);
    assert_non_null(strstr(sn_buf_text(&error), "files include each other more than 16 deep"));
    sn_buf_fini(&error);
    drop_file("a.inc");
    drop_file("b.inc");
}

static char *make_file(const char *place, const char *name, const char *text)
{
    struct sn_buf path;

    sn_buf_init(&path, SIZE_MAX);
    sn_buf_printf(&path, "%s/%s", place, name);
    FILE *file = fopen(sn_buf_text(&path), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return sn_buf_take(&path);
}

static void test_conf_redis__includes_are_relative_to_dir(void **state)
{
    char place[] = "/tmp/sn_conf_dir_XXXXXX";
    char text[256];
    struct sn_conf conf;

    (void)state;
    assert_non_null(mkdtemp(place));
    char *sub = make_file(place, "sub", "");
    unlink(sub);
    assert_int_equal(mkdir(sub, 0700), 0);
    char *first = make_file(place, "more.inc", "requirepass x\n");
    char *second = make_file(sub, "rest.inc", "timeout 7\n");
    snprintf(text, sizeof(text), "dir %s\ninclude *.inc\ndir sub\ninclude rest.inc\n", place);
    load(text, &conf);
    assert_string_equal(conf.settings.requirepass, "x");
    assert_int_equal(conf.settings.timeout_s, 7);
    assert_string_equal(conf.settings.dir, sub);
    assert_int_equal(conf.notice_count, 0);
    sn_conf_fini(&conf);

    /* On the command line as well. */
    char *argv[] = {"--dir", place, "--include", "more.inc"};
    load_words("", 4, argv, &conf);
    assert_string_equal(conf.settings.requirepass, "x");
    sn_conf_fini(&conf);

    /* What was meant to be there may be missed. */
    snprintf(text, sizeof(text), "dir %s\ninclude *.none\n", place);
    load(text, &conf);
    assert_int_equal(conf.notice_count, 1);
    assert_non_null(strstr(conf.notices[0], "s.conf:2: no file matches "));
    sn_conf_fini(&conf);
    unlink(first);
    unlink(second);
    rmdir(sub);
    rmdir(place);
    free(first);
    free(second);
    free(sub);
}

static void test_conf_redis__command_lines_that_stock_takes(void **state)
{
    char *argv[] = {"port",
                    "9",
                    "--sentinel monitor m 10.0.0.1 6379 1",
                    "--sentinel",
                    "--bind",
                    "127.0.0.1 -::1",
                    "--requirepass",
                    "--secret",
                    "--client-output-buffer-limit pubsub",
                    "32mb",
                    "8mb",
                    "61",
                    "--user 'bob' on",
                    ">a b",
                    "--timeout  5",
                    "--sentinel"};
    struct sn_conf conf;

    (void)state;
    load_words("bind \"10.0.0.1 -::1\"\n"
               "client-output-buffer-limit \"normal 0 0 0 pubsub 1mb 2mb 60\"\n",
               0, NULL, &conf);
    assert_int_equal(conf.settings.bind_count, 2);
    assert_int_equal(conf.settings.pubsub_soft_max, 2 << 20);
    sn_conf_fini(&conf);

    load_words("", (int)(sizeof(argv) / sizeof(*argv)), argv, &conf);
    assert_int_equal(conf.settings.port, 9);
    assert_int_equal(group_of(&conf, "m")->params.quorum, 1);
    assert_int_equal(conf.settings.bind_count, 2);
    assert_string_equal(conf.settings.bind[1], "-::1");
    assert_string_equal(conf.settings.requirepass, "--secret");
    assert_int_equal(conf.settings.pubsub_soft_s, 61);
    assert_int_equal(conf.settings.user_count, 1);
    assert_string_equal(conf.settings.users[0].items[2], ">a b");
    assert_int_equal(conf.settings.timeout_s, 5);
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

static void check_find(int expected, int argc, char *const *argv)
{
    assert_int_equal(sn_argv_find_file(argc, argv), expected);
}

static void test_conf_redis__file_is_found_on_the_command_line(void **state)
{
    char name[] = "/tmp/sn_conf_find_XXXXXX";
    int fd = mkstemp(name);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    check_find(-1, 0, NULL);
    check_find(0, 1, (char *[]){"s.conf"});
    check_find(0, 3, (char *[]){"s.conf", "--port", "1"});
    check_find(2, 3, (char *[]){"--port", "1", "s.conf"});
    check_find(1, 2, (char *[]){"--port 1", "s.conf"});
    check_find(2, 5, (char *[]){"--port", "1", "s.conf", "--timeout", "1"});
    check_find(1, 4, (char *[]){"--sentinel", "s.conf", "--port", "1"});
    check_find(6, 7, (char *[]){"--sentinel", "monitor", "m", "::1", "1", "1", "s.conf"});
    check_find(7, 8,
               (char *[]){"--sentinel", "monitor", "m", "::1", "1", "1", "--daemonize no", "f"});
    check_find(3, 4, (char *[]){"--bind", "::1", "-127.0.0.1", name});
    check_find(-1, 4, (char *[]){"--bind", "::1", "-127.0.0.1", "no such file"});
    check_find(2, 3, (char *[]){"--save", "", name});
    check_find(-1, 2, (char *[]){"--requirepass", name});
    check_find(-1, 3, (char *[]){"-", "--port", "1"});
    check_find(-1, 1, (char *[]){""});
    unlink(name);
}

static void test_conf_redis__main_file_may_move_an_included_group(void **state)
{
    struct sn_conf conf;
    char text[512];

    (void)state;
    put_file("a.inc", "sentinel monitor a 127.0.0.1 6379 2\n");
    snprintf(text, sizeof(text), "include %s/a.inc\nsentinel monitor a 127.0.0.1 6380 3\n", folder);
    load(text, &conf);
    assert_int_equal(conf.image.group_count, 1);
    assert_int_equal(group_of(&conf, "a")->addr.port, 6380);
    assert_int_equal(group_of(&conf, "a")->params.quorum, 3);
    sn_conf_fini(&conf);
    snprintf(text, sizeof(text), "sentinel monitor a 127.0.0.1 6380 3\ninclude %s/a.inc\n", folder);
    load(text, &conf);
    assert_int_equal(group_of(&conf, "a")->addr.port, 6380);
    sn_conf_fini(&conf);
    drop_file("a.inc");
}

static void test_conf_redis__scripts_are_looked_up_from_dir(void **state)
{
    struct sn_conf conf;

    (void)state;
    load("sentinel monitor m 127.0.0.1 6379 2\n"
         "sentinel notification-script m bin/sh\n"
         "sentinel client-reconfig-script m \"\"\n"
         "dir /\n",
         &conf);
    assert_string_equal(group_of(&conf, "m")->params.notification_script, "bin/sh");
    assert_null(group_of(&conf, "m")->params.client_reconfig_script);
    sn_conf_fini(&conf);
}

/* A write in place that was cut off: the journal stands for the file until that is written again.
 */
static void test_conf_redis__journal_of_an_unfinished_write(void **state)
{
    static const char whole[] = "port 7\n# kept\nsentinel myid " ID_A "\n";
    struct sn_conf conf;
    struct sn_buf error, out;
    char path[256];

    (void)state;
    sn_buf_init(&error, SIZE_MAX);
    sn_buf_init(&out, SIZE_MAX);
    snprintf(path, sizeof(path), "%s/s.conf", folder);
    put_file("s.conf", "port 7\nsentinel my");
    put_file("s.conf.journal", whole);
    assert_int_equal(sn_conf_load(path, 0, NULL, &conf, &error), 0);
    assert_string_equal(conf.image.myid.hex, ID_A);
    assert_int_equal(conf.notice_count, 1);
    assert_int_equal(sn_conf_render(&conf, &conf.image, "port 7\nsentinel my", 18, &out), 0);
    assert_non_null(strstr(sn_buf_text(&out), "# kept\n"));
    sn_conf_fini(&conf);

    /* The journal of somebody else with the same file name. */
    put_file("s.conf", "port 8\nsentinel myid " ID_B "\n");
    assert_int_equal(sn_conf_load(path, 0, NULL, &conf, &error), 0);
    assert_int_equal(conf.settings.port, 8);
    assert_string_equal(conf.image.myid.hex, ID_B);
    sn_conf_fini(&conf);
    drop_file("s.conf");
    drop_file("s.conf.journal");
    sn_buf_fini(&error);
    sn_buf_fini(&out);
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
        cmocka_unit_test(test_conf_redis__current_epoch_only_rises),
        cmocka_unit_test(test_conf_redis__directives_of_data_nodes_are_noted_and_ignored),
        cmocka_unit_test(test_conf_redis__command_line_wins),
        cmocka_unit_test(test_conf_redis__includes),
        cmocka_unit_test(test_conf_redis__numbers_are_read_by_their_meaning),
        cmocka_unit_test(test_conf_redis__ipv6_addresses_to_listen_on_may_stand_in_brackets),
        cmocka_unit_test(test_conf_redis__names_without_resolve_hostnames_are_noted),
        cmocka_unit_test(test_conf_redis__what_others_leave_behind_is_no_error),
        cmocka_unit_test(test_conf_redis__addresses_of_nobody_are_noted),
        cmocka_unit_test(test_conf_redis__includes_are_relative_to_dir),
        cmocka_unit_test(test_conf_redis__command_lines_that_stock_takes),
        cmocka_unit_test(test_conf_redis__file_is_found_on_the_command_line),
        cmocka_unit_test(test_conf_redis__main_file_may_move_an_included_group),
        cmocka_unit_test(test_conf_redis__scripts_are_looked_up_from_dir),
        cmocka_unit_test(test_conf_redis__journal_of_an_unfinished_write),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
