/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_STORE_STORE_H
#define SN_SHELL_STORE_STORE_H

/* Saves the state: snapshot taken in the loop, rendered and written by a worker thread (temporary
 * file, fsync, rename, fsync of the folder; in place with a journal where renaming is impossible),
 * one write at a time. Versions that arrive during a write are saved together by the next one.
 * Keeps the mode and owner of the file and follows a symbolic link that was there at the start
 * (PROTOCOL.md §24.2). */

#include "conf/conf.h"
#include "shell/driver/driver.h"
#include "shell/log/log.h"
#include "shell/store/claim.h"

struct sn_store;

/* conf and claim (of conf->state_path) are borrowed; conf must not change while the store lives
 * (the store works on copies of the image that the core hands out). */
struct sn_store *sn_store_new(uv_loop_t *loop, const struct sn_conf *conf, struct sn_claim *claim,
                              struct sn_log *log);
void sn_store_set_driver(struct sn_store *store, struct sn_driver *driver);
/* Calls watch with the outcome of every write, before it is fed. */
typedef void sn_store_watch(void *arg, bool ok);
void sn_store_set_watch(struct sn_store *store, sn_store_watch *watch, void *arg);
/* Says what was changed at run time and is no part of the image. *live is all zero; `lines` is for
 * the text of live->users and lives until the write is over, everything else as long as the store.
 * Called in the loop when a write starts. */
typedef void sn_store_live(void *arg, struct sn_conf_live *live, struct sn_buf *lines);
void sn_store_set_live(struct sn_store *store, sn_store_live *live, void *arg);
void sn_store_persist(struct sn_store *store, uint64_t version);
/* A write that nobody has asked for, to see whether it works: only the watch hears of it. Nothing
 * if one is under way. */
void sn_store_try(struct sn_store *store);
/* Waits for a write under way; starts no other. Blocks: only at the end of the process. */
void sn_store_close(struct sn_store *store);

#endif
