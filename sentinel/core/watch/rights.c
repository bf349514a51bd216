/* SPDX-License-Identifier: BSD-3-Clause */

/* Tries, when a link comes up, whether the data node would allow a failover. A missing right, or a
 * renamed or unknown command, is reported at once and tried again until it works. Each try is a
 * command without effect even if executed: SLAVEOF with an invalid port, CLIENT KILL of no client,
 * EXEC without MULTI, and a transaction that a wrong number of arguments aborts. The transaction is
 * sent only where EXEC is allowed, as it could not be ended otherwise. If SLAVEOF is unknown,
 * REPLICAOF is used; if CONFIG REWRITE is refused, it is omitted (DESIGN.md D11).
 *
 * CLIENT PAUSE is not needed for a failover, and stock's documentation does not list it among a
 * sentinel's rights. If it is refused, the log says what a planned switchover cannot do (D17).
 * CLIENT UNPAUSE would end any client's pause, so it is only queued in an aborted transaction; that
 * is sent once MULTI is known to be allowed, as otherwise the command would be executed. */

#include "core/watch/rights.h"
#include "core/facts/link.h"
#include "core/facts/refusal.h"

#include "core/facts/pause.h"
#include "core/tell/form.h"
#include "core/tell/out.h"

#include <string.h>
#include <strings.h>
#include <utlist.h>

static const enum sn_order tries[] = {SN_ORDER_TRY_FOLLOW, SN_ORDER_TRY_KILL, SN_ORDER_TRY_EXEC};

static unsigned order_bit(enum sn_order order)
{
    return 1U << (unsigned)order;
}

static void try_order(struct sn_link *link, enum sn_order order)
{
    struct sn_action_send send = {.order = order, .tag = link->owners->id};
    if ((link->trying & order_bit(order)) != 0 || !sn_link_can_send(link))
        return;
    sn_out_send(link, &send);
    link->trying |= order_bit(order);
    link->tried_at = link->core->now;
}

void sn_rights_try(struct sn_link *link)
{
    if (link->tried_at != SN_MS_NEVER && sn_age(link->core, link->tried_at) < SN_POLL_FAST_MS)
        return; /* a server that breaks every connection */
    link->unverified_orders = order_bit(SN_ORDER_TRY_TRANSACTION) | order_bit(SN_ORDER_TRY_UNPAUSE);
    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        link->unverified_orders |= order_bit(tries[i]);
        try_order(link, tries[i]);
    }
    try_order(link, SN_ORDER_TRY_PAUSE);
}

void sn_rights_try_again(struct sn_link *link)
{
    if (sn_age(link->core, link->tried_at) < link->core->timings[SN_TIMING_INFO_PERIOD])
        return;
    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        if ((link->unverified_orders & order_bit(tries[i])) != 0)
            try_order(link, tries[i]);
    }
    if ((link->unverified_orders & ~order_bit(SN_ORDER_TRY_UNPAUSE)) ==
        order_bit(SN_ORDER_TRY_TRANSACTION))
        try_order(link, SN_ORDER_TRY_TRANSACTION);
}

static bool is_unknown(const char *error)
{
    return strncmp(error, "ERR unknown command", strlen("ERR unknown command")) == 0;
}

/* Returns the error that shows that the order would be refused; NULL if there is none. Every try is
 * answered by some error, so only these two kinds are a refusal. */
static const char *find_refusal(const struct sn_input_reply *reply)
{
    const char *error = reply->queue_error;
    if (error[0] == '\0' && reply->reply->type == SN_REPLY_ERROR)
        error = reply->reply->text;
    return strstr(error, "NOPERM") != NULL || is_unknown(error) ? error : NULL;
}

static bool mentions(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (; len > 0 && *text != '\0'; text++) {
        if (strncasecmp(text, word, len) == 0)
            return true;
    }
    return false;
}

