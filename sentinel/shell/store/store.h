/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_STORE_STORE_H
#define SN_SHELL_STORE_STORE_H

/* Saves the state. The loop copies what the records name; a worker thread renders it into the text
 * of the last save (conf/draft/draft.h) and writes that (temporary file, fsync, rename, fsync of
 * the folder; in place with a journal where renaming is impossible). The whole state is copied only
 * at the first write, behind a failed one, and where the file is not as it was left. One write runs
 * at a time; the next one saves all versions that arrive meanwhile. Keeps mode and owner of the
 * file, and follows a symbolic link that existed at the start (PROTOCOL.md §24.2). */

#include "conf/read/config.h"
#include "core/action.h"
#include "shell/driver/driver.h"
#include "shell/log/log.h"
#include "shell/store/claim.h"

struct sn_store;

/* conf and claim (of conf->state_path) are borrowed; conf must not change while the store exists.
 */
struct sn_store *sn_store_new(uv_loop_t *loop, const struct sn_conf *conf, struct sn_claim *claim,
                              struct sn_log *log);
void sn_store_set_driver(struct sn_store *store, struct sn_driver *driver);
/* Called with the result of every write, and how long it took, before the driver is fed. */
typedef void sn_store_watch(void *arg, bool ok, uint64_t took_ns);
void sn_store_set_watch(struct sn_store *store, sn_store_watch *watch, void *arg);
/* Fills in the settings that were changed at run time and are not in the image. *live is all zero.
 * `lines` is for the text of live->users and lasts until the write ends; other pointers must
 * outlive the store. Called in the loop when a write starts. */
typedef void sn_store_live(void *arg, struct sn_conf_live *live, struct sn_buf *lines);
void sn_store_set_live(struct sn_store *store, sn_store_live *live, void *arg);
void sn_store_persist(struct sn_store *store, const struct sn_action_persist *persist);
/* Starts a trial write, whose result only the watch gets. No effect if a write is under way. */
void sn_store_try(struct sn_store *store);
/* Waits for a write under way and starts no other. Blocks; for the end of the process. */
void sn_store_close(struct sn_store *store);

#endif
