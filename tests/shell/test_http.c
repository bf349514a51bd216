/* SPDX-License-Identifier: BSD-3-Clause */
/* The HTTP port: its addresses and limits, and bad clients. */
#include "http_rig.h"

static void test_http__only_reading_is_allowed(void **state)
{
    (void)state;
    http_start();
    assert_int_equal(http_status(http_ask("GET", "/livez")), 200);
    const char *answer = http_ask("HEAD", "/livez");
    assert_int_equal(http_status(answer), 200);
    assert_string_equal(http_body(answer), "");
    answer = http_ask("OPTIONS", "/livez");
    assert_int_equal(http_status(answer), 200);
    assert_non_null(strstr(answer, "\r\nAllow: GET, HEAD, OPTIONS\r\n"));
    const char *const others[] = {"POST", "PUT", "DELETE", "PATCH", "TRACE", "NONSENSE"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        answer = http_ask(others[i], "/livez");
        assert_int_equal(http_status(answer), 405);
        assert_non_null(strstr(answer, "\r\nAllow: GET, HEAD, OPTIONS\r\n"));
    }
}

/* Of an answer without a known length too: what came behind its head would be taken for the next
 * answer. */
static void test_http__head_has_no_body(void **state)
{
    static const char *const paths[] = {"/",       "/metrics", "/groups",  "/history",
                                        "/events", "/livez",   "/page.js", "/doctor"};
    (void)state;
    http_start();
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *answer = http_ask("HEAD", paths[i]);
        assert_int_equal(http_status(answer), 200);
        assert_string_equal(http_body(answer), "");
    }
    const char *answer = http_talk("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_string_equal(http_body(answer), "");
}

static void test_http__a_body_is_not_read(void **state)
{
    (void)state;
    http_start();
    const char *answer = http_talk("POST /groups HTTP/1.1\r\nHost: x\r\n"
                                   "Content-Length: 1000000000\r\n\r\nsome of it");
    assert_int_equal(http_status(answer), 405);
    answer = http_talk("GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789");
    assert_string_equal(answer, "");
}

static void test_http__unknown_paths_are_404(void **state)
{
    (void)state;
    http_start();
    http_expect("/none", 404, "/metrics");
    http_expect("/livez/", 404, "Not found");
    http_expect("/groupsx", 404, "Not found");
    http_expect("/groups/none", 404, "No group has this name.");
    http_expect("/groups/", 404, "No group has this name.");
    http_expect("/groups/none/primary?addr=127.0.0.1:1", 404, "No group has this name.");
    http_expect("/none%00livez", 404, "Not found");
}

static void test_http__is_ready_or_says_why_not(void **state)
{
    (void)state;
    http_start();
    http_expect("/readyz", 200, "ready\n");
    http_unready = "The disk is full.\nThe moon is full.\n";
    http_expect("/readyz", 503, "The disk is full.\nThe moon is full.\n");
    http_expect("/livez", 200, "alive\n");
    http_expect("/metrics", 200, "\nsentineld_ready 0\n");
}

static void test_http__a_request_may_come_in_bytes(void **state)
{
    const char *request = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    (void)state;
    http_start();
    int fd = http_dial();
    for (size_t i = 0; request[i] != '\0'; i++) {
        rig_send_bytes(&rig, fd, request + i, 1);
        rig_turn(&rig);
    }
    assert_int_equal(http_status(http_read_all(fd)), 200);
    close(fd);
}

static void test_http__requests_may_follow_each_other(void **state)
{
    (void)state;
    http_start();
    const char *answer = http_talk("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
                                   "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
                                   "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const char *live = strstr(answer, "alive\n"), *ready = strstr(answer, "ready\n");
    const char *last = strstr(answer, "404 Not Found");
    assert_non_null(live);
    assert_non_null(ready);
    assert_non_null(last);
    assert_true(live < ready && ready < last);
}

#define BAD_CHUNK "GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"

static void test_http__nonsense_gets_an_error_or_an_end(void **state)
{
    static const char *const texts[] = {"\r\n\r\n\r\n",
                                        "PING\r\n",
                                        "*1\r\n$4\r\nPING\r\n",
                                        "GET\r\n\r\n",
                                        "GET /livez\r\n\r\n",
                                        "GET /livez HTTP/9.9\r\n\r\n",
                                        "GET /livez HTTP/1.1\r\nHost\r\n\r\n",
                                        "\x16\x03\x01\x02\x00\x01\xfc\x03\x03",
                                        "GET /%zz%ff%00 HTTP/1.1\r\nHost: x\r\n\r\n",
                                        BAD_CHUNK};

    (void)state;
    http_start();
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int fd = http_dial();
        rig_send(&rig, fd, texts[i]);
        rig_wait(&rig, 5);
        shutdown(fd, SHUT_WR);
        (void)http_read_all(fd);
        close(fd);
    }
    http_expect("/livez", 200, "alive\n");
}

