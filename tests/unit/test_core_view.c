/* SPDX-License-Identifier: BSD-3-Clause */

/* What the SENTINEL commands show (PROTOCOL.md §4.2, §4.3, §4.5, §4.12). */

#include "core/facts/attempt.h"
#include "core_kit.h"

#include <stdio.h>
#include <string.h>

#define ID1 "0000000000000000000000000000000000000001"
#define ID2 "0000000000000000000000000000000000000002"

struct lines {
    char text[4096];
    size_t len;
};

static void add_field(void *arg, const char *name, const char *value)
{
    struct lines *lines = arg;
    lines->len += (size_t)snprintf(lines->text + lines->len, sizeof(lines->text) - lines->len,
                                   "%s=%s\n", name, value);
}

static void expect_description(struct kit *kit, const char *group, const char *node,
                               const char *expected)
{
    struct lines lines = {.len = 0};
    sn_instance_describe(kit->core, kit_instance(kit, group, node), kit->now, add_field, &lines);
    assert_string_equal(lines.text, expected);
}

static void expect_flags(struct kit *kit, const char *node, const char *expected)
{
    struct lines lines = {.len = 0};
    sn_instance_describe(kit->core, kit_instance(kit, "m1", node), kit->now, add_field, &lines);
    char *flags = strstr(lines.text, "\nflags=");
    assert_non_null(flags);
    flags += strlen("\nflags=");
    flags[strcspn(flags, "\n")] = '\0';
    assert_string_equal(flags, expected);
}

static void test_view__describes_an_idle_master(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b config 3;- epoch 3");
    (void)state;
    kit_to(kit, 14149);
    expect_description(kit, "m1", "n1",
                       "name=m1\nip=10.0.0.1\nport=6379\nrunid=" ID1 "\nflags=master\n"
                       "link-pending-commands=0\nlink-refcount=1\nlast-ping-sent=0\n"
                       "last-ok-ping-reply=24\nlast-ping-reply=24\n"
                       "down-after-milliseconds=1000\ninfo-refresh=4149\nrole-reported=master\n"
                       "role-reported-time=14149\nconfig-epoch=3\nnum-slaves=1\n"
                       "num-other-sentinels=2\nquorum=2\nfailover-timeout=10000\n"
                       "parallel-syncs=1\n");
    kit_free(kit);
}

static void test_view__describes_scripts_where_there_are_some(void **state)
{
    struct kit *kit = kit_new("m1 n1 notify /n reconfig /r");
    struct lines lines = {.len = 0};
    (void)state;
    sn_instance_describe(kit->core, kit_instance(kit, "m1", "n1"), kit->now, add_field, &lines);
    assert_non_null(strstr(lines.text, "parallel-syncs=1\nnotification-script=/n\n"
                                       "client-reconfig-script=/r\n"));
    kit_free(kit);
}

static void test_view__describes_a_replica(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2");
    (void)state;
    kit_node(kit, "n2")->offset = 1771;
    kit_node(kit, "n2")->link_up = false;
    kit_node(kit, "n2")->link_down_s = 7;
    kit_to(kit, 10150);
    expect_description(kit, "m1", "n2",
                       "name=10.0.0.2:6379\nip=10.0.0.2\nport=6379\nrunid=" ID2 "\nflags=slave\n"
                       "link-pending-commands=0\nlink-refcount=1\nlast-ping-sent=0\n"
                       "last-ok-ping-reply=150\nlast-ping-reply=150\n"
                       "down-after-milliseconds=1000\ninfo-refresh=150\nrole-reported=slave\n"
                       "role-reported-time=10150\nmaster-link-down-time=7000\n"
                       "master-link-status=err\nmaster-host=10.0.0.1\nmaster-port=6379\n"
                       "slave-priority=100\nslave-repl-offset=1771\nreplica-announced=1\n");
    kit_free(kit);
}

