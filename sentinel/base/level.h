/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_LEVEL_H
#define SN_BASE_LEVEL_H

/* Importance of events and log lines, as `loglevel` counts them (PROTOCOL.md §7.1, §21.4). */

enum sn_level {
    SN_LEVEL_NONE = 0,
    SN_LEVEL_DEBUG,
    SN_LEVEL_VERBOSE,
    SN_LEVEL_NOTICE,
    SN_LEVEL_WARNING,
    SN_LEVEL_NOTHING /* as a threshold: log nothing */
};

#endif
