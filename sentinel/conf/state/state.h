/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_STATE_STATE_H
#define SN_CONF_STATE_STATE_H

/* The state file (DESIGN.md §3): what was learned, the votes given, and the run-time changes, each
 * with the configured value that it replaced. INI, with a version and a checksum over everything
 * before it.
 *
 *   version = 1
 *   myid = …              current-epoch = …
 *   [change]              a changed option of the sentinel, or of the server that is `live`
 *     option = …          value = "…"   was = "…"    (none: not set)
 *   [group]               one per group
 *     name = "…"          base = port "host", as configured; missing: added at run time
 *     address = port "host"
 *     config-epoch = …    leader-epoch = …    leader = runid
 *     replica = port "host"    peer = port runid "host"
 *     option, value, was: a changed option of the group
 *   [removed]             a configured group that was removed at run time
 *     name = "…"          base = port "host"    quorum = …
 *   [user]                a user that was changed at run time; no rule: removed
 *     name = "…"          rule = "…"
 *     was = 16 digits     hash of what the file says of him; missing: it did not name him
 *   [end]
 *   checksum = 16 hexadecimal digits
 *
 * A long text goes on in lines `more = "…"`, because the INI library may have a low limit. */

#include "conf/read/config.h"

struct sn_state_change {
    const struct sn_directive *directive;
    struct sn_setting_words value;
    struct sn_setting_words was;
};

struct sn_state_group {
    /* Everything but the parameters, of which only the changes below are known. */
    struct sn_group_image image;
    struct sn_addr base; /* host "": added at run time */
    struct sn_state_change *changes;
    size_t change_count;
};

struct sn_state_removed {
    char *name;
    struct sn_addr base;
    uint32_t quorum;
};

struct sn_state_user {
    char *name;
    struct sn_setting_words rules; /* none: removed */
    uint64_t was;                  /* sn_users_hash */
};

struct sn_state {
    struct sn_runid myid;
    uint64_t current_epoch;
    bool epoch_spoilt; /* that, or an epoch of a group, was beyond what counting can reach */
    struct sn_state_change *changes;
    size_t change_count;
    struct sn_state_group *groups;
    size_t group_count;
    struct sn_state_removed *removed;
    size_t removed_count;
    struct sn_state_user *users;
    size_t user_count;
};

/* Reads a state file's text. SN_ECORRUPT: *problem says what is wrong with it; *state is empty. */
SN_MUST_CHECK int sn_state_parse(const char *text, size_t len, struct sn_state *state,
                                 struct sn_buf *problem);
void sn_state_fini(struct sn_state *state);

/* Merges state into conf->image, which equals conf->base. Where the operator has edited what was
 * also changed at run time, the file wins, with a notice. */
void sn_state_merge(const struct sn_state *state, struct sn_conf *conf);

/* Reads conf->state_path, or its journal if the file is damaged or gone, and merges it. No file at
 * all is a first start. SN_ECORRUPT, SN_EIO with a message in *error. */
SN_MUST_CHECK int sn_state_load(struct sn_conf *conf, struct sn_buf *error);

/* The index of the group called name in image, searched from `from` on and around, because images
 * of one configuration have nearly the same order; group_count if there is none. */
size_t sn_state_find_group(const struct sn_image *image, const char *name, size_t from);

#endif
