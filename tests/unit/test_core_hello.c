/* SPDX-License-Identifier: BSD-3-Clause */
/* Hellos: what is sent, which epochs and configurations are adopted, foreign groups (PROTOCOL.md
 * §10, §24.1, DESIGN.md D15, D16). */
#include "hello_kit.h"

#define STRANGERS "10.0.5.5,26379," KIT_E ","

/* The data nodes are what a finished failover to `master` made of them. */
static void fail_over(struct kit *kit, const char *master)
{
    struct kit_node *old = kit_node(kit, "n1");
    kit_node(kit, master)->role = SN_ROLE_MASTER;
    old->role = SN_ROLE_REPLICA;
    (void)snprintf(old->master, sizeof(old->master), "%s", master);
}

/* ---- sending -------------------------------------------------------------------------------- */

/* A configuration can come from above the current epoch; what was told once is told of all groups.
 */
static void test_hello__never_tells_a_lower_epoch_than_before(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a;m2 n3 peers a");
    (void)state;
    kit_hello(kit, "a", "m1", "n1", 0, 5);
    kit_to(kit, 3000);
    assert_true(kit_count(kit, "publish n1 " OURS "5,m1") > 0);
    kit_clear(kit);
    kit_drop(kit, "n3"); /* so that its hello does not come right behind that of n1 */
    kit_to(kit, 3900);
    assert_int_equal(kit_count(kit, "publish n3 " OURS "5,m2"), 1);
    assert_int_equal(kit_count(kit, "publish n3 " OURS "0,"), 0);
    kit_free(kit);
}

static void test_hello__goes_to_all_every_publish_period(void **state)
{
    struct kit *kit = kit_new("- epoch 7;m1 n1 replicas n2 peers a config 5");
    (void)state;
    kit_to(kit, 1999);
    assert_int_equal(kit_count(kit, "publish"), 0);
    kit_to(kit, 2000);
    kit_expect(kit, "publish",
               "publish n1 " OURS "7,m1,10.0.0.1,6379,5\npublish n2 " OURS "7,m1,10.0.0.1,6379,5\n"
               "publish a " OURS "7,m1,10.0.0.1,6379,5\n");
    kit_debug(kit, SN_TIMING_PUBLISH_PERIOD, 300);
    kit_to(kit, 2000); /* a new period begins with a hello */
    kit_clear(kit);
    kit_to(kit, 2299);
    assert_int_equal(kit_count(kit, "publish"), 0);
    kit_to(kit, 2300);
    assert_int_equal(kit_count(kit, "publish"), 3);
    kit_free(kit);
}

static void test_hello__says_what_is_announced(void **state)
{
    struct kit *kit = kit_new("- announce-hostnames;m1 n1");
    (void)state;
    struct sn_change changes[] = {
        {.option = SN_OPTION_ANNOUNCE_IP, .name = "announce-ip", .value = "192.0.2.7"},
        {.option = SN_OPTION_ANNOUNCE_PORT, .name = "announce-port", .value = "77", .number = 77},
    };
    struct sn_command command = {
        .kind = SN_COMMAND_CONFIG_SET, .changes = changes, .change_count = 2};
    kit_command(kit, &command);
    kit_to(kit, 2000);
    assert_int_equal(kit_count(kit, "publish n1 192.0.2.7,77," KIT_ME ",0,m1,10.0.0.1,6379,0"), 1);
    kit_free(kit);
}

static void test_hello__one_at_a_time_and_refusals_wait_for_the_period(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PUBLISH);
    kit_to(kit, 9000);
    assert_int_equal(kit_count(kit, "publish"), 1);
    kit_reply(kit, "n1", SN_ORDER_PUBLISH, "-NOPERM no");
    kit_to(kit, 9999);
    assert_int_equal(kit_count(kit, "publish"), 1);
    kit_to(kit, 10000);
    assert_int_equal(kit_count(kit, "publish"), 2);
    assert_true(kit_reasons(kit, "m1", SN_REASON_PUBLISH_NO_ROOM, NULL) > 0);
    kit_free(kit);

    /* One that was due meanwhile leaves as soon as the last one is taken. */
    kit = kit_new("m1 n1");
    kit->hold = KIT_HOLD(SN_ORDER_PUBLISH);
    kit_to(kit, 2500);
    kit_reply(kit, "n1", SN_ORDER_PUBLISH, ":1");
    kit_to(kit, 3999);
    assert_int_equal(kit_count(kit, "publish"), 1);
    kit_to(kit, 7000); /* due at 4000, and again at 6000 */
    assert_int_equal(kit_count(kit, "publish"), 2);
    kit_reply(kit, "n1", SN_ORDER_PUBLISH, ":1");
    kit_to(kit, 7001);
    assert_int_equal(kit_count(kit, "publish"), 3);
    kit_free(kit);
}

