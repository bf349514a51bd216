/* SPDX-License-Identifier: BSD-3-Clause */
/* Confirmation of what hellos claim (DESIGN.md D30). */
#include "hello_kit.h"

static bool names(struct kit *kit, const char *ip)
{
    return strcmp(kit_group(kit, "m1")->master->addr.ip, ip) == 0;
}

/* A hello in the name of a that it has not sent. */
static void forge(struct kit *kit, const char *ip, unsigned long long config_epoch)
{
    char text[256];
    (void)snprintf(text, sizeof(text), HELLO_A "%llu,m1,%s,6379,%llu", config_epoch, ip,
                   config_epoch);
    assert_true(kit_forged(kit, NULL, text));
}

/* Somebody has promoted n2. */
static void promote_n2(struct kit *kit)
{
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
}

/* ---- the sender ----------------------------------------------------------------------------- */

static void test_confirm__a_forged_hello_moves_nothing(void **state)
{
    static const char *const masters[] = {"10.0.0.2", "10.0.0.99", "10.0.0.1"};
    (void)state;
    for (unsigned epoch = 0; epoch <= 3; epoch += 3) {
        for (size_t i = 0; i < sizeof(masters) / sizeof(*masters); i++) {
            struct kit *kit =
                kit_new(epoch == 0 ? "m1 n1 replicas n2 peers a,b"
                                   : "- epoch 3;m1 n1 replicas n2 peers a,b config 3");
            kit_hello(kit, "a", "m1", "n1", epoch, epoch);
            kit_clear(kit);
            forge(kit, masters[i], epoch + 5);
            assert_int_equal(kit_count(kit, "config a"), 1);
            assert_int_equal(kit_count(kit, "where a"), 1);
            kit_to(kit, 20000);
            assert_true(names(kit, "10.0.0.1"));
            assert_int_equal(kit_group(kit, "m1")->config_epoch, epoch);
            assert_int_equal(kit_count(kit, "event W +switch-master"), 0);
            assert_int_equal(kit_count(kit, "log W Ignored a hello in the name of"), 1);
            assert_true(kit_reasons(kit, "m1", SN_REASON_HELLO_DENIED, "a") > 0);
            assert_int_equal(kit_instance(kit, "m1", "a")->u.peer.hello_config_epoch, epoch);
            assert_true(kit_instance(kit, "m1", "a")->u.peer.hello_agrees);
            kit_free(kit);
        }
    }
}

static void test_confirm__what_the_sender_confirms_is_adopted_at_once(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_WHERE);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    kit_to(kit, 400);
    assert_true(names(kit, "10.0.0.1"));
    assert_true(kit_reasons(kit, "m1", SN_REASON_HELLO_UNCONFIRMED, "a") > 0);
    kit_reply(kit, "a", SN_ORDER_WHERE, "[$10.0.0.2|$6379]");
    assert_true(names(kit, "10.0.0.2"));
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 5);
    assert_true(kit_instance(kit, "m1", "a")->u.peer.hello_agrees);
    kit_free(kit);
}

/* The master with the epoch of another configuration is none that anybody has. */
static void test_confirm__the_epoch_must_be_that_of_the_sender(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    assert_true(names(kit, "10.0.0.2"));
    forge(kit, "10.0.0.2", 9);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 5);
    kit_hello(kit, "b", "m1", "n3", 6, 6);
    assert_true(names(kit, "10.0.0.3"));
    forge(kit, "10.0.0.2", 9); /* a has n2 with 5, still */
    assert_true(names(kit, "10.0.0.3"));
    kit_free(kit);
}

static void test_confirm__what_the_sender_says_twice_is_adopted(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    kit->hold = KIT_HOLD(SN_ORDER_CONFIG) | KIT_HOLD(SN_ORDER_WHERE);
    forge(kit, "10.0.0.99", 9);
    kit_reply(kit, "a", SN_ORDER_CONFIG, "[$config-epoch|$4]");
    kit_reply(kit, "a", SN_ORDER_WHERE, "[$10.0.0.3|$6379]"); /* it has just switched to that */
    assert_true(names(kit, "10.0.0.1"));
    kit_reply(kit, "a", SN_ORDER_CONFIG, "[$config-epoch|$5]");
    kit_reply(kit, "a", SN_ORDER_WHERE, "[$10.0.0.3|$6379]"); /* the epoch was an older one */
    assert_true(names(kit, "10.0.0.1"));
    kit_reply(kit, "a", SN_ORDER_CONFIG, "[$config-epoch|$5]");
    kit_reply(kit, "a", SN_ORDER_WHERE, "[$10.0.0.3|$6379]");
    assert_true(names(kit, "10.0.0.3"));
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 5);
    kit_free(kit);
}

