/* SPDX-License-Identifier: BSD-3-Clause */
/* Start: background, log, listeners, pid file, core, START. All steps that can fail come before the
 * core is created, so that a process that fails to start has sent nothing. End: the loop ends
 * first; then everything is closed outside of any callback. */
#include "shell/process/daemon.h"

#include "base/alloc.h"
#include "base/error.h"
#include "core/core.h"
#include "core/view.h"
#include "shell/chronicle/chronicle.h"
#include "shell/driver/driver.h"
#include "shell/http/http.h"
#include "shell/links/links.h"
#include "shell/log/log.h"
#include "shell/net/resolver.h"
#include "shell/process/certs.h"
#include "shell/process/daemon_files.h"
#include "shell/process/daemon_os.h"
#include "shell/process/greet.h"
#include "shell/process/memory_limit.h"
#include "shell/process/passwords.h"
#include "shell/process/reload.h"
#include "shell/process/scripts.h"
#include "shell/process/signals.h"
#include "shell/process/status.h"
#include "shell/process/supervise.h"
#include "shell/process/title.h"
#include "shell/rescue/rescue.h"
#include "shell/server/acl_load.h"
#include "shell/server/server.h"
#include "shell/store/store.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A look-up that hangs in the system's resolver cannot be cancelled; the end does not wait for it.
 */
#define CLOSE_PATIENCE_MS 1000

struct daemon {
    uv_loop_t loop;
    const struct sn_boot *boot;
    struct sn_conf *conf;
    struct sn_claim *claim;
    struct sn_log *log;
    struct sn_core *core;
    struct sn_driver *driver;
    struct sn_links *links;
    struct sn_store *store;
    struct sn_scripts *scripts;
    struct sn_rescues *rescues;
    unsigned pool_threads;
    struct sn_resolver *resolver;
    struct sn_server *server;
    struct sn_chronicle *chronicle;
    struct sn_http *http;   /* NULL: no HTTP */
    struct sn_certs *certs; /* NULL: no TLS */
    struct sn_passwords *passwords;
    struct sn_reload_parts reload;
    struct sn_daemon_lender files;
    int fd_max; /* of clients; 0: any */
    struct sn_signals signals;
    uv_async_t wake; /* ends the loop, from within any callback */
    uv_timer_t patience;
    const char *pidfile;            /* NULL: none was written */
    struct sn_buf configured_users; /* lines; only with a state file */
    int ready;                      /* for the process that waits in the foreground; -1: none */
    enum sn_supervisor supervisor;
    struct sn_supervise *supervise;
    bool told_ready;
    bool save_failed; /* the last one */
    int status;
    bool stopping;
    bool saved_once; /* or there was nothing that had to be saved first */
};

/* ---- ports of the driver ---- */

static void on_core_resolved(void *arg, const char *host, const char *ip)
{
    struct daemon *daemon = arg;
    struct sn_input event = {.kind = SN_INPUT_RESOLVED, .u.resolved = {.host = host, .ip = ip}};

    sn_driver_feed(daemon->driver, &event);
}

/* An event is logged and published; a debug one is only logged (PROTOCOL.md §7.1). */
static void tell(struct daemon *daemon, const struct sn_action_notice *event)
{
    sn_log(daemon->log, event->level, "%s %s", event->name, event->payload);
    sn_supervise_changed(daemon->supervise);
    sn_http_note_event(daemon->http, event);
    sn_chronicle_note(daemon->chronicle, event);
    if (event->level != SN_LEVEL_DEBUG)
        sn_server_publish(daemon->server, event->name, event->payload);
}

static void perform(void *arg, const struct sn_action *action)
{
    struct daemon *daemon = arg;

    switch (action->kind) {
    case SN_ACTION_CONNECT:
        sn_links_connect(daemon->links, &action->u.connect);
        break;
    case SN_ACTION_DISCONNECT:
        sn_links_disconnect(daemon->links, action->u.disconnect);
        break;
    case SN_ACTION_SEND:
        sn_links_send(daemon->links, &action->u.send);
        break;
    case SN_ACTION_RESOLVE:
        sn_resolver_look_up(daemon->resolver, action->u.resolve, on_core_resolved, daemon);
        break;
    case SN_ACTION_PERSIST:
        sn_store_persist(daemon->store, &action->u.persist);
        break;
    case SN_ACTION_ANSWER:
        sn_server_answer(daemon->server, &action->u.answer);
        break;
    case SN_ACTION_NOTICE:
        tell(daemon, &action->u.notice);
        break;
    case SN_ACTION_LOG:
        sn_log(daemon->log, action->u.log.level, "%s", action->u.log.text);
        break;
    case SN_ACTION_SCRIPT_START:
        sn_scripts_start(daemon->scripts, &action->u.script);
        break;
    case SN_ACTION_SCRIPT_KILL:
        sn_scripts_kill(daemon->scripts, action->u.script.job);
        break;
    case SN_ACTION_RESCUE:
        sn_rescues_begin(daemon->rescues, &action->u.rescue);
        break;
    case SN_ACTION_EXIT:
        _exit(action->u.exit_status); /* a simulated crash: nothing is tidied up */
    case SN_ACTION_NONE:
        assert(false && "an action without a kind");
        break;
    }
}

