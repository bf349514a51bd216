/* SPDX-License-Identifier: BSD-3-Clause */

/* Which links use TLS, and what is said where that fails (PROTOCOL.md §20.5). */

#include "core_kit.h"

#include <string.h>

static void test_tls__of_a_link_follows_the_group_and_the_sentinel(void **state)
{
    static const struct {
        const char *text, *connects;
    } rows[] = {
        {"m1 n1 peers a", "connect data n1\nconnect peer a\nconnect sub n1\n"},
        {"m1 n1 peers a;- tls", "connect data n1 tls\nconnect peer a tls\nconnect sub n1 tls\n"},
        {"m1 n1 tls yes peers a", "connect data n1 tls\nconnect peer a\nconnect sub n1 tls\n"},
        {"m1 n1 tls no peers a;- tls", "connect data n1\nconnect peer a tls\nconnect sub n1\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new_seeded(rows[i].text, 1, true);
        kit_expect(kit, "connect", rows[i].connects);
        kit_free(kit);
    }
}

static void test_tls__of_a_group_can_be_changed(void **state)
{
    struct kit *kit = kit_new("m1 n1;m2 n2");
    (void)state;
    kit_to(kit, 100);
    kit_clear(kit);
    kit_set(kit, "m1", SN_OPTION_TLS, "tls", "yes", 1);
    kit_expect(kit, "connect disconnect event record",
               "event W +set master m1 10.0.0.1 6379 tls yes\n"
               "disconnect data n1\nconnect data n1 tls\ndisconnect sub n1\n"
               "record m1 params\nconnect sub n1 tls\n");
    kit_free(kit);
}

#define FAILED "log W No TLS connection with master m1 10.0.0.1 6379: "

static void fail_tls(struct kit *kit, const char *reason)
{
    struct sn_input input = {.kind = SN_INPUT_LINK_DOWN,
                             .u.link = {.link = kit_instance(kit, "m1", "n1")->cmd->id,
                                        .local_ip = "",
                                        .reason = reason,
                                        .tls = true}};
    kit_step(kit, &input);
}

static const char *shown(struct kit *kit)
{
    const char *note = kit_instance(kit, "m1", "n1")->cmd->note;
    return note == NULL ? "" : note;
}

/* Once for each reason, and until a connection stands. */
static void test_tls__failure_is_told_once_and_shown(void **state)
{
    struct kit *kit = kit_new("m1 n1 tls yes down-after 10000");
    (void)state;
    kit_mode(kit, "n1", KIT_GONE);
    kit_drop(kit, "n1");
    for (int i = 0; i < 3; i++) {
        kit_to(kit, kit_now(kit) + 1000);
        if (kit_instance(kit, "m1", "n1")->cmd->id.v != 0)
            fail_tls(kit, "we refuse the certificate");
    }
    assert_int_equal(kit_count(kit, FAILED "we refuse the certificate."), 1);
    assert_string_equal(shown(kit), "we refuse the certificate");
    kit_mode(kit, "n1", KIT_WELL);
    kit_to(kit, kit_now(kit) + 5000);
    kit_drop(kit, "n1");
    kit_to(kit, kit_now(kit) + 5000);
    assert_string_equal(shown(kit), "");
    kit_free(kit);
}

/* Redis without TLS takes the handshake for the beginning of a command, and waits for the rest. */
static void test_tls__handshake_without_an_answer_is_told(void **state)
{
    struct kit *kit = kit_new("m1 n1 tls yes down-after 1000");
    (void)state;
    kit_to(kit, 100);
    kit_mode(kit, "n1", KIT_GONE);
    kit_drop(kit, "n1");
    kit_to(kit, 100);
    struct sn_input reached = {
        .kind = SN_INPUT_LINK_REACHED,
        .u.link = {.link = kit_instance(kit, "m1", "n1")->cmd->id, .local_ip = "", .reason = ""}};
    kit_step(kit, &reached);
    kit_to(kit, 1099);
    assert_int_equal(kit_count(kit, FAILED), 0);
    kit_to(kit, 1100);
    assert_int_equal(kit_count(kit, FAILED "the other side does not complete"), 1);
    kit_to(kit, 5000); /* those that did not get so far say nothing */
    assert_int_equal(kit_count(kit, FAILED), 1);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls__of_a_link_follows_the_group_and_the_sentinel),
        cmocka_unit_test(test_tls__of_a_group_can_be_changed),
        cmocka_unit_test(test_tls__failure_is_told_once_and_shown),
        cmocka_unit_test(test_tls__handshake_without_an_answer_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
