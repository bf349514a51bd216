/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_TABLE_TITLE_H
#define SN_CONF_TABLE_TITLE_H

/* The title of the process as `proc-title-template` says it, in the words of stock. */

#include "base/buf.h"
#include "conf/table/settings.h"

struct sn_title_values {
    const char *title; /* argv[0] */
    const char *config_path;
    const struct sn_settings *settings;
};

/* Appends what the template says, without blanks at both ends. {title}, {listen-addr},
 * {server-mode}, {port}, {tls-port}, {unixsocket}, {config-file} are known; {{ is a brace.
 * values may be NULL: the template is only checked, and nothing is appended.
 * SN_EINVAL: an unknown or open placeholder, or nothing but blanks (PROTOCOL.md §21.2). */
SN_MUST_CHECK int sn_title_expand(const char *template, const struct sn_title_values *values,
                                  struct sn_buf *out);

#endif
