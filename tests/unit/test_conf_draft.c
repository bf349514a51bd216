/* SPDX-License-Identifier: BSD-3-Clause */

/* What is written from one save to the next by changes alone is, byte for byte, what writing the
 * whole state makes: in both forms of the file, after random changes. */

#include "base/alloc.h"
#include "base/error.h"
#include "base/prng.h"
#include "conf/conf.h"
#include "conf/draft/draft.h"
#include "conf/read/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS   60
#define SAVES   60
#define CHANGES 6 /* at most, in one save */
#define NAMES   8

static const char redis_text[] = "# head\n"
                                 "\n"
                                 "\n"
                                 "port 30000\n"
                                 "sentinel monitor g0 127.0.0.1 1 2\n"
                                 "# between\n"
                                 "sentinel known-replica g0 127.0.0.9 9\n"
                                 "\n"
                                 "sentinel known-replica g0 127.0.0.9 10\n"
                                 "sentinel monitor g1 127.0.0.2 2 2\n"
                                 "sentinel down-after-milliseconds g1 30000\n"
                                 "\n"
                                 "sentinel monitor g2 127.0.0.3 3 1\n"
                                 "sentinel auth-pass g2 \"p w\"\n"
                                 "\n"
                                 "sentinel current-epoch 0\n"
                                 "loglevel notice\n"
                                 "# tail";

static const char ini_text[] = "[sentinel]\nport = 30000\n"
                               "[master g0]\naddress = 127.0.0.1:1\nquorum = 2\n"
                               "[master g1]\naddress = 127.0.0.2:2\nquorum = 2\nauth-pass = a\n"
                               "[master g2]\naddress = 127.0.0.3:3\nquorum = 1\n";

struct trial {
    struct sn_prng prng;
    struct sn_conf conf;
    struct sn_image now;
    struct sn_conf_draft *draft;
    struct sn_conf_update update; /* since the last save */
    bool changed[NAMES];
    bool edited; /* somebody has written into the file */
    struct sn_buf file;
    size_t whole; /* saves that needed all */
};

static uint64_t below(struct trial *trial, uint64_t bound)
{
    return sn_prng_below(&trial->prng, bound);
}

static void begin(struct trial *trial, uint64_t seed, bool in_conf)
{
    const char *text = in_conf ? redis_text : ini_text;
    struct sn_buf error;

    *trial = (struct trial){0};
    sn_prng_init(&trial->prng, seed);
    sn_buf_init(&error, SIZE_MAX);
    if (sn_conf_parse("s.conf", text, strlen(text), 0, NULL, true, &trial->conf, &error) < 0)
        fail_msg("%s", sn_buf_text(&error));
    sn_buf_fini(&error);
    trial->conf.state_in_conf = in_conf;
    if (!in_conf) {
        sn_image_fini(&trial->conf.base);
        sn_image_copy(&trial->conf.image, &trial->conf.base);
    }
    sn_image_copy(&trial->conf.image, &trial->now);
    trial->draft = sn_conf_draft_new(&trial->conf);
    sn_buf_init(&trial->file, SIZE_MAX);
    if (in_conf)
        sn_buf_puts(&trial->file, text);
}

static void end(struct trial *trial)
{
    sn_conf_draft_free(trial->draft);
    sn_image_fini(&trial->now);
    sn_buf_fini(&trial->file);
    sn_conf_fini(&trial->conf);
}

/* ---- changes ---- */

static struct sn_addr any_addr(struct trial *trial)
{
    struct sn_addr addr;
    char host[16];

    snprintf(host, sizeof(host), "127.0.1.%u", (unsigned)below(trial, 6));
    assert_int_equal(sn_addr_make(host, 1 + (int64_t)below(trial, 4), &addr), 0);
    return addr;
}

static void change_members(struct trial *trial, struct sn_group_image *group)
{
    struct sn_addr addr = any_addr(trial);
    struct sn_runid runid;

    if (below(trial, 4) == 0)
        group->replica_count = (size_t)below(trial, group->replica_count + 1);
    else if (below(trial, 2) == 0)
        sn_group_image_add_replica(group, &addr);
    else if (below(trial, 3) == 0)
        group->peer_count = (size_t)below(trial, group->peer_count + 1);
    else {
        sn_prng_runid(&trial->prng, &runid);
        sn_group_image_add_peer(group, &addr, &runid);
    }
}

static void change_params(struct trial *trial, struct sn_group_image *group)
{
    static const struct sn_change changes[] = {
        {.option = SN_OPTION_QUORUM, .value = "3", .number = 3},
        {.option = SN_OPTION_QUORUM, .value = "2", .number = 2},
        {.option = SN_OPTION_DOWN_AFTER, .value = "30000", .number = 30000},
        {.option = SN_OPTION_DOWN_AFTER, .value = "77", .number = 77},
        {.option = SN_OPTION_AUTH_PASS, .value = "a b"},
        {.option = SN_OPTION_AUTH_PASS, .value = ""},
        {.option = SN_OPTION_RENAME_COMMAND, .value = "GET", .to = "x"},
        {.option = SN_OPTION_RENAME_COMMAND, .value = "GET", .to = "GET"},
    };

    sn_group_params_apply(&group->params,
                          &changes[below(trial, sizeof(changes) / sizeof(changes[0]))]);
}

