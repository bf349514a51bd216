/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/store/store.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/hashtable.h"
#include "conf/draft/draft.h"
#include "core/view.h"
#include "shell/store/slow_save.h"
#include "shell/store/store_file.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Configuration and state of some ten thousand groups. */
#define FILE_MAX (64 * 1024 * 1024)

/* A group that has changed since the last write began. */
struct changed_group {
    uint64_t id;
    char *name;
    bool gone;
    UT_hash_handle hh;
};

struct sn_store {
    uv_loop_t *loop;
    const struct sn_conf *conf;
    struct sn_claim *claim;
    struct sn_log *log;
    struct sn_driver *driver;
    sn_store_watch *watch;
    uint64_t began_ns; /* the write under way */
    void *watch_arg;
    sn_store_live *live;
    void *live_arg;
    struct sn_store_access access; /* mode and owner at the start */
    struct changed_group *changed; /* uthash */
    bool whole;                    /* something changed that `changed` does not tell */
    uint64_t wanted;               /* newest requested version */
    bool again;                    /* it was requested during the write in progress */
    bool busy;
    bool closing;
    bool failing;        /* the last write failed */
    bool in_place_noted; /* logged once */
    bool link_noted;
    struct sn_slow_save slow;
    uv_timer_t slow_timer;
    unsigned holds; /* when closing: the timer, and a write in progress */

    /* The write in progress; the worker thread has these members to itself. */
    uv_work_t work;
    uv_sem_t written;
    struct sn_conf_update update;
    struct sn_conf view;         /* *conf with the live values of this write */
    struct sn_conf_draft *draft; /* of view */
    struct sn_buf user_lines;
    uint64_t version;
    sn_save_step step; /* also read by the loop */
    int status;
    bool in_place;
    bool bare;
    char reason[SN_STORE_REASON_MAX];
};

static int render_and_write(struct sn_store *store)
{
    const struct sn_conf *conf = &store->view;
    struct sn_store_file file = {.path = conf->state_path,
                                 .real = store->claim->path,
                                 .claim = store->claim,
                                 .access = store->access,
                                 .journal_dir = ".",
                                 .step = &store->step};
    struct sn_buf old;
    struct sn_buf fresh;

    sn_buf_init(&old, FILE_MAX);
    sn_buf_init(&fresh, FILE_MAX);
    int status = 0;
    atomic_store(&store->step, SN_SAVE_READS);
    if (conf->state_in_conf)
        status = sn_store_file_read(store->claim->path, false, &old, store->reason);
    if (status == 0) {
        atomic_store(&store->step, SN_SAVE_FORMATS);
        status =
            sn_conf_draft_render(store->draft, &store->update, sn_buf_text(&old), old.len, &fresh);
        if (status != 0 && status != SN_EAGAIN)
            snprintf(store->reason, sizeof(store->reason), "rendering the state: %s",
                     sn_strerror(status));
    }
    if (status == 0)
        status = sn_store_file_write(&file, sn_buf_text(&fresh), fresh.len, &store->in_place,
                                     store->reason);
    store->bare = file.bare;
    sn_buf_fini(&old);
    sn_buf_fini(&fresh);
    return status;
}

static void in_worker(uv_work_t *work)
{
    struct sn_store *store = work->data;

    store->status = render_and_write(store);
    uv_sem_post(&store->written);
}

static void log_in_place(struct sn_store *store)
{
    const char *path = store->conf->state_path;

    store->in_place_noted = true;
    if (store->bare)
        sn_log(
            store->log, SN_LEVEL_WARNING,
            "%s is overwritten in place and without a journal, because neither its folder nor the "
            "working directory is writable: a power loss in the middle of a save can damage it. "
            "Make one of the two writable for user id %ld (`dir` names the working directory)",
            path, (long)geteuid());
    else
        sn_log(store->log, SN_LEVEL_WARNING,
               "%s cannot be replaced by renaming a new file, so it is overwritten in place, with "
               "a journal. Make its folder writable for user id %ld, or mount the folder instead "
               "of the single file, to avoid that",
               path, (long)geteuid());
}

