/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS contexts, and pairs of sessions that are connected in memory. */
#include "tls_kit.h"

#include "shell/net/tls_session.h"

#include <openssl/err.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The linker's names. NOLINTBEGIN(readability-identifier-naming) */
SSL *__real_SSL_new(SSL_CTX *context);
SSL *__wrap_SSL_new(SSL_CTX *context);
/* NOLINTEND(readability-identifier-naming) */

static size_t made;    /* objects of OpenSSL */
static bool no_memory; /* for more of them */

SSL *__wrap_SSL_new(SSL_CTX *context)
{
    made++;
    return no_memory ? NULL : __real_SSL_new(context);
}

/* ---- two sides ---- */

struct side {
    struct sn_tls *tls;
    struct sn_tls_session *session;
    struct sn_buf wire;  /* what it has sent */
    size_t taken;        /* of it, by the other side */
    struct sn_buf heard; /* plain bytes */
    enum sn_tls_result result;
    bool done; /* the handshake is complete */
};

static struct side client, server;

static void open_side(struct side *side, enum sn_tls_role role,
                      const struct sn_tls_options *options, const char *host)
{
    *side = (struct side){.result = SN_TLS_WAIT};
    side->tls = tls_kit_context(&kit, role, options);
    if (side->tls == NULL)
        fail_msg("%s", sn_buf_text(&kit.error));
    sn_buf_init(&side->wire, 1 << 20);
    sn_buf_init(&side->heard, 1 << 20);
    side->session = sn_tls_session_new(side->tls, host, &side->wire);
}

static void close_side(struct side *side)
{
    sn_tls_session_free(side->session);
    sn_tls_unref(side->tls);
    sn_buf_fini(&side->wire);
    sn_buf_fini(&side->heard);
}

static void read_all(struct side *side)
{
    char bytes[4096];
    size_t len = 1;

    while (len > 0) {
        side->result = sn_tls_session_read(side->session, bytes, sizeof(bytes), &len);
        sn_buf_append(&side->heard, bytes, len);
    }
}

static void give(struct side *side, const char *data, size_t len)
{
    sn_tls_session_feed(side->session, data, len);
    if (!side->done) {
        side->result = sn_tls_session_shake(side->session);
        side->done = side->result == SN_TLS_DONE;
    }
    if (side->done)
        read_all(side);
}

/* Passes on at most most bytes at once. True: there was something to pass on. */
static bool pass_on(struct side *from, struct side *to, size_t most)
{
    size_t len = from->wire.len - from->taken;

    if (len == 0 || to->result == SN_TLS_FAILED)
        return false;
    len = len < most ? len : most;
    give(to, from->wire.data + from->taken, len);
    from->taken += len;
    return true;
}

static void talk(size_t most)
{
    if (client.wire.len == 0)
        client.result = sn_tls_session_shake(client.session);
    while (pass_on(&client, &server, most) || pass_on(&server, &client, most)) {
    }
}

static void open_both(const struct sn_tls_options *for_server,
                      const struct sn_tls_options *for_client, const char *host)
{
    open_side(&server, SN_TLS_SERVER, for_server, NULL);
    open_side(&client, SN_TLS_CLIENT, for_client, host);
}

static void close_both(void)
{
    close_side(&client);
    close_side(&server);
}

static void expect_open(void)
{
    if (!client.done || !server.done)
        fail_msg("no handshake: client \"%s\", server \"%s\"",
                 sn_tls_session_reason(client.session), sn_tls_session_reason(server.session));
}

