/* SPDX-License-Identifier: BSD-3-Clause */

/* Reads the input as a configuration of the INI syntax. What is accepted is changed as a failover
 * and SENTINEL SET would, saved in a state file and merged with the same configuration again:
 * nothing may be lost. */

#include "base/alloc.h"
#include "base/error.h"
#include "conf/conf.h"
#include "conf/read/parse.h"
#include "conf/state/state.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything in an image, as text. */
static void describe(const struct sn_image *image, struct sn_buf *out)
{
    struct sn_conf conf = {.state_in_conf = true};
    sn_settings_init(&conf.base_settings);
    sn_buf_init(out, SIZE_MAX);
    if (sn_conf_render(&conf, image, "", 0, out) < 0)
        abort();
    sn_settings_fini(&conf.base_settings);
}

static void change(struct sn_image *image)
{
    for (size_t i = 0; i < image->group_count; i++) {
        struct sn_group_image *group = &image->groups[i];
        struct sn_addr before = group->addr;
        struct sn_change pass = {.option = SN_OPTION_AUTH_PASS, .value = group->addr.host};
        group->addr.port ^= 1;
        group->config_epoch = i;
        sn_group_image_add_replica(group, &before);
        sn_group_params_apply(&group->params, &pass);
    }
    if (image->group_count > 2)
        sn_image_remove_group(image, 1);
    image->current_epoch++;
}

static void check_state(struct sn_conf *conf)
{
    struct sn_buf saved, before, after, problem;
    struct sn_state state;

    conf->path = sn_strdup("input");
    sn_image_fini(&conf->base);
    sn_image_copy(&conf->image, &conf->base);
    change(&conf->image);
    describe(&conf->image, &before);
    sn_buf_init(&saved, SIZE_MAX);
    sn_buf_init(&problem, SIZE_MAX);
    if (sn_conf_render(conf, &conf->image, "", 0, &saved) < 0 ||
        sn_state_parse(sn_buf_text(&saved), saved.len, &state, &problem) < 0)
        abort();
    sn_image_fini(&conf->image);
    sn_image_copy(&conf->base, &conf->image);
    sn_state_merge(&state, conf);
    describe(&conf->image, &after);
    if (strcmp(sn_buf_text(&before), sn_buf_text(&after)) != 0)
        abort();
    sn_state_fini(&state);
    sn_buf_fini(&saved);
    sn_buf_fini(&problem);
    sn_buf_fini(&before);
    sn_buf_fini(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sn_conf conf;
    struct sn_buf error, text;

    sn_buf_init(&error, SIZE_MAX);
    sn_buf_init(&text, SIZE_MAX);
    sn_buf_puts(&text, "[sentinel]\n");
    sn_buf_append(&text, data, size);
    if (sn_conf_parse("input", sn_buf_text(&text), text.len, 0, NULL, false, &conf, &error) == 0) {
        check_state(&conf);
        sn_conf_fini(&conf);
    } else if (error.len == 0) {
        abort();
    }
    sn_buf_fini(&text);
    sn_buf_fini(&error);
    return 0;
}
