/* SPDX-License-Identifier: BSD-3-Clause */

/* Commands that change state, and the questions of peers. Each gets exactly one answer, after its
 * changes are durable. SET, CONFIG SET and DEBUG apply all of their changes or none. */

#include "core/command.h"

#include "core/agree/agree.h"
#include "core/agree/election.h"
#include "core/agree/select.h"
#include "core/agree/vote.h"
#include "core/facts/alias.h"
#include "core/facts/group.h"
#include "core/facts/instance.h"
#include "core/facts/link.h"
#include "core/facts/mark.h"
#include "core/facts/members.h"
#include "core/facts/pause.h"
#include "core/facts/persist.h"
#include "core/facts/reason.h"
#include "core/facts/tilt.h"
#include "core/facts/truce.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"
#include "core/watch/forget.h"
#include "core/watch/peer.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static void answer(struct sn_core *core, const struct sn_command *command, enum sn_answer_kind kind,
                   int64_t number)
{
    const struct sn_action_answer value = {.kind = kind, .number = number};
    sn_persist_answer(core, command->ticket, &value);
}

/* An error changes nothing, so it does not wait for a save. */
static void refuse(struct sn_core *core, const struct sn_command *command, const char *text)
{
    struct sn_action_answer *value = &sn_out_add(core, SN_ACTION_ANSWER)->u.answer;
    value->ticket = command->ticket;
    value->kind = SN_ANSWER_ERROR;
    value->text = text;
}

/* The answer says whether the master at that address is S_DOWN here. In TILT it never is
 * (PROTOCOL.md §4.4, §14.2, §18, §24.1). */
static void run_ask(struct sn_core *core, const struct sn_command *command)
{
    struct sn_group *group = sn_group_at(core, &command->addr);
    struct sn_action_answer value = {.kind = SN_ANSWER_VOTE, .text = "*"};
    if (group != NULL) {
        /* A sentinel that is told to pause failovers does not agree to one (DESIGN.md D28). */
        value.number = group->master->s_down && !core->tilt && !sn_truce_is_on(group);
        if (group->master->s_down && core->tilt)
            sn_reason_note(group->master, SN_REASON_TILT);
        if (strcmp(command->runid, "*") != 0) {
            sn_vote_decide(group, command->runid, command->epoch);
            value.text = group->leader.hex[0] == '\0' ? "*" : group->leader.hex;
            value.epoch = group->leader_epoch;
        }
        sn_agree_hint(group);
    }
    if (value.epoch > 0 && !sn_persist_may_speak(group)) {
        sn_vote_told(group);
        sn_persist_answer(core, command->ticket, &value);
        return;
    }
    /* This answer contains nothing that a crash could undo. */
    struct sn_action_answer *now = &sn_out_add(core, SN_ACTION_ANSWER)->u.answer;
    *now = value;
    now->ticket = command->ticket;
    now->text = sn_out_text(core, value.text);
}

/* Peers count us by this id: an id that a crash can undo would be one voter too many (PROTOCOL.md
 * §4.6). */
static void run_myid(struct sn_core *core, const struct sn_command *command)
{
    const struct sn_action_answer value = {.kind = SN_ANSWER_TEXT, .text = core->myid.hex};
    if (!sn_persist_has_identity(core)) {
        sn_persist_answer(core, command->ticket, &value);
        return;
    }
    struct sn_action_answer *now = &sn_out_add(core, SN_ACTION_ANSWER)->u.answer;
    *now = value;
    now->ticket = command->ticket;
}

