/* SPDX-License-Identifier: BSD-3-Clause */
/* The server as a whole: its clients, the answers they wait for, and the flush that ends each
 * wake-up. */

#include "shell/server/server_internal.h"

#include "base/alloc.h"
#include "base/prng.h"
#include "shell/server/cmd.h"
#include "shell/server/cmd_client.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

/* Of the second that now_ms is in. */
static void rate_turn(struct sn_rate *rate, uint64_t now_ms)
{
    uint64_t second = now_ms / 1000;

    if (second == rate->second)
        return;
    rate->last = second == rate->second + 1 ? rate->current : 0;
    rate->current = 0;
    rate->second = second;
}

void sn_rate_add(struct sn_rate *rate, uint64_t now_ms, uint64_t amount)
{
    rate_turn(rate, now_ms);
    rate->current += amount;
}

uint64_t sn_rate_get(const struct sn_rate *rate, uint64_t now_ms)
{
    struct sn_rate turned = *rate;

    rate_turn(&turned, now_ms);
    return turned.last;
}

bool sn_server_open_to_all(const struct sn_server *server)
{
    return server->acl.standard->enabled && server->acl.standard->nopass;
}

void sn_server_note_refusal(struct sn_client *client, const char *reason, const char *object,
                            const char *user)
{
    struct sn_server *server = client->server;
    struct timespec wall = {0};
    struct sn_buf line;

    clock_gettime(CLOCK_REALTIME, &wall);
    sn_buf_init(&line, 16384);
    sn_client_describe(client, &line);
    sn_acl_log_add(&server->acl_log, reason, object, user, sn_buf_text(&line),
                   uv_now(server->env.loop),
                   (int64_t)wall.tv_sec * 1000 + (int64_t)(wall.tv_nsec / 1000000));
    sn_buf_fini(&line);
}

static void check_idle(struct sn_client *client, uint64_t now_ms)
{
    int timeout_s = client->server->env.settings->timeout_s;

    if (timeout_s <= 0 || client->waits || sn_client_subscribed(client))
        return;
    if (now_ms - client->active_at > (uint64_t)timeout_s * 1000)
        sn_client_doom(client);
}

static void check_login(struct sn_client *client, uint64_t now_ms)
{
    const struct sn_server_env *env = &client->server->env;
    int login_ms = env->login_ms > 0 ? env->login_ms : SN_LOGIN_MS;

    if (client->authenticated || client->doomed || now_ms - client->locked_at < (uint64_t)login_ms)
        return;
    sn_log(env->log, SN_LEVEL_VERBOSE, "Closing client %s: it has not logged in for %d ms",
           client->peer, login_ms);
    sn_client_doom(client);
}

static void on_second(uv_timer_t *timer)
{
    struct sn_server *server = timer->data;
    uint64_t now_ms = uv_now(server->env.loop);
    struct sn_client *client, *tmp;

    sn_log_tick(server->env.log);
    DL_FOREACH_SAFE(server->clients, client, tmp) {
        check_idle(client, now_ms);
        check_login(client, now_ms);
        sn_client_check_output(client);
    }
    sn_server_flush(server);
}

/* The clock of the loop stands still while a turn lasts. */
bool sn_server_turn_is_over(const struct sn_server *server)
{
    return uv_hrtime() / 1000000 > uv_now(server->env.loop) + SN_TURN_MAX_MS;
}

/* The clients that yielded go on, as far as this turn lasts; those behind them keep their places.
 */
static void on_idle(uv_idle_t *idle)
{
    struct sn_server *server = idle->data;
    struct sn_client *last = server->yielded ? server->yielded->yield_prev : NULL;
    bool more = true;

    sn_server_flush(server); /* what an earlier turn had no time for */
    while (more && server->yielded && !server->closing && !sn_server_turn_is_over(server)) {
        struct sn_client *client = server->yielded;
        more = client != last;
        DL_DELETE2(server->yielded, client, yield_prev, yield_next);
        client->yielded = false;
        client->resume = true;
        sn_client_touch(client);
        sn_server_flush(server);
    }
    if (!server->yielded && !server->dirty)
        uv_idle_stop(idle);
}

