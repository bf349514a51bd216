/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the server listens, and how much a client may have of it (PROTOCOL.md §3.6, §20.4). */
#include "server_case.h"

static int prepare(void **state)
{
    (void)state;
    rig_init(&rig);
    return 0;
}

static void test_server__one_client_too_many_is_told_and_dropped(void **state)
{
    (void)state;
    rig.settings.maxclients = 2;
    rig_start(&rig);
    int a = rig_dial(&rig), b = rig_dial(&rig);
    rig_talk(&rig, a, "PING\r\n", "+PONG\r\n");
    rig_talk(&rig, b, "PING\r\n", "+PONG\r\n");
    int c = rig_dial(&rig);
    rig_expect(&rig, c, "-ERR max number of clients reached\r\n");
    rig_expect_end(&rig, c);
    close(b);
    rig_wait(&rig, 20);
    int d = rig_dial(&rig);
    rig_talk(&rig, d, "PING\r\n", "+PONG\r\n");
    close(a);
    close(c);
    close(d);
}

static void test_server__an_idle_client_is_dropped_but_no_subscriber(void **state)
{
    (void)state;
    rig.settings.timeout_s = 1;
    rig_start(&rig);
    int idle = rig_dial(&rig), subscriber = rig_dial(&rig);
    rig_talk(&rig, idle, "PING\r\n", "+PONG\r\n");
    rig_talk(&rig, subscriber, "SUBSCRIBE x\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n");
    rig_expect_end(&rig, idle);
    rig_expect_silence(&rig, subscriber);
    close(idle);
    close(subscriber);
}

static void publish_much(size_t bytes)
{
    char *payload = malloc(1000001);

    memset(payload, 'x', 1000000);
    payload[1000000] = '\0';
    for (size_t sent = 0; sent < bytes; sent += 1000000)
        sn_server_publish(rig.server, "x", payload);
    sn_server_flush(rig.server);
    free(payload);
}

static void test_server__a_subscriber_that_does_not_read_is_dropped_at_the_hard_limit(void **state)
{
    char text[4096];

    (void)state;
    rig.settings.pubsub_hard_max = 20000000;
    rig.settings.pubsub_soft_max = 0;
    rig_start(&rig);
    int fd = rig_dial(&rig);
    rig_talk(&rig, fd, "SUBSCRIBE x\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n");
    publish_much(15000000); /* below the limit */
    int other = rig_dial(&rig);
    rig_send(&rig, other, "CLIENT LIST TYPE pubsub\r\n");
    rig_read(&rig, other, text, sizeof(text));
    assert_non_null(strstr(text, " sub=1 "));
    publish_much(25000000);
    for (int turn = 0; turn < 10000 && strstr(text, " sub=1 ") != NULL; turn++) {
        rig_send(&rig, other, "CLIENT LIST TYPE pubsub\r\n");
        rig_read(&rig, other, text, sizeof(text));
    }
    assert_string_equal(text, "$0\r\n\r\n");
    close(fd);
    close(other);
}

static void test_server__a_subscriber_over_the_soft_limit_is_dropped_after_its_time(void **state)
{
    char text[4096] = "";
    uint64_t start;

    (void)state;
    rig.settings.pubsub_hard_max = 0;
    rig.settings.pubsub_soft_max = 8000000;
    rig.settings.pubsub_soft_s = 2;
    rig_start(&rig);
    int fd = rig_dial(&rig), other = rig_dial(&rig);
    rig_talk(&rig, fd, "SUBSCRIBE x\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n");
    uv_update_time(&rig.loop); /* what the server counts from */
    start = rig_now_ms();
    publish_much(20000000);
    for (int i = 0; i < 100 && strcmp(text, "$0\r\n\r\n") != 0; i++) {
        rig_send(&rig, other, "CLIENT LIST TYPE pubsub\r\n");
        rig_read(&rig, other, text, sizeof(text));
        rig_wait(&rig, 100);
    }
    assert_string_equal(text, "$0\r\n\r\n");
    assert_true(rig_now_ms() - start >= 2000);
    close(fd);
    close(other);
}

