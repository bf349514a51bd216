/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/http/metrics.h"

#include "shell/http/scrape.h"

#include <string.h>

#define PIECE_SIZE 4096
#define TOTAL      "_total"

enum type { GAUGE, COUNTER, HISTOGRAM };

static const char *const type_names[] = {
    [GAUGE] = "gauge", [COUNTER] = "counter", [HISTOGRAM] = "histogram"};

struct family {
    const char *name;
    enum type type;
    const char *help;
};

static const struct family families[] = {
#define X(id, its_name, its_type, labels, its_help)                                                \
    {.name = (its_name), .type = (its_type), .help = (its_help)},
    SN_PROCESS_METRICS(X) SN_GROUP_METRICS(X)
#undef X
};

#define FAMILY_COUNT (sizeof(families) / sizeof(families[0]))

/* In OpenMetrics a family of counters has a name without the _total of its samples. */
static void put_head(const struct sn_metrics *metrics, const struct family *family,
                     struct sn_buf *out)
{
    int len = (int)strlen(family->name);

    if (metrics->open_metrics && family->type == COUNTER)
        len -= (int)strlen(TOTAL);
    sn_buf_printf(out, "# HELP %.*s %s\n# TYPE %.*s %s\n", len, family->name, family->help, len,
                  family->name, type_names[family->type]);
}

static void next_family(struct sn_metrics *metrics)
{
    metrics->family++;
    metrics->group = 0;
}

/* Goes on with a family of the groups until the piece is full. */
static void put_groups(struct sn_metrics *metrics, struct sn_buf *out)
{
    const struct sn_http_parts *parts = metrics->parts;
    const struct sn_core *core = sn_driver_core(parts->driver);
    enum sn_group_metric metric = (enum sn_group_metric)(metrics->family - SN_PROCESS_METRIC_COUNT);
    const struct family *family = &families[metrics->family];
    size_t begin = out->len;

    if (metrics->group == 0)
        put_head(metrics, family, out);
    while (out->len - begin < PIECE_SIZE) {
        const struct sn_group *group = sn_measure_next_group(core, &metrics->group);
        if (group == NULL) {
            next_family(metrics);
            return;
        }
        sn_scrape_group(parts, group, metric, family->name, out);
    }
}

bool sn_metrics_next(struct sn_metrics *metrics, struct sn_buf *out)
{
    if (metrics->ended)
        return false;
    if (metrics->family == FAMILY_COUNT) {
        metrics->ended = true;
        if (metrics->open_metrics)
            sn_buf_puts(out, "# EOF\n");
        return true;
    }
    if (metrics->family >= SN_PROCESS_METRIC_COUNT) {
        put_groups(metrics, out);
        return true;
    }
    put_head(metrics, &families[metrics->family], out);
    sn_scrape_process(metrics->parts, (enum sn_process_metric)metrics->family,
                      families[metrics->family].name, out);
    next_family(metrics);
    return true;
}

bool sn_metrics_wants_open(const char *accept)
{
    return accept != NULL && strstr(accept, "application/openmetrics-text") != NULL;
}

const char *sn_metrics_type(bool open_metrics)
{
    return open_metrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                        : "text/plain; version=0.0.4; charset=utf-8";
}
