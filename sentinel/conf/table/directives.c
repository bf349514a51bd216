/* SPDX-License-Identifier: BSD-3-Clause */

/* The tables. The order of the sentinel tables is that of the lines in a fresh file. */

#include "conf/table/directives.h"

#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Sums of a few durations must not overflow. */
#define DURATION_MAX_MS (INT64_MAX / 1024)

#define AT(member)            .offset = offsetof(struct sn_settings, member)
#define ONE                   .values_min = 1, .values_max = 1
#define NUMBER(low, high)     .kind = SN_VALUE_NUMBER, ONE, .min = (low), .max = (high)
#define YESNO(text)           .kind = SN_VALUE_YESNO, ONE, .fallback = (text)
#define TEXT                  .kind = SN_VALUE_TEXT, ONE
#define TEXT_AT(member)       TEXT, .field = SN_FIELD_TEXT, AT(member)
#define BOOL_AT(member, text) YESNO(text), .field = SN_FIELD_BOOL, AT(member)
#define SERVER                .scope = SN_SCOPE_SERVER
#define SENTINEL              .scope = SN_SCOPE_SENTINEL
#define GROUP                 .scope = SN_SCOPE_GROUP

static const char *const facilities[] = {"user",   "local0", "local1", "local2", "local3",
                                         "local4", "local5", "local6", "local7", NULL};
static const char *const supervisors[] = {"upstart", "systemd", "auto", "no", NULL};
static const char *const channel_rights[] = {"allchannels", "resetchannels", NULL};
static const char *const log_formats[] = {"legacy", "logfmt", NULL};
static const char *const log_timestamps[] = {"legacy", "iso8601", "milliseconds", NULL};
static const char *const user_fields[] = {"off", "CN", "URI", NULL};
static const char *const client_checks[] = {"no", "yes", "optional", NULL};

