/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests over many connections, for scripts/bench. It reads no more of the replies than it needs
 * to count them, so that it costs much less than the server.
 *
 *   sentinel-load [option VALUE]… ADDRESS PORT WORD…
 *
 *   --clients N      connections (1)
 *   --pipeline N     requests that each connection has under way (1)
 *   --rate N         requests a second in all, at equal intervals, answered or not; 0: each
 *                    connection sends the next ones when all are answered (0)
 *   --seconds N      how long (10); or until standard input ends
 *   --names N        % in a word stands for a random number below N (1)
 *   --subscribe NAME each connection subscribes to this channel first, and does nothing else; one
 *                    more connection sends the request --events times (20), each when all have
 *                    heard of the one before
 *
 * Prints one line of JSON. Times of a request count from when it was due. */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "base/buf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 512
#define HEADER_MAX 64
#define NICE       (-10)
#define CHUNK      ((size_t)256 << 10)

struct conn {
    int fd;
    uint32_t events; /* what epoll watches */
    struct sn_buf out;
    /* When the requests under way were due, oldest first, in a ring. */
    uint64_t *due_ns;
    size_t due_room, due_first, under_way;
    /* The reply that is being read. */
    size_t items; /* elements that are still to come; 0: the next reply begins */
    size_t skip;  /* bytes of a bulk string that are still to come */
    char header[HEADER_MAX];
    size_t header_len;
};

static struct {
    size_t clients, pipeline, rate, names, events;
    double seconds;
    const char *channel;
    struct sockaddr_in address;
    char **words;
    size_t word_count;
} options = {.clients = 1, .pipeline = 1, .seconds = 10, .names = 1, .events = 20};

static int epoll;
static struct conn *conns;
static size_t next_conn; /* whose turn it is, at a rate */
static float *times_ms;
static size_t time_count, time_room, reply_count, error_count, pushed_count;
static unsigned random_state = 1;
static char chunk[CHUNK];
/* What epoll hands back besides connections. */
static char timer_mark, input_mark;

static uint64_t now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "sentinel-load: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- requests ---- */

static void put_word(struct sn_buf *out, const char *word)
{
    char text[256];
    size_t len = 0;

    for (; *word != '\0' && len + 12 < sizeof(text); word++) {
        if (*word == '%')
            len += (size_t)snprintf(text + len, 12, "%u",
                                    (unsigned)rand_r(&random_state) % (unsigned)options.names);
        else
            text[len++] = *word;
    }
    text[len] = '\0';
    sn_buf_printf(out, "$%zu\r\n%s\r\n", len, text);
}

static void remember(struct conn *conn, uint64_t due)
{
    if (conn->under_way == conn->due_room) {
        size_t room = conn->due_room * 2 + 16;
        uint64_t *ring = sn_alloc_array(room, sizeof(*ring));

        for (size_t i = 0; i < conn->under_way; i++)
            ring[i] = conn->due_ns[(conn->due_first + i) % conn->due_room];
        free(conn->due_ns);
        conn->due_ns = ring;
        conn->due_room = room;
        conn->due_first = 0;
    }
    conn->due_ns[(conn->due_first + conn->under_way++) % conn->due_room] = due;
}

static void watch(struct conn *conn, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = conn};

    if (conn->events == events)
        return;
    if (epoll_ctl(epoll, conn->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, conn->fd, &event) != 0)
        die("epoll_ctl");
    conn->events = events;
}

static void flush(struct conn *conn)
{
    ssize_t put = 0;

    if (conn->out.len > 0)
        put = send(conn->fd, conn->out.data, conn->out.len, MSG_NOSIGNAL);
    if (put < 0 && errno != EAGAIN)
        die("send");
    if (put > 0)
        sn_buf_consume(&conn->out, (size_t)put);
    watch(conn, EPOLLIN | (conn->out.len > 0 ? (uint32_t)EPOLLOUT : 0));
}

static void ask(struct conn *conn, uint64_t due, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sn_buf_printf(&conn->out, "*%zu\r\n", options.word_count);
        for (size_t w = 0; w < options.word_count; w++)
            put_word(&conn->out, options.words[w]);
        remember(conn, due);
    }
    flush(conn);
}

/* ---- replies ---- */

static void keep_time(double ms)
{
    if (time_count == time_room) {
        time_room = time_room * 2 + 4096;
        times_ms = sn_realloc(times_ms, time_room * sizeof(*times_ms));
    }
    times_ms[time_count++] = (float)ms;
}

