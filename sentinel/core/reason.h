/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_REASON_H
#define SN_CORE_REASON_H

/* Reasons: one value, with its words, for each kind of refusal or delay. A group keeps its latest
 * reasons; view.h shows them. */

#include "base/types.h"

#include <stdbool.h>

/* X(enumerator, words, numbers): words follow the subject of the sentence; numbers follow words,
 * and each '#' in them stands for the next measured number. The log uses the same words. */
#define SN_REASONS(X)                                                                              \
    /* a replica cannot be promoted */                                                             \
    X(REPLICA_DOWN, "it is down", " (for # ms)")                                                   \
    X(OTHER_PROMOTED, "another replica was promoted under another name of this master", "")        \
    X(NOT_CONNECTED, "it is not connected", "")                                                    \
    X(PING_OLD, "it has not answered PING lately", " (for # ms, at most #)")                       \
    X(PRIORITY_ZERO, "its priority is 0", "")                                                      \
    X(INFO_NONE, "it has not answered INFO yet", "")                                               \
    X(INFO_OLD, "its last INFO is too old", " (# ms, at most #)")                                  \
    X(FAILED_BEFORE, "it refused or failed its promotion earlier in this attempt", " (epoch #)")   \
    X(LINK_DOWN_LONG, "its link to the master was down for too long", " (# ms, at most #)")        \
    X(LOADING, "it is loading its data set", "")                                                   \
    X(EMPTY, "its data set is empty, and that of the master is not", "")                           \
    X(FULL_SYNC, "it is in the middle of a full synchronisation", "")                              \
    X(OTHER_HISTORY, "its data have another history than those of the master", "")                 \
    X(UNSYNCED, "it has not been in sync with the master since it was started", "")                \
    X(LAGS, "it lags by more than max-replica-lag", " (# bytes, at most #)")                       \
    X(UNPROVEN, "it was demoted and has not been in sync since", " (for # ms)")                    \
    X(CLAIMED, "another group claims it too", "")                                                  \
    X(NO_SUCH_REPLICA, "no replica is known at that address", " (requested port #)")               \
    /* no own attempt begins so far */                                                             \
    X(NO_EPOCH,                                                                                    \
      "no epoch is left for an election. Stop all sentinels, set current-epoch, config-epoch and " \
      "leader-epoch in their files to lower values, the same everywhere, and start them.",         \
      "")                                                                                          \
    X(TOO_FEW_VOTERS, "",                                                                          \
      "# of # sentinels are up, # are needed. The failover starts when enough sentinels are up.")  \
    X(NOT_OUR_TURN, "other sentinels go first", " (# of them, for # ms)")                          \
    X(BACK_OFF, "the pause after the last attempt is not over", " (# ms left, # attempts lost)")   \
    X(RIVAL, "it may be failing over the group", " (epoch #, for # ms)")                           \
    X(NOBODY_TO_PROMOTE,                                                                           \
      "no replica can be promoted here; other sentinels that know one go first", " (for # ms)")    \
    X(LAST_RESORT,                                                                                 \
      "only a doubtful replica is left here; other sentinels that know a better one go first",     \
      " (for # ms)")                                                                               \
    X(MASTER_MAY_ANSWER, "the master may answer any moment", " (for # ms)")                        \
    X(STILL_HEARD, "replicas within reach still receive from the master", " (# of #)")             \
    X(PAUSED, "an operator has paused automatic failovers (SENTINEL PAUSE)", " (# s left)")        \
    X(TILT, "TILT mode takes no decisions", "")                                                    \
    X(IN_PROGRESS, "a failover is in progress", " (epoch #)")                                      \
    /* no own vote, or another's is disregarded */                                                 \
    X(VOTE_NO_ID, "vote refused: malformed id", " (epoch #)")                                      \
    X(VOTE_OWN_ID, "vote refused: another sentinel uses our id", " (epoch #)")                     \
    X(VOTE_EPOCH_FAR, "vote refused: epoch is implausibly far above ours", " (#, ours is #)")      \
    X(VOTE_GIVEN, "vote refused: our vote is already given", " (for epoch #, given in epoch #)")   \
    X(VOTE_HELD, "vote refused: the sentinel that got our last one may be failing over",           \
      " (epoch #, # ms ago)")                                                                      \
    X(VOTE_PAUSED, "vote refused: an operator has paused automatic failovers (SENTINEL PAUSE)",    \
      " (epoch #)")                                                                                \
    X(VOTE_OLD, "vote refused: the epoch is not above that of our configuration",                  \
      " (epoch #, ours is #)")                                                                     \
    X(RIVAL_UNKNOWN, "its attempt is disregarded: it is not known to watch the group",             \
      " (epoch #)")                                                                                \
    /* a peer is not asked, or its answer is ignored */                                            \
    X(ASK_TOO_MANY, "not asked: earlier questions are unanswered", "")                             \
    X(ASK_NO_LINK, "not asked: its link is down or full", "")                                      \
    X(ASK_NOT_ITSELF, "not asked: its address has not confirmed its id", "")                       \
    X(ANSWER_STALE, "its answer is outdated", "")                                                  \
    X(PROCESS_GONE, "its process has ended",                                                       \
      " (# ms ago its host closed the connection, # attempts were refused since)")                 \
    X(ANSWER_BAD, "its answer is malformed", "")                                                   \
    X(ANSWER_NOT_ITSELF, "its answer is ignored: its address has not confirmed its id", "")        \
    /* an attempt ends */                                                                          \
    X(CANNOT_WIN, "the election cannot be won", " (epoch #: # votes, # needed)")                   \
    X(NOT_SAVED, "our vote could not be saved", " (epoch #)")                                      \
    X(MASTER_BACK, "the master is up again", " (epoch #)")                                         \
    X(VOTED_OTHERWISE, "our vote went to another sentinel", " (in epoch #, attempt was in #)")     \
    X(OUTDATED, "a newer configuration arrived", " (epoch #, the attempt had #)")                  \
    X(NO_REPLICA, "no replica can be promoted", " (# are known)")                                  \
    X(FATE_UNKNOWN, "the chosen replica is down and may have been promoted", " (for # ms)")        \
    X(FATE_REPLACED, "the chosen replica was restarted or replaced, and is not a master", "")      \
    X(PROMOTION_LATE, "the chosen replica did not become a master in time", " (# ms)")             \
    X(WRITES_AT_RISK, "writes could be lost", "")                                                  \
    X(PAUSE_ENDED, "the pause of the master ended before the replica obeyed", "")                  \
    X(SWITCH_OVERTAKEN, "a newer configuration arrived before the switch was saved", " (epoch #)") \
    /* the leader waits */                                                                         \
    X(ALIAS_PROMOTES, "a replica is promoted under another name of the master", "")                \
    X(HELLOS_AWAITED, "waiting for hellos, which reveal other names of the master", " (for # ms)") \
    X(INFO_AWAITED, "waiting for INFO of the replicas", " (for # ms)")                             \
    X(FATE_AWAITED, "waiting for it: it went down with the promotion unconfirmed", " (for # ms)")  \
    X(LINK_AWAITED, "waiting for its link before the order is sent", "")                           \
    X(ROLE_AWAITED, "waiting for it to become a master after the order", " (for # ms)")            \
    /* the chosen replica is given up */                                                           \
    X(CATCH_UP_LATE, "it did not catch up in time", "")                                            \
    X(WENT_DOWN, "it went down", "")                                                               \
    X(PRIORITY_ZERO_NOW, "its priority has become 0", "")                                          \
    X(ORDER_REFUSED, "it refused the order", "")                                                   \
    X(ORDER_REFUSED_PARTLY, "it refused a part of the order and is still a replica", "")           \
    /* the master is not drained */                                                                \
    X(DRAIN_NO_ANSWER, "the master does not answer", "")                                           \
    X(DRAIN_MASTER_DOWN, "the master went down during the drain", "")                              \
    X(DRAIN_LATE, "the replica did not catch up in time", "")                                      \
    X(DRAIN_REFUSED, "the master refused CLIENT PAUSE", "")                                        \
    X(DRAIN_NO_OFFSET, "the master does not report its offset", "")                                \
    X(DRAIN_PAUSE_OVER, "the pause has ended", "")                                                 \
    X(DRAIN_RESTARTED, "the master was restarted", "")                                             \
    X(DRAIN_UNCONFIRMED, "the connection broke before the pause was confirmed", "")                \
    /* a replica is not told to follow the master */                                               \
    X(FOLLOW_NO_LINK, "no order sent: its link is down or full", "")                               \
    X(FOLLOW_PENDING, "no order sent: the last one is unanswered", "")                             \
    X(FOLLOW_ALIAS, "no order sent: it is the new master under another name of this master", "")   \
    X(FOLLOW_CLAIMED, "no order sent: another group claims it", "")                                \
    X(FOLLOW_ITSELF, "no order sent: it is the master at another address", "")                     \
    X(FOLLOW_DOWN, "no order sent: it is down", " (for # ms)")                                     \
    X(FOLLOW_NO_PLACE, "no order sent yet: other replicas are syncing", " (#, at most #)")         \
    X(FOLLOW_UNTOLD, "no order sent yet: it has not reported its role since the switch", "")       \
    X(FOLLOW_IS_MASTER, "no order sent: somebody else may have promoted it", "")                   \
    X(FOLLOW_MASTER_IS_REPLICA, "no order sent: the new master is a replica itself", "")           \
    X(FOLLOW_LATE, "it did not obey in time", " (# ms)")                                           \
    X(FOLLOW_REFUSED, "it refused to follow the master", "")                                       \
    X(RECONF_LATE, "the failover ends before all replicas follow the new master", " (# ms)")       \
    X(RECONF_MASTER_DOWN, "the failover ends: the new master is down too", "")                     \
    X(FOLLOW_RESCUE, "no order sent yet: its lost writes are being rescued", " (for # ms)")        \
    /* a failover has cost something */                                                            \
    X(WRITES_LOST, "the last switch has lost writes that it had", " (# bytes)")                    \
    X(RESCUE_GONE, "its lost writes cannot be rescued: it was restarted, and its backlog is gone", \
      "")                                                                                          \
    X(RESCUE_FAILED, "its lost writes were not rescued", "")                                       \
    /* a new master that is a replica is not promoted again */                                     \
    X(RESTORE_NOT_OURS,                                                                            \
      "a replica, not promoted again: another sentinel, or nobody, led the "                       \
      "last failover, or it is long ago",                                                          \
      "")                                                                                          \
    X(RESTORE_RIVAL, "a replica, not promoted again: a newer configuration may exist", "")         \
    X(RESTORE_SYNCING, "a replica, not promoted again: it is receiving data", "")                  \
    X(RESTORE_IN_VAIN, "a replica, not promoted again: that had no lasting effect", " (# times)")  \
    /* a stray replica is not repaired */                                                          \
    X(REPAIR_MASTER_DOUBTED, "not repaired: its master has not confirmed its role", "")            \
    X(REPAIR_OUTDATED, "not repaired: a peer has a newer configuration", "")                       \
    X(REPAIR_LATELY, "not repaired: its last order is too recent", " (# ms ago, at least #)")      \
    X(REPAIR_UNCONFIRMED, "not demoted yet: too few sentinels confirm our configuration",          \
      " (#, # needed)")                                                                            \
    X(REPAIR_RIVAL, "not demoted yet: another sentinel may be failing over the group", "")         \
    X(REPAIR_NOT_OUR_TURN, "not demoted yet: other sentinels go first", " (# of them)")            \
    X(REPAIR_WAITS, "not repaired yet: it has not strayed for long", " (# ms, at least #)")        \
    /* a hello, or a part of it, is ignored (about its source, if it names no known sender) */     \
    X(HELLO_BAD, "hello ignored: it is malformed", "")                                             \
    X(HELLO_TWIN, "hello ignored: its sender uses our id", "")                                     \
    X(HELLO_OTHER_GROUP, "hello ignored: it concerns another group", "")                           \
    X(HELLO_SENDER_UNUSABLE, "not counted as a voter: its address is unusable", " (port #)")       \
    X(HELLO_MASTER_UNUSABLE, "configuration ignored: the address of its master is unusable",       \
      " (port #)")                                                                                 \
    X(HELLO_STRANGER, "not counted as a voter: it is unknown and has another master",              \
      " (config epoch #)")                                                                         \
    X(HELLO_OLD, "configuration ignored: it is older than ours", " (epoch #, ours is #)")          \
    X(HELLO_EPOCH_FAR, "configuration ignored: its epoch is implausibly far above ours",           \
      " (epoch #, ours is #)")                                                                     \
    X(HELLO_UNCONFIRMED,                                                                           \
      "configuration not adopted yet: its sender or its master has to confirm it",                 \
      " (epoch #, ours is #)")                                                                     \
    X(HELLO_DENIED, "configuration ignored: its sender denies it", " (epoch #, the sender has #)") \
    X(HELLO_UNRESOLVED,                                                                            \
      "configuration not applied yet: the host name of its master is being resolved", "")          \
    X(EPOCH_FAR, "epoch ignored: it is implausibly far above ours", " (#, ours is #)")             \
    /* a sentinel or a replica is not accepted, or not at the address it gives */                  \
    X(PEER_OWN_ADDR, "not counted as a voter: it announces our address", "")                       \
    X(PEER_NO_ADDR, "address ignored: no host can have it", "")                                    \
    X(PEER_FORGED, "not counted as a voter: another sentinel answers at its address", "")          \
    X(PEER_TOO_MANY, "not counted as a voter: the group has too many peers", " (#)")               \
    X(PEER_UNPROVEN, "new address not used yet: it has not confirmed the id", "")                  \
    X(PEER_ADDR_TAKEN, "new address not used yet: it belongs to another sentinel", "")             \
    X(PEER_TWO_ADDRS, "new address not used: it announces two addresses", "")                      \
    X(REPLICA_NO_ADDR, "it reports a replica with an unusable address", " (port #)")               \
    X(REPLICA_TOO_MANY, "it reports more replicas than the limit", " (# are known)")               \
    X(ALIAS_TOO_MANY, "it has more names than the limit", " (# are known)")                        \
    /* no own hello is sent */                                                                     \
    X(PUBLISH_UNSAVED, "no hello published: its content is not saved yet", "")                     \
    X(PUBLISH_PAUSED, "no hello published: its clients are paused", " (for # ms)")                 \
    X(PUBLISH_NO_ROOM, "no hello published: its link is full or the last hello is unanswered", "") \
    X(PUBLISH_NO_NAME, "no hello published: our own address is unknown", "")

