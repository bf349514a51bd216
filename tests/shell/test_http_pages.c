/* SPDX-License-Identifier: BSD-3-Clause */
/* The answers of the HTTP port: metrics, groups, health checks. */
#include "http_rig.h"

#include "shell/http/histogram.h"
#include "shell/http/metrics.h"
#include "shell/http/metrics_table.h"

#define MASTER_PORT  6001
#define REPLICA_PORT 6002

#define MASTER_INFO                                                                                \
    "run_id:0123456789012345678901234567890123456789\r\nrole:master\r\n"                           \
    "master_repl_offset:5000\r\n"                                                                  \
    "slave0:ip=127.0.0.1,port=6002,state=online,offset=4000,lag=0\r\n"

/* One group, whose master has answered INFO, and whose replica has not. */
static void start_group(void)
{
    rig_add_group(&rig, "m1", "127.0.0.1", MASTER_PORT);
    rig.watched_port = MASTER_PORT;
    http_start();
    rig_tell_info(&rig, MASTER_INFO);
}

#define REPLICA_INFO(role, link)                                                                   \
    "run_id:1123456789012345678901234567890123456789\r\nrole:" role "\r\n"                         \
    "master_host:127.0.0.1\r\nmaster_port:6001\r\nmaster_link_status:" link "\r\n"                 \
    "slave_repl_offset:4000\r\nslave_priority:100\r\n"

/* The rig watches the replica's port when the master tells of it. */
static void start_with_replica(const char *info)
{
    rig_add_group(&rig, "m1", "127.0.0.1", MASTER_PORT);
    rig.watched_port = MASTER_PORT;
    http_start();
    rig.watched_port = REPLICA_PORT;
    rig_tell_info(&rig, MASTER_INFO);
    rig_tell_info(&rig, info);
}

/* ---- metrics ---- */

static const char *const names[] = {
#define X(id, name, type, labels, help) name,
    SN_PROCESS_METRICS(X) SN_GROUP_METRICS(X)
#undef X
};

static void test_http__each_family_stands_once_and_in_order(void **state)
{
    char head[256];

    (void)state;
    start_with_replica(REPLICA_INFO("slave", "up"));
    const char *at = http_body(http_get("/metrics"));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(head, sizeof(head), "# HELP %s ", names[i]);
        at = strstr(at, head);
        if (at == NULL)
            fail_msg("%s is missing, or not in its place", names[i]);
        assert_null(strstr(at + 1, head));
    }
    assert_null(strstr(http_text, "# EOF"));
}

