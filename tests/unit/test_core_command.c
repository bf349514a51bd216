/* SPDX-License-Identifier: BSD-3-Clause */

/* Commands that change something (PROTOCOL.md §4.7-§4.18, §24.2). The vote request is in
 * test_core_vote.c, failovers that an operator orders in test_core_election.c and _failover.c. */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

#define M1 "master m1 10.0.0.1 6379"

static uint64_t monitor(struct kit *kit, const char *name, const char *host, int port,
                        uint32_t quorum)
{
    struct sn_command command = {
        .kind = SN_COMMAND_MONITOR, .name = name, .name_len = strlen(name), .quorum = quorum};
    assert_int_equal(sn_addr_make(host, port, &command.addr), 0);
    return kit_command(kit, &command);
}

static void test_command__monitor_takes_an_address_of_nobody_and_says_so(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    monitor(kit, "m2", "0.0.0.0", 6379, 1);
    assert_int_equal(kit_count(kit, "answer 1 ok"), 1);
    assert_int_equal(kit_count(kit, "log W The master of m2 is now at 0.0.0.0:6379"), 1);
    monitor(kit, "m3", "10.0.0.9", 6379, 1);
    assert_int_equal(kit_count(kit, "log W"), 1);
    kit_free(kit);
}

static void test_command__each_is_answered_once_and_after_the_save(void **state)
{
    struct kit *kit = kit_new("m1 n1;m2 n3");
    struct sn_change change = {
        .option = SN_OPTION_SENTINEL_PASS, .name = "sentinel-pass", .value = "x"};
    struct sn_command config = {
        .kind = SN_COMMAND_CONFIG_SET, .changes = &change, .change_count = 1};
    struct sn_command flush = {.kind = SN_COMMAND_FLUSH};
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    monitor(kit, "m3", "10.0.0.9", 6379, 1);
    kit_named(kit, SN_COMMAND_REMOVE, "m2");
    kit_named(kit, SN_COMMAND_RESET, "m*");
    kit_set(kit, "m1", SN_OPTION_QUORUM, "quorum", "3", 3);
    kit_command(kit, &config);
    kit_command(kit, &flush);
    kit_to(kit, 500);
    assert_int_equal(kit_count(kit, "persist"), 6);
    assert_int_equal(kit_count(kit, "answer"), 0);
    kit_persisted(kit, true);
    kit_expect(kit, "answer",
               "answer 1 ok\nanswer 2 ok\nanswer 3 integer 2\nanswer 4 ok\nanswer 5 ok\n"
               "answer 6 ok\n");
    kit_to(kit, 5000);
    kit_expect(kit, "answer", "");
    kit_free(kit);
}

static void test_command__a_failed_save_is_an_error(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    struct sn_command flush = {.kind = SN_COMMAND_FLUSH};
    (void)state;
    kit->disk = KIT_DISK_BAD;
    kit_command(kit, &flush);
    kit_expect(kit, "answer", "answer 1 error Failed to save config file. Check server logs.\n");
    kit_free(kit);
}

static void test_command__flush_writes_even_if_nothing_changed(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    struct sn_command flush = {.kind = SN_COMMAND_FLUSH};
    (void)state;
    kit_command(kit, &flush);
    kit_command(kit, &flush);
    assert_int_equal(kit_count(kit, "persist"), 2);
    kit_free(kit);
}

static void test_command__unknown_groups_are_errors(void **state)
{
    static const enum sn_command_kind kinds[] = {SN_COMMAND_REMOVE, SN_COMMAND_FAILOVER,
                                                 SN_COMMAND_SET};
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char expected[64];
        uint64_t ticket = kit_named(kit, kinds[i], "M1"); /* names are case-sensitive */
        (void)snprintf(expected, sizeof(expected),
                       "answer %llu error No such master with that name\n",
                       (unsigned long long)ticket);
        kit_expect(kit, "answer event persist", expected);
    }
    kit_free(kit);
}

