/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_TABLE_UPDATE_H
#define SN_CONF_TABLE_UPDATE_H

/* What has changed since the last save, as far as the file that holds the state is concerned. */

#include "conf/table/list.h"
#include "core/image.h"

struct sn_conf_update {
    bool whole; /* image is the whole state, and says all */
    /* The sentinel's own part, and the groups that are new or have changed, in their order. */
    struct sn_image image;
    /* Names of groups that are no longer monitored; image may have a new one of the same name. */
    struct sn_setting_words gone;
};

#endif
