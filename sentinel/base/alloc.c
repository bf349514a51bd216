/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn static void die_out_of_memory(size_t size)
{
    fprintf(stderr, "Out of memory allocating %zu bytes\n", size);
    abort();
}

void *sn_alloc(size_t size)
{
    return sn_alloc_array(1, size);
}

void *sn_alloc_array(size_t count, size_t size)
{
    /* Some C libraries answer calloc(0) with NULL, which would look like exhaustion. */
    if (count == 0 || size == 0)
        count = size = 1;
    void *memory = calloc(count, size);
    if (memory == NULL)
        die_out_of_memory(count > SIZE_MAX / size ? SIZE_MAX : count * size);
    return memory;
}

void *sn_realloc(void *memory, size_t size)
{
    void *moved = realloc(memory, size == 0 ? 1 : size);
    if (moved == NULL)
        die_out_of_memory(size);
    return moved;
}

char *sn_strdup(const char *text)
{
    return text == NULL ? NULL : sn_strndup(text, strlen(text));
}

char *sn_strndup(const char *bytes, size_t length)
{
    if (length == SIZE_MAX)
        die_out_of_memory(length);
    char *copy = sn_alloc(length + 1);
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

void sn_strset(char **field, const char *text)
{
    /* Copied before the old value is freed: text may point into it. */
    char *copy = text == NULL || text[0] == '\0' ? NULL : sn_strdup(text);
    free(*field);
    *field = copy;
}