/* ---- MONITOR, REMOVE ------------------------------------------------------------------------ */

static void test_command__monitor_creates_a_group_with_defaults(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_debug(kit, SN_TIMING_DEFAULT_DOWN_AFTER, 5000);
    kit_debug(kit, SN_TIMING_DEFAULT_FAILOVER_TIMEOUT, 7000);
    kit_clear(kit);
    monitor(kit, "new", "10.0.0.9", 6379, 3);
    kit_expect(kit, "event connect persist answer",
               "connect data n9\nevent W +monitor master new 10.0.0.9 6379 quorum 3\npersist 1\n"
               "connect sub n9\nanswer 3 ok\n");
    const struct sn_group_params *params = &kit_group(kit, "new")->params;
    assert_int_equal(params->quorum, 3);
    assert_int_equal(params->down_after_ms, 5000);
    assert_int_equal(params->failover_timeout_ms, 7000);
    assert_int_equal(params->parallel_syncs, 1);
    kit_free(kit);
}

static void test_command__monitor_refuses_in_order(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    monitor(kit, "m1", "some.name", 6379, 0);
    monitor(kit, "m1", "some.name", 6379, 1); /* names are resolved before, or not at all */
    monitor(kit, "m1", "10.0.0.9", 6379, 1);
    monitor(kit, "", "10.0.0.9", 6379, 1);
    monitor(kit, "a b", "10.0.0.9", 6379, 1);
    monitor(kit, "a,b", "10.0.0.9", 6379, 1);
    monitor(kit, "a\nb", "10.0.0.9", 6379, 1);
    kit_expect(
        kit, "event connect persist answer",
        "answer 1 error Quorum must be 1 or greater.\n"
        "answer 2 error Invalid IP address or hostname specified\n"
        "answer 3 error Duplicate master name.\n"
        "answer 4 error Invalid master name: it must not be empty or contain blanks, commas or "
        "control characters\n"
        "answer 5 error Invalid master name: it must not be empty or contain blanks, commas or "
        "control characters\n"
        "answer 6 error Invalid master name: it must not be empty or contain blanks, commas or "
        "control characters\n"
        "answer 7 error Invalid master name: it must not be empty or contain blanks, commas or "
        "control characters\n");
    assert_int_equal(sn_core_group_count(kit->core), 1);
    kit_free(kit);
}

static void test_command__remove_forgets_the_group(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a;m2 n3");
    (void)state;
    kit_named(kit, SN_COMMAND_REMOVE, "m1");
    kit_expect(kit, "event persist answer disconnect",
               "event W -monitor " M1 "\ndisconnect sub n2\ndisconnect data n2\n"
               "disconnect peer a\ndisconnect sub n1\ndisconnect data n1\npersist 1\n"
               "answer 1 ok\n");
    assert_int_equal(sn_core_group_count(kit->core), 1);
    kit_to(kit, 30000);
    assert_int_equal(kit_count(kit, "ping n1"), 0);
    assert_int_equal(kit_count(kit, "ping n2"), 0);
    kit_free(kit);
}

static void test_command__remove_and_monitor_give_no_second_vote(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_ask(kit, "n1", 5, KIT_A);
    kit_named(kit, SN_COMMAND_REMOVE, "m1");
    monitor(kit, "m1", "10.0.0.1", 6379, 2);
    kit_clear(kit);
    kit_ask(kit, "n1", 5, KIT_B);
    kit_expect(kit, "answer", "answer 4 vote 0 * 5\n");
    kit_ask(kit, "n1", 6, KIT_B);
    kit_expect(kit, "answer", "answer 5 vote 0 " KIT_B " 6\n");
    kit_free(kit);
}

/* ---- RESET ---------------------------------------------------------------------------------- */

