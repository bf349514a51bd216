/* SPDX-License-Identifier: BSD-3-Clause */

/* Who is a voter, and whose word counts (DESIGN.md D15). */

#include "core_kit.h"

#include "core/watch/peer.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

#define ABOUT_M1 ",0,m1,10.0.0.1,6379,0"

static void hear(struct kit *kit, const char *address, const char *runid)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "%s,%s" ABOUT_M1, address, runid);
    assert_true(kit_hello_text(kit, NULL, text));
}

static void hear_every_period(struct kit *kit, const char *address, const char *runid, int times)
{
    for (int i = 0; i < times; i++) {
        kit_to(kit, kit_now(kit) + 2000);
        hear(kit, address, runid);
    }
}

static size_t peers(struct kit *kit)
{
    return kit_group(kit, "m1")->peer_count;
}

static void tells(struct kit *kit, const char *node, const char *runid)
{
    static char texts[8][64];
    static size_t next;
    char *text = texts[next++ % 8];
    (void)snprintf(text, 64, "$%s", runid);
    kit_node(kit, node)->myid = text;
}

static size_t usable(struct kit *kit)
{
    size_t count, voters;
    sn_group_quorum(kit_group(kit, "m1"), &count, &voters);
    return count;
}

static void one_group_dies(struct kit *kit, const char *agreeing)
{
    kit_kill_master(kit, agreeing);
    kit_to(kit, kit_now(kit) + 3000);
}

/* ---- the id is asked for -------------------------------------------------------------------- */

static void test_peer__is_asked_for_its_id_first_on_each_connection(void **state)
{
    struct kit *kit = kit_new_seeded("m1 n1 peers a", 1, true);
    (void)state;
    kit_to(kit, 0);
    kit_expect(kit, "ping myid try-ask ask", "ping n1\nping a\nmyid a\ntry-ask a\n");
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1000);
    kit_clear(kit);
    kit_drop(kit, "a");
    kit_to(kit, 1000);
    const char *id = kit_find(kit, "myid a"), *ask = kit_find(kit, "ask a");
    assert_non_null(id);
    assert_non_null(ask);
    assert_int_equal(kit_instance(kit, "m1", "a")->cmd->identity, SN_IDENTITY_TOLD);
    kit_free(kit);
}

static void test_peer__that_does_not_tell_its_id_is_a_voter(void **state)
{
    static const char *const answers[] = {
        "-ERR Unknown sentinel subcommand 'MYID'", "-NOPERM no", "$short", ":1", "_", "[$a|$b]"};
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 quorum 1");
        kit_node(kit, "a")->myid = answers[i];
        kit_node(kit, "b")->myid = answers[i];
        hear(kit, "10.0.1.1,26379", KIT_A);
        hear(kit, "10.0.1.2,26379", KIT_B);
        assert_int_equal(peers(kit), 2);
        assert_true(sn_peer_speaks(kit_instance(kit, "m1", "a")));
        one_group_dies(kit, "a");
        assert_int_equal(kit_count(kit, "event W +elected-leader"), 1);
        kit_free(kit);
    }
}

static void test_peer__that_cannot_be_reached_is_a_voter(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 quorum 1");
    (void)state;
    kit_node(kit, "a")->mode = KIT_GONE;
    kit_node(kit, "b")->mode = KIT_REFUSING;
    hear(kit, "10.0.1.1,26379", KIT_A);
    hear(kit, "10.0.1.2,26379", KIT_B);
    assert_int_equal(peers(kit), 2);
    one_group_dies(kit, "");
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
    kit_free(kit);
}

