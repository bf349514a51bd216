/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_MEANING_H
#define TESTS_SIM_MEANING_H

/* What the lots of a fault mean: read by the files that carry faults out and by plan_words.c,
 * which says it. */

#include "cast.h"
#include "core/image.h"
#include "core/input.h"

#define MEANING_MOMENTS  16
#define MEANING_TROUBLES 5
#define MEANING_SETTINGS 4

/* The pattern of trace lines that FAULT_KILL_AT and its like wait for; index below
 * MEANING_MOMENTS. */
const char *meaning_moment(uint64_t index);

/* FAULT_SLOW: of each packet. */
sn_ms meaning_slow_ms(const struct fault *fault);
/* FAULT_DISK_SLOW: of each write. */
sn_ms meaning_disk_ms(const struct fault *fault);
/* FAULT_WALL_JUMP. */
int64_t meaning_jump_ms(const struct fault *fault);
/* FAULT_PRIORITY. */
uint32_t meaning_priority(const struct fault *fault);
/* FAULT_PING_ERROR: what PING is answered with; index below MEANING_TROUBLES. */
const char *meaning_trouble(uint64_t index);

/* Modes of SENTINEL FAILOVER by a lot. */
enum sn_failover_mode meaning_mode(uint64_t lot);
const char *meaning_mode_name(enum sn_failover_mode mode);
/* FAULT_FAILOVER, FAULT_FAILOVER_2: a certain replica is asked for. */
bool meaning_has_target(const struct fault *fault);
/* The operator's order goes to a stock node. */
bool meaning_to_stock(const struct plan *plan, const struct fault *fault);

/* SENTINEL SET of FAULT_SET: value = low + lot % span. */
struct meaning_setting {
    enum sn_option option;
    const char *name;
    uint64_t low, span;
};

/* index below MEANING_SETTINGS, voters: of the group. */
struct meaning_setting meaning_setting(uint64_t index, unsigned voters);

/* FAULT_FORGE_HELLO. */
enum forgery meaning_forgery(const struct plan *plan, const struct fault *fault);
const char *meaning_forgery_name(enum forgery forgery);

#endif