static void test_hello__epochs_are_on_disk_before_they_are_told(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a");
    (void)state;
    kit_to(kit, 1500);
    kit->disk = KIT_DISK_SLOW;
    kit_ask(kit, "n1", 9, KIT_A);
    kit_clear(kit);
    kit_to(kit, 8000);
    assert_int_equal(kit_count(kit, "publish"), 0);
    kit_persisted(kit, true);
    kit_to(kit, 8010);
    assert_int_equal(kit_count(kit, "publish n1 " OURS "9,m1,10.0.0.1,6379,0"), 1);
    assert_int_equal(kit_count(kit, "publish a " OURS "9,m1,10.0.0.1,6379,0"), 1);
    kit_free(kit);
}

/* ---- epochs and configurations -------------------------------------------------------------- */

static void test_hello__a_higher_epoch_is_adopted_and_saved(void **state)
{
    struct kit *kit = kit_new("- epoch 4;m1 n1 peers a");
    (void)state;
    kit_hello(kit, "a", "m1", "n1", 4, 0);
    kit_hello(kit, "a", "m1", "n1", 3, 0);
    kit_expect(kit, "event persist", "");
    kit_hello(kit, "a", "m1", "n1", 7, 0);
    kit_expect(kit, "event persist", "event W +new-epoch 7\npersist 1\n");
    assert_int_equal(sn_core_current_epoch(kit->core), 7);
    kit_free(kit);
}

static void test_hello__a_higher_config_epoch_with_our_master_is_adopted_and_saved(void **state)
{
    struct kit *kit = kit_new("- epoch 7;m1 n1 peers a config 2");
    (void)state;
    kit_hello(kit, "a", "m1", "n1", 7, 3);
    kit_expect(kit, "event persist", "persist 1\n"); /* stock forgets to save it */
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 3);
    kit_free(kit);
}

static void test_hello__equal_or_lower_config_epochs_change_nothing(void **state)
{
    struct kit *kit = kit_new("- epoch 7;m1 n1 replicas n2 peers a config 3");
    (void)state;
    kit_hello(kit, "a", "m1", "n2", 7, 3);
    kit_hello(kit, "a", "m1", "n2", 7, 2);
    kit_hello(kit, "a", "m1", "n1", 7, 2);
    kit_expect(kit, "event persist connect", "");
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 3);
    assert_string_equal(kit_group(kit, "m1")->master->addr.ip, "10.0.0.1");
    assert_true(kit_reasons(kit, "m1", SN_REASON_HELLO_OLD, NULL) > 0);
    kit_free(kit);
}

static void test_hello__a_newer_configuration_is_adopted_as_an_observer(void **state)
{
    struct kit *kit = kit_new("- epoch 7;m1 n1 replicas n2,n3 peers a config 3 reconfig /r");
    (void)state;
    fail_over(kit, "n2");
    kit_hello(kit, "a", "m1", "n2", 10, 10);
    kit_to(kit, 0);
    kit_expect(kit, "event persist connect disconnect follow",
               "event W +new-epoch 10\npersist 1\nevent W +config-update-from " PEER_A "\n"
               "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379\n"
               "event N +slave slave 10.0.0.3:6379 10.0.0.3 6379 @ m1 10.0.0.2 6379\n"
               "event N +slave slave 10.0.0.1:6379 10.0.0.1 6379 @ m1 10.0.0.2 6379\n"
               "persist 2\n");
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 10);
    assert_string_equal(kit_instance(kit, "m1", "n2")->group->master->addr.ip, "10.0.0.2");
    kit_free(kit);
}