static void test_peer__of_a_forged_id_is_none_and_told_once(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a");
    (void)state;
    kit_node(kit, "f")->myid = NULL; /* a sentinel of another deployment */
    hear(kit, "10.0.1.6,26379", KIT_D);
    assert_int_equal(peers(kit), 1);
    assert_int_equal(kit_count(kit, "log W Ignored a hello for m1: it announces sentinel " KIT_D
                                    " at 10.0.1.6:26379, but ffff"),
                     1);
    kit_clear(kit);
    hear_every_period(kit, "10.0.1.6,26379", KIT_D, 50);
    kit_expect(kit, "event log persist", "");
    /* The right id is welcome there, and so is the forged one once it is right. */
    hear(kit, "10.0.1.6,26379", "ffffffffffffffffffffffffffffffffffffffff");
    assert_int_equal(peers(kit), 2);
    kit_free(kit);

    kit = kit_new("m1 n1 peers a");
    hear(kit, "10.0.1.6,26379", KIT_D);
    assert_int_equal(peers(kit), 1);
    tells(kit, "f", KIT_D);
    hear_every_period(kit, "10.0.1.6,26379", KIT_D, 5);
    assert_int_equal(peers(kit), 2);
    assert_true(kit_reasons(kit, "m1", SN_REASON_PEER_FORGED, NULL) > 0);
    kit_free(kit);
}

/* ---- one address is one voter --------------------------------------------------------------- */

/* Five sentinels; b, c and d do not vote for us, and forged hellos say that they are where a is. */
static void test_peer__ids_moved_to_one_address_are_no_majority(void **state)
{
    static const char *const ids[] = {KIT_B, KIT_C, KIT_D};
    (void)state;
    for (int early = 0; early < 2; early++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b,c,d");
        for (size_t i = 0; i < 3; i++) {
            const char name[] = {(char)('b' + i), '\0'};
            kit_node(kit, name)->mode = early ? KIT_REFUSING : KIT_WELL;
            kit_node(kit, name)->refuses = true;
            if (early)
                kit_drop(kit, name);
        }
        kit_to(kit, 3000);
        for (int round = 0; round < 5; round++) {
            for (size_t i = 0; i < 3; i++)
                hear(kit, "10.0.1.1,26379", ids[i]);
            kit_to(kit, kit_now(kit) + 100);
        }
        assert_int_equal(peers(kit), 4);
        one_group_dies(kit, "a");
        assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
        kit_free(kit);
    }
}

static void test_peer__new_ids_at_the_address_of_another_are_none(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    for (int i = 0; i < 5; i++) {
        hear(kit, "10.0.1.1,26379", KIT_C);
        hear(kit, "10.0.1.1,26379", KIT_D);
        kit_to(kit, kit_now(kit) + 2000);
    }
    assert_int_equal(peers(kit), 2);
    assert_int_equal(kit_count(kit, "event N"), 0);
    assert_int_equal(kit_count(kit, "disconnect peer a"), kit_count(kit, "connect peer a"));
    assert_int_equal(kit_count(kit, "log W Ignored a hello"), 2);
    assert_string_equal(kit_instance(kit, "m1", "a")->runid.hex, KIT_A);
    kit_free(kit);
}

static void test_peer__at_our_own_address_is_refused_and_told_once(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_to(kit, 2000);
    kit_clear(kit);
    for (int i = 0; i < 5; i++)
        hear(kit, "10.0.9.9,26379", KIT_C);
    assert_int_equal(peers(kit), 0);
    assert_int_equal(kit_count(kit, "log W Ignored a hello for m1: sentinel " KIT_C
                                    " announces our own address 10.0.9.9:26379"),
                     1);
    kit_expect(kit, "event connect", "");
    /* By another of our addresses, it answers with our id. */
    tells(kit, "10.0.8.8:26379", KIT_ME);
    hear(kit, "10.0.8.8,26379", KIT_C);
    assert_int_equal(peers(kit), 0);
    assert_non_null(
        strstr(kit_find(kit, "log W Ignored a hello for m1: it announces"), " (this sentinel). "));
    assert_true(kit_reasons(kit, "m1", SN_REASON_PEER_OWN_ADDR, NULL) > 0);
    kit_free(kit);
}

