/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_COMMANDS_H
#define SN_SHELL_SERVER_COMMANDS_H

/* The table of commands that clients may send, and the checks between a request and its handler
 * (PROTOCOL.md §3.4, §3.5). Everything that COMMAND and ACL tell about commands comes from here. */

#include "base/buf.h"
#include "conf/table/settings.h"
#include "wire/request.h"
#include "wire/resp.h"

struct sn_server;
struct sn_client;
struct sn_command_spec;

/* Longest pattern of a command that matches it with many names: matching takes pattern times name.
 */
#define SN_PATTERN_MAX 1024

/* Flags; the first group is shown by COMMAND INFO. */
enum {
    SN_CMD_ADMIN = 1 << 0,
    SN_CMD_PUBSUB = 1 << 1,
    SN_CMD_NOSCRIPT = 1 << 2,
    SN_CMD_LOADING = 1 << 3,
    SN_CMD_STALE = 1 << 4,
    SN_CMD_FAST = 1 << 5,
    SN_CMD_NO_AUTH = 1 << 6, /* runs before authentication */
    SN_CMD_NO_MULTI = 1 << 7,
    SN_CMD_ALLOW_BUSY = 1 << 8,
    /* not shown */
    SN_CMD_SUBSCRIBED = 1 << 9, /* runs on a RESP2 connection with subscriptions */
    SN_CMD_UNLISTED = 1 << 10,  /* a superset of stock: runs, but COMMAND does not count it */
    SN_CMD_CHANNELS = 1 << 11,  /* all arguments are channels (or patterns) */
    SN_CMD_PATTERNS = 1 << 12,  /* … patterns */
    SN_CMD_CHANNEL = 1 << 13    /* the first argument is one */
};

/* ACL categories, in the order in which ACL CAT lists them. */
enum sn_category {
    SN_CAT_KEYSPACE = 0,
    SN_CAT_READ,
    SN_CAT_WRITE,
    SN_CAT_SET,
    SN_CAT_SORTEDSET,
    SN_CAT_LIST,
    SN_CAT_HASH,
    SN_CAT_STRING,
    SN_CAT_BITMAP,
    SN_CAT_HYPERLOGLOG,
    SN_CAT_GEO,
    SN_CAT_STREAM,
    SN_CAT_PUBSUB,
    SN_CAT_ADMIN,
    SN_CAT_FAST,
    SN_CAT_SLOW,
    SN_CAT_BLOCKING,
    SN_CAT_DANGEROUS,
    SN_CAT_CONNECTION,
    SN_CAT_TRANSACTION,
    SN_CAT_SCRIPTING,
    SN_CAT_COUNT
};

/* The name without '@'. */
const char *sn_category_name(enum sn_category category);
/* Finds name (without '@', any case). SN_ENOENT if there is none. */
SN_MUST_CHECK int sn_category_find(const char *name, enum sn_category *category);

/* One request under execution. Everything is borrowed for the call. */
struct sn_call {
    struct sn_server *server;
    struct sn_client *client;
    const struct sn_command_spec *spec;
    size_t argc; /* every word, the container included */
    char **argv;
    size_t *lens;
    struct sn_resp *resp; /* where the reply goes */
};

typedef void sn_command_fn(struct sn_call *call);

struct sn_command_spec {
    const char *container; /* NULL: a top-level command */
    const char *name;      /* lower case */
    int arity;             /* every word, the container included; negative: at least */
    unsigned flags;
    unsigned categories; /* bits 1 << enum sn_category; FAST or SLOW is always one */
    sn_command_fn *run;  /* NULL: a container that needs a subcommand */
    const char *group;   /* of the documentation */
    const char *since;
    const char *summary;
    const char *canonical; /* another name of this subcommand, whose permissions count; or NULL */
};

/* The table: a container is followed by its subcommands. */
extern const struct sn_command_spec sn_commands_table[];
extern const size_t sn_commands_count;

/* More than the table will ever have; the size of permission bitmaps. */
#define SN_COMMANDS_MAX 128

/* A top-level command by name (any case), NULL if none. */
const struct sn_command_spec *sn_commands_find(const char *name);
/* A subcommand, NULL if none. */
const struct sn_command_spec *sn_commands_find_sub(const char *container, const char *name);
/* By full name, "ping" or "sentinel|masters" (any case), NULL if none. */
const struct sn_command_spec *sn_commands_find_full(const char *name);
bool sn_commands_is_container(const struct sn_command_spec *spec);
/* The place in the table whose permission counts for spec: its own, or that of its canonical name.
 */
size_t sn_commands_permission_index(const struct sn_command_spec *spec);

#define SN_COMMAND_NAME_MAX 63
/* Writes "ping" or "sentinel|masters" into out (SN_COMMAND_NAME_MAX + 1 bytes). */
void sn_commands_full_name(const struct sn_command_spec *spec, char *out);
/* True if argc words suit spec. */
bool sn_commands_arity_fits(const struct sn_command_spec *spec, size_t argc);

/* Checks the rename-command lines of settings. SN_EINVAL: *error says which is wrong and why. */
SN_MUST_CHECK int sn_commands_check_renames(const struct sn_settings *settings,
                                            struct sn_buf *error);

/* Checks request in the order of PROTOCOL.md §3.4 and runs it, for client. The reply, if there is
 * one already, is in the client's output. */
void sn_commands_execute(struct sn_server *server, struct sn_client *client,
                         const struct sn_request *request, struct sn_buf *out);

/* The text as a bulk string in RESP2 and as a verbatim string in RESP3. */
void sn_commands_reply_verbatim(struct sn_call *call, const struct sn_buf *text);

/* The usual end of a HELP: header, lines, and the line about HELP itself. */
void sn_commands_reply_help(struct sn_call *call, const char *container, const char *const *lines,
                            size_t count);

/* True if the argument holds no NUL byte. What has one is no name of anything here: as a C string
 * it would pass for what stands before that byte. */
bool sn_call_is_text(const struct sn_call *call, size_t index);
/* Equal words, ignoring case; a word with a NUL byte equals nothing. */
bool sn_call_word_is(const struct sn_call *call, size_t index, const char *word);
/* The argument as an integer. SN_EINVAL or SN_ERANGE; no reply is made. */
SN_MUST_CHECK int sn_call_integer(const struct sn_call *call, size_t index, int64_t *value);

#endif
