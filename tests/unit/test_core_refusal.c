/* SPDX-License-Identifier: BSD-3-Clause */

/* What the other side refuses is told once and shown while it lasts (DESIGN.md D4). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

#define REFUSED "log W master m1 10.0.0.1 6379 answers, but refuses us: "

static const char *shown(struct kit *kit)
{
    const char *note = kit_instance(kit, "m1", "n1")->cmd->note;
    return note == NULL ? "" : note;
}

/* A reply to AUTH, SETNAME or SUBSCRIBE was an error. */
static void note(struct kit *kit, struct sn_link_id link, const char *text)
{
    struct sn_input event = {.kind = SN_INPUT_LINK_NOTE,
                             .u.link = {.link = link, .local_ip = "", .reason = text}};
    kit_step(kit, &event);
}

static void test_refusal__each_command_is_told_once_and_by_itself(void **state)
{
    struct kit *kit = kit_new("m1 n1 down-after 10000");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PUBLISH) | KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, 2000);
    kit_clear(kit);
    kit_reply(kit, "n1", SN_ORDER_PUBLISH, "-NOPERM no publish");
    assert_string_equal(shown(kit), "PUBLISH was answered by \"NOPERM no publish\"");
    assert_int_equal(kit_count(kit, REFUSED "PUBLISH"), 1);
    kit_to(kit, 4000); /* PINGs are answered meanwhile, which says nothing about it */
    assert_string_equal(shown(kit), "PUBLISH was answered by \"NOPERM no publish\"");
    kit_reply(kit, "n1", SN_ORDER_PUBLISH, "-NOPERM no publish");
    kit_reply(kit, "n1", SN_ORDER_INFO, "-NOPERM no info");
    assert_int_equal(kit_count(kit, REFUSED "PUBLISH"), 1);
    assert_int_equal(kit_count(kit, REFUSED "INFO"), 1);
    kit_to(kit, 6000);
    kit_reply(kit, "n1", SN_ORDER_PUBLISH, ":1");
    assert_string_equal(shown(kit), "");
    kit_clear(kit);
    kit_to(kit, 8000);
    kit_reply(kit, "n1", SN_ORDER_PUBLISH, "-NOPERM no publish"); /* anew */
    assert_int_equal(kit_count(kit, REFUSED "PUBLISH"), 1);
    kit_free(kit);
}

static const char *flags_seen;

static void take_flags(void *arg, const char *name, const char *value)
{
    static char kept[128];
    (void)arg;
    if (strcmp(name, "flags") != 0)
        return;
    (void)snprintf(kept, sizeof(kept), "%s", value);
    flags_seen = kept;
}

static const char *flags(struct kit *kit)
{
    sn_instance_describe(kit->core, kit_instance(kit, "m1", "n1"), kit->now, take_flags, NULL);
    return flags_seen;
}

/* As stock shows it; clients filter by the flag. */
static void test_refusal__of_a_subscription_is_disconnected(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    struct sn_link *sub = kit_instance(kit, "m1", "n1")->sub;
    note(kit, sub->id, "CLIENT SETNAME: NOPERM no setname");
    assert_string_equal(flags(kit), "master");
    note(kit, sub->id, "SUBSCRIBE: NOPERM no subscribe");
    assert_string_equal(flags(kit), "master,disconnected");
    /* Also between its connections, and while the next one is not answered. */
    kit_node(kit, "n1")->deaf = true;
    kit_to(kit, 20000);
    assert_string_equal(flags(kit), "master,disconnected");
    struct sn_input event = {.kind = SN_INPUT_LINK_READY,
                             .u.link = {.link = sub->id, .local_ip = "", .reason = ""}};
    kit_step(kit, &event);
    assert_string_equal(flags(kit), "master");
    kit_free(kit);
}

static void test_refusal__passing_states_are_none(void **state)
{
    static const char *const passing[] = {"-LOADING Redis is loading", "-BUSY Redis is busy",
                                          "-MASTERDOWN Link with MASTER is down"};
    (void)state;
    for (size_t i = 0; i < sizeof(passing) / sizeof(*passing); i++) {
        struct kit *kit = kit_new("m1 n1 down-after 10000");
        kit_node(kit, "n1")->pong = passing[i];
        kit->hold = KIT_HOLD(SN_ORDER_PUBLISH);
        kit_to(kit, 2000);
        kit_reply(kit, "n1", SN_ORDER_PUBLISH, passing[i]);
        assert_string_equal(shown(kit), "");
        assert_int_equal(kit_count(kit, "log W"), 0);
        kit_free(kit);
    }
}