void sn_server_yield(struct sn_server *server, struct sn_client *client)
{
    client->yielded = true;
    DL_APPEND2(server->yielded, client, yield_prev, yield_next);
    uv_idle_start(&server->idle, on_idle);
}

struct sn_server *sn_server_new(const struct sn_server_env *env)
{
    struct sn_server *server = sn_alloc(sizeof(*server));
    struct sn_prng prng;
    uint64_t seed = uv_hrtime() ^ ((uint64_t)uv_os_getpid() << 32);

    server->env = *env;
    sn_handlers_fill(server->handlers);
    (void)uv_random(NULL, NULL, &seed, sizeof(seed), 0, NULL);
    sn_prng_init(&prng, seed);
    sn_prng_runid(&prng, &server->runid);
    sn_pubsub_init(&server->pubsub);
    sn_acl_init(&server->acl);
    server->acl_log.most = env->settings->acllog_max_len < SN_ACL_LOG_MAX
                               ? env->settings->acllog_max_len
                               : SN_ACL_LOG_MAX;
    sn_buf_init(&server->scratch, SN_CLIENT_OUTPUT_MAX);
    server->started_at = uv_now(env->loop);
    int rc = uv_timer_init(env->loop, &server->timer);
    assert(rc == 0);
    (void)rc;
    server->timer.data = server;
    uv_idle_init(env->loop, &server->idle);
    server->idle.data = server;
    server->handles = 2;
    uv_timer_start(&server->timer, on_second, 1000, 1000);
    return server;
}

void sn_server_set_driver(struct sn_server *server, struct sn_driver *driver)
{
    server->driver = driver;
}

#define WAIT_ANSWER_MAX 65536 /* bytes; an answer of the core is a line or three */

static void free_wait(struct sn_server *server, struct sn_wait *wait)
{
    assert(server->waits != NULL);
    HASH_DEL(server->waits, wait);
    sn_buf_fini(&wait->answer);
    free(wait->held_name);
    free(wait->held);
    free(wait);
}

void sn_server_handle_closed(struct sn_server *server)
{
    struct sn_wait *wait, *tmp;

    assert(server->handles > 0);
    if (--server->handles > 0 || !server->closing)
        return;
    HASH_ITER(hh, server->waits, wait, tmp)
        free_wait(server, wait);
    while (server->listeners) {
        struct sn_listener *listener = server->listeners;
        LL_DELETE(server->listeners, listener);
        free(listener->text);
        free(listener);
    }
    while (server->acl_orders) {
        struct sn_acl_order *order = server->acl_orders;
        LL_DELETE(server->acl_orders, order);
        free(order);
    }
    sn_pubsub_fini(&server->pubsub);
    sn_acl_fini(&server->acl);
    free(server->acl_real);
    sn_acl_log_clear(&server->acl_log);
    for (int i = 0; i < 4; i++)
        sn_command_texts_free(server->command_texts[i / 2][i % 2]);
    sn_buf_fini(&server->scratch);
    free(server);
}

static void on_close(uv_handle_t *handle)
{
    sn_server_handle_closed(handle->data);
}

static void on_listener_close(uv_handle_t *handle)
{
    struct sn_listener *listener = handle->data;

    sn_server_handle_closed(listener->server);
}

void sn_server_close(struct sn_server *server)
{
    struct sn_client *client, *tmp;
    struct sn_listener *listener;

    if (server->closing)
        return;
    server->closing = true;
    DL_FOREACH_SAFE(server->clients, client, tmp) {
        if (client->running) /* it asked for SHUTDOWN and is up the stack */
            client->running = false;
        sn_client_close(client);
    }
    LL_FOREACH(server->listeners, listener)
        uv_close(&listener->uv.handle, on_listener_close);
    uv_close((uv_handle_t *)&server->timer, on_close);
    uv_close((uv_handle_t *)&server->idle, on_close);
}

struct sn_wait *sn_server_wait(struct sn_server *server, struct sn_client *client, bool muted)
{
    struct sn_wait *wait = sn_alloc(sizeof(*wait));

