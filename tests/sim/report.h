/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_REPORT_H
#define TESTS_SIM_REPORT_H

/* What a failing run shows of the instant of its failure: who is who, how things are, and what each
 * sentinel believes. */

#include "base/buf.h"

struct sim;

#define REPORT_LINES_MAX 40
#define REPORT_MAX       8192 /* bytes */

/* Appends at most REPORT_LINES_MAX lines, each with two blanks in front. groups: bits of those
 * whose sentinels are asked; 0: all. */
void report_write(const struct sim *sim, unsigned groups, struct sn_buf *out);

#endif