/* From our file: two ids at one address. Whoever the process is, it has one vote. */
static void test_peer__two_at_one_address_have_one_vote(void **state)
{
    (void)state;
    for (int told = 0; told < 2; told++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b,c");
        struct sn_instance *b = kit_instance(kit, "m1", "b");
        b->addr = kit_instance(kit, "m1", "a")->addr; /* as a file, or a name, can have it */
        if (!told)
            kit_node(kit, "a")->myid = "-NOPERM no";
        kit_drop(kit, "a");
        kit_drop(kit, "b");
        kit_mode(kit, "c", KIT_REFUSING);
        kit_to(kit, 100);
        assert_int_equal(b->cmd->identity, told ? SN_IDENTITY_OTHER : SN_IDENTITY_UNTOLD);
        assert_false(sn_peer_speaks(b));
        assert_int_equal(peers(kit), 3);
        one_group_dies(kit, "a");
        assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
        assert_true(kit_reasons(kit, "m1", SN_REASON_ASK_NOT_ITSELF, NULL) > 0);
        kit_free(kit);
    }
}

/* ---- moves ---------------------------------------------------------------------------------- */

/* Nobody can be connected to there, or it would be ourselves. */
static void test_peer__stays_where_it_was_if_it_says_no_address(void **state)
{
    static const char *const places[] = {"0.0.0.0,26379", "::,26379", "224.0.0.1,26379"};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof(places) / sizeof(*places); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
        if (i % 2 == 1)
            kit_mode(kit, "a", KIT_REFUSING);
        kit_to(kit, 3000);
        kit_clear(kit);
        hear_every_period(kit, places[i / 2], KIT_A, 10);
        assert_non_null(kit_instance(kit, "m1", "a"));
        assert_int_equal(kit_count(kit, "event"), 0);
        assert_int_equal(kit_count(kit, "connect peer"), kit_count(kit, "connect peer a"));
        /* A second one there is not asked for its id either. */
        hear(kit, places[i / 2], KIT_B);
        hear_every_period(kit, places[i / 2], KIT_C, 3);
        assert_int_equal(kit_count(kit, "connect peer"), kit_count(kit, "connect peer a"));
        assert_true(kit_reasons(kit, "m1", SN_REASON_PEER_NO_ADDR, NULL) > 0);
        kit_free(kit);
    }
}

static void test_peer__keeps_a_good_link_until_the_new_address_confirms(void **state)
{
    static const enum kit_mode modes[] = {KIT_WELL, KIT_FROZEN, KIT_REFUSING, KIT_GONE};
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
        struct kit_node *other = kit_node(kit, "10.0.7.7:26379");
        other->mode = modes[i];
        for (int n = 0; n < 20; n++) {
            kit_to(kit, kit_now(kit) + 2000);
            hear(kit, "10.0.7.7,26379", KIT_A);
            hear(kit, "10.0.1.1,26379", KIT_A);
        }
        assert_int_equal(kit_count(kit, "disconnect peer a"), 0);
        assert_int_equal(kit_count(kit, "event"), 0);
        assert_non_null(kit_instance(kit, "m1", "a"));
        /* Once it is there, it is followed. */
        other->mode = KIT_WELL;
        tells(kit, "10.0.7.7:26379", KIT_A);
        hear_every_period(kit, "10.0.7.7,26379", KIT_A, 10);
        assert_int_equal(kit_count(kit, "event N +sentinel-address-switch"), 1);
        assert_non_null(kit_instance(kit, "m1", "10.0.7.7:26379"));
        assert_int_equal(peers(kit), 1);
        assert_true(kit_reasons(kit, "m1", SN_REASON_PEER_UNPROVEN, NULL) > 0);
        kit_free(kit);
    }
}

static void test_peer__is_not_lured_to_the_address_of_one_that_is_gone(void **state)
{
    static const enum kit_mode modes[] = {KIT_FROZEN, KIT_REFUSING, KIT_GONE};
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
        kit_node(kit, "10.0.7.7:26379")->mode = modes[i];
        hear(kit, "10.0.7.7,26379", KIT_C);
        for (int n = 0; n < 20; n++) {
            kit_to(kit, kit_now(kit) + 2000);
            hear(kit, "10.0.7.7,26379", KIT_A);
            hear(kit, "10.0.1.1,26379", KIT_A);
        }
        assert_int_equal(kit_count(kit, "disconnect peer a"), 0);
        assert_int_equal(kit_count(kit, "event N +sentinel-address-switch"), 0);
        assert_int_equal(peers(kit), 2);
        kit_free(kit);
    }
}

