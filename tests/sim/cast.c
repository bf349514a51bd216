/* SPDX-License-Identifier: BSD-3-Clause */
#include "cast.h"

#include <stdio.h>
#include <string.h>

static const char *const group_names[PLAN_GROUPS_MAX] = {"mymaster", "second", "third", "fourth"};

/* Two deployments: each sentinel monitors the master under one of its two names (world.c). */
static unsigned cores_of(const struct plan *plan, unsigned group)
{
    if (!plan->two_deployments || group > 1)
        return plan->sentinels;
    return group == 0 ? (plan->sentinels + 1) / 2 : plan->sentinels / 2;
}

void cast_make(const struct plan *plan, struct cast *cast)
{
    memset(cast, 0, sizeof(*cast));
    cast->groups = plan->groups;
    cast->sentinels = plan->sentinels;
    cast->stocks = plan->stocks;
    for (unsigned i = 0; i < plan->groups; i++) {
        bool alias = i == 1 && (plan->features & FEATURE_ALIAS) != 0;
        cast->voters[i] = cores_of(plan, i) + (i == 0 ? plan->stocks : 0);
        cast->first[i] = alias ? cast->first[0] : cast->servers;
        cast->counts[i] = alias    ? cast->counts[0]
                          : i == 0 ? plan->replicas + 1
                                   : plan->other_replicas[i] + 1;
        cast->servers += alias ? 0 : cast->counts[i];
    }
}

unsigned cast_nodes(const struct cast *cast)
{
    return cast->servers + cast->sentinels + cast->stocks;
}

void cast_name(const struct cast *cast, unsigned index, char name[CAST_NAME_MAX])
{
    unsigned stocks = cast->servers + cast->sentinels;
    char kind = index < cast->servers ? 'r' : index < stocks ? 's' : 'k';
    unsigned before = index < cast->servers ? 0 : index < stocks ? cast->servers : stocks;
    (void)snprintf(name, CAST_NAME_MAX, "%c%u", kind, index - before + 1);
}

unsigned cast_find(const struct cast *cast, const char *name)
{
    char other[CAST_NAME_MAX];
    unsigned index = 0;
    for (; index < cast_nodes(cast); index++) {
        cast_name(cast, index, other);
        if (strcmp(other, name) == 0)
            break;
    }
    return index;
}

const char *cast_group_name(unsigned group)
{
    return group_names[group];
}

unsigned cast_find_group(const struct cast *cast, const char *name)
{
    unsigned group = 0;
    for (; group < cast->groups; group++) {
        char number[CAST_NAME_MAX];
        (void)snprintf(number, sizeof(number), "g%u", group + 1);
        if (strcmp(number, name) == 0 || strcmp(group_names[group], name) == 0)
            break;
    }
    return group;
}
