/* SPDX-License-Identifier: BSD-3-Clause */
/* The state file: odd values, and damage (PROTOCOL.md §19.8). */
#include "state_kit.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_state__long_and_odd_values),
        TEST(test_state__lines_are_short),
        TEST(test_state__any_id_comes_back),
        TEST(test_state__every_damage_is_found),
        TEST(test_state__damage_stops_the_start_with_advice),
        TEST(test_state__journal_stands_in_for_a_damaged_or_missing_file),
        TEST(test_state__spoilt_epochs_stop_no_start),
        TEST(test_state__control_characters_are_never_written),
        TEST(test_state__never_writes_what_could_not_be_read),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