static void test_peer__whose_link_is_lost_is_followed_at_once(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
    (void)state;
    kit_mode(kit, "a", KIT_REFUSING);
    kit_to(kit, 300);
    kit_clear(kit);
    hear(kit, "10.0.7.7,26379", KIT_A);
    assert_int_equal(kit_count(kit, "event N +sentinel-address-switch"), 1);
    assert_int_equal(peers(kit), 1);
    kit_free(kit);
}

/* In TILT it stays S_DOWN, as nothing is judged, but its link hears it. */
static void test_peer__that_answers_in_tilt_is_not_lured_away(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
    (void)state;
    kit_mode(kit, "a", KIT_FROZEN);
    kit_to(kit, 2000);
    assert_true(kit_instance(kit, "m1", "a")->s_down);
    kit_mode(kit, "n2", KIT_FROZEN); /* keeps us in TILT */
    kit_stall(kit, 5000);
    kit_mode(kit, "a", KIT_WELL);
    kit_to(kit, kit_now(kit) + 900);
    assert_true(sn_core_tilt(kit->core));
    assert_true(kit_instance(kit, "m1", "a")->s_down);
    kit_clear(kit);
    hear(kit, "10.0.7.7,26379", KIT_A);
    assert_int_equal(kit_count(kit, "event N +sentinel-address-switch"), 0);
    kit_free(kit);
}

/* A forged address that answers with another id neither makes a peer uncounted nor is listened to;
 * its own hello brings it back. */
static void test_peer__lured_away_stays_a_voter_and_comes_back(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a quorum 1");
    (void)state;
    kit_mode(kit, "a", KIT_REFUSING);
    kit_to(kit, 300);
    hear(kit, "10.0.1.6,26379", KIT_A); /* f is there */
    assert_int_equal(peers(kit), 1);
    assert_false(sn_peer_speaks(kit_instance(kit, "m1", "f")));
    assert_int_equal(usable(kit), 1);
    assert_int_equal(kit_count(kit, "log W Sentinel " KIT_A " is expected at 10.0.1.6:26379"), 1);
    kit_node(kit, "a")->mode = KIT_WELL;
    hear(kit, "10.0.1.1,26379", KIT_A);
    assert_true(sn_peer_speaks(kit_instance(kit, "m1", "a")));
    assert_int_equal(usable(kit), 2);
    kit_free(kit);
}

/* A forged hello for one group does not take a peer away from another one, which knows where it is.
 */
static void test_peer__is_known_by_another_address_in_another_group(void **state)
{
    struct kit *kit = kit_new("m1 n1;m2 n2");
    (void)state;
    kit_node(kit, "f")->mode = KIT_FROZEN;
    kit_hello_text(kit, NULL, "10.0.1.6,26379," KIT_A ",0,m1,10.0.0.1,6379,0");
    kit_hello_text(kit, NULL, "10.0.1.1,26379," KIT_A ",0,m2,10.0.0.2,6379,0");
    assert_int_equal(kit_group(kit, "m1")->peer_count, 1);
    assert_int_equal(kit_group(kit, "m2")->peer_count, 1);
    kit_clear(kit);
    kit_mode(kit, "f", KIT_WELL);
    kit_to(kit, 3000);
    assert_int_equal(kit_group(kit, "m1")->peer_count, 0);
    assert_int_equal(kit_group(kit, "m2")->peer_count, 1);
    assert_true(sn_peer_speaks(kit_instance(kit, "m2", "a")));
    assert_int_equal(kit_group(kit, "m2")->peers->cmd->identity, SN_IDENTITY_TOLD);
    assert_int_equal(kit_count(kit, "log W Ignored a hello for m1: it announces sentinel " KIT_A
                                    " at 10.0.1.6:26379, but ffff"),
                     1);
    kit_free(kit);
}

static void test_peer__two_may_exchange_their_addresses(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 100);
    tells(kit, "a", KIT_B);
    tells(kit, "b", KIT_A);
    kit_drop(kit, "a");
    kit_drop(kit, "b");
    for (int i = 0; i < 3; i++) {
        kit_to(kit, kit_now(kit) + 2000);
        assert_int_equal(peers(kit), 2);
        hear(kit, "10.0.1.2,26379", KIT_A);
        assert_int_equal(peers(kit), 2);
        hear(kit, "10.0.1.1,26379", KIT_B);
    }
    assert_int_equal(peers(kit), 2);
    assert_string_equal(kit_instance(kit, "m1", "a")->runid.hex, KIT_B);
    assert_string_equal(kit_instance(kit, "m1", "b")->runid.hex, KIT_A);
    assert_int_equal(usable(kit), 3);
    kit_free(kit);
}

