/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_TABLE_SETTINGS_H
#define SN_CONF_TABLE_SETTINGS_H

/* The settings of the server and the process (PROTOCOL.md §19.9): what is not a decision of the
 * core. Text is owned by the settings; NULL means "not set". The defaults stand in the table. */

#include "base/level.h"
#include "base/types.h"
#include "conf/table/list.h"

/* `tls-…` directives (PROTOCOL.md §20.5). */
struct sn_tls_settings {
    uint16_t port; /* 0: no TLS listener */
    char *cert_file;
    char *key_file;
    char *key_file_pass;
    char *client_cert_file; /* for outgoing links instead of cert_file */
    char *client_key_file;
    char *client_key_file_pass;
    char *ca_cert_file;
    char *ca_cert_dir;
    char *dh_params_file;
    char *auth_clients;         /* "yes", "no" or "optional" */
    char *auth_clients_user;    /* "off", "CN" or "URI": what of a certificate names its ACL user */
    int auto_reload_interval_s; /* 0: certificates are not read again by themselves */
    char *expected_peer_name;   /* names, one of which the other side's certificate has to hold */
    bool verify_names;          /* of servers and peers: the certificate holds the name or IP */
    bool replication;           /* outgoing links use TLS, and hellos carry the TLS port */
    char *protocols;
    char *ciphers;
    char *ciphersuites;
    bool prefer_server_ciphers;
    bool session_caching;
    int session_cache_size;
    int session_cache_timeout_s;
};

struct sn_settings {
    uint16_t port; /* 0: no plain TCP */
    char **bind;   /* addresses; a leading '-' tolerates an unavailable one; none: all interfaces */
    size_t bind_count;
    bool bind_none; /* `bind ""`: no TCP at all */
    char *unixsocket;
    uint32_t unixsocketperm; /* 0: as umask leaves it */
    bool protected_mode;
    int tcp_backlog;
    int tcp_keepalive_s; /* 0: off */
    int timeout_s;       /* idle clients; 0: never */
    uint32_t maxclients;
    char *bind_source_addr;
    char *rescue_dir;                  /* NULL: the working directory */
    uint16_t http_port;                /* 0: no HTTP */
    struct sn_setting_words http_bind; /* as bind; none: loopback */
    char *requirepass;
    char *requirepass_file;         /* holds it */
    struct sn_setting_words *users; /* `user` lines, in order */
    size_t user_count;
    char *aclfile;
    char *acl_pubsub_default;         /* "allchannels" or "resetchannels": of new users */
    uint64_t acllog_max_len;          /* 0: refusals are not kept */
    struct sn_setting_words *renames; /* server rename-command lines */
    size_t rename_count;
    uint64_t query_buffer_max; /* client-query-buffer-limit, bytes */
    uint64_t bulk_max;         /* proto-max-bulk-len, bytes */
    char *clients_memory;      /* maxmemory-clients; NULL: a part of what is there */
    uint64_t pubsub_hard_max;  /* client-output-buffer-limit pubsub: bytes at once */
    uint64_t pubsub_soft_max;  /* … bytes for longer than */
    int pubsub_soft_s;         /* … this */
    bool daemonize;
    char *pidfile;
    char *supervised; /* "upstart", "systemd", "auto" or "no", in any case */
    bool set_proc_title;
    char *proc_title_template;
    enum sn_level loglevel;
    char *logfile;              /* NULL: standard output */
    char *log_format;           /* "legacy" or "logfmt" */
    char *log_timestamp_format; /* "legacy", "iso8601" or "milliseconds" */
    bool syslog_enabled;
    char *syslog_ident;
    char *syslog_facility;
    char *dir;          /* working directory, entered at start */
    char *state_file;   /* NULL: the Redis-syntax file itself holds the state */
    char *history_file; /* NULL: the history is in memory only */
    struct sn_tls_settings tls;
};

void sn_settings_init(struct sn_settings *settings); /* defaults */
void sn_settings_fini(struct sn_settings *settings);
void sn_settings_copy(const struct sn_settings *from, struct sn_settings *to);

#endif
