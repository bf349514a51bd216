/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_NET_TLS_H
#define SN_SHELL_NET_TLS_H

/* TLS contexts: keys, certificates and rules that all connections of one role share (PROTOCOL.md
 * §20.5). A context is immutable. Changed files make a new one; connections keep the one that they
 * were opened with. */

#include "base/buf.h"

#include <openssl/ssl.h>

enum sn_tls_role { SN_TLS_SERVER, SN_TLS_CLIENT };

enum sn_tls_auth { SN_TLS_AUTH_NO, SN_TLS_AUTH_OPTIONAL, SN_TLS_AUTH_YES };

/* Text is borrowed; NULL or "": not set. */
struct sn_tls_options {
    const char *prefix; /* of the directives of the next three, for errors: "tls-client-" */
    const char *cert_file;
    const char *key_file;
    const char *key_file_pass;
    const char *ca_cert_file;
    const char *ca_cert_dir;
    const char *dh_params_file;
    const char *protocols; /* "TLSv1.2 TLSv1.3" */
    const char *ciphers;
    const char *ciphersuites;
    const char *expected_peer_names; /* client: one of these, blank-separated, must be in the
                                        certificate of the other side */
    enum sn_tls_auth auth_clients;   /* server */
    bool prefer_server_ciphers;
    bool session_caching;
    int session_cache_size;
    int session_cache_timeout_s;
    bool verify_names; /* client: the certificate must hold the host that was connected to */
};

struct sn_tls;

/* Reads the files and returns a context; NULL: *error has a sentence that names the file. Blocks
 * while it reads; may run in any thread. Free with sn_tls_unref. */
struct sn_tls *sn_tls_new(enum sn_tls_role role, const struct sn_tls_options *options,
                          struct sn_buf *error);
struct sn_tls *sn_tls_ref(struct sn_tls *tls);
void sn_tls_unref(struct sn_tls *tls); /* NULL: no effect */

/* Tickets of from are accepted by to as well, so that clients resume their sessions after a reload;
 * but not if to trusts other authorities or demands other certificates. Both are servers. */
void sn_tls_keep_tickets(const struct sn_tls *from, struct sn_tls *to);

/* Own certificate: */
struct sn_tls_certificate {
    char subject[256]; /* printable; "": there is none */
    char issuer[256];
    char not_before[32]; /* "2027-01-31T12:00:00Z" */
    char not_after[32];
    long long seconds_early; /* until it begins to be valid; negative: it has begun */
    long long seconds_left;  /* negative: it has ended */
};
void sn_tls_describe_own(const struct sn_tls *tls, struct sn_tls_certificate *out);
/* Describes a certificate; NULL: all fields are empty. */
void sn_tls_describe(X509 *certificate, struct sn_tls_certificate *out);

/* For tls_session.c. */
SSL_CTX *sn_tls_context(const struct sn_tls *tls);
const struct sn_tls_options *sn_tls_options(const struct sn_tls *tls);
enum sn_tls_role sn_tls_role(const struct sn_tls *tls);
/* The reason of the last OpenSSL error of this thread, for people; empties the queue. */
const char *sn_tls_error(void);

#endif