/* Its switch is not on disk: it tells the new master, and the epoch of the old one. */
static void test_confirm__who_has_not_saved_its_switch_confirms_nothing(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    kit->hold = KIT_HOLD(SN_ORDER_CONFIG) | KIT_HOLD(SN_ORDER_WHERE);
    forge(kit, "10.0.0.3", 5); /* as a leader may once have told */
    kit_reply(kit, "a", SN_ORDER_CONFIG, "[$config-epoch|$5|$switch-unsaved|$yes]");
    kit_reply(kit, "a", SN_ORDER_WHERE, "[$10.0.0.3|$6379]");
    kit_to(kit, kit_now(kit) + 5000);
    assert_true(names(kit, "10.0.0.1"));
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 0);
    assert_int_equal(kit_count(kit, "log W Ignored a hello in the name of"), 0);
    kit_free(kit);
}

/* It switches between its two answers, and cannot be asked again before that is saved. */
static void test_confirm__the_server_does_not_speak_for_two_answers_that_differ(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    kit_node(kit, "n3")->role = SN_ROLE_MASTER;
    kit->hold = KIT_HOLD(SN_ORDER_CONFIG) | KIT_HOLD(SN_ORDER_WHERE);
    forge(kit, "10.0.0.2", 5);
    kit_reply(kit, "a", SN_ORDER_CONFIG, "[$config-epoch|$5]");
    kit_reply(kit, "a", SN_ORDER_WHERE, "[$10.0.0.3|$6379]");
    kit_reply(kit, "a", SN_ORDER_CONFIG, "[$config-epoch|$5|$switch-unsaved|$yes]");
    kit_reply(kit, "a", SN_ORDER_WHERE, "[$10.0.0.3|$6379]");
    kit_to(kit, kit_now(kit) + 5000);
    assert_true(names(kit, "10.0.0.1"));
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 0);
    kit_free(kit);
}

static void test_confirm__another_process_cannot_confirm(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_node(kit, "a")->myid = "$" KIT_E;
    kit_drop(kit, "a");
    kit_to(kit, 1000);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    kit_to(kit, 9000);
    assert_int_equal(kit_count(kit, "config a"), 0);
    assert_true(names(kit, "10.0.0.1"));
    kit_free(kit);
}

static void test_confirm__is_asked_once_the_link_is_up(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_mode(kit, "a", KIT_REFUSING);
    kit_hello(kit, "a", "m1", "n9", 5, 5);
    kit_to(kit, 3000);
    assert_true(names(kit, "10.0.0.1"));
    assert_int_equal(kit_count(kit, "config a"), 0);
    kit_mode(kit, "a", KIT_WELL);
    kit_to(kit, 6000);
    assert_int_equal(kit_count(kit, "config a"), 1);
    assert_true(names(kit, "10.0.0.9"));
    kit_free(kit);
}

/* Stock sentinels that nobody has told about MYID, or that do not know it, answer all the same. */
static void test_confirm__a_sender_that_does_not_tell_its_id_can_confirm(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_node(kit, "a")->myid = "-ERR Unknown sentinel subcommand 'myid'";
    kit_drop(kit, "a");
    kit_to(kit, 1000);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    assert_true(names(kit, "10.0.0.2"));
    kit_free(kit);
}

/* What is known of a new master's name is what the hello told. */
static void test_confirm__names_are_compared_as_the_hello_gave_them(void **state)
{
    struct kit *kit = kit_new("- hostnames;m1 n1 replicas n2 peers a,b");
    (void)state;
    assert_true(kit_hello_text(kit, NULL, HELLO_A "5,m1,two.example.org,6379,5"));
    assert_true(names(kit, "10.0.0.1"));
    kit_resolved(kit, "two.example.org", "10.0.0.2");
    assert_true(names(kit, "10.0.0.2"));
    kit_free(kit);
}

/* ---- the server ----------------------------------------------------------------------------- */