static void expect_reason(const struct side *side, const char *words)
{
    const char *reason = sn_tls_session_reason(side->session);

    assert_int_equal(side->result, SN_TLS_FAILED);
    if (strstr(reason, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, reason);
}

static void say(struct side *side, const char *text)
{
    assert_true(sn_tls_session_write(side->session, text, strlen(text)));
}

/* ---- sessions ---- */

static void test_tls__carries_bytes_both_ways(void **state)
{
    struct sn_tls_options options = tls_kit_options(&kit, "one");

    (void)state;
    open_both(&options, &options, "one.example");
    talk(SIZE_MAX);
    expect_open();
    say(&client, "PING\r\n");
    say(&server, "+PONG\r\n");
    talk(SIZE_MAX);
    assert_string_equal(sn_buf_text(&server.heard), "PING\r\n");
    assert_string_equal(sn_buf_text(&client.heard), "+PONG\r\n");
    assert_string_equal(sn_tls_session_version(client.session), "TLSv1.3");
    close_both();
}

static void test_tls__takes_a_handshake_byte_by_byte(void **state)
{
    struct sn_tls_options options = tls_kit_options(&kit, "one");
    static const char *const protocols[] = {"TLSv1.2", "TLSv1.3"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        options.protocols = protocols[i];
        open_both(&options, &options, "127.0.0.1");
        talk(1);
        expect_open();
        say(&client, "PING\r\n");
        talk(1);
        assert_string_equal(sn_buf_text(&server.heard), "PING\r\n");
        assert_string_equal(sn_tls_session_version(server.session), protocols[i]);
        close_both();
    }
}

static void test_tls__tells_an_end_from_a_cut(void **state)
{
    struct sn_tls_options options = tls_kit_options(&kit, "one");

    (void)state;
    open_both(&options, &options, "127.0.0.1");
    talk(SIZE_MAX);
    say(&client, "QUIT\r\n");
    sn_tls_session_end(client.session);
    talk(SIZE_MAX);
    assert_string_equal(sn_buf_text(&server.heard), "QUIT\r\n");
    assert_int_equal(server.result, SN_TLS_ENDED);
    say(&server, "+OK\r\n"); /* our half is still open */
    close_both();
}

static void test_tls__a_changed_record_ends_it(void **state)
{
    struct sn_tls_options options = tls_kit_options(&kit, "one");

    (void)state;
    open_both(&options, &options, "127.0.0.1");
    talk(SIZE_MAX);
    say(&client, "PING\r\n");
    client.wire.data[client.wire.len - 1] ^= 1;
    talk(SIZE_MAX);
    expect_reason(&server, "");
    assert_int_equal(server.heard.len, 0);
    close_both();
}

/* OpenSSL keeps its errors per thread: those of one connection must not end another. */
static void test_tls__a_failure_does_not_reach_another_connection(void **state)
{
    struct sn_tls_options options = tls_kit_options(&kit, "one");
    struct side healthy;

    (void)state;
    open_both(&options, &options, "127.0.0.1");
    talk(SIZE_MAX);
    expect_open();
    open_side(&healthy, SN_TLS_SERVER, &options, NULL);
    give(&healthy, "*1\r\n$4\r\nPING\r\n", 14);
    expect_reason(&healthy, "does not speak TLS");
    ERR_put_error(ERR_LIB_SSL, 0, SSL_R_BAD_PACKET, __FILE__, __LINE__);
    read_all(&server);
    assert_int_equal(server.result, SN_TLS_WAIT);
    ERR_put_error(ERR_LIB_SSL, 0, SSL_R_BAD_PACKET, __FILE__, __LINE__);
    say(&client, "PING\r\n");
    talk(SIZE_MAX);
    assert_string_equal(sn_buf_text(&server.heard), "PING\r\n");
    close_side(&healthy);
    close_both();
}

/* The other side makes us answer, and does not read. */
static void test_tls__a_full_buffer_ends_it(void **state)
{
    struct sn_tls_options options = tls_kit_options(&kit, "one");

    (void)state;
    open_both(&options, &options, "127.0.0.1");
    talk(SIZE_MAX);
    server.wire.cap = server.wire.len + 8;
    assert_false(sn_tls_session_write(server.session, "+PONG\r\n", 7));
    assert_non_null(strstr(sn_tls_session_reason(server.session), "does not read"));
    close_both();
}

/* ---- who is refused, and why ---- */

/* Certificates of both sides ("": none), what the client means, and the reason of one side. */
struct refusal {
    const char *server, *client, *host;
    bool verify_names;
    const char *expected;
    bool server_refuses;
    const char *words; /* NULL: nobody is refused */
};

static void check_refusal(const struct refusal *refusal)
{
    struct sn_tls_options for_server = tls_kit_options(&kit, refusal->server);
    struct sn_tls_options for_client =
        tls_kit_options(&kit, refusal->client[0] != '\0' ? refusal->client : NULL);

    for_client.verify_names = refusal->verify_names;
    for_client.expected_peer_names = refusal->expected;
    open_both(&for_server, &for_client, refusal->host);
    talk(SIZE_MAX);
    if (refusal->words == NULL)
        expect_open();
    else
        expect_reason(refusal->server_refuses ? &server : &client, refusal->words);
    close_both();
}

static void test_tls__says_which_side_refuses_what(void **state)
{
    static const struct refusal table[] = {
        {.server = "foreign",
         .client = "one",
         .host = "x",
         .words = "CN=foreign, issued by CN=Other"},
        {.server = "foreign", .client = "one", .host = "x", .words = "we refuse the certificate"},
        {.server = "old", .client = "one", .host = "x", .words = "certificate has expired (CN=old"},
        {.server = "one",
         .client = "foreign",
         .host = "x",
         .server_refuses = true,
         .words = "local issuer certificate (CN=foreign, issued by"},
        {.server = "one", .client = "foreign", .host = "x", .words = "refuses our certificate"},
        {.server = "one",
         .client = "",
         .host = "x",
         .server_refuses = true,
         .words = "sent no certificate"},
        {.server = "one",
         .client = "",
         .host = "x",
         .words = "demands a certificate and we have none"},
        {.server = "one", .client = "old", .host = "x", .server_refuses = true, .words = "expired"},
        {.server = "one", .client = "old", .host = "x", .words = "it has expired"},
        /* names are checked only where that is asked for */
        {.server = "one", .client = "one", .host = "two.example"},
        {.server = "one", .client = "one", .host = "one.example", .verify_names = true},
        {.server = "one", .client = "one", .host = "127.0.0.1", .verify_names = true},
        {.server = "one",
         .client = "one",
         .host = "two.example",
         .verify_names = true,
         .words = "it is not for two.example"},
        {.server = "one",
         .client = "one",
         .host = "127.0.0.2",
         .verify_names = true,
         .words = "it is not for 127.0.0.2"},
        {.server = "one", .client = "one", .host = "x", .expected = "no.example one.example"},
        {.server = "one",
         .client = "one",
         .host = "x",
         .expected = "no.example yes.example",
         .words = "it is not for no.example yes.example"},
        {.server = "one", .client = "one", .host = "x", .expected = "no.example 127.0.0.1"},
        {.server = "one", .client = "one", .host = "x", .expected = "127.0.0.2 one.example"},
        /* a blank is no name */
        {.server = "one",
         .client = "one",
         .host = "two.example",
         .verify_names = true,
         .expected = " ",
         .words = "it is not for two.example"},
        {.server = "one", .client = "one", .host = "one.example.", .verify_names = true},
        {.server = "six", .client = "one", .host = "2001:db8:0::1", .verify_names = true},
        {.server = "six",
         .client = "one",
         .host = "2001:db8::2",
         .verify_names = true,
         .words = "it is not for 2001:db8::2"},
    };

    (void)state;
    tls_kit_make(&kit, &(struct tls_kit_spec){.name = "foreign", .other_authority = true}, NULL);
    tls_kit_make(&kit, &(struct tls_kit_spec){.name = "old", .days = -2}, NULL);
    tls_kit_make(&kit, &(struct tls_kit_spec){.name = "six", .alt_names = "IP:2001:db8::1"}, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        check_refusal(&table[i]);
}

static void test_tls__asks_clients_as_configured(void **state)
{
    struct sn_tls_options for_server = tls_kit_options(&kit, "one");
    struct sn_tls_options none = tls_kit_options(&kit, NULL), one = tls_kit_options(&kit, "one");
    struct sn_tls_options foreign;

    (void)state;
    tls_kit_make(&kit, &(struct tls_kit_spec){.name = "foreign", .other_authority = true}, NULL);
    foreign = tls_kit_options(&kit, "foreign");
    for_server.auth_clients = SN_TLS_AUTH_OPTIONAL;
    open_both(&for_server, &none, "x");
    talk(SIZE_MAX);
    expect_open();
    close_both();
    open_both(&for_server, &foreign, "x");
    talk(SIZE_MAX);
    expect_reason(&server, "we refuse");
    close_both();
    for_server.auth_clients = SN_TLS_AUTH_NO;
    for_server.ca_cert_file = NULL; /* nobody is checked */
    open_both(&for_server, &foreign, "x");
    talk(SIZE_MAX);
    expect_open();
    close_both();
    open_both(&for_server, &one, "x");
    talk(SIZE_MAX);
    expect_open();
    close_both();
}

/* ---- names in certificates ---- */

static void expect_name(const char *certificate, bool uri, const char *name)
{
    struct sn_tls_options for_server = tls_kit_options(&kit, "one");
    struct sn_tls_options for_client =
        tls_kit_options(&kit, certificate[0] != '\0' ? certificate : NULL);
    char found[64] = "";

    for_server.auth_clients = SN_TLS_AUTH_OPTIONAL;
    open_both(&for_server, &for_client, "x");
    talk(SIZE_MAX);
    expect_open();
    assert_int_equal(sn_tls_session_peer_name(server.session, uri, found, sizeof(found)),
                     name != NULL);
    if (name != NULL)
        assert_string_equal(found, name);
    close_both();
}

/* A name that ends early in C would be that of somebody else. */
static void test_tls__names_the_holder_of_a_certificate(void **state)
{
    char long_name[65];

    (void)state;
    memset(long_name, 'n', 64);
    long_name[64] = '\0';
    tls_kit_make(&kit,
                 &(struct tls_kit_spec){
                     .name = "alice", .alt_names = "DNS:a,URI:spiffe://prod/alice,URI:spiffe://b"},
                 NULL);
    tls_kit_make(&kit,
                 &(struct tls_kit_spec){.name = "nul", .common = "admin\0.evil", .common_len = 11},
                 NULL);
    tls_kit_make(&kit, &(struct tls_kit_spec){.name = "line", .common = "ad\nmin"}, NULL);
    tls_kit_make(&kit, &(struct tls_kit_spec){.name = "long", .common = long_name}, NULL);
    expect_name("alice", false, "alice");
    expect_name("alice", true, "spiffe://prod/alice");
    expect_name("one", true, NULL);
    expect_name("nul", false, NULL);
    expect_name("line", false, NULL);
    expect_name("long", false, NULL);
    expect_name("", false, NULL);
}

/* ---- contexts ---- */

static void expect_refused(enum sn_tls_role role, const struct sn_tls_options *options,
                           const char *words)
{
    struct sn_tls *tls = tls_kit_context(&kit, role, options);

    assert_null(tls);
    if (strstr(sn_buf_text(&kit.error), words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, sn_buf_text(&kit.error));
}

static void test_tls__names_the_file_that_it_cannot_use(void **state)
{
    struct sn_tls_options good = tls_kit_options(&kit, "one"), options = good;

    (void)state;
    options.cert_file = "/nowhere/x.crt";
    expect_refused(SN_TLS_SERVER, &options,
                   "tls-cert-file: cannot read /nowhere/x.crt: No such file");
    options = good;
    options.key_file = tls_kit_path(&kit, "other", ".key");
    expect_refused(SN_TLS_SERVER, &options, "tls-key-file: cannot use ");
    expect_refused(SN_TLS_SERVER, &options, "key values mismatch");
    options = good;
    options.cert_file = options.key_file;
    expect_refused(SN_TLS_SERVER, &options, "tls-cert-file: cannot use ");
    options = good;
    options.key_file = NULL;
    expect_refused(SN_TLS_SERVER, &options, "tls-key-file is not set");
    options = good;
    options.cert_file = options.key_file = NULL;
    expect_refused(SN_TLS_SERVER, &options, "tls-cert-file is not set");
    options = good;
    options.ca_cert_file = NULL;
    expect_refused(SN_TLS_SERVER, &options, "Either tls-ca-cert-file or tls-ca-cert-dir");
    expect_refused(SN_TLS_CLIENT, &options, "Either tls-ca-cert-file or tls-ca-cert-dir");
    options = good;
    options.ca_cert_file = options.key_file;
    expect_refused(SN_TLS_SERVER, &options, "tls-ca-cert-file: cannot use ");
    options = good;
    options.protocols = "TLSv1.2 SSLv3";
    expect_refused(SN_TLS_SERVER, &options, "unknown protocol \"SSLv3\"");
    options = good;
    options.ciphers = "NONE-SUCH";
    expect_refused(SN_TLS_SERVER, &options, "tls-ciphers: ");
    options = good;
    options.ciphersuites = "NONE_SUCH";
    expect_refused(SN_TLS_SERVER, &options, "tls-ciphersuites: ");
    options = good;
    options.dh_params_file = options.key_file;
    expect_refused(SN_TLS_SERVER, &options, "tls-dh-params-file: cannot use ");
    options = good;
    options.prefix = "tls-client-";
    options.cert_file = "/nowhere/x.crt";
    expect_refused(SN_TLS_CLIENT, &options, "tls-client-cert-file: cannot read /nowhere/x.crt");
}

static void test_tls__opens_a_key_with_its_password(void **state)
{
    struct sn_tls_options options;

    (void)state;
    tls_kit_make(&kit, &(struct tls_kit_spec){.name = "locked"}, "open sesame");
    options = tls_kit_options(&kit, "locked");
    expect_refused(SN_TLS_SERVER, &options, "tls-key-file: cannot use ");
    options.key_file_pass = "wrong";
    expect_refused(SN_TLS_SERVER, &options, "tls-key-file: cannot use ");
    options.key_file_pass = "open sesame";
    struct sn_tls *tls = tls_kit_context(&kit, SN_TLS_SERVER, &options);
    assert_non_null(tls);
    sn_tls_unref(tls);
}

static void test_tls__describes_its_certificate(void **state)
{
    struct sn_tls_options options = tls_kit_options(&kit, "one"),
                          none = tls_kit_options(&kit, NULL);
    struct sn_tls_certificate own;
    struct sn_tls *tls = tls_kit_context(&kit, SN_TLS_CLIENT, &options);

    (void)state;
    sn_tls_describe_own(tls, &own);
    assert_string_equal(own.subject, "CN=one");
    assert_string_equal(own.issuer, "CN=Test CA");
    assert_int_equal(strlen(own.not_after), strlen("2027-01-31T12:00:00Z"));
    assert_in_range(own.seconds_left, 364 * TLS_KIT_DAY, 365 * TLS_KIT_DAY);
    sn_tls_unref(tls);
    tls = tls_kit_context(&kit, SN_TLS_CLIENT, &none);
    sn_tls_describe_own(tls, &own);
    assert_string_equal(own.subject, "");
    sn_tls_unref(tls);
}

/* What OpenSSL needs, eight KiB and more, is not spent on a connection that says nothing. */
static void test_tls__costs_little_before_the_first_byte(void **state)
{
    struct sn_tls_options options = tls_kit_options(&kit, "one");

    (void)state;
    made = 0;
    open_both(&options, &options, "one.example");
    assert_int_equal(made, 0);
    client.result = sn_tls_session_shake(client.session);
    assert_int_equal(made, 1);
    talk(SIZE_MAX);
    expect_open();
    assert_int_equal(made, 2);
    close_both();
}

static void test_tls__says_that_it_cannot_begin(void **state)
{
    struct sn_tls_options options = tls_kit_options(&kit, "one");

    (void)state;
    open_both(&options, &options, "one.example");
    client.result = sn_tls_session_shake(client.session);
    no_memory = true;
    talk(SIZE_MAX);
    no_memory = false;
    expect_reason(&server, "TLS cannot be used");
    sn_tls_session_end(server.session);
    close_both();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls__costs_little_before_the_first_byte),
        cmocka_unit_test(test_tls__says_that_it_cannot_begin),
        cmocka_unit_test(test_tls__carries_bytes_both_ways),
        cmocka_unit_test(test_tls__takes_a_handshake_byte_by_byte),
        cmocka_unit_test(test_tls__tells_an_end_from_a_cut),
        cmocka_unit_test(test_tls__a_changed_record_ends_it),
        cmocka_unit_test(test_tls__a_failure_does_not_reach_another_connection),
        cmocka_unit_test(test_tls__a_full_buffer_ends_it),
        cmocka_unit_test(test_tls__says_which_side_refuses_what),
        cmocka_unit_test(test_tls__asks_clients_as_configured),
        cmocka_unit_test(test_tls__names_the_holder_of_a_certificate),
        cmocka_unit_test(test_tls__names_the_file_that_it_cannot_use),
        cmocka_unit_test(test_tls__opens_a_key_with_its_password),
        cmocka_unit_test(test_tls__describes_its_certificate),
    };

    return cmocka_run_group_tests(tests, tls_kit_set_up, tls_kit_tear_down);
}
