/* SPDX-License-Identifier: BSD-3-Clause */
/* A client connection. Happy path: on_read feeds the reader, sn_client_run executes every complete
 * request, sn_server_flush writes all replies at once. Failure modes: protocol errors are answered
 * and end the connection; a client that does not read is dropped at its output limit. */

#include "shell/server/client.h"

#include "base/alloc.h"
#include "base/error.h"
#include "shell/server/accounts.h"
#include "shell/server/call.h"
#include "shell/server/clients.h"
#include "shell/server/crowd.h"
#include "shell/server/limits.h"
#include "shell/server/long_reply.h"
#include "shell/server/parts.h"
#include "shell/server/pubsub.h"
#include "shell/server/stats.h"
#include "shell/server/waits.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
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

static void on_close(uv_handle_t *handle)
{
    struct sn_client *client = handle->data;
    struct sn_server *server = client->server;

    sn_request_reader_free(client->reader);
    sn_buf_fini(&client->out);
    sn_buf_fini(&client->writing);
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

    assert(!client->running);
    if (client->life == SN_CLIENT_CLOSING)
        return;
    sn_pubsub_unsubscribe_all(sn_server_pubsub(server), client);
    sn_waits_forget(client);
    sn_clients_remove(sn_server_clients(server), client);
    uv_close(&client->uv.handle, on_close);
}

static void on_written(uv_write_t *request, int status)
{
    struct sn_client *client = request->data;

    client->writing_now = false;
    if (client->life == SN_CLIENT_CLOSING)
        return;
    if (status < 0) {
        sn_client_close(client);
        return;
    }
    sn_buf_clear(&client->writing);
    sn_limits_check(client);
    sn_client_touch(client);
    sn_server_wake(client->server);
}

/* A buffer that was once large does not stay so. */
static void shrink(struct sn_buf *buf)
{
    size_t cap = buf->cap;

    sn_buf_clear(buf);
    if (buf->room > ((size_t)64 << 10)) {
        sn_buf_fini(buf);
        sn_buf_init(buf, cap);
    }
}

/* Gives the output to the kernel, as much as it takes at once, and lets libuv wait for the rest.
 * False: the connection is broken. */
static bool write_output(struct sn_client *client)
{
    struct sn_stats *stats = sn_server_stats(client->server);
    uint64_t now = sn_server_now(client->server);

    if (client->writing_now || client->out.len == 0)
        return true;
    uv_buf_t bytes = uv_buf_init(client->out.data, (unsigned)client->out.len);
    int written = uv_try_write(&client->uv.stream, &bytes, 1);
    if (written < 0 && written != UV_EAGAIN)
        return false;
    stats->writes++;
    stats->bytes_out += client->out.len;
    sn_rate_add(&stats->bytes_out_rate, now, client->out.len);
    if (written > 0 && (size_t)written == client->out.len) {
        shrink(&client->out);
        return true;
    }
    struct sn_buf rest = client->out;
    client->out = client->writing;
    client->writing = rest;
    shrink(&client->out);
    size_t done = written > 0 ? (size_t)written : 0;
    bytes = uv_buf_init(client->writing.data + done, (unsigned)(client->writing.len - done));
    client->write.data = client;
    if (uv_write(&client->write, &client->uv.stream, &bytes, 1, on_written) != 0)
        return false;
    client->writing_now = true;
    return true;
}

static void hold(struct sn_client *client, unsigned why, bool on)
{
    client->holds = on ? client->holds | why : client->holds & ~why;
}

void sn_client_flush(struct sn_client *client)
{
    if (client->life == SN_CLIENT_CLOSING || client->running)
        return;
    if (client->life == SN_CLIENT_DOOMED || !write_output(client)) {
        sn_client_close(client);
        return;
    }
    if ((client->holds & SN_HOLD_OUTPUT) && sn_client_output(client) <= SN_CLIENT_OUTPUT_PAUSE) {
        hold(client, SN_HOLD_OUTPUT, false);
        client->resume = true;
        sn_client_touch(client);
        return;
    }
    if (client->life == SN_CLIENT_ENDING && !client->writing_now && client->out.len == 0 &&
        !client->waits)
        sn_client_close(client);
}

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

/* Web pages can make a browser send such requests here: no word is answered. */
static bool is_cross_protocol(const struct sn_request *request)
{
    return word_is(request, 0, "post") || word_is(request, 0, "host:");
}

/* Peers ask about all of their groups on one link. Each vote waits for the disk; to wait for one
 * after the other would cost a write for each group where one write could save them all. */
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

