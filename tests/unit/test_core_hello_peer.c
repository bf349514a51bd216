/* SPDX-License-Identifier: BSD-3-Clause */
/* Hellos: what their senders become, and what is told of them (the rows of PROTOCOL.md §10.5). */
#include "hello_kit.h"

static void test_hello__a_new_peer_is_taken_in_and_saved(void **state)
{
    struct kit *kit = kit_new("m1 n1;m2 n2");
    (void)state;
    hear(kit, HELLO_A "0" ABOUT_M1 "0");
    kit_expect(kit, "event connect persist",
               "connect peer a\nevent N +sentinel " PEER_A "\npersist 1\n");
    /* Heard again, it is known. */
    hear(kit, HELLO_A "0" ABOUT_M1 "0");
    kit_expect(kit, "event connect persist", "");
    /* In another group it shares the link. */
    hear(kit, HELLO_A "0,m2,10.0.0.2,6379,0");
    kit_expect(kit, "event connect persist",
               "event N +sentinel sentinel " KIT_A " 10.0.1.1 26379 @ m2 10.0.0.2 6379\npersist "
               "2\n");
    assert_int_equal(kit_instance(kit, "m1", "a")->cmd->owner_count, 2);
    kit_free(kit);
}

static void test_hello__the_first_hello_of_ours_to_a_new_peer_leaves_at_once(void **state)
{
    struct kit *kit = kit_new("m1 n1;m2 n2");
    (void)state;
    kit_to(kit, 700);
    kit_clear(kit);
    hear(kit, HELLO_A "0" ABOUT_M1 "0");
    kit_to(kit, 700);
    assert_int_equal(kit_count(kit, "publish a " OURS "0" ABOUT_M1 "0"), 1);
    hear(kit, HELLO_A "0,m2,10.0.0.2,6379,0");
    kit_to(kit, 700);
    assert_int_equal(kit_count(kit, "publish a " OURS "0,m2,10.0.0.2,6379,0"), 1);
    kit_free(kit);
}

static void test_hello__a_peer_that_moved_is_followed_in_all_groups(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a;m2 n2 peers a");
    (void)state;
    kit_node(kit, "b")->myid = "$" KIT_A;
    hear(kit, "10.0.1.2,26379," KIT_A ",0" ABOUT_M1 "0");
    kit_expect(kit, "event connect disconnect persist",
               "connect peer b\ndisconnect peer b\n" /* asked who it is */
               "event N +sentinel-address-switch " M1 " ip 10.0.1.2 port 26379 for " KIT_A "\n"
               "disconnect peer a\nconnect peer b\n"
               "event N +sentinel-address-update sentinel " KIT_A
               " 10.0.1.2 26379 @ m1 10.0.0.1 6379 1 additional matching instances\npersist 2\n");
    assert_string_equal(kit_instance(kit, "m2", "b")->runid.hex, KIT_A);
    kit_free(kit);

    kit = kit_new("m1 n1 peers a;m2 n2"); /* nobody else knows it */
    kit_node(kit, "10.0.1.1:26380")->myid = "$" KIT_A;
    hear(kit, "10.0.1.1,26380," KIT_A ",0" ABOUT_M1 "0");
    assert_int_equal(kit_count(kit, "event N +sentinel-address-switch"), 1);
    assert_int_equal(kit_count(kit, "event N +sentinel-address-update"), 0);
    kit_free(kit);
}

static void test_hello__a_new_id_at_a_known_address_displaces_the_old_one_everywhere(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a,c;m2 n2 peers a");
    (void)state;
    kit_node(kit, "a")->myid = "$" KIT_B;
    hear(kit, "10.0.1.1,26379," KIT_B ",0" ABOUT_M1 "0");
    kit_expect(kit, "event disconnect connect persist",
               "connect peer a\ndisconnect peer a\n" /* asked who it is */
               "event N +sentinel-invalid-addr " PEER_A "\nconnect peer a\n"
               "event N +sentinel sentinel " KIT_B " 10.0.1.1 26379 @ m1 10.0.0.1 6379\n"
               "disconnect peer a\n"
               "event N +sentinel sentinel " KIT_B
               " 10.0.1.1 26379 @ m2 10.0.0.2 6379\npersist 4\n");
    assert_int_equal(kit_group(kit, "m1")->peer_count, 2);
    /* Unlike in stock: a voter less here, until it is heard of, could be one too few. */
    assert_int_equal(kit_group(kit, "m2")->peer_count, 1);
    kit_free(kit);
}

