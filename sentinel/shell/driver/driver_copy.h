/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_DRIVER_DRIVER_COPY_H
#define SN_SHELL_DRIVER_DRIVER_COPY_H

/* Events that outlive the call they came in with. */

#include "core/event.h"

/* A deep copy of from into *to, which needs no initialisation. */
void sn_event_copy(const struct sn_event *from, struct sn_event *to);
/* Frees what a copy owns. Only for results of sn_event_copy. */
void sn_event_copy_fini(struct sn_event *event);

#endif