static void test_command__reset_forgets_replicas_and_peers_and_starts_over(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b config 4 voted 3;- epoch 9");
    (void)state;
    kit_named(kit, SN_COMMAND_RESET, "m1");
    assert_int_equal(kit_group(kit, "m1")->replica_count, 1); /* INFO is asked for at once */
    kit_expect(kit, "event persist answer disconnect connect",
               "disconnect sub n2\ndisconnect data n2\ndisconnect peer a\ndisconnect peer b\n"
               "disconnect data n1\nconnect data n1\ndisconnect sub n1\n"
               "event W +reset-master " M1 "\npersist 1\n"
               "connect sub n1\nanswer 1 integer 1\n"
               "connect data n2\n"
               "event N +slave slave 10.0.0.2:6379 10.0.0.2 6379 @ m1 10.0.0.1 6379\n"
               "persist 2\nconnect sub n2\n");
    const struct sn_group *group = kit_group(kit, "m1");
    assert_int_equal(group->peer_count, 0);
    assert_int_equal(group->config_epoch, 4);
    assert_int_equal(group->leader_epoch, 3);
    assert_int_equal(group->params.down_after_ms, 1000);
    kit_free(kit);
}

static void test_command__reset_matches_by_glob_and_counts(void **state)
{
    static const struct {
        const char *pattern;
        int matches;
    } rows[] = {{"*", 4},     {"m?", 3},  {"m[12]", 2},  {"m[^12]", 1}, {"M*", 0},
                {"other", 1}, {"oth", 0}, {"[a-n]*", 3}, {"m\\1", 1},   {"", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new("m1 n1;m2 n2;m3 n3;other n4");
        char expected[64];
        kit_named(kit, SN_COMMAND_RESET, rows[i].pattern);
        (void)snprintf(expected, sizeof(expected), "answer 1 integer %d\n", rows[i].matches);
        assert_int_equal(kit_count(kit, "event W +reset-master"), rows[i].matches);
        kit_expect(kit, "answer", expected);
        kit_free(kit);
    }
}

static void test_command__reset_clears_down_states_without_events(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 quorum 1 timeout 60000");
    (void)state;
    kit_node(kit, "n2")->priority = 0;
    kit_to(kit, 10000);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 11100);
    assert_true(kit_group(kit, "m1")->o_down);
    kit_clear(kit);
    kit_named(kit, SN_COMMAND_RESET, "m1");
    kit_expect(kit, "event", "event W +reset-master " M1 "\n");
    assert_string_equal(sn_group_status(kit_group(kit, "m1")), "ok");
    /* The silence counts from now. */
    kit_to(kit, 12099);
    kit_expect(kit, "event", "");
    kit_to(kit, 12100);
    assert_int_equal(kit_count(kit, "event W +sdown " M1), 1);
    kit_free(kit);
}

/* ---- SET, CONFIG SET, DEBUG, SIMULATE-FAILURE ----------------------------------------------- */

