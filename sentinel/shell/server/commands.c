/* SPDX-License-Identifier: BSD-3-Clause */
/* Dispatches a request to its handler after look-up, arity, authentication, rights and subscribe
 * context, in this order (PROTOCOL.md §3.4). */

#include "shell/server/commands.h"

#include "base/error.h"
#include "base/text.h"
#include "shell/server/accounts.h"
#include "shell/server/call.h"
#include "shell/server/client.h"
#include "shell/server/clients.h"
#include "shell/server/parts.h"
#include "shell/server/renames.h"
#include "shell/server/stats.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ECHO_MAX 128 /* bytes of a name, and of all arguments, that an error repeats */

/* An unknown command is echoed with its arguments, 128 bytes of each (PROTOCOL.md §3.5). */
static void reply_unknown_command(struct sn_call *call)
{
    struct sn_buf text;
    size_t echoed = 0;

    sn_buf_init(&text, 1024);
    sn_buf_printf(&text, "unknown command '%.*s', with args beginning with: ", ECHO_MAX,
                  call->argv[0]);
    for (size_t i = 1; i < call->argc && echoed < ECHO_MAX; i++) {
        size_t before = text.len;
        sn_buf_printf(&text, "'%.*s' ", (int)(ECHO_MAX - echoed), call->argv[i]);
        echoed += text.len - before;
    }
    sn_resp_error(call->resp, sn_buf_text(&text));
    sn_buf_fini(&text);
}

/* Finds the command of call; on failure the error is in the reply (PROTOCOL.md §3.5, §5, §24.4). */
static bool look_up(struct sn_call *call)
{
    const struct sn_spec_index *commands = sn_server_commands(call->server);
    const struct sn_spec *spec = sn_renames_find_spec(sn_server_env(call->server)->settings,
                                                      commands, call->argv[0], call->lens[0]);

    if (!spec) {
        reply_unknown_command(call);
        return false;
    }
    call->spec = spec;
    if (call->argc < 2 || !sn_spec_is_container(spec))
        return true;
    call->spec = sn_spec_index_find(commands, spec, call->argv[1], call->lens[1]);
    if (!call->spec) {
        char container[SN_SPEC_NAME_MAX + 1];
        size_t i = 0;
        for (; spec->name[i]; i++)
            container[i] = (char)(spec->name[i] - 'a' + 'A');
        container[i] = '\0';
        sn_resp_errorf(call->resp, "unknown subcommand '%.*s'. Try %s HELP.", ECHO_MAX,
                       call->argv[1], container);
        return false;
    }
    return true;
}

/* A user without the right to a command or channel gets NOPERM with the user's name (PROTOCOL.md
 * §5.4, §22.1). */
static bool check_rights(struct sn_call *call)
{
    struct sn_stats *stats = sn_server_stats(call->server);
    const char *denied = NULL;
    char name[SN_SPEC_NAME_MAX + 1];

    switch (sn_acl_may_run(call->client->user, call->spec, call->argc, call->argv, call->lens,
                           &denied)) {
    case SN_ACL_DENIED_COMMAND:
        stats->denied_command++;
        sn_spec_full_name(call->spec, name);
        sn_accounts_note_refusal(call->client, "command", name, call->client->user->name);
        sn_resp_errorf(call->resp, "-NOPERM User %s has no permissions to run the '%s' command",
                       call->client->user->name, name);
        return false;
    case SN_ACL_DENIED_CHANNEL:
        stats->denied_channel++;
        sn_accounts_note_refusal(call->client, "channel", denied, call->client->user->name);
        sn_resp_error(call->resp, "-NOPERM No permissions to access a channel");
        return false;
    case SN_ACL_NONE:
    case SN_ACL_ALLOWED:
        break;
    }
    return true;
}

static sn_command_fn *handler_of(const struct sn_call *call)
{
    return sn_server_handlers(call->server)[call->spec - sn_specs];
}

/* All checks between the look-up and the handler. False: the error is in the reply (PROTOCOL.md
 * §3.4, §3.5, §5.6, §23). */
static bool admit(struct sn_call *call)
{
    const struct sn_client *client = call->client;
    char name[SN_SPEC_NAME_MAX + 1]; /* for errors only: it costs more than the checks */

    if (!sn_spec_arity_fits(call->spec, call->argc) || !handler_of(call)) {
        sn_spec_full_name(call->spec, name);
        sn_resp_errorf(call->resp, "wrong number of arguments for '%s' command", name);
        return false;
    }
    if (!(call->spec->flags & SN_CMD_NO_AUTH)) {
        if (!client->authenticated) {
            sn_resp_error(call->resp, "-NOAUTH Authentication required.");
            return false;
        }
        if (!check_rights(call))
            return false;
    }
    if (client->version == SN_RESP2 && sn_client_subscribed(client) &&
        !(call->spec->flags & SN_CMD_SUBSCRIBED)) {
        sn_spec_full_name(call->spec, name);
        sn_resp_errorf(call->resp,
                       "Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT "
                       "/ RESET are allowed in this context",
                       name);
        return false;
    }
    return true;
}

void sn_commands_execute(struct sn_client *client, const struct sn_request *request,
                         struct sn_buf *out)
{
    struct sn_server *server = client->server;
    bool muted = client->muted || client->mute_next;
    struct sn_buf *scratch = sn_server_scratch(server);
    struct sn_resp resp = {.out = muted ? scratch : out, .version = client->version};
    struct sn_call call = {.server = server,
                           .client = client,
                           .argc = request->argc,
                           .argv = request->argv,
                           .lens = request->lens,
                           .resp = &resp,
                           .muted = muted};

    client->mute_next = false;
    if (muted && scratch->room > SN_CLIENT_OUTPUT_PAUSE)
        sn_buf_fini(scratch); /* a buffer that grew large does not stay large */
    else if (muted)
        sn_buf_clear(scratch);
    size_t before = resp.out->len;
    bool known = look_up(&call);
    client->last_command = call.spec;
    if (known && admit(&call)) {
        sn_server_stats(server)->commands++;
        sn_rate_add(&sn_server_stats(server)->commands_rate, sn_server_now(server), 1);
        handler_of (&call)(&call);
    }
    if (resp.out->len > before && resp.out->data[before] == '-')
        sn_server_stats(server)->error_replies++;
}
