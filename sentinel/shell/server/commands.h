/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_COMMANDS_H
#define SN_SHELL_SERVER_COMMANDS_H

/* From a request to the handler of its command (PROTOCOL.md §3.4, §3.5). */

#include "acl/specs.h"
#include "base/buf.h"
#include "conf/table/settings.h"
#include "wire/request.h"
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
};

typedef void sn_command_fn(struct sn_call *call);

/* Checks the rename-command lines of settings. SN_EINVAL: *error says which is wrong and why. */
SN_MUST_CHECK int sn_commands_check_renames(const struct sn_settings *settings,
                                            struct sn_buf *error);

/* Checks request in the order of PROTOCOL.md §3.4 and runs it, for client. The reply, if there is
 * one already, is in the client's output. */
void sn_commands_execute(struct sn_server *server, struct sn_client *client,
                         const struct sn_request *request, struct sn_buf *out);

/* The text as a bulk string in RESP2 and as a verbatim string in RESP3. */
void sn_commands_reply_verbatim(struct sn_call *call, const struct sn_buf *text);

/* The usual end of a HELP: header, lines, and the line about HELP itself. */
void sn_commands_reply_help(struct sn_call *call, const char *container, const char *const *lines,
                            size_t count);

/* True if the argument holds no NUL byte. What has one is no name of anything here: as a C string
 * it would pass for what stands before that byte. */
bool sn_call_is_text(const struct sn_call *call, size_t index);
/* Equal words, ignoring case; a word with a NUL byte equals nothing. */
bool sn_call_word_is(const struct sn_call *call, size_t index, const char *word);
/* The argument as an integer. SN_EINVAL or SN_ERANGE; no reply is made. */
SN_MUST_CHECK int sn_call_integer(const struct sn_call *call, size_t index, int64_t *value);

#endif
