/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/http/json.h"

#include "base/text.h"

#include <string.h>

json_t *sn_json_text(const char *text)
{
    json_t *value = json_string(text);
    struct sn_buf clean;

    if (value != NULL)
        return value;
    sn_buf_init(&clean, SIZE_MAX);
    sn_text_escape(&clean, text, strlen(text));
    value = json_string(sn_buf_text(&clean));
    sn_buf_fini(&clean);
    return value;
}

static int append(const char *text, size_t len, void *out)
{
    sn_buf_append(out, text, len);
    return 0;
}

void sn_json_put(json_t *value, size_t flags, struct sn_buf *out)
{
    (void)json_dump_callback(value, append, out, flags);
    json_decref(value);
}
