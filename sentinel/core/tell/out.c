/* SPDX-License-Identifier: BSD-3-Clause */

/* Actions under construction. Their texts are in chunks that never move, so that actions may point
 * into them. The start of the next step drops everything. */

#include "core/tell/out.h"

#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE 4096
#define ALIGNMENT  8 /* of structures in a chunk */

struct sn_chunk {
    struct sn_chunk *next;
    size_t used;
    size_t size;
    _Alignas(ALIGNMENT) char bytes[];
};

void sn_out_reset(struct sn_out *out)
{
    out->count = 0;
    /* One chunk is kept: most steps need no more. */
    while (out->chunks != NULL && out->chunks->next != NULL) {
        struct sn_chunk *next = out->chunks->next;
        free(out->chunks);
        out->chunks = next;
    }
    if (out->chunks != NULL)
        out->chunks->used = 0;
}

void sn_out_fini(struct sn_out *out)
{
    sn_out_reset(out);
    free(out->chunks);
    free(out->items);
    memset(out, 0, sizeof(*out));
}

static char *take_bytes(struct sn_out *out, size_t size)
{
    struct sn_chunk *chunk = out->chunks;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        room += (0 - room) % ALIGNMENT; /* see take_aligned */
        chunk = sn_alloc(sizeof(*chunk) + room);
        chunk->size = room;
        chunk->next = out->chunks;
        out->chunks = chunk;
    }
    char *bytes = chunk->bytes + chunk->used;
    chunk->used += size;
    return bytes;
}

struct sn_action *sn_out_add(struct sn_core *core, enum sn_action_kind kind)
{
    struct sn_out *out = &core->out;
    if (out->count == out->room) {
        out->room = out->room == 0 ? 16 : 2 * out->room;
        out->items = sn_realloc(out->items, out->room * sizeof(*out->items));
    }
    struct sn_action *action = &out->items[out->count++];
    memset(action, 0, sizeof(*action));
    action->kind = kind;
    return action;
}

/* For structures. */
static void *take_aligned(struct sn_out *out, size_t size)
{
    size_t over = out->chunks == NULL ? 0 : out->chunks->used % ALIGNMENT;
    if (over > 0)
        (void)take_bytes(out, ALIGNMENT - over);
    return take_bytes(out, size);
}

void *sn_out_array(struct sn_core *core, size_t count, size_t size)
{
    size_t room = count * size;
    void *array = take_aligned(&core->out, room);
    memset(array, 0, room);
    return array;
}

static char *copy_text(struct sn_core *core, const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(take_bytes(&core->out, size), text, size);
}

const char *sn_out_text(struct sn_core *core, const char *text)
{
    return text == NULL ? NULL : copy_text(core, text);
}

/* Returns the command names for the data nodes of a group, as rename-command sets them; REPLICAOF
 * for a server that does not know SLAVEOF (PROTOCOL.md §9.3, §24.2). */
struct sn_renames sn_out_renames(struct sn_core *core, const struct sn_link *link)
{
    struct sn_renames renames = {0};
    if (link->kind == SN_LINK_PEER)
        return renames;
    const struct sn_group_params *params = &link->owners->group->params;
    const char *slaveof = "SLAVEOF";
    bool says_replicaof =
        link->says_replicaof && sn_group_params_command(params, slaveof) == slaveof;
    renames.count = params->rename_count + (says_replicaof ? 1 : 0);
    if (renames.count == 0)
        return renames;
    struct sn_rename *items = take_aligned(&core->out, renames.count * sizeof(*items));
    for (size_t i = 0; i < params->rename_count; i++)
        items[i] = (struct sn_rename){.from = copy_text(core, params->renames[i].from),
                                      .to = copy_text(core, params->renames[i].to)};
    if (says_replicaof)
        items[params->rename_count] = (struct sn_rename){.from = copy_text(core, slaveof),
                                                         .to = copy_text(core, "REPLICAOF")};
    renames.items = items;
    return renames;
}

SN_PRINTF(2, 0)
static char *print_text(struct sn_core *core, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    size_t size = len < 0 ? 1 : (size_t)len + 1;
    char *bytes = take_bytes(&core->out, size);
    bytes[0] = '\0';
    (void)vsnprintf(bytes, size, format, again);
    va_end(again);
    return bytes;
}

const char *sn_out_printf(struct sn_core *core, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = print_text(core, format, args);
    va_end(args);
    return text;
}

/* Drops a dot where a text that ends with one is followed by another: `.."` and `.".` lose one.
 * "..." stays. */
static void drop_double_dots(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        bool before = from > text && from[-1] == '.';
        bool twice =
            *from == '.' && !before && from[1] == '.' && (from[2] == ' ' || from[2] == '\0');
        bool quoted = *from == '.' && !before && from[1] == '"' && from[2] == '.';
        if (!twice && !quoted)
            *to++ = *from;
    }
    *to = '\0';
}

void sn_out_log(struct sn_core *core, enum sn_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = print_text(core, format, args);
    va_end(args);
    drop_double_dots(text);
    struct sn_action *action = sn_out_add(core, SN_ACTION_LOG);
    action->u.log.level = level;
    action->u.log.text = text;
}

void sn_out_send(struct sn_link *link, const struct sn_action_send *send)
{
    struct sn_core *core = link->core;
    struct sn_action *action = sn_out_add(core, SN_ACTION_SEND);
    assert(link->state == SN_LINK_UP && link->id.v != 0);
    action->u.send = *send;
    action->u.send.link = link->id;
    action->u.send.message = sn_out_text(core, send->message);
    action->u.send.host = sn_out_text(core, send->host);
    action->u.send.runid = sn_out_text(core, send->runid);
    action->u.send.renames = sn_out_renames(core, link);
    link->pending++;
}
