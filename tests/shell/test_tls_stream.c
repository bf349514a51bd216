/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS over sockets: both ends are streams in the loop of the test. */
#include "shell/net/stream.h"

#include "loop.h"
#include "tcp_server.h"
#include "tls_kit.h"

#include <sys/ioctl.h>

#define LARGE    ((size_t)16 << 20) /* more than the kernel keeps for a connection on loopback */
#define ENDS_MAX 4

/* In which the owner closes its stream. */
enum hook { NOWHERE, REACHED, OPENED, BYTES, ENDED, DRAINED };

struct end {
    struct sn_stream stream;
    bool in_use;
    int opened, bytes, ended, drained, closed; /* calls of the hooks */
    int error;                                 /* the last one of opened or ended */
    size_t heard;
    bool differs; /* not the pattern that is sent */
    enum hook closes_in;
    bool may_break; /* a write may fail */
};

static uv_loop_t loop;
static struct sn_net client_net, server_net;
static struct sn_listener listener;
static struct sn_tls *client_tls, *server_tls;
static struct end clients[ENDS_MAX], servers[ENDS_MAX];
static size_t accepted, shakes_due;
static bool listener_closed, read_when_accepted;
static size_t hurry_from; /* the first of the accepted ones that is urgent; 0: none */
static size_t wanted;

/* ---- the owners ---- */

static char pattern(size_t i)
{
    return (char)(i * 31 + i / 4093);
}

static void close_in(struct end *end, enum hook hook)
{
    if (end->closes_in == hook)
        sn_stream_close(&end->stream);
}

static void on_reached(void *owner)
{
    close_in(owner, REACHED);
}

static void on_opened(void *owner, int error)
{
    struct end *end = owner;

    end->opened++;
    end->error = error;
    close_in(end, OPENED);
}

static void on_bytes(void *owner, const char *data, size_t len)
{
    struct end *end = owner;

    end->bytes++;
    for (size_t i = 0; i < len; i++)
        end->differs = end->differs || data[i] != pattern(end->heard + i);
    end->heard += len;
    close_in(end, BYTES);
}

static void on_ended(void *owner, int error)
{
    struct end *end = owner;

    end->ended++;
    end->error = error;
    close_in(end, ENDED);
}

static void on_drained(void *owner, int error)
{
    struct end *end = owner;

    assert_true(error == 0 || end->may_break || end->closes_in != NOWHERE);
    end->drained++;
    close_in(end, DRAINED);
}

static void on_closed(void *owner)
{
    struct end *end = owner;

    end->closed++;
    end->in_use = false;
}

static const struct sn_stream_hooks hooks = {.reached = on_reached,
                                             .opened = on_opened,
                                             .bytes = on_bytes,
                                             .ended = on_ended,
                                             .drained = on_drained,
                                             .closed = on_closed};

static void init_end(struct end *end, struct sn_net *net)
{
    *end = (struct end){.in_use = true, .closes_in = end->closes_in};
    sn_stream_init(&end->stream, net, false, &hooks, end, 2 * LARGE);
}

static void on_connected(void *owner, int error)
{
    struct end *end = &servers[accepted++];

    (void)owner;
    assert_int_equal(error, 0);
    init_end(end, &server_net);
    sn_stream_secure(&end->stream, server_tls, NULL);
    assert_int_equal(sn_listener_accept(&listener, &end->stream), 0);
    assert_int_equal(end->stream.state, SN_STREAM_SHAKING);
    if (hurry_from > 0 && accepted >= hurry_from)
        sn_stream_hurry(&end->stream);
    if (read_when_accepted)
        assert_int_equal(sn_stream_resume(&end->stream), 0);
}

static void on_listener_closed(void *owner)
{
    (void)owner;
    listener_closed = true;
}

static void on_shake_due(void *owner)
{
    (void)owner;
    shakes_due++;
}

static uint16_t listen_port(void)
{
    struct sockaddr_storage name;
    int len = sizeof(name);

    uv_tcp_getsockname(&listener.uv.tcp, (struct sockaddr *)&name, &len);
    return ntohs(((struct sockaddr_in *)&name)->sin_port);
}

