/* SPDX-License-Identifier: BSD-3-Clause */

/* Planned switchovers: the master is drained first (DESIGN.md D17). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

#define ABORTED "event W -failover-abort-master-timeout master m1 10.0.0.1 6379\n"

static const char long_down_after[] =
    "m1 n1 replicas n2,n3 quorum 1 down-after 20000 timeout 20000";

/* At 1000 a switchover has been ordered; the master's offset is 500, the replicas' are as given. */
static struct kit *ordered(const char *text, enum sn_failover_mode mode, unsigned long long second,
                           unsigned long long third)
{
    struct kit *kit = kit_new(text);
    kit_to(kit, 1000);
    kit_clear(kit);
    kit_node(kit, "n1")->offset = 500;
    kit_node(kit, "n2")->offset = second;
    kit_node(kit, "n3")->offset = third;
    kit_failover(kit, "m1", mode);
    return kit;
}

/* The pause stands, but between the last INFO and it there was one more write, which n2 has not
 * got: everybody is at 500, n1 at 600. */
static void pause_behind_a_write(struct kit *kit, enum sn_failover_mode mode)
{
    kit->hold = KIT_HOLD(SN_ORDER_INFO) | KIT_HOLD(SN_ORDER_CLIENT_PAUSE);
    kit_failover(kit, "m1", mode);
    kit_info(kit, "n2", NULL);
    kit_info(kit, "n3", NULL);
    kit_info(kit, "n1", NULL);
    kit_node(kit, "n1")->offset = 600;
    kit->hold = 0;
    kit_to(kit, kit_now(kit) + 1);
}

static void test_drain__pauses_waits_for_the_offset_promotes_and_resumes(void **state)
{
    struct kit *kit = kit_new(long_down_after);
    (void)state;
    kit_to(kit, 1000);
    kit_clear(kit);
    kit_node(kit, "n1")->offset = 500;
    kit_node(kit, "n2")->offset = 500;
    pause_behind_a_write(kit, SN_MODE_PLANNED);
    kit_expect(kit, "pause promote follow unpause", "pause n1 7000\n");
    kit_to(kit, 1100);
    kit_expect(kit, "promote follow unpause", "");
    kit_node(kit, "n2")->offset = 599;
    kit_to(kit, 1200);
    kit_expect(kit, "promote follow unpause", "");
    kit_node(kit, "n2")->offset = 600;
    kit_to(kit, 1210);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    assert_int_equal(kit_count(kit, "follow n1 10.0.0.2 6379"), 1);
    assert_int_equal(kit_count(kit, "unpause n1"), 1);
    assert_int_equal(kit_when(kit, "promote n2"), kit_when(kit, "unpause n1"));
    assert_in_range(kit_when(kit, "promote n2"), 1200, 1200 + SN_POLL_DRAIN_MS);
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_INFO_AWAITED, NULL) > 0);
    kit_free(kit);
}

