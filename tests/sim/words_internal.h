/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_WORDS_INTERNAL_H
#define TESTS_SIM_WORDS_INTERNAL_H

/* How the parts of plan_words.c call each other: words_parts.c says and takes single words, groups
 * and nodes, words_slots.c what is special to some kinds of faults. */

#include "cast.h"
#include "plan_words.h"

#define WORD_MAX 24
#define TO_CORE  (1U << 30) /* of value: no order to a stock node */

struct teller {
    const struct plan *plan;
    const struct cast *cast;
    const struct fault *fault;
    struct sn_buf *out;
};

struct reader {
    const struct plan *plan;
    const struct cast *cast;
    const struct sn_words *words;
    size_t at;
    struct fault *fault;
    bool has_group;
    unsigned wanted;     /* FAULT_FAILOVER_2: its target; UINT32_MAX: none */
    unsigned whom;       /* FAULT_FORGE_HELLO: its receiver */
    const char *forgery; /* likewise */
    struct plan_words_error *error;
};

struct slot {
    const char *name;
    void (*say)(const struct teller *teller);
    bool (*take)(struct reader *reader);
};

/* The slot called so, as "$node"; there must be one. */
const struct slot *words_slot(const char *name);
/* FAULT_FORGE_HELLO, when all has been taken. */
bool words_settle_receiver(struct reader *reader);

/* ---- words_parts.c ------------------------------------------------------------------------------
 */

/* The next word; "" at the end. */
const char *words_peek(const struct reader *reader);
/* Always false. Keeps what was expected at the word up to which any phrase fits. */
bool words_fail(struct reader *reader, const char *expected);
bool words_take_word(struct reader *reader, const char *word);
bool words_take_number(struct reader *reader, int64_t low, int64_t high, int64_t *number);
/* The name of a node; *index counts from `first`, of `count`. */
bool words_take_name(struct reader *reader, unsigned first, unsigned count, unsigned *index);
void words_say_name(const struct teller *teller, unsigned index);
/* True unless the target is the master or the leader. */
bool words_is_static(unsigned target);

/* Slots, and what slots are made of. */
void words_say_group(const struct teller *teller);
bool words_take_group(struct reader *reader);
void words_say_ours(const struct teller *teller);
bool words_take_ours(struct reader *reader);
void words_say_node(const struct teller *teller);
bool words_take_node(struct reader *reader);
void words_say_other(const struct teller *teller);
bool words_take_other(struct reader *reader);
void words_say_server(const struct teller *teller);
bool words_take_server(struct reader *reader);
void words_say_sentinel(const struct teller *teller, unsigned target);
bool words_take_sentinel(struct reader *reader, unsigned *target);
void words_say_core(const struct teller *teller);
bool words_take_core(struct reader *reader);
void words_say_receiver(const struct teller *teller);
bool words_take_receiver(struct reader *reader);

#endif
