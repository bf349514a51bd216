/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BENCH_FARM_COMMANDS_H
#define SN_BENCH_FARM_COMMANDS_H

/* Handlers of single commands, for the table of farm_dispatch.c, which has checked the number of
 * words. */

#include "farm.h"

struct farm_call {
    struct farm_conn *conn;
    struct farm_server *server;
    struct sn_buf *out;
    const struct farm_request *request;
    char *const *argv;
    size_t argc;
};

void farm_command_ping(const struct farm_call *call);
void farm_command_echo(const struct farm_call *call);
void farm_command_auth(const struct farm_call *call);
void farm_command_hello(const struct farm_call *call);
void farm_command_quit(const struct farm_call *call);
void farm_command_reset(const struct farm_call *call);
void farm_command_select(const struct farm_call *call);
void farm_command_client_setname(const struct farm_call *call);
void farm_command_client_getname(const struct farm_call *call);
void farm_command_client_id(const struct farm_call *call);
void farm_command_client_kill(const struct farm_call *call);
void farm_command_client_pause(const struct farm_call *call);
void farm_command_client_unpause(const struct farm_call *call);
void farm_command_subscribe(const struct farm_call *call);
void farm_command_unsubscribe(const struct farm_call *call);
void farm_command_publish(const struct farm_call *call);
void farm_command_info(const struct farm_call *call);
void farm_command_role(const struct farm_call *call);
void farm_command_replicaof(const struct farm_call *call);
void farm_command_replconf(const struct farm_call *call);
void farm_command_config_rewrite(const struct farm_call *call);
void farm_command_config_get(const struct farm_call *call);
void farm_command_config_set(const struct farm_call *call);
void farm_command_script_kill(const struct farm_call *call);

#endif