/* A failed save is logged with its reason, and the old file stays (PROTOCOL.md §19.8). */
static void log_result(struct sn_store *store)
{
    if (store->claim->was_link && !store->link_noted) {
        store->link_noted = true;
        sn_log(store->log, SN_LEVEL_WARNING,
               "%s has become a symbolic link: a save replaces the link by a file and does not "
               "follow it",
               store->claim->path);
    }
    if (store->status != 0) {
        sn_log(store->log, SN_LEVEL_WARNING,
               "WARNING: Sentinel was not able to save the new configuration on disk!!!: %s",
               store->reason);
        if (!store->failing)
            sn_log(store->log, SN_LEVEL_WARNING,
                   "This sentinel gives no votes and starts no failover until saving works again. "
                   "Make the folder of %s writable for user id %ld, and free disk space",
                   store->conf->state_path, (long)geteuid());
        return;
    }
    if (store->failing)
        sn_log(store->log, SN_LEVEL_NOTICE, "The state can be saved again");
    if (store->in_place && !store->in_place_noted)
        log_in_place(store);
    sn_log(store->log, SN_LEVEL_VERBOSE, "State saved to %s (version %" PRIu64 ")",
           store->conf->state_path, store->version);
}

/* ---- what has changed ---- */

static void note_record(struct sn_store *store, const struct sn_record *record)
{
    struct changed_group *changed;

    HASH_FIND(hh, store->changed, &record->group, sizeof(record->group), changed);
    if (changed == NULL) {
        changed = sn_alloc(sizeof(*changed));
        changed->id = record->group;
        changed->name = sn_strdup(record->name);
        HASH_ADD(hh, store->changed, id, sizeof(changed->id), changed);
    }
    if ((record->what & SN_RECORD_GONE) != 0)
        changed->gone = true;
}

/* The sentinel's own part is in every write. Its settings change how groups are written: names are
 * replaced by addresses where `resolve-hostnames` is switched off. */
static void note(struct sn_store *store, const struct sn_action_persist *persist)
{
    if (persist->count == 0)
        store->whole = true;
    for (size_t i = 0; i < persist->count; i++) {
        const struct sn_record *record = &persist->records[i];
        if (record->group != 0)
            note_record(store, record);
        else if ((record->what & SN_RECORD_GLOBALS) != 0)
            store->whole = true;
    }
}

static int by_age(const struct changed_group *a, const struct changed_group *b)
{
    return a->id < b->id ? -1 : 1;
}

/* Copies the groups that have changed, in the order of the core: ids rise. */
static void take_changes(struct sn_store *store)
{
    const struct sn_core *core = sn_driver_core(store->driver);
    struct sn_conf_update *update = &store->update;
    struct changed_group *changed, *next;

    sn_image_init(&update->image);
    sn_core_snapshot_sentinel(core, &update->image);
    HASH_SORT(store->changed, by_age);
    HASH_ITER(hh, store->changed, changed, next) {
        if (changed->gone || !sn_core_snapshot_group(core, changed->id, &update->image))
            sn_list_add(&update->gone, changed->name);
    }
}

static void forget_changes(struct sn_store *store)
{
    struct changed_group *changed, *next;

    HASH_ITER(hh, store->changed, changed, next) {
        HASH_DEL(store->changed, changed);
        free(changed->name);
        free(changed);
    }
    store->whole = false;
}

static void take_update(struct sn_store *store)
{
    store->update = (struct sn_conf_update){.whole = store->whole};
    if (store->whole)
        sn_core_snapshot(sn_driver_core(store->driver), &store->update.image);
    else
        take_changes(store);
    forget_changes(store);
}

static void update_fini(struct sn_conf_update *update)
{
    sn_image_fini(&update->image);
    sn_list_fini(&update->gone);
}

/* ---- a save that takes long ---- */

static uint64_t clock_ms(void)
{
    return uv_hrtime() / 1000000;
}

/* PROTOCOL.md §24.2. */
static void look_at_save(uv_timer_t *timer)
{
    struct sn_store *store = timer->data;
    uint64_t now = clock_ms();
    uint64_t next = sn_slow_save_look(&store->slow, now);

    uv_timer_start(timer, look_at_save, next - now, 0);
}

static void begin_to_look(struct sn_store *store)
{
    sn_slow_save_begin(&store->slow, clock_ms());
    uv_timer_start(&store->slow_timer, look_at_save, SN_SLOW_SAVE_MS, 0);
}

static void end_looking(struct sn_store *store)
{
    uv_timer_stop(&store->slow_timer);
    sn_slow_save_end(&store->slow, clock_ms(), store->status == 0);
}

/* ---- writing ---- */

static void let_go(struct sn_store *store)
{
    if (--store->holds > 0)
        return;
    uv_sem_destroy(&store->written);
    forget_changes(store);
    sn_conf_draft_free(store->draft);
    free(store);
}

static void start_work(struct sn_store *store);
static void start_write(struct sn_store *store);

