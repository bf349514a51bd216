/* SPDX-License-Identifier: BSD-3-Clause */
/* Own attempts: when they start, whose turn it is, and how many have to be there (PROTOCOL.md §14,
 * DESIGN.md D6-D9). */
#include "election_kit.h"

#define TRY "event W +try-failover master m1 10.0.0.1 6379\n"

static void test_election__starts_with_an_epoch_and_a_vote_on_disk(void **state)
{
    struct kit *kit = at_o_down("- epoch 4;m1 n1 replicas n2 peers a quorum 2", "a");
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit_to(kit, 1100);
    kit_expect(kit, "event persist ask", "event W +new-epoch 5\n" TRY "persist 2\n");
    kit_persisted(kit, true);
    kit_expect(kit, "event persist ask",
               "event W +vote-for-leader " KIT_ME " 5\nask a 10.0.0.1 6379 5 " KIT_ME "\n");
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
    kit_expect(kit, "event ask", "event W +new-epoch 1\n" TRY LOST);
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

/* The quickest peer shows how long: one that is gone says nothing about those who are left. */
static void test_election__turns_are_longer_while_answers_take_long(void **state)
{
    static const struct {
        int answers[3], step;
    } rows[] = {{{0, 0, 0}, SN_RANK_STEP_MS},
                {{200, 80, 5000}, SN_RANK_GRACE_MS + 160},
                {{5000, 5000, 0}, SN_RANK_STEP_MS},
                {{5000, 5000, 5000}, SN_RANK_STEP_MAX_MS}};
    static const char *const peers[] = {"a", "b", "c"};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char name[16];
        struct kit *kit = last_of_four(name);
        for (size_t p = 0; p < 3; p++)
            kit_node(kit, peers[p])->says_down = true;
        kit_to(kit, 1000);
        sn_ms at = kit_now(kit);
        assert_int_equal(sn_rank_turn_ms(kit_group(kit, name)), 3 * SN_RANK_STEP_MS);
        kit_to(kit, at + 20); /* they become slow after O_DOWN */
        for (size_t p = 0; p < 3; p++) {
            kit_instance(kit, name, peers[p])->cmd->peer->answer_ms = rows[i].answers[p];
            kit_instance(kit, name, peers[p])->cmd->peer->answer_at = kit->core->now;
        }
        assert_int_equal(sn_rank_turn_ms(kit_group(kit, name)), 3 * rows[i].step);
        if (rows[i].step < SN_RANK_STEP_MAX_MS) {
            kit_to(kit, at + 3000);
            assert_int_equal(kit_when(kit, "event W +try-failover"), at + 3 * rows[i].step);
        }
        kit_free(kit);
    }
}

/* A vote waits for the save in progress, and then for its own. */
static void test_election__turns_are_longer_while_the_disk_is_busy(void **state)
{
    char name[16];
    struct kit *kit = last_of_four(name);
    const struct sn_group *group = kit_group(kit, name);
    (void)state;
    kit_to(kit, 500);
    kit->disk = KIT_DISK_SLOW;
    kit_set(kit, name, SN_OPTION_QUORUM, "quorum", "2", 2);
    kit_to(kit, 600);
    assert_int_equal(sn_rank_step_ms(group), SN_RANK_GRACE_MS + 200);
    kit_persisted(kit, true);
    assert_int_equal(sn_rank_step_ms(group), SN_RANK_GRACE_MS + 100);
    kit_free(kit);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_election__starts_with_an_epoch_and_a_vote_on_disk),
        cmocka_unit_test(test_election__a_vote_that_cannot_be_saved_ends_the_attempt),
        cmocka_unit_test(test_election__candidates_take_turns_by_rank),
        cmocka_unit_test(test_election__who_sees_the_master_up_has_no_turn_but_a_moment),
        cmocka_unit_test(test_election__turns_are_longer_with_slow_links_or_disks),
        cmocka_unit_test(test_election__turns_are_longer_while_answers_take_long),
        cmocka_unit_test(test_election__turns_are_longer_while_the_disk_is_busy),
        cmocka_unit_test(test_election__each_candidate_has_a_rank_of_its_own),
        cmocka_unit_test(test_election__candidates_that_are_down_hold_no_turn),
        cmocka_unit_test(test_election__needs_a_majority_of_all_known_and_the_quorum),
        cmocka_unit_test(test_election__peers_that_are_down_still_count_as_voters),
        cmocka_unit_test(test_election__is_not_tried_while_too_few_voters_are_up),
        cmocka_unit_test(test_election__is_not_tried_while_fewer_than_the_quorum_are_up),
        cmocka_unit_test(test_election__a_voter_without_a_link_is_waited_for),
        cmocka_unit_test(test_election__a_peer_that_refuses_ping_only_is_a_voter),
        cmocka_unit_test(test_election__an_order_is_not_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
