/* SPDX-License-Identifier: BSD-3-Clause */

/* Each situation has a sentence for each question. A sentence says what is measured; what somebody
 * may do stands in "stop" and in the remedies. */

#include "shell/report/explain_words.h"

#include "shell/report/phrase.h"

static bool is_ordered(const struct sn_explanation *explanation)
{
    return explanation->mode == SN_MODE_PLANNED || explanation->mode == SN_MODE_COORDINATED ||
           explanation->mode == SN_MODE_FORCED;
}

static void put_master(const struct sn_group *group, struct sn_buf *out)
{
    sn_buf_puts(out, "the master ");
    sn_phrase_address(out, sn_group_master(group));
}

static void begin_with_master(const struct sn_group *group, struct sn_buf *out)
{
    sn_buf_puts(out, "The master ");
    sn_phrase_address(out, sn_group_master(group));
}

static void put_after(struct sn_buf *out, const char *text, sn_ms ms)
{
    sn_buf_puts(out, text);
    sn_phrase_span(out, ms);
}

/* ---- what ----------------------------------------------------------------------------------- */

static void put_wanted(const struct sn_group *group, const struct sn_explanation *of,
                       struct sn_buf *out)
{
    begin_with_master(group, out);
    if (of->odown_ms >= 0)
        sn_buf_printf(out, " is down: %zu of %zu sentinels agree, the quorum is %u.", of->agreeing,
                      of->voters, sn_group_params(group)->quorum);
    else
        sn_buf_puts(out, " was restarted and has lost its data set, and is to be replaced.");
    sn_buf_puts(out, " This sentinel has begun no failover");
    sn_buf_puts(out, of->ended_ms >= 0 ? " since its last attempt." : " so far.");
}

static void put_tilt(const struct sn_group *group, const struct sn_explanation *of,
                     struct sn_buf *out)
{
    sn_buf_puts(out,
                "This sentinel is in TILT mode: it watches and decides nothing. When that began, ");
    put_master(group, out);
    sn_buf_puts(out, of->odown_ms >= 0  ? " was down (agreed)"
                     : of->down_ms >= 0 ? " was down for this sentinel"
                                        : " was up");
    sn_buf_puts(out, of->attempting ? ", and a failover was under way." : ".");
}

static void put_leading(const struct sn_group *group, const struct sn_explanation *of,
                        struct sn_buf *out)
{
    sn_buf_puts(out, "This sentinel leads a failover from ");
    sn_phrase_address(out, sn_group_master(group));
    if (of->chosen != NULL) {
        sn_buf_puts(out, " to ");
        sn_phrase_address(out, of->chosen);
    }
    sn_buf_printf(out, ", in epoch %llu. ", (unsigned long long)of->epoch);
}

void sn_explain_words_what(const struct sn_group *group, const struct sn_explanation *of,
                           struct sn_buf *out)
{
    switch (of->situation) {
    case SN_SITUATION_TILT:
        put_tilt(group, of, out);
        break;
    case SN_SITUATION_OK:
        begin_with_master(group, out);
        sn_buf_puts(out, of->last_ok_ms < 0 ? " is not known to be down." : " is up.");
        break;
    case SN_SITUATION_SILENT:
        begin_with_master(group, out);
        put_after(out, " has not answered for ", of->silence_ms);
        sn_buf_puts(out, ".");
        break;
    case SN_SITUATION_SUSPECT:
        begin_with_master(group, out);
        sn_buf_printf(out,
                      " is down for this sentinel, but only %zu of %zu sentinels say so: the "
                      "quorum is %u.",
                      of->agreeing, of->voters, sn_group_params(group)->quorum);
        break;
    case SN_SITUATION_WAITING:
        put_wanted(group, of, out);
        break;
    case SN_SITUATION_VOTING:
        sn_buf_puts(out, "This sentinel wants to fail over from ");
        sn_phrase_address(out, sn_group_master(group));
        sn_buf_printf(out, " and collects votes, in epoch %llu.", (unsigned long long)of->epoch);
        break;
    case SN_SITUATION_CHOOSING:
        put_leading(group, of, out);
        sn_buf_puts(out, "It is elected, and chooses a replica.");
        break;
    case SN_SITUATION_DRAINING:
        put_leading(group, of, out);
        sn_buf_puts(out, "The replica is chosen, and its order has not left yet.");
        break;
    case SN_SITUATION_PROMOTING:
        put_leading(group, of, out);
        sn_buf_puts(out, "The replica is ordered to become the master, and has not said yet that "
                         "it is one.");
        break;
    case SN_SITUATION_SAVING:
        begin_with_master(group, out);
        sn_buf_puts(out, " is the new one. Nobody is told before that is saved.");
        break;
    case SN_SITUATION_FOLLOWING:
        begin_with_master(group, out);
        sn_buf_printf(out,
                      " is the new one, and clients are told. %zu of %zu replicas are done "
                      "with following it.",
                      of->following, of->followers);
        break;
    case SN_SITUATION_NONE:
    case SN_SITUATION_COUNT:
        break;
    }
}