static int set_up(void **state)
{
    static const struct sn_listener_hooks listener_hooks = {.connected = on_connected,
                                                            .closed = on_listener_closed};
    struct sn_tls_options options;
    struct sockaddr_storage any;

    loop_start(&loop);
    tls_kit_set_up(state);
    options = tls_kit_options(&kit, "one");
    server_tls = tls_kit_context(&kit, SN_TLS_SERVER, &options);
    client_tls = tls_kit_context(&kit, SN_TLS_CLIENT, &options);
    client_net = (struct sn_net){.loop = &loop};
    server_net = (struct sn_net){.loop = &loop};
    memset(clients, 0, sizeof(clients));
    memset(servers, 0, sizeof(servers));
    accepted = shakes_due = 0;
    listener_closed = false;
    hurry_from = 0;
    read_when_accepted = true;
    sn_listener_init(&listener, &loop, false, &listener_hooks, &listener);
    assert_true(sn_stream_address("127.0.0.1", 0, &any));
    assert_int_equal(sn_listener_tcp(&listener, (struct sockaddr *)&any, 16), 0);
    return 0;
}

static int tear_down(void **state)
{
    for (size_t i = 0; i < ENDS_MAX; i++) {
        if (clients[i].in_use && clients[i].stream.state != SN_STREAM_CLOSING)
            sn_stream_close(&clients[i].stream);
        if (servers[i].in_use && servers[i].stream.state != SN_STREAM_CLOSING)
            sn_stream_close(&servers[i].stream);
    }
    sn_listener_close(&listener);
    loop_finish(&loop);
    sn_tls_unref(server_tls);
    sn_tls_unref(client_tls);
    return tls_kit_tear_down(state);
}

static struct end *connect_to(size_t index, uint16_t port)
{
    struct end *end = &clients[index];
    struct sockaddr_storage to;

    init_end(end, &client_net);
    sn_stream_secure(&end->stream, client_tls, "one.example");
    assert_true(sn_stream_address("127.0.0.1", port, &to));
    assert_int_equal(sn_stream_connect(&end->stream, NULL, (struct sockaddr *)&to), 0);
    return end;
}

static void wait_for(bool (*done)(void))
{
    assert_true(loop_run_until(&loop, done));
}

static bool both_open(void)
{
    return clients[0].opened > 0 && servers[0].opened > 0;
}

static void bring_up(void)
{
    connect_to(0, listen_port());
    wait_for(both_open);
    assert_int_equal(clients[0].error, 0);
    assert_int_equal(servers[0].error, 0);
}

static void put_pattern(struct end *end, size_t from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sn_buf_putc(&end->stream.out, pattern(from + i));
}

static bool client_heard(void)
{
    return clients[0].heard >= wanted;
}

static bool server_heard(void)
{
    return servers[0].heard >= wanted;
}

static bool client_opened(void)
{
    return clients[0].opened > 0;
}

static bool client_ended(void)
{
    return clients[0].ended > 0;
}

static bool server_opened(void)
{
    return servers[0].opened > 0;
}

/* ---- tests ---- */

static void test_tls_stream__carries_bytes_both_ways(void **state)
{
    (void)state;
    bring_up();
    put_pattern(&clients[0], 0, 14);
    assert_int_equal(sn_stream_flush(&clients[0].stream), 0);
    wanted = 14;
    wait_for(server_heard);
    put_pattern(&servers[0], 0, 7);
    assert_int_equal(sn_stream_flush(&servers[0].stream), 0);
    wanted = 7;
    wait_for(client_heard);
    assert_false(servers[0].differs || clients[0].differs);
    assert_int_equal(sn_stream_waiting(&clients[0].stream), 0);
}

/* What is in `out` before the handshake waits for its end. */
static void test_tls_stream__sends_nothing_before_the_handshake(void **state)
{
    (void)state;
    connect_to(0, listen_port());
    put_pattern(&clients[0], 0, 5);
    assert_int_equal(sn_stream_flush(&clients[0].stream), 0);
    wait_for(both_open);
    assert_int_equal(servers[0].heard, 0);
    assert_int_equal(sn_stream_flush(&clients[0].stream), 0);
    wanted = 5;
    wait_for(server_heard);
}

