/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_ACL_LOAD_H
#define SN_SHELL_SERVER_ACL_LOAD_H

/* The users as the settings and the ACL file say. */

#include "acl/acl.h"
#include "conf/table/settings.h"

/* Applies requirepass, then the `user` lines; where there is an ACL file it alone says who the
 * users are. SN_EINVAL, SN_EIO: *error says which line and why. */
SN_MUST_CHECK int sn_acl_load(struct sn_acl *acl, const struct sn_settings *settings,
                              struct sn_buf *error);

/* Makes what the ACL file at path says, into fresh, which needs no sn_acl_init. SN_EIO, SN_EINVAL:
 * *error says every line that is wrong and why, and fresh is empty. */
SN_MUST_CHECK int sn_acl_read_file(const char *path, struct sn_acl *fresh, struct sn_buf *error);
/* The same where acl-pubsub-default is allchannels. */
SN_MUST_CHECK int sn_acl_read_open_file(const char *path, struct sn_acl *fresh,
                                        struct sn_buf *error);
/* True if acl-pubsub-default is allchannels. */
bool sn_acl_opens_channels(const struct sn_settings *settings);
/* Appends the lines that make the users of settings; nothing if they are not valid. */
void sn_acl_describe_settings(const struct sn_settings *settings, struct sn_buf *out);
#endif