/* Reads until len bytes have come, or the connection has ended. */
static size_t drain(int fd, size_t len)
{
    static char bytes[1 << 18];
    uint64_t until = rig_now_ms() + 3 * RIG_PATIENCE_MS;
    size_t got = 0;

    while (got < len && rig_now_ms() < until) {
        uv_run(&rig.loop, UV_RUN_NOWAIT);
        ssize_t count = recv(fd, bytes, sizeof(bytes), 0);
        if (count == 0)
            break;
        if (count > 0)
            got += (size_t)count;
    }
    return got;
}

static void test_server__a_large_reply_is_written_as_the_client_reads(void **state)
{
    enum { COMMANDS = 4000, WORD = 1000 };
    static char requests[COMMANDS * (WORD + 7)];
    int fd = rig_dial(&rig);

    (void)state;
    memset(requests, 'y', sizeof(requests));
    for (size_t i = 0; i < COMMANDS; i++) {
        memcpy(requests + i * (WORD + 7), "PING ", 5);
        memcpy(requests + (i + 1) * (WORD + 7) - 2, "\r\n", 2);
    }
    rig_send_bytes(&rig, fd, requests, sizeof(requests));
    assert_int_equal(drain(fd, COMMANDS * (WORD + 9)), COMMANDS * (WORD + 9));
    rig_talk(&rig, fd, "PING\r\n", "+PONG\r\n");
    close(fd);
}

static void test_server__a_busy_client_leaves_turns_to_others(void **state)
{
    enum { COMMANDS = 4000 };
    static char requests[COMMANDS * 14 + 1], text[8192];
    int busy = rig_dial(&rig), other = rig_dial(&rig);

    (void)state;
    rig_talk(&rig, busy, "PING\r\n", "+PONG\r\n");
    rig_talk(&rig, other, "PING\r\n", "+PONG\r\n");
    for (size_t i = 0; i < COMMANDS; i++)
        memcpy(requests + 14 * i, "COMMAND DOCS\r\n", 14);
    assert_int_equal(send(busy, requests, 14 * COMMANDS, 0), 14 * COMMANDS);
    send(other, "INFO stats\r\n", 12, 0);
    while (recv(other, text, sizeof(text) - 1, 0) <= 0)
        uv_run(&rig.loop, UV_RUN_NOWAIT);
    const char *count = strstr(text, "total_commands_processed:");
    assert_non_null(count);
    assert_in_range(strtol(count + strlen("total_commands_processed:"), NULL, 10), 3, COMMANDS / 2);

    /* and all are answered in the end, also when the busy one says no more */
    int third = rig_dial(&rig);
    rig_send(&rig, third, "COMMAND DOCS\r\nQUIT\r\n");
    size_t len = drain(third, SIZE_MAX) - strlen("+OK\r\n");
    shutdown(busy, SHUT_WR);
    assert_int_equal(drain(busy, SIZE_MAX), COMMANDS * len);
    close(third);
    close(busy);
    close(other);
}

static void test_server__the_query_buffer_has_a_limit(void **state)
{
    char chunk[4097];

    (void)state;
    rig.settings.query_buffer_max = 100000;
    rig_start(&rig);
    int fd = rig_dial(&rig);
    memset(chunk, 'z', 4096);
    chunk[4096] = '\0';
    rig_send(&rig, fd, "*2\r\n$4\r\nPING\r\n$900000\r\n");
    for (int i = 0; i < 200; i++)
        send(fd, chunk, 4096, MSG_NOSIGNAL), rig_turn(&rig);
    char text[4096];
    size_t got = rig_read(&rig, fd, text, sizeof(text));
    assert_true(got == 0 || text[0] == '-');
    rig_expect_end(&rig, fd);
    close(fd);
}

/* One request of so many words that the loop would stand still for it. */
static void send_many(int fd, const char *head, size_t head_count, const char *word, size_t count)
{
    struct sn_buf request;

    sn_buf_init(&request, SIZE_MAX);
    sn_buf_printf(&request, "*%zu\r\n%s", head_count + count, head);
    for (size_t i = 0; i < count; i++)
        sn_buf_printf(&request, "$%zu\r\n%s\r\n", strlen(word), word);
    rig_send_bytes(&rig, fd, sn_buf_text(&request), request.len);
    sn_buf_fini(&request);
}

