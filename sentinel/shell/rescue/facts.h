/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_RESCUE_FACTS_H
#define SN_SHELL_RESCUE_FACTS_H

/* What is known about a rescue, for the file of facts (OPERATIONS.md has its schema). */

#include "base/types.h"
#include "wire/tail.h"

struct sn_rescue_facts {
    uint64_t group_id;
    char *group; /* its name */
    uint64_t epoch;
    char *host; /* of the old master */
    uint16_t port;
    struct sn_runid replid;
    uint64_t parted_at; /* the first lost offset */
    uint64_t end;       /* the one behind the last; 0: not known yet */
    bool paused;
    struct sn_tail_facts tail;
};

void sn_rescue_facts_fini(struct sn_rescue_facts *facts);
/* Returns them as JSON; free(). reason: why they are not complete; "": they are. */
char *sn_rescue_facts_json(const struct sn_rescue_facts *facts, const char *reason);
/* Writes a name for the file, made of group, epoch and address, into out (size bytes). */
void sn_rescue_facts_stem(const struct sn_rescue_facts *facts, char *out, size_t size);

#endif
