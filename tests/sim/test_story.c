/* SPDX-License-Identifier: BSD-3-Clause */

/* What a failing run shows: traces through a lens, and the report of an instant. */

#include "plan_text.h"
#include "sim.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef SIM_TEST_SLOW /* with sanitizers */
#define SEEDS 3
#else
#define SEEDS 12
#endif
#define FROM    7700
#define WINDOW  700
#define LOOK_AT 6000

static struct sim_result result;

/* The trace of a run, as it is printed to stderr; free it. */
static char *trace_of(const struct plan *plan, const struct lens *lens)
{
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    assert_non_null(file);
    assert_true(kept >= 0);
    (void)fflush(stderr);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    (void)setenv("SN_TRACE", "1", 1);
    sim_run(plan, lens, &result);
    (void)unsetenv("SN_TRACE");
    (void)fflush(stderr);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void)close(kept);
    (void)fseek(file, 0, SEEK_END);
    size_t len = (size_t)ftell(file);
    (void)fseek(file, 0, SEEK_SET);
    char *text = malloc(len + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, len, file), len);
    text[len] = '\0';
    (void)fclose(file);
    return text;
}

/* Cuts the first line off *text; NULL at the end. */
static char *next_line(char **text)
{
    char *line = *text;
    if (*line == '\0')
        return NULL;
    size_t len = strcspn(line, "\n");
    *text = line + len + (line[len] == '\n');
    line[len] = '\0';
    return line;
}

static bool has_word(const char *line, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = strstr(line, word); at != NULL; at = strstr(at + 1, word)) {
        if ((at == line || strchr(" ,:;()[]'", at[-1]) != NULL) &&
            (at[len] == '\0' || strchr(" ,:;()[]'", at[len]) != NULL))
            return true;
    }
    return false;
}

static void make_groups(struct plan *plan, uint64_t *seed)
{
    do
        plan_make(plan, (*seed)++);
    while (plan->groups < 2 || (plan->features & FEATURE_ALIAS) != 0);
}

/* An answer, or the event of whoever has voted. */
static bool is_a_vote(const char *line)
{
    static const char *const patterns[] = {"* s? answers s? ? s? *", "* s? +vote-for-leader s? *"};
    bool is = false;
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
        is |= sn_text_glob(patterns[i], strlen(patterns[i]), line, strlen(line), false);
    return is;
}

/* Every line is shown of some group, a line that names a group of no other, a vote of one. */
static void test_lens__group_has_its_own_lines_and_those_of_none(void **state)
{
    uint64_t seed = 1;
    unsigned votes = 0;
    (void)state;
    for (unsigned run = 0; run < SEEDS; run++) {
        struct plan plan;
        struct lens lens;
        char *texts[PLAN_GROUPS_MAX], *at[PLAN_GROUPS_MAX], *lines[PLAN_GROUPS_MAX];
        make_groups(&plan, &seed);
        lens_init(&lens);
        char *all = trace_of(&plan, &lens), *rest = all, *line;
        const char *before = "";
        for (unsigned i = 0; i < plan.groups; i++) {
            lens.group = cast_group_name(i);
            texts[i] = trace_of(&plan, &lens);
            at[i] = texts[i];
            lines[i] = next_line(&at[i]);
        }
        while ((line = next_line(&rest)) != NULL) {
            unsigned shown = 0, named = 0;
            for (unsigned i = 0; i < plan.groups; i++) {
                bool shows = lines[i] != NULL && strcmp(lines[i], line) == 0;
                if (shows)
                    lines[i] = next_line(&at[i]);
                shown += shows;
                named += has_word(line, cast_group_name(i));
                if (!shows && has_word(line, cast_group_name(i)))
                    fail_msg("seed %llu: not shown of %s: %s", (unsigned long long)plan.seed,
                             cast_group_name(i), line);
            }
            bool twice = strcmp(line, before) == 0; /* the first may be taken for the second */
            before = line;
            if ((shown == 0 && !twice) || (named > 0 && shown > named))
                fail_msg("seed %llu: shown of %u groups: %s", (unsigned long long)plan.seed, shown,
                         line);
            votes += is_a_vote(line);
            if (is_a_vote(line) && shown > 1 && !twice && plan.features == 0 && plan.stocks == 0)
                fail_msg("seed %llu: a vote of %u groups: %s", (unsigned long long)plan.seed, shown,
                         line);
        }
        for (unsigned i = 0; i < plan.groups; i++) {
            assert_null(lines[i]);
            free(texts[i]);
        }
        free(all);
    }
    assert_true(votes > 5);
}

static bool is_wanted(const struct lens *lens, const char *line)
{
    sn_ms at = strtoll(line, NULL, 10);
    return at >= lens->from && at <= lens->to && (lens->node == NULL || has_word(line, lens->node));
}

/* The first and the last line of the window bear its bounds. */
static void choose_window(const struct plan *plan, struct lens *lens)
{
    struct lens open;
    lens_init(&open);
    char *all = trace_of(plan, &open), *rest = all, *line;
    while ((line = next_line(&rest)) != NULL) {
        sn_ms at = strtoll(line, NULL, 10);
        if (at >= FROM && lens->from == 0)
            lens->from = at;
        if (at <= FROM + WINDOW)
            lens->to = at;
    }
    free(all);
}

