/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/process/supervise.h"

#include "loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static uv_loop_t loop;
static struct sn_log *log_file;
static struct sn_supervise *supervise;
static char folder[64];
static char path[96];
static char log_path[96];
static int manager; /* the socket that a service manager would read */
static char said[64 * 1024];
static size_t wanted;
static char text[64]; /* what describe says */
static unsigned described;

static void describe(void *arg, struct sn_buf *line)
{
    (void)arg;
    described++;
    sn_buf_puts(line, text);
}

static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    strcpy(address.sun_path, name);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        return -1;
    return fd;
}

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/sn-supervise-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/notify", folder);
    snprintf(log_path, sizeof(log_path), "%s/log", folder);
    manager = listen_at(path);
    said[0] = '\0';
    described = 0;
    strcpy(text, "well");
    setenv("NOTIFY_SOCKET", path, 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    loop_start(&loop);
    if (manager < 0 || sn_log_open(log_path, SN_LEVEL_NOTICE, NULL, NULL, &log_file) != 0)
        return -1;
    supervise = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (supervise != NULL)
        sn_supervise_close(supervise);
    loop_finish(&loop);
    sn_log_close(log_file);
    unsetenv("NOTIFY_SOCKET");
    close(manager);
    unlink(path);
    unlink(log_path);
    return rmdir(folder);
}

static void start(enum sn_supervisor kind)
{
    supervise = sn_supervise_new(&loop, kind, log_file, describe, NULL);
}

/* Everything that was said so far, each message behind a ';'. */
static const char *heard(void)
{
    size_t len = strlen(said);

    for (;;) {
        ssize_t got = recv(manager, said + len, sizeof(said) - len - 2, 0);
        if (got < 0)
            return said;
        len += (size_t)got;
        strcpy(said + len, ";");
        len++;
    }
}

static bool has_heard_status(void)
{
    char line[80];

    snprintf(line, sizeof(line), "STATUS=%s\n", text);
    return strstr(heard(), line) != NULL;
}

static size_t count_heard(const char *what)
{
    size_t count = 0;

    for (const char *at = strstr(heard(), what); at != NULL; at = strstr(at + 1, what))
        count++;
    return count;
}

static bool has_heard_life(void)
{
    return count_heard("WATCHDOG=1\n") >= wanted;
}

static bool has_heard_ready(void)
{
    return count_heard("READY=1\n") > 0;
}

/* Until it takes no more. */
static void fill_queue(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    strcpy(address.sun_path, path);
    while (sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)) == 1)
        continue;
    close(fd);
}

static void empty_queue(void)
{
    (void)heard();
    said[0] = '\0';
}

static void test_supervise__says_ready_with_the_words_of_stock_and_then_the_status(void **state)
{
    (void)state;
    start(SN_SUPERVISOR_SYSTEMD);
    assert_string_equal(heard(), "");
    sn_supervise_ready(supervise);
    assert_string_equal(heard(), "READY=1\nSTATUS=Ready to accept connections\n;STATUS=well\n;");
}

static void
test_supervise__status_is_sent_when_it_has_changed_and_once_a_second_at_most(void **state)
{
    (void)state;
    start(SN_SUPERVISOR_SYSTEMD);
    uint64_t told_at = uv_now(&loop);
    sn_supervise_ready(supervise);
    assert_true(has_heard_status());
    unsigned before = described;
    strcpy(text, "ill");
    for (int i = 0; i < 100; i++)
        sn_supervise_changed(supervise);
    assert_true(loop_run_until(&loop, has_heard_status));
    assert_true(uv_now(&loop) >= told_at + 1000);
    assert_int_equal(described, before + 1);
    assert_int_equal(count_heard("STATUS=ill\n"), 1);
    /* The same words again are not sent again. */
    sn_supervise_changed(supervise);
    loop_run_for(&loop, 1200);
    assert_int_equal(described, before + 2);
    assert_int_equal(count_heard("STATUS=ill\n"), 1);
}

static void test_supervise__reload_is_said_only_after_the_start(void **state)
{
    (void)state;
    start(SN_SUPERVISOR_SYSTEMD);
    sn_supervise_reloading(supervise);
    sn_supervise_reloaded(supervise);
    assert_string_equal(heard(), "");
    sn_supervise_ready(supervise);
    assert_true(loop_run_until(&loop, has_heard_status));
    empty_queue();
    uint64_t before = uv_hrtime() / 1000;
    sn_supervise_reloading(supervise);
    sn_supervise_reloaded(supervise);
    unsigned long long at = 0;
    assert_int_equal(sscanf(heard(), "RELOADING=1\nMONOTONIC_USEC=%llu\n", &at), 1);
    assert_in_range(at, before, uv_hrtime() / 1000);
    assert_non_null(strstr(said, ";READY=1\n;"));
    /* The end of none is none. */
    empty_queue();
    sn_supervise_reloaded(supervise);
    assert_string_equal(heard(), "");
}

