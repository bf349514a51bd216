/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_ACL_ACL_H
#define SN_ACL_ACL_H

/* Users, their passwords and their rights (PROTOCOL.md §5.4). Rules, the words of a `user` line or
 * of ACL SETUSER, define a user. A selector, rules in parentheses, is an additional set of rights;
 * a command is allowed if the user itself or any selector allows it. Key rules are stored and shown
 * but have no effect: a sentinel has no keys. */

#include "acl/specs.h"
#include "base/buf.h"
#include "base/hashtable.h"
#include "base/text.h"

#define SN_ACL_HASH_LEN      64   /* hexadecimal SHA-256 */
#define SN_ACL_RULES_MAX     4096 /* rules of one kind that one user may have */
#define SN_ACL_SELECTORS_MAX 64
/* Limit on the cost of checking one command: bytes of patterns times bytes of channels. A command
 * above it is denied, so that slow patterns cannot block the process. */
#define SN_ACL_MATCH_MAX ((size_t)4 << 20)

/* A word in a list: a password hash, a channel pattern, a key pattern or a command rule. */
struct sn_acl_word {
    char *text;
    struct sn_acl_word *next, *prev;
};

struct sn_acl_user {
    char *name;
    bool enabled;
    bool nopass;      /* any password is accepted */
    bool no_sanitize; /* skip-sanitize-payload: only shown */
    bool all_channels;
    bool open_channels; /* acl-pubsub-default allchannels: holds after `reset`, for new selectors */
    uint64_t allowed[SN_SPECS_MAX / 64]; /* by index in the command table */
    struct sn_acl_word *passwords;       /* utlist lists */
    struct sn_acl_word *channels;
    struct sn_acl_word *keys;
    struct sn_acl_word *commands;  /* the rules behind `allowed`, for display */
    struct sn_acl_user *selectors; /* rights only, no names; a utlist list */
    struct sn_acl_user *next, *prev;
    bool leaving; /* being deleted */
    UT_hash_handle hh;
};

struct sn_acl {
    struct sn_acl_user *users;
    struct sn_acl_user *standard; /* the user named default; never NULL */
    bool open_channels;           /* of new users */
};

enum sn_acl_verdict {
    SN_ACL_NONE = 0,
    SN_ACL_ALLOWED,
    SN_ACL_DENIED_COMMAND,
    SN_ACL_DENIED_CHANNEL
};

/* Creates only the default user, with all rights and no password. */
void sn_acl_init(struct sn_acl *acl);
void sn_acl_fini(struct sn_acl *acl);

/* Returns the user called name, or NULL. */
struct sn_acl_user *sn_acl_find(const struct sn_acl *acl, const char *name);
/* The same for a name of len bytes from a client. A name with a NUL byte matches no user. */
struct sn_acl_user *sn_acl_find_bytes(const struct sn_acl *acl, const char *name, size_t len);
/* Creates the user if it does not exist (off, no rights), and applies rules in order, all or none.
 * SN_EINVAL: *error names the rule and the reason ("Error in ACL SETUSER modifier '…': …")
 * (PROTOCOL.md §5.4). */
SN_MUST_CHECK int sn_acl_set_user(struct sn_acl *acl, const char *name, size_t count,
                                  char *const *rules, struct sn_buf *error);
/* Joins the words of each selector, such as "(+ping" and "~x)". SN_EINVAL: a parenthesis is not
 * closed; *merged then ends with the word that opens it. */
SN_MUST_CHECK int sn_acl_merge_rules(size_t count, char *const *rules, struct sn_words *merged);
/* Applies the words of a `user` line behind "user": the name, the rules. SN_EINVAL: *error says
 * why. */
SN_MUST_CHECK int sn_acl_set_line(struct sn_acl *acl, size_t count, char *const *words,
                                  struct sn_buf *error);
/* Parses text, the content of an ACL file, into fresh, which needs no sn_acl_init. name: file name
 * for errors. open: acl-pubsub-default is allchannels. SN_EINVAL: *error lists every wrong line and
 * the reason, and fresh is empty (PROTOCOL.md §5.4). */
SN_MUST_CHECK int sn_acl_parse(const char *text, const char *name, bool open, struct sn_acl *fresh,
                               struct sn_buf *error);
/* Sets whether new users, and the default user, start with all channels. */
void sn_acl_open_channels(struct sn_acl *acl, bool open);
/* Makes pass the only password of the default user. */
void sn_acl_require_password(struct sn_acl *acl, const char *pass);
/* Appends a `user` line for each user. */
void sn_acl_describe_all(const struct sn_acl *acl, struct sn_buf *out);
/* Number of rules and passwords of user, selectors included. */
size_t sn_acl_count_words(const struct sn_acl_user *user);
/* Deletes and frees user. Precondition: not the default user, and no references to it are left. */
void sn_acl_delete_user(struct sn_acl *acl, struct sn_acl_user *user);

/* Checks name (name_len bytes) and password (len bytes). SN_EINVAL: unknown user, disabled user or
 * wrong password. The comparison takes constant time (PROTOCOL.md §5.3). */
SN_MUST_CHECK int sn_acl_authenticate(const struct sn_acl *acl, const char *name, size_t name_len,
                                      const char *pass, size_t len, struct sn_acl_user **user);

/* Checks whether user may run spec with the words argv. *denied is the refused channel, if any; it
 * may hold NUL bytes (PROTOCOL.md §5.4). */
enum sn_acl_verdict sn_acl_may_run(const struct sn_acl_user *user, const struct sn_spec *spec,
                                   size_t argc, char *const *argv, const size_t *lens,
                                   const char **denied);

/* Appends "user NAME on …", the line that defines user. */
void sn_acl_describe(const struct sn_acl_user *user, struct sn_buf *out);
/* Append parts of that line: command rules, key patterns, channel patterns. */
void sn_acl_describe_commands(const struct sn_acl_user *user, struct sn_buf *out);
void sn_acl_describe_keys(const struct sn_acl_user *user, struct sn_buf *out);
void sn_acl_describe_channels(const struct sn_acl_user *user, struct sn_buf *out);

/* Writes the rule that adds the password (with `remove`: removes it) by its hash, as a text rule
 * cannot hold a password with a NUL byte. out: SN_ACL_HASH_LEN + 2 bytes. */
void sn_acl_hash_rule(const char *pass, size_t len, bool remove, char *out);
/* Applies one rule to user. Returns NULL on success, else the reason (static text) (PROTOCOL.md
 * §5.4). */
const char *sn_acl_apply(struct sn_acl_user *user, const char *rule);

struct sn_acl_user *sn_acl_user_new(const char *name, bool open_channels);
struct sn_acl_user *sn_acl_user_copy(const struct sn_acl_user *user);
void sn_acl_user_free(struct sn_acl_user *user);

#endif
