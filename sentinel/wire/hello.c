/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/hello.h"

#include "base/addr.h"
#include "base/error.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum field {
    IP,
    PORT,
    RUNID,
    CURRENT_EPOCH,
    MASTER_NAME,
    MASTER_IP,
    MASTER_PORT,
    MASTER_CONFIG_EPOCH,
    FIELD_COUNT
};

struct slice {
    const char *text;
    size_t len;
};

/* Cuts text at its commas. SN_EINVAL unless there are FIELD_COUNT parts. */
static int split_fields(const char *text, size_t len, struct slice fields[FIELD_COUNT])
{
    if (len == 0)
        return SN_EINVAL;

    const char *end = text + len;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        if ((comma == NULL) != (i == FIELD_COUNT - 1))
            return SN_EINVAL;
        fields[i].text = text;
        fields[i].len = (size_t)((comma == NULL ? end : comma) - text);
        text = comma == NULL ? end : comma + 1;
    }
    return 0;
}

/* Copies a field that has 1 to size - 1 bytes, none of them a control character (nor, by that, a
 * NUL). */
static int take_text(struct slice field, char *out, size_t size)
{
    if (field.len == 0 || field.len >= size || sn_text_has_control(field.text, field.len))
        return SN_EINVAL;
    memcpy(out, field.text, field.len);
    out[field.len] = '\0';
    return 0;
}

static int take_host(struct slice field, char out[SN_HOST_MAX + 1])
{
    int rc = take_text(field, out, SN_HOST_MAX + 1);
    return rc == 0 && !sn_addr_host_valid(out) ? SN_EINVAL : rc;
}

static int take_runid(struct slice field, struct sn_runid *runid)
{
    int rc = take_text(field, runid->hex, sizeof(runid->hex));
    return rc == 0 && !sn_text_is_runid(runid->hex) ? SN_EINVAL : rc;
}

static int take_number(struct slice field, uint64_t least, uint64_t most, uint64_t *value)
{
    int rc = sn_text_to_u64(field.text, field.len, value);
    return rc == 0 && (*value < least || *value > most) ? SN_ERANGE : rc;
}

static int take_port(struct slice field, uint16_t *port)
{
    uint64_t value;
    int rc = take_number(field, 1, UINT16_MAX, &value);

    if (rc == 0)
        *port = (uint16_t)value;
    return rc;
}

int sn_hello_parse(const char *text, size_t len, struct sn_hello *hello)
{
    struct slice fields[FIELD_COUNT];
    int rc = split_fields(text, len, fields);

    if (rc == 0)
        rc = take_host(fields[IP], hello->ip);
    if (rc == 0)
        rc = take_port(fields[PORT], &hello->port);
    if (rc == 0)
        rc = take_runid(fields[RUNID], &hello->runid);
    if (rc == 0)
        rc = take_number(fields[CURRENT_EPOCH], 0, SN_EPOCH_MAX, &hello->current_epoch);
    if (rc == 0)
        rc = take_text(fields[MASTER_NAME], hello->master_name, sizeof(hello->master_name));
    if (rc == 0)
        rc = take_host(fields[MASTER_IP], hello->master_ip);
    if (rc == 0)
        rc = take_port(fields[MASTER_PORT], &hello->master_port);
    if (rc == 0)
        rc = take_number(fields[MASTER_CONFIG_EPOCH], 0, SN_EPOCH_MAX, &hello->master_config_epoch);
    return rc;
}

int sn_hello_format(const struct sn_hello *hello, char *out, size_t size)
{
    int len =
        snprintf(out, size, "%s,%u,%s,%" PRIu64 ",%s,%s,%u,%" PRIu64, hello->ip,
                 (unsigned)hello->port, hello->runid.hex, hello->current_epoch, hello->master_name,
                 hello->master_ip, (unsigned)hello->master_port, hello->master_config_epoch);

    return len < 0 || (size_t)len >= size ? SN_EFULL : 0;
}