static void test_command__set_tells_every_change_and_hides_passwords(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    struct sn_change changes[] = {
        {.option = SN_OPTION_DOWN_AFTER,
         .name = "Down-After-Milliseconds",
         .value = "5000",
         .number = 5000},
        {.option = SN_OPTION_FAILOVER_TIMEOUT,
         .name = "failover-timeout",
         .value = "6000",
         .number = 6000},
        {.option = SN_OPTION_PARALLEL_SYNCS, .name = "parallel-syncs", .value = "7", .number = 7},
        {.option = SN_OPTION_QUORUM, .name = "quorum", .value = "3", .number = 3},
        {.option = SN_OPTION_AUTH_PASS, .name = "auth-pass", .value = "secret"},
        {.option = SN_OPTION_AUTH_USER, .name = "auth-user", .value = "bob"},
        {.option = SN_OPTION_RENAME_COMMAND,
         .name = "rename-command",
         .value = "CONFIG",
         .to = "c2"},
        {.option = SN_OPTION_REBOOT_DOWN_AFTER,
         .name = "master-reboot-down-after-period",
         .value = "9",
         .number = 9},
    };
    struct sn_command command = {.kind = SN_COMMAND_SET,
                                 .name = "m1",
                                 .name_len = 2,
                                 .changes = changes,
                                 .change_count = sizeof(changes) / sizeof(*changes)};
    (void)state;
    kit_command(kit, &command);
    kit_expect(kit, "event persist answer",
               "event W +set " M1 " Down-After-Milliseconds 5000\n"
               "event W +set " M1 " failover-timeout 6000\n"
               "event W +set " M1 " parallel-syncs 7\nevent W +set " M1 " quorum 3\n"
               "event W +set " M1 " auth-pass ******\nevent W +set " M1 " auth-user bob\n"
               "event W +set " M1 " rename-command CONFIG c2\n"
               "event W +set " M1 " master-reboot-down-after-period 9\npersist 1\nanswer 1 ok\n");
    const struct sn_group_params *params = &kit_group(kit, "m1")->params;
    assert_int_equal(params->down_after_ms, 5000);
    assert_int_equal(params->failover_timeout_ms, 6000);
    assert_int_equal(params->parallel_syncs, 7);
    assert_int_equal(params->quorum, 3);
    assert_string_equal(params->auth_pass, "secret");
    assert_string_equal(params->auth_user, "bob");
    assert_int_equal(params->reboot_down_after_ms, 9);
    assert_string_equal(sn_group_params_command(params, "config"), "c2");
    kit_free(kit);
}

static void test_command__an_event_is_cut_at_the_longest_payload(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    char value[2 * SN_PAYLOAD_MAX], line[3 * SN_PAYLOAD_MAX];
    struct sn_change change = {.option = SN_OPTION_AUTH_USER, .name = "auth-user", .value = value};
    struct sn_command command = {
        .kind = SN_COMMAND_SET, .name = "m1", .name_len = 2, .changes = &change, .change_count = 1};
    (void)state;
    memset(value, 'x', sizeof(value));
    value[sizeof(value) - 1] = '\0';
    kit_command(kit, &command);
    int shown = SN_PAYLOAD_MAX - (int)strlen(M1 " auth-user ");
    (void)snprintf(line, sizeof(line), "event W +set " M1 " auth-user %.*s", shown, value);
    assert_int_equal(kit_count(kit, line), 1);
    line[strlen(line) + 1] = '\0';
    line[strlen(line)] = 'x';
    assert_int_equal(kit_count(kit, line), 0);
    kit_free(kit);
}

static void test_command__new_credentials_renew_the_data_links(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a;m2 n3");
    (void)state;
    kit_set(kit, "m1", SN_OPTION_AUTH_PASS, "auth-pass", "secret", 0);
    kit_expect(kit, "disconnect connect",
               "disconnect data n1\nconnect data n1 pass secret\ndisconnect sub n1\n"
               "disconnect data n2\nconnect data n2 pass secret\ndisconnect sub n2\n"
               "connect sub n2 pass secret\nconnect sub n1 pass secret\n");
    kit_to(kit, 5000);
    assert_int_equal(kit_count(kit, "event"), 0);
    kit_clear(kit);
    kit_set(kit, "m1", SN_OPTION_AUTH_PASS, "auth-pass", "", 0); /* none any more */
    assert_int_equal(kit_count(kit, "connect data n1 pass"), 0);
    assert_int_equal(kit_count(kit, "connect data n1"), 1);
    kit_free(kit);
}

static void test_command__new_peer_credentials_renew_the_peer_links(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a;m2 n2 peers a");
    struct sn_change changes[] = {
        {.option = SN_OPTION_SENTINEL_USER, .name = "sentinel-user", .value = "u"},
        {.option = SN_OPTION_SENTINEL_PASS, .name = "sentinel-pass", .value = "p"},
    };
    struct sn_command command = {
        .kind = SN_COMMAND_CONFIG_SET, .changes = changes, .change_count = 2};
    (void)state;
    kit_command(kit, &command);
    kit_expect(kit, "disconnect connect", "disconnect peer a\nconnect peer a user u pass p\n");
    kit_free(kit);
}

