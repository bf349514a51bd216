/* SPDX-License-Identifier: BSD-3-Clause */
/* The Redis syntax: included files, and the command line (PROTOCOL.md §19.2, §19.5). */
#include "conf_redis_kit.h"

static void test_conf_redis__command_line_wins(void **state)
{
    static char *argv[] = {"--port",   "7", "--sentinel", "--sentinel",    "monitor", "m",
                           "10.0.0.9", "1", "5",          "--sentinel",    "monitor", "n",
                           "10.0.0.1", "2", "1",          "--requirepass", "a b"};
    struct sn_conf conf;

    (void)state;
    load_words("port 1\nsentinel monitor m 127.0.0.1 6379 2\n", (int)(sizeof(argv) / sizeof(*argv)),
               argv, &conf);
    assert_int_equal(conf.settings.port, 7);
    assert_string_equal(conf.settings.requirepass, "a b");
    /* What the file says of the address may be newer than the command line. */
    assert_string_equal(group_of(&conf, "m")->addr.ip, "127.0.0.1");
    assert_int_equal(group_of(&conf, "m")->params.quorum, 5);
    assert_int_equal(conf.notice_count, 1);
    assert_string_equal(group_of(&conf, "n")->addr.ip, "10.0.0.1");
    sn_conf_fini(&conf);
}

static void put_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void drop_file(const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    unlink(path);
}

static void test_conf_redis__includes(void **state)
{
    struct sn_conf conf;
    struct sn_buf error;
    char text[512];

    (void)state;
    put_file("a.inc", "port 2\nsentinel monitor a 127.0.0.1 6379 2\n");
    put_file("b.inc", "\nsentinel monitor b 127.0.0.1 6380 2\nsentinel parallel-syncs b x\n");
    snprintf(text, sizeof(text), "port 1\ninclude %s/a.i*\nINCLUDE %s/none*\n", folder, folder);
    load(text, &conf);
    assert_int_equal(conf.settings.port, 2);
    group_of(&conf, "a");
    sn_conf_fini(&conf);

    /* The line of the included file is named. */
    snprintf(text, sizeof(text), "include %s/b.inc\n", folder);
    sn_buf_init(&error, SIZE_MAX);
    assert_int_equal(sn_conf_parse("s.conf", text, strlen(text), 0, NULL, true, &conf, &error),
                     SN_EINVAL);
    assert_non_null(strstr(sn_buf_text(&error), "/b.inc:3: sentinel parallel-syncs b x\n"));

    /* A file that includes itself ends in an error, not in a crash. */
    snprintf(text, sizeof(text), "include %s/a.inc\n", folder);
    put_file("a.inc", text);
    sn_buf_clear(&error);
    assert_int_equal(sn_conf_parse("s.conf", text, strlen(text), 0, NULL, true, &conf, &error),
                     SN_EINVAL);
    assert_non_null(strstr(sn_buf_text(&error), "files include each other more than 16 deep"));
    sn_buf_fini(&error);
    drop_file("a.inc");
    drop_file("b.inc");
}

