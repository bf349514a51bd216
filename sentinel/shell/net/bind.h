/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_NET_BIND_H
#define SN_SHELL_NET_BIND_H

/* Addresses to listen on, as `bind` names them (PROTOCOL.md §20.4). */

#include "shell/net/stream.h"

/* Fills *address. "*" and "::*" are all addresses of a family. Names are looked up, which blocks:
 * only for the start. Returns 0 or a libuv error. */
SN_MUST_CHECK int sn_bind_address(const char *host, uint16_t port,
                                  struct sockaddr_storage *address);
/* True if the error says that this machine has no such address; with a '-' in front of the address
 * that is allowed. */
bool sn_bind_is_missing(int error);
/* Accepts the waiting TCP connection for an owner that drives the socket itself. Returns its
 * descriptor, which is non-blocking and the owner's, or a libuv error. */
SN_MUST_CHECK int sn_bind_accept(struct sn_listener *listener);

#endif