static void change_group(struct trial *trial, struct sn_group_image *group)
{
    switch (below(trial, 4)) {
    case 0:
        group->leader_epoch++;
        sn_prng_runid(&trial->prng, &group->leader);
        break;
    case 1:
        group->config_epoch++;
        group->addr = any_addr(trial);
        break;
    case 2:
        change_members(trial, group);
        break;
    default:
        change_params(trial, group);
    }
}

static size_t number_of(const char *name)
{
    return (size_t)(name[1] - '0');
}

/* A group that changes, comes, or goes; one that has gone may come again within one save. */
static void change(struct trial *trial)
{
    char name[] = {'g', (char)('0' + below(trial, NAMES)), '\0'};
    struct sn_addr addr = any_addr(trial);
    struct sn_group_image *group = sn_image_find_group(&trial->now, name);

    trial->now.current_epoch += below(trial, 2);
    if (group == NULL) {
        sn_image_add_group(&trial->now, name, &addr, 2);
    } else if (below(trial, 5) > 0) {
        change_group(trial, group);
    } else {
        sn_image_remove_group(&trial->now, (size_t)(group - trial->now.groups));
        sn_list_add(&trial->update.gone, name);
        trial->changed[number_of(name)] = false;
        return;
    }
    trial->changed[number_of(name)] = true;
}

/* The operator, or somebody else, edits the file. */
static void edit(struct trial *trial)
{
    if (!trial->conf.state_in_conf || below(trial, 12) > 0)
        return;
    sn_buf_puts(&trial->file, "# mine\nsentinel known-replica g0 127.0.0.77 77\n");
    trial->edited = true;
}

static void change_settings(struct trial *trial)
{
    struct sn_change names = {.option = SN_OPTION_RESOLVE_HOSTNAMES, .value = "yes", .number = 1};

    if (below(trial, 12) == 0) {
        sn_globals_apply(&trial->now.globals, &names);
        trial->update.whole = true;
    }
    if (below(trial, 12) == 0)
        trial->conf.live.loglevel =
            below(trial, 2) == 0 ? SN_LEVEL_DEBUG : SN_LEVEL_WARNING; /* and no record of it */
    if (below(trial, 12) == 0)
        trial->conf.live.users = below(trial, 2) == 0
                                     ? "user default on nopass ~* &* +@all"
                                     : "user default on nopass ~* &* +@all\nuser u on +ping";
}

/* ---- saving ---- */

/* As the store does it: the sentinel's own part, and the groups that have changed. */
static void take_update(struct trial *trial)
{
    struct sn_conf_update *update = &trial->update;

    if (update->whole) {
        sn_image_copy(&trial->now, &update->image);
        return;
    }
    sn_image_init(&update->image);
    update->image.myid = trial->now.myid;
    update->image.current_epoch = trial->now.current_epoch;
    sn_globals_fini(&update->image.globals);
    sn_globals_copy(&trial->now.globals, &update->image.globals);
    for (size_t i = 0; i < trial->now.group_count; i++) {
        const struct sn_group_image *from = &trial->now.groups[i];
        if (!trial->changed[number_of(from->name)])
            continue;
        struct sn_group_image *to = sn_image_add_group(&update->image, from->name, &from->addr, 1);
        sn_group_params_fini(&to->params);
        sn_group_params_copy(&from->params, &to->params);
        to->config_epoch = from->config_epoch;
        to->leader_epoch = from->leader_epoch;
        to->leader = from->leader;
        for (size_t j = 0; j < from->replica_count; j++)
            sn_group_image_add_replica(to, &from->replicas[j]);
        for (size_t j = 0; j < from->peer_count; j++)
            sn_group_image_add_peer(to, &from->peers[j].addr, &from->peers[j].runid);
    }
}

static void forget_update(struct trial *trial)
{
    sn_image_fini(&trial->update.image);
    sn_list_fini(&trial->update.gone);
    trial->update = (struct sn_conf_update){0};
    memset(trial->changed, 0, sizeof(trial->changed));
}

static int draft_render(struct trial *trial, struct sn_buf *out)
{
    sn_buf_init(out, SIZE_MAX);
    return sn_conf_draft_render(trial->draft, &trial->update, sn_buf_text(&trial->file),
                                trial->file.len, out);
}