static void test_http__a_head_without_end_is_refused(void **state)
{
    char line[1024];

    (void)state;
    http_start();
    int fd = http_dial();
    rig_send(&rig, fd, "GET /livez HTTP/1.1\r\n");
    memset(line, 'x', sizeof(line) - 1);
    memcpy(line, "X: ", 3);
    memcpy(line + sizeof(line) - 3, "\r\n", 3);
    for (int i = 0; i < 64; i++)
        rig_send(&rig, fd, line); /* until it is closed */
    const char *answer = http_read_all(fd);
    assert_true(answer[0] == '\0' || http_status(answer) >= 400);
    close(fd);
}

static void test_http__a_slow_client_is_cut(void **state)
{
    (void)state;
    http_request_ms = 200;
    http_start();
    int idle = http_dial(), slow = http_dial();
    rig_send(&rig, slow, "GET /livez HT");
    assert_string_equal(http_read_all(idle), "");
    assert_string_equal(http_read_all(slow), "");
    close(idle);
    close(slow);
    http_expect("/metrics", 200, "\nsentineld_http_connections_cut_total 2\n");
}

static void add_groups(size_t count)
{
    char name[32], ip[32];

    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "group-%zu", i);
        snprintf(ip, sizeof(ip), "10.0.%zu.%zu", i / 200, i % 200 + 1);
        rig_add_group(&rig, name, ip, 6379);
    }
}