static void test_confirm__a_replica_that_was_promoted_speaks_for_a_sender_out_of_reach(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 100);
    kit_mode(kit, "a", KIT_REFUSING);
    kit_clear(kit);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    assert_int_equal(kit_count(kit, "info n2"), 1);
    assert_true(names(kit, "10.0.0.1")); /* it says that it is a replica */
    promote_n2(kit);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    assert_true(names(kit, "10.0.0.2"));
    kit_free(kit);
}

static void test_confirm__the_server_has_until_the_next_hello(void **state)
{
    for (sn_ms late = 0; late <= 1; late++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
        (void)state;
        kit_to(kit, 100);
        kit_mode(kit, "a", KIT_REFUSING);
        kit->hold = KIT_HOLD(SN_ORDER_INFO);
        promote_n2(kit);
        kit_hello(kit, "a", "m1", "n2", 5, 5);
        kit_to(kit, 100 + 3000 + late);
        kit_info(kit, "n2", NULL);
        assert_int_equal(names(kit, "10.0.0.2"), late == 0);
        kit_free(kit);
    }
}

static void test_confirm__an_older_info_is_not_believed(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 9500);
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, 10500); /* asked for and not answered */
    promote_n2(kit);
    kit_mode(kit, "a", KIT_REFUSING);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    kit_info(kit, "n2", NULL);
    assert_true(names(kit, "10.0.0.1"));
    kit_info(kit, "n2", NULL);
    assert_true(names(kit, "10.0.0.2"));
    kit_free(kit);
}

/* An old master that comes back says role:master until it is demoted. */
static void test_confirm__a_master_that_was_no_replica_is_not_believed(void **state)
{
    struct kit *kit = kit_new("- epoch 3;m1 n1 replicas n2 peers a,b config 3");
    (void)state;
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, 2000);
    promote_n2(kit);
    (void)snprintf(kit_node(kit, "n2")->runid.hex, SN_RUNID_LEN + 1, "%040d", 77);
    kit_mode(kit, "a", KIT_REFUSING);
    kit_mode(kit, "n2", KIT_WELL);
    forge(kit, "10.0.0.2", 5);
    kit_to(kit, 4000);
    assert_int_equal(kit_instance(kit, "m1", "n2")->u.data.said_master_at > 0, 1);
    forge(kit, "10.0.0.2", 5);
    kit_to(kit, 4500);
    assert_true(names(kit, "10.0.0.1"));
    kit_free(kit);
}

static void test_confirm__a_server_that_is_no_member_is_not_believed(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_mode(kit, "a", KIT_REFUSING);
    kit_node(kit, "n9")->role = SN_ROLE_MASTER;
    forge(kit, "10.0.0.9", 5);
    kit_to(kit, 9000);
    assert_true(names(kit, "10.0.0.1"));
    assert_int_equal(kit_count(kit, "connect data n9"), 0);
    kit_free(kit);
}

static void test_confirm__a_silent_sender_is_not_waited_for(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 100);
    promote_n2(kit);
    kit->hold = KIT_HOLD(SN_ORDER_WHERE);
    kit_clear(kit);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    kit_to(kit, 599);
    assert_true(names(kit, "10.0.0.1"));
    assert_int_equal(kit_count(kit, "info n2"), 0);
    kit_to(kit, 600);
    assert_true(names(kit, "10.0.0.2"));
    kit_free(kit);
}

/* It has told nothing since the first question, and neither the answers nor the end of its link are
 * waited for. */
static void test_confirm__a_sender_that_stays_silent_is_heard_again(void **state)
{
    (void)state;
    for (unsigned promoted = 0; promoted <= 1; promoted++) {
        struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
        kit_to(kit, 100);
        kit->hold = KIT_HOLD(SN_ORDER_CONFIG) | KIT_HOLD(SN_ORDER_WHERE);
        if (promoted)
            promote_n2(kit);
        kit_hello(kit, "a", "m1", "n2", 5, 5);
        kit_to(kit, 2000);
        assert_true(names(kit, promoted ? "10.0.0.2" : "10.0.0.1"));
        kit_node(kit, "n3")->role = SN_ROLE_MASTER;
        for (unsigned i = 0; i < 3; i++) {
            kit_hello(kit, "a", "m1", "n3", 6, 6);
            kit_to(kit, kit_now(kit) + 1000);
        }
        assert_true(names(kit, "10.0.0.3"));
        kit_free(kit);
    }
}

