/* SPDX-License-Identifier: BSD-3-Clause */

/* Claims of other groups on a data node, and their announcement. */

#include "core/facts/foreign.h"

#include "core/facts/alias.h"
#include "core/facts/instance.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"

#define FOREIGN_PERIODS 3 /* hello periods for which a heard claim counts */

/* True if another group has a data node at the same place. */
static bool is_shared_place(const struct sn_instance *instance)
{
    if (instance->place_prev == instance) /* nearly always: it is alone in the list of its place */
        return false;
    const struct sn_instance *member = sn_instance_first_at(instance->core, &instance->addr);
    for (; member != NULL; member = member->place_next) {
        if (member->group != instance->group &&
            !sn_alias_known(instance->group, member->group->name))
            return true;
    }
    return false;
}

bool sn_foreign_claimed(const struct sn_instance *replica)
{
    const struct sn_core *core = replica->core;
    sn_ms memory = FOREIGN_PERIODS * core->timings[SN_TIMING_PUBLISH_PERIOD];
    sn_ms foreign_at = replica->u.data.foreign_at;
    return is_shared_place(replica) ||
           (foreign_at != SN_MS_NEVER && sn_age(core, foreign_at) <= memory);
}

bool sn_foreign_is_master(const struct sn_instance *replica)
{
    const struct sn_runid *runid = &replica->group->master->runid;
    return runid->hex[0] != '\0' && sn_runid_equal(&replica->runid, runid);
}

bool sn_foreign_tell(struct sn_instance *replica)
{
    struct sn_data *data = &replica->u.data;
    bool itself = sn_foreign_is_master(replica), claimed = sn_foreign_claimed(replica);
    if (claimed && !data->foreign_told)
        sn_raise(replica, SN_NOTICE_FOREIGN_INSTANCE, NULL);
    if ((claimed || itself) && !data->foreign_told)
        sn_out_log(
            replica->core, SN_LEVEL_WARNING,
            itself ? "%s:%u is another address of the master itself, so it gets no orders. Run "
                     "SENTINEL RESET to forget that address."
                   : "Another group claims %s:%u too, so it gets no orders from us. Detach the "
                     "server from one of the two groups, then run SENTINEL RESET for that group.",
            replica->addr.ip, replica->addr.port);
    data->foreign_told = claimed || itself;
    return data->foreign_told;
}
