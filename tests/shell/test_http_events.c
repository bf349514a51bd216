/* SPDX-License-Identifier: BSD-3-Clause */
/* /events: what listeners get, and what becomes of slow ones. */
#include "http_rig.h"

#include "shell/http/events.h"
#include "shell/http/ring.h"

#define SDOWN      "master m1 10.0.0.1 6379"
#define TEXT_MAX   ((size_t)1 << 20)
#define REQUEST(x) "GET /events" x " HTTP/1.1\r\nHost: x\r\n"

static char text[TEXT_MAX];
static size_t text_len;

static void tell(const char *name, const char *payload)
{
    const struct sn_action_notice event = {SN_LEVEL_WARNING, name, payload, 0};

    sn_http_note_event(http, &event);
}

/* request: without the empty line. */
static int listen_to(const char *request)
{
    int fd = http_dial();

    text_len = 0;
    text[0] = '\0';
    rig_send(&rig, fd, request);
    rig_send(&rig, fd, "\r\n");
    return fd;
}

/* Reads until the text has the part. */
static void expect_text(int fd, const char *part)
{
    uint64_t until = rig_now_ms() + RIG_PATIENCE_MS;

    while (strstr(text, part) == NULL) {
        ssize_t got = recv(fd, text + text_len, sizeof(text) - 1 - text_len, 0);
        if (got > 0)
            text_len += (size_t)got;
        else if (got == 0 || errno != EAGAIN || rig_now_ms() > until)
            fail_msg("no %s in: %s", part, text);
        else
            rig_turn(&rig);
        text[text_len] = '\0';
    }
}

static int listen_well(const char *request)
{
    int fd = listen_to(request);

    expect_text(fd, "retry: ");
    return fd;
}

/* The id of the last event in the text. */
static void last_id(char id[64])
{
    const char *at = NULL;

    for (const char *next = text; (next = strstr(next, "\nid: ")) != NULL; next++)
        at = next;
    assert_non_null(at);
    assert_int_equal(sscanf(at, "\nid: %63s", id), 1);
}

static void test_events__each_one_is_told_as_json(void **state)
{
    (void)state;
    http_start();
    int fd = listen_well(REQUEST(""));
    assert_non_null(strstr(text, "\r\nContent-Type: text/event-stream\r\n"));
    tell("+sdown", SDOWN);
    expect_text(fd, "data: {\"event\":\"+sdown\",\"payload\":\"master m1 10.0.0.1 6379\","
                    "\"level\":\"warning\",\"time\":\"20");
    expect_text(fd, "Z\",\"group\":\"m1\"}\n\n");
    tell("+new-epoch", "7");
    expect_text(fd, "\"group\":null}\n\n");
    close(fd);
}

static void test_events__a_debug_event_is_told_to_nobody(void **state)
{
    static const struct sn_action_notice event = {SN_LEVEL_DEBUG, "+script-child", "17", 0};

    (void)state;
    http_start();
    int fd = listen_well(REQUEST(""));
    sn_http_note_event(http, &event);
    tell("+new-epoch", "7");
    expect_text(fd, "+new-epoch");
    assert_null(strstr(text, "+script-child"));
    close(fd);
}

static void test_events__strange_bytes_stay_in_one_line(void **state)
{
    (void)state;
    http_start();
    int fd = listen_well(REQUEST(""));
    tell("+sdown", "master a\"\n\ndata:\xff<b> 10.0.0.1 6379");
    expect_text(fd, "\"payload\":\"master a\\\"\\\\n\\\\ndata:\\\\xff<b> 10.0.0.1 6379\"");
    close(fd);
}

static void test_events__of_one_group(void **state)
{
    (void)state;
    http_start();
    int fd = listen_well(REQUEST("?group=m%31"));
    tell("+sdown", "master m10 10.0.0.2 6379");
    tell("+new-epoch", "7");
    rig_wait(&rig, 5);
    tell("+sdown", "slave 10.0.0.3:6379 10.0.0.3 6379 @ m1 10.0.0.1 6379");
    expect_text(fd, "@ m1 ");
    tell("+switch-master", "m1 10.0.0.1 6379 10.0.0.3 6379");
    expect_text(fd, "+switch-master");
    tell("+lost-writes", "m1 10.0.0.1 6379 120");
    expect_text(fd, "+lost-writes");
    assert_null(strstr(text, "m10"));
    assert_null(strstr(text, "+new-epoch"));
    close(fd);
}