/* A window and a party, alone and together: what a reader would pick by hand. */
static void test_lens__window_and_party_combine(void **state)
{
    struct plan plan;
    struct lens lenses[3];
    (void)state;
    plan_make(&plan, 254);
    for (unsigned i = 0; i < 3; i++) {
        lens_init(&lenses[i]);
        lenses[i].node = i != 0 ? "s2" : NULL;
        if (i != 1)
            choose_window(&plan, &lenses[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        struct lens open;
        lens_init(&open);
        char *all = trace_of(&plan, &open), *rest = all, *line;
        char *some = trace_of(&plan, &lenses[i]), *shown = some;
        unsigned count = 0;
        while ((line = next_line(&rest)) != NULL) {
            if (!is_wanted(&lenses[i], line))
                continue;
            const char *next = next_line(&shown);
            assert_non_null(next);
            assert_string_equal(next, line);
            count++;
        }
        assert_null(next_line(&shown));
        assert_true(count > 3);
        free(all);
        free(some);
    }
}

static void test_lens__changes_nothing(void **state)
{
    struct plan plan;
    struct lens lens;
    (void)state;
    plan_make(&plan, 254);
    sim_run(&plan, NULL, &result);
    uint64_t digest = result.digest;
    lens_init(&lens);
    lens.group = "mymaster";
    lens.node = "s1";
    lens.look_at = 8000;
    free(trace_of(&plan, &lens));
    assert_int_equal(result.digest, digest);
}

static void test_lens__knows_who_is_in_the_plan(void **state)
{
    struct plan plan;
    struct lens lens;
    (void)state;
    plan_make(&plan, 254); /* of four groups and three sentinels */
    lens_init(&lens);
    lens.group = "g4";
    lens.node = "s3";
    assert_true(lens_fits(&lens, &plan));
    lens.group = "fourth";
    assert_true(lens_fits(&lens, &plan));
    lens.node = "s4";
    assert_false(lens_fits(&lens, &plan));
    lens.node = NULL;
    lens.group = "g5";
    assert_false(lens_fits(&lens, &plan));
}

/* Lines of the file are patterns of those of text. */
static void compare(const char *path, char *text)
{
    char pattern[512];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(pattern, sizeof(pattern), file) != NULL) {
        const char *line = next_line(&text);
        size_t len = strcspn(pattern, "\n");
        if (line == NULL || !sn_text_glob(pattern, len, line, strlen(line), false))
            fail_msg("expected: %.*s\nbut it is: %s", (int)len, pattern,
                     line == NULL ? "(the end)" : line);
    }
    (void)fclose(file);
    assert_string_equal(text, "");
}

static void test_report__shows_who_believes_what(void **state)
{
    struct plan plan;
    struct lens lens;
    (void)state;
    assert_true(plan_read(SN_SIM_DIR "/golden/report.plan", &plan, stderr));
    lens_init(&lens);
    lens.look_at = LOOK_AT;
    lens.group = "mymaster";
    sim_run(&plan, &lens, &result);
    assert_int_equal(result.verdict, SIM_FINE);
    compare(SN_SIM_DIR "/golden/report.txt", result.report);
}

/* The master is lost for good, and there are not as many sentinels as have to agree on that. */
static void test_report__is_made_when_there_is_no_agreement(void **state)
{
    struct plan plan;
    (void)state;
    assert_true(plan_read(SN_SIM_DIR "/golden/report.plan", &plan, stderr));
    plan.lost_masters = 1;
    plan.quorum = 4;
    sim_run(&plan, NULL, &result);
    assert_int_equal(result.verdict, SIM_STUCK);
    assert_true(result.failed_at > 0);
    assert_non_null(strstr(result.report, "  belief about mymaster\n"));
    assert_non_null(strstr(result.report, "  reasons given last\n"));
}

static unsigned count_lines(const char *text)
{
    unsigned lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

/* Of the largest deployments too. */
static void test_report__is_short(void **state)
{
    unsigned most = 0;
    (void)state;
    for (uint64_t seed = 1, runs = 0; runs < SEEDS; seed++) {
        struct plan plan;
        struct lens lens;
        plan_make(&plan, seed);
        if (plan.groups < 3 || plan.sentinels + plan.stocks < 5)
            continue;
        lens_init(&lens);
        lens.look_at = plan.warm_ms + plan.span_ms / 2;
        sim_run(&plan, &lens, &result);
        unsigned lines = count_lines(result.report);
        most = lines > most ? lines : most;
        assert_true(lines <= REPORT_LINES_MAX);
        runs++;
    }
    assert_int_equal(most, REPORT_LINES_MAX); /* some were cut */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lens__group_has_its_own_lines_and_those_of_none),
        cmocka_unit_test(test_lens__window_and_party_combine),
        cmocka_unit_test(test_lens__changes_nothing),
        cmocka_unit_test(test_lens__knows_who_is_in_the_plan),
        cmocka_unit_test(test_report__shows_who_believes_what),
        cmocka_unit_test(test_report__is_made_when_there_is_no_agreement),
        cmocka_unit_test(test_report__is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
