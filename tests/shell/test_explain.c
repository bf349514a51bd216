/* SPDX-License-Identifier: BSD-3-Clause */

/* What SENTINEL EXPLAIN says, in words and as JSON. */

#include "core_kit.h"
#include "json_kit.h"

#include "shell/report/explain.h"
#include "shell/report/explain_words.h"
#include "shell/report/json.h"
#include "shell/report/phrase.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

static void add_line(void *arg, const char *line)
{
    sn_buf_puts(arg, line);
    sn_buf_puts(arg, "\n");
}

/* Compares the lines that begin with one of `labels` (blank separated) with `expected`. */
static void expect(struct kit *kit, const char *labels, const char *expected)
{
    struct sn_buf all, found;
    char *rest = NULL;
    sn_buf_init(&all, SIZE_MAX);
    sn_buf_init(&found, SIZE_MAX);
    sn_explain_lines(kit_group(kit, "m1"), kit->now, add_line, &all);
    for (char *line = strtok_r(all.data, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        size_t len = strcspn(line, " :");
        char label[32];
        (void)snprintf(label, sizeof(label), "%.*s", (int)len, line);
        if (strstr(labels, label) != NULL) {
            sn_buf_puts(&found, line);
            sn_buf_puts(&found, "\n");
        }
    }
    assert_string_equal(sn_buf_text(&found), expected);
    sn_buf_fini(&all);
    sn_buf_fini(&found);
}

static json_t *as_json(struct kit *kit)
{
    return sn_explain_json(kit->core, kit_group(kit, "m1"), kit->now);
}

static void run_to(struct kit *kit, const char *start)
{
    for (int i = 0; i < 20000 && kit_count(kit, start) == 0; i++)
        kit_to(kit, kit_now(kit) + 1);
    assert_true(kit_count(kit, start) > 0);
}

static void test_explain__group_that_is_well(void **state)
{
    struct kit *kit = kit_new("m1 n1 quorum 2 down-after 5000 replicas n2,n3 peers a,b");
    (void)state;
    kit_node(kit, "n3")->priority = 0;
    kit_to(kit, 20050);
    expect(kit, "What Since Next Would Wrong Replica Sentinel",
           "What: The master 10.0.0.1:6379 is up.\n"
           "Next: Nothing. A failover would follow if nothing good were heard of it for 5.0 s "
           "(down-after-milliseconds) and 2 sentinels agreed. It would promote 10.0.0.2:6379 by "
           "what is known now.\n"
           "Sentinel 10.0.1.1:26379 (aaaaaaaa) is up.\n"
           "Sentinel 10.0.1.2:26379 (bbbbbbbb) is up.\n"
           "Replica 10.0.0.2:6379 would be promoted now.\n"
           "Replica 10.0.0.3:6379 could not be promoted: its priority is 0.\n");
    kit_free(kit);
}

/* A server that nobody has heard of yet is not said to have answered. */
static void test_explain__a_master_that_has_not_answered_yet(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    struct sn_command command = {
        .kind = SN_COMMAND_MONITOR, .name = "m3", .name_len = 2, .quorum = 2};
    struct sn_explanation of;
    struct sn_buf words;
    (void)state;
    kit_mode(kit, "n3", KIT_REFUSING);
    assert_int_equal(sn_addr_make("10.0.0.3", 6379, &command.addr), 0);
    kit_command(kit, &command);
    kit_to(kit, kit_now(kit) + 100);
    sn_buf_init(&words, SIZE_MAX);
    sn_explain(kit_group(kit, "m3"), kit->now, &of);
    sn_explain_words_what(kit_group(kit, "m3"), &of, &words);
    sn_buf_puts(&words, " ");
    sn_explain_words_why(kit_group(kit, "m3"), &of, kit->now, &words);
    assert_string_equal(sn_buf_text(&words), "The master 10.0.0.3:6379 is not known to be down. It "
                                             "has not answered PING yet.");
    sn_buf_fini(&words);
    kit_free(kit);
}

static void test_explain__quorum_is_not_reached(void **state)
{
    struct kit *kit = kit_new("m1 n1 quorum 3 replicas n2 peers a,b,c,d");
    (void)state;
    kit_mode(kit, "d", KIT_REFUSING);
    kit_to(kit, 5000);
    kit_mode(kit, "n1", KIT_FROZEN);
    kit_node(kit, "a")->says_down = true;
    kit_to(kit, 5900);
    kit_mode(kit, "c", KIT_FROZEN);
    run_to(kit, "event W +sdown master");
    sn_ms at = kit_now(kit);
    kit_to(kit, at + 200);
    expect(
        kit, "What Since Would",
        "What: The master 10.0.0.1:6379 is down for this sentinel, but only 2 of 5 sentinels say "
        "so: the quorum is 3.\n"
        "Since: 200 ms\n"
        "Would stop it: A good answer of the master to PING.\n");
    expect(kit, "Why",
           "Why: Nothing good was heard of it for 1.2 s; the connection is open, and PING is not "
           "answered. Of the other sentinels 1 agree, 1 say that it is up, 1 have not answered, 1 "
           "are down.\n");
    kit_free(kit);
}

static void test_explain__too_few_sentinels_for_a_majority(void **state)
{
    struct kit *kit = kit_new("m1 n1 quorum 1 replicas n2 peers a,b");
    (void)state;
    kit_mode(kit, "a", KIT_REFUSING);
    kit_mode(kit, "b", KIT_REFUSING);
    kit_to(kit, 3000);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 6000);
    expect(kit, "What Why Next Wrong",
           "What: The master 10.0.0.1:6379 is down: 1 of 3 sentinels agree, the quorum is 1. This "
           "sentinel has begun no failover so far.\n"
           "Why: Nothing good was heard of it for 3.0 s; there is no connection to it. 1 of 3 "
           "sentinels are up, 2 are needed. The failover starts when enough sentinels are up.\n"
           "Next: The failover begins when enough sentinels can be had. It would promote "
           "10.0.0.2:6379 by what is known now.\n"
           "Wrong: Only 1 of 3 sentinels can be had; a failover needs the votes of 2. Start those "
           "that are down. Those that are gone for good: SENTINEL FORGET m1.\n");
    kit_free(kit);
}

