/* SPDX-License-Identifier: BSD-3-Clause */

/* What SENTINEL DOCTOR finds: each check is seen to speak, and to be silent next to it. */

#include "doctor_kit.h"
#include "json_kit.h"

#include "shell/report/json.h"

#include <stdio.h>
#include <string.h>

static void add_line(void *arg, const char *line)
{
    sn_buf_puts(arg, line);
    sn_buf_puts(arg, "\n");
}

static void expect_lines(struct kit *kit, const char *expected)
{
    struct sn_doctor_facts facts = facts_of(kit);
    struct sn_buf lines;
    sn_buf_init(&lines, SIZE_MAX);
    sn_doctor_lines(&facts, NULL, add_line, &lines);
    assert_string_equal(sn_buf_text(&lines), expected);
    sn_buf_fini(&lines);
}

static int prepare(void **state)
{
    (void)state;
    doctor_switches = 0;
    return 0;
}

/* ---- the sentinels -------------------------------------------------------------------------- */

static void test_doctor__finds_nothing_where_all_is_well(void **state)
{
    struct kit *kit = kit_well(WELL);
    (void)state;
    expect(kit, "");
    expect_lines(kit, "Nothing wrong that this sentinel can see.\n");
    kit_free(kit);
    kit = kit_new("- epoch 3");
    expect_lines(kit, "Nothing wrong that this sentinel can see.\n");
    kit_free(kit);
}

static void test_doctor__quorum_that_can_never_be(void **state)
{
    struct kit *kit = kit_well("m1 n1 quorum 4 down-after 5000 replicas n2 peers a,b");
    (void)state;
    expect_lines(kit, "Critical quorum-impossible (m1): The quorum is 4, and only 3 sentinels are "
                      "known, this one included. Start the missing sentinels, or lower it: "
                      "SENTINEL SET m1 quorum.\n");
    kit_free(kit);
}

static void test_doctor__quorum_of_one(void **state)
{
    struct kit *kit = kit_well("m1 n1 quorum 1 down-after 5000 replicas n2 peers a,b");
    (void)state;
    expect_lines(kit, "Warning quorum-one (m1): The quorum is 1: one of 3 sentinels that cannot "
                      "reach the master is enough to begin a failover from a master that is well. "
                      "On all sentinels: SENTINEL SET m1 quorum 2.\n");
    kit_free(kit);
    kit = kit_well("m1 n1 quorum 1 down-after 5000 replicas n2");
    expect(kit, "warning single-sentinel\n");
    kit_free(kit);
}

static void test_doctor__even_number_of_sentinels(void **state)
{
    struct kit *kit = kit_well("m1 n1 quorum 2 down-after 5000 replicas n2 peers a");
    (void)state;
    expect_lines(kit, "Warning even-sentinels (m1): Two sentinels are known, and a failover needs "
                      "both. Run a third one, on a machine of its own.\n");
    kit_free(kit);
    kit = kit_well("m1 n1 quorum 2 down-after 5000 replicas n2 peers a,b,c");
    expect_lines(kit, "Advice even-sentinels (m1): 4 sentinels are known, of which 1 may fail: no "
                      "more than of 3. Run one more, or one less.\n");
    kit_free(kit);
}

static void test_doctor__sentinels_that_are_down(void **state)
{
    struct kit *kit = kit_well(WELL);
    (void)state;
    kit_mode(kit, "b", KIT_REFUSING);
    kit_to(kit, 30000);
    expect_lines(kit, "Warning sentinel-down (m1): 10.0.1.2:26379 is down for 4.9 s. If one more "
                      "fails, no failover is possible. Start it. If it is gone for good, on all "
                      "sentinels: SENTINEL FORGET m1 10.0.1.2 26379.\n");
    kit_mode(kit, "a", KIT_REFUSING);
    kit_to(kit, 40000);
    expect(kit, "critical too-few-sentinels\nwarning sentinel-down 10.0.1.1:26379\n"
                "warning sentinel-down 10.0.1.2:26379\n");
    kit_free(kit);
}

