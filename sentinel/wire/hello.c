/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/hello.h"

#include "base/addr.h"
#include "base/error.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct slice {
    const char *text;
    size_t len;
};

/* Cuts text at its commas. SN_EINVAL unless there are SN_HELLO_FIELDS parts (PROTOCOL.md §10.1). */
static int split_fields(const char *text, size_t len, struct slice fields[SN_HELLO_FIELDS])
{
    if (len == 0)
        return SN_EINVAL;

    const char *end = text + len;
    for (size_t i = 0; i < SN_HELLO_FIELDS; i++) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        if ((comma == NULL) != (i == SN_HELLO_FIELDS - 1))
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
    if (rc == 0 && !sn_addr_host_valid(out)) {
        out[0] = '\0';
        rc = SN_EINVAL;
    }
    return rc;
}

static int take_runid(struct slice field, struct sn_runid *runid)
{
    int rc = take_text(field, runid->hex, sizeof(runid->hex));
    if (rc == 0 && !sn_text_is_runid(runid->hex)) {
        runid->hex[0] = '\0';
        rc = SN_EINVAL;
    }
    return rc;
}

static int take_number(struct slice field, uint64_t least, uint64_t most, uint64_t *value)
{
    uint64_t number;
    int rc = sn_text_to_u64(field.text, field.len, &number);
    if (rc == 0 && (number < least || number > most))
        rc = SN_ERANGE;
    if (rc == 0)
        *value = number;
    return rc;
}

/* Stock takes any number and clamps it. An epoch that is too high, or negative, must not hide the
 * sender; the core decides whether the epoch counts. */
static int take_epoch(struct slice field, uint64_t *epoch)
{
    uint64_t number = UINT64_MAX;
    int rc = sn_text_to_u64(field.text, field.len, &number);
    if (rc == SN_ERANGE)
        number = UINT64_MAX;
    if (rc != 0 && rc != SN_ERANGE)
        return rc;
    *epoch = number;
    return 0;
}

static int take_port(struct slice field, uint16_t *port)
{
    uint64_t value;
    int rc = take_number(field, 1, UINT16_MAX, &value);

    if (rc == 0)
        *port = (uint16_t)value;
    return rc;
}

static int take_field(enum sn_hello_field which, struct slice field, struct sn_hello *hello)
{
    switch (which) {
    case SN_HELLO_IP:
        return take_host(field, hello->ip);
    case SN_HELLO_PORT:
        return take_port(field, &hello->port);
    case SN_HELLO_RUNID:
        return take_runid(field, &hello->runid);
    case SN_HELLO_EPOCH:
        return take_epoch(field, &hello->current_epoch);
    case SN_HELLO_NAME:
        return take_text(field, hello->master_name, sizeof(hello->master_name));
    case SN_HELLO_MASTER_IP:
        return take_host(field, hello->master_ip);
    case SN_HELLO_MASTER_PORT:
        return take_port(field, &hello->master_port);
    case SN_HELLO_CONFIG_EPOCH:
        return take_epoch(field, &hello->master_config_epoch);
    case SN_HELLO_FIELDS:
        break;
    }
    return SN_EINVAL;
}

static void keep_bad_text(struct slice field, struct sn_hello *hello)
{
    size_t len = field.len < SN_HELLO_BAD_MAX ? field.len : SN_HELLO_BAD_MAX;

    for (size_t i = 0; i < len; i++)
        hello->bad_text[i] = sn_text_has_control(field.text + i, 1) ? '?' : field.text[i];
    hello->bad_text[len] = '\0';
}

int sn_hello_parse(const char *text, size_t len, struct sn_hello *hello)
{
    struct slice fields[SN_HELLO_FIELDS];

    *hello = (struct sn_hello){0};
    if (split_fields(text, len, fields) != 0) {
        hello->bad = (1U << SN_HELLO_FIELDS) - 1;
        keep_bad_text((struct slice){text, len}, hello);
        return SN_EINVAL;
    }
    int first = 0;
    for (unsigned i = 0; i < SN_HELLO_FIELDS; i++) {
        int rc = take_field((enum sn_hello_field)i, fields[i], hello);
        if (rc != 0)
            hello->bad |= 1U << i;
        if (rc != 0 && first == 0) {
            first = rc;
            keep_bad_text(fields[i], hello);
        }
    }
    return first;
}

bool sn_hello_names_sender(const struct sn_hello *hello)
{
    const unsigned needed =
        1U << SN_HELLO_IP | 1U << SN_HELLO_PORT | 1U << SN_HELLO_RUNID | 1U << SN_HELLO_NAME;
    return (hello->bad & needed) == 0;
}

const char *sn_hello_field_name(enum sn_hello_field field)
{
    static const char *const names[] = {"sender address", "sender port", "sender id",
                                        "current epoch",  "master name", "master address",
                                        "master port",    "config epoch"};
    return field < SN_HELLO_FIELDS ? names[field] : "number of fields";
}

int sn_hello_format(const struct sn_hello *hello, char *out, size_t size)
{
    int len =
        snprintf(out, size, "%s,%u,%s,%" PRIu64 ",%s,%s,%u,%" PRIu64, hello->ip,
                 (unsigned)hello->port, hello->runid.hex, hello->current_epoch, hello->master_name,
                 hello->master_ip, (unsigned)hello->master_port, hello->master_config_epoch);

    return len < 0 || (size_t)len >= size ? SN_EFULL : 0;
}
