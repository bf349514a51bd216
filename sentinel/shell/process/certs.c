/* SPDX-License-Identifier: BSD-3-Clause */
/* Two contexts: one for the TLS port, one for the links. Start: both or none. Reload (SIGHUP,
 * tls-auto-reload-interval): both are made anew by a worker thread, because files may be on a slow
 * disk; if one is unusable, or its certificate has ended, the old ones stay. Connections that are
 * open keep what they were opened with. */
#include "shell/process/certs.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/prng.h"
#include "shell/net/tls_files.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ERROR_MAX      4096
#define DAY_S          86400LL
#define WARN_S         (30 * DAY_S)
#define WARN_PERIOD_MS ((uint64_t)DAY_S * 1000)

/* What one reading of the files gives. */
struct pair {
    struct sn_tls *server, *client; /* NULL: not needed, or unusable */
};

struct sn_certs {
    struct sn_certs_env env;
    struct pair pair;
    bool needs_client;
    bool busy;  /* a worker reads */
    bool again; /* and has to read all once more afterwards */
    bool only_changed;
    bool closing;
    uv_timer_t poll, warn;
    uv_work_t work;
    unsigned holds;
    uint64_t seen;      /* fingerprint of the files that were read last */
    uint64_t reloads;   /* that gave new contexts */
    char *last_problem; /* told already; NULL: the last reading was usable */
    /* of the worker */
    struct pair fresh;
    uint64_t fresh_seen;
    struct sn_buf problem;
    bool unchanged;
};

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool any_link_needs(const struct sn_conf *conf)
{
    bool needed = conf->settings.tls.replication;

    for (size_t i = 0; i < conf->image.group_count && !needed; i++)
        needed = sn_group_params_tls(&conf->image.groups[i].params, &conf->image.globals);
    return needed;
}

bool sn_certs_needed(const struct sn_conf *conf)
{
    return conf->settings.tls.port != 0 || any_link_needs(conf);
}

/* Links could use TLS as soon as SENTINEL SET asks for it: an authority is configured. */
static bool is_usable(const struct sn_conf *conf)
{
    const struct sn_tls_settings *tls = &conf->settings.tls;

    return is_set(tls->ca_cert_file) || is_set(tls->ca_cert_dir);
}

/* Links are prepared for TLS where they could use it: a group may be set to it later. */
static bool needs_client(const struct sn_conf *conf)
{
    return is_usable(conf) || any_link_needs(conf);
}

/* ---- contexts ---- */

static enum sn_tls_auth auth_of(const char *word)
{
    if (strcasecmp(word, "no") == 0)
        return SN_TLS_AUTH_NO;
    return strcasecmp(word, "optional") == 0 ? SN_TLS_AUTH_OPTIONAL : SN_TLS_AUTH_YES;
}

static struct sn_tls_options server_options(const struct sn_tls_settings *tls)
{
    return (struct sn_tls_options){
        .prefix = "tls-",
        .cert_file = tls->cert_file,
        .key_file = tls->key_file,
        .key_file_pass = tls->key_file_pass,
        .ca_cert_file = tls->ca_cert_file,
        .ca_cert_dir = tls->ca_cert_dir,
        .dh_params_file = tls->dh_params_file,
        .protocols = tls->protocols,
        .ciphers = tls->ciphers,
        .ciphersuites = tls->ciphersuites,
        .auth_clients = auth_of(tls->auth_clients),
        .prefer_server_ciphers = tls->prefer_server_ciphers,
        .session_caching = tls->session_caching,
        .session_cache_size = tls->session_cache_size,
        .session_cache_timeout_s = tls->session_cache_timeout_s,
    };
}

static struct sn_tls_options client_options(const struct sn_tls_settings *tls)
{
    struct sn_tls_options options = server_options(tls);

    options.expected_peer_names = tls->expected_peer_name;
    options.verify_names = tls->verify_names;
    if (!is_set(tls->client_cert_file) || !is_set(tls->client_key_file))
        return options; /* half a pair is ignored, as stock does */
    options.prefix = "tls-client-";
    options.cert_file = tls->client_cert_file;
    options.key_file = tls->client_key_file;
    options.key_file_pass = tls->client_key_file_pass;
    return options;
}

static void free_pair(struct pair *pair)
{
    sn_tls_unref(pair->server);
    sn_tls_unref(pair->client);
    *pair = (struct pair){NULL, NULL};
}

static bool load_pair(const struct sn_tls_settings *tls, bool client, struct pair *pair,
                      struct sn_buf *error)
{
    struct sn_tls_options for_server = server_options(tls), for_client = client_options(tls);
    bool ok = true;

    *pair = (struct pair){NULL, NULL};
    if (tls->port != 0) {
        pair->server = sn_tls_new(SN_TLS_SERVER, &for_server, error);
        ok = pair->server != NULL;
    }
    if (ok && client) {
        pair->client = sn_tls_new(SN_TLS_CLIENT, &for_client, error);
        ok = pair->client != NULL;
    }
    if (!ok)
        free_pair(pair);
    return ok;
}

