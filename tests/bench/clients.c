/* SPDX-License-Identifier: BSD-3-Clause */
/* Thousands of clients that connect at once, each with a question, for scripts/bench.
 *
 *   sentinel-clients PORT COUNT [CA CERT KEY]
 *
 * Each line on standard input ("again") closes all connections, opens them all at once, sends
 * SENTINEL GET-MASTER-ADDR-BY-NAME mymaster on each, and prints "COUNT answered, FAILED failed,
 * FIRST MEDIAN LAST" in milliseconds when each has its answer or has failed. The end of the input
 * is the end of the program. */
#include "shell/net/stream.h"

#include "base/alloc.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char question[] = "SENTINEL GET-MASTER-ADDR-BY-NAME mymaster\r\n";

struct client {
    struct sn_stream stream;
    bool in_use, answered;
};

static struct sn_net net;
static uv_loop_t loop;
static struct sn_tls *tls;
static struct client *clients;
static size_t count, open_count, answered, failed;
static double *times;
static uint64_t began;
static struct sockaddr_storage address;

static void on_closed(void *owner)
{
    struct client *client = owner;

    client->in_use = false;
    open_count--;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void report(void)
{
    if (answered + failed < count)
        return;
    qsort(times, answered, sizeof(*times), compare);
    printf("%zu answered, %zu failed, %.1f %.1f %.1f\n", answered, failed,
           answered > 0 ? times[0] : 0.0, answered > 0 ? times[answered / 2] : 0.0,
           answered > 0 ? times[answered - 1] : 0.0);
    fflush(stdout);
    uv_stop(&loop);
}

static void give_up(struct client *client)
{
    sn_stream_close(&client->stream);
    if (client->answered)
        return;
    client->answered = true;
    failed++;
    report();
}

static void on_opened(void *owner, int error)
{
    struct client *client = owner;

    if (error != 0) {
        give_up(client);
        return;
    }
    sn_buf_puts(&client->stream.out, question);
    (void)sn_stream_flush(&client->stream);
}

static void on_bytes(void *owner, const char *data, size_t len)
{
    struct client *client = owner;

    (void)data;
    (void)len;
    if (client->answered)
        return;
    client->answered = true;
    times[answered++] = (double)(uv_hrtime() - began) / 1e6;
    report();
}

static void on_ended(void *owner, int error)
{
    (void)error;
    give_up(owner);
}

static void on_drained(void *owner, int error)
{
    struct client *client = owner;

    if (error == 0)
        (void)sn_stream_flush(&client->stream);
}

static void start(struct client *client)
{
    static const struct sn_stream_hooks hooks = {.opened = on_opened,
                                                 .bytes = on_bytes,
                                                 .ended = on_ended,
                                                 .drained = on_drained,
                                                 .closed = on_closed};

    client->in_use = true;
    client->answered = false;
    open_count++;
    sn_stream_init(&client->stream, &net, false, &hooks, client, 4096);
    if (tls != NULL)
        sn_stream_secure(&client->stream, tls, "");
    if (sn_stream_connect(&client->stream, NULL, (const struct sockaddr *)&address) != 0)
        give_up(client);
}

static void close_all(void)
{
    for (size_t i = 0; i < count; i++) {
        if (clients[i].in_use && clients[i].stream.state != SN_STREAM_CLOSING)
            sn_stream_close(&clients[i].stream);
    }
    while (open_count > 0)
        uv_run(&loop, UV_RUN_ONCE);
}

static void set_up_tls(char **files)
{
    struct sn_buf error;
    const struct sn_tls_options options = {
        .prefix = "tls-", .ca_cert_file = files[0], .cert_file = files[1], .key_file = files[2]};

    sn_buf_init(&error, 4096);
    tls = sn_tls_new(SN_TLS_CLIENT, &options, &error);
    if (tls == NULL) {
        fprintf(stderr, "%s\n", sn_buf_text(&error));
        exit(1);
    }
    sn_buf_fini(&error);
}

int main(int argc, char **argv)
{
    char line[64];

    if (argc != 3 && argc != 6) {
        fprintf(stderr, "usage: %s PORT COUNT [CA CERT KEY]\n", argv[0]);
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    count = (size_t)strtoul(argv[2], NULL, 10);
    clients = sn_alloc_array(count, sizeof(*clients));
    times = sn_alloc_array(count, sizeof(*times));
    uv_loop_init(&loop);
    net.loop = &loop;
    if (!sn_stream_address("127.0.0.1", (uint16_t)strtoul(argv[1], NULL, 10), &address))
        return 1;
    if (argc == 6)
        set_up_tls(argv + 3);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        close_all();
        answered = failed = 0;
        began = uv_hrtime();
        for (size_t i = 0; i < count; i++)
            start(&clients[i]);
        uv_run(&loop, UV_RUN_DEFAULT);
    }
    close_all();
    uv_loop_close(&loop);
    sn_tls_unref(tls);
    free(clients);
    free(times);
    return 0;
}
