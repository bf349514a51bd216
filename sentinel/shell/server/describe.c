/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/describe.h"

#include "shell/server/client.h"
#include "shell/server/clients.h"
#include "shell/server/crowd.h"
#include "shell/server/parts.h"
#include "shell/server/pubsub.h"

static void describe_flags(const struct sn_client *client, char *out)
{
    size_t len = 0;

    if (sn_client_subscribed(client))
        out[len++] = 'P';
    if (client->stream.is_unix)
        out[len++] = 'U';
    if (client->waits)
        out[len++] = 'b';
    if (client->tracking)
        out[len++] = 't';
    if (client->no_evict)
        out[len++] = 'e';
    if (client->life == SN_CLIENT_ENDING)
        out[len++] = 'c';
    if (client->life == SN_CLIENT_DOOMED)
        out[len++] = 'A';
    if (len == 0)
        out[len++] = 'N';
    out[len] = '\0';
}

void sn_client_describe(const struct sn_client *client, struct sn_buf *out)
{
    uint64_t now = sn_server_now(client->server);
    char flags[16], command[SN_SPEC_NAME_MAX + 1] = "NULL";
    size_t pending = sn_request_reader_pending(client->reader);

    describe_flags(client, flags);
    if (client->last_command)
        sn_spec_full_name(client->last_command, command);
    sn_buf_printf(out, "id=%llu addr=%s laddr=%s fd=%d name=%s age=%llu idle=%llu flags=%s db=0",
                  (unsigned long long)client->id, client->peer, client->local,
                  sn_stream_fd(&client->stream), client->name ? client->name : "",
                  (unsigned long long)((now - client->created_at) / 1000),
                  (unsigned long long)((now - client->active_at) / 1000), flags);
    sn_buf_printf(out, " sub=%zu psub=%zu ssub=0 multi=-1 qbuf=%zu qbuf-free=0 argv-mem=0",
                  sn_subscriptions_count(&client->subscriptions, SN_TOPIC_CHANNEL),
                  sn_subscriptions_count(&client->subscriptions, SN_TOPIC_PATTERN), pending);
    sn_buf_printf(out, " multi-mem=0 rbs=%zu rbp=0 obl=0 oll=%d omem=%zu tot-mem=%zu",
                  client->stream.out.room, client->stream.busy ? 1 : 0, sn_client_output(client),
                  sn_crowd_memory(client));
    sn_buf_printf(out, " events=%s%s cmd=%s user=%s redir=-1 resp=%d lib-name=%s lib-ver=%s",
                  client->stream.reading ? "r" : "", client->stream.busy ? "w" : "", command,
                  client->authenticated ? client->user->name : "(superuser)", (int)client->version,
                  client->lib_name ? client->lib_name : "", client->lib_ver ? client->lib_ver : "");
}
