/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_CHRONICLE_EPISODE_H
#define SN_SHELL_CHRONICLE_EPISODE_H

/* An episode: what happens to a group from the first event of an outage, a failover or a switchover
 * to the last. HTTP.md has the schema of its record. */

#include "core/explain.h"

#define SN_EPISODE_STEPS_MAX 64
#define SN_HISTORY_SCHEMA    1

/* When something happened, and to whom. */
struct sn_moment {
    sn_ms now;
    uint64_t wall_ms;
    const struct sn_group *group; /* NULL: unknown, or gone */
};

struct sn_episode;

/* True if the event begins an episode. */
bool sn_episode_begins(const struct sn_action_notice *event);
/* name: of the group, len bytes. number: makes the id unique. */
struct sn_episode *sn_episode_new(const char *name, size_t len, uint64_t number,
                                  const struct sn_moment *moment);
void sn_episode_free(struct sn_episode *episode);
/* Adds an event of the group. True: it has ended the episode. */
bool sn_episode_add(struct sn_episode *episode, const struct sn_action_notice *event,
                    const struct sn_moment *moment);
/* This process ends. */
void sn_episode_interrupt(struct sn_episode *episode, const struct sn_moment *moment);
/* The record as a line of JSON; free() it. */
char *sn_episode_text(const struct sn_episode *episode);
const char *sn_episode_group(const struct sn_episode *episode);
/* True if there is another master, and what was lost is asked when the episode ends. */
bool sn_episode_has_switched(const struct sn_episode *episode);

/* A record about a single event, as a line of JSON; free() it. */
char *sn_episode_of_event(const struct sn_action_notice *event, const char *name, size_t len,
                          uint64_t number, const struct sn_moment *moment);

#endif