/* ---- why ------------------------------------------------------------------------------------ */

/* Why the master is, or soon will be, down. */
static void put_cause(const struct sn_explanation *of, struct sn_buf *out)
{
    if (of->refusal != NULL && of->connected && of->silence_ms >= 0) {
        sn_buf_puts(out, "It answers, but refuses this sentinel: ");
        sn_phrase_quoted(out, of->refusal);
    } else if (of->cause == SN_CAUSE_GONE) {
        sn_buf_puts(out,
                    "Its process has ended: its host closed the connection and refuses new ones.");
    } else if (of->cause == SN_CAUSE_ROLE) {
        sn_buf_puts(out, "It answers, but says that it is a replica.");
    } else if (of->cause == SN_CAUSE_OTHER) {
        sn_buf_puts(out, "It was restarted, or replaced under another name.");
    } else if (of->silence_ms >= 0) {
        put_after(out, "Nothing good was heard of it for ", of->silence_ms);
        sn_buf_puts(out, of->connected ? "; the connection is open, and PING is not answered."
                                       : "; there is no connection to it.");
    }
}

struct opinions {
    size_t agree, disagree, silent, down, useless;
    bool paused;
};

static struct opinions count_opinions(const struct sn_group *group, sn_ms now)
{
    struct opinions count = {0};
    const struct sn_instance *peer = sn_group_peer_first(group);

    for (; peer != NULL; peer = sn_instance_next(peer)) {
        struct sn_peer_opinion of;
        sn_explain_peer(peer, now, &of);
        count.agree += of.opinion == SN_OPINION_AGREES;
        count.disagree += of.opinion == SN_OPINION_DISAGREES;
        count.silent += of.opinion == SN_OPINION_SILENT;
        count.down += of.opinion == SN_OPINION_DOWN;
        count.useless += of.opinion == SN_OPINION_USELESS;
        count.paused |= of.paused;
    }
    return count;
}

static void put_opinions(const struct sn_group *group, sn_ms now, struct sn_buf *out)
{
    struct opinions count = count_opinions(group, now);

    sn_buf_printf(out,
                  " Of the other sentinels %zu agree, %zu %s, %zu have not answered, %zu are down",
                  count.agree, count.disagree,
                  count.paused ? "agree to nothing, as failovers are paused" : "say that it is up",
                  count.silent, count.down);
    if (count.useless > 0)
        sn_buf_printf(out, ", and the word of %zu does not count", count.useless);
    sn_buf_puts(out, ".");
}

static void put_mode(const struct sn_explanation *of, struct sn_buf *out)
{
    if (of->mode == SN_MODE_NONE)
        sn_buf_puts(out, "The master is down, and the quorum agrees.");
    else if (of->mode == SN_MODE_REBORN)
        sn_buf_puts(out, "The master was restarted and has lost its data set.");
    else
        sn_buf_printf(out, "SENTINEL FAILOVER%s has ordered it.",
                      of->mode == SN_MODE_FORCED        ? " FORCE"
                      : of->mode == SN_MODE_COORDINATED ? " COORDINATED"
                                                        : "");
}

