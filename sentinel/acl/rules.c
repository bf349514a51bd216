/* SPDX-License-Identifier: BSD-3-Clause */
/* What each rule of a `user` line or ACL SETUSER does, and how a user is written as rules. */

#include "acl/rules.h"
#include "acl/acl.h"
#include "base/alloc.h"
#include "base/error.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

static const char bad_syntax[] = "Syntax error";
static const char bad_command[] = "Unknown command or category name in ACL";
static const char bad_hash[] = "The password hash must be exactly 64 characters and contain only "
                               "lowercase hexadecimal characters";
static const char bad_removal[] = "The password you are trying to remove from the user does not "
                                  "exist";
static const char bad_key[] = "Adding a pattern after the * pattern (or the 'allkeys' flag) is not "
                              "valid and does not have any effect. Try 'resetkeys' to start with "
                              "an empty list of patterns";
static const char bad_channel[] = "Adding a pattern after the * pattern (or the 'allchannels' "
                                  "flag) is not valid and does not have any effect. Try "
                                  "'resetchannels' to start with an empty list of channels";
static const char too_many[] = "Too many rules";

void sn_acl_hash(const char *bytes, size_t len, char *out)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];

    SHA256((const unsigned char *)bytes, len, digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

bool sn_acl_hash_equal(const char *a, const char *b)
{
    return CRYPTO_memcmp(a, b, SN_ACL_HASH_LEN) == 0;
}

void sn_acl_hash_rule(const char *pass, size_t len, bool remove, char *out)
{
    out[0] = remove ? '!' : '#';
    sn_acl_hash(pass, len, out + 1);
}

static struct sn_acl_word *find_word(struct sn_acl_word *list, const char *text)
{
    struct sn_acl_word *word;

    DL_FOREACH(list, word) {
        if (strcmp(word->text, text) == 0)
            return word;
    }
    return NULL;
}

static void remove_word(struct sn_acl_word **list, struct sn_acl_word *word)
{
    DL_DELETE(*list, word);
    free(word->text);
    free(word);
}

static void clear_words(struct sn_acl_word **list)
{
    while (*list)
        remove_word(list, *list);
}

/* Appends text if it is not in the list yet. */
static const char *add_word(struct sn_acl_word **list, const char *text)
{
    struct sn_acl_word *word;
    int count = 0;

    if (find_word(*list, text))
        return NULL;
    DL_COUNT(*list, word, count);
    if (count >= SN_ACL_RULES_MAX)
        return too_many;
    word = sn_alloc(sizeof(*word));
    word->text = sn_strdup(text);
    DL_APPEND(*list, word);
    return NULL;
}

static void copy_words(const struct sn_acl_word *from, struct sn_acl_word **to)
{
    const struct sn_acl_word *word;

    DL_FOREACH(from, word) {
        struct sn_acl_word *copy = sn_alloc(sizeof(*copy));
        copy->text = sn_strdup(word->text);
        DL_APPEND(*to, copy);
    }
}

/* A new user has no channels, unless acl-pubsub-default says so (PROTOCOL.md §5.4). */
struct sn_acl_user *sn_acl_user_new(const char *name, bool open_channels)
{
    struct sn_acl_user *user = sn_alloc(sizeof(*user));

    user->name = sn_strdup(name);
    user->open_channels = open_channels;
    user->all_channels = open_channels;
    add_word(&user->commands, "-@all");
    return user;
}

struct sn_acl_user *sn_acl_user_copy(const struct sn_acl_user *user)
{
    struct sn_acl_user *copy = sn_alloc(sizeof(*copy));
    const struct sn_acl_user *selector;

    copy->name = sn_strdup(user->name);
    copy->enabled = user->enabled;
    copy->nopass = user->nopass;
    copy->no_sanitize = user->no_sanitize;
    copy->all_channels = user->all_channels;
    copy->open_channels = user->open_channels;
    memcpy(copy->allowed, user->allowed, sizeof(copy->allowed));
    copy_words(user->passwords, &copy->passwords);
    copy_words(user->channels, &copy->channels);
    copy_words(user->keys, &copy->keys);
    copy_words(user->commands, &copy->commands);
    DL_FOREACH(user->selectors, selector) {
        struct sn_acl_user *selector_copy = sn_acl_user_copy(selector);
        DL_APPEND(copy->selectors, selector_copy);
    }
    return copy;
}

static void clear_selectors(struct sn_acl_user *user)
{
    while (user->selectors) {
        struct sn_acl_user *selector = user->selectors;
        DL_DELETE(user->selectors, selector);
        sn_acl_user_free(selector);
    }
}

void sn_acl_user_free(struct sn_acl_user *user)
{
    clear_selectors(user);
    clear_words(&user->passwords);
    clear_words(&user->channels);
    clear_words(&user->keys);
    clear_words(&user->commands);
    free(user->name);
    free(user);
}

/* Only the hash is kept. */
static void add_password(struct sn_acl_user *user, const char *pass, size_t len)
{
    char hash[SN_ACL_HASH_LEN + 1];

    sn_acl_hash(pass, len, hash);
    (void)add_word(&user->passwords, hash);
}

void sn_acl_require_password(struct sn_acl *acl, const char *pass)
{
    clear_words(&acl->standard->passwords);
    acl->standard->nopass = false;
    add_password(acl->standard, pass, strlen(pass));
}

static void allow(struct sn_acl_user *user, size_t index, bool on)
{
    uint64_t bit = UINT64_C(1) << (index % 64);

    if (on)
        user->allowed[index / 64] |= bit;
    else
        user->allowed[index / 64] &= ~bit;
}

/* "+@pubsub" and the like; name is behind the '@'. */
static const char *apply_category(struct sn_acl_user *user, const char *name, bool on)
{
    enum sn_category category = SN_CAT_COUNT;
    bool all = strcasecmp(name, "all") == 0;

    if (!all && sn_category_find(name, &category) != 0)
        return bad_command;
    for (size_t i = 0; i < sn_specs_count; i++) {
        if (all || ((sn_specs[i].categories >> category) & 1))
            allow(user, i, on);
    }
    return NULL;
}

/* "+ping", "-client", "+sentinel|masters". Some data nodes' commands have a first argument behind
 * the bar; such a rule grants nothing here and is an error. */
static const char *apply_command(struct sn_acl_user *user, const char *name, bool on)
{
    const struct sn_spec *spec = sn_specs_find_full(name);

    if (!spec)
        return bad_command;
    allow(user, sn_spec_permission_index(spec), on);
    if (!sn_spec_is_container(spec))
        return NULL;
    for (size_t i = (size_t)(spec - sn_specs) + 1; i < sn_specs_count && sn_specs[i].container; i++)
        allow(user, i, on);
    return NULL;
}

/* Keeps rule for showing: it replaces every older rule about the same name or its subcommands. */
static const char *note_rule(struct sn_acl_user *user, const char *rule)
{
    struct sn_acl_word *word, *tmp;
    size_t len = strlen(rule + 1);

    if (strcmp(rule + 1, "@all") == 0)
        clear_words(&user->commands);
    DL_FOREACH_SAFE(user->commands, word, tmp) {
        const char *name = word->text + 1;
        if (strncmp(name, rule + 1, len) == 0 && (name[len] == '\0' || name[len] == '|'))
            remove_word(&user->commands, word);
    }
    return add_word(&user->commands, rule);
}

static const char *apply_plus_minus(struct sn_acl_user *user, const char *rule)
{
    char lower[SN_SPEC_NAME_MAX + 2] = "";
    bool on = rule[0] == '+';

    if (rule[strlen(rule) - 1] == '|')
        return bad_syntax;
    if (strlen(rule) >= sizeof(lower))
        return bad_command;
    for (size_t i = 0; i <= strlen(rule); i++)
        lower[i] = (char)(rule[i] >= 'A' && rule[i] <= 'Z' ? rule[i] - 'A' + 'a' : rule[i]);
    const char *error =
        lower[1] == '@' ? apply_category(user, lower + 2, on) : apply_command(user, lower + 1, on);
    return error ? error : note_rule(user, lower);
}

static bool is_hash(const char *text)
{
    return strlen(text) == SN_ACL_HASH_LEN && strspn(text, "0123456789abcdef") == SN_ACL_HASH_LEN;
}

static const char *remove_password(struct sn_acl_user *user, const char *hash)
{
    struct sn_acl_word *word = find_word(user->passwords, hash);

    if (!word)
        return bad_removal;
    remove_word(&user->passwords, word);
    return NULL;
}

static const char *apply_password(struct sn_acl_user *user, const char *rule)
{
    char hash[SN_ACL_HASH_LEN + 1];

    if (rule[0] == '>' || rule[0] == '<')
        sn_acl_hash(rule + 1, strlen(rule + 1), hash);
    else if (is_hash(rule + 1))
        memcpy(hash, rule + 1, sizeof(hash));
    else
        return bad_hash;
    if (rule[0] == '<' || rule[0] == '!')
        return remove_password(user, hash);
    user->nopass = false;
    return add_word(&user->passwords, hash);
}

/* "~pattern" and "%RW~pattern". */
static const char *apply_key(struct sn_acl_user *user, const char *rule)
{
    const char *pattern = strchr(rule, '~');

    if (!pattern || (rule[0] == '%' && (pattern == rule + 1 ||
                                        strspn(rule + 1, "RWrw") != (size_t)(pattern - rule - 1))))
        return bad_syntax;
    if (find_word(user->keys, "~*"))
        return strcmp(rule, "~*") == 0 ? NULL : bad_key;
    if (strcmp(rule, "~*") == 0)
        clear_words(&user->keys);
    return add_word(&user->keys, rule);
}

static const char *apply_channel(struct sn_acl_user *user, const char *pattern)
{
    if (strcmp(pattern, "*") == 0) {
        clear_words(&user->channels);
        user->all_channels = true;
        return NULL;
    }
    return user->all_channels ? bad_channel : add_word(&user->channels, pattern);
}

static void reset_channels(struct sn_acl_user *user)
{
    clear_words(&user->channels);
    user->all_channels = false;
}

static void reset_user(struct sn_acl_user *user)
{
    user->enabled = false;
    user->nopass = false;
    user->no_sanitize = false;
    clear_words(&user->passwords);
    clear_words(&user->keys);
    reset_channels(user);
    user->all_channels = user->open_channels;
    clear_selectors(user);
    (void)apply_plus_minus(user, "-@all");
}

/* The plain words that a selector may hold as well. False: rule is none of them. */
static bool apply_right_word(struct sn_acl_user *user, const char *rule)
{
    if (strcasecmp(rule, "allkeys") == 0)
        (void)apply_key(user, "~*");
    else if (strcasecmp(rule, "resetkeys") == 0)
        clear_words(&user->keys);
    else if (strcasecmp(rule, "allchannels") == 0)
        (void)apply_channel(user, "*");
    else if (strcasecmp(rule, "resetchannels") == 0)
        reset_channels(user);
    else if (strcasecmp(rule, "allcommands") == 0)
        (void)apply_plus_minus(user, "+@all");
    else if (strcasecmp(rule, "nocommands") == 0)
        (void)apply_plus_minus(user, "-@all");
    else
        return false;
    return true;
}

/* The rules that are plain words. False: rule is none of them. */
static bool apply_word(struct sn_acl_user *user, const char *rule)
{
    if (strcasecmp(rule, "on") == 0) {
        user->enabled = true;
    } else if (strcasecmp(rule, "off") == 0) {
        user->enabled = false;
    } else if (strcasecmp(rule, "nopass") == 0) {
        user->nopass = true;
        clear_words(&user->passwords);
    } else if (strcasecmp(rule, "resetpass") == 0) {
        user->nopass = false;
        clear_words(&user->passwords);
    } else if (strcasecmp(rule, "sanitize-payload") == 0) {
        user->no_sanitize = false;
    } else if (strcasecmp(rule, "skip-sanitize-payload") == 0) {
        user->no_sanitize = true;
    } else if (strcasecmp(rule, "reset") == 0) {
        reset_user(user);
    } else if (strcasecmp(rule, "clearselectors") == 0) {
        clear_selectors(user);
    } else {
        return apply_right_word(user, rule);
    }
    return true;
}

/* The rules that a selector may hold as well: rights, but no passwords. */
static const char *apply_right(struct sn_acl_user *user, const char *rule)
{
    switch (rule[0]) {
    case '+':
    case '-':
        return apply_plus_minus(user, rule);
    case '~':
    case '%':
        return apply_key(user, rule);
    case '&':
        return apply_channel(user, rule + 1);
    default:
        return apply_right_word(user, rule) ? NULL : bad_syntax;
    }
}

/* "(rule rule…)" */
static const char *apply_selector(struct sn_acl_user *user, const char *rule)
{
    struct sn_acl_user *selector = sn_acl_user_new("", user->open_channels);
    char *inner = sn_strndup(rule + 1, strlen(rule) - 2);
    const struct sn_acl_user *other;
    const char *error = NULL;
    char *rest = NULL;
    int count = 0;

    DL_COUNT(user->selectors, other, count);
    if (count >= SN_ACL_SELECTORS_MAX)
        error = too_many;
    for (char *word = strtok_r(inner, " ", &rest); word && !error;
         word = strtok_r(NULL, " ", &rest)) {
        /* Such a word would end the selector when the line is read again. */
        bool ends = word[strlen(word) - 1] == ')';
        error = ends ? bad_syntax : apply_right(selector, word);
    }
    free(inner);
    if (error)
        sn_acl_user_free(selector);
    else
        DL_APPEND(user->selectors, selector);
    return error;
}

const char *sn_acl_apply(struct sn_acl_user *user, const char *rule)
{
    for (const char *byte = rule; *byte; byte++) {
        /* Rules are written into lines: only a password may contain such bytes, because its hash is
         * written. */
        bool is_blank = rule[0] == '(' && *byte == ' ';
        bool is_control = (unsigned char)*byte <= ' ' || *byte == 0x7f;
        if (rule[0] != '>' && rule[0] != '<' && is_control && !is_blank)
            return bad_syntax;
    }
    switch (rule[0]) {
    case '\0':
        return NULL; /* as stock */
    case '>':
    case '<':
    case '#':
    case '!':
        return apply_password(user, rule);
    case '(':
        return rule[strlen(rule) - 1] == ')' ? apply_selector(user, rule) : bad_syntax;
    default:
        return apply_word(user, rule) ? NULL : apply_right(user, rule);
    }
}

static void describe_words(const struct sn_acl_word *list, const char *prefix, struct sn_buf *out)
{
    const struct sn_acl_word *word;

    DL_FOREACH(list, word)
        sn_buf_printf(out, "%s%s%s", word == list ? "" : " ", prefix, word->text);
}

void sn_acl_describe_commands(const struct sn_acl_user *user, struct sn_buf *out)
{
    describe_words(user->commands, "", out);
}

void sn_acl_describe_keys(const struct sn_acl_user *user, struct sn_buf *out)
{
    describe_words(user->keys, "", out);
}

void sn_acl_describe_channels(const struct sn_acl_user *user, struct sn_buf *out)
{
    if (user->all_channels)
        sn_buf_puts(out, "&*");
    else
        describe_words(user->channels, "&", out);
}

static void describe_rights(const struct sn_acl_user *user, struct sn_buf *out)
{
    if (user->keys) {
        sn_acl_describe_keys(user, out);
        sn_buf_putc(out, ' ');
    }
    sn_buf_puts(out, user->all_channels ? "" : "resetchannels ");
    sn_acl_describe_channels(user, out);
    if (user->all_channels || user->channels)
        sn_buf_putc(out, ' ');
    sn_acl_describe_commands(user, out);
}

void sn_acl_describe(const struct sn_acl_user *user, struct sn_buf *out)
{
    const struct sn_acl_user *selector;
    const struct sn_acl_word *word;

    sn_buf_printf(out, "user %s %s%s%s", user->name, user->enabled ? "on" : "off",
                  user->nopass ? " nopass" : "",
                  user->no_sanitize ? " skip-sanitize-payload" : " sanitize-payload");
    DL_FOREACH(user->passwords, word)
        sn_buf_printf(out, " #%s", word->text);
    sn_buf_putc(out, ' ');
    describe_rights(user, out);
    DL_FOREACH(user->selectors, selector) {
        sn_buf_puts(out, " (");
        describe_rights(selector, out);
        sn_buf_putc(out, ')');
    }
}