/* PROTOCOL.md §4.7. */
static void run_monitor(struct sn_core *core, const struct sn_command *command)
{
    struct sn_group_image image = {.addr = command->addr};
    char name[SN_NAME_MAX + 1];
    if (command->quorum == 0) {
        refuse(core, command, "Quorum must be 1 or greater.");
    } else if (command->addr.ip[0] == '\0') {
        refuse(core, command, "Invalid IP address or hostname specified");
    } else if (sn_group_by_name(core, command->name, command->name_len) != NULL) {
        refuse(core, command, "Duplicate master name.");
    } else if (command->name_len == 0 || command->name_len > SN_NAME_MAX ||
               sn_text_has_control(command->name, command->name_len) ||
               memchr(command->name, ',', command->name_len) != NULL ||
               memchr(command->name, ' ', command->name_len) != NULL) {
        refuse(core, command,
               "Invalid master name: it must not be empty or contain blanks, commas or control "
               "characters");
    } else {
        memcpy(name, command->name, command->name_len);
        name[command->name_len] = '\0';
        image.name = name;
        /* A group of this name may have been removed a moment ago, together with its votes. So the
         * new group votes in no epoch that was seen before. */
        image.leader_epoch = core->current_epoch;
        sn_group_params_init(&image.params, command->quorum);
        image.params.down_after_ms = core->timings[SN_TIMING_DEFAULT_DOWN_AFTER];
        image.params.failover_timeout_ms = core->timings[SN_TIMING_DEFAULT_FAILOVER_TIMEOUT];
        sn_alias_complete(core, &image);
        struct sn_group *group = sn_group_new(core, &image);
        free(image.replicas);
        sn_group_params_fini(&image.params);
        sn_raise(group->master, SN_NOTICE_MONITOR, "quorum %u", command->quorum);
        if (sn_addr_is_useless(&command->addr))
            sn_out_log(core, SN_LEVEL_WARNING,
                       "The master of %s is now at %s:%u, an address where only this host could "
                       "answer. Give the address of the master itself.",
                       group->name, command->addr.ip, command->addr.port);
        sn_persist_epochs_changed(group, SN_RECORD_GROUP);
        answer(core, command, SN_ANSWER_OK, 0);
    }
}

/* REMOVE forgets the group, with its replicas and peers (PROTOCOL.md §4.8). */
static void run_remove(struct sn_core *core, const struct sn_command *command,
                       struct sn_group *group)
{
    sn_raise(group->master, SN_NOTICE_MONITOR_END, NULL);
    sn_pause_end(group->master); /* the pause of a drain that REMOVE ends */
    sn_persist_group_gone(group);
    sn_group_free(group);
    answer(core, command, SN_ANSWER_OK, 0);
}

/* DESIGN.md D23. */
static void run_forget(struct sn_core *core, const struct sn_command *command,
                       struct sn_group *group)
{
    switch (sn_forget_at(group, &command->addr)) {
    case SN_FORGOT_DONE:
        answer(core, command, SN_ANSWER_OK, 0);
        break;
    case SN_FORGOT_NOBODY:
        refuse(core, command, "No replica or sentinel of the group has that address");
        break;
    case SN_FORGOT_MASTER:
        refuse(core, command, "The master cannot be forgotten: use SENTINEL REMOVE");
        break;
    case SN_FORGOT_FAILOVER:
        refuse(core, command, "-INPROG Failover in progress");
        break;
    }
}

static bool is_meant(const struct sn_command *command, const struct sn_group *group)
{
    return sn_text_glob(command->name, command->name_len, group->name, strlen(group->name), false);
}

/* PROTOCOL.md §4.9. */
static void run_reset(struct sn_core *core, const struct sn_command *command)
{
    struct sn_group *group, *next;
    int64_t matches = 0;
    if (command->exact) {
        group = sn_group_by_name(core, command->name, command->name_len);
        if (group != NULL)
            sn_group_reset(group);
        answer(core, command, SN_ANSWER_INTEGER, group != NULL);
        return;
    }
    HASH_ITER(hh, core->groups, group, next) {
        if (!is_meant(command, group))
            continue;
        sn_group_reset(group);
        matches++;
    }
    answer(core, command, SN_ANSWER_INTEGER, matches);
}

/* FAILOVER is refused while one is in progress, or without a replica that can be promoted
 * (PROTOCOL.md §4.10). */
static void run_failover(struct sn_core *core, const struct sn_command *command,
                         struct sn_group *group)
{
    const struct sn_addr *wanted = command->addr.port != 0 ? &command->addr : NULL;
    if (group->failover.state != SN_FAILOVER_NONE) {
        sn_reason_note_numbers(group->master, SN_REASON_IN_PROGRESS, (int64_t)group->failover.epoch,
                               0, 0);
        refuse(core, command, "-INPROG Failover already in progress");
    } else if (!sn_election_possible(group)) {
        sn_reason_note(group->master, SN_REASON_NO_EPOCH);
        refuse(
            core, command,
            sn_out_printf(core, "Failover not started: %s", sn_reason_words(SN_REASON_NO_EPOCH)));
    } else if (sn_select_wanted(group, wanted, command->mode) == NULL) {
        sn_reason_note_numbers(group->master, SN_REASON_NO_REPLICA, (int64_t)group->replica_count,
                               0, 0);
        refuse(core, command, "-NOGOODSLAVE No suitable replica to promote");
    } else {
        sn_out_log(core, SN_LEVEL_NOTICE, "Executing user requested FAILOVER of '%s'", group->name);
        sn_group_ask_info_all(group);
        sn_election_start(group, command->mode == SN_MODE_NONE ? SN_MODE_PLANNED : command->mode,
                          wanted);
        answer(core, command, SN_ANSWER_OK, 0);
    }
}

