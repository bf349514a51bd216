/* SPDX-License-Identifier: BSD-3-Clause */
/* A pair of BIOs of our own connects OpenSSL to the buffers of the stream, so that no bytes are
 * copied into memory BIOs and an idle connection holds no buffers. OpenSSL's error queue belongs to
 * the thread: it is emptied before each operation, or the failure of one connection would look like
 * that of the next. */
#include "shell/net/tls_session.h"

#include "base/alloc.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_MAX 512
/* Messages that may follow the handshake (new keys, new tickets). Each costs as much as a hundred
 * records, and no server or client needs more than a few. */
#define LATE_MAX 100

struct sn_tls_session {
    struct sn_tls *tls;
    char *host; /* client: as it was given, until the handshake begins */
    SSL *ssl;   /* NULL: the handshake has not begun, or could not */
    struct sn_buf *wire;
    const char *in; /* not taken in yet */
    size_t in_len;
    bool is_open;  /* the handshake is complete */
    unsigned late; /* messages of the other side since then, besides data */
    char *names;   /* client: blank-separated; the certificate must be for one. NULL: for any */
    char *reason;  /* NULL: none */
};

/* ---- between OpenSSL and our buffers ---- */

static int bio_read(BIO *bio, char *out, int size)
{
    struct sn_tls_session *session = BIO_get_data(bio);
    size_t len = session->in_len < (size_t)size ? session->in_len : (size_t)size;

    BIO_clear_retry_flags(bio);
    if (session->late > LATE_MAX)
        return -1;
    if (len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(out, session->in, len);
    session->in += len;
    session->in_len -= len;
    return (int)len;
}

/* The buffer is full only if the other side makes us answer and does not read. */
static int bio_write(BIO *bio, const char *data, int len)
{
    struct sn_tls_session *session = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    sn_buf_append(session->wire, data, (size_t)len);
    return session->wire->full ? -1 : len;
}

static long bio_control(BIO *bio, int command, long number, void *arg)
{
    (void)bio;
    (void)number;
    (void)arg;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *method;
static int session_index = -1;

static void make_method(void)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sentineld stream");
    session_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    if (method == NULL)
        return;
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
}

static BIO *bio_new(struct sn_tls_session *session)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_method);
    BIO *bio = method != NULL ? BIO_new(method) : NULL;
    if (bio != NULL) {
        BIO_set_data(bio, session);
        BIO_set_init(bio, 1);
    }
    return bio;
}

/* ---- reasons ---- */

static SN_PRINTF(2, 3) void give_reason(struct sn_tls_session *session, const char *format, ...)
{
    char text[REASON_MAX];
    va_list args;

    if (session->reason != NULL)
        return; /* the first one is the cause of the others */
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    session->reason = sn_strdup(text);
}

static bool is_ip(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* True if the certificate is for one of names. (OpenSSL itself would demand an IP besides a name.)
 */
static bool is_for(X509 *certificate, const char *names)
{
    char name[256];
    bool found = false;

    while (!found && *names != '\0') {
        size_t len = strcspn(names, " ");
        snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : 0), names);
        if (is_ip(name))
            found = X509_check_ip_asc(certificate, name, 0) == 1;
        else if (name[0] != '\0')
            found = X509_check_host(certificate, name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                                    NULL) == 1;
        names += len + strspn(names + len, " ");
    }
    return found;
}

/* OpenSSL tells only a number afterwards; here the certificate is known as well. The cause comes
 * first, because names may be so long that the end is cut off. */
static int on_verified(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct sn_tls_session *session = ssl != NULL ? SSL_get_ex_data(ssl, session_index) : NULL;
    X509 *current = X509_STORE_CTX_get_current_cert(store);
    struct sn_tls_certificate certificate;

    if (session == NULL)
        return ok;
    if (!ok) {
        sn_tls_describe(current, &certificate);
        give_reason(session,
                    "we refuse the certificate of the other side: %s (%s, issued by %s, valid "
                    "until %s)",
                    X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)),
                    certificate.subject, certificate.issuer, certificate.not_after);
    } else if (X509_STORE_CTX_get_error_depth(store) == 0 && session->names != NULL &&
               !is_for(current, session->names)) {
        sn_tls_describe(current, &certificate);
        give_reason(session,
                    "we refuse the certificate of the other side: it is not for %s (%s, valid "
                    "until %s)",
                    session->names, certificate.subject, certificate.not_after);
        X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
        ok = 0;
    }
    return ok;
}

