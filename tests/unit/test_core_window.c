/* SPDX-License-Identifier: BSD-3-Clause */

/* Links to peers that many groups share: whatever has no room waits for its turn (DESIGN.md D26).
 */

#include "core_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS 300

/* m1 to m300 with masters n1 to n300, and peer a in all of them; it answers no hello. */
static struct kit *with_many_groups(void)
{
    size_t size = (size_t)GROUPS * 32, len = 0;
    char *text = calloc(size, 1);
    assert_non_null(text);
    for (int i = 1; i <= GROUPS; i++)
        len +=
            (size_t)snprintf(text + len, size - len, "%sm%d n%d peers a", i == 1 ? "" : ";", i, i);
    struct kit *kit = kit_new(text);
    free(text);
    kit->hold = KIT_HOLD(SN_ORDER_PUBLISH);
    kit_to(kit, 2100);
    return kit;
}

static struct sn_link *link_of_peer(struct kit *kit)
{
    return kit_group(kit, "m1")->peers->cmd;
}

/* The number of hellos to the peer, which hears of all groups. */
static size_t hellos(struct kit *kit)
{
    return kit_count(kit, "publish a ");
}

static void test_window__hellos_wait_for_answers_and_all_leave(void **state)
{
    struct kit *kit = with_many_groups();
    (void)state;
    assert_int_equal(hellos(kit), SN_PENDING_HELLOS_MAX);
    for (size_t left = SN_PENDING_HELLOS_MAX; left < GROUPS; left++) {
        kit_reply(kit, "a", SN_ORDER_PUBLISH, ":1");
        assert_int_equal(hellos(kit), left + 1);
    }
    kit_reply(kit, "a", SN_ORDER_PUBLISH, ":1");
    assert_int_equal(hellos(kit), GROUPS);
    assert_int_equal(kit_count(kit, "disconnect peer a"), 0);
    kit_free(kit);
}

static void test_window__a_full_link_is_pinged_all_the_same(void **state)
{
    struct kit *kit = with_many_groups();
    (void)state;
    link_of_peer(kit)->pending = SN_PENDING_PEER_MAX;
    kit_clear(kit);
    kit_to(kit, 5000);
    assert_true(kit_count(kit, "ping a") >= 2);
    kit_free(kit);
}

static void test_window__a_hello_that_waits_tells_the_latest(void **state)
{
    struct kit *kit = with_many_groups();
    struct sn_change change = {
        .option = SN_OPTION_ANNOUNCE_PORT, .name = "announce-port", .value = "77", .number = 77};
    struct sn_command command = {
        .kind = SN_COMMAND_CONFIG_SET, .changes = &change, .change_count = 1};
    (void)state;
    kit_command(kit, &command);
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_PUBLISH, ":1");
    assert_int_equal(kit_count(kit, "publish a 10.0.9.9,77,"), 1);
    kit_free(kit);
}

static void test_window__questions_leave_before_hellos(void **state)
{
    struct kit *kit = with_many_groups();
    (void)state;
    kit_clear(kit);
    kit_mode(kit, "n7", KIT_FROZEN);
    kit_to(kit, 4500);
    assert_true(kit_instance(kit, "m7", "n7")->s_down);
    assert_true(kit_count(kit, "ask a 10.0.0.7") > 0); /* although hellos are waiting */

    /* Where there is no room for questions either, they are the first to get it. */
    kit->hold |= KIT_HOLD(SN_ORDER_ASK);
    link_of_peer(kit)->pending = SN_PENDING_PEER_MAX + 10; /* PINGs are answered */
    kit_mode(kit, "n9", KIT_FROZEN);
    kit_to(kit, 7000);
    assert_true(kit_instance(kit, "m9", "n9")->s_down);
    assert_int_equal(kit_count(kit, "ask a 10.0.0.9"), 0);
    link_of_peer(kit)->pending = SN_PENDING_HELLOS_MAX;
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_PUBLISH, ":1");
    assert_int_equal(kit_count(kit, "ask a 10.0.0.9"), 1);
    assert_int_equal(hellos(kit), 0);
    kit_free(kit);
}

static void test_window__who_is_gone_waits_no_more(void **state)
{
    struct kit *kit = with_many_groups();
    struct sn_command command = {.kind = SN_COMMAND_REMOVE, .name = "m200", .name_len = 4};
    (void)state;
    kit_command(kit, &command);
    kit_clear(kit);
    for (int i = 1; i < GROUPS; i++)
        kit_reply(kit, "a", SN_ORDER_PUBLISH, ":1");
    assert_int_equal(kit_count(kit, "publish a") + SN_PENDING_HELLOS_MAX, GROUPS - 1);
    kit_free(kit);

    /* With the connection goes what waited for it; the next one begins anew. */
    kit = with_many_groups();
    kit_mode(kit, "a", KIT_REFUSING);
    kit_to(kit, 3000);
    assert_null(link_of_peer(kit)->peer->to_publish);
    kit_clear(kit);
    kit_mode(kit, "a", KIT_WELL);
    kit_to(kit, 4500);
    assert_int_equal(hellos(kit), SN_PENDING_HELLOS_MAX);
    assert_non_null(link_of_peer(kit)->peer->to_publish);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window__hellos_wait_for_answers_and_all_leave),
        cmocka_unit_test(test_window__a_full_link_is_pinged_all_the_same),
        cmocka_unit_test(test_window__a_hello_that_waits_tells_the_latest),
        cmocka_unit_test(test_window__questions_leave_before_hellos),
        cmocka_unit_test(test_window__who_is_gone_waits_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
