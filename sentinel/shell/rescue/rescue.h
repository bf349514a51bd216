/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_RESCUE_RESCUE_H
#define SN_SHELL_RESCUE_RESCUE_H

/* Fetches the lost writes of old masters and saves them in files (DESIGN.md D21): performs RESCUE,
 * feeds RESCUED. Makes no decisions. */

#include "core/action.h"
#include "shell/driver/driver.h"
#include "shell/links/links.h"

struct sn_rescues;

/* links: borrowed, for TLS and the source address. dir: folder of the files; NULL: the
 * working directory. */
struct sn_rescues *sn_rescues_new(uv_loop_t *loop, const struct sn_links *links, const char *dir);
void sn_rescues_set_driver(struct sn_rescues *rescues,
                           struct sn_driver *driver); /* before any use */
void sn_rescues_begin(struct sn_rescues *rescues, const struct sn_action_rescue *action);
/* Drops all that are under way; feeds nothing afterwards. Frees itself with its last handle. */
void sn_rescues_close(struct sn_rescues *rescues);

#endif
