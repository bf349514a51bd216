/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/store/store.h"

#include "base/alloc.h"
#include "base/error.h"
#include "conf/draft/draft.h"
#include "shell/store/slow_save.h"

#include "fake_core.h"
#include "folder.h"
#include "loop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
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
static unsigned render_ms;
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
    uv_sleep(render_ms);
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

    loop_start(&loop);
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
    render_ms = 0;
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

static void test_store__says_that_a_save_takes_long(void **state)
{
    (void)state;
    persist(1);
    assert_true(wait_for(1, 1));
    assert_null(strstr(content(log_path), "Saving the state"));
    render_ms = SN_SLOW_SAVE_MS + 300;
    persist(2);
    assert_true(wait_for(2, 2));
    assert_non_null(strstr(content(log_path), "seconds so far (formatting the state)"));
    assert_non_null(strstr(content(log_path), "seconds, and is done"));
}

static bool watched_ok;
static size_t watched;

static void on_watch(void *arg, bool ok, uint64_t took_ns)
{
    assert_ptr_equal(arg, &watched);
    watched++;
    watched_ok = ok;
    assert_true(took_ns > 0);
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
        TEST(store__says_that_a_save_takes_long),
        TEST(store__tells_its_watcher_first),
        TEST(store__waits_at_the_end_for_a_write_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
