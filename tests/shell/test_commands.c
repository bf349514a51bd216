/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands, request by request: texts and shapes of PROTOCOL.md §3.5, §4, §5, §6. */

#include "server_rig.h"

#include "base/text.h"

static struct rig rig;
static int fd;

static int start(void **state)
{
    (void)state;
    rig_init(&rig);
    rig_add_group(&rig, "m1", "127.0.0.1", 6379);
    rig_add_group(&rig, "m2", "::1", 6380);
    rig_start(&rig);
    fd = rig_dial(&rig);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    close(fd);
    rig_stop(&rig);
    return 0;
}

struct exchange {
    const char *request; /* without the line end */
    const char *reply;   /* without the last one */
};

static void talk_all(const struct exchange *exchanges, size_t count)
{
    char request[2048], reply[4096];

    for (size_t i = 0; i < count; i++) {
        snprintf(request, sizeof(request), "%s\r\n", exchanges[i].request);
        snprintf(reply, sizeof(reply), "%s\r\n", exchanges[i].reply);
        print_message("%s", request);
        rig_talk(&rig, fd, request, reply);
    }
}

static void assert_prefix(const char *text, const char *prefix)
{
    if (strncmp(text, prefix, strlen(prefix)) != 0)
        fail_msg("expected \"%s…\", got \"%s\"", prefix, text);
}

#define TALK(exchanges) talk_all(exchanges, sizeof(exchanges) / sizeof((exchanges)[0]))

static void test_commands__look_up_and_arity(void **state)
{
    static const struct exchange exchanges[] = {
        {"MONITOR", "-ERR unknown command 'MONITOR', with args beginning with: "},
        {"CONFIG GET port",
         "-ERR unknown command 'CONFIG', with args beginning with: 'GET' 'port' "},
        {"x 1234567890123456789012345678901234567890123456789012345678901234567890 "
         "1234567890123456789012345678901234567890123456789012345678901234567890 z",
         "-ERR unknown command 'x', with args beginning with: "
         "'1234567890123456789012345678901234567890123456789012345678901234567890' "
         "'1234567890123456789012345678901234567890123456789012345' "},
        {"\"a\\r\\nb\"", "-ERR unknown command 'a  b', with args beginning with: "},
        {"SENTINEL nosuch a b", "-ERR unknown subcommand 'nosuch'. Try SENTINEL HELP."},
        {"client NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP."},
        {"SENTINEL", "-ERR wrong number of arguments for 'sentinel' command"},
        {"ACL", "-ERR wrong number of arguments for 'acl' command"},
        {"SENTINEL HELP x", "-ERR wrong number of arguments for 'sentinel|help' command"},
        {"SENTINEL Master", "-ERR wrong number of arguments for 'sentinel|master' command"},
        {"PING a b", "-ERR wrong number of arguments for 'ping' command"},
        {"ROLE x", "-ERR wrong number of arguments for 'role' command"},
        {"SENTINEL SET m1 quorum", "-ERR wrong number of arguments for 'sentinel|set' command"},
        {"SENTINEL CONFIG GET", "-ERR wrong number of arguments for 'sentinel|config' command"},
    };

    (void)state;
    TALK(exchanges);
}

