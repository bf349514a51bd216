/* SPDX-License-Identifier: BSD-3-Clause */

/* What holds for every row of the table of directives. A row that is wrong in itself fails here, so
 * that the tests of a directive need not try all of this again. */

#include "base/error.h"
#include "conf/table/keep.h"
#include "conf/table/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const enum sn_scope scopes[] = {SN_SCOPE_SERVER, SN_SCOPE_SENTINEL, SN_SCOPE_GROUP};

/* Something that holds the values of every scope, with what it is without a word. */
struct all {
    struct sn_settings settings;
    struct sn_image image;
    struct sn_group_image *group;
};

static void all_init(struct all *all)
{
    struct sn_addr addr = {0};

    assert_int_equal(sn_addr_make("10.0.0.1", 6379, &addr), 0);
    sn_settings_init(&all->settings);
    sn_image_init(&all->image);
    all->group = sn_image_add_group(&all->image, "m", &addr, 2);
}

static void all_fini(struct all *all)
{
    sn_settings_fini(&all->settings);
    sn_image_fini(&all->image);
}

static void get(const struct sn_directive *row, const struct all *all,
                struct sn_setting_words *words)
{
    const struct sn_kept from = {&all->settings, &all->image, all->group};
    sn_keep_get_words(row, &from, words);
}

static void for_each_row(void (*check)(const struct sn_directive *row))
{
    for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
        size_t count;
        const struct sn_directive *table = sn_directives(scopes[i], &count);
        assert_true(count > 0);
        for (size_t j = 0; j < count; j++) {
            if (table[j].scope != scopes[i])
                fail_msg("%s stands in the table of another scope", table[j].name);
            check(&table[j]);
        }
    }
}

static void check_kept(const struct sn_directive *row)
{
    if (row->kind == SN_VALUE_NONE || row->field == SN_FIELD_NONE)
        fail_msg("%s: no kind of value, or no place for it", row->name);
    if (row->values_min == 0 || row->values_min > row->values_max)
        fail_msg("%s: how many values?", row->name);
    if (sn_directive_find(row->scope, row->name) != row)
        fail_msg("%s stands twice in its table", row->name);
}

static void test_table__every_row_says_what_and_where(void **state)
{
    (void)state;
    for_each_row(check_kept);
}

/* Places that two rows share on purpose. */
static bool shares_place(const struct sn_directive *row)
{
    return row->field >= SN_FIELD_BIND;
}

static void test_table__no_two_rows_are_kept_in_one_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
        size_t count;
        const struct sn_directive *table = sn_directives(scopes[i], &count);
        for (size_t j = 0; j < count; j++) {
            for (size_t k = 0; k < j; k++) {
                bool same = shares_place(&table[j])
                                ? table[j].field == table[k].field
                                : !shares_place(&table[k]) && table[j].offset == table[k].offset;
                if (same)
                    fail_msg("%s and %s are kept in one place", table[j].name, table[k].name);
            }
        }
    }
}

static void check_default(const struct sn_directive *row)
{
    struct sn_setting_words words;
    struct all all;

    all_init(&all);
    get(row, &all, &words);
    if (row->fallback == NULL && row->field == SN_FIELD_TEXT)
        assert_int_equal(words.count, 0);
    if (row->fallback != NULL) {
        int64_t number, kept;
        assert_int_equal(words.count, 1);
        assert_int_equal(sn_value_parse(row, row->fallback, &number), 0);
        assert_int_equal(sn_value_parse(row, words.items[0], &kept), 0);
        if (number != kept || (number == 0 && strcmp(row->fallback, words.items[0]) != 0))
            fail_msg("%s: nobody sets it, and it is %s, not %s", row->name, words.items[0],
                     row->fallback);
        /* What is rewritten compares the words. */
        assert_true(row->scope == SN_SCOPE_SERVER || sn_keep_is_default(row, &words));
    }
    sn_list_fini(&words);
    all_fini(&all);
}

static void test_table__a_default_is_what_there_is_when_nobody_sets_it(void **state)
{
    (void)state;
    for_each_row(check_default);
}

/* A value that is not the default, as it would be written. */
static const char *other_value(const struct sn_directive *row)
{
    switch (row->kind) {
    case SN_VALUE_NUMBER:
    case SN_VALUE_BYTES:
    case SN_VALUE_SHARE:
        return "1048577";
    case SN_VALUE_OCTAL:
        return "700";
    case SN_VALUE_YESNO:
        return strcmp(row->fallback, "yes") == 0 ? "no" : "yes";
    case SN_VALUE_LEVEL:
        return "debug";
    case SN_VALUE_CHOICE:
        return row->choices[row->fallback != NULL && strcmp(row->choices[0], row->fallback) == 0];
    case SN_VALUE_HOST:
        return "10.0.0.9";
    case SN_VALUE_RUNID:
        return "0123456789012345678901234567890123456789";
    case SN_VALUE_EPOCH:
        return "77";
    case SN_VALUE_TEXT:
    case SN_VALUE_SCRIPT:
    case SN_VALUE_PASSWORD_FILE:
    case SN_VALUE_TITLE:
    case SN_VALUE_FOLDER:
        return "text";
    case SN_VALUE_NONE:
    case SN_VALUE_BIND:
    case SN_VALUE_ADDRESSES:
    case SN_VALUE_USER:
    case SN_VALUE_RENAME:
    case SN_VALUE_LIMITS:
    case SN_VALUE_MONITOR:
    case SN_VALUE_REPLICA:
    case SN_VALUE_PEER:
        break;
    }
    return NULL;
}