/* Its links log in with it where no password for peers is set. */
static void test_command__new_own_password_renews_the_peer_links(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a");
    struct sn_change own = {
        .option = SN_OPTION_OWN_PASS, .name = "x", .value = "own", .from_file = true};
    struct sn_change peers = {.option = SN_OPTION_SENTINEL_PASS, .name = "x", .value = "p"};
    struct sn_command command = {.kind = SN_COMMAND_CONFIG_SET, .changes = &own, .change_count = 1};
    (void)state;
    kit_command(kit, &command);
    kit_expect(kit, "disconnect connect", "disconnect peer a\nconnect peer a pass own\n");
    command.changes = &peers;
    kit_command(kit, &command);
    kit_to(kit, 100);
    kit_clear(kit);
    command.changes = &own;
    kit_command(kit, &command);
    kit_expect(kit, "disconnect connect", "");
    kit_free(kit);
}

static void test_command__password_of_a_file_is_told_not_to_be_saved(void **state)
{
    struct kit *kit = kit_new("m1 n1 pass-file /p;m2 n2");
    struct sn_change read = {
        .option = SN_OPTION_AUTH_PASS, .name = "auth-pass-file", .value = "s", .from_file = true};
    struct sn_command command = {
        .kind = SN_COMMAND_SET, .name = "m1", .name_len = 2, .changes = &read, .change_count = 1};
    (void)state;
    kit_command(kit, &command);
    kit_set(kit, "m2", SN_OPTION_AUTH_PASS, "auth-pass", "s", 0);
    assert_int_equal(kit_count(kit, "event W +set " M1 " auth-pass-file ******"), 1);
    assert_int_equal(kit_count(kit, "log N auth-pass"), 0);
    kit_set(kit, "m1", SN_OPTION_AUTH_PASS, "auth-pass", "t", 0);
    assert_int_equal(kit_count(kit, "log N auth-pass of group m1 is not saved"), 1);
    kit_free(kit);
}

static void test_command__debug_applies_all_timings_at_once_and_saves_nothing(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 down-after 10000");
    struct sn_timing_change changes[] = {{SN_TIMING_PING_PERIOD, 100},
                                         {SN_TIMING_INFO_PERIOD, 400},
                                         {SN_TIMING_PUBLISH_PERIOD, 500}};
    struct sn_command command = {.kind = SN_COMMAND_DEBUG, .timings = changes, .timing_count = 3};
    (void)state;
    kit_command(kit, &command);
    kit_expect(kit, "persist answer", "answer 1 ok\n");
    assert_int_equal(sn_core_timing(kit->core, SN_TIMING_PING_PERIOD), 100);
    kit_to(kit, 400);
    assert_int_equal(kit_count(kit, "ping n2"), 4);
    assert_int_equal(kit_count(kit, "info n2"), 1);
    kit_free(kit);
}

static void test_command__debug_defaults_and_names(void **state)
{
    static const struct {
        const char *name;
        sn_ms value;
    } rows[SN_TIMING_COUNT] = {{"INFO-PERIOD", 10000},
                               {"PING-PERIOD", 1000},
                               {"ASK-PERIOD", 1000},
                               {"PUBLISH-PERIOD", 2000},
                               {"DEFAULT-DOWN-AFTER", 30000},
                               {"DEFAULT-FAILOVER-TIMEOUT", 180000},
                               {"TILT-TRIGGER", 2000},
                               {"TILT-PERIOD", 30000},
                               {"SLAVE-RECONF-TIMEOUT", 10000},
                               {"MIN-LINK-RECONNECT-PERIOD", 15000},
                               {"ELECTION-TIMEOUT", 10000},
                               {"SCRIPT-MAX-RUNTIME", 60000},
                               {"SCRIPT-RETRY-DELAY", 30000}};
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    for (unsigned i = 0; i < SN_TIMING_COUNT; i++) {
        enum sn_timing timing;
        assert_string_equal(sn_timing_name((enum sn_timing)i), rows[i].name);
        assert_int_equal(sn_core_timing(kit->core, (enum sn_timing)i), rows[i].value);
        assert_int_equal(sn_timing_find(rows[i].name, &timing), 0);
        assert_int_equal(timing, i);
    }
    enum sn_timing timing;
    assert_int_equal(sn_timing_find("info-Period", &timing), 0);
    assert_true(sn_timing_find("nosuch", &timing) != 0);
    kit_free(kit);
}

