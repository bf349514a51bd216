/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of commands (PROTOCOL.md §4.1, §5). Arity, flags and categories are those which stock
 * sentinels report, so that rules and client libraries written for them mean the same here. */

#include "acl/specs.h"

#include <assert.h>

#define CAT(name)   (1U << SN_CAT_##name)
#define STALE       (SN_CMD_LOADING | SN_CMD_STALE)
#define CONN        (SN_CMD_NOSCRIPT | STALE)
#define ADMIN       (SN_CMD_ADMIN | CONN)
#define C_ADMIN     (CAT(ADMIN) | CAT(SLOW) | CAT(DANGEROUS))
#define C_CONN      (CAT(SLOW) | CAT(CONNECTION))
#define C_FAST_CONN (CAT(FAST) | CAT(CONNECTION))
#define C_PUBSUB    (CAT(PUBSUB) | CAT(SLOW))

#define SUBSCRIPTION (SN_CMD_PUBSUB | CONN | SN_CMD_SUBSCRIBED)
#define LOGIN        (CONN | SN_CMD_FAST | SN_CMD_NO_AUTH | SN_CMD_ALLOW_BUSY)

/* clang-format releases differ about braces in macros. */
/* clang-format off */
#define TOP(name, arity, flags, cats, group, since, summary) \
    {NULL, name, arity, flags, cats, group, since, summary, NULL}
#define CLIENT(name, arity, flags, cats, since, summary) \
    {"client", name, arity, flags, cats, "connection", since, summary, NULL}
#define ACL(name, arity, flags, cats, summary) \
    {"acl", name, arity, flags, cats, "server", "6.0.0", summary, NULL}
#define COMMAND(name, arity, since, summary) \
    {"command", name, arity, STALE, C_CONN, "server", since, summary, NULL}
#define SENTINEL(name, arity, since, summary) \
    {"sentinel", name, arity, SN_CMD_ADMIN, C_ADMIN, "sentinel", since, summary, NULL}
/* The Valkey spelling of a subcommand. */
#define ALIAS(name, arity, of) \
    {"sentinel", name, arity, SN_CMD_ADMIN, C_ADMIN, "sentinel", "8.0.0", \
     "Another name of SENTINEL " of, of}
/* clang-format on */