static void test_commands__connection(void **state)
{
    static const struct exchange exchanges[] = {
        {"PING", "+PONG"},
        {"PING x", "$1\r\nx"},
        {"CLIENT ID", ":1"},
        {"CLIENT GETNAME", "$-1"},
        {"CLIENT SETNAME \"a b\"",
         "-ERR Client names cannot contain spaces, newlines or special characters."},
        {"CLIENT SETNAME sentinel-abc-cmd", "+OK"},
        {"CLIENT GETNAME", "$16\r\nsentinel-abc-cmd"},
        {"CLIENT SETINFO lib-name redis-py", "+OK"},
        {"CLIENT SETINFO LIB-VER 5.0", "+OK"},
        {"CLIENT SETINFO lib-foo x", "-ERR Unrecognized option 'lib-foo'"},
        {"CLIENT SETINFO lib-name \"a b\"",
         "-ERR lib-name cannot contain spaces, newlines or special characters."},
        {"CLIENT NO-EVICT on", "+OK"},
        {"CLIENT REPLY foo", "-ERR syntax error"},
        {"CLIENT KILL ID 0", "-ERR client-id should be greater than 0"},
        {"CLIENT KILL ID 99", ":0"},
        {"CLIENT KILL 1.2.3.4:5", "-ERR No such client"},
        {"CLIENT KILL TYPE foo", "-ERR Unknown client type 'foo'"},
        {"CLIENT KILL USER foo", "-ERR No such user 'foo'"},
        {"CLIENT KILL SKIPME maybe", "-ERR syntax error"},
        {"CLIENT LIST ID x", "-ERR Invalid client ID"},
        {"CLIENT LIST TYPE master", "$0\r\n"},
        {"CLIENT UNPAUSE", "+OK"},
        {"CLIENT GETREDIR", ":-1"},
        {"CLIENT UNBLOCK 1 foo", "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"},
        {"HELLO 4", "-NOPROTO unsupported protocol version"},
        {"HELLO x", "-ERR Protocol version is not an integer or out of range"},
        {"HELLO 2 FOO", "-ERR Syntax error in HELLO option 'FOO'"},
        {"HELLO 2 AUTH a", "-ERR Syntax error in HELLO option 'AUTH'"},
        {"HELLO 2 AUTH a b", "-WRONGPASS invalid username-password pair or user is disabled."},
        {"HELLO 2 SETNAME n1",
         "*12\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.2.0\r\n$5\r\nproto\r\n:2"
         "\r\n$2\r\nid\r\n:1\r\n$4\r\nmode\r\n$8\r\nsentinel\r\n$7\r\nmodules\r\n*0"},
        {"HELLO 3",
         "%6\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.2.0\r\n$5\r\nproto\r\n:3"
         "\r\n$2\r\nid\r\n:1\r\n$4\r\nmode\r\n$8\r\nsentinel\r\n$7\r\nmodules\r\n*0"},
        {"CLIENT GETNAME", "$2\r\nn1"},
        {"SENTINEL GET-MASTER-ADDR-BY-NAME nosuch", "_"},
        {"RESET", "+RESET"},
        {"CLIENT GETNAME", "$-1"},
        {"QUIT", "+OK"},
    };

    (void)state;
    TALK(exchanges);
    rig_expect_end(&rig, fd);
}

