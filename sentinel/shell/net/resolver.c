/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/net/resolver.h"

#include "base/addr.h"
#include "base/alloc.h"
#include "base/hashtable.h"
#include "base/text.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

/* Many groups on few names ask in the same moment; a name that moved is followed a second later. */
#define FRESH_MS 1000
/* Names that were answered late wait for each other, not for a turn of their own: the rest has half
 * of the turns for itself. */
#define SLOW_MS  1000
#define KEPT_MS  60000
#define KEPT_MAX 1000

struct waiter {
    sn_resolver_done *done;
    void *arg;
    struct waiter *next;
};

struct look_up {
    struct sn_resolver *resolver;
    uv_getaddrinfo_t request;
    char host[SN_HOST_MAX + 1];
    struct waiter *waiters;
    uint64_t begun_at;
    bool begun;
    bool slow; /* the last time */
    struct look_up *prev, *next;
};

/* What the last look-up of a name found, which may be nothing. It is an answer for FRESH_MS. */
struct kept {
    char name[SN_HOST_MAX + 1]; /* in small letters */
    char ip[SN_IP_MAX + 1];
    uint64_t kept_at;
    bool slow;
    UT_hash_handle hh;
};

/* Answered from what is kept, but in a later turn of the loop. */
struct due {
    sn_resolver_done *done;
    void *arg;
    char host[SN_HOST_MAX + 1];
    char ip[SN_IP_MAX + 1];
    struct due *prev, *next;
};

struct sn_resolver {
    uv_loop_t *loop;
    struct look_up *look_ups; /* under way or waiting for a turn, the oldest first */
    unsigned turns, begun, begun_slow;
    struct kept *kept; /* the oldest first */
    struct due *due;
    uv_timer_t answering;
    bool closing;
    bool timer_closed;
};

static void free_when_idle(struct sn_resolver *resolver)
{
    if (resolver->closing && resolver->timer_closed && resolver->look_ups == NULL)
        free(resolver);
}

static void forget(struct sn_resolver *resolver, struct kept *kept)
{
    HASH_DEL(resolver->kept, kept);
    free(kept);
}

static void forget_old(struct sn_resolver *resolver)
{
    uint64_t now = uv_now(resolver->loop);
    struct kept *kept, *next;

    HASH_ITER(hh, resolver->kept, kept, next) {
        if (now - kept->kept_at < KEPT_MS)
            break;
        forget(resolver, kept);
    }
}

static void small_letters(const char *host, char name[SN_HOST_MAX + 1])
{
    size_t length = strnlen(host, SN_HOST_MAX);

    for (size_t i = 0; i < length; i++)
        name[i] = (char)tolower((unsigned char)host[i]);
    name[length] = '\0';
}

static struct kept *find_kept(struct sn_resolver *resolver, const char *host)
{
    char name[SN_HOST_MAX + 1] = "";
    struct kept *kept;

    small_letters(host, name);
    HASH_FIND_STR(resolver->kept, name, kept);
    return kept;
}

static void keep(const struct look_up *look_up, const char *ip)
{
    struct sn_resolver *resolver = look_up->resolver;
    struct kept *kept = find_kept(resolver, look_up->host);

    if (kept != NULL)
        forget(resolver, kept);
    else if (HASH_COUNT(resolver->kept) >= KEPT_MAX)
        forget(resolver, resolver->kept);
    kept = sn_alloc(sizeof(*kept));
    small_letters(look_up->host, kept->name);
    sn_text_copy(kept->ip, sizeof(kept->ip), ip);
    kept->kept_at = uv_now(resolver->loop);
    kept->slow = kept->kept_at - look_up->begun_at >= SLOW_MS;
    HASH_ADD_STR(resolver->kept, name, kept);
}

static void on_answering(uv_timer_t *timer)
{
    struct sn_resolver *resolver = timer->data;
    struct due *list = resolver->due, *due, *next;

    resolver->due = NULL;
    DL_FOREACH_SAFE(list, due, next) {
        if (!resolver->closing)
            due->done(due->arg, due->host, due->ip);
        free(due);
    }
}

/* PROTOCOL.md §24.2. */
static void answer_soon(struct sn_resolver *resolver, const char *host, const char *ip,
                        sn_resolver_done *done, void *arg)
{
    struct due *due = sn_alloc(sizeof(*due));

    due->done = done;
    due->arg = arg;
    sn_text_copy(due->host, sizeof(due->host), host);
    sn_text_copy(due->ip, sizeof(due->ip), ip);
    DL_APPEND(resolver->due, due);
    uv_timer_start(&resolver->answering, on_answering, 0, 0);
}

/* The first address, as the other daemons take it: a sentinel that asks its peers about another one
 * gets no agreement. */
static void choose(const struct addrinfo *list, char ip[SN_IP_MAX + 1])
{
    ip[0] = '\0';
    for (const struct addrinfo *one = list; one != NULL && ip[0] == '\0'; one = one->ai_next) {
        if (one->ai_family == AF_INET)
            uv_ip4_name((const struct sockaddr_in *)(const void *)one->ai_addr, ip, SN_IP_MAX + 1);
        else if (one->ai_family == AF_INET6)
            uv_ip6_name((const struct sockaddr_in6 *)(const void *)one->ai_addr, ip, SN_IP_MAX + 1);
    }
}

