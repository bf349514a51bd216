/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_MODEL_LINK_H
#define SN_CORE_MODEL_LINK_H

/* Links. Internal, as state.h. */

#include "core/model/state.h"

/* Identity of the process at the other end of a peer's link. */
enum sn_identity {
    SN_IDENTITY_NONE = 0, /* not told yet at this address */
    SN_IDENTITY_TOLD,     /* the expected id */
    SN_IDENTITY_UNTOLD,   /* refused to tell: an old release, a missing right */
    SN_IDENTITY_OTHER     /* another id: not the peer */
};

/* Whether a data node's command link carries its subscription too (D27). */
enum sn_sharing {
    SN_SHARING_NO = 0, /* the subscription has a connection of its own */
    SN_SHARING_ASKED,  /* HELLO is unanswered, and the subscription waits */
    SN_SHARING_YES
};

enum sn_link_state { SN_LINK_IDLE = 0, SN_LINK_CONNECTING, SN_LINK_UP };

/* A lasting relation to a process, over successive connections. All groups that know a peer share
 * its link (PROTOCOL.md §9.5). */
struct sn_link {
    struct sn_link_id id; /* of the present connection or attempt; v == 0 if none */
    struct sn_core *core;
    enum sn_link_kind kind;
    enum sn_link_state state;
    struct sn_instance *owners; /* a data node, or peers linked by owner_next */
    unsigned owner_count;
    unsigned failures;        /* attempts since the last traffic */
    unsigned given_up;        /* attempts in a row that timed out */
    sn_ms opened_at, took_ms; /* last attempt; time to open the last connection */
    unsigned pending;         /* unanswered commands */
    sn_ms up_at;              /* start of the present connection */
    char *local_ip;           /* our address on it; NULL: never known */
    char *note;               /* refusal shown in the description; NULL: none */
    enum sn_order note_order; /* order of note; NONE: an opening command (AUTH …) */
    unsigned refused;         /* bits by order: refused when last tried */
    bool reached;             /* the present attempt has got as far as the TLS handshake */
    bool opening_refused;     /* on the present connection */
    bool shut_out;            /* login failure is logged: do not log its consequences */
    struct sn_timer retry;

    /* Command links only. */
    struct sn_timer ping;
    struct sn_timer stale;
    bool ping_pending;   /* on the present connection */
    bool tilt_wait;      /* TILT waits for a reply to PING on this link */
    sn_ms ping_sent_at;  /* last PING */
    sn_ms act_ping_at;   /* oldest PING without an acceptable reply, across connections */
    sn_ms silence_at;    /* start of the present silence (D2); NEVER: no silence */
    sn_ms last_avail_at; /* last acceptable PING reply, or creation */
    sn_ms heard_at;      /* last acceptable PING reply; NEVER: none */
    sn_ms last_pong_at;  /* last PING reply of any content */
    sn_ms trip_ms;       /* round trip of that reply */

    /* Command links of data nodes only. */
    unsigned unverified_orders; /* bits by order: not yet known to be allowed (rights.c) */
    unsigned trying;            /* bits by order: try unanswered */
    sn_ms tried_at;             /* last try */
    bool says_replicaof;        /* the server does not know SLAVEOF */
    bool no_rewrite;            /* the server refuses CONFIG REWRITE: orders omit it */
    enum sn_sharing sharing;    /* of the present connection */
    unsigned hello_ends;        /* how many, one after the other, ended at HELLO */
    /* Evidence that the master's process has ended (evidence.c). */
    sn_ms closed_at;    /* when the other side closed the last connection; NEVER: no evidence */
    sn_ms refused_at;   /* when the last refused attempt began */
    sn_ms refused_took; /* how long that took to be refused */
    unsigned refusals;  /* since closed_at */
    bool loading;       /* the last answer to PING was LOADING */
    bool gone;          /* S_DOWN by evidence, and nothing else was heard since */

    /* Subscription links only. */
    bool deaf;        /* the last SUBSCRIBE was refused */
    sn_ms traffic_at; /* last message */

    /* Peer links only. */
    struct sn_peer_link *peer; /* NULL on others */
    struct sn_addr *dialled;   /* last; owners may have been told other addresses. NULL: never */
    enum sn_identity identity; /* as last told */
    bool id_pending;           /* SENTINEL MYID is unanswered on the present connection */
    bool proven;               /* from our file, or has told its id: stays a voter */
    bool asleep;               /* over SN_PEERS_MAX in our file: not dialled before its hello */
};

/* Apart from the link, as a group has six links to servers for each of its two to peers, which all
 * groups share. */
struct sn_peer_link {
    struct sn_runid runid; /* of the peer; key of core->peer_links */
    struct sn_link *link;
    struct sn_instance *to_ask, *to_publish; /* owners that wait for room (window.h) */
    sn_ms answer_at, answer_ms; /* last answer to a question; NEVER: none; how long it took */
    UT_hash_handle hh;
};

#endif
