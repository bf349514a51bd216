/* SPDX-License-Identifier: BSD-3-Clause */
/* The server as a whole: clients, pending answers, and the flush at the end of each wake-up. */

#include "shell/server/server.h"

#include "base/alloc.h"
#include "base/prng.h"
#include "shell/server/acl_load.h"
#include "shell/server/client.h"
#include "shell/server/commands.h"
#include "shell/server/limits.h"
#include "shell/server/listen.h"
#include "shell/server/state.h"
#include "sn_version.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* An idle client is closed after timeout, a subscriber never (PROTOCOL.md §3.6). */
static void check_idle(struct sn_client *client, uint64_t now_ms)
{
    int timeout_s = sn_server_env(client->server)->settings->timeout_s;

    if (timeout_s <= 0 || client->waits || client->long_reply || sn_client_subscribed(client))
        return;
    if (now_ms - client->active_at > (uint64_t)timeout_s * 1000)
        sn_client_doom(client);
}

static void check_login(struct sn_client *client, uint64_t now_ms)
{
    const struct sn_server_env *env = sn_server_env(client->server);
    int login_ms = env->login_ms > 0 ? env->login_ms : SN_LOGIN_MS;

    bool shaking = client->stream.state == SN_STREAM_SHAKING;

    if ((client->authenticated && !shaking) || sn_client_is_gone(client) ||
        now_ms - client->locked_at < (uint64_t)login_ms)
        return;
    sn_log(env->log, SN_LEVEL_VERBOSE, "Closing client %s: it has not %s for %d ms", client->peer,
           shaking ? "completed its TLS handshake" : "logged in", login_ms);
    sn_client_doom(client);
}

static void on_second(uv_timer_t *timer)
{
    struct sn_server *server = timer->data;
    uint64_t now_ms = uv_now(server->env.loop);
    struct sn_client *client, *tmp;

    sn_log_tick(server->env.log);
    DL_FOREACH_SAFE(server->clients.all, client, tmp) {
        check_idle(client, now_ms);
        check_login(client, now_ms);
        sn_limits_check(client);
    }
    sn_server_flush(server);
}

/* At least one of those that wait, and as many as half a turn has time for. That is besides the
 * time of commands: neither can hold up the other for longer. */
static void shake_hands(struct sn_server *server)
{
    struct sn_net *net = &server->clients.net;
    uint64_t until_ns = uv_hrtime() + SN_TURN_MAX_MS * (uint64_t)1000000 / 2;

    while (sn_net_has_to_shake(net)) {
        struct sn_client *client = sn_net_shake(net);
        if (client != NULL)
            sn_limits_half_open(client);
        if (uv_hrtime() > until_ns)
            break;
    }
}

/* Continues the clients that yielded, until this turn is over; the rest keep their places. */
static void on_idle(uv_idle_t *idle)
{
    struct sn_server *server = idle->data;
    struct sn_clients *clients = &server->clients;
    struct sn_client *last = clients->yielded ? clients->yielded->yield_prev : NULL;
    bool more = true;

    sn_server_flush(server); /* output that an earlier turn did not get to */
    while (more && clients->yielded && !server->closing && !sn_clients_turn_is_over(server)) {
        struct sn_client *client = sn_clients_next_yielded(clients);
        more = client != last;
        sn_client_resume(client);
        sn_server_flush(server);
    }
    shake_hands(server);
    if (!clients->yielded && !clients->due && !sn_net_has_to_shake(&clients->net))
        uv_idle_stop(idle);
}

/* A TLS handshake takes as long as hundreds of commands: it gets its share of each turn. */
static void on_shake_due(void *owner)
{
    sn_server_keep_awake(owner);
}

static void free_server(struct sn_server *server)
{
    sn_tls_unref(server->tls);
    sn_waits_fini(&server->waits);
    sn_pubsub_fini(&server->pubsub);
    sn_accounts_fini(&server->accounts);
    for (int i = 0; i < 4; i++)
        sn_command_texts_free(server->texts[i]);
    sn_buf_fini(&server->scratch);
    free(server);
}

struct sn_server *sn_server_new(const struct sn_server_env *env)
{
    struct sn_server *server = sn_alloc(sizeof(*server));
    struct sn_prng prng;
    uint64_t seed = uv_hrtime() ^ ((uint64_t)uv_os_getpid() << 32);

    server->env = *env;
    server->clients.net.loop = env->loop;
    server->clients.net.shake_due = on_shake_due;
    server->clients.net.owner = server;
    server->hooks = (struct sn_server_hooks){.execute = sn_commands_execute,
                                             .flush = sn_server_flush,
                                             .on_idle = on_idle,
                                             .free = free_server};
    sn_spec_index_fill(&server->commands);
    sn_handlers_fill(server->handlers);
    (void)uv_random(NULL, NULL, &seed, sizeof(seed), 0, NULL);
    sn_prng_init(&prng, seed);
    sn_prng_runid(&prng, &server->runid);
    sn_pubsub_init(&server->pubsub);
    sn_accounts_init(&server->accounts, env->settings->acllog_max_len);
    sn_buf_init(&server->scratch, SN_CLIENT_OUTPUT_MAX);
    server->started_at = uv_now(env->loop);
    int rc = uv_timer_init(env->loop, &server->timer);
    assert(rc == 0);
    (void)rc;
    server->timer.data = server;
    uv_idle_init(env->loop, &server->idle);
    server->idle.data = server;
    server->holds = 2;
    uv_timer_start(&server->timer, on_second, 1000, 1000);
    return server;
}