static void test_http__metrics_have_the_form_that_is_asked_for(void **state)
{
    (void)state;
    http_start();
    const char *answer = http_get("/metrics");
    assert_non_null(
        strstr(answer, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    assert_non_null(strstr(answer, "\n# TYPE redis_commands_processed_total counter\n"));
    answer =
        http_talk("GET /metrics HTTP/1.0\r\nAccept: application/openmetrics-text;version=1.0.0,"
                  "text/plain;q=0.5\r\n\r\n");
    assert_non_null(strstr(answer, "\r\nContent-Type: application/openmetrics-text; version=1.0.0; "
                                   "charset=utf-8\r\n"));
    assert_non_null(strstr(answer, "\n# TYPE redis_commands_processed counter\n"
                                   "redis_commands_processed_total 0\n"));
    assert_string_equal(answer + strlen(answer) - 6, "# EOF\n");
}

static void expect_lines(const char *const *lines)
{
    char line[256];

    (void)http_get("/metrics");
    for (size_t i = 0; lines[i] != NULL; i++) {
        snprintf(line, sizeof(line), "\n%s\n", lines[i]);
        if (strstr(http_text, line) == NULL)
            fail_msg("no line %s in: %s", lines[i], http_text);
    }
}

#define GROUP   "{master_name=\"m1\",master_address=\"127.0.0.1:6001\"}"
#define REPLICA "{master_name=\"m1\",replica_address=\"127.0.0.1:6002\"}"

static void test_http__metrics_of_a_group(void **state)
{
    static const char *const lines[] = {
        "redis_sentinel_masters 1",
        "redis_sentinel_master_status{master_name=\"m1\",master_address=\"127.0.0.1:6001\","
        "master_status=\"ok\"} 1",
        "redis_sentinel_master_slaves" GROUP " 1",
        "redis_sentinel_master_ok_slaves" GROUP " 1",
        "redis_sentinel_master_sentinels" GROUP " 1",
        "redis_sentinel_master_ok_sentinels" GROUP " 1",
        "redis_sentinel_master_ckquorum_status{master_name=\"m1\",message=\"NOQUORUM 1 usable "
        "Sentinels. Not enough available Sentinels to reach the specified quorum for this "
        "master\"} 0",
        "redis_sentinel_master_setting_ckquorum" GROUP " 2",
        "redis_sentinel_master_setting_down_after_milliseconds" GROUP " 30000",
        "redis_sentinel_master_setting_failover_timeout" GROUP " 180000",
        "redis_sentinel_master_setting_parallel_syncs" GROUP " 1",
        "redis_sentinel_master_config_epoch" GROUP " 0",
        "sentineld_group_usable_sentinels{master_name=\"m1\"} 1",
        "sentineld_group_failover_in_progress{master_name=\"m1\"} 0",
        "sentineld_replica_up" REPLICA " 1",
        "sentineld_replica_link_up" REPLICA " 1",
        "sentineld_replica_lag_bytes" REPLICA " 1000",
        "sentineld_groups{status=\"ok\"} 1",
        "sentineld_groups{status=\"odown\"} 0",
        NULL};

    (void)state;
    start_with_replica(REPLICA_INFO("slave", "up"));
    expect_lines(lines);
}

static void test_http__an_unknown_lag_is_missing(void **state)
{
    (void)state;
    start_with_replica(REPLICA_INFO("slave", "down"));
    (void)http_get("/metrics");
    assert_non_null(strstr(http_text, "\nsentineld_replica_link_up" REPLICA " 0\n"));
    assert_null(strstr(http_text, "\nsentineld_replica_lag_bytes{"));
}

static void test_http__before_a_switch_nothing_is_lost(void **state)
{
    (void)state;
    start_group();
    (void)http_get("/metrics");
    assert_non_null(strstr(http_text, "\n# TYPE sentineld_group_lost_bytes gauge\n"));
    assert_null(strstr(http_text, "\nsentineld_group_lost_bytes{"));
    assert_null(strstr(http_text, "\nsentineld_group_choice_age_seconds{"));
}

static void test_http__a_strange_name_is_escaped(void **state)
{
    (void)state;
    rig_add_group(&rig, "a\"b\\c\xff", "127.0.0.1", MASTER_PORT);
    http_start();
    (void)http_get("/metrics");
    assert_non_null(strstr(http_text, "{master_name=\"a\\\"b\\\\c\\\\xff\",master_address="));
    http_expect("/groups", 200, "\"name\":\"a\\\"b\\\\c\\\\xff\"");
    http_expect("/groups/a%22b%5cc%ff", 200, "\"status\": \"ok\"");
}

static void test_http__events_and_saves_are_counted(void **state)
{
    static const char *const lines[] = {"sentineld_events_total{event=\"+sdown\"} 2",
                                        "sentineld_switches_total 1",
                                        "sentineld_votes_total 1",
                                        "sentineld_failovers_total{result=\"completed\"} 1",
                                        "sentineld_failovers_total{result=\"not-elected\"} 0",
                                        "sentineld_save_failures_total 1",
                                        "sentineld_save_duration_seconds_bucket{le=\"0.001\"} 1",
                                        "sentineld_save_duration_seconds_bucket{le=\"0.005\"} 2",
                                        "sentineld_save_duration_seconds_bucket{le=\"5.0\"} 2",
                                        "sentineld_save_duration_seconds_bucket{le=\"+Inf\"} 3",
                                        "sentineld_save_duration_seconds_sum 60.004000001",
                                        "sentineld_save_duration_seconds_count 3",
                                        NULL};
    static const struct sn_action_notice events[] = {
        {SN_LEVEL_WARNING, "+sdown", "master m1 10.0.0.1 6379", 0},
        {SN_LEVEL_WARNING, "+switch-master", "m1 10.0.0.1 6379 10.0.0.2 6379", 0},
        {SN_LEVEL_WARNING, "+sdown", "slave 10.0.0.1:6379 10.0.0.1 6379 @ m1 10.0.0.2 6379", 0},
        {SN_LEVEL_WARNING, "+vote-for-leader", "aaaa 7", 0},
        {SN_LEVEL_WARNING, "+failover-end", "master m1 10.0.0.1 6379", 0}};

    (void)state;
    http_start();
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        sn_http_note_event(http, &events[i]);
    sn_http_note_save(http, true, 1);
    sn_http_note_save(http, true, 4000000);
    sn_http_note_save(http, true, 60000000000);
    sn_http_note_save(http, false, 1);
    expect_lines(lines);
}

static void tally(struct sn_tally *counts, const char *name, const char *payload, sn_ms now)
{
    const struct sn_action_notice event = {SN_LEVEL_WARNING, name, payload, 0};

    sn_tally_event(counts, &event, now);
}

static void test_http__the_attempt_that_wins_has_a_duration(void **state)
{
    struct sn_tally counts = {0};

    (void)state;
    tally(&counts, "+try-failover", "master m1 10.0.0.1 6379", 1000);
    tally(&counts, "+try-failover", "master m10 10.0.0.2 6379", 1000);
    tally(&counts, "-failover-abort-not-elected", "master m1 10.0.0.1 6379", 1500);
    tally(&counts, "+switch-master", "m1 10.0.0.1 6379 10.0.0.3 6379", 1700); /* by another one */
    assert_int_equal(counts.failovers.count, 0);
    tally(&counts, "+try-failover", "master m1 10.0.0.3 6379", 2000);
    tally(&counts, "+try-failover", "master m1 10.0.0.3 6379", 3000);
    tally(&counts, "+switch-master", "m1 10.0.0.3 6379 10.0.0.1 6379", 3040);
    assert_int_equal(counts.failovers.count, 1);
    assert_int_equal(counts.failovers.sum_ns, 40000000);
    tally(&counts, "+switch-master", "m1 10.0.0.1 6379 10.0.0.3 6379", 4000);
    tally(&counts, "-monitor", "master m10 10.0.0.2 6379", 5000);
    tally(&counts, "+switch-master", "m10 10.0.0.2 6379 10.0.0.4 6379", 6000);
    assert_int_equal(counts.failovers.count, 1);
    tally(&counts, "+try-failover", "master m2 10.0.0.9 6379", 7000); /* is still going on */
    sn_tally_fini(&counts);
}

/* Such an attempt ends without an event of its own. */
static void test_http__an_attempt_that_another_one_overtakes_has_none(void **state)
{
    struct sn_tally counts = {0};

    (void)state;
    tally(&counts, "+try-failover", "master m1 10.0.0.1 6379", 1000);
    tally(&counts, "+config-update-from", "sentinel id 10.0.0.9 26379 @ m1 10.0.0.1 6379", 1500);
    tally(&counts, "+switch-master", "m1 10.0.0.1 6379 10.0.0.3 6379", 1500);
    tally(&counts, "+try-failover", "master m1 10.0.0.3 6379", 2000);
    tally(&counts, "+reset-master", "master m1 10.0.0.3 6379", 2100);
    tally(&counts, "+switch-master", "m1 10.0.0.3 6379 10.0.0.1 6379", 9000);
    assert_int_equal(counts.failovers.count, 0);
    sn_tally_fini(&counts);
}

static void test_http__durations_are_counted_up_to_their_bound(void **state)
{
    struct sn_histogram histogram = {{0}, 0, 0};

    (void)state;
    sn_histogram_add(&histogram, 999999);
    sn_histogram_add(&histogram, 1000000);
    sn_histogram_add(&histogram, 1000001);
    sn_histogram_add(&histogram, 5000000000);
    sn_histogram_add(&histogram, 5000000001);
    assert_int_equal(histogram.buckets[0], 2);
    assert_int_equal(histogram.buckets[1], 1);
    assert_int_equal(histogram.buckets[SN_HISTOGRAM_BUCKETS - 1], 1);
    assert_int_equal(histogram.count, 5);
    assert_string_equal(sn_histogram_bound(SN_HISTOGRAM_BUCKETS - 1), "5.0");
}

static void remove_group(int client, int number)
{
    char request[64];

    snprintf(request, sizeof(request), "SENTINEL REMOVE group-%03d\r\n", number);
    rig_talk(&rig, client, request, "+OK\r\n");
}

/* The number of the group that the text names last. */
static int last_group(const struct sn_buf *text)
{
    const char *name = sn_buf_text(text);

    for (const char *next = name; next != NULL; next = strstr(next + 1, "\"group-"))
        name = next;
    return atoi(name + strlen("\"group-"));
}

static void test_http__a_loop_that_stood_still_is_seen(void **state)
{
    (void)state;
    http_start();
    uv_sleep(1300); /* the timer of the first second is late by 300 ms */
    rig_wait(&rig, 5);
    (void)http_get("/metrics");
    assert_non_null(strstr(http_text, "\nsentineld_loop_lag_seconds_bucket{le=\"0.25\"} 0\n"));
    assert_non_null(strstr(http_text, "\nsentineld_loop_lag_seconds_count 1\n"));
}

/* A slow reader gets each group that was there all the time, once. */
static void test_http__groups_may_go_while_they_are_told(void **state)
{
    struct sn_metrics metrics = {.family = SN_PROCESS_METRIC_COUNT};
    struct sn_http_parts parts = {0};
    struct sn_buf out;
    char name[64], address[64];
    size_t pieces = 0;

    (void)state;
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "group-%03d", i);
        snprintf(address, sizeof(address), "10.0.0.%d", i + 1);
        rig_add_group(&rig, name, address, 6379);
    }
    http_start();
    int client = rig_dial(&rig);
    parts.driver = rig.driver;
    parts.env.server = rig.server;
    metrics.parts = &parts;
    sn_buf_init(&out, SIZE_MAX);
    while (sn_metrics_next(&metrics, &out) && metrics.family == SN_PROCESS_METRIC_COUNT) {
        /* The group where it pauses, and its neighbours, are gone when it goes on. */
        int last = last_group(&out);
        for (int number = last - 1; number <= last + 1; number++)
            remove_group(client, number);
        pieces++;
    }
    assert_true(pieces > 3);
    for (const struct sn_group *group = sn_core_group_first(rig.core); group != NULL;
         group = sn_group_next(group)) {
        snprintf(name, sizeof(name), "\"%s\"", sn_group_name(group));
        const char *found = strstr(sn_buf_text(&out), name);
        if (found == NULL || strstr(found + 1, name) != NULL)
            fail_msg("%s is missing, or there twice", name);
    }
    sn_buf_fini(&out);
    close(client);
}