static void test_doctor__sentinels_with_other_settings(void **state)
{
    struct kit *kit = kit_new(WELL);
    (void)state;
    kit_node(kit, "n1")->keeps_replicas = true;
    kit_node(kit, "a")->settings = "[$name|$m1|$quorum|$3|$down-after-milliseconds|$30000]";
    kit_node(kit, "b")->settings = "[$name|$m1|$quorum|$2|$down-after-milliseconds|$5000]";
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    kit_hello(kit, "b", "m1", "n1", 0, 0);
    kit_to(kit, 20050);
    expect_lines(kit, "Warning settings-differ (m1): 10.0.1.1:26379 had other settings when it was "
                      "asked, 20.0 s ago: quorum 3 (here 2), "
                      "down-after-milliseconds 30000 (here 5000). Set the same values on all "
                      "sentinels, with SENTINEL SET m1; they are compared again within a "
                      "minute.\n");
    kit_node(kit, "a")->settings = "[$name|$m1|$quorum|$2|$down-after-milliseconds|$5000]";
    kit_drop(kit, "a");
    kit_to(kit, 22000);
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    expect(kit, "");
    kit_free(kit);
}

static void test_doctor__sentinels_with_another_master(void **state)
{
    struct kit *kit = kit_well(WELL);
    (void)state;
    (void)kit_hello_text(kit, "n1", "10.0.1.1,26379," KIT_A ",0,m1,10.0.0.7,6379,0");
    expect(kit, "critical other-master 10.0.1.1:26379\n");
    kit_hello(kit, "a", "m1", "n1", 0, 0);
    expect(kit, "");
    kit_free(kit);
}

static void test_doctor__twin_ids(void **state)
{
    struct kit *kit = kit_well(WELL);
    (void)state;
    (void)kit_hello_text(kit, "n1", "10.0.1.7,26379," KIT_ME ",0,m1,10.0.0.1,6379,0");
    sn_ms heard_at = kit_now(kit);
    kit_to(kit, heard_at + 60000);
    expect(kit, "critical twin-id\n");
    kit_to(kit, heard_at + 60001);
    expect(kit, "");
    kit_free(kit);
}

/* ---- addresses ------------------------------------------------------------------------------ */

static void announce(struct kit *kit, const char *ip)
{
    const struct sn_change change = {
        .option = SN_OPTION_ANNOUNCE_IP, .name = "announce-ip", .value = ip};
    struct sn_command command = {
        .kind = SN_COMMAND_CONFIG_SET, .changes = &change, .change_count = 1};
    (void)kit_command(kit, &command);
}

static void test_doctor__announced_addresses_that_nobody_reaches(void **state)
{
    struct kit *kit = kit_well(WELL ";m2 n1 quorum 2 down-after 5000 replicas n2,n3 peers a,b");
    (void)state;
    announce(kit, "10.0.9.9");
    expect(kit, "");
    announce(kit, "0.0.0.0");
    expect_lines(kit, "Critical announce-ip: This sentinel announces 0.0.0.0, where no other "
                      "machine can reach it; others are at addresses such as 10.0.0.1:6379. "
                      "SENTINEL CONFIG SET announce-ip, with the address at which the other "
                      "sentinels reach it; \"\" if it may find that itself.\n");
    announce(kit, "127.0.0.1");
    expect(kit, "critical announce-ip\n");
    kit_free(kit);
    kit = kit_new("m1 127.0.0.1:6379 quorum 1 down-after 5000 replicas 127.0.0.1:6380");
    kit_node(kit, "127.0.0.1:6379")->keeps_replicas = true;
    kit_to(kit, 20050);
    announce(kit, "127.0.0.1");
    expect(kit, "warning single-sentinel\n");
    kit_free(kit);
}

