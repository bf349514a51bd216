/* SPDX-License-Identifier: BSD-3-Clause */
/* Each line is one write. If the log cannot take a line at once (a full pipe, a stopped terminal),
 * the line is dropped, and the number of dropped lines is logged later: a supervisor must not block
 * on its log. */
#include "shell/log/log.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"
#include "shell/log/log_limit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX 2048
/* A pipe that is ready takes this much without blocking. */
#define LINE_MAX_BYTES 4096

enum timestamp { TIMESTAMP_LEGACY = 0, TIMESTAMP_ISO8601, TIMESTAMP_MILLISECONDS };

struct sn_log {
    char *path; /* NULL: standard output */
    int fd;
    bool colour;
    bool logfmt;
    enum timestamp timestamp;
    bool to_syslog;
    char *ident; /* openlog() keeps the pointer */
    enum sn_level threshold;
    struct sn_log_limit *limit;
    uint64_t lost; /* lines dropped since the last one that was written */
};

/* Pipes and terminals are allowed; /dev/stdout may be either. A pipe without a reader must not
 * block us (it gives ENXIO), a terminal must not become our controlling terminal, and a block
 * device is refused. */
static int open_file(const char *path)
{
    struct stat info;

    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISBLK(info.st_mode))
        return fd;
    close(fd);
    errno = EOPNOTSUPP;
    return -1;
}

const char *sn_log_error(int error)
{
    if (error == ENXIO)
        return "it is a pipe that nobody reads, or a socket";
    return error == EOPNOTSUPP ? "it is neither a file, a pipe nor a terminal" : strerror(error);
}

/* PROTOCOL.md §19.9. */
static int facility_of(const char *name)
{
    static const struct {
        const char *name;
        int facility;
    } names[] = {{"user", LOG_USER},     {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1},
                 {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4},
                 {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7}};

    for (size_t i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(names[i].name, name) == 0)
            return names[i].facility;
    }
    return LOG_LOCAL0;
}

int sn_log_open(const char *path, enum sn_level threshold, const char *syslog_ident,
                const char *syslog_facility, struct sn_log **log)
{
    int fd = STDOUT_FILENO;

    if (path != NULL) {
        fd = open_file(path);
        if (fd < 0)
            return SN_EIO;
    }

    struct sn_log *made = sn_alloc(sizeof(*made));
    made->path = sn_strdup(path);
    made->fd = fd;
    made->colour = path == NULL && isatty(fd) == 1;
    made->threshold = threshold;
    made->limit = sn_log_limit_new();
    if (syslog_ident != NULL) {
        made->to_syslog = true;
        made->ident = sn_strdup(syslog_ident);
        openlog(made->ident, LOG_PID | LOG_NDELAY | LOG_NOWAIT, facility_of(syslog_facility));
    }
    *log = made;
    return 0;
}

void sn_log_close(struct sn_log *log)
{
    if (log->path != NULL)
        close(log->fd);
    if (log->to_syslog)
        closelog();
    free(log->ident);
    free(log->path);
    sn_log_limit_free(log->limit);
    free(log);
}

void sn_log_set_format(struct sn_log *log, const char *format, const char *timestamp)
{
    log->logfmt = format != NULL && strcasecmp(format, "logfmt") == 0;
    log->timestamp = TIMESTAMP_LEGACY;
    if (timestamp != NULL && strcasecmp(timestamp, "iso8601") == 0)
        log->timestamp = TIMESTAMP_ISO8601;
    else if (timestamp != NULL && strcasecmp(timestamp, "milliseconds") == 0)
        log->timestamp = TIMESTAMP_MILLISECONDS;
}

void sn_log_set_level(struct sn_log *log, enum sn_level threshold)
{
    log->threshold = threshold;
}

enum sn_level sn_log_level(const struct sn_log *log)
{
    return log->threshold;
}

/* PROTOCOL.md §21.4. */
static char mark_of(enum sn_level level)
{
    switch (level) {
    case SN_LEVEL_DEBUG:
        return '.';
    case SN_LEVEL_VERBOSE:
        return '-';
    case SN_LEVEL_NOTICE:
    case SN_LEVEL_NONE:
        return '*';
    case SN_LEVEL_WARNING:
    case SN_LEVEL_NOTHING:
        return '#';
    }
    return '*';
}

static const char *colour_of(enum sn_level level)
{
    switch (level) {
    case SN_LEVEL_DEBUG:
    case SN_LEVEL_VERBOSE:
        return "\033[2m";
    case SN_LEVEL_WARNING:
    case SN_LEVEL_NOTHING:
        return "\033[33m";
    case SN_LEVEL_NOTICE:
    case SN_LEVEL_NONE:
        return "";
    }
    return "";
}

static int priority_of(enum sn_level level)
{
    switch (level) {
    case SN_LEVEL_DEBUG:
        return LOG_DEBUG;
    case SN_LEVEL_VERBOSE:
        return LOG_INFO;
    case SN_LEVEL_NOTICE:
    case SN_LEVEL_NONE:
        return LOG_NOTICE;
    case SN_LEVEL_WARNING:
    case SN_LEVEL_NOTHING:
        return LOG_WARNING;
    }
    return LOG_NOTICE;
}

static const char *word_of(enum sn_level level)
{
    switch (level) {
    case SN_LEVEL_DEBUG:
        return "debug";
    case SN_LEVEL_VERBOSE:
        return "info";
    case SN_LEVEL_NOTICE:
    case SN_LEVEL_NONE:
        return "notice";
    case SN_LEVEL_WARNING:
    case SN_LEVEL_NOTHING:
        return "warning";
    }
    return "notice";
}

