/* SPDX-License-Identifier: BSD-3-Clause */

/* A master whose host refuses connections (DESIGN.md D18). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

#define DOWN "event W +sdown master m1"

static const char group[] = "m1 n1 replicas n2,n3 peers a,b down-after 5000 refused 20";

/* At 10000 the process of n1 ends, which its replicas notice. */
static struct kit *killed(const char *text)
{
    struct kit *kit = kit_new(text);
    kit_to(kit, 10000);
    for (const char *name = "2"; *name <= '3'; name = *name == '2' ? "3" : "4") {
        char node[3] = {'n', *name, '\0'};
        if (kit_instance(kit, "m1", node) != NULL)
            kit_node(kit, node)->link_up = false;
    }
    kit_clear(kit);
    kit_mode(kit, "n1", KIT_REFUSING);
    return kit;
}

static void test_evidence__refused_connections_make_a_master_down(void **state)
{
    struct kit *kit = killed(group);
    (void)state;
    kit_to(kit, 10019);
    assert_int_equal(kit_count(kit, DOWN), 0);
    kit_to(kit, 10025);
    assert_in_range(kit_when(kit, DOWN), 10020, 10025);
    assert_string_equal(kit_reason_text(kit, "m1", SN_REASON_PROCESS_GONE),
                        "master m1 10.0.0.1 6379: its process has ended (20 ms ago its host closed "
                        "the connection, 4 "
                        "attempts were refused since)");
    /* It stays so, whatever the pace of the attempts is then. */
    kit_clear(kit);
    kit_to(kit, 14000);
    assert_int_equal(kit_count(kit, "event W -sdown"), 0);
    assert_true(kit_count(kit, "connect data n1") < 40);
    /* Until it answers. */
    kit_mode(kit, "n1", KIT_WELL);
    kit_to(kit, 16000);
    assert_int_equal(kit_count(kit, "event W -sdown master m1"), 1);
    kit_free(kit);
}

static void test_evidence__is_off_by_default(void **state)
{
    static const char *const texts[] = {"m1 n1 replicas n2 peers a,b down-after 5000",
                                        "m1 n1 replicas n2 peers a,b down-after 5000 refused 5000"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kit *kit = killed(texts[i]);
        kit_to(kit, 14700);
        assert_int_equal(kit_count(kit, DOWN), 0);
        kit_to(kit, 15100);
        assert_int_equal(kit_count(kit, DOWN), 1);
        kit_free(kit);
    }
}

static void test_evidence__a_replica_that_still_receives_speaks_against_it(void **state)
{
    struct kit *kit = killed(group);
    (void)state;
    kit_node(kit, "n3")->link_up = true; /* a firewall refuses us alone */
    kit_to(kit, 12000);
    assert_int_equal(kit_count(kit, DOWN), 0);
    /* It does no longer. */
    kit_node(kit, "n3")->link_up = false;
    kit_to(kit, 12300); /* by then the attempts are fewer */
    assert_int_equal(kit_count(kit, DOWN), 1);
    kit_free(kit);

    /* One that has not answered yet is waited for, one that is out of reach is not. */
    kit = kit_new(group);
    kit_to(kit, 10000);
    kit_node(kit, "n2")->link_up = false;
    kit_mode(kit, "n3", KIT_FROZEN);
    kit_clear(kit);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 11000);
    assert_int_equal(kit_count(kit, DOWN), 0);
    kit_mode(kit, "n3", KIT_REFUSING);
    kit_to(kit, 11200);
    assert_int_equal(kit_count(kit, DOWN), 1);
    kit_free(kit);

    /* So does one that follows somebody else, or nobody. */
    kit = kit_new(group);
    kit_to(kit, 10000);
    kit_node(kit, "n2")->link_up = false;
    (void)snprintf(kit_node(kit, "n3")->master, 64, "n9");
    kit_clear(kit);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 10040);
    assert_int_equal(kit_count(kit, DOWN), 1);
    kit_free(kit);
}

static void test_evidence__ends_with_anything_but_a_refusal(void **state)
{
    struct kit *kit;
    (void)state;
    /* A process that is started again in time. */
    kit = killed(group);
    kit_to(kit, 10012);
    kit_mode(kit, "n1", KIT_WELL);
    kit_to(kit, 10300);
    kit_expect(kit, "event", "");
    kit_free(kit);

    /* Attempts that end in another way: no route, no descriptors. */
    kit = killed(group);
    kit_to(kit, 10012);
    kit_mode(kit, "n1", KIT_NO_ROOM);
    kit_to(kit, 10500);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 14000);
    assert_int_equal(kit_count(kit, DOWN), 0);
    kit_free(kit);

    /* Packets that vanish. */
    kit = kit_new(group);
    kit_to(kit, 10000);
    kit_mode(kit, "n1", KIT_GONE);
    kit_drop(kit, "n1");
    kit_to(kit, 13000);
    assert_int_equal(kit_count(kit, DOWN), 0);
    kit_free(kit);

    /* One that was never connected proves nothing. */
    kit = kit_new(group);
    kit_mode(kit, "n1", KIT_GONE);
    kit_drop(kit, "n1");
    kit_to(kit, 3000);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 4000);
    assert_int_equal(kit_count(kit, DOWN), 0);
    kit_free(kit);
}

static void test_evidence__a_server_that_was_loading_is_waited_for(void **state)
{
    struct kit *kit = kit_new(group);
    (void)state;
    kit_node(kit, "n1")->pong = "-LOADING Redis is loading the dataset in memory";
    kit_to(kit, 10000);
    kit_node(kit, "n2")->link_up = kit_node(kit, "n3")->link_up = false;
    kit_clear(kit);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 12000);
    assert_int_equal(kit_count(kit, DOWN), 0);
    kit_free(kit);
}

static void test_evidence__the_last_refusal_must_be_fresh(void **state)
{
    struct kit *kit = killed("m1 n1 replicas n2,n3 peers a,b down-after 5000 refused 300");
    (void)state;
    kit_to(kit, 10250);
    kit_mode(kit, "n1", KIT_GONE); /* the next attempt is under way */
    kit_to(kit, 10400);
    assert_int_equal(kit_count(kit, DOWN), 0);
    kit_free(kit);
}

static void test_evidence__leads_to_a_failover_at_once(void **state)
{
    struct kit *kit = killed(group);
    (void)state;
    kit_node(kit, "a")->says_down = kit_node(kit, "b")->says_down = true;
    kit_to(kit, 10500);
    assert_int_equal(kit_count(kit, "event W +switch-master m1"), 1);
    assert_true(kit_when(kit, "event W +switch-master m1") < 10300);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evidence__refused_connections_make_a_master_down),
        cmocka_unit_test(test_evidence__is_off_by_default),
        cmocka_unit_test(test_evidence__a_replica_that_still_receives_speaks_against_it),
        cmocka_unit_test(test_evidence__ends_with_anything_but_a_refusal),
        cmocka_unit_test(test_evidence__a_server_that_was_loading_is_waited_for),
        cmocka_unit_test(test_evidence__the_last_refusal_must_be_fresh),
        cmocka_unit_test(test_evidence__leads_to_a_failover_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
