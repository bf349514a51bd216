/* SPDX-License-Identifier: BSD-3-Clause */

/* Rescues from a server that the test plays: what it may answer, and how the stream may end. */

#define _GNU_SOURCE /* SOCK_NONBLOCK */
#include "shell/rescue/rescue.h"

#include "fake_core.h"
#include "folder.h"
#include "loop.h"
#include "tcp_server.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID      "0123456789abcdef0123456789abcdef01234567"
#define PROCESS "76543210fedcba9876543210fedcba9876543210"
#define SET     "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"
#define SET_LEN ((uint64_t)27)
#define PARTED  ((uint64_t)1001)

static uv_loop_t loop;
static struct sn_driver *driver;
static struct sn_links *links;
static struct sn_rescues *rescues;
static struct tcp_server server;
static char folder[64];

static void perform(void *arg, const struct sn_action *action)
{
    (void)arg;
    (void)action;
    fail_msg("an action");
}

static void be_idle(void *arg)
{
    (void)arg;
}

static int set_up(void **state)
{
    static const struct sn_driver_ports ports = {.perform = perform, .idle = be_idle};
    (void)state;
    fake_core_reset();
    loop_start(&loop);
    snprintf(folder, sizeof(folder), "/tmp/sentineld-rescue-XXXXXX");
    assert_non_null(mkdtemp(folder));
    driver = sn_driver_new(&loop, &fake_core, &ports, NULL);
    links = sn_links_new(&loop, NULL);
    sn_links_set_driver(links, driver);
    rescues = sn_rescues_new(&loop, links, folder);
    sn_rescues_set_driver(rescues, driver);
    tcp_server_init(&server, &loop);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tcp_server_close(&server);
    sn_rescues_close(rescues);
    sn_links_close(links);
    sn_driver_close(driver);
    loop_finish(&loop);
    remove_folder(folder);
    fake_core_reset();
    return 0;
}

static void begin_with(sn_ms timeout_ms, bool tls)
{
    struct sn_action_rescue action = {
        .group = 7,
        .name = "my/group",
        .epoch = 3,
        .to = {.ip = "127.0.0.1",
               .port = server.port,
               .host = "127.0.0.1",
               .pass = "secret",
               .name = "sentinel-cmd",
               .tls = tls},
        .process = {PROCESS},
        .replid = {ID},
        .parted_at = PARTED,
        .master_ip = "127.0.0.2",
        .master_port = 6380,
        .paused = true,
        .timeout_ms = timeout_ms,
    };
    sn_rescues_begin(rescues, &action);
}

static void begin(void)
{
    begin_with(5000, false);
}

static const char *awaited;

static bool has_come(void)
{
    return server.client != NULL && strstr(sn_buf_text(&server.received), awaited) != NULL;
}

static void await(const char *text)
{
    awaited = text;
    assert_true(loop_run_until(&loop, has_come));
    sn_buf_clear(&server.received);
}

/* Of a master that has offset, and a backlog from first on. */
static void say_info(uint64_t offset, uint64_t first)
{
    char info[1024], text[1200];
    int len = snprintf(info, sizeof(info),
                       "run_id:" PROCESS "\r\nrole:master\r\nmaster_replid:" ID
                       "\r\nmaster_repl_offset:%" PRIu64 "\r\nrepl_backlog_active:%d\r\n"
                       "repl_backlog_first_byte_offset:%" PRIu64 "\r\n",
                       offset, first > 0, first);
    snprintf(text, sizeof(text), "+OK\r\n+OK\r\n$%d\r\n%s\r\n", len, info);
    tcp_server_say(&server, text);
}

/* Up to PSYNC, of a tail of `writes` times SET. */
static void to_psync(unsigned writes)
{
    await("INFO");
    say_info(PARTED - 1 + writes * SET_LEN, PARTED);
    await("REPLCONF");
    tcp_server_say(&server, "+OK\r\n");
    await("PSYNC\r\n$40\r\n" ID "\r\n$4\r\n1001");
}

