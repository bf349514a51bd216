/* SPDX-License-Identifier: BSD-3-Clause */

/* The two queues of marked instances and groups, first in, first out. */

#include "core/facts/mark.h"

#include <assert.h>
#include <utlist.h>

void sn_mark_instance(struct sn_instance *instance)
{
    if (instance->marked)
        return;
    instance->marked = true;
    DL_APPEND2(instance->core->marked_instances, instance, mark_prev, mark_next);
}

void sn_mark_link(struct sn_link *link)
{
    struct sn_instance *owner;
    if (link->kind == SN_LINK_SUBSCRIBE)
        return;
    LL_FOREACH2(link->owners, owner, owner_next)
        sn_mark_instance(owner);
}

void sn_mark_group(struct sn_group *group, unsigned marks)
{
    assert(marks != 0);
    if (group->marks == 0)
        DL_APPEND2(group->core->marked_groups, group, mark_prev, mark_next);
    group->marks |= marks;
}

void sn_mark_forget_instance(struct sn_instance *instance)
{
    if (!instance->marked)
        return;
    instance->marked = false;
    DL_DELETE2(instance->core->marked_instances, instance, mark_prev, mark_next);
}

void sn_mark_forget_group(struct sn_group *group)
{
    if (group->marks == 0)
        return;
    group->marks = 0;
    DL_DELETE2(group->core->marked_groups, group, mark_prev, mark_next);
}