static void test_hello__peers_have_a_cap(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    for (int i = 0; i < SN_PEERS_MAX + 2; i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), "10.0.7.7,%d,%040d,0" ABOUT_M1 "0", 20000 + i, i + 1);
        hear(kit, text);
    }
    assert_int_equal(kit_group(kit, "m1")->peer_count, SN_PEERS_MAX);
    assert_int_equal(kit_count(kit, "log W Group m1 already has 256 peers"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_PEER_TOO_MANY, NULL) > 0);
    kit_free(kit);
}

static void test_hello__our_own_id_is_ignored_everywhere(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    hear(kit, "10.0.1.1,26379," KIT_ME ",50,m1,10.0.0.7,6379,50");
    assert_true(kit_hello_text(kit, "n1", "10.0.1.1,26379," KIT_ME ",50,m1,10.0.0.7,6379,50"));
    kit_expect(kit, "event persist connect", "");
    assert_int_equal(sn_core_current_epoch(kit->core), 0);
    kit_free(kit);
}

static void test_hello__what_is_of_no_use_is_ignored_whole(void **state)
{
    static const char *const useless[] = {
        HELLO_A "9,nosuch,10.0.0.1,6379,9",                          /* unknown group */
        "sentinel.example.org,26379," KIT_A ",9,m1,10.0.0.1,6379,9", /* names are not resolved */
    };
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    for (size_t i = 0; i < sizeof(useless) / sizeof(*useless); i++) {
        hear(kit, useless[i]);
        kit_expect(kit, "event persist connect", "");
        assert_int_equal(sn_core_current_epoch(kit->core), 0);
    }
    assert_true(kit_reasons(kit, "m1", SN_REASON_HELLO_SENDER_UNUSABLE, NULL) > 0);
    kit_free(kit);
}

static void heard_of(struct kit *kit, const char *node, const char *text)
{
    (void)kit_hello_text(kit, node, text);
}

static void test_hello__with_an_unusable_master_makes_a_voter_and_changes_nothing(void **state)
{
    static const char *const useless[] = {
        "9,m1,db.example.org,6379,9", /* names are not resolved */
        "9,m1,,6379,9",
        "9,m1,10.0.0.1 ,6379,9",
        "9,m1,10.0.0.7,0,9",
        "9,m1,10.0.0.7,70000,9",
        "9,m1,10.0.0.7,6379,1x",
        "9.5,m1,10.0.0.7,6379,9",
        "x,m1,?,?,?",
        "9,m1,0.0.0.0,6379,9", /* ourselves, or nobody */
        "9,m1,255.255.255.255,6379,9",
        "9,m1,::ffff:224.0.0.1,6379,9",
        "9,m1,ff02::1,6379,9",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(useless) / sizeof(*useless); i++) {
        struct kit *kit = kit_new("- epoch 3;m1 n1 config 3");
        char text[256];
        (void)snprintf(text, sizeof(text), HELLO_A "%s", useless[i]);
        heard_of(kit, i % 2 == 0 ? NULL : "n1", text);
        kit_expect(kit, "event connect persist",
                   "connect peer a\nevent N +sentinel " PEER_A "\npersist 1\n");
        assert_int_equal(kit_group(kit, "m1")->peer_count, 1);
        assert_int_equal(sn_core_current_epoch(kit->core), 3);
        assert_int_equal(kit_group(kit, "m1")->config_epoch, 3);
        assert_string_equal(kit_group(kit, "m1")->master->addr.ip, "10.0.0.1");
        /* Its time is noted each time; the rest is told once. */
        kit_to(kit, 4000);
        heard_of(kit, NULL, text);
        assert_int_equal(kit_instance(kit, "m1", "a")->u.peer.hello_heard_at - kit->start, 4000);
        assert_int_equal(kit_count(kit, "log W Sentinel " KIT_A " at 10.0.1.1:26379 is counted"),
                         0);
        assert_true(kit_reasons(kit, "m1", SN_REASON_HELLO_MASTER_UNUSABLE, NULL) > 0);
        kit_free(kit);
    }
}

/* Where all sentinels are configured so, it is the master's address like any other. */
static void test_hello__with_our_master_at_no_address_is_like_any_other(void **state)
{
    struct kit *kit = kit_new("m1 0.0.0.0:6379");
    (void)state;
    heard_of(kit, NULL, HELLO_A "9,m1,0.0.0.0,6379,9");
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 9);
    assert_int_equal(kit_count(kit, "log W Sentinel"), 0);
    kit_free(kit);
}