    assert(client->waits == NULL || client->asking);
    wait->ticket = ++server->next_ticket;
    wait->server = server;
    wait->client = client;
    wait->muted = muted;
    wait->question = client->asking;
    sn_buf_init(&wait->answer, WAIT_ANSWER_MAX);
    if (client->waits == NULL)
        server->blocked_count++;
    DL_APPEND(client->waits, wait);
    client->wait_count++;
    HASH_ADD(hh, server->waits, ticket, sizeof(wait->ticket), wait);
    return wait;
}

struct sn_wait *sn_server_find_wait(struct sn_server *server, uint64_t ticket)
{
    struct sn_wait *wait = NULL;

    HASH_FIND(hh, server->waits, &ticket, sizeof(ticket), wait);
    return wait;
}

/* Sends the answers whose turn it is. */
static void deliver(struct sn_server *server, struct sn_client *client)
{
    while (client->waits != NULL && client->waits->answered) {
        struct sn_wait *first = client->waits;
        sn_buf_append(&client->out, sn_buf_text(&first->answer), first->answer.len);
        DL_DELETE(client->waits, first);
        client->wait_count--;
        free_wait(server, first);
    }
    if (client->waits == NULL)
        server->blocked_count--;
    client->resume = true;
    sn_client_touch(client);
}

void sn_server_end_wait(struct sn_server *server, struct sn_wait *wait)
{
    wait->answered = true;
    if (wait->client)
        deliver(server, wait->client);
    else
        free_wait(server, wait);
}

void sn_server_forget_waits(struct sn_server *server, struct sn_client *client)
{
    struct sn_wait *wait, *next;

    if (client->waits)
        server->blocked_count--;
    DL_FOREACH_SAFE(client->waits, wait, next) {
        DL_DELETE(client->waits, wait);
        wait->client = NULL;
        if (wait->answered)
            free_wait(server, wait);
    }
    client->wait_count = 0;
}

struct sn_resp sn_server_wait_resp(struct sn_server *server, struct sn_wait *wait)
{
    struct sn_resp resp = {.out = &server->scratch, .version = SN_RESP2};

    sn_buf_clear(&server->scratch);
    if (wait->client && !wait->muted) {
        resp.out = &wait->answer;
        resp.version = wait->client->version;
    }
    return resp;
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
    struct sn_wait *wait = sn_server_find_wait(server, answer->ticket.v);

    if (!wait)
        return;
    if (answer->kind == SN_ANSWER_ERROR)
        server->stats.error_replies++;
    struct sn_resp resp = sn_server_wait_resp(server, wait);
    if (answer->kind == SN_ANSWER_OK && wait->counts)
        sn_resp_integer(&resp, wait->count);
    else
        reply_answer(&resp, answer);
    sn_server_end_wait(server, wait);
}

bool sn_server_users_changed(const struct sn_server *server)
{
    return server->users_changed && !server->env.settings->aclfile;
}

void sn_server_describe_users(const struct sn_server *server, struct sn_buf *lines)
{
    sn_acl_describe_all(&server->acl, lines);
}

enum sn_level sn_server_changed_level(const struct sn_server *server)
{
    return server->level_changed ? sn_log_level(server->env.log) : SN_LEVEL_NONE;
}

void sn_server_publish(struct sn_server *server, const char *channel, const char *message)
{
    if (!server->closing)
        sn_pubsub_publish(&server->pubsub, channel, strlen(channel), message, strlen(message));
}

/* Takes the next client off the list of those to be flushed. */
static struct sn_client *next_dirty(struct sn_server *server)
{
    struct sn_client *client = server->dirty;

    DL_DELETE2(server->dirty, client, dirty_prev, dirty_next);
    client->dirty = false;
    return client;
}

void sn_server_flush(struct sn_server *server)
{
    if (server->flushing)
        return;
    server->flushing = true;
    while (server->dirty && !server->closing && !sn_server_turn_is_over(server)) {
        struct sn_client *client = next_dirty(server);
        if (client->running)
            continue; /* it is up the stack, and comes here again when it has run */
        if (client->resume) {
            client->resume = false;
            sn_client_run(client);
        } else {
            sn_client_flush(client);
        }
    }
    if (server->dirty && !server->closing)
        uv_idle_start(&server->idle, on_idle); /* thousands of them, say: a turn is not enough */
    server->flushing = false;
}
