/* SPDX-License-Identifier: BSD-3-Clause */

/* Combines a text in either syntax with the command line, which overrides it. */

#include "conf/read/parse.h"

#include "base/alloc.h"
#include "base/error.h"
#include "conf/file/file.h"
#include "conf/read/apply.h"
#include "conf/read/argv.h"
#include "conf/read/ini_conf.h"
#include "conf/read/loader.h"
#include "conf/read/redis.h"

#include <stdlib.h>
#include <string.h>

/* A text is INI if its first line that is neither blank nor a comment is a section head. */
static enum sn_conf_syntax find_syntax(const char *text, size_t len)
{
    const char *end = text + len;

    text += sn_file_bom_len(text, len);
    while (text < end) {
        while (text < end && strchr(" \t\r\n", *text) != NULL && *text != '\0')
            text++;
        if (text < end && *text != '#' && *text != ';')
            break;
        while (text < end && *text != '\n')
            text++;
    }
    return text < end && *text == '[' ? SN_CONF_INI : SN_CONF_REDIS;
}

/* Copies the server's settings that the core needs, the port of our hellos among them (PROTOCOL.md
 * §10.1). */
static void tell_core(struct sn_conf *conf)
{
    struct sn_globals *globals = &conf->image.globals;
    struct sn_settings *settings = &conf->settings;
    bool tls = settings->tls.replication && settings->tls.port != 0;

    globals->tls = settings->tls.replication;
    globals->listen_port = tls ? settings->tls.port : settings->port;
    sn_strset(&globals->own_pass, settings->requirepass);
    /* The folder may be written into the file, and the next start may be from elsewhere. */
    char *dir = settings->dir != NULL ? sn_file_absolute(settings->dir) : NULL;
    sn_strset(&settings->dir, dir);
    free(dir);
    sn_settings_copy(settings, &conf->base_settings);
}

int sn_conf_parse(const char *path, const char *text, size_t len, int argc, char *const *argv,
                  bool files, struct sn_conf *conf, struct sn_buf *error)
{
    struct sn_loader loader;

    sn_conf_init(conf);
    conf->syntax = find_syntax(text, len);
    sn_loader_init(&loader, conf, files, error);
    int code = conf->syntax == SN_CONF_INI ? sn_ini_conf_read(&loader, path, text, len)
                                           : sn_redis_read(&loader, path, text, len);
    if (code == 0)
        code = sn_argv_read(&loader, argc, argv);
    if (code == 0)
        code = sn_apply_all(&loader);
    sn_loader_fini(&loader);
    if (code < 0)
        sn_conf_fini(conf);
    else
        tell_core(conf);
    return code;
}
