/* SPDX-License-Identifier: BSD-3-Clause */

/* What is told by the last INFO of the servers of a group. */

#include "base/text.h"
#include "core/examine.h"
#include "shell/report/doctor_check.h"
#include "shell/report/phrase.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLOCK_TOLERANCE_MS 2000

/* The formats of data sets go with the first two numbers of a version. Valkey tells the version of
 * Redis that it is compatible with, and its own. */
struct version {
    unsigned long redis[2], valkey[2]; /* [0] == 0: unknown; it is no Valkey */
    char shown[32];
};

/* What the last INFO of a server tells. Its text is put together for it, so it is read once. */
struct told {
    bool is_master;
    bool keeps_replicas; /* it refuses writes without any */
    struct version version;
    sn_ms age_ms;
    uint64_t clock_us; /* 0: unknown */
};

/* Returns the value of field ("redis_version:"), up to the end of its line; NULL: it is not there.
 */
static const char *value_of(const struct sn_buf *info, const char *field)
{
    const char *text = sn_buf_text(info), *found = strstr(text, field);

    while (found != NULL && found != text && found[-1] != '\n')
        found = strstr(found + 1, field);
    return found == NULL ? NULL : found + strlen(field);
}

static void read_numbers(const char *value, unsigned long numbers[2])
{
    char *end = NULL;

    numbers[0] = value == NULL ? 0 : strtoul(value, &end, 10);
    numbers[1] = numbers[0] == 0 || *end != '.' ? 0 : strtoul(end + 1, NULL, 10);
}

static void read_version(const struct sn_buf *info, struct version *version)
{
    const char *redis = value_of(info, "redis_version:");
    const char *valkey = value_of(info, "valkey_version:");
    const char *shown = valkey != NULL ? valkey : redis;

    read_numbers(redis, version->redis);
    read_numbers(valkey, version->valkey);
    if (shown != NULL)
        (void)snprintf(version->shown, sizeof(version->shown), "%s %.*s",
                       valkey != NULL ? "Valkey" : "Redis", (int)strcspn(shown, "\r\n"), shown);
}

/* All is unknown if there is no INFO. */
static void read_told(const struct sn_doctor *doctor, const struct sn_instance *server,
                      struct told *told)
{
    struct sn_buf info;

    *told = (struct told){0};
    sn_buf_init(&info, SIZE_MAX);
    if (sn_instance_info(server, doctor->facts->now, &info, &told->age_ms)) {
        const char *role = value_of(&info, "role:");
        const char *clock = value_of(&info, "server_time_usec:");
        told->is_master = role != NULL && strncmp(role, "master", 6) == 0;
        told->keeps_replicas = value_of(&info, "min_slaves_good_slaves:") != NULL;
        read_version(&info, &told->version);
        if (clock == NULL || sn_text_to_u64(clock, strcspn(clock, "\r\n"), &told->clock_us) != 0)
            told->clock_us = 0;
    }
    sn_buf_fini(&info);
}

/* ---- no master without replicas ---- */

/* With one replica, the new master has none behind a failover, and would refuse all writes. */
static void check_min_replicas(struct sn_doctor *doctor, const struct told *of_master)
{
    const struct sn_instance *master = sn_group_master(doctor->group);

    if (of_master->keeps_replicas || !of_master->is_master ||
        sn_group_replica_count(doctor->group) < 2)
        return;
    struct sn_finding *finding =
        sn_doctor_add(doctor, SN_SEVERITY_ADVICE, "no-min-replicas", master);
    sn_phrase_address(&finding->found, master);
    sn_buf_puts(&finding->found, " would take writes with no replica connected. Cut off from the "
                                 "others, it goes on to take writes that are lost after a "
                                 "failover.");
    sn_buf_puts(&finding->remedy, "On all servers: CONFIG SET min-replicas-to-write 1, and "
                                  "min-replicas-max-lag 10.");
}

/* ---- versions ---- */