static const struct sn_directive server_table[] = {
    {SERVER, .name = "port", NUMBER(0, 65535), .fallback = "26379", .field = SN_FIELD_U16,
     AT(port)},
    {SERVER, .name = "bind", .values_min = 1, .values_max = SN_VALUES_ANY, .splits = true,
     .hosts = SN_HOSTS_ALL, .apply = sn_apply_bind},
    {SERVER, .name = "unixsocket", TEXT_AT(unixsocket)},
    {SERVER, .name = "unixsocketperm", .kind = SN_VALUE_OCTAL, ONE, .max = 0777, .fallback = "0",
     .field = SN_FIELD_U32, AT(unixsocketperm)},
    {SERVER, .name = "protected-mode", BOOL_AT(protected_mode, "no")},
    {SERVER, .name = "tcp-backlog", NUMBER(0, INT32_MAX), .fallback = "511", .field = SN_FIELD_INT,
     AT(tcp_backlog)},
    {SERVER, .name = "tcp-keepalive", NUMBER(0, INT32_MAX), .fallback = "300",
     .field = SN_FIELD_INT, AT(tcp_keepalive_s)},
    {SERVER, .name = "timeout", NUMBER(0, INT32_MAX), .fallback = "0", .field = SN_FIELD_INT,
     AT(timeout_s)},
    {SERVER, .name = "maxclients", NUMBER(1, UINT32_MAX), .fallback = "10000",
     .field = SN_FIELD_U32, AT(maxclients)},
    {SERVER, .name = "bind-source-addr", TEXT_AT(bind_source_addr), .hosts = 1},
    {SERVER, .name = "requirepass", TEXT_AT(requirepass)},
    {SERVER, .name = "user", .values_min = 1, .values_max = SN_VALUES_ANY, .many = true,
     .apply = sn_apply_user},
    {SERVER, .name = "aclfile", TEXT_AT(aclfile)},
    {SERVER, .name = "acl-pubsub-default", .kind = SN_VALUE_CHOICE, ONE, .choices = channel_rights,
     .fallback = "resetchannels", .field = SN_FIELD_TEXT, AT(acl_pubsub_default)},
    {SERVER, .name = "acllog-max-len", NUMBER(0, INT64_MAX), .fallback = "128",
     .field = SN_FIELD_U64, AT(acllog_max_len)},
    {SERVER, .name = "rename-command", .values_min = 2, .values_max = 2, .many = true,
     .apply = sn_apply_server_rename},
    {SERVER, .name = "client-query-buffer-limit", .kind = SN_VALUE_BYTES, ONE, .min = 1 << 20,
     .max = INT64_MAX, .fallback = "1mb", .field = SN_FIELD_U64, AT(query_buffer_max)},
    {SERVER, .name = "proto-max-bulk-len", .kind = SN_VALUE_BYTES, ONE, .min = 1 << 20,
     .max = INT64_MAX, .fallback = "512mb", .field = SN_FIELD_U64, AT(bulk_max)},
    {SERVER, .name = "maxmemory-clients", .kind = SN_VALUE_SHARE, ONE, .field = SN_FIELD_TEXT,
     AT(clients_memory)},
    {SERVER, .name = "client-output-buffer-limit", .values_min = 1, .values_max = SN_VALUES_ANY,
     .many = true, .splits = true, .apply = sn_apply_output_limit},
    {SERVER, .name = "daemonize", BOOL_AT(daemonize, "no")},
    {SERVER, .name = "pidfile", TEXT_AT(pidfile)},
    {SERVER, .name = "supervised", .kind = SN_VALUE_CHOICE, ONE, .choices = supervisors,
     .fallback = "no", .field = SN_FIELD_TEXT, AT(supervised)},
    {SERVER, .name = "set-proc-title", BOOL_AT(set_proc_title, "yes")},
    {SERVER, .name = "proc-title-template", .kind = SN_VALUE_TITLE, ONE,
     .fallback = "{title} {listen-addr} {server-mode}", .field = SN_FIELD_TEXT,
     AT(proc_title_template)},
    {SERVER, .name = "loglevel", .kind = SN_VALUE_LEVEL, ONE, .fallback = "notice",
     .field = SN_FIELD_LEVEL, AT(loglevel), .live = true},
    {SERVER, .name = "logfile", TEXT_AT(logfile)},
    {SERVER, .name = "log-format", .kind = SN_VALUE_CHOICE, ONE, .choices = log_formats,
     .fallback = "legacy", .field = SN_FIELD_TEXT, AT(log_format)},
    {SERVER, .name = "log-timestamp-format", .kind = SN_VALUE_CHOICE, ONE,
     .choices = log_timestamps, .fallback = "legacy", .field = SN_FIELD_TEXT,
     AT(log_timestamp_format)},
    {SERVER, .name = "syslog-enabled", BOOL_AT(syslog_enabled, "no")},
    {SERVER, .name = "syslog-ident", TEXT_AT(syslog_ident)},
    {SERVER, .name = "syslog-facility", .kind = SN_VALUE_CHOICE, ONE, .choices = facilities,
     .field = SN_FIELD_TEXT, AT(syslog_facility)},
    {SERVER, .name = "dir", .values_min = 1, .values_max = 1, .apply = sn_apply_dir},
    {SERVER, .name = "state-file", TEXT_AT(state_file)},
    {SERVER, .name = "tls-port", NUMBER(0, 65535), .fallback = "0", .field = SN_FIELD_U16,
     AT(tls.port)},
    {SERVER, .name = "tls-cert-file", TEXT_AT(tls.cert_file)},
    {SERVER, .name = "tls-key-file", TEXT_AT(tls.key_file)},
    {SERVER, .name = "tls-key-file-pass", TEXT_AT(tls.key_file_pass)},
    {SERVER, .name = "tls-client-cert-file", TEXT_AT(tls.client_cert_file)},
    {SERVER, .name = "tls-client-key-file", TEXT_AT(tls.client_key_file)},
    {SERVER, .name = "tls-client-key-file-pass", TEXT_AT(tls.client_key_file_pass)},
    {SERVER, .name = "tls-ca-cert-file", TEXT_AT(tls.ca_cert_file)},
    {SERVER, .name = "tls-ca-cert-dir", TEXT_AT(tls.ca_cert_dir)},
    {SERVER, .name = "tls-dh-params-file", TEXT_AT(tls.dh_params_file)},
    {SERVER, .name = "tls-auth-clients", .kind = SN_VALUE_CHOICE, ONE, .choices = client_checks,
     .fallback = "yes", .field = SN_FIELD_TEXT, AT(tls.auth_clients)},
    {SERVER, .name = "tls-auth-clients-user", .kind = SN_VALUE_CHOICE, ONE, .choices = user_fields,
     .fallback = "off", .field = SN_FIELD_TEXT, AT(tls.auth_clients_user)},
    {SERVER, .name = "tls-auto-reload-interval", NUMBER(0, INT32_MAX), .fallback = "0",
     .field = SN_FIELD_INT, AT(tls.auto_reload_interval_s)},
    {SERVER, .name = "tls-expected-peer-name", TEXT_AT(tls.expected_peer_name)},
    {SERVER, .name = "tls-replication", BOOL_AT(tls.replication, "no")},
    {SERVER, .name = "tls-protocols", TEXT_AT(tls.protocols)},
    {SERVER, .name = "tls-ciphers", TEXT_AT(tls.ciphers)},
    {SERVER, .name = "tls-ciphersuites", TEXT_AT(tls.ciphersuites)},
    {SERVER, .name = "tls-prefer-server-ciphers", BOOL_AT(tls.prefer_server_ciphers, "no")},
    {SERVER, .name = "tls-session-caching", BOOL_AT(tls.session_caching, "yes")},
    {SERVER, .name = "tls-session-cache-size", NUMBER(0, INT32_MAX), .fallback = "20480",
     .field = SN_FIELD_INT, AT(tls.session_cache_size)},
    {SERVER, .name = "tls-session-cache-timeout", NUMBER(0, INT32_MAX), .fallback = "300",
     .field = SN_FIELD_INT, AT(tls.session_cache_timeout_s)},
};

