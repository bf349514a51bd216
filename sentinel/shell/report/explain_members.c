/* SPDX-License-Identifier: BSD-3-Clause */

/* What is said of single members, and what is wrong. */

#include "shell/report/explain_words.h"
#include "shell/report/phrase.h"

static void put_vote(const struct sn_peer_opinion *of, struct sn_buf *out)
{
    if (of->vote_epoch > 0)
        sn_buf_printf(out, " Its last vote: %.8s in epoch %llu.", of->vote->hex,
                      (unsigned long long)of->vote_epoch);
}

static void put_age(const struct sn_peer_opinion *of, struct sn_buf *out)
{
    sn_phrase_span(out, of->age_ms);
    sn_buf_puts(out, " ago).");
}

static void put_note(const struct sn_peer_opinion *of, struct sn_buf *out)
{
    if (of->note == NULL) {
        sn_buf_puts(out, ".");
        return;
    }
    sn_buf_puts(out, ": ");
    sn_phrase_quoted(out, of->note);
}

void sn_explain_words_peer(const struct sn_peer_opinion *of, struct sn_buf *out)
{
    switch (of->opinion) {
    case SN_OPINION_NONE:
        sn_buf_puts(out, "is up.");
        break;
    case SN_OPINION_AGREES:
        sn_buf_puts(out, "agrees that the master is down (");
        put_age(of, out);
        break;
    case SN_OPINION_DISAGREES:
        sn_buf_puts(out, of->paused ? "agrees to nothing while failovers are paused ("
                                    : "says that the master is up (");
        put_age(of, out);
        break;
    case SN_OPINION_SILENT:
        sn_buf_puts(out, "has not answered the question about the master.");
        break;
    case SN_OPINION_DOWN:
        sn_buf_puts(out, "is down for ");
        sn_phrase_span(out, of->age_ms);
        put_note(of, out);
        break;
    case SN_OPINION_USELESS:
        sn_buf_puts(out, "is up, but its word does not count");
        put_note(of, out);
        break;
    }
    put_vote(of, out);
}

void sn_explain_words_replica(const struct sn_replica_fitness *of, struct sn_buf *out)
{
    if (of->why.reason != SN_REASON_NONE) {
        sn_buf_puts(out, "could not be promoted: ");
    } else {
        sn_buf_puts(out, of->best ? "would be promoted now" : "could be promoted");
        sn_buf_puts(out, of->doubt.reason == SN_REASON_NONE ? "." : ", although ");
    }
    const struct sn_why *why = of->why.reason != SN_REASON_NONE ? &of->why : &of->doubt;
    if (why->reason != SN_REASON_NONE) {
        char sentence[SN_REASON_SENTENCE_MAX + 1];
        sn_reason_sentence(why, sentence);
        sn_phrase_quoted(out, sentence);
    }
    if (of->progress != NULL)
        sn_buf_printf(out, " Following: %s.", of->progress);
}

void sn_explain_words_trouble(const struct sn_group *group, const struct sn_trouble *trouble,
                              struct sn_buf *out)
{
    (void)group;
    if (trouble->about != NULL) {
        sn_phrase_address(out, trouble->about);
        sn_buf_putc(out, ' ');
    }
    switch (trouble->kind) {
    case SN_TROUBLE_STATE_NOT_SAVED:
        sn_buf_puts(out, "The state of this sentinel could not be saved, so it can neither vote "
                         "nor lead a failover.");
        break;
    case SN_TROUBLE_QUORUM_IMPOSSIBLE:
        sn_buf_printf(out,
                      "The quorum is %zu, and only %zu sentinels are known, this one included.",
                      trouble->numbers[0], trouble->numbers[1]);
        break;
    case SN_TROUBLE_TOO_FEW_SENTINELS:
        sn_buf_printf(out,
                      "Only %zu of %zu sentinels can be had; a failover needs the votes of %zu.",
                      trouble->numbers[0], trouble->numbers[1], trouble->numbers[2]);
        break;
    case SN_TROUBLE_REFUSED:
        sn_buf_puts(out, "refuses this sentinel: ");
        sn_phrase_quoted(out, trouble->detail);
        break;
    case SN_TROUBLE_MASTER_LOST_DATA:
        sn_buf_puts(out, "was restarted and has lost its data set; a replica still has data.");
        break;
    case SN_TROUBLE_MASTER_SAYS_REPLICA:
        sn_buf_puts(out, "is the master here, but says that it is a replica.");
        break;
    case SN_TROUBLE_NO_REPLICA:
        sn_buf_puts(out, "No replica is known, so no failover is possible.");
        break;
    case SN_TROUBLE_NO_CANDIDATE:
        sn_buf_puts(out, "No replica could be promoted now, for the reasons above.");
        break;
    case SN_TROUBLE_CLAIMED:
        sn_buf_puts(out, "is claimed by another group too, and gets no orders.");
        break;
    case SN_TROUBLE_NONE:
    case SN_TROUBLE_COUNT:
        break;
    }
}

void sn_explain_words_remedy(const struct sn_group *group, const struct sn_trouble *trouble,
                             struct sn_buf *out)
{
    const char *name = sn_group_name(group);

    switch (trouble->kind) {
    case SN_TROUBLE_STATE_NOT_SAVED:
        sn_buf_puts(out, "Free disk space, or fix the permissions of its file and folder; the log "
                         "has the error.");
        break;
    case SN_TROUBLE_QUORUM_IMPOSSIBLE:
        sn_buf_printf(out, "Start the missing sentinels, or lower it: SENTINEL SET %s quorum.",
                      name);
        break;
    case SN_TROUBLE_TOO_FEW_SENTINELS:
        sn_buf_printf(out,
                      "Start those that are down. Those that are gone for good: SENTINEL "
                      "FORGET %s.",
                      name);
        break;
    case SN_TROUBLE_REFUSED:
        sn_buf_puts(out, "Compare its users and rights with auth-user and auth-pass of the group, "
                         "for a sentinel with sentinel-user and sentinel-pass.");
        break;
    case SN_TROUBLE_MASTER_LOST_DATA:
        sn_buf_printf(out, "SENTINEL FAILOVER %s FORCE promotes a replica that has the data.",
                      name);
        break;
    case SN_TROUBLE_MASTER_SAYS_REPLICA:
        sn_buf_puts(out,
                    "If nobody is about to change it back, make it a master: REPLICAOF NO ONE.");
        break;
    case SN_TROUBLE_NO_REPLICA:
        sn_buf_puts(out, "Add a replica to the master; it is found within ten seconds.");
        break;
    case SN_TROUBLE_NO_CANDIDATE:
        sn_buf_printf(out, "Remove the reasons, or SENTINEL FAILOVER %s FORCE.", name);
        break;
    case SN_TROUBLE_CLAIMED:
        sn_buf_puts(out, "Make each server follow the master of its group, or remove one group.");
        break;
    case SN_TROUBLE_NONE:
    case SN_TROUBLE_COUNT:
        break;
    }
}
