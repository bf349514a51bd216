/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of a connection in the moment in which it is accepted (PROTOCOL.md §3.6): who may
 * come in, and how long a silent one is believed to be there. Two calls of libuv are replaced by
 * the linker: all tests come over loopback, and nobody sees the options of the other side's socket.
 */

#include "server_rig.h"

#include "base/alloc.h"

#define STRANGER "192.0.2.7" /* for documentation: nobody's */

static struct rig rig;
static bool from_afar;             /* connections seem to come from STRANGER */
static unsigned keepalive_s;       /* as the server wanted it for the last one */
static unsigned keepalives_wanted; /* how often it wanted one */

/* The linker gives these their names (tests/CMakeLists.txt).
 * NOLINTBEGIN(readability-identifier-naming) */
int __real_uv_tcp_getpeername(const uv_tcp_t *handle, struct sockaddr *name, int *len);
int __wrap_uv_tcp_getpeername(const uv_tcp_t *handle, struct sockaddr *name, int *len);
int __wrap_uv_tcp_keepalive(uv_tcp_t *handle, int enable, unsigned delay);
/* NOLINTEND(readability-identifier-naming) */

int __wrap_uv_tcp_getpeername(const uv_tcp_t *handle, struct sockaddr *name, int *len)
{
    if (!from_afar)
        return __real_uv_tcp_getpeername(handle, name, len);
    *len = sizeof(struct sockaddr_in);
    return uv_ip4_addr(STRANGER, 4711, (struct sockaddr_in *)name);
}

int __wrap_uv_tcp_keepalive(uv_tcp_t *handle, int enable, unsigned delay)
{
    (void)handle;
    keepalives_wanted += enable != 0;
    keepalive_s = delay;
    return 0;
}

static int prepare(void **state)
{
    (void)state;
    from_afar = false;
    keepalive_s = keepalives_wanted = 0;
    rig_init(&rig);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    rig_stop(&rig);
    return 0;
}

static void test_accept__protected_mode_serves_this_machine_only(void **state)
{
    static const char denied[] = "-DENIED Protected mode is on";
    char text[512];

    (void)state;
    rig.settings.protected_mode = true;
    rig_start(&rig);
    int near = rig_dial(&rig);
    rig_talk(&rig, near, "PING\r\n", "+PONG\r\n");
    from_afar = true;
    int far = rig_dial(&rig);
    rig_read(&rig, far, text, sizeof(text));
    text[sizeof(denied) - 1] = '\0';
    assert_string_equal(text, denied);
    rig_expect_end(&rig, far);
    rig_talk(&rig, near, "PING\r\n", "+PONG\r\n");
    close(near);
    close(far);
}

static void test_accept__protected_mode_lets_a_password_decide(void **state)
{
    (void)state;
    rig.settings.protected_mode = true;
    sn_strset(&rig.settings.requirepass, "sesame");
    rig_start(&rig);
    from_afar = true;
    int far = rig_dial(&rig);
    rig_talk(&rig, far, "AUTH sesame\r\nPING\r\n", "+OK\r\n+PONG\r\n");
    close(far);
}

static void test_accept__without_protected_mode_everybody_is_served(void **state)
{
    (void)state;
    rig_start(&rig);
    from_afar = true;
    int far = rig_dial(&rig);
    rig_talk(&rig, far, "PING\r\n", "+PONG\r\n");
    close(far);
}

static void test_accept__silent_connections_are_probed_after_tcp_keepalive(void **state)
{
    (void)state;
    rig.settings.tcp_keepalive_s = 77;
    rig_start(&rig);
    int fd = rig_dial(&rig);
    rig_talk(&rig, fd, "PING\r\n", "+PONG\r\n");
    assert_int_equal(keepalives_wanted, 1);
    assert_int_equal(keepalive_s, 77);
    close(fd);
    rig.settings.tcp_keepalive_s = 0;
    fd = rig_dial(&rig);
    rig_talk(&rig, fd, "PING\r\n", "+PONG\r\n");
    assert_int_equal(keepalives_wanted, 1);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_accept__protected_mode_serves_this_machine_only,
                                        prepare, stop),
        cmocka_unit_test_setup_teardown(test_accept__protected_mode_lets_a_password_decide, prepare,
                                        stop),
        cmocka_unit_test_setup_teardown(test_accept__without_protected_mode_everybody_is_served,
                                        prepare, stop),
        cmocka_unit_test_setup_teardown(
            test_accept__silent_connections_are_probed_after_tcp_keepalive, prepare, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