static void put_reason(const struct sn_explanation *of, struct sn_buf *out)
{
    if (of->why.reason == SN_REASON_NONE)
        return;
    if (out->len > 0)
        sn_buf_putc(out, ' ');
    sn_phrase_reason(out, &of->why, of->about);
}

static void put_votes(const struct sn_explanation *of, struct sn_buf *out)
{
    if (of->is_saved && of->mode == SN_MODE_FORCED)
        sn_buf_puts(out, " It needs no votes.");
    else if (of->is_saved)
        sn_buf_printf(out, " It has %zu of %zu votes, and needs %zu.", of->votes, of->voters,
                      of->needed);
    else
        sn_buf_puts(out, " Its own vote is being saved; the others are asked then.");
}

static void put_attempt(const struct sn_explanation *of, struct sn_buf *out)
{
    put_mode(of, out);
    if (of->situation == SN_SITUATION_VOTING)
        put_votes(of, out);
    else if (of->situation == SN_SITUATION_DRAINING && of->why.reason == SN_REASON_NONE)
        sn_buf_puts(out, is_ordered(of) && of->mode != SN_MODE_FORCED
                             ? " It waits until the replica has all writes of the master, whose "
                               "clients are paused meanwhile."
                             : " It waits for its connection.");
    else if (of->situation == SN_SITUATION_SAVING)
        sn_buf_puts(out, " It waits for the disk.");
    put_reason(of, out);
}

static void put_role(const struct sn_explanation *of, struct sn_buf *out)
{
    if (of->last_ok_ms < 0) {
        sn_buf_puts(out, "It has not answered PING yet.");
    } else {
        put_after(out, "It answered PING ", of->last_ok_ms);
        sn_buf_puts(out, of->says_replica ? " ago, but says that it is a replica." : " ago.");
    }
    if (of->refusal != NULL) {
        sn_buf_puts(out, " It refuses something: ");
        sn_phrase_quoted(out, of->refusal);
    }
}

static void put_ended(const struct sn_explanation *of, struct sn_buf *out)
{
    if (of->ended_ms < 0)
        return;
    put_after(out, " The last attempt ended ", of->ended_ms);
    sn_buf_puts(out, " ago. ");
    sn_phrase_reason(out, &of->ended, NULL);
}

void sn_explain_words_why(const struct sn_group *group, const struct sn_explanation *of, sn_ms now,
                          struct sn_buf *out)
{
    switch (of->situation) {
    case SN_SITUATION_TILT:
        sn_buf_puts(out, "This process stood still for too long, so the silence of others proves "
                         "nothing: every server and sentinel is asked anew.");
        break;
    case SN_SITUATION_OK:
        put_role(of, out);
        break;
    case SN_SITUATION_SILENT:
        put_cause(of, out);
        break;
    case SN_SITUATION_SUSPECT:
        put_cause(of, out);
        put_opinions(group, now, out);
        break;
    case SN_SITUATION_WAITING:
        if (of->odown_ms >= 0)
            put_cause(of, out);
        put_reason(of, out);
        put_ended(of, out);
        break;
    case SN_SITUATION_VOTING:
    case SN_SITUATION_CHOOSING:
    case SN_SITUATION_DRAINING:
    case SN_SITUATION_PROMOTING:
    case SN_SITUATION_SAVING:
    case SN_SITUATION_FOLLOWING:
        put_attempt(of, out);
        break;
    case SN_SITUATION_NONE:
    case SN_SITUATION_COUNT:
        break;
    }
}

/* ---- next ----------------------------------------------------------------------------------- */

static void put_in(struct sn_buf *out, sn_ms ms)
{
    if (ms > 0)
        put_after(out, " in ", ms);
    else
        sn_buf_puts(out, " at once");
}