static void test_peer__with_two_addresses_or_a_twin_does_not_flap_and_is_told_once(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a");
    (void)state;
    tells(kit, "b", KIT_A);
    for (int i = 0; i < 30; i++) {
        kit_to(kit, kit_now(kit) + 1000);
        hear(kit, "10.0.1.1,26379", KIT_A);
        kit_to(kit, kit_now(kit) + 1000);
        hear(kit, "10.0.1.2,26379", KIT_A);
    }
    assert_int_equal(peers(kit), 1);
    assert_in_range(kit_count(kit, "event N +sentinel-address-switch"), 1, 2);
    assert_int_equal(kit_count(kit, "log W Sentinel " KIT_A " announces two addresses"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_PEER_TWO_ADDRS, NULL) > 0);
    kit_free(kit);
}

/* ---- a new id at an old address ------------------------------------------------------------- */

static void test_peer__started_with_a_new_id_is_replaced_and_never_uncounted(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a,c;m2 n2 peers a");
    (void)state;
    tells(kit, "a", KIT_B);
    kit_drop(kit, "a");
    kit_to(kit, 10); /* its link finds the new id first */
    assert_int_equal(peers(kit), 2);
    hear(kit, "10.0.1.1,26379", KIT_B);
    assert_int_equal(peers(kit), 2);
    assert_int_equal(kit_group(kit, "m2")->peer_count, 1);
    assert_string_equal(kit_instance(kit, "m1", "a")->runid.hex, KIT_B);
    assert_string_equal(kit_instance(kit, "m2", "a")->runid.hex, KIT_B);
    assert_int_equal(kit_count(kit, "event N +sentinel-invalid-addr"), 1);
    assert_int_equal(kit_count(kit, "event N +sentinel sentinel " KIT_B), 2);
    assert_true(kit_reasons(kit, "m1", SN_REASON_PEER_ADDR_TAKEN, NULL) > 0);
    kit_free(kit);
}

/* An old release cannot confirm. */
static void test_peer__that_tells_no_id_is_replaced_when_the_old_one_is_silent(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a");
    (void)state;
    kit_node(kit, "a")->myid = "-ERR Unknown sentinel subcommand 'MYID'";
    kit_drop(kit, "a");
    hear_every_period(kit, "10.0.1.1,26379", KIT_A, 1);
    kit_clear(kit);
    hear_every_period(kit, "10.0.1.1,26379", KIT_B, 2);
    assert_string_equal(kit_instance(kit, "m1", "a")->runid.hex, KIT_A);
    hear_every_period(kit, "10.0.1.1,26379", KIT_B, 3);
    assert_string_equal(kit_instance(kit, "m1", "a")->runid.hex, KIT_B);
    assert_int_equal(peers(kit), 1);
    kit_free(kit);
}

/* While it was cut off, a forged id took its place; counted it is all the time. */
static void test_peer__that_was_replaced_while_it_was_away_is_counted_throughout(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers b");
    (void)state;
    kit_node(kit, "a")->myid = "-NOPERM no";
    hear(kit, "10.0.1.1,26379", KIT_A);
    kit_mode(kit, "a", KIT_REFUSING);
    hear_every_period(kit, "10.0.1.1,26379", KIT_D, 10);
    assert_int_equal(peers(kit), 2);
    assert_string_equal(kit_instance(kit, "m1", "a")->runid.hex, KIT_D);
    kit_node(kit, "a")->mode = KIT_WELL;
    kit_node(kit, "a")->myid = NULL;
    kit_to(kit, kit_now(kit) + 2000);
    assert_int_equal(peers(kit), 2);
    hear_every_period(kit, "10.0.1.1,26379", KIT_A, 4);
    assert_int_equal(peers(kit), 2);
    assert_string_equal(kit_instance(kit, "m1", "a")->runid.hex, KIT_A);
    assert_int_equal(usable(kit), 3);
    kit_free(kit);
}

