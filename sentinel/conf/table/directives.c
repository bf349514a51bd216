/* SPDX-License-Identifier: BSD-3-Clause */

/* The tables. The order of the sentinel tables is that of the lines in a fresh file. */

#include "conf/table/directives.h"

#include "conf/table/settings.h"

#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Sums of a few durations must not overflow. */
#define DURATION_MAX_MS (INT64_MAX / 1024)

#define QUOTED(text) #text
#define DIGITS(name) QUOTED(name) /* of a macro that is a number */

/* The type of a member determines how it is stored; an enum is stored as its compatible integer. */
#define FIELD(type, member)                                                                        \
    _Generic(((type *)0)->member,                                                                  \
        bool: SN_FIELD_BOOL,                                                                       \
        uint16_t: SN_FIELD_U16,                                                                    \
        uint32_t: SN_FIELD_U32,                                                                    \
        uint64_t: SN_FIELD_U64,                                                                    \
        int: SN_FIELD_INT,                                                                         \
        int64_t: SN_FIELD_I64,                                                                     \
        char *: SN_FIELD_TEXT,                                                                     \
        struct sn_runid: SN_FIELD_RUNID,                                                           \
        struct sn_setting_words: SN_FIELD_WORDS)
#define KEPT(type, member) .field = FIELD(type, member), .offset = offsetof(type, member)
#define SETTING(member)    KEPT(struct sn_settings, member)
#define IMAGE(member)      KEPT(struct sn_image, member)
#define GLOBAL(member)     KEPT(struct sn_image, globals.member)
#define OF_GROUP(member)   KEPT(struct sn_group_image, member)
#define PARAM(member)      KEPT(struct sn_group_image, params.member)
#define LINES(member, number)                                                                      \
    .field = SN_FIELD_LINES, .offset = offsetof(struct sn_settings, member),                       \
    .count_offset = offsetof(struct sn_settings, number)

#define ONE               .values_min = 1, .values_max = 1
#define NUMBER(low, high) .kind = SN_VALUE_NUMBER, ONE, .min = (low), .max = (high)
#define BYTES(low)        .kind = SN_VALUE_BYTES, ONE, .min = (low), .max = INT64_MAX
#define YESNO(text)       .kind = SN_VALUE_YESNO, ONE, .fallback = (text)
#define CHOICE(list)      .kind = SN_VALUE_CHOICE, ONE, .choices = (list)
#define TEXT              .kind = SN_VALUE_TEXT, ONE
#define EPOCH             .kind = SN_VALUE_EPOCH, ONE, .numbers = 1, .state = true
#define SERVER            .scope = SN_SCOPE_SERVER
#define SENTINEL          .scope = SN_SCOPE_SENTINEL
#define GROUP             .scope = SN_SCOPE_GROUP
/* Can be changed by CONFIG SET or SENTINEL SET; the name of the option in the core. */
#define LIVE(name) .live = true, .option = SN_OPTION_##name
/* A password that a file may hold instead: then it is in no text that is written. */
#define SETTING_OR_FILE(member) SETTING(member), FILE_AT(struct sn_settings, member)
#define GLOBAL_OR_FILE(member)  GLOBAL(member), FILE_AT(struct sn_image, globals.member)
#define PARAM_OR_FILE(member)   PARAM(member), FILE_AT(struct sn_group_image, params.member)
#define FILE_AT(type, member)   .file_offset = offsetof(type, member##_file)
#define PASSWORD_FILE(of)       .kind = SN_VALUE_PASSWORD_FILE, ONE, .password = (of)

static const char *const facilities[] = {"user",   "local0", "local1", "local2", "local3",
                                         "local4", "local5", "local6", "local7", NULL};