static void test_server__words_of_a_request_are_limited(void **state)
{
    int fd = rig_dial(&rig), other = rig_dial(&rig);

    (void)state;
    send_many(fd, "$7\r\nCOMMAND\r\n$4\r\nINFO\r\n", 2, "sentinel", 200000);
    rig_expect(&rig, fd, "-ERR Protocol error: invalid multibulk length\r\n");
    rig_expect_end(&rig, fd);
    close(fd);
    fd = rig_dial(&rig);
    rig_send(&rig, fd, "*2\r\n$4\r\nPING\r\n$536870912\r\n");
    rig_expect_end(&rig, fd);
    close(fd);

    /* within the limit, a reply that nobody needs is refused */
    send_many(other, "$7\r\nCOMMAND\r\n$4\r\nINFO\r\n", 2, "sentinel", 4000);
    rig_expect(&rig, other, "-ERR the reply would be larger than 4 MiB: name fewer commands\r\n");
    send_many(other, "$7\r\nCOMMAND\r\n$4\r\nDOCS\r\n", 2, "sentinel", 4000);
    rig_expect(&rig, other, "-ERR the reply would be larger than 4 MiB: name fewer commands\r\n");
    send_many(other, "$7\r\nCOMMAND\r\n$4\r\nINFO\r\n", 2, "nosuch", 2);
    rig_expect(&rig, other, "*2\r\n$-1\r\n$-1\r\n");
    send_many(other, "$8\r\nSENTINEL\r\n$3\r\nSET\r\n$2\r\nm1\r\n", 3, "1", 3000);
    rig_expect(&rig, other, "-ERR No such master with that name\r\n");
    rig_talk(&rig, other, MONITOR, "+OK\r\n");
    send_many(other, "$8\r\nSENTINEL\r\n$3\r\nSET\r\n$2\r\nm1\r\n", 3, "1", 3000);
    rig_expect(&rig, other, "-ERR Too many arguments for SENTINEL SET: at most 256 at once\r\n");
    send_many(other, "$8\r\nSENTINEL\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n", 3, "*", 3000);
    rig_expect(&rig, other, "-ERR Too many arguments for SENTINEL CONFIG: at most 256 at once\r\n");
    send_many(other, "$3\r\nACL\r\n$7\r\nSETUSER\r\n$1\r\nu\r\n", 3, "+ping", 3000);
    rig_expect(&rig, other, "-ERR Too much for ACL SETUSER: at most 1024 rules at once");
    close(other);
}

/* Matching costs pattern times name. */
static void test_server__patterns_of_commands_are_limited(void **state)
{
    int fd = rig_dial(&rig);
    char pattern[1102] = "", request[1200];

    (void)state;
    memset(pattern, 'a', sizeof(pattern) - 1);
    memcpy(pattern, "*[", 2);
    memcpy(pattern + sizeof(pattern) - 3, "]z", 2);
    snprintf(request, sizeof(request), "SENTINEL RESET %s\r\n", pattern);
    rig_talk(&rig, fd, request, "-ERR Pattern longer than 1024 bytes\r\n");
    snprintf(request, sizeof(request), "COMMAND LIST FILTERBY PATTERN %s\r\n", pattern);
    rig_talk(&rig, fd, request, "-ERR syntax error\r\n");
    snprintf(request, sizeof(request), "SENTINEL CONFIG GET %s\r\n", pattern);
    rig_talk(&rig, fd, request, "*0\r\n");
    close(fd);
}

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        count++;
    return count;
}