static void test_command__simulate_replaces_the_flags(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    struct sn_command command = {.kind = SN_COMMAND_SIMULATE, .flags = 3};
    (void)state;
    kit_command(kit, &command);
    assert_int_equal(sn_core_simulate_flags(kit->core), 3);
    command.flags = 0;
    kit_command(kit, &command);
    assert_int_equal(sn_core_simulate_flags(kit->core), 0);
    kit_expect(kit, "answer persist", "answer 1 ok\nanswer 2 ok\n");
    kit_free(kit);
}

/* ---- FAILOVER ------------------------------------------------------------------------------- */

static void test_command__failover_refuses_without_a_candidate_or_twice(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2;m2 n3");
    (void)state;
    kit_named(kit, SN_COMMAND_FAILOVER, "m2");
    kit_expect(kit, "event answer persist",
               "answer 1 error -NOGOODSLAVE No suitable replica to promote\n");
    assert_int_equal(kit_reasons(kit, "m2", SN_REASON_NO_REPLICA, "n3"), 1);
    kit->disk = KIT_DISK_SLOW;
    kit_named(kit, SN_COMMAND_FAILOVER, "m1");
    kit_named(kit, SN_COMMAND_FAILOVER, "m1");
    kit_expect(kit, "answer", "answer 3 error -INPROG Failover already in progress\n");
    kit_persisted(kit, true);
    assert_int_equal(kit_count(kit, "answer 2 ok"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_IN_PROGRESS, NULL) > 0);
    kit_free(kit);
}

static void test_command__failover_to_a_replica_of_choice(void **state)
{
    static const struct {
        const char *to;
        bool accepted;
    } rows[] = {{"n3", true}, {"n2", true}, {"n4", false}, {"n1", false}, {"n9", false}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4");
        struct sn_command command = {
            .kind = SN_COMMAND_FAILOVER, .name = "m1", .name_len = 2, .mode = SN_MODE_FORCED};
        const struct kit_node *to = kit_node(kit, rows[i].to);
        char line[64];
        kit_node(kit, "n2")->offset = 9; /* the better one */
        kit_node(kit, "n4")->priority = 0;
        kit_to(kit, 10000);
        kit_clear(kit);
        kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
        assert_int_equal(sn_addr_make(to->host, to->port, &command.addr), 0);
        kit_command(kit, &command);
        (void)snprintf(line, sizeof(line), "promote %s", rows[i].to);
        assert_int_equal(kit_count(kit, line), rows[i].accepted);
        assert_int_equal(kit_count(kit, "answer 1 ok"), rows[i].accepted);
        assert_int_equal(kit_count(kit, "answer 1 error -NOGOODSLAVE"), !rows[i].accepted);
        if (!rows[i].accepted)
            assert_int_equal(kit_reasons(kit, "m1", SN_REASON_NO_SUCH_REPLICA, NULL),
                             strcmp(rows[i].to, "n4") != 0);
        kit_free(kit);
    }
}

static void test_command__other_settings_leave_the_links_alone(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
    struct sn_change change = {
        .option = SN_OPTION_ANNOUNCE_PORT, .name = "announce-port", .value = "7", .number = 7};
    struct sn_command command = {
        .kind = SN_COMMAND_CONFIG_SET, .changes = &change, .change_count = 1};
    (void)state;
    kit_set(kit, "m1", SN_OPTION_QUORUM, "quorum", "3", 3);
    kit_set(kit, "m1", SN_OPTION_DOWN_AFTER, "down-after-milliseconds", "3000", 3000);
    kit_command(kit, &command);
    kit_expect(kit, "connect disconnect", "");
    kit_free(kit);
}