static void test_hello__an_observer_calls_the_script_and_passes_it_on_at_once(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b reconfig /r");
    (void)state;
    kit_to(kit, 700);
    kit_clear(kit);
    kit_hello(kit, "a", "m1", "n2", 10, 10);
    kit_to(kit, 700);
    assert_non_null(
        strstr(kit_find(kit, "start"), " /r m1 observer start 10.0.0.1 6379 10.0.0.2 6379"));
    static const char *const all[] = {"n1", "n2", "n3", "a", "b"};
    for (size_t i = 0; i < 5; i++) {
        char line[128];
        (void)snprintf(line, sizeof(line), "publish %s " OURS "10,m1,10.0.0.2,6379,10", all[i]);
        assert_int_equal(kit_count(kit, line), 1);
    }
    kit_free(kit);
}

static void test_hello__the_new_master_may_be_unknown(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
    (void)state;
    fail_over(kit, "n9");
    kit_hello(kit, "a", "m1", "n9", 10, 10);
    kit_expect(kit, "event connect",
               "event W +new-epoch 10\nevent W +config-update-from " PEER_A "\n"
               "connect data n9\n"
               "event W +switch-master m1 10.0.0.1 6379 10.0.0.9 6379\n"
               "event N +slave slave 10.0.0.2:6379 10.0.0.2 6379 @ m1 10.0.0.9 6379\n"
               "event N +slave slave 10.0.0.1:6379 10.0.0.1 6379 @ m1 10.0.0.9 6379\n"
               "connect sub n9\n");
    kit_free(kit);
}

static void test_hello__a_name_is_looked_up_before_anything_is_taken_over(void **state)
{
    struct kit *kit = kit_new("- hostnames;m1 n1 peers a");
    (void)state;
    hear(kit, HELLO_A "5,m1,db.example.org,6379,5");
    kit_expect(kit, "event resolve", "resolve db.example.org\nevent W +new-epoch 5\n");
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 0);
    kit_resolved(kit, "db.example.org", ""); /* it does not exist: nothing happens */
    assert_int_equal(kit_count(kit, "event"), 0);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 0);
    kit_clear(kit);
    kit_resolved(kit, "db.example.org", "10.0.0.8");
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.8 6379"), 1);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 5);
    /* The next ones need no look-up. */
    kit_clear(kit);
    hear(kit, HELLO_A "5,m1,db.example.org,6379,5");
    kit_expect(kit, "event resolve", "");
    assert_true(kit_reasons(kit, "m1", SN_REASON_HELLO_UNRESOLVED, NULL) > 0);
    kit_free(kit);
}

/* Two failovers of one moment, both to servers with names. */
static void test_hello__groups_wait_for_names_by_themselves(void **state)
{
    struct kit *kit = kit_new("- hostnames;m1 n1 peers a;m2 n2 peers a;m3 n3 peers a");
    (void)state;
    hear(kit, HELLO_A "5,m1,one.example.org,6379,5");
    hear(kit, HELLO_A "5,m2,two.example.org,6379,5");
    hear(kit, HELLO_A "5,m3,one.example.org,6380,5");
    assert_int_equal(kit_count(kit, "event W +switch-master"), 0);
    kit_resolved(kit, "one.example.org", "10.0.0.8");
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.8 6379"), 1);
    assert_int_equal(kit_count(kit, "event W +switch-master m3 10.0.0.3 6379 10.0.0.8 6380"), 1);
    assert_int_equal(kit_count(kit, "event W +switch-master m2"), 0);
    kit_resolved(kit, "two.example.org", "10.0.0.9");
    assert_int_equal(kit_count(kit, "event W +switch-master m2 10.0.0.2 6379 10.0.0.9 6379"), 1);
    kit_free(kit);
}

static void test_hello__ends_the_wait_for_a_rival(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b quorum 1");
    (void)state;
    kit_ask(kit, "n1", 4, KIT_A);
    kit_hello(kit, "a", "m1", "n2", 4, 4); /* it won and finished */
    kit_clear(kit);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, 1100);
    assert_int_equal(kit_count(kit, "event W +try-failover master m1 10.0.0.2 6379"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_HELLOS_AWAITED, NULL) > 0);
    kit_free(kit);
}

/* ---- foreign hellos (D15) ------------------------------------------------------------------- */

