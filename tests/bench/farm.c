/* SPDX-License-Identifier: BSD-3-Clause */
/* Thousands of mock Redis groups for scripts/bench.
 *
 *   sentinel-farm [option VALUE]… GROUPS
 *
 *   --replicas N        of each group (2)
 *   --first N           number of the first group here (0): several farms share a numbering
 *   --address IP        of the first group numbered 0 (127.0.0.1)
 *   --port N            of its master (10000); its replicas have the next ports, then the next
 * group
 *   --per-address N     groups on one address (1000), then the next address
 *   --sync-ms N         that a replica needs to follow another master (20)
 *
 * Control commands are lines on standard input. Each is answered by any number of lines and a last
 * one "ok" or "error …". A RANGE is N or N..M, group numbers; WHO is "master" (who is one now; the
 * default), "replicas" or "all".
 *
 *   hang RANGE [WHO]    connections are accepted, nothing is answered
 *   kill RANGE [WHO]    connections are closed and refused
 *   revive              all answer again, with the role and the configuration that they had
 *   roles [RANGE]       "GROUP MASTERS" and a word STATE,FOLLOWS,LINK for each server: live, hung
 * or dead; "-" or the address of its master; "-", up or down stats               commands by kind,
 * connections, own CPU time
 *
 * The end of the input is the end of the program. */
#include "farm.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>

#define EVENTS_MAX   1024
#define LINE_MAX_LEN 256
#define NICE         (-10)

static struct farm farm = {.replica_count = 2, .per_address = 1000, .sync_ms = 20};
static struct farm_handle control = {.kind = FARM_HANDLE_CONTROL};
static char line[LINE_MAX_LEN];
static size_t line_len;
static bool over;

