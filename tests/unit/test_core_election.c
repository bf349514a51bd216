/* SPDX-License-Identifier: BSD-3-Clause */

/* Own attempts: when they start, how votes are counted, how they end (PROTOCOL.md §14, DESIGN.md
 * D6-D9). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

#define TRY  "event W +try-failover master m1 10.0.0.1 6379\n"
#define LOST "event W -failover-abort-not-elected master m1 10.0.0.1 6379\n"

/* Runs until a line begins so, at most `ms`; the time is then the line's. */
static void run_until(struct kit *kit, const char *start, sn_ms ms)
{
    sn_ms end = kit_now(kit) + ms;
    while (kit_count(kit, start) == 0 && kit_now(kit) < end)
        kit_to(kit, kit_now(kit) + 1);
    if (kit_count(kit, start) == 0)
        fail_msg("no line \"%s\" within %lld ms", start, (long long)ms);
}

/* The peer has given its vote. */
static void let_vote(struct kit *kit, const char *name, const char *runid, unsigned epoch)
{
    memcpy(kit_node(kit, name)->vote.hex, runid, SN_RUNID_LEN + 1);
    kit_node(kit, name)->vote_epoch = epoch;
}

/* n1 dies at 0; the peers of `down` agree at 1000; questions are held. */
static struct kit *at_o_down(const char *text, const char *down)
{
    struct kit *kit = kit_new(text);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 999);
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_to(kit, 1000);
    for (const char *letter = down; *letter != '\0'; letter++) {
        const char name[] = {*letter, '\0'};
        kit_reply(kit, name, SN_ORDER_ASK, "[:1|$*|:0]");
    }
    kit_clear(kit);
    return kit;
}

/* The same, and the attempt has begun. */
static struct kit *at_attempt(const char *text, const char *down)
{
    struct kit *kit = at_o_down(text, down);
    run_until(kit, "event W +try-failover", 200);
    return kit;
}

static void test_election__starts_with_an_epoch_and_a_vote_on_disk(void **state)
{
    struct kit *kit = at_o_down("- epoch 4;m1 n1 replicas n2 peers a quorum 2", "a");
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit_to(kit, 1100);
    kit_expect(kit, "event persist ask",
               "event W +new-epoch 5\n" TRY "event W +vote-for-leader " KIT_ME " 5\npersist 2\n");
    kit_persisted(kit, true);
    kit_expect(kit, "event persist ask", "ask a 10.0.0.1 6379 5 " KIT_ME "\n");
    assert_true(kit_reasons(kit, "m1", SN_REASON_NOT_OUR_TURN, NULL) > 0);
    kit_free(kit);
}

static void test_election__a_vote_that_cannot_be_saved_ends_the_attempt(void **state)
{
    struct kit *kit = at_o_down("m1 n1 replicas n2 peers a", "a");
    (void)state;
    kit->disk = KIT_DISK_BAD;
    run_until(kit, "event W +try-failover", 200);
    sn_ms at = kit_now(kit);
    kit_expect(kit, "event ask",
               "event W +new-epoch 1\n" TRY "event W +vote-for-leader " KIT_ME " 1\n" LOST);
    kit_to(kit, at + 999);
    kit_expect(kit, "event", "");
    kit->disk = KIT_DISK_GOOD;
    kit_to(kit, at + 1000);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_NOT_SAVED, NULL) > 0);
    kit_free(kit);
}

static void test_election__candidates_take_turns_by_rank(void **state)
{
    unsigned seen = 0;
    (void)state;
    /* The rank depends on the name of the group; any four names would do, these show all ranks. */
    for (int i = 0; i < 40 && seen != 15; i++) {
        char text[128], start[64];
        (void)snprintf(text, sizeof(text), "g%d n1 replicas n2 peers a,b,c quorum 1", i);
        (void)snprintf(start, sizeof(start), "event W +try-failover master g%d ", i);
        struct kit *kit = kit_new(text);
        const char *name = strtok(text, " ");
        unsigned rank = sn_group_rank(kit_group(kit, name));
        assert_in_range(rank, 0, 3);
        seen |= 1U << rank;
        kit_node(kit, "a")->says_down = kit_node(kit, "b")->says_down = true;
        kit_node(kit, "c")->says_down = true;
        kit_mode(kit, "n1", KIT_REFUSING);
        kit_to(kit, 2000);
        assert_int_equal(kit_when(kit, start), 1000 + (int)rank * SN_RANK_STEP_MS);
        kit_free(kit);
    }
    assert_int_equal(seen, 15);
}

/* A group in which all three peers come before us, with the master just taken for down. */
static struct kit *last_of_four(char name[16])
{
    for (int i = 0;; i++) {
        char text[128];
        (void)snprintf(name, 16, "g%d", i);
        (void)snprintf(text, sizeof(text), "%s n1 replicas n2 peers a,b,c quorum 1", name);
        struct kit *kit = kit_new(text);
        if (sn_group_rank(kit_group(kit, name)) == 3) {
            kit_mode(kit, "n1", KIT_REFUSING);
            return kit;
        }
        kit_free(kit);
    }
}

