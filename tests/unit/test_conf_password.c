/* SPDX-License-Identifier: BSD-3-Clause */

/* Password files: what is a good one, what a line says about a bad one, and that no text that is
 * written holds what stands in them. */

#include "base/alloc.h"
#include "base/error.h"
#include "conf/conf.h"
#include "conf/file/password.h"
#include "conf/read/changes.h"
#include "conf/read/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUP    "sentinel monitor m 127.0.0.1 6379 2\n"
#define EXPECTED "Expected: a file that this user can read, with the password as its first line."

static char folder[] = "/tmp/sn_password_XXXXXX";

/* A path in the folder; valid until the fourth call from now. */
static const char *in_folder(const char *name)
{
    static char paths[4][128];
    static size_t next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text, size_t len)
{
    FILE *file = fopen(in_folder(name), "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
}

static void put_text(const char *name, const char *text)
{
    put(name, text, strlen(text));
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int drop_folder(void **state)
{
    static const char *const names[] = {"pass", "own", "peers", "s.ini", "s.state", "pipe"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(in_folder(names[i]));
    return rmdir(folder);
}

/* ---- the file ---- */

static void check_password(const char *text, size_t len, const char *password)
{
    struct sn_password got;
    struct sn_buf problem;

    put("pass", text, len);
    sn_buf_init(&problem, SIZE_MAX);
    if (sn_password_read(in_folder("pass"), &got, &problem) != 0)
        fail_msg("%s", sn_buf_text(&problem));
    assert_string_equal(got.text, password);
    sn_password_wipe(&got);
    assert_string_equal(got.text, "");
    sn_buf_fini(&problem);
}

static void test_password__is_the_first_line(void **state)
{
    static const char *const texts[] = {"a b", "a b\n", "a b\r\n", "a b\nmore\n", "a b\n\x01\n"};
    char longest[SN_PASSWORD_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        check_password(texts[i], strlen(texts[i]), "a b");
    check_password(" \"q\\ \n", 6, " \"q\\ ");

    memset(longest, 'x', SN_PASSWORD_MAX);
    longest[SN_PASSWORD_MAX] = '\0';
    check_password(longest, SN_PASSWORD_MAX, longest);
    char ended[SN_PASSWORD_MAX + 2];
    memcpy(ended, longest, SN_PASSWORD_MAX);
    memcpy(ended + SN_PASSWORD_MAX, "\r\n", 2);
    check_password(ended, sizeof(ended), longest);
}

static void check_refused(const char *text, size_t len, const char *reason)
{
    struct sn_password got;
    struct sn_buf problem;

    put("pass", text, len);
    sn_buf_init(&problem, SIZE_MAX);
    assert_int_equal(sn_password_read(in_folder("pass"), &got, &problem), SN_EINVAL);
    assert_string_equal(sn_buf_text(&problem), reason);
    assert_string_equal(got.text, "");
    sn_buf_fini(&problem);
}

static void test_password__cannot_be_empty_long_or_unprintable(void **state)
{
    char text[2 * SN_PASSWORD_MAX];

    (void)state;
    check_refused("", 0, "its first line is empty");
    check_refused("\nsecret\n", 8, "its first line is empty");
    check_refused("\r\nsecret\n", 9, "its first line is empty");
    memset(text, 'x', sizeof(text));
    check_refused(text, SN_PASSWORD_MAX + 1, "its first line is longer than 512 bytes");
    check_refused(text, sizeof(text), "its first line is longer than 512 bytes");
    check_refused("a\tb\n", 4, "its first line has control characters");
    check_refused("a\0b\n", 4, "its first line has control characters");
    check_refused("a\rb\n", 4, "its first line has control characters");
    check_refused("ab\r", 3, "its first line has control characters");
}

static void check_unusable(const char *path, const char *reason)
{
    struct sn_password got;
    struct sn_buf problem;

    sn_buf_init(&problem, SIZE_MAX);
    assert_int_equal(sn_password_read(path, &got, &problem), SN_EIO);
    assert_string_equal(sn_buf_text(&problem), reason);
    sn_buf_fini(&problem);
}

static void test_password__is_in_a_regular_file(void **state)
{
    (void)state;
    check_unusable(in_folder("absent"), "No such file or directory");
    check_unusable(folder, "Is a directory");
    check_unusable("/dev/null", "it is not a regular file (but a device, pipe or socket)");
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    check_unusable(in_folder("pipe"), "it is not a regular file (but a device, pipe or socket)");
}

static void test_password__of_everybody_is_noticed(void **state)
{
    (void)state;
    put_text("pass", "x");
    assert_int_equal(chmod(in_folder("pass"), 0640), 0);
    assert_false(sn_password_is_public(in_folder("pass")));
    assert_int_equal(chmod(in_folder("pass"), 0644), 0);
    assert_true(sn_password_is_public(in_folder("pass")));
    assert_false(sn_password_is_public(in_folder("absent")));
}

/* ---- the lines ---- */

static void load(const char *text, struct sn_conf *conf)
{
    struct sn_buf error;

    sn_buf_init(&error, SIZE_MAX);
    if (sn_conf_parse("s.conf", text, strlen(text), 0, NULL, true, conf, &error) != 0)
        fail_msg("%s", sn_buf_text(&error));
    sn_buf_fini(&error);
    conf->state_in_conf = true;
}

/* The three files, and a configuration that names them from `dir`. */
static void load_all(struct sn_conf *conf, char text[512])
{
    put_text("pass", "group secret\n");
    put_text("own", "own secret\n");
    put_text("peers", "peer secret\n");
    snprintf(text, 512,
             GROUP "sentinel auth-pass-file m pass\n"
                   "requirepass-file own\n"
                   "sentinel sentinel-pass-file %s\n"
                   "dir %s\n",
             in_folder("peers"), folder);
    load(text, conf);
}

static void test_conf_password__is_read_from_its_file(void **state)
{
    struct sn_conf conf;
    char text[512];

    (void)state;
    load_all(&conf, text);
    assert_string_equal(conf.image.groups[0].params.auth_pass, "group secret");
    assert_string_equal(conf.image.globals.sentinel_pass, "peer secret");
    assert_string_equal(conf.image.globals.own_pass, "own secret");
    assert_string_equal(conf.settings.requirepass, "own secret");
    assert_string_equal(conf.image.groups[0].params.auth_pass_file, "pass");
    sn_conf_fini(&conf);
}

static void check_no_secret(const char *text)
{
    if (strstr(text, "secret") != NULL)
        fail_msg("a password is written: %s", text);
}

static void test_conf_password__is_not_written_into_a_file_of_the_redis_syntax(void **state)
{
    struct sn_change typed = {
        .option = SN_OPTION_AUTH_PASS, .name = "auth-pass", .value = "typed secret"};
    struct sn_conf conf;
    struct sn_buf out;
    char text[512];

    (void)state;
    load_all(&conf, text);
    for (int i = 0; i < 3; i++) {
        /* As it was; with one that a command has set; after the file was emptied by hand. */
        if (i == 1)
            sn_group_params_apply(&conf.image.groups[0].params, &typed);
        const char *old = i == 2 ? "" : text;
        sn_buf_init(&out, SIZE_MAX);
        assert_int_equal(sn_conf_render(&conf, &conf.image, old, strlen(old), &out), 0);
        check_no_secret(sn_buf_text(&out));
        assert_non_null(strstr(sn_buf_text(&out), "sentinel auth-pass-file m pass\n"));
        assert_non_null(strstr(sn_buf_text(&out), "requirepass-file own\n"));
        assert_non_null(strstr(sn_buf_text(&out), "sentinel sentinel-pass-file "));
        sn_buf_fini(&out);
    }
    sn_conf_fini(&conf);
}

static void load_ini(struct sn_conf *conf)
{
    struct sn_buf error;

    sn_buf_init(&error, SIZE_MAX);
    if (sn_conf_load(in_folder("s.ini"), 0, NULL, conf, &error) != 0)
        fail_msg("%s", sn_buf_text(&error));
    sn_buf_fini(&error);
}

static void save_state(struct sn_conf *conf, struct sn_buf *out)
{
    sn_buf_init(out, SIZE_MAX);
    assert_int_equal(sn_conf_render(conf, &conf->image, "", 0, out), 0);
    check_no_secret(sn_buf_text(out));
    put("s.state", out->data, out->len);
}

static void test_conf_password__is_not_written_into_a_state_file(void **state)
{
    struct sn_change typed = {
        .option = SN_OPTION_AUTH_PASS, .name = "auth-pass", .value = "typed secret"};
    struct sn_conf conf;
    struct sn_buf out;
    char text[512];

    (void)state;
    put_text("pass", "group secret\n");
    snprintf(text, sizeof(text),
             "[sentinel]\nrequirepass-file = %s\nsentinel-pass-file = %s\n"
             "[master m]\naddress = 127.0.0.1:6379\nquorum = 2\nauth-pass-file = %s\n",
             in_folder("pass"), in_folder("pass"), in_folder("pass"));
    put_text("s.ini", text);
    unlink(in_folder("s.state"));
    load_ini(&conf);
    sn_group_params_apply(&conf.image.groups[0].params, &typed);
    save_state(&conf, &out);
    sn_buf_fini(&out);
    sn_conf_fini(&conf);

    load_ini(&conf);
    assert_string_equal(conf.image.groups[0].params.auth_pass, "group secret");
    sn_conf_fini(&conf);
}

/* A password that a command has set before there was a file. */
static void test_conf_password__wins_over_one_of_the_state_file(void **state)
{
    static const char group[] = "[master m]\naddress = 127.0.0.1:6379\nquorum = 2\n";
    struct sn_change typed = {.option = SN_OPTION_AUTH_PASS, .name = "auth-pass", .value = "typed"};
    struct sn_conf conf;
    struct sn_buf out;
    char text[512];

    (void)state;
    put_text("pass", "group secret\n");
    put_text("s.ini", group);
    unlink(in_folder("s.state"));
    load_ini(&conf);
    sn_group_params_apply(&conf.image.groups[0].params, &typed);
    save_state(&conf, &out);
    assert_non_null(strstr(sn_buf_text(&out), "typed"));
    sn_buf_fini(&out);
    sn_conf_fini(&conf);

    snprintf(text, sizeof(text), "%sauth-pass-file = %s\n", group, in_folder("pass"));
    put_text("s.ini", text);
    load_ini(&conf);
    assert_string_equal(conf.image.groups[0].params.auth_pass, "group secret");
    sn_conf_fini(&conf);
}

static void test_conf_password__is_not_shown_by_config_get(void **state)
{
    struct sn_conf conf;
    char text[512];

    (void)state;
    load_all(&conf, text);
    for (size_t i = 0; sn_conf_parameter(i) != NULL; i++) {
        struct sn_buf out;
        sn_buf_init(&out, SIZE_MAX);
        sn_conf_show_parameter(i, &conf.image.globals, SN_LEVEL_NOTICE, &out);
        check_no_secret(sn_buf_text(&out));
        sn_buf_fini(&out);
    }
    sn_conf_fini(&conf);
}

static void check_error(const char *text, const char *expected)
{
    struct sn_conf conf;
    struct sn_buf error;

    sn_buf_init(&error, SIZE_MAX);
    assert_int_not_equal(sn_conf_parse("s.conf", text, strlen(text), 0, NULL, true, &conf, &error),
                         0);
    assert_string_equal(sn_buf_text(&error), expected);
    sn_buf_fini(&error);
}

static void test_conf_password__that_cannot_be_read_ends_the_start(void **state)
{
    (void)state;
    check_error(GROUP "sentinel auth-pass-file m /absent\n",
                "s.conf:2: sentinel auth-pass-file m /absent\n"
                "Can't use the password file '/absent': No such file or directory. " EXPECTED "\n");
    check_error("requirepass-file /dev/null\n",
                "s.conf:1: requirepass-file /dev/null\n"
                "Can't use the password file '/dev/null': it is not a regular file (but a device, "
                "pipe or socket). " EXPECTED "\n");
    check_error("sentinel sentinel-pass-file \"\"\n",
                "s.conf:1: sentinel sentinel-pass-file \"\"\n"
                "argument must be a path without control characters. Expected: the path of a file "
                "whose first line is the password.\n");
    check_error("sentinel auth-pass-file m /absent\n",
                "s.conf:1: sentinel auth-pass-file m /absent\n"
                "No such master with specified name. Expected: a group that a monitor line "
                "defines, in any place of the file.\n");
}

/* The line with the password is named, but not shown. */
static void test_conf_password__is_given_once(void **state)
{
    (void)state;
    check_error(GROUP "sentinel auth-pass m secret\nsentinel auth-pass-file m /absent\n",
                "s.conf:3: sentinel auth-pass-file m /absent\n"
                "s.conf:2 has auth-pass too. Expected: only one of auth-pass and "
                "auth-pass-file.\n");
    check_error("requirepass-file /absent\nrequirepass secret\n",
                "s.conf:1: requirepass-file /absent\n"
                "s.conf:2 has requirepass too. Expected: only one of requirepass and "
                "requirepass-file.\n");
    check_error("sentinel sentinel-pass secret\nsentinel sentinel-pass-file /absent\n",
                "s.conf:2: sentinel sentinel-pass-file /absent\n"
                "s.conf:1 has sentinel-pass too. Expected: only one of sentinel-pass and "
                "sentinel-pass-file.\n");
    /* Another group's is another one. */
    put_text("pass", "x\n");
    char text[512];
    struct sn_conf conf;
    snprintf(text, sizeof(text),
             GROUP "sentinel monitor n 127.0.0.1 6380 2\nsentinel auth-pass n secret\n"
                   "sentinel auth-pass-file m %s\n",
             in_folder("pass"));
    load(text, &conf);
    assert_string_equal(conf.image.groups[1].params.auth_pass, "secret");
    assert_string_equal(conf.image.groups[0].params.auth_pass, "x");
    sn_conf_fini(&conf);
}

/* Who may change settings must not be able to send files of this machine to a server. */
static void test_conf_password__file_cannot_be_set_at_run_time(void **state)
{
    static char *set[] = {"auth-pass-file", "/etc/shadow"};
    static char *config_set[] = {"sentinel-pass-file", "/etc/shadow"};
    struct sn_changes changes;
    struct sn_buf error;
    enum sn_level level;

    (void)state;
    sn_buf_init(&error, SIZE_MAX);
    assert_int_equal(sn_conf_parse_set(2, set, false, &changes, &error), SN_EINVAL);
    sn_buf_clear(&error);
    assert_int_equal(sn_conf_parse_config_set(2, config_set, &changes, &level, &error), SN_EINVAL);
    sn_buf_fini(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_password__is_the_first_line),
        cmocka_unit_test(test_password__cannot_be_empty_long_or_unprintable),
        cmocka_unit_test(test_password__is_in_a_regular_file),
        cmocka_unit_test(test_password__of_everybody_is_noticed),
        cmocka_unit_test(test_conf_password__is_read_from_its_file),
        cmocka_unit_test(test_conf_password__is_not_written_into_a_file_of_the_redis_syntax),
        cmocka_unit_test(test_conf_password__is_not_written_into_a_state_file),
        cmocka_unit_test(test_conf_password__wins_over_one_of_the_state_file),
        cmocka_unit_test(test_conf_password__is_not_shown_by_config_get),
        cmocka_unit_test(test_conf_password__that_cannot_be_read_ends_the_start),
        cmocka_unit_test(test_conf_password__is_given_once),
        cmocka_unit_test(test_conf_password__file_cannot_be_set_at_run_time),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
