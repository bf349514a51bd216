/* SPDX-License-Identifier: BSD-3-Clause */

/* Plans in words: what they say is what is done, and what is no plan is told where. */

#include "plan_text.h"
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef SIM_TEST_SLOW /* with sanitizers */
#define RUNS  40
#define PLANS 2000
#else
#define RUNS  300
#define PLANS 20000
#endif

static void write_and_read(const struct plan *plan, struct plan *again)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    plan_write(plan, file);
    if (!plan_read_file(file, "plan", again, stderr))
        fail_msg("the plan of seed %llu cannot be read", (unsigned long long)plan->seed);
    (void)fclose(file);
}

static char *text_of(const struct plan *plan)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    assert_non_null(file);
    plan_write(plan, file);
    (void)fclose(file);
    return text;
}

/* Most features are rare. */
static void make(struct plan *plan, uint64_t seed)
{
    features_forced = seed % 4 == 3 ? 1U << (seed / 4 % 15) : 0;
    plan_make(plan, seed);
    features_forced = 0;
}

static void test_words__plan_that_is_written_and_read_is_the_same_run(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct plan plan, again;
        struct sim_result first, second;
        make(&plan, seed);
        write_and_read(&plan, &again);
        sim_run(&plan, NULL, &first);
        sim_run(&again, NULL, &second);
        if (first.digest != second.digest || first.steps != second.steps)
            fail_msg("seed %llu is another run in words", (unsigned long long)seed);
    }
}

/* Cheap enough for many more: what words say does not change when it is read and said again. */
static void test_words__plan_that_is_read_says_the_same_words(void **state)
{
    unsigned kinds[FAULT_KIND_COUNT] = {0};
    (void)state;
    for (uint64_t seed = 1; seed <= PLANS; seed++) {
        struct plan plan, again;
        make(&plan, seed);
        write_and_read(&plan, &again);
        char *first = text_of(&plan), *second = text_of(&again);
        assert_string_equal(first, second);
        free(first);
        free(second);
        assert_int_equal(plan.fault_count, again.fault_count);
        for (unsigned i = 0; i < plan.fault_count; i++) {
            assert_int_equal(plan.faults[i].kind, again.faults[i].kind);
            kinds[plan.faults[i].kind]++;
        }
    }
    for (unsigned kind = FAULT_NONE + 1; kind < FAULT_KIND_COUNT; kind++) {
        if (kinds[kind] == 0)
            fail_msg("no plan had a fault of kind %s", plan_fault_name((enum fault_kind)kind));
    }
}

static void test_words__dropped_faults_are_not_written(void **state)
{
    struct plan plan, again;
    (void)state;
    plan_make(&plan, 254);
    unsigned count = plan.fault_count;
    assert_true(count > 2);
    plan.faults[1].dropped = true;
    write_and_read(&plan, &again);
    assert_int_equal(again.fault_count, count - 1);
}

#define HEAD                                                                                       \
    "# comment\n"                                                                                  \
    "seed 7\n"                                                                                     \
    "sentinels 3\n"                                                                                \
    "stocks 1\n"                                                                                   \
    "groups 3\n"                                                                                   \
    "replicas 2 # of the first\n"                                                                  \
    "other_replicas[1] 1\n"                                                                        \
    "other_replicas[2] 1\n"                                                                        \
    "quorum 2\n"                                                                                   \
    "features mesh fates\n"                                                                        \
    "\n"

static bool read_text(const char *text, struct plan *plan, char error[256])
{
    FILE *file = tmpfile(), *errors = fmemopen(error, 256, "w");
    assert_non_null(file);
    assert_non_null(errors);
    memset(error, 0, 256);
    (void)fputs(text, file);
    bool fine = plan_read_file(file, "plan", plan, errors);
    (void)fclose(file);
    (void)fclose(errors);
    return fine;
}

static struct fault fault_of(const char *words)
{
    char text[1024], error[256];
    struct plan plan;
    (void)snprintf(text, sizeof(text), HEAD "%s\n", words);
    if (!read_text(text, &plan, error))
        fail_msg("'%s' cannot be read: %s", words, error);
    assert_int_equal(plan.fault_count, 1);
    return plan.faults[0];
}