static void test_hello__a_stranger_with_another_master_is_refused_and_told_once(void **state)
{
    struct kit *kit = kit_new("- epoch 3;m1 n1 replicas n2 peers a config 3");
    (void)state;
    hear(kit, STRANGERS "9,m1,10.0.5.1,6379,9");
    kit_expect(kit, "event persist connect",
               "event W +foreign-hello " M1 " from " KIT_E
               " 10.0.5.5 26379 master 10.0.5.1 6379\n");
    hear(kit, STRANGERS "9,m1,10.0.5.1,6379,9");
    assert_true(kit_hello_text(kit, "n2", STRANGERS "9,m1,10.0.5.1,6379,9"));
    kit_expect(kit, "event persist connect", "");
    assert_int_equal(sn_core_current_epoch(kit->core), 3);
    assert_true(sn_foreign_claimed(kit_instance(kit, "m1", "n2"))); /* a claim on n2, too */
    assert_int_equal(kit_group(kit, "m1")->peer_count, 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_HELLO_STRANGER, NULL) > 0);
    kit_free(kit);
}

static void test_hello__strangers_who_know_the_group_are_welcome(void **state)
{
    static const struct {
        const char *text, *hello;
        bool taken;
    } rows[] = {
        /* They name our master, or a replica of ours, or we have no configuration yet, */
        {"- epoch 3;m1 n1 replicas n2 config 3", STRANGERS "3,m1,10.0.0.1,6379,3", true},
        {"- epoch 3;m1 n1 replicas n2 config 3", STRANGERS "9,m1,10.0.0.2,6379,9", true},
        {"m1 n1 replicas n2", STRANGERS "9,m1,10.0.5.1,6379,9", true},
        /* or they are no strangers. */
        {"- epoch 3;m1 n1 config 3 peers e", "10.0.1.5,26379," KIT_E ",9,m1,10.0.5.1,6379,9", true},
        {"- epoch 3;m1 n1 config 3 peers e", STRANGERS "9,m1,10.0.5.1,6379,9", true},
        {"- epoch 3;m1 n1 config 3", STRANGERS "9,m1,10.0.5.1,6379,9", false},
        {"- epoch 3;m1 n1 config 3", STRANGERS "9,m1,10.0.0.1,6380,9", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new(rows[i].text);
        hear(kit, rows[i].hello);
        if ((kit_group(kit, "m1")->peer_count == 1) != rows[i].taken ||
            (kit_count(kit, "event W +foreign-hello") == 0) != rows[i].taken)
            fail_msg("row %zu", i);
        kit_free(kit);
    }
}

static void test_hello__of_the_own_group_on_its_own_link_is_no_claim(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a;m2 n3");
    (void)state;
    assert_true(kit_hello_text(kit, "n2", HELLO_A "0" ABOUT_M1 "0"));
    assert_false(sn_foreign_claimed(kit_instance(kit, "m1", "n2")));
    assert_true(kit_hello_text(kit, "n2", HELLO_A "0,m2,10.0.0.3,6379,0"));
    assert_true(sn_foreign_claimed(kit_instance(kit, "m1", "n2")));
    kit_free(kit);
}

/* Before that, nothing tells that it is one. */
static void test_hello__two_names_of_one_master_are_no_claim_once_its_address_is_known(void **state)
{
    struct kit *kit = kit_new(
        "- hostnames;m1 db.example.org:6379 replicas n2;m2 db.example.org:6379 replicas n2");
    (void)state;
    assert_true(sn_foreign_claimed(kit_instance(kit, "m1", "n2")));
    kit_resolved(kit, "db.example.org", "10.0.0.1");
    assert_false(sn_foreign_claimed(kit_instance(kit, "m1", "n2")));
    assert_false(sn_foreign_claimed(kit_instance(kit, "m2", "n2")));
    kit_free(kit);
}

static void test_hello__a_displaced_peer_takes_its_opinion_with_it(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a,b");
    (void)state;
    kit_ask(kit, "n1", 1, KIT_E); /* no attempt of our own */
    kit_kill_master(kit, "a");
    assert_int_equal(kit_count(kit, "event W +odown"), 1);
    kit_clear(kit);
    kit_node(kit, "a")->myid = "$" KIT_D;
    hear(kit, "10.0.1.1,26379," KIT_D ",0" ABOUT_M1 "0");
    assert_int_equal(kit_count(kit, "event W -odown " M1), 1);
    kit_free(kit);
}

static void test_hello__an_adopted_config_epoch_is_on_disk_before_it_is_told(void **state)
{
    struct kit *kit = kit_new("- epoch 7;m1 n1 peers a config 2");
    (void)state;
    kit_to(kit, 1500);
    kit->disk = KIT_DISK_SLOW;
    kit_hello(kit, "a", "m1", "n1", 7, 3);
    kit_clear(kit);
    kit_to(kit, 4000);
    assert_int_equal(kit_count(kit, "publish"), 0);
    kit_persisted(kit, true);
    kit_to(kit, 4010);
    assert_int_equal(kit_count(kit, "publish n1 " OURS "7" ABOUT_M1 "3"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_PUBLISH_UNSAVED, NULL) > 0);
    kit_free(kit);
}

static void test_hello__only_the_look_up_of_its_own_name_ends_the_wait(void **state)
{
    struct kit *kit = kit_new("- hostnames;m1 n1 peers a;m2 db.example.org:6380");
    (void)state;
    hear(kit, HELLO_A "5,m1,other.example.org,6379,5");
    kit_resolved(kit, "third.example.org", "10.0.0.66");
    assert_int_equal(kit_count(kit, "event W +switch-master"), 0);
    kit_resolved(kit, "OTHER.example.org", "10.0.0.66");
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.66 6379"), 1);
    /* A name that an instance has is known already. */
    kit_resolved(kit, "db.example.org", "10.0.0.77");
    kit_resolved(kit, "third.example.org", "10.0.0.66");
    kit_clear(kit);
    hear(kit, HELLO_A "6,m1,db.example.org,6379,6");
    assert_int_equal(kit_count(kit, "resolve"), kit_count(kit, "resolve db.example.org"));
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.66 6379 10.0.0.77 6379"), 1);
    kit_free(kit);
}

static void test_hello__we_say_none_while_we_have_no_address(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit->core->globals.listen_port = 0;
    kit_to(kit, 4000);
    assert_int_equal(kit_count(kit, "publish n1"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_PUBLISH_NO_NAME, "n1") > 0);
    kit_free(kit);
}

static void test_hello__other_names_of_a_master_have_a_cap(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a");
    (void)state;
    for (int i = 0; i < 65; i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), "10.0.1.1,26379,%s,0,other%d,10.0.0.1,6379,0", KIT_A, i);
        assert_int_equal(kit_reasons(kit, "m1", SN_REASON_ALIAS_TOO_MANY, "n1"), 0);
        (void)kit_hello_text(kit, "n1", text);
    }
    assert_int_equal(kit_reasons(kit, "m1", SN_REASON_ALIAS_TOO_MANY, "n1"), 1);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello__never_tells_a_lower_epoch_than_before),
        cmocka_unit_test(test_hello__goes_to_all_every_publish_period),
        cmocka_unit_test(test_hello__says_what_is_announced),
        cmocka_unit_test(test_hello__one_at_a_time_and_refusals_wait_for_the_period),
        cmocka_unit_test(test_hello__epochs_are_on_disk_before_they_are_told),
        cmocka_unit_test(test_hello__a_higher_epoch_is_adopted_and_saved),
        cmocka_unit_test(test_hello__a_higher_config_epoch_with_our_master_is_adopted_and_saved),
        cmocka_unit_test(test_hello__equal_or_lower_config_epochs_change_nothing),
        cmocka_unit_test(test_hello__a_newer_configuration_is_adopted_as_an_observer),
        cmocka_unit_test(test_hello__an_observer_calls_the_script_and_passes_it_on_at_once),
        cmocka_unit_test(test_hello__the_new_master_may_be_unknown),
        cmocka_unit_test(test_hello__a_name_is_looked_up_before_anything_is_taken_over),
        cmocka_unit_test(test_hello__groups_wait_for_names_by_themselves),
        cmocka_unit_test(test_hello__ends_the_wait_for_a_rival),
        cmocka_unit_test(test_hello__a_stranger_with_another_master_is_refused_and_told_once),
        cmocka_unit_test(test_hello__strangers_who_know_the_group_are_welcome),
        cmocka_unit_test(test_hello__of_the_own_group_on_its_own_link_is_no_claim),
        cmocka_unit_test(
            test_hello__two_names_of_one_master_are_no_claim_once_its_address_is_known),
        cmocka_unit_test(test_hello__a_displaced_peer_takes_its_opinion_with_it),
        cmocka_unit_test(test_hello__an_adopted_config_epoch_is_on_disk_before_it_is_told),
        cmocka_unit_test(test_hello__only_the_look_up_of_its_own_name_ends_the_wait),
        cmocka_unit_test(test_hello__we_say_none_while_we_have_no_address),
        cmocka_unit_test(test_hello__other_names_of_a_master_have_a_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
