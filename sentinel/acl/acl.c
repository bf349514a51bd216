/* SPDX-License-Identifier: BSD-3-Clause */
/* The users: look-up, passwords, and permission checks. rules.c applies rules to users; lines.c
 * reads and writes users as lines. */

#include "acl/acl.h"

#include "acl/rules.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static void add_user(struct sn_acl *acl, struct sn_acl_user *user)
{
    HASH_ADD_KEYPTR(hh, acl->users, user->name, strlen(user->name), user);
}

static int by_name(const struct sn_acl_user *a, const struct sn_acl_user *b)
{
    return strcmp(a->name, b->name);
}

void sn_acl_init(struct sn_acl *acl)
{
    static const char *const rules[] = {"on", "nopass", "~*", "&*", "+@all"};

    *acl = (struct sn_acl){.standard = sn_acl_user_new("default", false)};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const char *error = sn_acl_apply(acl->standard, rules[i]);
        assert(!error);
        (void)error;
    }
    add_user(acl, acl->standard);
}

void sn_acl_fini(struct sn_acl *acl)
{
    struct sn_acl_user *user, *tmp;

    HASH_ITER(hh, acl->users, user, tmp) {
        HASH_DEL(acl->users, user);
        sn_acl_user_free(user);
    }
    acl->standard = NULL;
}

struct sn_acl_user *sn_acl_find_bytes(const struct sn_acl *acl, const char *name, size_t len)
{
    struct sn_acl_user *user = NULL;

    HASH_FIND(hh, acl->users, name, len, user);
    return user;
}

struct sn_acl_user *sn_acl_find(const struct sn_acl *acl, const char *name)
{
    return sn_acl_find_bytes(acl, name, strlen(name));
}

void sn_acl_delete_user(struct sn_acl *acl, struct sn_acl_user *user)
{
    assert(user != acl->standard);
    HASH_DEL(acl->users, user);
    sn_acl_user_free(user);
}

/* Moves the contents of user into *target, which keeps its place and address. */
static void assign(struct sn_acl_user *target, struct sn_acl_user *user)
{
    struct sn_acl_user old = *target;
    UT_hash_handle place = target->hh;

    *target = *user;
    target->hh = place;
    target->name = old.name;
    old.name = user->name;
    *user = old;
}

int sn_acl_merge_rules(size_t count, char *const *rules, struct sn_words *merged)
{
    const char *opening = NULL;
    struct sn_buf open; /* the selector that is not closed yet; empty: none */

    *merged = (struct sn_words){.items = sn_alloc_array(count + 1, sizeof(*merged->items))};
    sn_buf_init(&open, SIZE_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(rules[i]);
        if (open.len == 0 && rules[i][0] != '(') {
            merged->items[merged->count++] = sn_strdup(rules[i]);
            continue;
        }
        if (open.len > 0)
            sn_buf_putc(&open, ' ');
        else
            opening = rules[i];
        sn_buf_puts(&open, rules[i]);
        if (len > 0 && rules[i][len - 1] == ')')
            merged->items[merged->count++] = sn_buf_take(&open);
    }
    int rc = open.len > 0 ? SN_EINVAL : 0;
    if (rc != 0)
        merged->items[merged->count++] = sn_strdup(opening);
    sn_buf_fini(&open);
    return rc;
}

size_t sn_acl_count_words(const struct sn_acl_user *user)
{
    const struct sn_acl_word *lists[] = {user->passwords, user->channels, user->keys,
                                         user->commands};
    const struct sn_acl_user *selector;
    const struct sn_acl_word *word;
    size_t count = 0;

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        DL_FOREACH(lists[i], word)
            count++;
    }
    DL_FOREACH(user->selectors, selector)
        count += 1 + sn_acl_count_words(selector);
    return count;
}

static int apply_all(struct sn_acl_user *user, const struct sn_words *rules, struct sn_buf *error)
{
    for (size_t i = 0; i < rules->count; i++) {
        const char *reason = sn_acl_apply(user, rules->items[i]);
        if (reason) {
            sn_buf_printf(error, "Error in ACL SETUSER modifier '%.128s': %s", rules->items[i],
                          reason);
            return SN_EINVAL;
        }
    }
    return 0;
}

