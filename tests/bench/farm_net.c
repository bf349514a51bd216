/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets of the mock servers. Requests are read and answered at once; all output of a turn of the
 * loop, also what is published to others, leaves in one write for each connection at its end. */
#define _GNU_SOURCE
#include "farm.h"

#include "base/alloc.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#define BACKLOG    128
#define IN_MAX     ((size_t)1 << 20)
#define OUT_MAX    ((size_t)8 << 20)
#define KEPT_ROOM  1024 /* what an idle connection may keep of its buffers */
#define ACCEPT_MAX 64

static void watch(struct farm *farm, struct farm_handle *handle, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = handle};

    if (epoll_ctl(farm->epoll, operation, handle->fd, &event) != 0) {
        perror("epoll_ctl");
        exit(1);
    }
}

static void watch_conn(struct farm_conn *conn)
{
    uint32_t events =
        (conn->waits ? 0 : (uint32_t)EPOLLIN) | (conn->out.len > 0 ? (uint32_t)EPOLLOUT : 0);

    if (conn->server->hung || events == conn->events)
        return;
    watch(conn->server->farm, &conn->handle, EPOLL_CTL_MOD, events);
    conn->events = events;
}

bool farm_net_listen(struct farm_server *server)
{
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return false;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, (const struct sockaddr *)&server->address, sizeof(server->address)) != 0 ||
        listen(fd, BACKLOG) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return false;
    }
    server->listener = (struct farm_handle){.kind = FARM_HANDLE_LISTENER, .fd = fd};
    watch(server->farm, &server->listener, EPOLL_CTL_ADD, EPOLLIN);
    return true;
}

void farm_net_dirty(struct farm_conn *conn)
{
    struct farm *farm = conn->server->farm;

    if (conn->is_dirty || conn->gone)
        return;
    conn->is_dirty = true;
    conn->dirty_next = farm->dirty;
    farm->dirty = conn;
}

void farm_net_close(struct farm_conn *conn)
{
    struct farm_server *server = conn->server;

    if (conn->gone)
        return;
    conn->gone = true;
    close(conn->handle.fd);
    conn->handle.fd = -1;
    DL_DELETE(server->conns, conn);
    server->farm->conn_count--;
    conn->next = server->farm->gone;
    server->farm->gone = conn;
}

static void free_gone(struct farm *farm)
{
    while (farm->gone != NULL) {
        struct farm_conn *conn = farm->gone;

        farm->gone = conn->next;
        farm_dispatch_forget_queue(conn);
        for (size_t i = 0; i < conn->channel_count; i++)
            free(conn->channels[i]);
        free(conn->channels);
        free(conn->name);
        sn_buf_fini(&conn->in);
        sn_buf_fini(&conn->out);
        free(conn);
    }
}

void farm_net_refuse(struct farm_server *server)
{
    struct farm_conn *conn, *next;

    DL_FOREACH_SAFE(server->conns, conn, next) {
        farm_net_close(conn);
    }
    if (server->listener.fd >= 0)
        close(server->listener.fd);
    server->listener.fd = -1;
}

/* As if the process were stopped: the kernel still accepts and takes bytes. */
void farm_net_hang(struct farm_server *server)
{
    struct farm_conn *conn;

    watch(server->farm, &server->listener, EPOLL_CTL_DEL, 0);
    DL_FOREACH(server->conns, conn) {
        watch(server->farm, &conn->handle, EPOLL_CTL_DEL, 0);
    }
}

static void accept_some(struct farm_server *server)
{
    struct farm *farm = server->farm;
    int on = 1;

    for (int i = 0; i < ACCEPT_MAX; i++) {
        int fd = accept4(server->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE) {
                fprintf(stderr, "sentinel-farm: out of descriptors\n");
                exit(1);
            }
            return;
        }
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        struct farm_conn *conn = sn_alloc(sizeof(*conn));
        conn->handle = (struct farm_handle){.kind = FARM_HANDLE_CONN, .fd = fd};
        conn->server = server;
        conn->id = ++farm->last_id;
        conn->events = EPOLLIN;
        sn_buf_init(&conn->in, IN_MAX);
        sn_buf_init(&conn->out, OUT_MAX);
        DL_APPEND(server->conns, conn);
        watch(farm, &conn->handle, EPOLL_CTL_ADD, EPOLLIN);
        farm->accepted++;
        farm->conn_count++;
    }
}

/* ---- requests ---- */

/* Reads "*123\r\n". Returns the bytes that it took, 0: incomplete, -1: no number. */
static ssize_t read_header(char kind, const char *data, size_t len, size_t *value)
{
    const char *end = memchr(data, '\n', len);
    char *stop = NULL;

    if (end == NULL)
        return len > 32 ? -1 : 0;
    if (data[0] != kind)
        return -1;
    *value = strtoul(data + 1, &stop, 10);
    return stop == data + 1 || *stop != '\r' || *value > IN_MAX ? -1 : end + 1 - data;
}

static ssize_t read_array(char *data, size_t len, struct farm_request *request)
{
    size_t count = 0, size = 0;
    ssize_t used = read_header('*', data, len, &count);

    if (used <= 0)
        return used;
    if (count > FARM_WORDS_MAX)
        return -1;
    for (size_t i = 0; i < count; i++) {
        ssize_t head = read_header('$', data + used, len - (size_t)used, &size);

        if (head <= 0)
            return head;
        used += head;
        if (len - (size_t)used < size + 2)
            return 0;
        request->argv[i] = data + used;
        request->lens[i] = size;
        used += (ssize_t)size + 2;
    }
    for (size_t i = 0; i < count; i++)
        request->argv[i][request->lens[i]] = '\0'; /* over the end of the line */
    request->argc = count;
    return used;
}

