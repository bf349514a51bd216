/* SPDX-License-Identifier: BSD-3-Clause */

/* What is wrong or unwise about the servers of a group, and about its settings. */

#include "core/examine.h"
#include "shell/report/doctor_check.h"
#include "shell/report/pause.h"
#include "shell/report/phrase.h"

#include <string.h>

#define DOWN_AFTER_LONG_MS 60000
#define FLAPPING           3 /* switches in an hour */

/* The choice passes over a replica that is well otherwise. Where none is left, that is told
 * already.
 */
static void tell_passed_over(struct sn_doctor *doctor, const struct sn_instance *replica,
                             const struct sn_why *why)
{
    bool is_wanted = why->reason == SN_REASON_PRIORITY_ZERO;
    struct sn_finding *finding =
        sn_doctor_add(doctor, is_wanted ? SN_SEVERITY_ADVICE : SN_SEVERITY_WARNING,
                      "replica-passed-over", replica);

    sn_buf_puts(&finding->found, "A failover would pass over ");
    sn_phrase_reason(&finding->found, why, replica);
    sn_buf_puts(&finding->remedy, is_wanted ? "Set replica-priority above 0, unless it is meant "
                                              "never to be the master."
                                            : "Remove the reason, or, if the replica is gone for "
                                              "good, forget it: SENTINEL FORGET.");
}

static void check_passed_over(struct sn_doctor *doctor)
{
    const struct sn_instance *replica = sn_group_replica_first(doctor->group);

    if (doctor->of.attempting || doctor->of.best == NULL)
        return;
    for (; replica != NULL; replica = sn_instance_next(replica)) {
        struct sn_replica_fitness fitness;
        sn_explain_replica(replica, doctor->of.best, &fitness);
        if (fitness.why.reason != SN_REASON_NONE && !sn_doctor_has(doctor, "refused", replica))
            tell_passed_over(doctor, replica, &fitness.why);
    }
}

/* Half of the time has to be left for what has not been seen yet. */
static void check_down_after_short(struct sn_doctor *doctor)
{
    sn_ms down_after_ms = sn_group_params(doctor->group)->down_after_ms;
    struct sn_pace_figures pace;

    sn_examine_pace(doctor->group, &pace);
    sn_ms longest_ms = pace.longest_gap_ms > pace.trip_ms ? pace.longest_gap_ms : pace.trip_ms;
    sn_ms wanted_ms = 3 * longest_ms;
    if (longest_ms <= down_after_ms / 2)
        return;
    struct sn_finding *finding = sn_doctor_add(doctor, SN_SEVERITY_WARNING, "down-after-short",
                                               sn_group_master(doctor->group));
    sn_buf_puts(&finding->found, "Within a week the master was silent for ");
    sn_phrase_span(&finding->found, longest_ms);
    sn_buf_puts(&finding->found, " and well; down-after-milliseconds is ");
    sn_phrase_span(&finding->found, down_after_ms);
    sn_buf_puts(&finding->found, ". A little more would have been a failover.");
    sn_buf_printf(&finding->remedy,
                  "Find out what holds it up (slow commands, forks, the network), or on all "
                  "sentinels: SENTINEL SET %s down-after-milliseconds %lld.",
                  sn_group_name(doctor->group), (long long)wanted_ms);
}

static void check_down_after_long(struct sn_doctor *doctor)
{
    sn_ms down_after_ms = sn_group_params(doctor->group)->down_after_ms;

    if (down_after_ms <= DOWN_AFTER_LONG_MS)
        return;
    struct sn_finding *finding = sn_doctor_add(doctor, SN_SEVERITY_ADVICE, "down-after-long", NULL);
    struct sn_pace_figures pace;
    sn_examine_pace(doctor->group, &pace);
    sn_buf_puts(&finding->found, "A master that hangs is noticed after ");
    sn_phrase_span(&finding->found, down_after_ms);
    sn_buf_puts(&finding->found, "; its longest silence within a week was ");
    sn_phrase_span(&finding->found, pace.longest_gap_ms);
    sn_buf_putc(&finding->found, '.');
    sn_buf_printf(&finding->remedy,
                  "On all sentinels: SENTINEL SET %s down-after-milliseconds, with less.",
                  sn_group_name(doctor->group));
}

/* One replica becomes the master; of the others, one has to stay readable. */
static void check_parallel_syncs(struct sn_doctor *doctor)
{
    uint32_t parallel = sn_group_params(doctor->group)->parallel_syncs;
    size_t replicas = sn_group_replica_count(doctor->group);

    if (replicas < 3 || parallel + 1 < replicas)
        return;
    struct sn_finding *finding = sn_doctor_add(doctor, SN_SEVERITY_ADVICE, "parallel-syncs", NULL);
    sn_buf_printf(&finding->found,
                  "parallel-syncs is %u: behind a failover all %zu other replicas follow the new "
                  "master at once, and none can be read meanwhile.",
                  parallel, replicas - 1);
    sn_buf_printf(&finding->remedy, "On all sentinels: SENTINEL SET %s parallel-syncs 1.",
                  sn_group_name(doctor->group));
}

static void check_flapping(struct sn_doctor *doctor)
{
    const struct sn_doctor_facts *facts = doctor->facts;

    if (facts->count_switches == NULL)
        return;
    size_t count = facts->count_switches(facts->arg, sn_group_name(doctor->group));
    if (count < FLAPPING)
        return;
    struct sn_finding *finding = sn_doctor_add(doctor, SN_SEVERITY_WARNING, "flapping", NULL);
    sn_buf_printf(&finding->found, "The master was switched %zu times within an hour.", count);
    sn_buf_printf(&finding->remedy,
                  "SENTINEL HISTORY %s tells why. SENTINEL PAUSE %s SECONDS stops it meanwhile.",
                  sn_group_name(doctor->group), sn_group_name(doctor->group));
}

static void check_paused(struct sn_doctor *doctor)
{
    struct sn_buf words;

    sn_buf_init(&words, SIZE_MAX);
    sn_report_pause_words(doctor->group, doctor->facts->now, &words);
    if (words.len > 0) {
        struct sn_finding *finding = sn_doctor_add(doctor, SN_SEVERITY_WARNING, "paused", NULL);
        sn_buf_puts(&finding->found, sn_buf_text(&words));
        sn_buf_puts(&finding->remedy, "End the pause when its reason is gone.");
    }
    sn_buf_fini(&words);
}

sn_doctor_check_fn *const sn_doctor_of_servers[] = {check_passed_over,
                                                    check_down_after_short,
                                                    check_down_after_long,
                                                    check_parallel_syncs,
                                                    check_flapping,
                                                    check_paused,
                                                    NULL};