/* Too large a request is answered by nothing but the end of the connection, as with stock. */
static void refuse_request(struct sn_client *client, int rc)
{
    struct sn_resp resp = {.out = &client->out, .version = client->version};
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

/* Executes a request; what it answers at once goes behind the answers that are still waited for. */
static void execute(struct sn_client *client, const struct sn_request *request)
{
    struct sn_server *server = client->server;
    struct sn_buf at_once;

    if (client->waits == NULL) {
        client->asking = is_question(request);
        sn_server_execute(server, client, request, &client->out);
        client->asking = false;
        return;
    }
    client->asking = true;
    sn_buf_init(&at_once, client->out.cap);
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
               "Closing client %s: POST or Host: is no command; somebody may be making a web "
               "browser send requests here",
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
    struct sn_resp resp = {.out = &client->out, .version = client->version};
    struct sn_call call = {.resp = &resp};

    if (reply->body.full) {
        client->out.full = true; /* too much for any client: it is dropped */
    } else if (reply->is_work) {
        return;
    } else if (!reply->muted && reply->is_text) {
        sn_call_reply_verbatim(&call, &reply->body);
    } else if (!reply->muted) {
        sn_resp_array(&resp, reply->count);
        sn_buf_append(&client->out, sn_buf_text(&reply->body), reply->body.len);
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
        sn_limits_check(client); /* what is there counts */
        return;
    }
    client->long_reply = NULL;
    hand_out(client, reply);
    sn_long_reply_free(reply);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct sn_client *client = handle->data;

    (void)suggested;
    *buf = uv_buf_init(sn_server_clients(client->server)->read_buffer, (unsigned)SN_READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf);

static void start_reading(struct sn_client *client)
{
    if (client->reading || client->life == SN_CLIENT_CLOSING || client->eof)
        return;
    if (uv_read_start(&client->uv.stream, on_allocate, on_read) != 0) {
        sn_client_doom(client);
        return;
    }
    client->reading = true;
}

static void stop_reading(struct sn_client *client)
{
    if (!client->reading)
        return;
    uv_read_stop(&client->uv.stream);
    client->reading = false;
}

void sn_client_run(struct sn_client *client)
{
    bool more = true;

    if (client->running || client->life == SN_CLIENT_CLOSING)
        return;
    client->running = true;
    while (more && may_run(client) && !sn_clients_turn_is_over(client->server)) {
        if (client->long_reply)
            sn_client_render(client);
        else
            run_next(client, &more);
        hold(client, SN_HOLD_OUTPUT, sn_client_output(client) > SN_CLIENT_OUTPUT_PAUSE);
    }
    client->running = false;
    if (client->life == SN_CLIENT_CLOSING)
        return;
    if (more && may_run(client))
        sn_client_yield(client);
    else if (client->eof && !client->waits && client->holds == 0)
        sn_client_end(client);
    if (client->life != SN_CLIENT_OPEN || client->holds != 0)
        stop_reading(client);
    else if (client->waits && sn_request_reader_pending(client->reader) > SN_CLIENT_READ_AHEAD_MAX)
        stop_reading(client);
    else
        start_reading(client);
    sn_client_touch(client);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct sn_client *client = stream->data;
    struct sn_server *server = client->server;

    if (count == 0 || client->life == SN_CLIENT_CLOSING)
        return;
    client->active_at = sn_server_now(server);
    if (count > 0) {
        sn_server_stats(server)->reads++;
        sn_server_stats(server)->bytes_in += (uint64_t)count;
        sn_rate_add(&sn_server_stats(server)->bytes_in_rate, client->active_at, (uint64_t)count);
        sn_request_reader_feed(client->reader, buf->base, (size_t)count);
        sn_limits_check(client);
    } else if (count == UV_EOF) {
        /* Only this half of the connection ended: what was asked before is still answered. */
        client->eof = true;
        stop_reading(client);
    } else {
        sn_client_doom(client);
    }
    sn_client_run(client);
    sn_server_wake(server);
}

static bool format_sockaddr(const struct sockaddr_storage *address, char *out)
{
    char ip[SN_IP_MAX + 20] = "?"; /* room for a scope */
    uint16_t port = 0;

    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        uv_ip4_name(v4, ip, sizeof(ip));
        port = ntohs(v4->sin_port);
        sn_addr_format(ip, port, out);
        return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
    }
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)address;
        uv_ip6_name(v6, ip, sizeof(ip));
        port = ntohs(v6->sin6_port);
        sn_addr_format(ip, port, out);
        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    }
    sn_addr_format(ip, port, out);
    return false;
}