int sn_acl_set_user(struct sn_acl *acl, const char *name, size_t count, char *const *rules,
                    struct sn_buf *error)
{
    struct sn_acl_user *old = sn_acl_find(acl, name);
    struct sn_acl_user *user =
        old ? sn_acl_user_copy(old) : sn_acl_user_new(name, acl->open_channels);
    struct sn_words merged;

    int rc = sn_acl_merge_rules(count, rules, &merged);
    if (rc != 0)
        sn_buf_printf(error, "Unmatched parenthesis in acl selector starting at '%.128s'.",
                      merged.items[merged.count - 1]);
    else
        rc = apply_all(user, &merged, error);
    sn_words_fini(&merged);
    if (rc != 0 || old) {
        if (rc == 0)
            assign(old, user);
        sn_acl_user_free(user);
        return rc;
    }
    HASH_ADD_KEYPTR_INORDER(hh, acl->users, user->name, strlen(user->name), user, by_name);
    return 0;
}

int sn_acl_authenticate(const struct sn_acl *acl, const char *name, size_t name_len,
                        const char *pass, size_t len, struct sn_acl_user **user)
{
    struct sn_acl_user *found = sn_acl_find_bytes(acl, name, name_len);
    char hash[SN_ACL_HASH_LEN + 1];
    const struct sn_acl_word *word;
    bool good = false;

    sn_acl_hash(pass, len, hash);
    if (!found || !found->enabled)
        return SN_EINVAL;
    DL_FOREACH(found->passwords, word)
        good |= sn_acl_hash_equal(word->text, hash);
    if (!good && !found->nopass)
        return SN_EINVAL;
    *user = found;
    return 0;
}

/* A subscriber's pattern must be one of the user's own, letter by letter: whether one pattern
 * covers another is not decided. *effort is what may still be spent (SN_ACL_MATCH_MAX). */
static bool may_use_channel(const struct sn_acl_user *user, const char *channel, size_t len,
                            bool is_pattern, size_t *effort)
{
    const struct sn_acl_word *word;

    if (user->all_channels)
        return true;
    DL_FOREACH(user->channels, word) {
        size_t word_len = strlen(word->text);
        size_t cost = is_pattern ? 1 : word_len * (len + 1);
        if (cost > *effort)
            return false;
        *effort -= cost;
        if (is_pattern ? word_len == len && memcmp(word->text, channel, len) == 0
                       : sn_text_glob(word->text, word_len, channel, len, false))
            return true;
    }
    return false;
}

static enum sn_acl_verdict may_run(const struct sn_acl_user *user, const struct sn_spec *spec,
                                   size_t argc, char *const *argv, const size_t *lens,
                                   size_t *effort, const char **denied)
{
    size_t index = sn_spec_permission_index(spec);
    size_t end = spec->flags & SN_CMD_CHANNEL ? 2 : argc;

    if (((user->allowed[index / 64] >> (index % 64)) & 1) == 0)
        return SN_ACL_DENIED_COMMAND;
    if (!(spec->flags & (SN_CMD_CHANNEL | SN_CMD_CHANNELS | SN_CMD_PATTERNS)))
        return SN_ACL_ALLOWED;
    for (size_t i = 1; i < end; i++) {
        if (!may_use_channel(user, argv[i], lens[i], (spec->flags & SN_CMD_PATTERNS) != 0,
                             effort)) {
            *denied = argv[i];
            return SN_ACL_DENIED_CHANNEL;
        }
    }
    return SN_ACL_ALLOWED;
}

enum sn_acl_verdict sn_acl_may_run(const struct sn_acl_user *user, const struct sn_spec *spec,
                                   size_t argc, char *const *argv, const size_t *lens,
                                   const char **denied)
{
    size_t effort = SN_ACL_MATCH_MAX;
    enum sn_acl_verdict verdict = may_run(user, spec, argc, argv, lens, &effort, denied);
    const struct sn_acl_user *selector;

    DL_FOREACH(user->selectors, selector) {
        if (verdict == SN_ACL_ALLOWED)
            break;
        enum sn_acl_verdict other = may_run(selector, spec, argc, argv, lens, &effort, denied);
        /* If only the channel is forbidden, the error names the channel. */
        if (other != SN_ACL_DENIED_COMMAND)
            verdict = other;
    }
    return verdict;
}
