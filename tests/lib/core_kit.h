/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_CORE_KIT_H
#define SN_TESTS_CORE_KIT_H

/* A bench for one core: made from a line of text, driven by a fake clock, surrounded by model data
 * nodes and peers that answer at once, and read as lines of text.
 *
 * Processes have short names: "n1" is the data node 10.0.0.1:6379, "n2" 10.0.0.2:6379 and so on;
 * "a" to "f" are the peers 10.0.1.1:26379 to 10.0.1.6:26379 whose run ids are forty times that
 * letter. Everything else is "host:port". Times are milliseconds since kit_new.
 *
 * Lines of the trace, by their first word:
 *   connect sub n1                  disconnect data n1       resolve example.org
 *   connect data n1 resp3 (asked for)   connect sub n1 over (on that connection)
 *   ping n1   info n1   publish n1 <hello>   promote n2   follow n3 10.0.0.2 6379   script-kill n1
 *   pause n1 7000   unpause n1   try-follow n1   try-kill n1   try-exec n1   try-transaction n1
 *   promote n2 no-rewrite   (and follow: without CONFIG REWRITE)   try-pause n1   ask a 10.0.0.1
 * 6379 5 * event W +sdown master m1 10.0.0.1 6379   (level W, N, V or D) log W <text>   persist 3
 * start 17 /path word   kill 17   exit 99 answer 1 ok   answer 1 error <text>   answer 1 integer 2
 * answer 1 vote 1 <run id> 5 */

#include "core/agree/election.h"
#include "core/agree/rank.h"
#include "core/agree/rival.h"
#include "core/agree/select.h"
#include "core/facts/group.h"
#include "core/facts/instance.h"
#include "core/facts/link.h"
#include "core/facts/members.h"
#include "core/facts/persist.h"
#include "shadow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define KIT_ME "0000000000000000000000000000000000000000"
#define KIT_A  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KIT_B  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define KIT_C  "cccccccccccccccccccccccccccccccccccccccc"
#define KIT_D  "dddddddddddddddddddddddddddddddddddddddd"
#define KIT_E  "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"

/* How a process takes part. */
enum kit_mode {
    KIT_WELL = 0, /* accepts connections, answers */
    KIT_FROZEN,   /* accepts connections, answers nothing */
    KIT_REFUSING, /* refuses connections */
    KIT_NO_ROOM,  /* the shell has no file for the connection */
    KIT_GONE      /* swallows everything */
};

/* What a saving disk does. */
enum kit_disk { KIT_DISK_GOOD = 0, KIT_DISK_BAD, KIT_DISK_SLOW /* kit_persisted answers */ };

/* What a peer has as its configuration of a group. */
struct kit_belief {
    char group[64];
    char host[SN_HOST_MAX + 1];
    uint16_t port;
    uint64_t config_epoch;
};

#define KIT_BELIEFS 4

/* A data node or a peer. Tests change it freely; it speaks by INFO, PONG and answers only. */
struct kit_node {
    char name[64];
    char host[SN_IP_MAX + 1];
    uint16_t port;
    enum kit_mode mode;
    const char *pong;  /* answer to PING, kit_reply syntax; NULL: +PONG */
    const char *order; /* answer to PROMOTE and FOLLOW, kit_reply syntax; NULL: obeys */
    /* Data nodes: */
    const char *pause; /* answer to CLIENT PAUSE, kit_reply syntax; NULL: +OK */
    bool deaf;         /* our hellos do not come back on the subscription */
    bool resp3;        /* speaks it if HELLO asks; refuses HELLO otherwise */
    bool shy;          /* closes the connection when it is asked */
    enum sn_role role;
    char master[64]; /* name of the node that it follows */
    struct sn_runid runid;
    bool link_up;
    bool syncing;      /* master_sync_in_progress */
    bool syncs_slowly; /* FOLLOW leaves link_up false */
    unsigned link_down_s;
    bool tells_last_io; /* with link_up */
    unsigned last_io_s;
    unsigned priority;
    unsigned long long offset;
    char history, history2; /* its replication ids are forty of that; '\0': it tells none */
    unsigned long long second_offset;
    bool loading;
    bool keeps_replicas; /* a master that tells min_slaves_good_slaves */
    bool never_up;       /* its link was never up; with link_up false */
    bool tells_keys;
    unsigned long long keys, changes, saved_at_s;
    const char *server_info; /* lines before all others of INFO; NULL: none */
    /* Peers: */
    bool says_down;
    bool refuses; /* never votes */
    struct sn_runid vote;
    unsigned long long vote_epoch;
    const char *answer;                     /* to ASK, kit_reply syntax; NULL: by the facts above */
    struct kit_belief beliefs[KIT_BELIEFS]; /* told by CONFIG and WHERE; group "": unused */
    const char *config;                     /* to CONFIG, kit_reply syntax; NULL: by its belief */
    const char *settings; /* to SETTINGS, kit_reply syntax; NULL: nothing of interest */
    const char *myid; /* to MYID, kit_reply syntax; NULL: its letter, and others do not know it */
    struct kit_node *next;
};