static void test_doctor__loopback_beside_other_addresses(void **state)
{
    struct kit *kit =
        kit_well("m1 n1 quorum 2 down-after 5000 replicas n2,127.0.0.1:6380 peers a,b");
    (void)state;
    expect(kit, "warning loopback-address 127.0.0.1:6380\n");
    kit_free(kit);
}

static void test_doctor__sentinels_on_the_machine_of_the_master(void **state)
{
    struct kit *kit = kit_new("m1 10.0.9.9:6379 quorum 2 down-after 5000 replicas n2 peers a,b");
    (void)state;
    kit_node(kit, "10.0.9.9:6379")->keeps_replicas = true;
    kit_to(kit, 20050);
    expect(kit, "advice sentinel-with-master 10.0.9.9:6379\n");
    kit_free(kit);
    kit = kit_new("m1 10.0.1.1:6379 quorum 2 down-after 5000 replicas n2 peers a,10.0.1.1:26380");
    kit_node(kit, "10.0.1.1:6379")->keeps_replicas = true;
    kit_to(kit, 20050);
    expect(kit, "critical sentinel-with-master 10.0.1.1:6379\n");
    kit_free(kit);
}

/* ---- the servers ---------------------------------------------------------------------------- */

static void test_doctor__master_that_is_down(void **state)
{
    struct kit *kit = kit_well(WELL);
    (void)state;
    kit_mode(kit, "n1", KIT_FROZEN);
    kit_to(kit, 24000);
    expect(kit, "");
    kit_to(kit, 27000);
    expect(kit, "critical master-down 10.0.0.1:6379\n");
    kit_free(kit);
}

static void test_doctor__groups_without_a_replica(void **state)
{
    struct kit *kit = kit_well("m1 n1 quorum 2 down-after 5000 peers a,b");
    (void)state;
    expect(kit, "critical no-replica\n");
    kit_free(kit);
}

static void test_doctor__replicas_that_every_choice_passes_over(void **state)
{
    struct kit *kit = kit_well(WELL);
    (void)state;
    kit_node(kit, "n2")->priority = 0;
    kit_node(kit, "n3")->loading = true;
    kit_to(kit, 40000);
    expect_lines(kit, "Critical no-candidate (m1): None of 2 replicas could be promoted now. "
                      "10.0.0.2:6379: its priority is 0. 10.0.0.3:6379: it is loading its data "
                      "set. Remove the reasons, or SENTINEL FAILOVER m1 FORCE.\n");
    kit_node(kit, "n2")->priority = 100;
    kit_to(kit, 60000);
    expect_lines(kit, "Warning replica-passed-over (m1): A failover would pass over "
                      "10.0.0.3:6379: it is loading its data set. Remove the reason, or, if the "
                      "replica is gone for good, forget it: SENTINEL FORGET.\n");
    kit_node(kit, "n3")->loading = false;
    kit_node(kit, "n3")->priority = 0;
    kit_to(kit, 80000);
    expect(kit, "advice replica-passed-over 10.0.0.3:6379\n");
    kit_free(kit);
}

static void test_doctor__refusals(void **state)
{
    struct kit *kit = kit_well(WELL);
    (void)state;
    kit_node(kit, "n1")->pong = "-NOAUTH Authentication required.";
    kit_to(kit, 24000);
    expect(kit, "warning refused 10.0.0.1:6379\n");
    kit_free(kit);
}

static void test_doctor__down_after_that_is_short(void **state)
{
    struct kit *kit = kit_well(WELL);
    (void)state;
    kit_mode(kit, "n1", KIT_FROZEN);
    kit_to(kit, 22000);
    kit_mode(kit, "n1", KIT_WELL);
    kit_to(kit, 24000);
    expect(kit, "");
    kit_mode(kit, "n1", KIT_FROZEN);
    kit_to(kit, 28000);
    kit_mode(kit, "n1", KIT_WELL);
    kit_to(kit, 30000);
    expect(kit, "warning down-after-short 10.0.0.1:6379\n");
    (void)kit_set(kit, "m1", SN_OPTION_DOWN_AFTER, "down-after-milliseconds", "10000", 10000);
    expect(kit, "");
    kit_free(kit);
}

