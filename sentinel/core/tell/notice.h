/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_NOTICE_H
#define SN_CORE_NOTICE_H

/* Notices: the events for operators and clients (PROTOCOL.md §7), in one table.
 * tests/lint/events.py generates the table of docs/EVENTS.md from it. Internal to the core. */

#include "base/level.h"

#include <stdbool.h>

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
      "The group is watched: at the start, or from SENTINEL MONITOR on.")                          \
    X(MONITOR_END, "-monitor", WARNING, NOTIFY, MASTER, "", "SENTINEL REMOVE has ended that.")     \
    X(SET, "+set", WARNING, NOTIFY, MASTER, "<option> <value>",                                    \
      "SENTINEL SET has changed an option; a password shows as `******`.")                         \
    X(RESET_MASTER, "+reset-master", WARNING, NOTIFY, MASTER, "",                                  \
      "SENTINEL RESET has forgotten the replicas and peers of the group.")                         \
    X(SLAVE, "+slave", NOTICE, NONE, REPLICA, "",                                                  \
      "A replica is new, or belongs to another master after a switch.")                            \
    X(SENTINEL, "+sentinel", NOTICE, NONE, PEER, "",                                               \
      "A sentinel that watches the group has said hello for the first time.")                      \
    X(SENTINEL_ADDRESS_SWITCH, "+sentinel-address-switch", NOTICE, NONE, MASTER,                   \
      "ip <ip> port <port> for <runid>", "A known sentinel has a new address.")                    \
    X(SENTINEL_ADDRESS_UPDATE, "+sentinel-address-update", NOTICE, NONE, PEER,                     \
      "<n> additional matching instances",                                                         \
      "The new address of a sentinel was taken over in n other groups.")                           \
    X(SENTINEL_INVALID_ADDR, "+sentinel-invalid-addr", NOTICE, NONE, PEER, "",                     \
      "The address of a peer belongs to another sentinel: the peer is removed.")                   \
    X(FOREIGN_HELLO, "+foreign-hello", WARNING, NOTIFY, MASTER,                                    \
      "from <runid> <ip> <port> master <ip> <port>",                                               \
      "An unknown sentinel announces another master under this name, and is ignored.")             \
    X(FOREIGN_INSTANCE, "+foreign-instance", WARNING, NOTIFY, REPLICA, "",                         \
      "Another group claims the replica as well: it gets no orders.")                              \
    X(REBOOT, "+reboot", NOTICE, NONE, DATA, "",                                                   \
      "A server was restarted: INFO tells another run id.")                                        \
    X(ROLE_CHANGE, "+role-change", VERBOSE, NONE, DATA, "new reported role is <role>",             \
      "A server reports another role than before, and the one expected of it.")                    \
    X(ROLE_CHANGE_ODD, "-role-change", VERBOSE, NONE, DATA, "new reported role is <role>",         \
      "A server reports another role than before, and not the one expected of it.")                \
    X(SDOWN, "+sdown", WARNING, NOTIFY, ANY, "",                                                   \
      "A server or sentinel is down, as far as this sentinel sees.")                               \
    X(SDOWN_END, "-sdown", WARNING, NOTIFY, ANY, "", "It is up again.")                            \
    X(ODOWN, "+odown", WARNING, NOTIFY, MASTER, "#quorum <agreeing>/<quorum>",                     \
      "The master is down, as the quorum of the sentinels agrees.")                                \
    X(ODOWN_END, "-odown", WARNING, NOTIFY, MASTER, "", "They do not agree on that any more.")     \
    X(NEW_EPOCH, "+new-epoch", WARNING, NOTIFY, NOBODY, "<epoch>",                                 \
      "The current epoch has risen, by an attempt of ours, a request for our vote or a hello.")    \
    X(TRY_FAILOVER, "+try-failover", WARNING, NOTIFY, MASTER, "",                                  \
      "This sentinel begins an attempt and asks for votes.")                                       \
    X(VOTE_FOR_LEADER, "+vote-for-leader", WARNING, NOTIFY, NOBODY, "<runid> <epoch>",             \
      "This sentinel has given its vote, to itself or to another one.")                            \
    X(ELECTED_LEADER, "+elected-leader", WARNING, NOTIFY, MASTER, "",                              \
      "The attempt is won: this sentinel leads the failover.")                                     \
    X(FAILOVER_STATE_SELECT_SLAVE, "+failover-state-select-slave", WARNING, NOTIFY, MASTER, "",    \
      "The leader looks for a replica to promote.")                                                \
    X(SELECTED_SLAVE, "+selected-slave", WARNING, NOTIFY, REPLICA, "",                             \
      "The leader has chosen this replica.")                                                       \
    X(FAILOVER_STATE_SEND_SLAVEOF_NOONE, "+failover-state-send-slaveof-noone", NOTICE, NONE,       \
      REPLICA, "", "The replica is about to get the order; a planned switchover drains first.")    \
    X(FAILOVER_STATE_WAIT_PROMOTION, "+failover-state-wait-promotion", NOTICE, NONE, REPLICA, "",  \
      "The replica gets the order, and has to say that it is a master.")                           \
    X(PROMOTED_SLAVE, "+promoted-slave", WARNING, NOTIFY, REPLICA, "", "The replica says so.")     \
    X(FAILOVER_STATE_RECONF_SLAVES, "+failover-state-reconf-slaves", WARNING, NOTIFY, MASTER, "",  \
      "The other replicas are about to be pointed at the new master.")                             \
    X(SLAVE_RECONF_SENT, "+slave-reconf-sent", NOTICE, NONE, REPLICA, "",                          \
      "A replica was told to follow the new master.")                                              \
    X(SLAVE_RECONF_INPROG, "+slave-reconf-inprog", NOTICE, NONE, REPLICA, "",                      \
      "It names the new master as its own.")                                                       \
    X(SLAVE_RECONF_DONE, "+slave-reconf-done", NOTICE, NONE, REPLICA, "",                          \
      "It is connected to the new master.")                                                        \
    X(SLAVE_RECONF_SENT_TIMEOUT, "-slave-reconf-sent-timeout", NOTICE, NONE, REPLICA, "",          \
      "It has not obeyed in time, and makes room for the next one.")                               \
    X(SLAVE_RECONF_SENT_BE, "+slave-reconf-sent-be", NOTICE, NONE, REPLICA, "",                    \
      "The failover ends, and this replica gets the order all the same.")                          \
    X(FAILOVER_END_FOR_TIMEOUT, "+failover-end-for-timeout", WARNING, NOTIFY, MASTER, "",          \
      "The failover ends, as failover-timeout is over.")                                           \
    X(FAILOVER_END, "+failover-end", WARNING, NOTIFY, MASTER, "",                                  \
      "The failover is over, and the group has its new master.")                                   \
    X(SWITCH_MASTER, "+switch-master", WARNING, BOTH, NOBODY,                                      \
      "<name> <old-ip> <old-port> <new-ip> <new-port>",                                            \
      "The group has another master: the one event that clients need.")                            \
    X(CONFIG_UPDATE_FROM, "+config-update-from", WARNING, NOTIFY, PEER, "",                        \
      "A hello of this peer has brought a newer configuration, with another master.")              \
    X(FAILOVER_ABORT_NOT_ELECTED, "-failover-abort-not-elected", WARNING, NOTIFY, MASTER, "",      \
      "The attempt ends: it was not won.")                                                         \
    X(FAILOVER_ABORT_NO_GOOD_SLAVE, "-failover-abort-no-good-slave", WARNING, NOTIFY, MASTER, "",  \
      "The attempt ends: no replica can be promoted.")                                             \
    X(FAILOVER_ABORT_SLAVE_TIMEOUT, "-failover-abort-slave-timeout", WARNING, NOTIFY, MASTER, "",  \
      "The attempt ends: the chosen replica did not become a master in time, or went down.")       \
    X(FAILOVER_ABORT_MASTER_TIMEOUT, "-failover-abort-master-timeout", WARNING, NOTIFY, MASTER,    \
      "", "The coordinated switchover ends: writes could be lost.")                                \
    X(CONVERT_TO_SLAVE, "+convert-to-slave", NOTICE, NONE, REPLICA, "",                            \
      "A replica that claims to be a master was told to follow the master.")                       \
    X(FIX_SLAVE_CONFIG, "+fix-slave-config", NOTICE, NONE, REPLICA, "",                            \
      "A replica of another master was told to follow the master.")                                \
    X(TILT, "+tilt", WARNING, NONE, NOBODY, "#tilt mode entered",                                  \
      "This process stood still for a while: it watches, but decides nothing.")                    \
    X(TILT_END, "-tilt", WARNING, NONE, NOBODY, "#tilt mode exited", "It decides again.")          \
    X(SCRIPT_CHILD, "+script-child", DEBUG, NONE, NOBODY, "<pid>", "A script has started.")        \
    X(SCRIPT_CHILD_END, "-script-child", DEBUG, NONE, NOBODY, "<pid> <exit-code> <signal>",        \
      "A script has ended.")                                                                       \
    X(SCRIPT_ERROR, "-script-error", WARNING, NONE, NOBODY, "<path> <signal> <exit-code>",         \
      "A script has failed, and is not tried again.")                                              \
    X(SCRIPT_TIMEOUT, "-script-timeout", WARNING, NONE, NOBODY, "<path> <pid>",                    \
      "A script is ended, as it runs for too long.")

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
/* Publishes and logs a notice; runs no script. */
void sn_notice_emit(struct sn_core *core, enum sn_notice notice, const char *payload);

#endif