static bool is_pause_valid(const struct sn_command *command)
{
    return command->seconds > 0 && command->seconds <= SN_TRUCE_MAX_S &&
           strlen(command->reason) <= SN_TRUCE_REASON_MAX &&
           !sn_text_has_control(command->reason, strlen(command->reason));
}

/* DESIGN.md D28. */
static void run_pause(struct sn_core *core, const struct sn_command *command,
                      struct sn_group *group)
{
    sn_truce_begin(group, command->seconds, command->reason, command->wall_ms);
    answer(core, command, SN_ANSWER_OK, 0);
}

static void run_resume(struct sn_core *core, const struct sn_command *command,
                       struct sn_group *group)
{
    if (sn_truce_end(group, command->wall_ms))
        answer(core, command, SN_ANSWER_OK, 0);
    else
        refuse(core, command, "Failovers of that group are not paused");
}

/* +set tells option and value as typed, and hides passwords (PROTOCOL.md §7.4). */
static void announce_set(struct sn_group *group, const struct sn_change *change)
{
    const char *value = change->value;
    if (change->option == SN_OPTION_AUTH_PASS)
        value = "******";
    if (change->option == SN_OPTION_RENAME_COMMAND)
        sn_raise(group->master, SN_NOTICE_SET, "%s %s %s", change->name, change->value, change->to);
    else
        sn_raise(group->master, SN_NOTICE_SET, "%s %s", change->name, value);
}

/* PROTOCOL.md §4.18. */
static void renew_data_links(struct sn_group *group)
{
    struct sn_instance *replica;
    sn_link_renew(group->master->cmd);
    sn_link_renew(group->master->sub);
    DL_FOREACH(group->replicas, replica) {
        sn_link_renew(replica->cmd);
        sn_link_renew(replica->sub);
    }
}

static bool renews_links(enum sn_option option)
{
    return option == SN_OPTION_AUTH_PASS || option == SN_OPTION_AUTH_USER ||
           option == SN_OPTION_TLS;
}

/* A password that a file holds is not saved, whoever sets it (PROTOCOL.md §19.10). */
static void warn_of_file(struct sn_core *core, const char *name, const char *of, const char *group,
                         const char *path)
{
    sn_out_log(core, SN_LEVEL_NOTICE,
               "%s%s%s is not saved: it lasts until its password file %s is read again, on SIGHUP "
               "or at the next start",
               name, of, group, path);
}

/* SET of credentials or TLS renews the links to master and replicas, other options leave them alone
 * (PROTOCOL.md §4.18, §8.1). */
static void run_set(struct sn_core *core, const struct sn_command *command, struct sn_group *group)
{
    bool renews = false;
    for (size_t i = 0; i < command->change_count; i++) {
        const struct sn_change *change = &command->changes[i];
        sn_group_params_apply(&group->params, change);
        announce_set(group, change);
        if (change->option == SN_OPTION_AUTH_PASS && !change->from_file &&
            group->params.auth_pass_file != NULL)
            warn_of_file(core, "auth-pass", " of group ", group->name,
                         group->params.auth_pass_file);
        renews = renews || renews_links(change->option);
    }
    if (renews)
        renew_data_links(group);
    sn_group_reschedule(group);
    sn_peer_doubt_settings(group);
    sn_mark_group(group, SN_MARK_STEP | SN_MARK_PLAN);
    sn_persist_group_changed(group, SN_RECORD_PARAMS);
    answer(core, command, SN_ANSWER_OK, 0);
}

/* True if the links to peers log in with the option (PROTOCOL.md §9.2). */
static bool logs_in_at_peers(const struct sn_core *core, enum sn_option option)
{
    return option == SN_OPTION_SENTINEL_USER || option == SN_OPTION_SENTINEL_PASS ||
           (option == SN_OPTION_OWN_PASS && core->globals.sentinel_pass == NULL);
}

/* New credentials renew the links to peers (PROTOCOL.md §4.17). */
static void run_config_set(struct sn_core *core, const struct sn_command *command)
{
    bool credentials = false;
    struct sn_peer_link *peer, *next;
    for (size_t i = 0; i < command->change_count; i++) {
        const struct sn_change *change = &command->changes[i];
        sn_globals_apply(&core->globals, change);
        credentials = credentials || logs_in_at_peers(core, change->option);
        if (change->option == SN_OPTION_SENTINEL_PASS && !change->from_file &&
            core->globals.sentinel_pass_file != NULL)
            warn_of_file(core, "sentinel-pass", "", "", core->globals.sentinel_pass_file);
    }
    if (credentials) {
        HASH_ITER(hh, core->peer_links, peer, next)
            sn_link_renew(peer->link);
    }
    sn_persist_changed(core, SN_RECORD_GLOBALS);
    answer(core, command, SN_ANSWER_OK, 0);
}

