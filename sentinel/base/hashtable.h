/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_HASHTABLE_H
#define SN_BASE_HASHTABLE_H

/* uthash, with memory as all other code has it (alloc.h). By itself it calls exit() without a word
 * when there is none left. */

#include "base/alloc.h"

#include <stdlib.h>
#include <uthash.h>

#undef uthash_malloc
#undef uthash_free
#undef uthash_fatal
#define uthash_malloc(size)       sn_alloc(size)
#define uthash_free(memory, size) free(memory)
#define uthash_fatal(text)        abort()

#endif