static const char *const supervisors[] = {"upstart", "systemd", "auto", "no", NULL};
static const char *const channel_rights[] = {"allchannels", "resetchannels", NULL};
static const char *const log_formats[] = {"legacy", "logfmt", NULL};
static const char *const log_timestamps[] = {"legacy", "iso8601", "milliseconds", NULL};
static const char *const user_fields[] = {"off", "CN", "URI", NULL};
static const char *const reborn_choices[] = {"warn", "failover", NULL};
static const char *const yes_no[] = {"yes", "no", NULL};
static const char *const client_checks[] = {"no", "yes", "optional", NULL};

static const struct sn_directive server_table[] = {
    {SERVER, .name = "port", NUMBER(0, 65535), .fallback = DIGITS(SN_LISTEN_PORT_DEFAULT),
     SETTING(port)},
    {SERVER, .name = "bind", .kind = SN_VALUE_BIND, .values_min = 1, .values_max = SN_VALUES_ANY,
     .splits = true, .hosts = SN_HOSTS_ALL, .field = SN_FIELD_BIND},
    {SERVER, .name = "unixsocket", TEXT, SETTING(unixsocket)},
    {SERVER, .name = "unixsocketperm", .kind = SN_VALUE_OCTAL, ONE, .max = 0777, .fallback = "0",
     SETTING(unixsocketperm)},
    {SERVER, .name = "protected-mode", YESNO("no"), SETTING(protected_mode)},
    {SERVER, .name = "tcp-backlog", NUMBER(0, INT32_MAX), .fallback = "511", SETTING(tcp_backlog)},
    {SERVER, .name = "tcp-keepalive", NUMBER(0, INT32_MAX), .fallback = "300",
     SETTING(tcp_keepalive_s)},
    {SERVER, .name = "timeout", NUMBER(0, INT32_MAX), .fallback = "0", SETTING(timeout_s)},
    {SERVER, .name = "maxclients", NUMBER(1, UINT32_MAX), .fallback = "10000", SETTING(maxclients)},
    {SERVER, .name = "bind-source-addr", TEXT, .hosts = 1, SETTING(bind_source_addr)},
    {SERVER, .name = "http-port", NUMBER(0, 65535), .fallback = "0", SETTING(http_port)},
    {SERVER, .name = "http-bind", .kind = SN_VALUE_ADDRESSES, .values_min = 1,
     .values_max = SN_VALUES_ANY, .splits = true, .hosts = SN_HOSTS_ALL, SETTING(http_bind)},
    {SERVER, .name = "requirepass", TEXT, SETTING_OR_FILE(requirepass)},
    {SERVER, .name = "requirepass-file", PASSWORD_FILE("requirepass"), SETTING(requirepass_file)},
    {SERVER, .name = "user", .kind = SN_VALUE_USER, .values_min = 1, .values_max = SN_VALUES_ANY,
     .many = true, LINES(users, user_count)},
    {SERVER, .name = "aclfile", TEXT, SETTING(aclfile)},
    {SERVER, .name = "acl-pubsub-default", CHOICE(channel_rights), .fallback = "resetchannels",
     SETTING(acl_pubsub_default)},
    {SERVER, .name = "acllog-max-len", NUMBER(0, INT64_MAX), .fallback = "128",
     SETTING(acllog_max_len)},
    {SERVER, .name = "rename-command", .kind = SN_VALUE_RENAME, .values_min = 2, .values_max = 2,
     .many = true, LINES(renames, rename_count)},
    {SERVER, .name = "client-query-buffer-limit", BYTES(1 << 20), .fallback = "1mb",
     SETTING(query_buffer_max)},
    {SERVER, .name = "proto-max-bulk-len", BYTES(1 << 20), .fallback = "512mb", SETTING(bulk_max)},
    {SERVER, .name = "maxmemory-clients", .kind = SN_VALUE_SHARE, ONE, SETTING(clients_memory)},
    {SERVER, .name = "client-output-buffer-limit", .kind = SN_VALUE_LIMITS, .values_min = 1,
     .values_max = SN_VALUES_ANY, .many = true, .splits = true, .field = SN_FIELD_LIMITS},
    {SERVER, .name = "rescue-dir", TEXT, SETTING(rescue_dir)},
    {SERVER, .name = "daemonize", YESNO("no"), SETTING(daemonize)},
    {SERVER, .name = "pidfile", TEXT, SETTING(pidfile)},
    {SERVER, .name = "supervised", CHOICE(supervisors), .fallback = "no", SETTING(supervised)},
    {SERVER, .name = "set-proc-title", YESNO("yes"), SETTING(set_proc_title)},
    {SERVER, .name = "proc-title-template", .kind = SN_VALUE_TITLE, ONE,
     .fallback = "{title} {listen-addr} {server-mode}", SETTING(proc_title_template)},
    {SERVER, .name = "loglevel", .kind = SN_VALUE_LEVEL, ONE, .fallback = "notice",
     SETTING(loglevel), .live = true},
    {SERVER, .name = "logfile", TEXT, SETTING(logfile)},
    {SERVER, .name = "log-format", CHOICE(log_formats), .fallback = "legacy", SETTING(log_format)},
    {SERVER, .name = "log-timestamp-format", CHOICE(log_timestamps), .fallback = "legacy",
     SETTING(log_timestamp_format)},
    {SERVER, .name = "syslog-enabled", YESNO("no"), SETTING(syslog_enabled)},
    {SERVER, .name = "syslog-ident", TEXT, SETTING(syslog_ident)},
    {SERVER, .name = "syslog-facility", CHOICE(facilities), SETTING(syslog_facility)},
    {SERVER, .name = "dir", .kind = SN_VALUE_FOLDER, ONE, SETTING(dir)},
    {SERVER, .name = "state-file", TEXT, SETTING(state_file)},
    {SERVER, .name = "history-file", TEXT, SETTING(history_file)},
    {SERVER, .name = "tls-port", NUMBER(0, 65535), .fallback = "0", SETTING(tls.port)},
    {SERVER, .name = "tls-cert-file", TEXT, SETTING(tls.cert_file)},
    {SERVER, .name = "tls-key-file", TEXT, SETTING(tls.key_file)},
    {SERVER, .name = "tls-key-file-pass", TEXT, SETTING(tls.key_file_pass)},
    {SERVER, .name = "tls-client-cert-file", TEXT, SETTING(tls.client_cert_file)},
    {SERVER, .name = "tls-client-key-file", TEXT, SETTING(tls.client_key_file)},
    {SERVER, .name = "tls-client-key-file-pass", TEXT, SETTING(tls.client_key_file_pass)},
    {SERVER, .name = "tls-ca-cert-file", TEXT, SETTING(tls.ca_cert_file)},
    {SERVER, .name = "tls-ca-cert-dir", TEXT, SETTING(tls.ca_cert_dir)},
    {SERVER, .name = "tls-dh-params-file", TEXT, SETTING(tls.dh_params_file)},
    {SERVER, .name = "tls-auth-clients", CHOICE(client_checks), .fallback = "yes",
     SETTING(tls.auth_clients)},
    {SERVER, .name = "tls-auth-clients-user", CHOICE(user_fields), .fallback = "off",
     SETTING(tls.auth_clients_user)},
    {SERVER, .name = "tls-auto-reload-interval", NUMBER(0, INT32_MAX), .fallback = "0",
     SETTING(tls.auto_reload_interval_s)},
    {SERVER, .name = "tls-expected-peer-name", TEXT, SETTING(tls.expected_peer_name)},
    {SERVER, .name = "tls-verify-names", YESNO("no"), SETTING(tls.verify_names)},
    {SERVER, .name = "tls-replication", YESNO("no"), SETTING(tls.replication)},
    {SERVER, .name = "tls-protocols", TEXT, SETTING(tls.protocols)},
    {SERVER, .name = "tls-ciphers", TEXT, SETTING(tls.ciphers)},
    {SERVER, .name = "tls-ciphersuites", TEXT, SETTING(tls.ciphersuites)},
    {SERVER, .name = "tls-prefer-server-ciphers", YESNO("no"), SETTING(tls.prefer_server_ciphers)},
    {SERVER, .name = "tls-session-caching", YESNO("yes"), SETTING(tls.session_caching)},
    {SERVER, .name = "tls-session-cache-size", NUMBER(0, INT32_MAX), .fallback = "20480",
     SETTING(tls.session_cache_size)},
    {SERVER, .name = "tls-session-cache-timeout", NUMBER(0, INT32_MAX), .fallback = "300",
     SETTING(tls.session_cache_timeout_s)},
};

