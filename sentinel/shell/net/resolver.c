/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/net/resolver.h"

#include "base/addr.h"
#include "base/alloc.h"
#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

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
    struct look_up *prev, *next;
};

struct sn_resolver {
    uv_loop_t *loop;
    struct look_up *look_ups; /* under way */
    bool closing;
};

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

static void finish(struct look_up *look_up, const char *ip)
{
    struct sn_resolver *resolver = look_up->resolver;
    struct waiter *waiter, *next;

    /* Out of the list first: a waiter may ask for the same name again. */
    DL_DELETE(resolver->look_ups, look_up);
    LL_FOREACH_SAFE(look_up->waiters, waiter, next) {
        if (!resolver->closing)
            waiter->done(waiter->arg, look_up->host, ip);
        free(waiter);
    }
    free(look_up);
    if (resolver->closing && resolver->look_ups == NULL)
        free(resolver);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    char ip[SN_IP_MAX + 1] = "";

    if (status == 0)
        choose(list, ip);
    uv_freeaddrinfo(list);
    finish(request->data, ip);
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

struct sn_resolver *sn_resolver_new(uv_loop_t *loop)
{
    struct sn_resolver *resolver = sn_alloc(sizeof(*resolver));

    resolver->loop = loop;
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
    look_up = sn_alloc(sizeof(*look_up));
    look_up->resolver = resolver;
    look_up->request.data = look_up;
    sn_text_copy(look_up->host, sizeof(look_up->host), host);
    add_waiter(look_up, done, arg);
    DL_APPEND(resolver->look_ups, look_up);

    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    if (uv_getaddrinfo(resolver->loop, &look_up->request, on_resolved, host, NULL, &hints) != 0)
        finish(look_up, "");
}

void sn_resolver_close(struct sn_resolver *resolver)
{
    struct look_up *look_up;

    assert(!resolver->closing);
    resolver->closing = true;
    if (resolver->look_ups == NULL) {
        free(resolver);
        return;
    }
    DL_FOREACH(resolver->look_ups, look_up) {
        uv_cancel((uv_req_t *)&look_up->request);
    }
}
