/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/read/loader.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/hashtable.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sn_group_ref {
    char *name;
    size_t index;
    enum sn_origin origin;
    UT_hash_handle hh;
};

void sn_loader_init(struct sn_loader *loader, struct sn_conf *conf, bool files,
                    struct sn_buf *error)
{
    *loader = (struct sn_loader){.conf = conf, .error = error, .files = files};
}

void sn_loader_fini(struct sn_loader *loader)
{
    sn_textmap_fini(&loader->members);
    for (size_t i = 0; i < loader->count; i++) {
        struct sn_statement *statement = &loader->items[i];
        free((char *)(uintptr_t)statement->at.text);
        free(statement->group);
        for (size_t j = 0; j < statement->value_count; j++)
            free(statement->values[j]);
        free(statement->values);
    }
    free(loader->items);
    for (size_t i = 0; i < loader->name_count; i++)
        free(loader->names[i]);
    free(loader->names);
    free(loader->dir);

    struct sn_group_ref *ref, *next;
    HASH_ITER(hh, loader->groups, ref, next) {
        HASH_DEL(loader->groups, ref);
        free(ref->name);
        free(ref);
    }
    *loader = (struct sn_loader){0};
}

const char *sn_loader_name(struct sn_loader *loader, const char *file)
{
    loader->names = sn_realloc(loader->names, (loader->name_count + 1) * sizeof(*loader->names));
    loader->names[loader->name_count] = sn_strdup(file);
    return loader->names[loader->name_count++];
}

static void put_place(struct sn_buf *out, const struct sn_place *at)
{
    if (at->file == NULL) {
        sn_buf_puts(out, "command line: ");
        return;
    }
    sn_text_escape(out, at->file, strlen(at->file));
    sn_buf_printf(out, ":%d: ", at->line);
}

int sn_loader_fail(struct sn_loader *loader, const struct sn_place *at, const char *problem,
                   const char *expected)
{
    struct sn_buf *out = loader->error;
    size_t len = strlen(problem);

    put_place(out, at);
    sn_text_escape(out, at->text, strlen(at->text));
    sn_buf_putc(out, '\n');
    sn_text_escape(out, problem, len);
    if (expected != NULL) {
        bool ended = len > 0 && strchr(".!?", problem[len - 1]) != NULL;
        sn_buf_printf(out, "%s Expected: %s.", ended ? "" : ".", expected);
    }
    sn_buf_putc(out, '\n');
    return SN_EINVAL;
}

void sn_loader_notice(struct sn_loader *loader, const struct sn_place *at, const char *format, ...)
{
    char text[1024];
    struct sn_buf buf;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    sn_buf_init(&buf, SIZE_MAX);
    if (at != NULL)
        put_place(&buf, at);
    sn_text_escape(&buf, text, strlen(text));
    sn_conf_notice(loader->conf, sn_buf_take(&buf));
}

struct sn_statement *sn_loader_push(struct sn_loader *loader)
{
    if (loader->count == loader->room) {
        loader->room = loader->room > 0 ? loader->room * 2 : 64;
        loader->items = sn_realloc(loader->items, loader->room * sizeof(*loader->items));
    }
    struct sn_statement *statement = &loader->items[loader->count++];
    *statement = (struct sn_statement){0};
    return statement;
}

static struct sn_group_ref *find_group(const struct sn_loader *loader, const char *name)
{
    struct sn_group_ref *ref;
    HASH_FIND_STR(loader->groups, name, ref);
    return ref;
}

struct sn_group_image *sn_loader_group(const struct sn_loader *loader, const char *name)
{
    const struct sn_group_ref *ref = find_group(loader, name);
    return ref != NULL ? &loader->conf->image.groups[ref->index] : NULL;
}

enum sn_origin sn_loader_group_origin(const struct sn_loader *loader, const char *name)
{
    const struct sn_group_ref *ref = find_group(loader, name);
    return ref != NULL ? ref->origin : SN_ORIGIN_NONE;
}

void sn_loader_add_group(struct sn_loader *loader, const char *name, const struct sn_addr *addr,
                         uint32_t quorum, enum sn_origin origin)
{
    struct sn_image *image = &loader->conf->image;
    struct sn_group_ref *ref = sn_alloc(sizeof(*ref));

    ref->name = sn_strdup(name);
    ref->index = image->group_count;
    ref->origin = origin;
    HASH_ADD_KEYPTR(hh, loader->groups, ref->name, strlen(ref->name), ref);
    sn_image_add_group(image, name, addr, quorum);
}

void sn_loader_redefine_group(struct sn_loader *loader, const char *name, enum sn_origin origin)
{
    find_group(loader, name)->origin = origin;
}