static ssize_t read_line(char *data, size_t len, struct farm_request *request)
{
    char *end = memchr(data, '\n', len), *rest = NULL;

    if (end == NULL)
        return 0;
    *end = '\0';
    request->argc = 0;
    for (char *word = strtok_r(data, " \r", &rest); word != NULL;
         word = strtok_r(NULL, " \r", &rest)) {
        if (request->argc == FARM_WORDS_MAX)
            return -1;
        request->lens[request->argc] = strlen(word);
        request->argv[request->argc++] = word;
    }
    return end + 1 - data;
}

/* Runs the complete requests in data; returns how many bytes they had, or -1 if there was another
 * one that makes no sense. A request that has to wait is copied first, as reading changes it. */
static ssize_t run_requests(struct farm_conn *conn, char *data, size_t len)
{
    struct farm_request request;
    size_t at = 0;

    while (at < len && !conn->gone && !conn->ends) {
        bool is_array = data[at] == '*';
        ssize_t used = is_array ? read_array(data + at, len - at, &request)
                                : read_line(data + at, len - at, &request);

        if (used <= 0)
            return used == 0 ? (ssize_t)at : -1;
        if (request.argc > 0 && !farm_dispatch_run(conn, &request)) {
            for (size_t i = 0; is_array && i < request.argc; i++)
                request.argv[i][request.lens[i]] = '\r';
            conn->waits = is_array;
            return (ssize_t)at;
        }
        at += (size_t)used;
    }
    return (ssize_t)at;
}

static void take_bytes(struct farm_conn *conn, char *data, size_t len)
{
    ssize_t used = 0;

    if (conn->in.len > 0 || conn->waits) {
        sn_buf_append(&conn->in, data, len);
        if (!conn->waits)
            used = run_requests(conn, conn->in.data, conn->in.len);
        if (used > 0 && !conn->gone)
            sn_buf_consume(&conn->in, (size_t)used);
    } else {
        used = run_requests(conn, data, len);
        if (used >= 0)
            sn_buf_append(&conn->in, data + used, len - (size_t)used);
    }
    if (used < 0 || conn->in.full) {
        sn_buf_puts(&conn->out, "-ERR Protocol error\r\n");
        conn->ends = true;
    }
    if (conn->in.len == 0 && conn->in.room > KEPT_ROOM)
        sn_buf_fini(&conn->in);
    farm_net_dirty(conn);
}

static void go_on(struct farm_conn *conn)
{
    ssize_t used = 0;

    if (conn->in.len > 0)
        used = run_requests(conn, conn->in.data, conn->in.len);
    if (used > 0 && !conn->gone)
        sn_buf_consume(&conn->in, (size_t)used);
    conn->ends |= used < 0;
    farm_net_dirty(conn);
}

static struct farm_conn *waiting(const struct farm_server *server)
{
    struct farm_conn *conn = server->conns;

    while (conn != NULL && !conn->waits)
        conn = conn->next;
    return conn;
}

void farm_net_wake(struct farm_server *server)
{
    struct farm_conn *conn;

    if (server->hung) {
        watch(server->farm, &server->listener, EPOLL_CTL_ADD, EPOLLIN);
        DL_FOREACH(server->conns, conn) {
            watch(server->farm, &conn->handle, EPOLL_CTL_ADD, conn->events);
            farm_net_dirty(conn); /* it may have had something to write */
        }
        return;
    }
    /* What goes on may close any other, or begin the next pause. */
    while (server->pause == FARM_PAUSE_NONE && (conn = waiting(server)) != NULL) {
        conn->waits = false;
        go_on(conn);
    }
}

static void read_some(struct farm_conn *conn)
{
    struct farm *farm = conn->server->farm;
    ssize_t got = read(conn->handle.fd, farm->read_buffer, sizeof(farm->read_buffer));

    if (got > 0)
        take_bytes(conn, farm->read_buffer, (size_t)got);
    else if (got == 0 || errno != EAGAIN)
        farm_net_close(conn);
}

void farm_net_event(struct farm *farm, struct farm_handle *handle, uint32_t events)
{
    (void)farm;
    if (handle->fd < 0)
        return; /* closed earlier in this turn */
    if (handle->kind == FARM_HANDLE_LISTENER) {
        accept_some((struct farm_server *)(void *)handle);
        return;
    }
    struct farm_conn *conn = (struct farm_conn *)(void *)handle;
    if (conn->server->hung)
        return; /* since this turn */
    if (events & EPOLLOUT)
        farm_net_dirty(conn);
    if (conn->waits && (events & (EPOLLHUP | EPOLLERR)))
        farm_net_close(conn);
    else if (!conn->waits && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        read_some(conn);
}

static void write_some(struct farm_conn *conn)
{
    if (conn->out.len > 0) {
        ssize_t put = send(conn->handle.fd, conn->out.data, conn->out.len, MSG_NOSIGNAL);

        if (put < 0 && errno != EAGAIN) {
            farm_net_close(conn);
            return;
        }
        if (put > 0)
            sn_buf_consume(&conn->out, (size_t)put);
    }
    if ((conn->ends && conn->out.len == 0) || conn->out.full) {
        farm_net_close(conn);
        return;
    }
    if (conn->out.len == 0 && conn->out.room > KEPT_ROOM)
        sn_buf_fini(&conn->out);
    watch_conn(conn);
}

void farm_net_flush(struct farm *farm)
{
    while (farm->dirty != NULL) {
        struct farm_conn *conn = farm->dirty;

        farm->dirty = conn->dirty_next;
        conn->is_dirty = false;
        if (!conn->gone && !conn->server->hung)
            write_some(conn);
    }
    free_gone(farm);
}
