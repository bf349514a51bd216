/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets of the test that come to a listener. */
#include "stream_rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sn_listener listener;
static bool has_listener; /* and it is not being closed */
static int connections;
static int connection_error;
static int accept_rc;
static int listeners_closed;
static char folder[64];

static void drop_listener(void)
{
    has_listener = false;
    sn_listener_close(&listener);
}

static void on_connection(void *owner, int status)
{
    assert_ptr_equal(owner, &connections);
    connections++;
    connection_error = status;
    if (status != 0) {
        drop_listener();
    } else {
        init_stream(listener.is_unix);
        accept_rc = sn_listener_accept(&listener, &stream);
    }
}

static void on_listener_closed(void *owner)
{
    assert_ptr_equal(owner, &connections);
    listeners_closed++;
}

static const struct sn_listener_hooks listener_hooks = {.connected = on_connection,
                                                        .closed = on_listener_closed};

static void init_listener(bool is_unix)
{
    has_listener = true;
    sn_listener_init(&listener, &loop, is_unix, &listener_hooks, &connections);
}

static bool has_connection(void)
{
    return connections > 0;
}

static bool is_listener_closed(void)
{
    return listeners_closed > 0;
}

static int set_up_listener(void **state)
{
    connections = listeners_closed = 0;
    connection_error = accept_rc = 0;
    snprintf(folder, sizeof(folder), "/tmp/test_stream_XXXXXX");
    assert_non_null(mkdtemp(folder));
    return set_up(state);
}

static int tear_down_listener(void **state)
{
    if (has_listener) /* the test failed */
        sn_listener_close(&listener);
    int rc = tear_down(state);
    assert_int_equal(rmdir(folder), 0);
    return rc;
}

static uint16_t listen_tcp(const char *ip)
{
    struct sockaddr_storage address;
    int len = sizeof(address);

    assert_true(sn_stream_address(ip, 0, &address));
    init_listener(false);
    assert_int_equal(sn_listener_tcp(&listener, (const struct sockaddr *)&address, 8), 0);
    uv_tcp_getsockname(&listener.uv.tcp, (struct sockaddr *)&address, &len);
    return ntohs(((const struct sockaddr_in *)(const void *)&address)->sin_port);
}

/* A blocking socket of the test; the kernel completes the connection by itself. */
static int dial(const struct sockaddr *to, socklen_t len)
{
    int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, to, len), 0);
    return fd;
}

static int dial_tcp(uint16_t port)
{
    struct sockaddr_storage to;

    assert_true(sn_stream_address("127.0.0.1", port, &to));
    return dial((const struct sockaddr *)&to, sizeof(struct sockaddr_in));
}

static int dial_unix(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
    return dial((const struct sockaddr *)&to, sizeof(to));
}

static void close_listener(void)
{
    drop_listener();
    wait_for(is_listener_closed);
}

/* What is said comes in, and what is answered goes out. */
static void talk(int fd)
{
    char answer[8] = "";

    assert_int_equal(accept_rc, 0);
    assert_int_equal(stream.state, SN_STREAM_OPEN);
    assert_true(sn_stream_fd(&stream) >= 0);
    assert_int_equal(write(fd, "ask", 3), 3);
    loop_run_for(&loop, 20);
    assert_int_equal(count[BYTES], 0); /* it does not read by itself */
    assert_int_equal(sn_stream_resume(&stream), 0);
    wait_for(has_heard);
    assert_string_equal(sn_buf_text(&heard), "ask");
    sn_buf_puts(&stream.out, "reply");
    assert_int_equal(sn_stream_flush(&stream), 0);
    assert_int_equal(read(fd, answer, 5), 5);
    assert_string_equal(answer, "reply");
    close(fd);
    wait_for(is_ended);
    assert_int_equal(error[ENDED], UV_EOF);
    close_stream();
    assert_int_equal(count[OPENED], 0);
}

static void test_listener__accepts_over_tcp(void **state)
{
    struct sn_stream_end end;

    (void)state;
    int fd = dial_tcp(listen_tcp("127.0.0.1"));
    wait_for(has_connection);
    sn_stream_tune(&stream, 10);
    int on = 0;
    socklen_t len = sizeof(on);
    getsockopt(sn_stream_fd(&stream), SOL_SOCKET, SO_KEEPALIVE, &on, &len);
    assert_int_equal(on, 1);
    sn_stream_peer(&stream, &end);
    assert_string_equal(end.ip, "127.0.0.1");
    assert_true(end.is_loopback);
    talk(fd);
    close_listener();
}