struct kit_line {
    sn_ms at;
    char *text;
};

/* Something that was sent and has no reply yet. */
struct kit_sent {
    struct sn_link_id link;
    enum sn_order order;
    uint64_t tag;
    struct kit_node *node;
    char host[SN_HOST_MAX + 1];
    uint16_t port;
    uint64_t epoch;
    struct sn_runid runid;
    char message[SN_NAME_MAX + 1];
    struct kit_sent *prev, *next;
};

struct kit_conn {
    struct sn_link_id id;
    enum sn_link_kind kind;
    struct kit_node *node;
    bool up;
    bool asked;  /* CONNECT is still unanswered */
    bool hello;  /* HELLO is still unanswered */
    bool orphan; /* the connection that it shared is gone, and the core does not know yet */
    struct sn_link_id over; /* the connection that it shares; v == 0: it has one */
    char names[128];        /* of the latest CONNECT or SEND: "PING=pong …" */
};

struct kit {
    struct sn_core *core;
    sn_ms start;
    sn_ms now;
    struct kit_node *nodes;
    struct kit_conn *conns;
    size_t conn_count;
    struct kit_sent *sent;
    struct kit_line *lines;
    size_t line_count;
    size_t line_room;
    enum kit_disk disk;
    struct shadow shadow;
    uint64_t saving;  /* version of the last PERSIST without an answer; 0 if none */
    unsigned hold;    /* bit per enum sn_order: kit_reply answers those, not the model */
    bool busy;        /* inside of the loop that answers */
    uint64_t tickets; /* handed out */
};

#define KIT_HOLD(order) (1U << (unsigned)(order))

/* What the latest action for link says that the server calls commands: "PING=pong
 * SLAVEOF=REPLICAOF". */
const char *kit_names(struct kit *kit, struct sn_link_id link);

/* A core and its surroundings, started and connected. Groups are separated by ';', each
 *   NAME MASTER [quorum N] [down-after MS] [timeout MS] [syncs N] [reboot MS] [replicas n2,n3]
 *   [peers a,b] [config EPOCH] [voted EPOCH] [leader a] [notify PATH] [reconfig PATH]
 *   [pass TEXT] [user TEXT]
 * Unless said otherwise quorum 2, down-after 1000, timeout 10000, syncs 1. A group called "-"
 * stands for the sentinel itself: [epoch N] [hostnames] [announce-hostnames] [sentinel-pass TEXT]
 * [own-pass TEXT] [single-connection]. The trace is empty on return, and the time is 0. */
struct kit *kit_new(const char *text);
/* The same with another seed, and the trace since the start kept if `keep`. */
struct kit *kit_new_seeded(const char *text, uint64_t seed, bool keep);
/* A core on the durable state of kit's core, as after a restart; kit itself is left alone. */
struct kit *kit_restarted(const struct kit *kit, uint64_t seed);
void kit_free(struct kit *kit);

struct kit_node *kit_node(struct kit *kit, const char *name);
struct sn_group *kit_group(struct kit *kit, const char *name);
struct sn_instance *kit_instance(struct kit *kit, const char *group, const char *node);
const char *kit_node_name(struct kit *kit, const struct sn_instance *instance);

/* ---- time and events ------------------------------------------------------------------------ */