static void test_doctor__outages_are_no_gaps(void **state)
{
    struct kit *kit = kit_well("m1 n1 quorum 2 down-after 5000 replicas n2,n3 peers a,b");
    (void)state;
    kit_mode(kit, "n1", KIT_FROZEN);
    kit_to(kit, 28000);
    kit_mode(kit, "n1", KIT_WELL);
    kit_to(kit, 40000);
    expect(kit, "");
    kit_free(kit);
}

static void test_doctor__down_after_that_is_long(void **state)
{
    struct kit *kit = kit_well("m1 n1 quorum 2 down-after 60000 replicas n2,n3 peers a,b");
    (void)state;
    expect(kit, "");
    (void)kit_set(kit, "m1", SN_OPTION_DOWN_AFTER, "down-after-milliseconds", "60001", 60001);
    expect(kit, "advice down-after-long\n");
    kit_free(kit);
}

static void test_doctor__parallel_syncs(void **state)
{
    struct kit *kit =
        kit_well("m1 n1 quorum 2 down-after 5000 syncs 2 replicas n2,n3,n4 peers a,b");
    (void)state;
    expect(kit, "advice parallel-syncs\n");
    (void)kit_set(kit, "m1", SN_OPTION_PARALLEL_SYNCS, "parallel-syncs", "1", 1);
    expect(kit, "");
    kit_free(kit);
    kit = kit_well("m1 n1 quorum 2 down-after 5000 syncs 1 replicas n2,n3 peers a,b");
    expect(kit, "");
    kit_free(kit);
}

static void test_doctor__flapping(void **state)
{
    struct kit *kit = kit_well(WELL);
    struct sn_doctor_facts facts = facts_of(kit);
    (void)state;
    doctor_switches = 2;
    expect(kit, "");
    doctor_switches = 3;
    expect(kit, "warning flapping\n");
    facts.count_switches = NULL;
    expect_of(kit, &facts, "");
    kit_free(kit);
}

/* ---- the process ---------------------------------------------------------------------------- */

static void test_doctor__ports(void **state)
{
    struct kit *kit = kit_well(WELL);
    struct sn_doctor_facts facts = facts_of(kit);
    (void)state;
    facts.asks_no_password = true;
    expect_of(kit, &facts, "");
    facts.is_exposed = true;
    expect_of(kit, &facts, "warning open-port\n");
    facts.is_protected = true;
    expect_of(kit, &facts, "warning protected-mode\n");
    facts.asks_no_password = false;
    expect_of(kit, &facts, "");
    kit_free(kit);
}

static void test_doctor__certificates_that_end(void **state)
{
    struct kit *kit = kit_well(WELL);
    struct sn_doctor_facts facts = facts_of(kit);
    (void)state;
    facts.server = (struct sn_doctor_certificate){true, 30 * 86400};
    expect_of(kit, &facts, "");
    facts.server.seconds_left--;
    expect_of(kit, &facts, "warning certificate-ends\n");
    facts.client = (struct sn_doctor_certificate){true, -1};
    expect_of(kit, &facts, "critical certificate-ends\nwarning certificate-ends\n");
    kit_free(kit);
}

static void test_doctor__limits_that_are_near(void **state)
{
    struct kit *kit = kit_well(WELL);
    struct sn_doctor_facts facts = facts_of(kit);
    (void)state;
    facts.clients = 8999;
    expect_of(kit, &facts, "");
    facts.clients = 9000;
    expect_of(kit, &facts, "warning clients-near-limit\n");
    facts.clients = 59; /* 32 of its own, and 8 links */
    facts.files_max = 110;
    expect_of(kit, &facts, "warning files-near-limit\n");
    facts.clients = 58;
    expect_of(kit, &facts, "");
    kit_free(kit);
}