static const struct sn_input_rescued *last(void)
{
    const struct sn_input *event = NULL;
    assert_true(fake_core_count(SN_INPUT_RESCUED, &event) > 0);
    return &event->u.rescued;
}

static size_t wanted_count;

static bool has_ended(void)
{
    return fake_core_count(SN_INPUT_RESCUED, NULL) >= wanted_count;
}

static const struct sn_input_rescued *end(void)
{
    wanted_count = fake_core_count(SN_INPUT_RESCUED, NULL) + 1;
    assert_true(loop_run_until(&loop, has_ended));
    return last();
}

static void expect_failed(const char *reason)
{
    const struct sn_input_rescued *rescued = end();
    assert_int_equal(rescued->outcome, SN_RESCUE_FAILED);
    if (strstr(rescued->reason, reason) == NULL)
        fail_msg("%s", rescued->reason);
}

static void test_rescue__writes_the_tail_to_a_file(void **state)
{
    char path[256];
    struct stat info;
    (void)state;
    begin();
    to_psync(2);
    tcp_server_say(&server, "+CONTINUE " ID "\r\n" SET SET);
    const struct sn_input_rescued *rescued = end();
    assert_int_equal(rescued->outcome, SN_RESCUE_SAVED);
    assert_int_equal(rescued->group, 7);
    assert_int_equal(rescued->bytes, 2 * SET_LEN);
    assert_int_equal(rescued->writes, 2);
    snprintf(path, sizeof(path), "%s/my_group-3-127.0.0.1-%u.resp", folder, server.port);
    assert_string_equal(rescued->file, path);
    assert_string_equal(content(path), SET SET);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void test_rescue__takes_every_byte_by_itself(void **state)
{
    static const char all[] = "\n+CONTINUE\r\n" SET SET;
    (void)state;
    begin();
    to_psync(2);
    for (size_t i = 0; i < strlen(all); i++) {
        tcp_server_say_bytes(&server, all + i, 1);
        uv_run(&loop, UV_RUN_NOWAIT);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    const struct sn_input_rescued *rescued = end();
    assert_int_equal(rescued->outcome, SN_RESCUE_SAVED);
    assert_string_equal(content(rescued->file), SET SET);
}

static void test_rescue__introduces_itself_as_the_new_master(void **state)
{
    (void)state;
    begin();
    await("AUTH\r\n$6\r\nsecret");
    say_info(PARTED + 26, PARTED);
    await("listening-port\r\n$4\r\n6380\r\n$10\r\nip-address\r\n$9\r\n127.0.0.2");
}

static void test_rescue__asks_for_no_full_synchronisation(void **state)
{
    (void)state;
    begin();
    await("INFO");
    say_info(5000, PARTED + 1);
    expect_failed("its backlog does not reach back far enough: 4000 bytes are lost");
    begin();
    await("INFO");
    say_info(5000, 0);
    expect_failed("its backlog does not reach back far enough");
    assert_int_equal(server.accepted, 2);
}

/* A server that lies could fill the disk. */
static void test_rescue__believes_in_no_tail_without_end(void **state)
{
    (void)state;
    begin();
    await("INFO");
    say_info(UINT64_MAX - 1, PARTED);
    expect_failed("more than 4 GiB are not rescued");
    begin();
    await("INFO");
    say_info(UINT64_MAX, PARTED);
    expect_failed("it does not tell the end of its stream");
}

static void test_rescue__is_told_why_it_failed(void **state)
{
    static const struct {
        const char *answer;
        const char *reason;
    } rows[] = {
        {"-NOPERM this user has no rights\r\n", "PSYNC: NOPERM this user has no rights"},
        {"+FULLRESYNC " ID " 1\r\n", "its whole data set only"},
        {"$1000\r\n", "its whole data set only"},
        {"-ERR \x01\x1b[31m\r\n", "PSYNC: ERR \\x01\\x1b"},
        {"+CONTINUE\r\nhello\r\n", "something else than commands"},
        {"+CONTINUE\r\n*1\r\n$4\r\nPINGxx", "something else than commands"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin();
        to_psync(2);
        tcp_server_say(&server, rows[i].answer);
        expect_failed(rows[i].reason);
        assert_string_equal(last()->file, "");
    }
}

static void test_rescue__answers_that_are_too_long_end_it(void **state)
{
    char text[600];
    (void)state;
    memset(text, 'x', sizeof(text));
    begin();
    to_psync(2);
    tcp_server_say_bytes(&server, text, sizeof(text));
    expect_failed("too long");
}

static void test_rescue__of_another_process_ends_at_once(void **state)
{
    (void)state;
    begin();
    await("INFO");
    tcp_server_say(&server, "+OK\r\n+OK\r\n$13\r\nrole:master\r\n\r\n");
    expect_failed("no longer the old master: it was restarted");
    begin();
    await("INFO");
    static const char slave[] = "run_id:" PROCESS "\r\nrole:slave\r\nmaster_replid:" ID "\r\n";
    char text[256];
    (void)snprintf(text, sizeof(text), "+OK\r\n+OK\r\n$%zu\r\n%s\r\n", strlen(slave), slave);
    tcp_server_say(&server, text);
    expect_failed("another sentinel has demoted it");
    begin();
    await("INFO");
    tcp_server_say(&server, "-WRONGPASS\r\n+OK\r\n-NOAUTH Authentication required.\r\n");
    expect_failed("INFO: NOAUTH");
    begin();
    await("INFO");
    tcp_server_say(&server, "?what\r\n");
    expect_failed("");
}

static void test_rescue__keeps_what_is_complete_when_the_server_dies(void **state)
{
    (void)state;
    begin();
    to_psync(3);
    tcp_server_say(&server, "+CONTINUE\r\n" SET "*3\r\n$3\r\nSET\r\n$1");
    loop_run_for(&loop, 20);
    tcp_server_hang_up(&server);
    expect_failed("the connection to it broke");
    assert_non_null(strstr(last()->reason, "; the first part is in "));
    assert_string_equal(content(last()->file), SET);
}

static void set_largest_file(rlim_t size)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A limit of the size stands for a disk that is full in the middle of a write. What a file has is
 * commands, and never what was not written. */
static void test_rescue__keeps_what_was_written_when_the_disk_is_full(void **state)
{
    char path[320];
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    begin();
    to_psync(4);
    tcp_server_say(&server, "+CONTINUE\r\n" SET);
    loop_run_for(&loop, 50);
    set_largest_file(SET_LEN + 10);
    tcp_server_say(&server, SET SET SET);
    expect_failed("writing");
    set_largest_file(RLIM_INFINITY);
    assert_string_equal(content(last()->file), SET);
    snprintf(path, sizeof(path), "%.*sjson", (int)strlen(last()->file) - 4, last()->file);
    assert_int_equal(access(path, F_OK), -1);
}

/* Half of the facts are none. */
static void test_rescue__leaves_no_facts_when_the_disk_is_full(void **state)
{
    char path[320];
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    begin();
    to_psync(2);
    set_largest_file(2 * SET_LEN + 10);
    tcp_server_say(&server, "+CONTINUE\r\n" SET SET);
    expect_failed("writing");
    set_largest_file(RLIM_INFINITY);
    assert_string_equal(content(last()->file), SET SET);
    snprintf(path, sizeof(path), "%.*sjson", (int)strlen(last()->file) - 4, last()->file);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_rescue__keeps_what_is_complete_when_it_is_stopped(void **state)
{
    char path[256];
    (void)state;
    begin();
    to_psync(3);
    tcp_server_say(&server, "+CONTINUE\r\n" SET "*3\r\n$3\r\nSET\r\n$1");
    loop_run_for(&loop, 50);
    sn_rescues_close(rescues);
    loop_run_for(&loop, 50);
    snprintf(path, sizeof(path), "%s/my_group-3-127.0.0.1-%u.resp", folder, server.port);
    assert_string_equal(content(path), SET);
    rescues = sn_rescues_new(&loop, links, folder);
}

static void test_rescue__that_finds_no_write_leaves_no_file(void **state)
{
    (void)state;
    begin();
    await("INFO");
    say_info(PARTED - 1 + 14, PARTED);
    await("REPLCONF");
    tcp_server_say(&server, "-ERR unknown\r\n");
    await("PSYNC");
    tcp_server_say(&server, "+CONTINUE\r\n*1\r\n$4\r\nPING\r\n");
    assert_int_equal(end()->outcome, SN_RESCUE_EMPTY);
    assert_string_equal(last()->file, "");
}

/* A SELECT that was written before the stream turned out to have nothing else is no rescued write.
 */
static void test_rescue__that_finds_no_write_later_leaves_no_file(void **state)
{
    static const char select[] = "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n";
    char path[256];
    (void)state;
    begin();
    await("INFO");
    say_info(PARTED - 1 + strlen(select) + 14, PARTED);
    await("REPLCONF");
    tcp_server_say(&server, "+OK\r\n");
    await("PSYNC");
    tcp_server_say(&server, "+CONTINUE\r\n");
    tcp_server_say(&server, select);
    loop_run_for(&loop, 50);
    tcp_server_say(&server, "*1\r\n$4\r\nPING\r\n");
    assert_int_equal(end()->outcome, SN_RESCUE_EMPTY);
    assert_string_equal(last()->file, "");
    snprintf(path, sizeof(path), "%s/my_group-3-127.0.0.1-%u.resp", folder, server.port);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_rescue__that_is_late_goes_on(void **state)
{
    (void)state;
    begin_with(50, false);
    to_psync(1);
    assert_int_equal(end()->outcome, SN_RESCUE_LATE);
    tcp_server_say(&server, "+CONTINUE\r\n" SET);
    assert_int_equal(end()->outcome, SN_RESCUE_SAVED);
}

static void test_rescue__of_nobody_fails(void **state)
{
    (void)state;
    tcp_server_close(&server);
    begin();
    expect_failed("connecting to it failed");
    tcp_server_init(&server, &loop);
}

/* Never in plain text. */
static void test_rescue__without_a_certificate_fails(void **state)
{
    (void)state;
    begin_with(5000, true);
    expect_failed("TLS is not configured");
    assert_int_equal(server.accepted, 0);
}

/* Connections that wait to be accepted. */
static unsigned count_waiting(int listener)
{
    unsigned count = 0;
    for (int fd = accept(listener, NULL, NULL); fd >= 0; fd = accept(listener, NULL, NULL)) {
        close(fd);
        count++;
    }
    return count;
}

/* Eight at once, because each may hold some megabytes. */
static void test_rescue__many_wait_for_one_another(void **state)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)state;
    assert_int_equal(bind(listener, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(listen(listener, 32), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
    uint16_t port = server.port;
    server.port = ntohs(addr.sin_port);
    for (unsigned i = 0; i < 12; i++)
        begin_with(60000, false);
    server.port = port;
    loop_run_for(&loop, 50);
    assert_int_equal(count_waiting(listener), 8); /* … and closes them */
    wanted_count = 8;
    assert_true(loop_run_until(&loop, has_ended));
    loop_run_for(&loop, 50);
    assert_int_equal(count_waiting(listener), 4);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rescue__writes_the_tail_to_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__takes_every_byte_by_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__introduces_itself_as_the_new_master, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__asks_for_no_full_synchronisation, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__believes_in_no_tail_without_end, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__is_told_why_it_failed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__answers_that_are_too_long_end_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__of_another_process_ends_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__keeps_what_is_complete_when_the_server_dies,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__keeps_what_was_written_when_the_disk_is_full,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__leaves_no_facts_when_the_disk_is_full, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__keeps_what_is_complete_when_it_is_stopped,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__that_finds_no_write_leaves_no_file, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__that_finds_no_write_later_leaves_no_file,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__that_is_late_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__of_nobody_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__without_a_certificate_fails, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_rescue__many_wait_for_one_another, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
