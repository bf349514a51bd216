/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_WIRE_TAIL_H
#define SN_WIRE_TAIL_H

/* Takes the lost writes out of the replication stream of an old master (DESIGN.md D21): the
 * commands behind the offset where the history of the new master parts from it, as bytes that
 * redis-cli --pipe replays. Bytes of the stream are fed in, bytes of the file come out. No I/O.
 *
 * Left out is what is no data: PING, REPLCONF, and messages of PUBLISH and SPUBLISH, which the
 * subscribers have got. The stream is fed from somewhat before the parting, from any byte: the
 * commands there tell in which database the tail begins. A command or transaction of which the new
 * master has a part only is taken as a whole. */

#include "base/buf.h"
#include "base/types.h"

/* Most bytes before the parting that are worth feeding; they are held in memory. */
#define SN_TAIL_BEFORE_MAX ((size_t)1 << 20)

/* How the database that the tail begins in is known. */
enum sn_tail_database {
    SN_TAIL_DATABASE_UNKNOWN = 0, /* … and it begins in the one that was proposed */
    SN_TAIL_DATABASE_READ         /* from the stream, or it begins by selecting one */
};

struct sn_tail_facts {
    uint64_t writes;   /* commands that were taken, without SELECT, MULTI and EXEC */
    uint64_t left_out; /* commands that were not */
    uint32_t database; /* the tail begins in it */
    enum sn_tail_database database_from;
    /* Bytes taken up to the end of the last command outside of a transaction, or transaction: the
     * stream may end in the middle of one, and a file is cut there. */
    uint64_t complete;
};

struct sn_tail;

/* The first byte that is fed has the offset from; the first lost one parted_at, from <= parted_at
 * <= from + SN_TAIL_BEFORE_MAX. database: proposed for a tail whose own cannot be told. */
struct sn_tail *sn_tail_new(uint64_t from, uint64_t parted_at, uint32_t database);
void sn_tail_free(struct sn_tail *tail);
/* Takes the next len bytes of the stream, and appends to out what belongs into the file. SN_EINVAL:
 * that is no stream of commands; out and the facts tell what came before. */
SN_MUST_CHECK int sn_tail_feed(struct sn_tail *tail, const char *bytes, size_t len,
                               struct sn_buf *out);
/* Valid as long as the tail. */
const struct sn_tail_facts *sn_tail_facts(const struct sn_tail *tail);

#endif