static void test_events__one_that_comes_back_misses_nothing(void **state)
{
    char id[64], request[256];

    (void)state;
    http_start();
    int fd = listen_well(REQUEST(""));
    tell("+sdown", SDOWN);
    expect_text(fd, "+sdown");
    last_id(id);
    close(fd);
    tell("+odown", SDOWN);
    tell("-odown", SDOWN);
    snprintf(request, sizeof(request), REQUEST("") "Last-Event-ID: %s\r\n", id);
    fd = listen_to(request);
    expect_text(fd, "-odown");
    assert_non_null(strstr(text, "+odown"));
    assert_null(strstr(text, "+sdown"));
    assert_null(strstr(text, "event: gap"));
    close(fd);
}

static void test_events__a_gap_is_told(void **state)
{
    char id[64], request[256];

    (void)state;
    http_start();
    int fd = listen_well(REQUEST(""));
    tell("+sdown", SDOWN);
    expect_text(fd, "+sdown");
    last_id(id);
    close(fd);
    tell("+odown", SDOWN); /* will be the one that is missing */
    for (size_t i = 0; i < SN_RING_EVENTS_MAX; i++)
        tell("+new-epoch", "7");
    snprintf(request, sizeof(request), REQUEST("") "Last-Event-ID: %s\r\n", id);
    fd = listen_to(request);
    expect_text(fd, "+new-epoch");
    assert_non_null(strstr(text, "event: gap\n"));
    assert_null(strstr(text, "+odown"));
    close(fd);
    fd = listen_to(REQUEST("") "Last-Event-ID: 1-1\r\n"); /* of an earlier process */
    expect_text(fd, "+new-epoch");
    assert_non_null(strstr(text, "event: gap\n"));
    close(fd);
}

static void test_events__the_last_ones_may_be_asked_for(void **state)
{
    (void)state;
    http_start();
    tell("+new-epoch", "7");
    tell("+new-epoch", "8");
    tell("+new-epoch", "9");
    int fd = listen_well(REQUEST("?last=2"));
    expect_text(fd, "\"payload\":\"9\"");
    assert_non_null(strstr(text, "\"payload\":\"8\""));
    assert_null(strstr(text, "\"payload\":\"7\""));
    close(fd);
    fd = listen_well(REQUEST("?last=99999999999999999999"));
    expect_text(fd, "\"payload\":\"7\"");
    close(fd);
    fd = listen_well(REQUEST("?last=none"));
    rig_wait(&rig, 5);
    tell("+new-epoch", "10");
    expect_text(fd, "\"payload\":\"10\"");
    assert_null(strstr(text, "\"payload\":\"9\""));
    close(fd);
}

/* Longer than a request may take, and nobody else may take the place of one. */
static void test_events__a_listener_stays(void **state)
{
    int fds[SN_HTTP_CONNECTIONS_MAX];

    (void)state;
    http_request_ms = 200;
    http_start();
    int fd = listen_well(REQUEST(""));
    for (size_t i = 0; i < SN_HTTP_CONNECTIONS_MAX; i++) {
        fds[i] = http_dial();
        rig_turn(&rig);
    }
    expect_text(fd, "\r\n:\n\n"); /* a heartbeat */
    rig_wait(&rig, 1500);
    tell("+sdown", SDOWN);
    expect_text(fd, "+sdown");
    for (size_t i = 0; i < SN_HTTP_CONNECTIONS_MAX; i++)
        close(fds[i]);
    close(fd);
}

static void test_events__one_too_many_is_refused(void **state)
{
    int fds[SN_EVENTS_LISTENERS_MAX];

    (void)state;
    http_start();
    for (size_t i = 0; i < SN_EVENTS_LISTENERS_MAX; i++)
        fds[i] = listen_well(REQUEST(""));
    http_expect("/events", 503, "too many listeners");
    http_expect("/metrics", 200, "\nsentineld_http_listeners 16\n");
    for (size_t i = 0; i < SN_EVENTS_LISTENERS_MAX; i++)
        close(fds[i]);
    tell("+sdown", SDOWN); /* shows that they are gone */
    rig_wait(&rig, 50);
    tell("+sdown", SDOWN);
    rig_wait(&rig, 50);
    http_expect("/metrics", 200, "\nsentineld_http_listeners 0\n");
}

