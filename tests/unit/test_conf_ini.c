/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"
#include "conf/conf.h"
#include "conf/read/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void load(const char *text, struct sn_conf *conf)
{
    struct sn_buf error;
    sn_buf_init(&error, SIZE_MAX);
    int code = sn_conf_parse("s.ini", text, strlen(text), 0, NULL, true, conf, &error);
    if (code < 0)
        fail_msg("%s", sn_buf_text(&error));
    sn_buf_fini(&error);
}

static void test_conf_ini__is_told_by_its_first_line(void **state)
{
    static const struct {
        const char *text;
        enum sn_conf_syntax syntax;
    } rows[] = {
        {"[sentinel]", SN_CONF_INI},
        {"\xEF\xBB\xBF[sentinel]", SN_CONF_INI},
        {"# a\n; b\n\n \t[sentinel]\n", SN_CONF_INI},
        {"", SN_CONF_REDIS},
        {"# [sentinel]\nport 1\n", SN_CONF_REDIS},
        {"port 1\n", SN_CONF_REDIS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sn_conf conf;
        load(rows[i].text, &conf);
        if (conf.syntax != rows[i].syntax)
            fail_msg("%s", rows[i].text);
        sn_conf_fini(&conf);
    }
}

static void test_conf_ini__reads_everything(void **state)
{
    struct sn_conf conf;

    (void)state;
    load("; the server\n"
         "[sentinel]   ; trailing\n"
         "Port = 5000 ; trailing\n"
         "  bind = 127.0.0.1 ::1\n"
         "requirepass = \"a b\"\r\n"
         "sentinel-user = me\n"
         "announce-hostnames = yes\n"
         "resolve-hostnames = yes\n"
         "user = alice on >x +@all\n"
         "user = bob off\n"
         "rename-command = PING p\n"
         "appendonly = no\n"
         "\n"
         "[master mymaster]\n"
         "down-after-milliseconds = 1000\n"
         "auth-pass = x#y;z\n"
         "rename-command = CONFIG c2\n"
         "rename-command = SLAVEOF s2\n"
         "quorum: 2\n"
         "address = db.example:6379\n"
         "\n"
         "[primary \"v6\"]\n"
         "address = [2001:db8::1]:6380\n"
         "quorum = 3\n"
         "primary-reboot-down-after-period = 7\n",
         &conf);
    assert_int_equal(conf.settings.port, 5000);
    assert_int_equal(conf.settings.bind_count, 2);
    assert_string_equal(conf.settings.requirepass, "a b");
    assert_int_equal(conf.settings.user_count, 2);
    assert_int_equal(conf.settings.rename_count, 1);
    assert_string_equal(conf.image.globals.sentinel_user, "me");
    assert_string_equal(conf.image.globals.own_pass, "a b");
    assert_true(conf.image.globals.announce_hostnames);
    assert_int_equal(conf.notice_count, 1);
    assert_string_equal(conf.notices[0],
                        "s.ini:12: appendonly has no meaning for a sentinel, ignored");

    assert_int_equal(conf.image.group_count, 2);
    const struct sn_group_image *group = &conf.image.groups[0];
    assert_string_equal(group->name, "mymaster");
    assert_string_equal(group->addr.host, "db.example");
    assert_int_equal(group->addr.port, 6379);
    assert_int_equal(group->params.quorum, 2);
    assert_int_equal(group->params.down_after_ms, 1000);
    assert_string_equal(group->params.auth_pass, "x#y;z");
    assert_int_equal(group->params.rename_count, 2);
    group = &conf.image.groups[1];
    assert_string_equal(group->name, "v6");
    assert_string_equal(group->addr.ip, "2001:db8::1");
    assert_int_equal(group->params.reboot_down_after_ms, 7);
    sn_conf_fini(&conf);
}

/* The library itself cuts sections and keys at 50 bytes, and lines at its limit. */
static void test_conf_ini__long_names_and_values_are_whole(void **state)
{
    struct sn_conf conf;
    char name[SN_NAME_MAX + 1], pass[2001], text[4000];

    (void)state;
    memset(name, 'n', SN_NAME_MAX);
    name[SN_NAME_MAX] = '\0';
    memset(pass, 'p', 2000);
    pass[2000] = '\0';
    snprintf(text, sizeof(text), "[master %s]\naddress = 127.0.0.1:1\nquorum = 1\nauth-pass = %s\n",
             name, pass);
    load(text, &conf);
    assert_string_equal(conf.image.groups[0].name, name);
    assert_string_equal(conf.image.groups[0].params.auth_pass, pass);
    sn_conf_fini(&conf);
}

static void test_conf_ini__state_lies_beside_the_file(void **state)
{
    static const struct {
        const char *name;
        const char *extra;
        const char *state;
    } rows[] = {
        {"sentinel.ini", "", "sentinel.state"},
        {"sentinel", "", "sentinel.state"},
        {".hidden", "", ".hidden.state"},
        {"sentinel.ini", "state-file = other", "other"},
        {"sentinel.ini", "state-file = /var/x", "/var/x"},
    };
    char folder[] = "/tmp/sn_conf_XXXXXX";

    (void)state;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sn_conf conf;
        struct sn_buf error;
        char path[128], want[256];
        snprintf(path, sizeof(path), "%s/%s", folder, rows[i].name);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fprintf(file, "[sentinel]\n%s\n", rows[i].extra);
        fclose(file);
        sn_buf_init(&error, SIZE_MAX);
        if (sn_conf_load(path, 0, NULL, &conf, &error) < 0)
            fail_msg("%s", sn_buf_text(&error));
        if (rows[i].state[0] == '/')
            snprintf(want, sizeof(want), "%s", rows[i].state);
        else
            snprintf(want, sizeof(want), "%s/%s", folder, rows[i].state);
        assert_string_equal(conf.state_path, want);
        assert_string_equal(conf.path, path);
        assert_false(conf.state_in_conf);
        sn_conf_fini(&conf);
        sn_buf_fini(&error);
        unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conf_ini__is_told_by_its_first_line),
        cmocka_unit_test(test_conf_ini__reads_everything),
        cmocka_unit_test(test_conf_ini__long_names_and_values_are_whole),
        cmocka_unit_test(test_conf_ini__state_lies_beside_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
