/* SPDX-License-Identifier: BSD-3-Clause */

/* The disk of a sentinel, with the group commit of the shell: one write at a time, of a snapshot
 * taken when it begins; what was asked for meanwhile goes into the next one. */

#include "cluster_internal.h"

/* What a store that keeps by records what it has to save would not save. */
static void look_for_gaps(struct sentinel *sentinel)
{
    const char *missing = shadow_misses(&sentinel->disk.shadow, sentinel->core);
    if (missing != NULL)
        sentinel_broken(sentinel, missing);
}

static void begin_write(struct sentinel *sentinel)
{
    struct disk *disk = &sentinel->disk;
    struct cluster *cluster = sentinel->node.cluster;
    if (cluster->sparse)
        look_for_gaps(sentinel);
    uint64_t spread = (uint64_t)disk->latency_jitter_ms + 1;
    disk->busy = true;
    disk->again = false;
    disk->version = disk->wanted;
    sn_core_snapshot(sentinel->core, &disk->image);
    if (cluster->watch != NULL && cluster->watch->snapshot != NULL)
        cluster->watch->snapshot(cluster->watch->arg, sentinel, &disk->image);
    sn_timer_set(&cluster->wires, &disk->timer,
                 cluster->now + disk->latency_ms + (sn_ms)sn_prng_below(&cluster->prng, spread));
}

void disk_persist(struct sentinel *sentinel, const struct sn_action_persist *persist)
{
    struct disk *disk = &sentinel->disk;
    shadow_persist(&disk->shadow, sentinel->core, persist);
    if (!sentinel->node.cluster->sparse)
        look_for_gaps(sentinel);
    if (persist->version > disk->wanted)
        disk->wanted = persist->version;
    if (disk->busy)
        disk->again = true;
    else
        begin_write(sentinel);
}

/* What was written is what a restart finds; word: what the core will be told of it. */
static void make_durable(struct sentinel *sentinel, const char *word)
{
    struct disk *disk = &sentinel->disk;
    const struct cluster_watch *watch = sentinel->node.cluster->watch;
    check_durable(sentinel, &disk->image);
    if (watch != NULL && watch->saved != NULL)
        watch->saved(watch->arg, sentinel, &disk->image);
    sn_image_fini(&sentinel->durable);
    sentinel->durable = disk->image;
    sn_image_init(&disk->image);
    cluster_say(sentinel->node.cluster, &sentinel->node, "%s %llu", word,
                (unsigned long long)disk->version);
}

static void tell(struct sentinel *sentinel)
{
    struct disk *disk = &sentinel->disk;
    struct sn_input event = {.kind = SN_INPUT_PERSISTED,
                             .u.persisted = {.version = disk->version, .ok = disk->done_ok}};
    disk->busy = false;
    disk->done_waiting = false;
    sentinel_feed(sentinel, &event);
    if (sentinel->core != NULL && disk->again && !disk->busy)
        begin_write(sentinel);
}

/* An error that comes too late: the new state is there. */
static bool lands(struct sentinel *sentinel)
{
    return sentinel->disk.lands && sn_prng_below(&sentinel->node.cluster->prng, 2) == 0;
}

void disk_due(struct sentinel *sentinel)
{
    struct disk *disk = &sentinel->disk;
    disk->done_ok = !disk->failing;
    disk->done_waiting = true;
    if (disk->done_ok) {
        make_durable(sentinel, "saved");
    } else if (lands(sentinel)) {
        make_durable(sentinel, "thinks it could not save");
    } else {
        sn_image_fini(&disk->image);
        cluster_say(sentinel->node.cluster, &sentinel->node, "could not save %llu",
                    (unsigned long long)disk->version);
    }
    /* "saved" may have been what a hook waits for to kill or stop us. */
    if (disk->done_waiting && sentinel->node.state == NODE_RUNNING)
        tell(sentinel);
}

void disk_late_due(struct sentinel *sentinel)
{
    if (sentinel->disk.done_waiting && sentinel->node.state == NODE_RUNNING)
        tell(sentinel);
}

void disk_crash(struct sentinel *sentinel)
{
    struct disk *disk = &sentinel->disk;
    struct cluster *cluster = sentinel->node.cluster;
    sn_timer_stop(&cluster->wires, &disk->timer);
    sn_timer_stop(&cluster->wires, &sentinel->late);
    if (disk->busy && !disk->done_waiting) {
        /* The rename may have happened, or not. */
        bool may = disk->failing ? disk->lands : !disk->lost_on_crash;
        if (may && sn_prng_below(&cluster->prng, 2) == 0) {
            make_durable(sentinel, "saved");
        } else {
            cluster_say(cluster, &sentinel->node, "lost what it was saving");
            sn_image_fini(&disk->image);
        }
    }
    disk->busy = false;
    disk->again = false;
    disk->done_waiting = false;
    disk->wanted = 0;
}
