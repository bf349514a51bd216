/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_NET_RESOLVER_H
#define SN_SHELL_NET_RESOLVER_H

/* Resolves host names in libuv's thread pool (getaddrinfo). Simultaneous requests for one name
 * share a look-up, and its result, found or not, answers those of the following second too. Names
 * that are answered late hold each other up, and not the rest. */

#include "base/types.h"

#include <uv.h>

struct sn_resolver;

typedef void sn_resolver_done(void *arg, const char *host, const char *ip); /* ip "" on failure */

/* turns: look-ups at the same time, at most half of the pool's threads. libuv gives them no more,
 * so that writing files never waits for a DNS server. */
struct sn_resolver *sn_resolver_new(uv_loop_t *loop, unsigned turns);
/* Calls done once: at once for a literal IP, else later (PROTOCOL.md §24.2). */
void sn_resolver_look_up(struct sn_resolver *resolver, const char *host, sn_resolver_done *done,
                         void *arg);
/* Cancels look-ups where possible; calls no done afterwards. */
void sn_resolver_close(struct sn_resolver *resolver);

#endif
