/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_FORM_H
#define SN_CORE_FORM_H

/* How instances are named in what is told. Internal to the core. */

#include "core/model/group.h"

/* The host as it is shown: a name, or an IP. Valid until the address changes. */
const char *sn_instance_host(const struct sn_instance *instance);
/* "master <name> <ip> <port>", "slave …", "sentinel …"; out holds SN_PAYLOAD_MAX + 1 bytes
 * (PROTOCOL.md §7.1, §20.2). */
void sn_instance_form(const struct sn_instance *instance, char *out);

#endif
