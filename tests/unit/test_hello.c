/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"
#include "wire/hello.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define ID      "aca1bc02fc2da77f4931728d6521654525cecac8"
#define NAME51  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
#define NAME255 NAME51 NAME51 NAME51 NAME51 NAME51

static void test_hello__reads_what_a_stock_sentinel_sends(void **state)
{
    const char *text = "127.0.0.1,30011," ID ",7,mymaster,::1,30001,3";
    struct sn_hello hello;

    (void)state;
    assert_int_equal(sn_hello_parse(text, strlen(text), &hello), 0);
    assert_string_equal(hello.ip, "127.0.0.1");
    assert_int_equal(hello.port, 30011);
    assert_string_equal(hello.runid.hex, ID);
    assert_int_equal(hello.current_epoch, 7);
    assert_string_equal(hello.master_name, "mymaster");
    assert_string_equal(hello.master_ip, "::1");
    assert_int_equal(hello.master_port, 30001);
    assert_int_equal(hello.master_config_epoch, 3);
}

static void test_hello__accepts_and_refuses(void **state)
{
    static const struct {
        const char *text;
        int rc;
    } rows[] = {
        {"h,1," ID ",0,m,h,1,0", 0},
        {"h,65535," ID ",281474976710656,m,h,65535,281474976710656", 0},
        {"h,1," ID ",0," NAME255 ",h,1,0", 0},
        {"h,1," ID ",0,a name \"with\" \xc3\xa9,h,1,0", 0},
        /* number of fields */
        {"", SN_EINVAL},
        {"h", SN_EINVAL},
        {",,,,,,,", SN_EINVAL},
        {"h,1," ID ",0,m,h,1", SN_EINVAL},
        {"h,1," ID ",0,m,h,1,0,", SN_EINVAL},
        {"h,1," ID ",0,m,h,1,0,9", SN_EINVAL},
        {"h,1," ID ",0,m,m,h,1,0", SN_EINVAL},
        /* hosts */
        {",1," ID ",0,m,h,1,0", SN_EINVAL},
        {"h h,1," ID ",0,m,h,1,0", SN_EINVAL},
        {"h,1," ID ",0,m,,1,0", SN_EINVAL},
        {"h,1," ID ",0,m,h\n,1,0", SN_EINVAL},
        {NAME255 "n,1," ID ",0,m,h,1,0", SN_EINVAL},
        /* sender id */
        {"h,1,,0,m,h,1,0", SN_EINVAL},
        {"h,1,x,0,m,h,1,0", SN_EINVAL},
        {"h,1,*,0,m,h,1,0", SN_EINVAL},
        {"h,1," ID "0,0,m,h,1,0", SN_EINVAL},
        {"h,1,Aca1bc02fc2da77f4931728d6521654525cecac8,0,m,h,1,0", 0},
        {"h,1,redis-sentinel-node-1-aaaaaaaaaaaaaaaaaa,0,m,h,1,0", 0},
        {"h,1,redis sentinel-node-1-aaaaaaaaaaaaaaaaaa,0,m,h,1,0", SN_EINVAL},
        {"h,1,redis\x7fsentinel-node-1-aaaaaaaaaaaaaaaaaa,0,m,h,1,0", SN_EINVAL},
        /* names */
        {"h,1," ID ",0,,h,1,0", SN_EINVAL},
        {"h,1," ID ",0,m\x01,h,1,0", SN_EINVAL},
        {"h,1," ID ",0,m\nsentinel myid x,h,1,0", SN_EINVAL},
        {"h,1," ID ",0," NAME255 "n,h,1,0", SN_EINVAL},
        /* ports */
        {"h,0," ID ",0,m,h,1,0", SN_ERANGE},
        {"h,65536," ID ",0,m,h,1,0", SN_ERANGE},
        {"h,-1," ID ",0,m,h,1,0", SN_ERANGE},
        {"h,4294967297," ID ",0,m,h,1,0", SN_ERANGE},
        {"h,," ID ",0,m,h,1,0", SN_EINVAL},
        {"h,1x," ID ",0,m,h,1,0", SN_EINVAL},
        {"h,01," ID ",0,m,h,1,0", SN_EINVAL},
        {"h,1," ID ",0,m,h,0,0", SN_ERANGE},
        {"h,1," ID ",0,m,h,65536,0", SN_ERANGE},
        {"h,1," ID ",0,m,h, 1,0", SN_EINVAL},
        /* epochs: any number, as who sends it is there all the same */
        {"h,1," ID ",281474976710657,m,h,1,0", 0},
        {"h,1," ID ",18446744073709551615,m,h,1,0", 0},
        {"h,1," ID ",18446744073709551616,m,h,1,0", 0},
        {"h,1," ID ",-1,m,h,1,0", 0},
        {"h,1," ID ",,m,h,1,0", SN_EINVAL},
        {"h,1," ID ",x,m,h,1,0", SN_EINVAL},
        {"h,1," ID ",0,m,h,1,18446744073709551616", 0},
        {"h,1," ID ",0,m,h,1,-1", 0},
        {"h,1," ID ",0,m,h,1,", SN_EINVAL},
        {"h,1," ID ",0,m,h,1,0 ", SN_EINVAL},
        {"h,1," ID ",0,m,h,1,0\r\n", SN_EINVAL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sn_hello hello;
        int rc = sn_hello_parse(rows[i].text, strlen(rows[i].text), &hello);
        if (rc != rows[i].rc)
            fail_msg("row %zu, '%s' gave %d", i, rows[i].text, rc);
    }
}

static void test_hello__keeps_what_is_good_and_names_what_is_not(void **state)
{
    static const struct {
        const char *text, *bad_text;
        unsigned bad;
        bool sender;
    } rows[] = {
        {"10.0.0.1,7," ID ",5,m,db 1,6379,5", "db 1", 1U << SN_HELLO_MASTER_IP, true},
        {"10.0.0.1,7," ID ",5,m,,6379,5", "", 1U << SN_HELLO_MASTER_IP, true},
        {"10.0.0.1,7," ID ",5,m,h,0,5", "0", 1U << SN_HELLO_MASTER_PORT, true},
        {"10.0.0.1,7," ID ",5,m,h,6379,1x", "1x", 1U << SN_HELLO_CONFIG_EPOCH, true},
        {"10.0.0.1,7," ID ",y,m,h,6379,x\n", "y",
         1U << SN_HELLO_EPOCH | 1U << SN_HELLO_CONFIG_EPOCH, true},
        {"10.0.0.1,7," ID ",5,m\x01m,h,6379,5", "m?m", 1U << SN_HELLO_NAME, false},
        {"10.0.0.1,7,short,5,m,h,6379,5", "short", 1U << SN_HELLO_RUNID, false},
        {"10.0.0.1,0," ID ",5,m,h,6379,5", "0", 1U << SN_HELLO_PORT, false},
        {"-,7," ID ",5,m,h\n,6379,5", "h?", 1U << SN_HELLO_MASTER_IP, true},
        {"ni hao", "ni hao", (1U << SN_HELLO_FIELDS) - 1, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sn_hello hello;
        assert_int_not_equal(sn_hello_parse(rows[i].text, strlen(rows[i].text), &hello), 0);
        assert_int_equal(hello.bad, rows[i].bad);
        assert_string_equal(hello.bad_text, rows[i].bad_text);
        assert_int_equal(sn_hello_names_sender(&hello), rows[i].sender);
        if (!rows[i].sender)
            continue;
        assert_int_equal(hello.port, 7);
        assert_string_equal(hello.runid.hex, ID);
        assert_string_equal(hello.master_name, "m");
        /* What is bad is empty, not half read. */
        assert_true((hello.bad & 1U << SN_HELLO_MASTER_IP) == 0 || hello.master_ip[0] == '\0');
        assert_true((hello.bad & 1U << SN_HELLO_EPOCH) == 0 || hello.current_epoch == 0);
    }
}

static void test_hello__epochs_beyond_64_bits_are_as_high_as_can_be(void **state)
{
    static const char *const texts[] = {"18446744073709551615", "18446744073709551616",
                                        "99999999999999999999999999999", "-1"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        char text[200];
        struct sn_hello hello;
        (void)snprintf(text, sizeof(text), "h,1," ID ",%s,m,h,1,%s", texts[i], texts[i]);
        assert_int_equal(sn_hello_parse(text, strlen(text), &hello), 0);
        assert_true(hello.current_epoch == UINT64_MAX);
        assert_true(hello.master_config_epoch == UINT64_MAX);
    }
}

static void test_hello__minds_the_length(void **state)
{
    static const char text[] = "h,1," ID ",0,m,h,1,12";
    static const char nul[] = "h,1," ID ",0,m\0m,h,1,12";
    struct sn_hello hello;

    (void)state;
    assert_int_equal(sn_hello_parse(text, sizeof(text) - 2, &hello), 0);
    assert_int_equal(hello.master_config_epoch, 1);
    assert_int_equal(sn_hello_parse(nul, sizeof(nul) - 1, &hello), SN_EINVAL);
    assert_int_equal(sn_hello_parse(NULL, 0, &hello), SN_EINVAL);
    for (size_t len = 0; len < sizeof(text) - 3; len++)
        assert_int_equal(sn_hello_parse(text, len, &hello), SN_EINVAL);
}

static void test_hello__writes_what_it_reads(void **state)
{
    const char *text = "redis-0.local,30011," ID ",281474976710656,mymaster,10.0.0.1,65535,41";
    struct sn_hello hello;
    char out[SN_HELLO_MAX + 1];

    (void)state;
    assert_int_equal(sn_hello_parse(text, strlen(text), &hello), 0);
    assert_int_equal(sn_hello_format(&hello, out, sizeof(out)), 0);
    assert_string_equal(out, text);
}

static void test_hello__room_is_always_enough_and_checked(void **state)
{
    struct sn_hello hello = {.port = 65535,
                             .runid = {ID},
                             .current_epoch = UINT64_MAX,
                             .master_port = 65535,
                             .master_config_epoch = UINT64_MAX};
    char out[SN_HELLO_MAX + 1];

    (void)state;
    memset(hello.ip, 'i', SN_HOST_MAX);
    memset(hello.master_name, 'n', SN_NAME_MAX);
    memset(hello.master_ip, 'm', SN_HOST_MAX);
    assert_int_equal(sn_hello_format(&hello, out, sizeof(out)), 0);
    size_t len = strlen(out);
    assert_int_equal(sn_hello_format(&hello, out, len + 1), 0);
    assert_int_equal(sn_hello_format(&hello, out, len), SN_EFULL);
    assert_int_equal(sn_hello_format(&hello, out, 1), SN_EFULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello__reads_what_a_stock_sentinel_sends),
        cmocka_unit_test(test_hello__accepts_and_refuses),
        cmocka_unit_test(test_hello__keeps_what_is_good_and_names_what_is_not),
        cmocka_unit_test(test_hello__epochs_beyond_64_bits_are_as_high_as_can_be),
        cmocka_unit_test(test_hello__minds_the_length),
        cmocka_unit_test(test_hello__writes_what_it_reads),
        cmocka_unit_test(test_hello__room_is_always_enough_and_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