static void test_election__who_sees_the_master_up_has_no_turn_but_a_moment(void **state)
{
    static const struct {
        bool down[3];
        int wait;
    } rows[] = {
        {{false, false, false}, SN_RANK_GRACE_MS},
        {{true, false, false}, SN_RANK_STEP_MS + SN_RANK_GRACE_MS},
        {{true, false, true}, 2 * SN_RANK_STEP_MS + SN_RANK_GRACE_MS},
        {{true, true, true}, 3 * SN_RANK_STEP_MS},
    };
    static const char *const peers[] = {"a", "b", "c"};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char name[16];
        struct kit *kit = last_of_four(name);
        for (size_t p = 0; p < 3; p++)
            kit_node(kit, peers[p])->says_down = rows[i].down[p];
        kit_to(kit, 2000);
        assert_int_equal(kit_when(kit, "event W +try-failover"), 1000 + rows[i].wait);
        kit_free(kit);
    }
}

/* It takes as long as a peer needs to hear of the quorum, to save its vote and to ask us for ours.
 */
static void test_election__turns_are_longer_with_slow_links_or_disks(void **state)
{
    static const struct {
        int trip, save, step;
    } rows[] = {{0, 0, SN_RANK_STEP_MS},
                {80, 20, SN_RANK_GRACE_MS + 180},
                {0, 90, SN_RANK_GRACE_MS + 90},
                {5000, 0, SN_RANK_STEP_MAX_MS}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char name[16];
        struct kit *kit = last_of_four(name);
        kit_node(kit, "a")->says_down = kit_node(kit, "b")->says_down = true;
        kit_node(kit, "c")->says_down = true;
        kit_to(kit, 999);
        kit->hold = KIT_HOLD(SN_ORDER_PING);
        kit_instance(kit, name, "b")->cmd->trip_ms = rows[i].trip;
        kit->core->save_took_ms = rows[i].save;
        kit_to(kit, 1000);
        assert_int_equal(sn_rank_turn_ms(kit_group(kit, name)), 3 * rows[i].step);
        kit_to(kit, 3000);
        if (rows[i].trip < 1000) /* else the peers are down before our turn comes */
            assert_int_equal(kit_when(kit, "event W +try-failover"), 1000 + 3 * rows[i].step);
        kit_free(kit);
    }
}

static void test_election__each_candidate_has_a_rank_of_its_own(void **state)
{
    static const char *const ids[] = {KIT_ME, KIT_A, KIT_B, KIT_C};
    unsigned taken = 0;
    (void)state;
    for (size_t self = 0; self < 4; self++) {
        struct sn_image image;
        struct sn_addr addr;
        sn_image_init(&image);
        memcpy(image.myid.hex, ids[self], SN_RUNID_LEN + 1);
        assert_int_equal(sn_addr_make("10.0.0.1", 6379, &addr), 0);
        (void)sn_image_add_group(&image, "m1", &addr, 2);
        for (size_t peer = 0; peer < 4; peer++) {
            struct sn_runid runid;
            memcpy(runid.hex, ids[peer], SN_RUNID_LEN + 1);
            if (peer != self)
                sn_group_image_add_peer(&image.groups[0], &addr, &runid);
        }
        struct sn_core *core = sn_core_new(&image, 1, 0);
        taken |= 1U << sn_group_rank(sn_group_by_name(core, "m1", 2));
        sn_core_free(core);
        sn_image_fini(&image);
    }
    assert_int_equal(taken, 15);
}

static void test_election__candidates_that_are_down_hold_no_turn(void **state)
{
    bool seen = false;
    (void)state;
    for (int i = 0; i < 40 && !seen; i++) {
        char text[128], name[16];
        (void)snprintf(name, sizeof(name), "g%d", i);
        (void)snprintf(text, sizeof(text), "%s n1 replicas n2 peers a,b,c,d quorum 1", name);
        struct kit *kit = kit_new(text);
        unsigned before = sn_group_rank(kit_group(kit, name));
        kit_node(kit, "c")->says_down = kit_node(kit, "d")->says_down = true;
        kit_mode(kit, "a", KIT_REFUSING);
        kit_mode(kit, "b", KIT_REFUSING);
        kit_to(kit, 1500);
        unsigned rank = sn_group_rank(kit_group(kit, name));
        kit_mode(kit, "n1", KIT_REFUSING);
        kit_to(kit, 3000);
        assert_int_equal(kit_when(kit, "event W +try-failover"),
                         2500 + (int)rank * SN_RANK_STEP_MS);
        seen = rank < before;
        kit_free(kit);
    }
    assert_true(seen);
}

