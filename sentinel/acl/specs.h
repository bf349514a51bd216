/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_ACL_SPECS_H
#define SN_ACL_SPECS_H

/* Table of the commands that clients may send: names, arity, flags, categories and documentation
 * (PROTOCOL.md §4.1, §5). The replies of COMMAND and ACL CAT come from it. The handlers are in
 * shell/server. */

#include "base/types.h"

/* Flags. COMMAND INFO shows the first group. */
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
    SN_CMD_UNLISTED = 1 << 10,  /* not in stock: runs, but COMMAND does not count it */
    SN_CMD_CHANNELS = 1 << 11,  /* all arguments are channels or patterns */
    SN_CMD_PATTERNS = 1 << 12,  /* all arguments are patterns */
    SN_CMD_CHANNEL = 1 << 13    /* the first argument is a channel */
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

struct sn_spec {
    const char *container; /* NULL: a top-level command */
    const char *name;      /* lower case */
    int arity;             /* number of words, the container included; -n: at least n */
    unsigned flags;
    unsigned categories; /* bits 1 << enum sn_category; always FAST or SLOW */
    const char *group;   /* for COMMAND DOCS */
    const char *since;
    const char *summary;
    const char *canonical; /* this is an alias of it, with its permissions; NULL: none */
};

/* The table. A container is followed by its subcommands. */
extern const struct sn_spec sn_specs[];
extern const size_t sn_specs_count;

/* Upper bound of sn_specs_count; size of permission bitmaps. */
#define SN_SPECS_MAX 128

/* Finds a top-level command by name (any case); NULL if none (PROTOCOL.md §3.1). */
const struct sn_spec *sn_specs_find(const char *name);
/* Finds a subcommand; NULL if none (PROTOCOL.md §3.1, §4.1, §22.3, §24.4). */
const struct sn_spec *sn_specs_find_sub(const char *container, const char *name);
/* Finds a command by full name, "ping" or "sentinel|masters" (any case); NULL if none. */
const struct sn_spec *sn_specs_find_full(const char *name);
bool sn_spec_is_container(const struct sn_spec *spec);
/* Index in the table of the permission that applies to spec: its own, or that of its canonical name
 * (PROTOCOL.md §4.1). */
size_t sn_spec_permission_index(const struct sn_spec *spec);

#define SN_SPEC_NAME_MAX 63
/* Writes "ping" or "sentinel|masters" into out (SN_SPEC_NAME_MAX + 1 bytes). */
void sn_spec_full_name(const struct sn_spec *spec, char *out);
/* True if argc words match the arity of spec (PROTOCOL.md §3.5, §4.1). */
bool sn_spec_arity_fits(const struct sn_spec *spec, size_t argc);

#endif
