/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads keys, certificates and authorities, and sets what the connections of a role have in common.
 * Every failure names the directive and the file. OpenSSL's error queue belongs to the thread, so
 * it is emptied before each use. */
#include "shell/net/tls.h"

#include "base/alloc.h"
#include "base/prng.h"
#include "base/text.h"
#include "shell/net/tls_files.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TICKET_KEYS_MAX 128

struct sn_tls {
    atomic_uint refs;
    enum sn_tls_role role;
    SSL_CTX *context;
    struct sn_tls_options options; /* the texts that are needed later are owned, others NULL */
    char *expected_peer_names;
};

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool has_word(const char *text)
{
    return text != NULL && text[strspn(text, " ")] != '\0';
}

const char *sn_tls_error(void)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
    if (code != 0 && ERR_SYSTEM_ERROR(code))
        reason = strerror(ERR_GET_REASON(code));
#endif
    ERR_clear_error();
    return reason != NULL ? reason : "unknown error";
}

static bool file_failed(struct sn_buf *error, const char *directive, const char *file)
{
    sn_buf_printf(error, "%s: cannot use %s: %s", directive, file, sn_tls_error());
    return false;
}

/* OpenSSL's own message would not say that there is no such file. */
static bool can_read(struct sn_buf *error, const char *directive, const char *file)
{
    FILE *stream = fopen(file, "re");

    if (stream == NULL) {
        sn_buf_printf(error, "%s: cannot read %s: %s", directive, file, strerror(errno));
        return false;
    }
    fclose(stream);
    return true;
}

/* ---- protocols and ciphers ---- */

static const struct {
    const char *name;
    uint64_t off;
} versions[] = {
    {"TLSv1", SSL_OP_NO_TLSv1},
    {"TLSv1.1", SSL_OP_NO_TLSv1_1},
    {"TLSv1.2", SSL_OP_NO_TLSv1_2},
    {"TLSv1.3", SSL_OP_NO_TLSv1_3},
};
#define VERSIONS (sizeof(versions) / sizeof(versions[0]))

static uint64_t bit_of_version(const char *word, size_t len)
{
    for (size_t i = 0; i < VERSIONS; i++) {
        if (strlen(versions[i].name) == len && strncasecmp(versions[i].name, word, len) == 0)
            return versions[i].off;
    }
    return 0;
}

static bool set_protocols(struct sn_tls *tls, const char *list, struct sn_buf *error)
{
    uint64_t all = 0, wanted = 0;

    if (!is_set(list))
        list = "TLSv1.2 TLSv1.3";
    for (size_t i = 0; i < VERSIONS; i++)
        all |= versions[i].off;
    for (const char *word = list; *word != '\0';) {
        size_t len = strcspn(word, " ");
        uint64_t bit = bit_of_version(word, len);
        if (len > 0 && bit == 0) {
            sn_buf_printf(error,
                          "tls-protocols: unknown protocol \"%.*s\". Expected: a list of TLSv1, "
                          "TLSv1.1, TLSv1.2 and TLSv1.3",
                          len < 32 ? (int)len : 32, word);
            return false;
        }
        wanted |= bit;
        word += len + strspn(word + len, " ");
    }
    (void)SSL_CTX_set_min_proto_version(tls->context, 0);
    (void)SSL_CTX_set_max_proto_version(tls->context, 0);
    SSL_CTX_set_options(tls->context, all & ~wanted);
    return true;
}

static bool set_ciphers(struct sn_tls *tls, const struct sn_tls_options *options,
                        struct sn_buf *error)
{
    if (is_set(options->ciphers) && SSL_CTX_set_cipher_list(tls->context, options->ciphers) != 1) {
        sn_buf_printf(error, "tls-ciphers: %s", sn_tls_error());
        return false;
    }
    if (is_set(options->ciphersuites) &&
        SSL_CTX_set_ciphersuites(tls->context, options->ciphersuites) != 1) {
        sn_buf_printf(error, "tls-ciphersuites: %s", sn_tls_error());
        return false;
    }
    return true;
}

/* ---- files ---- */