/* PROTOCOL.md §4.15. */
static void run_debug(struct sn_core *core, const struct sn_command *command)
{
    struct sn_group *group, *next;
    for (size_t i = 0; i < command->timing_count; i++)
        core->timings[command->timings[i].timing] = command->timings[i].value_ms;
    sn_tilt_plan_heartbeat(core);
    HASH_ITER(hh, core->groups, group, next) {
        struct sn_instance *replica;
        sn_group_reschedule(group);
        sn_instance_plan_info(group->master);
        DL_FOREACH(group->replicas, replica)
            sn_instance_plan_info(replica);
        sn_group_push_hello(group);
        sn_mark_group(group, SN_MARK_STEP);
    }
    answer(core, command, SN_ANSWER_OK, 0);
}

static bool names_all(struct sn_core *core, const struct sn_command *command)
{
    bool can = command->kind == SN_COMMAND_PAUSE || command->kind == SN_COMMAND_RESUME;
    return can && command->name_len == 1 && command->name[0] == '*' &&
           sn_group_by_name(core, "*", 1) == NULL;
}

/* PAUSE and RESUME of every group (DESIGN.md D28). */
static void run_on_all(struct sn_core *core, const struct sn_command *command)
{
    struct sn_group *group, *next;
    size_t done = 0;
    HASH_ITER(hh, core->groups, group, next) {
        if (command->kind == SN_COMMAND_PAUSE) {
            sn_truce_begin(group, command->seconds, command->reason, command->wall_ms);
            done++;
        } else {
            done += sn_truce_end(group, command->wall_ms) ? 1 : 0;
        }
    }
    if (done > 0)
        answer(core, command, SN_ANSWER_OK, 0);
    else
        refuse(core, command,
               command->kind == SN_COMMAND_PAUSE ? "No groups are monitored"
                                                 : "No group's failovers are paused");
}

/* Commands on one group by its name (PROTOCOL.md §4.1). */
static void run_on_group(struct sn_core *core, const struct sn_command *command)
{
    struct sn_group *group = sn_group_by_name(core, command->name, command->name_len);
    if (command->kind == SN_COMMAND_PAUSE && !is_pause_valid(command)) {
        refuse(core, command, "Invalid duration or reason of a pause");
        return;
    }
    if (names_all(core, command)) {
        run_on_all(core, command);
        return;
    }
    if (group == NULL) {
        refuse(core, command, "No such master with that name");
        return;
    }
    if (command->kind == SN_COMMAND_REMOVE)
        run_remove(core, command, group);
    else if (command->kind == SN_COMMAND_FORGET)
        run_forget(core, command, group);
    else if (command->kind == SN_COMMAND_FAILOVER)
        run_failover(core, command, group);
    else if (command->kind == SN_COMMAND_PAUSE)
        run_pause(core, command, group);
    else if (command->kind == SN_COMMAND_RESUME)
        run_resume(core, command, group);
    else
        run_set(core, command, group);
}

/* PROTOCOL.md §4.14. */
void sn_command_run(struct sn_core *core, const struct sn_command *command)
{
    switch (command->kind) {
    case SN_COMMAND_ASK:
        run_ask(core, command);
        break;
    case SN_COMMAND_MONITOR:
        run_monitor(core, command);
        break;
    case SN_COMMAND_REMOVE:
    case SN_COMMAND_FORGET:
    case SN_COMMAND_FAILOVER:
    case SN_COMMAND_PAUSE:
    case SN_COMMAND_RESUME:
    case SN_COMMAND_SET:
        run_on_group(core, command);
        break;
    case SN_COMMAND_RESET:
        run_reset(core, command);
        break;
    case SN_COMMAND_CONFIG_SET:
        run_config_set(core, command);
        break;
    case SN_COMMAND_FLUSH:
        sn_persist_anyway(core);
        answer(core, command, SN_ANSWER_OK, 0);
        break;
    case SN_COMMAND_SIMULATE:
        core->simulate = command->flags;
        answer(core, command, SN_ANSWER_OK, 0);
        break;
    case SN_COMMAND_DEBUG:
        run_debug(core, command);
        break;
    case SN_COMMAND_MYID:
        run_myid(core, command);
        break;
    case SN_COMMAND_NONE:
        refuse(core, command, "No such command");
        break;
    }
}
