/* SPDX-License-Identifier: BSD-3-Clause */

/* What DOCTOR is told of the process. */

#include "server_case.h"

#include "shell/server/checkup.h"

static struct sn_doctor_facts facts(void)
{
    struct sn_doctor_facts facts;
    sn_server_check_up(rig.server, &facts);
    return facts;
}

/* As the server reads it; the listeners of the rig stay as they are. */
static bool is_exposed_with(char **bind, size_t count)
{
    struct sn_settings kept = rig.settings;
    rig.settings.bind = bind;
    rig.settings.bind_count = count;
    bool exposed = facts().is_exposed;
    rig.settings = kept;
    return exposed;
}

static void test_checkup__tells_which_ports_are_exposed(void **state)
{
    static char any[] = "*", v4[] = "127.0.0.1", v6[] = "-::1", name[] = "localhost",
                wide[] = "-192.0.2.1";
    struct sn_settings kept = rig.settings;
    (void)state;
    assert_true(is_exposed_with(NULL, 0));
    assert_true(is_exposed_with((char *[]){any}, 1));
    assert_false(is_exposed_with((char *[]){v4, v6, name}, 3));
    assert_true(is_exposed_with((char *[]){v4, wide}, 2));
    rig.settings.bind_none = true;
    assert_false(is_exposed_with(NULL, 0));
    rig.settings.bind_none = false;
    /* Only who has a certificate gets in. */
    rig.settings.port = 0;
    rig.settings.tls.port = 1;
    assert_false(is_exposed_with(NULL, 0));
    static char optional[] = "optional";
    char *auth = rig.settings.tls.auth_clients;
    rig.settings.tls.auth_clients = optional;
    assert_true(is_exposed_with(NULL, 0));
    rig.settings.tls.auth_clients = auth;
    rig.settings = kept;
}

static void test_checkup__tells_whether_a_password_is_asked_for(void **state)
{
    (void)state;
    assert_true(facts().asks_no_password);
    sn_server_set_password(rig.server, "secret");
    assert_false(facts().asks_no_password);
}

static void test_checkup__tells_limits(void **state)
{
    (void)state;
    assert_int_equal(facts().clients, 0);
    assert_int_equal(facts().clients_max, rig.settings.maxclients);
    assert_non_null(facts().core);
    assert_int_equal(facts().count_switches(facts().arg, "m1"), 0);
    assert_false(facts().server.is_there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_checkup__tells_which_ports_are_exposed, start, stop),
        cmocka_unit_test_setup_teardown(test_checkup__tells_whether_a_password_is_asked_for, start,
                                        stop),
        cmocka_unit_test_setup_teardown(test_checkup__tells_limits, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