static void test_commands__table_of_commands(void **state)
{
    static const struct exchange exchanges[] = {
        {"COMMAND COUNT", ":15"},
        {"COMMAND INFO ping nosuch",
         "*2\r\n*10\r\n$4\r\nping\r\n:-1\r\n*1\r\n+fast\r\n:0\r\n:0\r\n:0\r\n*2\r\n+@fast\r\n"
         "+@connection\r\n*2\r\n$25\r\nrequest_policy:all_shards\r\n"
         "$29\r\nresponse_policy:all_succeeded\r\n*0\r\n*0\r\n$-1"},
        {"COMMAND DOCS nosuch", "*0"},
        {"COMMAND LIST FILTERBY ACLCAT pubsub",
         "*5\r\n$10\r\npsubscribe\r\n$7\r\npublish\r\n$12\r\npunsubscribe\r\n$9\r\nsubscribe\r\n"
         "$11\r\nunsubscribe"},
        {"COMMAND LIST FILTERBY PATTERN role*", "*1\r\n$4\r\nrole"},
        {"COMMAND LIST x", "-ERR syntax error"},
        {"COMMAND GETKEYS ping x", "-ERR The command has no key arguments"},
        {"COMMAND GETKEYS nosuch x", "-ERR Invalid command specified"},
        {"ROLE", "*2\r\n$8\r\nsentinel\r\n*2\r\n$2\r\nm1\r\n$2\r\nm2"},
        {"AUTH a b c", "-ERR syntax error"},
        {"AUTH x", "-ERR AUTH <password> called without any password configured for the default "
                   "user. Are you sure your configuration is correct?"},
        {"AUTH default x", "+OK"},
    };
    static char text[262144];

    (void)state;
    TALK(exchanges);
    rig_send(&rig, fd, "COMMAND\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_prefix(text, "*15\r\n");
    rig_send(&rig, fd, "COMMAND DOCS\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_prefix(text, "*30\r\n");
    assert_non_null(strstr(text, "$15\r\nsentinel|master\r\n"));
}

static void test_commands__sentinel_read_only(void **state)
{
    static const struct exchange exchanges[] = {
        {"SENTINEL GET-MASTER-ADDR-BY-NAME m1", "*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379"},
        {"SENTINEL get-primary-addr-by-name m2", "*2\r\n$3\r\n::1\r\n$4\r\n6380"},
        {"SENTINEL GET-MASTER-ADDR-BY-NAME M1", "*-1"},
        {"SENTINEL MASTER x", "-ERR No such master with that name"},
        {"SENTINEL REPLICAS x", "-ERR No such master with that name"},
        {"SENTINEL SENTINELS m1", "*0"},
        {"SENTINEL SLAVES m1", "*0"},
        {"SENTINEL CKQUORUM m1",
         "-NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the specified "
         "quorum for this master"},
        {"SENTINEL INFO-CACHE m1 x m1", "*2\r\n$2\r\nm1\r\n*1\r\n*2\r\n:0\r\n$-1"},
        {"SENTINEL PENDING-SCRIPTS", "*0"},
        {"SENTINEL CONFIG GET announce*",
         "*6\r\n$18\r\nannounce-hostnames\r\n$2\r\nno\r\n$11\r\nannounce-ip\r\n$0\r\n\r\n"
         "$13\r\nannounce-port\r\n$1\r\n0"},
        {"SENTINEL CONFIG GET resolve-hostnames resolve-hostnames RESOLVE-hostnames x",
         "*2\r\n$17\r\nresolve-hostnames\r\n$2\r\nno"},
        {"SENTINEL CONFIG GET nosuch", "*0"},
        {"SENTINEL CONFIG FOO x",
         "-ERR Only SENTINEL CONFIG GET <param> [<param> <param> ...] / SET <param> <value> "
         "[<param> <value> ...] are supported."},
        {"SENTINEL SIMULATE-FAILURE HELP",
         "*2\r\n$20\r\ncrash-after-election\r\n$21\r\ncrash-after-promotion"},
        {"SENTINEL SIMULATE-FAILURE x", "-ERR Unknown failure simulation specified"},
        {"SENTINEL MASTER M1", "-ERR No such master with that name"},
        {"SENTINEL GET-MASTER-ADDR-BY-NAME M1", "*-1"},
        {"INFO nosuch", "$0\r\n"},
    };
    char text[4096];

    (void)state;
    TALK(exchanges);
    rig_send(&rig, fd, "SENTINEL MASTERS\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_prefix(text, "*2\r\n*40\r\n$4\r\nname\r\n$2\r\nm1\r\n$2\r\nip\r\n");
    rig_send(&rig, fd, "INFO SENTINEL\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_non_null(strstr(text, "\r\n# Sentinel\r\nsentinel_masters:2\r\nsentinel_tilt:0\r\n"
                                 "sentinel_tilt_since_seconds:-1\r\nsentinel_total_tilt:0\r\n"
                                 "sentinel_running_scripts:0\r\n"
                                 "sentinel_scripts_queue_length:0\r\n"
                                 "sentinel_simulate_failure_flags:0\r\nmaster0:name=m1,status=ok,"
                                 "address=127.0.0.1:6379,slaves=0,sentinels=1\r\n"
                                 "master1:name=m2,status=ok,address=::1:6380,slaves=0,"
                                 "sentinels=1\r\n"));
}

static int start_with_replicas(void **state)
{
    struct sn_addr replica;

    (void)state;
    rig_init(&rig);
    rig_add_group(&rig, "m1", "127.0.0.1", 6379);
    for (int port = 7001; port <= 7002; port++) {
        assert_int_equal(sn_addr_make("127.0.0.1", port, &replica), 0);
        sn_group_image_add_replica(&rig.image.groups[0], &replica);
    }
    rig.watched_port = 7001;
    rig_start(&rig);
    fd = rig_dial(&rig);
    return 0;
}

static void test_commands__replicas_that_are_not_announced_are_not_listed(void **state)
{
    char text[4096];

    (void)state;
    rig_send(&rig, fd, "SENTINEL REPLICAS m1\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_prefix(text, "*2\r\n");
    rig_tell_info(&rig, "role:slave\r\nreplica_announced:0\r\n");
    rig_send(&rig, fd, "SENTINEL SLAVES m1\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_prefix(text, "*1\r\n*42\r\n$4\r\nname\r\n$14\r\n127.0.0.1:7002\r\n");
    rig_send(&rig, fd, "SENTINEL MASTER m1\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_non_null(strstr(text, "\r\n$10\r\nnum-slaves\r\n$1\r\n2\r\n"));
}

static void test_commands__resp3_has_maps(void **state)
{
    char text[8192];

    (void)state;
    rig_send(&rig, fd, "HELLO 3\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    rig_send(&rig, fd, "SENTINEL MASTERS\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_prefix(text, "*2\r\n%20\r\n$4\r\nname\r\n");
    rig_send(&rig, fd, "SENTINEL DEBUG\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_prefix(text, "%13\r\n$11\r\nINFO-PERIOD\r\n$5\r\n10000\r\n");
    rig_send(&rig, fd, "CLIENT LIST\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_int_equal(text[0], '=');
    rig_send(&rig, fd, "INFO cpu\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_int_equal(text[0], '$');
}

static void test_commands__monitor(void **state)
{
    static const struct exchange exchanges[] = {
        {"SENTINEL MONITOR a b c d", "-ERR Invalid quorum"},
        {"SENTINEL MONITOR a b c 1", "-ERR Invalid port"},
        {"SENTINEL MONITOR a b c 0", "-ERR Invalid port"},
        {"SENTINEL MONITOR a b 1 0", "-ERR Quorum must be 1 or greater."},
        {"SENTINEL MONITOR a b 99999 1", "-ERR Invalid IP address or hostname specified"},
        {"SENTINEL MONITOR a 127.0.0.1 99999 1", "-ERR Invalid port number."},
        {"SENTINEL MONITOR a 127.0.0.1 -1 1", "-ERR Invalid port number."},
        {"SENTINEL MONITOR m1 127.0.0.1 1 1", "-ERR Duplicate master name."},
        {"SENTINEL MONITOR \"a b\" 127.0.0.1 1 1",
         "-ERR Invalid master name: expected 1 to 255 bytes without blanks, commas and control "
         "characters"},
        {"SENTINEL MONITOR a 127.0.0.1 0 1", "+OK"},
        {"SENTINEL GET-MASTER-ADDR-BY-NAME a", "*2\r\n$9\r\n127.0.0.1\r\n$1\r\n0"},
        {"SENTINEL REMOVE a", "+OK"},
        {"SENTINEL REMOVE a", "-ERR No such master with that name"},
    };

    (void)state;
    TALK(exchanges);
}

static void test_commands__monitor_looks_host_names_up(void **state)
{
    (void)state;
    rig_talk(&rig, fd, "SENTINEL CONFIG SET resolve-hostnames yes\r\n", "+OK\r\n");
    rig.hold_resolve = true;
    rig_send(&rig, fd, "SENTINEL MONITOR h1 db.example 6379 1\r\nPING\r\n");
    rig_expect_silence(&rig, fd);
    assert_string_equal(rig.resolve_host, "db.example");
    rig_resolve(&rig, "127.0.0.7");
    rig_expect(&rig, fd, "+OK\r\n+PONG\r\n");
    rig_talk(&rig, fd, "SENTINEL GET-MASTER-ADDR-BY-NAME h1\r\n",
             "*2\r\n$9\r\n127.0.0.7\r\n$4\r\n6379\r\n");

    rig_send(&rig, fd, "SENTINEL MONITOR h2 nx.example 6379 1\r\n");
    rig_expect_silence(&rig, fd);
    rig_resolve(&rig, "");
    rig_expect(&rig, fd, "-ERR Invalid IP address or hostname specified\r\n");

    /* at once, from within the command */
    rig.hold_resolve = false;
    rig_talk(&rig, fd, "SENTINEL MONITOR h3 db.example 6379 1\r\nPING\r\n", "+OK\r\n+PONG\r\n");
}

static void test_commands__a_look_up_for_a_client_that_left_is_dropped(void **state)
{
    int other = rig_dial(&rig);

    (void)state;
    rig_talk(&rig, fd, "SENTINEL CONFIG SET resolve-hostnames yes\r\n", "+OK\r\n");
    rig.hold_resolve = true;
    rig_send(&rig, other, "SENTINEL MONITOR h1 db.example 6379 1\r\n");
    rig_expect_silence(&rig, other);
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(other, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(other);
    rig_wait(&rig, 20);
    rig_resolve(&rig, "127.0.0.7");
    rig_talk(&rig, fd, "SENTINEL GET-MASTER-ADDR-BY-NAME h1\r\n", "*-1\r\n");
}

static void test_commands__set_and_config_set(void **state)
{
    static const struct exchange exchanges[] = {
        {"SENTINEL SET x quorum 1", "-ERR No such master with that name"},
        {"SENTINEL SET m1 quorum abc", "-ERR Invalid argument 'abc' for SENTINEL SET 'quorum'"},
        {"SENTINEL SET m1 nosuch 1",
         "-ERR Unknown option or number of arguments for SENTINEL SET 'nosuch'"},
        {"SENTINEL SET m1 notification-script /x",
         "-ERR Reconfiguration of scripts path is denied for security reasons. Check the "
         "deny-scripts-reconfig configuration directive in your Sentinel configuration"},
        {"SENTINEL SET m1 quorum 1 down-after-milliseconds 777", "+OK"},
        {"SENTINEL CKQUORUM m1",
         "+OK 1 usable Sentinels. Quorum and failover authorization can be reached"},
        {"SENTINEL CONFIG SET nosuch 1", "-ERR Invalid argument 'nosuch' to SENTINEL CONFIG SET"},
        {"SENTINEL CONFIG SET announce-port 1 announce-port 2",
         "-ERR Duplicate argument 'announce-port' to SENTINEL CONFIG SET"},
        {"SENTINEL CONFIG SET announce-port 1 announce-ip",
         "-ERR Missing argument 'announce-ip' value"},
        {"SENTINEL CONFIG SET loglevel debug announce-port x",
         "-ERR Invalid value 'x' to SENTINEL CONFIG SET 'announce-port'"},
        {"SENTINEL CONFIG GET loglevel", "*2\r\n$8\r\nloglevel\r\n$6\r\nnotice"},
        {"SENTINEL CONFIG SET loglevel debug announce-port 7", "+OK"},
        {"SENTINEL CONFIG GET loglevel announce-port",
         "*4\r\n$8\r\nloglevel\r\n$5\r\ndebug\r\n$13\r\nannounce-port\r\n$1\r\n7"},
        {"SENTINEL CONFIG SET loglevel warning", "+OK"},
        {"SENTINEL CONFIG GET loglevel", "*2\r\n$8\r\nloglevel\r\n$7\r\nwarning"},
    };

    (void)state;
    TALK(exchanges);
}

static void test_commands__other_decisions_of_the_core(void **state)
{
    static const struct exchange exchanges[] = {
        {"SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 x 0 *",
         "-ERR value is not an integer or out of range"},
        {"SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 6379 0 *", "*3\r\n:0\r\n$1\r\n*\r\n:0"},
        {"SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 99999 0 *", "*3\r\n:0\r\n$1\r\n*\r\n:0"},
        {"SENTINEL IS-MASTER-DOWN-BY-ADDR \"a b\" 1 0 *", "*3\r\n:0\r\n$1\r\n*\r\n:0"},
        {"SENTINEL is-primary-down-by-addr 127.0.0.1 6379 5 "
         "0123456789012345678901234567890123456789",
         "*3\r\n:0\r\n$40\r\n0123456789012345678901234567890123456789\r\n:5"},
        {"SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 6379 5 "
         "ffffffffffffffffffffffffffffffffffffffff",
         "*3\r\n:0\r\n$40\r\n0123456789012345678901234567890123456789\r\n:5"},
        {"SENTINEL FAILOVER x", "-ERR No such master with that name"},
        {"SENTINEL FAILOVER m1", "-NOGOODSLAVE No suitable replica to promote"},
        {"SENTINEL RESET m*", ":2"},
        {"SENTINEL RESET x", ":0"},
        {"SENTINEL FLUSHCONFIG", "+OK"},
        {"SENTINEL SIMULATE-FAILURE crash-after-election CRASH-AFTER-PROMOTION", "+OK"},
        {"SENTINEL DEBUG info-period 0",
         "-ERR Invalid argument '0' for SENTINEL DEBUG 'info-period'"},
        {"SENTINEL DEBUG nosuch",
         "-ERR Unknown option or number of arguments for SENTINEL DEBUG 'nosuch'"},
        {"SENTINEL DEBUG info-period",
         "-ERR Unknown option or number of arguments for SENTINEL DEBUG 'info-period'"},
        {"SENTINEL DEBUG info-period 5000 Ping-Period 500", "+OK"},
        {"PUBLISH x y", "-ERR Only HELLO messages are accepted by Sentinel instances."},
        {"PUBLISH __sentinel__:hello junk", ":1"},
        {"PUBLISH __sentinel__:hello 127.0.0.1,26380,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,0,"
         "m1,127.0.0.1,6379,0",
         ":1"},
        {"SENTINEL CKQUORUM m1",
         "+OK 2 usable Sentinels. Quorum and failover authorization can be reached"},
    };
    char text[4096];

    (void)state;
    TALK(exchanges);
    rig_send(&rig, fd, "SENTINEL DEBUG\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_non_null(strstr(text, "$11\r\nPING-PERIOD\r\n$3\r\n500\r\n"));
    rig_send(&rig, fd, "INFO sentinel\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_non_null(strstr(text, "sentinel_simulate_failure_flags:3\r\n"));
}

static void test_commands__a_vote_is_answered_only_when_it_is_saved(void **state)
{
    static const char ask[] = "SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 6379 9 "
                              "0123456789012345678901234567890123456789\r\n";

    (void)state;
    rig.hold_saves = true;
    rig_send(&rig, fd, ask);
    rig_expect_silence(&rig, fd);
    rig_confirm_save(&rig);
    rig_expect(&rig, fd, "*3\r\n:0\r\n$40\r\n0123456789012345678901234567890123456789\r\n:9\r\n");
}

static void test_commands__info_has_the_sections_in_order(void **state)
{
    static const char *const marks[] = {"# Server\r\nredis_version:",
                                        "redis_mode:sentinel\r\n",
                                        "config_file:/etc/s.conf\r\n",
                                        "\r\n\r\n# Clients\r\n",
                                        "connected_clients:1\r\n",
                                        "\r\n\r\n# Stats\r\n",
                                        "total_connections_received:1\r\n",
                                        "\r\n\r\n# CPU\r\nused_cpu_sys:",
                                        "\r\n\r\n# Sentinel\r\nsentinel_masters:2\r\n"};
    static char text[32768];
    const char *at = text;

    (void)state;
    rig_send(&rig, fd, "INFO\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        at = strstr(at, marks[i]);
        if (!at) {
            fail_msg("not found, or not in order: %s", marks[i]);
            break;
        }
    }
    rig_send(&rig, fd, "INFO sentinel Server nosuch\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_true(strstr(text, "# Server") < strstr(text, "# Sentinel"));
    assert_null(strstr(text, "# Clients"));
}

/* Nobody runs the loop meanwhile, which is a stall. */
static void test_commands__info_has_the_time_in_tilt(void **state)
{
    struct timespec moment = {.tv_nsec = 50 * 1000000L};
    static char text[32768];

    (void)state;
    rig_talk(&rig, fd, "SENTINEL DEBUG tilt-trigger 10 tilt-period 600000\r\n", "+OK\r\n");
    while (!sn_core_tilt(rig.core)) {
        nanosleep(&moment, NULL);
        rig_talk(&rig, fd, "PING\r\n", "+PONG\r\n");
    }
    do {
        rig_send(&rig, fd, "INFO sentinel\r\n");
        rig_read(&rig, fd, text, sizeof(text));
        assert_non_null(strstr(text, "sentinel_tilt:1\r\n"));
        assert_null(strstr(text, "sentinel_tilt_since_seconds:-1\r\n"));
    } while (strstr(text, "sentinel_tilt_since_seconds:1\r\n") == NULL);
}

static void test_commands__client_says_what_was_set(void **state)
{
    static char text[4096];

    (void)state;
    rig_talk(&rig, fd, "CLIENT SETINFO lib-name redis-py\r\nCLIENT SETINFO LIB-VER 5.0\r\n",
             "+OK\r\n+OK\r\n");
    rig_talk(&rig, fd, "CLIENT SETINFO lib-ver \"5 1\"\r\n",
             "-ERR lib-ver cannot contain spaces, newlines or special characters.\r\n");
    rig_talk(&rig, fd, "CLIENT NO-EVICT on\r\nCLIENT NO-EVICT maybe\r\n",
             "+OK\r\n-ERR syntax error\r\n");
    rig_send(&rig, fd, "CLIENT INFO\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_non_null(strstr(text, " lib-name=redis-py lib-ver=5.0"));
    assert_non_null(strstr(text, " flags=e "));
    rig_talk(&rig, fd, "CLIENT NO-EVICT off\r\n", "+OK\r\n");
    rig_send(&rig, fd, "CLIENT INFO\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_non_null(strstr(text, " flags=N "));
}

static void test_commands__client_kill_closes_others(void **state)
{
    int other = rig_dial(&rig);

    (void)state;
    rig_talk(&rig, fd, "PING\r\n", "+PONG\r\n");
    rig_talk(&rig, other, "CLIENT ID\r\n", ":2\r\n");
    rig_talk(&rig, fd, "CLIENT KILL TYPE normal\r\n", ":1\r\n");
    rig_expect_end(&rig, other);
    rig_talk(&rig, fd, "CLIENT KILL ID 1 SKIPME no\r\n", ":1\r\n");
    rig_expect_end(&rig, fd);
    close(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_commands__##name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(look_up_and_arity),
        TEST(connection),
        TEST(table_of_commands),
        TEST(sentinel_read_only),
        cmocka_unit_test_setup_teardown(
            test_commands__replicas_that_are_not_announced_are_not_listed, start_with_replicas,
            stop),
        TEST(resp3_has_maps),
        TEST(monitor),
        TEST(monitor_looks_host_names_up),
        TEST(a_look_up_for_a_client_that_left_is_dropped),
        TEST(set_and_config_set),
        TEST(other_decisions_of_the_core),
        TEST(a_vote_is_answered_only_when_it_is_saved),
        TEST(info_has_the_sections_in_order),
        TEST(info_has_the_time_in_tilt),
        TEST(client_says_what_was_set),
        TEST(client_kill_closes_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
