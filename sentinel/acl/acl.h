/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_ACL_ACL_H
#define SN_ACL_ACL_H

/* Users, their passwords and their rights (PROTOCOL.md §5.4). A user is made of rules, the words of
 * a `user` line or of ACL SETUSER; a selector, rules in parentheses, is a further set of rights,
 * any one of which is enough. Key rules are kept and shown, but there are no keys here that they
 * could guard. */

#include "acl/specs.h"
#include "base/buf.h"
#include "base/text.h"

#include <uthash.h>

#define SN_ACL_HASH_LEN      64   /* hexadecimal SHA-256 */
#define SN_ACL_RULES_MAX     4096 /* rules of one kind that one user may have */
#define SN_ACL_SELECTORS_MAX 64
/* Bytes of patterns times bytes of channels that one command may cost to check; beyond it, it is
 * denied: patterns that match slowly must not hold the process up. */
#define SN_ACL_MATCH_MAX ((size_t)4 << 20)

/* A word in a list: a password hash, a channel pattern, a key pattern or a command rule. */
struct sn_acl_word {
    char *text;
    struct sn_acl_word *next, *prev;
};

struct sn_acl_user {
    char *name;
    bool enabled;
    bool nopass;      /* any password will do */
    bool no_sanitize; /* skip-sanitize-payload: only shown */
    bool all_channels;
    bool open_channels; /* acl-pubsub-default allchannels: what `reset` and new selectors begin with
                         */
    uint64_t allowed[SN_SPECS_MAX / 64]; /* by place in the command table */
    struct sn_acl_word *passwords;       /* lists of utlist */
    struct sn_acl_word *channels;
    struct sn_acl_word *keys;
    struct sn_acl_word *commands;  /* the rules that led to `allowed`, for showing */
    struct sn_acl_user *selectors; /* only rights, no names; a list of utlist */
    struct sn_acl_user *next, *prev;
    bool leaving; /* being deleted */
    UT_hash_handle hh;
};

struct sn_acl {
    struct sn_acl_user *users;
    struct sn_acl_user *standard; /* the user called default; always there */
    bool open_channels;           /* of new users */
};

enum sn_acl_verdict {
    SN_ACL_NONE = 0,
    SN_ACL_ALLOWED,
    SN_ACL_DENIED_COMMAND,
    SN_ACL_DENIED_CHANNEL
};

/* Only the default user, who may do everything without a password. */
void sn_acl_init(struct sn_acl *acl);
void sn_acl_fini(struct sn_acl *acl);

/* NULL if there is no such user. */
struct sn_acl_user *sn_acl_find(const struct sn_acl *acl, const char *name);
/* The same for len bytes that somebody sent: a NUL is one like any other, so no user has it. */
struct sn_acl_user *sn_acl_find_bytes(const struct sn_acl *acl, const char *name, size_t len);
/* Makes the user if it is not there (off, no rights), and applies rules in order, all or nothing.
 * SN_EINVAL: *error says which rule and why ("Error in ACL SETUSER modifier '…': …") (PROTOCOL.md
 * §5.4). */
SN_MUST_CHECK int sn_acl_set_user(struct sn_acl *acl, const char *name, size_t count,
                                  char *const *rules, struct sn_buf *error);
/* Joins words that are the parts of one selector, "(+ping" and "~x)". SN_EINVAL: a parenthesis is
 * never closed; *merged then ends with the word that opens it. */
SN_MUST_CHECK int sn_acl_merge_rules(size_t count, char *const *rules, struct sn_words *merged);
/* Applies the words of a `user` line behind "user": the name, the rules. SN_EINVAL: *error says
 * why. */
SN_MUST_CHECK int sn_acl_set_line(struct sn_acl *acl, size_t count, char *const *words,
                                  struct sn_buf *error);
/* Makes what text, the content of an ACL file, says; fresh needs no sn_acl_init. name: of the file,
 * for errors; open: acl-pubsub-default is allchannels. SN_EINVAL: *error says every line that is
 * wrong and why, and fresh is empty (PROTOCOL.md §5.4). */
SN_MUST_CHECK int sn_acl_parse(const char *text, const char *name, bool open, struct sn_acl *fresh,
                               struct sn_buf *error);
/* Whether new users begin with all channels, and the default user. */
void sn_acl_open_channels(struct sn_acl *acl, bool open);
/* The default user needs this password from now on, and no other will do. */
void sn_acl_require_password(struct sn_acl *acl, const char *pass);
/* Appends the lines that make all users. */
void sn_acl_describe_all(const struct sn_acl *acl, struct sn_buf *out);
/* How many rules and passwords user has, selectors included. */
size_t sn_acl_count_words(const struct sn_acl_user *user);
/* Forgets user, which must not be the default one; nobody may refer to it any more. */
void sn_acl_delete_user(struct sn_acl *acl, struct sn_acl_user *user);

/* Checks name (name_len bytes) and password (len bytes). SN_EINVAL: unknown, disabled or wrong; the
 * time it takes does not depend on how much of a password is right (PROTOCOL.md §5.3). */
SN_MUST_CHECK int sn_acl_authenticate(const struct sn_acl *acl, const char *name, size_t name_len,
                                      const char *pass, size_t len, struct sn_acl_user **user);

/* May user run this command with these words? *denied is the offending channel when one is; it may
 * hold NUL bytes (PROTOCOL.md §5.4). */
enum sn_acl_verdict sn_acl_may_run(const struct sn_acl_user *user, const struct sn_spec *spec,
                                   size_t argc, char *const *argv, const size_t *lens,
                                   const char **denied);

/* Appends "user NAME on …", the line that makes this user. */
void sn_acl_describe(const struct sn_acl_user *user, struct sn_buf *out);
/* The parts of it: command rules, key patterns, channel patterns. */
void sn_acl_describe_commands(const struct sn_acl_user *user, struct sn_buf *out);
void sn_acl_describe_keys(const struct sn_acl_user *user, struct sn_buf *out);
void sn_acl_describe_channels(const struct sn_acl_user *user, struct sn_buf *out);

/* The rule that lets a password in (or, with `remove`, takes it back) that a rule as text cannot
 * hold, as it has a NUL byte. out: SN_ACL_HASH_LEN + 2 bytes. */
void sn_acl_hash_rule(const char *pass, size_t len, bool remove, char *out);
/* Applies one rule to user. NULL if it was good, else why not (static text) (PROTOCOL.md §5.4). */
const char *sn_acl_apply(struct sn_acl_user *user, const char *rule);

struct sn_acl_user *sn_acl_user_new(const char *name, bool open_channels);
struct sn_acl_user *sn_acl_user_copy(const struct sn_acl_user *user);
void sn_acl_user_free(struct sn_acl_user *user);

#endif