/* What takes long is made in slices: others are answered in between, the same client is not. */
static void test_server__a_long_reply_leaves_turns_to_others(void **state)
{
    enum { GROUPS = 12000, SIZE = 64 << 20 }; /* more than a turn can tell, on any machine */
    static const char *const requests[] = {"SENTINEL MASTERS\r\nPING\r\n",
                                           "SENTINEL INFO-CACHE m1\r\nPING\r\n"};
    static char text[SIZE];
    char name[32];

    (void)state;
    for (int i = 0; i < GROUPS; i++) {
        snprintf(name, sizeof(name), "m%d", i);
        rig_add_group(&rig, name, "127.0.0.1", 1 + i);
    }
    rig_start(&rig);
    int busy = rig_dial(&rig), other = rig_dial(&rig);
    rig_talk(&rig, busy, "PING\r\n", "+PONG\r\n");
    rig_talk(&rig, other, "PING\r\n", "+PONG\r\n");
    send(busy, requests[0], strlen(requests[0]), 0);
    uv_run(&rig.loop, UV_RUN_NOWAIT);
    /* It was not complete, or there would be one more. */
    rig_talk(&rig, other, "SENTINEL REMOVE m11999\r\n", "+OK\r\n");
    size_t got = rig_read(&rig, busy, text, SIZE);
    assert_true(strncmp(text, "*11999\r\n", 8) == 0);
    assert_int_equal(count_of(text, "$4\r\nname\r\n"), 11999);
    assert_string_equal(text + got - 7, "+PONG\r\n");
    rig_send(&rig, busy, requests[1]);
    rig_read(&rig, busy, text, SIZE);
    assert_string_equal(text, "*2\r\n$2\r\nm1\r\n*1\r\n*2\r\n:0\r\n$-1\r\n+PONG\r\n");

    /* a client that leaves in the middle, and the end of the server */
    send(busy, requests[0], strlen(requests[0]), 0);
    uv_run(&rig.loop, UV_RUN_NOWAIT);
    close(busy);
    send(other, requests[0], strlen(requests[0]), 0);
    uv_run(&rig.loop, UV_RUN_NOWAIT);
    close(other);
}

/* The same for what changes much; the answer comes when all of it is done and saved. */
static void test_server__a_reset_of_many_leaves_turns_to_others(void **state)
{
    enum { GROUPS = 20000 }; /* more than a turn can reset, on any machine */
    static const char request[] = "SENTINEL RESET m*\r\nPING\r\n";
    char name[32], text[256];

    (void)state;
    for (int i = 0; i < GROUPS; i++) {
        snprintf(name, sizeof(name), "m%d", i);
        rig_add_group(&rig, name, "127.0.0.1", 1 + i % 60000);
    }
    rig_add_group(&rig, "other", "127.0.0.1", 1);
    rig_start(&rig);
    int busy = rig_dial(&rig), other = rig_dial(&rig);
    rig_talk(&rig, busy, "PING\r\n", "+PONG\r\n");
    rig_talk(&rig, other, "PING\r\n", "+PONG\r\n");
    send(busy, request, strlen(request), 0);
    uv_run(&rig.loop, UV_RUN_NOWAIT);
    rig_talk(&rig, other, "SENTINEL REMOVE m19999\r\n", "+OK\r\n");
    rig_expect(&rig, busy, ":19999\r\n+PONG\r\n");

    rig.hold_saves = true;
    rig_send(&rig, busy, request);
    rig_wait(&rig, 500);
    rig_talk(&rig, other, "PING\r\n", "+PONG\r\n");
    assert_int_equal(recv(busy, text, 1, MSG_PEEK), -1);
    rig.hold_saves = false;
    rig_confirm_save(&rig);
    rig_expect(&rig, busy, ":19999\r\n+PONG\r\n");
    rig.fail_saves = true;
    rig_talk(&rig, busy, request,
             "-ERR Failed to save config file. Check server logs.\r\n+PONG\r\n");
    rig.fail_saves = false;
    rig_talk(&rig, busy, "CLIENT REPLY SKIP\r\nSENTINEL RESET m*\r\nPING\r\n", "+PONG\r\n");

    /* a client that leaves in the middle, and the end of the server */
    send(busy, request, strlen(request), 0);
    uv_run(&rig.loop, UV_RUN_NOWAIT);
    close(busy);
    send(other, request, strlen(request), 0);
    uv_run(&rig.loop, UV_RUN_NOWAIT);
    close(other);
}