/* Two peers whose hellos name the master by a name that we do not look up, quorum 1. */
static void test_hello__unusable_masters_do_not_let_us_promote_alone(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 quorum 1");
    (void)state;
    heard_of(kit, "n1", HELLO_A "0,m1,db.example.org,6379,0");
    heard_of(kit, "n1", "10.0.1.2,26379," KIT_B ",0,m1,db.example.org,6379,0");
    kit_mode(kit, "a", KIT_REFUSING);
    kit_mode(kit, "b", KIT_REFUSING);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 30000);
    assert_true(kit_count(kit, "event W +odown") > 0);
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
    assert_int_equal(kit_count(kit, "promote"), 0);
    kit_free(kit);
}

static void test_hello__any_id_makes_a_voter_and_case_matters(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    hear(kit, "10.0.1.7,26379,redis-sentinel-node-1-aaaaaaaaaaaaaaaaaa,0" ABOUT_M1 "0");
    hear(kit, "10.0.1.8,26379,REDIS-SENTINEL-NODE-1-AAAAAAAAAAAAAAAAAA,0" ABOUT_M1 "0");
    assert_int_equal(kit_group(kit, "m1")->peer_count, 2);
    assert_int_equal(kit_count(kit, "event N +sentinel sentinel"), 2);
    kit_free(kit);
}

static void test_hello__dropped_ones_are_told_once_for_each_sender_and_reason(void **state)
{
    static const struct {
        const char *text, *log;
    } rows[] = {
        {"s1.example.org,26379," KIT_A ",0" ABOUT_M1 "0",
         "log W Ignored the hello of sentinel " KIT_A
         " at s1.example.org:26379 for m1: its sender address is a host name, but "
         "resolve-hostnames is no. That sentinel is not counted as a voter here. Set \"sentinel "
         "resolve-hostnames yes\" here, or an IP address as its announce-ip.\n"},
        {"10.0.1.1,0," KIT_A ",0" ABOUT_M1 "0",
         "log W Ignored the hello of sentinel " KIT_A
         " at 10.0.1.1:0 for m1, heard on master m1 10.0.0.1 6379: its sender port \"0\" cannot be "
         "used. That sentinel is not counted as a voter here: check its announce-ip, announce-port "
         "and myid.\n"},
        {"10.0.1.1,26379,short,0" ABOUT_M1 "0",
         "log W Ignored the hello of sentinel ? at 10.0.1.1:26379 for m1, heard on master m1 "
         "10.0.0.1 6379: its sender id \"short\" cannot be used. That sentinel is not counted as a "
         "voter here: check its announce-ip, announce-port and myid.\n"},
        {"hello, world", "log W Ignored a malformed hello, heard on master m1 10.0.0.1 6379: "
                         "\"hello, world\". If a "
                         "sentinel sent it, that sentinel is not counted as a voter here.\n"},
        {HELLO_A "0,m1,db,6379,0",
         "log W Sentinel " KIT_A
         " at 10.0.1.1:26379 is counted as a voter of m1, but configurations in its hellos are "
         "ignored: their master address \"db\" cannot be used while resolve-hostnames is no. Use "
         "the "
         "same resolve-hostnames and announce-hostnames on all sentinels.\n"},
        {HELLO_A "0,m1,10.0.0.1,6379,1x",
         "log W Sentinel " KIT_A
         " at 10.0.1.1:26379 is counted as a voter of m1, but configurations in its hellos are "
         "ignored: their config epoch \"1x\" cannot be used.\n"},
        {"10.0.1.1,26379," KIT_ME ",0" ABOUT_M1 "0",
         "log W Another sentinel at 10.0.1.1:26379 uses our id " KIT_ME
         ": the two do not count each other, and peers cannot tell their votes apart. Was our "
         "configuration copied? Stop one of the two, remove its \"sentinel myid\" line or its "
         "state "
         "file, and start it again.\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new("m1 n1");
        heard_of(kit, "n1", rows[i].text);
        kit_expect(kit, "log", rows[i].log);
        for (int n = 1; n <= 10; n++) {
            kit_to(kit, n * 2000);
            heard_of(kit, "n1", rows[i].text);
        }
        kit_expect(kit, "log", "");
        /* Gone for an hour, it is told again. */
        kit_to(kit, 20000 + 3600000);
        kit_clear(kit);
        heard_of(kit, "n1", rows[i].text);
        kit_expect(kit, "log", rows[i].log);
        if (strstr(rows[i].log, "Ignored") != NULL)
            assert_true(kit_reasons(kit, "m1", SN_REASON_HELLO_BAD, "n1") > 0 ||
                        kit_reasons(kit, "m1", SN_REASON_HELLO_SENDER_UNUSABLE, NULL) > 0);
        if (strstr(rows[i].text, KIT_ME) != NULL)
            assert_true(kit_reasons(kit, "m1", SN_REASON_HELLO_TWIN, "n1") > 0);
        kit_free(kit);
    }
}

static void test_hello__another_master_of_the_same_epoch_is_told_once(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    for (int i = 0; i < 3; i++) {
        hear(kit, HELLO_A "0,m1,10.0.0.7,6379,0");
        kit_hello(kit, "b", "m1", "n1", 0, 0);
    }
    kit_expect(kit, "log",
               "log W Sentinel " KIT_A
               " at 10.0.1.1:26379 watches 10.0.0.7:6379 as the master of m1, but we watch "
               "10.0.0.1:6379, both with config epoch 0: the two cannot agree that the master is "
               "down. Give m1 the same address on all sentinels, or the groups "
               "different names.\n");
    /* Put right, and wrong in another way. */
    hear(kit, HELLO_A "0,m1,10.0.0.1,6379,0");
    hear(kit, HELLO_A "0,m1,10.0.0.8,6379,0");
    assert_int_equal(kit_count(kit, "log W Sentinel " KIT_A), 1);
    /* A newer configuration is no mistake, nor is an older one. */
    kit_clear(kit);
    hear(kit, "10.0.1.2,26379," KIT_B ",5,m1,10.0.0.2,6379,5");
    hear(kit, "10.0.1.2,26379," KIT_B ",5,m1,10.0.0.1,6379,4");
    assert_int_equal(kit_count(kit, "log W"), 0);
    kit_free(kit);
}

static void test_hello__addresses_that_nobody_can_reach_are_told_once(void **state)
{
    static const char *const odd[] = {"0.0.0.0",   "::",        "224.0.0.5",
                                      "127.0.0.1", "127.1.2.3", "::1"};
    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
        struct kit *kit = kit_new("m1 n1 quorum 1");
        char text[256];
        (void)snprintf(text, sizeof(text), "%s,26379," KIT_A ",0" ABOUT_M1 "0", odd[i]);
        kit_to(kit, 2000);
        kit_clear(kit);
        for (int n = 0; n < 3; n++)
            hear(kit, text);
        assert_int_equal(kit_count(kit, "log W Sentinel " KIT_A " announces the address"), 1);
        /* Somebody it is, all the same. */
        assert_int_equal(kit_group(kit, "m1")->peer_count, 1);
        assert_int_equal(kit_count(kit, "connect peer"), i < 3 ? 0 : 1);
        kit_free(kit);
    }
}

