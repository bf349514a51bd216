/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_WIRE_HINT_H
#define SN_WIRE_HINT_H

/* The hint: a message on the hello channel by which a sentinel tells another one that its pause of
 * a group has changed (DESIGN.md D28). It does not have the eight fields of a hello, so that stock
 * sentinels ignore it. It carries no facts: the receiver asks the sender for them. */

#include "base/types.h"

#define SN_HINT_WORD "pause"
#define SN_HINT_MAX  (sizeof(SN_HINT_WORD) + SN_RUNID_LEN + SN_NAME_MAX + 2)

struct sn_hint {
    struct sn_runid runid; /* of the sender */
    char group[SN_NAME_MAX + 1];
};

/* True if len bytes of text are a hint, which is read into *hint. */
bool sn_hint_parse(const char *text, size_t len, struct sn_hint *hint);
/* Writes the hint and a NUL into out (SN_HINT_MAX + 1 bytes). */
void sn_hint_format(const struct sn_hint *hint, char *out);

#endif