static void test_confirm__a_late_answer_counts(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_WHERE);
    kit_hello(kit, "a", "m1", "n9", 5, 5);
    kit_to(kit, 700);
    assert_true(names(kit, "10.0.0.1"));
    kit_reply(kit, "a", SN_ORDER_WHERE, "[$10.0.0.9|$6379]");
    assert_true(names(kit, "10.0.0.9"));
    kit_free(kit);
}

static void test_confirm__a_sender_that_refuses_is_one_that_cannot_be_asked(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 100);
    kit_node(kit, "a")->config = "-NOPERM no permission";
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    assert_true(names(kit, "10.0.0.1"));
    assert_int_equal(kit_count(kit, "log W Ignored a hello"), 0);
    promote_n2(kit);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    assert_true(names(kit, "10.0.0.2"));
    kit_free(kit);
}

/* Where many groups fail at once, answers wait for the votes of others. */
static void test_confirm__with_the_master_down_the_first_word_is_enough(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1100);
    promote_n2(kit);
    kit->hold = KIT_HOLD(SN_ORDER_WHERE);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    assert_true(names(kit, "10.0.0.2"));
    kit_reply(kit, "a", SN_ORDER_WHERE, "[$10.0.0.1|$6379]");
    assert_true(names(kit, "10.0.0.2"));
    kit_free(kit);
}

/* Both hellos waited in the network: the older one names a server that has been demoted since, or
 * is about to be. */
static void test_confirm__the_server_does_not_speak_for_an_older_configuration(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1100);
    promote_n2(kit);
    kit->hold = KIT_HOLD(SN_ORDER_CONFIG) | KIT_HOLD(SN_ORDER_WHERE) | KIT_HOLD(SN_ORDER_INFO);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    kit_hello(kit, "a", "m1", "n3", 6, 6);
    kit_info(kit, "n2", NULL);
    assert_true(names(kit, "10.0.0.1"));
    kit_reply(kit, "a", SN_ORDER_CONFIG, "[$config-epoch|$6]");
    kit_reply(kit, "a", SN_ORDER_WHERE, "[$10.0.0.3|$6379]");
    assert_true(names(kit, "10.0.0.3"));
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 6);
    kit_free(kit);
}

static void test_confirm__the_server_does_not_speak_against_what_another_peer_tells(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_mode(kit, "a", KIT_REFUSING);
    kit_mode(kit, "b", KIT_REFUSING);
    promote_n2(kit);
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    kit_hello(kit, "b", "m1", "n3", 6, 6);
    kit_info(kit, "n2", NULL);
    assert_true(names(kit, "10.0.0.1"));
    kit_free(kit);
}

static void test_confirm__an_older_hello_that_comes_later_changes_nothing(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_mode(kit, "a", KIT_REFUSING);
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    promote_n2(kit);
    kit_hello(kit, "a", "m1", "n3", 6, 6);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    kit->hold = 0;
    kit_to(kit, 2900);
    assert_true(names(kit, "10.0.0.1"));
    kit_to(kit, 3001);
    kit_hello(kit, "a", "m1", "n2", 5, 5); /* the other one is forgotten */
    assert_true(names(kit, "10.0.0.2"));
    kit_free(kit);
}

/* What looks wrong may be what the newer configuration wants. */
static void test_confirm__nobody_is_repaired_while_a_newer_configuration_is_looked_at(void **state)
{
    struct kit *kit = kit_new("- epoch 3;m1 n1 replicas n2 peers a,b config 3");
    (void)state;
    kit_mode(kit, "b", KIT_REFUSING);
    kit_to(kit, 20000);
    promote_n2(kit);
    (void)snprintf(kit_node(kit, "n2")->runid.hex, SN_RUNID_LEN + 1, "%040d", 77);
    for (sn_ms at = 20000; at <= 40000; at += 1000) {
        kit_hello(kit, "b", "m1", "n9", 5, 5);
        kit_to(kit, at);
    }
    assert_int_equal(kit_count(kit, "follow"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_REPAIR_OUTDATED, "n2") > 0);
    kit_to(kit, 47000);
    assert_true(kit_count(kit, "follow n2 10.0.0.1 6379") > 0);
    kit_free(kit);
}