/* ---- groups ---- */

static void test_http__groups_as_a_list(void **state)
{
    (void)state;
    rig_add_group(&rig, "m2", "127.0.0.2", MASTER_PORT);
    start_with_replica(REPLICA_INFO("slave", "up"));
    const char *body = http_body(http_get("/groups"));
    assert_non_null(strstr(http_text, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(body, "\"name\":\"m2\",\"status\":\"ok\",\"primary\":{\"host\":"
                                 "\"127.0.0.2\",\"port\":6001},\"quorum\":2,\"replica_count\":0"));
    assert_non_null(strstr(body, "\"name\":\"m1\",\"status\":\"ok\",\"primary\":{\"host\":"
                                 "\"127.0.0.1\",\"port\":6001},\"quorum\":2,\"replica_count\":1"));
}

static void test_http__a_group_may_be_called_like_a_check(void **state)
{
    (void)state;
    rig_add_group(&rig, "m1/primary", "127.0.0.2", MASTER_PORT);
    start_group();
    http_expect("/groups/m1/primary", 200, "\"name\": \"m1/primary\"");
    http_expect("/groups/m1/primary/primary?addr=127.0.0.2:6001", 200, "\"ok\": true");
}

static void test_http__no_groups_are_an_empty_list(void **state)
{
    (void)state;
    http_start();
    http_expect("/groups", 200, "{\"groups\": [\n]}\n");
}

static void test_http__a_group_in_full(void **state)
{
    (void)state;
    start_with_replica(REPLICA_INFO("slave", "up"));
    http_expect("/groups/m1", 200, "\"reported_role\": \"slave\"");
    assert_non_null(strstr(http_text, "\"lag_bytes\": 1000,"));
    assert_non_null(strstr(http_text, "\"run_id\": \"1123456789012345678901234567890123456789\""));
    assert_non_null(strstr(http_text, "\"down_after_ms\": 30000,"));
    assert_non_null(strstr(http_text, "\"failover_possible\": false,"));
    assert_non_null(strstr(http_text, "\"failover\": null,"));
}

/* ---- the page ---- */

static void test_http__the_page_has_all_groups_and_no_markup_of_others(void **state)
{
    char name[32];

    (void)state;
    rig_add_group(&rig, "<b>&\"'\xff/", "::1", MASTER_PORT);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "group-%03d", i);
        rig_add_group(&rig, name, "127.0.0.1", MASTER_PORT);
    }
    http_start();
    const char *body = http_body(http_get("/"));
    assert_non_null(strstr(http_text, "\r\nContent-Type: text/html; charset=utf-8\r\n"));
    assert_non_null(strstr(http_text, "\r\nContent-Security-Policy: default-src 'none'; "));
    assert_non_null(strstr(body, "<th scope=\"row\"><a href=\"/groups/%3Cb%3E%26%22%27%FF%2F\">"
                                 "&lt;b&gt;&amp;&quot;&#39;\\xff/</a></th><td class=\"state\">ok"
                                 "</td><td>[::1]:6001</td><td>0 of 0</td><td>1 of 1</td>"));
    assert_null(strstr(body, "<b>"));
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), ">group-%03d</a>", i);
        assert_non_null(strstr(body, name));
    }
    assert_non_null(strstr(body, "</html>\n"));
    http_expect("/groups/%3Cb%3E%26%22%27%FF%2F", 200, "\"quorum\": 2");
    http_expect("/page.css", 200, "\r\nContent-Type: text/css; charset=utf-8\r\n");
    http_expect("/page.js", 200, "\r\nContent-Type: text/javascript; charset=utf-8\r\n");
}

