/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_STATE_RENDER_H
#define SN_CONF_STATE_RENDER_H

/* Writes the text of a state file (state.h). */

#include "base/hashtable.h"
#include "conf/read/config.h"
#include "conf/table/update.h"

/* The text of a state file in pieces, kept from one save to the next. All zero: an empty one. */
struct sn_state_piece {
    char *name;
    const struct sn_group_image *base; /* the configured group of this name; NULL: none */
    struct sn_buf text;
    UT_hash_handle hh;
};
struct sn_state_text {
    struct sn_buf own;             /* changes of the sentinel and of the server, and users */
    struct sn_state_piece *groups; /* uthash, in the order of the core */
    struct sn_buf removed;
};

/* Renders the state of image against conf->base, and keeps its pieces in *text, also if it fails
 * (sn_state_text_fini). SN_EINVAL: control characters in a value. */
SN_MUST_CHECK int sn_state_render(struct sn_state_text *text, const struct sn_conf *conf,
                                  const struct sn_image *image, struct sn_buf *out);
/* The same with the pieces of *text for all that update does not name. */
SN_MUST_CHECK int sn_state_render_changes(struct sn_state_text *text, const struct sn_conf *conf,
                                          const struct sn_conf_update *update, struct sn_buf *out);
void sn_state_text_fini(struct sn_state_text *text);

#endif