static void test_http__a_client_that_does_not_read_is_cut(void **state)
{
    (void)state;
    add_groups(6000); /* more than the buffers of sockets take */
    http_request_ms = 200;
    http_start();
    int fd = http_dial();
    rig_send(&rig, fd, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    rig_wait(&rig, 1500);
    const char *answer = http_read_all(fd);
    assert_int_equal(http_status(answer), 200);
    assert_null(strstr(answer, "\n# TYPE sentineld_replica_lag_bytes")); /* not the end of it */
    close(fd);
}

/* The rest is made when the client takes it: it has a group that was added meanwhile. */
static void test_http__a_long_answer_is_made_as_it_is_taken(void **state)
{
    (void)state;
    add_groups(6000);
    http_start();
    int client = rig_dial(&rig), fd = http_dial();
    rig_send(&rig, fd, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    rig_wait(&rig, 500);
    rig_talk(&rig, client, "SENTINEL MONITOR latecomer 10.1.0.1 6379 2\r\n", "+OK\r\n");
    const char *answer = http_read_all(fd);
    assert_null(strstr(answer, "\nredis_sentinel_master_status{master_name=\"latecomer\""));
    assert_non_null(strstr(answer, "\nsentineld_group_usable_sentinels{master_name=\"latecomer\""));
    close(client);
    close(fd);
}

static void test_http__beyond_the_limit_the_oldest_gives_way(void **state)
{
    enum { COUNT = 3 * SN_HTTP_CONNECTIONS_MAX };
    int fds[COUNT];
    char byte;

    (void)state;
    http_start();
    for (size_t i = 0; i < COUNT; i++) {
        fds[i] = http_dial();
        rig_turn(&rig);
    }
    rig_wait(&rig, 20);
    http_expect("/metrics", 200, "\nsentineld_http_connections 64\n");
    rig_wait(&rig, 20);
    for (size_t i = 0; i < COUNT; i++) {
        ssize_t got = recv(fds[i], &byte, 1, 0);
        bool is_open = got < 0 && errno == EAGAIN;
        assert_int_equal(is_open, i > COUNT - SN_HTTP_CONNECTIONS_MAX);
        close(fds[i]);
    }
}

static void test_http__a_client_that_asks_is_not_the_oldest(void **state)
{
    int fds[SN_HTTP_CONNECTIONS_MAX + 1];
    char answer[1024], byte;

    (void)state;
    http_start();
    for (size_t i = 0; i < SN_HTTP_CONNECTIONS_MAX; i++) {
        fds[i] = http_dial();
        rig_turn(&rig);
    }
    rig_send(&rig, fds[0], "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(rig_read(&rig, fds[0], answer, sizeof(answer)) > 0);
    fds[SN_HTTP_CONNECTIONS_MAX] = http_dial();
    rig_wait(&rig, 20);
    for (size_t i = 0; i <= SN_HTTP_CONNECTIONS_MAX; i++) {
        bool is_open = recv(fds[i], &byte, 1, 0) < 0 && errno == EAGAIN;
        assert_int_equal(is_open, i != 1);
        close(fds[i]);
    }
}

static void test_http__a_port_in_use_is_named(void **state)
{
    struct sn_buf error;
    char expected[64];

    (void)state;
    http_start();
    struct sn_http *first = http;
    http_build();
    sn_buf_init(&error, 1024);
    assert_int_equal(sn_http_listen(http, &error), SN_EIO);
    snprintf(expected, sizeof(expected), "127.0.0.1 port %u (HTTP): address already in use",
             (unsigned)rig.settings.http_port);
    assert_string_equal(sn_buf_text(&error), expected);
    sn_http_close(http);
    sn_list_add(&rig.settings.http_bind, "-127.0.0.1"); /* it may be missing, but not in use */
    http_build();
    sn_buf_clear(&error);
    assert_int_equal(sn_http_listen(http, &error), SN_EIO);
    assert_string_equal(sn_buf_text(&error), expected);
    sn_buf_fini(&error);
    sn_http_close(http);
    http = first;
}

static void test_http__only_an_optional_address_may_be_missing(void **state)
{
    struct sn_buf error;

    (void)state;
    http_start();
    struct sn_http *first = http;
    sn_list_add(&rig.settings.http_bind, "-192.0.2.1");
    http_build();
    sn_buf_init(&error, 1024);
    assert_int_equal(sn_http_listen(http, &error), 0);
    sn_http_close(http);
    sn_list_add(&rig.settings.http_bind, "192.0.2.1");
    http_build();
    assert_int_equal(sn_http_listen(http, &error), SN_EIO);
    assert_non_null(strstr(sn_buf_text(&error), "192.0.2.1 port "));
    sn_buf_fini(&error);
    sn_http_close(http);
    http = first;
}

static void test_http__may_end_in_the_middle_of_an_answer(void **state)
{
    (void)state;
    add_groups(6000);
    http_start();
    int fd = http_dial();
    rig_send(&rig, fd, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    rig_wait(&rig, 50);
    close(fd);
    fd = http_dial();
    rig_send(&rig, fd, "GET /groups HTTP/1.1\r\nHost: x\r\n\r\n");
    rig_wait(&rig, 5);
    close(fd);
}

static void test_http__is_off_by_default(void **state)
{
    (void)state;
    rig_start(&rig);
    http_build();
    assert_null(http);
    sn_http_note_event(http, &(struct sn_action_notice){.name = "+sdown"});
    sn_http_note_save(http, true, 1);
    http_port_holder = dup(0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, http_prepare, http_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_http__only_reading_is_allowed),
        TEST(test_http__head_has_no_body),
        TEST(test_http__a_body_is_not_read),
        TEST(test_http__unknown_paths_are_404),
        TEST(test_http__is_ready_or_says_why_not),
        TEST(test_http__a_request_may_come_in_bytes),
        TEST(test_http__requests_may_follow_each_other),
        TEST(test_http__nonsense_gets_an_error_or_an_end),
        TEST(test_http__a_head_without_end_is_refused),
        TEST(test_http__a_slow_client_is_cut),
        TEST(test_http__a_client_that_does_not_read_is_cut),
        TEST(test_http__a_long_answer_is_made_as_it_is_taken),
        TEST(test_http__beyond_the_limit_the_oldest_gives_way),
        TEST(test_http__a_client_that_asks_is_not_the_oldest),
        TEST(test_http__a_port_in_use_is_named),
        TEST(test_http__only_an_optional_address_may_be_missing),
        TEST(test_http__may_end_in_the_middle_of_an_answer),
        TEST(test_http__is_off_by_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
