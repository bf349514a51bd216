/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_CALL_H
#define SN_SHELL_SERVER_CALL_H

/* A request under execution, and what its handler needs to read the words and to reply. */

#include "acl/specs.h"
#include "base/buf.h"
#include "wire/resp.h"

struct sn_server;
struct sn_client;

/* Longest pattern of a command that matches it with many names: matching takes pattern times name.
 */
#define SN_PATTERN_MAX 1024

/* One request under execution. Everything is borrowed for the call. */
struct sn_call {
    struct sn_server *server;
    struct sn_client *client;
    const struct sn_spec *spec;
    size_t argc; /* every word, the container included */
    char **argv;
    size_t *lens;
    struct sn_resp *resp; /* where the reply goes */
    bool muted;           /* nobody is to see it */
};

typedef void sn_command_fn(struct sn_call *call);

/* The text as a bulk string in RESP2 and as a verbatim string in RESP3. */
void sn_call_reply_verbatim(struct sn_call *call, const struct sn_buf *text);

/* The usual end of a HELP: header, lines, and the line about HELP itself. */
void sn_call_reply_help(struct sn_call *call, const char *container, const char *const *lines,
                        size_t count);

/* True if the argument holds no NUL byte. What has one is no name of anything here: as a C string
 * it would pass for what stands before that byte. */
bool sn_call_is_text(const struct sn_call *call, size_t index);
/* Equal words, ignoring case; a word with a NUL byte equals nothing. */
bool sn_call_word_is(const struct sn_call *call, size_t index, const char *word);
/* The argument as an integer. SN_EINVAL or SN_ERANGE; no reply is made. */
SN_MUST_CHECK int sn_call_integer(const struct sn_call *call, size_t index, int64_t *value);

#endif