static void test_drain__the_pause_is_shorter_than_what_makes_the_master_look_dead(void **state)
{
    static const struct {
        const char *text, *line;
    } rows[] = {
        {"m1 n1 replicas n2,n3 quorum 1 down-after 1000 timeout 20000", "pause n1 750"},
        {"m1 n1 replicas n2,n3 quorum 1 down-after 4000 timeout 20000", "pause n1 3000"},
        {"m1 n1 replicas n2,n3 quorum 1 down-after 60000 timeout 20000", "pause n1 7000"},
        {"m1 n1 replicas n2,n3 quorum 1 down-after 60000 timeout 3000", "pause n1 5000"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = ordered(rows[i].text, SN_MODE_PLANNED, 500, 500);
        assert_string_equal(kit_find(kit, "pause"), rows[i].line);
        kit_free(kit);
    }
}

static void test_drain__a_lagging_replica_is_waited_for_before_anybody_is_paused(void **state)
{
    struct kit *kit = ordered(long_down_after, SN_MODE_COORDINATED, 400, 300);
    (void)state;
    kit_to(kit, 3000);
    kit_expect(kit, "pause promote", "");
    kit_node(kit, "n2")->offset = 500;
    kit_to(kit, 4100);
    assert_int_equal(kit_count(kit, "pause n1"), 1);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    kit_free(kit);
}

/* The offset that it tells, or told, is of another history: of the one that it is synchronised
 * away from, or its own. */
static void test_drain__an_offset_without_a_link_to_the_master_proves_nothing(void **state)
{
    (void)state;
    for (int row = 0; row < 2; row++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 quorum 1 down-after 20000 timeout 20000");
        kit_to(kit, 1000);
        kit_clear(kit);
        kit_node(kit, "n1")->offset = 500;
        kit_node(kit, "n2")->offset = 700;
        kit_to(kit, 12000);
        if (row == 0)
            kit_node(kit, "n2")->link_up = false;
        else
            kit_node(kit, "n2")->role = SN_ROLE_MASTER;
        kit_failover(kit, "m1", SN_MODE_COORDINATED);
        kit_to(kit, 14000);
        kit_expect(kit, "pause promote", "");
        kit_to(kit, 18000);
        kit_expect(kit, "promote event W -failover", ABORTED);
        kit_free(kit);
    }
}

static void test_drain__one_that_lags_for_too_long_is_promoted_or_not_as_ordered(void **state)
{
    static const struct {
        const char *text;
        sn_ms patience;
    } rows[] = {{long_down_after, 5000},
                {"m1 n1 replicas n2,n3 quorum 1 down-after 20000 timeout 3000", 1500}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kit *kit = ordered(rows[i].text, SN_MODE_COORDINATED, 400, 300);
        kit_clear(kit);
        kit_to(kit, 1000 + rows[i].patience - 1);
        kit_expect(kit, "event pause promote unpause", "");
        kit_to(kit, 1000 + rows[i].patience);
        kit_expect(kit, "event pause promote unpause", ABORTED);
        kit_free(kit);

        kit = ordered(rows[i].text, SN_MODE_PLANNED, 400, 300);
        kit_to(kit, 1000 + rows[i].patience - 1);
        assert_int_equal(kit_count(kit, "promote"), 0);
        kit_to(kit, 1000 + rows[i].patience);
        assert_int_equal(kit_count(kit, "pause"), 0);
        assert_int_equal(kit_count(kit, "promote n2"), 1);
        assert_non_null(
            kit_find(kit, "log W Failover of m1 continues without draining the master"));
        kit_free(kit);
    }
}

/* The pause stands since 1000, but n2 never reaches the offset behind it. */
static struct kit *never_catching_up(enum sn_failover_mode mode)
{
    struct kit *kit = kit_new(long_down_after);
    kit_to(kit, 1000);
    kit_node(kit, "n1")->offset = 500;
    kit_node(kit, "n2")->offset = 500;
    pause_behind_a_write(kit, mode);
    kit_clear(kit);
    return kit;
}

static void test_drain__the_pause_ends_when_the_replica_does_not_catch_up(void **state)
{
    struct kit *kit = never_catching_up(SN_MODE_COORDINATED);
    (void)state;
    kit_to(kit, 5999);
    kit_expect(kit, "event promote unpause", "");
    kit_to(kit, 6000);
    kit_expect(kit, "event promote unpause", ABORTED "unpause n1\n");
    kit_free(kit);

    kit = never_catching_up(SN_MODE_PLANNED);
    kit_to(kit, 5999);
    kit_expect(kit, "event promote unpause", "");
    kit_to(kit, 6000);
    assert_int_equal(kit_count(kit, "unpause n1"), 1);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_DRAIN_LATE, NULL) > 0);
    kit_free(kit);
}

