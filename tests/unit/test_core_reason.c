/* SPDX-License-Identifier: BSD-3-Clause */

/* Reasons: their words, and the ring in which a group keeps them. */

#include "core_kit.h"

#include "core/check.h"
#include "core/facts/reason.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static size_t reasons(struct kit *kit, const struct sn_reason_entry **out)
{
    return sn_group_reasons(kit_group(kit, "m1"), out);
}

/* The clock goes to `at`. */
static void note_at(struct kit *kit, sn_ms at, const char *node, enum sn_reason reason, int64_t a)
{
    kit->core->now = kit->now = kit->start + at;
    sn_reason_note_numbers(kit_instance(kit, "m1", node), reason, a, 0, 0);
}

static struct kit *quiet(void)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a");
    const struct sn_reason_entry *entries[SN_REASONS_MAX];
    sn_reason_free(kit_group(kit, "m1"));
    assert_int_equal(reasons(kit, entries), 0);
    return kit;
}

static void test_reason__has_a_name_of_its_own_and_words(void **state)
{
    char name[SN_REASON_NAME_MAX + 1], other[SN_REASON_NAME_MAX + 1];
    char sentence[SN_REASON_SENTENCE_MAX + 1];
    (void)state;
    for (int i = 1; i < SN_REASON_COUNT; i++) {
        struct sn_why why = {(enum sn_reason)i, {INT64_MIN, INT64_MIN, INT64_MIN}};
        sn_reason_name(why.reason, name);
        assert_true(islower((unsigned char)name[0]));
        assert_true(strlen(name) < SN_REASON_NAME_MAX);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
        sn_reason_sentence(&why, sentence);
        assert_true(strlen(sentence) > 0 && strlen(sentence) < SN_REASON_SENTENCE_MAX);
        assert_null(strchr(sentence, '#'));
        for (int j = 1; j < i; j++) {
            sn_reason_name((enum sn_reason)j, other);
            assert_string_not_equal(name, other);
        }
    }
}

