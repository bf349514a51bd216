/* SPDX-License-Identifier: BSD-3-Clause */

/* Loads a configuration, its files and the saved state, and renders the file that holds the
 * state. */

#include "conf/conf.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/prng.h"
#include "conf/draft/draft.h"
#include "conf/file/file.h"
#include "conf/file/journal.h"
#include "conf/read/parse.h"
#include "conf/state/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Returns the path of the state file: `state-file` (relative to the folder of the configuration),
 * or NAME.state beside an INI file NAME.ini. */
static char *state_path(const struct sn_conf *conf)
{
    const char *slash = strrchr(conf->path, '/');
    const char *name = slash != NULL ? slash + 1 : conf->path;
    const char *given = conf->settings.state_file;
    struct sn_buf path;

    if (given != NULL && (given[0] == '/' || conf->path[0] == '\0'))
        return sn_file_absolute(given);
    sn_buf_init(&path, SIZE_MAX);
    sn_buf_append(&path, conf->path, (size_t)(name - conf->path));
    if (given != NULL) {
        sn_buf_puts(&path, given);
    } else {
        const char *dot = strrchr(name, '.');
        size_t len = dot != NULL && dot != name ? (size_t)(dot - name) : strlen(name);
        sn_buf_append(&path, name, len);
        sn_buf_puts(&path, ".state");
    }
    return sn_buf_take(&path);
}

static int find_state(struct sn_conf *conf, struct sn_buf *error)
{
    conf->state_in_conf = conf->syntax == SN_CONF_REDIS && conf->settings.state_file == NULL;
    if (conf->state_in_conf) {
        conf->state_path = sn_strdup(conf->path);
        return 0;
    }
    conf->state_path = state_path(conf);
    if (strcmp(conf->state_path, conf->path) == 0) {
        sn_buf_printf(error,
                      "%s: the state file is the configuration file itself. Expected: "
                      "\"state-file\" with a path of its own.\n",
                      conf->path);
        return SN_EINVAL;
    }
    sn_image_copy(&conf->image, &conf->base);
    return sn_state_load(conf, error);
}

/* Without a configuration file, a state file must be given (PROTOCOL.md §19.1). */
static int parse_without_file(int argc, char *const *argv, struct sn_conf *conf,
                              struct sn_buf *error)
{
    int code = sn_conf_parse("", "", 0, argc, argv, true, conf, error);
    if (code < 0 || conf->settings.state_file != NULL)
        return code;
    sn_buf_puts(error,
                "Sentinel needs config file on disk to save state. Exiting...\n"
                "Give the path of a configuration file that this user can write (an empty one will "
                "do), or let state be kept in a file of its own:\n"
                "    sentineld /etc/redis/sentinel.conf\n"
                "    sentineld --state-file /var/lib/sentineld/sentinel.state --sentinel monitor "
                "mymaster 10.0.0.1 6379 2\n"
                "sentineld --help tells more.\n");
    sn_conf_fini(conf);
    return SN_EINVAL;
}

/* Reads path, or its journal instead; *recovered then holds the text of the journal (PROTOCOL.md
 * §19.1). */
static int read_and_parse(const char *path, int argc, char *const *argv, struct sn_conf *conf,
                          struct sn_buf *error)
{
    struct sn_buf text, journal;

    int code = sn_file_read(path, &text);
    if (code < 0) {
        sn_buf_printf(error, "Fatal error, can't open config file '%s': %s\n", path,
                      code == SN_ERANGE ? "it is larger than 64 MiB" : sn_file_error(errno));
        sn_buf_fini(&text);
        return code;
    }
    char *from = sn_journal_find(path, &text, &journal);
    if (from == NULL) {
        code = sn_conf_parse(path, sn_buf_text(&text), text.len, argc, argv, true, conf, error);
    } else {
        code =
            sn_conf_parse(from, sn_buf_text(&journal), journal.len, argc, argv, true, conf, error);
        if (code == 0) {
            struct sn_buf notice;
            sn_buf_init(&notice, SIZE_MAX);
            sn_buf_printf(&notice, "%s was not written completely: using its journal %s instead",
                          path, from);
            sn_conf_notice(conf, sn_buf_take(&notice));
            conf->damaged_hash = sn_hash_bytes(SN_HASH_START, sn_buf_text(&text), text.len);
            conf->recovered = sn_buf_take(&journal);
        }
        sn_buf_fini(&journal);
        free(from);
    }
    sn_buf_fini(&text);
    return code;
}

/* The replicas in a file are not checked, and each one costs two connections. */
static void limit_replicas(struct sn_conf *conf)
{
    for (size_t i = 0; i < conf->image.group_count; i++) {
        struct sn_group_image *group = &conf->image.groups[i];
        if (group->replica_count <= SN_REPLICAS_MAX)
            continue;
        sn_conf_noticef(conf,
                        "%zu replicas of group %s are known from files: only the first %d are "
                        "watched. SENTINEL RESET %s forgets those that are gone",
                        group->replica_count, group->name, SN_REPLICAS_MAX, group->name);
        group->replica_count = SN_REPLICAS_MAX;
    }
}

int sn_conf_load(const char *path, int argc, char *const *argv, struct sn_conf *conf,
                 struct sn_buf *error)
{
    *conf = (struct sn_conf){0};
    int code = path != NULL ? read_and_parse(path, argc, argv, conf, error)
                            : parse_without_file(argc, argv, conf, error);
    if (code < 0)
        return code;

    conf->path = path != NULL ? sn_file_absolute(path) : sn_strdup("");
    code = find_state(conf, error);
    if (code == 0)
        limit_replicas(conf);
    else
        sn_conf_fini(conf);
    return code;
}

int sn_conf_render(const struct sn_conf *conf, const struct sn_image *image, const char *old,
                   size_t old_len, struct sn_buf *out)
{
    const struct sn_conf_update update = {.whole = true, .image = *image};
    struct sn_conf_draft *draft = sn_conf_draft_new(conf);

    int code = sn_conf_draft_render(draft, &update, old, old_len, out);
    sn_conf_draft_free(draft);
    return code;
}