static void test_drain__a_master_that_cannot_be_paused(void **state)
{
    static const char *const refusals[] = {
        "-NOPERM this user has no permissions to run the 'client|pause' command",
        "-ERR syntax error"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kit *kit = kit_new(long_down_after);
        kit_node(kit, "n1")->pause = refusals[i];
        kit_to(kit, 1000);
        kit_clear(kit);
        kit_failover(kit, "m1", SN_MODE_COORDINATED);
        kit_to(kit, 1000);
        assert_int_equal(kit_count(kit, "event W -failover-abort-master-timeout"), 1);
        assert_int_equal(kit_count(kit, "promote"), 0);
        assert_int_equal(kit_count(kit, "unpause"), 0);
        kit_clear(kit);
        kit_failover(kit, "m1", SN_MODE_PLANNED);
        kit_to(kit, 1000);
        assert_int_equal(kit_count(kit, "promote n2"), 1);
        assert_int_equal(kit_count(kit, "unpause"), 0);
        assert_true(kit_reasons(kit, "m1", SN_REASON_DRAIN_REFUSED, NULL) > 0);
        kit_free(kit);
    }
}

static void test_drain__a_master_that_does_not_tell_its_offset(void **state)
{
    static const enum sn_failover_mode modes[] = {SN_MODE_COORDINATED, SN_MODE_PLANNED};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kit *kit = kit_new(long_down_after);
        kit_to(kit, 1000);
        kit->hold = KIT_HOLD(SN_ORDER_INFO);
        kit_clear(kit);
        kit_failover(kit, "m1", modes[i]);
        kit_info(kit, "n2", NULL);
        kit_info(kit, "n3", NULL);
        for (int n = 0; n < 3 && kit_count(kit, "promote") == 0 &&
                        kit_count(kit, "event W -failover-abort") == 0;
             n++)
            kit_info(kit, "n1", "role:master\r\n");
        assert_int_equal(kit_count(kit, "pause n1"), 1);
        assert_int_equal(kit_count(kit, "unpause n1"), 1);
        assert_int_equal(kit_count(kit, "promote n2"), modes[i] == SN_MODE_PLANNED);
        assert_int_equal(kit_count(kit, "event W -failover-abort-master-timeout"),
                         modes[i] == SN_MODE_COORDINATED);
        assert_true(kit_reasons(kit, "m1", SN_REASON_DRAIN_NO_OFFSET, NULL) > 0);
        kit_free(kit);
    }
}

static void test_drain__a_master_that_is_down(void **state)
{
    static const enum sn_failover_mode modes[] = {SN_MODE_COORDINATED, SN_MODE_PLANNED};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 peers a"); /* a does not agree that it is */
        kit_mode(kit, "n1", KIT_REFUSING);
        kit_to(kit, 1500);
        kit_clear(kit);
        kit_failover(kit, "m1", modes[i]);
        kit_to(kit, 1600);
        assert_int_equal(kit_count(kit, "pause"), 0);
        assert_int_equal(kit_count(kit, "promote n2"), modes[i] == SN_MODE_PLANNED);
        assert_int_equal(kit_count(kit, "event W -failover-abort-master-timeout"),
                         modes[i] == SN_MODE_COORDINATED);
        assert_int_equal(kit_reasons(kit, "m1", SN_REASON_WRITES_AT_RISK, NULL),
                         modes[i] == SN_MODE_COORDINATED);
        assert_int_equal(kit_reasons(kit, "m1", SN_REASON_DRAIN_NO_ANSWER, "n1"), 1);
        kit_free(kit);
    }
}

/* Others see the master up, so that nothing else happens meanwhile. */
static void test_drain__ends_when_the_master_goes_down_here_alone(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b quorum 2 down-after 1000 timeout 60000");
    (void)state;
    kit_to(kit, 1000);
    kit_clear(kit);
    kit_node(kit, "n1")->offset = 500;
    kit_node(kit, "n2")->offset = 100;
    kit_failover(kit, "m1", SN_MODE_PLANNED);
    kit_to(kit, 1100);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 3000);
    assert_int_equal(kit_when(kit, "promote n2"), kit_when(kit, "event W +sdown master"));
    assert_true(kit_reasons(kit, "m1", SN_REASON_DRAIN_MASTER_DOWN, NULL) > 0);
    kit_free(kit);
}

