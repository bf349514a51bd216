/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_CONF_H
#define SN_CONF_CONF_H

/* Reading and writing configuration and state: both syntaxes, one table of directives
 * (DESIGN.md §3, PROTOCOL.md §19). Nothing here opens a socket or acts on what it reads; reading
 * files is done with the C library. */

#include "base/buf.h"
#include "conf/table/settings.h"
#include "core/image.h"

enum sn_conf_syntax { SN_CONF_NONE = 0, SN_CONF_REDIS, SN_CONF_INI };

/* What was changed at run time and is no part of the image. Borrowed texts; all zero: nothing. */
struct sn_conf_live {
    const char *users;      /* one `user` line for each user there is; NULL: nobody changed them */
    const char *users_base; /* the same of the users that the files make; for a state file only */
    enum sn_level loglevel; /* NONE: nobody changed it */
};

/* An `include` line, and what the files that it names say, as lines in canonical form. */
struct sn_conf_include {
    char *path; /* the word of the main file; NULL: it stood on the command line */
    struct sn_setting_words lines;
};

struct sn_conf {
    enum sn_conf_syntax syntax;
    char *path; /* of the configuration file, absolute, resolved before `dir` is entered; "": all
                 * is said on the command line */
    char *state_path;   /* where state is saved, absolute: path itself, or the state file */
    bool state_in_conf; /* true: path itself is rewritten (Redis syntax without state-file) */
    struct sn_settings settings;
    struct sn_image image; /* configuration with the saved state merged in */
    /* What the operator's files and the command line say, without saved state: the base for telling
     * what was changed at run time. The image is only used when a separate state file is. */
    struct sn_image base;
    struct sn_settings base_settings;
    bool users_restored; /* settings.users has users that were changed at run time */
    /* What included files say is not copied into the main file as long as that includes them. */
    struct sn_conf_include *includes;
    size_t include_count;
    /* The server directives of the command line, as lines in canonical form: they are written. */
    struct sn_setting_words overrides;
    /* Set if the configuration file was damaged in the middle of a write and its journal was read:
     * what that says, and the hash of the damaged text, for which it stands when the file is
     * rewritten. */
    char *recovered;
    uint64_t damaged_hash;
    struct sn_conf_live live; /* for sn_conf_render */
    char **notices; /* things to log once the log is open ("save: has no meaning here, ignored") */
    size_t notice_count;
};

/* Reads the configuration file at path (NULL: there is none, and a state file is named), then the
 * overriding words of the command line
 * (`--port 26380 --sentinel monitor …`, argc/argv without the program and the path), then the state
 * file if one is in use. Nothing is written, no directory entered.
 * On error returns SN_EINVAL, SN_ENOENT, SN_EIO or SN_ECORRUPT, leaves *conf empty and puts into
 * *error a complete message of one or more lines for standard error that names file, line,
 * directive and what was expected. */
SN_MUST_CHECK int sn_conf_load(const char *path, int argc, char *const *argv, struct sn_conf *conf,
                               struct sn_buf *error);
void sn_conf_fini(struct sn_conf *conf);

/* Renders what is to be written to conf->state_path: the Redis-syntax file with `old` (its present
 * text, old_len bytes, may be empty) rewritten as redis-sentinel does it (PROTOCOL.md §19.8), or
 * the state file, which ignores `old`. image is the state to save. Pure; safe to call from another
 * thread on values nobody else touches. SN_EINVAL: a value cannot be written without changing the
 * meaning of the file (control characters). */
SN_MUST_CHECK int sn_conf_render(const struct sn_conf *conf, const struct sn_image *image,
                                 const char *old, size_t old_len, struct sn_buf *out);

/* The changes of one SENTINEL SET or CONFIG SET command. */
struct sn_changes {
    struct sn_change *items; /* point into the argv they were parsed from */
    size_t count;
};
void sn_changes_fini(struct sn_changes *changes);

/* Validates the option-value words after `SENTINEL SET name` with the directive table: all or
 * nothing. scripts_denied: deny-scripts-reconfig is on.
 * SN_EINVAL: *error holds the exact error text without "ERR " (PROTOCOL.md §4.18). */
SN_MUST_CHECK int sn_conf_parse_set(int argc, char *const *argv, bool scripts_denied,
                                    struct sn_changes *changes, struct sn_buf *error);
/* The same for `SENTINEL CONFIG SET` pairs (PROTOCOL.md §4.17), except `loglevel`, which comes back
 * in *loglevel (SN_LEVEL_NONE if not named). */
SN_MUST_CHECK int sn_conf_parse_config_set(int argc, char *const *argv, struct sn_changes *changes,
                                           enum sn_level *loglevel, struct sn_buf *error);

/* "debug", "verbose", "notice", "warning", "nothing"; NONE if text (any case) is none of them. */
enum sn_level sn_conf_level(const char *text);
const char *sn_conf_level_name(enum sn_level level);
/* "64mb" as bytes, "5%" as -5 (1 to 100). SN_EINVAL, SN_ERANGE. */
SN_MUST_CHECK int sn_conf_parse_share(const char *text, int64_t *number);

#endif
