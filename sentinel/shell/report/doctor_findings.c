/* SPDX-License-Identifier: BSD-3-Clause */

/* The findings of one look. */

#include "base/alloc.h"
#include "shell/report/doctor_check.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void begin_finding(struct sn_finding *finding)
{
    sn_buf_init(&finding->found, SIZE_MAX);
    sn_buf_init(&finding->remedy, SIZE_MAX);
}

static void end_finding(struct sn_finding *finding)
{
    sn_buf_fini(&finding->found);
    sn_buf_fini(&finding->remedy);
}

static struct sn_finding_kind *find_kind(struct sn_doctor *doctor, enum sn_severity severity,
                                         const char *check)
{
    struct sn_finding_kind *kind = doctor->kinds;

    for (; kind < doctor->kinds + doctor->kind_count; kind++) {
        if (kind->severity == severity && strcmp(kind->check, check) == 0)
            return kind;
    }
    assert(doctor->kind_count < SN_FINDING_KINDS_MAX);
    doctor->kind_count++;
    kind->severity = severity;
    (void)snprintf(kind->check, sizeof(kind->check), "%s", check);
    return kind;
}

static struct sn_finding *next_finding(struct sn_doctor *doctor, struct sn_finding_kind *kind)
{
    if (++kind->count > SN_DOCTOR_FINDINGS_MAX) {
        sn_buf_clear(&doctor->spare.found);
        sn_buf_clear(&doctor->spare.remedy);
        return &doctor->spare;
    }
    if (doctor->count == doctor->room) {
        doctor->room = doctor->room == 0 ? 16 : 2 * doctor->room;
        doctor->findings = sn_realloc(doctor->findings, doctor->room * sizeof(doctor->findings[0]));
    }
    struct sn_finding *finding = &doctor->findings[doctor->count++];
    begin_finding(finding);
    return finding;
}

struct sn_finding *sn_doctor_add(struct sn_doctor *doctor, enum sn_severity severity,
                                 const char *check, const struct sn_instance *about)
{
    struct sn_finding_kind *kind = find_kind(doctor, severity, check);
    struct sn_finding *finding = next_finding(doctor, kind);

    finding->kind = kind;
    finding->group = doctor->group;
    finding->about = about;
    return finding;
}

bool sn_doctor_has(const struct sn_doctor *doctor, const char *check,
                   const struct sn_instance *about)
{
    for (size_t i = 0; i < doctor->count; i++) {
        const struct sn_finding *finding = &doctor->findings[i];
        if (strcmp(finding->kind->check, check) == 0 && (about == NULL || finding->about == about))
            return true;
    }
    return false;
}

void sn_doctor_say(struct sn_finding *finding, const char *found, const char *remedy)
{
    sn_buf_puts(&finding->found, found);
    sn_buf_puts(&finding->remedy, remedy);
}

void sn_doctor_begin(struct sn_doctor *doctor, const struct sn_doctor_facts *facts)
{
    *doctor = (struct sn_doctor){.facts = facts};
    begin_finding(&doctor->spare);
}

void sn_doctor_forget(struct sn_doctor *doctor)
{
    for (size_t i = 0; i < doctor->count; i++)
        end_finding(&doctor->findings[i]);
    end_finding(&doctor->spare);
    free(doctor->findings);
}
