/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_READ_LOADER_H
#define SN_CONF_READ_LOADER_H

/* What is read into: the statements of the readers of both syntaxes and of the command line, and
 * the configuration that they are applied to. Every error names place and line. */

#include "base/textmap.h"
#include "conf/read/config.h"

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
/* An empty statement behind those there are; what is put into it is freed with the loader. */
struct sn_statement *sn_loader_push(struct sn_loader *loader);
/* A copy of a file's name that lives as long as the loader. */
const char *sn_loader_name(struct sn_loader *loader, const char *file);

/* Writes "file:line: text\nproblem. Expected: expected.\n" as the error; expected may be NULL.
 * Always SN_EINVAL (PROTOCOL.md §19.4). */
int sn_loader_fail(struct sn_loader *loader, const struct sn_place *at, const char *problem,
                   const char *expected);
/* Keeps something to be logged later: "file:line: " and the text. at may be NULL. */
SN_PRINTF(3, 4)
void sn_loader_notice(struct sn_loader *loader, const struct sn_place *at, const char *format, ...);

/* The group called name, NULL if none; valid until the next group is added. */
struct sn_group_image *sn_loader_group(const struct sn_loader *loader, const char *name);
/* Who defined the group called name; NONE if nobody did. */
enum sn_origin sn_loader_group_origin(const struct sn_loader *loader, const char *name);
/* Adds a group that does not exist yet. */
void sn_loader_add_group(struct sn_loader *loader, const char *name, const struct sn_addr *addr,
                         uint32_t quorum, enum sn_origin origin);
/* Notes that origin has defined a group again. */
void sn_loader_redefine_group(struct sn_loader *loader, const char *name, enum sn_origin origin);

#endif