static int give_password(char *out, int size, int writing, void *arg)
{
    const char *password = arg;
    size_t len = password != NULL ? strlen(password) : 0;

    (void)writing;
    if (len == 0 || size <= 0 || len > (size_t)size)
        return 0; /* without this callback OpenSSL would ask on the terminal */
    memcpy(out, password, len);
    return (int)len;
}

static bool load_certificate(struct sn_tls *tls, const struct sn_tls_options *options,
                             struct sn_buf *error)
{
    char cert[32], key[32];

    snprintf(cert, sizeof(cert), "%scert-file", options->prefix);
    snprintf(key, sizeof(key), "%skey-file", options->prefix);
    if (!is_set(options->cert_file) && !is_set(options->key_file) && tls->role == SN_TLS_CLIENT)
        return true; /* the other side may ask for none */
    if (!is_set(options->cert_file) || !is_set(options->key_file)) {
        sn_buf_printf(error, "%s is not set. TLS needs a certificate and its key",
                      is_set(options->cert_file) ? key : cert);
        return false;
    }
    if (!can_read(error, cert, options->cert_file) || !can_read(error, key, options->key_file))
        return false;
    SSL_CTX_set_default_passwd_cb(tls->context, give_password);
    SSL_CTX_set_default_passwd_cb_userdata(tls->context, (void *)options->key_file_pass);
    bool ok = SSL_CTX_use_certificate_chain_file(tls->context, options->cert_file) == 1;
    if (!ok)
        return file_failed(error, cert, options->cert_file);
    ok = SSL_CTX_use_PrivateKey_file(tls->context, options->key_file, SSL_FILETYPE_PEM) == 1 &&
         SSL_CTX_check_private_key(tls->context) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(tls->context, NULL); /* it is borrowed */
    return ok || file_failed(error, key, options->key_file);
}

static bool load_authorities(struct sn_tls *tls, const struct sn_tls_options *options,
                             struct sn_buf *error)
{
    const char *file = is_set(options->ca_cert_file) ? options->ca_cert_file : NULL;
    const char *dir = is_set(options->ca_cert_dir) ? options->ca_cert_dir : NULL;

    if (tls->role == SN_TLS_SERVER && options->auth_clients == SN_TLS_AUTH_NO)
        return true;
    if (file == NULL && dir == NULL) {
        sn_buf_puts(error,
                    "Either tls-ca-cert-file or tls-ca-cert-dir is needed where certificates "
                    "of others are checked: with tls-replication yes, and with tls-port "
                    "unless tls-auth-clients is no");
        return false;
    }
    if (file != NULL && !can_read(error, "tls-ca-cert-file", file))
        return false;
    if (SSL_CTX_load_verify_locations(tls->context, file, dir) != 1)
        return file_failed(error, file != NULL ? "tls-ca-cert-file" : "tls-ca-cert-dir",
                           file != NULL ? file : dir);
    /* Tells clients which of their certificates will do. */
    STACK_OF(X509_NAME) *names =
        file != NULL && tls->role == SN_TLS_SERVER ? SSL_load_client_CA_file(file) : NULL;
    if (names != NULL)
        SSL_CTX_set_client_CA_list(tls->context, names);
    ERR_clear_error();
    return true;
}

static bool load_dh_params(struct sn_tls *tls, const char *file, struct sn_buf *error)
{
    if (tls->role != SN_TLS_SERVER)
        return true;
    if (!is_set(file)) {
        SSL_CTX_set_dh_auto(tls->context, 1);
        return true;
    }
    if (!can_read(error, "tls-dh-params-file", file))
        return false;
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
    BIO *bio = BIO_new_file(file, "r");
    EVP_PKEY *params = bio != NULL ? PEM_read_bio_Parameters(bio, NULL) : NULL;
    BIO_free(bio);
    if (params == NULL || SSL_CTX_set0_tmp_dh_pkey(tls->context, params) != 1) {
        EVP_PKEY_free(params);
        return file_failed(error, "tls-dh-params-file", file);
    }
#else
    SSL_CTX_set_dh_auto(tls->context, 1);
#endif
    return true;
}

/* ---- the context ---- */

