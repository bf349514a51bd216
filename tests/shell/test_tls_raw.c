/* SPDX-License-Identifier: BSD-3-Clause */
/* A server's session against a client of OpenSSL's own, which does what our clients never do. */
#include "tls_kit.h"

#include "shell/net/tls_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <time.h>

#define RECORDS_MAX 2000

struct raw {
    SSL_CTX *context;
    SSL *ssl;
    BIO *in, *out;       /* of the client */
    struct sn_buf wire;  /* what the server has sent */
    struct sn_buf heard; /* plain bytes */
    struct sn_tls_session *session;
    bool done;
    enum sn_tls_result result;
};

static struct raw raw;
static const char *shown = "one"; /* certificate of the client */
static uint64_t client_options;   /* of OpenSSL */

static void close_raw(void)
{
    SSL_set_shutdown(raw.ssl, SSL_SENT_SHUTDOWN); /* or OpenSSL would take its ticket for bad */
    SSL_free(raw.ssl);
    SSL_CTX_free(raw.context);
    sn_tls_session_free(raw.session);
    sn_buf_fini(&raw.wire);
    sn_buf_fini(&raw.heard);
}

static void open_raw(struct sn_tls *tls, int version, SSL_SESSION *resumed)
{
    raw = (struct raw){.context = SSL_CTX_new(TLS_client_method())};
    SSL_CTX_set_min_proto_version(raw.context, version);
    SSL_CTX_set_max_proto_version(raw.context, version);
    SSL_CTX_set_options(raw.context, client_options);
    SSL_CTX_use_certificate_file(raw.context, tls_kit_path(&kit, shown, ".crt"), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(raw.context, tls_kit_path(&kit, shown, ".key"), SSL_FILETYPE_PEM);
    raw.ssl = SSL_new(raw.context);
    raw.in = BIO_new(BIO_s_mem());
    raw.out = BIO_new(BIO_s_mem());
    SSL_set_bio(raw.ssl, raw.in, raw.out);
    SSL_set_connect_state(raw.ssl);
    if (resumed != NULL)
        SSL_set_session(raw.ssl, resumed);
    sn_buf_init(&raw.wire, 1 << 20);
    sn_buf_init(&raw.heard, 1 << 20);
    raw.session = sn_tls_session_new(tls, NULL, &raw.wire);
}

/* What the client has sent, to the server. */
static void pass_to_server(void)
{
    char *data = NULL, bytes[4096];
    long len = BIO_get_mem_data(raw.out, &data);
    size_t read = 1;

    sn_tls_session_feed(raw.session, data, (size_t)len);
    if (!raw.done) {
        raw.result = sn_tls_session_shake(raw.session);
        raw.done = raw.result == SN_TLS_DONE;
    }
    while (raw.done && read > 0) {
        raw.result = sn_tls_session_read(raw.session, bytes, sizeof(bytes), &read);
        sn_buf_append(&raw.heard, bytes, read);
    }
    (void)BIO_reset(raw.out);
    BIO_write(raw.in, sn_buf_text(&raw.wire), (int)raw.wire.len);
    sn_buf_clear(&raw.wire);
}

static void try_to_shake(void)
{
    for (int i = 0; i < 10 && (!raw.done || SSL_in_init(raw.ssl)); i++) {
        (void)SSL_do_handshake(raw.ssl);
        pass_to_server();
    }
}

/* The client reads what has come after the handshake, its ticket too. */
static void shake(void)
{
    char byte;

    try_to_shake();
    if (!raw.done)
        fail_msg("%s", sn_tls_session_reason(raw.session));
    assert_int_equal(SSL_do_handshake(raw.ssl), 1);
    (void)SSL_read(raw.ssl, &byte, 1);
}

static struct sn_tls *server_of(const struct sn_tls_options *options)
{
    struct sn_tls *tls = tls_kit_context(&kit, SN_TLS_SERVER, options);

    if (tls == NULL)
        fail_msg("%s", sn_buf_text(&kit.error));
    return tls;
}

/* ---- floods ---- */

static bool renews_keys(int times)
{
    struct sn_tls_options options = tls_kit_options(&kit, "one");
    struct sn_tls *tls = server_of(&options);
    bool ended;

    open_raw(tls, TLS1_3_VERSION, NULL);
    shake();
    for (int i = 0; i < times; i++) {
        assert_int_equal(SSL_key_update(raw.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(raw.ssl), 1);
    }
    SSL_write(raw.ssl, "PING\r\n", 6);
    pass_to_server();
    ended = raw.result == SN_TLS_FAILED;
    assert_string_equal(sn_buf_text(&raw.heard), ended ? "" : "PING\r\n");
    if (ended)
        assert_non_null(strstr(sn_tls_session_reason(raw.session), "renews its keys"));
    close_raw();
    sn_tls_unref(tls);
    return ended;
}

/* Each costs us a hundred times what it costs to send. */
static void test_tls_raw__may_renew_keys_but_not_without_end(void **state)
{
    (void)state;
    assert_false(renews_keys(1));
    assert_false(renews_keys(100));
    assert_true(renews_keys(101));
    assert_true(renews_keys(RECORDS_MAX));
}

static void test_tls_raw__renegotiation_is_refused(void **state)
{
    struct sn_tls_options options = tls_kit_options(&kit, "one");
    struct sn_tls *tls = server_of(&options);
    char byte;

    (void)state;
    open_raw(tls, TLS1_2_VERSION, NULL);
    shake();
    assert_int_equal(SSL_renegotiate(raw.ssl), 1);
    (void)SSL_do_handshake(raw.ssl);
    pass_to_server();
    assert_int_equal(raw.result, SN_TLS_WAIT);
    (void)SSL_do_handshake(raw.ssl);
    assert_int_equal(SSL_read(raw.ssl, &byte, 1), -1); /* the client gives up on the refusal */
    close_raw();
    sn_tls_unref(tls);
}

/* ---- tickets ---- */

static const char *change_between; /* folder in which an authority is written once more */

/* OpenSSL finds an authority in a folder by the hash of its name. */
static void put_authority(const char *folder)
{
    char command[512];

    snprintf(command, sizeof(command), "cat '%s' > '%s/%08lx.0'", tls_kit_path(&kit, "ca", ".crt"),
             folder, X509_subject_name_hash(kit.ca));
    assert_int_equal(system(command), 0);
}

/* True if a ticket of from is accepted by to. */
static bool resumes(const struct sn_tls_options *from, const struct sn_tls_options *to, int version)
{
    struct sn_tls *old = server_of(from);
    if (change_between != NULL)
        put_authority(change_between);
    struct sn_tls *new = server_of(to);

    sn_tls_keep_tickets(old, new);
    open_raw(old, version, NULL);
    shake();
    SSL_SESSION *ticket = SSL_get1_session(raw.ssl);
    close_raw();
    open_raw(new, version, ticket);
    shake();
    bool resumed = sn_tls_session_resumed(raw.session);
    assert_int_equal(SSL_session_reused(raw.ssl), resumed);
    close_raw();
    SSL_SESSION_free(ticket);
    sn_tls_unref(old);
    sn_tls_unref(new);
    return resumed;
}

/* A ticket stands for a certificate that is not looked at again: whose authority is trusted no
 * more must not come in with it. */
static void test_tls_raw__tickets_outlive_a_reload_but_not_other_authorities(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    tls_kit_make(&kit, &(struct tls_kit_spec){.name = "two"}, NULL);
    tls_kit_join(&kit, "both", "ca", "other");
    for (size_t i = 0; i < 2; i++) {
        struct sn_tls_options one = tls_kit_options(&kit, "one");
        struct sn_tls_options two = tls_kit_options(&kit, "two");
        assert_true(resumes(&one, &two, versions[i]));
        one = two = tls_kit_options(&kit, "one");
        two.ca_cert_file = tls_kit_path(&kit, "both", ".crt");
        assert_false(resumes(&one, &two, versions[i]));
        one = two = tls_kit_options(&kit, "one");
        one.auth_clients = SN_TLS_AUTH_OPTIONAL;
        assert_false(resumes(&one, &two, versions[i]));
    }
}

static void test_tls_raw__tickets_end_with_a_change_in_the_folder_of_authorities(void **state)
{
    const char *folder = tls_kit_path(&kit, "authorities", "");
    struct sn_tls_options options = tls_kit_options(&kit, "one");

    (void)state;
    assert_int_equal(mkdir(folder, 0700), 0);
    put_authority(folder);
    options.ca_cert_file = NULL;
    options.ca_cert_dir = folder;
    assert_true(resumes(&options, &options, TLS1_3_VERSION));
    change_between = folder;
    assert_false(resumes(&options, &options, TLS1_3_VERSION));
    change_between = NULL;
}

static const struct way {
    int version;
    uint64_t client_options;
} ways[] = {{TLS1_3_VERSION, 0}, {TLS1_2_VERSION, 0}, {TLS1_2_VERSION, SSL_OP_NO_TICKET}};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* Takes a ticket (or a session's number) for another one. True if the server has resumed it. */
static bool exchange(struct sn_tls *tls, const struct way *way, SSL_SESSION **ticket)
{
    client_options = way->client_options;
    open_raw(tls, way->version, *ticket);
    shake();
    bool resumed = sn_tls_session_resumed(raw.session);
    SSL_SESSION_free(*ticket);
    *ticket = SSL_get1_session(raw.ssl);
    sn_tls_session_end(raw.session);
    close_raw();
    return resumed;
}

static bool is_over(const char *name)
{
    FILE *file = fopen(tls_kit_path(&kit, name, ".crt"), "r");

    assert_non_null(file);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    bool over = X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
    X509_free(certificate);
    fclose(file);
    return over;
}

static void expect_expired(struct sn_tls *tls, const struct way *way, SSL_SESSION *ticket)
{
    client_options = way->client_options;
    open_raw(tls, way->version, ticket);
    try_to_shake();
    assert_int_equal(raw.result, SN_TLS_FAILED);
    assert_non_null(strstr(sn_tls_session_reason(raw.session), "certificate has expired"));
    close_raw();
}

/* Each resumption brings a new ticket, so without this a certificate would never end. */
static void test_tls_raw__tickets_end_with_the_certificate_of_the_client(void **state)
{
    struct sn_tls_options options = tls_kit_options(&kit, "one");
    struct sn_tls *tls = server_of(&options);
    SSL_SESSION *tickets[WAYS] = {NULL};
    const struct timespec moment = {.tv_nsec = 10000000};

    (void)state;
    tls_kit_make(&kit, &(struct tls_kit_spec){.name = "brief", .seconds = 3}, NULL);
    shown = "brief";
    for (size_t i = 0; i < WAYS; i++) {
        assert_false(exchange(tls, &ways[i], &tickets[i]));
        assert_true(exchange(tls, &ways[i], &tickets[i]));
    }
    while (!is_over("brief"))
        nanosleep(&moment, NULL);
    for (size_t i = 0; i < WAYS; i++)
        expect_expired(tls, &ways[i], tickets[i]);
    /* Who has a new certificate by now comes in with it, whatever ticket is shown. */
    shown = "one";
    for (size_t i = 0; i < WAYS; i++) {
        assert_false(exchange(tls, &ways[i], &tickets[i]));
        assert_true(exchange(tls, &ways[i], &tickets[i]));
        SSL_SESSION_free(tickets[i]);
    }
    client_options = 0;
    sn_tls_unref(tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_raw__may_renew_keys_but_not_without_end),
        cmocka_unit_test(test_tls_raw__renegotiation_is_refused),
        cmocka_unit_test(test_tls_raw__tickets_outlive_a_reload_but_not_other_authorities),
        cmocka_unit_test(test_tls_raw__tickets_end_with_a_change_in_the_folder_of_authorities),
        cmocka_unit_test(test_tls_raw__tickets_end_with_the_certificate_of_the_client),
    };

    return cmocka_run_group_tests(tests, tls_kit_set_up, tls_kit_tear_down);
}