/* ---- bounds --------------------------------------------------------------------------------- */

static void test_peer__forged_claims_cause_few_connections_and_lines(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a,b,c");
    (void)state;
    for (int i = 1; i <= 3000; i++) {
        char address[64];
        (void)snprintf(address, sizeof(address), "10.%d.%d.1,26379", 20 + i / 250, i % 250);
        hear(kit, address, i % 2 == 0 ? KIT_A : KIT_B);
        hear(kit, "10.0.1.3,26379", i % 2 == 0 ? KIT_A : KIT_D);
    }
    assert_int_equal(peers(kit), 3);
    assert_true(kit_count(kit, "log") <= 3);
    assert_true(sn_peer_speaks(kit_instance(kit, "m1", "a")));
    kit_free(kit);
}

static void test_peer__more_than_twice_the_quorum_is_told_once(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a,b,c");
    (void)state;
    hear(kit, "10.0.1.4,26379", KIT_D);
    hear(kit, "10.0.1.5,26379", KIT_E);
    assert_int_equal(kit_count(kit,
                               "log W Group m1 now has 5 sentinels, more than twice its quorum "
                               "of 2; a failover needs 3 votes."),
                     1);
    assert_int_equal(kit_count(kit, "log W Group m1 now has"), 1);
    kit_free(kit);
}

/* A file may name more than can be real. */
static void test_peer__of_a_long_file_stays_a_voter_and_sleeps(void **state)
{
    struct sn_image image;
    struct sn_addr addr;
    struct sn_runid runid;
    struct sn_actions actions;
    size_t dialled = 0;
    (void)state;
    sn_image_init(&image);
    memcpy(image.myid.hex, KIT_ME, sizeof(image.myid.hex));
    assert_int_equal(sn_addr_make("10.0.0.1", 6379, &addr), 0);
    struct sn_group_image *group = sn_image_add_group(&image, "m1", &addr, 2);
    for (unsigned i = 1; i <= 20000; i++) {
        char host[32];
        (void)snprintf(host, sizeof(host), "10.%u.%u.9", 10 + i / 250, i % 250);
        assert_int_equal(sn_addr_make(host, 26379, &addr), 0);
        (void)snprintf(runid.hex, sizeof(runid.hex), "%040u", i);
        sn_group_image_add_peer(group, &addr, &runid);
    }
    struct sn_core *core = sn_core_new(&image, 1, 1000000);
    struct sn_input event = {.kind = SN_INPUT_START, .now = 1000000};
    sn_core_step(core, &event, &actions);
    for (size_t i = 0; i < actions.count; i++)
        dialled += actions.items[i].kind == SN_ACTION_CONNECT &&
                   actions.items[i].u.connect.kind == SN_LINK_PEER;
    assert_int_equal(dialled, SN_PEERS_MAX);
    const struct sn_group *group_now = sn_core_group_first(core);
    assert_int_equal(sn_group_peer_count(group_now), 20000);

    /* The last one says hello. */
    event = (struct sn_input){.kind = SN_INPUT_HELLO, .now = 1000100};
    assert_int_equal(sn_hello_parse("10.90.0.9,26379,0000000000000000000000000000000000020000,0,m1,"
                                    "10.0.0.1,6379,0",
                                    strlen("10.90.0.9,26379,00000000000000000000000000000000000200"
                                           "00,0,m1,10.0.0.1,6379,0"),
                                    &event.u.hello.hello),
                     0);
    sn_core_step(core, &event, &actions);
    dialled = 0;
    for (size_t i = 0; i < actions.count; i++)
        dialled += actions.items[i].kind == SN_ACTION_CONNECT;
    assert_int_equal(dialled, 1);

    /* A stall of ours wakes nobody. */
    for (event = (struct sn_input){.kind = SN_INPUT_TIMER, .now = 1001000}; event.now <= 1050000;
         event.now += event.now == 1040000 ? 3000 : 1000)
        sn_core_step(core, &event, &actions);
    assert_int_equal(core->tilt_count, 1);
    assert_false(core->tilt);
    const struct sn_instance *peer;
    DL_FOREACH(group_now->peers, peer)
        assert_true(peer->s_down || !peer->cmd->asleep);

    /* Nothing is lost, and nobody new is taken in. */
    struct sn_image saved;
    sn_core_snapshot(core, &saved);
    assert_int_equal(saved.groups[0].peer_count, 20000);
    sn_image_fini(&saved);
    sn_core_free(core);
    sn_image_fini(&image);
}

