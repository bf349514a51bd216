/* SPDX-License-Identifier: BSD-3-Clause */

/* The worker opens the file for each write, so that it may be moved or removed by others. A write
 * that fails in the middle is taken back, because half a line would spoil the next one. Nothing is
 * synced: a history is not worth what a sync costs the votes that are saved on the same disk. */

#include "shell/chronicle/scroll.h"

#include "base/alloc.h"
#include "shell/store/store_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct sn_scroll {
    uv_loop_t *loop;
    struct sn_log *log;
    char *path, *old_path;
    struct sn_buf pending;
    bool busy, closing;
    bool failing; /* the last write failed, which is logged */
    bool tried;   /* closing: the last attempt was made */
    size_t dropped;

    /* The write under way; the worker has these members to itself. */
    uv_work_t work;
    struct sn_buf bytes;
    int error; /* of errno; 0: written */
};

struct sn_scroll *sn_scroll_new(uv_loop_t *loop, struct sn_log *log, const char *path)
{
    struct sn_scroll *scroll = sn_alloc(sizeof(*scroll));
    struct sn_buf old;

    scroll->loop = loop;
    scroll->log = log;
    scroll->path = sn_strdup(path);
    sn_buf_init(&old, SIZE_MAX);
    sn_buf_printf(&old, "%s.1", path);
    scroll->old_path = sn_buf_take(&old);
    scroll->work.data = scroll;
    sn_buf_init(&scroll->pending, SIZE_MAX);
    sn_buf_init(&scroll->bytes, SIZE_MAX);
    return scroll;
}

static void free_scroll(struct sn_scroll *scroll)
{
    sn_buf_fini(&scroll->pending);
    sn_buf_fini(&scroll->bytes);
    free(scroll->path);
    free(scroll->old_path);
    free(scroll);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Calls each for every line; text may have NULs in it, as a loss of power leaves them. */
static void each_line(const struct sn_buf *text, void (*each)(void *arg, const char *line),
                      void *arg)
{
    char *at = text->data, *end = text->len == 0 ? at : at + text->len;

    while (at != end) {
        char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL)
            line_end = end; /* which has a NUL, as that of each buffer */
        *line_end = '\0';
        while (at < line_end && *at == '\0')
            at++;
        if (at < line_end)
            each(arg, at);
        at = line_end == end ? end : line_end + 1;
    }
}

static void load_file(const struct sn_scroll *scroll, const char *path,
                      void (*each)(void *arg, const char *line), void *arg)
{
    char reason[SN_STORE_REASON_MAX];
    struct sn_buf text;

    sn_buf_init(&text, 2 * SN_SCROLL_FILE_MAX);
    if (sn_store_file_read(path, true, &text, reason) != 0)
        sn_log(scroll->log, SN_LEVEL_WARNING, "The history in %s is not shown: %s", path,
               text.full ? "the file is too large" : reason);
    else
        each_line(&text, each, arg);
    sn_buf_fini(&text);
}

void sn_scroll_load(const struct sn_scroll *scroll, void (*each)(void *arg, const char *line),
                    void *arg)
{
    load_file(scroll, scroll->old_path, each, arg);
    load_file(scroll, scroll->path, each, arg);
}

/* ---- writing, in the worker ----------------------------------------------------------------- */

/* Returns the descriptor of a regular file, or -1. */
static int open_end(const char *path, off_t *size)
{
    struct stat status;
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        *size = status.st_size;
        return fd;
    }
    close(fd);
    errno = EINVAL;
    return -1;
}

/* A process that was killed in the middle of a write leaves half a line, which spoils no other one.
 */
static int end_half_line(int fd, off_t size)
{
    char last = '\n';

    if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n')
        return sn_store_write_all(fd, "\n", 1) == 0 ? 0 : errno;
    return 0;
}

