/* SPDX-License-Identifier: BSD-3-Clause */
/* Many clients: what all of them may hold together, whose places are kept, who has to log in. */

#include "server_rig.h"

#include "base/error.h"
#include "shell/process/file_share.h"
#include "shell/process/memory_limit.h"

#define FULL "-ERR max number of clients reached\r\n"

static struct rig rig;

static int prepare(void **state)
{
    (void)state;
    rig_init(&rig);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    rig_stop(&rig);
    return 0;
}

/* Has the server hold some bytes of a request of the client that is not complete yet. */
static void hold(int fd, size_t len, size_t sent)
{
    char *bytes = calloc(1, sent);
    char header[64];

    snprintf(header, sizeof(header), "*2\r\n$4\r\nPING\r\n$%zu\r\n", len);
    rig_send(&rig, fd, header);
    memset(bytes, 'x', sent);
    rig_send_bytes(&rig, fd, bytes, sent);
    rig_wait(&rig, 20);
    free(bytes);
}

static long long stat_of(int fd, const char *name)
{
    static char text[65536];

    rig_send(&rig, fd, "INFO\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    const char *found = strstr(text, name);
    if (!found)
        fail_msg("no %s in INFO", name);
    return strtoll(found + strlen(name) + 1, NULL, 10);
}

static void test_crowd__who_holds_most_goes_first(void **state)
{
    (void)state;
    rig.limits.memory_max = (uint64_t)3 << 20;
    rig_start(&rig);
    int watch = rig_dial(&rig), most = rig_dial(&rig), less = rig_dial(&rig);
    long long before = stat_of(watch, "clients_memory");
    assert_int_equal(stat_of(watch, "clients_memory_limit"), 3 << 20);
    hold(most, 900000, 800000);
    hold(less, 900000, 300000);
    assert_true(stat_of(watch, "clients_memory") > before + 1000000);
    assert_int_equal(stat_of(watch, "evicted_clients"), 0);

    int third = rig_dial(&rig), fourth = rig_dial(&rig);
    hold(third, 900000, 700000);
    hold(fourth, 900000, 600000);
    assert_int_equal(stat_of(watch, "evicted_clients"), 1);
    rig_expect_end(&rig, most);
    rig_talk(&rig, watch, "PING\r\n", "+PONG\r\n");
    assert_true(stat_of(watch, "clients_memory") <= 3 << 20);

    /* all of it is given back */
    close(most), close(less), close(third), close(fourth);
    rig_wait(&rig, 20);
    assert_true(stat_of(watch, "clients_memory") <= before + 65536);
    close(watch);
}

/* Replies that nobody reads count as well. The kernel takes megabytes of them, and more where they
 * are made slowly; so many are asked for that each client comes to where no more are made until it
 * reads: two of these hold more than the ceiling allows. */
static void test_crowd__unread_replies_count(void **state)
{
    enum { CLIENTS = 3, REQUESTS = 2000, CEILING = 6 << 20 };
    int fds[CLIENTS], watch, looks = 0;

    (void)state;
    rig.limits.memory_max = CEILING;
    rig_start(&rig);
    watch = rig_dial(&rig);
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = rig_dial(&rig);
        for (int j = 0; j < REQUESTS; j++)
            rig_send(&rig, fds[i], "COMMAND DOCS\r\n");
    }
    while (stat_of(watch, "evicted_clients") == 0 && looks++ < 300)
        rig_wait(&rig, 10);
    assert_true(looks < 300);
    /* The ceiling is looked at once a turn: what came in this one is still there. */
    looks = 0;
    while (stat_of(watch, "clients_memory") > CEILING && looks++ < 100)
        rig_wait(&rig, 1);
    assert_true(looks < 100);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    close(watch);
}

static void test_crowd__subscribers_and_peers_go_last(void **state)
{
    struct sn_addr peer;
    struct sn_runid id = {.hex = "0123456789abcdef0123456789abcdef01234567"};

    (void)state;
    rig.limits.memory_max = (uint64_t)2 << 20;
    rig_add_group(&rig, "m1", "127.0.0.1", 6379);
    assert_int_equal(sn_addr_make("127.0.0.3", 26379, &peer), 0);
    sn_group_image_add_peer(&rig.image.groups[0], &peer, &id);
    rig_start(&rig);
    int watch = rig_dial(&rig), subscriber = rig_dial(&rig), small = rig_dial(&rig);
    int known = rig_dial_from(&rig, "127.0.0.3");
    rig_talk(&rig, subscriber, "SUBSCRIBE x\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n");
    hold(subscriber, 900000, 800000);
    hold(known, 500000, 400000);
    hold(small, 900000, 50000);
    assert_int_equal(stat_of(watch, "evicted_clients"), 0);
    int further = rig_dial(&rig);
    hold(further, 900000, 300000);
    rig_expect_end(&rig, further);
    assert_int_equal(stat_of(watch, "evicted_clients"), 1);
    assert_int_equal(recv(subscriber, &(char){0}, 1, MSG_PEEK), -1); /* still open, both of them */
    close(subscriber);
    static char rest[100002];
    memset(rest, 'x', 100000);
    memcpy(rest + 100000, "\r\n", 2);
    rig_send_bytes(&rig, known, rest, sizeof(rest));
    rig_expect(&rig, known, "$500000\r\n");
    close(watch), close(small), close(known), close(further);
}

