/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/report/json.h"

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

void sn_json_set(json_t *object, const char *name, json_t *value)
{
    (void)json_object_set_new(object, name, value);
}

void sn_json_set_count(json_t *object, const char *name, uint64_t count)
{
    sn_json_set(object, name, json_integer((json_int_t)count));
}

void sn_json_set_bytes(json_t *object, const char *name, bool are_known, uint64_t bytes)
{
    uint64_t told = bytes < INT64_MAX ? bytes : INT64_MAX;

    sn_json_set(object, name, are_known ? json_integer((json_int_t)told) : json_null());
}

void sn_json_set_text(json_t *object, const char *name, const char *text)
{
    sn_json_set(object, name, text == NULL ? json_null() : sn_json_text(text));
}

void sn_json_set_ms(json_t *object, const char *name, sn_ms ms)
{
    sn_json_set(object, name, ms < 0 ? json_null() : json_integer(ms));
}

void sn_json_set_place(json_t *object, const struct sn_instance *member)
{
    uint16_t port = 0;
    const char *host = sn_instance_address(member, &port);

    sn_json_set_text(object, "host", host);
    sn_json_set_count(object, "port", port);
}

json_t *sn_json_place(const struct sn_instance *member)
{
    if (member == NULL)
        return json_null();
    json_t *object = json_object();
    sn_json_set_place(object, member);
    return object;
}

void sn_json_add_line(void *array, const char *line)
{
    (void)json_array_append_new(array, sn_json_text(line));
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
