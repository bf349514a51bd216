/* SPDX-License-Identifier: BSD-3-Clause */
/* Users and rules without a server. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "acl/acl.h"
#include "base/error.h"

#include <string.h>

static enum sn_acl_verdict verdict(const struct sn_acl_user *user, const char *command,
                                   const char *argument)
{
    char first[] = "x", second[64] = "";
    char *argv[] = {first, second};
    size_t lens[] = {1, strlen(argument)};
    const char *denied = NULL;

    strncpy(second, argument, sizeof(second) - 1);
    return sn_acl_may_run(user, sn_specs_find_full(command), 2, argv, lens, &denied);
}

static struct sn_acl_user *make(struct sn_acl *acl, const char *rule)
{
    char words[128];
    char *rules[] = {words};
    struct sn_buf error;

    strncpy(words, rule, sizeof(words) - 1);
    sn_buf_init(&error, 256);
    assert_int_equal(sn_acl_set_user(acl, "u", 1, rules, &error), 0);
    sn_buf_fini(&error);
    return sn_acl_find(acl, "u");
}

static void test_acl__the_default_user_may_do_everything(void **state)
{
    struct sn_acl acl;

    (void)state;
    sn_acl_init(&acl);
    for (size_t i = 0; i < sn_specs_count; i++) {
        char name[SN_SPEC_NAME_MAX + 1];
        sn_spec_full_name(&sn_specs[i], name);
        assert_int_equal(verdict(acl.standard, name, "x"), SN_ACL_ALLOWED);
    }
    sn_acl_fini(&acl);
}

static void test_acl__rules_add_up_in_their_order(void **state)
{
    struct sn_acl acl;

    (void)state;
    sn_acl_init(&acl);
    assert_int_equal(verdict(make(&acl, "on"), "ping", "x"), SN_ACL_DENIED_COMMAND);
    assert_int_equal(verdict(make(&acl, "+@connection"), "ping", "x"), SN_ACL_ALLOWED);
    assert_int_equal(verdict(make(&acl, "-ping"), "ping", "x"), SN_ACL_DENIED_COMMAND);
    make(&acl, "+subscribe");
    assert_int_equal(verdict(make(&acl, "&a*"), "subscribe", "b"), SN_ACL_DENIED_CHANNEL);
    assert_int_equal(verdict(make(&acl, "&b"), "subscribe", "b"), SN_ACL_ALLOWED);
    assert_int_equal(verdict(make(&acl, "+sentinel|master"), "sentinel|primary", "x"),
                     SN_ACL_ALLOWED);
    sn_acl_fini(&acl);
}

static void test_acl__a_file_is_taken_whole_or_not_at_all(void **state)
{
    struct sn_acl acl;
    struct sn_buf error;
    struct sn_acl_user *user;

    (void)state;
    sn_buf_init(&error, 4096);
    assert_int_equal(sn_acl_parse("# who\nuser u on >p +ping\n", "f", false, &acl, &error), 0);
    assert_int_equal(sn_acl_authenticate(&acl, "u", 1, "p", 1, &user), 0);
    assert_int_equal(sn_acl_authenticate(&acl, "u", 1, "q", 1, &user), SN_EINVAL);
    sn_acl_fini(&acl);
    assert_int_equal(sn_acl_parse("user u on\nuser v +nope\n", "f", false, &acl, &error),
                     SN_EINVAL);
    assert_non_null(strstr(sn_buf_text(&error), "f:2: "));
    assert_null(acl.users);
    sn_buf_fini(&error);
}

static void test_specs__other_names_share_the_rights_of_the_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < sn_specs_count; i++) {
        const struct sn_spec *spec = &sn_specs[i];
        size_t place = sn_spec_permission_index(spec);
        assert_true(spec->canonical ? place != i : place == i);
        assert_int_equal(sn_specs[place].arity, spec->arity);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acl__the_default_user_may_do_everything),
        cmocka_unit_test(test_acl__rules_add_up_in_their_order),
        cmocka_unit_test(test_acl__a_file_is_taken_whole_or_not_at_all),
        cmocka_unit_test(test_specs__other_names_share_the_rights_of_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