static void test_crowd__who_asks_not_to_be_evicted_goes_last(void **state)
{
    (void)state;
    rig.limits.memory_max = (uint64_t)2 << 20;
    rig_start(&rig);
    int watch = rig_dial(&rig), spared = rig_dial(&rig), other = rig_dial(&rig);
    rig_talk(&rig, spared, "CLIENT NO-EVICT on\r\n", "+OK\r\n");
    hold(spared, 900000, 800000);
    hold(other, 900000, 400000);
    int further = rig_dial(&rig);
    hold(further, 900000, 300000);
    assert_int_equal(stat_of(watch, "evicted_clients"), 1);
    assert_int_equal(recv(spared, &(char){0}, 1, MSG_PEEK), -1); /* still open */
    rig_expect_end(&rig, other);
    close(watch), close(spared), close(other), close(further);
}

static void test_crowd__known_peers_have_places_of_their_own(void **state)
{
    struct sn_addr peer;
    struct sn_runid id = {.hex = "0123456789abcdef0123456789abcdef01234567"};
    int fds[5];

    (void)state;
    rig.settings.maxclients = 2;
    rig.limits.peer_places = 2;
    rig_add_group(&rig, "m1", "127.0.0.1", 6379);
    assert_int_equal(sn_addr_make("127.0.0.3", 26379, &peer), 0);
    sn_group_image_add_peer(&rig.image.groups[0], &peer, &id);
    rig_start(&rig);
    for (int i = 0; i < 2; i++) {
        fds[i] = rig_dial(&rig);
        rig_talk(&rig, fds[i], "PING\r\n", "+PONG\r\n");
    }
    int other = rig_dial(&rig);
    rig_expect(&rig, other, FULL);
    for (int i = 2; i < 4; i++) {
        fds[i] = rig_dial_from(&rig, "127.0.0.3");
        rig_talk(&rig, fds[i], "PING\r\n", "+PONG\r\n");
    }
    fds[4] = rig_dial_from(&rig, "127.0.0.3");
    rig_expect(&rig, fds[4], FULL);
    for (int i = 0; i < 5; i++)
        close(fds[i]);
    close(other);
}

/* Whatever maxclients says, the last descriptors are for links. */
static void test_crowd__clients_leave_descriptors_for_links(void **state)
{
    (void)state;
    rig.limits.fd_max = 3;
    rig_start(&rig);
    int fd = rig_dial(&rig);
    rig_expect(&rig, fd, FULL);
    close(fd);
}

static void test_crowd__who_does_not_log_in_is_dropped(void **state)
{
    (void)state;
    rig.settings.requirepass = strdup("secret");
    rig.limits.login_ms = 50;
    rig_start(&rig);
    int in = rig_dial(&rig), out = rig_dial(&rig);
    rig_talk(&rig, in, "AUTH secret\r\n", "+OK\r\n");
    rig_expect_end(&rig, out);
    rig_talk(&rig, in, "PING\r\n", "+PONG\r\n");
    rig_talk(&rig, in, "RESET\r\n", "+RESET\r\n");
    rig_expect_end(&rig, in);
    close(in), close(out);
}

static void test_crowd__without_a_password_nobody_has_to_log_in(void **state)
{
    (void)state;
    rig.limits.login_ms = 1;
    rig_start(&rig);
    int fd = rig_dial(&rig);
    for (uint64_t begin = rig_now_ms(); rig_now_ms() < begin + 1500;) /* a round of the look-out */
        rig_turn(&rig);
    rig_talk(&rig, fd, "PING\r\n", "+PONG\r\n");
    close(fd);
}

static void test_crowd__ceiling_is_a_size_or_a_part(void **state)
{
    const uint64_t mib = (uint64_t)1 << 20;

    (void)state;
    assert_int_equal(sn_memory_of_clients(NULL, 400 * mib), 50 * mib);
    assert_int_equal(sn_memory_of_clients(NULL, 32 * mib), 16 * mib);
    assert_int_equal(sn_memory_of_clients(NULL, 64 * 1024 * mib), 256 * mib);
    assert_int_equal(sn_memory_of_clients("5%", 1000 * mib), 50 * mib);
    assert_int_equal(sn_memory_of_clients("100%", 1000 * mib), 1000 * mib);
    assert_int_equal(sn_memory_of_clients("64mb", 1000 * mib), 64 * mib);
    assert_true(sn_memory_of_clients("0", mib) == UINT64_MAX);
    assert_in_range(sn_memory_available(), mib, UINT64_MAX - 1);
}