/* True if the transaction was aborted by an error about CONFIG, under either of its names. */
static bool lacks_config(const struct sn_link *link, const struct sn_input_reply *reply)
{
    const struct sn_group_params *params = &link->owners->group->params;
    return reply->reply->type == SN_REPLY_ERROR &&
           strncmp(reply->reply->text, "EXECABORT", strlen("EXECABORT")) == 0 &&
           (mentions(reply->queue_error, "config") ||
            mentions(reply->queue_error, sn_group_params_command(params, "CONFIG")));
}

/* Without CONFIG REWRITE a promotion lasts until the server is restarted. Without the promotion
 * there is no master, so the order is sent without CONFIG REWRITE. */
bool sn_rights_drop_rewrite(struct sn_link *link, const struct sn_input_reply *reply)
{
    if (link->no_rewrite || !lacks_config(link, reply))
        return false;
    link->no_rewrite = true;
    sn_link_refused_named(link, SN_ORDER_TRY_TRANSACTION,
                          "CONFIG REWRITE (orders are sent without it, so a restart of the server "
                          "undoes the ordered role)",
                          reply->queue_error);
    return true;
}

/* True if the server cannot answer yet, or does not know us yet. */
static bool is_undecided(const struct sn_reply *reply)
{
    static const char *const words[] = {"LOADING", "BUSY", "NOAUTH"};
    static const char aborted[] = "EXECABORT Transaction discarded because of: ";
    if (reply->type != SN_REPLY_ERROR)
        return false;
    const char *text = reply->text;
    if (strncmp(text, aborted, strlen(aborted)) == 0)
        text += strlen(aborted);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strncmp(text, words[i], strlen(words[i])) == 0)
            return true;
    }
    return false;
}

/* True if another node of the group is known to refuse the same order. */
static bool others_refuse(const struct sn_instance *but, enum sn_order order)
{
    const struct sn_group *group = but->group;
    const struct sn_instance *replica;
    if (group->master != but && sn_link_refuses(group->master->cmd, order))
        return true;
    DL_FOREACH(group->replicas, replica) {
        if (replica != but && sn_link_refuses(replica->cmd, order))
            return true;
    }
    return false;
}

/* Logged once per group: its servers mostly have the same users and the same release (PROTOCOL.md
 * §20.6). */
static void judge_pause(struct sn_link *link, const struct sn_reply *reply)
{
    const char *error = reply->type == SN_REPLY_ERROR ? reply->text : "";
    bool refused = strstr(error, "NOPERM") != NULL || is_unknown(error) ||
                   strncmp(error, "ERR Unknown subcommand", 22) == 0 ||
                   strncmp(error, "ERR unknown subcommand", 22) == 0 ||
                   strncmp(error, "ERR Syntax error", 16) == 0;
    if (!refused) {
        sn_link_accepted(link, SN_ORDER_TRY_PAUSE);
        return;
    }
    if (!sn_link_note_refusal(link, SN_ORDER_TRY_PAUSE))
        return;
    bool told = others_refuse(link->owners, SN_ORDER_TRY_PAUSE);
    char form[SN_PAYLOAD_MAX + 1];
    sn_instance_form(link->owners, form);
    sn_out_log(
        link->core, told ? SN_LEVEL_VERBOSE : SN_LEVEL_NOTICE,
        "%s refuses CLIENT PAUSE: %.100s. Without it a planned switchover (SENTINEL FAILOVER) may "
        "lose the last writes, and COORDINATED stops. Grant +client|pause and +client|unpause; "
        "Redis 6.2 or later is needed. Failovers of a dead master do not need them.",
        form, error);
}

static bool begins_with(const char *text, const char *words)
{
    return strncmp(text, words, strlen(words)) == 0;
}

