/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_SCRIPTS_H
#define SN_SHELL_PROCESS_SCRIPTS_H

/* Runs notification and reconfiguration scripts for the core (PROTOCOL.md §8): no shell, own
 * process group, killed as a group. Queue, retries and time-outs are the core's. */

#include "core/action.h"
#include "shell/driver/driver.h"
#include "shell/log/log.h"

struct sn_processes;

/* How long what a script has left running in its process group may go on. */
#define SN_SCRIPT_GRACE_MS 5000

/* log (may be NULL) is told of what had to be killed. Takes over all children of the process that
 * libuv has not started: waits for those that end. */
struct sn_processes *sn_processes_new(uv_loop_t *loop, struct sn_log *log, uint64_t grace_ms);
void sn_processes_set_driver(struct sn_processes *processes, struct sn_driver *driver);
/* It starts in a later turn of the loop, one script a turn; SCRIPT_STARTED or SCRIPT_EXITED tells.
 */
void sn_processes_start(struct sn_processes *processes, const struct sn_action_script *script);
void sn_processes_kill(struct sn_processes *processes, struct sn_job_id job);
/* Leaves running scripts alone (they end on their own) and forgets them, and those that wait. */
void sn_processes_close(struct sn_processes *processes);

#endif
