/* SPDX-License-Identifier: BSD-3-Clause */
#include "meaning.h"

#define SLOW_MAX_MS 900
#define DISK_MIN_MS 50
#define DISK_MAX_MS 2500 /* more than that */
#define WALL_MAX_MS 7200000

const char *meaning_moment(uint64_t index)
{
    static const char *const moments[MEANING_MOMENTS] = {
        "s* +odown *",
        "s* +try-failover *",
        "s* +vote-for-leader *",
        "s* > s* ASK * s*",
        "s* saved *",
        "s* answers s* *",
        "s* +elected-leader *",
        "s* +selected-slave *",
        "s* > r* PROMOTE",
        "s* +promoted-slave *",
        "s* +failover-state-reconf-slaves *",
        "s* > r* FOLLOW *",
        "s* +switch-master *",
        "r* is master now",
        "r* follows *",
        "r* syncs from *",
    };
    return moments[index % MEANING_MOMENTS];
}

sn_ms meaning_slow_ms(const struct fault *fault)
{
    return (sn_ms)(fault->value % SLOW_MAX_MS);
}

sn_ms meaning_disk_ms(const struct fault *fault)
{
    return (sn_ms)(DISK_MIN_MS + fault->value % DISK_MAX_MS);
}

int64_t meaning_jump_ms(const struct fault *fault)
{
    int64_t by = (int64_t)(fault->value % WALL_MAX_MS);
    return fault->value2 % 2 == 0 ? by : -by;
}

uint32_t meaning_priority(const struct fault *fault)
{
    static const uint32_t priorities[] = {0, 0, 1, 50, 200};
    return priorities[fault->value % 5];
}

const char *meaning_trouble(uint64_t index)
{
    static const char *const errors[MEANING_TROUBLES] = {
        "LOADING Redis is loading the dataset in memory",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        "NOAUTH Authentication required.",
        "NOPERM this user has no permissions to run the 'ping' command",
    };
    return errors[index % MEANING_TROUBLES];
}

enum sn_failover_mode meaning_mode(uint64_t lot)
{
    static const enum sn_failover_mode modes[] = {SN_MODE_PLANNED, SN_MODE_COORDINATED,
                                                  SN_MODE_FORCED, SN_MODE_COORDINATED};
    return modes[lot % 4];
}

const char *meaning_mode_name(enum sn_failover_mode mode)
{
    switch (mode) {
    case SN_MODE_PLANNED:
        return "PLANNED";
    case SN_MODE_COORDINATED:
        return "COORDINATED";
    case SN_MODE_FORCED:
        return "FORCED";
    case SN_MODE_REBORN:
    case SN_MODE_NONE:
        break;
    }
    return "?";
}

bool meaning_has_target(const struct fault *fault)
{
    return fault->value2 % 3 == 0;
}

bool meaning_to_stock(const struct plan *plan, const struct fault *fault)
{
    bool can = fault->kind == FAULT_FAILOVER || fault->kind == FAULT_FORGET;
    return can && plan->stocks > 0 && (fault->value >> 30) % 3 == 0;
}

struct meaning_setting meaning_setting(uint64_t index, unsigned voters)
{
    static const struct meaning_setting settings[MEANING_SETTINGS] = {
        {SN_OPTION_QUORUM, "quorum", 1, 0},
        {SN_OPTION_DOWN_AFTER, "down-after-milliseconds", 300, 3000},
        {SN_OPTION_FAILOVER_TIMEOUT, "failover-timeout", 1000, 9000},
        {SN_OPTION_PARALLEL_SYNCS, "parallel-syncs", 1, 3},
    };
    struct meaning_setting setting = settings[index % MEANING_SETTINGS];
    if (setting.span == 0)
        setting.span = voters;
    return setting;
}

enum forgery meaning_forgery(const struct plan *plan, const struct fault *fault)
{
    static const enum forgery ids[] = {FORGE_MOVED, FORGE_AWAY, FORGE_NOBODY, FORGE_TWIN,
                                       FORGE_SELF};
    uint64_t lot = fault->value;
    if ((plan->features & FEATURE_EPOCHS) != 0 && lot / 8 % 2 == 0)
        return lot % 2 == 0 ? FORGE_EPOCH : FORGE_CONFIG;
    return ids[lot % (sizeof(ids) / sizeof(ids[0]))];
}

const char *meaning_forgery_name(enum forgery forgery)
{
    switch (forgery) {
    case FORGE_NOBODY:
        return "nobody";
    case FORGE_MOVED:
        return "moved";
    case FORGE_AWAY:
        return "away";
    case FORGE_TWIN:
        return "twin";
    case FORGE_SELF:
        return "self";
    case FORGE_EPOCH:
        return "epoch";
    case FORGE_CONFIG:
        return "config";
    }
    return "?";
}
