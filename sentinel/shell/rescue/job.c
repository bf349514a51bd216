/* SPDX-License-Identifier: BSD-3-Clause */
/* A job asks the old master for INFO, which says whether this is still the right process and from
 * where on its stream can be had, then for the stream (PSYNC), as a replica does. The stream ends
 * where the master was when it answered INFO. A server that would have to send its whole data set
 * is never asked. In the end the file is cut behind its last complete transaction. */
#include "shell/rescue/job.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "shell/links/command.h"
#include "shell/rescue/rescue_file.h"
#include "wire/info.h"
#include "wire/tail.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MAX ((size_t)4 << 20)   /* bytes that the disk has not taken */
#define TAIL_MAX    ((uint64_t)4 << 30) /* a server may claim anything; no disk is to be filled */
#define ANSWER_MAX  512
#define OUTPUT_MAX  ((size_t)64 << 10)
#define REASON_MAX  300

enum state {
    JOB_WAITS = 0,  /* for another one to end */
    JOB_ASKS,       /* connects, and asks for INFO */
    JOB_INTRODUCES, /* itself, by REPLCONF */
    JOB_SYNCS,      /* has sent PSYNC */
    JOB_STREAMS,
    JOB_FINISHES, /* the file */
    JOB_CLOSES
};

struct sn_rescue_job {
    const struct sn_rescue_job_hooks *hooks;
    void *owner;
    uv_loop_t *loop;
    char *dir;
    struct sn_rescue_facts facts;
    enum state state;
    char *ip, *pass, *psync, *replconf;
    uint16_t port;
    bool tls;
    struct sn_runid process;
    char *master_ip;
    uint16_t master_port;
    struct sn_stream stream;
    struct sn_reply_reader *reader;
    unsigned answers; /* to the commands before INFO that are missing */
    struct sn_buf line;
    uint64_t next; /* offset of the next byte of the stream */
    struct sn_tail *tail;
    struct sn_rescue_file *file;
    unsigned open;           /* stream, file and timer that are not closed yet */
    char reason[REASON_MAX]; /* "": nothing has failed */
};

static void finish(struct sn_rescue_job *job);

/* ---- the end -------------------------------------------------------------------------------- */

static void forget_secret(char *text)
{
    /* Through a volatile pointer, so that it is not optimised away. */
    for (volatile char *byte = text; byte != NULL && *byte != '\0'; byte++)
        *byte = '\0';
    free(text);
}

static void on_part_closed(struct sn_rescue_job *job)
{
    const struct sn_rescue_job_hooks *hooks = job->hooks;
    void *owner = job->owner;

    if (--job->open > 0)
        return;
    sn_rescue_facts_fini(&job->facts);
    sn_reply_reader_free(job->reader);
    sn_tail_free(job->tail);
    sn_buf_fini(&job->line);
    forget_secret(job->pass);
    free(job->dir);
    free(job->ip);
    free(job->psync);
    free(job->replconf);
    free(job->master_ip);
    free(job);
    hooks->closed(owner);
}

static void on_stream_closed(void *owner)
{
    on_part_closed(owner);
}

static void on_file_closed(void *owner)
{
    on_part_closed(owner);
}

void sn_rescue_job_close(struct sn_rescue_job *job)
{
    enum state was = job->state;

    assert(was != JOB_CLOSES);
    job->state = JOB_CLOSES;
    if (was != JOB_FINISHES) /* else it is closed */
        sn_stream_close(&job->stream);
    if (job->file != NULL)
        sn_rescue_file_close(job->file);
}

/* The file is at rest, or there is none. */
static void end(const struct sn_rescue_job *job)
{
    const char *error = job->file != NULL ? sn_rescue_file_error(job->file) : "";
    const char *path = job->file != NULL ? sn_rescue_file_path(job->file) : "";
    char reason[REASON_MAX + 320 + 64];

    if (job->reason[0] == '\0' && error[0] == '\0') {
        job->hooks->ended(job->owner,
                          job->facts.tail.writes > 0 ? SN_RESCUE_SAVED : SN_RESCUE_EMPTY, path, "");
        return;
    }
    snprintf(reason, sizeof(reason), "%s%s%.300s", job->reason[0] != '\0' ? job->reason : error,
             path[0] != '\0' ? "; the first part is in " : "", path);
    job->hooks->ended(job->owner, SN_RESCUE_FAILED, path, reason);
}

