/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_CORE_KIT_INTERNAL_H
#define SN_TESTS_CORE_KIT_INTERNAL_H

/* What the parts of the kit share. */

#include "core_kit.h"

SN_PRINTF(2, 3) void kit_line(struct kit *kit, const char *format, ...);
struct kit_conn *kit_conn(struct kit *kit, struct sn_link_id id);
void kit_forget_conn(struct kit *kit, struct sn_link_id id);
/* The node at an address, made if it is new. */
struct kit_node *kit_node_at(struct kit *kit, const char *host, uint16_t port);
/* Lets the surroundings answer one thing; false if they have nothing to say. */
bool kit_answer_one(struct kit *kit);

#endif