static void test_explain__voted_for_another(void **state)
{
    struct kit *kit = kit_new("m1 n1 timeout 10000 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 1000);
    (void)strcpy(kit_node(kit, "a")->vote.hex, KIT_A);
    kit_node(kit, "a")->vote_epoch = 7;
    kit_ask(kit, "n1", 7, KIT_A);
    kit_kill_master(kit, "ab");
    kit_to(kit, 11000);
    expect(
        kit, "Why Would",
        "Why: Nothing good was heard of it for 10.0 s; there is no connection to it. "
        "10.0.1.1:26379: it may be failing over the group (epoch 7, for 10000 ms).\n"
        "Would stop it: A good answer of the master to PING, or a failover by another sentinel.\n");
    kit_free(kit);
}

static void test_explain__replicas_that_cannot_be_promoted(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_node(kit, "n2")->priority = 0;
    kit_node(kit, "n3")->loading = true;
    kit_to(kit, 11000);
    kit_kill_master(kit, "ab");
    run_to(kit, "event W -failover-abort-no-good-slave");
    kit_to(kit, kit_now(kit) + 100);
    expect(kit, "Replica",
           "Replica 10.0.0.2:6379 could not be promoted: its priority is 0.\n"
           "Replica 10.0.0.3:6379 could not be promoted: it is loading its data set.\n");
    expect(kit, "Next",
           "Next: It begins in 900 ms, unless another sentinel does before. No replica could be "
           "promoted now.\n");
    json_t *json = as_json(kit);
    const json_t *last = json_object_get(json, "last_attempt");
    assert_string_equal(json_string_value(json_object_get(last, "reason")), "no-replica");
    assert_int_equal(json_integer_value(json_object_get(last, "ms_ago")), 100);
    const json_t *first = json_array_get(json_object_get(json, "replicas"), 0);
    assert_true(json_is_false(json_object_get(first, "can_be_promoted")));
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(first, "reason"), "reason")),
        "priority-zero");
    json_decref(json);
    kit_free(kit);
}

static void test_explain__steps_of_a_failover(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_node(kit, "n2")->offset = 10;
    kit_node(kit, "n3")->syncs_slowly = true;
    kit_to(kit, 500);
    kit->disk = KIT_DISK_SLOW;
    kit_kill_master(kit, "ab");
    run_to(kit, "event W +try-failover");
    expect(
        kit, "What Why",
        "What: This sentinel wants to fail over from 10.0.0.1:6379 and collects votes, in epoch "
        "1.\n"
        "Why: The master is down, and the quorum agrees. Its own vote is being saved; the others "
        "are asked then.\n");
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_persisted(kit, true);
    run_to(kit, "promote n2");
    kit_to(kit, kit_now(kit) + 250);
    expect(
        kit, "What Why Would",
        "What: This sentinel leads a failover from 10.0.0.1:6379 to 10.0.0.2:6379, in epoch 1. "
        "The replica is ordered to become the master, and has not said yet that it is one.\n"
        "Why: The master is down, and the quorum agrees. 10.0.0.2:6379: waiting for it to become "
        "a master after the order (for 250 ms).\n"
        "Would stop it: Nothing safe: the order has left. The replica may be a master already.\n");
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]");
    run_to(kit, "event W +promoted-slave");
    expect(kit, "What Next",
           "What: The master 10.0.0.2:6379 is the new one. Nobody is told before that is saved.\n"
           "Next: When it is saved, clients and sentinels are told (+switch-master), and the other "
           "replicas are ordered to follow.\n");
    kit->disk = KIT_DISK_GOOD;
    kit_persisted(kit, true);
    kit_to(kit, kit_now(kit) + 1000);
    expect(
        kit, "What",
        "What: The master 10.0.0.2:6379 is the new one, and clients are told. 0 of 2 replicas are "
        "done with following it.\n");
    kit_node(kit, "n3")->link_up = true;
    kit_mode(kit, "n1", KIT_GONE);
    run_to(kit, "event W +failover-end");
    kit_to(kit, kit_now(kit) + 60000);
    expect(kit, "What Last",
           "What: The master 10.0.0.2:6379 is up.\n"
           "Last switch: 1 min 1 s ago, from 10.0.0.1:6379. Whether writes were lost is not known "
           "yet.\n");
    kit_free(kit);
}

