/* SPDX-License-Identifier: BSD-3-Clause */

/* What EXPLAIN calls wrong, with a severity, and a master that is down. */

#include "shell/report/doctor_check.h"
#include "shell/report/explain_words.h"
#include "shell/report/phrase.h"

static enum sn_severity judge_trouble(enum sn_trouble_kind kind)
{
    switch (kind) {
    case SN_TROUBLE_STATE_NOT_SAVED:
    case SN_TROUBLE_QUORUM_IMPOSSIBLE:
    case SN_TROUBLE_TOO_FEW_SENTINELS:
    case SN_TROUBLE_MASTER_LOST_DATA:
    case SN_TROUBLE_NO_REPLICA:
    case SN_TROUBLE_NO_CANDIDATE:
        return SN_SEVERITY_CRITICAL;
    case SN_TROUBLE_REFUSED:
    case SN_TROUBLE_MASTER_SAYS_REPLICA:
    case SN_TROUBLE_CLAIMED:
    case SN_TROUBLE_NONE:
    case SN_TROUBLE_COUNT:
        break;
    }
    return SN_SEVERITY_WARNING;
}

/* EXPLAIN refers to the lines above it. */
static void tell_no_candidate(struct sn_doctor *doctor, struct sn_finding *finding)
{
    const struct sn_instance *replica = sn_group_replica_first(doctor->group);

    sn_buf_printf(&finding->found, "None of %zu replicas could be promoted now.",
                  sn_group_replica_count(doctor->group));
    for (; replica != NULL; replica = sn_instance_next(replica)) {
        struct sn_replica_fitness fitness;
        sn_explain_replica(replica, NULL, &fitness);
        if (fitness.why.reason == SN_REASON_NONE)
            continue;
        sn_buf_putc(&finding->found, ' ');
        sn_phrase_reason(&finding->found, &fitness.why, replica);
    }
}

/* The state is that of the process: once is enough. */
static bool is_told_already(const struct sn_doctor *doctor, const struct sn_trouble *trouble)
{
    return trouble->kind == SN_TROUBLE_STATE_NOT_SAVED &&
           sn_doctor_has(doctor, "state-not-saved", NULL);
}

static void take_trouble(void *arg, const struct sn_trouble *trouble)
{
    struct sn_doctor *doctor = arg;
    char name[SN_REASON_NAME_MAX + 1];

    if (is_told_already(doctor, trouble))
        return;
    sn_explain_trouble_name(trouble->kind, name);
    struct sn_finding *finding =
        sn_doctor_add(doctor, judge_trouble(trouble->kind), name, trouble->about);
    if (trouble->kind == SN_TROUBLE_NO_CANDIDATE)
        tell_no_candidate(doctor, finding);
    else
        sn_explain_words_trouble(doctor->group, trouble, &finding->found);
    sn_explain_words_remedy(doctor->group, trouble, &finding->remedy);
    if (trouble->kind == SN_TROUBLE_STATE_NOT_SAVED)
        finding->group = NULL;
}

static void check_troubles(struct sn_doctor *doctor)
{
    sn_explain_troubles(doctor->group, take_trouble, doctor);
}

static void check_master_down(struct sn_doctor *doctor)
{
    if (doctor->of.down_ms < 0)
        return;
    struct sn_finding *finding =
        sn_doctor_add(doctor, SN_SEVERITY_CRITICAL, "master-down", sn_group_master(doctor->group));
    sn_explain_words_what(doctor->group, &doctor->of, &finding->found);
    sn_buf_printf(&finding->remedy, "SENTINEL EXPLAIN %s tells why, and what comes next.",
                  sn_group_name(doctor->group));
}

sn_doctor_check_fn *const sn_doctor_of_troubles[] = {check_master_down, check_troubles, NULL};
