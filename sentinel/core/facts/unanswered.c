/* SPDX-License-Identifier: BSD-3-Clause */

/* At most one hello and one INFO are unanswered at a time; several CLIENT PAUSEs may be. A lost
 * connection ends all of them (PROTOCOL.md §9.6, §24.3). */

#include "core/facts/unanswered.h"

#include "core/facts/asked.h"
#include "core/facts/window.h"

#include <assert.h>

void sn_unanswered_add(struct sn_instance *instance, unsigned what)
{
    instance->unanswered |= what;
}

void sn_unanswered_remove(struct sn_instance *instance, unsigned what)
{
    instance->unanswered &= ~what;
}

bool sn_unanswered_has(const struct sn_instance *instance, unsigned what)
{
    return (instance->unanswered & what) != 0;
}

void sn_unanswered_add_pause(struct sn_instance *node)
{
    assert(sn_is_data(node));
    node->u.data.pauses_pending++;
}

unsigned sn_unanswered_remove_pause(struct sn_instance *node)
{
    struct sn_data *data = &node->u.data;
    assert(sn_is_data(node));
    if (data->pauses_pending > 0)
        data->pauses_pending--;
    return data->pauses_pending;
}

void sn_unanswered_lost(struct sn_instance *instance)
{
    instance->unanswered = 0;
    if (sn_is_data(instance))
        instance->u.data.pauses_pending = 0;
    else
        sn_asked_lost(instance);
    if (instance->kind == SN_KIND_PEER)
        sn_window_forget(instance);
}
