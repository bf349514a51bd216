/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_FILE_SHARE_H
#define SN_SHELL_PROCESS_FILE_SHARE_H

/* How the open files that a process may have are shared between links and clients: nothing that
 * clients do may keep the sentinel from the servers and peers that it watches. */

#include "base/types.h"

struct sn_file_share {
    uint32_t clients;     /* places for anybody */
    uint32_t peer_places; /* further ones, for connections from the addresses of known peers */
    uint64_t reserved;    /* for links, state, log, and … */
    uint64_t spare;       /* … of these for links that are not known yet */
    uint64_t minor_max;   /* how many links to replicas there may be */
};

struct sn_file_needs {
    uint32_t maxclients;
    uint64_t links;  /* that are known */
    uint64_t minor;  /* … of these to replicas, which have to wait where files are scarce */
    uint64_t growth; /* further ones, to what may still be found out about the groups */
    uint64_t peers;  /* known sentinels */
};

/* How many files suffice for everything. */
uint64_t sn_file_share_wanted(const struct sn_file_needs *needs);
/* Shares `allowed` files: links come first, but some clients are served whatever the number of
 * replicas. SN_EFULL: they do not suffice for the links to masters and peers, the places of the
 * peers, and some clients. */
SN_MUST_CHECK int sn_file_share(uint64_t allowed, const struct sn_file_needs *needs,
                                struct sn_file_share *share);

#endif
