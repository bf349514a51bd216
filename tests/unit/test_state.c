/* SPDX-License-Identifier: BSD-3-Clause */

/* The state file: round trips, what wins over what, damage. */

#include "base/alloc.h"
#include "base/error.h"
#include "base/prng.h"
#include "conf/conf.h"
#include "conf/read/parse.h"
#include "conf/state/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID   "3b8e95767f1adb4b44a4dcdaba4431ee682d8de5"
#define PEER "d05b8fec686cc4c148dd3835ef2daa4fad2f81bd"
#define TWO_GROUPS                                                                                 \
    "[sentinel]\nport = 1\nannounce-port = 7\n"                                                    \
    "[master a]\naddress = 127.0.0.1:6379\nquorum = 2\nauth-pass = old\n"                          \
    "[master b]\naddress = 127.0.0.1:6380\nquorum = 2\ndown-after-milliseconds = 5000\n"

static char folder[] = "/tmp/sn_state_XXXXXX";
static char conf_path[64];
static char state_path[64];

static void put_file(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
}

static int try_load(const char *text, struct sn_conf *conf, struct sn_buf *error)
{
    put_file(conf_path, text, strlen(text));
    sn_buf_init(error, SIZE_MAX);
    return sn_conf_load(conf_path, 0, NULL, conf, error);
}

static void load(const char *text, struct sn_conf *conf)
{
    struct sn_buf error;
    if (try_load(text, conf, &error) < 0)
        fail_msg("%s", sn_buf_text(&error));
    sn_buf_fini(&error);
}

static void save(const struct sn_conf *conf)
{
    struct sn_buf out;
    sn_buf_init(&out, SIZE_MAX);
    assert_int_equal(sn_conf_render(conf, &conf->image, "", 0, &out), 0);
    put_file(state_path, out.data, out.len);
    sn_buf_fini(&out);
}

static void set(struct sn_group_params *params, enum sn_option option, const char *value,
                int64_t number)
{
    struct sn_change change = {.option = option, .value = value, .number = number};
    sn_group_params_apply(params, &change);
}

static struct sn_addr address(const char *host, uint16_t port)
{
    struct sn_addr addr;
    assert_int_equal(sn_addr_make(host, port, &addr), 0);
    return addr;
}

static void assert_notice(const struct sn_conf *conf, const char *part)
{
    for (size_t i = 0; i < conf->notice_count; i++) {
        if (strstr(conf->notices[i], part) != NULL)
            return;
    }
    fail_msg("no notice says: %s", part);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(conf_path, sizeof(conf_path), "%s/s.ini", folder);
    snprintf(state_path, sizeof(state_path), "%s/s.state", folder);
    return 0;
}

