/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_DRAFT_DRAFT_H
#define SN_CONF_DRAFT_DRAFT_H

/* The text of the file that holds the state, kept from one save to the next, so that a save
 * formats only what has changed. What it renders is always what sn_conf_render makes of the whole
 * state (DESIGN.md D25). For one thread at a time. */

#include "base/buf.h"
#include "conf/read/config.h"
#include "conf/table/update.h"

struct sn_conf_draft;

/* conf is borrowed; only conf->live may change while the draft exists. */
struct sn_conf_draft *sn_conf_draft_new(const struct sn_conf *conf);
void sn_conf_draft_free(struct sn_conf_draft *draft);
/* Renders what is to be written to conf->state_path after update, which says what has changed since
 * the last call; if that text could not be written, it has to be the whole state. old is the
 * present text of the file; a state file ignores it. SN_EAGAIN: only an update with the whole state
 * will do, because the draft is empty, the file is not what was rendered last, or something changed
 * that update does not tell (conf->live). Other errors as of sn_conf_render; the draft is then
 * empty. */
SN_MUST_CHECK int sn_conf_draft_render(struct sn_conf_draft *draft,
                                       const struct sn_conf_update *update, const char *old,
                                       size_t old_len, struct sn_buf *out);

#endif
