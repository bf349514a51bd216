/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_REPORT_EVENT_H
#define SN_SHELL_REPORT_EVENT_H

/* Events as texts. */

#include "core/action.h"

#define SN_EVENT_TIME_MAX 63

/* Returns the name of the group that the event is about, len bytes; NULL: it is about none. The
 * forms are those of PROTOCOL.md §7.1. */
const char *sn_event_group(const struct sn_action_notice *event, size_t *len);
/* Returns the word of that number, from 0, of a text whose words are one blank apart; len bytes. */
const char *sn_event_word(const char *text, size_t number, size_t *len);
/* Writes "2026-01-31T12:00:00.000Z" to text (SN_EVENT_TIME_MAX + 1 bytes). */
void sn_event_time(uint64_t wall_ms, char *text);

#endif
