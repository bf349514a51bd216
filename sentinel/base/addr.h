/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_ADDR_H
#define SN_BASE_ADDR_H

/* Addresses in their two forms: the host as somebody wrote it, and its IP (PROTOCOL.md §20.1). */

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
/* True if somebody can be connected to at this literal IP: false for 0.0.0.0 and its net, "::",
 * broadcast and multicast addresses, also where IPv6 spells those of IPv4, and for "". */
bool sn_addr_ip_usable(const char *ip);
/* True if addr is known to be of no use; not of a name that was not looked up. */
bool sn_addr_is_useless(const struct sn_addr *addr);
/* Fills *addr with host and port; ip is set too if host is a literal IP (in its canonical spelling,
 * so that equal IPs are equal texts), else "". SN_EINVAL: not a host (sn_addr_host_valid);
 * SN_ERANGE: port outside 0..65535. *addr is untouched on error (PROTOCOL.md §20.1). */
SN_MUST_CHECK int sn_addr_make(const char *host, int64_t port, struct sn_addr *addr);
/* Equal ports and equal IPs; false while an IP is unknown. */
bool sn_addr_same_place(const struct sn_addr *a, const struct sn_addr *b);
/* Equal ports, and equal IPs or (ignoring case) equal hosts. Unresolved IPs equal nothing
 * (PROTOCOL.md §20.1). */
bool sn_addr_equal(const struct sn_addr *a, const struct sn_addr *b);
/* The host as replies, events and hellos show it: the name if announce_hostnames, else the IP (or
 * the name while there is no IP). Points into addr (PROTOCOL.md §20.2). */
const char *sn_addr_shown(const struct sn_addr *addr, bool announce_hostnames);
/* Writes "host:port", with brackets around a host that contains ':'. out holds SN_ADDR_TEXT_MAX + 1
 * bytes (PROTOCOL.md §20.2). */
void sn_addr_format(const char *host, uint16_t port, char *out);

#endif
