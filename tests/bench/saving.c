/* SPDX-License-Identifier: BSD-3-Clause */

/* What a save costs: a real core and a real store, no network. Votes are asked for, one at a time
 * or many together; counted are the time of the loop's thread and of the other threads, the bytes
 * written and the syncs. One line of JSON for each row.
 *
 *     sentinel-saving GROUPS ROUNDS conf|state FOLDER */

#include "conf/conf.h"
#include "core/core.h"
#include "shell/driver/driver.h"
#include "shell/store/store.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RUNID  "3b8e95767f1adb4b44a4dcdaba4431ee682d8d%02x"
#define BURST  1000
#define PEERS  2
#define MEMBER 2

/* The linker's names. NOLINTBEGIN(readability-identifier-naming) */
int __real_fsync(int fd);
int __wrap_fsync(int fd);
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
/* NOLINTEND(readability-identifier-naming) */

static uv_loop_t loop;
static struct sn_driver *driver;
static struct sn_core *core;
static struct sn_store *store;
static size_t group_count;
static uint64_t epoch;
static size_t asked;
static size_t answered;
static size_t refused;
static atomic_size_t syncs;
static atomic_size_t bytes_written;

int __wrap_fsync(int fd)
{
    atomic_fetch_add(&syncs, 1);
    return __real_fsync(fd);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    if (len > 64) /* not the loop's wake-ups */
        atomic_fetch_add(&bytes_written, len);
    return __real_write(fd, bytes, len);
}

static void perform(void *arg, const struct sn_action *action)
{
    (void)arg;
    if (action->kind == SN_ACTION_PERSIST)
        sn_store_persist(store, &action->u.persist);
    if (action->kind == SN_ACTION_ANSWER) {
        answered++;
        if (action->u.answer.kind != SN_ANSWER_VOTE || strlen(action->u.answer.text) < 40)
            refused++;
    }
}

static void idle(void *arg)
{
    (void)arg;
}

