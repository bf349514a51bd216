/* SPDX-License-Identifier: BSD-3-Clause */

/* One connection to each data node, where the server speaks RESP3 (DESIGN.md D27). */

#include "core_kit.h"

#include <string.h>

#define SHARED "m1 n1 peers a;- single-connection"

/* n1 comes back with these manners. */
static void reconnect(struct kit *kit, bool resp3, bool shy)
{
    kit_node(kit, "n1")->resp3 = resp3;
    kit_node(kit, "n1")->shy = shy;
    kit_to(kit, kit_now(kit) + 100); /* after less, the next attempt would wait */
    kit_clear(kit);
    kit_drop(kit, "n1");
    kit_to(kit, kit_now(kit));
}

static struct kit *new_shared(void)
{
    struct kit *kit = kit_new(SHARED);
    reconnect(kit, true, false);
    kit_clear(kit);
    return kit;
}

static void test_sharing__is_off_by_default(void **state)
{
    struct kit *kit = kit_new_seeded("m1 n1 peers a", 1, true);
    (void)state;
    kit_expect(kit, "connect", "connect data n1\nconnect peer a\nconnect sub n1\n");
    kit_free(kit);
}

static void test_sharing__is_asked_of_data_nodes_only(void **state)
{
    struct kit *kit = kit_new_seeded("m1 n1 replicas n2 peers a;- single-connection", 1, true);
    (void)state;
    kit_expect(kit, "connect",
               "connect data n1 resp3\nconnect data n2 resp3\nconnect peer a\nconnect sub n1\n"
               "connect sub n2\n");
    kit_free(kit);
}

/* The commands do not wait for the answer to HELLO; the subscription does. */
static void test_sharing__subscribes_on_the_command_link(void **state)
{
    struct kit *kit = kit_new(SHARED);
    (void)state;
    reconnect(kit, true, false);
    kit_expect(kit, "connect ping info",
               "connect data n1 resp3\nping n1\ninfo n1\nconnect sub n1 over\n");
    assert_true(sn_instance_connected(kit_instance(kit, "m1", "n1")));
    kit_to(kit, 60000);
    kit_expect(kit, "connect disconnect", "");
    kit_free(kit);
}

static void test_sharing__waits_for_the_answer_to_hello(void **state)
{
    struct kit *kit = kit_new("m1 n1 down-after 10000;- single-connection");
    (void)state;
    kit_node(kit, "n1")->mode = KIT_FROZEN;
    reconnect(kit, true, false);
    kit_to(kit, 1000);
    kit_expect(kit, "connect", "connect data n1 resp3\n");
    kit_free(kit);
}

static void test_sharing__ends_with_the_connection(void **state)
{
    struct kit *kit = new_shared();
    (void)state;
    kit_to(kit, 200);
    kit_drop_link(kit, "n1", SN_LINK_DATA);
    kit_to(kit, 200);
    kit_expect(kit, "connect disconnect", "connect data n1 resp3\nconnect sub n1 over\n");
    kit_free(kit);
}

/* A password or an address has changed: both links are opened anew. */
static void test_sharing__is_renewed_as_a_whole(void **state)
{
    struct kit *kit = new_shared();
    (void)state;
    kit_set(kit, "m1", SN_OPTION_AUTH_PASS, "auth-pass", "secret", 0);
    kit_expect(kit, "connect",
               "connect data n1 pass secret resp3\n"
               "connect sub n1 pass secret over\n");
    kit_free(kit);
}

/* Silence on the subscription while commands are answered: that server does not send pushes. */
static void test_sharing__is_given_up_where_no_message_arrives(void **state)
{
    struct kit *kit = new_shared();
    (void)state;
    kit_node(kit, "n1")->deaf = true;
    kit_to(kit, 15099);
    kit_expect(kit, "connect disconnect", "");
    kit_to(kit, 15100);
    kit_expect(kit, "connect disconnect log",
               "log V No Pub/Sub message of master m1 10.0.0.1 6379 arrives on the connection of "
               "its commands: the subscription gets a connection of its own.\n"
               "disconnect sub n1\nconnect sub n1\n");
    /* For as long as the connection lives. */
    kit_to(kit, 15200);
    kit_drop_link(kit, "n1", SN_LINK_SUBSCRIBE);
    kit_to(kit, 15400);
    kit_expect(kit, "connect", "connect sub n1\n");
    reconnect(kit, true, false);
    kit_expect(kit, "connect", "connect data n1 resp3\nconnect sub n1 over\n");
    kit_free(kit);
}

/* There are proxies that close at a command that they do not know. */
static void test_sharing__is_not_asked_again_of_who_closes_at_hello(void **state)
{
    struct kit *kit = kit_new(SHARED);
    (void)state;
    reconnect(kit, false, true);
    kit_to(kit, 300);
    kit_expect(kit, "connect",
               "connect data n1 resp3\nconnect data n1 resp3\nconnect data n1\nconnect sub n1\n");
    kit_to(kit, 10000);
    assert_false(kit_instance(kit, "m1", "n1")->s_down);
    /* The next connection may lead to somebody else. */
    reconnect(kit, true, false);
    kit_expect(kit, "connect", "connect data n1 resp3\nconnect sub n1 over\n");
    kit_free(kit);
}

/* Every order to follow, and every promotion, kills the connections of a server. */
static void test_sharing__is_asked_again_after_a_connection_was_killed(void **state)
{
    struct kit *kit = kit_new(SHARED);
    (void)state;
    kit_node(kit, "n1")->mode = KIT_FROZEN;
    reconnect(kit, true, false);
    kit_to(kit, kit_now(kit) + 100);
    kit_node(kit, "n1")->mode = KIT_WELL;
    kit_clear(kit);
    kit_drop(kit, "n1");
    kit_to(kit, kit_now(kit) + 500);
    kit_expect(kit, "connect", "connect data n1 resp3\nconnect sub n1 over\n");
    kit_free(kit);
}

/* A switch treats the new master's links as new; the connection that they share stays. */
static void test_sharing__survives_a_switch(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b;- single-connection");
    (void)state;
    kit_node(kit, "n2")->resp3 = true;
    kit_to(kit, 100);
    kit_drop(kit, "n2");
    kit_to(kit, 200);
    kit_clear(kit);
    kit_kill_master(kit, "ab");
    kit_to(kit, 5000);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 1);
    assert_int_equal(kit_count(kit, "connect data n2"), 0);
    assert_int_equal(kit_count(kit, "connect sub n2 over"), 1);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sharing__is_off_by_default),
        cmocka_unit_test(test_sharing__is_asked_of_data_nodes_only),
        cmocka_unit_test(test_sharing__subscribes_on_the_command_link),
        cmocka_unit_test(test_sharing__waits_for_the_answer_to_hello),
        cmocka_unit_test(test_sharing__ends_with_the_connection),
        cmocka_unit_test(test_sharing__is_renewed_as_a_whole),
        cmocka_unit_test(test_sharing__is_given_up_where_no_message_arrives),
        cmocka_unit_test(test_sharing__is_not_asked_again_of_who_closes_at_hello),
        cmocka_unit_test(test_sharing__is_asked_again_after_a_connection_was_killed),
        cmocka_unit_test(test_sharing__survives_a_switch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