static int64_t clock_ms(clockid_t id)
{
    struct timespec time;

    clock_gettime(id, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void die(const char *what)
{
    fprintf(stderr, "sentinel-farm: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void listen_or_die(struct farm_server *server)
{
    char host[INET_ADDRSTRLEN], what[64];

    if (farm_net_listen(server))
        return;
    snprintf(what, sizeof(what), "%s:%u", farm_model_host(server, host),
             (unsigned)farm_model_port(server));
    die(what);
}

/* ---- control commands ---- */

static bool is_meant(const struct farm_server *server, const char *who)
{
    if (strcmp(who, "all") == 0)
        return true;
    return server->is_replica == (strcmp(who, "replicas") == 0);
}

static void hang(struct farm_server *server)
{
    if (server->dead || server->hung)
        return;
    farm_model_settle(server);
    farm_net_hang(server);
    server->hung = true;
}

static void end(struct farm_server *server)
{
    if (server->dead)
        return;
    farm_model_settle(server);
    farm_net_refuse(server);
    farm_model_pause(server, FARM_PAUSE_NONE, 0);
    server->dead = true;
    server->hung = false;
    farm_model_died(server);
}

static void revive(struct farm_server *server)
{
    if (server->hung) {
        farm_net_wake(server);
        server->hung = false;
        server->offset_at = farm.now;
    }
    if (server->dead) {
        server->dead = false;
        server->starts++;
        farm_model_begin_history(server);
        server->offset_at = farm.now;
        server->linked = false;
        server->unlinked_at = -1;
        server->link_at = farm.now + farm.sync_ms;
        listen_or_die(server);
    }
}

static void print_server(const struct farm_server *server)
{
    printf(" %s,", server->dead ? "dead" : server->hung ? "hung" : "live");
    if (server->is_replica)
        printf("%s:%u,%s", server->master_host, (unsigned)server->master_port,
               server->linked ? "up" : "down");
    else
        printf("-,-");
}

static void print_roles(size_t from, size_t to)
{
    for (size_t group = from; group <= to; group++) {
        size_t masters = 0;

        for (size_t i = 0; i <= farm.replica_count; i++) {
            struct farm_server *server = farm_model_server(&farm, group, i);

            farm_model_settle(server);
            masters += !server->is_replica;
        }
        printf("%zu %zu", group, masters);
        for (size_t i = 0; i <= farm.replica_count; i++)
            print_server(farm_model_server(&farm, group, i));
        printf("\n");
    }
}

static void print_count(const char *name, uint64_t count)
{
    printf("command %s %" PRIu64 "\n", name, count);
}

static int64_t ms_of(const struct timeval *time)
{
    return (int64_t)time->tv_sec * 1000 + time->tv_usec / 1000;
}

static void print_stats(void)
{
    struct rusage usage;

    farm_dispatch_list(print_count);
    getrusage(RUSAGE_SELF, &usage);
    printf("servers %zu\nconnections %zu\naccepted %" PRIu64 "\npublished %" PRIu64
           "\nrefused %" PRIu64 "\n",
           farm.server_count, farm.conn_count, farm.accepted, farm.published, farm.refused);
    printf("cpu_ms %" PRId64 "\nuptime_ms %" PRId64 "\nturn_max_ms %" PRId64 "\n",
           ms_of(&usage.ru_utime) + ms_of(&usage.ru_stime), farm.now - farm.started_at,
           farm.turn_max_ms);
    farm.turn_max_ms = 0;
}

static bool read_range(const char *word, size_t *from, size_t *to)
{
    char *stop = NULL;

    *from = *to = strtoul(word, &stop, 10);
    if (stop == word)
        return false;
    if (strncmp(stop, "..", 2) == 0)
        *to = strtoul(stop + 2, &stop, 10);
    return *stop == '\0' && *from >= farm.first && *to < farm.first + farm.group_count &&
           *from <= *to;
}

static void each_meant(size_t from, size_t to, const char *who, void (*act)(struct farm_server *))
{
    struct farm_server **meant = sn_alloc_array(farm.server_count, sizeof(struct farm_server *));
    size_t count = 0;

    for (size_t group = from; group <= to; group++) {
        for (size_t i = 0; i <= farm.replica_count; i++) {
            struct farm_server *server = farm_model_server(&farm, group, i);

            if (is_meant(server, who))
                meant[count++] = server;
        }
    }
    for (size_t i = 0; i < count; i++)
        act(meant[i]);
    free(meant);
}

static const char *run_control(char *text)
{
    size_t from = farm.first, to = farm.first + farm.group_count - 1;
    char *rest = NULL;
    const char *name = strtok_r(text, " ", &rest);
    const char *range = strtok_r(NULL, " ", &rest);
    const char *who = strtok_r(NULL, " ", &rest);

    if (name == NULL)
        return "no command";
    if (range != NULL && !read_range(range, &from, &to))
        return "no such groups here";
    if (who != NULL && strcmp(who, "all") != 0 && strcmp(who, "replicas") != 0 &&
        strcmp(who, "master") != 0)
        return "expected master, replicas or all";
    if (strcmp(name, "stats") == 0)
        print_stats();
    else if (strcmp(name, "roles") == 0)
        print_roles(from, to);
    else if (strcmp(name, "revive") == 0)
        each_meant(farm.first, farm.first + farm.group_count - 1, "all", revive);
    else if (strcmp(name, "hang") == 0 && range != NULL)
        each_meant(from, to, who != NULL ? who : "master", hang);
    else if (strcmp(name, "kill") == 0 && range != NULL)
        each_meant(from, to, who != NULL ? who : "master", end);
    else
        return "expected hang, kill, revive, roles or stats";
    return NULL;
}

static void read_control(void)
{
    char bytes[LINE_MAX_LEN];
    ssize_t got = read(control.fd, bytes, sizeof(bytes));

    if (got <= 0) {
        over = got == 0 || errno != EAGAIN;
        return;
    }
    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] != '\n') {
            if (line_len < sizeof(line) - 1)
                line[line_len++] = bytes[i];
            continue;
        }
        line[line_len] = '\0';
        line_len = 0;
        const char *error = run_control(line);
        if (error == NULL)
            printf("ok\n");
        else
            printf("error %s\n", error);
        fflush(stdout);
    }
}

/* ---- the loop ---- */

static int end_pauses(void)
{
    struct farm_server *server, *next;
    int64_t wait = 1000;

    DL_FOREACH_SAFE2(farm.pausing, server, next, pausing_next) {
        if (server->pause_until > farm.now) {
            wait = server->pause_until - farm.now < wait ? server->pause_until - farm.now : wait;
        } else if (!server->hung) {
            farm_model_pause(server, FARM_PAUSE_NONE, 0);
            farm_net_wake(server);
        }
    }
    return (int)wait;
}

static void run(void)
{
    static struct epoll_event events[EVENTS_MAX];

    while (!over) {
        int wait = end_pauses();

        farm_net_flush(&farm);
        int64_t asleep_at = clock_ms(CLOCK_MONOTONIC);
        if (asleep_at - farm.now > farm.turn_max_ms)
            farm.turn_max_ms = asleep_at - farm.now;
        int count = epoll_wait(farm.epoll, events, EVENTS_MAX, wait);
        farm.now = clock_ms(CLOCK_MONOTONIC);
        for (int i = 0; i < count; i++) {
            struct farm_handle *handle = events[i].data.ptr;

            if (handle->kind == FARM_HANDLE_CONTROL)
                read_control();
            else
                farm_net_event(&farm, handle, events[i].events);
        }
    }
}

/* ---- the start ---- */

static void read_options(int argc, char **argv)
{
    size_t port = 10000;
    const char *ip = "127.0.0.1";
    int i = 1;

    for (; i + 2 < argc; i += 2) {
        size_t number = strtoul(argv[i + 1], NULL, 10);

        if (strcmp(argv[i], "--replicas") == 0)
            farm.replica_count = number;
        else if (strcmp(argv[i], "--first") == 0)
            farm.first = number;
        else if (strcmp(argv[i], "--address") == 0)
            ip = argv[i + 1];
        else if (strcmp(argv[i], "--port") == 0)
            port = number;
        else if (strcmp(argv[i], "--per-address") == 0)
            farm.per_address = number;
        else if (strcmp(argv[i], "--sync-ms") == 0)
            farm.sync_ms = (int64_t)number;
        else
            break;
    }
    if (i + 1 == argc)
        farm.group_count = strtoul(argv[i], NULL, 10);
    farm.address.sin_family = AF_INET;
    farm.address.sin_port = htons((uint16_t)port);
    if (farm.group_count == 0 || farm.per_address == 0 ||
        inet_pton(AF_INET, ip, &farm.address.sin_addr) != 1 ||
        port + farm.per_address * (farm.replica_count + 1) > 65536) {
        fprintf(stderr,
                "usage: %s [--replicas N] [--first N] [--address IP] [--port N] [--per-address N] "
                "[--sync-ms N] GROUPS\n",
                argv[0]);
        exit(1);
    }
}

static void open_servers(void)
{
    farm.server_count = farm.group_count * (farm.replica_count + 1);
    farm.servers = sn_alloc_array(farm.server_count, sizeof(*farm.servers));
    for (size_t i = 0; i < farm.server_count; i++) {
        farm.servers[i].farm = &farm;
        farm.servers[i].group = farm.first + i / (farm.replica_count + 1);
        farm.servers[i].member = i % (farm.replica_count + 1);
        farm_model_start(&farm.servers[i]);
        listen_or_die(&farm.servers[i]);
    }
}

static void raise_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    (void)setpriority(PRIO_PROCESS, 0, NICE); /* without the right to: as it is */
}

int main(int argc, char **argv)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &control};

    read_options(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN); /* of the terminal; the input ends then */
    raise_limits();
    farm.now = farm.started_at = clock_ms(CLOCK_MONOTONIC);
    farm.wall_offset = clock_ms(CLOCK_REALTIME) - farm.now;
    farm.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (farm.epoll < 0)
        die("epoll_create1");
    open_servers();
    control.fd = STDIN_FILENO;
    (void)fcntl(control.fd, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(farm.epoll, EPOLL_CTL_ADD, control.fd, &event) != 0)
        die("standard input has to be a pipe or a terminal");
    printf("ready\n");
    fflush(stdout);
    run();
    for (size_t i = 0; i < farm.server_count; i++)
        farm_net_refuse(&farm.servers[i]);
    farm_net_flush(&farm);
    free(farm.servers);
    close(farm.epoll);
    return 0;
}
