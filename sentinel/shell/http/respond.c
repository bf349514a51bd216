/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/http/respond.h"

#include "base/alloc.h"
#include "shell/report/json.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_TYPE  "text/plain; charset=utf-8"
#define BLOCK_SIZE ((size_t)16 << 10)

/* For browsers: nothing from elsewhere, no script but the page's own, no other page around it. */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static bool add_headers(struct MHD_Response *response, const char *type)
{
    const char *const headers[][2] = {
        {MHD_HTTP_HEADER_CONTENT_TYPE, type},        {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
        {MHD_HTTP_HEADER_ALLOW, SN_RESPOND_METHODS}, {"Content-Security-Policy", POLICY},
        {"X-Content-Type-Options", "nosniff"},       {"Referrer-Policy", "no-referrer"}};
    bool complete = true;

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        complete =
            complete && MHD_add_response_header(response, headers[i][0], headers[i][1]) == MHD_YES;
    return complete;
}

/* Also takes the response from its maker. */
static enum MHD_Result queue(struct MHD_Connection *connection, unsigned status, const char *type,
                             struct MHD_Response *response)
{
    if (response == NULL)
        return MHD_NO;
    bool complete = add_headers(response, type);
    enum MHD_Result result = complete ? MHD_queue_response(connection, status, response) : MHD_NO;
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result sn_respond_text(struct MHD_Connection *connection, unsigned status,
                                const char *text)
{
    return queue(connection, status, TEXT_TYPE,
                 MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
                                                 MHD_RESPMEM_MUST_COPY));
}

enum MHD_Result sn_respond_constant(struct MHD_Connection *connection, const char *type,
                                    const char *bytes, size_t len)
{
    return queue(
        connection, MHD_HTTP_OK, type,
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)bytes, MHD_RESPMEM_PERSISTENT));
}

enum MHD_Result sn_respond_take_json(struct MHD_Connection *connection, unsigned status,
                                     json_t *value)
{
    struct sn_buf text;

    sn_buf_init(&text, SIZE_MAX);
    sn_json_put(value, JSON_INDENT(2), &text);
    sn_buf_putc(&text, '\n');
    size_t len = text.len;
    return queue(connection, status, SN_RESPOND_JSON,
                 MHD_create_response_from_buffer(len, sn_buf_take(&text), MHD_RESPMEM_MUST_FREE));
}

/* Without chunks libmicrohttpd ends the connection after the head. With them it would send the last
 * chunk also behind the answer to a HEAD, where the next answer is expected. */
enum MHD_Result sn_respond_stream(struct MHD_Connection *connection, bool head_only,
                                  const char *type, MHD_ContentReaderCallback read,
                                  MHD_ContentReaderFreeCallback drop, void *state)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, read, state, drop);

    if (response == NULL)
        drop(state);
    else if (head_only)
        (void)MHD_set_response_options(response, MHD_RF_HTTP_VERSION_1_0_ONLY, MHD_RO_END);
    return queue(connection, MHD_HTTP_OK, type, response);
}

/* ---- pieces ---- */

struct pieces {
    sn_respond_next *next;
    void *state;
    struct sn_buf made; /* and not sent yet */
    bool ended;
};

/* Makes as much as there is room for. A client that reads slowly holds no more than that. */
static ssize_t read_pieces(void *arg, uint64_t at, char *room, size_t size)
{
    struct pieces *pieces = arg;

    (void)at;
    while (pieces->made.len < size && !pieces->ended)
        pieces->ended = !pieces->next(pieces->state, &pieces->made);
    if (pieces->made.len == 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t len = pieces->made.len < size ? pieces->made.len : size;
    memcpy(room, pieces->made.data, len);
    sn_buf_consume(&pieces->made, len);
    return (ssize_t)len;
}

static void free_pieces(void *arg)
{
    struct pieces *pieces = arg;

    sn_buf_fini(&pieces->made);
    free(pieces->state);
    free(pieces);
}

enum MHD_Result sn_respond_pieces(struct MHD_Connection *connection, bool head_only,
                                  const char *type, sn_respond_next *next, void *state)
{
    struct pieces *pieces = sn_alloc(sizeof(*pieces));

    pieces->next = next;
    pieces->state = state;
    sn_buf_init(&pieces->made, SIZE_MAX);
    return sn_respond_stream(connection, head_only, type, read_pieces, free_pieces, pieces);
}
