/* SPDX-License-Identifier: BSD-3-Clause */

/* Which group a line is about is read from its words: a group's name, the port of a master that is
 * asked about, else the servers that it names. */

#include "lens.h"

#include "cast.h"
#include "cluster_internal.h"
#include "sim.h"

#include "core/facts/members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BREAKS   " ,:;()[]'"
#define WORD_MAX 64

void lens_init(struct lens *lens)
{
    memset(lens, 0, sizeof(*lens));
    lens->to = SN_MS_NEVER;
    lens->look_at = SN_MS_NEVER;
}

bool lens_fits(const struct lens *lens, const struct plan *plan)
{
    struct cast cast;
    cast_make(plan, &cast);
    if (lens->group != NULL && cast_find_group(&cast, lens->group) == cast.groups) {
        (void)fprintf(stderr, "the plan has no group '%s', but g1 %s to g%u %s\n", lens->group,
                      cast_group_name(0), cast.groups, cast_group_name(cast.groups - 1));
        return false;
    }
    if (lens->node != NULL && cast_find(&cast, lens->node) == cast_nodes(&cast)) {
        (void)fprintf(stderr,
                      "the plan has no node '%s', but %u servers r, %u sentinels s and %u "
                      "stock nodes k\n",
                      lens->node, cast.servers, cast.sentinels, cast.stocks);
        return false;
    }
    return true;
}

/* The next word of a line, without what parts words; false at the end. */
static bool next_word(const char **text, char word[WORD_MAX])
{
    *text += strspn(*text, BREAKS);
    size_t len = strcspn(*text, BREAKS);
    if (len == 0)
        return false;
    (void)snprintf(word, WORD_MAX, "%.*s", (int)len, *text);
    *text += len;
    return true;
}

static bool names(const char *text, const char *name)
{
    char word[WORD_MAX];
    while (next_word(&text, word)) {
        if (strcmp(word, name) == 0)
            return true;
    }
    return false;
}

/* ---- groups -------------------------------------------------------------------------------------
 */

static unsigned groups_of_server(const struct sim *sim, unsigned index)
{
    unsigned groups = 0;
    for (unsigned i = 0; i < sim->cast.groups; i++) {
        unsigned first = sim->cast.first[i];
        groups |= index >= first && index < first + sim->cast.counts[i] ? 1U << i : 0;
    }
    return groups;
}

static unsigned groups_of_port(const struct sim *sim, const char *port)
{
    unsigned long number = strtoul(port, NULL, 10);
    for (unsigned i = 0; i < sim->server_count; i++) {
        if (sim->servers[i]->node.addr.port == number)
            return groups_of_server(sim, i);
    }
    return 0;
}

/* Index of the core called by a word; PLAN_SENTINELS_MAX: there is none. */
static unsigned sentinel_of(const struct sim *sim, const char *word)
{
    unsigned node = cast_find(&sim->cast, word), first = sim->cast.servers;
    return node >= first && node < first + sim->cast.sentinels ? node - first : PLAN_SENTINELS_MAX;
}

/* "s1 > s2 ASK 127.0.0.1 6379 5 s1": whose port stands behind the address, and who asks in which
 * epoch; candidate: PLAN_SENTINELS_MAX if it is no request for a vote. */
static unsigned groups_of_question(const struct sim *sim, const char *text, uint64_t *epoch,
                                   unsigned *candidate)
{
    char word[WORD_MAX];
    const char *ask = strstr(text, " ASK ");
    unsigned groups = 0;
    *epoch = 0;
    *candidate = PLAN_SENTINELS_MAX;
    for (unsigned i = 0; ask != NULL && i < 5 && next_word(&ask, word); i++) {
        if (i == 2)
            groups = groups_of_port(sim, word);
        if (i == 3)
            *epoch = strtoull(word, NULL, 10);
        if (i == 4)
            *candidate = sentinel_of(sim, word);
    }
    return groups;
}

unsigned lens_groups(const struct sim *sim, const char *text)
{
    unsigned named = 0, served = 0;
    uint64_t epoch;
    char word[WORD_MAX];
    const char *rest = text;
    unsigned candidate, asked = groups_of_question(sim, text, &epoch, &candidate);
    while (next_word(&rest, word)) {
        unsigned node = cast_find(&sim->cast, word);
        for (unsigned i = 0; i < sim->cast.groups; i++)
            named |= strcmp(word, cast_group_name(i)) == 0 ? 1U << i : 0;
        if (node < sim->cast.servers)
            served |= groups_of_server(sim, node);
    }
    if (named != 0 || asked != 0)
        return named != 0 ? named : asked;
    return text[0] == 'k' ? 1 : served; /* stock nodes know the first group only */
}

/* The group whose attempt of that epoch is the sentinel's own. */
static unsigned group_of_attempt(const struct sim *sim, unsigned sentinel, uint64_t epoch)
{
    const struct sentinel *node = sim->cluster->sentinels[sentinel];
    for (unsigned i = 0; node->core != NULL && i < sim->cast.groups; i++) {
        const char *name = cast_group_name(i);
        const struct sn_group *group = sn_group_by_name(node->core, name, strlen(name));
        if (group != NULL && group->leader_epoch == epoch &&
            sn_runid_equal(&group->leader, &node->id))
            return 1U << i;
    }
    return 0;
}

/* "s1 +vote-for-leader s2 5": for itself by its own attempt, else as s2 has asked. */
static unsigned groups_of_vote(const struct sim *sim, const char *text)
{
    const struct lens *lens = &sim->lens;
    char voter[WORD_MAX], event[WORD_MAX], leader[WORD_MAX];
    unsigned long long epoch;
    if (sscanf(text, "%63s %63s %63s %llu", voter, event, leader, &epoch) != 4 ||
        strcmp(event, "+vote-for-leader") != 0)
        return 0;
    unsigned candidate = sentinel_of(sim, leader);
    if (candidate == PLAN_SENTINELS_MAX)
        return 0;
    if (strcmp(voter, leader) == 0)
        return group_of_attempt(sim, candidate, epoch);
    return lens->asked[candidate][epoch % LENS_EPOCHS].epoch == epoch
               ? lens->asked[candidate][epoch % LENS_EPOCHS].groups
               : 0;
}

unsigned lens_groups_now(const struct sim *sim, const char *text)
{
    const char *about = sim->cluster->about;
    unsigned group = about == NULL ? sim->cast.groups : cast_find_group(&sim->cast, about);
    unsigned vote = groups_of_vote(sim, text);
    if (group < sim->cast.groups)
        return 1U << group;
    return vote != 0 ? vote : lens_groups(sim, text);
}

/* What later lines about votes need. */
static void learn(struct sim *sim, const char *text)
{
    struct lens *lens = &sim->lens;
    uint64_t epoch;
    unsigned candidate, asked = groups_of_question(sim, text, &epoch, &candidate);
    if (asked != 0 && candidate != PLAN_SENTINELS_MAX) {
        lens->asked[candidate][epoch % LENS_EPOCHS].epoch = epoch;
        lens->asked[candidate][epoch % LENS_EPOCHS].groups = asked;
    }
}

/* ---- showing ------------------------------------------------------------------------------------
 */

bool lens_shows(void *arg, sn_ms at, const char *text)
{
    struct sim *sim = arg;
    const struct lens *lens = &sim->lens;
    learn(sim, text);
    if (at < lens->from || at > lens->to || (lens->node != NULL && !names(text, lens->node)))
        return false;
    unsigned groups = lens_groups_now(sim, text);
    return lens->group == NULL || groups == 0 ||
           ((groups >> cast_find_group(&sim->cast, lens->group)) & 1) != 0;
}
