/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/rescue/rescue_file.h"

#include "base/alloc.h"
#include "shell/store/store_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ERROR_MAX 256
#define NAMES_MAX 1000 /* numbers that are tried */
#define PATH_ROOM (PATH_MAX + 64)

struct sn_rescue_file {
    uv_loop_t *loop;
    const struct sn_rescue_file_hooks *hooks;
    void *owner;
    uv_work_t work;
    bool busy, asked_to_finish, closing;
    struct sn_buf input;
    uint64_t complete; /* of all bytes up to the end of input: to be kept */
    /* Of the worker while busy. */
    bool finishing;
    struct sn_buf writing;
    uint64_t writing_complete; /* as complete, up to the end of writing */
    uint64_t kept;             /* as complete, of those that are in the file */
    char *dir, *stem;
    char path[PATH_ROOM]; /* "": not created */
    char facts_path[PATH_ROOM];
    int fd;
    char *facts;
    char error[ERROR_MAX]; /* "": none */
};

/* ---- in the worker -------------------------------------------------------------------------- */

static void note_error(struct sn_rescue_file *file, const char *what, const char *path)
{
    char text[96];

    uv_strerror_r(uv_translate_sys_error(errno), text, sizeof(text));
    snprintf(file->error, sizeof(file->error), "%s %.100s: %s", what, path, text);
}

/* Only its owner may read it: it has the data of clients. */
static int make(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* Both names are taken together, so that the facts are always those of the file. */
static void create(struct sn_rescue_file *file)
{
    for (unsigned number = 1; number <= NAMES_MAX; number++) {
        char suffix[16] = "";
        if (number > 1)
            snprintf(suffix, sizeof(suffix), ".%u", number);
        snprintf(file->path, sizeof(file->path), "%s/%s%s.resp", file->dir, file->stem, suffix);
        snprintf(file->facts_path, sizeof(file->facts_path), "%s/%s%s.json", file->dir, file->stem,
                 suffix);
        if (access(file->facts_path, F_OK) == 0)
            continue;
        file->fd = make(file->path);
        if (file->fd >= 0)
            return;
        if (errno != EEXIST)
            break;
    }
    note_error(file, "creating", file->path);
    file->path[0] = '\0';
}

/* Nothing may wait, when the file is finished: what was written before may be worth nothing. */
static void write_waiting(struct sn_rescue_file *file)
{
    if (file->error[0] != '\0')
        return;
    if (file->writing.len > 0 && file->fd < 0)
        create(file);
    if (file->fd < 0)
        return;
    if (sn_store_write_all(file->fd, sn_buf_text(&file->writing), file->writing.len) == 0)
        file->kept = file->writing_complete;
    else
        note_error(file, "writing", file->path);
}

static bool write_facts(struct sn_rescue_file *file)
{
    int fd = make(file->facts_path);
    if (fd < 0)
        return false;
    bool written = sn_store_write_all(fd, file->facts, strlen(file->facts)) == 0 && fsync(fd) == 0;
    written = close(fd) == 0 && written;
    if (!written) {
        int reason = errno;
        unlink(file->facts_path);
        errno = reason;
    }
    return written;
}

static void sync_folder(struct sn_rescue_file *file)
{
    int fd = open(file->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some file systems cannot sync a folder, and say so. */
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL && errno != EROFS))
        note_error(file, "syncing", file->dir);
    if (fd >= 0)
        close(fd);
}

/* Returns false if nothing is left. */
static bool cut(struct sn_rescue_file *file)
{
    if (file->kept == 0) {
        unlink(file->path);
        file->path[0] = '\0';
    } else if (ftruncate(file->fd, (off_t)file->kept) != 0) {
        note_error(file, "cutting", file->path);
    }
    return file->kept > 0;
}

/* Whatever has failed before, what is complete is kept. The facts tell of all that was handed over:
 * a file that has less has none. */
static void finish_file(struct sn_rescue_file *file)
{
    if (file->fd < 0 || !cut(file))
        return;
    bool failed = file->error[0] != '\0';
    if (fsync(file->fd) != 0)
        note_error(file, "syncing", file->path);
    else if (!failed && !write_facts(file))
        note_error(file, "writing", file->facts_path);
    sync_folder(file);
}

static void work(uv_work_t *request)
{
    struct sn_rescue_file *file = request->data;

    write_waiting(file);
    if (file->finishing)
        finish_file(file);
    if (file->finishing && file->fd >= 0) {
        close(file->fd);
        file->fd = -1;
    }
}

/* ---- on the loop ---------------------------------------------------------------------------- */

static void set_free(struct sn_rescue_file *file)
{
    const struct sn_rescue_file_hooks *hooks = file->hooks;
    void *owner = file->owner;

    if (file->fd >= 0) { /* the daemon is stopped in the middle */
        (void)cut(file);
        close(file->fd);
    }
    sn_buf_fini(&file->input);
    sn_buf_fini(&file->writing);
    free(file->dir);
    free(file->stem);
    free(file->facts);
    free(file);
    hooks->closed(owner);
}

static void on_worked(uv_work_t *request, int status);

static void begin(struct sn_rescue_file *file)
{
    struct sn_buf spare = file->writing;

    assert(!file->busy);
    sn_buf_clear(&spare);
    file->writing = file->input;
    file->input = spare;
    file->writing_complete = file->complete;
    file->busy = true;
    file->finishing = file->asked_to_finish;
    uv_queue_work(file->loop, &file->work, work, on_worked);
}

static void on_worked(uv_work_t *request, int status)
{
    struct sn_rescue_file *file = request->data;

    (void)status;
    file->busy = false;
    sn_buf_clear(&file->writing);
    if (file->closing) {
        set_free(file);
    } else if (file->finishing) {
        file->hooks->finished(file->owner);
    } else if (file->asked_to_finish) {
        begin(file);
    } else {
        file->hooks->written(file->owner);
    }
}

struct sn_rescue_file *sn_rescue_file_new(uv_loop_t *loop, const char *dir, const char *stem,
                                          const struct sn_rescue_file_hooks *hooks, void *owner)
{
    struct sn_rescue_file *file = sn_alloc(sizeof(*file));

    file->loop = loop;
    file->hooks = hooks;
    file->owner = owner;
    file->work.data = file;
    file->dir = sn_strdup(dir);
    file->stem = sn_strdup(stem);
    file->fd = -1;
    sn_buf_init(&file->input, SIZE_MAX);
    sn_buf_init(&file->writing, SIZE_MAX);
    return file;
}

struct sn_buf *sn_rescue_file_input(struct sn_rescue_file *file)
{
    return &file->input;
}

void sn_rescue_file_write(struct sn_rescue_file *file, uint64_t complete)
{
    file->complete = complete;
    if (!file->busy && file->input.len > 0)
        begin(file);
}

size_t sn_rescue_file_waiting(const struct sn_rescue_file *file)
{
    return file->input.len + file->writing.len;
}

/* A worker that is at work is followed by another one, which finishes. */
void sn_rescue_file_finish(struct sn_rescue_file *file, uint64_t len, char *facts)
{
    assert(!file->asked_to_finish);
    file->complete = len;
    file->facts = facts;
    file->asked_to_finish = true;
    if (!file->busy)
        begin(file);
}

const char *sn_rescue_file_path(const struct sn_rescue_file *file)
{
    return file->path;
}

const char *sn_rescue_file_error(const struct sn_rescue_file *file)
{
    return file->error;
}

void sn_rescue_file_close(struct sn_rescue_file *file)
{
    file->closing = true;
    if (!file->busy)
        set_free(file);
}
