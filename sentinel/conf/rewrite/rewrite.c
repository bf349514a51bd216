/* SPDX-License-Identifier: BSD-3-Clause */

/* Rewrites a file of the Redis syntax as the other daemons do it (PROTOCOL.md §19.8): comments and
 * the order of lines stay, each setting takes the place of its old line or is appended, lines that
 * mean nothing any more go.
 *
 * Deliberate differences, all of which the other daemons read back (§24.2): values are quoted where
 * they need it; a line is taken only for its own group; both spellings of an option are the same
 * line; lines of the server are left as the operator wrote them (server.h); what an
 * included file says is not repeated. */

#include "base/error.h"
#include "base/prng.h"
#include "base/text.h"
#include "conf/read/loader.h"
#include "conf/rewrite/server.h"
#include "conf/state/state.h"
#include "conf/table/option.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void emit_option(struct sn_rewrite *rewrite, const struct sn_directive *directive,
                        const struct sn_image *image, const struct sn_group_image *group)
{
    struct sn_setting_words words;
    const char *name = group != NULL ? group->name : NULL;

    sn_option_get(directive->option, &image->globals, group != NULL ? &group->params : NULL,
                  &words);
    bool is_default = sn_option_is_default(directive->option, &words);
    if (directive->option == SN_OPTION_RENAME_COMMAND) {
        for (size_t i = 0; i < words.count; i += 2)
            sn_rewrite_emit(rewrite, directive, name, &words.items[i], 2, false);
    } else if (words.count > 0) {
        sn_rewrite_emit(rewrite, directive, name, words.items, words.count, is_default);
    } else {
        /* Unset: the line goes, unless it is needed against an included one. */
        char empty[] = "";
        char *const values[] = {empty};
        if (sn_rewrite_included(rewrite, directive, name))
            sn_rewrite_emit(rewrite, directive, name, values, 1, false);
    }
    sn_list_fini(&words);
}

static void emit_epoch(struct sn_rewrite *rewrite, const struct sn_directive *directive,
                       const char *group, uint64_t epoch)
{
    char text[24];
    char *const values[] = {text};
    snprintf(text, sizeof(text), "%" PRIu64, epoch);
    sn_rewrite_emit(rewrite, directive, group, values, 1, false);
}

/* The host as it was configured or learned, not its resolution, unless names have been switched off
 * since. */
static const char *host_of(const struct sn_rewrite *rewrite, const struct sn_addr *addr)
{
    return rewrite->names || addr->ip[0] == '\0' ? addr->host : addr->ip;
}

/* `last` is the third word, if there is one: a quorum or a run id. */
static void emit_address(struct sn_rewrite *rewrite, const struct sn_directive *directive,
                         const char *group, const struct sn_addr *addr, const char *last)
{
    char port[8];
    char *const values[] = {(char *)(uintptr_t)host_of(rewrite, addr), port,
                            (char *)(uintptr_t)last};
    snprintf(port, sizeof(port), "%u", (unsigned)addr->port);
    sn_rewrite_emit(rewrite, directive, group, values, last != NULL ? 3 : 2, false);
}

/* Members whose address or id no reader would take are left out: they are learned again. */
static void emit_state(struct sn_rewrite *rewrite, const struct sn_directive *directive,
                       const struct sn_group_image *group)
{
    char quorum[16];

    if (directive->apply == sn_apply_monitor) {
        if (!sn_addr_host_valid(group->addr.host))
            rewrite->unwritable = true;
        snprintf(quorum, sizeof(quorum), "%" PRIu32, group->params.quorum);
        emit_address(rewrite, directive, group->name, &group->addr, quorum);
    } else if (directive->apply == sn_apply_config_epoch) {
        emit_epoch(rewrite, directive, group->name, group->config_epoch);
    } else if (directive->apply == sn_apply_leader_epoch) {
        emit_epoch(rewrite, directive, group->name, group->leader_epoch);
    } else if (directive->apply == sn_apply_known_replica) {
        for (size_t i = 0; i < group->replica_count; i++) {
            if (sn_addr_host_valid(group->replicas[i].host))
                emit_address(rewrite, directive, group->name, &group->replicas[i], NULL);
        }
    } else if (directive->apply == sn_apply_known_sentinel) {
        for (size_t i = 0; i < group->peer_count; i++) {
            const struct sn_known_peer *peer = &group->peers[i];
            if (sn_addr_host_valid(peer->addr.host) && sn_text_is_runid(peer->runid.hex))
                emit_address(rewrite, directive, group->name, &peer->addr, peer->runid.hex);
        }
    }
}

static void emit_group(struct sn_rewrite *rewrite, const struct sn_image *image,
                       const struct sn_group_image *group)
{
    size_t count;
    const struct sn_directive *table = sn_directives(SN_SCOPE_GROUP, &count);

    for (size_t i = 0; i < count; i++) {
        if (table[i].option == SN_OPTION_NONE)
            emit_state(rewrite, &table[i], group);
        else if (table[i].option != SN_OPTION_QUORUM)
            emit_option(rewrite, &table[i], image, group);
    }
}

/* The sentinel's own directives stand around the groups: myid and the switches before them, the
 * epoch and what is announced behind. */
static void emit_image(struct sn_rewrite *rewrite, const struct sn_image *image)
{
    size_t count;
    const struct sn_directive *table = sn_directives(SN_SCOPE_SENTINEL, &count);
    char id[SN_RUNID_LEN + 1];
    char *const values[] = {id};

    memcpy(id, image->myid.hex, sizeof(id));
    for (size_t i = 0; i < count; i++) {
        if (table[i].apply == sn_apply_current_epoch) {
            for (size_t j = 0; j < image->group_count; j++)
                emit_group(rewrite, image, &image->groups[j]);
            emit_epoch(rewrite, &table[i], NULL, image->current_epoch);
        } else if (table[i].apply != sn_apply_myid) {
            emit_option(rewrite, &table[i], image, NULL);
        } else if (id[0] != '\0') {
            sn_rewrite_emit(rewrite, &table[i], NULL, values, 1, false);
        }
    }
}

int sn_conf_render(const struct sn_conf *conf, const struct sn_image *image, const char *old,
                   size_t old_len, struct sn_buf *out)
{
    struct sn_rewrite rewrite;

    if (!conf->state_in_conf)
        return sn_state_render(conf, image, out);
    if (conf->recovered != NULL && sn_hash_bytes(SN_HASH_START, old, old_len) == conf->damaged_hash)
        sn_rewrite_init(&rewrite, conf, conf->recovered, strlen(conf->recovered));
    else
        sn_rewrite_init(&rewrite, conf, old, old_len);
    rewrite.names = image->globals.resolve_hostnames;
    sn_rewrite_settings(&rewrite);
    emit_image(&rewrite, image);
    sn_rewrite_live(&rewrite);
    sn_rewrite_put(&rewrite, out);
    int code = rewrite.unwritable ? SN_EINVAL : out->full ? SN_EFULL : 0;
    sn_rewrite_fini(&rewrite);
    return code;
}
