/* SPDX-License-Identifier: BSD-3-Clause */
/* Clients of the TLS port that do not get as far as a command, and what others notice of them. */
#include "server_rig.h"
#include "tls_kit.h"

#define STORM 60

static struct rig rig;
static struct sn_tls *tls;
static int tls_port_holder;
static char hello[2048]; /* what a client says first */
static size_t hello_len;

static void make_hello(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);

    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl);
    (void)SSL_do_handshake(ssl);
    hello_len = (size_t)BIO_read(SSL_get_wbio(ssl), hello, sizeof(hello));
    SSL_free(ssl);
    SSL_CTX_free(context);
}

static void start_with(int login_ms, size_t half_open_max)
{
    struct sn_tls_options options = tls_kit_options(&kit, "one");
    struct sn_buf error;

    rig_init(&rig);
    rig.limits.login_ms = login_ms;
    rig.limits.half_open_max = half_open_max;
    rig.settings.tls.port = rig.settings.port;
    tls_port_holder = rig.port_holder;
    rig.settings.port = rig_hold_port(&rig);
    rig_build(&rig);
    tls = tls_kit_context(&kit, SN_TLS_SERVER, &options);
    sn_server_set_tls(rig.server, tls);
    sn_buf_init(&error, 1024);
    if (sn_server_listen(rig.server, &error) != 0)
        fail_msg("cannot listen: %s", sn_buf_text(&error));
    sn_buf_fini(&error);
}

static void start(int login_ms)
{
    start_with(login_ms, 0);
}

static void stop(void)
{
    rig_stop(&rig);
    close(tls_port_holder);
    sn_tls_unref(tls);
}

static int dial_tls(void)
{
    struct rig other = {.settings.port = rig.settings.tls.port};

    return rig_dial(&other);
}

static void test_server_tls__a_handshake_has_to_be_completed_in_time(void **state)
{
    (void)state;
    start(100);
    int silent = dial_tls(), slow = dial_tls();
    rig_send_bytes(&rig, slow, hello, hello_len / 2);
    rig_expect_end(&rig, silent);
    rig_expect_end(&rig, slow);
    close(silent);
    close(slow);
    stop();
}

static bool is_answered(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK) > 0;
}

/* Reads what has come. True: something has. */
static bool drain(int fd)
{
    static char bytes[1 << 20];

    return recv(fd, bytes, sizeof(bytes), 0) > 0;
}

/* Thousands of clients come back after a failover: one that is there goes on in every turn. */
static void test_server_tls__handshakes_leave_commands_their_time(void **state)
{
    static char requests[6 * 10000];
    int storm[STORM], fed_turns = 0;

    (void)state;
    start(0);
    for (size_t i = 0; i < sizeof(requests); i += 6)
        memcpy(requests + i, "INFO\r\n", 6);
    int client = rig_dial(&rig);
    assert_int_equal(send(client, requests, sizeof(requests), 0), sizeof(requests));
    for (int i = 0; i < STORM; i++) {
        storm[i] = dial_tls();
        assert_int_equal(send(storm[i], hello, hello_len, 0), hello_len);
    }
    for (int i = 0; i < 10000 && !is_answered(storm[STORM - 1]); i++) {
        uv_run(&rig.loop, UV_RUN_NOWAIT);
        fed_turns += drain(client);
    }
    assert_true(is_answered(storm[STORM - 1]));
    assert_in_range(fed_turns, 6, INT32_MAX);
    for (int i = 0; i < STORM; i++)
        close(storm[i]);
    close(client);
    stop();
}

static bool is_closed(int fd)
{
    static char bytes[1 << 16];
    ssize_t got = 1;

    while (got > 0)
        got = recv(fd, bytes, sizeof(bytes), 0);
    return got == 0 || errno == ECONNRESET;
}

static void run_until(int fd, bool (*is_so)(int fd))
{
    for (int i = 0; i < 10000 && !is_so(fd); i++)
        uv_run(&rig.loop, UV_RUN_NOWAIT);
    assert_true(is_so(fd));
}

/* Whoever begins handshakes and does not end them keeps nobody else out: the oldest go. */
static void test_server_tls__unfinished_handshakes_make_room_for_others(void **state)
{
    int half[6];

    (void)state;
    start_with(0, 4);
    for (int i = 0; i < 6; i++) {
        half[i] = dial_tls();
        assert_int_equal(send(half[i], hello, hello_len, 0), hello_len);
        run_until(half[i], is_answered);
    }
    run_until(half[0], is_closed);
    run_until(half[1], is_closed);
    for (int i = 2; i < 6; i++)
        assert_false(is_closed(half[i]));
    for (int i = 0; i < 6; i++)
        close(half[i]);
    stop();
}

static int set_up(void **state)
{
    make_hello();
    return tls_kit_set_up(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_tls__a_handshake_has_to_be_completed_in_time),
        cmocka_unit_test(test_server_tls__unfinished_handshakes_make_room_for_others),
        cmocka_unit_test(test_server_tls__handshakes_leave_commands_their_time),
    };

    return cmocka_run_group_tests(tests, set_up, tls_kit_tear_down);
}
