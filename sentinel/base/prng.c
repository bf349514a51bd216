/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/prng.h"

#include <assert.h>

static uint64_t rotate_left(uint64_t value, int bits)
{
    return (value << bits) | (value >> (64 - bits));
}

void sn_prng_init(struct sn_prng *prng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += UINT64_C(0x9e3779b97f4a7c15);
        prng->s[i] = sn_hash_finish(seed);
    }
}

uint64_t sn_prng_next(struct sn_prng *prng)
{
    uint64_t *s = prng->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t sn_prng_below(struct sn_prng *prng, uint64_t bound)
{
    assert(bound > 0);
    /* 2^64 modulo bound: as many low values are dropped, so that no remainder is favoured. */
    uint64_t unfair = (UINT64_MAX - bound + 1) % bound;
    uint64_t value;

    do {
        value = sn_prng_next(prng);
    } while (value < unfair);
    return value % bound;
}

void sn_prng_runid(struct sn_prng *prng, struct sn_runid *id)
{
    uint64_t bits = 0;

    for (int i = 0; i < SN_RUNID_LEN; i++) {
        if (i % 16 == 0)
            bits = sn_prng_next(prng);
        id->hex[i] = "0123456789abcdef"[bits & 15];
        bits >>= 4;
    }
    id->hex[SN_RUNID_LEN] = '\0';
}

uint64_t sn_hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < len; i++) {
        hash ^= at[i];
        hash *= UINT64_C(0x100000001b3);
    }
    return hash;
}

uint64_t sn_hash_finish(uint64_t hash)
{
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
    return hash ^ (hash >> 31);
}
