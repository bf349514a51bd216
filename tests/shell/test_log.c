/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/log/log.h"

#include "base/error.h"
#include "shell/log/log_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

static char folder[64];
static char path[128];
static char moved[128];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/sn-log-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/sentinel.log", folder);
    snprintf(moved, sizeof(moved), "%s/sentinel.log.1", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    unlink(moved);
    return rmdir(folder);
}

static const char *content(const char *name)
{
    static char text[65536];
    FILE *file = fopen(name, "r");

    assert_non_null(file);
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    text[len] = '\0';
    fclose(file);
    return text;
}

/* In place of the C library's: what would reach the system's log. */
static char syslog_ident[64];
static int syslog_facility, syslog_priority;
static char syslog_text[256];
static int syslog_count;

void openlog(const char *ident, int option, int facility)
{
    (void)option;
    snprintf(syslog_ident, sizeof(syslog_ident), "%s", ident);
    syslog_facility = facility;
}

SN_PRINTF(2, 0)
static void take_syslog(int priority, const char *format, va_list arguments)
{
    syslog_priority = priority;
    syslog_count++;
    vsnprintf(syslog_text, sizeof(syslog_text), format, arguments);
}

void syslog(int priority, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    take_syslog(priority, format, arguments);
    va_end(arguments);
}

/* What hardened builds call. NOLINTNEXTLINE(readability-identifier-naming) */
SN_PRINTF(3, 4) void __syslog_chk(int priority, int flag, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...)
{
    va_list arguments;

    (void)flag;
    va_start(arguments, format);
    take_syslog(priority, format, arguments);
    va_end(arguments);
}

static struct sn_log *open_log(enum sn_level level)
{
    struct sn_log *log = NULL;

    assert_int_equal(sn_log_open(path, level, NULL, NULL, &log), 0);
    return log;
}

static bool matches(const char *text, const char *expression)
{
    regex_t pattern;

    assert_int_equal(regcomp(&pattern, expression, REG_EXTENDED | REG_NOSUB), 0);
    bool found = regexec(&pattern, text, 0, NULL, 0) == 0;
    regfree(&pattern);
    return found;
}

