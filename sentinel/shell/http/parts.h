/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_PARTS_H
#define SN_SHELL_HTTP_PARTS_H

/* The sources of all answers. */

#include "shell/http/events.h"
#include "shell/http/http.h"
#include "shell/http/tally.h"

struct sn_http_parts {
    struct sn_http_env env;
    struct sn_driver *driver; /* NULL before the core is there */
    struct sn_tally tally;
    struct sn_events *events;
    size_t connections; /* at present */
};

#endif
