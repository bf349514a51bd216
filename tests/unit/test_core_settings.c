/* SPDX-License-Identifier: BSD-3-Clause */

/* Peers whose settings of a group differ from ours. */

#include "core_kit.h"

static void test_peer__with_other_settings_is_told_once(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a,b down-after 1000 timeout 10000");
    (void)state;
    kit_node(kit, "a")->settings =
        "[$name|$m1|$quorum|$3|$down-after-milliseconds|$30000|$failover-timeout|$10000|"
        "$parallel-syncs|$1]";
    kit_node(kit, "b")->settings =
        "[$name|$m1|$quorum|$2|$down-after-milliseconds|$1000|$failover-timeout|$10000]";
    for (int i = 0; i < 3; i++) {
        kit_hello(kit, "a", "m1", "n1", 0, 0);
        kit_hello(kit, "b", "m1", "n1", 0, 0);
    }
    kit_expect(kit, "settings log",
               "settings a\nlog W Sentinel " KIT_A
               " at 10.0.1.1:26379 has other settings for m1 than we have: quorum 3 (here 2), "
               "down-after-milliseconds 30000 (here 1000). Sentinels do not copy settings "
               "from each other: set the same values on all of them, in their files or by SENTINEL "
               "SET.\nsettings b\n");
    /* Asked again on the next connection; told again only if it is something else. */
    kit_drop(kit, "a");
    kit_to(kit, 100);
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    assert_int_equal(kit_count(kit, "settings a"), 1);
    assert_int_equal(kit_count(kit, "log W"), 0);
    kit_node(kit, "a")->settings = "[$quorum|$1|$quorum]";
    kit_drop(kit, "a");
    kit_to(kit, 200);
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    assert_int_equal(kit_count(kit, "log W Sentinel " KIT_A), 1);
    kit_free(kit);
}

/* The operator sets one sentinel after the other. */
static void test_peer__settings_are_compared_again_while_they_differ(void **state)
{
    static const char differing[] = "[$quorum|$3]", same[] = "[$quorum|$2]";
    struct kit *kit = kit_new("m1 n1 peers a");
    struct sn_peer *facts = &kit_instance(kit, "m1", "a")->u.peer;
    (void)state;
    kit_node(kit, "a")->settings = differing;
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    assert_non_null(facts->settings_told);
    kit_to(kit, kit_now(kit) + 29000);
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    assert_int_equal(kit_count(kit, "settings a"), 1);
    kit_node(kit, "a")->settings = same;
    kit_to(kit, kit_now(kit) + 1000);
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    assert_int_equal(kit_count(kit, "settings a"), 2);
    assert_null(facts->settings_told);
    kit_to(kit, kit_now(kit) + 90000);
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    assert_int_equal(kit_count(kit, "settings a"), 2);

    /* A change here: the others get half a minute to be set in the same way. */
    (void)kit_set(kit, "m1", SN_OPTION_QUORUM, "quorum", "1", 1);
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    assert_int_equal(kit_count(kit, "settings a"), 2);
    kit_to(kit, kit_now(kit) + 30000);
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    assert_int_equal(kit_count(kit, "settings a"), 3);
    assert_string_equal(facts->settings_told, "quorum 2 (here 1)");
    kit_free(kit);
}

static void test_peer__answers_about_settings_may_be_anything(void **state)
{
    static const char *const answers[] = {"-NOPERM no",
                                          "+OK",
                                          "[_]",
                                          "[$quorum]",
                                          "[$quorum|:7]",
                                          "[$quorum|$x]",
                                          "[$quorum|$99999999999999999999]",
                                          "_",
                                          "[:1|:2|:3]"};
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        struct kit *kit = kit_new("m1 n1 peers a");
        kit_node(kit, "a")->settings = answers[i];
        kit_hello(kit, "a", "m1", "n1", 0, 0);
        kit_expect(kit, "settings log", "settings a\n");
        kit_free(kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peer__with_other_settings_is_told_once),
        cmocka_unit_test(test_peer__settings_are_compared_again_while_they_differ),
        cmocka_unit_test(test_peer__answers_about_settings_may_be_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
