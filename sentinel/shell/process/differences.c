/* SPDX-License-Identifier: BSD-3-Clause */
/* One row for each difference. A row looks at the configuration and, if that is concerned, puts a
 * line. To add one: a function, its place in the table, and the row of COMPATIBILITY.md. */
#include "shell/process/differences.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define SHORT_DOWN_AFTER_MS 1000
#define LOGIN_S             10

typedef void put_difference(const struct sn_conf *conf, struct sn_buf *line);
typedef bool is_concerned(const struct sn_group_image *group);

/* Appends "what of group a" or "what of group a and 2 others". False: no group is concerned. */
static bool put_groups_of(const struct sn_conf *conf, is_concerned *concerned, const char *what,
                          struct sn_buf *line)
{
    const struct sn_image *image = &conf->image;
    const char *first = NULL;
    size_t others = 0;

    for (size_t i = 0; i < image->group_count; i++) {
        if (!concerned(&image->groups[i]))
            continue;
        others += first != NULL;
        first = first != NULL ? first : image->groups[i].name;
    }
    if (first == NULL)
        return false;
    sn_buf_printf(line, "%s of group %s", what, first);
    if (others > 0)
        sn_buf_printf(line, " and %zu other%s", others, others == 1 ? "" : "s");
    return true;
}

/* ---- what is watched ---- */

static bool has_scripts(const struct sn_group_image *group)
{
    return group->params.notification_script != NULL ||
           group->params.client_reconfig_script != NULL;
}

static void put_scripts(const struct sn_conf *conf, struct sn_buf *line)
{
    if (put_groups_of(conf, has_scripts, "scripts", line))
        sn_buf_puts(line, ": processes that a script leaves behind are killed 5 s after its end, "
                          "unless they were started with setsid");
}

static bool has_quorum_of_one(const struct sn_group_image *group)
{
    return group->params.quorum == 1;
}

static void put_quorum(const struct sn_conf *conf, struct sn_buf *line)
{
    if (put_groups_of(conf, has_quorum_of_one, "quorum 1", line))
        sn_buf_puts(line, ": no other sentinel has to agree, so a failover starts at the "
                          "millisecond at which this one finds the master down, not at a later "
                          "tick; it needs the votes of a majority all the same");
}

static bool is_fast(const struct sn_group_image *group)
{
    return group->params.down_after_ms < SHORT_DOWN_AFTER_MS;
}

static void put_down_after(const struct sn_conf *conf, struct sn_buf *line)
{
    if (put_groups_of(conf, is_fast, "down-after-milliseconds below 1000", line))
        sn_buf_puts(line, ": it is kept to the millisecond, and a pause of a server or the network "
                          "that stock overlooks starts a failover");
}

static bool has_renames(const struct sn_group_image *group)
{
    return group->params.rename_count > 0;
}

static void put_group_renames(const struct sn_conf *conf, struct sn_buf *line)
{
    if (put_groups_of(conf, has_renames, "rename-command", line))
        sn_buf_puts(line, ": other sentinels are asked by the usual names");
}

/* True if two groups have one master. */
static bool has_alias(const struct sn_image *image, size_t *one, size_t *other)
{
    for (*one = 0; *one < image->group_count; (*one)++) {
        for (*other = *one + 1; *other < image->group_count; (*other)++) {
            const struct sn_addr *a = &image->groups[*one].addr;
            const struct sn_addr *b = &image->groups[*other].addr;
            if (a->port == b->port && strcmp(a->host, b->host) == 0)
                return true;
        }
    }
    return false;
}

static void put_alias(const struct sn_conf *conf, struct sn_buf *line)
{
    size_t one, other;

    if (has_alias(&conf->image, &one, &other))
        sn_buf_printf(line,
                      "groups %s and %s have one master: they are failed over together and end at "
                      "the same server",
                      conf->image.groups[one].name, conf->image.groups[other].name);
}

/* ---- names ---- */

static void put_resolving(const struct sn_conf *conf, struct sn_buf *line)
{
    if (conf->image.globals.resolve_hostnames)
        sn_buf_puts(line, "resolve-hostnames: a name server that does not answer holds nothing up, "
                          "and a name that does not resolve is kept in the file");
}

static void put_announced_name(const struct sn_conf *conf, struct sn_buf *line)
{
    const struct sn_globals *globals = &conf->image.globals;

    if (globals->announce_ip != NULL && !sn_addr_is_ip(globals->announce_ip))
        sn_buf_printf(line,
                      "announce-ip %s is a name: it is never announced empty; every sentinel needs "
                      "resolve-hostnames yes, as with stock",
                      globals->announce_ip);
}

/* ---- the server ---- */

static void put_passwords(const struct sn_conf *conf, struct sn_buf *line)
{
    const struct sn_settings *settings = &conf->settings;

    if (settings->requirepass != NULL || settings->user_count > 0 || settings->aclfile != NULL)
        sn_buf_printf(line,
                      "requirepass, user, aclfile: where the default user has a password, a "
                      "connection that has not logged in is closed after %d s",
                      LOGIN_S);
}

static void put_renames(const struct sn_conf *conf, struct sn_buf *line)
{
    if (conf->settings.rename_count > 0)
        sn_buf_puts(line, "rename-command: COMMAND and ACL rules know a renamed command by its own "
                          "name only");
}