int sn_certs_check(const struct sn_conf *conf, struct sn_buf *error)
{
    struct pair pair = {NULL, NULL};
    bool ok = (!sn_certs_needed(conf) && !is_usable(conf)) ||
              load_pair(&conf->settings.tls, needs_client(conf), &pair, error);

    free_pair(&pair);
    return ok ? 0 : SN_EINVAL;
}

/* ---- certificates that end ---- */

/* True if the context's certificate is not valid now; appends that to problem. */
static bool is_untimely(const struct sn_tls *tls, struct sn_buf *problem)
{
    struct sn_tls_certificate own;

    if (tls == NULL)
        return false;
    sn_tls_describe_own(tls, &own);
    if (own.seconds_left < 0)
        sn_buf_printf(problem, "the certificate %s ended at %s", own.subject, own.not_after);
    else if (own.seconds_early > 0)
        sn_buf_printf(problem, "the certificate %s is not valid before %s", own.subject,
                      own.not_before);
    return own.seconds_left < 0 || own.seconds_early > 0;
}

static void warn_of(const struct sn_certs *certs, const struct sn_tls *tls, const char *use)
{
    struct sn_tls_certificate own;

    if (tls == NULL)
        return;
    sn_tls_describe_own(tls, &own);
    if (own.seconds_early > 0)
        sn_log(certs->env.log, SN_LEVEL_WARNING,
               "The certificate %s for %s is not valid before %s: others will refuse it until "
               "then. Put another one in its place and send SIGHUP, or set the clock.",
               own.subject, use, own.not_before);
    if (own.subject[0] == '\0' || own.seconds_left >= WARN_S)
        return;
    if (own.seconds_left < 0)
        sn_log(certs->env.log, SN_LEVEL_WARNING,
               "The certificate %s for %s ended at %s: others will refuse it. Put a new one in its "
               "place and send SIGHUP.",
               own.subject, use, own.not_after);
    else
        sn_log(certs->env.log, SN_LEVEL_WARNING,
               "The certificate %s for %s ends in %lld days, at %s. Put a new one in its place "
               "before that and send SIGHUP.",
               own.subject, use, own.seconds_left / DAY_S, own.not_after);
}

static void warn_of_ends(const struct sn_certs *certs)
{
    warn_of(certs, certs->pair.server, "tls-port");
    warn_of(certs, certs->pair.client, "links to servers and sentinels");
}

static void on_warn(uv_timer_t *timer)
{
    warn_of_ends(timer->data);
}

/* ---- reading again ---- */

static uint64_t fingerprint(const struct sn_tls_settings *tls)
{
    const char *const files[] = {tls->cert_file,       tls->key_file,     tls->client_cert_file,
                                 tls->client_key_file, tls->ca_cert_file, tls->ca_cert_dir,
                                 tls->dh_params_file};
    uint64_t hash = SN_HASH_START;

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        hash = sn_tls_fingerprint(hash, files[i]);
    return hash;
}

/* In a thread of libuv's pool. */
static void read_again(uv_work_t *work)
{
    struct sn_certs *certs = work->data;

    certs->fresh_seen = fingerprint(certs->env.settings);
    certs->unchanged = certs->only_changed && certs->fresh_seen == certs->seen;
    if (certs->unchanged)
        return;
    if (load_pair(certs->env.settings, certs->needs_client, &certs->fresh, &certs->problem) &&
        (is_untimely(certs->fresh.server, &certs->problem) ||
         is_untimely(certs->fresh.client, &certs->problem)))
        free_pair(&certs->fresh);
}

static void hand_out(struct sn_certs *certs)
{
    if (certs->pair.server != NULL)
        sn_server_set_tls(certs->env.server, certs->pair.server);
    if (certs->pair.client != NULL)
        sn_links_set_tls(certs->env.links, certs->pair.client);
}

static void take_fresh(struct sn_certs *certs)
{
    free_pair(&certs->pair);
    certs->pair = certs->fresh;
    certs->fresh = (struct pair){NULL, NULL};
    certs->reloads++;
    sn_strset(&certs->last_problem, NULL);
    hand_out(certs);
    sn_log(certs->env.log, SN_LEVEL_NOTICE, "TLS certificates and keys loaded again");
    warn_of_ends(certs);
}

static void let_go(struct sn_certs *certs)
{
    if (--certs->holds > 0)
        return;
    free_pair(&certs->pair);
    free_pair(&certs->fresh);
    sn_buf_fini(&certs->problem);
    free(certs->last_problem);
    free(certs);
}

static void start_reading(struct sn_certs *certs, bool only_changed);

