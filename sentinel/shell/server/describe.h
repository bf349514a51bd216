/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_DESCRIBE_H
#define SN_SHELL_SERVER_DESCRIBE_H

#include "base/buf.h"

struct sn_client;

/* Appends the line of CLIENT LIST for client, without its line feed. */
void sn_client_describe(const struct sn_client *client, struct sn_buf *out);

#endif
