/* SPDX-License-Identifier: BSD-3-Clause */

/* The state file: round trips, and what wins over what. */
#include "state_kit.h"

#define ID "3b8e95767f1adb4b44a4dcdaba4431ee682d8de5"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_state__first_start_needs_no_file),
        TEST(test_state__what_was_learned_comes_back),
        TEST(test_state__run_time_changes_come_back),
        TEST(test_state__a_later_edit_of_the_file_wins),
        TEST(test_state__an_edited_address_wins_over_a_failover),
        TEST(test_state__a_group_added_at_run_time_and_configured_later),
        TEST(test_state__file_of_the_redis_syntax_with_a_state_file),
        TEST(test_state__users_changed_at_run_time_come_back),
        TEST(test_state__a_user_edited_in_the_file_is_the_files),
        TEST(test_state__log_level_changed_at_run_time_comes_back),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