static void test_drain__reset_lets_the_clients_go_on(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 quorum 1 down-after 20000 timeout 20000");
    (void)state;
    kit_to(kit, 1000);
    kit_clear(kit);
    kit_node(kit, "n1")->offset = 500;
    kit_node(kit, "n2")->offset = 500;
    pause_behind_a_write(kit, SN_MODE_PLANNED);
    assert_int_equal(kit_count(kit, "pause n1"), 1);
    kit_named(kit, SN_COMMAND_RESET, "m1");
    kit_to(kit, kit_now(kit) + 100);
    assert_int_equal(kit_count(kit, "unpause n1"), 1);
    kit_free(kit);
}

static void test_drain__remove_lets_the_clients_go_on(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 quorum 1 down-after 20000 timeout 20000");
    (void)state;
    kit_to(kit, 1000);
    kit_node(kit, "n1")->offset = 500;
    kit_node(kit, "n2")->offset = 500;
    pause_behind_a_write(kit, SN_MODE_PLANNED);
    kit_clear(kit);
    kit_named(kit, SN_COMMAND_REMOVE, "m1");
    kit_expect(kit, "unpause disconnect",
               "unpause n1\ndisconnect sub n2\ndisconnect data n2\ndisconnect sub n3\n"
               "disconnect data n3\ndisconnect sub n1\ndisconnect data n1\n");
    kit_free(kit);
}

static void test_drain__no_hello_goes_to_a_paused_master(void **state)
{
    struct kit *kit = never_catching_up(SN_MODE_PLANNED);
    (void)state;
    kit_to(kit, 5999);
    assert_int_equal(kit_count(kit, "publish n1"), 0); /* it would block our link */
    assert_true(kit_count(kit, "publish n2") >= 2);
    kit_to(kit, 6010);
    assert_true(kit_count(kit, "publish n1") >= 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_PUBLISH_PAUSED, NULL) > 0);
    kit_free(kit);
}

static void test_drain__the_next_candidate_has_to_catch_up_too(void **state)
{
    struct kit *kit = kit_new(long_down_after);
    (void)state;
    kit_to(kit, 1000);
    kit_node(kit, "n1")->offset = 500;
    kit_node(kit, "n2")->offset = 500;
    kit_node(kit, "n3")->offset = 450;
    kit_node(kit, "n2")->order = "[-NOPERM no|+OK|:1|:0]";
    kit_clear(kit);
    kit_failover(kit, "m1", SN_MODE_COORDINATED);
    kit_to(kit, 1500);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    assert_int_equal(kit_count(kit, "promote n3"), 0);
    kit_node(kit, "n3")->offset = 500;
    kit_to(kit, 1510);
    assert_int_equal(kit_count(kit, "promote n3"), 1);
    assert_int_equal(kit_count(kit, "unpause n1"), 1);
    kit_free(kit);
}

/* n2 was behind, and is hanging since it was chosen; n3 has everything. */
static struct kit *chosen_one_hangs(enum sn_failover_mode mode, const struct sn_addr *wanted)
{
    struct kit *kit = kit_new(long_down_after);
    kit_to(kit, 1000);
    kit_node(kit, "n1")->offset = 500;
    kit_node(kit, "n2")->offset = 400;
    kit_node(kit, "n3")->offset = 300;
    kit_clear(kit);
    struct sn_command command = {
        .kind = SN_COMMAND_FAILOVER, .name = "m1", .name_len = 2, .mode = mode};
    if (wanted != NULL)
        command.addr = *wanted;
    (void)kit_command(kit, &command);
    kit_to(kit, 1100);
    assert_int_equal(kit_count(kit, "event W +selected-slave slave 10.0.0.2:6379"), 1);
    kit_mode(kit, "n2", KIT_FROZEN);
    kit_node(kit, "n3")->offset = 500;
    return kit;
}

