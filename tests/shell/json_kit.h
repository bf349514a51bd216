/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_SHELL_JSON_KIT_H
#define SN_TESTS_SHELL_JSON_KIT_H

#include "core_kit.h"

#include <jansson.h>

/* The object has these members, up to a NULL, and no others. */
static inline void assert_members(const json_t *object, const char *const *names)
{
    size_t count = 0;
    for (; names[count] != NULL; count++) {
        if (json_object_get(object, names[count]) == NULL)
            fail_msg("no member %s", names[count]);
    }
    assert_int_equal(json_object_size(object), count);
}

#endif
