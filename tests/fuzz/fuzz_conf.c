/* SPDX-License-Identifier: BSD-3-Clause */

/* Reads the input as a configuration of the Redis syntax. What is accepted must survive being
 * rewritten: the new text loads, means the same, and does not change when it is written once more;
 * changes alone make the same text as the whole. */

#include "base/error.h"
#include "conf/conf.h"
#include "conf/draft/draft.h"
#include "conf/read/parse.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void render_image(const struct sn_conf *conf, const struct sn_image *image, const char *old,
                         size_t len, struct sn_buf *out)
{
    sn_buf_init(out, SIZE_MAX);
    if (sn_conf_render(conf, image, old, len, out) < 0)
        abort();
}

static void render(const struct sn_conf *conf, const char *old, size_t len, struct sn_buf *out)
{
    render_image(conf, &conf->image, old, len, out);
}

/* Changes of the state are written as a rewrite of the whole writes them: of all groups, then of
 * one that goes. */
static void check_changes(const struct sn_conf *conf, const char *text, size_t len)
{
    struct sn_conf_draft *draft = sn_conf_draft_new(conf);
    struct sn_conf_update update = {.whole = true};
    struct sn_buf once, whole, changed;

    sn_buf_init(&once, SIZE_MAX);
    sn_buf_init(&changed, SIZE_MAX);
    sn_image_copy(&conf->image, &update.image);
    if (sn_conf_draft_render(draft, &update, text, len, &once) < 0)
        abort();
    update.whole = false;
    for (size_t i = 0; i < update.image.group_count; i++) {
        struct sn_group_image *group = &update.image.groups[i];
        group->config_epoch++;
        group->replica_count /= 2;
        group->peer_count /= 2;
        if (sn_addr_make("127.9.9.9", 9, &group->addr) == 0)
            sn_group_image_add_replica(group, &group->addr);
    }
    render_image(conf, &update.image, sn_buf_text(&once), once.len, &whole);
    if (sn_conf_draft_render(draft, &update, sn_buf_text(&once), once.len, &changed) < 0 ||
        strcmp(sn_buf_text(&whole), sn_buf_text(&changed)) != 0)
        abort();
    if (update.image.group_count > 0) {
        sn_buf_fini(&whole);
        sn_buf_clear(&once);
        sn_buf_append(&once, changed.data, changed.len);
        sn_buf_clear(&changed);
        sn_list_add(&update.gone, update.image.groups[0].name);
        sn_image_remove_group(&update.image, 0);
        render_image(conf, &update.image, sn_buf_text(&once), once.len, &whole);
        if (sn_conf_draft_render(draft, &update, sn_buf_text(&once), once.len, &changed) < 0 ||
            strcmp(sn_buf_text(&whole), sn_buf_text(&changed)) != 0)
            abort();
        sn_list_fini(&update.gone);
    }
    sn_image_fini(&update.image);
    sn_conf_draft_free(draft);
    sn_buf_fini(&once);
    sn_buf_fini(&whole);
    sn_buf_fini(&changed);
}

static void check_rewrite(const struct sn_conf *conf, const char *text, size_t len)
{
    struct sn_conf again;
    struct sn_buf once, twice, fresh, fresh_again, error;

    render(conf, text, len, &once);
    render(conf, "", 0, &fresh);
    sn_buf_init(&error, SIZE_MAX);
    if (sn_conf_parse("again", sn_buf_text(&once), once.len, 0, NULL, false, &again, &error) < 0)
        abort();
    again.state_in_conf = true;
    render(&again, sn_buf_text(&once), once.len, &twice);
    render(&again, "", 0, &fresh_again);
    if (strcmp(sn_buf_text(&once), sn_buf_text(&twice)) != 0 ||
        strcmp(sn_buf_text(&fresh), sn_buf_text(&fresh_again)) != 0)
        abort();
    sn_conf_fini(&again);
    /* A file that was lost is written again with all that is in force. */
    if (sn_conf_parse("fresh", sn_buf_text(&fresh), fresh.len, 0, NULL, false, &again, &error) < 0)
        abort();
    again.state_in_conf = true;
    sn_buf_fini(&fresh_again);
    render(&again, "", 0, &fresh_again);
    if (strcmp(sn_buf_text(&fresh), sn_buf_text(&fresh_again)) != 0)
        abort();
    sn_conf_fini(&again);
    sn_buf_fini(&error);
    sn_buf_fini(&once);
    sn_buf_fini(&twice);
    sn_buf_fini(&fresh);
    sn_buf_fini(&fresh_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sn_conf conf;
    struct sn_buf error, text;

    sn_buf_init(&error, SIZE_MAX);
    sn_buf_init(&text, SIZE_MAX);
    sn_buf_append(&text, data, size);
    if (sn_conf_parse("input", sn_buf_text(&text), size, 0, NULL, false, &conf, &error) < 0) {
        if (error.len == 0 || conf.path != NULL || conf.image.groups != NULL)
            abort();
    } else {
        conf.state_in_conf = conf.syntax == SN_CONF_REDIS;
        if (conf.state_in_conf) {
            check_rewrite(&conf, sn_buf_text(&text), size);
            check_changes(&conf, sn_buf_text(&text), size);
        }
        sn_conf_fini(&conf);
    }
    sn_buf_fini(&text);
    sn_buf_fini(&error);
    return 0;
}
