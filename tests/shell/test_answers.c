/* SPDX-License-Identifier: BSD-3-Clause */
/* What an answer costs, by counts: allocations, and writes to the kernel. */

#include "server_case.h"

#include "base/alloc.h"
#include "shell/server/parts.h"
#include "shell/server/stats.h"

enum { PIPELINE = 16, ROUNDS = 50, GROUPS = 20 };

#define LOOK_UP    "*3\r\n$8\r\nSENTINEL\r\n$23\r\nGET-MASTER-ADDR-BY-NAME\r\n$2\r\nm1\r\n"
#define ADDRESS    "*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n"
#define AN_ALIAS   "*3\r\n$8\r\nsentinel\r\n$24\r\nget-primary-addr-by-name\r\n$2\r\nm1\r\n"
#define PING       "*1\r\n$4\r\nPING\r\n"
#define PONG       "+PONG\r\n"
#define NO_ADDRESS "*3\r\n$8\r\nSENTINEL\r\n$23\r\nGET-MASTER-ADDR-BY-NAME\r\n$1\r\nx\r\n"

static size_t allocations;

/* The linker's names. NOLINTBEGIN(readability-identifier-naming) */
void *__real_sn_alloc(size_t size);
void *__real_sn_realloc(void *memory, size_t size);
char *__real_sn_strndup(const char *text, size_t len);
void *__wrap_sn_alloc(size_t size);
void *__wrap_sn_realloc(void *memory, size_t size);
char *__wrap_sn_strndup(const char *text, size_t len);
/* NOLINTEND(readability-identifier-naming) */

void *__wrap_sn_alloc(size_t size)
{
    allocations++;
    return __real_sn_alloc(size);
}

void *__wrap_sn_realloc(void *memory, size_t size)
{
    allocations++;
    return __real_sn_realloc(memory, size);
}

char *__wrap_sn_strndup(const char *text, size_t len)
{
    allocations++;
    return __real_sn_strndup(text, len);
}

static void repeat(char *out, const char *text)
{
    size_t len = strlen(text);

    for (int i = 0; i < PIPELINE; i++)
        memcpy(out + (size_t)i * len, text, len);
    out[PIPELINE * len] = '\0';
}

/* Sends a pipeline of request many times; the buffers have grown after the first one. */
static void expect_cheap(const char *request, const char *reply)
{
    char requests[PIPELINE * 256], replies[PIPELINE * 256];
    int fd = rig_dial(&rig);

    repeat(requests, request);
    repeat(replies, reply);
    rig_talk(&rig, fd, requests, replies);
    const struct sn_stats *stats = sn_server_stats(rig.server);
    uint64_t reads = stats->reads, writes = stats->writes;
    allocations = 0;
    for (int i = 0; i < ROUNDS; i++)
        rig_talk(&rig, fd, requests, replies);
    assert_int_equal(allocations, 0);
    assert_true(stats->writes - writes <= stats->reads - reads);
    assert_true(stats->writes - writes >= ROUNDS);
    close(fd);
}

static void test_answers__to_a_pipeline_take_no_memory_and_one_write(void **state)
{
    int fd = rig_dial(&rig);

    (void)state;
    rig_talk(&rig, fd, MONITOR, "+OK\r\n");
    expect_cheap(LOOK_UP, ADDRESS);
    expect_cheap(AN_ALIAS, ADDRESS);
    expect_cheap(NO_ADDRESS, "*-1\r\n");
    expect_cheap(PING, PONG);
    close(fd);
}

/* The descriptions are written where they are sent from. */
static void test_answers__about_all_groups_take_no_memory(void **state)
{
    static char text[1 << 20];
    char name[32];

    (void)state;
    for (int i = 0; i < GROUPS; i++) {
        snprintf(name, sizeof(name), "m%d", i);
        rig_add_group(&rig, name, "127.0.0.1", 1 + i);
    }
    rig_start(&rig);
    int fd = rig_dial(&rig);
    rig_send(&rig, fd, "SENTINEL MASTERS\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    allocations = 0;
    for (int i = 0; i < ROUNDS; i++) {
        rig_send(&rig, fd, "*2\r\n$8\r\nSENTINEL\r\n$7\r\nMASTERS\r\n");
        assert_true(rig_read(&rig, fd, text, sizeof(text)) > (size_t)GROUPS * 100);
        assert_true(strncmp(text, "*20\r\n*", 6) == 0);
    }
    assert_true(allocations < ROUNDS); /* the core's own, in all this time */
    close(fd);
}

static int prepare(void **state)
{
    (void)state;
    rig_init(&rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers__to_a_pipeline_take_no_memory_and_one_write,
                                        start, stop),
        cmocka_unit_test_setup_teardown(test_answers__about_all_groups_take_no_memory, prepare,
                                        stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
