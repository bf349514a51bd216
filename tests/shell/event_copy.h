/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_SHELL_EVENT_COPY_H
#define SN_TESTS_SHELL_EVENT_COPY_H

/* Events that outlive the call they came in with. The copies own everything they point to, so the
 * casts that drop const below only undo what the borrowing types of core/input.h add. */

#include "base/alloc.h"
#include "core/input.h"

#include <stdlib.h>
#include <string.h>

static inline void free_text(const char *text)
{
    free((void *)(uintptr_t)text);
}

/* NUL-terminated even if the original is not; NULL stays NULL. */
static inline const char *copy_bytes(const char *bytes, size_t len)
{
    return bytes == NULL ? NULL : sn_strndup(bytes, len);
}

static inline void copy_reply(const struct sn_reply *from, struct sn_reply *to)
{
    *to = *from;
    to->text = copy_bytes(from->text == NULL ? "" : from->text, from->text == NULL ? 0 : from->len);
    to->items = NULL;
    if (from->count == 0)
        return;
    struct sn_reply *items = sn_alloc_array(from->count, sizeof(*items));
    for (size_t i = 0; i < from->count; i++)
        copy_reply(&from->items[i], &items[i]);
    to->items = items;
}

static inline void free_reply(const struct sn_reply *reply)
{
    for (size_t i = 0; i < reply->count; i++)
        free_reply(&reply->items[i]);
    free_text(reply->text);
    free((void *)(uintptr_t)reply->items);
}

static inline const struct sn_info *copy_info(const struct sn_info *from)
{
    if (from == NULL)
        return NULL;
    struct sn_info *to = sn_alloc(sizeof(*to));
    *to = *from;
    to->replicas = sn_alloc_array(from->replica_count, sizeof(*to->replicas));
    if (from->replica_count > 0)
        memcpy(to->replicas, from->replicas, from->replica_count * sizeof(*to->replicas));
    return to;
}

static inline void copy_reply_event(const struct sn_input_reply *from, struct sn_input_reply *to)
{
    struct sn_reply *reply = sn_alloc(sizeof(*reply));

    copy_reply(from->reply, reply);
    to->reply = reply;
    to->queue_error = sn_strdup(from->queue_error);
    to->info = copy_info(from->info);
}

static inline void free_reply_event(struct sn_input_reply *event)
{
    free_reply(event->reply);
    free((void *)(uintptr_t)event->reply);
    free_text(event->queue_error);
    if (event->info != NULL) {
        sn_info_fini((struct sn_info *)(uintptr_t)event->info);
        free((void *)(uintptr_t)event->info);
    }
}

static inline void copy_command(const struct sn_command *from, struct sn_command *to)
{
    to->name = copy_bytes(from->name, from->name_len);
    to->runid = sn_strdup(from->runid);
    to->reason = sn_strdup(from->reason);

    struct sn_change *changes = sn_alloc_array(from->change_count, sizeof(*changes));
    for (size_t i = 0; i < from->change_count; i++) {
        changes[i] = from->changes[i];
        changes[i].name = sn_strdup(from->changes[i].name);
        changes[i].value = sn_strdup(from->changes[i].value);
        changes[i].to = sn_strdup(from->changes[i].to);
    }
    to->changes = changes;

    struct sn_timing_change *timings = sn_alloc_array(from->timing_count, sizeof(*timings));
    for (size_t i = 0; i < from->timing_count; i++)
        timings[i] = from->timings[i];
    to->timings = timings;
}

static inline void free_command(struct sn_command *command)
{
    for (size_t i = 0; i < command->change_count; i++) {
        free_text(command->changes[i].name);
        free_text(command->changes[i].value);
        free_text(command->changes[i].to);
    }
    free((void *)(uintptr_t)command->changes);
    free((void *)(uintptr_t)command->timings);
    free_text(command->name);
    free_text(command->runid);
    free_text(command->reason);
}

/* What an event points to, if anything. */
enum content {
    CONTENT_NONE = 0,
    CONTENT_LINK,
    CONTENT_REPLY,
    CONTENT_RESOLVED,
    CONTENT_COMMAND,
    CONTENT_RESCUED,
};

static inline enum content content_of(const struct sn_input *event)
{
    switch (event->kind) {
    case SN_INPUT_LINK_UP:
    case SN_INPUT_LINK_DOWN:
    case SN_INPUT_LINK_REACHED:
    case SN_INPUT_LINK_PROTOCOL:
    case SN_INPUT_LINK_NOTE:
    case SN_INPUT_LINK_READY:
    case SN_INPUT_LINK_TRAFFIC:
        return CONTENT_LINK;
    case SN_INPUT_REPLY:
        return CONTENT_REPLY;
    case SN_INPUT_RESOLVED:
        return CONTENT_RESOLVED;
    case SN_INPUT_COMMAND:
        return CONTENT_COMMAND;
    case SN_INPUT_RESCUED:
        return CONTENT_RESCUED;
    case SN_INPUT_NONE:
    case SN_INPUT_START:
    case SN_INPUT_TIMER:
    case SN_INPUT_HELLO:
    case SN_INPUT_HINT:
    case SN_INPUT_PERSISTED:
    case SN_INPUT_SCRIPT_STARTED:
    case SN_INPUT_SCRIPT_EXITED:
        break;
    }
    return CONTENT_NONE;
}

/* A deep copy of from into *to, which needs no initialisation. */
static inline void event_copy(const struct sn_input *from, struct sn_input *to)
{
    *to = *from;
    switch (content_of(from)) {
    case CONTENT_LINK:
        to->u.link.local_ip = sn_strdup(from->u.link.local_ip);
        to->u.link.reason = sn_strdup(from->u.link.reason);
        break;
    case CONTENT_REPLY:
        copy_reply_event(&from->u.reply, &to->u.reply);
        break;
    case CONTENT_RESOLVED:
        to->u.resolved.host = sn_strdup(from->u.resolved.host);
        to->u.resolved.ip = sn_strdup(from->u.resolved.ip);
        break;
    case CONTENT_COMMAND:
        copy_command(&from->u.command, &to->u.command);
        break;
    case CONTENT_RESCUED:
        to->u.rescued.file = sn_strdup(from->u.rescued.file);
        to->u.rescued.reason = sn_strdup(from->u.rescued.reason);
        break;
    case CONTENT_NONE:
        break;
    }
}

static inline void event_copy_fini(struct sn_input *event)
{
    switch (content_of(event)) {
    case CONTENT_LINK:
        free_text(event->u.link.local_ip);
        free_text(event->u.link.reason);
        break;
    case CONTENT_REPLY:
        free_reply_event(&event->u.reply);
        break;
    case CONTENT_RESOLVED:
        free_text(event->u.resolved.host);
        free_text(event->u.resolved.ip);
        break;
    case CONTENT_COMMAND:
        free_command(&event->u.command);
        break;
    case CONTENT_RESCUED:
        free_text(event->u.rescued.file);
        free_text(event->u.rescued.reason);
        break;
    case CONTENT_NONE:
        break;
    }
}

#endif