static void be_idle(void *arg)
{
    struct daemon *daemon = arg;

    sn_server_flush(daemon->server);
}

static void describe_tls(void *arg, struct sn_buf *out)
{
    const struct daemon *daemon = arg;

    sn_certs_describe(daemon->certs, out);
}

static const struct sn_driver_ports ports = {.perform = perform, .idle = be_idle};

/* ---- the end ---- */

static void stop(struct daemon *daemon, int status)
{
    if (daemon->stopping)
        return;
    daemon->stopping = true;
    daemon->status = status;
    sn_supervise_stopping(daemon->supervise);
    uv_async_send(&daemon->wake);
}

static void on_wake(uv_async_t *wake)
{
    struct daemon *daemon = wake->data;

    if (daemon->stopping)
        uv_stop(wake->loop);
}

/* TERM and INT end the process with 0, a second INT at once with 1 (PROTOCOL.md §21.3). */
static void on_stop_signal(struct daemon *daemon, int number)
{
    if (daemon->stopping) {
        if (number == SIGINT)
            _exit(1);
        return;
    }
    sn_log(daemon->log, SN_LEVEL_NOTICE, "Received %s, shutting down",
           number == SIGINT ? "SIGINT" : "SIGTERM");
    stop(daemon, 0);
}

/* HUP opens files again; PIPE, ALRM, XFSZ and USR2 are ignored (PROTOCOL.md §21.3, §24.2). */
static void on_hang_up(struct daemon *daemon)
{
    daemon->reload.log = daemon->log;
    daemon->reload.certs = daemon->certs;
    daemon->reload.passwords = daemon->passwords;
    sn_reload_run(&daemon->reload);
}

static void on_signal(void *arg, int number)
{
    if (number == SIGHUP)
        on_hang_up(arg);
    else
        on_stop_signal(arg, number);
}

