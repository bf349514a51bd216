/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_WIRE_REPLY_H
#define SN_WIRE_REPLY_H

/* A reply of a data node or a sentinel as a value, independent of the library that read it. */

#include "base/types.h"

enum sn_reply_type {
    SN_REPLY_NONE = 0, /* nothing readable */
    SN_REPLY_STATUS,   /* +text */
    SN_REPLY_ERROR,    /* -text */
    SN_REPLY_INTEGER,
    SN_REPLY_STRING, /* bulk or verbatim */
    SN_REPLY_NIL,
    SN_REPLY_ARRAY /* arrays, sets and pushes */
};

struct sn_reply {
    enum sn_reply_type type;
    const char *text; /* STATUS, ERROR, STRING: NUL-terminated; else "" */
    size_t len;       /* its length */
    int64_t integer;
    const struct sn_reply *items; /* ARRAY */
    size_t count;
};

#endif
