/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fields.h"

#include "base/alloc.h"
#include "base/hashtable.h"

#include <stdlib.h>
#include <string.h>

struct sn_fields_names {
    char *text; /* the lines, each without what stands behind its first colon */
    size_t len;
    size_t uses;
    UT_hash_handle hh;
};

static void split(const char *text, size_t len, struct sn_buf *names, struct sn_buf *values)
{
    const char *end = text + len;

    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline != NULL ? newline : end;
        const char *colon = memchr(text, ':', (size_t)(stop - text));
        const char *value = colon != NULL ? colon + 1 : stop;
        sn_buf_append(names, text, (size_t)(value - text));
        if (colon != NULL) {
            sn_buf_append(values, value, (size_t)(stop - value));
            sn_buf_putc(values, '\n');
        }
        if (newline != NULL)
            sn_buf_putc(names, '\n');
        text = newline != NULL ? newline + 1 : end;
    }
}

static void drop_names(struct sn_fields_names *names, struct sn_fields_pool *pool)
{
    if (names == NULL || --names->uses > 0)
        return;
    HASH_DEL(pool->names, names);
    free(names->text);
    free(names);
}

static struct sn_fields_names *use_names(struct sn_fields_pool *pool, const char *text, size_t len)
{
    struct sn_fields_names *names;

    HASH_FIND(hh, pool->names, text, len, names);
    if (names == NULL) {
        names = sn_alloc(sizeof(*names));
        names->text = sn_strndup(text, len);
        names->len = len;
        HASH_ADD_KEYPTR(hh, pool->names, names->text, len, names);
    }
    names->uses++;
    return names;
}

void sn_fields_set(struct sn_fields *fields, struct sn_fields_pool *pool, const char *text,
                   size_t len)
{
    struct sn_buf names, values;
    struct sn_fields_names *before = fields->names;

    sn_buf_init(&names, SIZE_MAX);
    sn_buf_init(&values, SIZE_MAX);
    split(text, len, &names, &values);
    /* Most often they are those of the text before. */
    if (before == NULL || before->len != names.len ||
        memcmp(before->text, sn_buf_text(&names), names.len) != 0) {
        fields->names = use_names(pool, sn_buf_text(&names), names.len);
        drop_names(before, pool);
    }
    free(fields->values);
    fields->values = sn_strndup(sn_buf_text(&values), values.len);
    fields->values_len = values.len;
    sn_buf_fini(&names);
    sn_buf_fini(&values);
}

bool sn_fields_put(const struct sn_fields *fields, struct sn_buf *out)
{
    if (fields->names == NULL)
        return false;
    const char *name = fields->names->text, *end = name + fields->names->len;
    const char *value = fields->values, *values_end = value + fields->values_len;
    while (name < end) {
        const char *newline = memchr(name, '\n', (size_t)(end - name));
        const char *stop = newline != NULL ? newline : end;
        sn_buf_append(out, name, (size_t)(stop - name));
        if (stop > name && stop[-1] == ':' && value < values_end) {
            const char *value_end = memchr(value, '\n', (size_t)(values_end - value));
            sn_buf_append(out, value, (size_t)(value_end - value));
            value = value_end + 1;
        }
        if (newline != NULL)
            sn_buf_putc(out, '\n');
        name = newline != NULL ? newline + 1 : end;
    }
    return true;
}

void sn_fields_fini(struct sn_fields *fields, struct sn_fields_pool *pool)
{
    drop_names(fields->names, pool);
    free(fields->values);
    *fields = (struct sn_fields){0};
}

size_t sn_fields_pool_count(const struct sn_fields_pool *pool)
{
    return HASH_COUNT(pool->names);
}