static void test_supervise__what_is_not_taken_is_kept_and_said_in_its_order(void **state)
{
    (void)state;
    start(SN_SUPERVISOR_SYSTEMD);
    sn_supervise_ready(supervise);
    assert_true(loop_run_until(&loop, has_heard_status));
    empty_queue();
    fill_queue();
    uint64_t before = uv_hrtime();
    for (int i = 0; i < 50; i++) {
        sn_supervise_reloading(supervise);
        sn_supervise_reloaded(supervise);
        sn_supervise_changed(supervise);
    }
    assert_true(uv_hrtime() - before < 1000000000);
    loop_run_for(&loop, 300);
    empty_queue();
    assert_true(loop_run_until(&loop, has_heard_ready));
    assert_int_equal(strncmp(said, "RELOADING=1\n", 12), 0);
    assert_int_equal(count_heard("RELOADING=1\n"), 1);
    assert_int_equal(count_heard("\n;READY=1\n;"), 1);
}

static void test_supervise__a_socket_that_is_gone_is_told_of_once_and_tried_again(void **state)
{
    (void)state;
    char log_text[4096] = "";

    start(SN_SUPERVISOR_SYSTEMD);
    close(manager);
    unlink(path);
    sn_supervise_ready(supervise);
    loop_run_for(&loop, 2500);
    FILE *file = fopen(log_path, "r");
    assert_non_null(file);
    assert_true(fread(log_text, 1, sizeof(log_text) - 1, file) > 0);
    fclose(file);
    const char *first = strstr(log_text, "Cannot notify systemd");
    assert_non_null(first);
    assert_null(strstr(first + 1, "Cannot notify systemd"));
    manager = listen_at(path);
    assert_true(loop_run_until(&loop, has_heard_ready));
}

static void test_supervise__signs_of_life_come_in_every_half_of_the_time(void **state)
{
    (void)state;
    char pid[32];

    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    setenv("WATCHDOG_USEC", "4000000", 1);
    setenv("WATCHDOG_PID", pid, 1);
    start(SN_SUPERVISOR_SYSTEMD);
    assert_string_equal(heard(), ""); /* not before the loop turns */
    wanted = 1;
    assert_true(loop_run_until(&loop, has_heard_life));
    uint64_t first_at = uv_now(&loop);
    wanted = 2;
    assert_true(loop_run_until(&loop, has_heard_life));
    assert_in_range(uv_now(&loop) - first_at, 1950, 3900);
}

static void test_supervise__signs_of_life_that_are_not_taken_are_repeated_soon(void **state)
{
    (void)state;
    setenv("WATCHDOG_USEC", "20000000", 1);
    start(SN_SUPERVISOR_SYSTEMD);
    fill_queue();
    loop_run_for(&loop, 150);
    empty_queue();
    wanted = 1;
    assert_true(loop_run_until(&loop, has_heard_life)); /* its patience is less than ten seconds */
}

static void test_supervise__watchdog_of_another_process_or_none_gets_nothing(void **state)
{
    static const char *const values[][2] = {{"", ""},       {"0", ""},      {"20000x", ""},
                                            {"-20000", ""}, {"20000", "1"}, {"20000", "x"}};

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        setenv("WATCHDOG_USEC", values[i][0], 1);
        setenv("WATCHDOG_PID", values[i][1], 1);
        start(SN_SUPERVISOR_SYSTEMD);
        loop_run_for(&loop, 60);
        sn_supervise_close(supervise);
    }
    supervise = NULL;
    assert_string_equal(heard(), "");
}

static void test_supervise__without_systemd_nothing_is_said(void **state)
{
    (void)state;
    setenv("WATCHDOG_USEC", "20000", 1);
    start(SN_SUPERVISOR_NONE);
    sn_supervise_ready(supervise);
    sn_supervise_reloading(supervise);
    sn_supervise_changed(supervise);
    sn_supervise_stopping(supervise);
    loop_run_for(&loop, 60);
    assert_string_equal(heard(), "");
}

static void test_supervise__the_end_is_said_even_if_the_start_was_not_heard(void **state)
{
    (void)state;
    start(SN_SUPERVISOR_SYSTEMD);
    fill_queue();
    sn_supervise_ready(supervise);
    sn_supervise_stopping(supervise);
    empty_queue();
    sn_supervise_close(supervise);
    struct sn_supervise *closed = supervise;
    supervise = NULL;
    assert_string_equal(heard(), "READY=1\nSTATUS=Ready to accept connections\n;"
                                 "STOPPING=1\nSTATUS=Ending\n;");
    /* Until the loop has ended, the rest of the process may still report. */
    sn_supervise_changed(closed);
    sn_supervise_ready(closed);
    loop_run_for(&loop, 0);
    assert_null(strstr(heard(), "well"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_supervise__says_ready_with_the_words_of_stock_and_then_the_status, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            test_supervise__status_is_sent_when_it_has_changed_and_once_a_second_at_most, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(test_supervise__reload_is_said_only_after_the_start, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_supervise__what_is_not_taken_is_kept_and_said_in_its_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_supervise__a_socket_that_is_gone_is_told_of_once_and_tried_again, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            test_supervise__signs_of_life_come_in_every_half_of_the_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_supervise__signs_of_life_that_are_not_taken_are_repeated_soon, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_supervise__watchdog_of_another_process_or_none_gets_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_supervise__without_systemd_nothing_is_said, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_supervise__the_end_is_said_even_if_the_start_was_not_heard, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("supervise", tests, NULL, NULL);
}