const struct sn_spec sn_specs[] = {
    TOP("acl", -2, 0, CAT(SLOW), "server", "6.0.0", "Commands about users and their rights"),
    ACL("cat", -2, CONN, CAT(SLOW), "Lists categories, or the commands of one"),
    ACL("deluser", -3, ADMIN, C_ADMIN, "Removes users and their connections"),
    ACL("dryrun", -4, ADMIN, C_ADMIN, "Tells whether a user may run a command"),
    ACL("genpass", -2, CONN, CAT(SLOW), "Makes a random password"),
    ACL("getuser", 3, ADMIN, C_ADMIN, "Shows the rules of a user"),
    ACL("help", 2, STALE, CAT(SLOW), "Explains the subcommands"),
    ACL("list", 2, ADMIN, C_ADMIN, "Shows all users as configuration lines"),
    ACL("load", 2, ADMIN, C_ADMIN, "Reads the ACL file again"),
    ACL("log", -2, ADMIN, C_ADMIN, "Lists refused commands and logins"),
    ACL("save", 2, ADMIN, C_ADMIN, "Writes the users to the ACL file"),
    ACL("setuser", -3, ADMIN, C_ADMIN, "Makes or changes a user"),
    ACL("users", 2, ADMIN, C_ADMIN, "Lists the names of all users"),
    ACL("whoami", 2, CONN, CAT(SLOW), "Names the user of this connection"),

    TOP("auth", -2, LOGIN, C_FAST_CONN, "connection", "1.0.0", "Authenticates the connection"),

    TOP("client", -2, 0, CAT(SLOW), "connection", "2.4.0", "Commands about connections"),
    CLIENT("caching", 3, CONN, C_CONN, "6.0.0",
           "Tracking of the next command's keys; there are no keys here"),
    CLIENT("getname", 2, CONN, C_CONN, "2.6.9", "The name of this connection"),
    CLIENT("getredir", 2, CONN, C_CONN, "6.0.0", "Where tracking messages of this connection go"),
    CLIENT("help", 2, STALE, C_CONN, "5.0.0", "Explains the subcommands"),
    CLIENT("id", 2, CONN, C_CONN, "5.0.0", "The id of this connection"),
    CLIENT("info", 2, CONN, C_CONN, "6.2.0", "Describes this connection"),
    CLIENT("kill", -3, ADMIN, C_ADMIN | CAT(CONNECTION), "2.4.0", "Closes connections"),
    CLIENT("list", -2, ADMIN, C_ADMIN | CAT(CONNECTION), "2.4.0", "Describes all connections"),
    CLIENT("no-evict", 3, ADMIN, C_ADMIN | CAT(CONNECTION), "7.0.0",
           "Closes this connection among the last when clients hold too much memory"),
    CLIENT("pause", -3, ADMIN, C_ADMIN | CAT(CONNECTION), "2.9.50",
           "Refused: it would hold back the votes of other sentinels"),
    CLIENT("reply", 3, CONN, C_CONN, "3.2.0", "Switches the replies to this connection on and off"),
    CLIENT("setinfo", 4, CONN, C_CONN, "7.2.0", "Names the library that uses this connection"),
    CLIENT("setname", 3, CONN, C_CONN, "2.6.9", "Names this connection"),
    CLIENT("tracking", -3, CONN, C_CONN, "6.0.0",
           "Switches tracking of keys; there are no keys here"),
    CLIENT("trackinginfo", 2, CONN, C_CONN, "6.2.0", "The state of tracking on this connection"),
    CLIENT("unblock", -3, ADMIN, C_ADMIN | CAT(CONNECTION), "5.0.0",
           "Ends a blocking command; there are none here"),
    CLIENT("unpause", 2, ADMIN, C_ADMIN | CAT(CONNECTION), "6.2.0", "Ends a pause of all clients"),

    TOP("command", -1, STALE, C_CONN, "server", "2.8.13", "Describes all commands"),
    COMMAND("count", 2, "2.8.13", "The number of commands"),
    COMMAND("docs", -2, "7.0.0", "Documents commands"),
    COMMAND("getkeys", -4, "2.8.13", "The keys in a command"),
    COMMAND("getkeysandflags", -4, "7.0.0", "The keys in a command and how it uses them"),
    COMMAND("help", 2, "5.0.0", "Explains the subcommands"),
    COMMAND("info", -2, "2.8.13", "Describes the named commands"),
    COMMAND("list", -2, "7.0.0", "The names of all commands"),

    TOP("hello", -1, LOGIN, C_FAST_CONN, "connection", "6.0.0",
        "Chooses the protocol, and authenticates"),
    TOP("info", -1, STALE, CAT(SLOW) | CAT(DANGEROUS), "server", "1.0.0",
        "State and statistics of the server"),
    TOP("ping", -1, SN_CMD_FAST | SN_CMD_SUBSCRIBED, C_FAST_CONN, "connection", "1.0.0",
        "Answers PONG, or the argument"),
    TOP("psubscribe", -2, SUBSCRIPTION | SN_CMD_PATTERNS, C_PUBSUB, "pubsub", "2.0.0",
        "Subscribes to all channels that match patterns"),
    TOP("publish", 3, SN_CMD_PUBSUB | STALE | SN_CMD_FAST | SN_CMD_CHANNEL, CAT(PUBSUB) | CAT(FAST),
        "pubsub", "2.0.0", "Takes the hello message of another sentinel"),
    TOP("punsubscribe", -1, SUBSCRIPTION, C_PUBSUB, "pubsub", "2.0.0",
        "Ends subscriptions to patterns"),
    TOP("quit", -1, LOGIN | SN_CMD_SUBSCRIBED | SN_CMD_UNLISTED, C_FAST_CONN, "connection", "1.0.0",
        "Closes the connection"),
    TOP("reset", 1, LOGIN | SN_CMD_SUBSCRIBED | SN_CMD_UNLISTED, C_FAST_CONN, "connection", "6.2.0",
        "Puts the connection into its initial state"),
    TOP("role", 1, CONN | SN_CMD_FAST, CAT(ADMIN) | CAT(FAST) | CAT(DANGEROUS), "server", "2.8.12",
        "The role of the server and the groups that it monitors"),

    TOP("sentinel", -2, SN_CMD_ADMIN, C_ADMIN, "sentinel", "2.8.4",
        "Commands about the monitored groups"),
    SENTINEL("ckquorum", 3, "2.8.4", "Tells whether a failover could be agreed on now"),
    SENTINEL("config", -4, "6.2.0", "Shows or changes settings of the sentinel"),
    SENTINEL("debug", -2, "7.0.0", "Shows or changes timing parameters"),
    SENTINEL("doctor", -2, "7.0.0", "Tells what is wrong or unwise, the worst first"),
    SENTINEL("explain", -3, "7.0.0", "Tells what goes on with a group, why, and what comes next"),
    SENTINEL("failover", -3, "2.8.4",
             "Hands the master over to a replica, losing no write if possible"),
    SENTINEL("flushconfig", 2, "2.8.4", "Saves the configuration"),
    SENTINEL("forget", 5, "7.0.0", "Forgets one replica or sentinel of a group"),
    SENTINEL("get-master-addr-by-name", 3, "2.8.4", "The address of a group's master"),
    ALIAS("get-primary-addr-by-name", 3, "get-master-addr-by-name"),
    {"sentinel", "help", 2, STALE, CAT(SLOW), "sentinel", "6.2.0", "Explains the subcommands",
     NULL},
    SENTINEL("history", -2, "7.0.0", "Failovers, switchovers and outages of the past"),
    SENTINEL("info-cache", -3, "3.2.0", "The last INFO of the instances of groups"),
    SENTINEL("is-master-down-by-addr", 6, "2.8.4",
             "Tells whether a master is down, and gives votes"),
    ALIAS("is-primary-down-by-addr", 6, "is-master-down-by-addr"),
    SENTINEL("master", 3, "2.8.4", "Describes the master of a group"),
    SENTINEL("masters", 2, "2.8.4", "Describes the masters of all groups"),
    SENTINEL("monitor", 6, "2.8.4", "Starts monitoring a group"),
    SENTINEL("myid", 2, "6.2.0", "The id of this sentinel"),
    SENTINEL("pause", -3, "2.8.4", "Pauses the automatic failovers of a group"),
    SENTINEL("pending-scripts", 2, "2.8.4", "Scripts that run or wait"),
    ALIAS("primaries", 2, "masters"),
    ALIAS("primary", 3, "master"),
    SENTINEL("remove", 3, "2.8.4", "Stops monitoring a group"),
    SENTINEL("replicas", 3, "5.0.0", "Describes the replicas of a group"),
    SENTINEL("reset", 3, "2.8.4", "Forgets replicas and peers of the groups that match a pattern"),
    SENTINEL("resume", 3, "2.8.4", "Ends a pause of automatic failovers"),
    SENTINEL("sentinels", 3, "2.8.4", "Describes the other sentinels of a group"),
    SENTINEL("set", -5, "2.8.4", "Changes parameters of a group"),
    SENTINEL("simulate-failure", -3, "3.2.0",
             "Makes the sentinel crash at a point of the next failover"),
    SENTINEL("slaves", 3, "2.8.0", "Describes the replicas of a group"),

    TOP("shutdown", -1, ADMIN | SN_CMD_NO_MULTI | SN_CMD_ALLOW_BUSY, C_ADMIN, "server", "1.0.0",
        "Ends the process"),
    TOP("subscribe", -2, SUBSCRIPTION | SN_CMD_CHANNELS, C_PUBSUB, "pubsub", "2.0.0",
        "Subscribes to channels"),
    TOP("unsubscribe", -1, SUBSCRIPTION, C_PUBSUB, "pubsub", "2.0.0",
        "Ends subscriptions to channels"),
};

const size_t sn_specs_count = sizeof(sn_specs) / sizeof(sn_specs[0]);

static_assert(sizeof(sn_specs) / sizeof(sn_specs[0]) <= SN_SPECS_MAX,
              "permission bitmaps are too small");