static int drop_files(void **state)
{
    char journal[128];
    (void)state;
    snprintf(journal, sizeof(journal), "%s.journal", state_path);
    unlink(conf_path);
    unlink(state_path);
    unlink(journal);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void test_state__first_start_needs_no_file(void **state)
{
    struct sn_conf conf;

    (void)state;
    load(TWO_GROUPS, &conf);
    assert_int_equal(conf.image.group_count, 2);
    assert_string_equal(conf.image.myid.hex, "");
    assert_int_equal(conf.notice_count, 0);
    sn_conf_fini(&conf);
}

static void test_state__what_was_learned_comes_back(void **state)
{
    static const struct sn_runid peer = {PEER};
    struct sn_conf conf;
    struct sn_addr addr;

    (void)state;
    load(TWO_GROUPS, &conf);
    memcpy(conf.image.myid.hex, ID, sizeof(ID));
    conf.image.current_epoch = 12;
    struct sn_group_image *group = &conf.image.groups[1];
    group->addr = address("2001:db8::1", 6381);
    group->config_epoch = 11;
    group->leader_epoch = 12;
    group->leader = peer;
    addr = address("127.0.0.1", 6380);
    sn_group_image_add_replica(group, &addr);
    addr = address("db.example", 0);
    sn_group_image_add_replica(group, &addr);
    addr = address("127.0.0.1", 26380);
    sn_group_image_add_peer(group, &addr, &peer);
    save(&conf);
    sn_conf_fini(&conf);

    load(TWO_GROUPS, &conf);
    assert_string_equal(conf.image.myid.hex, ID);
    assert_int_equal(conf.image.current_epoch, 12);
    group = &conf.image.groups[1];
    assert_string_equal(group->addr.ip, "2001:db8::1");
    assert_int_equal(group->addr.port, 6381);
    assert_int_equal(group->config_epoch, 11);
    assert_int_equal(group->leader_epoch, 12);
    assert_string_equal(group->leader.hex, PEER);
    assert_int_equal(group->replica_count, 2);
    assert_string_equal(group->replicas[1].host, "db.example");
    assert_string_equal(group->replicas[1].ip, "");
    assert_int_equal(group->peer_count, 1);
    assert_int_equal(group->peers[0].addr.port, 26380);
    assert_int_equal(group->params.down_after_ms, 5000);
    assert_int_equal(conf.image.groups[0].leader_epoch, 0);
    assert_int_equal(conf.notice_count, 0);
    sn_conf_fini(&conf);
}

static void change_at_run_time(struct sn_conf *conf)
{
    struct sn_group_params *params = &conf->image.groups[0].params;
    struct sn_change rename = {.option = SN_OPTION_RENAME_COMMAND, .value = "GET", .to = "g;x"};
    struct sn_change port = {.option = SN_OPTION_ANNOUNCE_PORT, .value = "9", .number = 9};
    struct sn_change pass = {.option = SN_OPTION_SENTINEL_PASS, .value = "p w ;#\"\\"};
    struct sn_addr addr = address("127.0.0.1", 7000);

    set(params, SN_OPTION_AUTH_PASS, "new", 0);
    set(params, SN_OPTION_QUORUM, "", 5);
    set(params, SN_OPTION_DOWN_AFTER, "", 777);
    sn_group_params_apply(params, &rename);
    sn_globals_apply(&conf->image.globals, &port);
    sn_globals_apply(&conf->image.globals, &pass);
    sn_image_remove_group(&conf->image, 1);
    set(&sn_image_add_group(&conf->image, "c", &addr, 4)->params, SN_OPTION_PARALLEL_SYNCS, "", 3);
}

static void test_state__run_time_changes_come_back(void **state)
{
    struct sn_conf conf;

    (void)state;
    load(TWO_GROUPS, &conf);
    change_at_run_time(&conf);
    save(&conf);
    sn_conf_fini(&conf);

    for (int round = 0; round < 2; round++) {
        load(TWO_GROUPS, &conf);
        assert_int_equal(conf.notice_count, 0);
        assert_int_equal(conf.image.group_count, 2);
        const struct sn_group_params *params = &conf.image.groups[0].params;
        assert_string_equal(params->auth_pass, "new");
        assert_int_equal(params->quorum, 5);
        assert_int_equal(params->down_after_ms, 777);
        assert_string_equal(sn_group_params_command(params, "get"), "g;x");
        assert_int_equal(conf.image.globals.announce_port, 9);
        assert_string_equal(conf.image.globals.sentinel_pass, "p w ;#\"\\");
        assert_string_equal(conf.image.groups[1].name, "c");
        assert_int_equal(conf.image.groups[1].params.quorum, 4);
        assert_int_equal(conf.image.groups[1].params.parallel_syncs, 3);
        assert_int_equal(conf.image.groups[1].addr.port, 7000);
        save(&conf); /* once more through a file that was written from what was read */
        sn_conf_fini(&conf);
    }
}

static void test_state__a_later_edit_of_the_file_wins(void **state)
{
    struct sn_conf conf;

    (void)state;
    load(TWO_GROUPS, &conf);
    change_at_run_time(&conf);
    save(&conf);
    sn_conf_fini(&conf);

    load("[sentinel]\nport = 1\nannounce-port = 8\n"
         "[master a]\naddress = 127.0.0.1:6379\nquorum = 3\nauth-pass = edited\n"
         "[master b]\naddress = 127.0.0.1:6390\nquorum = 2\n"
         "[master c]\naddress = 127.0.0.1:7000\nquorum = 2\n",
         &conf);
    const struct sn_group_params *params = &conf.image.groups[0].params;
    assert_string_equal(params->auth_pass, "edited");
    assert_int_equal(params->quorum, 3);
    assert_int_equal(params->down_after_ms, 777); /* nobody has touched that one */
    assert_int_equal(conf.image.globals.announce_port, 8);
    assert_notice(&conf, "auth-pass of group a was changed at run time and later in this file");
    assert_notice(&conf, "quorum of group a was changed");
    assert_notice(&conf, "announce-port was changed");
    assert_notice(&conf, "group b was removed at run time, but later changed in this file");
    assert_int_equal(conf.image.group_count, 3);
    assert_int_equal(conf.image.groups[1].addr.port, 6390);
    assert_int_equal(conf.image.groups[2].params.quorum, 2);
    assert_int_equal(conf.image.groups[2].params.parallel_syncs, 3);
    for (size_t i = 0; i < conf.notice_count; i++) /* a password is not shown */
        assert_null(strstr(conf.notices[i], "edited"));

    /* After the next save the edit is the base, and nothing is said any more. */
    save(&conf);
    sn_conf_fini(&conf);
    load("[sentinel]\nport = 1\nannounce-port = 8\n"
         "[master a]\naddress = 127.0.0.1:6379\nquorum = 3\nauth-pass = edited\n"
         "[master b]\naddress = 127.0.0.1:6390\nquorum = 2\n"
         "[master c]\naddress = 127.0.0.1:7000\nquorum = 2\n",
         &conf);
    assert_int_equal(conf.notice_count, 0);
    assert_int_equal(conf.image.groups[0].params.down_after_ms, 777);
    sn_conf_fini(&conf);
}

static void test_state__an_edited_address_wins_over_a_failover(void **state)
{
    struct sn_conf conf;
    struct sn_addr addr = address("127.0.0.1", 6399);

    (void)state;
    load(TWO_GROUPS, &conf);
    conf.image.groups[0].addr = addr;
    conf.image.groups[0].config_epoch = 4;
    addr = address("127.0.0.1", 6379);
    sn_group_image_add_replica(&conf.image.groups[0], &addr);
    addr = address("10.0.0.1", 6379);
    sn_group_image_add_replica(&conf.image.groups[0], &addr);
    save(&conf);
    sn_conf_fini(&conf);

    load("[master a]\naddress = 10.0.0.1:6379\nquorum = 2\n", &conf);
    assert_string_equal(conf.image.groups[0].addr.ip, "10.0.0.1");
    assert_int_equal(conf.image.groups[0].config_epoch, 4);
    assert_int_equal(conf.image.groups[0].replica_count, 1);
    assert_notice(&conf, "the address of group a was changed in this file");
    assert_notice(&conf, "group b is no longer in this file");
    assert_int_equal(conf.image.group_count, 1);
    sn_conf_fini(&conf);
}

static void test_state__a_group_added_at_run_time_and_configured_later(void **state)
{
    struct sn_conf conf;
    struct sn_addr addr = address("127.0.0.1", 7001);

    (void)state;
    load("[sentinel]\nport = 1\n", &conf);
    struct sn_group_image *group = sn_image_add_group(&conf.image, "c", &addr, 4);
    addr = address("127.0.0.1", 7000);
    sn_group_image_add_replica(group, &addr);
    save(&conf);
    sn_conf_fini(&conf);

    /* The file names a member that is replica now: the failover stands. */
    load("[master c]\naddress = 127.0.0.1:7000\nquorum = 2\n", &conf);
    assert_int_equal(conf.image.groups[0].addr.port, 7001);
    sn_conf_fini(&conf);
    load("[master c]\naddress = 127.0.0.1:7002\nquorum = 2\n", &conf);
    assert_int_equal(conf.image.groups[0].addr.port, 7002);
    sn_conf_fini(&conf);
}

static void test_state__long_and_odd_values(void **state)
{
    struct sn_conf conf;
    char pass[3001];
    struct sn_prng prng;
    char name[SN_NAME_MAX + 1];
    struct sn_addr addr = address("127.0.0.1", 7000);

    (void)state;
    memset(name, 'n', SN_NAME_MAX);
    name[SN_NAME_MAX] = '\0';
    sn_prng_init(&prng, 1);
    for (int round = 0; round < 50; round++) {
        size_t len = (size_t)sn_prng_below(&prng, sizeof(pass) - 1) + 1;
        for (size_t i = 0; i < len; i++) {
            do {
                pass[i] = (char)sn_prng_below(&prng, 256);
            } while ((unsigned char)pass[i] < 0x20 || pass[i] == 0x7f);
        }
        pass[len] = '\0';
        load("[sentinel]\nport = 1\n", &conf);
        for (size_t i = conf.image.group_count; i > 0; i--)
            sn_image_remove_group(&conf.image, i - 1);
        set(&sn_image_add_group(&conf.image, name, &addr, 1)->params, SN_OPTION_AUTH_PASS, pass, 0);
        save(&conf);
        sn_conf_fini(&conf);
        load("[sentinel]\nport = 1\n", &conf);
        assert_int_equal(conf.image.group_count, 1);
        assert_string_equal(conf.image.groups[0].name, name);
        assert_string_equal(conf.image.groups[0].params.auth_pass, pass);
        sn_conf_fini(&conf);
    }
}

/* Whatever limit the library was built with: no line of ours comes near its default of 200 bytes.
 */
static void test_state__lines_are_short(void **state)
{
    struct sn_conf conf;
    struct sn_buf out;
    char pass[2001], host[SN_HOST_MAX + 1];
    static const struct sn_runid peer = {PEER};

    (void)state;
    memset(pass, ';', 1000);
    memset(pass + 1000, 'x', 1000);
    pass[2000] = '\0';
    memset(host, 'h', SN_HOST_MAX);
    host[SN_HOST_MAX] = '\0';
    load("[sentinel]\nport = 1\n", &conf);
    struct sn_addr addr = address(host, 65535);
    struct sn_group_image *group = sn_image_add_group(&conf.image, host, &addr, 1);
    set(&group->params, SN_OPTION_AUTH_PASS, pass, 0);
    sn_group_image_add_peer(group, &addr, &peer);
    sn_buf_init(&out, SIZE_MAX);
    assert_int_equal(sn_conf_render(&conf, &conf.image, "", 0, &out), 0);
    for (char *line = strtok(out.data, "\n"); line != NULL; line = strtok(NULL, "\n"))
        assert_true(strlen(line) < 198);
    sn_buf_fini(&out);
    save(&conf);
    sn_conf_fini(&conf);

    load("[sentinel]\nport = 1\n", &conf);
    group = &conf.image.groups[0];
    assert_string_equal(group->name, host);
    assert_string_equal(group->addr.host, host);
    assert_string_equal(group->peers[0].addr.host, host);
    assert_string_equal(group->params.auth_pass, pass);
    sn_conf_fini(&conf);
}

/* Any 40 bytes but control characters, blanks and commas are an id. */
static const char *const odd_ids[] = {
    "redis-sentinel-node-1-aaaaaaaaaaaaaaaaaa",
    "REDIS-SENTINEL-NODE-1-AAAAAAAAAAAAAAAAAA",
    "D05B8FEC686CC4C148DD3835EF2DAA4FAD2F81BD",
    ";#[x]=\"'\\!$%&()*+-./:<>?@^_`{|}~01234567",
    "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"",
    ";;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;",
    "\xff\xfe\xc3\xa9\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xff\xff"
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
};
#define ODD_IDS (sizeof(odd_ids) / sizeof(odd_ids[0]))

static void test_state__any_id_comes_back(void **state)
{
    struct sn_conf conf;

    (void)state;
    for (size_t own = 0; own < ODD_IDS; own++) {
        unlink(state_path);
        load(TWO_GROUPS, &conf);
        struct sn_group_image *group = &conf.image.groups[0];
        memcpy(conf.image.myid.hex, odd_ids[own], SN_RUNID_LEN + 1);
        memcpy(group->leader.hex, odd_ids[own], SN_RUNID_LEN + 1);
        group->leader_epoch = 7;
        for (size_t i = 0; i < ODD_IDS; i++) {
            struct sn_addr addr = address("2001:db8::1", (uint16_t)(i + 1));
            struct sn_runid runid;
            memcpy(runid.hex, odd_ids[i], sizeof(runid.hex));
            sn_group_image_add_peer(group, &addr, &runid);
        }
        save(&conf);
        sn_conf_fini(&conf);

        load(TWO_GROUPS, &conf);
        group = &conf.image.groups[0];
        assert_string_equal(conf.image.myid.hex, odd_ids[own]);
        assert_string_equal(group->leader.hex, odd_ids[own]);
        assert_int_equal(group->peer_count, ODD_IDS);
        for (size_t i = 0; i < ODD_IDS; i++) {
            assert_string_equal(group->peers[i].runid.hex, odd_ids[i]);
            assert_string_equal(group->peers[i].addr.ip, "2001:db8::1");
        }
        sn_conf_fini(&conf);
    }
}

static void test_state__every_damage_is_found(void **state)
{
    struct sn_conf conf;
    struct sn_buf out, problem;
    struct sn_state parsed;

    (void)state;
    load(TWO_GROUPS, &conf);
    change_at_run_time(&conf);
    sn_buf_init(&out, SIZE_MAX);
    sn_buf_init(&problem, SIZE_MAX);
    assert_int_equal(sn_conf_render(&conf, &conf.image, "", 0, &out), 0);
    sn_conf_fini(&conf);
    assert_int_equal(sn_state_parse(out.data, out.len, &parsed, &problem), 0);
    sn_state_fini(&parsed);

    for (size_t len = 0; len < out.len; len++) { /* cut anywhere */
        char *cut = sn_strndup(out.data, len);
        assert_int_equal(sn_state_parse(cut, len, &parsed, &problem), SN_ECORRUPT);
        free(cut);
    }
    for (size_t i = 0; i < out.len; i++) { /* one bit anywhere */
        out.data[i] ^= 1;
        assert_int_equal(sn_state_parse(out.data, out.len, &parsed, &problem), SN_ECORRUPT);
        out.data[i] ^= 1;
    }
    sn_buf_fini(&out);
    sn_buf_fini(&problem);
}

static void test_state__damage_stops_the_start_with_advice(void **state)
{
    struct sn_conf conf;
    struct sn_buf error;

    (void)state;
    load(TWO_GROUPS, &conf);
    save(&conf);
    sn_conf_fini(&conf);
    put_file(state_path, "version = 1\n", 12);
    assert_int_equal(try_load(TWO_GROUPS, &conf, &error), SN_ECORRUPT);
    assert_non_null(strstr(sn_buf_text(&error), state_path));
    assert_non_null(strstr(sn_buf_text(&error), "it is not complete"));
    assert_non_null(strstr(sn_buf_text(&error), "remove it"));
    sn_buf_fini(&error);
    put_file(state_path, "", 0);
    assert_int_equal(try_load(TWO_GROUPS, &conf, &error), SN_ECORRUPT);
    sn_buf_fini(&error);
    put_file(state_path, "; x\nversion = 2\n\nchecksum = 0\n", 30);
    assert_int_equal(try_load(TWO_GROUPS, &conf, &error), SN_ECORRUPT);
    assert_non_null(strstr(sn_buf_text(&error), "its version is 2, this program knows version 1"));
    sn_buf_fini(&error);
}

static void test_state__journal_stands_in_for_a_damaged_or_missing_file(void **state)
{
    struct sn_conf conf;
    char journal[128];

    (void)state;
    snprintf(journal, sizeof(journal), "%s.journal", state_path);
    load(TWO_GROUPS, &conf);
    conf.image.current_epoch = 5;
    save(&conf);
    sn_conf_fini(&conf);
    assert_int_equal(rename(state_path, journal), 0);
    load(TWO_GROUPS, &conf);
    assert_int_equal(conf.image.current_epoch, 5);
    assert_notice(&conf, "using its journal");
    sn_conf_fini(&conf);

    put_file(state_path, "torn", 4);
    load(TWO_GROUPS, &conf);
    assert_int_equal(conf.image.current_epoch, 5);
    sn_conf_fini(&conf);
}

static void test_state__spoilt_epochs_stop_no_start(void **state)
{
    struct sn_conf conf;

    (void)state;
    load(TWO_GROUPS, &conf);
    conf.image.current_epoch = UINT64_MAX;
    conf.image.groups[0].config_epoch = SN_EPOCH_SAVED_MAX + 1;
    conf.image.groups[0].leader_epoch = SN_EPOCH_SAVED_MAX;
    conf.image.groups[1].config_epoch = UINT64_C(1) << 48;
    save(&conf);
    sn_conf_fini(&conf);
    load(TWO_GROUPS, &conf);
    assert_true(conf.image.current_epoch == SN_EPOCH_FAR);
    assert_true(conf.image.groups[0].config_epoch == SN_EPOCH_FAR);
    assert_true(conf.image.groups[0].leader_epoch == SN_EPOCH_SAVED_MAX);
    assert_true(conf.image.groups[1].config_epoch == UINT64_C(1) << 48);
    assert_notice(&conf, "an epoch in");
    sn_conf_fini(&conf);
}

static void test_state__file_of_the_redis_syntax_with_a_state_file(void **state)
{
    static const char text[] = "state-file s.state\nsentinel myid " ID "\n"
                               "sentinel monitor m 127.0.0.1 6379 2\n"
                               "sentinel config-epoch m 3\nsentinel leader-epoch m 4\n"
                               "sentinel known-replica m 127.0.0.1 6380\n";
    struct sn_conf conf;

    (void)state;
    load(text, &conf);
    assert_false(conf.state_in_conf);
    assert_string_equal(conf.state_path, state_path);
    assert_string_equal(conf.image.myid.hex, ID); /* taken over from the time before */
    assert_int_equal(conf.image.groups[0].replica_count, 1);
    conf.image.groups[0].leader_epoch = conf.image.current_epoch = 9;
    conf.image.groups[0].replica_count = 0;
    save(&conf);
    sn_conf_fini(&conf);
    load(text, &conf);
    assert_int_equal(conf.image.groups[0].leader_epoch, 9);
    assert_int_equal(conf.image.groups[0].replica_count, 0);
    sn_conf_fini(&conf);

    struct sn_buf error;
    assert_int_equal(try_load("state-file s.ini\n", &conf, &error), SN_EINVAL);
    sn_buf_fini(&error);
}

static void test_state__control_characters_are_never_written(void **state)
{
    struct sn_conf conf;
    struct sn_buf out;

    (void)state;
    load(TWO_GROUPS, &conf);
    set(&conf.image.groups[0].params, SN_OPTION_AUTH_PASS, "a\nb", 0);
    sn_buf_init(&out, SIZE_MAX);
    assert_int_equal(sn_conf_render(&conf, &conf.image, "", 0, &out), SN_EINVAL);
    sn_buf_fini(&out);
    sn_conf_fini(&conf);
}

static void test_state__never_writes_what_could_not_be_read(void **state)
{
    static const struct sn_runid none = {""}, odd = {"short"};
    static const struct sn_addr nowhere = {.port = 1};
    struct sn_conf conf;
    struct sn_buf out;

    (void)state;
    load(TWO_GROUPS, &conf);
    struct sn_group_image *group = &conf.image.groups[0];
    sn_group_image_add_replica(group, &nowhere);
    sn_group_image_add_peer(group, &group->addr, &none);
    sn_group_image_add_peer(group, &group->addr, &odd);
    group->leader = odd;
    save(&conf);
    sn_conf_fini(&conf);
    load(TWO_GROUPS, &conf);
    assert_int_equal(conf.image.groups[0].replica_count, 0);
    assert_int_equal(conf.image.groups[0].peer_count, 0);
    conf.image.groups[0].addr = nowhere;
    sn_buf_init(&out, SIZE_MAX);
    assert_int_equal(sn_conf_render(&conf, &conf.image, "", 0, &out), SN_EINVAL);
    sn_buf_fini(&out);
    sn_conf_fini(&conf);
}

#define BASE_USERS                                                                                 \
    "user default on nopass ~* &* +@all\nuser gone on nopass -@all +ping\nuser kept off -@all\n"
#define NOW_USERS                                                                                  \
    "user default on #aa ~* &* +@all\nuser kept off -@all\n"                                       \
    "user new on resetchannels &a;b -@all +ping (+info &x)\n"
#define USER_CONF "[sentinel]\nport = 1\nuser = gone on nopass +ping\nuser = kept off\n"

static void save_users(struct sn_conf *conf)
{
    conf->live.users = NOW_USERS;
    conf->live.users_base = BASE_USERS;
    save(conf);
}

static void assert_user(const struct sn_conf *conf, const char *name, const char *line)
{
    struct sn_buf text;

    sn_buf_init(&text, SIZE_MAX);
    for (size_t i = 0; i < conf->settings.user_count; i++) {
        const struct sn_setting_words *words = &conf->settings.users[i];
        if (strcmp(words->items[0], name) != 0)
            continue;
        for (size_t j = 0; j < words->count; j++)
            sn_buf_printf(&text, j > 0 ? " %s" : "%s", words->items[j]);
    }
    assert_string_equal(sn_buf_text(&text), line);
    sn_buf_fini(&text);
}

static void test_state__users_changed_at_run_time_come_back(void **state)
{
    struct sn_conf conf;

    (void)state;
    load(USER_CONF, &conf);
    assert_false(conf.users_restored);
    save_users(&conf);
    sn_conf_fini(&conf);
    for (int round = 0; round < 2; round++) {
        load(USER_CONF, &conf);
        assert_int_equal(conf.notice_count, 0);
        assert_true(conf.users_restored);
        assert_int_equal(conf.settings.user_count, 3);
        assert_user(&conf, "default", "default on #aa ~* &* +@all");
        assert_user(&conf, "new", "new on resetchannels &a;b -@all +ping (+info &x)");
        assert_user(&conf, "gone", "");
        assert_user(&conf, "kept", "kept off");
        save_users(&conf);
        sn_conf_fini(&conf);
    }
}

static void test_state__a_user_edited_in_the_file_is_the_files(void **state)
{
    struct sn_conf conf;

    (void)state;
    load(USER_CONF, &conf);
    save_users(&conf);
    sn_conf_fini(&conf);

    load("[sentinel]\nport = 1\nrequirepass = pw\nuser = gone on nopass +info\n"
         "user = other on +ping\n",
         &conf);
    assert_int_equal(conf.notice_count, 2);
    assert_notice(&conf, "user default was changed at run time and later in this file");
    assert_notice(&conf, "user gone was changed at run time and later in this file");
    assert_user(&conf, "default", "");
    assert_user(&conf, "gone", "gone on nopass +info");
    assert_user(&conf, "new", "new on resetchannels &a;b -@all +ping (+info &x)");
    assert_user(&conf, "other", "other on +ping");
    assert_user(&conf, "kept", "");
    sn_conf_fini(&conf);

    load("[sentinel]\nport = 1\naclfile = users.acl\n", &conf);
    assert_int_equal(conf.settings.user_count, 0);
    assert_notice(&conf, "the ACL file defines all users");
    sn_conf_fini(&conf);
}

static void test_state__log_level_changed_at_run_time_comes_back(void **state)
{
    struct sn_conf conf;

    (void)state;
    load("[sentinel]\nloglevel = verbose\n", &conf);
    conf.live.loglevel = SN_LEVEL_DEBUG;
    save(&conf);
    sn_conf_fini(&conf);
    for (int round = 0; round < 2; round++) { /* the second time it is not live */
        load("[sentinel]\nloglevel = verbose\n", &conf);
        assert_int_equal(conf.settings.loglevel, SN_LEVEL_DEBUG);
        assert_int_equal(conf.notice_count, 0);
        save(&conf);
        sn_conf_fini(&conf);
    }
    load("[sentinel]\nloglevel = warning\n", &conf);
    assert_int_equal(conf.settings.loglevel, SN_LEVEL_WARNING);
    assert_notice(&conf, "loglevel was changed at run time and later in this file");
    save(&conf);
    sn_conf_fini(&conf);
    load("[sentinel]\nloglevel = verbose\n", &conf); /* the file has won, for good */
    assert_int_equal(conf.settings.loglevel, SN_LEVEL_VERBOSE);
    sn_conf_fini(&conf);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, drop_files, drop_files)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_state__first_start_needs_no_file),
        TEST(test_state__what_was_learned_comes_back),
        TEST(test_state__run_time_changes_come_back),
        TEST(test_state__a_later_edit_of_the_file_wins),
        TEST(test_state__an_edited_address_wins_over_a_failover),
        TEST(test_state__a_group_added_at_run_time_and_configured_later),
        TEST(test_state__long_and_odd_values),
        TEST(test_state__lines_are_short),
        TEST(test_state__any_id_comes_back),
        TEST(test_state__every_damage_is_found),
        TEST(test_state__damage_stops_the_start_with_advice),
        TEST(test_state__journal_stands_in_for_a_damaged_or_missing_file),
        TEST(test_state__spoilt_epochs_stop_no_start),
        TEST(test_state__file_of_the_redis_syntax_with_a_state_file),
        TEST(test_state__control_characters_are_never_written),
        TEST(test_state__never_writes_what_could_not_be_read),
        TEST(test_state__users_changed_at_run_time_come_back),
        TEST(test_state__a_user_edited_in_the_file_is_the_files),
        TEST(test_state__log_level_changed_at_run_time_comes_back),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