/* ---- refused questions ---------------------------------------------------------------------- */

static void test_peer__that_refuses_questions_is_told_and_not_counted_on(void **state)
{
    struct kit *kit = kit_new_seeded("m1 n1", 1, false);
    (void)state;
    kit_node(kit, "a")->answer = "-NOPERM this user has no permissions to run the "
                                 "'sentinel|is-master-down-by-addr' command";
    hear(kit, "10.0.1.1,26379", KIT_A);
    const char *log = kit_find(kit, "log W sentinel " KIT_A " 10.0.1.1 26379 @ m1 10.0.0.1 6379 "
                                    "answers, but refuses us: SENTINEL IS-MASTER-DOWN-BY-ADDR");
    assert_non_null(log);
    assert_non_null(strstr(log, "NOPERM this user has no permissions"));
    assert_int_equal(usable(kit), 1);
    assert_non_null(kit_instance(kit, "m1", "a")->cmd->note);
    kit_clear(kit);
    kit_to(kit, 25000);
    assert_in_range(kit_count(kit, "try-ask a"), 1, 3);
    assert_int_equal(kit_count(kit, "log W"), 0);
    kit_node(kit, "a")->answer = NULL;
    kit_to(kit, 40000);
    assert_int_equal(kit_count(kit, "log N Sentinel " KIT_A), 1);
    assert_null(kit_instance(kit, "m1", "a")->cmd->note);
    assert_int_equal(usable(kit), 2);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peer__is_asked_for_its_id_first_on_each_connection),
        cmocka_unit_test(test_peer__that_does_not_tell_its_id_is_a_voter),
        cmocka_unit_test(test_peer__that_cannot_be_reached_is_a_voter),
        cmocka_unit_test(test_peer__of_a_forged_id_is_none_and_told_once),
        cmocka_unit_test(test_peer__ids_moved_to_one_address_are_no_majority),
        cmocka_unit_test(test_peer__new_ids_at_the_address_of_another_are_none),
        cmocka_unit_test(test_peer__at_our_own_address_is_refused_and_told_once),
        cmocka_unit_test(test_peer__two_at_one_address_have_one_vote),
        cmocka_unit_test(test_peer__stays_where_it_was_if_it_says_no_address),
        cmocka_unit_test(test_peer__keeps_a_good_link_until_the_new_address_confirms),
        cmocka_unit_test(test_peer__is_not_lured_to_the_address_of_one_that_is_gone),
        cmocka_unit_test(test_peer__whose_link_is_lost_is_followed_at_once),
        cmocka_unit_test(test_peer__that_answers_in_tilt_is_not_lured_away),
        cmocka_unit_test(test_peer__lured_away_stays_a_voter_and_comes_back),
        cmocka_unit_test(test_peer__is_known_by_another_address_in_another_group),
        cmocka_unit_test(test_peer__two_may_exchange_their_addresses),
        cmocka_unit_test(test_peer__with_two_addresses_or_a_twin_does_not_flap_and_is_told_once),
        cmocka_unit_test(test_peer__started_with_a_new_id_is_replaced_and_never_uncounted),
        cmocka_unit_test(test_peer__that_tells_no_id_is_replaced_when_the_old_one_is_silent),
        cmocka_unit_test(test_peer__that_was_replaced_while_it_was_away_is_counted_throughout),
        cmocka_unit_test(test_peer__forged_claims_cause_few_connections_and_lines),
        cmocka_unit_test(test_peer__more_than_twice_the_quorum_is_told_once),
        cmocka_unit_test(test_peer__of_a_long_file_stays_a_voter_and_sleeps),
        cmocka_unit_test(test_peer__that_refuses_questions_is_told_and_not_counted_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
