/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_IMAGE_H
#define SN_CORE_IMAGE_H

/* The configuration and the durable state as one plain value: what the core is started with, what
 * it hands out to be saved, and what the configuration files are read into and written from.
 * All pointers are owned by the image; NULL text means "not set". */

#include "base/addr.h"
#include "base/types.h"

#define SN_DOWN_AFTER_DEFAULT_MS       30000
#define SN_FAILOVER_TIMEOUT_DEFAULT_MS 180000
#define SN_PARALLEL_SYNCS_DEFAULT      1
#define SN_LISTEN_PORT_DEFAULT         26379

/* Peers per group that are taken in from hellos, and that are dialled of those in a file. */
#define SN_PEERS_MAX 256
/* Of a group: INFO, a hello or a file cannot make us grow without end. */
#define SN_REPLICAS_MAX 1024

/* A command that the data nodes of a group know under another name (rename-command). */
struct sn_rename {
    char *from;
    char *to;
};

/* Several of them. */
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
    char *notification_script;
    char *client_reconfig_script;
    char *auth_user;
    char *auth_pass;
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
    uint64_t leader_epoch;  /* of the last vote given for this group */
    struct sn_runid leader; /* who got it; "" if not known (the Redis syntax cannot hold it) */
    struct sn_addr *replicas;
    size_t replica_count;
    struct sn_known_peer *peers;
    size_t peer_count;
};

/* Settings that belong to the sentinel as a whole and that its decisions or messages depend on. */
struct sn_globals {
    bool resolve_hostnames;
    bool announce_hostnames;
    bool deny_scripts_reconfig;
    char *announce_ip;
    uint16_t announce_port; /* 0: not set */
    uint16_t listen_port;   /* what hellos say when announce_port is 0 */
    char *sentinel_user;
    char *sentinel_pass;
    char *own_pass; /* requirepass: sent to peers when sentinel_pass is not set (§9.2) */
};

struct sn_image {
    struct sn_runid myid; /* "": the core makes one */
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
    /* of the sentinel: SENTINEL CONFIG SET */
    SN_OPTION_RESOLVE_HOSTNAMES,
    SN_OPTION_ANNOUNCE_HOSTNAMES,
    SN_OPTION_ANNOUNCE_IP,
    SN_OPTION_ANNOUNCE_PORT,
    SN_OPTION_SENTINEL_USER,
    SN_OPTION_SENTINEL_PASS,
    SN_OPTION_DENY_SCRIPTS_RECONFIG
};

/* One validated change. Text is borrowed. */
struct sn_change {
    enum sn_option option;
    const char *name; /* the option as the user spelt it, for the +set event */
    const char
        *value; /* the value as typed; for RENAME_COMMAND the command, in `to` its new name */
    const char *to;
    int64_t number; /* the parsed value of numeric and yes/no options */
};

void sn_image_init(struct sn_image *image); /* empty, stock defaults */
void sn_image_fini(struct sn_image *image);
/* A deep copy of from into *to, which needs no initialisation. */
void sn_image_copy(const struct sn_image *from, struct sn_image *to);

/* Appends a group with default parameters; the pointer is valid until the next append. */
struct sn_group_image *sn_image_add_group(struct sn_image *image, const char *name,
                                          const struct sn_addr *addr, uint32_t quorum);
/* The group called name (case-sensitive), NULL if none. */
struct sn_group_image *sn_image_find_group(const struct sn_image *image, const char *name);
/* Removes the group at an index; those behind it move up. */
void sn_image_remove_group(struct sn_image *image, size_t index);
void sn_group_image_add_replica(struct sn_group_image *group, const struct sn_addr *addr);
void sn_group_image_add_peer(struct sn_group_image *group, const struct sn_addr *addr,
                             const struct sn_runid *runid);

void sn_group_params_init(struct sn_group_params *params, uint32_t quorum);
void sn_group_params_fini(struct sn_group_params *params);
void sn_group_params_copy(const struct sn_group_params *from, struct sn_group_params *to);
/* Applies a change of a group option. Precondition: change->option is one, and its value is valid.
 */
void sn_group_params_apply(struct sn_group_params *params, const struct sn_change *change);
/* The name under which the group's data nodes know command (any case); command itself if not
 * renamed. */
const char *sn_group_params_command(const struct sn_group_params *params, const char *command);

/* The name of command (any case) where renames hold; command itself if it has no other one. */
const char *sn_renames_find(const struct sn_renames *renames, const char *command);

void sn_globals_fini(struct sn_globals *globals);
void sn_globals_copy(const struct sn_globals *from, struct sn_globals *to);
/* Applies a change of a sentinel option; the same precondition (PROTOCOL.md §4.17). */
void sn_globals_apply(struct sn_globals *globals, const struct sn_change *change);

#endif