/* More than the kernel takes, of which only slices are encrypted at a time. */
static void test_tls_stream__writes_more_than_the_kernel_takes(void **state)
{
    (void)state;
    bring_up();
    sn_stream_pause(&clients[0].stream);
    put_pattern(&servers[0], 0, LARGE);
    assert_int_equal(sn_stream_flush(&servers[0].stream), 0);
    assert_true(servers[0].stream.busy);
    assert_in_range(sn_stream_waiting(&servers[0].stream), 1, LARGE + LARGE / 8);
    assert_in_range(sn_stream_memory(&servers[0].stream), LARGE, 2 * LARGE + LARGE / 8);
    put_pattern(&servers[0], LARGE, 1000); /* waits behind it */
    assert_int_equal(sn_stream_flush(&servers[0].stream), 0);
    assert_int_equal(servers[0].stream.out.len, 1000);
    assert_int_equal(sn_stream_resume(&clients[0].stream), 0);
    wanted = LARGE;
    wait_for(client_heard);
    for (int i = 0; i < 100 && servers[0].drained == 0; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(servers[0].drained, 1); /* once, however many slices */
    assert_int_equal(sn_stream_flush(&servers[0].stream), 0);
    wanted = LARGE + 1000;
    wait_for(client_heard);
    assert_false(clients[0].differs);
    assert_int_equal(sn_stream_waiting(&servers[0].stream), 0);
}

static void test_tls_stream__an_end_is_told_as_one(void **state)
{
    (void)state;
    bring_up();
    put_pattern(&servers[0], 0, 5);
    assert_int_equal(sn_stream_flush(&servers[0].stream), 0);
    sn_stream_close(&servers[0].stream);
    wait_for(client_ended);
    assert_int_equal(clients[0].error, UV_EOF);
    assert_int_equal(clients[0].heard, 5);
    assert_int_equal(clients[0].ended, 1);
}

static void test_tls_stream__a_refused_handshake_ends_in_opened(void **state)
{
    struct sn_tls_options options = tls_kit_options(&kit, "one");

    (void)state;
    options.ca_cert_file = tls_kit_path(&kit, "other", ".crt");
    sn_tls_unref(client_tls);
    client_tls = tls_kit_context(&kit, SN_TLS_CLIENT, &options);
    connect_to(0, listen_port());
    wait_for(client_opened);
    assert_int_equal(clients[0].error, UV_EPROTO);
    assert_int_equal(clients[0].ended, 0);
    assert_non_null(strstr(sn_stream_reason(&clients[0].stream, UV_EPROTO), "we refuse the cert"));
    assert_string_equal(sn_stream_reason(&clients[0].stream, UV_EPIPE), uv_strerror(UV_EPIPE));
    wait_for(server_opened);
    assert_int_equal(servers[0].error, UV_EPROTO);
    assert_non_null(strstr(sn_stream_reason(&servers[0].stream, UV_EPROTO), "the other side ref"));
}

static bool listener_heard(void)
{
    return servers[0].opened > 0 && clients[0].ended > 0;
}

/* redis-cli without --tls, at the TLS port. */
static void test_tls_stream__refuses_plain_text(void **state)
{
    struct sockaddr_storage to;

    (void)state;
    init_end(&clients[0], &client_net);
    assert_true(sn_stream_address("127.0.0.1", listen_port(), &to));
    assert_int_equal(sn_stream_connect(&clients[0].stream, NULL, (struct sockaddr *)&to), 0);
    wait_for(client_opened);
    sn_buf_puts(&clients[0].stream.out, "*1\r\n$4\r\nPING\r\n");
    assert_int_equal(sn_stream_flush(&clients[0].stream), 0);
    wait_for(server_opened);
    assert_int_equal(servers[0].error, UV_EPROTO);
    assert_non_null(strstr(sn_stream_reason(&servers[0].stream, UV_EPROTO), "does not speak TLS"));
    sn_stream_close(&servers[0].stream);
    wait_for(listener_heard);
}

/* A link that is configured for TLS, at a port without. */
static void test_tls_stream__is_refused_by_plain_text(void **state)
{
    static struct tcp_server plain;

    (void)state;
    tcp_server_init(&plain, &loop);
    connect_to(0, plain.port);
    while (plain.received.len == 0)
        uv_run(&loop, UV_RUN_ONCE);
    tcp_server_say(&plain, "-ERR Protocol error: expected '$'\r\n");
    wait_for(client_opened);
    assert_int_equal(clients[0].error, UV_EPROTO);
    assert_non_null(strstr(sn_stream_reason(&clients[0].stream, UV_EPROTO), "does not speak TLS"));
    tcp_server_close(&plain);
}

static void talk_until_closed(bool in_server, enum hook hook)
{
    set_up(NULL);
    servers[0].closes_in = in_server ? hook : NOWHERE;
    struct end *closing = in_server ? &servers[0] : connect_to(0, listen_port());
    if (in_server)
        connect_to(0, listen_port());
    else
        closing->closes_in = hook;
    for (int i = 0; i < 10000 && closing->closed == 0; i++) {
        for (int side = 0; side < 2; side++) {
            struct end *end = side == 0 ? &clients[0] : &servers[0];
            if (!end->in_use || end->stream.state != SN_STREAM_OPEN || end->stream.busy)
                continue;
            put_pattern(end, 0, LARGE / 4);
            (void)sn_stream_flush(&end->stream);
            if (hook == ENDED && end != closing && end->stream.state == SN_STREAM_OPEN)
                sn_stream_close(&end->stream);
        }
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(closing->closed, 1);
    tear_down(NULL);
}

/* Each with bytes under way in both directions. */
static void test_tls_stream__may_be_closed_in_every_hook(void **state)
{
    (void)state;
    tear_down(NULL);
    for (enum hook hook = REACHED; hook <= DRAINED; hook++) {
        talk_until_closed(false, hook);
        if (hook != REACHED)
            talk_until_closed(true, hook);
    }
    set_up(NULL);
}

/* ---- handshakes that wait ---- */

static bool three_wait(void)
{
    return shakes_due >= 3;
}

static bool three_open(void)
{
    sn_net_shake(&server_net);
    return clients[0].opened + clients[1].opened + clients[2].opened == 3;
}

static void test_tls_stream__handshakes_of_clients_wait_for_their_turn(void **state)
{
    (void)state;
    server_net.shake_due = on_shake_due;
    hurry_from = 3;
    for (size_t i = 0; i < 3; i++)
        connect_to(i, listen_port());
    wait_for(three_wait);
    for (int i = 0; i < 20; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(shakes_due, 3); /* what waits does not read */
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(servers[i].opened, 0);
    /* The urgent one first: it is the one that has answered now. */
    sn_net_shake(&server_net);
    assert_true(sn_net_has_to_shake(&server_net));
    assert_true(servers[2].stream.reading);
    assert_false(servers[0].stream.reading);
    wait_for(three_open);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(clients[i].error, 0);
}

static void test_tls_stream__may_be_closed_while_it_waits(void **state)
{
    (void)state;
    server_net.shake_due = on_shake_due;
    for (size_t i = 0; i < 3; i++)
        connect_to(i, listen_port());
    wait_for(three_wait);
    sn_stream_close(&servers[1].stream);
    sn_stream_close(&servers[0].stream);
    sn_net_shake(&server_net);
    assert_false(sn_net_has_to_shake(&server_net));
    sn_net_shake(&server_net); /* nobody waits: no effect */
}

static bool another_waits(void)
{
    return shakes_due >= wanted;
}

static void test_tls_stream__urgent_handshakes_keep_their_order(void **state)
{
    (void)state;
    server_net.shake_due = on_shake_due;
    hurry_from = 2;
    for (size_t i = 0; i < 3; i++) {
        connect_to(i, listen_port());
        wanted = i + 1;
        wait_for(another_waits);
    }
    sn_net_shake(&server_net);
    assert_true(servers[1].stream.reading);
    assert_false(servers[0].stream.reading || servers[2].stream.reading);
    sn_net_shake(&server_net);
    assert_true(servers[2].stream.reading);
    assert_false(servers[0].stream.reading);
}

static bool one_waits(void)
{
    return shakes_due > 0;
}

/* Ten thousand clients may wait for their turn, whatever they have sent. */
static void test_tls_stream__of_a_handshake_that_waits_little_is_kept(void **state)
{
    struct sockaddr_storage to;
    int left = 0;

    (void)state;
    server_net.shake_due = on_shake_due;
    init_end(&clients[0], &client_net);
    assert_true(sn_stream_address("127.0.0.1", listen_port(), &to));
    assert_int_equal(sn_stream_connect(&clients[0].stream, NULL, (struct sockaddr *)&to), 0);
    wait_for(client_opened);
    put_pattern(&clients[0], 0, 16384);
    assert_int_equal(sn_stream_flush(&clients[0].stream), 0);
    wait_for(one_waits);
    assert_int_equal(ioctl(sn_stream_fd(&servers[0].stream), FIONREAD, &left), 0);
    assert_int_equal(left, 16384 - 4096);
}

/* ---- turns and broken connections ---- */

/* Whoever sends tiny records holds up nobody for longer than one read takes. */
static void test_tls_stream__reads_one_piece_in_a_turn(void **state)
{
    size_t before = 0, len = (size_t)1 << 20;

    (void)state;
    bring_up();
    put_pattern(&clients[0], 0, len);
    assert_int_equal(sn_stream_flush(&clients[0].stream), 0);
    for (int i = 0; i < 10000 && servers[0].heard < len; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        assert_in_range(servers[0].heard - before, 0, 16384 + 16384);
        before = servers[0].heard;
    }
    assert_int_equal(servers[0].heard, len);
    assert_false(servers[0].differs);
}

static void reset_server(void)
{
    struct linger linger = {.l_onoff = 1};

    setsockopt(sn_stream_fd(&servers[0].stream), SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    sn_stream_close(&servers[0].stream);
    while (servers[0].closed == 0)
        uv_run(&loop, UV_RUN_NOWAIT);
}

/* A link may still be written to until it reads that its connection is gone. */
static void test_tls_stream__a_broken_one_may_be_flushed_again(void **state)
{
    (void)state;
    bring_up();
    sn_stream_pause(&clients[0].stream);
    reset_server();
    put_pattern(&clients[0], 0, LARGE);
    assert_true(sn_stream_flush(&clients[0].stream) < 0);
    assert_int_equal(sn_stream_waiting(&clients[0].stream), 0);
    put_pattern(&clients[0], 0, 5);
    assert_true(sn_stream_flush(&clients[0].stream) < 0);
}

static bool client_drained(void)
{
    return clients[0].drained > 0;
}

static void test_tls_stream__a_broken_write_may_be_followed_by_another(void **state)
{
    (void)state;
    bring_up();
    clients[0].may_break = true;
    sn_stream_pause(&clients[0].stream);
    sn_stream_pause(&servers[0].stream);
    put_pattern(&clients[0], 0, LARGE);
    assert_int_equal(sn_stream_flush(&clients[0].stream), 0);
    assert_true(clients[0].stream.busy);
    reset_server();
    wait_for(client_drained);
    assert_int_equal(sn_stream_waiting(&clients[0].stream), 0);
    put_pattern(&clients[0], 0, 5);
    assert_true(sn_stream_flush(&clients[0].stream) < 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_tls_stream__##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(carries_bytes_both_ways),
        TEST(sends_nothing_before_the_handshake),
        TEST(writes_more_than_the_kernel_takes),
        TEST(an_end_is_told_as_one),
        TEST(a_refused_handshake_ends_in_opened),
        TEST(refuses_plain_text),
        TEST(is_refused_by_plain_text),
        TEST(may_be_closed_in_every_hook),
        TEST(handshakes_of_clients_wait_for_their_turn),
        TEST(may_be_closed_while_it_waits),
        TEST(urgent_handshakes_keep_their_order),
        TEST(of_a_handshake_that_waits_little_is_kept),
        TEST(reads_one_piece_in_a_turn),
        TEST(a_broken_one_may_be_flushed_again),
        TEST(a_broken_write_may_be_followed_by_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
