/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_FILE_SHARE_H
#define SN_SHELL_PROCESS_FILE_SHARE_H

/* Shares the file descriptors of the process between links and clients, so that clients cannot cut
 * the sentinel off from the servers and peers that it watches. */

#include "base/types.h"

struct sn_file_share {
    uint32_t clients;     /* places for any client */
    uint32_t clients_min; /* that they keep, whatever links are found later */
    uint32_t peer_places; /* additional places for addresses of known peers */
    uint64_t reserved;    /* for links, state and log, including spare */
    uint64_t spare;       /* part of reserved that no client gets: for links being replaced */
    uint64_t minor_max;   /* most links to replicas */
};

struct sn_file_needs {
    uint32_t maxclients;
    uint64_t links;  /* known links */
    uint64_t minor;  /* part of links: to replicas, which wait if files are scarce */
    uint64_t growth; /* additional links to members that may be discovered */
    uint64_t peers;  /* known sentinels */
    uint64_t http;   /* of the HTTP port; 0: none */
};

/* Returns the number of files that suffices for everything. */
uint64_t sn_file_share_wanted(const struct sn_file_needs *needs);
/* Shares `allowed` files. Links have priority, but a few clients are served whatever the number of
 * replicas. SN_EFULL: `allowed` does not suffice for links to masters and peers, the places of
 * peers, and a few clients. */
SN_MUST_CHECK int sn_file_share(uint64_t allowed, const struct sn_file_needs *needs,
                                struct sn_file_share *share);
/* How many of the places of clients that nobody uses go to links for which there is no room now: a
 * part of them, so that the rest is there for clients who come before the next links are found. 0:
 * none can be spared. */
uint32_t sn_file_share_lend(const struct sn_file_share *share, uint32_t maxclients,
                            uint64_t clients);

#endif