static void test_words__say_what_is_done(void **state)
{
    (void)state;
    struct fault fault = fault_of("kill master of g3 at 6699 for 10 s");
    assert_int_equal(fault.kind, FAULT_KILL);
    assert_int_equal(fault.a, TARGET_MASTER);
    assert_int_equal(fault.group, 2);
    assert_int_equal(fault.at, 6699);
    assert_int_equal(fault.lasts, 10000);
    fault = fault_of("kill s2 at 0 for 300 ms");
    assert_int_equal(fault.a, 3 + 2 + 2 + 1); /* servers of all groups stand before it */
    assert_int_equal(fault.lasts, 300);
    fault = fault_of("order s2 FAILOVER FORCED of second to r5 at 1 for 1 s");
    assert_int_equal(fault.kind, FAULT_FAILOVER);
    assert_int_equal(fault.value % 4, 2);
    assert_int_equal(fault.value2 % 3, 0);
    assert_int_equal(fault.group, 1);
    assert_int_equal(fault.b, 1); /* the second server of that group */
    fault = fault_of("order k1 FAILOVER at 1 for 1 s");
    assert_int_equal((fault.value >> 30) % 3, 0);
    fault = fault_of("isolate whoever comes to \"r* is master now\" after 9460 for 12 s");
    assert_int_equal(fault.kind, FAULT_ISOLATE_AT);
    assert_int_equal(fault.value, 13);
    fault = fault_of("move wall clock of leader by -5000 ms at 1 for 1 s");
    assert_int_equal(fault.value, 5000);
    assert_int_equal(fault.value2 % 2, 1);
    fault = fault_of("split r1 s1 from the rest at 1 for 1 s");
    assert_int_equal(fault.value, 1U << 0 | 1U << 7);
}

struct wrong {
    const char *line;  /* the twelfth of the file */
    const char *error; /* what is said of it, or how that begins */
};

static void test_words__what_is_wrong_is_told_with_its_place(void **state)
{
    static const struct wrong wrongs[] = {
        {"kil r1 at 1 for 1 s",
         "plan:12: expected the name of a number, or a fault (plan_words.c), not 'kil'\n"},
        {"kill r8 at 1 for 1 s",
         "plan:12: expected a node, 'leader' or 'master of' a group or 'whoever', not 'r8'\n"},
        {"kill master of g4 at 1 for 1 s", "plan:12: expected one of g1 to g3, not 'g4'\n"},
        {"kill r1 at soon for 1 s", "plan:12: expected a number of 0 or more, not 'soon'\n"},
        {"kill r1 at 1 for 1 h", "plan:12: expected 'ms' or 's', not 'h'\n"},
        {"kill r1 at 1", "plan:12: expected 'for' at the end of the line\n"},
        {"kill r1 at 1 for 1 s more", "plan:12: expected the end of the line, not 'more'\n"},
        {"cut r1 and r1 at 1 for 1 s", "plan:12: expected another node, not 'r1'\n"},
        {"order s4 RESET of g1 at 1 for 1 s", "plan:12: expected one of s1 to s3"},
        {"order s1 FAILOVER SOON of g1 at 1 for 1 s",
         "plan:12: expected 'PLANNED', 'COORDINATED' or 'FORCED', not 'SOON'\n"},
        {"order s1 FAILOVER FORCED of g2 to r1 at 1 for 1 s",
         "plan:12: expected one of r4 to r5, not 'r1'\n"},
        {"order s1 SET quorum of g1 to 5 at 1 for 1 s",
         "plan:12: expected a number from 1 to 4, not '5'\n"},
        {"r1 lies about its age at 1 for 1 s", "plan:12: expected 'role', not 'age'\n"},
        {"kill whoever comes to \"noon\" after 1 for 1 s",
         "plan:12: expected a moment in quotes (meaning.c lists them), not 'noon'\n"},
        {"kill whoever comes to \"noon after 1 for 1 s", "plan:12: expected the other quote\n"},
        {"forge twin hello of s1 for s2 at r1 of g1 with lots 0 1 at 1 for 1 s",
         "plan:12: expected a lot for 'twin' (this one is for 'moved'), not '0'\n"},
        {"fault 3 kill at 6699 lasts 10000 a 28 b 37 value 0 value2 0 group 3",
         "plan:12: expected the name of a number, or a fault (plan_words.c), not 'fault'\n"},
        {"lag 2", "plan:12: expected a number from 0 to 1 for lag, not '2'\n"},
        {"sync_ms", "plan:12: expected a number from 0 to 9223372036854775807 for sync_ms at the "
                    "end of the line\n"},
        {"classes network fire", "plan:12: expected one of network disk process"},
        {"groups 9", "plan: expected groups to be from 1 to 4, not 9\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        char text[1024], error[256];
        struct plan plan;
        (void)snprintf(text, sizeof(text), HEAD "%s\n", wrongs[i].line);
        if (read_text(text, &plan, error))
            fail_msg("'%s' is a plan", wrongs[i].line);
        if (strncmp(error, wrongs[i].error, strlen(wrongs[i].error)) != 0)
            fail_msg("'%s': %s", wrongs[i].line, error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words__plan_that_is_read_says_the_same_words),
        cmocka_unit_test(test_words__dropped_faults_are_not_written),
        cmocka_unit_test(test_words__say_what_is_done),
        cmocka_unit_test(test_words__what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(test_words__plan_that_is_written_and_read_is_the_same_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