/* More than the buffers of sockets take. */
static void flood(void)
{
    char payload[1000];

    memset(payload, 'x', sizeof(payload));
    payload[sizeof(payload) - 1] = '\0';
    for (size_t i = 0; i < 20000; i++) {
        tell("+new-epoch", payload);
        if (i % 16 == 0)
            rig_turn(&rig);
    }
}

static void test_events__a_slow_reader_is_dropped(void **state)
{
    (void)state;
    http_request_ms = 200;
    http_start();
    int slow = listen_well(REQUEST(""));
    int other = listen_well(REQUEST("?group=m1"));
    flood();
    rig_wait(&rig, 1500);
    http_expect("/metrics", 200, "\nsentineld_http_listeners_dropped_total 1\n");
    http_expect("/metrics", 200, "\nsentineld_http_listeners 1\n");
    (void)http_read_all(slow);
    tell("+sdown", SDOWN);
    expect_text(other, "+sdown");
    close(slow);
    close(other);
}

static void test_events__one_that_was_overtaken_is_dropped(void **state)
{
    (void)state;
    http_start();
    int fd = listen_well(REQUEST(""));
    flood();
    (void)http_read_all(fd);
    http_expect("/metrics", 200, "\nsentineld_http_listeners_dropped_total 1\n");
    close(fd);
}

/* The end of the process, with listeners of each kind, leaks nothing. */
static void test_events__may_be_closed_at_any_time(void **state)
{
    (void)state;
    http_start();
    int idle = listen_well(REQUEST("")), busy = listen_well(REQUEST(""));
    flood();
    assert_int_equal(http_status(http_ask("HEAD", "/events")), 200);
    tell("+sdown", SDOWN);
    sn_http_close(http);
    tell("+sdown", SDOWN);
    close(idle);
    close(busy);
}

static void test_ring__memory_is_bounded(void **state)
{
    struct sn_ring *ring = calloc(1, sizeof(*ring));
    char payload[1000];
    const struct sn_action_notice event = {SN_LEVEL_NOTICE, "+slave", payload, 0};
    uint64_t next;

    (void)state;
    assert_non_null(ring);
    memset(payload, '\x01', sizeof(payload)); /* takes six characters */
    payload[sizeof(payload) - 1] = '\0';
    sn_ring_init(ring, 5);
    for (size_t i = 0; i < 3 * SN_RING_EVENTS_MAX; i++)
        sn_ring_add(ring, &event, 1000);
    assert_true(ring->bytes <= SN_RING_BYTES_MAX);
    assert_true(ring->end - ring->first > 50);
    assert_true(sn_ring_after(ring, "5-3072", &next));
    assert_int_equal(next, ring->end);
    assert_false(sn_ring_after(ring, "5-3073", &next));
    assert_false(sn_ring_after(ring, "5", &next));
    assert_false(sn_ring_after(ring, "", &next));
    assert_false(sn_ring_after(ring, "5-2x", &next));
    assert_int_equal(next, ring->first);
    assert_non_null(strstr(sn_ring_at(ring, ring->first)->text,
                           "\"level\":\"notice\",\"time\":\"1970-01-01T00:00:01.000Z\""));
    sn_ring_fini(ring);
    free(ring);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, http_prepare, http_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_events__each_one_is_told_as_json),
        TEST(test_events__a_debug_event_is_told_to_nobody),
        TEST(test_events__strange_bytes_stay_in_one_line),
        TEST(test_events__of_one_group),
        TEST(test_events__one_that_comes_back_misses_nothing),
        TEST(test_events__a_gap_is_told),
        TEST(test_events__the_last_ones_may_be_asked_for),
        TEST(test_events__a_listener_stays),
        TEST(test_events__one_too_many_is_refused),
        TEST(test_events__a_slow_reader_is_dropped),
        TEST(test_events__one_that_was_overtaken_is_dropped),
        TEST(test_events__may_be_closed_at_any_time),
        cmocka_unit_test(test_ring__memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