static const struct sn_directive sentinel_table[] = {
    {SENTINEL, .name = "myid", .kind = SN_VALUE_RUNID, ONE, .state = true, IMAGE(myid),
     .error = "Malformed Sentinel id in myid option.",
     .expected = "40 characters, none of them a blank, a comma or a control character"},
    {SENTINEL, .name = "deny-scripts-reconfig", YESNO("yes"), GLOBAL(deny_scripts_reconfig),
     .error = "Please specify yes or no for the deny-scripts-reconfig options."},
    {SENTINEL, .name = "resolve-hostnames", YESNO("no"), GLOBAL(resolve_hostnames),
     LIVE(RESOLVE_HOSTNAMES),
     .error = "Please specify yes or no for the resolve-hostnames option."},
    {SENTINEL, .name = "announce-hostnames", YESNO("no"), GLOBAL(announce_hostnames),
     LIVE(ANNOUNCE_HOSTNAMES),
     .error = "Please specify yes or no for the announce-hostnames option."},
    {SENTINEL, .name = "single-connection", YESNO("no"), GLOBAL(single_connection)},
    {SENTINEL, .name = "current-epoch", EPOCH, IMAGE(current_epoch), .counted = true,
     .behind_groups = true},
    {SENTINEL, .name = "announce-ip", .kind = SN_VALUE_HOST, ONE, .hosts = 1, GLOBAL(announce_ip),
     LIVE(ANNOUNCE_IP), .behind_groups = true},
    {SENTINEL, .name = "announce-port", NUMBER(0, 65535), .numbers = 1, .fallback = "0",
     GLOBAL(announce_port), LIVE(ANNOUNCE_PORT), .behind_groups = true},
    {SENTINEL, .name = "sentinel-user", TEXT, GLOBAL(sentinel_user), LIVE(SENTINEL_USER),
     .behind_groups = true},
    {SENTINEL, .name = "sentinel-pass", TEXT, GLOBAL_OR_FILE(sentinel_pass), LIVE(SENTINEL_PASS),
     .behind_groups = true},
    {SENTINEL, .name = "sentinel-pass-file", PASSWORD_FILE("sentinel-pass"),
     GLOBAL(sentinel_pass_file), .behind_groups = true},
};