/* The transaction is aborted in any case; its first error tells why (PROTOCOL.md §20.6). */
static void judge_unpause(struct sn_link *link, const struct sn_input_reply *reply)
{
    const struct sn_group *group = link->owners->group;
    const char *error = reply->queue_error;
    bool refused = (strstr(error, "NOPERM") != NULL || is_unknown(error) ||
                    begins_with(error, "ERR unknown subcommand")) &&
                   (mentions(error, "client") || mentions(error, "unpause") ||
                    mentions(error, sn_group_params_command(&group->params, "CLIENT")));
    if (!refused) {
        sn_link_accepted(link, SN_ORDER_TRY_UNPAUSE);
        return;
    }
    if (!sn_link_note_refusal(link, SN_ORDER_TRY_UNPAUSE))
        return;
    bool told = others_refuse(link->owners, SN_ORDER_TRY_UNPAUSE);
    char form[SN_PAYLOAD_MAX + 1];
    sn_instance_form(link->owners, form);
    sn_out_log(link->core, told ? SN_LEVEL_VERBOSE : SN_LEVEL_NOTICE,
               "%s refuses CLIENT UNPAUSE: %.100s. If a planned switchover (SENTINEL FAILOVER) is "
               "given up, its clients stay paused until the pause expires, up to %lld ms. Grant "
               "+client|unpause.",
               form, error, (long long)sn_pause_longest_ms(group));
}

/* Tries CLIENT UNPAUSE once a transaction is known to begin and end, and the pause is allowed. */
static void try_unpause(struct sn_link *link, const struct sn_reply *reply)
{
    if ((link->unverified_orders & order_bit(SN_ORDER_TRY_UNPAUSE)) == 0 ||
        reply->type != SN_REPLY_ERROR || !begins_with(reply->text, "EXECABORT") ||
        sn_link_refuses(link, SN_ORDER_TRY_PAUSE))
        return;
    link->unverified_orders &= ~order_bit(SN_ORDER_TRY_UNPAUSE);
    try_order(link, SN_ORDER_TRY_UNPAUSE);
}

void sn_rights_answered(struct sn_link *link, const struct sn_input_reply *reply)
{
    enum sn_order order = reply->order;
    const char *refusal = find_refusal(reply);
    link->trying &= ~order_bit(order);
    if (refusal == NULL && is_undecided(reply->reply))
        return;
    if (order == SN_ORDER_TRY_PAUSE) {
        judge_pause(link, reply->reply);
        return;
    }
    if (order == SN_ORDER_TRY_UNPAUSE) {
        judge_unpause(link, reply);
        return;
    }
    if (order == SN_ORDER_TRY_TRANSACTION)
        try_unpause(link, reply->reply);
    if (refusal != NULL && order == SN_ORDER_TRY_FOLLOW && is_unknown(refusal) &&
        !link->says_replicaof) {
        link->says_replicaof = true;
        try_order(link, order);
        return;
    }
    if (order == SN_ORDER_TRY_TRANSACTION && lacks_config(link, reply)) {
        (void)sn_rights_drop_rewrite(link, reply);
        return;
    }
    if (refusal != NULL) {
        sn_link_refused(link, order, refusal);
        return;
    }
    if (order == SN_ORDER_TRY_TRANSACTION)
        link->no_rewrite = false;
    link->unverified_orders &= ~order_bit(order);
    sn_link_accepted(link, order);
    if (order == SN_ORDER_TRY_EXEC)
        try_order(link, SN_ORDER_TRY_TRANSACTION);
}

void sn_rights_try_ask(struct sn_link *link)
{
    try_order(link, SN_ORDER_TRY_ASK);
    link->trying &= ~order_bit(SN_ORDER_TRY_ASK); /* an additional answer does no harm */
}

void sn_rights_try_ask_again(struct sn_link *link)
{
    sn_ms period = link->core->timings[SN_TIMING_INFO_PERIOD];
    if (sn_link_refuses(link, SN_ORDER_ASK) && sn_age(link->core, link->tried_at) >= period)
        sn_rights_try_ask(link);
}