static const struct sn_directive sentinel_table[] = {
    {SENTINEL, .name = "myid", ONE, .state = true, .apply = sn_apply_myid,
     .error = "Malformed Sentinel id in myid option.",
     .expected = "40 characters, none of them a blank, a comma or a control character"},
    {SENTINEL, .name = "deny-scripts-reconfig", YESNO("yes"),
     .option = SN_OPTION_DENY_SCRIPTS_RECONFIG,
     .error = "Please specify yes or no for the deny-scripts-reconfig options."},
    {SENTINEL, .name = "resolve-hostnames", YESNO("no"), .option = SN_OPTION_RESOLVE_HOSTNAMES,
     .live = true, .error = "Please specify yes or no for the resolve-hostnames option."},
    {SENTINEL, .name = "announce-hostnames", YESNO("no"), .option = SN_OPTION_ANNOUNCE_HOSTNAMES,
     .live = true, .error = "Please specify yes or no for the announce-hostnames option."},
    {SENTINEL, .name = "current-epoch", ONE, .numbers = 1, .state = true,
     .apply = sn_apply_current_epoch},
    {SENTINEL, .name = "announce-ip", .kind = SN_VALUE_HOST, ONE, .hosts = 1,
     .option = SN_OPTION_ANNOUNCE_IP, .live = true},
    {SENTINEL, .name = "announce-port", NUMBER(0, 65535), .numbers = 1, .fallback = "0",
     .option = SN_OPTION_ANNOUNCE_PORT, .live = true},
    {SENTINEL, .name = "sentinel-user", TEXT, .option = SN_OPTION_SENTINEL_USER, .live = true},
    {SENTINEL, .name = "sentinel-pass", TEXT, .option = SN_OPTION_SENTINEL_PASS, .live = true},
};

