/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_FILE_PASSWORD_H
#define SN_CONF_FILE_PASSWORD_H

/* Files that hold a password: requirepass-file, sentinel-pass-file and auth-pass-file. */

#include "base/buf.h"

#define SN_PASSWORD_MAX 512

struct sn_password {
    char text[SN_PASSWORD_MAX + 1]; /* sn_password_wipe */
};

/* Reads the first line of the regular file at path, without its line end, which may be "\r\n".
 * Blocks. SN_EIO, SN_EINVAL: *problem says why the file cannot be used, and the password is empty
 * (PROTOCOL.md §19.10). */
SN_MUST_CHECK int sn_password_read(const char *path, struct sn_password *password,
                                   struct sn_buf *problem);
void sn_password_wipe(struct sn_password *password);
/* True if any user of the machine may read the file. */
bool sn_password_is_public(const char *path);

#endif