SN_PRINTF(2, 3)
static void fail(struct sn_rescue_job *job, const char *format, ...)
{
    struct sn_buf escaped;
    char text[REASON_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    sn_buf_init(&escaped, REASON_MAX * 4);
    sn_text_escape(&escaped, text, strlen(text));
    snprintf(job->reason, sizeof(job->reason), "%s", sn_buf_text(&escaped));
    sn_buf_fini(&escaped);
    finish(job);
}

/* ---- the stream ----------------------------------------------------------------------------- */

static void on_written(void *owner)
{
    struct sn_rescue_job *job = owner;

    if (job->state != JOB_STREAMS)
        return;
    if (sn_rescue_file_error(job->file)[0] != '\0') {
        finish(job);
        return;
    }
    sn_rescue_file_write(job->file, sn_tail_facts(job->tail)->complete);
    if (sn_rescue_file_waiting(job->file) < WAITING_MAX && sn_stream_resume(&job->stream) != 0)
        fail(job, "reading from the server failed");
}

static void on_finished(void *owner)
{
    end(owner);
}

static const struct sn_rescue_file_hooks file_hooks = {
    .written = on_written, .finished = on_finished, .closed = on_file_closed};

/* Nothing more is read; what there is gets onto the disk. */
static void finish(struct sn_rescue_job *job)
{
    bool is_complete = job->reason[0] == '\0';

    assert(job->state < JOB_FINISHES);
    job->state = JOB_FINISHES;
    sn_stream_close(&job->stream);
    if (job->tail != NULL)
        job->facts.tail = *sn_tail_facts(job->tail);
    if (job->file == NULL) {
        end(job);
        return;
    }
    bool is_empty = job->facts.tail.writes == 0;
    sn_rescue_file_finish(job->file, is_empty ? 0 : job->facts.tail.complete,
                          sn_rescue_facts_json(&job->facts, is_complete ? "" : job->reason));
}

static void take_stream(struct sn_rescue_job *job, const char *bytes, size_t len)
{
    uint64_t missing = job->facts.end - job->next;
    size_t wanted = missing < len ? (size_t)missing : len;

    if (sn_tail_feed(job->tail, bytes, wanted, sn_rescue_file_input(job->file)) != 0) {
        fail(job, "the server sends something else than commands at offset %llu",
             (unsigned long long)job->next);
        return;
    }
    job->next += wanted;
    if (job->next == job->facts.end) {
        finish(job);
        return;
    }
    sn_rescue_file_write(job->file, sn_tail_facts(job->tail)->complete);
    if (sn_rescue_file_waiting(job->file) >= WAITING_MAX)
        sn_stream_pause(&job->stream);
}

/* ---- the conversation ----------------------------------------------------------------------- */

static void write_words(struct sn_rescue_job *job, const char *const *words)
{
    static const struct sn_renames none = {0};

    sn_links_write_words(&job->stream.out, &none, words);
}

/* As a replica does, under the address of the new master, which everybody knows already. */
static void introduce(struct sn_rescue_job *job)
{
    char port[8];

    snprintf(port, sizeof(port), "%u", (unsigned)job->master_port);
    write_words(job, (const char *const[]){job->replconf, "listening-port", port, "ip-address",
                                           job->master_ip, NULL});
    job->state = JOB_INTRODUCES;
    (void)sn_stream_flush(&job->stream);
}

/* No answer may be on its way when a server reads PSYNC. */
static void ask_for_stream(struct sn_rescue_job *job)
{
    char offset[24];

    snprintf(offset, sizeof(offset), "%llu", (unsigned long long)job->next);
    write_words(job, (const char *const[]){job->psync, job->facts.replid.hex, offset, NULL});
    job->state = JOB_SYNCS;
    (void)sn_stream_flush(&job->stream);
}

static void open_file(struct sn_rescue_job *job)
{
    char stem[256];

    sn_rescue_facts_stem(&job->facts, stem, sizeof(stem));
    job->open++;
    job->file = sn_rescue_file_new(job->loop, job->dir, stem, &file_hooks, job);
}

/* The one database that has keys is taken for that of the tail, if the stream does not tell. */
static void judge(struct sn_rescue_job *job, const struct sn_info *info)
{
    struct sn_rescue_facts *facts = &job->facts;
    uint64_t parted_at = facts->parted_at;

    bool has_end = info->has_master_offset && info->master_repl_offset < UINT64_MAX;
    facts->end = has_end ? info->master_repl_offset + 1 : 0;
    if (strcmp(info->runid.hex, job->process.hex) != 0) {
        fail(job, "the server is no longer the old master: it was restarted");
    } else if (info->role != SN_ROLE_MASTER || strcmp(info->replid.hex, facts->replid.hex) != 0) {
        fail(job, "the server is no longer the old master: another sentinel has demoted it, and "
                  "may have rescued its writes");
    } else if (!has_end) {
        fail(job, "it does not tell the end of its stream (master_repl_offset)");
    } else if (facts->end <= parted_at) {
        finish(job);
    } else if (facts->end - parted_at > TAIL_MAX) {
        fail(job, "it claims %llu bytes that are lost: more than 4 GiB are not rescued",
             (unsigned long long)(facts->end - parted_at));
    } else if (!info->has_backlog || info->backlog_first > parted_at) {
        fail(job,
             "its backlog does not reach back far enough: %llu bytes are lost, the oldest of them "
             "%llu bytes before the backlog (raise repl-backlog-size, and keep repl-backlog-ttl)",
             (unsigned long long)(facts->end - parted_at),
             (unsigned long long)(info->has_backlog ? info->backlog_first - parted_at
                                                    : facts->end - parted_at));
    } else {
        uint64_t from = info->backlog_first;
        if (parted_at - from > SN_TAIL_BEFORE_MAX)
            from = parted_at - SN_TAIL_BEFORE_MAX;
        job->tail = sn_tail_new(from, parted_at, info->databases == 1 ? info->database : 0);
        job->next = from;
        open_file(job);
        introduce(job);
    }
}

static void take_info(struct sn_rescue_job *job, const struct sn_reply *reply)
{
    struct sn_info info;

    if (reply->type != SN_REPLY_STRING) {
        fail(job, "INFO: %.200s", reply->text);
        return;
    }
    sn_info_parse(reply->text, reply->len, &info);
    judge(job, &info);
    sn_info_fini(&info);
}

/* AUTH and CLIENT SETNAME may be refused: INFO tells whether that matters. */
static void take_answers(struct sn_rescue_job *job, const char *bytes, size_t len)
{
    struct sn_reply *reply;
    bool push;
    int status = sn_reply_reader_feed(job->reader, bytes, len);

    while (status == 0 && job->state == JOB_ASKS &&
           (status = sn_reply_reader_next(job->reader, &reply, &push)) == 0) {
        if (push || job->answers > 0)
            job->answers -= !push;
        else
            take_info(job, reply);
        sn_reply_free(reply);
    }
    if (status == SN_EINVAL && job->state == JOB_ASKS)
        fail(job, "%.200s", sn_reply_reader_error(job->reader));
}

/* Only a partial synchronisation is of use. */
static void take_line(struct sn_rescue_job *job, const char *line)
{
    if (job->state == JOB_INTRODUCES)
        ask_for_stream(job);
    else if (strncmp(line, "+CONTINUE", 9) == 0)
        job->state = JOB_STREAMS;
    else if (line[0] == '-')
        fail(job, "PSYNC: %.200s (the rights +psync and +replconf are needed)", line + 1);
    else
        fail(job, "PSYNC: the server offers its whole data set only");
}

/* The answers to REPLCONF and PSYNC; what follows is the stream. A server that has to wait for
 * something sends line feeds. */
static void take_lines(struct sn_rescue_job *job, const char *bytes, size_t len)
{
    struct sn_buf *line = &job->line;
    size_t at = 0;

    while (at < len && (job->state == JOB_INTRODUCES || job->state == JOB_SYNCS)) {
        char byte = bytes[at++];
        if (byte != '\n') {
            sn_buf_putc(line, byte);
        } else if (line->len > 0) {
            line->data[line->len - 1] = '\0'; /* CR */
            take_line(job, line->data);
            sn_buf_clear(line);
        }
        if (line->full)
            fail(job, "PSYNC: the answer is too long");
    }
    if (job->state == JOB_STREAMS && at < len)
        take_stream(job, bytes + at, len - at);
}

static void on_bytes(void *owner, const char *data, size_t len)
{
    struct sn_rescue_job *job = owner;

    if (job->state == JOB_ASKS)
        take_answers(job, data, len);
    else if (job->state == JOB_INTRODUCES || job->state == JOB_SYNCS)
        take_lines(job, data, len);
    else if (job->state == JOB_STREAMS)
        take_stream(job, data, len);
}

static void on_opened(void *owner, int error)
{
    struct sn_rescue_job *job = owner;

    if (error != 0)
        fail(job, "connecting to it failed: %.200s", sn_stream_reason(&job->stream, error));
    else
        (void)sn_stream_flush(&job->stream);
}

static void on_ended(void *owner, int error)
{
    struct sn_rescue_job *job = owner;

    if (job->state < JOB_FINISHES)
        fail(job, "the connection to it broke: %.200s", sn_stream_reason(&job->stream, error));
}

static void on_drained(void *owner, int error)
{
    const struct sn_rescue_job *job = owner;

    if (error == 0 && job->state < JOB_FINISHES)
        (void)sn_stream_flush((struct sn_stream *)&job->stream);
}

static const struct sn_stream_hooks stream_hooks = {.opened = on_opened,
                                                    .bytes = on_bytes,
                                                    .ended = on_ended,
                                                    .drained = on_drained,
                                                    .closed = on_stream_closed};

/* ---- the beginning -------------------------------------------------------------------------- */

void sn_rescue_job_start(struct sn_rescue_job *job, const struct sockaddr_storage *source)
{
    struct sockaddr_storage to;
    int status = UV_EINVAL;

    assert(job->state == JOB_WAITS);
    job->state = JOB_ASKS;
    if (job->tls && job->stream.secure == NULL) {
        fail(job, "TLS is not configured (tls-ca-cert-file or tls-ca-cert-dir)");
        return;
    }
    if (sn_stream_address(job->ip, job->port, &to)) {
        bool has_source = source != NULL && source->ss_family == to.ss_family;
        status =
            sn_stream_connect(&job->stream, has_source ? (const struct sockaddr *)source : NULL,
                              (const struct sockaddr *)&to);
    }
    if (status != 0)
        fail(job, "connecting to it failed: %.200s", uv_strerror(status));
}

void sn_rescue_job_give_up(struct sn_rescue_job *job, const char *reason)
{
    if (job->state < JOB_FINISHES)
        fail(job, "%s", reason);
}

const struct sn_rescue_facts *sn_rescue_job_facts(const struct sn_rescue_job *job)
{
    return &job->facts;
}

static void write_opening(struct sn_rescue_job *job, const struct sn_action_connect *to)
{
    struct sn_buf *out = &job->stream.out;

    if (to->pass != NULL) {
        sn_links_write_auth(out, to);
        job->answers++;
    }
    sn_links_write_setname(out, to);
    job->answers++;
    sn_links_write_words(out, &to->renames, (const char *const[]){"INFO", NULL});
}

static void copy(struct sn_rescue_job *job, const struct sn_action_rescue *action)
{
    const struct sn_action_connect *to = &action->to;

    job->facts = (struct sn_rescue_facts){
        .group_id = action->group,
        .group = sn_strdup(action->name),
        .epoch = action->epoch,
        .host = sn_strdup(to->host),
        .port = to->port,
        .replid = action->replid,
        .parted_at = action->parted_at,
        .paused = action->paused,
    };
    job->process = action->process;
    job->ip = sn_strdup(to->ip);
    job->port = to->port;
    job->tls = to->tls;
    job->pass = sn_strdup(to->pass);
    job->psync = sn_strdup(sn_renames_find(&to->renames, "PSYNC"));
    job->replconf = sn_strdup(sn_renames_find(&to->renames, "REPLCONF"));
    job->master_ip = sn_strdup(action->master_ip);
    job->master_port = action->master_port;
}

struct sn_rescue_job *sn_rescue_job_new(const struct sn_rescue_shared *shared,
                                        const struct sn_action_rescue *action,
                                        const struct sn_rescue_job_hooks *hooks, void *owner)
{
    struct sn_rescue_job *job = sn_alloc(sizeof(*job));

    job->hooks = hooks;
    job->owner = owner;
    job->loop = shared->loop;
    job->dir = sn_strdup(shared->dir);
    copy(job, action);
    job->reader = sn_reply_reader_new(shared->parsers);
    sn_buf_init(&job->line, ANSWER_MAX);
    sn_stream_init(&job->stream, shared->net, false, &stream_hooks, job, OUTPUT_MAX);
    if (action->to.tls && shared->tls != NULL)
        sn_stream_secure(&job->stream, shared->tls, action->to.host);
    write_opening(job, &action->to);
    job->open = 1;
    return job;
}
