/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_CMD_H
#define SN_SHELL_SERVER_CMD_H

/* Handlers of the command table, by file. Before a handler runs, arity and rights are checked. */

#include "shell/server/call.h"

struct sn_command_texts;

/* Fills in the handlers of all commands, by index in sn_specs; NULL: a container that needs a
 * subcommand (PROTOCOL.md §4.1). */
void sn_handlers_fill(sn_command_fn *by_place[SN_SPECS_MAX]);

/* cmd_connection.c */
sn_command_fn sn_cmd_auth, sn_cmd_hello, sn_cmd_ping, sn_cmd_quit, sn_cmd_reset, sn_cmd_role,
    sn_cmd_shutdown;
/* cmd_client.c, cmd_client_list.c */
sn_command_fn sn_cmd_client_caching, sn_cmd_client_getname, sn_cmd_client_getredir,
    sn_cmd_client_help, sn_cmd_client_id, sn_cmd_client_info, sn_cmd_client_kill,
    sn_cmd_client_list, sn_cmd_client_no_evict, sn_cmd_client_pause, sn_cmd_client_reply,
    sn_cmd_client_setinfo, sn_cmd_client_setname, sn_cmd_client_tracking,
    sn_cmd_client_trackinginfo, sn_cmd_client_unblock, sn_cmd_client_unpause;
/* cmd_command.c */
sn_command_fn sn_cmd_command, sn_cmd_command_count, sn_cmd_command_docs, sn_cmd_command_getkeys,
    sn_cmd_command_help, sn_cmd_command_info, sn_cmd_command_list;
/* cmd_info.c */
sn_command_fn sn_cmd_info;
/* cmd_pubsub.c */
sn_command_fn sn_cmd_publish, sn_cmd_psubscribe, sn_cmd_punsubscribe, sn_cmd_subscribe,
    sn_cmd_unsubscribe;
/* cmd_acl.c */
sn_command_fn sn_cmd_acl_cat, sn_cmd_acl_deluser, sn_cmd_acl_dryrun, sn_cmd_acl_genpass,
    sn_cmd_acl_getuser, sn_cmd_acl_help, sn_cmd_acl_list, sn_cmd_acl_load, sn_cmd_acl_log,
    sn_cmd_acl_save, sn_cmd_acl_setuser, sn_cmd_acl_users, sn_cmd_acl_whoami;
/* cmd_sentinel.c: commands that show state */
sn_command_fn sn_cmd_sentinel_ckquorum, sn_cmd_sentinel_get_address, sn_cmd_sentinel_help,
    sn_cmd_sentinel_info_cache, sn_cmd_sentinel_master, sn_cmd_sentinel_masters,
    sn_cmd_sentinel_pending_scripts, sn_cmd_sentinel_replicas, sn_cmd_sentinel_sentinels;
/* cmd_sentinel_doctor.c */
sn_command_fn sn_cmd_sentinel_doctor;
/* cmd_sentinel_explain.c */
sn_command_fn sn_cmd_sentinel_explain;
/* cmd_sentinel_history.c */
sn_command_fn sn_cmd_sentinel_history;
/* cmd_sentinel_pause.c */
sn_command_fn sn_cmd_sentinel_pause, sn_cmd_sentinel_resume;
/* cmd_sentinel_set.c: commands that the core decides */
sn_command_fn sn_cmd_sentinel_ask, sn_cmd_sentinel_config, sn_cmd_sentinel_debug,
    sn_cmd_sentinel_failover, sn_cmd_sentinel_flushconfig, sn_cmd_sentinel_forget,
    sn_cmd_sentinel_monitor, sn_cmd_sentinel_myid, sn_cmd_sentinel_remove, sn_cmd_sentinel_reset,
    sn_cmd_sentinel_set, sn_cmd_sentinel_simulate;

/* Frees the cached replies of COMMAND (cmd_command.c); texts may be NULL. */
void sn_command_texts_free(struct sn_command_texts *texts);

#endif