static void test_crowd__files_are_shared(void **state)
{
    struct sn_file_needs needs = {.maxclients = 10000, .links = 8, .growth = 6, .peers = 2};
    struct sn_file_share share;
    uint64_t wanted = sn_file_share_wanted(&needs);

    (void)state;
    assert_int_equal(sn_file_share(wanted, &needs, &share), 0);
    assert_int_equal(share.clients, 10000);
    assert_int_equal(share.peer_places, 8);
    assert_int_equal(sn_file_share(wanted - 1, &needs, &share), 0);
    assert_int_equal(share.clients, 9999);
    /* a hard limit of 256 still serves many */
    assert_int_equal(sn_file_share(256, &needs, &share), 0);
    assert_in_range(share.clients, 170, 220);
    assert_true(share.clients + share.peer_places + share.reserved <= 256);
    assert_int_equal(sn_file_share(52, &needs, &share), 0);
    assert_int_equal(sn_file_share(51, &needs, &share), SN_EFULL);
    needs.http = 80; /* of the HTTP port, before all others */
    assert_int_equal(sn_file_share_wanted(&needs), wanted + 80);
    assert_int_equal(sn_file_share(131, &needs, &share), SN_EFULL);
    assert_int_equal(sn_file_share(132, &needs, &share), 0);
    needs.http = 0;
    needs.peers = 1000;
    assert_int_equal(sn_file_share(256, &needs, &share), 0);
    assert_int_equal(share.peer_places, 64);
    /* what might still be found takes half of what is left, and never ends the start */
    needs = (struct sn_file_needs){.maxclients = 10000, .links = 6000, .growth = 18000, .peers = 2};
    assert_int_equal(sn_file_share(20000, &needs, &share), 0);
    assert_in_range(share.clients, 6500, 7000);
    assert_int_equal(share.spare,
                     224); /* clients may use what was kept for links that never came */
    assert_int_equal(sn_file_share(6044, &needs, &share), 0);
    assert_true(share.clients >= 2);
}

/* A long list of replicas neither ends the start nor keeps clients and peers out. */
static void test_crowd__links_to_replicas_wait_where_files_are_scarce(void **state)
{
    struct sn_file_needs needs = {.maxclients = 10000, .links = 2056, .minor = 2048, .growth = 6};
    struct sn_file_share share;

    (void)state;
    for (uint64_t allowed = 64; allowed < 20000; allowed++) {
        assert_int_equal(sn_file_share(allowed, &needs, &share), 0);
        assert_true(share.clients >= (allowed < 1024 ? 2 : 32));
        assert_true(share.clients + share.peer_places + 32 + 8 + share.minor_max <= allowed);
        assert_true(share.clients + share.peer_places + share.reserved <= allowed);
        /* Nobody waits where there is enough. */
        assert_true(share.minor_max >= 2048 || allowed < 2048 + 8 + 32 + 8 + 64);
    }
    needs.links = 300;
    needs.minor = 0;
    assert_int_equal(sn_file_share(300, &needs, &share), SN_EFULL);
}

/* Replicas that are found later take places that no client uses, a part of them at a time. */
static void test_crowd__links_borrow_unused_places_of_clients(void **state)
{
    struct sn_file_needs needs = {.maxclients = 10000, .links = 6000, .growth = 18000, .peers = 2};
    struct sn_file_share share;
    uint64_t links;

    (void)state;
    assert_int_equal(sn_file_share(20000, &needs, &share), 0);
    uint32_t clients = share.clients, used = clients / 2;
    assert_int_equal(sn_file_share_lend(&share, clients, 0), clients / 8 - share.clients_min / 8);
    assert_int_equal(sn_file_share_lend(&share, clients, clients), 0);
    assert_int_equal(sn_file_share_lend(&share, clients, clients + 5), 0);
    assert_int_equal(sn_file_share_lend(&share, clients, clients - 3), 3);
    /* All of them in the end, but for those in use … */
    for (links = share.minor_max; sn_file_share_lend(&share, clients, used) > 0;) {
        uint32_t lent = sn_file_share_lend(&share, clients, used);
        clients -= lent;
        links += lent;
    }
    assert_int_equal(clients, used);
    assert_true(links + clients + share.peer_places + 32 + 6000 <= 20000);
    /* … and a part of them. */
    while (sn_file_share_lend(&share, clients, 0) > 0)
        clients -= sn_file_share_lend(&share, clients, 0);
    assert_int_equal(clients, share.clients / 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_crowd__##name, prepare, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_holds_most_goes_first),
        TEST(unread_replies_count),
        TEST(subscribers_and_peers_go_last),
        TEST(who_asks_not_to_be_evicted_goes_last),
        TEST(known_peers_have_places_of_their_own),
        TEST(clients_leave_descriptors_for_links),
        TEST(who_does_not_log_in_is_dropped),
        TEST(without_a_password_nobody_has_to_log_in),
        cmocka_unit_test(test_crowd__ceiling_is_a_size_or_a_part),
        cmocka_unit_test(test_crowd__files_are_shared),
        cmocka_unit_test(test_crowd__links_to_replicas_wait_where_files_are_scarce),
        cmocka_unit_test(test_crowd__links_borrow_unused_places_of_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
