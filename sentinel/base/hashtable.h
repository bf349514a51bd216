/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_HASHTABLE_H
#define SN_BASE_HASHTABLE_H

/* uthash, with memory as all other code has it (alloc.h). By itself it calls exit() without a word
 * when there is none left. A table begins with four buckets: each group has one of its few peers,
 * and tables grow by themselves. */

#include "base/alloc.h"

#include <stdlib.h>
#include <uthash.h>

#undef uthash_malloc
#undef uthash_free
#undef uthash_fatal
#define uthash_malloc(size)       sn_alloc(size)
#define uthash_free(memory, size) free(memory)
#define uthash_fatal(text)        abort()

#undef HASH_INITIAL_NUM_BUCKETS
#undef HASH_INITIAL_NUM_BUCKETS_LOG2
#define HASH_INITIAL_NUM_BUCKETS      4U
#define HASH_INITIAL_NUM_BUCKETS_LOG2 2U

#endif