/* The number of text, or as near to it as the row allows. */
static int64_t number_of(const struct sn_directive *row, const char *text)
{
    int64_t number = 0;

    if (row->kind == SN_VALUE_EPOCH)
        return 77;
    if (row->kind == SN_VALUE_RUNID || row->kind == SN_VALUE_FOLDER)
        return 0;
    if (sn_value_parse(row, text, &number) == SN_ERANGE)
        number = row->max;
    return number;
}

static void check_round(const struct sn_directive *row)
{
    const char *text = other_value(row);
    struct sn_setting_words words;
    struct all all;

    if (text == NULL)
        return;
    all_init(&all);
    const struct sn_keep to = {&all.settings, &all.image, all.group};
    int64_t number = number_of(row, text);
    sn_keep_put(row, &to, text, number);
    get(row, &all, &words);
    assert_int_equal(words.count, 1);
    if (strcmp(words.items[0], text) != 0) {
        int64_t kept;
        assert_int_equal(sn_value_parse(row, words.items[0], &kept), 0);
        if (kept != number)
            fail_msg("%s: %s was kept as %s", row->name, text, words.items[0]);
    }
    sn_list_fini(&words);
    all_fini(&all);
}

static void test_table__what_was_put_is_what_is_written(void **state)
{
    (void)state;
    for_each_row(check_round);
}

/* The core changes options by its own names for them, the table keeps them by their place. */
static void check_option(const struct sn_directive *row)
{
    const char *text = row->kind == SN_VALUE_RENAME ? "exec" : other_value(row);
    struct sn_setting_words words;
    struct all all;

    if (row->scope != SN_SCOPE_SERVER && row->live != (row->option != SN_OPTION_NONE))
        fail_msg("%s: run-time changes need a name in the core, and only they", row->name);
    if (row->option == SN_OPTION_NONE)
        return;
    all_init(&all);
    struct sn_change change = {
        .option = row->option, .name = row->name, .value = text, .to = "new"};
    if (row->kind != SN_VALUE_RENAME)
        change.number = number_of(row, text);
    if (row->scope == SN_SCOPE_GROUP)
        sn_group_params_apply(&all.group->params, &change);
    else
        sn_globals_apply(&all.image.globals, &change);
    get(row, &all, &words);
    assert_true(words.count > 0);
    if (strcmp(words.items[0], text) != 0) {
        int64_t kept;
        assert_int_equal(sn_value_parse(row, words.items[0], &kept), 0);
        if (kept != change.number)
            fail_msg("%s: the core puts it elsewhere", row->name);
    }
    sn_list_fini(&words);
    all_fini(&all);
}

static void test_table__the_core_changes_what_the_row_keeps(void **state)
{
    (void)state;
    for_each_row(check_option);
}

static void check_words(const struct sn_directive *row)
{
    char many[] = "a", odd[] = "\x01";
    char *const two[] = {many, many};
    char *const bad[] = {odd};
    struct sn_setting_words words = {(char **)(uintptr_t)two, 2};
    struct all all;

    if (!row->live || row->kind == SN_VALUE_RENAME)
        return;
    all_init(&all);
    const struct sn_keep to = {&all.settings, &all.image, all.group};
    assert_int_equal(sn_keep_put_words(row, &to, &words), SN_EINVAL);
    words = (struct sn_setting_words){(char **)(uintptr_t)bad, 1};
    assert_int_equal(sn_keep_put_words(row, &to, &words), SN_EINVAL);
    words.count = 0;
    assert_int_equal(sn_keep_put_words(row, &to, &words),
                     row->field == SN_FIELD_TEXT && row->kind != SN_VALUE_CHOICE ? 0 : SN_EINVAL);
    all_fini(&all);
}

static void test_table__words_that_are_no_value_change_nothing(void **state)
{
    (void)state;
    for_each_row(check_words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table__every_row_says_what_and_where),
        cmocka_unit_test(test_table__no_two_rows_are_kept_in_one_place),
        cmocka_unit_test(test_table__a_default_is_what_there_is_when_nobody_sets_it),
        cmocka_unit_test(test_table__what_was_put_is_what_is_written),
        cmocka_unit_test(test_table__the_core_changes_what_the_row_keeps),
        cmocka_unit_test(test_table__words_that_are_no_value_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