static void test_election__needs_a_majority_of_all_known_and_the_quorum(void **state)
{
    static const struct {
        const char *text;
        const char *votes;
        bool elected;
    } rows[] = {{"m1 n1 replicas n2 quorum 1", "", true},
                {"m1 n1 replicas n2 peers a quorum 1", "", false},
                {"m1 n1 replicas n2 peers a quorum 1", "a", true},
                {"m1 n1 replicas n2 peers a,b quorum 1", "", false},
                {"m1 n1 replicas n2 peers a,b quorum 1", "b", true},
                {"m1 n1 replicas n2 peers a,b,c quorum 1", "a", false},
                {"m1 n1 replicas n2 peers a,b,c quorum 1", "ac", true},
                {"m1 n1 replicas n2 peers a,b,c,d quorum 1", "a", false},
                {"m1 n1 replicas n2 peers a,b,c,d quorum 1", "ad", true},
                {"m1 n1 replicas n2 peers a,b,c,d quorum 4", "ad", false},
                {"m1 n1 replicas n2 peers a,b,c,d quorum 4", "adb", true},
                {"m1 n1 replicas n2 peers a,b,c,d quorum 5", "adb", false},
                {"m1 n1 replicas n2 peers a,b,c,d quorum 5", "adbc", true}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new(rows[i].text);
        const struct sn_instance *peer;
        for (const char *letter = "abcd"; *letter != '\0'; letter++) {
            const char name[] = {*letter, '\0'};
            kit_node(kit, name)->says_down = true;
            kit_node(kit, name)->refuses = strchr(rows[i].votes, *letter) == NULL;
        }
        DL_FOREACH(kit_group(kit, "m1")->peers, peer)
            assert_false(peer->s_down);
        kit_mode(kit, "n1", KIT_REFUSING);
        kit_to(kit, 1110);
        assert_true(kit_count(kit, "event W +try-failover") >= 1);
        if ((kit_count(kit, "event W +elected-leader") > 0) != rows[i].elected)
            fail_msg("row %zu", i);
        kit_free(kit);
    }
}

static void test_election__peers_that_are_down_still_count_as_voters(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b,c,d quorum 2");
    (void)state;
    kit_node(kit, "b")->refuses = true;
    kit_mode(kit, "c", KIT_REFUSING);
    kit_mode(kit, "d", KIT_REFUSING);
    kit_to(kit, 1500);
    kit_kill_master(kit, "a");
    kit_to(kit, 30000);
    assert_true(kit_count(kit, "event W +try-failover") > 1);
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
    kit_free(kit);
}

/* n1 is O_DOWN with the help of a, and only `up` of the peers can be reached. */
static struct kit *with_few_up(const char *text, const char *up)
{
    struct kit *kit = kit_new(text);
    const struct sn_instance *peer;
    DL_FOREACH(kit_group(kit, "m1")->peers, peer) {
        const char *name = kit_node_name(kit, peer);
        if (strchr(up, name[0]) == NULL)
            kit_mode(kit, name, KIT_REFUSING);
    }
    kit_to(kit, 1500);
    kit_kill_master(kit, up);
    kit_to(kit, 30000);
    return kit;
}

static void test_election__is_not_tried_while_too_few_voters_are_up(void **state)
{
    static const struct {
        const char *text, *up, *told;
        const char *one_more, *back; /* returns: the former does not change that, the latter does */
    } rows[] = {
        {"m1 n1 replicas n2 peers a,b quorum 1", "", "1 of 3 sentinels are up, 2 are", NULL, "b"},
        {"m1 n1 replicas n2 peers a quorum 1", "", "1 of 2 sentinels are up, 2 are", NULL, "a"},
        {"m1 n1 replicas n2 peers a,b,c,d", "a", "2 of 5 sentinels are up, 3 are", NULL, "d"},
        {"m1 n1 replicas n2 peers a,b,c,d quorum 1", "", "1 of 5 sentinels are up, 3 ", "c", "b"},
        {"m1 n1 replicas n2 peers a,b,c", "a", "2 of 4 sentinels are up, 3 are", NULL, "c"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char log[128];
        struct kit *kit = with_few_up(rows[i].text, rows[i].up);
        (void)snprintf(log, sizeof(log), "log W Failover of m1 not started: %s", rows[i].told);
        assert_int_equal(kit_count(kit, "event W +odown"), 1);
        assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
        assert_int_equal(kit_count(kit, "event W +new-epoch"), 0);
        assert_int_equal(kit_count(kit, log), 1);
        if (rows[i].one_more != NULL) {
            kit_mode(kit, rows[i].one_more, KIT_WELL);
            kit_to(kit, 40000);
            assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
            assert_int_equal(kit_count(kit, "log W Failover of m1 not started"), 1);
        }
        kit_clear(kit);
        kit_mode(kit, rows[i].back, KIT_WELL);
        run_until(kit, "event W -sdown sentinel", 2000);
        run_until(kit, "event W +elected-leader", 4 * SN_RANK_STEP_MS);
        assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
        kit_free(kit);
    }
}

/* Of 5 with a quorum of 4: the quorum counts where it is more than the majority. */
static void test_election__is_not_tried_while_fewer_than_the_quorum_are_up(void **state)
{
    struct kit *kit = at_o_down("m1 n1 replicas n2 peers a,b,c,d quorum 4", "abc");
    (void)state;
    assert_true(sn_group_rank(kit_group(kit, "m1")) > 0); /* our turn has not come yet */
    kit_mode(kit, "c", KIT_REFUSING);
    kit_mode(kit, "d", KIT_REFUSING);
    kit_to(kit, 1500);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    assert_int_equal(kit_count(kit, "log W Failover of m1 not started: 3 of 5 sentinels are"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_TOO_FEW_VOTERS, NULL) > 0);
    kit_free(kit);
}

/* A link that is lost cannot carry a request, whether or not S_DOWN has been noticed. */
static void test_election__a_voter_without_a_link_is_waited_for(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a quorum 1");
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 900);
    kit_mode(kit, "a", KIT_REFUSING);
    kit_to(kit, 1500);
    assert_int_equal(kit_count(kit, "event W +sdown sentinel"), 0);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_mode(kit, "a", KIT_WELL);
    run_until(kit, "event W +elected-leader", 900);
    assert_int_equal(kit_count(kit, "event W +sdown sentinel"), 0);
    kit_free(kit);
}

