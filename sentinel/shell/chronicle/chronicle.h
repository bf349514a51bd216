/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_CHRONICLE_CHRONICLE_H
#define SN_SHELL_CHRONICLE_CHRONICLE_H

/* The chronicle: what has happened to the groups (DESIGN.md D28). One entry for each outage,
 * failover and switchover, with its steps, and for what operators ordered. The last entries are in
 * memory, and in a file if one is named. Nothing waits for that file. All functions accept NULL,
 * and do nothing then. */

#include "base/buf.h"
#include "core/action.h"
#include "shell/driver/driver.h"
#include "shell/log/log.h"

#define SN_CHRONICLE_ENTRIES_MAX 1000
#define SN_CHRONICLE_BYTES_MAX   (2 * 1024 * 1024)

struct sn_chronicle;

/* path: of the file; NULL: memory only. What the file holds is read at once. */
struct sn_chronicle *sn_chronicle_new(uv_loop_t *loop, struct sn_log *log, const char *path);
void sn_chronicle_set_driver(struct sn_chronicle *chronicle, const struct sn_driver *driver);
/* An event was raised. To be called when the step that raised it is over. */
void sn_chronicle_note(struct sn_chronicle *chronicle, const struct sn_action_notice *event);
/* A place among the entries. They may change between two looks at it. */
struct sn_chronicle_place {
    bool is_current; /* behind all entries, among what goes on at the moment */
    uint64_t number; /* the last one that was told */
};
/* Puts place before the last `count` entries, of which those come last that go on at the moment.
 * group: only its entries; NULL: all. */
void sn_chronicle_seek(const struct sn_chronicle *chronicle, const char *group, size_t count,
                       struct sn_chronicle_place *place);
/* Moves place behind the next entry and appends that, a line of JSON (HTTP.md). False: there is
 * none, nor in an absent chronicle. */
bool sn_chronicle_next(const struct sn_chronicle *chronicle, const char *group,
                       struct sn_chronicle_place *place, struct sn_buf *out);
/* Returns how often the master of group was switched within the last within_ms milliseconds. */
size_t sn_chronicle_count_switches(const struct sn_chronicle *chronicle, const char *group,
                                   uint64_t within_ms);
/* Writes what is not written yet, and frees the chronicle when that is done. */
void sn_chronicle_close(struct sn_chronicle *chronicle);

#endif
