/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_ROUTES_H
#define SN_SHELL_HTTP_ROUTES_H

/* From the path of a request to its answer (HTTP.md). */

#include "shell/http/parts.h"

#include <microhttpd.h>

/* True for GET, HEAD and OPTIONS. */
bool sn_routes_allow(const char *method);
/* 405. */
enum MHD_Result sn_routes_refuse(struct MHD_Connection *connection);
/* Answers a request of an allowed method. path: without escapes and arguments. */
enum MHD_Result sn_routes_answer(const struct sn_http_parts *parts,
                                 struct MHD_Connection *connection, const char *method,
                                 const char *path);

#endif