/* A flood of such messages would hold up everybody else (PROTOCOL.md §20.5). */
static void on_message(int sent, int version, int type, const void *bytes, size_t len, SSL *ssl,
                       void *arg)
{
    struct sn_tls_session *session = arg;

    (void)version;
    (void)bytes;
    (void)len;
    (void)ssl;
    if (!sent && type == SSL3_RT_HANDSHAKE && session->is_open)
        session->late++;
}

/* Which end of the connection has refused, in words; NULL: those of OpenSSL will do (PROTOCOL.md
 * §20.5). */
static const char *common_cause(unsigned long code)
{
    if (ERR_GET_LIB(code) != ERR_LIB_SSL)
        return NULL;
    switch (ERR_GET_REASON(code)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_RECORD_LENGTH_MISMATCH:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
        return "the other side does not speak TLS on this connection";
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return "the other side sent no certificate, which tls-auth-clients yes demands";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
        return "no TLS version is allowed on both sides (tls-protocols)";
    case SSL_R_NO_SHARED_CIPHER:
        return "no cipher is allowed on both sides (tls-ciphers, tls-ciphersuites)";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
        return "the other side refuses our certificate: it does not know its CA";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
        return "the other side refuses our certificate: it has expired";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
        return "the other side refuses our certificate";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        return "the other side demands a certificate and we have none (tls-client-cert-file, "
               "tls-cert-file)";
    default:
        return NULL;
    }
}

/* OpenSSL numbers the alerts that it received from here on. */
static bool is_alert(unsigned long code)
{
    return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET;
}

static enum sn_tls_result judge(struct sn_tls_session *session, int rc)
{
    int error = SSL_get_error(session->ssl, rc);

    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return SN_TLS_WAIT;
    if (error == SSL_ERROR_ZERO_RETURN)
        return SN_TLS_ENDED;
    unsigned long code = ERR_peek_error();
    const char *cause = common_cause(code);
    if (cause != NULL)
        give_reason(session, "%s", cause);
    else if (session->late > LATE_MAX)
        give_reason(session, "the other side renews its keys or tickets without end");
    else if (session->wire->full)
        give_reason(session, "the other side does not read what it asks for");
    else if (is_alert(code))
        give_reason(session, "the other side ended it: %s", sn_tls_error());
    else
        give_reason(session, "%s", sn_tls_error());
    ERR_clear_error();
    return SN_TLS_FAILED;
}

/* ---- the session ---- */

/* Whom a client means: told to the server (SNI), and checked if that is asked for (PROTOCOL.md
 * §20.5). */
static void set_host(struct sn_tls_session *session, const char *host)
{
    const struct sn_tls_options *options = sn_tls_options(session->tls);
    char *name = sn_strdup(host);
    size_t len = strlen(name);

    if (len > 0 && name[len - 1] == '.') /* in certificates no name has it */
        name[len - 1] = '\0';
    if (!is_ip(name) && name[0] != '\0')
        (void)SSL_set_tlsext_host_name(session->ssl, name);
    if (options->expected_peer_names != NULL)
        session->names = sn_strdup(options->expected_peer_names);
    else if (options->verify_names)
        session->names = sn_strdup(name);
    free(name);
}

/* PROTOCOL.md §20.5. */
static int verify_mode(const struct sn_tls *tls)
{
    if (sn_tls_role(tls) == SN_TLS_CLIENT)
        return SSL_VERIFY_PEER;
    switch (sn_tls_options(tls)->auth_clients) {
    case SN_TLS_AUTH_YES:
        return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    case SN_TLS_AUTH_OPTIONAL:
        return SSL_VERIFY_PEER;
    case SN_TLS_AUTH_NO:
        break;
    }
    return SSL_VERIFY_NONE;
}

static bool prepare(struct sn_tls_session *session)
{
    BIO *bio = bio_new(session);

    if (bio == NULL || SSL_set_ex_data(session->ssl, session_index, session) != 1) {
        BIO_free(bio);
        return false;
    }
    SSL_set_bio(session->ssl, bio, bio); /* one reference, as both are the same */
    SSL_set_verify(session->ssl, verify_mode(session->tls), on_verified);
    SSL_set_msg_callback(session->ssl, on_message);
    SSL_set_msg_callback_arg(session->ssl, session);
    if (sn_tls_role(session->tls) == SN_TLS_SERVER) {
        SSL_set_accept_state(session->ssl);
        return true;
    }
    SSL_set_connect_state(session->ssl);
    set_host(session, session->host);
    return true;
}

