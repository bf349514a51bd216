/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_SHELL_SERVER_CASE_H
#define SN_TESTS_SHELL_SERVER_CASE_H

/* Starts and stops the server of a test. */

#include "server_rig.h"

#include "base/error.h"

#define MONITOR "SENTINEL MONITOR m1 127.0.0.1 6379 2\r\n"

static struct rig rig;

static inline int start(void **state)
{
    (void)state;
    rig_init(&rig);
    rig_start(&rig);
    return 0;
}

static inline int stop(void **state)
{
    (void)state;
    rig_stop(&rig);
    return 0;
}

#endif
