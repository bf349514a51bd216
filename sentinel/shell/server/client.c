/* SPDX-License-Identifier: BSD-3-Clause */
/* A client connection. Happy path: on_bytes feeds the reader, sn_client_run executes every complete
 * request, sn_server_flush writes all replies at once. Failure modes: protocol errors are answered
 * and end the connection; a client that does not read is dropped at its output limit. */

#include "shell/server/client.h"

#include "base/alloc.h"
#include "base/error.h"
#include "shell/server/accounts.h"
#include "shell/server/call.h"
#include "shell/server/crowd.h"
#include "shell/server/limits.h"
#include "shell/server/long_reply.h"
#include "shell/server/parts.h"
#include "shell/server/pubsub.h"
#include "shell/server/stats.h"
#include "shell/server/waits.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

/* Questions of one peer that are executed and not yet answered. */
#define QUESTIONS_MAX 4096

void sn_client_login(struct sn_client *client, struct sn_acl_user *user)
{
    client->user = user;
    client->authenticated = true;
}

void sn_client_reset(struct sn_client *client)
{
    struct sn_server *server = client->server;

    sn_pubsub_unsubscribe_all(sn_server_pubsub(server), client);
    client->version = SN_RESP2;
    client->muted = false;
    client->mute_next = false;
    client->no_evict = false;
    client->tracking = false;
    free(client->name);
    client->name = NULL;
    client->user = sn_server_accounts(server)->acl.standard;
    client->authenticated = sn_accounts_open_to_all(sn_server_accounts(server));
    client->locked_at = sn_server_now(server);
}

static void on_closed(void *owner)
{
    struct sn_client *client = owner;
    struct sn_server *server = client->server;

    sn_request_reader_free(client->reader);
    sn_long_reply_free(client->long_reply);
    free(client->name);
    free(client->lib_name);
    free(client->lib_ver);
    free(client);
    sn_server_release(server);
}

void sn_client_close(struct sn_client *client)
{
    struct sn_server *server = client->server;

    assert(!(client->holds & SN_HOLD_RUNNING));
    if (client->life == SN_CLIENT_CLOSING)
        return;
    sn_pubsub_unsubscribe_all(sn_server_pubsub(server), client);
    sn_waits_forget(client);
    sn_clients_remove(sn_server_clients(server), client);
    sn_stream_close(&client->stream);
}

static void on_drained(void *owner, int error)
{
    struct sn_client *client = owner;

    if (error != 0) {
        sn_client_close(client);
        return;
    }
    sn_limits_check(client);
    sn_client_touch(client);
    sn_server_wake(client->server);
}

/* False: the connection is broken. */
static bool write_output(struct sn_client *client)
{
    struct sn_stats *stats = sn_server_stats(client->server);
    size_t len = client->stream.out.len;

    if (client->stream.busy || len == 0)
        return true;
    if (sn_stream_flush(&client->stream) != 0)
        return false;
    stats->writes++;
    stats->bytes_out += len;
    sn_rate_add(&stats->bytes_out_rate, sn_server_now(client->server), len);
    return true;
}

static void hold(struct sn_client *client, unsigned why, bool on)
{
    client->holds = on ? client->holds | why : client->holds & ~why;
}

void sn_client_flush(struct sn_client *client)
{
    if (client->life == SN_CLIENT_CLOSING || (client->holds & SN_HOLD_RUNNING))
        return;
    if (client->life == SN_CLIENT_DOOMED || !write_output(client)) {
        sn_client_close(client);
        return;
    }
    if ((client->holds & SN_HOLD_OUTPUT) && sn_client_output(client) <= SN_CLIENT_OUTPUT_PAUSE) {
        hold(client, SN_HOLD_OUTPUT, false);
        sn_client_resume(client);
        return;
    }
    if (client->life == SN_CLIENT_ENDING && !client->waits && !client->stream.busy &&
        client->stream.out.len == 0)
        sn_client_close(client);
}

