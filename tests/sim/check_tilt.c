/* SPDX-License-Identifier: BSD-3-Clause */

/* Between +tilt and -tilt a sentinel judges nobody and changes nothing (PROTOCOL.md §18). It still
 * votes, adopts what others decided, and takes orders, on which it acts when TILT is over. */

#include "check.h"

#include <string.h>

void check_tilt_event(struct checks *checks, struct sentinel *sentinel,
                      const struct sn_action_notice *event)
{
    static const char *const forbidden[] = {"+sdown",           "-sdown",
                                            "+odown",           "-odown",
                                            "+elected-leader",  "+selected-slave",
                                            "+promoted-slave",  "+convert-to-slave",
                                            "+failover-end",    "+slave-reconf-sent",
                                            "+fix-slave-config"};
    struct watched *seen = checks_of(checks, sentinel);
    bool before = seen->tilt;
    if (strcmp(event->name, "+tilt") == 0) {
        seen->tilt = true;
        seen->tilt_ticket = sentinel->next_ticket;
    }
    if (strcmp(event->name, "-tilt") == 0)
        seen->tilt = false;
    if (strcmp(event->name, "-tilt") == 0 && !before)
        checks_violated(checks, &sentinel->node, "-tilt outside of TILT");
    if (seen->tilt && strcmp(event->name, "+try-failover") == 0 &&
        (seen->attempt.mode == SN_MODE_NONE || seen->attempt.mode == SN_MODE_REBORN))
        checks_violated(checks, &sentinel->node, "begins an attempt of its own in TILT");
    for (size_t i = 0; seen->tilt && i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        if (strcmp(event->name, forbidden[i]) == 0)
            checks_violated(checks, &sentinel->node, "%s in TILT", event->name);
    }
}

void check_tilt_send(struct checks *checks, struct sentinel *sentinel,
                     const struct sn_action_send *send)
{
    if (!checks_of(checks, sentinel)->tilt)
        return;
    if (send->order == SN_ORDER_PROMOTE || send->order == SN_ORDER_FOLLOW ||
        send->order == SN_ORDER_CLIENT_PAUSE)
        checks_violated(checks, &sentinel->node, "gives orders in TILT");
    if (send->order == SN_ORDER_ASK)
        checks_violated(checks, &sentinel->node, "asks its peers in TILT");
}

void check_tilt_answer(struct checks *checks, struct sentinel *sentinel,
                       const struct sn_action_answer *answer)
{
    const struct watched *seen = checks_of(checks, sentinel);
    /* A question from before may have waited for the disk. */
    if (seen->tilt && answer->kind == SN_ANSWER_VOTE && answer->number != 0 &&
        answer->ticket.v > seen->tilt_ticket)
        checks_violated(checks, &sentinel->node, "calls a master down in TILT");
}
