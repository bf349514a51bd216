/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_SHELL_TLS_KIT_H
#define SN_TESTS_SHELL_TLS_KIT_H

/* Keys, authorities and certificates of the tests' own, in files of a folder that the kit makes and
 * removes. */

#include "base/alloc.h"
#include "base/buf.h"
#include "shell/net/tls.h"

#include <assert.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TLS_KIT_DAY (24L * 60 * 60)

/* What is in a certificate; 0 and NULL: a good one for "one". */
struct tls_kit_spec {
    const char *name;      /* of its files: name.crt, name.key */
    const char *common;    /* common name; NULL: name */
    int common_len;        /* of common; 0: up to its NUL */
    const char *alt_names; /* "DNS:a,IP:127.0.0.1,URI:spiffe://x" */
    long days;             /* that it is valid, from a day ago; negative: it has ended */
    long seconds;          /* that it is valid, in place of days */
    bool other_authority;  /* issued by one that nobody trusts */
};

struct tls_kit {
    char folder[64];
    EVP_PKEY *ca_key, *other_key;
    X509 *ca, *other;
    char paths[16][96]; /* handed out by tls_kit_path, in turn */
    size_t next_path;
    struct sn_buf error; /* of the last context that was refused */
};

static inline const char *tls_kit_path(struct tls_kit *kit, const char *name, const char *suffix)
{
    struct sn_buf text;
    char *path = kit->paths[kit->next_path++ % 16];

    sn_buf_init(&text, sizeof(kit->paths[0]) - 1);
    sn_buf_printf(&text, "%s/%s%s", kit->folder, name, suffix);
    assert(!text.full);
    memcpy(path, sn_buf_text(&text), text.len + 1);
    sn_buf_fini(&text);
    return path;
}

static inline EVP_PKEY *tls_kit_key(void)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
    int ok = EVP_PKEY_keygen_init(context);

    ok &= EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1);
    ok &= EVP_PKEY_keygen(context, &key);
    assert(ok == 1);
    (void)ok;
    EVP_PKEY_CTX_free(context);
    return key;
}

static inline void tls_kit_extend(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert(extension != NULL);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static inline X509 *tls_kit_issue(const struct tls_kit_spec *spec, EVP_PKEY *key, X509 *issuer,
                                  EVP_PKEY *issuer_key)
{
    static long serial = 1;
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);
    const char *common = spec->common != NULL ? spec->common : spec->name;
    long days = spec->days != 0 ? spec->days : 365;

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), (days < 0 ? 10 * days : -1) * TLS_KIT_DAY);
    X509_gmtime_adj(X509_getm_notAfter(certificate),
                    spec->seconds > 0 ? spec->seconds : days * TLS_KIT_DAY);
    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                               (const unsigned char *)common,
                               spec->common_len > 0 ? spec->common_len : -1, -1, 0);
    X509_set_issuer_name(certificate, issuer != NULL ? X509_get_subject_name(issuer) : subject);
    X509_set_pubkey(certificate, key);
    if (issuer == NULL)
        tls_kit_extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
    if (spec->alt_names != NULL)
        tls_kit_extend(certificate, NID_subject_alt_name, spec->alt_names);
    int signed_len = X509_sign(certificate, issuer_key, EVP_sha256());
    assert(signed_len > 0);
    (void)signed_len;
    return certificate;
}

static inline void tls_kit_save(struct tls_kit *kit, const char *name, X509 *certificate,
                                EVP_PKEY *key, const char *password)
{
    FILE *file = fopen(tls_kit_path(kit, name, ".crt"), "w");

    assert(file != NULL);
    PEM_write_X509(file, certificate);
    fclose(file);
    file = fopen(tls_kit_path(kit, name, ".key"), "w");
    assert(file != NULL);
    PEM_write_PrivateKey(file, key, password != NULL ? EVP_aes_128_cbc() : NULL,
                         (const unsigned char *)password,
                         password != NULL ? (int)strlen(password) : 0, NULL, NULL);
    fclose(file);
}

