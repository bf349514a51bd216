/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan_text.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#define LINE_MAX_LEN 512

struct field {
    const char *name;
    size_t offset, size;
};

/* clang-format releases differ about braces in macros. */
/* clang-format off */
#define FIELD(name) {#name, offsetof(struct plan, name), sizeof(((struct plan *)0)->name)}
/* clang-format on */

/* All numbers that are not negative. */
static const struct field fields[] = {
    FIELD(seed),
    FIELD(classes),
    FIELD(sentinels),
    FIELD(stocks),
    FIELD(groups),
    FIELD(replicas),
    FIELD(other_replicas[1]),
    FIELD(other_replicas[2]),
    FIELD(other_replicas[3]),
    FIELD(quorum),
    FIELD(parallel_syncs),
    FIELD(down_after_ms),
    FIELD(failover_timeout_ms),
    FIELD(delay_min_ms),
    FIELD(delay_max_ms),
    FIELD(disk_ms),
    FIELD(disk_jitter_ms),
    FIELD(timer_late_ms),
    FIELD(write_ms),
    FIELD(sync_ms),
    FIELD(names),
    FIELD(announce_names),
    FIELD(resolve_max_ms),
    FIELD(resolve_fails),
    FIELD(sync_load_ms),
    FIELD(backlog_max),
    FIELD(diskless),
    FIELD(loading_ms),
    FIELD(warm_ms),
    FIELD(span_ms),
    FIELD(drift_ppm),
    FIELD(blocking_peers),
    FIELD(lag),
    FIELD(lost_on_crash),
    FIELD(lost_masters),
    FIELD(lost_sentinels),
    FIELD(lost_lot),
    FIELD(lost_late),
    FIELD(features),
    FIELD(two_deployments),
    FIELD(id_lot),
    FIELD(rtt_percent),
    FIELD(rtt_peace),
    FIELD(connect_ms),
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static uint64_t get(const struct plan *plan, const struct field *field)
{
    const char *at = (const char *)plan + field->offset;
    uint64_t wide = 0;
    uint32_t narrow = 0;
    if (field->size == sizeof(wide))
        memcpy(&wide, at, sizeof(wide));
    else if (field->size == sizeof(narrow))
        memcpy(&narrow, at, sizeof(narrow));
    else
        return *(const bool *)at ? 1 : 0;
    return wide + narrow;
}

static void put(struct plan *plan, const struct field *field, uint64_t value)
{
    char *at = (char *)plan + field->offset;
    uint32_t narrow = (uint32_t)value;
    if (field->size == sizeof(value))
        memcpy(at, &value, sizeof(value));
    else if (field->size == sizeof(narrow))
        memcpy(at, &narrow, sizeof(narrow));
    else
        *(bool *)at = value != 0;
}

void plan_write(const struct plan *plan, FILE *file)
{
    for (size_t i = 0; i < FIELDS; i++)
        (void)fprintf(file, "%s %" PRIu64 "\n", fields[i].name, get(plan, &fields[i]));
    for (unsigned i = 0; i < plan->fault_count; i++) {
        const struct fault *fault = &plan->faults[i];
        if (!fault->dropped)
            (void)fprintf(file,
                          "fault %u %s at %lld lasts %lld a %u b %u value %" PRIu64
                          " value2 %" PRIu64 " group %u\n",
                          i, plan_fault_name(fault->kind), (long long)fault->at,
                          (long long)fault->lasts, fault->a, fault->b, fault->value, fault->value2,
                          fault->group + 1);
    }
}

static bool read_fault(const char *line, struct plan *plan)
{
    struct fault fault = {0};
    char name[64];
    unsigned number;
    if (plan->fault_count == PLAN_FAULTS_MAX ||
        sscanf(line,
               "fault %u %63s at %" SCNd64 " lasts %" SCNd64 " a %u b %u value %" SCNu64
               " value2 %" SCNu64 " group %u",
               &number, name, &fault.at, &fault.lasts, &fault.a, &fault.b, &fault.value,
               &fault.value2, &fault.group) != 9 ||
        fault.group == 0 || fault.group > PLAN_GROUPS_MAX)
        return false;
    fault.group--;
    for (unsigned kind = FAULT_NONE + 1; kind < FAULT_KIND_COUNT; kind++) {
        if (strcmp(plan_fault_name((enum fault_kind)kind), name) == 0)
            fault.kind = (enum fault_kind)kind;
    }
    plan->faults[plan->fault_count++] = fault;
    return fault.kind != FAULT_NONE;
}

static bool read_line(const char *line, struct plan *plan)
{
    char name[64];
    uint64_t value;
    if (line[0] == '#' || line[strspn(line, " \n")] == '\0')
        return true;
    if (strncmp(line, "fault ", 6) == 0)
        return read_fault(line, plan);
    if (sscanf(line, "%63s %" SCNu64, name, &value) != 2)
        return false;
    for (size_t i = 0; i < FIELDS; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            put(plan, &fields[i], value);
            return true;
        }
    }
    return false;
}

static bool is_a_plan(const struct plan *plan)
{
    bool is = plan->sentinels >= 1 && plan->sentinels + plan->stocks <= PLAN_SENTINELS_MAX &&
              plan->groups >= 1 && plan->groups <= PLAN_GROUPS_MAX && plan->replicas >= 1 &&
              plan->replicas < 5 && plan->quorum >= 1 && plan->delay_max_ms >= plan->delay_min_ms;
    for (unsigned i = 1; i < plan->groups; i++)
        is &= plan->other_replicas[i] >= 1 && plan->other_replicas[i] < 3;
    for (unsigned i = 0; i < plan->fault_count; i++)
        is &= plan->faults[i].group < plan->groups;
    return is;
}

bool plan_read(const char *path, struct plan *plan)
{
    char line[LINE_MAX_LEN];
    FILE *file = fopen(path, "r");
    bool fine = file != NULL;
    memset(plan, 0, sizeof(*plan));
    while (fine && fgets(line, sizeof(line), file) != NULL) {
        fine = read_line(line, plan);
        if (!fine)
            (void)fprintf(stderr, "%s: not understood: %s", path, line);
    }
    if (file != NULL)
        (void)fclose(file);
    if (fine && is_a_plan(plan))
        return true;
    (void)fprintf(stderr, "%s: no plan\n", path);
    return false;
}
