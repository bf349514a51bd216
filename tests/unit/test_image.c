/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"
#include "core/image.h"
#include "core/timing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static struct sn_addr address(const char *host, uint16_t port)
{
    struct sn_addr addr;
    assert_int_equal(sn_addr_make(host, port, &addr), 0);
    return addr;
}

static void change_text(struct sn_group_params *params, enum sn_option option, const char *value,
                        const char *to)
{
    struct sn_change change = {.option = option, .name = "x", .value = value, .to = to};
    sn_group_params_apply(params, &change);
}

static void change_number(struct sn_group_params *params, enum sn_option option, int64_t number)
{
    struct sn_change change = {.option = option, .name = "x", .value = "", .number = number};
    sn_group_params_apply(params, &change);
}

static void test_image__starts_with_the_stock_defaults(void **state)
{
    struct sn_image image;

    (void)state;
    sn_image_init(&image);
    assert_true(image.globals.deny_scripts_reconfig);
    assert_false(image.globals.resolve_hostnames);
    assert_int_equal(image.globals.listen_port, 26379);
    struct sn_addr addr = address("10.0.0.1", 6379);
    const struct sn_group_params *params = &sn_image_add_group(&image, "m", &addr, 2)->params;
    assert_int_equal(params->quorum, 2);
    assert_int_equal(params->parallel_syncs, 1);
    assert_int_equal(params->down_after_ms, 30000);
    assert_int_equal(params->failover_timeout_ms, 180000);
    assert_int_equal(params->reboot_down_after_ms, 0);
    sn_image_fini(&image);
}

static void test_image__copy_shares_nothing(void **state)
{
    static const struct sn_runid runid = {"0123456789012345678901234567890123456789"};
    struct sn_image image, copy;

    (void)state;
    sn_image_init(&image);
    image.current_epoch = 7;
    struct sn_change pass = {.option = SN_OPTION_SENTINEL_PASS, .value = "geheim"};
    sn_globals_apply(&image.globals, &pass);
    struct sn_addr addr = address("10.0.0.1", 6379);
    struct sn_group_image *group = sn_image_add_group(&image, "m", &addr, 2);
    change_text(&group->params, SN_OPTION_AUTH_PASS, "alt", NULL);
    change_text(&group->params, SN_OPTION_RENAME_COMMAND, "CONFIG", "c2");
    sn_group_image_add_replica(group, &addr);
    sn_group_image_add_peer(group, &addr, &runid);

    sn_image_copy(&image, &copy);
    change_text(&group->params, SN_OPTION_AUTH_PASS, "neu", NULL);
    change_text(&group->params, SN_OPTION_RENAME_COMMAND, "config", "c3");
    sn_image_fini(&image);

    group = sn_image_find_group(&copy, "m");
    assert_non_null(group);
    assert_int_equal(copy.current_epoch, 7);
    assert_string_equal(copy.globals.sentinel_pass, "geheim");
    assert_string_equal(group->params.auth_pass, "alt");
    assert_string_equal(sn_group_params_command(&group->params, "config"), "c2");
    assert_int_equal(group->replica_count, 1);
    assert_string_equal(group->peers[0].runid.hex, runid.hex);
    sn_image_fini(&copy);
}

static void test_image__groups_are_found_by_exact_name_and_removed_in_place(void **state)
{
    struct sn_image image;
    struct sn_addr addr = address("10.0.0.1", 6379);
    static const char *const names[] = {"a", "b", "c"};

    (void)state;
    sn_image_init(&image);
    for (size_t i = 0; i < 3; i++)
        sn_image_add_group(&image, names[i], &addr, 1);
    assert_null(sn_image_find_group(&image, "B"));
    sn_image_remove_group(&image, 1);
    assert_int_equal(image.group_count, 2);
    assert_null(sn_image_find_group(&image, "b"));
    assert_string_equal(image.groups[1].name, "c");
    sn_image_fini(&image);
}