static void test_view__describes_a_replica_that_never_answered(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_mode(kit, "n2", KIT_GONE);
    kit_node(kit, "n2")->role = SN_ROLE_REPLICA;
    (void)snprintf(kit_node(kit, "n2")->master, 64, "n1");
    kit_to(kit, 2500);
    expect_description(kit, "m1", "n2",
                       "name=10.0.0.2:6379\nip=10.0.0.2\nport=6379\nrunid=\n"
                       "flags=s_down,slave,disconnected\n"
                       "link-pending-commands=0\nlink-refcount=1\nlast-ping-sent=1500\n"
                       "last-ok-ping-reply=1500\nlast-ping-reply=1500\ns-down-time=500\n"
                       "down-after-milliseconds=1000\ninfo-refresh=0\nrole-reported=slave\n"
                       "role-reported-time=1500\nmaster-link-down-time=0\n"
                       "master-link-status=err\nmaster-host=?\nmaster-port=0\n"
                       "slave-priority=100\nslave-repl-offset=0\nreplica-announced=1\n");
    kit_free(kit);
}

static void test_view__describes_a_peer(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a;m2 n2 peers a");
    (void)state;
    kit_to(kit, 1000);
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    kit_to(kit, 2999);
    expect_description(kit, "m1", "a",
                       "name=" KIT_A "\nip=10.0.1.1\nport=26379\nrunid=" KIT_A "\nflags=sentinel\n"
                       "link-pending-commands=0\nlink-refcount=2\nlast-ping-sent=0\n"
                       "last-ok-ping-reply=199\nlast-ping-reply=199\n"
                       "down-after-milliseconds=1000\nlast-hello-message=1999\nvoted-leader=?\n"
                       "voted-leader-epoch=0\n");
    kit_free(kit);
}

static void test_view__shows_a_peers_vote_until_it_expires_and_its_epoch_for_good(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b,c,d timeout 60000");
    struct lines lines = {.len = 0};
    (void)state;
    kit_node(kit, "a")->answer = "[:1|$" KIT_C "|:7]";
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1010);
    sn_instance_describe(kit->core, kit_instance(kit, "m1", "a"), kit->now, add_field, &lines);
    assert_non_null(strstr(lines.text, "voted-leader=" KIT_C "\nvoted-leader-epoch=7\n"));
    assert_non_null(strstr(lines.text, "flags=sentinel,master_down\n"));
    kit_mode(kit, "n1", KIT_WELL);
    kit_to(kit, 9000);
    lines.len = 0;
    sn_instance_describe(kit->core, kit_instance(kit, "m1", "a"), kit->now, add_field, &lines);
    assert_non_null(strstr(lines.text, "voted-leader=?\nvoted-leader-epoch=7\n"));
    kit_free(kit);
}

static void test_view__tells_silence_and_pending_commands(void **state)
{
    struct kit *kit = kit_new("m1 n1 down-after 5000");
    struct lines lines = {.len = 0};
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PING) | KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, 1700);
    sn_instance_describe(kit->core, kit_instance(kit, "m1", "n1"), kit->now, add_field, &lines);
    assert_non_null(strstr(lines.text, "link-pending-commands=2\n"));
    assert_non_null(strstr(lines.text, "last-ping-sent=1575\n"));
    assert_non_null(strstr(lines.text, "last-ok-ping-reply=1700\n"));
    kit_free(kit);
}

static void test_view__flags_of_a_failover(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4 peers a,b");
    (void)state;
    kit_node(kit, "n2")->priority = 1;
    kit_node(kit, "n3")->syncs_slowly = true;
    kit_to(kit, 10000);
    kit_to_promotion(kit, "ab");
    expect_flags(kit, "n1", "s_down,o_down,master,disconnected,failover_in_progress");
    expect_flags(kit, "n2", "slave,promoted");
    expect_flags(kit, "a", "sentinel,master_down");
    struct lines lines = {.len = 0};
    sn_instance_describe(kit->core, kit_instance(kit, "m1", "n1"), kit->now, add_field, &lines);
    assert_non_null(strstr(lines.text, "link-refcount=1\nfailover-state=wait_promotion\n"));
    assert_non_null(strstr(lines.text, "\ns-down-time="));
    assert_non_null(strstr(lines.text, "\no-down-time="));
    kit->hold = KIT_HOLD(SN_ORDER_FOLLOW);
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]");
    kit_to(kit, kit_now(kit) + 100);
    expect_flags(kit, "n2", "master,failover_in_progress");
    expect_flags(kit, "n3", "slave,reconf_sent");
    expect_flags(kit, "n4", "slave");
    kit->hold = 0;
    kit_to(kit, kit_now(kit) + 200);
    expect_flags(kit, "n3", "slave,reconf_inprog");
    kit_free(kit);
}