static void add_authorities(const struct sn_tls *tls, EVP_MD_CTX *digest)
{
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(tls->context));
    unsigned char one[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509 *authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (authority != NULL && X509_digest(authority, EVP_sha256(), one, &len) == 1)
            (void)EVP_DigestUpdate(digest, one, len);
    }
}

/* A ticket stands for a certificate that was checked. Where other authorities are trusted, or
 * certificates are demanded that were not, it is worth nothing: OpenSSL compares this id
 * (PROTOCOL.md §20.5). */
static void set_session_id(struct sn_tls *tls, const struct sn_tls_options *options)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    unsigned char id[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (digest == NULL || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
        abort();
    (void)EVP_DigestUpdate(digest, &options->auth_clients, sizeof(options->auth_clients));
    add_authorities(tls, digest);
    /* Those in a folder are read when they are needed. */
    uint64_t folder = sn_tls_fingerprint(SN_HASH_START, options->ca_cert_dir);
    (void)EVP_DigestUpdate(digest, &folder, sizeof(folder));
    (void)EVP_DigestFinal_ex(digest, id, &len);
    EVP_MD_CTX_free(digest);
    (void)SSL_CTX_set_session_id_context(tls->context, id, len);
}

/* 0: now, or unknown. */
static long long seconds_until(const ASN1_TIME *time)
{
    int days = 0, seconds = 0;

    return ASN1_TIME_diff(&days, &seconds, NULL, time) == 1 ? days * 86400LL + seconds : 0;
}

/* A resumed session is not verified again, and each brings a new ticket: with the first one a
 * client could come in for ever. Whose certificate has ended shakes hands anew, and shows what it
 * has by then. Tickets that are missing, unreadable or due for renewal are handled as OpenSSL
 * does it (PROTOCOL.md §20.5). */
static SSL_TICKET_RETURN on_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *key_name,
                                   size_t key_name_len, SSL_TICKET_STATUS status, void *arg)
{
    bool is_good = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
    const X509 *peer = is_good ? SSL_SESSION_get0_peer(session) : NULL;

    (void)ssl;
    (void)key_name;
    (void)key_name_len;
    (void)arg;
    if (!is_good || (peer != NULL && seconds_until(X509_get0_notAfter(peer)) <= 0))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

/* The same for sessions that clients without tickets resume by a number (PROTOCOL.md §20.5). */
static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
    const X509 *peer = SSL_SESSION_get0_peer(session);
    /* OpenSSL lets a session end when more seconds than its lifetime have passed. */
    long long left = peer != NULL ? seconds_until(X509_get0_notAfter(peer)) - 1 : LONG_MAX;

    (void)ssl;
    if (left < SSL_SESSION_get_timeout(session))
        (void)SSL_SESSION_set_timeout(session, left > 0 ? (long)left : 0);
    return 0; /* no reference is kept */
}

static void set_sessions(struct sn_tls *tls, const struct sn_tls_options *options)
{
    if (tls->role != SN_TLS_SERVER) {
        SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_OFF);
        return;
    }
    (void)SSL_CTX_set_num_tickets(tls->context, 1);
    if (!options->session_caching) {
        SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_options(tls->context, SSL_OP_NO_TICKET);
        (void)SSL_CTX_set_num_tickets(tls->context, 0);
        return;
    }
    SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(tls->context, options->session_cache_size);
    SSL_CTX_set_timeout(tls->context, options->session_cache_timeout_s);
    (void)SSL_CTX_set_session_ticket_cb(tls->context, NULL, on_ticket, NULL);
    SSL_CTX_sess_set_new_cb(tls->context, on_new_session);
}