static void on_patience_over(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void close_handle(void *handle)
{
    uv_close(handle, NULL);
}

/* True if the loop came to its end. */
static bool close_loop(struct daemon *daemon)
{
    uv_unref((uv_handle_t *)&daemon->patience);
    uv_timer_start(&daemon->patience, on_patience_over, CLOSE_PATIENCE_MS, 0);
    if (uv_run(&daemon->loop, UV_RUN_DEFAULT) != 0)
        return false;
    close_handle(&daemon->patience);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    int status = uv_loop_close(&daemon->loop);
    assert(status == 0);
    return status == 0;
}

static void tear_down(struct daemon *daemon)
{
    sn_signals_close(&daemon->signals);
    close_handle(&daemon->wake);
    sn_supervise_close(daemon->supervise);
    sn_certs_close(daemon->certs);
    sn_passwords_close(daemon->passwords);
    sn_http_close(daemon->http);
    sn_server_close(daemon->server);
    sn_rescues_close(daemon->rescues);
    sn_links_close(daemon->links);
    sn_scripts_close(daemon->scripts);
    sn_resolver_close(daemon->resolver);
    sn_chronicle_close(daemon->chronicle);
    sn_store_close(daemon->store);
    if (daemon->driver != NULL)
        sn_driver_close(daemon->driver);
    bool complete = close_loop(daemon);
    if (daemon->pidfile != NULL)
        unlink(daemon->pidfile);
    if (daemon->core != NULL)
        sn_log(daemon->log, SN_LEVEL_NOTICE, "sentineld has ended");
    if (!complete)
        _exit(daemon->status);
    if (daemon->core != NULL)
        sn_core_free(daemon->core);
    sn_buf_fini(&daemon->configured_users);
}

/* ---- what the server asks for ---- */

static void server_wants_shutdown(void *arg)
{
    struct daemon *daemon = arg;

    sn_log(daemon->log, SN_LEVEL_NOTICE, "User requested shutdown, shutting down");
    stop(daemon, 0);
}

static void server_wants_address(void *arg, const char *host, sn_resolver_done *done,
                                 void *done_arg)
{
    const struct daemon *daemon = arg;

    sn_resolver_look_up(daemon->resolver, host, done, done_arg);
}

/* ---- the start ---- */

/* Listening, and known by an id that will be the same tomorrow. */
static void tell_ready(struct daemon *daemon)
{
    if (daemon->told_ready)
        return;
    daemon->told_ready = true;
    if (daemon->ready >= 0)
        sn_daemon_ready(daemon->ready);
    sn_supervise_ready(daemon->supervise);
}

static void describe_status(void *arg, struct sn_buf *line)
{
    const struct daemon *daemon = arg;

    sn_status_describe(daemon->core, !daemon->save_failed, line);
}

static void describe_unready(void *arg, struct sn_buf *lines)
{
    const struct daemon *daemon = arg;

    sn_status_why_not_ready(daemon->saved_once, !daemon->save_failed, lines);
}

/* An id that is not on disk must not be announced: at the next start it would be another one
 * (PROTOCOL.md §21.1). */
static void on_saved(void *arg, bool ok, uint64_t took_ns)
{
    struct daemon *daemon = arg;

    sn_http_note_save(daemon->http, ok, took_ns);
    if (!ok && !daemon->saved_once) {
        sn_log(daemon->log, SN_LEVEL_WARNING, "Could not save the id of this sentinel. Exiting...");
        fprintf(stderr, "Could not save the id of this sentinel in %s. Exiting...\n",
                daemon->conf->state_path);
        stop(daemon, 1);
        return;
    }
    if (!daemon->saved_once)
        sn_log(daemon->log, SN_LEVEL_NOTICE, "Sentinel new configuration saved on disk");
    daemon->saved_once = true;
    if (daemon->save_failed == ok) {
        daemon->save_failed = !ok;
        sn_supervise_changed(daemon->supervise);
    }
    tell_ready(daemon);
}

static void list_changes(void *arg, struct sn_conf_live *live, struct sn_buf *lines)
{
    const struct daemon *daemon = arg;

    live->loglevel = sn_server_changed_level(daemon->server);
    if (!sn_server_users_changed(daemon->server) && !daemon->conf->users_restored)
        return;
    sn_server_describe_users(daemon->server, lines);
    live->users = sn_buf_text(lines);
    live->users_base = sn_buf_text(&daemon->configured_users);
}

static int open_log(struct daemon *daemon)
{
    const struct sn_settings *settings = &daemon->conf->settings;
    const char *ident = settings->syslog_ident != NULL ? settings->syslog_ident : "sentineld";

    int status =
        sn_log_open(settings->logfile, settings->loglevel, settings->syslog_enabled ? ident : NULL,
                    settings->syslog_facility, &daemon->log);
    if (status != 0)
        fprintf(stderr, "Can't open the log file %s: %s\n", settings->logfile, sn_log_error(errno));
    else
        sn_log_set_format(daemon->log, settings->log_format, settings->log_timestamp_format);
    return status;
}

/* Errors of the start go to the terminal too, if the log is elsewhere. */
static bool is_log_elsewhere(const struct daemon *daemon)
{
    return daemon->conf->settings.logfile != NULL || daemon->ready >= 0;
}

static int share_open_files(struct daemon *daemon)
{
    char error[256];

    int status = sn_daemon_share_files(daemon->conf, daemon->log, &daemon->files.share,
                                       &daemon->fd_max, error, sizeof(error));
    if (status == 0)
        return 0;
    sn_log(daemon->log, SN_LEVEL_WARNING, "%s", error);
    if (is_log_elsewhere(daemon))
        fprintf(stderr, "%s\n", error);
    return status;
}

static int load_certificates(struct daemon *daemon, struct sn_buf *error)
{
    const struct sn_certs_env env = {.loop = &daemon->loop,
                                     .settings = &daemon->conf->settings.tls,
                                     .server = daemon->server,
                                     .links = daemon->links,
                                     .log = daemon->log,
                                     .reloaded = sn_reload_over,
                                     .arg = &daemon->reload};

    return sn_certs_new(&env, daemon->conf, &daemon->certs, error);
}

static int start_listening(struct daemon *daemon)
{
    const struct sn_settings *settings = &daemon->conf->settings;
    struct sn_buf error;

    sn_buf_init(&error, 4096);
    bool secure = load_certificates(daemon, &error) == 0;
    int status = secure ? sn_server_listen(daemon->server, &error) : SN_EIO;
    if (status == 0)
        status = sn_http_listen(daemon->http, &error);
    if (status != 0) {
        const char *text = sn_buf_text(&error);
        char stock[64] = "";
        if (secure)
            sn_greet_no_more(settings, text, stock);
        else
            snprintf(stock, sizeof(stock), "Failed to configure TLS. Check logs for more info.");
        sn_log(daemon->log, SN_LEVEL_WARNING, "%s", text);
        if (stock[0] != '\0')
            sn_log(daemon->log, SN_LEVEL_WARNING, "%s", stock);
        if (is_log_elsewhere(daemon))
            fprintf(stderr, "%s\n%s%s", text, stock, stock[0] != '\0' ? "\n" : "");
    }
    sn_buf_fini(&error);
    return status;
}

static void make_parts(struct daemon *daemon)
{
    struct sn_conf *conf = daemon->conf;
    struct sn_server_env env = {
        .loop = &daemon->loop,
        .settings = &conf->settings,
        .config_path = conf->path,
        .executable = daemon->boot->executable,
        .is_valkey = daemon->boot->family == SN_FAMILY_VALKEY,
        .supervisor = sn_supervise_name(daemon->supervisor),
        .log = daemon->log,
        .memory_max = sn_memory_of_clients(conf->settings.clients_memory, sn_memory_available()),
        .peer_places = daemon->files.share.peer_places,
        .fd_max = daemon->fd_max,
        .shutdown = server_wants_shutdown,
        .resolve = server_wants_address,
        .describe_tls = describe_tls,
        .arg = daemon};

    int status = uv_loop_init(&daemon->loop);
    if (status == 0)
        status = sn_signals_init(&daemon->signals, &daemon->loop, on_signal, daemon);
    if (status != 0) {
        fprintf(stderr, "Cannot create an event loop: %s\n", uv_strerror(status));
        exit(1);
    }
    uv_async_init(&daemon->loop, &daemon->wake, on_wake);
    uv_timer_init(&daemon->loop, &daemon->patience);
    daemon->wake.data = daemon;

    daemon->supervise =
        sn_supervise_new(&daemon->loop, daemon->supervisor, daemon->log, describe_status, daemon);
    daemon->reload.supervise = daemon->supervise;
    daemon->chronicle = sn_chronicle_new(&daemon->loop, daemon->log, conf->settings.history_file);
    env.chronicle = daemon->chronicle;
    daemon->server = sn_server_new(&env);
    daemon->http = sn_http_new(&(struct sn_http_env){.loop = &daemon->loop,
                                                     .settings = &conf->settings,
                                                     .server = daemon->server,
                                                     .log = daemon->log,
                                                     .chronicle = daemon->chronicle,
                                                     .why_not_ready = describe_unready,
                                                     .arg = daemon});
    daemon->links = sn_links_new(&daemon->loop, conf->settings.bind_source_addr);
    daemon->files.conf = daemon->conf;
    daemon->files.log = daemon->log;
    daemon->files.server = daemon->server;
    sn_links_set_minor_max(daemon->links, daemon->files.share.minor_max, sn_daemon_lend_places,
                           &daemon->files);
    daemon->rescues = sn_rescues_new(&daemon->loop, daemon->links, conf->settings.rescue_dir);
    daemon->store = sn_store_new(&daemon->loop, conf, daemon->claim, daemon->log);
    daemon->scripts = sn_scripts_new(&daemon->loop, daemon->log, SN_SCRIPT_GRACE_MS);
    daemon->resolver = sn_resolver_new(&daemon->loop, daemon->pool_threads / 2);
    sn_store_set_watch(daemon->store, on_saved, daemon);
    sn_store_set_live(daemon->store, list_changes, daemon);
    sn_buf_init(&daemon->configured_users, SIZE_MAX);
    if (!conf->state_in_conf && conf->settings.aclfile == NULL)
        sn_acl_describe_settings(&conf->base_settings, &daemon->configured_users);
}

static void make_core(struct daemon *daemon)
{
    uint64_t seed = 0;
    int status = uv_random(NULL, NULL, &seed, sizeof(seed), 0, NULL);

    /* Ids come out of it: equal seeds would make equal sentinels. */
    if (status != 0) {
        sn_log(daemon->log, SN_LEVEL_WARNING,
               "Cannot get random numbers from the operating system: %s. Exiting...",
               uv_strerror(status));
        exit(1);
    }
    daemon->conf->image.wall_ms = (int64_t)time(NULL) * 1000;
    daemon->core = sn_core_new(&daemon->conf->image, seed, (sn_ms)(uv_hrtime() / 1000000));
    daemon->driver = sn_driver_new(&daemon->loop, daemon->core, &ports, daemon);
    sn_server_set_driver(daemon->server, daemon->driver);
    sn_http_set_driver(daemon->http, daemon->driver);
    sn_chronicle_set_driver(daemon->chronicle, daemon->driver);
    sn_links_set_driver(daemon->links, daemon->driver);
    sn_rescues_set_driver(daemon->rescues, daemon->driver);
    sn_store_set_driver(daemon->store, daemon->driver);
    sn_scripts_set_driver(daemon->scripts, daemon->driver);
    const struct sn_passwords_env env = {.loop = &daemon->loop,
                                         .settings = &daemon->conf->settings,
                                         .server = daemon->server,
                                         .driver = daemon->driver,
                                         .log = daemon->log,
                                         .reloaded = sn_reload_over,
                                         .arg = &daemon->reload};
    daemon->passwords = sn_passwords_new(&env);
    daemon->saved_once = daemon->conf->image.myid.hex[0] != '\0';
}

static void start_core(struct daemon *daemon)
{
    make_core(daemon);
    /* Before the groups are announced (PROTOCOL.md §21.1). */
    sn_log(daemon->log, SN_LEVEL_NOTICE, "Sentinel ID is %s", sn_core_myid(daemon->core)->hex);
    struct sn_input event = {.kind = SN_INPUT_START};
    sn_driver_feed(daemon->driver, &event);
    size_t groups = sn_core_group_count(daemon->core);
    sn_log(daemon->log, SN_LEVEL_NOTICE, "Watching %zu %s", groups,
           groups == 1 ? "group" : "groups");
}

/* A supervisor watches the process that it has started. */
static int go_into_background(struct daemon *daemon)
{
    if (!daemon->conf->settings.daemonize || daemon->supervisor != SN_SUPERVISOR_NONE)
        return 0;
    if (sn_daemon_detach(&daemon->ready) == 0)
        return 0;
    fprintf(stderr, "Cannot go into the background: %s\n", strerror(errno));
    return SN_EIO;
}

int sn_daemon_run(const struct sn_boot *boot, struct sn_conf *conf, struct sn_claim *claim)
{
    struct daemon daemon = {.boot = boot, .conf = conf, .claim = claim, .ready = -1};
    struct sn_buf complaint;

    sn_signals_ignore();
    sn_daemon_share_arenas();
    daemon.pool_threads = sn_daemon_size_pool();
    sn_buf_init(&complaint, SIZE_MAX);
    daemon.supervisor = sn_supervise_find(conf->settings.supervised, &complaint);
    int status = go_into_background(&daemon);
    if (status == 0)
        status = open_log(&daemon);
    if (status == 0 && complaint.len > 0) {
        sn_log(daemon.log, SN_LEVEL_WARNING, "%s", sn_buf_text(&complaint));
        if (daemon.ready >= 0)
            fprintf(stderr, "%s\n", sn_buf_text(&complaint));
    }
    sn_buf_fini(&complaint);
    if (status != 0)
        return 1;
    if (share_open_files(&daemon) != 0) {
        sn_log_close(daemon.log);
        return 1;
    }
    make_parts(&daemon);
    daemon.status = start_listening(&daemon) == 0 ? 0 : 1;
    if (daemon.status == 0) {
        daemon.pidfile = sn_daemon_place_pidfile(
            &conf->settings, daemon.supervisor != SN_SUPERVISOR_NONE, daemon.log);
        sn_title_set(conf);
        sn_greet(daemon.log, conf, daemon.supervisor, daemon.server);
        sn_http_log_listeners(daemon.http);
        start_core(&daemon);
        sn_image_fini(&conf->image); /* the core has its own by now */
        sn_image_init(&conf->image);
        sn_store_try(daemon.store);
        if (daemon.saved_once)
            tell_ready(&daemon);
        uv_run(&daemon.loop, UV_RUN_DEFAULT);
    }
    tear_down(&daemon);
    sn_log_close(daemon.log);
    return daemon.status;
}