static void test_command__monitor_takes_names_up_to_the_limit(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    char name[SN_NAME_MAX + 2];
    (void)state;
    memset(name, 'x', sizeof(name));
    name[SN_NAME_MAX] = '\0';
    monitor(kit, name, "10.0.0.9", 6379, 1);
    assert_int_equal(kit_count(kit, "answer 1 ok"), 1);
    assert_int_equal(strlen(kit_group(kit, name)->name), SN_NAME_MAX);
    name[SN_NAME_MAX] = 'x';
    name[SN_NAME_MAX + 1] = '\0';
    monitor(kit, name, "10.0.0.9", 6379, 1);
    assert_int_equal(kit_count(kit, "answer 2 error Invalid master name"), 1);
    kit_free(kit);
}

static void test_command__reset_forgets_who_the_master_was(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2");
    (void)state;
    kit_failover(kit, "m1", SN_MODE_COORDINATED); /* cannot be won */
    kit->disk = KIT_DISK_SLOW;
    kit_failover(kit, "m1", SN_MODE_PLANNED);
    assert_true(kit_group(kit, "m1")->failover.state != SN_FAILOVER_NONE);
    kit_node(kit, "n1")->runid.hex[0] = '9';
    kit_clear(kit);
    kit_named(kit, SN_COMMAND_RESET, "m1");
    assert_true(kit_group(kit, "m1")->failover.state == SN_FAILOVER_NONE);
    assert_int_equal(kit_group(kit, "m1")->master->runid.hex[0], '9');
    assert_int_equal(kit_count(kit, "event N +reboot"), 0);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command__monitor_takes_an_address_of_nobody_and_says_so),
        cmocka_unit_test(test_command__each_is_answered_once_and_after_the_save),
        cmocka_unit_test(test_command__a_failed_save_is_an_error),
        cmocka_unit_test(test_command__flush_writes_even_if_nothing_changed),
        cmocka_unit_test(test_command__unknown_groups_are_errors),
        cmocka_unit_test(test_command__monitor_creates_a_group_with_defaults),
        cmocka_unit_test(test_command__monitor_refuses_in_order),
        cmocka_unit_test(test_command__remove_forgets_the_group),
        cmocka_unit_test(test_command__remove_and_monitor_give_no_second_vote),
        cmocka_unit_test(test_command__reset_forgets_replicas_and_peers_and_starts_over),
        cmocka_unit_test(test_command__reset_matches_by_glob_and_counts),
        cmocka_unit_test(test_command__reset_clears_down_states_without_events),
        cmocka_unit_test(test_command__set_tells_every_change_and_hides_passwords),
        cmocka_unit_test(test_command__an_event_is_cut_at_the_longest_payload),
        cmocka_unit_test(test_command__new_credentials_renew_the_data_links),
        cmocka_unit_test(test_command__new_peer_credentials_renew_the_peer_links),
        cmocka_unit_test(test_command__new_own_password_renews_the_peer_links),
        cmocka_unit_test(test_command__password_of_a_file_is_told_not_to_be_saved),
        cmocka_unit_test(test_command__debug_applies_all_timings_at_once_and_saves_nothing),
        cmocka_unit_test(test_command__debug_defaults_and_names),
        cmocka_unit_test(test_command__simulate_replaces_the_flags),
        cmocka_unit_test(test_command__failover_refuses_without_a_candidate_or_twice),
        cmocka_unit_test(test_command__failover_to_a_replica_of_choice),
        cmocka_unit_test(test_command__other_settings_leave_the_links_alone),
        cmocka_unit_test(test_command__monitor_takes_names_up_to_the_limit),
        cmocka_unit_test(test_command__reset_forgets_who_the_master_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