static char *make_file(const char *place, const char *name, const char *text)
{
    struct sn_buf path;

    sn_buf_init(&path, SIZE_MAX);
    sn_buf_printf(&path, "%s/%s", place, name);
    FILE *file = fopen(sn_buf_text(&path), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return sn_buf_take(&path);
}

static void test_conf_redis__includes_are_relative_to_dir(void **state)
{
    char place[] = "/tmp/sn_conf_dir_XXXXXX";
    char text[256];
    struct sn_conf conf;

    (void)state;
    assert_non_null(mkdtemp(place));
    char *sub = make_file(place, "sub", "");
    unlink(sub);
    assert_int_equal(mkdir(sub, 0700), 0);
    char *first = make_file(place, "more.inc", "requirepass x\n");
    char *second = make_file(sub, "rest.inc", "timeout 7\n");
    snprintf(text, sizeof(text), "dir %s\ninclude *.inc\ndir sub\ninclude rest.inc\n", place);
    load(text, &conf);
    assert_string_equal(conf.settings.requirepass, "x");
    assert_int_equal(conf.settings.timeout_s, 7);
    assert_string_equal(conf.settings.dir, sub);
    assert_int_equal(conf.notice_count, 0);
    sn_conf_fini(&conf);

    /* On the command line as well. */
    char *argv[] = {"--dir", place, "--include", "more.inc"};
    load_words("", 4, argv, &conf);
    assert_string_equal(conf.settings.requirepass, "x");
    sn_conf_fini(&conf);

    /* What was meant to be there may be missed. */
    snprintf(text, sizeof(text), "dir %s\ninclude *.none\n", place);
    load(text, &conf);
    assert_int_equal(conf.notice_count, 1);
    assert_non_null(strstr(conf.notices[0], "s.conf:2: no file matches "));
    sn_conf_fini(&conf);
    unlink(first);
    unlink(second);
    rmdir(sub);
    rmdir(place);
    free(first);
    free(second);
    free(sub);
}

static void test_conf_redis__command_lines_that_stock_takes(void **state)
{
    char *argv[] = {"port",
                    "9",
                    "--sentinel monitor m 10.0.0.1 6379 1",
                    "--sentinel",
                    "--bind",
                    "127.0.0.1 -::1",
                    "--requirepass",
                    "--secret",
                    "--client-output-buffer-limit pubsub",
                    "32mb",
                    "8mb",
                    "61",
                    "--user 'bob' on",
                    ">a b",
                    "--timeout  5",
                    "--sentinel"};
    struct sn_conf conf;

    (void)state;
    load_words("bind \"10.0.0.1 -::1\"\n"
               "client-output-buffer-limit \"normal 0 0 0 pubsub 1mb 2mb 60\"\n",
               0, NULL, &conf);
    assert_int_equal(conf.settings.bind_count, 2);
    assert_int_equal(conf.settings.pubsub_soft_max, 2 << 20);
    sn_conf_fini(&conf);

    load_words("", (int)(sizeof(argv) / sizeof(*argv)), argv, &conf);
    assert_int_equal(conf.settings.port, 9);
    assert_int_equal(group_of(&conf, "m")->params.quorum, 1);
    assert_int_equal(conf.settings.bind_count, 2);
    assert_string_equal(conf.settings.bind[1], "-::1");
    assert_string_equal(conf.settings.requirepass, "--secret");
    assert_int_equal(conf.settings.pubsub_soft_s, 61);
    assert_int_equal(conf.settings.user_count, 1);
    assert_string_equal(conf.settings.users[0].items[2], ">a b");
    assert_int_equal(conf.settings.timeout_s, 5);
    sn_conf_fini(&conf);
}

static void check_find(int expected, int argc, char *const *argv)
{
    assert_int_equal(sn_argv_find_file(argc, argv), expected);
}

static void test_conf_redis__file_is_found_on_the_command_line(void **state)
{
    char name[] = "/tmp/sn_conf_find_XXXXXX";
    int fd = mkstemp(name);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    check_find(-1, 0, NULL);
    check_find(0, 1, (char *[]){"s.conf"});
    check_find(0, 3, (char *[]){"s.conf", "--port", "1"});
    check_find(2, 3, (char *[]){"--port", "1", "s.conf"});
    check_find(1, 2, (char *[]){"--port 1", "s.conf"});
    check_find(2, 5, (char *[]){"--port", "1", "s.conf", "--timeout", "1"});
    check_find(1, 4, (char *[]){"--sentinel", "s.conf", "--port", "1"});
    check_find(6, 7, (char *[]){"--sentinel", "monitor", "m", "::1", "1", "1", "s.conf"});
    check_find(7, 8,
               (char *[]){"--sentinel", "monitor", "m", "::1", "1", "1", "--daemonize no", "f"});
    check_find(3, 4, (char *[]){"--bind", "::1", "-127.0.0.1", name});
    check_find(-1, 4, (char *[]){"--bind", "::1", "-127.0.0.1", "no such file"});
    check_find(2, 3, (char *[]){"--save", "", name});
    check_find(-1, 2, (char *[]){"--requirepass", name});
    check_find(-1, 3, (char *[]){"-", "--port", "1"});
    check_find(-1, 1, (char *[]){""});
    unlink(name);
}

static void test_conf_redis__main_file_may_move_an_included_group(void **state)
{
    struct sn_conf conf;
    char text[512];

    (void)state;
    put_file("a.inc", "sentinel monitor a 127.0.0.1 6379 2\n");
    snprintf(text, sizeof(text), "include %s/a.inc\nsentinel monitor a 127.0.0.1 6380 3\n", folder);
    load(text, &conf);
    assert_int_equal(conf.image.group_count, 1);
    assert_int_equal(group_of(&conf, "a")->addr.port, 6380);
    assert_int_equal(group_of(&conf, "a")->params.quorum, 3);
    sn_conf_fini(&conf);
    snprintf(text, sizeof(text), "sentinel monitor a 127.0.0.1 6380 3\ninclude %s/a.inc\n", folder);
    load(text, &conf);
    assert_int_equal(group_of(&conf, "a")->addr.port, 6380);
    sn_conf_fini(&conf);
    drop_file("a.inc");
}

static void test_conf_redis__scripts_are_looked_up_from_dir(void **state)
{
    struct sn_conf conf;

    (void)state;
    load("sentinel monitor m 127.0.0.1 6379 2\n"
         "sentinel notification-script m bin/sh\n"
         "sentinel client-reconfig-script m \"\"\n"
         "dir /\n",
         &conf);
    assert_string_equal(group_of(&conf, "m")->params.notification_script, "bin/sh");
    assert_null(group_of(&conf, "m")->params.client_reconfig_script);
    sn_conf_fini(&conf);
}

/* A write in place that was cut off: the journal stands for the file until that is written again.
 */
static void test_conf_redis__journal_of_an_unfinished_write(void **state)
{
    static const char whole[] = "port 7\n# kept\nsentinel myid " ID_A "\n";
    struct sn_conf conf;
    struct sn_buf error, out;
    char path[256];

    (void)state;
    sn_buf_init(&error, SIZE_MAX);
    sn_buf_init(&out, SIZE_MAX);
    snprintf(path, sizeof(path), "%s/s.conf", folder);
    put_file("s.conf", "port 7\nsentinel my");
    put_file("s.conf.journal", whole);
    assert_int_equal(sn_conf_load(path, 0, NULL, &conf, &error), 0);
    assert_string_equal(conf.image.myid.hex, ID_A);
    assert_int_equal(conf.notice_count, 1);
    assert_int_equal(sn_conf_render(&conf, &conf.image, "port 7\nsentinel my", 18, &out), 0);
    assert_non_null(strstr(sn_buf_text(&out), "# kept\n"));
    sn_conf_fini(&conf);

    /* The journal of somebody else with the same file name. */
    put_file("s.conf", "port 8\nsentinel myid " ID_B "\n");
    assert_int_equal(sn_conf_load(path, 0, NULL, &conf, &error), 0);
    assert_int_equal(conf.settings.port, 8);
    assert_string_equal(conf.image.myid.hex, ID_B);
    sn_conf_fini(&conf);
    drop_file("s.conf");
    drop_file("s.conf.journal");
    sn_buf_fini(&error);
    sn_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conf_redis__command_line_wins),
        cmocka_unit_test(test_conf_redis__includes),
        cmocka_unit_test(test_conf_redis__includes_are_relative_to_dir),
        cmocka_unit_test(test_conf_redis__command_lines_that_stock_takes),
        cmocka_unit_test(test_conf_redis__file_is_found_on_the_command_line),
        cmocka_unit_test(test_conf_redis__main_file_may_move_an_included_group),
        cmocka_unit_test(test_conf_redis__scripts_are_looked_up_from_dir),
        cmocka_unit_test(test_conf_redis__journal_of_an_unfinished_write),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
