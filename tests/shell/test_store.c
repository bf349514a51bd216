/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* unshare */
#include "shell/store/store.h"

#include "base/alloc.h"
#include "base/error.h"
#include "conf/draft/draft.h"
#include "shell/store/store_file.h"

#include "fake_core.h"
#include "loop.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static uv_loop_t loop;
static struct sn_driver *driver;
static struct sn_store *store;
static struct sn_claim claim;
static struct sn_log *log_file;
static struct sn_conf conf;
static char folder[64];
static char file_path[96];
static char log_path[96];
static size_t writes; /* counted where the state is rendered */
static int render_status;
static bool file_was_edited; /* once */

/* In place of the real one: the file is the version, behind what was there, and the names of groups
 * that have changed (+) or are gone (-). */
struct sn_conf_draft {
    bool kept;
};

struct sn_conf_draft *sn_conf_draft_new(const struct sn_conf *config)
{
    (void)config;
    return sn_alloc(sizeof(struct sn_conf_draft));
}

void sn_conf_draft_free(struct sn_conf_draft *draft)
{
    free(draft);
}

int sn_conf_draft_render(struct sn_conf_draft *draft, const struct sn_conf_update *update,
                         const char *old, size_t old_len, struct sn_buf *out)
{
    if (!update->whole && (!draft->kept || file_was_edited)) {
        draft->kept = file_was_edited = false;
        return SN_EAGAIN;
    }
    __atomic_add_fetch(&writes, 1, __ATOMIC_SEQ_CST);
    draft->kept = render_status == 0;
    if (render_status != 0)
        return render_status;
    sn_buf_append(out, old, old_len);
    sn_buf_printf(out, "epoch %" PRIu64, update->image.current_epoch);
    for (size_t i = 0; i < update->gone.count; i++)
        sn_buf_printf(out, " -%s", update->gone.items[i]);
    for (size_t i = 0; i < update->image.group_count; i++)
        sn_buf_printf(out, " +%s", update->image.groups[i].name);
    sn_buf_puts(out, "\n");
    return 0;
}

/* The linker's names. NOLINTBEGIN(readability-identifier-naming) */
int __real_sn_claim_lock_new(int fd);
int __wrap_sn_claim_lock_new(int fd);
/* NOLINTEND(readability-identifier-naming) */

static struct sn_claim rival;
static bool rival_writes; /* once, between our look at the file and our rename */
static bool rival_stays;

int __wrap_sn_claim_lock_new(int fd)
{
    if (rival_writes) {
        bool waited;
        FILE *file = fopen(file_path, "w");
        rival_writes = false;
        if (file == NULL || fputs("theirs", file) < 0 || fclose(file) != 0)
            abort();
        sn_claim_init(&rival, file_path);
        if (rival_stays && sn_claim_take(&rival, 0, &waited) != 0)
            abort();
    }
    return __real_sn_claim_lock_new(fd);
}

static void port_idle(void *arg)
{
    (void)arg;
}

static void make_store(void)
{
    static const struct sn_driver_ports ports = {.idle = port_idle};

    uv_loop_init(&loop);
    driver = sn_driver_new(&loop, &fake_core, &ports, NULL);
    sn_claim_init(&claim, file_path);
    store = sn_store_new(&loop, &conf, &claim, log_file);
    sn_store_set_driver(store, driver);
}

static int set_up(void **state)
{
    (void)state;
    fake_core_reset();
    writes = 0;
    render_status = 0;
    file_was_edited = false;
    strcpy(folder, "/tmp/sn-store-XXXXXX");
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return -1;
    snprintf(file_path, sizeof(file_path), "%s/sentinel.state", folder);
    snprintf(log_path, sizeof(log_path), "%s.log", folder);
    conf = (struct sn_conf){.path = "unused", .state_path = file_path};
    if (sn_log_open(log_path, SN_LEVEL_DEBUG, NULL, NULL, &log_file) != 0)
        return -1;
    make_store();
    return 0;
}

static void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    char inner[512];

    if (dir == NULL)
        return;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
        if (unlink(inner) != 0)
            remove_folder(inner);
    }
    closedir(dir);
    rmdir(path);
}

static int tear_down(void **state)
{
    (void)state;
    if (store != NULL)
        sn_store_close(store);
    sn_driver_close(driver);
    loop_finish(&loop);
    sn_claim_fini(&claim);
    sn_log_close(log_file);
    fake_core_reset();
    unlink(log_path);
    if (chdir("/") != 0)
        return -1;
    remove_folder(folder);
    return 0;
}

