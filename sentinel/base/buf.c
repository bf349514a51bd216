/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/buf.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64

void sn_buf_init(struct sn_buf *buf, size_t cap)
{
    /* One byte is kept for the NUL, so that the sizes below cannot overflow. */
    *buf = (struct sn_buf){.cap = cap < SIZE_MAX / 2 ? cap : SIZE_MAX / 2};
}

void sn_buf_fini(struct sn_buf *buf)
{
    free(buf->data);
    sn_buf_init(buf, buf->cap);
}

void sn_buf_clear(struct sn_buf *buf)
{
    buf->len = 0;
    buf->full = false;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

/* Makes place for len more bytes and the NUL; false, with `full` set, if the cap forbids it. */
static bool reserve(struct sn_buf *buf, size_t len)
{
    if (buf->full || len > buf->cap - buf->len) {
        buf->full = true;
        return false;
    }
    size_t need = buf->len + len + 1;
    if (need <= buf->room)
        return true;

    size_t room = buf->room * 2 > FIRST_ROOM ? buf->room * 2 : FIRST_ROOM;
    if (room > buf->cap + 1)
        room = buf->cap + 1;
    if (room < need)
        room = need;
    buf->data = sn_realloc(buf->data, room);
    buf->room = room;
    return true;
}

void sn_buf_append(struct sn_buf *buf, const void *bytes, size_t len)
{
    if (len == 0 || !reserve(buf, len))
        return;
    memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

char *sn_buf_extend(struct sn_buf *buf, size_t len)
{
    if (!reserve(buf, len))
        return NULL;
    char *place = buf->data + buf->len;
    buf->len += len;
    buf->data[buf->len] = '\0';
    return place;
}

void sn_buf_insert(struct sn_buf *buf, size_t place, const void *bytes, size_t len)
{
    size_t behind = buf->len - place;

    assert(place <= buf->len);
    if (len == 0 || sn_buf_extend(buf, len) == NULL)
        return;
    memmove(buf->data + place + len, buf->data + place, behind);
    memcpy(buf->data + place, bytes, len);
}

void sn_buf_puts(struct sn_buf *buf, const char *text)
{
    sn_buf_append(buf, text, strlen(text));
}

void sn_buf_putc(struct sn_buf *buf, char byte)
{
    sn_buf_append(buf, &byte, 1);
}

void sn_buf_printf(struct sn_buf *buf, const char *format, ...)
{
    va_list args;
    size_t room = buf->full ? 0 : buf->room - buf->len;

    va_start(args, format);
    int len = vsnprintf(room == 0 ? NULL : buf->data + buf->len, room, format, args);
    va_end(args);
    assert(len >= 0);
    if ((size_t)len < room && (size_t)len <= buf->cap - buf->len) {
        buf->len += (size_t)len;
        return;
    }
    if (room > 0)
        buf->data[buf->len] = '\0';
    if (len == 0 || !reserve(buf, (size_t)len))
        return;

    va_start(args, format);
    vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
}

void sn_buf_truncate(struct sn_buf *buf, size_t len)
{
    assert(len <= buf->len);
    if (len == buf->len)
        return;
    buf->len = len;
    buf->data[len] = '\0';
}

void sn_buf_consume(struct sn_buf *buf, size_t len)
{
    assert(len <= buf->len);
    if (len == 0)
        return;
    /* The NUL moves along. */
    memmove(buf->data, buf->data + len, buf->len - len + 1);
    buf->len -= len;
}

const char *sn_buf_text(const struct sn_buf *buf)
{
    return buf->data == NULL ? "" : buf->data;
}

char *sn_buf_take(struct sn_buf *buf)
{
    char *text = buf->data == NULL ? sn_strdup("") : buf->data;
    sn_buf_init(buf, buf->cap);
    return text;
}