/* Its PONGs are errors, so it is S_DOWN, but its vote is as good as any. */
static void test_election__a_peer_that_refuses_ping_only_is_a_voter(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a quorum 2");
    (void)state;
    kit_node(kit, "a")->pong = "-NOPERM this user has no permissions to run the 'ping' command";
    kit_to(kit, 5000);
    assert_int_equal(kit_count(kit, "event W +sdown sentinel"), 1);
    kit_kill_master(kit, "a");
    run_until(kit, "event W +elected-leader", 3000);
    kit_free(kit);
}

/* An operator's order asks those who are there, and does without the others. */
static void test_election__an_order_is_not_held(void **state)
{
    static const enum sn_failover_mode modes[] = {SN_MODE_FORCED, SN_MODE_PLANNED};
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        struct kit *kit = with_few_up("m1 n1 replicas n2 peers a,b,c,d quorum 1", "");
        kit_failover(kit, "m1", modes[i]);
        kit_to(kit, 40000);
        assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
        assert_int_equal(kit_count(kit, "event W +elected-leader"), 1);
        kit_free(kit);
    }
}

static void test_election__only_votes_of_its_own_epoch_count(void **state)
{
    struct kit *kit = at_attempt("- epoch 4;m1 n1 replicas n2 peers a,b,c,d", "a");
    (void)state;
    kit->hold |= KIT_HOLD(SN_ORDER_PROMOTE);
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_ME "|:4]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:0]"); /* to the question of 1000 */
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_ME "|:5]");
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
    kit_reply(kit, "c", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "c", SN_ORDER_ASK, "[:1|$" KIT_ME "|:5]");
    assert_int_equal(kit_count(kit, "event W +elected-leader master m1 10.0.0.1 6379"), 1);
    assert_int_equal(kit_count(kit, "event W +failover-state-select-slave master m1"), 1);
    kit_free(kit);
}

/* Another group, or another sentinel, raises the current epoch while votes are on their way. */
static void test_election__is_won_at_its_own_epoch_when_the_current_one_has_risen(void **state)
{
    struct kit *kit = at_attempt("- epoch 4;m1 n1 replicas n2 peers a,b,c,d", "a");
    (void)state;
    kit->hold |= KIT_HOLD(SN_ORDER_PROMOTE);
    kit_clear(kit);
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_B "|:9]"); /* to the question of 1000 */
    assert_int_equal(kit_count(kit, "event W +new-epoch 9"), 1);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_ME "|:9]");
    kit_reply(kit, "c", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "c", SN_ORDER_ASK, "[:1|$" KIT_ME "|:5]");
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
    kit_reply(kit, "d", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "d", SN_ORDER_ASK, "[:1|$" KIT_ME "|:5]");
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 1);
    kit_free(kit);
}

static void test_election__an_unwinnable_round_ends_at_once_and_is_repeated_soon(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b,c,d", "a");
    (void)state;
    sn_ms at = kit_now(kit);
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "-ERR no"); /* refusals of all kinds */
    kit_expect(kit, "event", "");
    kit_reply(kit, "c", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "c", SN_ORDER_ASK, "[:1|$" KIT_A "|:0]");
    kit_expect(kit, "event", LOST); /* 1 + at most d's is less than 3 */
    sn_ms turn = SN_RETRY_BASE_MS * (sn_ms)sn_group_rank(kit_group(kit, "m1"));
    run_until(kit, "event W +try-failover", 500);
    assert_in_range(kit_now(kit) - at, turn + SN_RETRY_BASE_MS / 2, turn + SN_RETRY_BASE_MS);
    assert_int_equal(kit_count(kit, "event W +new-epoch 2"), 1);
    kit_free(kit);
}

static void test_election__back_off_doubles_up_to_the_failover_timeout(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b timeout 1000");
    const struct sn_group *group = kit_group(kit, "m1");
    (void)state;
    kit_node(kit, "a")->says_down = true;
    kit_node(kit, "a")->refuses = true;
    kit_node(kit, "b")->refuses = true;
    kit_mode(kit, "n1", KIT_REFUSING);
    run_until(kit, "event W +try-failover", 3000);
    for (unsigned round = 0; round < 12; round++) {
        sn_ms spread = (sn_ms)SN_RETRY_BASE_MS << round;
        sn_ms turn = SN_RETRY_BASE_MS * (sn_ms)sn_group_rank(group);
        sn_ms lost_at = kit_now(kit); /* at once, as everybody refuses at once */
        kit_clear(kit);
        run_until(kit, "event W +try-failover", 3000);
        assert_in_range(kit_now(kit) - lost_at, sn_min(turn + spread / 2, 1000),
                        sn_min(turn + spread, 1000));
    }
    assert_true(kit_reasons(kit, "m1", SN_REASON_BACK_OFF, NULL) > 0);
    kit_free(kit);
}