/* ---- many ----------------------------------------------------------------------------------- */

static void test_confirm__a_flood_causes_few_questions_and_hides_nothing(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    kit_clear(kit);
    for (unsigned i = 0; i < 2000; i++) {
        forge(kit, "10.0.0.99", 10 + i);
        kit_to(kit, (sn_ms)i);
    }
    assert_in_range(kit_count(kit, "config a"), 15, 40);
    assert_true(names(kit, "10.0.0.1"));
    assert_int_equal(kit_count(kit, "log W Ignored a hello in the name of"), 1);
    for (unsigned i = 0; i <= 110 && !names(kit, "10.0.0.2"); i++) {
        if (i == 0)
            kit_hello(kit, "a", "m1", "n2", 5000, 5000);
        forge(kit, "10.0.0.99", 6000 + i);
        kit_to(kit, 2000 + (sn_ms)i);
    }
    assert_true(names(kit, "10.0.0.2"));
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 5000);
    kit_free(kit);
}

/* Whoever can publish could keep two masters alive otherwise. */
static void test_confirm__a_flood_holds_up_no_repair(void **state)
{
    struct kit *kit = kit_new("- epoch 3;m1 n1 replicas n2 peers a,b config 3");
    (void)state;
    kit_to(kit, 20000);
    promote_n2(kit);
    (void)snprintf(kit_node(kit, "n2")->runid.hex, SN_RUNID_LEN + 1, "%040d", 77);
    for (sn_ms at = 20000; at <= 40000 && kit_count(kit, "follow") == 0; at += 50) {
        if (at % 2000 == 0) {
            kit_hello(kit, "a", "m1", "n1", 3, 3);
            kit_hello(kit, "b", "m1", "n1", 3, 3);
        }
        forge(kit, "10.0.0.9", 5);
        kit_to(kit, at);
    }
    assert_true(kit_count(kit, "follow n2 10.0.0.1 6379") > 0);
    kit_free(kit);
}

/* The second question is asked before the first is answered. */
static void test_confirm__an_answer_to_an_earlier_question_denies_nothing(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    kit->hold = KIT_HOLD(SN_ORDER_CONFIG) | KIT_HOLD(SN_ORDER_WHERE);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    kit_hello(kit, "b", "m1", "n2", 5, 5);
    kit_reply(kit, "b", SN_ORDER_CONFIG, "[$config-epoch|$5]");
    kit_reply(kit, "b", SN_ORDER_WHERE, "[$10.0.0.2|$6379]");
    assert_true(names(kit, "10.0.0.2"));
    kit_hello(kit, "a", "m1", "n3", 6, 6);
    kit_to(kit, 600);
    assert_int_equal(kit_count(kit, "where a"), 2);
    kit_reply(kit, "a", SN_ORDER_CONFIG, "[$config-epoch|$5]");
    kit_reply(kit, "a", SN_ORDER_WHERE, "[$10.0.0.2|$6379]");
    assert_int_equal(kit_count(kit, "log W Ignored a hello in the name of"), 0);
    kit_reply(kit, "a", SN_ORDER_CONFIG, "[$config-epoch|$6]");
    kit_reply(kit, "a", SN_ORDER_WHERE, "[$10.0.0.3|$6379]");
    assert_true(names(kit, "10.0.0.3"));
    kit_free(kit);
}

static void test_confirm__a_hello_while_another_is_looked_at_is_looked_at_next(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    kit->hold = KIT_HOLD(SN_ORDER_WHERE);
    forge(kit, "10.0.0.99", 9);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    kit_hello(kit, "b", "m1", "n1", 0, 0);
    kit->hold = 0;
    kit_reply(kit, "a", SN_ORDER_WHERE, "[$10.0.0.1|$6379]");
    kit_to(kit, 5);
    assert_true(names(kit, "10.0.0.2"));
    kit_free(kit);
}

/* Others name the new master too before anybody is believed; they are no strangers. */
static void test_confirm__a_master_that_is_looked_at_is_no_strangers(void **state)
{
    struct kit *kit = kit_new("- epoch 3;m1 n1 replicas n2 peers a config 3");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_WHERE);
    kit_hello(kit, "a", "m1", "n9", 5, 5);
    kit_hello(kit, "b", "m1", "n9", 5, 5);
    assert_non_null(kit_instance(kit, "m1", "b"));
    kit_hello(kit, "c", "m1", "n8", 5, 5);
    assert_null(kit_instance(kit, "m1", "c"));
    kit_free(kit);
}