static void test_hello__our_own_echo_is_no_twin(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    heard_of(kit, "n1", OURS "0" ABOUT_M1 "0");
    kit_expect(kit, "log", "");
    /* Announced otherwise: what is still on its way is ours as well. */
    struct sn_change change = {
        .option = SN_OPTION_ANNOUNCE_IP, .name = "announce-ip", .value = "192.0.2.7"};
    struct sn_command command = {
        .kind = SN_COMMAND_CONFIG_SET, .changes = &change, .change_count = 1};
    kit_command(kit, &command);
    kit_to(kit, 2500);
    heard_of(kit, "n1", OURS "0" ABOUT_M1 "0");
    heard_of(kit, "n1", "192.0.2.7,26379," KIT_ME ",0" ABOUT_M1 "0");
    kit_expect(kit, "log", "");
    kit_free(kit);
}

static void test_hello__warnings_about_forged_senders_are_bounded(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    for (int i = 1; i <= 5 * SN_TOLD_MAX; i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), "name%d,26379,%040d,0" ABOUT_M1 "0", i, i);
        heard_of(kit, NULL, text);
    }
    assert_int_equal(kit_count(kit, "log W Ignored the hello"), SN_TOLD_MAX);
    assert_int_equal(kit_count(kit, "log W Many senders of bad hellos for m1"), 1);
    assert_int_equal(kit_count(kit, "log"), SN_TOLD_MAX + 1);
    /* Also of what is no hello at all, which may come from anywhere. */
    kit_clear(kit);
    for (int i = 1; i <= 5 * SN_TOLD_MAX; i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), "x y,26379,%040d,0" ABOUT_M1 "0", i);
        heard_of(kit, NULL, text);
    }
    assert_int_equal(kit_count(kit, "log W Ignored the hello"), SN_TOLD_MAX);
    assert_int_equal(kit_count(kit, "log"), SN_TOLD_MAX + 1);
    kit_free(kit);
}

