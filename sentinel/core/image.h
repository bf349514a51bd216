/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_IMAGE_H
#define SN_CORE_IMAGE_H

/* Configuration and durable state as one plain value. The core starts with an image and returns one
 * to be saved; configuration files are read into and written from images. The image owns all its
 * pointers. NULL text means "not set". */

#include "base/addr.h"
#include "base/types.h"

#define SN_DOWN_AFTER_DEFAULT_MS       30000
#define SN_FAILOVER_TIMEOUT_DEFAULT_MS 180000
#define SN_PARALLEL_SYNCS_DEFAULT      1
#define SN_RESCUE_TIMEOUT_DEFAULT_MS   1000
#define SN_LISTEN_PORT_DEFAULT         26379

#define SN_TRUCE_MAX_S      604800 /* longest pause of automatic failovers: a week */
#define SN_TRUCE_REASON_MAX 200

/* Maximum number of peers per group accepted from hellos, and of peers from a file that are
 * dialled. */
#define SN_PEERS_MAX 256
/* Maximum number of replicas per group, from INFO, hellos and files. */
#define SN_REPLICAS_MAX 1024

/* A command that has another name on the data nodes of a group (rename-command). */
struct sn_rename {
    char *from;
    char *to;
};

/* A borrowed list of renames. */
struct sn_renames {
    const struct sn_rename *items;
    size_t count;
};

/* The adjustable parameters of a group (SENTINEL SET and the directives of the same names). */
struct sn_group_params {
    uint32_t quorum;         /* >= 1 */
    uint32_t parallel_syncs; /* >= 1 */
    sn_ms down_after_ms;
    sn_ms failover_timeout_ms;
    sn_ms reboot_down_after_ms; /* master-reboot-down-after-period; 0 = off */
    sn_ms refused_after_ms;     /* refused-after-milliseconds; 0 = off */
    sn_ms rescue_timeout_ms;    /* rescue-timeout-milliseconds; > 0 */
    uint32_t forget_after_s;    /* forget-after; 0 = never */
    uint64_t max_lag;           /* max-replica-lag, in bytes; 0 = no limit */
    char *replica_veto;         /* "yes" or "no"; NULL: "no" */
    char *chained;              /* likewise */
    char *rescue;               /* rescue-lost-writes: "yes" or "no"; NULL: "no" */
    char *reborn_empty;         /* "warn" or "failover"; NULL: "warn" */
    char *notification_script;
    char *client_reconfig_script;
    char *auth_user;
    char *auth_pass;
    char *auth_pass_file; /* path, as configured, of the file that holds it; the core ignores it */
    char *tls;            /* "yes" or "no": TLS on links to its data nodes; NULL: as globals.tls */
    struct sn_rename *renames;
    size_t rename_count;
};

struct sn_known_peer {
    struct sn_addr addr;
    struct sn_runid runid;
};

struct sn_group_image {
    char *name;
    struct sn_addr addr; /* of the master */
    struct sn_group_params params;
    uint64_t config_epoch;
    uint64_t leader_epoch; /* of the last vote given for this group */
    char *pause;           /* of automatic failovers, as text that the core reads; NULL: none */
    struct sn_runid
        leader; /* the candidate voted for; "" if unknown (the Redis syntax cannot hold it) */
    struct sn_addr *replicas;
    size_t replica_count;
    struct sn_known_peer *peers;
    size_t peer_count;
};

/* Settings of the sentinel as a whole that affect the core's decisions or messages. */
struct sn_globals {
    bool resolve_hostnames;
    bool announce_hostnames;
    bool deny_scripts_reconfig;
    bool tls; /* tls-replication: TLS on links to peers, and to data nodes by default */
    bool single_connection; /* commands and hellos of a data node share one, by RESP3 (D27) */
    char *announce_ip;
    uint16_t announce_port; /* 0: not set */
    uint16_t listen_port;   /* announced in hellos when announce_port is 0 */
    char *sentinel_user;
    char *sentinel_pass;
    char *sentinel_pass_file; /* path, as configured, of the file that holds it */
    char *own_pass;           /* requirepass; sent to peers when sentinel_pass is not set (§9.2) */
};

struct sn_image {
    struct sn_runid myid; /* "": the core generates one */
    int64_t wall_ms;      /* the wall clock when the core starts with it; 0: unknown */
    uint64_t current_epoch;
    struct sn_globals globals;
    struct sn_group_image *groups;
    size_t group_count;
};

