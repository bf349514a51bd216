/* SPDX-License-Identifier: BSD-3-Clause */
#include "coverage.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct cover {
    const char *name;
    const char *pattern; /* of trace lines */
};

static const struct cover covers[] = {
    {"failovers finished", "s* +failover-end *"},
    {"switches told", "s* +switch-master *"},
    {"configurations adopted", "s* +config-update-from *"},
    {"elections won", "s* +elected-leader *"},
    {"rounds lost", "s* # Cannot win election *"},
    {"waits for a rival", "s* # Next failover delay*"},
    {"votes", "s* +vote-for-leader *"},
    {"no good replica", "s* -failover-abort-no-good-slave *"},
    {"promotions timed out", "s* -failover-abort-slave-timeout *"},
    {"candidates passed over", "s* # * was not promoted: *"},
    {"ends by timeout", "s* +failover-end-for-timeout *"},
    {"replicas reconfigured", "s* +slave-reconf-done *"},
    {"strays converted", "s* +convert-to-slave *"},
    {"put below a replica", "net r* is put below *"},
    {"orphans adopted", "s* +fix-orphan *"},
    {"strays redirected", "s* +fix-slave-config *"},
    {"tilts", "s* +tilt *"},
    {"tilts ended", "s* -tilt *"},
    {"drains", "s* # Drained the master of *"},
    {"drains given up", "s* # Failover of * continues without draining*"},
    {"coordinated refused", "s* # Gave up coordinated failover of *"},
    {"order: PLANNED", "net order s* FAILOVER PLANNED*"},
    {"order: COORDINATED", "net order s* FAILOVER COORDINATED*"},
    {"order: FORCED", "net order s* FAILOVER FORCED*"},
    {"order: to a replica", "net order s* FAILOVER * r* of *"},
    {"order: SET", "net order s* SET *"},
    {"order: RESET", "net order s* RESET *"},
    {"order: REMOVE", "net order s* REMOVE *"},
    {"order: MONITOR", "net order s* MONITOR *"},
    {"orders refused", "s* answers operator error *"},
    {"failed writes", "s* could not save *"},
    {"failed writes that are there", "s* thinks it could not save *"},
    {"restarts from the files", "net files of * are read"},
    {"writes lost in a crash", "s* lost what it was saving"},
    {"torn state files", "net torn files of *"},
    {"attempts given up for the disk", "s* # Gave up failover attempt * could not be saved*"},
    {"strangers refused", "s* +foreign-hello *"},
    {"forged switches denied", "s* # Ignored a hello in the name of *"},
    {"died: +odown", "net kill-at s* +odown *"},
    {"died: +try-failover", "net kill-at s* +try-failover *"},
    {"died: +vote-for-leader", "net kill-at s* +vote-for-leader *"},
    {"died: asking for votes", "net kill-at s* > s* ASK *"},
    {"died: vote saved", "net kill-at s* saved *"},
    {"died: vote answered", "net kill-at s* answers s* *"},
    {"died: +elected-leader", "net kill-at s* +elected-leader *"},
    {"died: +selected-slave", "net kill-at s* +selected-slave *"},
    {"died: PROMOTE", "net kill-at s* > r* PROMOTE"},
    {"died: +promoted-slave", "net kill-at s* +promoted-slave *"},
    {"died: reconf", "net kill-at s* +failover-state-reconf-slaves *"},
    {"died: FOLLOW", "net kill-at s* > r* FOLLOW *"},
    {"died: +switch-master", "net kill-at s* +switch-master *"},
    {"died: promoted server", "net kill-at r* is master now"},
    {"died: redirected server", "net kill-at r* follows *"},
    {"died: syncing server", "net kill-at r* syncs from *"},
    {"stopped at such a moment", "net hang-at *"},
    {"one-way cuts", "net cut s* -> *"},
    {"partitions", "net split *"},
    {"servers at another's address", "net took the address of *"},
    {"of another group", "net took the address of * of another group"},
    {"replicas claimed by others", "s* +foreign-instance *"},
    {"runs with host names", "net host names are looked up"},
    {"runs that announce them", "net host names are announced"},
    {"names found", "s* finds *"},
    {"names not found", "s* does not find *"},
    {"full syncs", "r* syncs from *"},
    {"partial syncs", "r* continues from *"},
    {"replicas that load", "r* loads what it got from *"},
    {"replicas emptied by a sync", "r* has lost its data *"},
    {"servers that load", "r* loads for *"},
    {"refused while LOADING", "r* refuses order *: LOADING R"},
    {"refused while BUSY", "r* refuses order *: BUSY Redi"},
    {"refused for NOAUTH", "r* refuses order *: NOAUTH Au"},
    {"subscribers refused", "r* refuses a subscriber: *"},
    {"clients turned away", "r* turns a client away: ERR *"},
    {"connections reset at once", "r* turns a client away: reset"},
    {"scripts ended", "r* ends its script"},
    {"runs of 2 groups", "net 2 groups"},
    {"runs of 3 groups", "net 3 groups"},
    {"runs of 4 groups", "net 4 groups"},
    {"elections of two groups at once", "net elections of two groups at once"},
    {"order: FAILOVER by stock", "net order k* FAILOVER"},
    {"order: RESET of stock", "net order k* RESET"},
    {"stock nodes that led", "k* +elected-leader *"},
    {"stock nodes that voted", "k* +vote-for-leader *"},
    {"masters lost for good", "net lost for good: r*"},
    {"sentinels lost for good", "net lost for good: s*"},
    {"excused: none to replace it", "net excused: *"},
    {"cleared up by operators", "net cleared up"},
    {"epochs shared by orders", "s* ? *"},
};

#define COVERS (sizeof(covers) / sizeof(covers[0]))

_Static_assert(COVERS <= COVER_COUNT, "a count each");

/* Where the second word begins. */
static const char *past_name(const char *text)
{
    const char *space = strchr(text, ' ');
    return space == NULL ? text : space + 1;
}

/* All patterns are of a kind of node, or `net`, and what it says: globbing starts where a plain
 * comparison has not ruled the line out already. */
static bool matches(const char *pattern, const char *line, const char *said, size_t len)
{
    const char *rest = past_name(pattern);
    size_t plain = strcspn(rest, "*");
    return pattern[0] == line[0] && strncmp(rest, said, plain) == 0 &&
           sn_text_glob(rest, strlen(rest), said, len, false);
}

void coverage_take(const struct trace *trace, uint32_t *counts)
{
    for (size_t i = 0; i < trace->count; i++) {
        const char *line = trace->lines[i].text;
        const char *said = past_name(line);
        size_t len = strlen(said);
        for (size_t k = 0; k < COVERS; k++)
            counts[k] += matches(covers[k].pattern, line, said, len);
    }
}

unsigned coverage_print(const uint64_t *counts)
{
    unsigned zero = 0;
    for (size_t k = 0; k < COVERS; k++) {
        (void)printf("  %-32s %12" PRIu64 "%s\n", covers[k].name, counts[k],
                     counts[k] == 0 ? "  <- never" : "");
        zero += counts[k] == 0;
    }
    return zero;
}