static void test_listener__on_all_of_ipv6_leaves_ipv4_alone(void **state)
{
    struct sockaddr_storage address;

    (void)state;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has_ipv6 = fd >= 0 && sn_stream_address("::1", 0, &address) &&
                    bind(fd, (const struct sockaddr *)&address, sizeof(struct sockaddr_in6)) == 0;
    if (fd >= 0)
        close(fd);
    if (!has_ipv6)
        skip();
    listen_tcp("::");
    int only = 0;
    socklen_t len = sizeof(only);
    assert_int_equal(uv_fileno(&listener.uv.handle, &fd), 0);
    assert_int_equal(getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &len), 0);
    assert_int_equal(only, 1);
    close_listener();
}

static void test_listener__accepts_over_a_unix_socket(void **state)
{
    struct sn_stream_end end;
    struct stat info;
    char path[96];

    (void)state;
    snprintf(path, sizeof(path), "%s/socket", folder);
    init_listener(true);
    assert_int_equal(sn_listener_unix(&listener, path, 0700, 8), 0);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    int fd = dial_unix(path);
    wait_for(has_connection);
    sn_stream_tune(&stream, 10);
    sn_stream_peer(&stream, &end);
    assert_string_equal(end.ip, "");
    talk(fd);
    close_listener();
    assert_int_equal(stat(path, &info), -1);
}

static void test_listener__replaces_a_dead_socket_and_nothing_else(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat info;
    char path[96];

    (void)state;
    snprintf(path, sizeof(path), "%s/socket", folder);
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    init_listener(true);
    assert_int_equal(sn_listener_unix(&listener, path, 0, 8), 0);
    assert_int_equal(stat(path, &info), 0);
    assert_true((info.st_mode & 0700) == 0700); /* as they come */
    close_listener();

    listeners_closed = 0;
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    init_listener(true);
    assert_int_equal(sn_listener_unix(&listener, path, 0, 8), UV_EADDRINUSE);
    close_listener();
    assert_int_equal(stat(path, &info), 0);
    assert_true(S_ISREG(info.st_mode));
    unlink(path);
}

static void test_listener__cannot_have_an_address_that_is_taken(void **state)
{
    struct sockaddr_storage address;

    (void)state;
    assert_true(sn_stream_address("127.0.0.1", server.port, &address));
    init_listener(false);
    assert_int_equal(sn_listener_tcp(&listener, (const struct sockaddr *)&address, 8),
                     UV_EADDRINUSE);
    close_listener();
}

/* Not every libuv tells why accept() failed, so its part is played here. */
static void test_listener__tells_that_a_connection_could_not_be_had(void **state)
{
    (void)state;
    listen_tcp("127.0.0.1");
    listener.uv.stream.connection_cb(&listener.uv.stream, UV_EMFILE);
    wait_for(is_listener_closed);
    assert_int_equal(connections, 1);
    assert_int_equal(connection_error, UV_EMFILE);
}

static void test_listener__has_nothing_to_accept_twice(void **state)
{
    (void)state;
    int fd = dial_tcp(listen_tcp("127.0.0.1"));
    wait_for(has_connection);
    assert_int_equal(accept_rc, 0);
    close_stream();
    count[CLOSED] = 0;
    init_stream(false);
    assert_int_equal(sn_listener_accept(&listener, &stream), UV_EAGAIN);
    assert_int_equal(stream.state, SN_STREAM_CONNECTING);
    close_stream();
    close(fd);
    close_listener();
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(test_listener__##name, set_up_listener, tear_down_listener)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(accepts_over_tcp),
        TEST(on_all_of_ipv6_leaves_ipv4_alone),
        TEST(accepts_over_a_unix_socket),
        TEST(replaces_a_dead_socket_and_nothing_else),
        TEST(cannot_have_an_address_that_is_taken),
        TEST(tells_that_a_connection_could_not_be_had),
        TEST(has_nothing_to_accept_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
