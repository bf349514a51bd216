/* SPDX-License-Identifier: BSD-3-Clause */

/* Refusals by the other side of a link: wrong passwords, missing rights, renamed commands. A
 * refusal is logged once, and shown in the description while it lasts (DESIGN.md D4). Each kind of
 * command is tracked separately: an answered PING says nothing about a refused PUBLISH. */

#include "core/facts/refusal.h"
#include "core/facts/mark.h"
#include "core/tell/form.h"
#include "core/tell/out.h"

#include "base/text.h"

#include <string.h>
#include <utlist.h>

static unsigned refused_bit(enum sn_order order)
{
    return 1U << (unsigned)order;
}

bool sn_refusal_passes(const char *error)
{
    static const char *const words[] = {"LOADING", "BUSY", "MASTERDOWN", "NOTBUSY", "UNKILLABLE"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strncmp(error, words[i], strlen(words[i])) == 0)
            return true;
    }
    return false;
}

static const char *command_name(enum sn_order order)
{
    switch (order) {
    case SN_ORDER_PING:
        return "PING";
    case SN_ORDER_INFO:
        return "INFO";
    case SN_ORDER_PUBLISH:
        return "PUBLISH";
    case SN_ORDER_SCRIPT_KILL:
        return "SCRIPT KILL";
    case SN_ORDER_TRY_FOLLOW:
        return "SLAVEOF (needed for a failover)";
    case SN_ORDER_TRY_KILL:
        return "CLIENT KILL (needed for a failover)";
    case SN_ORDER_TRY_EXEC:
        return "EXEC (needed for a failover)";
    case SN_ORDER_TRY_TRANSACTION:
        return "MULTI, CONFIG REWRITE (needed for a failover)";
    case SN_ORDER_ASK:
        return "SENTINEL IS-MASTER-DOWN-BY-ADDR (needed to agree with it and to get its vote)";
    case SN_ORDER_NONE:
    case SN_ORDER_MYID:
    case SN_ORDER_SETTINGS:
    case SN_ORDER_CONFIG:
    case SN_ORDER_WHERE:
    case SN_ORDER_TRY_ASK:
    case SN_ORDER_PROMOTE:
    case SN_ORDER_FOLLOW:
    case SN_ORDER_CLIENT_PAUSE:
    case SN_ORDER_CLIENT_UNPAUSE:
    case SN_ORDER_TRY_PAUSE:
    case SN_ORDER_TRY_UNPAUSE:
        break;
    }
    return "a command";
}

/* Returns the other link to the same data node; NULL if there is none. */
static struct sn_link *find_other_link(const struct sn_link *link)
{
    const struct sn_instance *owner = link->owners;
    if (owner == NULL || !sn_is_data(owner))
        return NULL;
    return link == owner->cmd ? owner->sub : owner->cmd;
}

/* A server without our login refuses every command, on both links: one reason, logged once. */
static bool is_told_already(struct sn_link *link, enum sn_order order, const char *text)
{
    const struct sn_link *other = find_other_link(link);
    bool shut_out = link->shut_out || (other != NULL && other->shut_out);
    bool about_login = strstr(text, "NOAUTH") != NULL;
    if (about_login || strncmp(text, "AUTH:", strlen("AUTH:")) == 0)
        link->shut_out = true;
    if (about_login && shut_out)
        return true;
    return order == SN_ORDER_NONE && other != NULL && other->note != NULL &&
           strcmp(other->note, text) == 0;
}

/* Records text as the reason that the description shows. True if it has to be logged. */
static bool keep_note(struct sn_link *link, enum sn_order order, const char *text)
{
    bool known = (link->refused & refused_bit(order)) != 0;
    bool same = link->note != NULL && link->note_order == order && strcmp(link->note, text) == 0;
    bool shown_other = link->note != NULL && link->note_order != order;
    link->refused |= refused_bit(order);
    bool told = is_told_already(link, order, text);
    if (!shown_other && !same && (!told || link->note == NULL)) {
        sn_strset(&link->note, text);
        link->note_order = order;
    }
    return !told && !same && !(known && shown_other);
}

static void complain(struct sn_link *link, enum sn_order order, const char *text)
{
    char form[SN_PAYLOAD_MAX + 1];
    if (!keep_note(link, order, text))
        return;
    sn_instance_form(link->owners, form);
    sn_out_log(link->core, SN_LEVEL_WARNING,
               "%s answers, but refuses us: %s. It is misconfigured rather than dead: check its "
               "password and ACL rules against ours.",
               form, text);
}

void sn_link_refused_opening(struct sn_link *link, const char *text)
{
    link->opening_refused = true;
    if (strncmp(text, "SUBSCRIBE", strlen("SUBSCRIBE")) == 0)
        link->deaf = true;
    complain(link, SN_ORDER_NONE, text);
}

/* PROTOCOL.md §20.5. */
void sn_link_refused_tls(struct sn_link *link, const char *reason)
{
    char form[SN_PAYLOAD_MAX + 1];
    link->opening_refused = true;
    if (!keep_note(link, SN_ORDER_NONE, reason))
        return;
    sn_instance_form(link->owners, form);
    sn_out_log(link->core, SN_LEVEL_WARNING, "No TLS connection with %s: %s.", form, reason);
}

void sn_link_refused(struct sn_link *link, enum sn_order order, const char *error)
{
    sn_link_refused_named(link, order, command_name(order), error);
}

void sn_link_refused_named(struct sn_link *link, enum sn_order order, const char *name,
                           const char *error)
{
    if (!sn_refusal_passes(error))
        complain(link, order,
                 sn_out_printf(link->core, "%s was answered by \"%.100s\"", name, error));
}

bool sn_link_note_refusal(struct sn_link *link, enum sn_order order)
{
    bool new = !sn_link_refuses(link, order);
    link->refused |= refused_bit(order);
    return new;
}

void sn_link_accepted(struct sn_link *link, enum sn_order order)
{
    link->refused &= ~refused_bit(order);
    if (link->note != NULL && link->note_order == order)
        sn_strset(&link->note, NULL);
}

void sn_link_opening_judged(struct sn_link *link)
{
    struct sn_link *other = find_other_link(link);
    if (link->opening_refused)
        return;
    sn_link_accepted(link, SN_ORDER_NONE);
    link->shut_out = false;
    if (other != NULL)
        other->shut_out = false;
}

bool sn_link_refuses(const struct sn_link *link, enum sn_order order)
{
    return (link->refused & refused_bit(order)) != 0;
}

void sn_link_ask_answered(struct sn_link *link, const struct sn_reply *reply)
{
    struct sn_instance *owner;
    bool refused = sn_link_refuses(link, SN_ORDER_ASK);
    if (reply->type == SN_REPLY_ERROR && strncmp(reply->text, "NOAUTH", strlen("NOAUTH")) != 0) {
        sn_link_refused(link, SN_ORDER_ASK, reply->text);
        return;
    }
    if (reply->type == SN_REPLY_ERROR)
        return; /* PING is refused too, and that was logged */
    sn_link_accepted(link, SN_ORDER_ASK);
    if (!refused)
        return;
    sn_out_log(link->core, SN_LEVEL_NOTICE, "Sentinel %s at %s:%u answers our questions again.",
               link->peer->runid.hex, link->owners->addr.host, link->owners->addr.port);
    LL_FOREACH2(link->owners, owner, owner_next)
        sn_mark_group(owner->group, SN_MARK_VOTER);
}