static void test_election__yields_to_a_rival_that_may_have_won(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b timeout 5000", "a");
    (void)state;
    sn_ms at = kit_now(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_B "|:1]");
    kit_clear(kit);
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_B "|:1]");
    kit_expect(kit, "event", LOST);
    kit->hold = 0;
    let_vote(kit, "a", KIT_B, 1);
    let_vote(kit, "b", KIT_B, 1);
    kit_node(kit, "a")->says_down = true;
    kit_to(kit, at + 9999);
    sn_ms turn = sn_rank_turn_ms(kit_group(kit, "m1"));
    kit_to(kit, at + 9999 + turn);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_to(kit, at + 10000 + turn);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    kit_free(kit);
}

/* b was gone before the tie with a: nobody can have won, and the next round comes soon. */
static void test_election__who_is_gone_has_no_vote_for_the_rival(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b timeout 60000");
    (void)state;
    kit_mode(kit, "b", KIT_REFUSING);
    kit_to(kit, 3000);
    kit_node(kit, "a")->says_down = true;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_to(kit, 4000);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    run_until(kit, "event W +try-failover", 1000);
    kit_clear(kit);
    sn_ms at = kit_now(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_A "|:1]");
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
    run_until(kit, "event W +try-failover", 3000);
    assert_in_range(kit_now(kit), at, at + 3000);
    kit_free(kit);
}

static void test_election__a_rival_that_dies_is_not_waited_for(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b timeout 5000", "a");
    (void)state;
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_B "|:1]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_B "|:1]");
    kit->hold = 0;
    kit_node(kit, "a")->says_down = true;
    kit_mode(kit, "b", KIT_REFUSING);
    sn_ms at = kit_now(kit);
    kit_clear(kit);
    run_until(kit, "event W +try-failover", 1000 + SN_RANK_STEP_MS);
    assert_int_equal(kit_when(kit, "event W +sdown sentinel " KIT_B), at + 1000);
    kit_free(kit);
}

static void test_election__a_split_vote_that_nobody_won_is_repeated_soon(void **state)
{
    /* Five voters: two for us, two for a, one refused. Nobody has three. */
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b,c,d", "a");
    (void)state;
    static const char *const names[] = {"b", "c", "d"};
    for (size_t i = 0; i < 3; i++)
        kit_reply(kit, names[i], SN_ORDER_ASK, "[:1|$*|:0]");
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_A "|:1]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_ME "|:1]");
    kit_reply(kit, "c", SN_ORDER_ASK, "[:1|$" KIT_A "|:1]");
    kit_expect(kit, "event", "");
    kit_reply(kit, "d", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_expect(kit, "event", LOST);
    run_until(kit, "event W +try-failover", 9 * SN_RETRY_BASE_MS);
    kit_free(kit);
}

static void test_election__ends_after_the_election_timeout_or_the_failover_timeout(void **state)
{
    static const struct {
        const char *text;
        sn_ms patience;
    } rows[] = {{"m1 n1 replicas n2 peers a,b timeout 60000", 10000},
                {"m1 n1 replicas n2 peers a,b timeout 3000", 3000}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = at_attempt(rows[i].text, "a");
        sn_ms at = kit_now(kit);
        kit_clear(kit);
        kit_to(kit, at + rows[i].patience - 1);
        assert_int_equal(kit_count(kit, "event W -failover-abort"), 0);
        kit_to(kit, at + rows[i].patience);
        assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
        kit_free(kit);
    }
}

static void test_election__asks_again_for_votes_each_ask_period(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b,c,d", "a");
    (void)state;
    sn_ms at = kit_now(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_ME "|:1]");
    kit_clear(kit);
    kit_to(kit, at + 999);
    assert_int_equal(kit_count(kit, "ask a"), 0);
    kit_to(kit, at + 1000);
    assert_int_equal(kit_count(kit, "ask a 10.0.0.1 6379 1 " KIT_ME), 1);
    kit_free(kit);
}

static void test_election__a_peer_that_comes_back_is_asked_for_its_vote(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b,c,d", "a");
    (void)state;
    kit_clear(kit);
    kit_drop(kit, "c");
    kit_to(kit, kit_now(kit));
    assert_int_equal(kit_count(kit, "ask c 10.0.0.1 6379 1 " KIT_ME), 1);
    kit_free(kit);
}

static void test_election__a_higher_epoch_in_an_answer_is_adopted_and_surpassed(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b", "a");
    (void)state;
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_C "|:7]");
    assert_int_equal(kit_count(kit, "event W +new-epoch 7"), 1);
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:3]");
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
    run_until(kit, "event W +new-epoch 8", 9 * SN_RETRY_BASE_MS);
    kit_free(kit);
}

static void test_election__its_epoch_is_above_everything_known(void **state)
{
    struct kit *kit = kit_new("- epoch 3;m1 n1 replicas n2 config 5 voted 8 quorum 1");
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1100);
    assert_int_equal(kit_count(kit, "event W +new-epoch 9"), 1);
    kit_free(kit);

    /* A hello may bring a configuration whose epoch is above the current one of its sender. */
    kit = kit_new("m1 n1 replicas n2 peers a quorum 1");
    kit_hello(kit, "a", "m1", "n1", 2, 6);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 6);
    kit_kill_master(kit, "");
    kit_to(kit, 1200);
    assert_int_equal(kit_count(kit, "event W +new-epoch 7"), 1);
    kit_free(kit);
}