static void test_reason__says_what_was_measured(void **state)
{
    static const struct {
        struct sn_why why;
        const char *name, *sentence;
    } rows[] = {
        {{SN_REASON_REPLICA_DOWN, {1200}}, "replica-down", "it is down (for 1200 ms)"},
        {{SN_REASON_CLAIMED, {0}}, "claimed", "another group claims it too"},
        {{SN_REASON_TOO_FEW_VOTERS, {1, 3, 2}},
         "too-few-voters",
         "1 of 3 sentinels are up, 2 are needed. The failover starts when enough sentinels are "
         "up."},
        {{SN_REASON_VOTE_GIVEN, {4, 5}},
         "vote-given",
         "vote refused: our vote is already given (for epoch 4, given in epoch 5)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char name[SN_REASON_NAME_MAX + 1], sentence[SN_REASON_SENTENCE_MAX + 1];
        sn_reason_name(rows[i].why.reason, name);
        sn_reason_sentence(&rows[i].why, sentence);
        assert_string_equal(name, rows[i].name);
        assert_string_equal(sentence, rows[i].sentence);
    }
}

static void test_reason__is_told_about_a_member_or_an_id(void **state)
{
    struct kit *kit = quiet();
    (void)state;
    note_at(kit, 10, "n2", SN_REASON_REPLICA_DOWN, 7);
    assert_string_equal(kit_reason_text(kit, "m1", SN_REASON_REPLICA_DOWN),
                        "slave 10.0.0.2:6379 10.0.0.2 6379 @ m1 10.0.0.1 6379: it is down (for 7 "
                        "ms)");
    sn_reason_note_id(kit_group(kit, "m1"), KIT_A, SN_REASON_VOTE_GIVEN, 3, 4);
    assert_int_equal(kit_reasons(kit, "m1", SN_REASON_VOTE_GIVEN, "a"), 1);
    sn_reason_note_id(kit_group(kit, "m1"), "odd\nid", SN_REASON_VOTE_NO_ID, 3, 0);
    assert_string_equal(kit_reason_text(kit, "m1", SN_REASON_VOTE_NO_ID),
                        "sentinel odd?id: vote refused: malformed id (epoch 3)");
    kit_named(kit, SN_COMMAND_RESET, "m1");
    assert_string_equal(kit_reason_text(kit, "m1", SN_REASON_REPLICA_DOWN),
                        "a former member: it is down (for 7 ms)");
    kit_free(kit);
}

/* Repeated within ten seconds, or with nothing in between, it is one entry with the last numbers.
 */
static void test_reason__counts_what_is_repeated(void **state)
{
    struct kit *kit = quiet();
    const struct sn_reason_entry *entries[SN_REASONS_MAX];
    (void)state;
    note_at(kit, 0, "n2", SN_REASON_REPLICA_DOWN, 1);
    note_at(kit, 1, "n3", SN_REASON_REPLICA_DOWN, 2); /* about another one */
    note_at(kit, 10000, "n2", SN_REASON_REPLICA_DOWN, 3);
    assert_int_equal(reasons(kit, entries), 2);
    assert_int_equal(entries[0]->count, 2);
    assert_int_equal(entries[0]->since - kit->start, 0);
    assert_int_equal(entries[0]->at - kit->start, 10000);
    assert_int_equal(entries[0]->numbers[0], 3);
    assert_int_equal(entries[1]->count, 1);
    note_at(kit, 20001, "n2", SN_REASON_REPLICA_DOWN, 4); /* another time */
    assert_int_equal(reasons(kit, entries), 3);
    note_at(kit, 90000, "n2", SN_REASON_REPLICA_DOWN, 5); /* nothing came in between */
    assert_int_equal(reasons(kit, entries), 3);
    assert_int_equal(entries[2]->count, 2);
    assert_int_equal(entries[2]->since - kit->start, 20001);
    kit_free(kit);
}

static void test_reason__ring_is_bounded_and_keeps_the_last_in_order(void **state)
{
    struct kit *kit = quiet();
    const struct sn_reason_entry *entries[SN_REASONS_MAX];
    char text[SN_CHECK_TEXT_MAX + 1];
    (void)state;
    for (int i = 0; i < SN_REASONS_MAX + 5; i++) {
        note_at(kit, i, "n2", (enum sn_reason)(1 + i), i);
        assert_int_equal(reasons(kit, entries), i < SN_REASONS_MAX ? i + 1 : SN_REASONS_MAX);
        assert_null(sn_core_check(kit->core, text));
    }
    for (int i = 0; i < SN_REASONS_MAX; i++) {
        assert_int_equal(entries[i]->reason, 1 + 5 + i);
        assert_int_equal(entries[i]->at - kit->start, 5 + i);
    }
    kit_free(kit);
}

/* Whoever invents ids gets one entry for each reason, and pushes nothing out. */
static void test_reason__ids_without_end_are_one_entry(void **state)
{
    struct kit *kit = quiet();
    const struct sn_reason_entry *entries[SN_REASONS_MAX];
    (void)state;
    note_at(kit, 0, "n2", SN_REASON_REPLICA_DOWN, 1);
    for (int i = 0; i < 1000; i++) {
        char id[SN_RUNID_LEN + 1];
        (void)snprintf(id, sizeof(id), "%040d", i);
        sn_reason_note_id(kit_group(kit, "m1"), id, SN_REASON_HELLO_STRANGER, i, 0);
        sn_reason_note_id(kit_group(kit, "m1"), id, SN_REASON_VOTE_GIVEN, i, 0);
    }
    assert_int_equal(reasons(kit, entries), 3);
    assert_int_equal(entries[0]->reason, SN_REASON_REPLICA_DOWN);
    assert_int_equal(entries[1]->count, 1000);
    assert_string_equal(entries[1]->id, "00000000");
    kit_free(kit);
}

static void test_reason__check_finds_what_is_wrong(void **state)
{
    struct kit *kit = quiet();
    const struct sn_reason_entry *entries[SN_REASONS_MAX];
    char text[SN_CHECK_TEXT_MAX + 1];
    struct sn_reason_entry *entry, good;
    (void)state;
    note_at(kit, 0, "n2", SN_REASON_REPLICA_DOWN, 1);
    note_at(kit, 1, "n2", SN_REASON_CLAIMED, 1);
    (void)reasons(kit, entries);
    entry = (struct sn_reason_entry *)(uintptr_t)entries[1];
    good = *entry;
    assert_null(sn_core_check(kit->core, text));
    entry->reason = SN_REASON_COUNT;
    assert_non_null(sn_core_check(kit->core, text));
    *entry = good;
    entry->reason = SN_REASON_REPLICA_DOWN;
    assert_non_null(sn_core_check(kit->core, text));
    *entry = good;
    entry->since = entry->at = kit->core->now + 1;
    assert_non_null(sn_core_check(kit->core, text));
    *entry = good;
    entry->count = 0;
    assert_non_null(sn_core_check(kit->core, text));
    *entry = good;
    assert_null(sn_core_check(kit->core, text));
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reason__has_a_name_of_its_own_and_words),
        cmocka_unit_test(test_reason__says_what_was_measured),
        cmocka_unit_test(test_reason__is_told_about_a_member_or_an_id),
        cmocka_unit_test(test_reason__counts_what_is_repeated),
        cmocka_unit_test(test_reason__ring_is_bounded_and_keeps_the_last_in_order),
        cmocka_unit_test(test_reason__ids_without_end_are_one_entry),
        cmocka_unit_test(test_reason__check_finds_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