static void put_choice(const struct sn_explanation *of, struct sn_buf *out)
{
    if (of->best == NULL) {
        sn_buf_puts(out, " No replica could be promoted now.");
        return;
    }
    sn_buf_puts(out, " It would promote ");
    sn_phrase_address(out, of->best);
    sn_buf_puts(out, " by what is known now.");
}

static void put_usual(const struct sn_group *group, struct sn_buf *out)
{
    const struct sn_group_params *params = sn_group_params(group);

    put_after(out, "Nothing. A failover would follow if nothing good were heard of it for ",
              params->down_after_ms);
    sn_buf_printf(out, " (down-after-milliseconds) and %u sentinels agreed.", params->quorum);
}

static void put_quorum(const struct sn_group *group, const struct sn_explanation *of,
                       struct sn_buf *out)
{
    uint32_t quorum = sn_group_params(group)->quorum;

    if (quorum > of->voters) {
        sn_buf_printf(out,
                      "No failover can ever begin: the quorum of %u is more than the %zu "
                      "sentinels that are known.",
                      quorum, of->voters);
        return;
    }
    sn_buf_printf(out, "A failover begins when %zu more of the other sentinels agree.",
                  (size_t)quorum - of->agreeing);
    if (of->next_ms >= 0) {
        sn_buf_puts(out, " They are asked again");
        put_in(out, of->next_ms);
        sn_buf_puts(out, ".");
    }
}

static void put_beginning(const struct sn_group *group, const struct sn_explanation *of,
                          struct sn_buf *out)
{
    if (of->next_ms < 0) {
        sn_buf_puts(out, "The failover begins when enough sentinels can be had.");
    } else if (of->why.reason == SN_REASON_STILL_HEARD) {
        sn_buf_printf(out,
                      "It looks again every half a second, and begins when most replicas have "
                      "lost the master. SENTINEL FAILOVER %s begins at once.",
                      sn_group_name(group));
    } else if (of->why.reason == SN_REASON_NOBODY_TO_PROMOTE ||
               of->why.reason == SN_REASON_LAST_RESORT) {
        sn_buf_puts(out,
                    "It begins when a better replica is there, or another sentinel does; else");
        put_in(out, of->why.numbers[0]);
        sn_buf_puts(out, ".");
    } else {
        sn_buf_puts(out, "It begins");
        put_in(out, of->next_ms);
        sn_buf_puts(out, ", unless another sentinel does before.");
    }
    put_choice(of, out);
}

static void put_deadline(const struct sn_explanation *of, const char *text, const char *then,
                         struct sn_buf *out)
{
    sn_buf_puts(out, text);
    if (of->next_ms < 0) {
        sn_buf_puts(out, ".");
        return;
    }
    put_after(out, "; if that takes longer than ", of->next_ms);
    sn_buf_puts(out, then);
}

/* What follows an attempt in vain: nobody repeats the order of an operator. */
static const char *end_of_attempt(const struct sn_explanation *of)
{
    return is_ordered(of) ? ", the attempt ends, and with it the order."
                          : ", the attempt ends and another one follows.";
}

/* A pause holds what would begin by itself. */
static bool is_held_by_pause(const struct sn_group *group, const struct sn_explanation *of,
                             sn_ms now)
{
    struct sn_pause_view pause;

    return sn_group_pause(group, now, &pause) &&
           (of->situation == SN_SITUATION_OK || of->situation == SN_SITUATION_SUSPECT ||
            of->situation == SN_SITUATION_WAITING);
}

