/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_STATS_H
#define SN_SHELL_SERVER_STATS_H

/* Counters for INFO. */

#include "base/types.h"

/* Rate per second: the count of the last full second. */
struct sn_rate {
    uint64_t second;
    uint64_t current;
    uint64_t last;
};

struct sn_stats {
    uint64_t connections;
    uint64_t tls_failed; /* handshakes of clients */
    uint64_t rejected;
    uint64_t evicted; /* over the limit for all clients */
    uint64_t commands;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t error_replies;
    uint64_t reads;
    uint64_t writes;
    uint64_t denied_login;
    uint64_t denied_command;
    uint64_t denied_channel;
    struct sn_rate commands_rate;
    struct sn_rate bytes_in_rate;
    struct sn_rate bytes_out_rate;
};

/* Counts amount at loop time now_ms. */
void sn_rate_add(struct sn_rate *rate, uint64_t now_ms, uint64_t amount);
/* Returns the count of the last full second. */
uint64_t sn_rate_get(const struct sn_rate *rate, uint64_t now_ms);

#endif
