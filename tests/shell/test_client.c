/* SPDX-License-Identifier: BSD-3-Clause */
/* What holds a client back, what is due to it, and what its stream does meanwhile. */

#include "server_rig.h"

#include "shell/server/client.h"
#include "shell/server/parts.h"

#include <netinet/tcp.h>

#define MONITOR "SENTINEL MONITOR m1 127.0.0.1 6379 2\r\n"

static struct rig rig;

static int start(void **state)
{
    (void)state;
    rig_init(&rig);
    rig.settings.tcp_keepalive_s = 123;
    rig_start(&rig);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    rig_stop(&rig);
    return 0;
}

/* The server's side of a new connection. */
static struct sn_client *meet(int *fd)
{
    *fd = rig_dial(&rig);
    rig_talk(&rig, *fd, "PING\r\n", "+PONG\r\n");
    return sn_server_clients(rig.server)->all;
}

/* Sends text as long as the other side takes it, but no more than max bytes; returns how many. */
static size_t press(int fd, const char *text, size_t max)
{
    size_t len = strlen(text), sent = 0;

    for (int refused = 0; refused < 50 && sent < max;) {
        ssize_t count = send(fd, text + sent % len, len - sent % len, MSG_NOSIGNAL);
        sent += count > 0 ? (size_t)count : 0;
        refused = count > 0 ? 0 : refused + 1;
        rig_turn(&rig);
    }
    return sent;
}

static void test_client__that_does_not_read_is_not_read_from(void **state)
{
    static char text[1 << 20];
    uint64_t until;
    int fd;

    (void)state;
    struct sn_client *client = meet(&fd);
    assert_true(client->stream.reading);
    for (int i = 0; i < 5000 && !(client->holds & SN_HOLD_OUTPUT); i++)
        rig_send(&rig, fd, "COMMAND\r\n");
    assert_true(client->holds & SN_HOLD_OUTPUT);
    assert_false(client->stream.reading);
    assert_true(sn_client_output(client) > SN_CLIENT_OUTPUT_PAUSE);
    rig_wait(&rig, 20);
    assert_false(client->stream.reading);

    until = rig_now_ms() + RIG_PATIENCE_MS;
    while (!client->stream.reading && rig_now_ms() < until) {
        (void)recv(fd, text, sizeof(text), 0);
        rig_turn(&rig);
    }
    assert_true(client->stream.reading);
    assert_int_equal(client->holds, 0);
    close(fd);
}

static void test_client__that_waits_is_read_ahead_a_bounded_part(void **state)
{
    static char pings[6 * 1024 + 1];
    int fd;

    (void)state;
    for (size_t i = 0; i < 1024; i++)
        memcpy(pings + 6 * i, "PING\r\n", 7);
    rig.hold_saves = true;
    struct sn_client *client = meet(&fd);
    rig_send(&rig, fd, MONITOR);
    rig_wait(&rig, 5);
    assert_non_null(client->waits);
    assert_true(client->stream.reading); /* to notice that it leaves */
    size_t sent = press(fd, pings, (size_t)64 << 20);
    assert_true(sent < (size_t)64 << 20);
    assert_false(client->stream.reading);
    assert_in_range(sn_request_reader_pending(client->reader), SN_CLIENT_READ_AHEAD_MAX,
                    SN_CLIENT_READ_AHEAD_MAX + SN_NET_READ_SIZE);
    rig_confirm_save(&rig);
    rig_expect(&rig, fd, "+OK\r\n+PONG\r\n+PONG\r\n");
    close(fd);
}

static void test_client__that_runs_is_left_alone(void **state)
{
    int fd;

    (void)state;
    struct sn_client *client = meet(&fd);
    client->holds |= SN_HOLD_RUNNING; /* as up the stack */
    rig_send(&rig, fd, "PING\r\n");
    rig_expect_silence(&rig, fd);
    sn_client_doom(client);
    sn_server_flush(rig.server);
    assert_int_equal(client->life, SN_CLIENT_DOOMED);
    client->life = SN_CLIENT_OPEN;
    client->holds &= ~(unsigned)SN_HOLD_RUNNING;
    sn_client_resume(client);
    sn_server_flush(rig.server);
    rig_expect(&rig, fd, "+PONG\r\n");
    close(fd);
}

/* SHUTDOWN closes the server from within a request. */
static void test_client__that_runs_is_closed_with_the_server(void **state)
{
    int fd;

    (void)state;
    struct sn_client *client = meet(&fd);
    client->holds |= SN_HOLD_RUNNING;
    sn_server_close(rig.server);
    assert_int_equal(client->life, SN_CLIENT_CLOSING);
    close(fd);
}

static void test_client__what_is_due_to_it_is_done_once_and_in_full(void **state)
{
    struct sn_clients *clients = sn_server_clients(rig.server);
    enum sn_client_due due;
    int fd;

    (void)state;
    struct sn_client *client = meet(&fd);
    assert_int_equal(client->due, SN_DUE_NONE);
    sn_client_touch(client);
    sn_client_resume(client); /* the larger one counts, whichever came first */
    sn_client_touch(client);
    assert_ptr_equal(sn_clients_next_due(clients, &due), client);
    assert_int_equal(due, SN_DUE_RUN);
    assert_null(clients->due);
    sn_client_touch(client);
    assert_ptr_equal(sn_clients_next_due(clients, &due), client);
    assert_int_equal(due, SN_DUE_FLUSH);
    close(fd);
}

static void test_client__that_is_closed_has_nothing_due(void **state)
{
    int fd;

    (void)state;
    struct sn_client *client = meet(&fd);
    sn_client_touch(client);
    sn_client_close(client);
    assert_null(sn_server_clients(rig.server)->due);
    sn_client_touch(client);
    assert_null(sn_server_clients(rig.server)->due);
    sn_client_close(client); /* once is enough */
    rig_expect_end(&rig, fd);
    close(fd);
}

static int option_of(const struct sn_client *client, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);

    assert_int_equal(getsockopt(sn_stream_fd(&client->stream), level, name, &value, &len), 0);
    return value;
}

static void test_client__connection_has_no_delay_and_is_probed(void **state)
{
    int fd;

    (void)state;
    const struct sn_client *client = meet(&fd);
    assert_int_equal(option_of(client, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(option_of(client, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(option_of(client, IPPROTO_TCP, TCP_KEEPIDLE), 123);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_client__##name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(that_does_not_read_is_not_read_from),
        TEST(that_waits_is_read_ahead_a_bounded_part),
        TEST(that_runs_is_left_alone),
        TEST(that_runs_is_closed_with_the_server),
        TEST(what_is_due_to_it_is_done_once_and_in_full),
        TEST(that_is_closed_has_nothing_due),
        TEST(connection_has_no_delay_and_is_probed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