/* ---- health checks ---- */

static void test_http__primary_is_the_master(void **state)
{
    (void)state;
    start_group();
    http_expect("/groups/m1/primary?addr=127.0.0.1:6001", 200, "\"ok\": true");
    http_expect("/groups/m1/primary?addr=127.0.0.1:6002", 503, "the primary is another server");
    http_expect("/groups/m1/primary?addr=[::1]:6001", 503, "the primary is another server");
    http_expect("/groups/m1/primary?addr=host.example:6001", 503, "\"ok\": false");
    http_expect("/groups/m1/primary", 400, "?addr=HOST:PORT");
    http_expect("/groups/m1/primary?addr", 400, "?addr=HOST:PORT");
    http_expect("/groups/m1/primary?addr=127.0.0.1", 400, "?addr=HOST:PORT");
    http_expect("/groups/m1/primary?addr=127.0.0.1:65536", 400, "?addr=HOST:PORT");
    http_expect("/groups/m1/primary?addr=a%20b:1", 400, "?addr=HOST:PORT");
    assert_int_equal(http_status(http_ask("OPTIONS", "/groups/m1/primary?addr=127.0.0.1:6002")),
                     503);
}

static void test_http__replica_follows_and_is_near(void **state)
{
    (void)state;
    start_with_replica(REPLICA_INFO("slave", "up"));
    http_expect("/groups/m1/replica?addr=127.0.0.1:6002", 200, "\"ok\": true");
    http_expect("/groups/m1/replica?addr=127.0.0.1:6001", 503, "no replica of the group");
    http_expect("/groups/m1/replica?addr=127.0.0.1:6002&lag=1000", 200, "\"ok\": true");
    http_expect("/groups/m1/replica?addr=127.0.0.1:6002&lag=999", 503, "lags too much");
    http_expect("/groups/m1/replica?addr=127.0.0.1:6002&lag=1kb", 200, "\"ok\": true");
    http_expect("/groups/m1/replica?addr=127.0.0.1:6002&lag=much", 400, "?lag=BYTES");
    http_expect("/groups/m1/replica?addr=127.0.0.1:6002&lag=-1", 400, "?lag=BYTES");
    http_expect("/groups/m1/replica", 400, "?addr=HOST:PORT");
}

