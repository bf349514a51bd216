/* SPDX-License-Identifier: BSD-3-Clause */

/* What a crash leaves of a state file that was being written: the bytes that the daemon would write
 * are made of the old state and of the new one, torn in several ways, and given to the daemon's own
 * reader. It must refuse everything but the whole old and the whole new file, and find in those
 * exactly what was saved. A sentinel that starts again starts with what comes out of those bytes.
 */

#include "check.h"

#include "cluster_internal.h"

#include "base/text.h"
#include "conf/conf.h"
#include "conf/state/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TEAR_ONE_IN   16 /* saves; reading takes longer than all that happens between two of them */
#define TEARS         4
#define REREAD_ONE_IN 2 /* restarts */

static void make_conf(const struct cluster *cluster, struct sn_conf *conf)
{
    memset(conf, 0, sizeof(*conf));
    conf->syntax = SN_CONF_INI;
    conf->path = sn_strdup("conf");
    conf->state_path = sn_strdup("state");
    conf->settings.loglevel = SN_LEVEL_NOTICE;
    conf->base_settings.loglevel = SN_LEVEL_NOTICE;
    sn_image_init(&conf->image);
    sn_image_init(&conf->base);
    sn_image_copy(&cluster->config, &conf->image);
    sn_image_copy(&cluster->config, &conf->base);
}

static bool render(const struct cluster *cluster, const struct sn_image *image, struct sn_buf *out)
{
    struct sn_conf conf;
    make_conf(cluster, &conf);
    sn_buf_init(out, SIZE_MAX);
    int code = sn_conf_render(&conf, image, "", 0, out);
    sn_conf_fini(&conf);
    return code == 0;
}

static bool same_members(const struct sn_group_image *a, const struct sn_group_image *b)
{
    bool same = a->replica_count == b->replica_count && a->peer_count == b->peer_count;
    for (size_t i = 0; same && i < a->replica_count; i++)
        same = sn_addr_equal(&a->replicas[i], &b->replicas[i]);
    for (size_t i = 0; same && i < a->peer_count; i++)
        same = sn_addr_equal(&a->peers[i].addr, &b->peers[i].addr) &&
               strcmp(a->peers[i].runid.hex, b->peers[i].runid.hex) == 0;
    return same;
}

/* Whoever asks may have any name, but only an id is kept. */
static const char *kept_id(const struct sn_runid *id)
{
    return sn_text_is_runid(id->hex) ? id->hex : "";
}

static bool same_group(const struct sn_group_image *a, const struct sn_group_image *b)
{
    return a->config_epoch == b->config_epoch && a->leader_epoch == b->leader_epoch &&
           strcmp(kept_id(&a->leader), kept_id(&b->leader)) == 0 &&
           sn_addr_equal(&a->addr, &b->addr) && same_members(a, b) &&
           a->params.quorum == b->params.quorum &&
           a->params.down_after_ms == b->params.down_after_ms &&
           a->params.failover_timeout_ms == b->params.failover_timeout_ms &&
           a->params.parallel_syncs == b->params.parallel_syncs;
}

static bool same_state(const struct sn_image *a, const struct sn_image *b)
{
    bool same = a->current_epoch == b->current_epoch && a->group_count == b->group_count &&
                strcmp(a->myid.hex, b->myid.hex) == 0;
    for (size_t i = 0; same && i < a->group_count; i++) {
        const struct sn_group_image *other = sn_image_find_group(b, a->groups[i].name);
        same = other != NULL && same_group(&a->groups[i], other);
    }
    return same;
}

/* What the daemon would start with, given the bytes of its state file; false, and told, if it would
 * not start, or with something else than was saved. conf is to be freed in either case. */
static bool read_back(struct checks *checks, struct sentinel *sentinel, const struct sn_buf *text,
                      const struct sn_image *image, struct sn_conf *conf)
{
    struct sn_state state;
    struct sn_buf problem;
    bool same = false;
    sn_buf_init(&problem, SIZE_MAX);
    make_conf(checks->cluster, conf);
    if (sn_state_parse(text->data, text->len, &state, &problem) != 0) {
        checks_violated(checks, &sentinel->node, "cannot read its own state: %s",
                        sn_buf_text(&problem));
    } else {
        sn_state_merge(&state, conf);
        same = same_state(image, &conf->image);
        if (!same)
            checks_violated(checks, &sentinel->node, "finds another state than it has saved");
    }
    sn_state_fini(&state);
    sn_buf_fini(&problem);
    return same;
}