static void test_drain__a_replica_that_hangs_makes_room_for_one_that_does_not(void **state)
{
    static const enum sn_failover_mode modes[] = {SN_MODE_COORDINATED, SN_MODE_PLANNED};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kit *kit = chosen_one_hangs(modes[i], NULL);
        kit_to(kit, 8000);
        kit_expect(kit, "pause promote unpause", "pause n1 7000\npromote n3\nunpause n1\n");
        assert_true(kit_reasons(kit, "m1", SN_REASON_CATCH_UP_LATE, NULL) > 0);
        kit_free(kit);
    }
}

static void test_drain__but_not_if_it_was_asked_for(void **state)
{
    struct sn_addr wanted = {0};
    (void)state;
    (void)snprintf(wanted.host, sizeof(wanted.host), "10.0.0.2");
    (void)snprintf(wanted.ip, sizeof(wanted.ip), "10.0.0.2");
    wanted.port = 6379;
    struct kit *kit = chosen_one_hangs(SN_MODE_COORDINATED, &wanted);
    kit_to(kit, 8000);
    assert_int_equal(kit_count(kit, "promote"), 0);
    assert_int_equal(kit_count(kit, "event W -failover-abort-master-timeout"), 1);
    kit_free(kit);
}

/* It got its order without the drain, and refuses it. */
static void test_drain__what_was_done_without_for_one_is_not_for_the_next(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 quorum 1 down-after 6000 timeout 20000");
    (void)state;
    kit_to(kit, 1000);
    kit_node(kit, "n1")->offset = 500;
    kit_node(kit, "n2")->offset = 450;
    kit_node(kit, "n3")->offset = 400;
    kit_failover(kit, "m1", SN_MODE_PLANNED);
    kit_to(kit, 1100);
    kit_mode(kit, "n2", KIT_FROZEN);
    kit_to(kit, 6010);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    kit_clear(kit);
    kit_node(kit, "n3")->offset = 500;
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[-NOPERM no|+OK|:0|:0]");
    kit_to(kit, 9000);
    assert_int_equal(kit_count(kit, "pause n1"), 1);
    assert_int_equal(kit_count(kit, "promote n3"), 1);
    assert_true(kit_when(kit, "pause n1") <= kit_when(kit, "promote n3"));
    kit_free(kit);
}

/* A master without memory of the pause takes writes again. */
static void test_drain__begins_again_when_the_master_was_restarted(void **state)
{
    struct kit *kit = never_catching_up(SN_MODE_COORDINATED);
    (void)state;
    kit_to(kit, 1500);
    memset(kit_node(kit, "n1")->runid.hex, 'e', SN_RUNID_LEN);
    kit_node(kit, "n1")->offset = 20;
    kit_drop(kit, "n1");
    kit_to(kit, 1510);
    assert_int_equal(kit_count(kit, "log N Draining the master of m1 again"), 1);
    assert_int_equal(kit_count(kit, "pause n1"), 1); /* n2 is near by that one's offset */
    kit_to(kit, 1600);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    assert_true(kit_when(kit, "pause n1") <= kit_when(kit, "promote n2"));
    assert_true(kit_reasons(kit, "m1", SN_REASON_DRAIN_RESTARTED, NULL) > 0);
    kit_free(kit);
}

