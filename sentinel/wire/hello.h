/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_WIRE_HELLO_H
#define SN_WIRE_HELLO_H

/* The hello message by which sentinels find each other and spread configurations
 * (PROTOCOL.md §10.1). */

#include "base/types.h"

#define SN_HELLO_CHANNEL "__sentinel__:hello"
#define SN_HELLO_BAD_MAX 60
#define SN_HELLO_MAX     (3 * SN_HOST_MAX + SN_NAME_MAX + 160)

/* The fields in their order. */
enum sn_hello_field {
    SN_HELLO_IP = 0,
    SN_HELLO_PORT,
    SN_HELLO_RUNID,
    SN_HELLO_EPOCH,
    SN_HELLO_NAME,
    SN_HELLO_MASTER_IP,
    SN_HELLO_MASTER_PORT,
    SN_HELLO_CONFIG_EPOCH,
    SN_HELLO_FIELDS
};

struct sn_hello {
    char ip[SN_HOST_MAX + 1]; /* of the sender; an IP or a host name */
    uint16_t port;            /* of the sender, 1..65535 */
    struct sn_runid runid;    /* of the sender */
    uint64_t current_epoch;   /* of the sender; UINT64_MAX if larger or negative */
    char master_name[SN_NAME_MAX + 1];
    char master_ip[SN_HOST_MAX + 1];
    uint16_t master_port;         /* 1..65535 */
    uint64_t master_config_epoch; /* range as current_epoch */
    unsigned bad;                 /* bits by field: unusable, and empty or 0 here */
    char bad_text[SN_HELLO_BAD_MAX +
                  1]; /* the first bad field, truncated, without control characters */
};

/* True if the sender and its group's name are usable, whatever the other fields hold (PROTOCOL.md
 * §10.3, §24.1). */
bool sn_hello_names_sender(const struct sn_hello *hello);
/* "sender address", "master port" and so on. */
const char *sn_hello_field_name(enum sn_hello_field field);

/* Reads len bytes of text. Deliberately stricter than stock, which takes any id and port 0
 * (PROTOCOL.md §24.1). SN_EINVAL: not exactly eight fields (then all are bad), an invalid sender id
 * (sn_text_is_runid), an invalid host, a name that is empty, too long or holds control characters,
 * or an epoch or port that is not a number; SN_ERANGE: a port outside 1..65535. The first bad field
 * determines the code; good fields are filled in. */
int sn_hello_parse(const char *text, size_t len, struct sn_hello *hello);

/* Writes the eight fields and a NUL into out (size bytes; SN_HELLO_MAX + 1 is always enough).
 * SN_EFULL: out is too small (PROTOCOL.md §10.1, §23). */
SN_MUST_CHECK int sn_hello_format(const struct sn_hello *hello, char *out, size_t size);

#endif
