/* SPDX-License-Identifier: BSD-3-Clause */

/* The chronicle: what is kept, and the file. */

#include "core_kit.h"
#include "folder.h"
#include "loop.h"

#include "shell/chronicle/chronicle.h"
#include "shell/chronicle/scroll.h"
#include "shell/chronicle/shelf.h"
#include "shell/report/history.h"

#include <jansson.h>
#include <sys/resource.h>
#include <utlist.h>

#define M  "master m1 10.0.0.1 6379"
#define M2 "master m1 10.0.0.2 6379"

static char folder[64];
static char path[128], old_path[128], log_path[128];
static struct sn_log *log_file;
static uv_loop_t loop;

static int make_place(void **state)
{
    (void)state;
    (void)strcpy(folder, "/tmp/chronicle-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/history", folder);
    (void)snprintf(old_path, sizeof(old_path), "%s/history.1", folder);
    (void)snprintf(log_path, sizeof(log_path), "%s/log", folder);
    assert_int_equal(sn_log_open(log_path, SN_LEVEL_DEBUG, NULL, NULL, &log_file), 0);
    loop_start(&loop);
    return 0;
}

static int clear_place(void **state)
{
    (void)state;
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    sn_log_close(log_file);
    (void)chmod(folder, 0700);
    remove_folder(folder);
    return 0;
}

static void add_line(void *arg, const char *line)
{
    sn_buf_puts(arg, line);
    sn_buf_puts(arg, "\n");
}

/* ---- the shelf ---- */

static void add_entry(struct sn_shelf *shelf, int id, const char *kind, const char *more)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "{\"id\":\"%d\",\"kind\":\"%s\",\"group\":\"m1\"%s}", id,
                   kind, more);
    assert_true(sn_shelf_add(shelf, text));
}

static const char *ids_of(const struct sn_shelf *shelf)
{
    static char text[512];
    const struct sn_shelf_entry *entry;
    text[0] = '\0';
    DL_FOREACH(shelf->entries, entry) {
        (void)strcat(text, entry->id);
        (void)strcat(text, " ");
    }
    return text;
}

static void test_shelf__drops_the_oldest_and_orders_before_failovers(void **state)
{
    struct sn_shelf shelf;
    (void)state;
    sn_shelf_init(&shelf, 4, 100000);
    for (int i = 1; i <= 5; i++)
        add_entry(&shelf, i, "failover", "");
    assert_string_equal(ids_of(&shelf), "2 3 4 5 ");
    for (int i = 6; i <= 20; i++)
        add_entry(&shelf, i, "event", "");
    assert_string_equal(ids_of(&shelf), "4 5 19 20 ");
    sn_shelf_fini(&shelf);
    sn_shelf_init(&shelf, 1000, 120);
    for (int i = 1; i <= 5; i++)
        add_entry(&shelf, i, "failover", "");
    assert_string_equal(ids_of(&shelf), "4 5 "); /* 47 bytes each */
    sn_shelf_fini(&shelf);
}

/* 200 replicas and 64 steps with long names are more than 100 KiB. */
static void test_shelf__takes_a_large_failover(void **state)
{
    struct sn_shelf shelf;
    char *why = malloc(200 * 1024);
    (void)state;
    memset(why, 'y', 200 * 1024 - 1);
    why[200 * 1024 - 1] = '\0';
    struct sn_buf line;
    sn_buf_init(&line, SIZE_MAX);
    sn_buf_puts(&line, "{\"id\":\"1\",\"kind\":\"failover\",\"why\":\"");
    sn_buf_puts(&line, why);
    sn_buf_puts(&line, "\"}");
    sn_shelf_init(&shelf, 4, 1024 * 1024);
    assert_true(sn_shelf_add(&shelf, sn_buf_text(&line)));
    sn_shelf_fini(&shelf);
    sn_buf_fini(&line);
    free(why);
}

