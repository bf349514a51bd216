/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_READ_CONFIG_H
#define SN_CONF_READ_CONFIG_H

/* What was read: settings, image, and what writing them again has to know. */

#include "base/buf.h"
#include "conf/table/directives.h"
#include "conf/table/list.h"
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

/* An empty one: stock defaults, no group. */
void sn_conf_init(struct sn_conf *conf);
void sn_conf_fini(struct sn_conf *conf);

/* Keeps something to be logged later; takes text. */
void sn_conf_notice(struct sn_conf *conf, char *text);
/* The same with a text to be made, behind the path of the file. Control characters are escaped. */
SN_PRINTF(2, 3) void sn_conf_noticef(struct sn_conf *conf, const char *format, ...);

/* True if a setting of the server was changed at run time. */
bool sn_conf_changed(const struct sn_conf *conf, const struct sn_directive *directive);
/* The server's settings with those changes, but for the users. Its texts are those of conf. */
struct sn_settings sn_conf_now(const struct sn_conf *conf);

#endif
