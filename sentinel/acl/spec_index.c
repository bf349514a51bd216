/* SPDX-License-Identifier: BSD-3-Clause */
/* A hash table with linear probing. A name is told from the others by its length and three of its
 * bytes; the rest of it is compared once. */

#include "acl/spec_index.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

/* Names of commands are lower case letters and hyphens, on which the bit of the case has no effect
 * or is set already. */
static size_t folded(char byte)
{
    return (unsigned char)byte | 0x20U;
}

static size_t first_place(bool is_sub, const char *name, size_t len)
{
    if (len == 0)
        return 0;
    size_t sum = folded(name[0]) + 7 * folded(name[len / 2]) + 31 * folded(name[len - 1]);
    return (sum + 97 * len + is_sub) % SN_SPEC_INDEX_SIZE;
}

static size_t next_place(size_t place)
{
    return (place + 1) % SN_SPEC_INDEX_SIZE;
}

void sn_spec_index_fill(struct sn_spec_index *index)
{
    static_assert(SN_SPECS_MAX < SN_SPEC_INDEX_SIZE, "a search ends at an empty place");
    static_assert(SN_SPECS_MAX <= UINT8_MAX, "a place is one byte");
    *index = (struct sn_spec_index){0};
    for (size_t i = 0; i < sn_specs_count; i++) {
        const struct sn_spec *spec = &sn_specs[i];
        size_t place = first_place(spec->container != NULL, spec->name, strlen(spec->name));
        while (index->places[place] != 0)
            place = next_place(place);
        index->places[place] = (uint8_t)(i + 1);
    }
}

static bool is_meant(const struct sn_spec *spec, const struct sn_spec *container, const char *name,
                     size_t len)
{
    if (strncasecmp(spec->name, name, len) != 0 || strlen(spec->name) != len)
        return false;
    return container == NULL
               ? spec->container == NULL
               : spec->container != NULL && strcmp(spec->container, container->name) == 0;
}

const struct sn_spec *sn_spec_index_find(const struct sn_spec_index *index,
                                         const struct sn_spec *container, const char *name,
                                         size_t len)
{
    for (size_t place = first_place(container != NULL, name, len); index->places[place] != 0;
         place = next_place(place)) {
        const struct sn_spec *spec = &sn_specs[index->places[place] - 1];
        if (is_meant(spec, container, name, len))
            return spec;
    }
    return NULL;
}