/* Of a server that may claim anything. */
static void test_http__a_lag_is_never_negative(void **state)
{
    (void)state;
    rig_add_group(&rig, "m1", "127.0.0.1", MASTER_PORT);
    rig.watched_port = MASTER_PORT;
    http_start();
    rig.watched_port = REPLICA_PORT;
    rig_tell_info(&rig, "run_id:0123456789012345678901234567890123456789\r\nrole:master\r\n"
                        "master_repl_offset:18446744073709551615\r\n"
                        "slave0:ip=127.0.0.1,port=6002,state=online,offset=4000,lag=0\r\n");
    rig_tell_info(&rig, REPLICA_INFO("slave", "up"));
    http_expect("/groups/m1", 200, "\"lag_bytes\": 9223372036854775807");
}

static void test_http__replica_without_its_link_has_no_known_lag(void **state)
{
    (void)state;
    start_with_replica(REPLICA_INFO("slave", "down"));
    http_expect("/groups/m1/replica?addr=127.0.0.1:6002", 200, "\"ok\": true");
    http_expect("/groups/m1/replica?addr=127.0.0.1:6002&lag=1mb", 503, "lost its link");
}

static void test_http__replica_has_to_say_so(void **state)
{
    (void)state;
    start_group();
    http_expect("/groups/m1/replica?addr=127.0.0.1:6002", 503, "has not answered INFO yet");
}