static double seconds_of(clockid_t clock)
{
    struct timespec at;

    clock_gettime(clock, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void make_configuration(const char *path, bool in_conf)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        exit(1);
    fprintf(file, "port 26379\nsentinel myid " RUNID "\n", 0xffU);
    if (!in_conf)
        fprintf(file, "state-file %s.state\n", path);
    for (size_t i = 0; i < group_count; i++) {
        fprintf(file,
                "\n# group %zu\nsentinel monitor group-%zu 127.%zu.%zu.1 6379 2\n"
                "sentinel down-after-milliseconds group-%zu 600000\n"
                "sentinel failover-timeout group-%zu 60000\n",
                i, i, i / 250, i % 250, i, i);
        for (size_t j = 0; j < MEMBER && in_conf; j++)
            fprintf(file, "sentinel known-replica group-%zu 127.%zu.%zu.%zu 6379\n", i, i / 250,
                    i % 250, j + 2);
        for (unsigned j = 0; j < PEERS && in_conf; j++)
            fprintf(file, "sentinel known-sentinel group-%zu 127.200.0.%u 26379 " RUNID "\n", i,
                    j + 1, j + 1);
    }
    fclose(file);
}

/* A state file tells its members only once somebody has learned them. */
static void add_members(struct sn_image *image)
{
    char host[32];
    struct sn_addr addr;
    struct sn_runid runid;

    for (size_t i = 0; i < image->group_count; i++) {
        for (size_t j = 0; j < MEMBER; j++) {
            snprintf(host, sizeof(host), "127.%zu.%zu.%zu", i / 250, i % 250, j + 2);
            if (sn_addr_make(host, 6379, &addr) == 0)
                sn_group_image_add_replica(&image->groups[i], &addr);
        }
        for (unsigned j = 0; j < PEERS; j++) {
            snprintf(host, sizeof(host), "127.200.0.%u", j + 1);
            snprintf(runid.hex, sizeof(runid.hex), RUNID, j + 1);
            if (sn_addr_make(host, 26379, &addr) == 0)
                sn_group_image_add_peer(&image->groups[i], &addr, &runid);
        }
    }
}

static void ask(size_t group)
{
    struct sn_input input = {.kind = SN_INPUT_COMMAND};
    struct sn_command *command = &input.u.command;
    char host[32], runid[48];

    snprintf(host, sizeof(host), "127.%zu.%zu.1", group / 250, group % 250);
    snprintf(runid, sizeof(runid), RUNID, 1U);
    command->kind = SN_COMMAND_ASK;
    command->ticket.v = ++asked;
    command->epoch = ++epoch;
    command->runid = runid;
    if (sn_addr_make(host, 6379, &command->addr) != 0)
        exit(1);
    sn_driver_feed(driver, &input);
}

static void wait_for_all(void)
{
    while (answered < asked)
        uv_run(&loop, UV_RUN_ONCE);
}

struct tally {
    double loop_s, all_s, wall_s;
    size_t syncs, bytes;
};

static struct tally tally_now(void)
{
    return (struct tally){.loop_s = seconds_of(CLOCK_THREAD_CPUTIME_ID),
                          .all_s = seconds_of(CLOCK_PROCESS_CPUTIME_ID),
                          .wall_s = seconds_of(CLOCK_MONOTONIC),
                          .syncs = atomic_load(&syncs),
                          .bytes = atomic_load(&bytes_written)};
}

static void tell(const char *form, const char *row, size_t votes, const struct tally *from)
{
    struct tally to = tally_now();
    double count = (double)votes;

    printf("{\"form\":\"%s\",\"groups\":%zu,\"row\":\"%s\",\"votes\":%zu,\"refused\":%zu,"
           "\"loop_us\":%.1f,\"worker_us\":%.1f,\"wall_us\":%.1f,\"bytes\":%.0f,\"syncs\":%zu}\n",
           form, group_count, row, votes, refused, (to.loop_s - from->loop_s) * 1e6 / count,
           ((to.all_s - from->all_s) - (to.loop_s - from->loop_s)) * 1e6 / count,
           (to.wall_s - from->wall_s) * 1e6 / count, (double)(to.bytes - from->bytes) / count,
           to.syncs - from->syncs);
    fflush(stdout);
}

static void run(const char *form, size_t rounds)
{
    struct sn_input start = {.kind = SN_INPUT_START};
    struct tally from = tally_now();

    sn_driver_feed(driver, &start);
    ask(0);
    wait_for_all();
    tell(form, "start and first vote", 1, &from);

    from = tally_now();
    for (size_t i = 0; i < rounds; i++) {
        ask((i * 7919) % group_count);
        wait_for_all();
    }
    tell(form, "one vote at a time", rounds, &from);

    from = tally_now();
    for (size_t i = 0; i < BURST; i++)
        ask(i % group_count);
    wait_for_all();
    tell(form, "votes together", BURST, &from);
}

int main(int argc, char **argv)
{
    static const struct sn_driver_ports ports = {.perform = perform, .idle = idle};
    struct sn_conf conf;
    struct sn_claim claim;
    struct sn_log *log;
    struct sn_buf error;
    char path[256];
    char old_state[272];

    if (argc != 5)
        return 2;
    group_count = strtoul(argv[1], NULL, 10);
    bool in_conf = strcmp(argv[3], "conf") == 0;
    snprintf(path, sizeof(path), "%s/sentinel.conf", argv[4]);
    make_configuration(path, in_conf);
    snprintf(old_state, sizeof(old_state), "%s.state", path);
    (void)unlink(old_state);
    sn_buf_init(&error, SIZE_MAX);
    if (sn_conf_load(path, 0, NULL, &conf, &error) < 0) {
        fputs(sn_buf_text(&error), stderr);
        return 1;
    }
    if (!in_conf)
        add_members(&conf.image);
    if (sn_log_open("/dev/null", SN_LEVEL_WARNING, NULL, NULL, &log) != 0)
        return 1;
    uv_loop_init(&loop);
    core = sn_core_new(&conf.image, 1, (sn_ms)(uv_hrtime() / 1000000));
    driver = sn_driver_new(&loop, core, &ports, NULL);
    sn_claim_init(&claim, conf.state_path);
    store = sn_store_new(&loop, &conf, &claim, log);
    sn_store_set_driver(store, driver);
    run(argv[3], strtoul(argv[2], NULL, 10));
    sn_store_close(store);
    sn_driver_close(driver);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    sn_core_free(core);
    sn_claim_fini(&claim);
    sn_log_close(log);
    sn_conf_fini(&conf);
    sn_buf_fini(&error);
    return refused == 0 ? 0 : 1;
}
