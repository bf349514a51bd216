/* SPDX-License-Identifier: BSD-3-Clause */

/* Between +tilt and -tilt a sentinel judges nobody and changes nothing (PROTOCOL.md §18). */

#include "check.h"

#include <string.h>

void check_tilt_event(struct checks *checks, struct sentinel *sentinel,
                      const struct sn_action_event *event)
{
    static const char *const forbidden[] = {"+sdown",          "-sdown",           "+odown",
                                            "+elected-leader", "+selected-slave",  "-odown",
                                            "+promoted-slave", "+convert-to-slave"};
    struct watched *seen = checks_of(checks, sentinel);
    if (strcmp(event->name, "+tilt") == 0)
        seen->tilt = true;
    else if (strcmp(event->name, "-tilt") == 0)
        seen->tilt = false;
    for (size_t i = 0; seen->tilt && i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        if (strcmp(event->name, forbidden[i]) == 0)
            checks_violated(checks, &sentinel->node, "%s in TILT", event->name);
    }
}

void check_tilt_send(struct checks *checks, struct sentinel *sentinel,
                     const struct sn_action_send *send)
{
    if (checks_of(checks, sentinel)->tilt &&
        (send->order == SN_ORDER_PROMOTE || send->order == SN_ORDER_FOLLOW))
        checks_violated(checks, &sentinel->node, "gives orders in TILT");
}

void check_tilt_answer(struct checks *checks, struct sentinel *sentinel,
                       const struct sn_action_answer *answer)
{
    /* What waited for the disk is from before. */
    (void)checks;
    (void)sentinel;
    (void)answer;
}
