/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_NET_RESOLVER_H
#define SN_SHELL_NET_RESOLVER_H

/* Host names to addresses, aside from the loop (getaddrinfo in libuv's pool). Equal names asked for
 * at the same time share one look-up. */

#include "base/types.h"

#include <uv.h>

struct sn_resolver;

typedef void sn_resolver_done(void *arg, const char *host, const char *ip); /* ip "" on failure */

struct sn_resolver *sn_resolver_new(uv_loop_t *loop);
/* Calls done once, later or, for literal IPs, at once (PROTOCOL.md §24.2). */
void sn_resolver_look_up(struct sn_resolver *resolver, const char *host, sn_resolver_done *done,
                         void *arg);
/* Cancels what it can; no done is called after this. */
void sn_resolver_close(struct sn_resolver *resolver);

#endif
