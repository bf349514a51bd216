/* SPDX-License-Identifier: BSD-3-Clause */

/* Reads the input as a configuration of the Redis syntax. What is accepted must survive being
 * rewritten: the new text loads, means the same, and does not change when it is written once more.
 */

#include "base/error.h"
#include "conf/conf.h"
#include "conf/read/parse.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void render(const struct sn_conf *conf, const char *old, size_t len, struct sn_buf *out)
{
    sn_buf_init(out, SIZE_MAX);
    if (sn_conf_render(conf, &conf->image, old, len, out) < 0)
        abort();
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
        if (conf.state_in_conf)
            check_rewrite(&conf, sn_buf_text(&text), size);
        sn_conf_fini(&conf);
    }
    sn_buf_fini(&text);
    sn_buf_fini(&error);
    return 0;
}