static void on_files_read(uv_work_t *work, int status)
{
    struct sn_certs *certs = work->data;
    const char *problem = sn_buf_text(&certs->problem);

    certs->busy = false;
    if (!certs->closing && status == 0 && !certs->unchanged) {
        certs->seen = certs->fresh_seen;
        if (certs->problem.len == 0) {
            take_fresh(certs);
        } else if (certs->last_problem == NULL || strcmp(certs->last_problem, problem) != 0) {
            sn_log(certs->env.log, SN_LEVEL_WARNING,
                   "TLS: %s. The certificates and keys that were loaded before stay in use.",
                   problem);
            sn_strset(&certs->last_problem, problem);
        }
    }
    sn_buf_clear(&certs->problem);
    free_pair(&certs->fresh);
    if (certs->again && !certs->closing)
        start_reading(certs, false);
    else if (!certs->closing)
        certs->env.reloaded(certs->env.arg);
    let_go(certs);
}

static void start_reading(struct sn_certs *certs, bool only_changed)
{
    certs->again = false;
    certs->only_changed = only_changed;
    certs->work.data = certs;
    certs->holds++;
    int rc = uv_queue_work(certs->env.loop, &certs->work, read_again, on_files_read);
    assert(rc == 0); /* fails only without a function */
    (void)rc;
    certs->busy = true;
}

static void ask_for_reading(struct sn_certs *certs, bool only_changed)
{
    if (certs->busy) {
        certs->again = certs->again || !only_changed;
        return;
    }
    start_reading(certs, only_changed);
}

/* PROTOCOL.md §20.5. */
void sn_certs_reload(struct sn_certs *certs)
{
    sn_strset(&certs->last_problem, NULL); /* who asks again is told again */
    ask_for_reading(certs, false);
}

bool sn_certs_is_busy(const struct sn_certs *certs)
{
    return certs != NULL && certs->busy;
}

static void on_poll(uv_timer_t *timer)
{
    ask_for_reading(timer->data, true);
}

/* ---- all of it ---- */

static struct sn_certs *certs_new(const struct sn_certs_env *env, const struct sn_conf *conf,
                                  const struct pair *pair, uint64_t seen)
{
    uint64_t period_ms = (uint64_t)env->settings->auto_reload_interval_s * 1000;
    struct sn_certs *certs = sn_alloc(sizeof(*certs));

    certs->env = *env;
    certs->needs_client = needs_client(conf);
    certs->seen = seen;
    certs->pair = *pair;
    sn_buf_init(&certs->problem, ERROR_MAX);
    uv_timer_init(env->loop, &certs->poll);
    uv_timer_init(env->loop, &certs->warn);
    certs->poll.data = certs;
    certs->warn.data = certs;
    certs->holds = 2;
    if (period_ms > 0)
        uv_timer_start(&certs->poll, on_poll, period_ms, period_ms);
    uv_timer_start(&certs->warn, on_warn, WARN_PERIOD_MS, WARN_PERIOD_MS);
    hand_out(certs);
    warn_of_ends(certs);
    return certs;
}

/* PROTOCOL.md §20.5. */
int sn_certs_new(const struct sn_certs_env *env, const struct sn_conf *conf,
                 struct sn_certs **certs, struct sn_buf *error)
{
    bool needed = sn_certs_needed(conf);
    struct pair pair;

    *certs = NULL;
    if (!needed && !is_usable(conf))
        return 0;
    uint64_t seen = fingerprint(env->settings);
    if (load_pair(env->settings, needs_client(conf), &pair, error)) {
        *certs = certs_new(env, conf, &pair, seen);
        return 0;
    }
    if (needed)
        return SN_EINVAL;
    /* Stock does not look at these files either while nothing uses TLS. */
    sn_log(env->log, SN_LEVEL_WARNING,
           "TLS: %s. Nothing uses TLS now, but SENTINEL SET cannot move a group to it.",
           sn_buf_text(error));
    sn_buf_clear(error);
    return 0;
}

static void describe_one(const struct sn_tls *tls, const char *prefix, struct sn_buf *out)
{
    struct sn_tls_certificate own;

    if (tls == NULL)
        return;
    sn_tls_describe_own(tls, &own);
    if (own.subject[0] == '\0')
        return;
    sn_buf_printf(out, "%s_certificate_subject:%s\r\n", prefix, own.subject);
    sn_buf_printf(out, "%s_certificate_issuer:%s\r\n", prefix, own.issuer);
    sn_buf_printf(out, "%s_certificate_not_after:%s\r\n", prefix, own.not_after);
    sn_buf_printf(out, "%s_certificate_seconds_left:%lld\r\n", prefix, own.seconds_left);
}

void sn_certs_describe(const struct sn_certs *certs, struct sn_buf *out)
{
    if (certs == NULL)
        return;
    describe_one(certs->pair.server, "tls_server", out);
    describe_one(certs->pair.client, "tls_client", out);
    sn_buf_printf(out, "tls_reloads:%llu\r\ntls_last_reload:%s\r\n",
                  (unsigned long long)certs->reloads,
                  certs->last_problem != NULL ? "failed" : "ok");
}

static void on_one_closed(uv_handle_t *handle)
{
    let_go(handle->data);
}

void sn_certs_close(struct sn_certs *certs)
{
    if (certs == NULL)
        return;
    certs->closing = true;
    uv_close((uv_handle_t *)&certs->poll, on_one_closed);
    uv_close((uv_handle_t *)&certs->warn, on_one_closed);
}