/* PROTOCOL.md §3.2. */
static struct sn_request_limits limits_of(const struct sn_client *client)
{
    const struct sn_settings *settings = sn_server_env(client->server)->settings;

    if (!client->authenticated)
        return sn_request_limits_unauthenticated;
    struct sn_request_limits limits = sn_request_limits_open;
    if (settings->bulk_max > 0)
        limits.bulk_max = (size_t)settings->bulk_max;
    if (settings->query_buffer_max > limits.total_max) {
        limits.args_max *= (size_t)(settings->query_buffer_max / limits.total_max);
        limits.args_max = limits.args_max < INT32_MAX ? limits.args_max : INT32_MAX;
    }
    if (settings->query_buffer_max > 0)
        limits.total_max = (size_t)settings->query_buffer_max;
    return limits;
}

static bool word_is(const struct sn_request *request, size_t index, const char *word)
{
    return request->lens[index] == strlen(word) && strcasecmp(request->argv[index], word) == 0;
}

/* Web pages can make a browser send such requests: they get no answer (PROTOCOL.md §3.2). */
static bool is_cross_protocol(const struct sn_request *request)
{
    return word_is(request, 0, "post") || word_is(request, 0, "host:");
}

/* Peers ask about all of their groups on one link. Each vote waits for the disk; answering one
 * question at a time would cost one write per group where one write can save all votes. */
static bool may_ask_more(const struct sn_client *client)
{
    return client->waits->question && !(client->holds & SN_HOLD_REQUEST) &&
           client->wait_count < QUESTIONS_MAX;
}

static bool is_question(const struct sn_request *request)
{
    return request->argc == 6 && word_is(request, 0, "sentinel") &&
           (word_is(request, 1, "is-master-down-by-addr") ||
            word_is(request, 1, "is-primary-down-by-addr"));
}

static bool may_run(const struct sn_client *client)
{
    return client->life == SN_CLIENT_OPEN && !(client->holds & (SN_HOLD_TURN | SN_HOLD_OUTPUT)) &&
           (client->waits == NULL || may_ask_more(client));
}

/* A request that is too large gets no answer, only the end of the connection, as with stock
 * (PROTOCOL.md §3.2). */
static void refuse_request(struct sn_client *client, int rc)
{
    struct sn_resp resp = {.out = &client->stream.out, .version = client->version};
    const char *error = rc == SN_EFULL ? "a request larger than client-query-buffer-limit"
                                       : sn_request_reader_error(client->reader);

    sn_log(sn_server_env(client->server)->log, rc == SN_EFULL ? SN_LEVEL_NOTICE : SN_LEVEL_VERBOSE,
           "Closing client %s: %s", client->peer, error);
    if (rc != SN_EFULL)
        sn_resp_error(&resp, error);
    sn_client_end(client);
}

static int next_request(struct sn_client *client, struct sn_request *request)
{
    struct sn_request_limits limits = limits_of(client);

    if (!(client->holds & SN_HOLD_REQUEST))
        return sn_request_reader_next(client->reader, &limits, request);
    *request = client->held;
    hold(client, SN_HOLD_REQUEST, false);
    return 0;
}

/* Executes a request. Its immediate answer follows the answers that are still awaited (PROTOCOL.md
 * §3.1). */
static void execute(struct sn_client *client, const struct sn_request *request)
{
    struct sn_server *server = client->server;
    struct sn_buf at_once;

    if (client->waits == NULL) {
        client->asking = is_question(request);
        sn_server_execute(server, client, request, &client->stream.out);
        client->asking = false;
        return;
    }
    client->asking = true;
    sn_buf_init(&at_once, client->stream.out.cap);
    sn_server_execute(server, client, request, &at_once);
    if (at_once.len > 0) {
        struct sn_wait *wait = sn_wait_new(client, false);
        sn_buf_append(&wait->answer, sn_buf_text(&at_once), at_once.len);
        sn_wait_end(wait);
    }
    sn_buf_fini(&at_once);
    client->asking = false;
}