/* PROTOCOL.md §24.2. */
static void on_done(uv_work_t *work, int status)
{
    struct sn_store *store = work->data;

    (void)status; /* never cancelled */
    if (store->closing) {
        let_go(store);
        return;
    }
    uv_sem_wait(&store->written);
    update_fini(&store->update);
    sn_buf_fini(&store->user_lines);
    bool ok = store->status == 0;
    store->whole |= !ok; /* what this write should have saved is not noted any more */
    if (store->status == SN_EAGAIN) {
        start_work(store);
        return;
    }
    end_looking(store);
    log_result(store);
    store->failing = !ok;
    store->busy = false;
    if (store->watch != NULL)
        store->watch(store->watch_arg, ok, uv_hrtime() - store->began_ns);

    struct sn_input event = {.kind = SN_INPUT_PERSISTED,
                             .u.persisted = {.version = store->version, .ok = ok}};
    if (store->version > 0)
        sn_driver_feed(store->driver, &event);
    if (store->again && !store->busy && !store->closing)
        start_write(store);
}

static void start_work(struct sn_store *store)
{
    store->again = false;
    store->in_place = false;
    store->reason[0] = '\0';
    store->version = store->wanted;
    take_update(store);
    store->view = *store->conf;
    sn_buf_init(&store->user_lines, FILE_MAX);
    if (store->live != NULL)
        store->live(store->live_arg, &store->view.live, &store->user_lines);
    atomic_store(&store->step, SN_SAVE_NOT_BEGUN);
    store->work.data = store;
    int status = uv_queue_work(store->loop, &store->work, in_worker, on_done);
    assert(status == 0); /* fails only without a callback */
    (void)status;
}

static void start_write(struct sn_store *store)
{
    store->busy = true;
    store->began_ns = uv_hrtime();
    begin_to_look(store);
    start_work(store);
}

struct sn_store *sn_store_new(uv_loop_t *loop, const struct sn_conf *conf, struct sn_claim *claim,
                              struct sn_log *log)
{
    struct sn_store *store = sn_alloc(sizeof(*store));

    store->loop = loop;
    store->conf = conf;
    store->view = *conf;
    store->draft = sn_conf_draft_new(&store->view);
    store->whole = true;
    store->claim = claim;
    store->log = log;
    store->slow = (struct sn_slow_save){.log = log, .path = conf->state_path, .step = &store->step};
    uv_timer_init(loop, &store->slow_timer);
    uv_unref((uv_handle_t *)&store->slow_timer);
    store->slow_timer.data = store;
    /* A state file may hold passwords; a configuration file gets the mode that stock gives it. */
    mode_t mask = umask(0);
    umask(mask);
    sn_store_access_of(conf->state_path, conf->state_in_conf ? 0644 & ~mask : 0600, &store->access);
    if (uv_sem_init(&store->written, 0) != 0)
        abort(); /* out of resources at the start */
    return store;
}

void sn_store_set_driver(struct sn_store *store, struct sn_driver *driver)
{
    store->driver = driver;
}

void sn_store_set_watch(struct sn_store *store, sn_store_watch *watch, void *arg)
{
    store->watch = watch;
    store->watch_arg = arg;
}

void sn_store_set_live(struct sn_store *store, sn_store_live *live, void *arg)
{
    store->live = live;
    store->live_arg = arg;
}

/* One write at a time; the next write saves all versions that were requested meanwhile (PROTOCOL.md
 * §24.2). */
void sn_store_persist(struct sn_store *store, const struct sn_action_persist *persist)
{
    if (store->closing)
        return;
    note(store, persist);
    if (persist->version > store->wanted)
        store->wanted = persist->version;
    if (store->busy)
        store->again = true;
    else
        start_write(store);
}

void sn_store_try(struct sn_store *store)
{
    if (!store->closing && !store->busy)
        start_write(store);
}

static void on_timer_closed(uv_handle_t *handle)
{
    let_go(handle->data);
}

static void wait_for_worker(struct sn_store *store)
{
    if (uv_sem_trywait(&store->written) == 0)
        return;
    sn_log(store->log, SN_LEVEL_NOTICE, "The process ends when %s is saved",
           store->conf->state_path);
    uv_sem_wait(&store->written);
}

void sn_store_close(struct sn_store *store)
{
    assert(!store->closing);
    store->closing = true;
    store->holds = store->busy ? 2 : 1;
    uv_close((uv_handle_t *)&store->slow_timer, on_timer_closed);
    if (!store->busy)
        return;
    wait_for_worker(store);
    update_fini(&store->update);
    if (store->status == SN_EAGAIN) {
        store->whole = true;
        take_update(store);
        store->status = render_and_write(store);
        update_fini(&store->update);
    }
    sn_buf_fini(&store->user_lines);
    sn_slow_save_end(&store->slow, clock_ms(), store->status == 0);
    log_result(store);
}
