/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_FORM_H
#define SN_CORE_FORM_H

/* Names of instances in events, replies and the log. Internal to the core. */

#include "core/model/group.h"

/* Returns the host as shown: a name or an IP. Valid until the address changes. */
const char *sn_instance_host(const struct sn_instance *instance);
/* Writes "master <name> <ip> <port>", "slave …" or "sentinel …" to out (SN_PAYLOAD_MAX + 1 bytes)
 * (PROTOCOL.md §7.1, §20.2). */
void sn_instance_form(const struct sn_instance *instance, char *out);

#endif