static int compare(const unsigned long a[2], const unsigned long b[2])
{
    if (a[0] != b[0])
        return a[0] < b[0] ? -1 : 1;
    return a[1] == b[1] ? 0 : a[1] < b[1] ? -1 : 1;
}

static bool is_older(const struct version *version, const struct version *than)
{
    int order = compare(version->redis, than->redis);
    bool are_valkey = version->valkey[0] != 0 && than->valkey[0] != 0;

    return order < 0 || (order == 0 && are_valkey && compare(version->valkey, than->valkey) < 0);
}

static void check_version(struct sn_doctor *doctor, const struct sn_instance *replica,
                          const struct version *version, const struct version *of_master)
{
    if (version->redis[0] == 0 || of_master->redis[0] == 0 || !is_older(version, of_master))
        return;
    struct sn_finding *finding =
        sn_doctor_add(doctor, SN_SEVERITY_WARNING, "older-replica", replica);
    sn_phrase_address(&finding->found, replica);
    sn_buf_printf(&finding->found,
                  " has %s, its master %s. An older server may be unable to read the data set of a "
                  "newer one when it has to synchronise again.",
                  version->shown, of_master->shown);
    sn_buf_puts(&finding->remedy, "Upgrade it. Upgrade replicas first, then SENTINEL FAILOVER, and "
                                  "the old master last.");
}

/* ---- clocks ---- */

/* How far ahead the clock of server is of this machine's, at least; 0: unknown. The answer may have
 * waited for us. */
static sn_ms clock_ahead_ms(const struct sn_doctor *doctor, const struct sn_instance *server,
                            const struct told *told)
{
    sn_ms taken_ms = doctor->facts->wall_ms - told->age_ms;
    sn_ms asked_ms = taken_ms - sn_examine_info_trip_ms(server);
    sn_ms clock_ms = (sn_ms)(told->clock_us / 1000);

    if (doctor->facts->wall_ms == 0 || told->clock_us == 0)
        return 0;
    if (clock_ms < asked_ms)
        return clock_ms - asked_ms;
    return clock_ms > taken_ms ? clock_ms - taken_ms : 0;
}

static void check_clock(struct sn_doctor *doctor, const struct sn_instance *server,
                        const struct told *told)
{
    sn_ms ahead_ms = clock_ahead_ms(doctor, server, told);

    if (ahead_ms <= CLOCK_TOLERANCE_MS && ahead_ms >= -CLOCK_TOLERANCE_MS)
        return;
    struct sn_finding *finding = sn_doctor_add(doctor, SN_SEVERITY_ADVICE, "clock", server);
    sn_buf_puts(&finding->found, "The clock of ");
    sn_phrase_address(&finding->found, server);
    sn_buf_puts(&finding->found, " is ");
    sn_phrase_span(&finding->found, ahead_ms < 0 ? -ahead_ms : ahead_ms);
    sn_buf_printf(&finding->found,
                  " %s this machine's. Times in logs do not fit together, and after a failover "
                  "keys expire at other times.",
                  ahead_ms < 0 ? "behind" : "ahead of");
    sn_buf_puts(&finding->remedy, "Synchronise the clocks of all machines (NTP).");
}

static void check_info(struct sn_doctor *doctor)
{
    const struct sn_instance *master = sn_group_master(doctor->group);
    const struct sn_instance *replica = sn_group_replica_first(doctor->group);
    struct told of_master, of_replica;

    read_told(doctor, master, &of_master);
    check_min_replicas(doctor, &of_master);
    check_clock(doctor, master, &of_master);
    for (; replica != NULL; replica = sn_instance_next(replica)) {
        read_told(doctor, replica, &of_replica);
        check_version(doctor, replica, &of_replica.version, &of_master.version);
        check_clock(doctor, replica, &of_replica);
    }
}

sn_doctor_check_fn *const sn_doctor_of_info[] = {check_info, NULL};
