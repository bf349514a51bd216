/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_TABLE_DIRECTIVES_H
#define SN_CONF_TABLE_DIRECTIVES_H

/* The one table of directives behind both file syntaxes, the command line, SENTINEL SET and
 * SENTINEL CONFIG SET (PROTOCOL.md §19.7, §19.9). A directive is one row: what it is called, what
 * its values are, who may change them when, and where they are kept. */

#include "core/image.h"

enum sn_scope {
    SN_SCOPE_NONE = 0,
    SN_SCOPE_SERVER,   /* a line of its own; kept in struct sn_settings */
    SN_SCOPE_SENTINEL, /* `sentinel <name> <value>`; kept in struct sn_image */
    SN_SCOPE_GROUP     /* `sentinel <name> <group> <value>`; kept in struct sn_group_image */
};

/* What the values are. The kinds from FOLDER on are more than one checked word: read/apply.c takes
 * them, and nothing is said about a single value. */
enum sn_value_kind {
    SN_VALUE_NONE = 0,
    SN_VALUE_NUMBER, /* min..max */
    SN_VALUE_YESNO,  /* number is 1 or 0 */
    SN_VALUE_TEXT,
    SN_VALUE_HOST,          /* an IP or a name; "" is allowed */
    SN_VALUE_SCRIPT,        /* the path of an executable; "" is allowed */
    SN_VALUE_LEVEL,         /* number is an enum sn_level */
    SN_VALUE_CHOICE,        /* one of `choices`, ignoring case */
    SN_VALUE_TITLE,         /* a template of sn_title_expand */
    SN_VALUE_BYTES,         /* a number with an optional unit, min..max */
    SN_VALUE_SHARE,         /* the same, or a percentage; number is then negative */
    SN_VALUE_OCTAL,         /* min..max */
    SN_VALUE_PASSWORD_FILE, /* the path of a file whose first line is a password */

    SN_VALUE_FOLDER, /* `dir`: a path, relative to the one before it */
    SN_VALUE_BIND,   /* addresses; a single "": none */
    SN_VALUE_ADDRESSES,
    SN_VALUE_USER,    /* a name and rules */
    SN_VALUE_RENAME,  /* a command and its new name */
    SN_VALUE_LIMITS,  /* class, hard limit, soft limit, seconds; repeatedly */
    SN_VALUE_RUNID,   /* an id */
    SN_VALUE_EPOCH,   /* a number without sign */
    SN_VALUE_MONITOR, /* host, port, quorum: the group itself */
    SN_VALUE_REPLICA, /* host, port */
    SN_VALUE_PEER     /* host, port, id */
};

/* How a value is kept. */
enum sn_field {
    SN_FIELD_NONE = 0,
    SN_FIELD_BOOL,
    SN_FIELD_U16,
    SN_FIELD_U32,
    SN_FIELD_U64,
    SN_FIELD_INT,
    SN_FIELD_I64,
    SN_FIELD_TEXT,     /* char *; NULL: not set */
    SN_FIELD_RUNID,    /* struct sn_runid; "": not set */
    SN_FIELD_LINES,    /* struct sn_setting_words *, and a number of them */
    SN_FIELD_WORDS,    /* struct sn_setting_words; empty: not set */
    SN_FIELD_BIND,     /* struct sn_settings: bind, bind_none */
    SN_FIELD_LIMITS,   /* struct sn_settings: pubsub_… */
    SN_FIELD_MONITOR,  /* struct sn_group_image: addr, params.quorum */
    SN_FIELD_REPLICAS, /* … replicas */
    SN_FIELD_PEERS,    /* … peers */
    SN_FIELD_RENAMES   /* … params.renames */
};

#define SN_VALUES_ANY UINT8_MAX
#define SN_HOSTS_ALL  UINT8_MAX

struct sn_directive {
    const char *name;
    enum sn_scope scope;
    enum sn_value_kind kind;
    uint8_t values_min;  /* the group's name is not counted */
    uint8_t values_max;  /* SN_VALUES_ANY: no limit */
    bool state;          /* learned, not configured: belongs to files that are rewritten */
    bool live;           /* SENTINEL SET or CONFIG SET may change it */
    bool many;           /* lines add up; otherwise the last one counts */
    bool splits;         /* one word may hold all values, with blanks between them */
    bool raised;         /* a number below min is read as min, with a notice */
    bool counted;        /* the current epoch is never below this one */
    bool within_monitor; /* in the Redis syntax a word of the monitor line */
    bool behind_groups;  /* of the sentinel: stands behind the groups in a fresh file */
    uint8_t numbers;     /* bit i: value i is a number, read as kindly as its meaning allows */
    uint8_t hosts;       /* bit i: value i is an address, which may stand in brackets */
    bool comment;        /* stands in a comment, which stock skips: "# sentinel …" */
    bool milliseconds;   /* the number is a duration, and may say so: 3000ms */
    int64_t min;
    int64_t max;
    const char *fallback;       /* the default as it would be written; NULL: none */
    enum sn_field field;        /* kept so, in what the scope says, … */
    size_t offset;              /* … here; of the fields from BIND on always the same */
    size_t count_offset;        /* LINES: of their number */
    size_t file_offset;         /* of a password: of the path of its file; 0: it has none */
    const char *password;       /* PASSWORD_FILE: the directive that the file stands for */
    enum sn_option option;      /* live: what the core calls it; NONE: not the core's */
    const char *const *choices; /* NULL-terminated, for SN_VALUE_CHOICE */
    const char *error;          /* the literal text for a bad value; NULL: that of its kind */
    const char *expected;       /* what a good value is; NULL: that of its kind */
};

/* The table of one scope. */
const struct sn_directive *sn_directives(enum sn_scope scope, size_t *count);
/* By name or alias, ignoring case; NULL if there is none (PROTOCOL.md §19.7, §19.9). */
const struct sn_directive *sn_directive_find(enum sn_scope scope, const char *name);
/* The same for what a line `sentinel <name> …` may say: scope SENTINEL or GROUP (PROTOCOL.md §22.3,
 * §24.2). */
const struct sn_directive *sn_directive_find_sentinel(const char *name);
/* The known name of two scopes that is nearest to a misspelt one; NULL if none is near. */
const char *sn_directive_near(enum sn_scope scope, enum sn_scope other, const char *name);

#endif