static void save(struct trial *trial)
{
    struct sn_buf by_changes, whole;

    sn_buf_init(&whole, SIZE_MAX);
    assert_int_equal(sn_conf_render(&trial->conf, &trial->now, sn_buf_text(&trial->file),
                                    trial->file.len, &whole),
                     0);
    take_update(trial);
    int code = draft_render(trial, &by_changes);
    if (trial->edited && !trial->update.whole)
        assert_int_equal(code, SN_EAGAIN);
    if (code == SN_EAGAIN) {
        sn_buf_fini(&by_changes);
        forget_update(trial);
        trial->update.whole = true;
        take_update(trial);
        code = draft_render(trial, &by_changes);
        trial->whole++;
    }
    assert_int_equal(code, 0);
    assert_string_equal(sn_buf_text(&by_changes), sn_buf_text(&whole));
    assert_int_equal(by_changes.len, whole.len);
    forget_update(trial);
    trial->edited = false;
    sn_buf_fini(&whole);
    sn_buf_fini(&trial->file);
    trial->file = by_changes;
}

/* A write fails now and then, and the file stays as it is; the next save is of all. */
static void fail_to_write(struct trial *trial)
{
    struct sn_buf lost;

    take_update(trial);
    (void)!draft_render(trial, &lost);
    sn_buf_fini(&lost);
    sn_image_fini(&trial->update.image);
    trial->update.image = (struct sn_image){0};
    trial->update.whole = true;
}

static void run(uint64_t seed, bool in_conf)
{
    struct trial trial;

    begin(&trial, seed, in_conf);
    for (size_t i = 0; i < SAVES; i++) {
        for (size_t j = (size_t)below(&trial, CHANGES + 1); j > 0; j--)
            change(&trial);
        if (below(&trial, 15) == 0)
            fail_to_write(&trial);
        edit(&trial);
        change_settings(&trial);
        save(&trial);
    }
    assert_in_range(trial.whole, 1, SAVES / 2);
    end(&trial);
}

static void test_conf_draft__of_a_configuration_is_what_a_whole_rewrite_makes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        run(seed, true);
}

static void test_conf_draft__of_a_state_file_is_what_the_whole_state_makes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        run(seed, false);
}

static void test_conf_draft__needs_all_at_first_and_where_the_file_is_another(void **state)
{
    (void)state;
    struct trial trial;
    struct sn_buf out;

    begin(&trial, 1, true);
    take_update(&trial);
    assert_int_equal(draft_render(&trial, &out), SN_EAGAIN);
    assert_int_equal(out.len, 0);
    save(&trial);
    assert_int_equal(trial.whole, 1);
    save(&trial);
    assert_int_equal(trial.whole, 1);
    trial.file.data[0] = '%'; /* the same length */
    trial.edited = true;
    save(&trial);
    assert_int_equal(trial.whole, 2);
    trial.file.len--;
    trial.file.data[trial.file.len] = '\0';
    trial.edited = true;
    save(&trial);
    assert_int_equal(trial.whole, 3);
    sn_buf_clear(&trial.file); /* lost */
    trial.edited = true;
    save(&trial);
    end(&trial);
}

/* A group whose value cannot be written fails every save, as long as it has it. */
static void test_conf_draft__is_empty_after_a_value_that_cannot_be_written(void **state)
{
    (void)state;
    for (int in_conf = 0; in_conf <= 1; in_conf++) {
        struct trial trial;
        struct sn_buf out;
        struct sn_change change = {.option = SN_OPTION_AUTH_PASS, .value = "a\nb"};

        begin(&trial, 1, in_conf == 1);
        save(&trial);
        sn_group_params_apply(&trial.now.groups[1].params, &change);
        trial.changed[1] = true;
        take_update(&trial);
        assert_int_equal(draft_render(&trial, &out), SN_EINVAL);
        sn_buf_fini(&out);
        forget_update(&trial);
        take_update(&trial); /* nothing else has changed */
        assert_int_equal(draft_render(&trial, &out), SN_EAGAIN);
        sn_buf_fini(&out);
        forget_update(&trial);
        change.value = "ab";
        sn_group_params_apply(&trial.now.groups[1].params, &change);
        trial.update.whole = true;
        save(&trial);
        end(&trial);
    }
}

/* Lines that come and go leave gaps, which do not add up for ever. */
static void test_conf_draft__starts_anew_when_it_has_too_many_gaps(void **state)
{
    (void)state;
    struct trial trial;

    begin(&trial, 1, true);
    save(&trial);
    for (size_t i = 0; i < 3000; i++) {
        char name[] = "g7";
        struct sn_addr addr = any_addr(&trial);
        sn_image_add_group(&trial.now, name, &addr, 2);
        trial.changed[7] = true;
        save(&trial);
        sn_image_remove_group(&trial.now, trial.now.group_count - 1);
        sn_list_add(&trial.update.gone, name);
        save(&trial);
    }
    assert_in_range(trial.whole, 2, 30);
    end(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conf_draft__of_a_configuration_is_what_a_whole_rewrite_makes),
        cmocka_unit_test(test_conf_draft__of_a_state_file_is_what_the_whole_state_makes),
        cmocka_unit_test(test_conf_draft__needs_all_at_first_and_where_the_file_is_another),
        cmocka_unit_test(test_conf_draft__is_empty_after_a_value_that_cannot_be_written),
        cmocka_unit_test(test_conf_draft__starts_anew_when_it_has_too_many_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
