/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_STORE_SLOW_SAVE_H
#define SN_SHELL_STORE_SLOW_SAVE_H

/* Tells the operator that a save takes long, because votes wait for it: after SN_SLOW_SAVE_MS, and
 * again whenever it has taken ten times as long; and that it has ended. The owner has the clock
 * (monotonic milliseconds) and the timer. */

#include "shell/log/log.h"
#include "shell/store/store_file.h"

#define SN_SLOW_SAVE_MS 1000

struct sn_slow_save {
    struct sn_log *log;       /* borrowed, as the next two */
    const char *path;         /* of the state */
    const sn_save_step *step; /* of the save under way */
    uint64_t begun_at;
    uint64_t tell_at;
};

void sn_slow_save_begin(struct sn_slow_save *slow, uint64_t now);
/* Logs what the save does, if that is due. Returns when to look again. */
uint64_t sn_slow_save_look(struct sn_slow_save *slow, uint64_t now);
/* Logs how long the save took, if it was long. */
void sn_slow_save_end(const struct sn_slow_save *slow, uint64_t now, bool ok);

#endif