#define MILLISECONDS(low) NUMBER(low, DURATION_MAX_MS), .numbers = 1, .milliseconds = true
#define TIME_ERROR                                                                                 \
    .error = "negative or zero time parameter.", .expected = "a number of milliseconds, at least " \
                                                             "1"

static const struct sn_directive group_table[] = {
    {GROUP, .name = "monitor", .kind = SN_VALUE_MONITOR, .values_min = 3, .values_max = 3,
     .hosts = 1, .numbers = 6, .field = SN_FIELD_MONITOR},
    {GROUP, .name = "quorum", NUMBER(1, INT32_MAX), PARAM(quorum), LIVE(QUORUM),
     .within_monitor = true, .error = "Quorum must be 1 or greater.",
     .expected = "a number, at least 1"},
    {GROUP, .name = "down-after-milliseconds", MILLISECONDS(1),
     .fallback = DIGITS(SN_DOWN_AFTER_DEFAULT_MS), PARAM(down_after_ms), LIVE(DOWN_AFTER),
     TIME_ERROR},
    {GROUP, .name = "failover-timeout", MILLISECONDS(1),
     .fallback = DIGITS(SN_FAILOVER_TIMEOUT_DEFAULT_MS), PARAM(failover_timeout_ms),
     LIVE(FAILOVER_TIMEOUT), TIME_ERROR},
    {GROUP, .name = "parallel-syncs", NUMBER(1, INT32_MAX), .numbers = 1,
     .fallback = DIGITS(SN_PARALLEL_SYNCS_DEFAULT), .raised = true, PARAM(parallel_syncs),
     LIVE(PARALLEL_SYNCS), .error = "parallel-syncs must be 1 or greater.",
     .expected = "how many replicas may be reconfigured at once, at least 1"},
    {GROUP, .name = "notification-script", .kind = SN_VALUE_SCRIPT, ONE, PARAM(notification_script),
     LIVE(NOTIFICATION_SCRIPT),
     .error = "Notification script seems non existing or non executable."},
    {GROUP, .name = "client-reconfig-script", .kind = SN_VALUE_SCRIPT, ONE,
     PARAM(client_reconfig_script), LIVE(CLIENT_RECONFIG_SCRIPT),
     .error = "Client reconfiguration script seems non existing or non executable."},
    {GROUP, .name = "auth-pass", TEXT, PARAM_OR_FILE(auth_pass), LIVE(AUTH_PASS)},
    {GROUP, .name = "auth-pass-file", PASSWORD_FILE("auth-pass"), PARAM(auth_pass_file)},
    {GROUP, .name = "auth-user", TEXT, PARAM(auth_user), LIVE(AUTH_USER)},
    {GROUP, .name = "tls", CHOICE(yes_no), PARAM(tls), LIVE(TLS)},
    {GROUP, .name = "master-reboot-down-after-period", MILLISECONDS(0), .fallback = "0",
     PARAM(reboot_down_after_ms), LIVE(REBOOT_DOWN_AFTER), .error = "negative time parameter.",
     .expected = "a number of milliseconds; 0: off"},
    {GROUP, .name = "refused-after-milliseconds", MILLISECONDS(0), .fallback = "0",
     PARAM(refused_after_ms), LIVE(REFUSED_AFTER), .error = "negative time parameter.",
     .expected = "a number of milliseconds; 0: off"},
    {GROUP, .name = "max-replica-lag", BYTES(0), .fallback = "0", PARAM(max_lag), LIVE(MAX_LAG),
     .error = "max-replica-lag must be a number of bytes.",
     .expected = "a number of bytes; 0: no limit"},
    {GROUP, .name = "reborn-empty", CHOICE(reborn_choices), PARAM(reborn_empty), LIVE(REBORN_EMPTY),
     .error = "reborn-empty must be warn or failover."},
    {GROUP, .name = "replica-veto", CHOICE(yes_no), PARAM(replica_veto), LIVE(REPLICA_VETO),
     .error = "replica-veto must be yes or no."},
    {GROUP, .name = "chained-replicas", CHOICE(yes_no), PARAM(chained), LIVE(CHAINED),
     .error = "chained-replicas must be yes or no."},
    {GROUP, .name = "rescue-lost-writes", CHOICE(yes_no), PARAM(rescue), LIVE(RESCUE),
     .error = "rescue-lost-writes must be yes or no."},
    {GROUP, .name = "rescue-timeout-milliseconds", MILLISECONDS(1),
     .fallback = DIGITS(SN_RESCUE_TIMEOUT_DEFAULT_MS), PARAM(rescue_timeout_ms),
     LIVE(RESCUE_TIMEOUT), TIME_ERROR},
    {GROUP, .name = "forget-after", NUMBER(0, INT32_MAX), .numbers = 1, .fallback = "0",
     PARAM(forget_after_s), LIVE(FORGET_AFTER),
     .error = "forget-after must be a number of seconds.",
     .expected = "a number of seconds; 0: never"},
    {GROUP, .name = "config-epoch", EPOCH, OF_GROUP(config_epoch), .counted = true},
    {GROUP, .name = "leader-epoch", EPOCH, OF_GROUP(leader_epoch)},
    {GROUP, .name = "known-replica", .kind = SN_VALUE_REPLICA, .values_min = 2, .values_max = 2,
     .hosts = 1, .numbers = 2, .state = true, .many = true, .field = SN_FIELD_REPLICAS},
    {GROUP, .name = "known-sentinel", .kind = SN_VALUE_PEER, .values_min = 2, .values_max = 3,
     .hosts = 1, .numbers = 2, .state = true, .many = true, .field = SN_FIELD_PEERS},
    {GROUP, .name = "pause", TEXT, OF_GROUP(pause), .state = true, .comment = true},
    {GROUP, .name = "rename-command", .kind = SN_VALUE_RENAME, .values_min = 2, .values_max = 2,
     .many = true, .field = SN_FIELD_RENAMES, LIVE(RENAME_COMMAND)},
};

