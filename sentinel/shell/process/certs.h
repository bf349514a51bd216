/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_CERTS_H
#define SN_SHELL_PROCESS_CERTS_H

/* Keys and certificates of the process: loads them for the server and the links, reads changed
 * files again, and warns before they end (PROTOCOL.md §20.5). */

#include "conf/conf.h"
#include "shell/links/links.h"
#include "shell/log/log.h"
#include "shell/server/server.h"

struct sn_certs;

/* Whom the contexts are for, and where warnings go. All are borrowed until sn_certs_close. */
struct sn_certs_env {
    uv_loop_t *loop;
    const struct sn_tls_settings *settings;
    struct sn_server *server;
    struct sn_links *links;
    struct sn_log *log;
    /* Called in the loop when a reading is over that was not at the start, whatever came of it. */
    void (*reloaded)(void *arg);
    void *arg;
};

/* True if settings or any group ask for TLS. */
bool sn_certs_needed(const struct sn_conf *conf);
/* Reads all files without keeping anything, if TLS is needed, or could be as an authority is
 * configured. SN_EINVAL: *error says which one is unusable, and why. */
SN_MUST_CHECK int sn_certs_check(const struct sn_conf *conf, struct sn_buf *error);

/* The same, and hands the contexts to server and links. Blocks; for the start. *certs is NULL if
 * there is nothing to read, or if nothing needs TLS and a file is unusable, which is logged. The
 * functions below accept NULL. */
SN_MUST_CHECK int sn_certs_new(const struct sn_certs_env *env, const struct sn_conf *conf,
                               struct sn_certs **certs, struct sn_buf *error);
/* Reads all files again, in a worker thread; what is unusable is logged, and what was loaded before
 * stays in use. */
void sn_certs_reload(struct sn_certs *certs);
/* True while a worker reads them. */
bool sn_certs_is_busy(const struct sn_certs *certs);
/* Appends the fields of the tls section of INFO. */
void sn_certs_describe(const struct sn_certs *certs, struct sn_buf *out);
/* Touches server and links no more; the last close callback frees it. */
void sn_certs_close(struct sn_certs *certs);

#endif
