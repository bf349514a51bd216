/* SPDX-License-Identifier: BSD-3-Clause */
/* Maps commands to their handlers. */

#include "shell/server/call.h"
#include "shell/server/cmd.h"

#include <assert.h>
#include <string.h>

static const struct {
    const char *name; /* as sn_spec_full_name writes it */
    sn_command_fn *run;
} handlers[] = {
    {"acl|cat", sn_cmd_acl_cat},
    {"acl|deluser", sn_cmd_acl_deluser},
    {"acl|dryrun", sn_cmd_acl_dryrun},
    {"acl|genpass", sn_cmd_acl_genpass},
    {"acl|getuser", sn_cmd_acl_getuser},
    {"acl|help", sn_cmd_acl_help},
    {"acl|list", sn_cmd_acl_list},
    {"acl|load", sn_cmd_acl_load},
    {"acl|log", sn_cmd_acl_log},
    {"acl|save", sn_cmd_acl_save},
    {"acl|setuser", sn_cmd_acl_setuser},
    {"acl|users", sn_cmd_acl_users},
    {"acl|whoami", sn_cmd_acl_whoami},
    {"auth", sn_cmd_auth},
    {"client|caching", sn_cmd_client_caching},
    {"client|getname", sn_cmd_client_getname},
    {"client|getredir", sn_cmd_client_getredir},
    {"client|help", sn_cmd_client_help},
    {"client|id", sn_cmd_client_id},
    {"client|info", sn_cmd_client_info},
    {"client|kill", sn_cmd_client_kill},
    {"client|list", sn_cmd_client_list},
    {"client|no-evict", sn_cmd_client_no_evict},
    {"client|pause", sn_cmd_client_pause},
    {"client|reply", sn_cmd_client_reply},
    {"client|setinfo", sn_cmd_client_setinfo},
    {"client|setname", sn_cmd_client_setname},
    {"client|tracking", sn_cmd_client_tracking},
    {"client|trackinginfo", sn_cmd_client_trackinginfo},
    {"client|unblock", sn_cmd_client_unblock},
    {"client|unpause", sn_cmd_client_unpause},
    {"command", sn_cmd_command},
    {"command|count", sn_cmd_command_count},
    {"command|docs", sn_cmd_command_docs},
    {"command|getkeys", sn_cmd_command_getkeys},
    {"command|getkeysandflags", sn_cmd_command_getkeys},
    {"command|help", sn_cmd_command_help},
    {"command|info", sn_cmd_command_info},
    {"command|list", sn_cmd_command_list},
    {"hello", sn_cmd_hello},
    {"info", sn_cmd_info},
    {"ping", sn_cmd_ping},
    {"psubscribe", sn_cmd_psubscribe},
    {"publish", sn_cmd_publish},
    {"punsubscribe", sn_cmd_punsubscribe},
    {"quit", sn_cmd_quit},
    {"reset", sn_cmd_reset},
    {"role", sn_cmd_role},
    {"sentinel|ckquorum", sn_cmd_sentinel_ckquorum},
    {"sentinel|config", sn_cmd_sentinel_config},
    {"sentinel|debug", sn_cmd_sentinel_debug},
    {"sentinel|doctor", sn_cmd_sentinel_doctor},
    {"sentinel|explain", sn_cmd_sentinel_explain},
    {"sentinel|failover", sn_cmd_sentinel_failover},
    {"sentinel|forget", sn_cmd_sentinel_forget},
    {"sentinel|flushconfig", sn_cmd_sentinel_flushconfig},
    {"sentinel|get-master-addr-by-name", sn_cmd_sentinel_get_address},
    {"sentinel|help", sn_cmd_sentinel_help},
    {"sentinel|history", sn_cmd_sentinel_history},
    {"sentinel|info-cache", sn_cmd_sentinel_info_cache},
    {"sentinel|is-master-down-by-addr", sn_cmd_sentinel_ask},
    {"sentinel|master", sn_cmd_sentinel_master},
    {"sentinel|masters", sn_cmd_sentinel_masters},
    {"sentinel|monitor", sn_cmd_sentinel_monitor},
    {"sentinel|myid", sn_cmd_sentinel_myid},
    {"sentinel|pause", sn_cmd_sentinel_pause},
    {"sentinel|pending-scripts", sn_cmd_sentinel_pending_scripts},
    {"sentinel|remove", sn_cmd_sentinel_remove},
    {"sentinel|replicas", sn_cmd_sentinel_replicas},
    {"sentinel|reset", sn_cmd_sentinel_reset},
    {"sentinel|resume", sn_cmd_sentinel_resume},
    {"sentinel|sentinels", sn_cmd_sentinel_sentinels},
    {"sentinel|set", sn_cmd_sentinel_set},
    {"sentinel|simulate-failure", sn_cmd_sentinel_simulate},
    {"sentinel|slaves", sn_cmd_sentinel_replicas},
    {"shutdown", sn_cmd_shutdown},
    {"subscribe", sn_cmd_subscribe},
    {"unsubscribe", sn_cmd_unsubscribe},
};

static sn_command_fn *find_handler(const char *name)
{
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (strcmp(handlers[i].name, name) == 0)
            return handlers[i].run;
    }
    return NULL;
}

void sn_handlers_fill(sn_command_fn *by_place[SN_SPECS_MAX])
{
    char name[SN_SPEC_NAME_MAX + 1];

    for (size_t i = 0; i < sn_specs_count; i++) {
        sn_spec_full_name(&sn_specs[sn_spec_permission_index(&sn_specs[i])], name);
        by_place[i] = find_handler(name);
        assert(by_place[i] != NULL || sn_spec_is_container(&sn_specs[i]));
    }
}