void sn_server_set_tls(struct sn_server *server, struct sn_tls *tls)
{
    if (server->tls != NULL)
        sn_tls_keep_tickets(server->tls, tls);
    sn_tls_unref(server->tls);
    server->tls = sn_tls_ref(tls);
}

void sn_server_set_driver(struct sn_server *server, struct sn_driver *driver)
{
    server->driver = driver;
}

static void on_close(uv_handle_t *handle)
{
    sn_server_release(handle->data);
}

void sn_server_close(struct sn_server *server)
{
    struct sn_client *client, *tmp;

    if (server->closing)
        return;
    server->closing = true;
    DL_FOREACH_SAFE(server->clients.all, client, tmp) {
        /* The client that sent SHUTDOWN is further up the stack. */
        client->holds &= ~(unsigned)SN_HOLD_RUNNING;
        sn_client_close(client);
    }
    sn_listen_stop(server);
    uv_close((uv_handle_t *)&server->timer, on_close);
    uv_close((uv_handle_t *)&server->idle, on_close);
}

static void reply_answer(struct sn_resp *resp, const struct sn_action_answer *answer)
{
    switch (answer->kind) {
    case SN_ANSWER_OK:
        sn_resp_status(resp, "OK");
        break;
    case SN_ANSWER_INTEGER:
        sn_resp_integer(resp, answer->number);
        break;
    case SN_ANSWER_VOTE:
        sn_resp_array(resp, 3);
        sn_resp_integer(resp, answer->number);
        sn_resp_text(resp, answer->text ? answer->text : "*");
        sn_resp_integer(resp, (int64_t)answer->epoch);
        break;
    case SN_ANSWER_TEXT:
        sn_resp_text(resp, answer->text);
        break;
    case SN_ANSWER_ERROR:
    case SN_ANSWER_NONE:
        sn_resp_error(resp, answer->text ? answer->text : "internal error: no answer");
        break;
    }
}

void sn_server_answer(struct sn_server *server, const struct sn_action_answer *answer)
{
    struct sn_wait *wait = sn_waits_find(&server->waits, answer->ticket.v);

    if (!wait)
        return;
    if (answer->kind == SN_ANSWER_ERROR)
        server->stats.error_replies++;
    struct sn_resp resp = sn_wait_resp(wait);
    if (answer->kind == SN_ANSWER_OK && wait->counts)
        sn_resp_integer(&resp, wait->count);
    else
        reply_answer(&resp, answer);
    sn_wait_end(wait);
}

bool sn_server_users_changed(const struct sn_server *server)
{
    return server->accounts.changed && !server->env.settings->aclfile;
}

void sn_server_describe_users(const struct sn_server *server, struct sn_buf *lines)
{
    sn_acl_describe_saved(&server->accounts.acl, &server->accounts.file_password, lines);
}

void sn_server_set_password(struct sn_server *server, const char *password)
{
    if (!server->env.settings->aclfile)
        sn_acl_take_password(&server->accounts.acl, &server->accounts.file_password, password);
}

enum sn_level sn_server_changed_level(const struct sn_server *server)
{
    return server->level_changed ? sn_log_level(server->env.log) : SN_LEVEL_NONE;
}

void sn_server_measure(const struct sn_server *server, struct sn_server_figures *figures)
{
    const struct sn_stats *stats = &server->stats;

    *figures = (struct sn_server_figures){
        .redis_version = SN_REDIS_VERSION,
        .runid = server->runid.hex,
        .uptime_s = (uv_now(server->env.loop) - server->started_at) / 1000,
        .clients = server->clients.count,
        .max_clients = server->env.settings->maxclients,
        .clients_memory = server->clients.memory,
        .subscribers = server->pubsub.subscribers,
        .connections = stats->connections,
        .rejected = stats->rejected,
        .evicted = stats->evicted,
        .commands = stats->commands};
}

void sn_server_publish(struct sn_server *server, const char *channel, const char *message)
{
    if (!server->closing)
        sn_pubsub_publish(&server->pubsub, channel, strlen(channel), message, strlen(message));
}

void sn_server_flush(struct sn_server *server)
{
    if (server->flushing)
        return;
    server->flushing = true;
    while (server->clients.due && !server->closing && !sn_clients_turn_is_over(server)) {
        enum sn_client_due due;
        struct sn_client *client = sn_clients_next_due(&server->clients, &due);
        if (due == SN_DUE_RUN)
            sn_client_run(client);
        else
            sn_client_flush(client);
    }
    if (server->clients.due && !server->closing)
        sn_server_keep_awake(server); /* one turn is not enough for thousands of clients */
    server->flushing = false;
}