/* A forged hello in the name of a sentinel that is gone opens no door for good. */
static void test_confirm__what_was_claimed_long_ago_makes_strangers_again(void **state)
{
    struct kit *kit = kit_new("- epoch 3;m1 n1 replicas n2 peers a,b config 3");
    (void)state;
    kit_mode(kit, "a", KIT_REFUSING);
    kit_to(kit, 5000);
    kit_hello(kit, "a", "m1", "n9", 5, 5);
    kit_to(kit, 9000);
    kit_hello(kit, "c", "m1", "n9", 5, 5);
    assert_null(kit_instance(kit, "m1", "c"));
    kit_free(kit);
}

/* ---- attempts ------------------------------------------------------------------------------- */

static void test_confirm__a_forged_hello_ends_no_attempt(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    kit_to_promotion(kit, "ab");
    forge(kit, "10.0.0.1", 90);
    assert_int_equal(kit_count(kit, "event W -failover-abort"), 0);
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]");
    promote_n2(kit);
    kit_to(kit, kit_now(kit) + 2000);
    assert_true(names(kit, "10.0.0.2"));
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confirm__a_forged_hello_moves_nothing),
        cmocka_unit_test(test_confirm__what_the_sender_confirms_is_adopted_at_once),
        cmocka_unit_test(test_confirm__the_epoch_must_be_that_of_the_sender),
        cmocka_unit_test(test_confirm__what_the_sender_says_twice_is_adopted),
        cmocka_unit_test(test_confirm__who_has_not_saved_its_switch_confirms_nothing),
        cmocka_unit_test(test_confirm__the_server_does_not_speak_for_two_answers_that_differ),
        cmocka_unit_test(test_confirm__another_process_cannot_confirm),
        cmocka_unit_test(test_confirm__is_asked_once_the_link_is_up),
        cmocka_unit_test(test_confirm__a_sender_that_does_not_tell_its_id_can_confirm),
        cmocka_unit_test(test_confirm__names_are_compared_as_the_hello_gave_them),
        cmocka_unit_test(
            test_confirm__a_replica_that_was_promoted_speaks_for_a_sender_out_of_reach),
        cmocka_unit_test(test_confirm__the_server_has_until_the_next_hello),
        cmocka_unit_test(test_confirm__an_older_info_is_not_believed),
        cmocka_unit_test(test_confirm__a_master_that_was_no_replica_is_not_believed),
        cmocka_unit_test(test_confirm__a_server_that_is_no_member_is_not_believed),
        cmocka_unit_test(test_confirm__a_silent_sender_is_not_waited_for),
        cmocka_unit_test(test_confirm__a_sender_that_stays_silent_is_heard_again),
        cmocka_unit_test(test_confirm__a_late_answer_counts),
        cmocka_unit_test(test_confirm__a_sender_that_refuses_is_one_that_cannot_be_asked),
        cmocka_unit_test(test_confirm__with_the_master_down_the_first_word_is_enough),
        cmocka_unit_test(test_confirm__the_server_does_not_speak_for_an_older_configuration),
        cmocka_unit_test(test_confirm__the_server_does_not_speak_against_what_another_peer_tells),
        cmocka_unit_test(test_confirm__an_older_hello_that_comes_later_changes_nothing),
        cmocka_unit_test(test_confirm__nobody_is_repaired_while_a_newer_configuration_is_looked_at),
        cmocka_unit_test(test_confirm__a_flood_causes_few_questions_and_hides_nothing),
        cmocka_unit_test(test_confirm__a_flood_holds_up_no_repair),
        cmocka_unit_test(test_confirm__an_answer_to_an_earlier_question_denies_nothing),
        cmocka_unit_test(test_confirm__a_hello_while_another_is_looked_at_is_looked_at_next),
        cmocka_unit_test(test_confirm__a_master_that_is_looked_at_is_no_strangers),
        cmocka_unit_test(test_confirm__what_was_claimed_long_ago_makes_strangers_again),
        cmocka_unit_test(test_confirm__a_forged_hello_ends_no_attempt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