static int write_lines(const struct sn_scroll *scroll)
{
    off_t size = 0;
    int fd = open_end(scroll->path, &size);

    if (fd >= 0 && size > 0 && (size_t)size + scroll->bytes.len > SN_SCROLL_FILE_MAX) {
        close(fd);
        if (rename(scroll->path, scroll->old_path) != 0)
            return errno;
        fd = open_end(scroll->path, &size);
    }
    if (fd < 0)
        return errno;
    int error = end_half_line(fd, size);
    if (error == 0 && sn_store_write_all(fd, sn_buf_text(&scroll->bytes), scroll->bytes.len) != 0)
        error = errno;
    if (error != 0)
        error = ftruncate(fd, size) == 0 ? error : errno;
    if (close(fd) != 0 && error == 0)
        error = errno;
    return error;
}

static void in_scroll_worker(uv_work_t *work)
{
    struct sn_scroll *scroll = work->data;

    scroll->error = write_lines(scroll);
}

/* ---- the loop ------------------------------------------------------------------------------- */

static void log_scroll_result(struct sn_scroll *scroll)
{
    if (scroll->error != 0 && !scroll->failing)
        sn_log(
            scroll->log, SN_LEVEL_WARNING,
            "Cannot write the history to %s: %s. Failovers do not depend on it; the last entries "
            "are in memory (SENTINEL HISTORY) and are written when that works again. Free disk "
            "space or fix permissions, or name another history-file",
            scroll->path, strerror(scroll->error));
    else if (scroll->error == 0 && scroll->failing)
        sn_log(scroll->log, SN_LEVEL_NOTICE,
               "The history is written to %s again; %zu lines are lost", scroll->path,
               scroll->dropped);
    if (scroll->error == 0)
        scroll->dropped = 0;
    scroll->failing = scroll->error != 0;
}

static void limit_pending(struct sn_scroll *scroll)
{
    while (scroll->pending.len > SN_SCROLL_PENDING_MAX) {
        const char *end = strchr(sn_buf_text(&scroll->pending), '\n');
        assert(end != NULL);
        sn_buf_consume(&scroll->pending, (size_t)(end - scroll->pending.data) + 1);
        scroll->dropped++;
    }
}

static void start_writing(struct sn_scroll *scroll);

static void on_scroll_written(uv_work_t *work, int status)
{
    struct sn_scroll *scroll = work->data;

    (void)status;
    scroll->busy = false;
    log_scroll_result(scroll);
    if (scroll->error != 0) { /* again with the next line: before those that came meanwhile */
        sn_buf_append(&scroll->bytes, sn_buf_text(&scroll->pending), scroll->pending.len);
        struct sn_buf all = scroll->bytes;
        scroll->bytes = scroll->pending;
        scroll->pending = all;
        limit_pending(scroll);
    }
    sn_buf_clear(&scroll->bytes);
    bool is_over = scroll->pending.len == 0 || scroll->tried;
    if (scroll->closing && is_over)
        free_scroll(scroll);
    else if (scroll->closing || (scroll->error == 0 && scroll->pending.len > 0))
        start_writing(scroll);
}

static void start_writing(struct sn_scroll *scroll)
{
    struct sn_buf empty = scroll->bytes;

    scroll->busy = true;
    scroll->tried = scroll->closing;
    scroll->bytes = scroll->pending;
    scroll->pending = empty;
    int status = uv_queue_work(scroll->loop, &scroll->work, in_scroll_worker, on_scroll_written);
    assert(status == 0);
    (void)status;
}

void sn_scroll_append(struct sn_scroll *scroll, const char *text)
{
    sn_buf_puts(&scroll->pending, text);
    sn_buf_putc(&scroll->pending, '\n');
    limit_pending(scroll);
    if (!scroll->busy)
        start_writing(scroll);
}

void sn_scroll_close(struct sn_scroll *scroll)
{
    scroll->closing = true;
    if (scroll->busy)
        return;
    if (scroll->pending.len > 0)
        start_writing(scroll);
    else
        free_scroll(scroll);
}
