/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"
#include "conf/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 6
#define DENIED                                                                                     \
    "Reconfiguration of scripts path is denied for security reasons. Check the "                   \
    "deny-scripts-reconfig configuration directive in your Sentinel configuration"

struct row {
    const char *words[WORDS_MAX];
    const char *error; /* "": none */
    bool scripts_denied;
};

static int take_words(const struct row *row, char **argv)
{
    int argc = 0;
    while (argc < WORDS_MAX && row->words[argc] != NULL) {
        argv[argc] = (char *)(uintptr_t)row->words[argc];
        argc++;
    }
    return argc;
}

static const struct row set_rows[] = {
    {{"quorum", "1"}, "", true},
    {{"quorum", "abc"}, "Invalid argument 'abc' for SENTINEL SET 'quorum'", true},
    {{"QuoruM", "0"}, "Invalid argument '0' for SENTINEL SET 'QuoruM'", true},
    {{"quorum", ""}, "Invalid argument '' for SENTINEL SET 'quorum'", true},
    {{"quorum", "05"}, "Invalid argument '05' for SENTINEL SET 'quorum'", true},
    {{"quorum", "2147483647"}, "", true},
    {{"quorum", "4294967297"}, "Invalid argument '4294967297' for SENTINEL SET 'quorum'", true},
    {{"parallel-syncs", "4294967296"},
     "Invalid argument '4294967296' for SENTINEL SET 'parallel-syncs'",
     true},
    {{"parallel-syncs", "0"}, "Invalid argument '0' for SENTINEL SET 'parallel-syncs'", true},
    {{"down-after-milliseconds", "-5"},
     "Invalid argument '-5' for SENTINEL SET 'down-after-milliseconds'",
     true},
    {{"down-after-milliseconds", "99999999999999"}, "", true},
    {{"failover-timeout", "9223372036854775807"},
     "Invalid argument '9223372036854775807' for SENTINEL SET 'failover-timeout'",
     true},
    {{"master-reboot-down-after-period", "0"}, "", true},
    {{"primary-reboot-down-after-period", "-1"},
     "Invalid argument '-1' for SENTINEL SET 'primary-reboot-down-after-period'",
     true},
    {{"forget-after", "60"}, "", true},
    {{"forget-after", "-1"}, "Invalid argument '-1' for SENTINEL SET 'forget-after'", true},
    {{"max-replica-lag", "0"}, "", true},
    {{"max-replica-lag", "10mb"}, "", true},
    {{"max-replica-lag", "-1"}, "Invalid argument '-1' for SENTINEL SET 'max-replica-lag'", true},
    {{"max-replica-lag", "10 mb"},
     "Invalid argument '10 mb' for SENTINEL SET 'max-replica-lag'",
     true},
    {{"reborn-empty", "WARN"}, "", true},
    {{"reborn-empty", "failover"}, "", true},
    {{"reborn-empty", "yes"}, "Invalid argument 'yes' for SENTINEL SET 'reborn-empty'", true},
    {{"nosuch", "1"}, "Unknown option or number of arguments for SENTINEL SET 'nosuch'", true},
    {{"monitor", "1"}, "Unknown option or number of arguments for SENTINEL SET 'monitor'", true},
    {{"config-epoch", "1"},
     "Unknown option or number of arguments for SENTINEL SET 'config-epoch'",
     true},
    {{"quorum"}, "Unknown option or number of arguments for SENTINEL SET 'quorum'", true},
    {{"quorum", "1", "nosuch"},
     "Unknown option or number of arguments for SENTINEL SET 'nosuch'",
     true},
    {{"quorum", "1", "quorum", "x"}, "Invalid argument 'x' for SENTINEL SET 'quorum'", true},
    {{"rename-command", "a"},
     "Unknown option or number of arguments for SENTINEL SET 'rename-command'",
     true},
    {{"rename-command", "", "b"}, "Invalid argument '' for SENTINEL SET 'rename-command'", true},
    {{"rename-command", "a", ""}, "Invalid argument '' for SENTINEL SET 'rename-command'", true},
    {{"rename-command", "a", "a b"}, "", true},
    {{"rename-command", "a", "a\nb"},
     "Invalid argument 'a\\nb' for SENTINEL SET 'rename-command'",
     true},
    {{"auth-pass", "x\nsentinel notification-script m /bin/evil"},
     "Invalid argument 'x\\nsentinel notification-script m /bin/evil' for SENTINEL SET "
     "'auth-pass'",
     true},
    {{"auth-pass", ""}, "", true},
    {{"auth-user", "a b"}, "", true},
    {{"no\nsuch", "1"}, "Unknown option or number of arguments for SENTINEL SET 'no\\nsuch'", true},
    {{"notification-script", "/bin/sh"}, DENIED, true},
    {{"client-reconfig-script", ""}, DENIED, true},
    {{"notification-script", "/bin/sh"}, "", false},
    {{"notification-script", ""}, "", false},
    {{"notification-script", "/nowhere/x"},
     "Notification script seems non existing or non executable",
     false},
    {{"client-reconfig-script", "/nowhere/x"},
     "Client reconfiguration script seems non existing or non executable",
     false},
};

static void test_conf_set__errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(set_rows) / sizeof(set_rows[0]); i++) {
        char *argv[WORDS_MAX];
        struct sn_changes changes;
        struct sn_buf error;
        int argc = take_words(&set_rows[i], argv);
        sn_buf_init(&error, SIZE_MAX);
        int code = sn_conf_parse_set(argc, argv, set_rows[i].scripts_denied, &changes, &error);
        assert_string_equal(sn_buf_text(&error), set_rows[i].error);
        assert_int_equal(code, set_rows[i].error[0] == '\0' ? 0 : SN_EINVAL);
        assert_int_equal(changes.count, code == 0 ? 1 : 0);
        sn_changes_fini(&changes);
        sn_buf_fini(&error);
    }
}

