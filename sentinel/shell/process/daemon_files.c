/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/process/daemon_files.h"

#include "base/error.h"
#include "core/core.h"
#include "shell/http/http.h"
#include "shell/process/daemon_os.h"

#include <inttypes.h>
#include <stdio.h>

/* Of a long list in a file, the rest sleeps. */
static uint64_t dialled_peers(size_t count)
{
    return count < SN_PEERS_MAX ? count : SN_PEERS_MAX;
}

/* Peers share one link for all groups. Of each group some replicas may still be found. */
static struct sn_file_needs count_files(const struct sn_conf *conf)
{
    const struct sn_image *image = &conf->image;
    struct sn_file_needs needs = {.maxclients = conf->settings.maxclients};

    for (size_t i = 0; i < image->group_count; i++) {
        const struct sn_group_image *group = &image->groups[i];
        uint64_t peers = dialled_peers(group->peer_count);
        needs.links += 2 * (1 + group->replica_count);
        needs.minor += 2 * group->replica_count;
        needs.growth += 2 * 6 + peers;
        needs.peers = peers > needs.peers ? peers : needs.peers;
    }
    needs.links += needs.peers;
    needs.http = conf->settings.http_port != 0 ? SN_HTTP_FILES : 0;
    return needs;
}

int sn_daemon_share_files(struct sn_conf *conf, struct sn_log *log, struct sn_file_share *share,
                          int *fd_max, char *error, size_t size)
{
    struct sn_settings *settings = &conf->settings;
    struct sn_file_needs needs = count_files(conf);
    uint64_t wanted = sn_file_share_wanted(&needs);
    uint64_t allowed = sn_daemon_raise_files(wanted);

    allowed = allowed > 0 ? allowed : wanted;
    if (sn_file_share(allowed, &needs, share) != 0) {
        snprintf(error, size,
                 "Only %" PRIu64 " open files are allowed, too few for %" PRIu64
                 " links to masters and sentinels, and for some clients. Raise the limit "
                 "(ulimit -n, LimitNOFILE=). Exiting...",
                 allowed, needs.links - needs.minor);
        return SN_EFULL;
    }
    /* Should there be more links than that one day, clients still leave room for new ones. */
    if (allowed <= INT32_MAX)
        *fd_max = (int)(allowed - 1 - share->spare / 2);
    if (share->clients < settings->maxclients)
        sn_log(log, SN_LEVEL_WARNING,
               "Lowered maxclients from %" PRIu32 " to %" PRIu32 ": only %" PRIu64
               " open files are allowed, of which links need %" PRIu64
               " and other sentinels %" PRIu32
               ". Raise the limit (ulimit -n, LimitNOFILE=) to avoid that",
               settings->maxclients, share->clients, allowed, share->reserved, share->peer_places);
    settings->maxclients = share->clients;
    return 0;
}

uint64_t sn_daemon_lend_places(void *arg)
{
    struct sn_daemon_lender *lender = arg;
    struct sn_settings *settings = &lender->conf->settings;
    struct sn_server_figures figures;

    sn_server_measure(lender->server, &figures);
    uint32_t lent = sn_file_share_lend(&lender->share, settings->maxclients, figures.clients);
    if (lent == 0)
        return 0;
    sn_log(lender->log, SN_LEVEL_WARNING,
           "Lowered maxclients from %" PRIu32 " to %" PRIu32
           ": links to replicas that were found since the start need the files of places that no "
           "client uses. Raise the limit (ulimit -n, LimitNOFILE=) to avoid that",
           settings->maxclients, settings->maxclients - lent);
    settings->maxclients -= lent;
    return lent;
}
