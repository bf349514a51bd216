/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_UNIT_ELECTION_KIT_H
#define SN_TESTS_UNIT_ELECTION_KIT_H

/* What the tests of elections share. */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

#define LOST "event W -failover-abort-not-elected master m1 10.0.0.1 6379\n"

/* Runs until a line begins so, at most `ms`; the time is then the line's. */
static inline void run_until(struct kit *kit, const char *start, sn_ms ms)
{
    sn_ms end = kit_now(kit) + ms;
    while (kit_count(kit, start) == 0 && kit_now(kit) < end)
        kit_to(kit, kit_now(kit) + 1);
    if (kit_count(kit, start) == 0)
        fail_msg("no line \"%s\" within %lld ms", start, (long long)ms);
}

/* n1 dies at 0; the peers of `down` agree at 1000; questions are held. */
static inline struct kit *at_o_down(const char *text, const char *down)
{
    struct kit *kit = kit_new(text);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 999);
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_to(kit, 1000);
    for (const char *letter = down; *letter != '\0'; letter++) {
        const char name[] = {*letter, '\0'};
        kit_reply(kit, name, SN_ORDER_ASK, "[:1|$*|:0]");
    }
    kit_clear(kit);
    return kit;
}

#endif