/* Runs every deadline up to and including `at`. */
void kit_to(struct kit *kit, sn_ms at);
sn_ms kit_now(const struct kit *kit);
/* The clock jumps without a single step: a stall of our own. */
void kit_stall(struct kit *kit, sn_ms ms);
/* Steps event at the present time, then everything the models answer to it. */
void kit_step(struct kit *kit, struct sn_input *event);

/* Every connection of node breaks; what was outstanding on it is lost. */
void kit_drop(struct kit *kit, const char *node);
/* Only its links of one kind. */
void kit_drop_link(struct kit *kit, const char *node, enum sn_link_kind kind);
/* Changes the mode; REFUSING also drops what is connected. */
void kit_mode(struct kit *kit, const char *node, enum kit_mode mode);
/* Answers the oldest outstanding `order` to node: "+STATUS", "-ERROR", ":1", "$string", "_" for
 * nil, or "[a|b|c]" for an array of those. For PROMOTE and FOLLOW this is EXEC's reply. */
void kit_reply(struct kit *kit, const char *node, enum sn_order order, const char *text);
/* The same with an error among the replies before EXEC. */
void kit_reply_queue_error(struct kit *kit, const char *node, enum sn_order order, const char *text,
                           const char *queue_error);
/* Answers an outstanding INFO with this text, or by the model if text is NULL. */
void kit_info(struct kit *kit, const char *node, const char *text);
/* An answer of the disk about the newest version asked for. */
void kit_persisted(struct kit *kit, bool ok);
/* A hello of a peer by PUBLISH; it has that configuration from then on. */
void kit_hello(struct kit *kit, const char *peer, const char *group, const char *master,
               uint64_t epoch, uint64_t config_epoch);
/* Any hello, on node's subscription if node is not NULL. The process at its sender's address has
 * that configuration from then on. False if not all of it is of use. */
bool kit_hello_text(struct kit *kit, const char *node, const char *text);
/* The same, but nobody has sent it. */
bool kit_forged(struct kit *kit, const char *node, const char *text);
void kit_resolved(struct kit *kit, const char *host, const char *ip);
/* All give the ticket. */
uint64_t kit_command(struct kit *kit, struct sn_command *command);
uint64_t kit_ask(struct kit *kit, const char *master, uint64_t epoch, const char *runid);
uint64_t kit_named(struct kit *kit, enum sn_command_kind kind, const char *name);
uint64_t kit_failover(struct kit *kit, const char *group, enum sn_failover_mode mode);
uint64_t kit_set(struct kit *kit, const char *group, enum sn_option option, const char *name,
                 const char *value, int64_t number);
uint64_t kit_debug(struct kit *kit, enum sn_timing timing, sn_ms value_ms);

/* ---- the trace ------------------------------------------------------------------------------ */

void kit_clear(struct kit *kit);
/* Compares the lines whose first word is among `words` (blank separated) with `expected`, one line
 * each with '\n' behind it, and clears the trace. */
#define kit_expect(kit, words, expected) kit_expect_at(kit, words, expected, __FILE__, __LINE__)
void kit_expect_at(struct kit *kit, const char *words, const char *expected, const char *file,
                   int line);
/* How many lines begin with `start`. */
size_t kit_count(const struct kit *kit, const char *start);
/* The first line that begins with `start`, NULL if none; valid until the trace is cleared. */
const char *kit_find(const struct kit *kit, const char *start);
/* The time of the first such line; -1 if none. */
sn_ms kit_when(const struct kit *kit, const char *start);
/* How often something was decided for this reason about node, as far as group remembers; node NULL:
 * about anybody. */
size_t kit_reasons(struct kit *kit, const char *group, enum sn_reason reason, const char *node);
/* The latest entry of that kind, as text; "" if there is none. Valid until the next call. */
const char *kit_reason_text(struct kit *kit, const char *group, enum sn_reason reason);
/* The whole trace, times included, as one text that belongs to the caller. */
char *kit_dump(const struct kit *kit);

/* ---- ready-made situations ------------------------------------------------------------------ */

/* n1 stops and refuses connections; the peers named (letters) agree at once. */
void kit_kill_master(struct kit *kit, const char *peers);
/* Up to the promotion order: the master dies, the election is won. Peers must be enough. */
void kit_to_promotion(struct kit *kit, const char *peers);

#endif
