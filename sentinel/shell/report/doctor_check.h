/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_REPORT_DOCTOR_CHECK_H
#define SN_SHELL_REPORT_DOCTOR_CHECK_H

/* Between the checks and what shows their findings. A check is a function that looks at one group,
 * or at the process, and adds what it finds. */

#include "core/explain.h"
#include "shell/report/doctor.h"

enum sn_severity {
    SN_SEVERITY_NONE = 0,
    SN_SEVERITY_CRITICAL, /* no failover would be possible, or it would go wrong */
    SN_SEVERITY_WARNING,  /* one more thing, and it is critical */
    SN_SEVERITY_ADVICE,
    SN_SEVERITY_COUNT
};

/* Findings of one check and severity. */
struct sn_finding_kind {
    enum sn_severity severity;
    char check[SN_REASON_NAME_MAX + 1]; /* a stable word */
    size_t count;                       /* those too that are left out */
};

#define SN_FINDING_KINDS_MAX 128

struct sn_finding {
    const struct sn_finding_kind *kind;
    const struct sn_group *group;    /* NULL: the process */
    const struct sn_instance *about; /* NULL: the group as a whole */
    struct sn_buf found, remedy;     /* sentences */
};

/* What the findings of one look are added to. */
struct sn_doctor {
    const struct sn_doctor_facts *facts;
    const struct sn_group *group; /* that is looked at; NULL: the process */
    struct sn_explanation of;     /* … and how it is */
    struct sn_finding *findings;
    size_t count, room;
    struct sn_finding spare; /* for those that are left out */
    struct sn_finding_kind kinds[SN_FINDING_KINDS_MAX];
    size_t kind_count;
};

void sn_doctor_begin(struct sn_doctor *doctor, const struct sn_doctor_facts *facts);
void sn_doctor_forget(struct sn_doctor *doctor);
/* Returns a finding whose sentences are still empty. Valid until the next one is added. */
struct sn_finding *sn_doctor_add(struct sn_doctor *doctor, enum sn_severity severity,
                                 const char *check, const struct sn_instance *about);
/* True if a check of that name has found something about a member; NULL: of any. */
bool sn_doctor_has(const struct sn_doctor *doctor, const char *check,
                   const struct sn_instance *about);
/* Sets both sentences. */
void sn_doctor_say(struct sn_finding *finding, const char *found, const char *remedy);

typedef void sn_doctor_check_fn(struct sn_doctor *doctor);

/* The checks, NULL-terminated. */
extern sn_doctor_check_fn *const sn_doctor_of_troubles[];
extern sn_doctor_check_fn *const sn_doctor_of_sentinels[];
extern sn_doctor_check_fn *const sn_doctor_of_servers[];
extern sn_doctor_check_fn *const sn_doctor_of_info[];
extern sn_doctor_check_fn *const sn_doctor_of_process[]; /* group is NULL */

#endif
