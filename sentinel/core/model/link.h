/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_MODEL_LINK_H
#define SN_CORE_MODEL_LINK_H

/* Links: lasting relations to processes. Internal, as state.h. */

#include "core/model/state.h"

/* What the process at the other end of a peer's link says its id is. */
enum sn_identity {
    SN_IDENTITY_NONE = 0, /* nothing so far, at this address */
    SN_IDENTITY_TOLD,     /* what we expect */
    SN_IDENTITY_UNTOLD,   /* it does not tell: an old release, a missing right */
    SN_IDENTITY_OTHER     /* another one: it is not the peer */
};

enum sn_link_state { SN_LINK_IDLE = 0, SN_LINK_CONNECTING, SN_LINK_UP };

/* A lasting relation to a process; its connections come and go. A peer's link is shared by all
 * groups that know the peer (PROTOCOL.md §9.5). */
struct sn_link {
    struct sn_core *core;
    enum sn_link_kind kind;
    enum sn_link_state state;
    struct sn_link_id id;       /* of the present connection or attempt; v == 0 if none */
    struct sn_instance *owners; /* linked by owner_next (peers) ; one for data nodes */
    unsigned owner_count;
    unsigned failures;            /* attempts since the last sign of life */
    unsigned given_up;            /* those in a row that took too long to open */
    sn_ms opened_at, took_ms;     /* the last attempt, and how long the last connection took */
    unsigned pending;             /* commands without a reply */
    sn_ms up_at;                  /* of the present connection */
    char local_ip[SN_IP_MAX + 1]; /* our address on it */
    char *note; /* what the other side refuses, for the description; NULL if nothing */
    enum sn_order note_order; /* which command that is; NONE: an opening one (AUTH …) */
    unsigned refused;         /* bits by order: refused when last tried, and told in the log */
    bool opening_refused;     /* on the present connection */
    bool shut_out;            /* told that it does not let us in: what follows from it is not */
    struct sn_timer retry;

    /* Command links only. */
    struct sn_timer ping;
    struct sn_timer stale;
    bool ping_pending;   /* on the present connection */
    bool tilt_wait;      /* TILT waits for a PING of this link to be answered */
    sn_ms ping_sent_at;  /* last PING */
    sn_ms act_ping_at;   /* oldest PING without an acceptable reply, across connections */
    sn_ms silence_at;    /* start of the present silence (DESIGN.md D2); NEVER while all is well */
    sn_ms last_avail_at; /* last acceptable PING reply, or the creation */
    sn_ms heard_at;      /* the former alone; NEVER if there was none */
    sn_ms last_pong_at;  /* last PING reply of any content */
    sn_ms trip_ms;       /* that one's round trip */

    /* Command links of data nodes only. */
    unsigned unverified_orders; /* bits by order: not known to be allowed (rights.c) */
    unsigned trying;            /* bits by order: tried, not answered yet */
    sn_ms tried_at;             /* last time */
    bool says_replicaof;        /* SLAVEOF is unknown to the server */
    bool no_rewrite;            /* the server refuses CONFIG REWRITE, so orders go without it */

    /* Subscription links only. */
    bool deaf;        /* SUBSCRIBE was refused when it was last answered */
    sn_ms traffic_at; /* last message */

    /* Peer links only. */
    struct sn_runid runid;     /* key of core->peer_links */
    enum sn_identity identity; /* as told last */
    bool id_pending;           /* SENTINEL MYID is unanswered on the present connection */
    bool proven; /* was in our file, or has told this id: stays a voter whoever answers there */
    bool asleep; /* one of too many in our file: not dialled before it says hello */
    UT_hash_handle hh_id;
    UT_hash_handle hh_runid;
};

#endif
