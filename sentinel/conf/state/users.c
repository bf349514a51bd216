/* SPDX-License-Identifier: BSD-3-Clause */

/* Users that were changed at run time, for the state file. The unit is a whole user: an operator
 * may edit one user in the configuration, while another keeps its changes by ACL SETUSER. */

#include "conf/state/users.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/hashtable.h"
#include "base/prng.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_USER "default"

static void hash_word(uint64_t *hash, const char *word)
{
    *hash = sn_hash_bytes(*hash, word, strlen(word) + 1);
}

uint64_t sn_users_hash(const struct sn_settings *settings, const char *name)
{
    uint64_t hash = SN_HASH_START;
    bool said = false;

    const char *pass = settings->requirepass_file; /* what that holds may change */
    pass = pass != NULL ? pass : settings->requirepass;
    if (pass != NULL && strcmp(name, DEFAULT_USER) == 0) {
        said = true;
        hash_word(&hash, pass);
    }
    for (size_t i = 0; i < settings->user_count; i++) {
        const struct sn_setting_words *line = &settings->users[i];
        if (line->count == 0 || strcmp(line->items[0], name) != 0)
            continue;
        said = true;
        for (size_t j = 0; j < line->count; j++)
            hash_word(&hash, line->items[j]);
    }
    return said ? hash : 0;
}

void sn_users_fini(struct sn_state_user *users, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(users[i].name);
        sn_list_fini(&users[i].rules);
    }
    free(users);
}

static struct sn_state_user *add_user(struct sn_state_user **users, size_t *count, const char *name)
{
    *users = sn_realloc(*users, (*count + 1) * sizeof(**users));
    struct sn_state_user *user = &(*users)[(*count)++];
    *user = (struct sn_state_user){.name = sn_strdup(name)};
    return user;
}

/* A line of users_base. */
struct base_line {
    char *name;
    char *text;
    UT_hash_handle hh;
};

/* Splits "user NAME RULE…" into words. SN_EINVAL: the line has another form. */
static int split_user(const char *line, size_t len, struct sn_words *words)
{
    sn_words_split_plain(line, len, words);
    if (words->count >= 2)
        return 0;
    sn_words_fini(words);
    return SN_EINVAL;
}

static struct base_line *read_base(const char *text)
{
    struct base_line *lines = NULL;
    struct sn_words words;

    while (text != NULL && *text != '\0') {
        size_t len = strcspn(text, "\n");
        if (split_user(text, len, &words) == 0) {
            struct base_line *line = sn_alloc(sizeof(*line));
            line->name = sn_strdup(words.items[1]);
            line->text = sn_strndup(text, len);
            HASH_ADD_KEYPTR(hh, lines, line->name, strlen(line->name), line);
            sn_words_fini(&words);
        }
        text += len + (text[len] == '\n');
    }
    return lines;
}

static void drop_base(struct base_line **lines, struct base_line *line)
{
    HASH_DEL(*lines, line);
    free(line->name);
    free(line->text);
    free(line);
}

struct sn_state_user *sn_users_changed(const struct sn_conf *conf, size_t *count)
{
    struct base_line *base = read_base(conf->live.users != NULL ? conf->live.users_base : NULL);
    struct base_line *line, *next;
    struct sn_state_user *users = NULL;
    struct sn_words words;

    *count = 0;
    for (const char *text = conf->live.users; text != NULL && *text != '\0';) {
        size_t len = strcspn(text, "\n");
        if (split_user(text, len, &words) == 0) {
            HASH_FIND_STR(base, words.items[1], line);
            if (line == NULL || strlen(line->text) != len || memcmp(line->text, text, len) != 0) {
                struct sn_state_user *user = add_user(&users, count, words.items[1]);
                sn_list_add_all(&user->rules, words.items + 2, words.count - 2);
            }
            if (line != NULL)
                drop_base(&base, line);
            sn_words_fini(&words);
        }
        text += len + (text[len] == '\n');
    }
    HASH_ITER(hh, base, line, next) {
        add_user(&users, count, line->name);
        drop_base(&base, line);
    }
    return users;
}

static void forget_lines(struct sn_settings *settings, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < settings->user_count; i++) {
        struct sn_setting_words *line = &settings->users[i];
        if (line->count > 0 && strcmp(line->items[0], name) == 0)
            sn_list_fini(line);
        else
            settings->users[kept++] = *line;
    }
    settings->user_count = kept;
}

static void add_changed(struct sn_settings *settings, const struct sn_state_user *user)
{
    struct sn_setting_lines list = {.items = settings->users, .count = settings->user_count};
    struct sn_setting_words *line = sn_list_add_line(&list);

    sn_list_add(line, user->name);
    sn_list_add_all(line, user->rules.items, user->rules.count);
    settings->users = list.items;
    settings->user_count = list.count;
}

void sn_users_merge(const struct sn_state *state, struct sn_conf *conf)
{
    struct sn_settings *settings = &conf->settings;

    if (settings->aclfile != NULL) {
        if (state->user_count > 0)
            sn_conf_noticef(
                conf,
                "dropped users that were changed at run time: the ACL file defines all users");
        return;
    }
    for (size_t i = 0; i < state->user_count; i++) {
        const struct sn_state_user *user = &state->users[i];
        if (sn_users_hash(&conf->base_settings, user->name) != user->was) {
            sn_conf_noticef(
                conf, "user %s was changed at run time and later in this file: using the file",
                user->name);
            continue;
        }
        forget_lines(settings, user->name);
        if (user->rules.count > 0)
            add_changed(settings, user);
        conf->users_restored = true;
    }
}