/* Makes spec->name.crt and .key. password: of the key; NULL: none. */
static inline void tls_kit_make(struct tls_kit *kit, const struct tls_kit_spec *spec,
                                const char *password)
{
    EVP_PKEY *key = tls_kit_key();
    bool other = spec->other_authority;
    X509 *certificate = tls_kit_issue(spec, key, other ? kit->other : kit->ca,
                                      other ? kit->other_key : kit->ca_key);

    tls_kit_save(kit, spec->name, certificate, key, password);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* Makes name.crt of the certificates of two others. */
static inline void tls_kit_join(struct tls_kit *kit, const char *name, const char *first,
                                const char *second)
{
    char command[512];

    snprintf(command, sizeof(command), "cat '%s' '%s' > '%s'", tls_kit_path(kit, first, ".crt"),
             tls_kit_path(kit, second, ".crt"), tls_kit_path(kit, name, ".crt"));
    if (system(command) != 0)
        abort();
}

/* Makes the authorities "ca" and "other", and the certificate "one". */
static inline void tls_kit_init(struct tls_kit *kit)
{
    memset(kit, 0, sizeof(*kit));
    snprintf(kit->folder, sizeof(kit->folder), "/tmp/sentineld-tls-XXXXXX");
    const char *folder = mkdtemp(kit->folder);
    assert(folder != NULL);
    (void)folder;
    kit->ca_key = tls_kit_key();
    kit->other_key = tls_kit_key();
    kit->ca =
        tls_kit_issue(&(struct tls_kit_spec){.name = "Test CA"}, kit->ca_key, NULL, kit->ca_key);
    kit->other = tls_kit_issue(&(struct tls_kit_spec){.name = "Other CA"}, kit->other_key, NULL,
                               kit->other_key);
    tls_kit_save(kit, "ca", kit->ca, kit->ca_key, NULL);
    tls_kit_save(kit, "other", kit->other, kit->other_key, NULL);
    tls_kit_make(kit,
                 &(struct tls_kit_spec){.name = "one", .alt_names = "DNS:one.example,IP:127.0.0.1"},
                 NULL);
    sn_buf_init(&kit->error, 4096);
}

static inline void tls_kit_fini(struct tls_kit *kit)
{
    char command[128];

    X509_free(kit->ca);
    X509_free(kit->other);
    EVP_PKEY_free(kit->ca_key);
    EVP_PKEY_free(kit->other_key);
    sn_buf_fini(&kit->error);
    snprintf(command, sizeof(command), "rm -rf '%s'", kit->folder);
    if (system(command) != 0)
        abort();
}

/* Options with the certificate of that name (NULL: none), which trust "ca". */
static inline struct sn_tls_options tls_kit_options(struct tls_kit *kit, const char *name)
{
    return (struct sn_tls_options){
        .prefix = "tls-",
        .cert_file = name != NULL ? tls_kit_path(kit, name, ".crt") : NULL,
        .key_file = name != NULL ? tls_kit_path(kit, name, ".key") : NULL,
        .ca_cert_file = tls_kit_path(kit, "ca", ".crt"),
        .auth_clients = SN_TLS_AUTH_YES,
        .session_caching = true,
        .session_cache_size = 100,
        .session_cache_timeout_s = 300,
    };
}

/* A context; NULL: kit->error says why not. */
static inline struct sn_tls *tls_kit_context(struct tls_kit *kit, enum sn_tls_role role,
                                             const struct sn_tls_options *options)
{
    sn_buf_clear(&kit->error);
    return sn_tls_new(role, options, &kit->error);
}

static struct tls_kit kit; /* of the tests of this program */

/* For a group of tests, or for one. */
static inline int tls_kit_set_up(void **state)
{
    (void)state;
    tls_kit_init(&kit);
    return 0;
}

static inline int tls_kit_tear_down(void **state)
{
    (void)state;
    tls_kit_fini(&kit);
    return 0;
}

#endif