/* The whole file gives back what was saved. */
static void check_whole(struct checks *checks, struct sentinel *sentinel, const struct sn_buf *text,
                        const struct sn_image *image)
{
    struct sn_conf conf;
    (void)read_back(checks, sentinel, text, image, &conf);
    sn_conf_fini(&conf);
}

void check_disk_reread(struct checks *checks, struct sentinel *sentinel)
{
    struct sn_buf text;
    struct sn_conf conf;
    if ((checks->cluster->seed + sentinel->boots) % REREAD_ONE_IN != 0)
        return;
    if (!render(checks->cluster, &sentinel->durable, &text)) {
        checks_violated(checks, &sentinel->node, "cannot write its state");
        sn_buf_fini(&text);
        return;
    }
    if (read_back(checks, sentinel, &text, &sentinel->durable, &conf)) {
        sn_image_fini(&sentinel->durable);
        sn_image_copy(&conf.image, &sentinel->durable);
        cluster_say(checks->cluster, NULL, "files of %s are read", sentinel->node.name);
    }
    sn_conf_fini(&conf);
    sn_buf_fini(&text);
}

/* How the bytes may lie after a crash: the new ones up to cut, then … */
static void tear(const struct sn_buf *old, const struct sn_buf *new, size_t cut, unsigned way,
                 struct sn_buf *out)
{
    static const char zeros[64];
    sn_buf_clear(out);
    sn_buf_append(out, new->data, cut);
    if (way % TEARS == 0) /* … the old ones, in place */
        sn_buf_append(out, old->data + (cut < old->len ? cut : old->len),
                      old->len - (cut < old->len ? cut : old->len));
    else if (way % TEARS == 1) /* … a block that never came */
        sn_buf_append(out, zeros, sizeof(zeros));
    else if (way % TEARS == 2) /* … the old ones once more, as when it was lengthened first */
        sn_buf_append(out, old->data, old->len);
    /* … or nothing. */
}

static bool equal(const struct sn_buf *a, const struct sn_buf *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static void check_torn(struct checks *checks, struct sentinel *sentinel, const struct sn_buf *old,
                       const struct sn_buf *new, struct sn_prng *prng)
{
    struct sn_buf torn, problem;
    sn_buf_init(&torn, SIZE_MAX);
    sn_buf_init(&problem, SIZE_MAX);
    for (unsigned way = 0; way < TEARS; way++) {
        struct sn_state state;
        tear(old, new, (size_t)sn_prng_below(prng, new->len), way, &torn);
        int code = sn_state_parse(sn_buf_text(&torn), torn.len, &state, &problem);
        sn_state_fini(&state);
        if (code == 0 && !equal(&torn, old) && !equal(&torn, new))
            checks_violated(checks, &sentinel->node, "takes a torn state file for a whole one");
    }
    sn_buf_fini(&torn);
    sn_buf_fini(&problem);
    cluster_say(checks->cluster, NULL, "torn files of %s", sentinel->node.name);
}

void check_disk_saved(struct checks *checks, struct sentinel *sentinel,
                      const struct sn_image *image)
{
    struct sn_prng prng;
    struct sn_buf old = {0}, new = {0};
    uint64_t lot = checks->cluster->seed * 31 + checks->saves++;
    sn_prng_init(&prng, lot);
    if (sn_prng_below(&prng, TEAR_ONE_IN) != 0)
        return;
    bool whole =
        render(checks->cluster, &sentinel->durable, &old) && render(checks->cluster, image, &new);
    if (!whole) {
        checks_violated(checks, &sentinel->node, "cannot write its state");
    } else {
        check_whole(checks, sentinel, &new, image);
        check_torn(checks, sentinel, &old, &new, &prng);
    }
    sn_buf_fini(&old);
    sn_buf_fini(&new);
}