static void test_explain__an_order_of_an_operator(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 20000);
    kit->hold = KIT_HOLD(SN_ORDER_INFO) | KIT_HOLD(SN_ORDER_CLIENT_PAUSE);
    kit_failover(kit, "m1", SN_MODE_COORDINATED);
    kit_info(kit, "n2", NULL);
    kit_info(kit, "n1", NULL);
    kit_to(kit, kit_now(kit) + 10);
    expect(kit, "What Why",
           "What: This sentinel leads a failover from 10.0.0.1:6379 to 10.0.0.2:6379, in epoch 1. "
           "The replica is chosen, and its order has not left yet.\n"
           "Why: SENTINEL FAILOVER COORDINATED has ordered it. It waits until the replica has all "
           "writes of the master, whose clients are paused meanwhile.\n");
    kit_free(kit);
}

/* What an order waits for, and what follows if it waits in vain. */
static void test_explain__an_order_is_not_repeated(void **state)
{
    static const struct {
        enum sn_failover_mode mode;
        const char *next;
    } rows[] = {
        {SN_MODE_PLANNED, "it goes on without them, unless another sentinel has got one. "},
        {SN_MODE_COORDINATED, "the attempt ends, and with it the order. "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
        struct sn_buf text;
        kit_to(kit, 20000);
        kit->hold = KIT_HOLD(SN_ORDER_ASK);
        kit_failover(kit, "m1", rows[i].mode);
        sn_buf_init(&text, SIZE_MAX);
        sn_explain_lines(kit_group(kit, "m1"), kit->now, add_line, &text);
        assert_non_null(strstr(text.data, "Next: With enough votes it chooses a replica; if that "
                                          "takes longer than "));
        assert_non_null(strstr(text.data, rows[i].next));
        assert_null(strstr(text.data, "another one follows"));
        sn_buf_fini(&text);
        kit_free(kit);
    }
}

static void test_explain__refused_by_the_master(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_node(kit, "n1")->pong = "-NOAUTH Authentication required.";
    kit_to(kit, 3000);
    expect(
        kit, "Wrong",
        "Wrong: 10.0.0.1:6379 refuses this sentinel: PING was answered by \"NOAUTH "
        "Authentication required.\". Compare its users and rights with auth-user and auth-pass of "
        "the group, for a sentinel with sentinel-user and sentinel-pass.\n");
    kit_free(kit);
}

static void test_explain__tilt(void **state)
{
    struct kit *kit = kit_new("m1 n1 down-after 5000 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 10000);
    kit->hold = KIT_HOLD(SN_ORDER_PING);
    kit_stall(kit, 2001);
    kit_to(kit, kit_now(kit) + 1000);
    expect(kit, "What Since Next",
           "What: This sentinel is in TILT mode: it watches and decides nothing. When that began, "
           "the master 10.0.0.1:6379 was up.\n"
           "Since: 1.0 s\n"
           "Next: TILT mode ends when all that were up have answered, at the latest in 4.0 s; then "
           "everything is judged at once.\n");
    kit_free(kit);
}

static void test_explain__state_that_cannot_be_saved(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit->disk = KIT_DISK_BAD;
    kit_kill_master(kit, "ab");
    run_to(kit, "event W -failover-abort-not-elected");
    expect(
        kit, "Wrong",
        "Wrong: The state of this sentinel could not be saved, so it can neither vote nor lead a "
        "failover. Free disk space, or fix the permissions of its file and folder; the log has "
        "the error.\n");
    json_t *json = as_json(kit);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(json, "last_attempt"), "reason")),
        "not-saved");
    json_decref(json);
    kit_free(kit);
}

