/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/addr.h"
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define LABEL_63 "aaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg."
#define HOST_255 LABEL_63 LABEL_63 LABEL_63 LABEL_63 "xyz"

static void test_addr__tells_literal_ips_from_names(void **state)
{
    static const struct {
        const char *text;
        bool is_ip, is_host;
    } rows[] = {
        {"127.0.0.1", true, true},
        {"255.255.255.255", true, true},
        {"::", true, true},
        {"2001:DB8::1", true, true},
        {"0000:0000:0000:0000:0000:ffff:255.255.255.255", true, true},
        {"localhost", false, true},
        {"redis-0.my_svc.local.", false, true},
        {"256.1.1.1", false, true}, /* a legal name, if an odd one */
        {"1.2.3", false, true},
        {HOST_255, false, true},
        {HOST_255 "z", false, false},
        {"", false, false},
        {"fe80::1%eth0", true, true},
        {"fe80::1%2", true, true},
        {"fe80::1%fifteen-letters", true, true},
        {"fe80::1%sixteen--letters", false, false},
        {"fe80::1%", false, false},
        {"fe80::1%eth0%eth1", false, false},
        {"fe80::1%eth 0", false, false},
        {"10.0.0.1%eth0", false, false},
        {"host%eth0", false, false},
        {"[::1]", false, false},
        {"::1 ", false, false},
        {"1:2:3", false, false},
        {"azAZ09", false, true},
        {" a", false, false},
        {"a ", false, false},
        {"a b", false, false},
        {"a,b", false, false},
        {"a\nb", false, false},
        {"a\"b", false, false},
        {"caf\xc3\xa9", false, false},
        {"$(reboot)", false, false},
    };

    (void)state;
    assert_int_equal(strlen(HOST_255), 255);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (sn_addr_is_ip(rows[i].text) != rows[i].is_ip ||
            sn_addr_host_valid(rows[i].text) != rows[i].is_host)
            fail_msg("wrong verdict on '%s'", rows[i].text);
    }
}

static void test_addr__scopes_stay_with_their_addresses(void **state)
{
    struct sn_addr one, two;

    (void)state;
    assert_int_equal(sn_addr_make("FE80:0::1%eth0", 1, &one), 0);
    assert_string_equal(one.ip, "fe80::1%eth0");
    assert_int_equal(sn_addr_make("fe80::1%eth1", 1, &two), 0);
    assert_false(sn_addr_equal(&one, &two));
    assert_true(sn_addr_ip_usable("fe80::1%eth0"));
    assert_false(sn_addr_ip_usable("ff02::1%eth0"));
}

static void test_addr__some_ips_are_of_no_use(void **state)
{
    static const char *const usable[] = {
        "127.0.0.1", "10.0.0.255", "223.255.255.255", "240.0.0.1",
        "::1",       "fe80::1",    "2001:db8::1",     "::ffff:10.0.0.1"};
    static const char *const useless[] = {
        "0.0.0.0", "0.0.0.1",  "224.0.0.1",      "239.255.255.255",  "255.255.255.255",
        "::",      "ff02::1",  "::ffff:0.0.0.0", "::ffff:224.0.0.1", "::ffff:255.255.255.255",
        "",        "localhost"};

    (void)state;
    for (size_t i = 0; i < sizeof(usable) / sizeof(usable[0]); i++) {
        if (!sn_addr_ip_usable(usable[i]))
            fail_msg("%s is of use", usable[i]);
    }
    for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
        if (sn_addr_ip_usable(useless[i]))
            fail_msg("%s is of no use", useless[i]);
    }
}

static void test_addr__make_sets_the_ip_of_a_literal_only(void **state)
{
    struct sn_addr addr;

    (void)state;
    assert_int_equal(sn_addr_make("10.0.0.1", 6379, &addr), 0);
    assert_string_equal(addr.host, "10.0.0.1");
    assert_string_equal(addr.ip, "10.0.0.1");
    assert_int_equal(addr.port, 6379);
    assert_int_equal(sn_addr_make("redis.local", 0, &addr), 0);
    assert_string_equal(addr.host, "redis.local");
    assert_string_equal(addr.ip, "");
    assert_int_equal(addr.port, 0);
    assert_int_equal(sn_addr_make("2001:0DB8::0001", 65535, &addr), 0);
    assert_string_equal(addr.host, "2001:0DB8::0001");
    assert_string_equal(addr.ip, "2001:db8::1");
}