static void test_conf_set__changes_in_order_with_names_as_typed(void **state)
{
    static char *argv[] = {"Quorum", "3", "rename-command", "GET", "g", "auth-pass", "p w"};
    struct sn_changes changes;
    struct sn_buf error;

    (void)state;
    sn_buf_init(&error, SIZE_MAX);
    assert_int_equal(sn_conf_parse_set(7, argv, true, &changes, &error), 0);
    assert_int_equal(changes.count, 3);
    assert_int_equal(changes.items[0].option, SN_OPTION_QUORUM);
    assert_string_equal(changes.items[0].name, "Quorum");
    assert_int_equal(changes.items[0].number, 3);
    assert_int_equal(changes.items[1].option, SN_OPTION_RENAME_COMMAND);
    assert_string_equal(changes.items[1].value, "GET");
    assert_string_equal(changes.items[1].to, "g");
    assert_string_equal(changes.items[2].value, "p w");
    sn_changes_fini(&changes);
}

static const struct row config_set_rows[] = {
    {{"announce-port", "65535"}, "", false},
    {{"resolve-hostnames", "YES", "announce-hostnames", "no"}, "", false},
    {{"loglevel", "nothing"}, "", false},
    {{"announce-ip", ""}, "", false},
    {{"sentinel-pass", "a b"}, "", false},
    {{"nosuch", "1"}, "Invalid argument 'nosuch' to SENTINEL CONFIG SET", false},
    {{"port", "1"}, "Invalid argument 'port' to SENTINEL CONFIG SET", false},
    {{"deny-scripts-reconfig", "no"},
     "Invalid argument 'deny-scripts-reconfig' to SENTINEL CONFIG SET",
     false},
    {{"myid", "x"}, "Invalid argument 'myid' to SENTINEL CONFIG SET", false},
    {{"announce-port", "1", "Announce-Port", "2"},
     "Duplicate argument 'Announce-Port' to SENTINEL CONFIG SET",
     false},
    {{"announce-port", "1", "announce-ip"}, "Missing argument 'announce-ip' value", false},
    {{"resolve-hostnames", "maybe"},
     "Invalid value 'maybe' to SENTINEL CONFIG SET 'resolve-hostnames'",
     false},
    {{"announce-port", "65536"},
     "Invalid value '65536' to SENTINEL CONFIG SET 'announce-port'",
     false},
    {{"announce-port", ""}, "Invalid value '' to SENTINEL CONFIG SET 'announce-port'", false},
    {{"announce-ip", "a,b"}, "Invalid value 'a,b' to SENTINEL CONFIG SET 'announce-ip'", false},
    {{"loglevel", "loud"}, "Invalid value 'loud' to SENTINEL CONFIG SET 'loglevel'", false},
    {{"sentinel-pass", "a\rb"},
     "Invalid value 'a\\rb' to SENTINEL CONFIG SET 'sentinel-pass'",
     false},
};

static void test_conf_config_set__errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(config_set_rows) / sizeof(config_set_rows[0]); i++) {
        char *argv[WORDS_MAX];
        struct sn_changes changes;
        struct sn_buf error;
        enum sn_level level;
        int argc = take_words(&config_set_rows[i], argv);
        sn_buf_init(&error, SIZE_MAX);
        int code = sn_conf_parse_config_set(argc, argv, &changes, &level, &error);
        assert_string_equal(sn_buf_text(&error), config_set_rows[i].error);
        assert_int_equal(code, config_set_rows[i].error[0] == '\0' ? 0 : SN_EINVAL);
        sn_changes_fini(&changes);
        sn_buf_fini(&error);
    }
}

static void test_conf_config_set__loglevel_comes_apart(void **state)
{
    static char *argv[] = {"loglevel", "Warning", "announce-port", "7"};
    struct sn_changes changes;
    struct sn_buf error;
    enum sn_level level;

    (void)state;
    sn_buf_init(&error, SIZE_MAX);
    assert_int_equal(sn_conf_parse_config_set(4, argv, &changes, &level, &error), 0);
    assert_int_equal(level, SN_LEVEL_WARNING);
    assert_int_equal(changes.count, 1);
    assert_int_equal(changes.items[0].option, SN_OPTION_ANNOUNCE_PORT);
    assert_int_equal(changes.items[0].number, 7);
    sn_changes_fini(&changes);
    assert_int_equal(sn_conf_parse_config_set(0, argv, &changes, &level, &error), 0);
    assert_int_equal(level, SN_LEVEL_NONE);
}

static void test_conf_level__names(void **state)
{
    (void)state;
    const struct sn_directive *row = sn_directive_find(SN_SCOPE_SERVER, "loglevel");
    int64_t level;
    assert_int_equal(sn_value_parse(row, "DEBUG", &level), 0);
    assert_int_equal(level, SN_LEVEL_DEBUG);
    assert_int_equal(sn_value_parse(row, "nothing", &level), 0);
    assert_int_equal(level, SN_LEVEL_NOTHING);
    assert_int_equal(sn_value_parse(row, "none", &level), SN_EINVAL);
    assert_string_equal(sn_conf_level_name(SN_LEVEL_VERBOSE), "verbose");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conf_set__errors),
        cmocka_unit_test(test_conf_set__changes_in_order_with_names_as_typed),
        cmocka_unit_test(test_conf_config_set__errors),
        cmocka_unit_test(test_conf_config_set__loglevel_comes_apart),
        cmocka_unit_test(test_conf_level__names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