static void test_doctor__tilts(void **state)
{
    struct kit *kit = kit_well(WELL);
    (void)state;
    kit_stall(kit, 2001);
    kit_to(kit, kit_now(kit) + 40000);
    expect(kit, "advice tilt\n");
    for (int i = 0; i < 2; i++) {
        kit_stall(kit, 2001);
        kit_to(kit, kit_now(kit) + 40000);
    }
    expect(kit, "warning tilt\n");
    kit_free(kit);
}

/* Told once, whatever the number of groups. */
static void test_doctor__state_that_cannot_be_saved(void **state)
{
    struct kit *kit = kit_well(WELL ";m2 n4 quorum 2 down-after 5000 replicas n5 peers a,b");
    (void)state;
    kit_node(kit, "n4")->keeps_replicas = true;
    kit->disk = KIT_DISK_BAD;
    kit_to(kit, 40000);
    expect(kit, "");
    (void)kit_set(kit, "m1", SN_OPTION_FAILOVER_TIMEOUT, "failover-timeout", "9000", 9000);
    kit_to(kit, 41000);
    expect(kit, "critical state-not-saved\n");
    kit_free(kit);
}

static void test_doctor__pauses(void **state)
{
    struct kit *kit = kit_well(WELL);
    struct sn_command pause = {.kind = SN_COMMAND_PAUSE,
                               .name = "m1",
                               .name_len = 2,
                               .seconds = 600,
                               .reason = "new switch",
                               .wall_ms = 1000000};
    (void)state;
    (void)kit_command(kit, &pause);
    expect_lines(kit, "Warning paused (m1): No failover begins by itself for another 10 min 0 s, "
                      "by order of sentinel 00000000: new switch. SENTINEL RESUME m1 ends the "
                      "pause, SENTINEL FAILOVER m1 works meanwhile. End the pause when its reason "
                      "is gone.\n");
    kit_to(kit, kit_now(kit) + 600001);
    expect(kit, "");
    kit_free(kit);
}

/* ---- the answer ----------------------------------------------------------------------------- */

static void test_doctor__the_worst_first(void **state)
{
    struct kit *kit = kit_new("m1 n1 quorum 1 down-after 61000 peers a");
    (void)state;
    kit_to(kit, 20050);
    expect(kit, "critical no-replica\nwarning quorum-one\nwarning even-sentinels\n"
                "advice down-after-long\n");
    kit_free(kit);
}

static void test_doctor__of_one_group(void **state)
{
    struct kit *kit = kit_well(WELL ";m2 n4 quorum 2 down-after 5000 peers a,b");
    struct sn_doctor_facts facts = facts_of(kit);
    struct sn_buf found;
    (void)state;
    facts.clients = 10000;
    sn_buf_init(&found, SIZE_MAX);
    list_findings(kit, &facts, "m1", &found);
    assert_string_equal(sn_buf_text(&found), "warning clients-near-limit\n");
    sn_buf_clear(&found);
    list_findings(kit, &facts, "m2", &found);
    assert_string_equal(sn_buf_text(&found), "critical no-replica\nwarning clients-near-limit\n");
    sn_buf_fini(&found);
    kit_free(kit);
}

/* The schema: every member is always there. */
static void test_doctor__json_has_every_member(void **state)
{
    static const char *const top[] = {"schema", "sentinel", "group",    "critical", "warning",
                                      "advice", "findings", "left_out", "lines",    NULL};
    static const char *const finding[] = {"severity", "check",  "group", "about",
                                          "found",    "remedy", NULL};
    struct kit *kit = kit_new("m1 n1 quorum 9 peers a,b");
    struct sn_doctor_facts facts = facts_of(kit);
    (void)state;
    json_t *json = sn_doctor_json(&facts, kit_group(kit, "m1"));
    assert_members(json, top);
    assert_members(json_array_get(json_object_get(json, "findings"), 0), finding);
    assert_int_equal(json_integer_value(json_object_get(json, "schema")), 1);
    assert_string_equal(json_string_value(json_object_get(json, "group")), "m1");
    assert_int_equal(json_integer_value(json_object_get(json, "critical")), 2);
    assert_int_equal(json_integer_value(json_object_get(json, "left_out")), 0);
    assert_int_equal(json_array_size(json_object_get(json, "lines")),
                     json_array_size(json_object_get(json, "findings")));
    json_decref(json);
    kit_free(kit);
}

