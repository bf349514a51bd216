/* SPDX-License-Identifier: BSD-3-Clause */
#include "acl/specs.h"

#include "base/error.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const category_names[SN_CAT_COUNT] = {
    "keyspace", "read",   "write",       "set",       "sortedset",  "list",        "hash",
    "string",   "bitmap", "hyperloglog", "geo",       "stream",     "pubsub",      "admin",
    "fast",     "slow",   "blocking",    "dangerous", "connection", "transaction", "scripting"};

const char *sn_category_name(enum sn_category category)
{
    return category_names[category];
}

int sn_category_find(const char *name, enum sn_category *category)
{
    for (int i = 0; i < SN_CAT_COUNT; i++) {
        if (strcasecmp(name, category_names[i]) == 0) {
            *category = (enum sn_category)i;
            return 0;
        }
    }
    return SN_ENOENT;
}

/* Names of commands are lower case letters. The first one rules out nearly all. */
static bool is_called(const struct sn_spec *spec, const char *name)
{
    return (name[0] | 0x20) == spec->name[0] && strcasecmp(name, spec->name) == 0;
}

const struct sn_spec *sn_specs_find(const char *name)
{
    for (size_t i = 0; i < sn_specs_count; i++) {
        const struct sn_spec *spec = &sn_specs[i];
        if (!spec->container && is_called(spec, name))
            return spec;
    }
    return NULL;
}

const struct sn_spec *sn_specs_find_sub(const char *container, const char *name)
{
    for (size_t i = 0; i < sn_specs_count; i++) {
        const struct sn_spec *spec = &sn_specs[i];
        if (spec->container && is_called(spec, name) && strcasecmp(container, spec->container) == 0)
            return spec;
    }
    return NULL;
}

const struct sn_spec *sn_specs_find_full(const char *name)
{
    char container[SN_SPEC_NAME_MAX + 1];
    const char *bar = strchr(name, '|');

    if (!bar)
        return sn_specs_find(name);
    if ((size_t)(bar - name) > SN_SPEC_NAME_MAX)
        return NULL;
    snprintf(container, sizeof(container), "%.*s", (int)(bar - name), name);
    return sn_specs_find_sub(container, bar + 1);
}

bool sn_spec_is_container(const struct sn_spec *spec)
{
    size_t index = (size_t)(spec - sn_specs);

    return !spec->container && index + 1 < sn_specs_count && sn_specs[index + 1].container != NULL;
}

size_t sn_spec_permission_index(const struct sn_spec *spec)
{
    if (spec->canonical)
        spec = sn_specs_find_sub(spec->container, spec->canonical);
    assert(spec);
    return (size_t)(spec - sn_specs);
}

void sn_spec_full_name(const struct sn_spec *spec, char *out)
{
    snprintf(out, SN_SPEC_NAME_MAX + 1, "%s%s%s", spec->container ? spec->container : "",
             spec->container ? "|" : "", spec->name);
}

bool sn_spec_arity_fits(const struct sn_spec *spec, size_t argc)
{
    return spec->arity >= 0 ? argc == (size_t)spec->arity : argc >= (size_t)-spec->arity;
}
