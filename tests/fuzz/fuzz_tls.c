/* SPDX-License-Identifier: BSD-3-Clause */

/* A TLS session of ours, as server or client, is fed by another one whose bytes are changed on the
 * way. The first byte of the input says which side is attacked and when; then follow changes: where
 * (two bytes), how (one byte), and with what (one byte). What is left is fed as it is. Whatever
 * comes, the session takes in all bytes, or fails with a reason that has no control character in
 * it. */

#include "shell/net/tls_session.h"
#include "shell/tls_kit.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { AS_CLIENT = 1, AFTER_HANDSHAKE = 2, OLD_PROTOCOL = 4 };

static struct sn_tls *contexts[2][2]; /* by protocol, by role */

static void demand(bool promise)
{
    if (!promise)
        abort();
}

static void make_contexts(void)
{
    if (contexts[0][0] != NULL)
        return;
    tls_kit_init(&kit);
    struct sn_tls_options options = tls_kit_options(&kit, "one");
    for (int old = 0; old < 2; old++) {
        options.protocols = old ? "TLSv1.2" : "TLSv1.3";
        contexts[old][SN_TLS_SERVER] = tls_kit_context(&kit, SN_TLS_SERVER, &options);
        contexts[old][SN_TLS_CLIENT] = tls_kit_context(&kit, SN_TLS_CLIENT, &options);
    }
    tls_kit_fini(&kit);
}

struct side {
    struct sn_tls_session *session;
    struct sn_buf wire;
    size_t taken;
    enum sn_tls_result result;
    bool done;
};

static void open_side(struct side *side, struct sn_tls *tls)
{
    *side = (struct side){.result = SN_TLS_WAIT};
    sn_buf_init(&side->wire, (size_t)256 << 10);
    side->session = sn_tls_session_new(tls, "one.example", &side->wire);
}

static void close_side(struct side *side)
{
    sn_tls_session_end(side->session);
    sn_tls_session_free(side->session);
    sn_buf_fini(&side->wire);
}

static void check(const struct side *side)
{
    const char *reason = sn_tls_session_reason(side->session);

    demand((side->result == SN_TLS_FAILED) == (reason[0] != '\0'));
    demand(!sn_text_has_control(reason, strlen(reason)));
}

static void give(struct side *side, const char *bytes, size_t len)
{
    char plain[1024];
    size_t count = 1;

    if (side->result == SN_TLS_FAILED || side->result == SN_TLS_ENDED)
        return;
    sn_tls_session_feed(side->session, bytes, len);
    if (!side->done) {
        side->result = sn_tls_session_shake(side->session);
        side->done = side->result == SN_TLS_DONE;
    }
    while (side->done && count > 0)
        side->result = sn_tls_session_read(side->session, plain, sizeof(plain), &count);
    check(side);
}

static void apply(char *bytes, size_t len, const uint8_t *change)
{
    size_t at = len > 0 ? (size_t)(change[0] << 8 | change[1]) % len : 0;

    if (len == 0)
        return;
    if (change[2] & 1)
        bytes[at] = (char)change[3];
    else
        bytes[at] = (char)(bytes[at] ^ change[3]);
}

/* Passes on what from has sent; true if it was anything. */
static bool pass_on(struct side *from, struct side *to, const uint8_t **changes, size_t *left)
{
    size_t len = from->wire.len - from->taken;

    if (len == 0)
        return false;
    char *bytes = from->wire.data + from->taken;
    for (int i = 0; i < 4 && changes != NULL && *left >= 4; i++) {
        apply(bytes, len, *changes);
        *changes += 4;
        *left -= 4;
    }
    from->taken += len;
    give(to, bytes, len);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct side client, server;

    if (size < 1)
        return 0;
    unsigned mode = data[0];
    make_contexts();
    struct sn_tls *const *pair = contexts[(mode & OLD_PROTOCOL) != 0];
    data++;
    size--;
    open_side(&server, pair[SN_TLS_SERVER]);
    open_side(&client, pair[SN_TLS_CLIENT]);
    struct side *attacked = mode & AS_CLIENT ? &client : &server;
    struct side *other = mode & AS_CLIENT ? &server : &client;
    const uint8_t **changes = mode & AFTER_HANDSHAKE ? NULL : &data;

    client.result = sn_tls_session_shake(client.session);
    while (pass_on(other, attacked, changes, &size) || pass_on(attacked, other, NULL, &size)) {
    }
    if (other->done && sn_tls_session_write(other->session, "PING\r\n", 6))
        (void)pass_on(other, attacked, &data, &size);
    give(attacked, (const char *)data, size);
    close_side(&client);
    close_side(&server);
    return 0;
}