static void test_server__listens_on_a_unix_socket(void **state)
{
    char folder[] = "/tmp/sn-server-XXXXXX", text[4096];
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/s.sock", folder);
    rig.settings.unixsocket = strdup(address.sun_path);
    rig.settings.port = 0;
    rig_start(&rig);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    rig_talk(&rig, fd, "PING\r\n", "+PONG\r\n");
    rig_send(&rig, fd, "CLIENT INFO\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_non_null(strstr(text, "flags=U"));
    close(fd);
    unlink(address.sun_path);
    rmdir(folder);
}

static void test_server__a_port_in_use_is_named(void **state)
{
    struct sn_buf error;
    struct rig second;

    (void)state;
    rig_start(&rig);
    rig_init(&second);
    second.settings.port = rig.settings.port;
    rig_build(&second);
    sn_buf_init(&error, 1024);
    assert_int_equal(sn_server_listen(second.server, &error), SN_EIO);
    char port[32];
    snprintf(port, sizeof(port), "127.0.0.1 port %u", (unsigned)rig.settings.port);
    assert_non_null(strstr(sn_buf_text(&error), port));
    assert_non_null(strstr(sn_buf_text(&error), "address already in use"));
    sn_buf_fini(&error);
    rig_stop(&second);
}

static void test_server__only_an_optional_address_may_be_missing(void **state)
{
    struct sn_buf error;
    struct rig second;

    (void)state;
    /* 192.0.2.0/24 is for documentation: no machine has it */
    rig.settings.bind = realloc(rig.settings.bind, 2 * sizeof(char *));
    rig.settings.bind[1] = strdup("-192.0.2.1");
    rig.settings.bind_count = 2;
    rig_start(&rig);
    int fd = rig_dial(&rig);
    rig_talk(&rig, fd, "PING\r\n", "+PONG\r\n");
    close(fd);

    rig_init(&second);
    free(second.settings.bind[0]);
    second.settings.bind[0] = strdup("192.0.2.1");
    rig_build(&second);
    sn_buf_init(&error, 1024);
    assert_int_equal(sn_server_listen(second.server, &error), SN_EIO);
    assert_non_null(strstr(sn_buf_text(&error), "192.0.2.1"));
    sn_buf_fini(&error);
    rig_stop(&second);
}

static void test_server__bind_to_nothing_opens_no_port(void **state)
{
    struct sn_buf error;

    (void)state;
    free(rig.settings.bind[0]);
    rig.settings.bind_count = 0;
    rig.settings.bind_none = true;
    rig_build(&rig);
    sn_buf_init(&error, 1024);
    assert_int_equal(sn_server_listen(rig.server, &error), SN_EIO);
    assert_non_null(strstr(sn_buf_text(&error), "Configured to not listen anywhere"));
    sn_buf_fini(&error);
}

static void test_server__names_are_looked_up_as_ipv4_first(void **state)
{
    (void)state;
    free(rig.settings.bind[0]);
    rig.settings.bind[0] = strdup("localhost");
    rig_start(&rig);
    int fd = rig_dial(&rig); /* to 127.0.0.1 */
    rig_talk(&rig, fd, "PING\r\n", "+PONG\r\n");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_server__one_client_too_many_is_told_and_dropped,
                                        prepare, stop),
        cmocka_unit_test_setup_teardown(test_server__an_idle_client_is_dropped_but_no_subscriber,
                                        prepare, stop),
        cmocka_unit_test_setup_teardown(
            test_server__a_subscriber_that_does_not_read_is_dropped_at_the_hard_limit, prepare,
            stop),
        cmocka_unit_test_setup_teardown(
            test_server__a_subscriber_over_the_soft_limit_is_dropped_after_its_time, prepare, stop),
        cmocka_unit_test_setup_teardown(test_server__a_large_reply_is_written_as_the_client_reads,
                                        start, stop),
        cmocka_unit_test_setup_teardown(test_server__a_busy_client_leaves_turns_to_others, start,
                                        stop),
        cmocka_unit_test_setup_teardown(test_server__the_query_buffer_has_a_limit, prepare, stop),
        cmocka_unit_test_setup_teardown(test_server__words_of_a_request_are_limited, start, stop),
        cmocka_unit_test_setup_teardown(test_server__patterns_of_commands_are_limited, start, stop),
        cmocka_unit_test_setup_teardown(test_server__a_long_reply_leaves_turns_to_others, prepare,
                                        stop),
        cmocka_unit_test_setup_teardown(test_server__a_reset_of_many_leaves_turns_to_others,
                                        prepare, stop),
        cmocka_unit_test_setup_teardown(test_server__listens_on_a_unix_socket, prepare, stop),
        cmocka_unit_test_setup_teardown(test_server__a_port_in_use_is_named, prepare, stop),
        cmocka_unit_test_setup_teardown(test_server__only_an_optional_address_may_be_missing,
                                        prepare, stop),
        cmocka_unit_test_setup_teardown(test_server__bind_to_nothing_opens_no_port, prepare, stop),
        cmocka_unit_test_setup_teardown(test_server__names_are_looked_up_as_ipv4_first, prepare,
                                        stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
