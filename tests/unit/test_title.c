/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/table/title.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char *binds[] = {"127.0.0.1", "127.0.0.2"};
static struct sn_settings settings;
static struct sn_buf out;

static int set_up(void **state)
{
    (void)state;
    sn_settings_init(&settings);
    sn_buf_init(&out, SIZE_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    settings.bind = NULL;
    settings.bind_count = 0;
    settings.unixsocket = NULL;
    sn_settings_fini(&settings);
    sn_buf_fini(&out);
    return 0;
}

static const char *expand(const char *template)
{
    struct sn_title_values values = {
        .title = "/usr/bin/redis-sentinel", .config_path = "/etc/s.conf", .settings = &settings};

    sn_buf_clear(&out);
    assert_int_equal(sn_title_expand(template, NULL, NULL), 0);
    assert_int_equal(sn_title_expand(template, &values, &out), 0);
    return sn_buf_text(&out);
}

static void test_title__by_default_is_that_of_stock(void **state)
{
    (void)state;
    assert_true(settings.set_proc_title);
    assert_string_equal(expand(settings.proc_title_template),
                        "/usr/bin/redis-sentinel *:26379 [sentinel]");
    settings.bind = binds;
    settings.bind_count = 2;
    assert_string_equal(expand(settings.proc_title_template),
                        "/usr/bin/redis-sentinel 127.0.0.1:26379 [sentinel]");
    settings.tls.port = 26380;
    assert_string_equal(expand("{listen-addr}"), "127.0.0.1:26380");
    settings.tls.port = settings.port = 0;
    settings.unixsocket = "/run/s.sock";
    assert_string_equal(expand("{listen-addr}"), "unixsocket:/run/s.sock");
}

static void test_title__knows_all_placeholders(void **state)
{
    (void)state;
    settings.unixsocket = "/run/s.sock";
    assert_string_equal(expand("  a {title}b{server-mode} {port}{tls-port} {unixsocket}, "
                               "{config-file} "),
                        "a /usr/bin/redis-sentinelb[sentinel] 263790 /run/s.sock, /etc/s.conf");
    assert_string_equal(expand("{{title} a}b"), "{title} a}b");
}

static void test_title__of_nothing_or_of_what_is_unknown_is_refused(void **state)
{
    static const char *const bad[] = {"",       "  ",      "{",        "x{",      "{}",
                                      "{Port}", "{title",  "{title }", "{prt} x", "{{ {",
                                      "x {a}",  "{port{}", "{port} {"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(sn_title_expand(bad[i], NULL, NULL), SN_EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(title__by_default_is_that_of_stock),
        TEST(title__knows_all_placeholders),
        TEST(title__of_nothing_or_of_what_is_unknown_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