static void test_election__stops_when_the_master_comes_back_before_it_is_won(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b", "a");
    (void)state;
    kit_mode(kit, "n1", KIT_WELL);
    run_until(kit, "event W -odown", 1000);
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
    assert_int_equal(kit_group(kit, "m1")->leader_epoch, 1); /* our vote stays given */
    kit_clear(kit);
    kit_reply(kit, "b", SN_ORDER_ASK, "[:0|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:0|$" KIT_ME "|:1]");
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
    /* It goes down again: at once, in a new epoch, whoever voted for us. */
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, kit_now(kit) + 1000);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    run_until(kit, "event W +try-failover", 200);
    assert_int_equal(kit_group(kit, "m1")->failover.epoch, 2);
    assert_true(kit_reasons(kit, "m1", SN_REASON_MASTER_BACK, NULL) > 0);
    kit_free(kit);
}

/* A peer's answer takes the quorum away before the master has answered us. */
static void test_election__stops_when_the_master_answers_after_the_peers(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b", "a");
    (void)state;
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:0|$*|:0]");
    assert_int_equal(kit_count(kit, "event W -odown"), 1);
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 0);
    kit_mode(kit, "n1", KIT_WELL);
    run_until(kit, "event W -sdown", 1000);
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
    kit_reply(kit, "b", SN_ORDER_ASK, "[:0|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:0|$" KIT_ME "|:1]");
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
    kit_free(kit);
}

/* The answer to the order waits for the disk, and so does the order. */
static void test_election__that_was_forced_waits_for_a_slow_disk(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b timeout 60000");
    (void)state;
    kit_to(kit, 1000);
    kit_clear(kit);
    kit->disk = KIT_DISK_SLOW;
    kit_failover(kit, "m1", SN_MODE_FORCED);
    kit_to(kit, 12500);
    assert_int_equal(kit_count(kit, "event W -failover-abort"), 0);
    kit_persisted(kit, true);
    kit_to(kit, 13000);
    assert_int_equal(kit_count(kit, "answer 1 ok"), 1);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    kit_free(kit);
}

/* What an operator wants is done all the same. */
static void test_election__that_was_ordered_goes_on_when_the_master_comes_back(void **state)
{
    static const enum sn_failover_mode modes[] = {SN_MODE_PLANNED, SN_MODE_COORDINATED};
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        struct kit *kit = at_o_down("m1 n1 replicas n2 peers a,b timeout 60000", "a");
        kit->hold |= KIT_HOLD(SN_ORDER_ASK);
        kit->disk = KIT_DISK_SLOW; /* nothing is won so far */
        kit_group(kit, "m1")->retry_at = SN_MS_NEVER;
        kit_failover(kit, "m1", modes[i]);
        assert_int_equal(kit_group(kit, "m1")->failover.mode, modes[i]);
        kit_mode(kit, "n1", KIT_WELL);
        run_until(kit, "event W -odown", 1000);
        assert_int_equal(kit_count(kit, "event W -failover-abort"), 0);
        kit_free(kit);
    }
}

static void test_election__no_attempt_without_o_down(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
    (void)state;
    kit_kill_master(kit, "");
    kit_to(kit, 60000);
    assert_int_equal(kit_count(kit, "event W +sdown master"), 1);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_free(kit);
}

static void test_election__two_groups_at_once_win_at_their_own_epochs(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b;m2 n3 replicas n4 peers a,b");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_node(kit, "a")->says_down = true;
    kit_node(kit, "a")->refuses = true;
    kit_node(kit, "b")->refuses = true;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_mode(kit, "n3", KIT_REFUSING);
    kit_to(kit, 999);
    kit->hold |= KIT_HOLD(SN_ORDER_ASK);
    kit_to(kit, 1000);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_to(kit, 1100);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 2);
    uint64_t first = kit_group(kit, "m1")->failover.epoch;
    uint64_t second = kit_group(kit, "m2")->failover.epoch;
    assert_int_equal(first + second, 3); /* 1 and 2, whoever came first */
    char line[128];
    (void)snprintf(line, sizeof(line), "ask a 10.0.0.1 6379 %llu " KIT_ME,
                   (unsigned long long)first);
    assert_int_equal(kit_count(kit, line), 1);
    (void)snprintf(line, sizeof(line), "ask a 10.0.0.3 6379 %llu " KIT_ME,
                   (unsigned long long)second);
    assert_int_equal(kit_count(kit, line), 1);
    kit_free(kit);
}

