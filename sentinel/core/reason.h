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
    X(OTHER_PROMOTED, "another one has been promoted under another name of this master", "")       \
    X(NOT_CONNECTED, "it is not connected", "")                                                    \
    X(PING_OLD, "it has not answered PING lately", " (for # ms, at most #)")                       \
    X(PRIORITY_ZERO, "its priority is 0", "")                                                      \
    X(INFO_NONE, "its last INFO is too old", " (there was none)")                                  \
    X(INFO_OLD, "its last INFO is too old", " (# ms, at most #)")                                  \
    X(FAILED_BEFORE, "it refused or failed to be promoted in this attempt", " (epoch #)")          \
    X(LINK_DOWN_LONG, "its link to the master was down for too long", " (# ms, at most #)")        \
    X(UNPROVEN, "it was demoted and has not been in sync since", " (for # ms)")                    \
    X(CLAIMED, "another group claims it too", "")                                                  \
    X(NO_SUCH_REPLICA, "it is no known replica", " (what was asked for, at port #)")               \
    /* no own attempt begins so far */                                                             \
    X(NO_EPOCH,                                                                                    \
      "no epoch is left to be elected in. Stop all sentinels, give them a lower current-epoch, "   \
      "config-epoch and leader-epoch in their files, the same everywhere, and start them.",        \
      "")                                                                                          \
    X(TOO_FEW_VOTERS, "",                                                                          \
      "# of # sentinels are up, # are needed. It starts when enough of them are back.")            \
    X(NOT_OUR_TURN, "other candidates go first", " (# of them, for # ms)")                         \
    X(BACK_OFF, "the next attempt waits behind the last one", " (# ms, # were lost)")              \
    X(RIVAL, "it may be failing the group over", " (epoch #, for # ms)")                           \
    X(NOBODY_TO_PROMOTE, "others may have somebody to promote, and go first", " (for # ms)")       \
    X(LAST_RESORT, "others may have a better replica, and go first", " (for # ms)")                \
    X(MASTER_MAY_ANSWER, "the master may be about to answer", " (for # ms)")                       \
    X(TILT, "nothing is decided in TILT", "")                                                      \
    X(IN_PROGRESS, "a failover is in progress", " (epoch #)")                                      \
    /* no own vote, or another's is disregarded */                                                 \
    X(VOTE_NO_ID, "no vote: that is no id", " (epoch #)")                                          \
    X(VOTE_OWN_ID, "no vote: another one asks with our id", " (epoch #)")                          \
    X(VOTE_EPOCH_FAR, "no vote: the epoch is not taken", " (#, ours is #)")                        \
    X(VOTE_GIVEN, "no vote: one is given", " (for epoch #, in #)")                                 \
    X(VOTE_OLD, "no vote: the configuration is not older", " (than epoch #, it has #)")            \
    X(RIVAL_UNKNOWN, "no regard for its attempt: it does not watch the group", " (epoch #)")       \
    /* a peer is not asked, or its answer is ignored */                                            \
    X(ASK_TOO_MANY, "not asked: earlier questions are unanswered", "")                             \
    X(ASK_NO_LINK, "not asked: its link is down or full", "")                                      \
    X(ASK_NOT_ITSELF, "not asked: it is not known to be the one at its address", "")               \
    X(ANSWER_STALE, "its answer is about what is over", "")                                        \
    X(ANSWER_BAD, "its answer is none", "")                                                        \
    X(ANSWER_NOT_ITSELF, "its answer is not its own word", "")                                     \
    /* an attempt ends */                                                                          \
    X(CANNOT_WIN, "the election cannot be won", " (epoch #: # votes, # needed)")                   \
    X(NOT_SAVED, "our vote could not be saved", " (epoch #)")                                      \
    X(MASTER_BACK, "the master is up again", " (epoch #)")                                         \
    X(VOTED_OTHERWISE, "our vote is given to another one", " (in epoch #, after #)")               \
    X(OUTDATED, "a newer configuration came", " (epoch #, the attempt had #)")                     \
    X(NO_REPLICA, "no replica can be promoted", " (# are known)")                                  \
    X(FATE_UNKNOWN, "the chosen replica may have been promoted, and is down", " (for # ms)")       \
    X(FATE_REPLACED, "the chosen replica is another process by now, and no master", "")            \
    X(PROMOTION_LATE, "the chosen replica did not become a master in time", " (# ms)")             \
    X(WRITES_AT_RISK, "writes could be lost", "")                                                  \
    X(PAUSE_ENDED, "the replica did not obey before the pause of the master ended", "")            \
    X(SWITCH_OVERTAKEN, "a newer configuration came before the switch was saved", " (epoch #)")    \
    /* the leader waits */                                                                         \
    X(ALIAS_PROMOTES, "a replica is promoted under another name of the master", "")                \
    X(HELLOS_AWAITED, "hellos first tell the master's other names", " (for # ms)")                 \
    X(INFO_AWAITED, "the replicas first tell their state", " (for # ms)")                          \
    X(FATE_AWAITED, "it may have been promoted: it went down before it told", " (for # ms)")       \
    X(LINK_AWAITED, "it gets the order when it is connected", "")                                  \
    X(ROLE_AWAITED, "it has the order, and is a replica still", " (for # ms)")                     \
    /* the chosen replica is given up */                                                           \
    X(CATCH_UP_LATE, "it did not catch up in time", "")                                            \
    X(WENT_DOWN, "it went down", "")                                                               \
    X(PRIORITY_ZERO_NOW, "its priority is 0 by now", "")                                           \
    X(ORDER_REFUSED, "it refused the order", "")                                                   \
    X(ORDER_REFUSED_PARTLY, "it refused a part of the order and is a replica still", "")           \
    /* the master is not drained */                                                                \
    X(DRAIN_NO_ANSWER, "the master does not answer", "")                                           \
    X(DRAIN_MASTER_DOWN, "the master went down meanwhile", "")                                     \
    X(DRAIN_LATE, "the replica did not catch up in time", "")                                      \
    X(DRAIN_REFUSED, "the master refused CLIENT PAUSE", "")                                        \
    X(DRAIN_NO_OFFSET, "the master does not tell its offset", "")                                  \
    X(DRAIN_PAUSE_OVER, "the pause is over", "")                                                   \
    X(DRAIN_RESTARTED, "it was restarted", "")                                                     \
    X(DRAIN_UNCONFIRMED, "the connection broke before the pause was confirmed", "")                \
    /* a replica is not told to follow the master */                                               \
    X(FOLLOW_NO_LINK, "no order: its link is down or full", "")                                    \
    X(FOLLOW_PENDING, "no order: the last one is unanswered", "")                                  \
    X(FOLLOW_ALIAS, "no order: another name of the master leads there", "")                        \
    X(FOLLOW_CLAIMED, "no order: another group claims it", "")                                     \
    X(FOLLOW_ITSELF, "no order: it is the master at another address", "")                          \
    X(FOLLOW_DOWN, "no order: it is down", " (for # ms)")                                          \
    X(FOLLOW_NO_PLACE, "no order so far: others are syncing", " (#, at most #)")                   \
    X(FOLLOW_UNTOLD, "no order so far: it has not told its role since the switch", "")             \
    X(FOLLOW_IS_MASTER, "no order: it may be a master under another name", "")                     \
    X(FOLLOW_LATE, "it has not obeyed in time", " (# ms)")                                         \
    X(FOLLOW_REFUSED, "it refused to follow the master", "")                                       \
    X(RECONF_LATE, "the failover ends before all replicas follow", " (# ms)")                      \
    X(RECONF_MASTER_DOWN, "the failover ends: the new master is down as well", "")                 \
    /* a stray replica is not repaired */                                                          \
    X(REPAIR_MASTER_DOUBTED, "not put right: the master is not known to be one now", "")           \
    X(REPAIR_OUTDATED, "not put right: a peer has a newer configuration", "")                      \
    X(REPAIR_LATELY, "not put right: it got an order", " (# ms ago, of # at least)")               \
    X(REPAIR_UNCONFIRMED, "not demoted yet: too few confirm our configuration", " (#, # needed)")  \
    X(REPAIR_RIVAL, "not demoted yet: another sentinel may be failing over", "")                   \
    X(REPAIR_NOT_OUR_TURN, "not demoted yet: other sentinels go first", " (# of them)")            \
    X(REPAIR_WAITS, "not put right: it has not strayed for long", " (# ms, of # at least)")        \
    /* a hello, or a part of it, is ignored (about its source, if it names no known sender) */     \
    X(HELLO_BAD, "no hello: it cannot be read", "")                                                \
    X(HELLO_TWIN, "no hello: it has our id", "")                                                   \
    X(HELLO_OTHER_GROUP, "no hello: it is about another group", "")                                \
    X(HELLO_SENDER_UNUSABLE, "no voter: its address cannot be used", " (port #)")                  \
    X(HELLO_MASTER_UNUSABLE, "no configuration: its master cannot be used", " (port #)")           \
    X(HELLO_STRANGER, "no voter: it is unknown, and has another master", " (config epoch #)")      \
    X(HELLO_OLD, "no configuration: it is older than ours", " (epoch #, ours is #)")               \
    X(HELLO_EPOCH_FAR, "no configuration: it is too far above ours", " (epoch #, ours is #)")      \
    X(HELLO_UNRESOLVED, "no configuration so far: its master is looked up", "")                    \
    X(EPOCH_FAR, "the epoch is not taken: it is too far above ours", " (#, ours is #)")            \
    /* a sentinel or a replica is not accepted, or not at the address it gives */                  \
    X(PEER_OWN_ADDR, "no voter: it announces our address", "")                                     \
    X(PEER_NO_ADDR, "not followed: nobody can be connected to there", "")                          \
    X(PEER_FORGED, "no voter: another one answers at its address", "")                             \
    X(PEER_TOO_MANY, "no voter: there are too many", " (#)")                                       \
    X(PEER_UNPROVEN, "not followed so far: its new address has not told its id", "")               \
    X(PEER_ADDR_TAKEN, "no voter there so far: the address is another's", "")                      \
    X(PEER_TWO_ADDRS, "not followed: it speaks from two addresses", "")                            \
    X(REPLICA_NO_ADDR, "a replica that it names cannot be connected to", " (port #)")              \
    X(REPLICA_TOO_MANY, "a replica that it names is one too many", " (# are known)")               \
    X(ALIAS_TOO_MANY, "another name of it is one too many", " (# are known)")                      \
    /* no own hello is sent */                                                                     \
    X(PUBLISH_UNSAVED, "no hello of ours: what it says is not saved yet", "")                      \
    X(PUBLISH_PAUSED, "no hello of ours: its clients are paused", " (for # ms)")                   \
    X(PUBLISH_NO_ROOM, "no hello of ours: its link is full, or the last one unanswered", "")       \
    X(PUBLISH_NO_NAME, "no hello of ours: our own address is not known", "")

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
