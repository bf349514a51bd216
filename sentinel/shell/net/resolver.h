/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_NET_RESOLVER_H
#define SN_SHELL_NET_RESOLVER_H

/* Resolves host names in libuv's thread pool (getaddrinfo). Simultaneous requests for one name
 * share a look-up. */

#include "base/types.h"

#include <uv.h>

struct sn_resolver;

typedef void sn_resolver_done(void *arg, const char *host, const char *ip); /* ip "" on failure */

struct sn_resolver *sn_resolver_new(uv_loop_t *loop);
/* Calls done once: at once for a literal IP, else later (PROTOCOL.md §24.2). */
void sn_resolver_look_up(struct sn_resolver *resolver, const char *host, sn_resolver_done *done,
                         void *arg);
/* Cancels look-ups where possible; calls no done afterwards. */
void sn_resolver_close(struct sn_resolver *resolver);

#endif