static void test_election__what_silent_peers_may_have_voted_counts_for_the_rival(void **state)
{
    /* Of five, two voted for b; the silent c may have made it three, the refusing d has not. */
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b,c,d timeout 5000", "a");
    (void)state;
    kit_mode(kit, "c", KIT_REFUSING);
    kit_to(kit, kit_now(kit) + 1000);
    sn_ms began = kit_group(kit, "m1")->failover.started_at - kit->start;
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "d", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_B "|:1]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_B "|:1]");
    if (kit_count(kit, "event W -failover-abort") == 0)
        kit_reply(kit, "d", SN_ORDER_ASK, "[:1|$*|:0]");
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
    kit_node(kit, "a")->says_down = true;
    kit->hold = 0;
    let_vote(kit, "a", KIT_B, 1);
    let_vote(kit, "b", KIT_B, 1);
    kit_to(kit, began + 9999);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_free(kit);
}

static void test_election__nobody_yields_to_itself(void **state)
{
    /* A majority for us, but the quorum is higher and d refuses. */
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b,c,d quorum 5 timeout 5000", "abcd");
    static const char *const names[] = {"a", "b", "c"};
    (void)state;
    for (size_t i = 0; i < 3; i++)
        kit_reply(kit, names[i], SN_ORDER_ASK, "[:1|$" KIT_ME "|:1]");
    kit_clear(kit);
    kit_reply(kit, "d", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_expect(kit, "event", LOST);
    run_until(kit, "event W +try-failover", 9 * SN_RETRY_BASE_MS);
    kit_free(kit);
}

static void test_election__odd_votes_of_peers_are_no_votes(void **state)
{
    static const char *const odd[] = {"[:1|$" KIT_ME KIT_ME "|:1]", "[:1|$|:1]",
                                      "[:1|$line\nbreak|:1]", "[:1|$*|:1]", "[:1|$" KIT_ME "|:-1]"};
    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
        struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b,c,d", "abcd");
        kit_reply(kit, "a", SN_ORDER_ASK, odd[i]);
        assert_string_equal(kit_instance(kit, "m1", "a")->u.peer.vote.hex, "");
        assert_int_equal(kit_group(kit, "m1")->core->current_epoch, 1);
        kit_free(kit);
    }
}

static void test_election__who_has_nobody_to_promote_lets_others_go_first(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b quorum 1");
    (void)state;
    kit_node(kit, "n2")->priority = 0;
    kit_to(kit, 10000);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 12499); /* one and a half ask periods after O_DOWN */
    assert_int_equal(kit_when(kit, "event W +odown"), 11000);
    assert_true(sn_group_rank(kit_group(kit, "m1")) > 0); /* INFO has come before our turn */
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_to(kit, 12500);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    assert_int_equal(kit_count(kit, "event W -failover-abort-no-good-slave"), 1);
    kit_free(kit);

    /* Not as long as it is not sure of it: the facts are older than the failure. */
    kit = kit_new("m1 n1 replicas n2 quorum 1");
    kit_node(kit, "n2")->priority = 0;
    kit_to(kit, 10000);
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 11000);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    kit_free(kit);
}

static void test_election__a_peer_that_dies_unanswered_ends_a_lost_round(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b timeout 60000", "a");
    (void)state;
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_mode(kit, "b", KIT_REFUSING);
    sn_ms at = kit_now(kit);
    kit_clear(kit);
    kit_to(kit, at + 999);
    assert_int_equal(kit_count(kit, "event W -failover-abort"), 0);
    kit_to(kit, at + 1000);
    assert_int_equal(kit_when(kit, "event W -failover-abort-not-elected"), at + 1000);
    kit_free(kit);
}

static void test_election__a_peer_that_returns_ends_the_back_off(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b,c,d timeout 60000");
    (void)state;
    kit_node(kit, "a")->says_down = true;
    kit_node(kit, "b")->refuses = true;
    kit_mode(kit, "c", KIT_REFUSING);
    kit_mode(kit, "d", KIT_REFUSING);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 45000); /* pauses of half a minute by now */
    assert_true(kit_group(kit, "m1")->retry_at > kit->now + 2000);
    kit_clear(kit);
    kit_mode(kit, "c", KIT_WELL);
    run_until(kit, "event W -sdown sentinel " KIT_C, 2000);
    run_until(kit, "event W +elected-leader", 100);
    kit_free(kit);
}

/* a got two votes; with the third one, of c, it would have won. */
static void test_election__a_rival_who_turns_out_to_have_lost_is_not_waited_for(void **state)
{
    static const struct {
        const char *last;
        size_t attempts;
    } rows[] = {{"[:1|$" KIT_A "|:1]", 1}, {"[:1|$" KIT_C "|:1]", 2}, {NULL, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b,c quorum 1");
        kit_mode(kit, "n1", KIT_REFUSING);
        kit_to(kit, 1000);
        kit->hold = KIT_HOLD(SN_ORDER_ASK);
        kit_to(kit, 1200);
        assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
        kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_A "|:1]");
        kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_A "|:1]");
        assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
        if (rows[i].last != NULL)
            kit_reply(kit, "c", SN_ORDER_ASK, rows[i].last);
        kit_to(kit, 2000);
        assert_int_equal(kit_count(kit, "event W +try-failover"), rows[i].attempts);
        kit_free(kit);
    }
}