/* The first candidate is passed over while its pause is still unanswered. */
static void test_drain__the_answer_to_a_pause_that_was_ended_is_not_that_of_the_next(void **state)
{
    struct kit *kit = kit_new(long_down_after);
    (void)state;
    kit_to(kit, 1000);
    kit_clear(kit);
    kit_node(kit, "n1")->offset = kit_node(kit, "n2")->offset = kit_node(kit, "n3")->offset = 500;
    kit->hold = KIT_HOLD(SN_ORDER_INFO) | KIT_HOLD(SN_ORDER_CLIENT_PAUSE);
    kit_failover(kit, "m1", SN_MODE_COORDINATED);
    kit_info(kit, "n2", NULL);
    kit_info(kit, "n3", NULL);
    kit_info(kit, "n1", NULL);
    kit_node(kit, "n2")->priority = 0;
    kit_to(kit, 2100);
    kit_info(kit, "n2", NULL);
    kit_to(kit, 6100);
    kit_expect(kit, "pause unpause", "pause n1 7000\nunpause n1\npause n1 7000\n");
    kit_reply(kit, "n1", SN_ORDER_CLIENT_PAUSE, "+OK");
    kit_info(kit, "n1", NULL); /* from between the two */
    kit_node(kit, "n1")->offset = 600;
    kit_reply(kit, "n1", SN_ORDER_CLIENT_PAUSE, "+OK");
    kit->hold = 0;
    kit_to(kit, 6500);
    assert_int_equal(kit_count(kit, "promote"), 0);
    kit_node(kit, "n3")->offset = 600;
    kit_to(kit, 6600);
    assert_int_equal(kit_count(kit, "promote n3"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_PRIORITY_ZERO_NOW, NULL) > 0);
    kit_free(kit);
}

/* Without an INFO on the new connection nobody knows whether the pause outlived the old one. */
static void test_drain__a_broken_link_to_the_master_is_looked_into(void **state)
{
    struct kit *kit = never_catching_up(SN_MODE_COORDINATED);
    (void)state;
    kit_to(kit, 1500);
    kit_mode(kit, "n1", KIT_FROZEN);
    kit_drop(kit, "n1");
    kit_node(kit, "n2")->offset = 600;
    kit_to(kit, 2000);
    assert_int_equal(kit_count(kit, "promote"), 0);
    kit_mode(kit, "n1", KIT_WELL);
    kit_to(kit, 4000);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    assert_int_equal(kit_count(kit, "pause"), 0);
    kit_free(kit);
}

/* n2 catches up while the master's connection is broken: the pause waits for the next one. */
/* The answer to CLIENT PAUSE is lost: nobody knows whether the writes have stopped. */
static void test_drain__begins_again_when_the_pause_is_not_confirmed(void **state)
{
    struct kit *kit = kit_new(long_down_after);
    (void)state;
    kit_to(kit, 1000);
    kit->hold = KIT_HOLD(SN_ORDER_INFO) | KIT_HOLD(SN_ORDER_CLIENT_PAUSE);
    kit_failover(kit, "m1", SN_MODE_COORDINATED);
    kit_info(kit, "n2", NULL);
    kit_info(kit, "n3", NULL);
    kit_info(kit, "n1", NULL);
    assert_int_equal(kit_count(kit, "pause n1"), 1);
    kit_drop(kit, "n1");
    kit->hold = 0;
    kit_to(kit, 1300);
    assert_int_equal(kit_reasons(kit, "m1", SN_REASON_DRAIN_UNCONFIRMED, "n1"), 1);
    assert_int_equal(kit_count(kit, "pause n1"), 2);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    kit_free(kit);
}

/* The drain is over, but the replica is not connected; then it is down. */
static void
test_drain__a_replica_that_is_lost_meanwhile_is_waited_for_until_it_is_down(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 quorum 1 down-after 20000 timeout 60000");
    (void)state;
    kit_to(kit, 1000);
    pause_behind_a_write(kit, SN_MODE_PLANNED);
    kit_clear(kit);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_mode(kit, "n3", KIT_REFUSING);
    kit_to(kit, 7000);
    assert_int_equal(kit_count(kit, "promote"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_LINK_AWAITED, "n2") > 0);
    kit_to(kit, 22000);
    assert_int_equal(kit_reasons(kit, "m1", SN_REASON_WENT_DOWN, "n2"), 1);
    assert_int_equal(kit_count(kit, "promote"), 0);
    kit_free(kit);
}

