/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/links/pending.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

struct sn_pending *sn_pending_add(struct sn_pendings *list)
{
    struct sn_pending *item = sn_alloc(sizeof(*item));

    DL_APPEND(list->first, item);
    list->count++;
    return item;
}

static void take_out(struct sn_pendings *list, struct sn_pending *item)
{
    DL_DELETE(list->first, item);
    list->count--;
}

struct sn_pending *sn_pending_answer(struct sn_pendings *list, const struct sn_reply *reply)
{
    struct sn_pending *item = list->first;

    assert(item != NULL);
    if (item->before == 0) {
        take_out(list, item);
        return item;
    }
    item->before--;
    if (reply->type == SN_REPLY_ERROR && item->queue_error == NULL)
        item->queue_error = sn_strdup(reply->text);
    return NULL;
}

void sn_pending_free(struct sn_pending *item)
{
    free(item->queue_error);
    free(item);
}

void sn_pending_fini(struct sn_pendings *list)
{
    while (list->first != NULL) {
        struct sn_pending *item = list->first;
        take_out(list, item);
        sn_pending_free(item);
    }
}
