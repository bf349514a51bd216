/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/process/status.h"

#include "core_kit.h"
#include "shell/process/supervise.h"

#include <stdio.h>
#include <string.h>

#define DOWN_MS 31000 /* longer than down-after */

static void expect(const struct kit *kit, bool can_save, const char *expected)
{
    struct sn_buf line;

    sn_buf_init(&line, 4096);
    sn_status_describe(kit->core, can_save, &line);
    assert_string_equal(sn_buf_text(&line), expected);
    sn_buf_fini(&line);
}

static void test_status__counts_groups_and_names_those_that_are_down(void **state)
{
    struct kit *kit = kit_new("m1 n1; m2 n2; m3 n3; m4 n4; m5 n5");
    char node[] = "n0";

    (void)state;
    expect(kit, true, "Watching 5 groups, no master down");
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, DOWN_MS);
    expect(kit, true, "Watching 5 groups, 1 master down: m2");
    for (node[1] = '1'; node[1] <= '5'; node[1]++)
        kit_mode(kit, node, KIT_REFUSING);
    kit_to(kit, 2 * DOWN_MS);
    expect(kit, true, "Watching 5 groups, 5 masters down: m1, m2, m3 and 2 more");
    kit_free(kit);
}

static void test_status__says_why_it_is_not_ready(void **state)
{
    struct sn_buf lines;

    (void)state;
    sn_buf_init(&lines, 4096);
    sn_status_why_not_ready(true, true, &lines);
    assert_int_equal(lines.len, 0);
    sn_status_why_not_ready(false, false, &lines);
    assert_string_equal(sn_buf_text(&lines),
                        "The id of this sentinel is not saved yet.\n"
                        "The state cannot be saved, so no votes are given: see the log.\n");
    sn_buf_fini(&lines);
}

static void test_status__without_groups(void **state)
{
    struct kit *kit = kit_new("- epoch 1");

    (void)state;
    expect(kit, true, "Watching 0 groups, no master down");
    kit_free(kit);
}

static void test_status__says_that_we_were_away_and_cannot_save(void **state)
{
    struct kit *kit = kit_new("m1 n1");

    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PING);
    expect(kit, false,
           "Watching 1 group, no master down; state cannot be saved, so no votes are given: see "
           "the log");
    kit_stall(kit, 5000);
    expect(kit, true, "Watching 1 group, no master down; TILT: nothing is judged at the moment");
    kit_free(kit);
}

static void test_status__names_of_any_length_leave_room_for_the_rest(void **state)
{
    char text[3 * 300] = "";
    char name[SN_NAME_MAX + 1];

    (void)state;
    for (int i = 1; i <= 3; i++) {
        memset(name, 'a' + i, sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s n%d", i > 1 ? "; " : "",
                 name, i);
    }
    struct kit *kit = kit_new(text);
    struct sn_buf line;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_mode(kit, "n3", KIT_REFUSING);
    kit_to(kit, DOWN_MS);
    sn_buf_init(&line, SN_STATUS_MAX);
    sn_status_describe(kit->core, false, &line);
    assert_false(line.full);
    assert_non_null(strstr(sn_buf_text(&line), "see the log"));
    sn_buf_fini(&line);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status__counts_groups_and_names_those_that_are_down),
        cmocka_unit_test(test_status__says_why_it_is_not_ready),
        cmocka_unit_test(test_status__without_groups),
        cmocka_unit_test(test_status__says_that_we_were_away_and_cannot_save),
        cmocka_unit_test(test_status__names_of_any_length_leave_room_for_the_rest),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
