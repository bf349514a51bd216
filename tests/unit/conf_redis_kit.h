/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_UNIT_CONF_REDIS_KIT_H
#define SN_TESTS_UNIT_CONF_REDIS_KIT_H

/* Loads a configuration of the Redis syntax. */

#include "base/error.h"
#include "conf/conf.h"
#include "conf/read/argv.h"
#include "conf/read/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static inline void load_words(const char *text, int argc, char *const *argv, struct sn_conf *conf)
{
    struct sn_buf error;
    sn_buf_init(&error, SIZE_MAX);
    int code = sn_conf_parse("s.conf", text, strlen(text), argc, argv, true, conf, &error);
    if (code < 0)
        fail_msg("%s", sn_buf_text(&error));
    sn_buf_fini(&error);
}

static inline void load(const char *text, struct sn_conf *conf)
{
    load_words(text, 0, NULL, conf);
}

/* The text of the file that was old, as a rewrite makes it; free() it. */
static inline char *render(const struct sn_conf *conf, const char *old)
{
    struct sn_buf out;
    sn_buf_init(&out, SIZE_MAX);
    assert_int_equal(sn_conf_render(conf, &conf->image, old, strlen(old), &out), 0);
    return sn_buf_take(&out);
}

static inline struct sn_group_image *group_of(const struct sn_conf *conf, const char *name)
{
    struct sn_group_image *group = sn_image_find_group(&conf->image, name);
    assert_non_null(group);
    return group;
}

static char folder[] = "/tmp/sn_conf_XXXXXX";

static inline int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static inline int drop_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

#endif