static void put_tls(const struct sn_conf *conf, struct sn_buf *line)
{
    const struct sn_tls_settings *tls = &conf->settings.tls;

    if ((tls->port != 0 || tls->replication) && !tls->verify_names)
        sn_buf_puts(line, "TLS: names in certificates are not checked, as with stock; "
                          "tls-verify-names yes checks them. SIGHUP reads changed certificates "
                          "again, and those that have ended are not taken");
}

static void put_log(const struct sn_conf *conf, struct sn_buf *line)
{
    if (conf->settings.logfile != NULL)
        sn_buf_puts(line, "logfile: it stays open, so whoever renames it has to send SIGHUP (stock "
                          "opens it for each line); lines that repeat are limited");
}

static void put_supervised(const struct sn_conf *conf, struct sn_buf *line)
{
    const char *supervised = conf->settings.supervised;

    if (supervised != NULL && strcasecmp(supervised, "no") != 0)
        sn_buf_puts(line,
                    "supervised: READY=1 is sent once the id of this sentinel is on disk, and "
                    "SIGHUP is told as a reload");
}

static void put_includes(const struct sn_conf *conf, struct sn_buf *line)
{
    if (conf->include_count > 0)
        sn_buf_puts(line, "include: what included files say is not copied into this one when it is "
                          "saved");
}

/* ---- the way back ---- */

static bool has_password_file(const struct sn_group_image *group)
{
    return group->params.auth_pass_file != NULL;
}

static bool has_tls(const struct sn_group_image *group)
{
    return group->params.tls != NULL;
}

static bool has_refused_after(const struct sn_group_image *group)
{
    return group->params.refused_after_ms > 0;
}

static bool has_max_lag(const struct sn_group_image *group)
{
    return group->params.max_lag > 0;
}

static bool has_replica_veto(const struct sn_group_image *group)
{
    return group->params.replica_veto != NULL;
}

static bool has_chained(const struct sn_group_image *group)
{
    return group->params.chained != NULL;
}

static bool has_rescue(const struct sn_group_image *group)
{
    return group->params.rescue != NULL;
}

static bool has_rescue_timeout(const struct sn_group_image *group)
{
    return group->params.rescue_timeout_ms != SN_RESCUE_TIMEOUT_DEFAULT_MS;
}

static bool has_forget_after(const struct sn_group_image *group)
{
    return group->params.forget_after_s > 0;
}

static bool has_reborn_empty(const struct sn_group_image *group)
{
    return group->params.reborn_empty != NULL;
}

static void put_word(struct sn_buf *words, bool used, const char *name)
{
    if (used)
        sn_buf_printf(words, "%s%s", words->len > 0 ? ", " : "", name);
}

static bool any_group(const struct sn_conf *conf, is_concerned *concerned)
{
    for (size_t i = 0; i < conf->image.group_count; i++) {
        if (concerned(&conf->image.groups[i]))
            return true;
    }
    return false;
}

static void put_way_back(const struct sn_conf *conf, struct sn_buf *line)
{
    const struct sn_settings *settings = &conf->settings;
    struct sn_buf words;

    sn_buf_init(&words, SIZE_MAX);
    put_word(&words, settings->state_file != NULL, "state-file");
    put_word(&words, settings->history_file != NULL, "history-file");
    put_word(&words, settings->http_port != 0, "http-port");
    put_word(&words, settings->http_bind.count > 0, "http-bind");
    put_word(&words, settings->requirepass_file != NULL, "requirepass-file");
    put_word(&words, conf->image.globals.sentinel_pass_file != NULL, "sentinel sentinel-pass-file");
    put_word(&words, any_group(conf, has_password_file), "sentinel auth-pass-file");
    put_word(&words, any_group(conf, has_tls), "sentinel tls");
    put_word(&words, any_group(conf, has_refused_after), "sentinel refused-after-milliseconds");
    put_word(&words, any_group(conf, has_max_lag), "sentinel max-replica-lag");
    put_word(&words, any_group(conf, has_reborn_empty), "sentinel reborn-empty");
    put_word(&words, conf->image.globals.single_connection, "sentinel single-connection");
    put_word(&words, any_group(conf, has_replica_veto), "sentinel replica-veto");
    put_word(&words, any_group(conf, has_chained), "sentinel chained-replicas");
    put_word(&words, any_group(conf, has_rescue), "sentinel rescue-lost-writes");
    put_word(&words, any_group(conf, has_rescue_timeout), "sentinel rescue-timeout-milliseconds");
    put_word(&words, settings->rescue_dir != NULL, "rescue-dir");
    put_word(&words, any_group(conf, has_forget_after), "sentinel forget-after");
    put_word(&words, settings->tls.verify_names, "tls-verify-names");
    if (words.len > 0)
        sn_buf_printf(line, "%s: stock does not start with a file that says so",
                      sn_buf_text(&words));
    sn_buf_fini(&words);
}

static put_difference *const rows[] = {
    put_scripts,   put_quorum,         put_down_after, put_group_renames, put_alias,
    put_resolving, put_announced_name, put_passwords,  put_renames,       put_tls,
    put_log,       put_supervised,     put_includes,   put_way_back,
};

void sn_differences_tell(const struct sn_conf *conf, void (*tell)(void *arg, const char *text),
                         void *arg)
{
    if (conf->syntax != SN_CONF_REDIS)
        return;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sn_buf line;
        sn_buf_init(&line, SIZE_MAX);
        rows[i](conf, &line);
        if (line.len > 0)
            tell(arg, sn_buf_text(&line));
        sn_buf_fini(&line);
    }
}
