/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/accounts.h"

#include "base/text.h"
#include "shell/server/acl_log.h"
#include "shell/server/client.h"
#include "shell/server/clients.h"
#include "shell/server/describe.h"
#include "shell/server/parts.h"

#include <stdlib.h>
#include <time.h>
#include <utlist.h>

void sn_accounts_init(struct sn_accounts *accounts, uint64_t log_max)
{
    sn_acl_init(&accounts->acl);
    accounts->log.most = log_max < SN_ACL_LOG_MAX ? log_max : SN_ACL_LOG_MAX;
}

void sn_accounts_fini(struct sn_accounts *accounts)
{
    while (accounts->orders) {
        struct sn_acl_order *order = accounts->orders;
        LL_DELETE(accounts->orders, order);
        free(order);
    }
    sn_acl_fini(&accounts->acl);
    free(accounts->real);
    sn_acl_log_clear(&accounts->log);
}

bool sn_accounts_open_to_all(const struct sn_accounts *accounts)
{
    return accounts->acl.standard->enabled && accounts->acl.standard->nopass;
}

void sn_accounts_note_refusal(struct sn_client *client, const char *reason, const char *object,
                              const char *user)
{
    struct sn_server *server = client->server;
    struct timespec wall = {0};
    struct sn_buf line;

    clock_gettime(CLOCK_REALTIME, &wall);
    sn_buf_init(&line, 16384);
    sn_client_describe(client, &line);
    sn_acl_log_add(&sn_server_accounts(server)->log, reason, object, user, sn_buf_text(&line),
                   sn_server_now(server),
                   (int64_t)wall.tv_sec * 1000 + (int64_t)(wall.tv_nsec / 1000000));
    sn_buf_fini(&line);
}

void sn_accounts_drop(const struct sn_client *caller, struct sn_client *client)
{
    if (client == caller)
        sn_client_end(client);
    else
        sn_client_doom(client);
}
