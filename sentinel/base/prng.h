/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_PRNG_H
#define SN_BASE_PRNG_H

/* A small deterministic generator (xoshiro256**, seeded by splitmix64; Blackman & Vigna 2018), and
 * the hash that ranks candidates. Neither is for secrets. */

#include "base/types.h"

struct sn_prng {
    uint64_t s[4];
};

void sn_prng_init(struct sn_prng *prng, uint64_t seed);
uint64_t sn_prng_next(struct sn_prng *prng);
/* Uniform in 0..bound-1; bound > 0. */
uint64_t sn_prng_below(struct sn_prng *prng, uint64_t bound);
/* 40 random lower-case hexadecimal characters. */
void sn_prng_runid(struct sn_prng *prng, struct sn_runid *id);

#define SN_HASH_START UINT64_C(0xcbf29ce484222325)

/* FNV-1a over len bytes, continuing from hash (start with SN_HASH_START). */
uint64_t sn_hash_bytes(uint64_t hash, const void *bytes, size_t len);
/* Mixes all bits of hash (the splitmix64 finalizer), so that near inputs rank far apart. */
uint64_t sn_hash_finish(uint64_t hash);

#endif
