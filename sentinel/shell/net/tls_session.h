/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_NET_TLS_SESSION_H
#define SN_SHELL_NET_TLS_SESSION_H

/* TLS of one connection, without I/O: bytes from the network go in, plain bytes come out, and the
 * other way round. Records for the network are appended to a buffer of the owner. */

#include "shell/net/tls.h"

struct sn_tls_session;

enum sn_tls_result {
    SN_TLS_WAIT,   /* needs more bytes from the network */
    SN_TLS_DONE,   /* handshake: complete */
    SN_TLS_ENDED,  /* the other side ended its half of the connection (close_notify) */
    SN_TLS_FAILED, /* sn_tls_session_reason says why; records may be left to be sent */
};

/* tls: borrowed for the call; a reference is kept. host: client: the name or IP that the other side
 * was connected by; NULL for a server. wire: gets the records for the network; borrowed. */
struct sn_tls_session *sn_tls_session_new(struct sn_tls *tls, const char *host,
                                          struct sn_buf *wire);
void sn_tls_session_free(struct sn_tls_session *session);

/* Bytes from the network; borrowed until sn_tls_session_shake or _read returns SN_TLS_WAIT, which
 * has taken in all of them. Precondition: those before have been taken in. */
void sn_tls_session_feed(struct sn_tls_session *session, const char *data, size_t len);
/* Goes on with the handshake. */
enum sn_tls_result sn_tls_session_shake(struct sn_tls_session *session);
/* Stores up to size plain bytes in out, their number in *len; *len > 0: to be called again, with
 * whatever result. Precondition: the handshake is complete. */
enum sn_tls_result sn_tls_session_read(struct sn_tls_session *session, char *out, size_t size,
                                       size_t *len);
/* Makes records of len plain bytes. False: failed, as with SN_TLS_FAILED. Precondition: the
 * handshake is complete. */
bool sn_tls_session_write(struct sn_tls_session *session, const char *data, size_t len);
/* Makes the record that ends our half of the connection, if the handshake is complete. */
void sn_tls_session_end(struct sn_tls_session *session);

/* Why it failed: which side, and which certificate; a sentence without its period. "": it did not.
 */
const char *sn_tls_session_reason(const struct sn_tls_session *session);
/* Stores the common name of the other side's verified certificate, or its first URI. False: there
 * is none, it is longer than size allows, or it holds a NUL or another control character.
 * Precondition of this and what follows: the handshake is complete. */
bool sn_tls_session_peer_name(const struct sn_tls_session *session, bool uri, char *out,
                              size_t size);
/* "TLSv1.3", "TLS_AES_256_GCM_SHA384". */
const char *sn_tls_session_version(const struct sn_tls_session *session);
bool sn_tls_session_resumed(const struct sn_tls_session *session);

#endif
