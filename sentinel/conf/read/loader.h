/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_READ_LOADER_H
#define SN_CONF_READ_LOADER_H

/* Collects statements from the readers of both syntaxes and the command line and applies them in
 * the passes of PROTOCOL.md §19.6: server directives, what is about the sentinel, the groups, what
 * is about a group. Every error names place and line. */

#include "base/textmap.h"
#include "conf/conf.h"
#include "conf/file/file.h"
#include "conf/table/directives.h"

enum sn_origin { SN_ORIGIN_NONE = 0, SN_ORIGIN_MAIN, SN_ORIGIN_INCLUDED, SN_ORIGIN_COMMAND_LINE };

/* Where something was said. */
struct sn_place {
    const char *file; /* NULL: the command line */
    int line;         /* from 1 */
    const char *text; /* the line itself, trimmed */
};

struct sn_statement {
    const struct sn_directive *directive;
    enum sn_origin origin;
    size_t include;     /* for ORIGIN_INCLUDED: index in conf->includes */
    struct sn_place at; /* at.text belongs to the statement */
    char *group;        /* for scope GROUP */
    char **values;
    size_t value_count;
};

struct sn_group_ref;

struct sn_loader {
    struct sn_conf *conf; /* settings, image and notices are filled */
    struct sn_buf *error;
    bool files; /* false: included files, folders and scripts are not looked at */
    struct sn_statement *items;
    size_t count;
    size_t room;
    char **names; /* of files, for the places */
    size_t name_count;
    struct sn_group_ref *groups; /* uthash: name -> index in the image */
    struct sn_textmap members;   /* of groups: the index of a replica or peer in its image */
    int depth;                   /* of includes */
    bool named;                  /* the notice about host names was given */
    char *dir;                   /* the working directory as read so far; NULL: the present one */
};

/* conf has initialised settings and image. conf and error are borrowed until fini. */
void sn_loader_init(struct sn_loader *loader, struct sn_conf *conf, bool files,
                    struct sn_buf *error);
void sn_loader_fini(struct sn_loader *loader);
/* A copy of a file's name that lives as long as the loader. */
const char *sn_loader_name(struct sn_loader *loader, const char *file);

/* Writes "file:line: text\nproblem. Expected: expected.\n" as the error; expected may be NULL.
 * Always SN_EINVAL. */
int sn_loader_fail(struct sn_loader *loader, const struct sn_place *at, const char *problem,
                   const char *expected);
/* The same for a word that is no directive of the two scopes; names one that is spelt nearly so. */
int sn_loader_fail_unknown(struct sn_loader *loader, const struct sn_place *at, const char *word,
                           enum sn_scope scope, enum sn_scope other);
/* Keeps something to be logged later: "file:line: " and the text. at may be NULL. */
SN_PRINTF(3, 4)
void sn_loader_notice(struct sn_loader *loader, const struct sn_place *at, const char *format, ...);

/* Adds a directive with its values (copied). group is for scope GROUP. SN_EINVAL, with the error
 * set: wrong number of values, control characters. */
SN_MUST_CHECK int sn_loader_add(struct sn_loader *loader, const struct sn_place *at,
                                enum sn_origin origin, const struct sn_directive *directive,
                                const char *group, char *const *values, size_t count);
/* Adds what a line of the Redis syntax says. SN_EINVAL also for a directive that does not exist. */
SN_MUST_CHECK int sn_loader_add_words(struct sn_loader *loader, const struct sn_place *at,
                                      enum sn_origin origin, char *const *words, size_t count);
/* Applies everything. SN_EINVAL, with the error set. */
SN_MUST_CHECK int sn_loader_apply(struct sn_loader *loader);

/* The group called name, NULL if none; valid until the next group is added. */
struct sn_group_image *sn_loader_group(const struct sn_loader *loader, const char *name);
/* Who defined the group called name; NONE if nobody did. */
enum sn_origin sn_loader_group_origin(const struct sn_loader *loader, const char *name);
/* Adds a group that does not exist yet, or notes that another origin has defined it again. */
struct sn_group_image *sn_loader_add_group(struct sn_loader *loader, const char *name,
                                           const struct sn_addr *addr, uint32_t quorum,
                                           enum sn_origin origin);

/* The readers. text is the whole file, NUL-terminated after len bytes. */
SN_MUST_CHECK int sn_redis_read(struct sn_loader *loader, const char *file, const char *text,
                                size_t len);
SN_MUST_CHECK int sn_ini_conf_read(struct sn_loader *loader, const char *file, const char *text,
                                   size_t len);
/* A line, or lines, of the Redis syntax that do not stand in the main file: of the command line. */
SN_MUST_CHECK int sn_redis_add_words(struct sn_loader *loader, const struct sn_place *at,
                                     enum sn_origin origin, char *const *words, size_t count);
SN_MUST_CHECK int sn_redis_read_more(struct sn_loader *loader, const char *name, const char *text,
                                     size_t len);
/* The words of the command line: `--directive value…` (argv.c). */
SN_MUST_CHECK int sn_argv_read(struct sn_loader *loader, int argc, char *const *argv);

/* path as seen from the folder dir (NULL: the present one). free() it. */
char *sn_path_join(const char *dir, const char *path);

/* The length of the byte order mark that some editors put before UTF-8 text; 0: none. */
size_t sn_bom_len(const char *text, size_t len);

/* Appends a line in canonical form: names in lower case, values quoted where they need it. */
void sn_line_put(struct sn_buf *out, const struct sn_directive *directive, const char *group,
                 char *const *values, size_t count);
/* Appends item (taken) to a growing list. */
void sn_list_take(struct sn_setting_words *list, char *item);
void sn_list_fini(struct sn_setting_words *list);

/* sn_conf_load without the files: text stands for the one at path, which is only named in messages.
 * No saved state is merged in. *conf is empty after an error. */
SN_MUST_CHECK int sn_conf_parse(const char *path, const char *text, size_t len, int argc,
                                char *const *argv, bool files, struct sn_conf *conf,
                                struct sn_buf *error);

#endif
