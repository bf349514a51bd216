/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_ADDR_H
#define SN_BASE_ADDR_H

/* Addresses in their two forms: the host as configured or announced, and its IP (PROTOCOL.md
 * §20.1). */

#include "base/types.h"

#define SN_SCOPE_MAX 15                      /* longest name of an interface */
#define SN_IP_MAX    (45 + 1 + SN_SCOPE_MAX) /* longest textual IPv6 address, with %scope */

struct sn_addr {
    char host[SN_HOST_MAX + 1]; /* as configured, heard or found in INFO; a literal IP or a name */
    char ip[SN_IP_MAX + 1];     /* its resolution; "" while unknown */
    uint16_t port;              /* 0 means "never connect" */
};

/* "ip:port" or "[ip]:port"; holds any result of sn_addr_format. */
#define SN_ADDR_TEXT_MAX (SN_HOST_MAX + 10)

/* True if text is a literal IPv4 or IPv6 address; the latter may have a %scope. */
bool sn_addr_is_ip(const char *text);
/* True if text may be a host: a literal IP, or a name of letters, digits, '-', '_' and '.', with at
 * most SN_HOST_MAX bytes. */
bool sn_addr_host_valid(const char *text);
/* True if ip, a literal address, can be connected to. False for 0.0.0.0/8, "::", broadcast and
 * multicast addresses, their IPv4-mapped forms, and "". */
bool sn_addr_ip_usable(const char *ip);
/* True if addr is known to be unusable. False for a host name that is not resolved yet. */
bool sn_addr_is_useless(const struct sn_addr *addr);
/* Fills *addr with host and port. If host is a literal IP, addr->ip becomes its canonical spelling,
 * so that equal IPs are equal texts; otherwise "". SN_EINVAL: not a host (sn_addr_host_valid);
 * SN_ERANGE: port outside 0..65535. *addr is untouched on error (PROTOCOL.md §20.1). */
SN_MUST_CHECK int sn_addr_make(const char *host, int64_t port, struct sn_addr *addr);
/* Returns a copy on the heap, for addresses that are rarely there: free() it. */
struct sn_addr *sn_addr_dup(const struct sn_addr *addr);
/* True if ports and IPs are equal; false while either IP is unknown. */
bool sn_addr_same_place(const struct sn_addr *a, const struct sn_addr *b);
/* True if the ports are equal, and the IPs or (ignoring case) the hosts. An unresolved IP equals
 * nothing (PROTOCOL.md §20.1). */
bool sn_addr_equal(const struct sn_addr *a, const struct sn_addr *b);
/* The host as replies, events and hellos show it: the name if announce_hostnames, else the IP (or
 * the name while there is no IP). Points into addr (PROTOCOL.md §20.2). */
const char *sn_addr_shown(const struct sn_addr *addr, bool announce_hostnames);
/* Writes "host:port", with brackets around a host that contains ':'. out holds SN_ADDR_TEXT_MAX + 1
 * bytes (PROTOCOL.md §20.2). */
void sn_addr_format(const char *host, uint16_t port, char *out);

#endif