static void test_refusal__of_the_opening_lasts_as_long_as_the_connection(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    note(kit, kit_instance(kit, "m1", "n1")->cmd->id, "AUTH was answered by \"WRONGPASS\"");
    kit_to(kit, 3000);
    assert_string_equal(shown(kit), "AUTH was answered by \"WRONGPASS\"");
    assert_int_equal(kit_count(kit, REFUSED "AUTH"), 1);
    kit_drop(kit, "n1"); /* the next connection is accepted */
    kit_to(kit, 3300);
    assert_string_equal(shown(kit), "");
    kit_free(kit);
}

static void test_refusal__of_the_subscription_is_seen_in_the_description_too(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    note(kit, kit_instance(kit, "m1", "n1")->sub->id, "SUBSCRIBE was answered by \"NOPERM\"");
    assert_string_equal(kit_instance(kit, "m1", "n1")->sub->note,
                        "SUBSCRIBE was answered by \"NOPERM\"");
    assert_int_equal(kit_count(kit, REFUSED "SUBSCRIBE"), 1);
    assert_string_equal(shown(kit), "");
    kit_free(kit);
}

static void test_refusal__of_the_login_is_one_line_for_both_links(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PING) | KIT_HOLD(SN_ORDER_INFO) | KIT_HOLD(SN_ORDER_PUBLISH);
    kit_drop(kit, "n1");
    kit_to(kit, 3000);
    kit_clear(kit);
    const struct sn_instance *node = kit_instance(kit, "m1", "n1");
    for (int round = 0; round < 2; round++) {
        note(kit, node->cmd->id, "AUTH: WRONGPASS wrong user or password.");
        note(kit, node->cmd->id, "CLIENT SETNAME: NOAUTH Authentication required.");
        kit_reply(kit, "n1", SN_ORDER_PING, "-NOAUTH Authentication required.");
        kit_reply(kit, "n1", SN_ORDER_INFO, "-NOAUTH Authentication required.");
        note(kit, node->sub->id, "AUTH: WRONGPASS wrong user or password.");
        note(kit, node->sub->id, "CLIENT SETNAME: NOAUTH Authentication required.");
        note(kit, node->sub->id, "SUBSCRIBE: NOAUTH Authentication required.");
        kit_reply(kit, "n1", SN_ORDER_PUBLISH, "-NOAUTH Authentication required.");
        assert_int_equal(kit_count(kit, "log W"), 1);
        assert_non_null(kit_find(kit, REFUSED "AUTH: WRONGPASS wrong user or password. It is"));
        kit_drop(kit, "n1");
        kit_to(kit, 6000 + round * 3000);
    }
    kit->hold = 0;
    kit_drop(kit, "n1"); /* it lets us in */
    kit_to(kit, 15000);
    assert_string_equal(shown(kit), "");
    kit_clear(kit);
    kit->hold = KIT_HOLD(SN_ORDER_PING);
    kit_to(kit, 17000);
    kit_reply(kit, "n1", SN_ORDER_PING, "-NOAUTH Authentication required."); /* not any more */
    assert_int_equal(kit_count(kit, REFUSED "PING was answered by \"NOAUTH"), 1);
    kit_free(kit);
}

static void test_refusal__has_one_dot_at_its_end(void **state)
{
    struct kit *kit = kit_new("m1 n1 down-after 10000");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PUBLISH) | KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, 2000);
    kit_clear(kit);
    kit_reply(kit, "n1", SN_ORDER_PUBLISH, "-NOPERM no publish.");
    kit_reply(kit, "n1", SN_ORDER_INFO, "-NOPERM a path ../x and so on...");
    assert_non_null(kit_find(kit, REFUSED "PUBLISH was answered by \"NOPERM no publish\". It is"));
    assert_non_null(
        kit_find(kit, REFUSED "INFO was answered by \"NOPERM a path ../x and so on...\". It is"));
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusal__of_the_login_is_one_line_for_both_links),
        cmocka_unit_test(test_refusal__has_one_dot_at_its_end),
        cmocka_unit_test(test_refusal__each_command_is_told_once_and_by_itself),
        cmocka_unit_test(test_refusal__passing_states_are_none),
        cmocka_unit_test(test_refusal__of_the_opening_lasts_as_long_as_the_connection),
        cmocka_unit_test(test_refusal__of_the_subscription_is_seen_in_the_description_too),
        cmocka_unit_test(test_refusal__of_a_subscription_is_disconnected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
