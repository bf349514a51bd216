/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_CHRONICLE_SCROLL_H
#define SN_SHELL_CHRONICLE_SCROLL_H

/* A file of lines that only grows, written by a worker. When it is full it becomes PATH.1, in place
 * of the one before. Lines that cannot be written wait, and the oldest of them are dropped; nobody
 * waits for them. */

#include "base/buf.h"
#include "shell/log/log.h"

#include <uv.h>

#define SN_SCROLL_FILE_MAX    (1024 * 1024)
#define SN_SCROLL_PENDING_MAX (256 * 1024)

struct sn_scroll;

struct sn_scroll *sn_scroll_new(uv_loop_t *loop, struct sn_log *log, const char *path);
/* Calls each for every line of PATH.1 and of PATH. Blocks; for the start. Files that cannot be read
 * are logged. */
void sn_scroll_load(const struct sn_scroll *scroll, void (*each)(void *arg, const char *line),
                    void *arg);
/* text: without a line end. */
void sn_scroll_append(struct sn_scroll *scroll, const char *text);
/* Tries once more to write what is pending, and frees the scroll when the worker is done. */
void sn_scroll_close(struct sn_scroll *scroll);

#endif