/* The words are simple strings of a reply: nothing in them may end one. */
static void test_history__of_a_strange_file_is_one_line(void **state)
{
    static const char entry[] = "{\"id\":\"1-1\",\"kind\":\"failover\",\"leader\":\"a\\r\\n+b\","
                                "\"group\":\"m\\r1\",\"result\":\"\\n\"}";
    struct sn_buf lines;
    (void)state;
    sn_buf_init(&lines, SIZE_MAX);
    sn_history_lines(entry, true, add_line, &lines);
    assert_int_equal(strcspn(sn_buf_text(&lines), "\r\n") + 1, lines.len);
    sn_buf_fini(&lines);
}

static void test_shelf__counts_the_switches_of_a_group_since(void **state)
{
    static const char *const entries[] = {
        "{\"id\":\"1000-1\",\"kind\":\"failover\",\"group\":\"m1\",\"new_primary\":{}}",
        "{\"id\":\"2000-2\",\"kind\":\"down\",\"group\":\"m1\",\"new_primary\":null}",
        "{\"id\":\"2000-3\",\"kind\":\"failover\",\"group\":\"m2\",\"new_primary\":{}}",
        "{\"id\":\"2001-4\",\"kind\":\"switchover\",\"group\":\"m1\",\"new_primary\":{}}",
    };
    struct sn_shelf shelf;
    (void)state;
    sn_shelf_init(&shelf, 10, 100000);
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        assert_true(sn_shelf_add(&shelf, entries[i]));
    assert_int_equal(sn_shelf_count_switches(&shelf, "m1", 1000), 2);
    assert_int_equal(sn_shelf_count_switches(&shelf, "m1", 1001), 1);
    assert_int_equal(sn_shelf_count_switches(&shelf, "m1", 2002), 0);
    assert_int_equal(sn_shelf_count_switches(&shelf, "m2", 0), 1);
    assert_int_equal(sn_chronicle_count_switches(NULL, "m1", 1000), 0);
    sn_shelf_fini(&shelf);
}

static void test_shelf__takes_no_nonsense(void **state)
{
    static const char *const lines[] = {"",
                                        "{",
                                        "[]",
                                        "7",
                                        "{}",
                                        "{\"id\":7,\"kind\":\"event\"}",
                                        "{\"id\":\"1\"}",
                                        "{\"amends\":\"1\",\"lost_bytes\":1}",
                                        "{\"amends\":1}",
                                        "{\"id\":\"a\",\"kind\":\"event\""};
    struct sn_shelf shelf;
    (void)state;
    sn_shelf_init(&shelf, 10, 100000);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_false(sn_shelf_add(&shelf, lines[i]));
    add_entry(&shelf, 1, "failover", "");
    assert_false(sn_shelf_add(&shelf, "{\"id\":\"1\",\"kind\":\"event\"}")); /* twice */
    assert_int_equal(shelf.count, 1);
    sn_shelf_fini(&shelf);
}

static void test_shelf__learns_of_lost_writes_later(void **state)
{
    struct sn_shelf shelf;
    (void)state;
    sn_shelf_init(&shelf, 10, 100000);
    add_entry(&shelf, 1, "failover", ",\"lost_bytes\":null,\"new_primary\":{\"host\":\"h\"}");
    add_entry(&shelf, 2, "event", "");
    assert_string_equal(sn_shelf_last_switch(&shelf, "m1")->id, "1");
    assert_null(sn_shelf_last_switch(&shelf, "m2"));
    assert_true(sn_shelf_add(&shelf, "{\"amends\":\"1\",\"lost_bytes\":512}"));
    assert_non_null(strstr(shelf.entries->text, "\"lost_bytes\":512"));
    sn_shelf_fini(&shelf);
}

