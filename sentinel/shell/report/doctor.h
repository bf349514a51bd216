/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_REPORT_DOCTOR_H
#define SN_SHELL_REPORT_DOCTOR_H

/* SENTINEL DOCTOR: all that is wrong or unwise, in words and as JSON (DESIGN.md D28). Both say the
 * same. It judges what this sentinel knows anyway, and asks nobody. */

#include "core/view.h"
#include "shell/report/lines.h"

#include <jansson.h>

#define SN_DOCTOR_SCHEMA 1
/* Findings of one check that are told; the rest is counted. */
#define SN_DOCTOR_FINDINGS_MAX 500

/* Own certificate. */
struct sn_doctor_certificate {
    bool is_there;
    int64_t seconds_left; /* negative: it has ended */
};

/* What the process knows. Borrowed for the call. */
struct sn_doctor_facts {
    const struct sn_core *core;
    sn_ms now;
    int64_t wall_ms; /* since 1970; 0: unknown */
    /* The ports for clients. */
    bool asks_no_password; /* the default user needs none */
    bool is_exposed;       /* a port listens on more than the loopback, for anybody */
    bool is_protected;     /* protected-mode */
    uint64_t clients, clients_max;
    uint64_t files_max; /* the process may have open; 0: unknown, or no limit */
    struct sn_doctor_certificate server, client;
    /* Switches of the master of group in the last hour. NULL: unknown. */
    size_t (*count_switches)(const void *arg, const char *group);
    const void *arg;
};

/* Calls line for each finding, the worst first; or once, if there is none. group: only its
 * findings and those of the process; NULL: of all groups. */
void sn_doctor_lines(const struct sn_doctor_facts *facts, const struct sn_group *group,
                     sn_line_fn *line, void *arg);

/* The schema is in HTTP.md; fields may be added to it. The caller releases it. */
json_t *sn_doctor_json(const struct sn_doctor_facts *facts, const struct sn_group *group);

#endif