static void run_next(struct sn_client *client, bool *more)
{
    struct sn_request request;
    int rc = next_request(client, &request);

    *more = rc == 0;
    if (rc == 0 && client->waits != NULL && !is_question(&request)) {
        client->held = request;
        hold(client, SN_HOLD_REQUEST, true);
        *more = false;
    } else if (rc == 0 && is_cross_protocol(&request)) {
        sn_log(sn_server_env(client->server)->log, SN_LEVEL_WARNING,
               "Closing client %s: it sent POST or Host:, which is not a command. Somebody may be "
               "making a web browser send requests here",
               client->peer);
        sn_client_doom(client);
    } else if (rc == 0) {
        execute(client, &request);
        sn_limits_check(client);
    } else if (rc != SN_EAGAIN && client->waits == NULL) {
        refuse_request(client, rc);
    }
}

static void hand_out(struct sn_client *client, struct sn_long_reply *reply)
{
    struct sn_resp resp = {.out = &client->stream.out, .version = client->version};
    struct sn_call call = {.resp = &resp};

    if (reply->body.full) {
        client->stream.out.full = true; /* too large for any client: the client is dropped */
    } else if (reply->is_work) {
        return;
    } else if (!reply->muted && reply->is_text) {
        sn_call_reply_verbatim(&call, &reply->body);
    } else if (!reply->muted) {
        sn_resp_array(&resp, reply->count);
        sn_buf_append(&client->stream.out, sn_buf_text(&reply->body), reply->body.len);
    }
    sn_limits_check(client);
}

void sn_client_render(struct sn_client *client)
{
    struct sn_long_reply *reply = client->long_reply;
    struct sn_resp resp = {.out = &reply->body, .version = client->version};
    struct sn_call call = {.server = client->server,
                           .client = client,
                           .spec = reply->spec,
                           .argc = reply->words.count,
                           .argv = reply->words.items,
                           .lens = reply->words.lens,
                           .resp = &resp};

    if (!reply->render(&call, reply) && !reply->body.full) {
        sn_limits_check(client); /* the buffered input counts */
        return;
    }
    client->long_reply = NULL;
    hand_out(client, reply);
    sn_long_reply_free(reply);
}

static void read_on(struct sn_client *client)
{
    if (sn_stream_resume(&client->stream) != 0)
        sn_client_doom(client);
}

/* Without a request there is nothing to put off: then the clock need not be read. */
static bool has_to_yield(const struct sn_client *client)
{
    bool has_work = client->long_reply != NULL || (client->holds & SN_HOLD_REQUEST) != 0 ||
                    sn_request_reader_pending(client->reader) > 0;

    return has_work && sn_clients_turn_is_over(client->server);
}

void sn_client_run(struct sn_client *client)
{
    bool more = true;

    if ((client->holds & SN_HOLD_RUNNING) || client->life == SN_CLIENT_CLOSING)
        return;
    hold(client, SN_HOLD_RUNNING, true);
    while (more && may_run(client) && !has_to_yield(client)) {
        if (client->long_reply)
            sn_client_render(client);
        else
            run_next(client, &more);
        hold(client, SN_HOLD_OUTPUT, sn_client_output(client) > SN_CLIENT_OUTPUT_PAUSE);
    }
    hold(client, SN_HOLD_RUNNING, false);
    if (client->life == SN_CLIENT_CLOSING)
        return;
    if (more && may_run(client))
        sn_client_yield(client);
    else if (client->stream.state == SN_STREAM_ENDED && !client->waits && client->holds == 0)
        sn_client_end(client);
    if (client->life != SN_CLIENT_OPEN || client->holds != 0 ||
        (client->waits && sn_request_reader_pending(client->reader) > SN_CLIENT_READ_AHEAD_MAX))
        sn_stream_pause(&client->stream);
    else
        read_on(client);
    sn_client_touch(client);
}