/* `22 Nov 2026 14:28:50.717`, `2026-11-22T14:28:50.717+01:00`, or milliseconds since 1970. */
static void put_timestamp(const struct sn_log *log, struct sn_buf *line)
{
    bool iso = log->timestamp == TIMESTAMP_ISO8601;
    struct timespec wall;
    struct tm local;
    char date[64];
    char zone[8] = "";

    clock_gettime(CLOCK_REALTIME, &wall);
    long ms = wall.tv_nsec / 1000000;
    if (log->timestamp == TIMESTAMP_MILLISECONDS) {
        sn_buf_printf(line, "%lld", (long long)wall.tv_sec * 1000 + ms);
        return;
    }
    if (localtime_r(&wall.tv_sec, &local) == NULL ||
        strftime(date, sizeof(date), iso ? "%Y-%m-%dT%H:%M:%S" : "%d %b %Y %H:%M:%S", &local) == 0)
        date[0] = '\0';
    /* "+0100" */
    if (iso && date[0] != '\0' && strftime(zone, sizeof(zone), "%z", &local) != 5)
        zone[0] = '\0';
    sn_buf_printf(line, "%s.%03ld%.3s%s%s", date, ms, zone, zone[0] != '\0' ? ":" : "",
                  zone[0] != '\0' ? zone + 3 : "");
}

/* `17892:X 22 Nov 2026 14:28:50.717 # `, or the fields before the message in logfmt (PROTOCOL.md
 * §21.4). */
static void put_prefix(const struct sn_log *log, struct sn_buf *line, enum sn_level level)
{
    sn_buf_printf(line, log->logfmt ? "pid=%ld role=sentinel timestamp=\"" : "%ld:X ",
                  (long)getpid());
    put_timestamp(log, line);
    if (log->logfmt)
        sn_buf_printf(line, "\" level=%s message=\"", word_of(level));
    else
        sn_buf_printf(line, " %c ", mark_of(level));
}

/* In logfmt a quote would end the message. */
static void put_message(const struct sn_log *log, struct sn_buf *line, const char *text, size_t len)
{
    size_t start = line->len;

    sn_buf_append(line, text, len);
    if (!log->logfmt)
        return;
    for (size_t i = start; i < line->len; i++)
        line->data[i] = line->data[i] == '"' ? '\'' : line->data[i];
    sn_buf_putc(line, '"');
}

static bool write_line(struct sn_log *log, const struct sn_buf *line)
{
    struct pollfd ready = {.fd = log->fd, .events = POLLOUT};

    if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0)
        return false;
    ssize_t written;
    do {
        written = write(log->fd, line->data, line->len);
    } while (written < 0 && errno == EINTR);
    return written == (ssize_t)line->len;
}

static void put_line(struct sn_log *log, enum sn_level level, const char *escaped)
{
    struct sn_buf line;

    sn_buf_init(&line, LINE_MAX_BYTES);
    if (log->colour)
        sn_buf_puts(&line, colour_of(level));
    put_prefix(log, &line, level);
    /* What does not fit is cut, so that the newline and the end of the colour always do. */
    size_t left = LINE_MAX_BYTES - line.len - sizeof("\"\033[0m\n");
    size_t len = strlen(escaped);
    put_message(log, &line, escaped, len < left ? len : left);
    if (log->colour)
        sn_buf_puts(&line, "\033[0m");
    sn_buf_putc(&line, '\n');
    if (!write_line(log, &line))
        log->lost++;
    sn_buf_fini(&line);
}

/* Follows a rotation without a signal: the file was moved or removed. */
static void follow_rotation(struct sn_log *log)
{
    struct stat ours, named;

    if (log->path == NULL || fstat(log->fd, &ours) != 0)
        return;
    if (stat(log->path, &named) == 0 && named.st_ino == ours.st_ino && named.st_dev == ours.st_dev)
        return;
    int fd = open_file(log->path);
    if (fd < 0)
        return;
    close(log->fd);
    log->fd = fd;
}

/* PROTOCOL.md §19.9. */
static void put_text(struct sn_log *log, enum sn_level level, const char *text)
{
    struct sn_buf escaped;

    sn_buf_init(&escaped, 4 * TEXT_MAX);
    sn_text_escape(&escaped, text, strlen(text));
    follow_rotation(log);
    if (log->lost > 0) {
        char note[64];
        uint64_t lost = log->lost;
        log->lost = 0;
        snprintf(note, sizeof(note), "%llu log lines were lost here", (unsigned long long)lost);
        put_line(log, SN_LEVEL_WARNING, note);
        if (log->lost > 0)
            log->lost += lost - 1;
    }
    put_line(log, level, sn_buf_text(&escaped));
    if (log->to_syslog)
        syslog(priority_of(level), "%s", sn_buf_text(&escaped));
    sn_buf_fini(&escaped);
}

static uint64_t monotonic_ms(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void sn_log_tick(struct sn_log *log)
{
    char report[SN_LOG_REPORT_MAX];

    while (sn_log_limit_report(log->limit, monotonic_ms(), report))
        put_text(log, SN_LEVEL_WARNING, report);
}

void sn_log(struct sn_log *log, enum sn_level level, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;

    if (level < log->threshold || log->threshold == SN_LEVEL_NOTHING)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    /* An operator who asks for debug lines wants all of them. */
    if (level != SN_LEVEL_DEBUG && !sn_log_limit_admit(log->limit, text, monotonic_ms()))
        return;
    sn_log_tick(log);
    put_text(log, level, text);
}

int sn_log_reopen(struct sn_log *log, struct sn_buf *problem)
{
    if (log->path == NULL)
        return SN_ENOENT;
    int fd = open_file(log->path);
    if (fd < 0) {
        sn_buf_printf(problem, "%s: %s", log->path, sn_log_error(errno));
        return SN_EIO;
    }
    close(log->fd);
    log->fd = fd;
    return 0;
}
