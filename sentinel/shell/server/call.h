/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_CALL_H
#define SN_SHELL_SERVER_CALL_H

/* A request under execution, and helpers for handlers to read its arguments and to reply. */

#include "acl/specs.h"
#include "base/buf.h"
#include "shell/report/json.h"
#include "wire/resp.h"

struct sn_server;
struct sn_client;

/* Longest pattern in a command that matches it with many names; matching costs pattern times name.
 */
#define SN_PATTERN_MAX 1024

/* One request under execution. Everything is borrowed for the call. */
struct sn_call {
    struct sn_server *server;
    struct sn_client *client;
    const struct sn_spec *spec;
    size_t argc; /* number of words, the container included */
    char **argv;
    size_t *lens;
    struct sn_resp *resp; /* where the reply goes */
    bool muted;           /* discard the reply */
};

typedef void sn_command_fn(struct sn_call *call);

/* Replies with text: a bulk string in RESP2, a verbatim string in RESP3. */
void sn_call_reply_verbatim(struct sn_call *call, const struct sn_buf *text);

/* Replies with value, which is released. */
void sn_call_reply_json(struct sn_call *call, json_t *value);

/* A reply of lines, whose number is known at the end. Simple strings, as those of HELP: redis-cli
 * shows them without quotes. */
struct sn_call_lines {
    struct sn_buf text;
    struct sn_resp resp; /* into text */
    size_t count;
};
void sn_call_lines_begin(const struct sn_call *call, struct sn_call_lines *lines);
void sn_call_lines_add(void *lines, const char *line);
/* Replies with them. */
void sn_call_lines_end(struct sn_call *call, struct sn_call_lines *lines);

/* Replies to HELP: header, lines, and the lines about HELP itself. */
void sn_call_reply_help(struct sn_call *call, const char *container, const char *const *lines,
                        size_t count);

/* True if the argument has no NUL byte. An argument with one matches no name; as a C string it
 * would be truncated there. */
bool sn_call_is_text(const struct sn_call *call, size_t index);
/* True if the argument equals word, ignoring case; false if it has a NUL byte. */
bool sn_call_word_is(const struct sn_call *call, size_t index, const char *word);
/* Parses the argument as an integer, without replying. SN_EINVAL: not a number; SN_ERANGE: does not
 * fit. */
SN_MUST_CHECK int sn_call_integer(const struct sn_call *call, size_t index, int64_t *value);

#endif