static void set_behaviour(struct sn_tls *tls, const struct sn_tls_options *options)
{
    uint64_t off =
        SSL_OP_NO_SSLv3 | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_SINGLE_DH_USE;

    if (options->prefer_server_ciphers)
        off |= SSL_OP_CIPHER_SERVER_PREFERENCE;
    SSL_CTX_set_options(tls->context, off);
    /* Idle connections hold no buffers. */
    SSL_CTX_set_mode(tls->context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

struct sn_tls *sn_tls_new(enum sn_tls_role role, const struct sn_tls_options *options,
                          struct sn_buf *error)
{
    struct sn_tls *tls = sn_alloc(sizeof(*tls));

    ERR_clear_error();
    atomic_init(&tls->refs, 1);
    tls->role = role;
    tls->context = SSL_CTX_new(role == SN_TLS_SERVER ? TLS_server_method() : TLS_client_method());
    tls->expected_peer_names =
        has_word(options->expected_peer_names) ? sn_strdup(options->expected_peer_names) : NULL;
    tls->options.expected_peer_names = tls->expected_peer_names;
    tls->options.auth_clients = options->auth_clients;
    tls->options.verify_names = options->verify_names;
    if (tls->context == NULL) {
        sn_buf_printf(error, "TLS cannot be used: %s", sn_tls_error());
        sn_tls_unref(tls);
        return NULL;
    }
    set_behaviour(tls, options);
    set_sessions(tls, options);
    if (set_protocols(tls, options->protocols, error) && set_ciphers(tls, options, error) &&
        load_certificate(tls, options, error) && load_authorities(tls, options, error) &&
        load_dh_params(tls, options->dh_params_file, error)) {
        if (role == SN_TLS_SERVER)
            set_session_id(tls, options);
        return tls;
    }
    sn_tls_unref(tls);
    return NULL;
}

struct sn_tls *sn_tls_ref(struct sn_tls *tls)
{
    atomic_fetch_add(&tls->refs, 1);
    return tls;
}

void sn_tls_unref(struct sn_tls *tls)
{
    if (tls == NULL || atomic_fetch_sub(&tls->refs, 1) > 1)
        return;
    SSL_CTX_free(tls->context);
    free(tls->expected_peer_names);
    free(tls);
}

void sn_tls_keep_tickets(const struct sn_tls *from, struct sn_tls *to)
{
    unsigned char keys[TICKET_KEYS_MAX];
    long size = SSL_CTX_get_tlsext_ticket_keys(from->context, NULL, 0);

    if (size > 0 && size <= (long)sizeof(keys) &&
        SSL_CTX_get_tlsext_ticket_keys(from->context, keys, size) == 1)
        (void)SSL_CTX_set_tlsext_ticket_keys(to->context, keys, size);
    OPENSSL_cleanse(keys, sizeof(keys));
    ERR_clear_error();
}

SSL_CTX *sn_tls_context(const struct sn_tls *tls)
{
    return tls->context;
}

const struct sn_tls_options *sn_tls_options(const struct sn_tls *tls)
{
    return &tls->options;
}

enum sn_tls_role sn_tls_role(const struct sn_tls *tls)
{
    return tls->role;
}

/* ---- certificates in words ---- */

/* Control characters and whatever is not ASCII come out escaped. */
static void print_name(const X509_NAME *name, char *out, size_t size)
{
    BIO *bio = BIO_new(BIO_s_mem());

    out[0] = '\0';
    if (bio != NULL && name != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
        int len = BIO_read(bio, out, (int)size - 1);
        out[len > 0 ? len : 0] = '\0';
    }
    BIO_free(bio);
}

/* Returns the seconds until then; 0: unknown. */
static long long print_time(const ASN1_TIME *time, char out[32])
{
    struct tm tm;

    if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
        return 0;
    (void)strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return seconds_until(time);
}

void sn_tls_describe(X509 *certificate, struct sn_tls_certificate *out)
{
    *out = (struct sn_tls_certificate){.subject = ""};
    if (certificate == NULL)
        return;
    print_name(X509_get_subject_name(certificate), out->subject, sizeof(out->subject));
    print_name(X509_get_issuer_name(certificate), out->issuer, sizeof(out->issuer));
    out->seconds_early = print_time(X509_get0_notBefore(certificate), out->not_before);
    out->seconds_left = print_time(X509_get0_notAfter(certificate), out->not_after);
    if (out->subject[0] == '\0')
        (void)sn_text_copy(out->subject, sizeof(out->subject), "(no subject)");
}

void sn_tls_describe_own(const struct sn_tls *tls, struct sn_tls_certificate *out)
{
    sn_tls_describe(SSL_CTX_get0_certificate(tls->context), out);
}
