/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/store/slow_save.h"

#include <stdlib.h>

static const char *words_of(enum sn_save_step step)
{
    switch (step) {
    case SN_SAVE_NOT_BEGUN:
        return "waiting for a thread, all of which read other files or look up names";
    case SN_SAVE_READS:
        return "reading the file";
    case SN_SAVE_FORMATS:
        return "formatting the state";
    case SN_SAVE_LOCKS:
        return "checking the lock of the file";
    case SN_SAVE_WRITES:
        return "writing a temporary file";
    case SN_SAVE_SYNCS:
        return "syncing a temporary file";
    case SN_SAVE_RENAMES:
        return "renaming the temporary file";
    case SN_SAVE_SYNCS_FOLDER:
        return "syncing the folder";
    case SN_SAVE_OVERWRITES:
        return "overwriting the file in place";
    case SN_SAVE_SYNCS_IN_PLACE:
        return "syncing the file that was overwritten in place";
    }
    abort();
}

static double seconds_since(uint64_t then, uint64_t now)
{
    return (double)(now - then) / 1000;
}

void sn_slow_save_begin(struct sn_slow_save *slow, uint64_t now)
{
    slow->begun_at = now;
    slow->tell_at = now + SN_SLOW_SAVE_MS;
}

/* PROTOCOL.md §24.2. */
uint64_t sn_slow_save_look(struct sn_slow_save *slow, uint64_t now)
{
    if (now < slow->tell_at)
        return slow->tell_at;
    sn_log(slow->log, SN_LEVEL_WARNING,
           "Saving the state to %s has taken %.1f seconds so far (%s). Until it is saved, this "
           "sentinel gives no votes, starts no failover and answers no command that changes "
           "something. See what keeps the disk busy, or move the file to another one",
           slow->path, seconds_since(slow->begun_at, now), words_of(atomic_load(slow->step)));
    while (slow->tell_at <= now)
        slow->tell_at = slow->begun_at + 10 * (slow->tell_at - slow->begun_at);
    return slow->tell_at;
}

void sn_slow_save_end(const struct sn_slow_save *slow, uint64_t now, bool ok)
{
    if (now - slow->begun_at < SN_SLOW_SAVE_MS)
        return;
    if (ok)
        sn_log(slow->log, SN_LEVEL_WARNING,
               "Saving the state to %s took %.1f seconds, and is done: votes and failovers go on",
               slow->path, seconds_since(slow->begun_at, now));
    else
        sn_log(slow->log, SN_LEVEL_WARNING, "Saving the state to %s took %.1f seconds, and failed",
               slow->path, seconds_since(slow->begun_at, now));
}