static const struct {
    const char *alias;
    const char *name;
} aliases[] = {
    {"primary-reboot-down-after-period", "master-reboot-down-after-period"},
    {"known-slave", "known-replica"},
};

const struct sn_directive *sn_directives(enum sn_scope scope, size_t *count)
{
    switch (scope) {
    case SN_SCOPE_SERVER:
        *count = COUNT(server_table);
        return server_table;
    case SN_SCOPE_SENTINEL:
        *count = COUNT(sentinel_table);
        return sentinel_table;
    case SN_SCOPE_GROUP:
        *count = COUNT(group_table);
        return group_table;
    case SN_SCOPE_NONE:
        break;
    }
    *count = 0;
    return NULL;
}

const struct sn_directive *sn_directive_find(enum sn_scope scope, const char *name)
{
    for (size_t i = 0; i < COUNT(aliases); i++) {
        if (strcasecmp(aliases[i].alias, name) == 0)
            name = aliases[i].name;
    }
    size_t count;
    const struct sn_directive *table = sn_directives(scope, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}

const struct sn_directive *sn_directive_find_sentinel(const char *name)
{
    const struct sn_directive *directive = sn_directive_find(SN_SCOPE_SENTINEL, name);
    if (directive == NULL)
        directive = sn_directive_find(SN_SCOPE_GROUP, name);
    return directive != NULL && directive->within_monitor ? NULL : directive;
}

/* Edit distance of two short words, ignoring case: insertions, deletions, replacements. */
static size_t distance(const char *a, const char *b)
{
    enum { WORD_MAX = 63 };
    size_t row[WORD_MAX + 1];
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    if (a_len > WORD_MAX || b_len > WORD_MAX)
        return WORD_MAX;

    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = diagonal + (strncasecmp(&a[i - 1], &b[j - 1], 1) != 0);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b_len];
}

static void look_near(const char *name, const char *known, size_t *best, const char **nearest)
{
    size_t far = distance(name, known);
    if (far > 0 && far < *best) {
        *best = far;
        *nearest = known;
    }
}

const char *sn_directive_near(enum sn_scope scope, enum sn_scope other, const char *name)
{
    const enum sn_scope scopes[] = {scope, other};
    const char *nearest = NULL;
    size_t best = strlen(name) / 4 + 2;

    if (scope == SN_SCOPE_GROUP && other == SN_SCOPE_NONE)
        look_near(name, "address", &best, &nearest); /* INI: what `monitor` says in one line */
    for (size_t i = 0; i < COUNT(scopes); i++) {
        size_t count;
        const struct sn_directive *table = sn_directives(scopes[i], &count);
        for (size_t j = 0; j < count; j++)
            look_near(name, table[j].name, &best, &nearest);
        for (size_t j = 0; j < COUNT(aliases); j++) {
            if (sn_directive_find(scopes[i], aliases[j].name) != NULL)
                look_near(name, aliases[j].alias, &best, &nearest);
        }
    }
    return nearest;
}
