/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_ACL_LOAD_H
#define SN_SHELL_SERVER_ACL_LOAD_H

/* Builds the users from the settings or the ACL file. */

#include "acl/acl.h"
#include "conf/table/settings.h"

/* The password of the default user that requirepass-file holds, as the rule that takes it away; "":
 * there is none. */
struct sn_acl_file_password {
    char remove[SN_ACL_HASH_LEN + 2];
};

/* Adds password to the default user's; takes the one in *held away, and puts the new one there. */
void sn_acl_take_password(struct sn_acl *acl, struct sn_acl_file_password *held,
                          const char *password);
/* Appends a `user` line for each user, without the password in *held: what was in a file of its own
 * is not saved, not even as a hash. */
void sn_acl_describe_saved(const struct sn_acl *acl, const struct sn_acl_file_password *held,
                           struct sn_buf *out);

/* Applies requirepass, then the `user` lines, then what requirepass-file holds, which comes back in
 * *held; or only the ACL file, if one is configured. SN_EINVAL, SN_EIO: *error names the line and
 * the reason. */
SN_MUST_CHECK int sn_acl_load(struct sn_acl *acl, const struct sn_settings *settings,
                              struct sn_acl_file_password *held, struct sn_buf *error);

/* Reads the ACL file at path into fresh, which needs no sn_acl_init. SN_EIO, SN_EINVAL: *error
 * lists every wrong line and the reason, and fresh is empty. */
SN_MUST_CHECK int sn_acl_read_file(const char *path, struct sn_acl *fresh, struct sn_buf *error);
/* The same with acl-pubsub-default allchannels. */
SN_MUST_CHECK int sn_acl_read_open_file(const char *path, struct sn_acl *fresh,
                                        struct sn_buf *error);
/* True if acl-pubsub-default is allchannels. */
bool sn_acl_opens_channels(const struct sn_settings *settings);
/* The same for the users of settings; nothing if the settings are invalid. */
void sn_acl_describe_settings(const struct sn_settings *settings, struct sn_buf *out);
#endif