/* A file of such lines holds nobody up. */
static void test_shelf__learns_so_many_times_only(void **state)
{
    struct sn_shelf shelf;
    char line[64];
    size_t count = 0;
    (void)state;
    sn_shelf_init(&shelf, 10, 100000);
    add_entry(&shelf, 1, "failover", "");
    for (unsigned i = 1; i <= 1000; i++) {
        (void)snprintf(line, sizeof(line), "{\"amends\":\"1\",\"lost_bytes\":%u}", i);
        count += sn_shelf_add(&shelf, line);
    }
    assert_in_range(count, 10, 100);
    sn_shelf_fini(&shelf);
}

/* ---- the file ---- */

static void settle(void)
{
    uv_run(&loop, UV_RUN_DEFAULT);
}

static void test_scroll__keeps_lines_in_order(void **state)
{
    struct sn_scroll *scroll = sn_scroll_new(&loop, log_file, path);
    (void)state;
    sn_scroll_append(scroll, "one");
    sn_scroll_append(scroll, "two"); /* while the first is written */
    settle();
    assert_string_equal(content(path), "one\ntwo\n");
    sn_scroll_append(scroll, "three");
    sn_scroll_close(scroll); /* what is pending is written */
    settle();
    assert_string_equal(content(path), "one\ntwo\nthree\n");
}

static void test_scroll__is_rotated_once(void **state)
{
    struct sn_scroll *scroll = sn_scroll_new(&loop, log_file, path);
    char *line = malloc(100001);
    struct stat status;
    (void)state;
    for (int i = 0; i < 35; i++) {
        memset(line, 'a' + i % 26, 100000);
        line[100000] = '\0';
        sn_scroll_append(scroll, line);
        settle();
        assert_int_equal(stat(path, &status), 0);
        assert_true(status.st_size <= SN_SCROLL_FILE_MAX);
    }
    assert_int_equal(stat(old_path, &status), 0);
    assert_true(status.st_size > SN_SCROLL_FILE_MAX / 2 && status.st_size <= SN_SCROLL_FILE_MAX);
    free(line);
    sn_scroll_close(scroll);
}

static void test_scroll__that_cannot_be_written_is_told_once_and_made_good(void **state)
{
    struct sn_scroll *scroll;
    char inner[160];
    (void)state;
    (void)snprintf(inner, sizeof(inner), "%s/inner/history", folder);
    scroll = sn_scroll_new(&loop, log_file, inner);
    for (int i = 0; i < 3; i++) {
        sn_scroll_append(scroll, "line");
        settle();
    }
    const char *found = strstr(content(log_path), "Cannot write the history to ");
    assert_non_null(found);
    assert_null(strstr(found + 1, "Cannot write the history to "));
    (void)snprintf(inner, sizeof(inner), "%s/inner", folder);
    assert_int_equal(mkdir(inner, 0700), 0);
    sn_scroll_append(scroll, "last");
    settle();
    (void)snprintf(inner, sizeof(inner), "%s/inner/history", folder);
    assert_string_equal(content(inner), "line\nline\nline\nlast\n");
    assert_non_null(strstr(content(log_path), "The history is written to "));
    sn_scroll_close(scroll);
}

/* A limit of the size stands for a disk that is full in the middle of a write. */
static void test_scroll__half_a_line_is_taken_back(void **state)
{
    struct sn_scroll *scroll = sn_scroll_new(&loop, log_file, path);
    struct rlimit limit, small = {.rlim_cur = 100};
    char text[81];
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    sn_scroll_append(scroll, text);
    settle();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small.rlim_max = limit.rlim_max;
    sn_log_set_level(log_file, SN_LEVEL_NOTHING);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    sn_scroll_append(scroll, text);
    settle();
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    sn_log_set_level(log_file, SN_LEVEL_DEBUG);
    assert_int_equal(strlen(content(path)), 81);
    sn_scroll_append(scroll, "end");
    settle();
    assert_int_equal(strlen(content(path)), 81 + 81 + 4);
    sn_scroll_close(scroll);
}

