/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* unshare */
#include "shell/store/store_file.h"

#include "base/error.h"

#include "folder.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static char folder[64];
static char file_path[96];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/sn-store-XXXXXX");
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return -1;
    snprintf(file_path, sizeof(file_path), "%s/sentinel.state", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (chdir("/") != 0)
        return -1;
    remove_folder(folder);
    return 0;
}

static const struct sn_store_access ours = {.mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1};

static sn_save_step step;

static int write_text(const char *path, const char *text, bool *in_place, char *reason)
{
    struct sn_store_file file = {.path = path, .access = ours, .journal_dir = ".", .step = &step};

    return sn_store_file_write(&file, text, strlen(text), in_place, reason);
}

static void test_store_file__that_was_lost_is_whose_it_was(void **state)
{
    struct sn_store_file file = {.path = file_path, .journal_dir = "."};
    struct stat info;
    char reason[SN_STORE_REASON_MAX];
    bool in_place;

    (void)state;
    put(file_path, "old", 0640);
    if (geteuid() == 0)
        assert_int_equal(chown(file_path, 65533, 65534), 0);
    sn_store_access_of(file_path, 0600, &file.access);
    assert_int_equal(unlink(file_path), 0);
    assert_int_equal(sn_store_file_write(&file, "new", 3, &in_place, reason), 0);
    assert_int_equal(stat(file_path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    if (geteuid() == 0) {
        assert_int_equal(info.st_uid, 65533);
        assert_int_equal(info.st_gid, 65534);
        /* One that somebody has put there keeps its own. */
        assert_int_equal(chown(file_path, 0, 65532), 0);
        assert_int_equal(sn_store_file_write(&file, "new", 3, &in_place, reason), 0);
        assert_int_equal(stat(file_path, &info), 0);
        assert_int_equal(info.st_uid, 0);
        assert_int_equal(info.st_gid, 65532);
    }
    assert_int_equal(unlink(file_path), 0);
    sn_store_access_of(file_path, 0604, &file.access);
    assert_int_equal(sn_store_file_write(&file, "new", 3, &in_place, reason), 0);
    assert_int_equal(stat(file_path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0604);
    assert_int_equal(info.st_uid, geteuid());
}

static void test_store_file__reads_nothing_where_there_is_nothing(void **state)
{
    (void)state;
    struct sn_buf buf;
    char reason[SN_STORE_REASON_MAX];

    sn_buf_init(&buf, 10);
    assert_int_equal(sn_store_file_read(file_path, true, &buf, reason), 0);
    assert_int_equal(buf.len, 0);
    put(file_path, "0123456789", 0600);
    assert_int_equal(sn_store_file_read(file_path, true, &buf, reason), 0);
    assert_string_equal(sn_buf_text(&buf), "0123456789");
    sn_buf_clear(&buf);
    put(file_path, "0123456789a", 0600);
    assert_int_equal(sn_store_file_read(file_path, true, &buf, reason), SN_EFULL);
    assert_int_equal(sn_store_file_read(folder, true, &buf, reason), SN_EIO);
    sn_buf_fini(&buf);
}

/* Child processes report what they saw by their exit status, because cmocka lives in the parent. */
static int in_child(int (*body)(void))
{
    int status = 0;

    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(body());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

enum { CHILD_OK = 0, CHILD_SKIP = 77 };

/* A single file mounted over itself: it can be written, but nothing can be renamed to it. */
static int overwrite_a_mounted_file(void)
{
    bool in_place = false;
    char reason[SN_STORE_REASON_MAX] = "";

    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return CHILD_SKIP;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(file_path, file_path, NULL, MS_BIND, NULL) != 0)
        return CHILD_SKIP;
    if (write_text(file_path, "short", &in_place, reason) != 0) {
        fprintf(stderr, "%s\n", reason);
        return 1;
    }
    if (!in_place || atomic_load(&step) != SN_SAVE_SYNCS_IN_PLACE)
        return 2;
    if (strcmp(content(file_path), "short") != 0)
        return 3;
    /* The journal and the temporary file are gone. */
    if (files_in(folder) != 1)
        return 4;
    return CHILD_OK;
}

/* Neither its folder nor the working directory can be written, by anybody but root. */
static int overwrite_the_only_file_that_is_open(void)
{
    bool in_place = false;
    char reason[SN_STORE_REASON_MAX] = "";
    char journal[160];
    struct sn_store_file file = {.path = file_path, .access = ours, .journal_dir = "/"};

    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return CHILD_SKIP;
    if (sn_store_file_write(&file, "fresh", 5, &in_place, reason) != 0) {
        fprintf(stderr, "%s\n", reason);
        return 1;
    }
    if (!in_place || !file.bare || strcmp(content(file_path), "fresh") != 0)
        return 2;
    /* An old journal that cannot be removed must not count any more. */
    snprintf(journal, sizeof(journal), "%s.journal", file_path);
    return strcmp(content(journal), "") == 0 ? CHILD_OK : 3;
}

static void
test_store_file__is_overwritten_without_a_journal_where_nothing_else_is_open(void **state)
{
    (void)state;
    char journal[160];

    snprintf(journal, sizeof(journal), "%s.journal", file_path);
    put(file_path, "a longer text that must not shine through", 0666);
    put(journal, "older", 0666);
    assert_int_equal(chmod(folder, 0555), 0);
    int outcome = in_child(overwrite_the_only_file_that_is_open);
    assert_int_equal(chmod(folder, 0755), 0);
    if (outcome == CHILD_SKIP)
        skip();
    assert_int_equal(outcome, CHILD_OK);
}

/* As service units filter it (SystemCallFilter=~@privileged): who tries is killed. */
static int write_where_chown_kills(void)
{
    bool in_place = false;
    char reason[SN_STORE_REASON_MAX] = "";
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fchown, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fchownat, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    const struct sock_fprog filter = {.len = 5, .filter = program};

    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return CHILD_SKIP;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        return CHILD_SKIP;
    return write_text(file_path, "new", &in_place, reason) == 0 ? CHILD_OK : 1;
}

static void test_store_file__of_somebody_else_is_not_given_back_by_others_than_root(void **state)
{
    (void)state;
    put(file_path, "old", 0666);
    assert_int_equal(chmod(folder, 0777), 0);
    int outcome = in_child(write_where_chown_kills);
    if (outcome == CHILD_SKIP)
        skip();
    assert_int_equal(outcome, CHILD_OK);
    assert_string_equal(content(file_path), "new");
    assert_int_equal(mode_of(file_path), 0666);
}

static void test_store_file__overwrites_a_single_mounted_file(void **state)
{
    (void)state;
    put(file_path, "a longer text that must not shine through", 0640);
    int outcome = in_child(overwrite_a_mounted_file);
    if (outcome == CHILD_SKIP)
        skip();
    assert_int_equal(outcome, CHILD_OK);
    assert_int_equal(mode_of(file_path), 0640);
}

static int write_where_it_is_forbidden(void)
{
    char path[128];
    bool in_place = false;
    char reason[SN_STORE_REASON_MAX] = "";

    snprintf(path, sizeof(path), "%s/closed/state", folder);
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return CHILD_SKIP;
    if (write_text(path, "new", &in_place, reason) != SN_EIO)
        return 1;
    if (strstr(reason, "permission denied") == NULL)
        return 2;
    return CHILD_OK;
}

static void test_store_file__says_what_a_closed_folder_forbids(void **state)
{
    (void)state;
    char closed[128];
    char path[160];

    snprintf(closed, sizeof(closed), "%s/closed", folder);
    snprintf(path, sizeof(path), "%s/state", closed);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(mkdir(closed, 0755), 0);
    put(path, "old", 0444);
    assert_int_equal(chmod(closed, 0555), 0);
    int outcome = in_child(write_where_it_is_forbidden);
    assert_int_equal(chmod(closed, 0755), 0);
    if (outcome == CHILD_SKIP)
        skip();
    assert_int_equal(outcome, CHILD_OK);
    assert_string_equal(content(path), "old");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(store_file__that_was_lost_is_whose_it_was),
        TEST(store_file__reads_nothing_where_there_is_nothing),
        TEST(store_file__overwrites_a_single_mounted_file),
        TEST(store_file__is_overwritten_without_a_journal_where_nothing_else_is_open),
        TEST(store_file__of_somebody_else_is_not_given_back_by_others_than_root),
        TEST(store_file__says_what_a_closed_folder_forbids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
