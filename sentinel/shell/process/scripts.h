/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_SCRIPTS_H
#define SN_SHELL_PROCESS_SCRIPTS_H

/* Runs notification and reconfiguration scripts for the core (PROTOCOL.md §8): no shell, a process
 * group for each script, killed as a group. The core owns queue, retries and time-outs. */

#include "core/action.h"
#include "shell/driver/driver.h"
#include "shell/log/log.h"

struct sn_scripts;

/* Grace period for processes that an ended script left in its process group. */
#define SN_SCRIPT_GRACE_MS 5000

/* Kills are logged to log (may be NULL). Also reaps all children of the process that libuv did not
 * start. */
struct sn_scripts *sn_scripts_new(uv_loop_t *loop, struct sn_log *log, uint64_t grace_ms);
void sn_scripts_set_driver(struct sn_scripts *scripts, struct sn_driver *driver);
/* Starts a script in a later turn of the loop, one per turn; feeds SCRIPT_STARTED or SCRIPT_EXITED.
 */
void sn_scripts_start(struct sn_scripts *scripts, const struct sn_action_script *script);
void sn_scripts_kill(struct sn_scripts *scripts, struct sn_job_id job);
/* Forgets running scripts, which go on by themselves, and waiting ones. */
void sn_scripts_close(struct sn_scripts *scripts);

#endif
