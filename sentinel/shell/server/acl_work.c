/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/acl_work.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>

#define ERROR_TEXT_MAX ((size_t)64 << 10)

static void in_worker(uv_work_t *handle)
{
    struct sn_acl_work *work = handle->data;
    struct sn_store_file file = {
        .path = work->path, .real = work->path, .access = work->access, .journal_dir = "."};
    char reason[SN_STORE_REASON_MAX] = "";
    bool in_place;

    if (work->read != NULL) {
        work->status = work->read(work->path, &work->fresh, &work->error);
        return;
    }
    work->status =
        sn_store_file_write(&file, sn_buf_text(&work->lines), work->lines.len, &in_place, reason);
    if (work->status != 0)
        sn_buf_puts(&work->error, reason);
}

static void on_done(uv_work_t *handle, int status)
{
    struct sn_acl_work *work = handle->data;

    (void)status; /* never cancelled */
    work->done(work->arg, work);
    sn_buf_fini(&work->lines);
    sn_buf_fini(&work->error);
    free(work->path);
    free(work);
}

static struct sn_acl_work *work_new(const char *path, sn_acl_work_done *done, void *arg)
{
    struct sn_acl_work *work = sn_alloc(sizeof(*work));

    work->work.data = work;
    work->path = sn_strdup(path);
    sn_buf_init(&work->error, ERROR_TEXT_MAX);
    work->done = done;
    work->arg = arg;
    return work;
}

static void start(uv_loop_t *loop, struct sn_acl_work *work)
{
    int status = uv_queue_work(loop, &work->work, in_worker, on_done);

    assert(status == 0); /* fails only without a callback */
    (void)status;
}

void sn_acl_work_load(uv_loop_t *loop, const char *path, sn_acl_work_read *read,
                      sn_acl_work_done *done, void *arg)
{
    struct sn_acl_work *work = work_new(path, done, arg);

    work->read = read;
    start(loop, work);
}

void sn_acl_work_save(uv_loop_t *loop, const char *path, const struct sn_store_access *access,
                      struct sn_buf *lines, sn_acl_work_done *done, void *arg)
{
    struct sn_acl_work *work = work_new(path, done, arg);

    work->access = *access;
    work->lines = *lines;
    sn_buf_init(lines, lines->cap);
    start(loop, work);
}
