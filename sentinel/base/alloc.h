/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_ALLOC_H
#define SN_BASE_ALLOC_H

/* Allocation that never returns NULL: out of memory, the process aborts with a message, because a
 * supervisor with half its state is worse than one that is restarted. Free with free(). */

#include <stddef.h>

/* size zeroed bytes; size 0 is treated as 1. */
void *sn_alloc(size_t size);
/* count zeroed elements of size bytes; a product that overflows aborts. */
void *sn_alloc_array(size_t count, size_t size);
/* As realloc(): the added part is not zeroed. */
void *sn_realloc(void *memory, size_t size);
/* A copy of text; NULL stays NULL. */
char *sn_strdup(const char *text);
/* A NUL-terminated copy of length bytes. */
char *sn_strndup(const char *bytes, size_t length);
/* Replaces *field, which is freed, by a copy of text (NULL and "" both store NULL). */
void sn_strset(char **field, const char *text);

#endif
