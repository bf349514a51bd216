/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/table/title.h"

#include "base/error.h"

#include <string.h>

typedef void put_variable(const struct sn_title_values *values, struct sn_buf *out);

static void put_title(const struct sn_title_values *values, struct sn_buf *out)
{
    sn_buf_puts(out, values->title);
}

/* As in stock: the first address only, and the port that peers are told. */
static void put_listen_addr(const struct sn_title_values *values, struct sn_buf *out)
{
    const struct sn_settings *settings = values->settings;
    unsigned port = settings->tls.port != 0 ? settings->tls.port : settings->port;

    if (port == 0 && settings->unixsocket != NULL)
        sn_buf_printf(out, "unixsocket:%s", settings->unixsocket);
    else
        sn_buf_printf(out, "%s:%u", settings->bind_count > 0 ? settings->bind[0] : "*", port);
}

static void put_server_mode(const struct sn_title_values *values, struct sn_buf *out)
{
    (void)values;
    sn_buf_puts(out, "[sentinel]");
}

static void put_port(const struct sn_title_values *values, struct sn_buf *out)
{
    sn_buf_printf(out, "%u", (unsigned)values->settings->port);
}

static void put_tls_port(const struct sn_title_values *values, struct sn_buf *out)
{
    sn_buf_printf(out, "%u", (unsigned)values->settings->tls.port);
}

static void put_unixsocket(const struct sn_title_values *values, struct sn_buf *out)
{
    if (values->settings->unixsocket != NULL)
        sn_buf_puts(out, values->settings->unixsocket);
}

static void put_config_file(const struct sn_title_values *values, struct sn_buf *out)
{
    sn_buf_puts(out, values->config_path);
}

static const struct {
    const char *name;
    put_variable *put;
} variables[] = {
    {"title", put_title},
    {"listen-addr", put_listen_addr},
    {"server-mode", put_server_mode},
    {"port", put_port},
    {"tls-port", put_tls_port},
    {"unixsocket", put_unixsocket},
    {"config-file", put_config_file},
};

static put_variable *find_variable(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        if (strlen(variables[i].name) == len && strncmp(variables[i].name, name, len) == 0)
            return variables[i].put;
    }
    return NULL;
}

int sn_title_expand(const char *template, const struct sn_title_values *values, struct sn_buf *out)
{
    const char *end = template + strlen(template);

    template += strspn(template, " ");
    while (end > template && end[-1] == ' ')
        end--;
    if (template == end)
        return SN_EINVAL;
    while (template <end) {
        bool is_variable = template[0] == '{' && template[1] != '{';
        if (!is_variable) {
            if (values != NULL)
                sn_buf_putc(out, *template);
            template += template[0] == '{' ? 2 : 1;
            continue;
        }
        size_t len = strcspn(template, "}");
        put_variable *put = find_variable(template + 1, len - 1);
        if (template[len] != '}' || put == NULL)
            return SN_EINVAL;
        if (values != NULL)
            put(values, out);
        template += len + 1;
    }
    return 0;
}