/* A server may say anything. */
static void test_doctor__words_of_others_are_escaped(void **state)
{
    struct kit *kit = kit_well(WELL);
    struct sn_doctor_facts facts;
    struct sn_buf text;
    (void)state;
    kit_node(kit, "n1")->pong = "-ERR one\r\ntwo\xff";
    kit_to(kit, 23000);
    facts = facts_of(kit);
    sn_buf_init(&text, SIZE_MAX);
    sn_doctor_lines(&facts, NULL, add_line, &text);
    assert_non_null(strstr(text.data, "refused"));
    assert_null(strchr(text.data, '\r'));
    assert_null(strchr(text.data, '\xff'));
    sn_buf_clear(&text);
    sn_json_put(sn_doctor_json(&facts, NULL), JSON_COMPACT, &text);
    json_t *again = json_loads(sn_buf_text(&text), 0, NULL);
    assert_non_null(again);
    json_decref(again);
    sn_buf_fini(&text);
    kit_free(kit);
}

/* A thousand of each severity are told, the rest is counted. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_doctor__finds_nothing_where_all_is_well, prepare),
        cmocka_unit_test_setup(test_doctor__quorum_that_can_never_be, prepare),
        cmocka_unit_test_setup(test_doctor__quorum_of_one, prepare),
        cmocka_unit_test_setup(test_doctor__even_number_of_sentinels, prepare),
        cmocka_unit_test_setup(test_doctor__sentinels_that_are_down, prepare),
        cmocka_unit_test_setup(test_doctor__sentinels_with_other_settings, prepare),
        cmocka_unit_test_setup(test_doctor__sentinels_with_another_master, prepare),
        cmocka_unit_test_setup(test_doctor__twin_ids, prepare),
        cmocka_unit_test_setup(test_doctor__announced_addresses_that_nobody_reaches, prepare),
        cmocka_unit_test_setup(test_doctor__loopback_beside_other_addresses, prepare),
        cmocka_unit_test_setup(test_doctor__sentinels_on_the_machine_of_the_master, prepare),
        cmocka_unit_test_setup(test_doctor__master_that_is_down, prepare),
        cmocka_unit_test_setup(test_doctor__groups_without_a_replica, prepare),
        cmocka_unit_test_setup(test_doctor__replicas_that_every_choice_passes_over, prepare),
        cmocka_unit_test_setup(test_doctor__refusals, prepare),
        cmocka_unit_test_setup(test_doctor__down_after_that_is_short, prepare),
        cmocka_unit_test_setup(test_doctor__outages_are_no_gaps, prepare),
        cmocka_unit_test_setup(test_doctor__down_after_that_is_long, prepare),
        cmocka_unit_test_setup(test_doctor__parallel_syncs, prepare),
        cmocka_unit_test_setup(test_doctor__flapping, prepare),
        cmocka_unit_test_setup(test_doctor__ports, prepare),
        cmocka_unit_test_setup(test_doctor__certificates_that_end, prepare),
        cmocka_unit_test_setup(test_doctor__limits_that_are_near, prepare),
        cmocka_unit_test_setup(test_doctor__tilts, prepare),
        cmocka_unit_test_setup(test_doctor__state_that_cannot_be_saved, prepare),
        cmocka_unit_test_setup(test_doctor__pauses, prepare),
        cmocka_unit_test_setup(test_doctor__the_worst_first, prepare),
        cmocka_unit_test_setup(test_doctor__of_one_group, prepare),
        cmocka_unit_test_setup(test_doctor__json_has_every_member, prepare),
        cmocka_unit_test_setup(test_doctor__words_of_others_are_escaped, prepare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
