/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_ACL_LOAD_H
#define SN_SHELL_SERVER_ACL_LOAD_H

/* Builds the users from the settings or the ACL file. */

#include "acl/acl.h"
#include "conf/table/settings.h"

/* Applies requirepass, then the `user` lines; or only the ACL file, if one is configured.
 * SN_EINVAL, SN_EIO: *error names the line and the reason. */
SN_MUST_CHECK int sn_acl_load(struct sn_acl *acl, const struct sn_settings *settings,
                              struct sn_buf *error);

/* Reads the ACL file at path into fresh, which needs no sn_acl_init. SN_EIO, SN_EINVAL: *error
 * lists every wrong line and the reason, and fresh is empty. */
SN_MUST_CHECK int sn_acl_read_file(const char *path, struct sn_acl *fresh, struct sn_buf *error);
/* The same with acl-pubsub-default allchannels. */
SN_MUST_CHECK int sn_acl_read_open_file(const char *path, struct sn_acl *fresh,
                                        struct sn_buf *error);
/* True if acl-pubsub-default is allchannels. */
bool sn_acl_opens_channels(const struct sn_settings *settings);
/* Appends a `user` line for each user of settings; nothing if the settings are invalid. */
void sn_acl_describe_settings(const struct sn_settings *settings, struct sn_buf *out);
#endif
