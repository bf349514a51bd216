/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/read/config.h"

#include "base/alloc.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sn_conf_init(struct sn_conf *conf)
{
    *conf = (struct sn_conf){0};
    sn_settings_init(&conf->settings);
    sn_image_init(&conf->image);
    sn_image_init(&conf->base);
}

void sn_conf_fini(struct sn_conf *conf)
{
    free(conf->path);
    free(conf->state_path);
    sn_settings_fini(&conf->settings);
    sn_image_fini(&conf->image);
    sn_image_fini(&conf->base);
    sn_settings_fini(&conf->base_settings);
    for (size_t i = 0; i < conf->include_count; i++) {
        free(conf->includes[i].path);
        sn_list_fini(&conf->includes[i].lines);
    }
    free(conf->includes);
    sn_list_fini(&conf->overrides);
    for (size_t i = 0; i < conf->notice_count; i++)
        free(conf->notices[i]);
    free(conf->notices);
    free(conf->recovered);
    *conf = (struct sn_conf){0};
}

void sn_conf_notice(struct sn_conf *conf, char *text)
{
    conf->notices = sn_realloc(conf->notices, (conf->notice_count + 1) * sizeof(*conf->notices));
    conf->notices[conf->notice_count++] = text;
}

void sn_conf_noticef(struct sn_conf *conf, const char *format, ...)
{
    char text[1024];
    struct sn_buf buf;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    sn_buf_init(&buf, SIZE_MAX);
    if (conf->path[0] != '\0') {
        sn_text_escape(&buf, conf->path, strlen(conf->path));
        sn_buf_puts(&buf, ": ");
    }
    sn_text_escape(&buf, text, strlen(text));
    sn_conf_notice(conf, sn_buf_take(&buf));
}

bool sn_conf_changed(const struct sn_conf *conf, const struct sn_directive *directive)
{
    if (directive->kind == SN_VALUE_USER)
        return conf->live.users != NULL;
    return directive->kind == SN_VALUE_LEVEL && conf->live.loglevel != SN_LEVEL_NONE;
}

struct sn_settings sn_conf_now(const struct sn_conf *conf)
{
    struct sn_settings now = conf->settings;
    if (conf->live.loglevel != SN_LEVEL_NONE)
        now.loglevel = conf->live.loglevel;
    return now;
}