#define MILLISECONDS(low) NUMBER(low, DURATION_MAX_MS), .numbers = 1, .milliseconds = true
#define TIME_ERROR                                                                                 \
    .error = "negative or zero time parameter.", .expected = "a number of milliseconds, at least " \
                                                             "1"

static const struct sn_directive group_table[] = {
    {GROUP, .name = "monitor", .values_min = 3, .values_max = 3, .hosts = 1, .numbers = 6,
     .apply = sn_apply_monitor},
    {GROUP, .name = "quorum", NUMBER(1, INT32_MAX), .option = SN_OPTION_QUORUM, .live = true,
     .error = "Quorum must be 1 or greater.", .expected = "a number, at least 1"},
    {GROUP, .name = "down-after-milliseconds", MILLISECONDS(1), .fallback = "30000",
     .option = SN_OPTION_DOWN_AFTER, .live = true, TIME_ERROR},
    {GROUP, .name = "failover-timeout", MILLISECONDS(1), .fallback = "180000",
     .option = SN_OPTION_FAILOVER_TIMEOUT, .live = true, TIME_ERROR},
    {GROUP, .name = "parallel-syncs", NUMBER(1, INT32_MAX), .numbers = 1, .fallback = "1",
     .option = SN_OPTION_PARALLEL_SYNCS, .live = true,
     .error = "parallel-syncs must be 1 or greater.",
     .expected = "how many replicas may be reconfigured at once, at least 1"},
    {GROUP, .name = "notification-script", .kind = SN_VALUE_SCRIPT, ONE,
     .option = SN_OPTION_NOTIFICATION_SCRIPT, .live = true,
     .error = "Notification script seems non existing or non executable."},
    {GROUP, .name = "client-reconfig-script", .kind = SN_VALUE_SCRIPT, ONE,
     .option = SN_OPTION_CLIENT_RECONFIG_SCRIPT, .live = true,
     .error = "Client reconfiguration script seems non existing or non executable."},
    {GROUP, .name = "auth-pass", TEXT, .option = SN_OPTION_AUTH_PASS, .live = true},
    {GROUP, .name = "auth-user", TEXT, .option = SN_OPTION_AUTH_USER, .live = true},
    {GROUP, .name = "master-reboot-down-after-period", MILLISECONDS(0), .fallback = "0",
     .option = SN_OPTION_REBOOT_DOWN_AFTER, .live = true, .error = "negative time parameter.",
     .expected = "a number of milliseconds; 0: off"},
    {GROUP, .name = "config-epoch", ONE, .numbers = 1, .state = true,
     .apply = sn_apply_config_epoch},
    {GROUP, .name = "leader-epoch", ONE, .numbers = 1, .state = true,
     .apply = sn_apply_leader_epoch},
    {GROUP, .name = "known-replica", .values_min = 2, .values_max = 2, .hosts = 1, .numbers = 2,
     .state = true, .many = true, .apply = sn_apply_known_replica},
    {GROUP, .name = "known-sentinel", .values_min = 2, .values_max = 3, .hosts = 1, .numbers = 2,
     .state = true, .many = true, .apply = sn_apply_known_sentinel},
    {GROUP, .name = "rename-command", .values_min = 2, .values_max = 2, .live = true, .many = true,
     .option = SN_OPTION_RENAME_COMMAND, .apply = sn_apply_rename},
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
    /* In this syntax the quorum stands in the monitor line. */
    return directive != NULL && directive->option == SN_OPTION_QUORUM ? NULL : directive;
}

const struct sn_directive *sn_directive_of_option(enum sn_option option)
{
    for (size_t i = 0; i < COUNT(group_table); i++) {
        if (group_table[i].option == option)
            return &group_table[i];
    }
    for (size_t i = 0; i < COUNT(sentinel_table); i++) {
        if (sentinel_table[i].option == option)
            return &sentinel_table[i];
    }
    return NULL;
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
