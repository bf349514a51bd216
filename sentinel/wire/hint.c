/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/hint.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define HEAD     SN_HINT_WORD ","
#define HEAD_LEN (sizeof(HEAD) - 1)

bool sn_hint_parse(const char *text, size_t len, struct sn_hint *hint)
{
    memset(hint, 0, sizeof(*hint));
    if (len < HEAD_LEN + 1 || memcmp(text, HEAD, HEAD_LEN) != 0)
        return false;
    const char *id = text + HEAD_LEN, *end = text + len;
    const char *comma = memchr(id, ',', (size_t)(end - id));
    if (comma == NULL || (size_t)(comma - id) != SN_RUNID_LEN)
        return false;
    size_t name_len = (size_t)(end - comma) - 1;
    if (name_len == 0 || name_len > SN_NAME_MAX || memchr(comma + 1, ',', name_len) != NULL ||
        sn_text_has_control(comma + 1, name_len))
        return false;
    memcpy(hint->runid.hex, id, SN_RUNID_LEN);
    memcpy(hint->group, comma + 1, name_len);
    return sn_text_is_runid(hint->runid.hex);
}

void sn_hint_format(const struct sn_hint *hint, char *out)
{
    (void)snprintf(out, SN_HINT_MAX + 1, HEAD "%s,%s", hint->runid.hex, hint->group);
}