static const char *content(const char *path)
{
    static char text[65536];
    FILE *file = fopen(path, "r");

    if (file == NULL)
        return "(no file)";
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    text[len] = '\0';
    fclose(file);
    return text;
}

static void put(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static mode_t mode_of(const char *path)
{
    struct stat entry;

    assert_int_equal(lstat(path, &entry), 0);
    return entry.st_mode & 07777;
}

static size_t files_in(const char *path)
{
    DIR *dir = opendir(path);
    size_t count = 0;

    if (dir == NULL)
        return 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return count;
}

static size_t wanted;

static bool has_persisted(void)
{
    return fake_core_count(SN_INPUT_PERSISTED, NULL) >= wanted;
}

/* The outcome of the next write, which carries version. */
static bool wait_for(size_t count, uint64_t version)
{
    const struct sn_input *last = NULL;

    wanted = count;
    assert_true(loop_run_until(&loop, has_persisted));
    assert_int_equal(fake_core_count(SN_INPUT_PERSISTED, &last), count);
    if (last == NULL)
        return false;
    assert_int_equal(last->u.persisted.version, version);
    return last->u.persisted.ok;
}

/* Without records: the whole state. */
static void persist(uint64_t version)
{
    const struct sn_action_persist action = {.version = version};

    fake_core.version = version;
    sn_store_persist(store, &action);
}

static void persist_record(uint64_t version, uint64_t group, const char *name, unsigned what)
{
    const struct sn_record record = {.group = group, .name = name, .what = what};
    const struct sn_action_persist action = {.version = version, .records = &record, .count = 1};

    fake_core.version = version;
    sn_store_persist(store, &action);
}

static void persist_group(uint64_t version, uint64_t group)
{
    persist_record(version, group, "old name", SN_RECORD_VOTE);
}

/* ---- the store ---- */

static void test_store__writes_a_new_state_file_for_the_owner_only(void **state)
{
    (void)state;
    persist(1);
    assert_true(wait_for(1, 1));
    assert_string_equal(content(file_path), "epoch 1\n");
    assert_int_equal(mode_of(file_path), 0600);
    assert_int_equal(files_in(folder), 1);
}

static void test_store__saves_all_versions_of_one_write_by_the_next(void **state)
{
    (void)state;
    for (uint64_t version = 1; version <= 1000; version++)
        persist(version);
    assert_true(wait_for(2, 1000));
    assert_int_equal(writes, 2);
    assert_int_equal(fake_core.snapshots, 2);
    assert_string_equal(content(file_path), "epoch 1000\n");
    loop_run_for(&loop, 20);
    assert_int_equal(writes, 2);
}

static void test_store__takes_the_snapshot_when_the_write_starts(void **state)
{
    (void)state;
    persist(1);
    fake_core.version = 2; /* not asked for yet */
    assert_true(wait_for(1, 1));
    assert_string_equal(content(file_path), "epoch 1\n");
}

static void test_store__copies_only_the_groups_that_have_changed(void **state)
{
    (void)state;
    persist_group(1, 7);
    assert_true(wait_for(1, 1)); /* the first one is the whole state */
    assert_int_equal(fake_core.snapshots, 1);
    assert_int_equal(fake_core.group_snapshots, 0);

    persist_group(2, 9);
    assert_true(wait_for(2, 2));
    assert_string_equal(content(file_path), "epoch 2 +g9\n");
    persist_record(3, 0, NULL, SN_RECORD_EPOCH);
    assert_true(wait_for(3, 3));
    assert_string_equal(content(file_path), "epoch 3\n");
    assert_int_equal(fake_core.snapshots, 1);
    assert_int_equal(fake_core.group_snapshots, 1);
}

static void test_store__copies_a_group_once_for_all_that_came_meanwhile(void **state)
{
    (void)state;
    persist(1);
    for (uint64_t version = 2; version <= 1000; version++)
        persist_group(version, 12 - version % 3);
    assert_true(wait_for(2, 1000));
    assert_string_equal(content(file_path), "epoch 1000 +g10 +g11 +g12\n"); /* by age */
    assert_int_equal(writes, 2);
    assert_int_equal(fake_core.group_snapshots, 3);
}

static void test_store__names_the_groups_that_are_gone(void **state)
{
    (void)state;
    persist(1);
    persist_group(2, 5);
    persist_record(3, 5, "a", SN_RECORD_GONE);
    fake_core.no_group = 6; /* and nobody says so */
    persist_record(4, 6, "b", SN_RECORD_VOTE);
    persist_record(5, 7, "a", SN_RECORD_GROUP);
    assert_true(wait_for(2, 5));
    assert_string_equal(content(file_path), "epoch 5 -old name -b +g7\n");
}

static void test_store__copies_all_when_settings_of_the_sentinel_change(void **state)
{
    (void)state;
    persist(1);
    assert_true(wait_for(1, 1));
    persist_record(2, 0, NULL, SN_RECORD_GLOBALS);
    assert_true(wait_for(2, 2));
    assert_int_equal(fake_core.snapshots, 2);
    persist_group(3, 4);
    assert_true(wait_for(3, 3));
    assert_int_equal(fake_core.snapshots, 2);
    assert_string_equal(content(file_path), "epoch 3 +g4\n");
}

static void test_store__copies_all_once_more_where_the_file_was_edited(void **state)
{
    (void)state;
    persist(1);
    assert_true(wait_for(1, 1));
    file_was_edited = true;
    persist_group(2, 4);
    assert_true(wait_for(2, 2));
    assert_string_equal(content(file_path), "epoch 2\n");
    assert_int_equal(fake_core.snapshots, 2);
    assert_int_equal(writes, 2); /* one result for both attempts */
    persist_group(3, 4);
    assert_true(wait_for(3, 3));
    assert_int_equal(fake_core.snapshots, 2);
}

static void test_store__copies_all_behind_a_failed_write(void **state)
{
    (void)state;
    char path[160];

    persist(1);
    assert_true(wait_for(1, 1));
    assert_int_equal(rename(folder, strcat(strcpy(path, folder), "-away")), 0);
    persist_group(2, 4);
    assert_false(wait_for(2, 2));
    assert_int_equal(rename(path, folder), 0);
    persist_group(3, 5);
    assert_true(wait_for(3, 3));
    assert_string_equal(content(file_path), "epoch 3\n"); /* of all, so nothing is lost */
    assert_int_equal(fake_core.snapshots, 2);
}

static void test_store__at_the_end_writes_what_is_under_way_also_if_it_needs_all(void **state)
{
    (void)state;
    persist(1);
    assert_true(wait_for(1, 1));
    file_was_edited = true;
    persist_group(2, 4);
    sn_store_close(store);
    store = NULL;
    assert_string_equal(content(file_path), "epoch 2\n");
}

static void test_store__hands_the_old_text_to_a_rewritten_configuration(void **state)
{
    (void)state;
    conf.state_in_conf = true;
    put(file_path, "# mine\n", 0640);
    persist(3);
    assert_true(wait_for(1, 3));
    assert_string_equal(content(file_path), "# mine\nepoch 3\n");
    assert_int_equal(mode_of(file_path), 0640);
}

static void test_store__keeps_a_symbolic_link(void **state)
{
    (void)state;
    char inner[128];
    char target[160];
    char text[160];

    snprintf(inner, sizeof(inner), "%s/real", folder);
    snprintf(target, sizeof(target), "%s/state", inner);
    assert_int_equal(mkdir(inner, 0700), 0);
    put(target, "old", 0604);
    assert_int_equal(symlink("real/state", file_path), 0);
    sn_claim_fini(&claim);
    sn_claim_init(&claim, file_path); /* as at the start */
    persist(4);
    assert_true(wait_for(1, 4));
    ssize_t len = readlink(file_path, text, sizeof(text) - 1);
    assert_true(len > 0);
    text[len] = '\0';
    assert_string_equal(text, "real/state");
    assert_string_equal(content(target), "epoch 4\n");
    assert_int_equal(mode_of(target), 0604);
    assert_int_equal(files_in(inner), 1);
}

/* Whoever may write to the folder could send a process of root anywhere. */
static void test_store__replaces_a_symbolic_link_that_appears_later(void **state)
{
    (void)state;
    char victim[128];

    conf.state_in_conf = true;
    snprintf(victim, sizeof(victim), "%s/victim", folder);
    put(victim, "secret\n", 0600);
    put(file_path, "# mine\n", 0600);
    sn_claim_fini(&claim);
    sn_claim_init(&claim, file_path);
    assert_int_equal(unlink(file_path), 0);
    assert_int_equal(symlink("victim", file_path), 0);
    persist(4);
    assert_true(wait_for(1, 4));
    assert_string_equal(content(victim), "secret\n");
    assert_string_equal(content(file_path), "epoch 4\n"); /* and nothing was read through it */
    assert_non_null(strstr(content(log_path), "has become a symbolic link"));
}

static void test_store__pipe_in_place_of_the_file_is_a_failure_and_holds_nobody_up(void **state)
{
    (void)state;
    for (int in_conf = 0; in_conf <= 1; in_conf++) {
        conf.state_in_conf = in_conf == 1;
        assert_int_equal(mkfifo(file_path, 0600), 0);
        persist((uint64_t)in_conf + 1);
        assert_false(wait_for((size_t)in_conf + 1, (uint64_t)in_conf + 1));
        assert_non_null(strstr(content(log_path), "not a regular file"));
        assert_int_equal(unlink(file_path), 0);
    }
}

static void test_store__is_refused_a_file_that_another_one_keeps(void **state)
{
    (void)state;
    struct sn_claim other;
    bool waited;

    persist(1);
    assert_true(wait_for(1, 1));
    sn_claim_init(&other, file_path);
    assert_int_equal(sn_claim_take(&other, 50, &waited), SN_EEXIST);
    assert_true(waited);
    assert_true(sn_claim_is_taken(file_path));
    /* Replaced by each write, it stays ours. */
    persist(2);
    assert_true(wait_for(2, 2));
    assert_int_equal(sn_claim_take(&other, 0, &waited), SN_EEXIST);

    /* A file that somebody else has put there, and keeps. */
    assert_int_equal(unlink(file_path), 0);
    put(file_path, "theirs", 0600);
    assert_int_equal(sn_claim_take(&other, 0, &waited), 0);
    assert_false(waited);
    persist(3);
    assert_false(wait_for(3, 3));
    assert_string_equal(content(file_path), "theirs");
    assert_non_null(strstr(content(log_path), "is in use by another process"));
    sn_claim_fini(&other);
    persist(4);
    assert_true(wait_for(4, 4));
    sn_claim_init(&other, file_path);
    assert_int_equal(sn_claim_take(&other, 0, &waited), SN_EEXIST);
    sn_claim_fini(&other);
}

static void test_store__first_file_is_kept_by_the_first_of_two(void **state)
{
    (void)state;
    rival_writes = rival_stays = true;
    persist(1);
    assert_false(wait_for(1, 1));
    assert_string_equal(content(file_path), "theirs");
    assert_non_null(strstr(content(log_path), "is in use by another process"));
    sn_claim_fini(&rival);
}

static void test_store__first_file_of_one_that_has_ended_is_replaced(void **state)
{
    (void)state;
    rival_writes = true;
    rival_stays = false;
    persist(1);
    assert_true(wait_for(1, 1));
    assert_string_equal(content(file_path), "epoch 1\n");
    sn_claim_fini(&rival);
}

static void test_store__removes_what_a_killed_one_has_left_behind(void **state)
{
    (void)state;
    char temporary[160];

    snprintf(temporary, sizeof(temporary), "%s/.sentinel.state.sentineld-tmp", folder);
    put(temporary, "requirepass secret", 0600);
    sn_store_try(store);
    while (access(temporary, F_OK) == 0)
        uv_run(&loop, UV_RUN_ONCE);
    loop_run_for(&loop, 20);
    assert_int_equal(writes, 1);
    assert_int_equal(fake_core.event_count, 0); /* nobody has asked for this one */
    assert_int_equal(files_in(folder), 1);
}

static void test_store__tells_a_failure_and_works_again(void **state)
{
    (void)state;
    char missing[128];
    char path[160];

    snprintf(missing, sizeof(missing), "%s/missing", folder);
    snprintf(path, sizeof(path), "%s/state", missing);
    conf.state_path = path;
    sn_claim_fini(&claim);
    sn_claim_init(&claim, path);
    persist(1);
    assert_false(wait_for(1, 1));
    const char *text = content(log_path);
    assert_non_null(strstr(text, "WARNING: Sentinel was not able to save the new configuration on "
                                 "disk!!!: creating a temporary file"));
    assert_non_null(strstr(text, "no such file or directory"));

    assert_int_equal(mkdir(missing, 0700), 0);
    persist(2);
    assert_true(wait_for(2, 2));
    assert_string_equal(content(path), "epoch 2\n");
    assert_non_null(strstr(content(log_path), "The state can be saved again"));
    assert_non_null(strstr(content(log_path), "(version 2)"));
}

static void test_store__fails_what_cannot_be_rendered(void **state)
{
    (void)state;
    put(file_path, "old", 0600);
    render_status = SN_EINVAL;
    persist(1);
    assert_false(wait_for(1, 1));
    assert_string_equal(content(file_path), "old");
    assert_int_equal(files_in(folder), 1);
}

static void test_store__starts_again_after_a_failure_if_more_was_asked(void **state)
{
    (void)state;
    render_status = SN_EINVAL;
    persist(1);
    persist(2);
    wanted = 2;
    assert_true(loop_run_until(&loop, has_persisted));
    assert_int_equal(fake_core.events[0].u.persisted.version, 1);
    assert_int_equal(fake_core.events[1].u.persisted.version, 2);
    loop_run_for(&loop, 20);
    assert_int_equal(writes, 2); /* when to retry is the core's to say */
}

static bool watched_ok;
static size_t watched;

static void on_watch(void *arg, bool ok)
{
    assert_ptr_equal(arg, &watched);
    watched++;
    watched_ok = ok;
    assert_int_equal(fake_core.event_count, 0); /* before it is fed */
}

static void test_store__tells_its_watcher_first(void **state)
{
    (void)state;
    watched = 0;
    sn_store_set_watch(store, on_watch, &watched);
    persist(1);
    assert_true(wait_for(1, 1));
    assert_int_equal(watched, 1);
    assert_true(watched_ok);
}

static void test_store__waits_at_the_end_for_a_write_under_way(void **state)
{
    (void)state;
    persist(1);
    persist(2);
    sn_store_close(store);
    store = NULL;
    assert_string_equal(content(file_path), "epoch 1\n");
    loop_run_for(&loop, 20);
    assert_int_equal(writes, 1);
    assert_int_equal(fake_core.event_count, 0);
}

/* ---- the file ---- */

static const struct sn_store_access ours = {.mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1};

static int write_text(const char *path, const char *text, bool *in_place, char *reason)
{
    struct sn_store_file file = {.path = path, .access = ours, .journal_dir = "."};

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
    if (!in_place)
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
        TEST(store__writes_a_new_state_file_for_the_owner_only),
        TEST(store__saves_all_versions_of_one_write_by_the_next),
        TEST(store__takes_the_snapshot_when_the_write_starts),
        TEST(store__copies_only_the_groups_that_have_changed),
        TEST(store__copies_a_group_once_for_all_that_came_meanwhile),
        TEST(store__names_the_groups_that_are_gone),
        TEST(store__copies_all_when_settings_of_the_sentinel_change),
        TEST(store__copies_all_once_more_where_the_file_was_edited),
        TEST(store__copies_all_behind_a_failed_write),
        TEST(store__at_the_end_writes_what_is_under_way_also_if_it_needs_all),
        TEST(store__hands_the_old_text_to_a_rewritten_configuration),
        TEST(store__keeps_a_symbolic_link),
        TEST(store__replaces_a_symbolic_link_that_appears_later),
        TEST(store__pipe_in_place_of_the_file_is_a_failure_and_holds_nobody_up),
        TEST(store__is_refused_a_file_that_another_one_keeps),
        TEST(store__first_file_is_kept_by_the_first_of_two),
        TEST(store__first_file_of_one_that_has_ended_is_replaced),
        TEST(store__removes_what_a_killed_one_has_left_behind),
        TEST(store__tells_a_failure_and_works_again),
        TEST(store__fails_what_cannot_be_rendered),
        TEST(store__starts_again_after_a_failure_if_more_was_asked),
        TEST(store__tells_its_watcher_first),
        TEST(store__waits_at_the_end_for_a_write_under_way),
        TEST(store_file__that_was_lost_is_whose_it_was),
        TEST(store_file__reads_nothing_where_there_is_nothing),
        TEST(store_file__overwrites_a_single_mounted_file),
        TEST(store_file__is_overwritten_without_a_journal_where_nothing_else_is_open),
        TEST(store_file__of_somebody_else_is_not_given_back_by_others_than_root),
        TEST(store_file__says_what_a_closed_folder_forbids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