static void test_scroll__pending_lines_are_bounded(void **state)
{
    struct sn_scroll *scroll;
    char inner[160], text[1001];
    struct stat status;
    (void)state;
    (void)snprintf(inner, sizeof(inner), "%s/inner/history", folder);
    scroll = sn_scroll_new(&loop, log_file, inner);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < 1000; i++)
        sn_scroll_append(scroll, text);
    settle();
    (void)snprintf(inner, sizeof(inner), "%s/inner", folder);
    assert_int_equal(mkdir(inner, 0700), 0);
    sn_scroll_append(scroll, "last");
    settle();
    (void)snprintf(inner, sizeof(inner), "%s/inner/history", folder);
    assert_int_equal(stat(inner, &status), 0);
    assert_in_range(status.st_size, SN_SCROLL_PENDING_MAX - 1001, SN_SCROLL_PENDING_MAX);
    assert_non_null(strstr(content(log_path), "again; 739 lines are lost"));
    sn_scroll_close(scroll);
}

static void collect(void *arg, const char *line)
{
    sn_buf_puts(arg, line);
    sn_buf_puts(arg, "|");
}

static void test_scroll__half_a_line_of_a_dead_process_spoils_no_other(void **state)
{
    struct sn_buf lines;
    (void)state;
    put(path, "one\nhalf", 0600);
    put(old_path, "zero\n", 0600);
    struct sn_scroll *scroll = sn_scroll_new(&loop, log_file, path);
    sn_scroll_append(scroll, "two");
    settle();
    sn_buf_init(&lines, SIZE_MAX);
    sn_scroll_load(scroll, collect, &lines);
    assert_string_equal(sn_buf_text(&lines), "zero|one|half|two|");
    sn_buf_fini(&lines);
    sn_scroll_close(scroll);
}

/* The end of a file that a loss of power has cut. */
static void test_scroll__nuls_hide_no_later_line(void **state)
{
    static const char nuls[4096] = {0};
    struct sn_buf lines;
    (void)state;
    put(path, "one\n", 0600);
    FILE *file = fopen(path, "ab");
    assert_non_null(file);
    assert_int_equal(fwrite(nuls, 1, sizeof(nuls), file), sizeof(nuls));
    assert_int_equal(fclose(file), 0);
    struct sn_scroll *scroll = sn_scroll_new(&loop, log_file, path);
    sn_scroll_append(scroll, "two");
    settle();
    sn_buf_init(&lines, SIZE_MAX);
    sn_scroll_load(scroll, collect, &lines);
    assert_string_equal(sn_buf_text(&lines), "one|two|");
    sn_buf_fini(&lines);
    sn_scroll_close(scroll);
}

/* ---- all of it ---- */

static void note(struct sn_chronicle *chronicle, const char *name, const char *payload)
{
    const struct sn_action_notice event = {SN_LEVEL_WARNING, name, payload, 0};
    sn_chronicle_note(chronicle, &event);
}

/* Collects the entries, and returns their number. */
static size_t collect_entries(const struct sn_chronicle *chronicle, const char *group, size_t most,
                              struct sn_buf *lines)
{
    struct sn_chronicle_place place;
    size_t count = 0;
    sn_chronicle_seek(chronicle, group, most, &place);
    while (sn_chronicle_next(chronicle, group, &place, lines))
        count++;
    return count;
}

static size_t count_entries(const struct sn_chronicle *chronicle, const char *group, size_t most)
{
    struct sn_buf lines;
    sn_buf_init(&lines, SIZE_MAX);
    size_t count = collect_entries(chronicle, group, most, &lines);
    sn_buf_fini(&lines);
    return count;
}

