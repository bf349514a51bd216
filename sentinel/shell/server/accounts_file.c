/* SPDX-License-Identifier: BSD-3-Clause */
/* ACL LOAD and ACL SAVE: a worker thread reads or writes while the client that asked waits. */

#include "shell/server/accounts.h"

#include "base/alloc.h"
#include "shell/server/acl_load.h"
#include "shell/server/acl_work.h"
#include "shell/server/client.h"
#include "shell/server/clients.h"
#include "shell/server/parts.h"
#include "shell/server/stats.h"
#include "shell/server/waits.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static bool is_same_user(const struct sn_acl_user *a, const struct sn_acl_user *b)
{
    struct sn_buf first, second;

    sn_buf_init(&first, SIZE_MAX);
    sn_buf_init(&second, SIZE_MAX);
    sn_acl_describe(a, &first);
    sn_acl_describe(b, &second);
    bool same = first.len == second.len && memcmp(first.data, second.data, first.len) == 0;
    sn_buf_fini(&first);
    sn_buf_fini(&second);
    return same;
}

/* Clients of an unchanged user stay connected; the others have to reconnect, `caller` (NULL: gone)
 * after its reply. */
static void move_clients(struct sn_server *server, struct sn_client *caller, struct sn_acl *fresh)
{
    struct sn_acl_user *user;
    struct sn_client *client;

    for (user = sn_server_accounts(server)->acl.users; user; user = user->hh.next) {
        const struct sn_acl_user *now = sn_acl_find(fresh, user->name);
        user->leaving = !now || !is_same_user(now, user);
    }
    DL_FOREACH(sn_server_clients(server)->all, client) {
        bool leaves = client->user->leaving;
        user = sn_acl_find(fresh, client->user->name);
        client->user = user ? user : fresh->standard;
        if (!leaves)
            continue;
        client->authenticated = false;
        sn_accounts_drop(caller, client);
    }
}

static void start_next(struct sn_server *server);

/* PROTOCOL.md §5.4. */
static void finish_load(struct sn_server *server, struct sn_wait *wait, struct sn_acl_work *work)
{
    struct sn_resp resp = sn_wait_resp(wait);

    if (work->status != 0) {
        sn_resp_error(&resp, sn_buf_text(&work->error));
        sn_server_stats(server)->error_replies++;
        return;
    }
    move_clients(server, wait->client, &work->fresh);
    sn_acl_fini(&sn_server_accounts(server)->acl);
    sn_server_accounts(server)->acl = work->fresh;
    sn_resp_status(&resp, "OK");
}

static void finish_save(struct sn_server *server, struct sn_wait *wait,
                        const struct sn_acl_work *work)
{
    struct sn_resp resp = sn_wait_resp(wait);

    if (work->status == 0) {
        sn_resp_status(&resp, "OK");
        return;
    }
    sn_log(sn_server_env(server)->log, SN_LEVEL_WARNING, "Saving the ACL file: %s",
           sn_buf_text(&work->error));
    sn_resp_error(&resp, "There was an error trying to save the ACLs. Please check the server logs "
                         "for more information");
    sn_server_stats(server)->error_replies++;
}

static void on_worked(void *arg, struct sn_acl_work *work)
{
    struct sn_server *server = arg;
    struct sn_acl_order *order = sn_server_accounts(server)->orders;
    struct sn_wait *wait = sn_waits_find(sn_server_waits(server), order->ticket);

    LL_DELETE(sn_server_accounts(server)->orders, order);
    free(order);
    if (sn_server_is_closing(server) && work->read && work->status == 0)
        sn_acl_fini(&work->fresh);
    if (!sn_server_is_closing(server)) {
        if (!work->read)
            finish_save(server, wait, work);
        else
            finish_load(server, wait, work);
        sn_wait_end(wait);
        start_next(server);
        sn_server_wake(server);
    }
    sn_server_release(server);
}

/* One order after the other: two at once could end in the order of the first. */
static void start_next(struct sn_server *server)
{
    const char *path = sn_server_env(server)->settings->aclfile;
    struct sn_buf lines;

    if (!sn_server_accounts(server)->orders)
        return;
    sn_server_hold(server);
    sn_buf_init(&lines, SIZE_MAX);
    if (!sn_server_accounts(server)->orders->is_save) {
        sn_acl_work_load(sn_server_env(server)->loop, path,
                         sn_server_accounts(server)->acl.open_channels ? sn_acl_read_open_file
                                                                       : sn_acl_read_file,
                         on_worked, server);
        return;
    }
    sn_acl_describe_all(&sn_server_accounts(server)->acl, &lines);
    /* A symbolic link that has appeared since the start is replaced, not followed. */
    sn_acl_work_save(sn_server_env(server)->loop,
                     sn_server_accounts(server)->real != NULL ? sn_server_accounts(server)->real
                                                              : path,
                     &sn_server_accounts(server)->access, &lines, on_worked, server);
}

/* The client waits while a worker thread reads or writes the file. */
void sn_accounts_order(struct sn_client *client, bool muted, bool is_save)
{
    struct sn_server *server = client->server;
    struct sn_accounts *accounts = sn_server_accounts(server);
    bool is_first = accounts->orders == NULL;

    struct sn_acl_order *order = sn_alloc(sizeof(*order));
    order->is_save = is_save;
    order->ticket = sn_wait_new(client, muted)->ticket;
    LL_APPEND(accounts->orders, order);
    if (is_first)
        start_next(server);
}