static void take_reply(struct conn *conn, uint64_t now)
{
    if (conn->under_way == 0) {
        pushed_count++;
        return;
    }
    keep_time((double)(now - conn->due_ns[conn->due_first]) / 1e6);
    conn->due_first = (conn->due_first + 1) % conn->due_room;
    conn->under_way--;
    reply_count++;
}

static void take_header(struct conn *conn, uint64_t now)
{
    long count = strtol(conn->header + 1, NULL, 10);
    bool begins = conn->items == 0;

    if (begins)
        conn->items = 1;
    if (conn->header[0] == '$' && count >= 0) {
        conn->skip = (size_t)count + 2;
        return;
    }
    if (conn->header[0] == '*' && count > 0)
        conn->items += (size_t)count;
    if (conn->header[0] == '-')
        error_count++;
    if (--conn->items == 0)
        take_reply(conn, now);
}

static void take_bytes(struct conn *conn, const char *data, size_t len, uint64_t now)
{
    while (len > 0) {
        size_t used = 0;

        if (conn->skip > 0) {
            used = len < conn->skip ? len : conn->skip;
            conn->skip -= used;
            if (conn->skip == 0 && --conn->items == 0)
                take_reply(conn, now);
        } else {
            const char *end = memchr(data, '\n', len);
            used = end != NULL ? (size_t)(end + 1 - data) : len;
            size_t room = HEADER_MAX - 1 - conn->header_len;
            size_t kept = used < room ? used : room;
            memcpy(conn->header + conn->header_len, data, kept);
            conn->header_len += kept;
            if (end != NULL) {
                conn->header[conn->header_len] = '\0';
                conn->header_len = 0;
                take_header(conn, now);
            }
        }
        data += used;
        len -= used;
    }
}

static void read_some(struct conn *conn)
{
    ssize_t got = read(conn->fd, chunk, sizeof(chunk));

    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        errno = got == 0 ? ECONNRESET : errno;
        die("the server closed a connection");
    }
    if (got > 0)
        take_bytes(conn, chunk, (size_t)got, now_ns());
}

/* ---- connections, and the loop ---- */

static void open_conn(struct conn *conn)
{
    int on = 1;

    conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (conn->fd < 0 ||
        connect(conn->fd, (const struct sockaddr *)&options.address, sizeof(options.address)) != 0)
        die("connect");
    (void)setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    sn_buf_init(&conn->out, (size_t)1 << 26);
    watch(conn, EPOLLIN);
}

static void at_a_rate(int timer)
{
    uint64_t count = 0, now = now_ns();

    if (read(timer, &count, sizeof(count)) != sizeof(count))
        return;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t late = (count - 1 - i) * (1000000000U / options.rate);

        ask(&conns[next_conn], now - late, 1);
        next_conn = (next_conn + 1) % options.clients;
    }
}

/* One turn; returns false when the input has ended. */
static bool turn(int timer, int wait_ms)
{
    static struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(epoll, events, EVENTS_MAX, wait_ms);

    for (int i = 0; i < count; i++) {
        struct conn *conn = events[i].data.ptr;

        if (events[i].data.ptr == &input_mark)
            return false;
        if (events[i].data.ptr == &timer_mark) {
            at_a_rate(timer);
            continue;
        }
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            read_some(conn);
        if (events[i].events & EPOLLOUT)
            flush(conn);
        if (timer < 0 && options.channel == NULL && conn->under_way == 0)
            ask(conn, now_ns(), options.pipeline);
    }
    return true;
}

static int start_timer(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &timer_mark};
    struct itimerspec spec = {0};
    long interval = (long)(1000000000U / options.rate);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

    spec.it_interval.tv_sec = spec.it_value.tv_sec = interval / 1000000000;
    spec.it_interval.tv_nsec = spec.it_value.tv_nsec = interval % 1000000000;
    if (timer < 0 || timerfd_settime(timer, 0, &spec, NULL) != 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event) != 0)
        die("timerfd");
    return timer;
}

static void watch_input(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &input_mark};

    /* A file, such as /dev/null, is none that ends. */
    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
}

/* ---- results ---- */

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static double share(double part)
{
    if (time_count == 0)
        return 0;
    size_t at = (size_t)(part * (double)time_count);
    return (double)times_ms[at < time_count ? at : time_count - 1];
}