static void on_bytes(void *owner, const char *data, size_t len)
{
    struct sn_client *client = owner;
    struct sn_server *server = client->server;
    struct sn_stats *stats = sn_server_stats(server);

    client->active_at = sn_server_now(server);
    stats->reads++;
    stats->bytes_in += len;
    sn_rate_add(&stats->bytes_in_rate, client->active_at, len);
    sn_request_reader_feed(client->reader, data, len);
    sn_limits_check(client);
    sn_client_run(client);
    sn_server_wake(server);
}

/* If only the other half of the connection ended, earlier requests are still answered. */
static void on_ended(void *owner, int error)
{
    struct sn_client *client = owner;
    struct sn_server *server = client->server;

    client->active_at = sn_server_now(server);
    if (error == UV_EPROTO)
        sn_log(sn_server_env(server)->log, SN_LEVEL_NOTICE, "Closing client %s: TLS failed: %s",
               client->peer, sn_stream_reason(&client->stream, error));
    if (error != UV_EOF)
        sn_client_doom(client);
    sn_client_run(client);
    sn_server_wake(server);
}

/* Fills in both addresses. True: the other side is on this machine. */
static bool name_addresses(struct sn_client *client)
{
    const char *path = sn_server_env(client->server)->settings->unixsocket;
    struct sn_stream_end local, peer;

    if (client->stream.is_unix) {
        snprintf(client->peer, sizeof(client->peer), "%.200s:0", path ? path : "");
        snprintf(client->local, sizeof(client->local), "%.200s:0", path ? path : "");
        return true;
    }
    sn_stream_local(&client->stream, &local);
    sn_stream_peer(&client->stream, &peer);
    memcpy(client->ip, peer.ip, sizeof(client->ip));
    sn_addr_format(local.ip[0] ? local.ip : "?", local.port, client->local);
    sn_addr_format(peer.ip[0] ? peer.ip : "?", peer.port, client->peer);
    return peer.is_loopback;
}

/* True if there are too many clients; this one is counted already. Known peers have places of their
 * own, so that nobody can keep them out by opening connections (PROTOCOL.md §3.6). */
static bool is_crowded(struct sn_client *client)
{
    const struct sn_server *server = client->server;
    size_t most = sn_server_env(server)->settings->maxclients;
    int fd_max = sn_server_env(server)->fd_max;

    if (fd_max > 0 && sn_stream_fd(&client->stream) > fd_max)
        return true;
    return sn_server_clients(server)->count > most &&
           (sn_server_clients(server)->count > most + sn_server_env(server)->peer_places ||
            !sn_crowd_is_peer(client));
}

enum refusal { REFUSAL_NONE, REFUSAL_PROTECTED, REFUSAL_CROWDED };

/* Why a new connection is refused (PROTOCOL.md §3.6). */
static enum refusal find_refusal(struct sn_client *client, bool is_local)
{
    const struct sn_server *server = client->server;
    const struct sn_settings *settings = sn_server_env(server)->settings;

    if (settings->protected_mode && !is_local &&
        sn_accounts_open_to_all(sn_server_accounts(server)))
        return REFUSAL_PROTECTED;
    return is_crowded(client) ? REFUSAL_CROWDED : REFUSAL_NONE;
}

static const char *refusal_text(enum refusal refusal)
{
    switch (refusal) {
    case REFUSAL_PROTECTED:
        return "-DENIED Protected mode is on and no password is set for the default user, so only "
               "connections from this machine are served. Set 'requirepass' (or a password for "
               "the default user), or 'protected-mode no' if the network is trusted.";
    case REFUSAL_CROWDED:
        return "max number of clients reached";
    case REFUSAL_NONE:
        break;
    }
    return "";
}

static void reject(struct sn_client *client, enum refusal refusal)
{
    struct sn_server *server = client->server;
    struct sn_resp resp = {.out = &client->stream.out, .version = client->version};

    sn_clients_reject(sn_server_clients(server), client);
    sn_server_stats(server)->rejected++;
    sn_resp_error(&resp, refusal_text(refusal));
    sn_client_end(client);
    if (client->stream.state == SN_STREAM_SHAKING)
        sn_client_doom(client); /* nothing can be written to it */
    sn_client_touch(client);
}

