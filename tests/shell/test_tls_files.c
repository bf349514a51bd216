/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/net/tls_files.h"

#include "base/prng.h"

#include "folder.h"

#include <fcntl.h>
#include <time.h>

static char folder[64];
static char one[96], link_to_one[96];
static const struct timespec unchanged[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/sn-tls-files-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(one, sizeof(one), "%s/one.pem", folder);
    snprintf(link_to_one, sizeof(link_to_one), "%s/12345678.0", folder);
    put(one, "one", 0600);
    return symlink("one.pem", link_to_one);
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static uint64_t look(const char *path)
{
    return sn_tls_fingerprint(SN_HASH_START, path);
}

/* True if what is done by shows. */
static bool shows(const char *path, void (*by)(void))
{
    uint64_t before = look(path);

    assert_true(look(path) == before);
    by();
    return look(path) != before;
}

/* The folder itself stays as it was. */
static void overwrite_in_place(void)
{
    struct stat before, after;

    assert_int_equal(stat(folder, &before), 0);
    put(one, "another", 0600);
    assert_int_equal(stat(folder, &after), 0);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

/* Time stamps may be as coarse as the kernel's tick. */
static void overwrite_with_the_same_length_and_time(void)
{
    const struct timespec tick = {.tv_nsec = 20000000};

    nanosleep(&tick, NULL);
    put(one, "two", 0600);
    assert_int_equal(utimensat(AT_FDCWD, one, unchanged, 0), 0);
}

static void add_a_file(void)
{
    char path[96];

    snprintf(path, sizeof(path), "%s/two.pem", folder);
    put(path, "two", 0600);
    assert_int_equal(utimensat(AT_FDCWD, folder, unchanged, 0), 0);
}

static void remove_a_file(void)
{
    assert_int_equal(unlink(link_to_one), 0);
}

static void rename_a_file(void)
{
    char path[96];

    snprintf(path, sizeof(path), "%s/three.pem", folder);
    assert_int_equal(rename(one, path), 0);
}

static void test_tls_files__changes_show(void **state)
{
    (void)state;
    assert_true(shows(one, overwrite_with_the_same_length_and_time));
    assert_true(shows(one, overwrite_in_place));
    assert_true(shows(one, rename_a_file));
    assert_false(shows(one, remove_a_file)); /* of another one */
    assert_true(look("") == look(NULL));
    assert_true(look(one) == look("")); /* it is gone */
}

static void test_tls_files__changes_in_a_folder_show(void **state)
{
    (void)state;
    assert_true(shows(folder, overwrite_with_the_same_length_and_time));
    assert_true(shows(folder, overwrite_in_place));
    assert_true(shows(folder, add_a_file));
    assert_true(shows(folder, rename_a_file));
    assert_true(shows(folder, remove_a_file));
}

static char elsewhere[96];

static void overwrite_elsewhere(void)
{
    put(elsewhere, "longer", 0600);
}

static void test_tls_files__links_in_a_folder_are_followed(void **state)
{
    char path[96];

    (void)state;
    snprintf(elsewhere, sizeof(elsewhere), "%s.pem", folder);
    snprintf(path, sizeof(path), "%s/87654321.0", folder);
    put(elsewhere, "short", 0600);
    assert_int_equal(symlink(elsewhere, path), 0);
    assert_true(shows(folder, overwrite_elsewhere));
    assert_int_equal(unlink(elsewhere), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tls_files__changes_show),
        TEST(tls_files__changes_in_a_folder_show),
        TEST(tls_files__links_in_a_folder_are_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