/* Fills in both addresses. True: the other side is on this machine. */
static bool name_addresses(struct sn_client *client)
{
    struct sockaddr_storage address;
    int len = sizeof(address);

    if (client->is_unix) {
        const char *path = sn_server_env(client->server)->settings->unixsocket;
        snprintf(client->peer, sizeof(client->peer), "%.200s:0", path ? path : "");
        snprintf(client->local, sizeof(client->local), "%.200s:0", path ? path : "");
        return true;
    }
    memset(&address, 0, sizeof(address));
    if (uv_tcp_getsockname(&client->uv.tcp, (struct sockaddr *)&address, &len) != 0)
        address.ss_family = AF_UNSPEC;
    format_sockaddr(&address, client->local);
    len = sizeof(address);
    memset(&address, 0, sizeof(address));
    if (uv_tcp_getpeername(&client->uv.tcp, (struct sockaddr *)&address, &len) != 0)
        address.ss_family = AF_UNSPEC;
    if (address.ss_family == AF_INET)
        uv_ip4_name((const void *)&address, client->ip, sizeof(client->ip));
    else if (address.ss_family == AF_INET6)
        uv_ip6_name((const void *)&address, client->ip, sizeof(client->ip));
    return format_sockaddr(&address, client->peer);
}

/* True if there is no place for one more, who is counted already. Known peers have some of their
 * own, so that nobody who opens connections can keep them out. */
static bool is_crowded(struct sn_client *client)
{
    const struct sn_server *server = client->server;
    size_t most = sn_server_env(server)->settings->maxclients;
    uv_os_fd_t fd = -1;

    if (sn_server_env(server)->fd_max > 0 && uv_fileno(&client->uv.handle, &fd) == 0 &&
        fd > sn_server_env(server)->fd_max)
        return true;
    return sn_server_clients(server)->count > most &&
           (sn_server_clients(server)->count > most + sn_server_env(server)->peer_places ||
            !sn_crowd_is_peer(client));
}

/* Why a new connection is not served; NULL if it is. */
static const char *refusal(struct sn_client *client, bool is_local)
{
    const struct sn_server *server = client->server;
    const struct sn_settings *settings = sn_server_env(server)->settings;

    if (settings->protected_mode && !is_local &&
        sn_accounts_open_to_all(sn_server_accounts(server)))
        return "-DENIED Protected mode is on and no password is set for the default user, so only "
               "connections from this machine are served. Set 'requirepass' (or a password for "
               "the default user), or 'protected-mode no' if the network is trusted.";
    if (is_crowded(client))
        return "max number of clients reached";
    return NULL;
}

static struct sn_client *client_new(struct sn_server *server, bool is_unix)
{
    struct sn_client *client = sn_alloc(sizeof(*client));

    client->server = server;
    client->is_unix = is_unix;
    client->version = SN_RESP2;
    client->reader = sn_request_reader_new();
    sn_buf_init(&client->out, SN_CLIENT_OUTPUT_MAX + ((size_t)1 << 20));
    sn_buf_init(&client->writing, SN_CLIENT_OUTPUT_MAX + ((size_t)1 << 20));
    client->user = sn_server_accounts(server)->acl.standard;
    client->authenticated = sn_accounts_open_to_all(sn_server_accounts(server));
    client->created_at = client->active_at = client->locked_at = sn_server_now(server);
    int rc = is_unix ? uv_pipe_init(sn_server_env(server)->loop, &client->uv.pipe, 0)
                     : uv_tcp_init(sn_server_env(server)->loop, &client->uv.tcp);
    assert(rc == 0); /* neither does more than fill in the handle */
    (void)rc;
    client->uv.handle.data = client;
    sn_server_hold(server);
    sn_clients_add(sn_server_clients(server), client);
    return client;
}

struct sn_client *sn_client_accept(struct sn_server *server, uv_stream_t *listener, bool is_unix)
{
    struct sn_client *client = client_new(server, is_unix);

    if (uv_accept(listener, &client->uv.stream) != 0) {
        sn_client_close(client);
        return NULL;
    }
    if (!is_unix) {
        int keepalive_s = sn_server_env(server)->settings->tcp_keepalive_s;
        (void)uv_tcp_nodelay(&client->uv.tcp, 1);
        if (keepalive_s > 0)
            (void)uv_tcp_keepalive(&client->uv.tcp, 1, (unsigned)keepalive_s);
    }
    const char *reason = refusal(client, name_addresses(client));
    if (reason) {
        struct sn_resp resp = {.out = &client->out, .version = client->version};
        sn_clients_reject(sn_server_clients(server), client);
        sn_server_stats(server)->rejected++;
        sn_resp_error(&resp, reason);
        sn_client_end(client);
        sn_client_touch(client);
    } else {
        sn_server_stats(server)->connections++;
        start_reading(client);
    }
    return client;
}