static void begin_some(struct sn_resolver *resolver);

static void finish(struct look_up *look_up, const char *ip)
{
    struct sn_resolver *resolver = look_up->resolver;
    struct waiter *waiter, *next;

    /* Out of the list first: a waiter may ask for the same name again. */
    DL_DELETE(resolver->look_ups, look_up);
    resolver->begun -= look_up->begun;
    resolver->begun_slow -= look_up->begun && look_up->slow;
    if (!resolver->closing) {
        keep(look_up, ip);
        begin_some(resolver);
    }
    LL_FOREACH_SAFE(look_up->waiters, waiter, next) {
        if (!resolver->closing)
            waiter->done(waiter->arg, look_up->host, ip);
        free(waiter);
    }
    free(look_up);
    free_when_idle(resolver);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    char ip[SN_IP_MAX + 1] = "";

    if (status == 0)
        choose(list, ip);
    uv_freeaddrinfo(list);
    finish(request->data, ip);
}

static void begin(struct look_up *look_up)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct sn_resolver *resolver = look_up->resolver;

    look_up->begun = true;
    look_up->begun_at = uv_now(resolver->loop);
    resolver->begun++;
    resolver->begun_slow += look_up->slow;
    if (uv_getaddrinfo(resolver->loop, &look_up->request, on_resolved, look_up->host, NULL,
                       &hints) != 0)
        finish(look_up, "");
}

/* Nobody waits behind names that are answered late but others of that kind (PROTOCOL.md §24.2). */
static struct look_up *next_waiting(const struct sn_resolver *resolver)
{
    struct look_up *look_up, *slow = NULL;

    DL_FOREACH(resolver->look_ups, look_up) {
        if (!look_up->begun && !look_up->slow)
            return look_up;
        if (!look_up->begun && slow == NULL)
            slow = look_up;
    }
    bool may = resolver->turns == 1 || resolver->begun_slow < resolver->turns / 2;
    return may ? slow : NULL;
}

static void begin_some(struct sn_resolver *resolver)
{
    struct look_up *look_up;

    while (resolver->begun < resolver->turns && (look_up = next_waiting(resolver)) != NULL)
        begin(look_up);
}

static struct look_up *find(struct sn_resolver *resolver, const char *host)
{
    struct look_up *look_up;

    DL_FOREACH(resolver->look_ups, look_up) {
        if (strcasecmp(look_up->host, host) == 0)
            return look_up;
    }
    return NULL;
}

static void add_waiter(struct look_up *look_up, sn_resolver_done *done, void *arg)
{
    struct waiter *waiter = sn_alloc(sizeof(*waiter));

    waiter->done = done;
    waiter->arg = arg;
    LL_APPEND(look_up->waiters, waiter);
}

struct sn_resolver *sn_resolver_new(uv_loop_t *loop, unsigned turns)
{
    struct sn_resolver *resolver = sn_alloc(sizeof(*resolver));

    assert(turns > 0);
    resolver->loop = loop;
    resolver->turns = turns;
    uv_timer_init(loop, &resolver->answering);
    resolver->answering.data = resolver;
    return resolver;
}

void sn_resolver_look_up(struct sn_resolver *resolver, const char *host, sn_resolver_done *done,
                         void *arg)
{
    struct sn_addr addr;

    assert(!resolver->closing);
    if (sn_addr_make(host, 0, &addr) != 0) {
        done(arg, host, "");
        return;
    }
    if (addr.ip[0] != '\0') {
        done(arg, host, addr.ip);
        return;
    }

    struct look_up *look_up = find(resolver, host);
    if (look_up != NULL) {
        add_waiter(look_up, done, arg);
        return;
    }
    forget_old(resolver);
    const struct kept *kept = find_kept(resolver, host);
    if (kept != NULL && uv_now(resolver->loop) - kept->kept_at < FRESH_MS) {
        answer_soon(resolver, host, kept->ip, done, arg);
        return;
    }
    look_up = sn_alloc(sizeof(*look_up));
    look_up->resolver = resolver;
    look_up->request.data = look_up;
    sn_text_copy(look_up->host, sizeof(look_up->host), host);
    look_up->slow = kept != NULL && kept->slow;
    add_waiter(look_up, done, arg);
    DL_APPEND(resolver->look_ups, look_up);
    begin_some(resolver);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct sn_resolver *resolver = handle->data;

    resolver->timer_closed = true;
    free_when_idle(resolver);
}

void sn_resolver_close(struct sn_resolver *resolver)
{
    struct look_up *look_up, *next_look_up;
    struct due *due, *next;

    assert(!resolver->closing);
    resolver->closing = true;
    while (resolver->kept != NULL)
        forget(resolver, resolver->kept);
    DL_FOREACH_SAFE(resolver->due, due, next) {
        free(due);
    }
    resolver->due = NULL;
    uv_close((uv_handle_t *)&resolver->answering, on_timer_closed);
    DL_FOREACH_SAFE(resolver->look_ups, look_up, next_look_up) {
        if (look_up->begun)
            uv_cancel((uv_req_t *)&look_up->request);
        else
            finish(look_up, "");
    }
}
