/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_NET_TLS_FILES_H
#define SN_SHELL_NET_TLS_FILES_H

#include "base/types.h"

/* Continues hash with what the file system tells of path: which file it is, its size and times. Of
 * a folder, also those of the files in it: one that is overwritten in place leaves the folder as it
 * was. A path that is NULL, "" or leads nowhere counts as one that leads nowhere. Blocks. */
uint64_t sn_tls_fingerprint(uint64_t hash, const char *path);

#endif