static double seconds_of(const struct timeval *time)
{
    return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static void print_result(uint64_t began)
{
    struct rusage usage;
    double seconds = (double)(now_ns() - began) / 1e9;
    size_t under_way = 0;

    for (size_t i = 0; i < options.clients; i++)
        under_way += conns[i].under_way;
    getrusage(RUSAGE_SELF, &usage);
    qsort(times_ms, time_count, sizeof(*times_ms), compare);
    printf("{\"requests\": %zu, \"errors\": %zu, \"unanswered\": %zu, \"seconds\": %.3f, "
           "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"cpu_ms\": %.0f}\n",
           reply_count, error_count, under_way, seconds, share(0.5), share(0.99), share(1),
           seconds_of(&usage.ru_utime) * 1000 + seconds_of(&usage.ru_stime) * 1000);
}

static void run_requests(void)
{
    int timer = options.rate > 0 ? start_timer() : -1;
    uint64_t began = now_ns(), end = began + (uint64_t)(options.seconds * 1e9);

    watch_input();
    /* At a rate it needs little, and its own delays would count as those of the server. */
    if (timer >= 0)
        (void)setpriority(PRIO_PROCESS, 0, NICE);
    for (size_t i = 0; timer < 0 && i < options.clients; i++)
        ask(&conns[i], now_ns(), options.pipeline);
    while (now_ns() < end && turn(timer, 20))
        ;
    print_result(began);
}

/* The time of each event is that of the last subscriber that hears of it. */
static void run_subscribers(void)
{
    struct conn *trigger = &conns[options.clients];
    uint64_t began = now_ns();

    for (size_t i = 0; i < options.clients; i++) {
        sn_buf_printf(&conns[i].out, "SUBSCRIBE %s\r\n", options.channel);
        flush(&conns[i]);
    }
    while (pushed_count < options.clients)
        (void)turn(-1, 1000);
    printf("ready\n");
    fflush(stdout);
    watch_input();
    for (size_t i = 0; i < options.events; i++) {
        pushed_count = 0;
        uint64_t due = now_ns();
        ask(trigger, due, 1);
        while (pushed_count < options.clients || trigger->under_way > 0) {
            if (!turn(-1, 1000))
                return;
        }
        times_ms[time_count - 1] = (float)((double)(now_ns() - due) / 1e6);
    }
    print_result(began);
}

static void read_options(int argc, char **argv)
{
    int i = 1;

    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        size_t number = strtoul(argv[i + 1], NULL, 10);

        if (strcmp(argv[i], "--clients") == 0)
            options.clients = number;
        else if (strcmp(argv[i], "--pipeline") == 0)
            options.pipeline = number;
        else if (strcmp(argv[i], "--rate") == 0)
            options.rate = number;
        else if (strcmp(argv[i], "--seconds") == 0)
            options.seconds = strtod(argv[i + 1], NULL);
        else if (strcmp(argv[i], "--names") == 0)
            options.names = number;
        else if (strcmp(argv[i], "--events") == 0)
            options.events = number;
        else if (strcmp(argv[i], "--subscribe") == 0)
            options.channel = argv[i + 1];
        else
            break;
    }
    options.address.sin_family = AF_INET;
    if (i + 3 > argc || inet_pton(AF_INET, argv[i], &options.address.sin_addr) != 1 ||
        options.clients == 0 || options.pipeline == 0 || options.names == 0) {
        fprintf(stderr,
                "usage: %s [--clients N] [--pipeline N] [--rate N] [--seconds N] "
                "[--names N] [--subscribe NAME --events N] ADDRESS PORT WORD...\n",
                argv[0]);
        exit(1);
    }
    options.address.sin_port = htons((uint16_t)strtoul(argv[i + 1], NULL, 10));
    options.words = argv + i + 2;
    options.word_count = (size_t)(argc - i - 2);
}

int main(int argc, char **argv)
{
    struct rlimit limit;

    read_options(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        die("epoll_create1");
    size_t count = options.clients + (options.channel != NULL ? 1 : 0);
    conns = sn_alloc_array(count, sizeof(*conns));
    for (size_t i = 0; i < count; i++)
        open_conn(&conns[i]);
    if (options.channel != NULL)
        run_subscribers();
    else
        run_requests();
    return 0;
}