/* tls-auth-clients-user: a certificate that names a user logs it in. If there is none of that name,
 * or it is off, the client stays the default user (PROTOCOL.md §20.5). */
static void login_by_certificate(struct sn_client *client)
{
    const struct sn_tls_settings *settings = &sn_server_env(client->server)->settings->tls;
    bool uri = strcasecmp(settings->auth_clients_user, "URI") == 0;
    char name[256];

    if (!uri && strcasecmp(settings->auth_clients_user, "CN") != 0)
        return;
    if (!sn_tls_session_peer_name(sn_stream_session(&client->stream), uri, name, sizeof(name)))
        return;
    struct sn_acl_user *user = sn_acl_find(&sn_server_accounts(client->server)->acl, name);
    if (user != NULL && user->enabled)
        sn_client_login(client, user);
}

/* The TLS handshake is over. */
static void on_opened(void *owner, int error)
{
    struct sn_client *client = owner;
    struct sn_server *server = client->server;
    struct sn_stream_end peer;

    sn_clients_end_half(sn_server_clients(server), client);
    if (error != 0) {
        sn_server_stats(server)->tls_failed++;
        sn_log(sn_server_env(server)->log, error == UV_EPROTO ? SN_LEVEL_NOTICE : SN_LEVEL_VERBOSE,
               "Closing client %s: TLS handshake failed: %s", client->peer,
               sn_stream_reason(&client->stream, error));
        sn_client_doom(client);
        sn_server_wake(server);
        return;
    }
    client->locked_at = sn_server_now(server);
    sn_stream_peer(&client->stream, &peer);
    enum refusal refusal = find_refusal(client, peer.is_loopback);
    if (refusal != REFUSAL_NONE) {
        reject(client, refusal);
        sn_server_wake(server);
        return;
    }
    login_by_certificate(client);
}

static const struct sn_stream_hooks hooks = {.opened = on_opened,
                                             .bytes = on_bytes,
                                             .ended = on_ended,
                                             .drained = on_drained,
                                             .closed = on_closed};

static struct sn_client *client_new(struct sn_server *server, bool is_unix)
{
    struct sn_client *client = sn_alloc(sizeof(*client));

    client->server = server;
    client->version = SN_RESP2;
    client->reader = sn_request_reader_new();
    client->user = sn_server_accounts(server)->acl.standard;
    client->authenticated = sn_accounts_open_to_all(sn_server_accounts(server));
    client->created_at = client->active_at = client->locked_at = sn_server_now(server);
    sn_stream_init(&client->stream, &sn_server_clients(server)->net, is_unix, &hooks, client,
                   SN_CLIENT_OUTPUT_MAX + ((size_t)1 << 20));
    sn_server_hold(server);
    sn_clients_add(sn_server_clients(server), client);
    return client;
}

/* PROTOCOL.md §3.6. Without a handshake a client of the TLS port cannot be told why it is rejected,
 * and it is not worth one. */
void sn_client_accept(struct sn_server *server, struct sn_listener *listener, struct sn_tls *tls)
{
    struct sn_client *client = client_new(server, listener->is_unix);

    if (tls != NULL)
        sn_stream_secure(&client->stream, tls, NULL);
    if (sn_listener_accept(listener, &client->stream) != 0) {
        sn_client_close(client);
        return;
    }
    sn_stream_tune(&client->stream, sn_server_env(server)->settings->tcp_keepalive_s);
    enum refusal refusal = find_refusal(client, name_addresses(client));
    if (refusal == REFUSAL_CROWDED || (refusal != REFUSAL_NONE && tls == NULL)) {
        reject(client, refusal);
        return;
    }
    if (tls != NULL && sn_crowd_is_peer(client))
        sn_stream_hurry(&client->stream);
    sn_server_stats(server)->connections++;
    read_on(client);
}