/* A slow link to the master was opened a moment ago. */
static void test_election__a_master_that_may_be_about_to_answer_is_waited_for(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 quorum 1");
    (void)state;
    kit_instance(kit, "m1", "n1")->cmd->trip_ms = 2000;
    kit_mode(kit, "n1", KIT_GONE);
    kit_drop(kit, "n1");
    kit_to(kit, 1499);
    assert_int_equal(kit_count(kit, "event W +odown"), 1);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_MASTER_MAY_ANSWER, "n1") > 0);
    kit_free(kit);
}

/* Old data are all that we have: who has watched for longer may have better. */
static void test_election__others_go_first_when_we_have_a_last_resort_only(void **state)
{
    bool seen = false;
    (void)state;
    for (int i = 0; i < 20 && !seen; i++) {
        char text[128], name[16];
        (void)snprintf(name, sizeof(name), "m%d", i);
        (void)snprintf(text, sizeof(text), "%s n1 replicas n2 peers a,b", name);
        struct kit *kit = kit_new(text);
        seen = sn_group_rank(kit_group(kit, name)) > 0; /* INFO has come when it is our turn */
        kit_node(kit, "n2")->link_up = false;
        kit_node(kit, "n2")->link_down_s = 100;
        kit_instance(kit, name, "n1")->cmd->heard_at = SN_MS_NEVER;
        kit_kill_master(kit, "ab");
        kit_to(kit, kit_now(kit) + 500);
        if (seen)
            assert_true(kit_reasons(kit, name, SN_REASON_LAST_RESORT, "n1") > 0);
        kit_free(kit);
    }
    assert_true(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_election__a_master_that_may_be_about_to_answer_is_waited_for),
        cmocka_unit_test(test_election__others_go_first_when_we_have_a_last_resort_only),
        cmocka_unit_test(test_election__starts_with_an_epoch_and_a_vote_on_disk),
        cmocka_unit_test(test_election__a_vote_that_cannot_be_saved_ends_the_attempt),
        cmocka_unit_test(test_election__candidates_take_turns_by_rank),
        cmocka_unit_test(test_election__who_sees_the_master_up_has_no_turn_but_a_moment),
        cmocka_unit_test(test_election__turns_are_longer_with_slow_links_or_disks),
        cmocka_unit_test(test_election__a_rival_who_turns_out_to_have_lost_is_not_waited_for),
        cmocka_unit_test(test_election__each_candidate_has_a_rank_of_its_own),
        cmocka_unit_test(test_election__candidates_that_are_down_hold_no_turn),
        cmocka_unit_test(test_election__needs_a_majority_of_all_known_and_the_quorum),
        cmocka_unit_test(test_election__peers_that_are_down_still_count_as_voters),
        cmocka_unit_test(test_election__is_not_tried_while_too_few_voters_are_up),
        cmocka_unit_test(test_election__is_not_tried_while_fewer_than_the_quorum_are_up),
        cmocka_unit_test(test_election__a_voter_without_a_link_is_waited_for),
        cmocka_unit_test(test_election__a_peer_that_refuses_ping_only_is_a_voter),
        cmocka_unit_test(test_election__an_order_is_not_held),
        cmocka_unit_test(test_election__only_votes_of_its_own_epoch_count),
        cmocka_unit_test(test_election__is_won_at_its_own_epoch_when_the_current_one_has_risen),
        cmocka_unit_test(test_election__an_unwinnable_round_ends_at_once_and_is_repeated_soon),
        cmocka_unit_test(test_election__back_off_doubles_up_to_the_failover_timeout),
        cmocka_unit_test(test_election__yields_to_a_rival_that_may_have_won),
        cmocka_unit_test(test_election__who_is_gone_has_no_vote_for_the_rival),
        cmocka_unit_test(test_election__a_rival_that_dies_is_not_waited_for),
        cmocka_unit_test(test_election__a_split_vote_that_nobody_won_is_repeated_soon),
        cmocka_unit_test(test_election__ends_after_the_election_timeout_or_the_failover_timeout),
        cmocka_unit_test(test_election__asks_again_for_votes_each_ask_period),
        cmocka_unit_test(test_election__a_peer_that_comes_back_is_asked_for_its_vote),
        cmocka_unit_test(test_election__a_higher_epoch_in_an_answer_is_adopted_and_surpassed),
        cmocka_unit_test(test_election__its_epoch_is_above_everything_known),
        cmocka_unit_test(test_election__stops_when_the_master_comes_back_before_it_is_won),
        cmocka_unit_test(test_election__stops_when_the_master_answers_after_the_peers),
        cmocka_unit_test(test_election__that_was_forced_waits_for_a_slow_disk),
        cmocka_unit_test(test_election__that_was_ordered_goes_on_when_the_master_comes_back),
        cmocka_unit_test(test_election__no_attempt_without_o_down),
        cmocka_unit_test(test_election__two_groups_at_once_win_at_their_own_epochs),
        cmocka_unit_test(test_election__what_silent_peers_may_have_voted_counts_for_the_rival),
        cmocka_unit_test(test_election__nobody_yields_to_itself),
        cmocka_unit_test(test_election__odd_votes_of_peers_are_no_votes),
        cmocka_unit_test(test_election__who_has_nobody_to_promote_lets_others_go_first),
        cmocka_unit_test(test_election__a_peer_that_dies_unanswered_ends_a_lost_round),
        cmocka_unit_test(test_election__a_peer_that_returns_ends_the_back_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
