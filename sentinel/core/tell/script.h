/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_SCRIPT_H
#define SN_CORE_SCRIPT_H

/* Notification and client-reconfig scripts: their queue and schedule (PROTOCOL.md §8). Internal to
 * the core. */

#include "core/model/group.h"

struct sn_job {
    struct sn_core *core;
    struct sn_job_id id;
    char **argv; /* NULL-terminated */
    bool running;
    bool killed;
    int64_t pid;
    unsigned starts;
    sn_ms started_at;
    struct sn_timer timer; /* waiting: due; running: overdue */
    bool due;              /* waits only for a free place */
    struct sn_job *prev, *next;
};

void sn_script_notify(struct sn_group *group, const char *event, const char *payload);
void sn_script_reconfig(struct sn_group *group, bool leader, const struct sn_addr *from,
                        const struct sn_addr *to);
void sn_script_due(struct sn_job *job);
void sn_script_started(struct sn_core *core, const struct sn_input_script *event);
void sn_script_exited(struct sn_core *core, const struct sn_input_script *event);
void sn_script_fini(struct sn_core *core);

#endif