void sn_explain_words_next(const struct sn_group *group, const struct sn_explanation *of, sn_ms now,
                           struct sn_buf *out)
{
    if (is_held_by_pause(group, of, now)) {
        sn_buf_puts(out, of->situation == SN_SITUATION_OK
                             ? "Nothing: a failover would not begin by itself while it is paused."
                             : "Nothing while it is paused. When the pause ends, a failover begins "
                               "if the master is still down.");
        put_choice(of, out);
        return;
    }
    switch (of->situation) {
    case SN_SITUATION_TILT:
        sn_buf_puts(out, "TILT mode ends when all that were up have answered, at the latest");
        put_in(out, of->next_ms);
        sn_buf_puts(out, "; then everything is judged at once.");
        break;
    case SN_SITUATION_OK:
        put_usual(group, out);
        put_choice(of, out);
        break;
    case SN_SITUATION_SILENT:
        sn_buf_puts(out, "It counts as down for this sentinel");
        put_in(out, of->next_ms);
        sn_buf_puts(out, ".");
        break;
    case SN_SITUATION_SUSPECT:
        put_quorum(group, of, out);
        put_choice(of, out);
        break;
    case SN_SITUATION_WAITING:
        put_beginning(group, of, out);
        break;
    case SN_SITUATION_VOTING:
        put_deadline(of, "With enough votes it chooses a replica",
                     of->mode == SN_MODE_PLANNED
                         ? ", it goes on without them, unless another sentinel has got one."
                         : end_of_attempt(of),
                     out);
        put_choice(of, out);
        break;
    case SN_SITUATION_CHOOSING:
        put_deadline(of, "It chooses a replica when it knows enough", ", it chooses all the same.",
                     out);
        put_choice(of, out);
        break;
    case SN_SITUATION_DRAINING:
        put_deadline(of, "The order leaves",
                     of->mode == SN_MODE_COORDINATED ? end_of_attempt(of)
                     : of->mode == SN_MODE_PLANNED ? ", it leaves although writes may be lost, or "
                                                     "to another replica that has more of them."
                                                   : ", it goes to another replica, or the "
                                                     "attempt ends.",
                     out);
        break;
    case SN_SITUATION_PROMOTING:
        put_deadline(of, "When the replica says that it is a master, that is saved and announced",
                     end_of_attempt(of), out);
        break;
    case SN_SITUATION_SAVING:
        sn_buf_puts(out, "When it is saved, clients and sentinels are told (+switch-master), and "
                         "the other replicas are ordered to follow.");
        break;
    case SN_SITUATION_FOLLOWING:
        put_deadline(of, "The failover ends when all replicas that are up follow",
                     ", a replica is given up, or the failover ends without it.", out);
        break;
    case SN_SITUATION_NONE:
    case SN_SITUATION_COUNT:
        break;
    }
}

/* ---- what would stop it --------------------------------------------------------------------- */

void sn_explain_words_stop(const struct sn_group *group, const struct sn_explanation *of,
                           struct sn_buf *out)
{
    switch (of->situation) {
    case SN_SITUATION_SILENT:
    case SN_SITUATION_SUSPECT:
        sn_buf_puts(out, "A good answer of the master to PING.");
        break;
    case SN_SITUATION_WAITING:
        sn_buf_puts(out, of->odown_ms >= 0
                             ? "A good answer of the master to PING, or a failover by another "
                               "sentinel."
                             : "A failover by another sentinel, or the data.");
        break;
    case SN_SITUATION_VOTING:
        sn_buf_puts(out, is_ordered(of) ? "A vote for another sentinel in this epoch, or a newer "
                                          "configuration."
                                        : "A good answer of the master to PING, or too few votes.");
        break;
    case SN_SITUATION_CHOOSING:
    case SN_SITUATION_DRAINING:
        sn_buf_puts(out, "No replica that can be promoted, or a newer configuration. An answer of "
                         "the master does not stop it any more.");
        break;
    case SN_SITUATION_PROMOTING:
        sn_buf_puts(out, "Nothing safe: the order has left. The replica may be a master already.");
        break;
    case SN_SITUATION_SAVING:
    case SN_SITUATION_FOLLOWING:
        sn_buf_printf(out, "Nothing: the switch is made. SENTINEL FAILOVER %s makes another one.",
                      sn_group_name(group));
        break;
    case SN_SITUATION_TILT:
    case SN_SITUATION_OK:
    case SN_SITUATION_NONE:
    case SN_SITUATION_COUNT:
        break;
    }
}
