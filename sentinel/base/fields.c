/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fields.h"

#include "base/alloc.h"
#include "base/hashtable.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* In front of a value that is kept. */
#define USUAL   '\1' /* the usual one stands here; nothing follows */
#define LITERAL '\2' /* of a value that begins with one of these */

struct sn_fields_names {
    char *text; /* the lines, each without what stands behind its first colon */
    size_t len;
    char *usual; /* the values of the first text with these names, each with its newline */
    size_t usual_len;
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
    free(names->usual);
    free(names);
}

static struct sn_fields_names *use_names(struct sn_fields_pool *pool, const struct sn_buf *text,
                                         const struct sn_buf *values)
{
    struct sn_fields_names *names;

    HASH_FIND(hh, pool->names, sn_buf_text(text), text->len, names);
    if (names == NULL) {
        size_t len = text->len;
        names = sn_alloc(sizeof(*names));
        names->text = sn_strndup(sn_buf_text(text), len);
        names->len = len;
        names->usual = sn_strndup(sn_buf_text(values), values->len);
        names->usual_len = values->len;
        HASH_ADD_KEYPTR(hh, pool->names, names->text, len, names);
    }
    names->uses++;
    return names;
}

/* The length of a value with its newline. Every text of values ends with one. */
static size_t value_size(const char *value, const char *end)
{
    return (size_t)((const char *)memchr(value, '\n', (size_t)(end - value)) + 1 - value);
}

/* Writes a value of size bytes without its newline to out, at most size + 2 bytes; returns the end.
 * A usual one is left out: most servers agree about most values. */
static char *pack_value(char *out, const char *value, size_t size, const char *usual,
                        size_t usual_size)
{
    if (size == usual_size - 1 && memcmp(value, usual, size) == 0) {
        *out++ = USUAL;
        return out;
    }
    if (size > 0 && (*value == USUAL || *value == LITERAL))
        *out++ = LITERAL;
    memcpy(out, value, size);
    out[size] = '\n';
    return out + size + 1;
}

/* Packs the values of a text whose names are these into out, which holds twice the text and one
 * byte. False: its names are others. */
static bool pack(const char *text, size_t len, const struct sn_fields_names *names, char *out,
                 size_t *packed_len)
{
    const char *end = text + len, *begin = out;
    const char *name = names->text, *names_end = name + names->len;
    const char *usual = names->usual, *usual_end = usual + names->usual_len;

    while (text < end && name < names_end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *name_newline = memchr(name, '\n', (size_t)(names_end - name));
        const char *stop = newline != NULL ? newline : end;
        size_t size = (size_t)((name_newline != NULL ? name_newline : names_end) - name);
        bool has_value = size > 0 && name[size - 1] == ':';
        if ((newline == NULL) != (name_newline == NULL) || (size_t)(stop - text) < size ||
            memcmp(text, name, size) != 0 || (!has_value && text + size != stop))
            return false;
        if (has_value) {
            size_t usual_size = value_size(usual, usual_end);
            out = pack_value(out, text + size, (size_t)(stop - text) - size, usual, usual_size);
            usual += usual_size;
        }
        text = newline != NULL ? newline + 1 : end;
        name = name_newline != NULL ? name_newline + 1 : names_end;
    }
    *packed_len = (size_t)(out - begin);
    return text == end && name == names_end;
}

static void learn_names(struct sn_fields *fields, struct sn_fields_pool *pool, const char *text,
                        size_t len)
{
    struct sn_buf names, values;
    struct sn_fields_names *before = fields->names;

    sn_buf_init(&names, SIZE_MAX);
    sn_buf_init(&values, SIZE_MAX);
    split(text, len, &names, &values);
    fields->names = use_names(pool, &names, &values);
    drop_names(before, pool);
    sn_buf_fini(&names);
    sn_buf_fini(&values);
}

void sn_fields_set(struct sn_fields *fields, struct sn_fields_pool *pool, const char *text,
                   size_t len)
{
    char *packed = sn_alloc(2 * len + 1);
    size_t packed_len = 0;

    /* Most often the names are those of the text before. */
    if (fields->names == NULL || !pack(text, len, fields->names, packed, &packed_len)) {
        learn_names(fields, pool, text, len);
        bool is_packed = pack(text, len, fields->names, packed, &packed_len);
        assert(is_packed);
        (void)is_packed;
    }
    free(fields->values);
    fields->values_len = packed_len;
    fields->values = sn_strndup(packed, fields->values_len);
    free(packed);
}

/* Appends the next value without its newline; *value and *usual move behind it. */
static void put_value(struct sn_buf *out, const char **value, const char *values_end,
                      const char **usual, const char *usual_end)
{
    size_t usual_size = value_size(*usual, usual_end);

    if (**value == USUAL) {
        sn_buf_append(out, *usual, usual_size - 1);
        *value += 1;
    } else {
        *value += **value == LITERAL;
        size_t size = value_size(*value, values_end);
        sn_buf_append(out, *value, size - 1);
        *value += size;
    }
    *usual += usual_size;
}

bool sn_fields_put(const struct sn_fields *fields, struct sn_buf *out)
{
    const struct sn_fields_names *names = fields->names;

    if (names == NULL)
        return false;
    const char *name = names->text, *end = name + names->len;
    const char *value = fields->values, *values_end = value + fields->values_len;
    const char *usual = names->usual, *usual_end = usual + names->usual_len;
    while (name < end) {
        const char *newline = memchr(name, '\n', (size_t)(end - name));
        const char *stop = newline != NULL ? newline : end;
        sn_buf_append(out, name, (size_t)(stop - name));
        if (stop > name && stop[-1] == ':')
            put_value(out, &value, values_end, &usual, usual_end);
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
