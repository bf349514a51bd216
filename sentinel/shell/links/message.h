/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_LINKS_MESSAGE_H
#define SN_SHELL_LINKS_MESSAGE_H

/* What servers say about Pub/Sub and about the protocol, in RESP2 and RESP3. */

#include "wire/reply.h"

#include <stdbool.h>

enum sn_message {
    SN_MESSAGE_OTHER = 0,
    SN_MESSAGE_HELLO,     /* on the hello channel; items[2] is its text */
    SN_MESSAGE_SUBSCRIBED /* SUBSCRIBE succeeded */
};

enum sn_message sn_message_kind(const struct sn_reply *reply);
/* True if reply, an answer to HELLO 3, says that the connection speaks RESP3 from now on. */
bool sn_message_says_resp3(const struct sn_reply *reply);

#endif