static void test_log__may_be_logfmt_with_other_timestamps(void **state)
{
    static const struct {
        const char *format, *timestamp, *expected;
    } rows[] = {
        {"logfmt", "legacy",
         "^pid=[0-9]+ role=sentinel timestamp=\"[0-9]{2} [A-Z][a-z]{2} [0-9]{4} "
         "[0-9:]{8}\\.[0-9]{3}\" "
         "level=warning message=\"a 'b' \\\\n\"\n$"},
        {"LogFmt", "ISO8601",
         "^pid=[0-9]+ role=sentinel "
         "timestamp=\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}[+-][0-9]{2}:"
         "[0-9]{2}\" level=warning message=\"a 'b' \\\\n\"\n$"},
        {"legacy", "milliseconds", "^[0-9]+:X [0-9]{13} # a \"b\" \\\\n\n$"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct sn_log *log = open_log(SN_LEVEL_NOTICE);
        sn_log_set_format(log, rows[i].format, rows[i].timestamp);
        sn_log(log, SN_LEVEL_WARNING, "a \"b\" \n");
        sn_log_close(log);
        if (!matches(content(path), rows[i].expected))
            fail_msg("row %zu: %s", i, content(path));
        unlink(path);
    }
}

static void test_log__writes_lines_in_the_stock_format(void **state)
{
    (void)state;
    struct sn_log *log = open_log(SN_LEVEL_NOTICE);
    regex_t pattern;

    sn_log(log, SN_LEVEL_WARNING, "+sdown master %s", "m");
    sn_log_close(log);
    assert_int_equal(regcomp(&pattern,
                             "^[0-9]+:X [0-9]{2} [A-Z][a-z]{2} [0-9]{4} "
                             "[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} # \\+sdown master m\n$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    assert_int_equal(regexec(&pattern, content(path), 0, NULL, 0), 0);
    regfree(&pattern);
}

static void test_log__marks_each_level(void **state)
{
    (void)state;
    struct sn_log *log = open_log(SN_LEVEL_DEBUG);

    sn_log(log, SN_LEVEL_DEBUG, "one");
    sn_log(log, SN_LEVEL_VERBOSE, "two");
    sn_log(log, SN_LEVEL_NOTICE, "three");
    sn_log(log, SN_LEVEL_WARNING, "four");
    sn_log_close(log);
    assert_non_null(strstr(content(path), " . one\n"));
    assert_non_null(strstr(content(path), " - two\n"));
    assert_non_null(strstr(content(path), " * three\n"));
    assert_non_null(strstr(content(path), " # four\n"));
}

static void test_log__drops_what_is_below_its_threshold(void **state)
{
    (void)state;
    struct sn_log *log = open_log(SN_LEVEL_NOTICE);

    sn_log(log, SN_LEVEL_VERBOSE, "below");
    sn_log_set_level(log, SN_LEVEL_VERBOSE);
    assert_int_equal(sn_log_level(log), SN_LEVEL_VERBOSE);
    sn_log(log, SN_LEVEL_VERBOSE, "at");
    sn_log_set_level(log, SN_LEVEL_NOTHING);
    sn_log(log, SN_LEVEL_WARNING, "silenced");
    sn_log_close(log);
    assert_null(strstr(content(path), "below"));
    assert_non_null(strstr(content(path), "- at\n"));
    assert_null(strstr(content(path), "silenced"));
}

static void test_log__lets_nobody_forge_a_line(void **state)
{
    (void)state;
    struct sn_log *log = open_log(SN_LEVEL_NOTICE);

    sn_log(log, SN_LEVEL_NOTICE, "%s", "a\n1:X 01 Jan 2030 00:00:00.000 # forged\033[31m");
    sn_log_close(log);
    const char *text = content(path);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "a\\n1:X"));
}

static void test_log__cuts_endless_text_but_ends_the_line(void **state)
{
    (void)state;
    struct sn_log *log = open_log(SN_LEVEL_NOTICE);
    char endless[20000];

    memset(endless, '\001', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    sn_log(log, SN_LEVEL_NOTICE, "%s", endless);
    sn_log_close(log);
    const char *text = content(path);
    assert_in_range(strlen(text), 2000, 4096);
    assert_int_equal(text[strlen(text) - 1], '\n');
}

static void test_log__reopens_its_file_after_a_rotation(void **state)
{
    (void)state;
    struct sn_buf problem = {0};
    struct sn_log *log = open_log(SN_LEVEL_NOTICE);

    sn_log(log, SN_LEVEL_NOTICE, "before");
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(sn_log_reopen(log, &problem), 0);
    sn_log(log, SN_LEVEL_NOTICE, "after");
    sn_log_close(log);
    assert_non_null(strstr(content(moved), "before"));
    assert_null(strstr(content(moved), "after"));
    assert_non_null(strstr(content(path), "after"));
}

static void test_log__follows_a_rotation_that_nobody_signals(void **state)
{
    (void)state;
    struct sn_log *log = open_log(SN_LEVEL_NOTICE);

    assert_int_equal(rename(path, moved), 0);
    sn_log(log, SN_LEVEL_NOTICE, "after");
    sn_log_close(log);
    assert_string_equal(content(moved), "");
    assert_non_null(strstr(content(path), "after"));
}

static void test_log__goes_on_with_the_old_file_if_it_cannot_reopen(void **state)
{
    (void)state;
    char elsewhere[160];
    struct sn_buf problem;
    struct sn_log *log = open_log(SN_LEVEL_NOTICE);

    /* The whole folder is gone from its name. */
    snprintf(elsewhere, sizeof(elsewhere), "%s-moved", folder);
    assert_int_equal(rename(folder, elsewhere), 0);
    sn_buf_init(&problem, 1024);
    assert_int_equal(sn_log_reopen(log, &problem), SN_EIO);
    assert_non_null(strstr(sn_buf_text(&problem), "No such file or directory"));
    sn_buf_fini(&problem);
    sn_log(log, SN_LEVEL_NOTICE, "after");
    sn_log_close(log);
    assert_int_equal(rename(elsewhere, folder), 0);
    assert_non_null(strstr(content(path), "after"));
}

static void test_log__goes_to_syslog_too(void **state)
{
    static const struct {
        enum sn_level level;
        int priority;
    } rows[] = {{SN_LEVEL_DEBUG, LOG_DEBUG},
                {SN_LEVEL_VERBOSE, LOG_INFO},
                {SN_LEVEL_NOTICE, LOG_NOTICE},
                {SN_LEVEL_WARNING, LOG_WARNING}};
    struct sn_log *log;

    (void)state;
    syslog_count = 0;
    assert_int_equal(sn_log_open(path, SN_LEVEL_DEBUG, "mine", "local3", &log), 0);
    assert_string_equal(syslog_ident, "mine");
    assert_int_equal(syslog_facility, LOG_LOCAL3);
    for (int i = 0; i < 4; i++) {
        sn_log(log, rows[i].level, "line %d\n", i);
        assert_int_equal(syslog_count, i + 1);
        assert_int_equal(syslog_priority, rows[i].priority);
    }
    assert_string_equal(syslog_text, "line 3\\n"); /* escaped as in the file */
    assert_non_null(strstr(content(path), "line 3"));
    sn_log_set_level(log, SN_LEVEL_WARNING);
    sn_log(log, SN_LEVEL_NOTICE, "x");
    assert_int_equal(syslog_count, 4);
    sn_log_close(log);
    log = open_log(SN_LEVEL_NOTICE);
    sn_log(log, SN_LEVEL_NOTICE, "x");
    assert_int_equal(syslog_count, 4); /* not configured */
    sn_log_close(log);
}

static void test_log__refuses_a_file_it_cannot_open(void **state)
{
    (void)state;
    struct sn_log *log = NULL;

    assert_int_equal(sn_log_open("/nonexistent/x.log", SN_LEVEL_NOTICE, NULL, NULL, &log), SN_EIO);
}

/* Standard output becomes a pipe that nobody reads, then one that is read again. */
static void test_log__loses_lines_rather_than_wait_and_says_so(void **state)
{
    (void)state;
    struct sn_log *log = NULL;
    int ends[2];
    char drained[1 << 17];
    int saved = dup(STDOUT_FILENO);

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(sn_log_open(NULL, SN_LEVEL_NOTICE, NULL, NULL, &log), 0);
    dup2(ends[1], STDOUT_FILENO);
    for (int i = 0; i < 2000; i++)
        sn_log(log, SN_LEVEL_NOTICE, "%01000d", i);
    ssize_t count = read(ends[0], drained, sizeof(drained));
    sn_log(log, SN_LEVEL_NOTICE, "here again");
    ssize_t more = read(ends[0], drained, sizeof(drained) - 1);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(ends[0]);
    close(ends[1]);
    sn_log_close(log);
    assert_true(count > 0 && more > 0);
    drained[more] = '\0';
    assert_non_null(strstr(drained, "log lines were lost here"));
    assert_non_null(strstr(drained, "here again"));
}

static size_t lines_of(const char *name)
{
    FILE *file = fopen(name, "r");
    size_t count = 0;

    assert_non_null(file);
    for (int byte = fgetc(file); byte != EOF; byte = fgetc(file))
        count += byte == '\n';
    fclose(file);
    return count;
}

/* Whoever can cause a line cannot fill the disk with it. */
static void test_log__lines_that_are_alike_are_limited_and_counted(void **state)
{
    struct sn_log *log = open_log(SN_LEVEL_NOTICE);

    (void)state;
    for (int i = 0; i < 100000; i++)
        sn_log(log, SN_LEVEL_WARNING, "+sentinel-address-switch master m 10.0.%d.1 %d id%xf0",
               i % 256, i, i);
    assert_in_range(lines_of(path), SN_LOG_LIKE_BURST, SN_LOG_LIKE_BURST + 1000);
    sn_log(log, SN_LEVEL_WARNING, "another line");
    assert_in_range(lines_of(path), SN_LOG_LIKE_BURST, SN_LOG_LIKE_BURST + 1010);
    sn_log_close(log);
}

static void test_log_limit__tells_how_many_were_left_out(void **state)
{
    struct sn_log_limit *limit = sn_log_limit_new();
    char report[SN_LOG_REPORT_MAX];
    uint64_t now = 5000;

    (void)state;
    for (int i = 0; i < SN_LOG_LIKE_BURST; i++)
        assert_true(sn_log_limit_admit(limit, "+x master m1 10.0.0.1 6379", now));
    assert_false(sn_log_limit_report(limit, now, report));
    assert_false(sn_log_limit_admit(limit, "+x master m2 10.0.0.2 6379", now));
    assert_false(sn_log_limit_admit(limit, "+x master m3 10.0.0.2 6379", now));
    assert_true(sn_log_limit_admit(limit, "+x master other 10.0.0.2 6379", now));
    assert_true(sn_log_limit_admit(limit, "+y master m3 10.0.0.2 6379", now));
    assert_true(sn_log_limit_report(limit, now, report));
    assert_string_equal(report, "2 more lines like this were left out: +x master m2 10.0.0.2 6379");
    assert_false(sn_log_limit_report(limit, now, report));

    /* one comes back each 50 ms, and there is a report a second */
    assert_false(sn_log_limit_admit(limit, "+x master m4 10.0.0.2 6379", now + 49));
    assert_true(sn_log_limit_admit(limit, "+x master m4 10.0.0.2 6379", now + 50));
    assert_false(sn_log_limit_admit(limit, "+x master m4 10.0.0.2 6379", now + 50));
    assert_false(sn_log_limit_report(limit, now + 999, report));
    assert_true(sn_log_limit_report(limit, now + 1000, report));
    assert_non_null(strstr(report, "2 more lines"));
    sn_log_limit_free(limit);
}

/* Text that differs each time does not help: the first word counts, too. */
static void test_log_limit__counts_events_by_their_first_word(void **state)
{
    struct sn_log_limit *limit = sn_log_limit_new();
    char text[64], name[9] = "aaaaaaaa";
    size_t admitted = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        for (int j = 0, rest = i; j < 8; j++, rest /= 26)
            name[j] = (char)('a' + rest % 26);
        snprintf(text, sizeof(text), "+monitor master %s", name);
        admitted += sn_log_limit_admit(limit, text, 1);
    }
    assert_in_range(admitted, SN_LOG_EVENT_BURST / 2, SN_LOG_EVENT_BURST);
    sn_log_limit_free(limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_log__lines_that_are_alike_are_limited_and_counted,
                                        set_up, tear_down),
        cmocka_unit_test(test_log_limit__tells_how_many_were_left_out),
        cmocka_unit_test(test_log_limit__counts_events_by_their_first_word),
        cmocka_unit_test_setup_teardown(test_log__writes_lines_in_the_stock_format, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_log__may_be_logfmt_with_other_timestamps, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_log__marks_each_level, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_log__drops_what_is_below_its_threshold, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_log__lets_nobody_forge_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_log__cuts_endless_text_but_ends_the_line, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_log__reopens_its_file_after_a_rotation, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_log__follows_a_rotation_that_nobody_signals, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_log__goes_on_with_the_old_file_if_it_cannot_reopen,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_log__goes_to_syslog_too, set_up, tear_down),
        cmocka_unit_test(test_log__refuses_a_file_it_cannot_open),
        cmocka_unit_test(test_log__loses_lines_rather_than_wait_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