static void test_view__states_of_a_failover_have_the_words_of_stock(void **state)
{
    static const char *const words[] = {
        [SN_FAILOVER_NONE] = "none",
        [SN_FAILOVER_WAIT_START] = "wait_start",
        [SN_FAILOVER_SELECT] = "select_slave",
        [SN_FAILOVER_SEND_PROMOTION] = "send_slaveof_noone",
        [SN_FAILOVER_WAIT_PROMOTION] = "wait_promotion",
        [SN_FAILOVER_RECONF] = "reconf_slaves",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        assert_string_equal(sn_attempt_state_name((enum sn_failover_state)i), words[i]);
}

static void test_view__other_flags(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 reboot 60000");
    struct sn_command command = {
        .kind = SN_COMMAND_FAILOVER, .name = "m1", .name_len = 2, .mode = SN_MODE_FORCED};
    (void)state;
    kit_node(kit, "n1")->pong = "-BUSY Redis is busy running a script.";
    kit_to(kit, 1500);
    expect_flags(kit, "n1", "s_down,master,script_kill_sent");
    kit_node(kit, "n1")->pong = "-LOADING";
    kit_node(kit, "n1")->runid.hex[0] = '7';
    kit_to(kit, 2500);
    expect_flags(kit, "n1", "master,master_reboot");
    kit_drop_link(kit, "n1", SN_LINK_SUBSCRIBE);
    expect_flags(kit, "n1", "master,disconnected,master_reboot");
    kit_node(kit, "n1")->pong = NULL;
    kit_to(kit, 5000);
    expect_flags(kit, "n1", "master");
    kit->disk = KIT_DISK_SLOW;
    kit_command(kit, &command);
    expect_flags(kit, "n1", "master,failover_in_progress,force_failover");
    kit_free(kit);
}

static void test_view__names_are_shown_where_they_are_announced(void **state)
{
    struct kit *kit = kit_new("- hostnames announce-hostnames;m1 db.example.org:6379");
    const char *host;
    uint16_t port;
    (void)state;
    kit_resolved(kit, "db.example.org", "10.0.0.7");
    sn_group_address(kit->core, kit_group(kit, "m1"), &host, &port);
    assert_string_equal(host, "db.example.org");
    assert_int_equal(port, 6379);
    kit->core->globals.announce_hostnames = false;
    sn_group_address(kit->core, kit_group(kit, "m1"), &host, &port);
    assert_string_equal(host, "10.0.0.7");
    kit_free(kit);
}

static void test_view__a_host_name_that_does_not_resolve_is_shown(void **state)
{
    static const char refusal[] = "link-refusal=the host name does not resolve\n";
    struct kit *kit = kit_new_seeded("- hostnames;m1 db.example.org:6379", 1, true);
    const struct sn_instance *master = sn_group_master(kit_group(kit, "m1"));
    (void)state;
    kit_resolved(kit, "db.example.org", "");
    struct lines lines = {.len = 0};
    sn_instance_describe(kit->core, master, kit->now, add_field, &lines);
    assert_non_null(strstr(lines.text, refusal));
    kit_resolved(kit, "db.example.org", "10.0.0.7");
    lines = (struct lines){.len = 0};
    sn_instance_describe(kit->core, master, kit->now, add_field, &lines);
    assert_null(strstr(lines.text, refusal));
    kit_free(kit);
}

static void test_view__quorum_counts_peers_that_are_up_and_all_voters(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a,b,c");
    size_t usable, voters;
    (void)state;
    kit_mode(kit, "b", KIT_REFUSING);
    kit_to(kit, 999);
    sn_group_quorum(kit_group(kit, "m1"), &usable, &voters);
    assert_int_equal(usable, 4); /* disconnected is not down */
    assert_int_equal(voters, 4);
    kit_to(kit, 1000);
    sn_group_quorum(kit_group(kit, "m1"), &usable, &voters);
    assert_int_equal(usable, 3);
    assert_int_equal(voters, 4);
    kit_free(kit);
}

static void test_view__status_is_ok_sdown_or_odown(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a");
    (void)state;
    assert_string_equal(sn_group_status(kit_group(kit, "m1")), "ok");
    kit_kill_master(kit, "");
    assert_string_equal(sn_group_status(kit_group(kit, "m1")), "sdown");
    kit_node(kit, "a")->says_down = true;
    kit_to(kit, 1015);
    assert_string_equal(sn_group_status(kit_group(kit, "m1")), "odown");
    kit_free(kit);
}

static void test_view__groups_and_instances_in_order(void **state)
{
    struct kit *kit = kit_new("zz n1 replicas n3,n2 peers b,a;aa n4");
    (void)state;
    const struct sn_group *group = sn_core_group_first(kit->core);
    assert_string_equal(sn_group_name(group), "zz");
    assert_string_equal(sn_group_name(sn_group_next(group)), "aa");
    assert_null(sn_group_next(sn_group_next(group)));
    assert_int_equal(sn_core_group_count(kit->core), 2);
    const struct sn_instance *replica = sn_group_replica_first(group);
    assert_string_equal(kit_node_name(kit, replica), "n3");
    assert_string_equal(kit_node_name(kit, sn_instance_next(replica)), "n2");
    assert_null(sn_instance_next(sn_instance_next(replica)));
    assert_string_equal(kit_node_name(kit, sn_group_peer_first(group)), "b");
    assert_int_equal(sn_group_replica_count(group), 2);
    assert_int_equal(sn_group_peer_count(group), 2);
    assert_ptr_equal(sn_core_group_find(kit->core, "zzz", 2), group);
    assert_null(sn_core_group_find(kit->core, "ZZ", 2));
    kit_free(kit);
}

static void test_view__unannounced_replicas_and_missing_info(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
    struct sn_buf text;
    sn_ms age;
    (void)state;
    sn_buf_init(&text, SIZE_MAX);
    assert_true(sn_instance_announced(kit_instance(kit, "m1", "n2")));
    kit_instance(kit, "m1", "n2")->u.data.announced = false;
    assert_false(sn_instance_announced(kit_instance(kit, "m1", "n2")));
    assert_true(sn_instance_announced(kit_instance(kit, "m1", "a")));
    assert_false(sn_instance_info(kit_instance(kit, "m1", "a"), kit->now + 5, &text, &age));
    assert_int_equal(text.len, 0);
    assert_int_equal(age, 0);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view__describes_an_idle_master),
        cmocka_unit_test(test_view__describes_scripts_where_there_are_some),
        cmocka_unit_test(test_view__describes_a_replica),
        cmocka_unit_test(test_view__describes_a_replica_that_never_answered),
        cmocka_unit_test(test_view__describes_a_peer),
        cmocka_unit_test(test_view__shows_a_peers_vote_until_it_expires_and_its_epoch_for_good),
        cmocka_unit_test(test_view__tells_silence_and_pending_commands),
        cmocka_unit_test(test_view__flags_of_a_failover),
        cmocka_unit_test(test_view__states_of_a_failover_have_the_words_of_stock),
        cmocka_unit_test(test_view__other_flags),
        cmocka_unit_test(test_view__names_are_shown_where_they_are_announced),
        cmocka_unit_test(test_view__a_host_name_that_does_not_resolve_is_shown),
        cmocka_unit_test(test_view__quorum_counts_peers_that_are_up_and_all_voters),
        cmocka_unit_test(test_view__status_is_ok_sdown_or_odown),
        cmocka_unit_test(test_view__groups_and_instances_in_order),
        cmocka_unit_test(test_view__unannounced_replicas_and_missing_info),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