/* The schema: every member is always there. */
static void test_explain__json_has_every_member(void **state)
{
    static const char *const top[] = {
        "schema",   "group",       "sentinel",     "situation", "what",      "since_ms",
        "why",      "reason",      "last_attempt", "next",      "next_ms",   "would_stop_it",
        "pause",    "primary",     "agreement",    "failover",  "sentinels", "replicas",
        "troubles", "last_switch", "lines",        NULL};
    static const char *const primary[] = {"host",     "port",      "silence_ms", "down_ms",
                                          "odown_ms", "connected", "refusal",    NULL};
    static const char *const agreement[] = {"agreeing",         "quorum",       "sentinels",
                                            "usable_sentinels", "votes_needed", NULL};
    static const char *const sentinel[] = {
        "host", "port", "run_id", "opinion", "age_ms", "voted_for", "voted_epoch", "text", NULL};
    static const char *const replica[] = {"host",   "port",  "can_be_promoted", "would_be_promoted",
                                          "reason", "doubt", "progress",        "refusal",
                                          "text",   NULL};
    static const char *const failover[] = {"state", "mode",   "epoch", "since_ms",
                                           "votes", "chosen", NULL};
    static const char *const trouble[] = {"trouble", "about", "text", "remedy", NULL};
    struct kit *kit = kit_new("m1 n1 quorum 9 replicas n2 peers a,b");
    (void)state;
    json_t *json = as_json(kit);
    assert_members(json, top);
    assert_int_equal(json_integer_value(json_object_get(json, "schema")), 1);
    assert_string_equal(json_string_value(json_object_get(json, "situation")), "ok");
    assert_members(json_object_get(json, "primary"), primary);
    assert_members(json_object_get(json, "agreement"), agreement);
    assert_members(json_array_get(json_object_get(json, "sentinels"), 0), sentinel);
    assert_members(json_array_get(json_object_get(json, "replicas"), 0), replica);
    assert_members(json_array_get(json_object_get(json, "troubles"), 0), trouble);
    assert_true(json_is_null(json_object_get(json, "failover")));
    json_decref(json);
    kit_free(kit);
    kit = kit_new("m1 n1 replicas n2 peers a,b");
    kit_to_promotion(kit, "ab");
    json = as_json(kit);
    assert_members(json, top);
    assert_members(json_object_get(json, "failover"), failover);
    assert_string_equal(json_string_value(json_object_get(json, "situation")), "promoting");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(json, "failover"), "state")),
        "wait_promotion");
    json_decref(json);
    kit_free(kit);
}

/* A server may say anything. */
static void test_explain__words_of_others_are_escaped(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    struct sn_buf text;
    (void)state;
    kit_node(kit, "n1")->pong = "-ERR one\r\ntwo\xff";
    kit_to(kit, 3000);
    sn_buf_init(&text, SIZE_MAX);
    sn_explain_lines(kit_group(kit, "m1"), kit->now, add_line, &text);
    assert_null(strchr(text.data, '\r'));
    assert_null(strchr(text.data, '\xff'));
    sn_buf_clear(&text);
    sn_json_put(as_json(kit), JSON_COMPACT, &text);
    json_t *again = json_loads(sn_buf_text(&text), 0, NULL);
    assert_non_null(again);
    json_decref(again);
    sn_buf_fini(&text);
    kit_free(kit);
}

static void test_phrase__spans(void **state)
{
    static const struct {
        sn_ms ms;
        const char *text;
    } rows[] = {{0, "0 ms"},
                {999, "999 ms"},
                {1000, "1.0 s"},
                {59999, "59.9 s"},
                {60000, "1 min 0 s"},
                {3599999, "59 min 59 s"},
                {3600000, "1 h 0 min"},
                {86399999, "23 h 59 min"},
                {86400000, "1 day 0 h"},
                {200000000, "2 days 7 h"}};
    struct sn_buf text;
    (void)state;
    sn_buf_init(&text, SIZE_MAX);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sn_buf_clear(&text);
        sn_phrase_span(&text, rows[i].ms);
        assert_string_equal(sn_buf_text(&text), rows[i].text);
    }
    sn_buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_explain__group_that_is_well),
        cmocka_unit_test(test_explain__a_master_that_has_not_answered_yet),
        cmocka_unit_test(test_explain__quorum_is_not_reached),
        cmocka_unit_test(test_explain__too_few_sentinels_for_a_majority),
        cmocka_unit_test(test_explain__voted_for_another),
        cmocka_unit_test(test_explain__replicas_that_cannot_be_promoted),
        cmocka_unit_test(test_explain__steps_of_a_failover),
        cmocka_unit_test(test_explain__an_order_of_an_operator),
        cmocka_unit_test(test_explain__an_order_is_not_repeated),
        cmocka_unit_test(test_explain__refused_by_the_master),
        cmocka_unit_test(test_explain__tilt),
        cmocka_unit_test(test_explain__state_that_cannot_be_saved),
        cmocka_unit_test(test_explain__json_has_every_member),
        cmocka_unit_test(test_explain__words_of_others_are_escaped),
        cmocka_unit_test(test_phrase__spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
