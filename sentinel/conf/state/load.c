/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"
#include "conf/file/file.h"
#include "conf/file/journal.h"
#include "conf/state/state.h"

#include <errno.h>
#include <stdlib.h>

static int parse_file(const char *path, struct sn_state *state, struct sn_buf *problem)
{
    struct sn_buf text;

    *state = (struct sn_state){0};
    int code = sn_file_read(path, &text);
    if (code == 0)
        code = sn_state_parse(sn_buf_text(&text), text.len, state, problem);
    else
        sn_buf_puts(problem, code == SN_ERANGE ? "it is larger than 64 MiB" : sn_file_error(errno));
    sn_buf_fini(&text);
    return code;
}

static bool parse_journal(struct sn_conf *conf, struct sn_state *state, const char *problem)
{
    bool found = false;

    for (int beside = 1; beside >= 0 && !found; beside--) {
        struct sn_buf ignored, notice;
        char *path = sn_journal_path(conf->state_path, conf->settings.dir, beside == 1);
        sn_buf_init(&ignored, SIZE_MAX);
        found =
            sn_journal_trusted(conf->state_path, path) && parse_file(path, state, &ignored) == 0;
        if (found) {
            sn_buf_init(&notice, SIZE_MAX);
            sn_buf_printf(&notice, "%s: %s: using its journal %s instead", conf->state_path,
                          problem, path);
            sn_conf_notice(conf, sn_buf_take(&notice));
        }
        sn_buf_fini(&ignored);
        free(path);
    }
    return found;
}

static void explain(const struct sn_conf *conf, int code, const char *problem, struct sn_buf *error)
{
    sn_buf_printf(error, "Can't use the state file %s: %s.\n", conf->state_path, problem);
    if (code != SN_ECORRUPT)
        return;
    sn_buf_puts(
        error,
        "It holds the votes that this sentinel has given; started without them it could vote "
        "twice in one\nepoch. Restore the file from a copy. Only if all other sentinels of its "
        "groups are up and none of the\ngroups is in a failover, remove it: everything in it is "
        "then learned anew, and run-time changes are lost.\n");
}

int sn_state_load(struct sn_conf *conf, struct sn_buf *error)
{
    struct sn_state state;
    struct sn_buf problem;

    sn_buf_init(&problem, SIZE_MAX);
    int code = parse_file(conf->state_path, &state, &problem);
    if (code < 0 && parse_journal(conf, &state, sn_buf_text(&problem)))
        code = 0;
    if (code == 0)
        sn_state_merge(&state, conf);
    else if (code == SN_ENOENT)
        code = 0; /* the first start */
    else
        explain(conf, code, sn_buf_text(&problem), error);
    sn_state_fini(&state);
    sn_buf_fini(&problem);
    return code;
}
