/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_SAMPLE_H
#define SN_SHELL_HTTP_SAMPLE_H

/* Lines of the Prometheus text format: name{label="value"} number. */

#include "base/buf.h"

struct sn_sample {
    struct sn_buf *out;
    bool labelled;
};

/* Begins a sample: name, with suffix ("" or "_total") behind it. */
struct sn_sample sn_sample_begin(struct sn_buf *out, const char *name, const char *suffix);
/* Any text; bytes that are no UTF-8 show as \xHH. */
void sn_sample_label(struct sn_sample *sample, const char *name, const char *value);
/* The label `name` with the value "host:port". */
void sn_sample_label_place(struct sn_sample *sample, const char *name, const char *host,
                           uint16_t port);
/* End the sample with its value: a number, or nanoseconds or milliseconds as seconds. */
void sn_sample_end(struct sn_sample *sample, uint64_t value);
void sn_sample_end_ms(struct sn_sample *sample, sn_ms ms);
void sn_sample_end_ns(struct sn_sample *sample, uint64_t ns);

#endif
