/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_LINKS_LINKS_H
#define SN_SHELL_LINKS_LINKS_H

/* Connections to data nodes and peers (libuv streams, hiredis' formatter and protocol reader).
 * Performs CONNECT, DISCONNECT and SEND; feeds LINK_UP, LINK_DOWN, LINK_NOTE, LINK_TRAFFIC, HELLO
 * and REPLY to the driver. Makes no decisions. */

#include "core/action.h"
#include "shell/driver/driver.h"
#include "shell/net/tls.h"

struct sn_links;

/* source_addr: bind-source-addr or NULL. */
struct sn_links *sn_links_new(uv_loop_t *loop, const char *source_addr);
/* Asked for room where it is short: by how much the limit rises, 0 for not at all. */
typedef uint64_t (*sn_links_lend)(void *arg);
/* Limits the number of simultaneous links to replicas (minor links). Further ones get a LINK_DOWN
 * with no_room, unless lend, which may be NULL, gives some. Default: unlimited. */
void sn_links_set_minor_max(struct sn_links *links, uint64_t minor_max, sn_links_lend lend,
                            void *arg);
/* TLS for CONNECTs that ask for it; a reference is kept. Open links keep theirs. NULL: they fail.
 */
void sn_links_set_tls(struct sn_links *links, struct sn_tls *tls);
/* Borrowed: what the links use; NULL: no TLS, no source address. */
struct sn_tls *sn_links_tls(const struct sn_links *links);
const struct sockaddr_storage *sn_links_source(const struct sn_links *links);
void sn_links_set_driver(struct sn_links *links, struct sn_driver *driver); /* before any use */
void sn_links_connect(struct sn_links *links, const struct sn_action_connect *connect);
void sn_links_disconnect(struct sn_links *links, struct sn_link_id link);
void sn_links_send(struct sn_links *links, const struct sn_action_send *send);
/* Drops all connections; feeds nothing afterwards. */
void sn_links_close(struct sn_links *links);

#endif