/* Not before there is something to do: a connection on which no byte has come costs little. */
static bool begin_handshake(struct sn_tls_session *session)
{
    session->ssl = SSL_new(sn_tls_context(session->tls));
    bool ok = session->ssl != NULL && prepare(session);
    if (!ok) {
        SSL_free(session->ssl);
        session->ssl = NULL;
        give_reason(session, "TLS cannot be used: %s", sn_tls_error());
    }
    free(session->host);
    session->host = NULL;
    return ok;
}

struct sn_tls_session *sn_tls_session_new(struct sn_tls *tls, const char *host, struct sn_buf *wire)
{
    struct sn_tls_session *session = sn_alloc(sizeof(*session));

    session->tls = sn_tls_ref(tls);
    session->wire = wire;
    if (sn_tls_role(tls) == SN_TLS_CLIENT)
        session->host = sn_strdup(host != NULL ? host : "");
    return session;
}

void sn_tls_session_free(struct sn_tls_session *session)
{
    if (session == NULL)
        return;
    SSL_free(session->ssl);
    sn_tls_unref(session->tls);
    free(session->host);
    free(session->names);
    free(session->reason);
    free(session);
}

void sn_tls_session_feed(struct sn_tls_session *session, const char *data, size_t len)
{
    session->in = data;
    session->in_len = len;
}

enum sn_tls_result sn_tls_session_shake(struct sn_tls_session *session)
{
    ERR_clear_error();
    if (session->ssl == NULL && !begin_handshake(session))
        return SN_TLS_FAILED;
    int rc = SSL_do_handshake(session->ssl);
    session->is_open = rc == 1;
    return session->is_open ? SN_TLS_DONE : judge(session, rc);
}

enum sn_tls_result sn_tls_session_read(struct sn_tls_session *session, char *out, size_t size,
                                       size_t *len)
{
    enum sn_tls_result result = SN_TLS_WAIT;

    *len = 0;
    while (*len < size) {
        ERR_clear_error();
        size_t count = size - *len;
        int rc = SSL_read(session->ssl, out + *len, (int)(count < INT32_MAX ? count : INT32_MAX));
        if (rc <= 0) {
            result = judge(session, rc);
            break;
        }
        *len += (size_t)rc;
    }
    return result;
}

bool sn_tls_session_write(struct sn_tls_session *session, const char *data, size_t len)
{
    while (len > 0) {
        ERR_clear_error();
        int rc = SSL_write(session->ssl, data, (int)(len < INT32_MAX ? len : INT32_MAX));
        if (rc <= 0) {
            (void)judge(session, rc);
            return false;
        }
        data += rc;
        len -= (size_t)rc;
    }
    return true;
}

void sn_tls_session_end(struct sn_tls_session *session)
{
    ERR_clear_error();
    if (session->is_open && session->reason == NULL)
        (void)SSL_shutdown(session->ssl);
    ERR_clear_error();
}

const char *sn_tls_session_reason(const struct sn_tls_session *session)
{
    return session->reason != NULL ? session->reason : "";
}

/* ---- the other side ---- */

static bool copy_name(const ASN1_STRING *name, char *out, size_t size)
{
    unsigned char *text = NULL;
    int len = name != NULL ? ASN1_STRING_to_UTF8(&text, name) : -1;
    bool ok =
        len > 0 && (size_t)len < size && !sn_text_has_control((const char *)text, (size_t)len);

    if (ok) {
        memcpy(out, text, (size_t)len);
        out[len] = '\0';
    }
    OPENSSL_free(text);
    return ok;
}

static bool common_name(X509 *certificate, char *out, size_t size)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

    return at >= 0 &&
           copy_name(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), out, size);
}

static bool first_uri(X509 *certificate, char *out, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool found = false;

    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names) && !found; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_URI) {
            found = copy_name(name->d.uniformResourceIdentifier, out, size);
            break;
        }
    }
    GENERAL_NAMES_free(names);
    return found;
}

/* PROTOCOL.md §20.5. */
bool sn_tls_session_peer_name(const struct sn_tls_session *session, bool uri, char *out,
                              size_t size)
{
    X509 *certificate = SSL_get_peer_certificate(session->ssl);
    bool found = false;

    if (certificate != NULL && SSL_get_verify_result(session->ssl) == X509_V_OK)
        found = uri ? first_uri(certificate, out, size) : common_name(certificate, out, size);
    X509_free(certificate);
    ERR_clear_error();
    return found;
}

const char *sn_tls_session_version(const struct sn_tls_session *session)
{
    return SSL_get_version(session->ssl);
}

bool sn_tls_session_resumed(const struct sn_tls_session *session)
{
    return SSL_session_reused(session->ssl) == 1;
}