/* Every option that can change at run time. */
enum sn_option {
    SN_OPTION_NONE = 0,
    /* of a group: SENTINEL SET */
    SN_OPTION_DOWN_AFTER,
    SN_OPTION_FAILOVER_TIMEOUT,
    SN_OPTION_PARALLEL_SYNCS,
    SN_OPTION_QUORUM,
    SN_OPTION_NOTIFICATION_SCRIPT,
    SN_OPTION_CLIENT_RECONFIG_SCRIPT,
    SN_OPTION_AUTH_PASS,
    SN_OPTION_AUTH_USER,
    SN_OPTION_RENAME_COMMAND,
    SN_OPTION_REBOOT_DOWN_AFTER,
    SN_OPTION_REFUSED_AFTER,
    SN_OPTION_FORGET_AFTER,
    SN_OPTION_MAX_LAG,
    SN_OPTION_REBORN_EMPTY,
    SN_OPTION_REPLICA_VETO,
    SN_OPTION_CHAINED,
    SN_OPTION_RESCUE,
    SN_OPTION_RESCUE_TIMEOUT,
    SN_OPTION_TLS,
    /* of the sentinel: SENTINEL CONFIG SET */
    SN_OPTION_RESOLVE_HOSTNAMES,
    SN_OPTION_ANNOUNCE_HOSTNAMES,
    SN_OPTION_ANNOUNCE_IP,
    SN_OPTION_ANNOUNCE_PORT,
    SN_OPTION_SENTINEL_USER,
    SN_OPTION_SENTINEL_PASS,
    SN_OPTION_OWN_PASS, /* by its file only: there is no command for it */
    SN_OPTION_DENY_SCRIPTS_RECONFIG
};

/* One validated change. Text is borrowed. */
struct sn_change {
    enum sn_option option;
    const char *name;  /* the option as the user spelt it, for the +set event */
    const char *value; /* the value as typed; RENAME_COMMAND: the command, renamed to `to` */
    const char *to;
    int64_t number; /* the parsed value of numeric and yes/no options */
    bool from_file; /* a password that was read from its file, not typed */
};

void sn_image_init(struct sn_image *image); /* empty, stock defaults */
void sn_image_fini(struct sn_image *image);
/* Stores a deep copy of from in *to, which needs no initialisation. */
void sn_image_copy(const struct sn_image *from, struct sn_image *to);

/* Appends a group with default parameters. The returned pointer is valid until the next append. */
struct sn_group_image *sn_image_add_group(struct sn_image *image, const char *name,
                                          const struct sn_addr *addr, uint32_t quorum);
/* Finds a group by name (case-sensitive); NULL if none. */
struct sn_group_image *sn_image_find_group(const struct sn_image *image, const char *name);
/* Removes the group at index; later groups move up. */
void sn_image_remove_group(struct sn_image *image, size_t index);
void sn_group_image_add_replica(struct sn_group_image *group, const struct sn_addr *addr);
void sn_group_image_add_peer(struct sn_group_image *group, const struct sn_addr *addr,
                             const struct sn_runid *runid);

void sn_group_params_init(struct sn_group_params *params, uint32_t quorum);
void sn_group_params_fini(struct sn_group_params *params);
void sn_group_params_copy(const struct sn_group_params *from, struct sn_group_params *to);
/* Applies a change of a group option. Precondition: change->option is a group option and its value
 * is valid. */
void sn_group_params_apply(struct sn_group_params *params, const struct sn_change *change);
/* True if links to the data nodes of a group use TLS. */
bool sn_group_params_tls(const struct sn_group_params *params, const struct sn_globals *globals);
/* True if replicas that still hear the master hold an attempt back. */
bool sn_group_params_lets_replicas_veto(const struct sn_group_params *params);
bool sn_group_params_learns_chains(const struct sn_group_params *params);
/* True if the lost writes of a master that returns are to be rescued. */
bool sn_group_params_rescues(const struct sn_group_params *params);
/* True if a master that has lost its data set is to be failed over. */
bool sn_group_params_replaces_reborn(const struct sn_group_params *params);
/* Returns the name of command (any case) on the group's data nodes; command itself if not renamed.
 */
const char *sn_group_params_command(const struct sn_group_params *params, const char *command);

/* Returns the name of command (any case) under renames; command itself if not renamed. */
const char *sn_renames_find(const struct sn_renames *renames, const char *command);

void sn_globals_fini(struct sn_globals *globals);
void sn_globals_copy(const struct sn_globals *from, struct sn_globals *to);
/* Applies a change of a sentinel option. Precondition: change->option is one and its value is valid
 * (PROTOCOL.md §4.17). */
void sn_globals_apply(struct sn_globals *globals, const struct sn_change *change);

#endif