static void test_drain__no_pause_is_ordered_where_it_cannot_be_sent(void **state)
{
    struct kit *kit = ordered(long_down_after, SN_MODE_COORDINATED, 400, 300);
    (void)state;
    kit_to(kit, 2000);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_node(kit, "n2")->offset = 500;
    kit_to(kit, 3500);
    kit_expect(kit, "pause promote", "");
    assert_int_equal(kit_instance(kit, "m1", "n1")->u.data.pauses_pending, 0);
    kit_mode(kit, "n1", KIT_WELL);
    kit_to(kit, 5900);
    assert_int_equal(kit_count(kit, "pause n1"), 1);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    kit_free(kit);
}

/* The pause, of 7000 ms, is given at 1000. */
static void test_drain__a_pause_that_was_too_short_is_not_kept_secret(void **state)
{
    static const struct {
        sn_ms at;
        bool late;
    } rows[] = {{7999, false}, {8000, true}, {8001, true}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new(long_down_after);
        kit_to(kit, 1000);
        kit->hold = KIT_HOLD(SN_ORDER_FOLLOW);
        kit_failover(kit, "m1", SN_MODE_PLANNED);
        kit_to(kit, rows[i].at);
        assert_int_equal(kit_count(kit, "follow n1 10.0.0.2 6379"), 1);
        kit_reply(kit, "n1", SN_ORDER_FOLLOW, "[+OK|+OK|:1|:0]");
        assert_int_equal(kit_count(kit, "log W 10.0.0.1:6379 of m1 follows the new master only"),
                         rows[i].late);
        assert_int_equal(kit_count(kit, "unpause n1"), !rows[i].late);
        kit_free(kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drain__pauses_waits_for_the_offset_promotes_and_resumes),
        cmocka_unit_test(test_drain__the_pause_is_shorter_than_what_makes_the_master_look_dead),
        cmocka_unit_test(test_drain__a_lagging_replica_is_waited_for_before_anybody_is_paused),
        cmocka_unit_test(test_drain__an_offset_without_a_link_to_the_master_proves_nothing),
        cmocka_unit_test(test_drain__one_that_lags_for_too_long_is_promoted_or_not_as_ordered),
        cmocka_unit_test(test_drain__the_pause_ends_when_the_replica_does_not_catch_up),
        cmocka_unit_test(test_drain__a_master_that_cannot_be_paused),
        cmocka_unit_test(test_drain__a_master_that_does_not_tell_its_offset),
        cmocka_unit_test(test_drain__a_master_that_is_down),
        cmocka_unit_test(test_drain__ends_when_the_master_goes_down_here_alone),
        cmocka_unit_test(test_drain__reset_lets_the_clients_go_on),
        cmocka_unit_test(test_drain__remove_lets_the_clients_go_on),
        cmocka_unit_test(test_drain__no_hello_goes_to_a_paused_master),
        cmocka_unit_test(test_drain__begins_again_when_the_master_was_restarted),
        cmocka_unit_test(test_drain__the_answer_to_a_pause_that_was_ended_is_not_that_of_the_next),
        cmocka_unit_test(test_drain__a_broken_link_to_the_master_is_looked_into),
        cmocka_unit_test(test_drain__the_next_candidate_has_to_catch_up_too),
        cmocka_unit_test(test_drain__a_replica_that_hangs_makes_room_for_one_that_does_not),
        cmocka_unit_test(test_drain__but_not_if_it_was_asked_for),
        cmocka_unit_test(test_drain__what_was_done_without_for_one_is_not_for_the_next),
        cmocka_unit_test(test_drain__a_pause_that_was_too_short_is_not_kept_secret),
        cmocka_unit_test(test_drain__no_pause_is_ordered_where_it_cannot_be_sent),
        cmocka_unit_test(test_drain__begins_again_when_the_pause_is_not_confirmed),
        cmocka_unit_test(
            test_drain__a_replica_that_is_lost_meanwhile_is_waited_for_until_it_is_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
