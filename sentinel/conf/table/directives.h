/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_TABLE_DIRECTIVES_H
#define SN_CONF_TABLE_DIRECTIVES_H

/* The one table of directives behind both file syntaxes, the command line, SENTINEL SET and
 * SENTINEL CONFIG SET (PROTOCOL.md §19.7, §19.9): a directive is written down once. */

#include "base/buf.h"
#include "conf/table/settings.h"
#include "core/image.h"

struct sn_loader;
struct sn_statement;

enum sn_scope {
    SN_SCOPE_NONE = 0,
    SN_SCOPE_SERVER,   /* a line of its own; a setting of the process */
    SN_SCOPE_SENTINEL, /* `sentinel <name> <value>`; of the sentinel as a whole */
    SN_SCOPE_GROUP     /* `sentinel <name> <group> <value>` */
};

enum sn_value_kind {
    SN_VALUE_NONE = 0, /* no check beyond the number of values: apply() does it */
    SN_VALUE_NUMBER,   /* min..max */
    SN_VALUE_YESNO,    /* number is 1 or 0 */
    SN_VALUE_TEXT,
    SN_VALUE_HOST,   /* an IP or a name; "" is allowed */
    SN_VALUE_SCRIPT, /* the path of an executable; "" is allowed */
    SN_VALUE_LEVEL,  /* number is an enum sn_level */
    SN_VALUE_CHOICE, /* one of `choices`, ignoring case */
    SN_VALUE_TITLE,  /* a template of sn_title_expand */
    SN_VALUE_BYTES,  /* a number with an optional unit, min..max */
    SN_VALUE_SHARE,  /* the same, or a percentage; number is then negative */
    SN_VALUE_OCTAL   /* min..max */
};

/* How a server directive's value is kept at its offset in struct sn_settings. */
enum sn_field {
    SN_FIELD_NONE = 0,
    SN_FIELD_U16,
    SN_FIELD_U32,
    SN_FIELD_INT,
    SN_FIELD_U64,
    SN_FIELD_BOOL,
    SN_FIELD_LEVEL,
    SN_FIELD_TEXT
};

/* Takes a statement whose number of values is right. SN_EINVAL after sn_loader_fail(). */
typedef int sn_directive_apply(struct sn_loader *loader, const struct sn_statement *statement);

#define SN_VALUES_ANY UINT8_MAX
#define SN_HOSTS_ALL  UINT8_MAX

struct sn_directive {
    const char *name;
    enum sn_scope scope;
    enum sn_value_kind kind;
    uint8_t values_min; /* the group's name is not counted */
    uint8_t values_max; /* SN_VALUES_ANY: no limit */
    bool state;         /* learned, not configured: belongs to files that are rewritten */
    bool live;          /* SENTINEL SET or CONFIG SET may change it */
    bool many;          /* lines add up; otherwise the last one counts */
    bool splits;        /* one word may hold all values, with blanks between them */
    uint8_t numbers;    /* bit i: value i is a number, read as kindly as its meaning allows */
    uint8_t hosts;      /* bit i: value i is an address, which may stand in brackets */
    bool milliseconds;  /* the number is a duration, and may say so: 3000ms */
    int64_t min;
    int64_t max;
    const char *fallback; /* the default as it would be written; NULL: none */
    /* Exactly one of these three takes the value; none: it is accepted and ignored. */
    enum sn_option option;
    enum sn_field field;
    sn_directive_apply *apply;
    size_t offset;              /* for field */
    const char *const *choices; /* NULL-terminated, for SN_VALUE_CHOICE */
    const char *error;          /* the literal text for a bad value; NULL: that of its kind */
    const char *expected;       /* what a good value is; NULL: that of its kind */
};

/* The table of one scope. */
const struct sn_directive *sn_directives(enum sn_scope scope, size_t *count);
/* By name or alias, ignoring case; NULL if there is none. */
const struct sn_directive *sn_directive_find(enum sn_scope scope, const char *name);
/* The same for what a line `sentinel <name> …` may say: scope SENTINEL or GROUP. */
const struct sn_directive *sn_directive_find_sentinel(const char *name);
/* The directive of a run-time option. */
const struct sn_directive *sn_directive_of_option(enum sn_option option);
/* True if name is a server directive of some release that has no meaning here. *quiet: nobody needs
 * to be told. */
bool sn_directive_ignored(const char *name, bool *quiet);
/* The same for what stood behind `sentinel` in releases that are long gone. */
bool sn_directive_ignored_sentinel(const char *name);
/* The known name of two scopes that is nearest to a misspelt one; NULL if none is near. */
const char *sn_directive_near(enum sn_scope scope, enum sn_scope other, const char *name);

/* Checks text as a value of directive and, for kinds that have one, puts its number into *number.
 * Scripts are not looked up. SN_EINVAL: malformed; SN_ERANGE: outside min..max. */
SN_MUST_CHECK int sn_value_parse(const struct sn_directive *directive, const char *text,
                                 int64_t *number);
/* Reads an epoch as it was saved. One beyond SN_EPOCH_SAVED_MAX is no result of counting, but what
 * is left of a poisoned one (PROTOCOL.md §24.1): it becomes SN_EPOCH_FAR, which others can follow,
 * and *spoilt is set. SN_EINVAL: no number. */
SN_MUST_CHECK int sn_value_epoch(const char *text, uint64_t *epoch, bool *spoilt);
/* Appends what to say about a bad value: the literal text of PROTOCOL.md §19.4 and §19.7. */
void sn_value_error(const struct sn_directive *directive, int code, struct sn_buf *out);
/* Appends what a good value is, as the end of "Expected: ". */
void sn_value_expected(const struct sn_directive *directive, struct sn_buf *out);
/* Stores a parsed value of a server directive with a field. */
void sn_value_store(const struct sn_directive *directive, const char *text, int64_t number,
                    struct sn_settings *settings);

/* The apply functions of the table (apply.c). */
sn_directive_apply sn_apply_bind;
sn_directive_apply sn_apply_user;
sn_directive_apply sn_apply_server_rename;
sn_directive_apply sn_apply_output_limit;
sn_directive_apply sn_apply_dir;
sn_directive_apply sn_apply_monitor;
sn_directive_apply sn_apply_rename;
sn_directive_apply sn_apply_myid;
sn_directive_apply sn_apply_current_epoch;
sn_directive_apply sn_apply_config_epoch;
sn_directive_apply sn_apply_leader_epoch;
sn_directive_apply sn_apply_known_replica;
sn_directive_apply sn_apply_known_sentinel;

#endif
