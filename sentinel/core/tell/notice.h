/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_NOTICE_H
#define SN_CORE_NOTICE_H

/* Notices: the events for operators and clients (PROTOCOL.md §7), in one table.
 * tests/lint/events.py generates the table of docs/EVENTS.md from it. Internal to the core. */

#include "base/level.h"

#include <stdbool.h>
#include <stdint.h>

struct sn_core;

/* X(enumerator, name, level, scripts, subject, text, meaning)
 *
 *   scripts   NONE, NOTIFY (the notification script of the group) or BOTH (client-reconfig-script
 *             as well). A notice about no group runs no script.
 *   subject   the payload begins with the form of this member: MASTER, REPLICA, PEER, DATA
 *             (master or replica) or ANY; NOBODY: the payload is the text alone
 *   text      the rest of the payload; "" if none
 *   meaning   one sentence, for the docs only
 *
 * Rows are in the order of the docs. The row of a stock event has the name, level, scripts and
 * payload of PROTOCOL.md §7.2. */
#define SN_NOTICES(X)                                                                              \
    X(MONITOR, "+monitor", WARNING, NOTIFY, MASTER, "quorum <n>",                                  \
      "Monitoring of the group starts, with the process or by SENTINEL MONITOR.")                  \
    X(MONITOR_END, "-monitor", WARNING, NOTIFY, MASTER, "",                                        \
      "SENTINEL REMOVE has ended monitoring of the group.")                                        \
    X(SET, "+set", WARNING, NOTIFY, MASTER, "<option> <value>",                                    \
      "SENTINEL SET has changed an option; a password shows as `******`.")                         \
    X(RESET_MASTER, "+reset-master", WARNING, NOTIFY, MASTER, "",                                  \
      "SENTINEL RESET has removed the replicas and peers of the group.")                           \
    X(FORGET, "+forget", WARNING, NOTIFY, ANY, "",                                                 \
      "SENTINEL FORGET or forget-after has removed the replica or sentinel; whoever is alive "     \
      "comes back.")                                                                               \
    X(PAUSE, "+pause", WARNING, NOTIFY, MASTER, "#for <seconds> s by <runid>[: <reason>]",         \
      "SENTINEL PAUSE, here or at another sentinel, has paused the automatic failovers of the "    \
      "group.")                                                                                    \
    X(PAUSE_END, "-pause", WARNING, NOTIFY, MASTER, "#expired, or #resumed by <runid>",            \
      "Automatic failovers of the group are no longer paused.")                                    \
    X(SLAVE, "+slave", NOTICE, NONE, REPLICA, "",                                                  \
      "A replica was discovered, or was assigned to the new master after a switch.")               \
    X(SENTINEL, "+sentinel", NOTICE, NONE, PEER, "",                                               \
      "A sentinel that watches the group was discovered by its first hello.")                      \
    X(SENTINEL_ADDRESS_SWITCH, "+sentinel-address-switch", NOTICE, NONE, MASTER,                   \
      "ip <ip> port <port> for <runid>", "A known sentinel has a new address.")                    \
    X(SENTINEL_ADDRESS_UPDATE, "+sentinel-address-update", NOTICE, NONE, PEER,                     \
      "<n> additional matching instances",                                                         \
      "The new address of a sentinel was applied in n other groups.")                              \
    X(SENTINEL_INVALID_ADDR, "+sentinel-invalid-addr", NOTICE, NONE, PEER, "",                     \
      "The peer was removed: its address belongs to another sentinel.")                            \
    X(FOREIGN_HELLO, "+foreign-hello", WARNING, NOTIFY, MASTER,                                    \
      "from <runid> <ip> <port> master <ip> <port>",                                               \
      "The hello of an unknown sentinel was ignored: it announces another master for this group.") \
    X(FOREIGN_INSTANCE, "+foreign-instance", WARNING, NOTIFY, REPLICA, "",                         \
      "The replica gets no orders: another group claims it too.")                                  \
    X(REBOOT, "+reboot", NOTICE, NONE, DATA, "",                                                   \
      "A server was restarted: INFO reports another run id.")                                      \
    X(ROLE_CHANGE, "+role-change", VERBOSE, NONE, DATA, "new reported role is <role>",             \
      "The reported role of a server has changed to the expected one.")                            \
    X(ROLE_CHANGE_ODD, "-role-change", VERBOSE, NONE, DATA, "new reported role is <role>",         \
      "The reported role of a server has changed to an unexpected one.")                           \
    X(SDOWN, "+sdown", WARNING, NOTIFY, ANY, "",                                                   \
      "A server or sentinel is subjectively down: this sentinel considers it down.")               \
    X(SDOWN_END, "-sdown", WARNING, NOTIFY, ANY, "", "The server or sentinel is up again.")        \
    X(ODOWN, "+odown", WARNING, NOTIFY, MASTER, "#quorum <agreeing>/<quorum>",                     \
      "The master is objectively down: a quorum of sentinels agrees.")                             \
    X(ODOWN_END, "-odown", WARNING, NOTIFY, MASTER, "",                                            \
      "A quorum of sentinels no longer agrees that the master is down.")                           \
    X(NEW_EPOCH, "+new-epoch", WARNING, NOTIFY, NOBODY, "<epoch>",                                 \
      "The current epoch has risen, by an own attempt, a vote request or a hello.")                \
    X(TRY_FAILOVER, "+try-failover", WARNING, NOTIFY, MASTER, "",                                  \
      "This sentinel starts a failover attempt and asks for votes.")                               \
    X(VOTE_FOR_LEADER, "+vote-for-leader", WARNING, NOTIFY, NOBODY, "<runid> <epoch>",             \
      "This sentinel has voted, for itself or for another sentinel.")                              \
    X(ELECTED_LEADER, "+elected-leader", WARNING, NOTIFY, MASTER, "",                              \
      "This sentinel has won the election and leads the failover.")                                \
    X(FAILOVER_STATE_SELECT_SLAVE, "+failover-state-select-slave", WARNING, NOTIFY, MASTER, "",    \
      "The leader selects a replica to promote.")                                                  \
    X(SELECTED_SLAVE, "+selected-slave", WARNING, NOTIFY, REPLICA, "",                             \
      "The leader has selected this replica.")                                                     \
    X(FAILOVER_STATE_SEND_SLAVEOF_NOONE, "+failover-state-send-slaveof-noone", NOTICE, NONE,       \
      REPLICA, "",                                                                                 \
      "The leader is about to promote the replica; a planned switchover first drains the master.") \
    X(FAILOVER_STATE_WAIT_PROMOTION, "+failover-state-wait-promotion", NOTICE, NONE, REPLICA, "",  \
      "The leader promotes the replica and waits until it reports the role of a master.")          \
    X(PROMOTED_SLAVE, "+promoted-slave", WARNING, NOTIFY, REPLICA, "",                             \
      "The replica reports the role of a master.")                                                 \
    X(FAILOVER_STATE_RECONF_SLAVES, "+failover-state-reconf-slaves", WARNING, NOTIFY, MASTER, "",  \
      "The leader is about to order the other replicas to follow the new master.")                 \
    X(SLAVE_RECONF_SENT, "+slave-reconf-sent", NOTICE, NONE, REPLICA, "",                          \
      "A replica was ordered to follow the new master.")                                           \
    X(SLAVE_RECONF_INPROG, "+slave-reconf-inprog", NOTICE, NONE, REPLICA, "",                      \
      "The replica names the new master as its master.")                                           \
    X(SLAVE_RECONF_DONE, "+slave-reconf-done", NOTICE, NONE, REPLICA, "",                          \
      "The replica is connected to the new master.")                                               \
    X(SLAVE_RECONF_SENT_TIMEOUT, "-slave-reconf-sent-timeout", NOTICE, NONE, REPLICA, "",          \
      "The replica has not obeyed in time; its parallel-syncs slot is free again.")                \
    X(SLAVE_RECONF_SENT_BE, "+slave-reconf-sent-be", NOTICE, NONE, REPLICA, "",                    \
      "The failover ends; this replica is still ordered to follow the new master.")                \
    X(FAILOVER_END_FOR_TIMEOUT, "+failover-end-for-timeout", WARNING, NOTIFY, MASTER, "",          \
      "The failover ends because failover-timeout has passed.")                                    \
    X(FAILOVER_END, "+failover-end", WARNING, NOTIFY, MASTER, "",                                  \
      "The failover has ended with a new master.")                                                 \
    X(SWITCH_MASTER, "+switch-master", WARNING, BOTH, NOBODY,                                      \
      "<name> <old-ip> <old-port> <new-ip> <new-port>",                                            \
      "The group has a new master; clients need no other event.")                                  \
    X(LOST_WRITES, "+lost-writes", WARNING, NOTIFY, NOBODY, "<name> <old-ip> <old-port> <bytes>",  \
      "The last switch has lost at least that much of the old master's writes; raised again if "   \
      "more is found.")                                                                            \
    X(RESCUED_WRITES, "+rescued-writes", WARNING, NOTIFY, NOBODY,                                  \
      "<name> <old-ip> <old-port> <bytes> <file>",                                                 \
      "The old master's lost writes are in the file; `redis-cli --pipe` replays it.")              \
    X(RESCUED_WRITES_NOT, "-rescued-writes", WARNING, NOTIFY, NOBODY,                              \
      "<name> <old-ip> <old-port> <reason>",                                                       \
      "The old master's lost writes could not be rescued, or only a part of them.")                \
    X(CONFIG_UPDATE_FROM, "+config-update-from", WARNING, NOTIFY, PEER, "",                        \
      "A hello of this peer has brought a newer configuration with another master.")               \
    X(FAILOVER_ABORT_NOT_ELECTED, "-failover-abort-not-elected", WARNING, NOTIFY, MASTER, "",      \
      "The attempt ends: this sentinel was not elected.")                                          \
    X(FAILOVER_ABORT_NO_GOOD_SLAVE, "-failover-abort-no-good-slave", WARNING, NOTIFY, MASTER, "",  \
      "The attempt ends: no replica can be promoted.")                                             \
    X(FAILOVER_ABORT_SLAVE_TIMEOUT, "-failover-abort-slave-timeout", WARNING, NOTIFY, MASTER, "",  \
      "The attempt ends: the selected replica did not become a master in time, or went down.")     \
    X(FAILOVER_ABORT_MASTER_TIMEOUT, "-failover-abort-master-timeout", WARNING, NOTIFY, MASTER,    \
      "", "The coordinated switchover ends: writes could be lost.")                                \
    X(MASTER_REBORN_EMPTY, "+master-reborn-empty", WARNING, NOTIFY, MASTER,                        \
      "#keys <keys>/<keys of a replica>",                                                          \
      "The master was restarted and has lost its data set, and a replica still has data.")         \
    X(CONVERT_TO_SLAVE, "+convert-to-slave", NOTICE, NONE, REPLICA, "",                            \
      "A replica that reports the role of a master was ordered to follow the master.")             \
    X(RESTORE_MASTER, "+restore-master", WARNING, NOTIFY, MASTER, "",                              \
      "A new master that somebody made a replica was promoted again.")                             \
    X(FIX_ORPHAN, "+fix-orphan", NOTICE, NONE, REPLICA, "",                                        \
      "A replica of a replica was told to follow the master, as what was above it is gone.")       \
    X(FIX_SLAVE_CONFIG, "+fix-slave-config", NOTICE, NONE, REPLICA, "",                            \
      "A replica that follows another master was ordered to follow the master.")                   \
    X(TILT, "+tilt", WARNING, NONE, NOBODY, "#tilt mode entered",                                  \
      "TILT mode has started after this process stood still: it observes but takes no decisions.") \
    X(TILT_END, "-tilt", WARNING, NONE, NOBODY, "#tilt mode exited", "TILT mode has ended.")       \
    X(SCRIPT_CHILD, "+script-child", DEBUG, NONE, NOBODY, "<pid>", "A script has started.")        \
    X(SCRIPT_CHILD_END, "-script-child", DEBUG, NONE, NOBODY, "<pid> <exit-code> <signal>",        \
      "A script has ended.")                                                                       \
    X(SCRIPT_ERROR, "-script-error", WARNING, NONE, NOBODY, "<path> <signal> <exit-code>",         \
      "A script has failed and is not retried.")                                                   \
    X(SCRIPT_TIMEOUT, "-script-timeout", WARNING, NONE, NOBODY, "<path> <pid>",                    \
      "A script that ran for too long is being killed.")

