/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/http/page.h"

#include "shell/report/json.h"
#include "shell/server/quorum.h"

#include <string.h>

#define MARK       "<!--rows-->\n"
#define PIECE_SIZE 4096

/* Names come from files, clients and peers. */
static void put_html(struct sn_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            sn_buf_puts(out, "&amp;");
            break;
        case '<':
            sn_buf_puts(out, "&lt;");
            break;
        case '>':
            sn_buf_puts(out, "&gt;");
            break;
        case '"':
            sn_buf_puts(out, "&quot;");
            break;
        case '\'':
            sn_buf_puts(out, "&#39;");
            break;
        default:
            sn_buf_putc(out, *text);
        }
    }
}

/* As in JSON, so that both are the same text. */
static void put_shown(struct sn_buf *out, const char *text)
{
    json_t *shown = sn_json_text(text);

    put_html(out, json_string_value(shown));
    json_decref(shown);
}

/* For a path: each byte but letters, digits, '-', '.' and '_'. */
static void put_percent(struct sn_buf *out, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL)
            sn_buf_putc(out, *text);
        else
            sn_buf_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
    }
}

static const char *status_words(const char *status)
{
    if (strcmp(status, "sdown") == 0)
        return "subjectively down";
    return strcmp(status, "odown") == 0 ? "down (agreed)" : status;
}

/* The columns are those of page.js. */
static void put_row(struct sn_buf *out, const struct sn_group *group, sn_ms now)
{
    const char *name = sn_group_name(group), *status = sn_group_status(group);
    struct sn_group_figures figures;
    size_t usable = 0, voters = 0;
    uint16_t port = 0;
    const char *host = sn_instance_address(sn_group_master(group), &port);
    bool is_ip6 = strchr(host, ':') != NULL;

    sn_measure_group(group, now, &figures);
    sn_group_quorum(group, &usable, &voters);
    sn_buf_printf(out, "<tr class=\"%s%s\" data-name=\"", status,
                  figures.failover_state != NULL ? " busy" : "");
    put_shown(out, name);
    sn_buf_puts(out, "\"><th scope=\"row\"><a href=\"/groups/");
    put_percent(out, name);
    sn_buf_puts(out, "\">");
    put_shown(out, name);
    sn_buf_printf(out, "</a></th><td class=\"state\">%s</td><td>%s", status_words(status),
                  is_ip6 ? "[" : "");
    put_shown(out, host);
    sn_buf_printf(out, "%s:%u</td><td>%zu of %zu</td><td>%zu of %zu</td><td>", is_ip6 ? "]" : "",
                  (unsigned)port, (size_t)figures.ok_replicas, sn_group_replica_count(group),
                  (size_t)figures.ok_peers + 1, voters);
    put_shown(out, figures.failover_state != NULL ? figures.failover_state : "-");
    sn_buf_puts(out, "</td></tr>\n");
}

bool sn_page_next(struct sn_page *page, struct sn_buf *out)
{
    const struct sn_core *core = sn_driver_core(page->parts->driver);
    sn_ms now = sn_driver_now(page->parts->driver);
    const char *mark = strstr(sn_page_html.bytes, MARK);
    size_t begin = out->len;

    if (page->ended)
        return false;
    if (!page->begun) {
        page->begun = true;
        sn_buf_append(out, sn_page_html.bytes, (size_t)(mark - sn_page_html.bytes));
        return true;
    }
    while (out->len - begin < PIECE_SIZE) {
        const struct sn_group *group = sn_measure_next_group(core, &page->group);
        if (group == NULL) {
            sn_buf_puts(out, mark + strlen(MARK));
            page->ended = true;
            return true;
        }
        put_row(out, group, now);
    }
    return true;
}