/* As many hellos about a group as fill whatever is kept of it. */
static void flood(struct kit *kit, int number)
{
    for (int i = 1; i <= 2 * SN_TOLD_MAX; i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), "name,26379,%040d,0,m%d,10.0.0.1,6379,0", i, number);
        heard_of(kit, NULL, text);
    }
}

static void test_hello__flood_in_one_group_hides_nothing_of_another(void **state)
{
    struct kit *kit = kit_new("m1 n1;m2 n2;m3 n3;m4 n4;m5 n5;m6 n6;m7 n7;m8 n8;m9 n9;m10 n10");
    (void)state;
    flood(kit, 1);
    kit_clear(kit);
    heard_of(kit, NULL, "name,26379," KIT_A ",0,m2,10.0.0.2,6379,0");
    assert_int_equal(kit_count(kit, "log W Ignored the hello of sentinel " KIT_A), 1);
    /* Nor does one in many groups: the total is bounded, but each has a few lines. */
    for (int number = 2; number < 10; number++)
        flood(kit, number);
    assert_in_range(kit_count(kit, "log W Ignored the hello"), SN_TOLD_TOTAL_MAX - SN_TOLD_MAX - 20,
                    SN_TOLD_TOTAL_MAX - SN_TOLD_MAX + SN_TOLD_FEW);
    kit_clear(kit);
    flood(kit, 10);
    assert_int_equal(kit_count(kit, "log W Ignored the hello"), SN_TOLD_FEW);
    assert_int_equal(kit_count(kit, "log W Many senders of bad hellos for m10"), 1);
    /* After an hour without a word there is room again. */
    kit_stall(kit, 3600000);
    kit_clear(kit);
    flood(kit, 1);
    assert_int_equal(kit_count(kit, "log W Ignored the hello"), SN_TOLD_MAX);
    kit_free(kit);
}

static void test_hello__the_time_is_noted(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a,b");
    (void)state;
    kit_to(kit, 1234);
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    assert_int_equal(kit_instance(kit, "m1", "a")->u.peer.hello_heard_at - kit->start, 1234);
    assert_int_equal(kit_instance(kit, "m1", "b")->u.peer.hello_heard_at - kit->start, 0);
    kit_free(kit);
}

/* Forged and true hellos take turns. */
static void test_hello__another_master_is_told_once(void **state)
{
    struct kit *kit = kit_new("- epoch 3;m1 n1 replicas n2 peers a,b config 3");
    (void)state;
    for (int i = 0; i < 20; i++) {
        kit_hello(kit, "a", "m1", "n9", 3, 3);
        assert_true(kit_instance(kit, "m1", "a")->u.peer.other_master_told);
        kit_hello(kit, "a", "m1", "n1", 3, 3);
        assert_false(kit_instance(kit, "m1", "a")->u.peer.other_master_told);
    }
    assert_int_equal(kit_count(kit, "log W Sentinel " KIT_A), 1);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello__a_new_peer_is_taken_in_and_saved),
        cmocka_unit_test(test_hello__the_first_hello_of_ours_to_a_new_peer_leaves_at_once),
        cmocka_unit_test(test_hello__a_peer_that_moved_is_followed_in_all_groups),
        cmocka_unit_test(test_hello__a_new_id_at_a_known_address_displaces_the_old_one_everywhere),
        cmocka_unit_test(test_hello__peers_have_a_cap),
        cmocka_unit_test(test_hello__our_own_id_is_ignored_everywhere),
        cmocka_unit_test(test_hello__what_is_of_no_use_is_ignored_whole),
        cmocka_unit_test(test_hello__with_an_unusable_master_makes_a_voter_and_changes_nothing),
        cmocka_unit_test(test_hello__with_our_master_at_no_address_is_like_any_other),
        cmocka_unit_test(test_hello__unusable_masters_do_not_let_us_promote_alone),
        cmocka_unit_test(test_hello__any_id_makes_a_voter_and_case_matters),
        cmocka_unit_test(test_hello__dropped_ones_are_told_once_for_each_sender_and_reason),
        cmocka_unit_test(test_hello__another_master_of_the_same_epoch_is_told_once),
        cmocka_unit_test(test_hello__addresses_that_nobody_can_reach_are_told_once),
        cmocka_unit_test(test_hello__our_own_echo_is_no_twin),
        cmocka_unit_test(test_hello__warnings_about_forged_senders_are_bounded),
        cmocka_unit_test(test_hello__flood_in_one_group_hides_nothing_of_another),
        cmocka_unit_test(test_hello__the_time_is_noted),
        cmocka_unit_test(test_hello__another_master_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