static void test_http__replica_that_was_promoted_by_hand_is_none(void **state)
{
    (void)state;
    start_with_replica(REPLICA_INFO("master", "up"));
    http_expect("/groups/m1/replica?addr=127.0.0.1:6002", 503, "says that it is a master");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, http_prepare, http_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_http__each_family_stands_once_and_in_order),
        TEST(test_http__metrics_have_the_form_that_is_asked_for),
        TEST(test_http__metrics_of_a_group),
        TEST(test_http__an_unknown_lag_is_missing),
        TEST(test_http__a_lag_is_never_negative),
        TEST(test_http__before_a_switch_nothing_is_lost),
        TEST(test_http__a_strange_name_is_escaped),
        TEST(test_http__events_and_saves_are_counted),
        cmocka_unit_test(test_http__the_attempt_that_wins_has_a_duration),
        cmocka_unit_test(test_http__an_attempt_that_another_one_overtakes_has_none),
        cmocka_unit_test(test_http__durations_are_counted_up_to_their_bound),
        TEST(test_http__a_loop_that_stood_still_is_seen),
        TEST(test_http__groups_may_go_while_they_are_told),
        TEST(test_http__groups_as_a_list),
        TEST(test_http__a_group_may_be_called_like_a_check),
        TEST(test_http__no_groups_are_an_empty_list),
        TEST(test_http__a_group_in_full),
        TEST(test_http__the_page_has_all_groups_and_no_markup_of_others),
        TEST(test_http__primary_is_the_master),
        TEST(test_http__replica_follows_and_is_near),
        TEST(test_http__replica_without_its_link_has_no_known_lag),
        TEST(test_http__replica_has_to_say_so),
        TEST(test_http__replica_that_was_promoted_by_hand_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