enum sn_notice {
    SN_NOTICE_NOTHING = 0,
#define X(id, name, level, scripts, subject, text, meaning) SN_NOTICE_##id,
    SN_NOTICES(X)
#undef X
        SN_NOTICE_COUNT
};

enum sn_notice_scripts { SN_SCRIPTS_NONE = 0, SN_SCRIPTS_NOTIFY, SN_SCRIPTS_BOTH };

/* Bits by enum sn_kind. */
enum sn_subject {
    SN_SUBJECT_NOBODY = 0,
    SN_SUBJECT_MASTER = 1 << 1,
    SN_SUBJECT_REPLICA = 1 << 2,
    SN_SUBJECT_PEER = 1 << 3,
    SN_SUBJECT_DATA = SN_SUBJECT_MASTER | SN_SUBJECT_REPLICA,
    SN_SUBJECT_ANY = SN_SUBJECT_DATA | SN_SUBJECT_PEER
};

#define SN_NOTICE_NAME_MAX 35

struct sn_notice_row {
    char name[SN_NOTICE_NAME_MAX + 1];
    unsigned char level;   /* enum sn_level */
    unsigned char scripts; /* enum sn_notice_scripts */
    unsigned char subject; /* enum sn_subject */
    bool has_text;
};

/* Returns the row of notice. Precondition: notice is not NOTHING. */
const struct sn_notice_row *sn_notice_row(enum sn_notice notice);
/* Publishes and logs a notice; runs no script. group: id of the group that it is about; 0: none. */
void sn_notice_emit(struct sn_core *core, uint64_t group, enum sn_notice notice,
                    const char *payload);

#endif