static void test_addr__make_leaves_addr_alone_on_error(void **state)
{
    struct sn_addr addr;

    (void)state;
    assert_int_equal(sn_addr_make("here", 1, &addr), 0);
    assert_int_equal(sn_addr_make("not a host", 2, &addr), SN_EINVAL);
    assert_int_equal(sn_addr_make("", 2, &addr), SN_EINVAL);
    assert_int_equal(sn_addr_make("there", -1, &addr), SN_ERANGE);
    assert_int_equal(sn_addr_make("there", 65536, &addr), SN_ERANGE);
    assert_int_equal(sn_addr_make("there", INT64_MAX, &addr), SN_ERANGE);
    assert_string_equal(addr.host, "here");
    assert_int_equal(addr.port, 1);
}

static bool equal(const char *host_a, const char *ip_a, const char *host_b, const char *ip_b)
{
    struct sn_addr a, b;

    assert_int_equal(sn_addr_make(host_a, 1, &a), 0);
    assert_int_equal(sn_addr_make(host_b, 1, &b), 0);
    strcpy(a.ip, ip_a);
    strcpy(b.ip, ip_b);
    bool result = sn_addr_equal(&a, &b);
    assert_int_equal(sn_addr_equal(&b, &a), result);
    b.port = 2;
    assert_false(sn_addr_equal(&a, &b));
    return result;
}

static void test_addr__equal_by_ip_or_by_name(void **state)
{
    (void)state;
    assert_true(equal("a", "10.0.0.1", "b", "10.0.0.1"));
    assert_true(equal("Redis", "10.0.0.1", "rEDIS", "10.0.0.2"));
    assert_true(equal("a", "", "A", ""));
    assert_false(equal("a", "", "b", ""));
    assert_false(equal("a", "10.0.0.1", "b", "10.0.0.2"));
    assert_false(equal("a", "10.0.0.1", "b", ""));
}

static void test_addr__shows_name_or_ip(void **state)
{
    struct sn_addr addr;

    (void)state;
    assert_int_equal(sn_addr_make("redis", 1, &addr), 0);
    assert_string_equal(sn_addr_shown(&addr, false), "redis");
    strcpy(addr.ip, "10.0.0.1");
    assert_string_equal(sn_addr_shown(&addr, false), "10.0.0.1");
    assert_string_equal(sn_addr_shown(&addr, true), "redis");
}

static void test_addr__format_brackets_ipv6(void **state)
{
    char out[SN_ADDR_TEXT_MAX + 1];
    char longer[2 * SN_HOST_MAX];

    (void)state;
    sn_addr_format("10.0.0.1", 6379, out);
    assert_string_equal(out, "10.0.0.1:6379");
    sn_addr_format("::1", 0, out);
    assert_string_equal(out, "[::1]:0");
    sn_addr_format(HOST_255, 65535, out);
    assert_string_equal(out, HOST_255 ":65535");
    memset(longer, ':', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    sn_addr_format(longer, 65535, out);
    assert_int_equal(strlen(out), SN_HOST_MAX + strlen("[]:65535"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addr__scopes_stay_with_their_addresses),
        cmocka_unit_test(test_addr__some_ips_are_of_no_use),
        cmocka_unit_test(test_addr__tells_literal_ips_from_names),
        cmocka_unit_test(test_addr__make_sets_the_ip_of_a_literal_only),
        cmocka_unit_test(test_addr__make_leaves_addr_alone_on_error),
        cmocka_unit_test(test_addr__equal_by_ip_or_by_name),
        cmocka_unit_test(test_addr__shows_name_or_ip),
        cmocka_unit_test(test_addr__format_brackets_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