static void test_chronicle__survives_a_restart(void **state)
{
    struct sn_chronicle *chronicle = sn_chronicle_new(&loop, log_file, path);
    struct sn_buf lines;
    (void)state;
    note(chronicle, "+sdown", M);
    assert_int_equal(count_entries(chronicle, "m1", 10), 1); /* it goes on */
    note(chronicle, "-sdown", M);
    note(chronicle, "+switch-master", "m1 10.0.0.1 6379 10.0.0.2 6379");
    note(chronicle, "+lost-writes", "m1 10.0.0.1 6379 512");
    note(chronicle, "+set", "master m2 10.0.0.9 6379 quorum 3");
    note(chronicle, "-rescued-writes", "m2 10.0.0.9 6379");
    note(chronicle, "+pause", "master m2 10.0.0.9 6379 #for 600 s by x: work");
    note(chronicle, "-pause", "master m2 10.0.0.9 6379 #expired");
    note(chronicle, "+sdown", M2);
    assert_int_equal(count_entries(chronicle, NULL, 10), 7);
    assert_int_equal(count_entries(chronicle, "m2", 10), 4);
    assert_int_equal(count_entries(chronicle, NULL, 2), 2);
    sn_chronicle_close(chronicle);
    settle();
    chronicle = sn_chronicle_new(&loop, log_file, path);
    assert_int_equal(count_entries(chronicle, NULL, 10), 7);
    sn_buf_init(&lines, SIZE_MAX);
    assert_int_equal(collect_entries(chronicle, "m1", 10, &lines), 3);
    assert_non_null(strstr(lines.data, "\"lost_bytes\":512"));
    assert_non_null(strstr(lines.data, "\"result\":\"interrupted\""));
    sn_buf_fini(&lines);
    sn_chronicle_close(chronicle);
}

/* The old master may return before all replicas follow the new one: what it has lost is no loss of
 * the failover before. */
static void test_chronicle__a_loss_belongs_to_the_failover_under_way(void **state)
{
    struct sn_chronicle *chronicle = sn_chronicle_new(&loop, log_file, NULL);
    struct sn_buf lines;
    (void)state;
    note(chronicle, "+switch-master", "m1 10.0.0.1 6379 10.0.0.2 6379");
    note(chronicle, "+sdown", M2);
    note(chronicle, "+try-failover", M2);
    note(chronicle, "+elected-leader", M2);
    note(chronicle, "+switch-master", "m1 10.0.0.2 6379 10.0.0.3 6379");
    note(chronicle, "+lost-writes", "m1 10.0.0.2 6379 512");
    sn_buf_init(&lines, SIZE_MAX);
    assert_int_equal(collect_entries(chronicle, "m1", 10, &lines), 2);
    assert_null(strstr(lines.data, "\"lost_bytes\":512"));
    note(chronicle, "+failover-end", M);
    note(chronicle, "+lost-writes", "m1 10.0.0.2 6379 600");
    sn_buf_clear(&lines);
    assert_int_equal(collect_entries(chronicle, "m1", 10, &lines), 2);
    const char *second = strstr(lines.data, "+failover-end");
    assert_non_null(second);
    assert_null(strstr(lines.data, "\"lost_bytes\":512"));
    assert_non_null(strstr(lines.data, "\"lost_bytes\":600"));
    sn_buf_fini(&lines);
    sn_chronicle_close(chronicle);
}

static void test_chronicle__without_a_file_is_in_memory(void **state)
{
    struct sn_chronicle *chronicle = sn_chronicle_new(&loop, log_file, NULL);
    (void)state;
    note(chronicle, "+sdown", M);
    note(chronicle, "-sdown", M);
    assert_int_equal(count_entries(chronicle, NULL, 10), 1);
    sn_chronicle_close(chronicle);
    assert_int_not_equal(access(path, F_OK), 0);
    sn_chronicle_note(NULL, NULL);
    sn_chronicle_close(NULL);
}