enum sn_reason {
    SN_REASON_NONE = 0, /* no objection */
#define X(id, words, numbers) SN_REASON_##id,
    SN_REASONS(X)
#undef X
        SN_REASON_COUNT
};

#define SN_REASON_NUMBERS      3
#define SN_REASON_ID_MAX       8  /* bytes kept of an id */
#define SN_REASON_NAME_MAX     31 /* longest sn_reason_name */
#define SN_REASON_SENTENCE_MAX 319
#define SN_REASONS_MAX         32 /* reasons that a group keeps */

/* A reason and its measured numbers. */
struct sn_why {
    enum sn_reason reason;
    int64_t numbers[SN_REASON_NUMBERS];
};

/* A recorded reason. It concerns a member of the group or, if member is 0, the sentinel with this
 * id. */
struct sn_reason_entry {
    sn_ms since; /* first occurrence, on the clock of sn_input.now */
    sn_ms at;    /* last occurrence; id and numbers date from it */
    int64_t numbers[SN_REASON_NUMBERS];
    uint64_t member;
    uint32_t count; /* occurrences, at least 1 */
    uint8_t reason; /* enum sn_reason */
    char id[SN_REASON_ID_MAX + 1];
};

/* Writes the machine-readable name, such as "replica-down", to out (SN_REASON_NAME_MAX + 1 bytes).
 * Precondition: reason is not NONE. */
void sn_reason_name(enum sn_reason reason, char *out);
/* Returns the words of reason, without numbers; static. */
const char *sn_reason_words(enum sn_reason reason);
/* Writes the words with the numbers to out (SN_REASON_SENTENCE_MAX + 1 bytes). */
void sn_reason_sentence(const struct sn_why *why, char *out);

#endif
