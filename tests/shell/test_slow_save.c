/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/store/slow_save.h"

#include "folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define START 5000

static char log_path[] = "/tmp/sn-slow-save-XXXXXX";
static sn_save_step step;
static struct sn_slow_save slow;

static int set_up(void **state)
{
    (void)state;
    strcpy(log_path + strlen(log_path) - 6, "XXXXXX");
    int fd = mkstemp(log_path);
    if (fd < 0 || close(fd) != 0)
        return -1;
    slow = (struct sn_slow_save){.path = "/var/lib/s.state", .step = &step};
    if (sn_log_open(log_path, SN_LEVEL_DEBUG, NULL, NULL, &slow.log) != 0)
        return -1;
    atomic_store(&step, SN_SAVE_SYNCS);
    sn_slow_save_begin(&slow, START);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sn_log_close(slow.log);
    return unlink(log_path);
}

static size_t lines(void)
{
    size_t count = 0;

    for (const char *text = content(log_path); *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static void test_slow_save__is_told_at_a_second_and_ten_times_later_each(void **state)
{
    (void)state;
    assert_int_equal(sn_slow_save_look(&slow, START + 999), START + 1000);
    assert_int_equal(lines(), 0);
    assert_int_equal(sn_slow_save_look(&slow, START + 1000), START + 10000);
    assert_int_equal(lines(), 1);
    assert_non_null(strstr(content(log_path), "Saving the state to /var/lib/s.state has taken 1.0 "
                                              "seconds so far (syncing a temporary file)"));
    assert_int_equal(sn_slow_save_look(&slow, START + 9999), START + 10000);
    assert_int_equal(lines(), 1);
    atomic_store(&step, SN_SAVE_SYNCS_FOLDER);
    assert_int_equal(sn_slow_save_look(&slow, START + 10000), START + 100000);
    assert_int_equal(lines(), 2);
    assert_non_null(strstr(content(log_path), "10.0 seconds so far (syncing the folder)"));
    /* The process was stopped meanwhile: one line for all. */
    assert_int_equal(sn_slow_save_look(&slow, START + 3000000), START + 10000000);
    assert_int_equal(lines(), 3);
}

static void test_slow_save__end_is_told_only_of_a_long_one(void **state)
{
    (void)state;
    sn_slow_save_end(&slow, START + 999, true);
    assert_int_equal(lines(), 0);
    sn_slow_save_end(&slow, START + 1000, true);
    assert_non_null(strstr(content(log_path), "took 1.0 seconds, and is done"));
    sn_slow_save_end(&slow, START + 2500, false);
    assert_non_null(strstr(content(log_path), "took 2.5 seconds, and failed"));
}

static void test_slow_save__next_one_is_told_anew(void **state)
{
    (void)state;
    sn_slow_save_look(&slow, START + 1000);
    sn_slow_save_begin(&slow, START + 2000);
    assert_int_equal(sn_slow_save_look(&slow, START + 2999), START + 3000);
    assert_int_equal(sn_slow_save_look(&slow, START + 3000), START + 12000);
    assert_int_equal(lines(), 2);
}

static void test_slow_save__each_step_has_words(void **state)
{
    (void)state;
    for (int each = SN_SAVE_NOT_BEGUN; each <= SN_SAVE_SYNCS_IN_PLACE; each++) {
        atomic_store(&step, (enum sn_save_step)each);
        sn_slow_save_begin(&slow, START);
        sn_slow_save_look(&slow, START + 1000);
    }
    assert_int_equal(lines(), SN_SAVE_SYNCS_IN_PLACE + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(slow_save__is_told_at_a_second_and_ten_times_later_each),
        TEST(slow_save__end_is_told_only_of_a_long_one),
        TEST(slow_save__next_one_is_told_anew),
        TEST(slow_save__each_step_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