static void test_image__renaming_ignores_case_replaces_and_is_undone_by_itself(void **state)
{
    struct sn_group_params params;

    (void)state;
    sn_group_params_init(&params, 1);
    assert_string_equal(sn_group_params_command(&params, "SLAVEOF"), "SLAVEOF");
    change_text(&params, SN_OPTION_RENAME_COMMAND, "slaveof", "x1");
    change_text(&params, SN_OPTION_RENAME_COMMAND, "config", "x2");
    assert_string_equal(sn_group_params_command(&params, "SLAVEOF"), "x1");
    change_text(&params, SN_OPTION_RENAME_COMMAND, "SlaveOf", "x3");
    assert_int_equal(params.rename_count, 2);
    assert_string_equal(sn_group_params_command(&params, "slaveof"), "x3");
    change_text(&params, SN_OPTION_RENAME_COMMAND, "SLAVEOF", "slaveof");
    assert_int_equal(params.rename_count, 1);
    assert_string_equal(sn_group_params_command(&params, "SLAVEOF"), "SLAVEOF");
    assert_string_equal(sn_group_params_command(&params, "CONFIG"), "x2");
    struct sn_renames renames = {params.renames, params.rename_count};
    assert_string_equal(sn_renames_find(&renames, "config"), "x2");
    assert_string_equal(sn_renames_find(&renames, "PING"), "PING");
    sn_group_params_fini(&params);
}

static void test_image__empty_text_unsets(void **state)
{
    struct sn_group_params params;
    struct sn_image image;

    (void)state;
    sn_group_params_init(&params, 1);
    change_text(&params, SN_OPTION_AUTH_USER, "u", NULL);
    assert_string_equal(params.auth_user, "u");
    change_text(&params, SN_OPTION_AUTH_USER, "", NULL);
    assert_null(params.auth_user);
    sn_group_params_fini(&params);

    sn_image_init(&image);
    struct sn_change change = {.option = SN_OPTION_ANNOUNCE_IP, .value = "10.1.1.1"};
    sn_globals_apply(&image.globals, &change);
    assert_string_equal(image.globals.announce_ip, "10.1.1.1");
    change.value = "";
    sn_globals_apply(&image.globals, &change);
    assert_null(image.globals.announce_ip);
    sn_image_fini(&image);
}

static void test_image__numbers_reach_their_fields(void **state)
{
    struct sn_group_params params;
    struct sn_image image;

    (void)state;
    sn_group_params_init(&params, 1);
    change_number(&params, SN_OPTION_QUORUM, 5);
    change_number(&params, SN_OPTION_PARALLEL_SYNCS, 6);
    change_number(&params, SN_OPTION_DOWN_AFTER, 7);
    change_number(&params, SN_OPTION_FAILOVER_TIMEOUT, 8);
    change_number(&params, SN_OPTION_REBOOT_DOWN_AFTER, 9);
    assert_int_equal(params.quorum, 5);
    assert_int_equal(params.parallel_syncs, 6);
    assert_int_equal(params.down_after_ms, 7);
    assert_int_equal(params.failover_timeout_ms, 8);
    assert_int_equal(params.reboot_down_after_ms, 9);
    sn_group_params_fini(&params);

    sn_image_init(&image);
    struct sn_change change = {.option = SN_OPTION_ANNOUNCE_PORT, .value = "", .number = 65535};
    sn_globals_apply(&image.globals, &change);
    change = (struct sn_change){.option = SN_OPTION_RESOLVE_HOSTNAMES, .value = "", .number = 1};
    sn_globals_apply(&image.globals, &change);
    assert_int_equal(image.globals.announce_port, 65535);
    assert_true(image.globals.resolve_hostnames);
    sn_image_fini(&image);
}

static void test_timing__names_and_defaults(void **state)
{
    enum sn_timing timing;

    (void)state;
    assert_string_equal(sn_timing_name(SN_TIMING_INFO_PERIOD), "INFO-PERIOD");
    assert_string_equal(sn_timing_name(SN_TIMING_SCRIPT_RETRY_DELAY), "SCRIPT-RETRY-DELAY");
    for (unsigned i = 0; i < SN_TIMING_COUNT; i++) {
        assert_int_equal(sn_timing_find(sn_timing_name((enum sn_timing)i), &timing), 0);
        assert_int_equal(timing, i);
        assert_true(sn_timing_default(timing) > 0);
    }
    assert_int_equal(sn_timing_find("tilt-Trigger", &timing), 0);
    assert_int_equal(sn_timing_default(timing), 2000);
    assert_int_equal(sn_timing_find("tilt", &timing), SN_ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image__starts_with_the_stock_defaults),
        cmocka_unit_test(test_image__copy_shares_nothing),
        cmocka_unit_test(test_image__groups_are_found_by_exact_name_and_removed_in_place),
        cmocka_unit_test(test_image__renaming_ignores_case_replaces_and_is_undone_by_itself),
        cmocka_unit_test(test_image__empty_text_unsets),
        cmocka_unit_test(test_image__numbers_reach_their_fields),
        cmocka_unit_test(test_timing__names_and_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
