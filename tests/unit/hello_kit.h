/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_UNIT_HELLO_KIT_H
#define SN_TESTS_UNIT_HELLO_KIT_H

/* What the tests of hellos share. */

#include "core_kit.h"

#include "core/facts/foreign.h"
#include "core/tell/told.h"
#include "core/watch/hello.h"

#include <stdio.h>
#include <string.h>

#define M1       "master m1 10.0.0.1 6379"
#define PEER_A   "sentinel " KIT_A " 10.0.1.1 26379 @ m1 10.0.0.1 6379"
#define HELLO_A  "10.0.1.1,26379," KIT_A ","
#define ABOUT_M1 ",m1,10.0.0.1,6379,"
#define OURS     "10.0.9.9,26379," KIT_ME ","

static inline void hear(struct kit *kit, const char *text)
{
    assert_true(kit_hello_text(kit, NULL, text));
}

#endif
