/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_SCRIPTS_H
#define SN_SHELL_PROCESS_SCRIPTS_H

/* Runs notification and reconfiguration scripts for the core (PROTOCOL.md §8): no shell, own
 * process group, killed as a group. Queue, retries and time-outs are the core's. */

#include "core/action.h"
#include "shell/driver/driver.h"
#include "shell/log/log.h"

struct sn_scripts;

/* How long what a script has left running in its process group may go on. */
#define SN_SCRIPT_GRACE_MS 5000

/* log (may be NULL) is told of what had to be killed. Takes over all children of the process that
 * libuv has not started: waits for those that end. */
struct sn_scripts *sn_scripts_new(uv_loop_t *loop, struct sn_log *log, uint64_t grace_ms);
void sn_scripts_set_driver(struct sn_scripts *scripts, struct sn_driver *driver);
/* It starts in a later turn of the loop, one script a turn; SCRIPT_STARTED or SCRIPT_EXITED tells.
 */
void sn_scripts_start(struct sn_scripts *scripts, const struct sn_action_script *script);
void sn_scripts_kill(struct sn_scripts *scripts, struct sn_job_id job);
/* Leaves running scripts alone (they end on their own) and forgets them, and those that wait. */
void sn_scripts_close(struct sn_scripts *scripts);

#endif