/* Between two looks entries may come, go, and end. */
static void test_chronicle__a_place_outlasts_changes(void **state)
{
    struct sn_chronicle *chronicle = sn_chronicle_new(&loop, log_file, NULL);
    struct sn_chronicle_place place;
    struct sn_buf line;
    (void)state;
    sn_buf_init(&line, SIZE_MAX);
    note(chronicle, "+set", "master m1 10.0.0.1 6379 quorum 1");
    note(chronicle, "+set", "master m1 10.0.0.1 6379 quorum 2");
    note(chronicle, "+sdown", M);
    sn_chronicle_seek(chronicle, NULL, 2, &place);
    assert_true(sn_chronicle_next(chronicle, NULL, &place, &line));
    assert_non_null(strstr(line.data, "quorum 2"));
    for (int i = 0; i < SN_CHRONICLE_ENTRIES_MAX; i++)
        note(chronicle, "+set", "master m1 10.0.0.1 6379 quorum 3");
    sn_buf_clear(&line);
    assert_true(sn_chronicle_next(chronicle, NULL, &place, &line));
    assert_non_null(strstr(line.data, "quorum 3"));
    sn_chronicle_seek(chronicle, NULL, 1, &place);
    assert_true(place.number > 0);
    sn_buf_clear(&line);
    assert_true(sn_chronicle_next(chronicle, NULL, &place, &line));
    assert_non_null(strstr(line.data, "+sdown"));
    note(chronicle, "-sdown", M);
    assert_false(sn_chronicle_next(chronicle, NULL, &place, &line));
    sn_buf_fini(&line);
    sn_chronicle_close(chronicle);
}

/* A file that others have filled holds nobody up. */
static void test_chronicle__of_nonsense_is_empty(void **state)
{
    (void)state;
    put(path, "nonsense\n{\"id\":\"1\",\"kind\":\"failover\",\"group\":\"m1\"}\n\x01\x02{{{\n",
        0600);
    struct sn_chronicle *chronicle = sn_chronicle_new(&loop, log_file, path);
    assert_int_equal(count_entries(chronicle, NULL, 10), 1);
    struct sn_buf lines;
    sn_buf_init(&lines, SIZE_MAX);
    sn_history_lines("{\"id\":\"1\",\"kind\":\"failover\",\"group\":\"m1\\n\"}", true, add_line,
                     &lines);
    assert_string_equal(sn_buf_text(&lines),
                        " m1\\n: failover from unknown to unknown,  in 0 ms; led by another "
                        "sentinel; lost writes: unknown\n");
    sn_buf_fini(&lines);
    sn_chronicle_close(chronicle);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, clear_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shelf__drops_the_oldest_and_orders_before_failovers),
        cmocka_unit_test(test_shelf__takes_a_large_failover),
        cmocka_unit_test(test_history__of_a_strange_file_is_one_line),
        cmocka_unit_test(test_shelf__counts_the_switches_of_a_group_since),
        cmocka_unit_test(test_shelf__takes_no_nonsense),
        cmocka_unit_test(test_shelf__learns_of_lost_writes_later),
        cmocka_unit_test(test_shelf__learns_so_many_times_only),
        IN_PLACE(test_scroll__keeps_lines_in_order),
        IN_PLACE(test_scroll__is_rotated_once),
        IN_PLACE(test_scroll__that_cannot_be_written_is_told_once_and_made_good),
        IN_PLACE(test_scroll__half_a_line_is_taken_back),
        IN_PLACE(test_scroll__pending_lines_are_bounded),
        IN_PLACE(test_scroll__half_a_line_of_a_dead_process_spoils_no_other),
        IN_PLACE(test_scroll__nuls_hide_no_later_line),
        IN_PLACE(test_chronicle__survives_a_restart),
        IN_PLACE(test_chronicle__a_loss_belongs_to_the_failover_under_way),
        IN_PLACE(test_chronicle__without_a_file_is_in_memory),
        IN_PLACE(test_chronicle__a_place_outlasts_changes),
        IN_PLACE(test_chronicle__of_nonsense_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
