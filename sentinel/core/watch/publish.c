/* SPDX-License-Identifier: BSD-3-Clause */

/* Own hellos to servers and peers (PROTOCOL.md §10.1). They contain durable state only. */

#include "core/watch/publish.h"

#include "core/facts/link.h"
#include "core/facts/own.h"
#include "core/facts/pause.h"
#include "core/facts/persist.h"
#include "core/facts/reason.h"
#include "core/facts/truce.h"
#include "core/facts/unanswered.h"
#include "core/facts/window.h"
#include "core/tell/form.h"
#include "core/tell/out.h"
#include "core/watch/peer.h"

#include "base/text.h"

/* Our address as the instance sees it; "" while that is unknown. */
static const char *own_ip(const struct sn_link *link)
{
    return link->local_ip == NULL ? "" : link->local_ip;
}

/* Writes our hello about the group of instance, in the form that instance gets; false if our own
 * address is still unknown (PROTOCOL.md §10.1, §20.3). */
static bool compose(struct sn_instance *instance, char *out, size_t size)
{
    struct sn_core *core = instance->core;
    const struct sn_group *group = instance->group;
    const struct sn_globals *globals = &core->globals;
    const char *ip = globals->announce_ip != NULL ? globals->announce_ip : own_ip(instance->cmd);
    struct sn_hello hello = {
        .port = globals->announce_port != 0 ? globals->announce_port : globals->listen_port,
        .runid = core->myid,
        .current_epoch = sn_persist_epoch(instance->core, group),
        .master_port = group->master->addr.port,
        .master_config_epoch = group->config_epoch,
    };
    if (ip[0] == '\0' || hello.port == 0 || hello.master_port == 0)
        return false;
    sn_own_note(core, ip, hello.port);
    return sn_text_copy(hello.ip, sizeof(hello.ip), ip) &&
           sn_text_copy(hello.master_name, sizeof(hello.master_name), group->name) &&
           sn_text_copy(hello.master_ip, sizeof(hello.master_ip),
                        sn_instance_host(group->master)) &&
           sn_hello_format(&hello, out, size) == 0;
}

/* False if the hello has to wait: until the last one is answered, or the link has room. */
static bool may_leave(struct sn_instance *instance)
{
    if (sn_unanswered_has(instance, SN_UNANSWERED_HELLO))
        sn_unanswered_add(instance, SN_UNANSWERED_AGAIN);
    else if (sn_window_has_room_for_hello(instance->cmd))
        return true;
    else if (instance->kind == SN_KIND_PEER)
        sn_window_wait_to_publish(instance);
    sn_reason_note(instance, SN_REASON_PUBLISH_NO_ROOM);
    return false;
}

/* A peer that does not know of our truce, or of its end, asks us for it (DESIGN.md D28). */
static void send_hint(struct sn_instance *peer)
{
    char message[SN_HINT_MAX + 1];
    struct sn_hint hint = {.runid = peer->core->myid};
    if (!sn_truce_wants_hint(peer) || !sn_link_can_send(peer->cmd))
        return;
    (void)sn_text_copy(hint.group, sizeof(hint.group), peer->group->name);
    sn_hint_format(&hint, message);
    struct sn_action_send send = {.order = SN_ORDER_PUBLISH, .message = message};
    sn_out_send(peer->cmd, &send);
    if (peer->u.peer.truce_hinted == peer->group->truce->version)
        sn_peer_ask_settings_anew(peer); /* it may know by now, and its hint be lost */
    peer->u.peer.truce_hinted = peer->group->truce->version;
}

/* Hellos go to master, replicas and peers, each publish period (PROTOCOL.md §9.4, §10.1, §10.2,
 * §18, §23). Deliberately also while the subscription to a data node is down, unlike stock: the
 * others hear them all the same. */
void sn_publish_due(struct sn_instance *instance)
{
    struct sn_core *core = instance->core;
    char message[SN_HELLO_MAX + 1];
    sn_ms period = core->timings[SN_TIMING_PUBLISH_PERIOD];
    if (instance->cmd->state != SN_LINK_UP)
        return; /* coming up arms the timer again */
    if (!sn_persist_may_speak(instance->group)) {
        /* A configuration that a crash could undo must not be announced. */
        sn_ms pause = core->save_failed ? SN_RETRY_SAVE_MS : 5;
        sn_reason_note(instance, SN_REASON_PUBLISH_UNSAVED);
        sn_timer_set(&core->timers, &instance->hello, sn_after(core->now, pause));
        return;
    }
    if (sn_pause_is_on(instance)) {
        sn_reason_note_numbers(instance, SN_REASON_PUBLISH_PAUSED,
                               instance->u.data.paused_until - core->now, 0, 0);
        sn_timer_set(&core->timers, &instance->hello, instance->u.data.paused_until);
        return;
    }
    sn_timer_set(&core->timers, &instance->hello, sn_next_beat(core->now, period));
    if (!may_leave(instance))
        return;
    if (!compose(instance, message, sizeof(message))) {
        sn_reason_note(instance, SN_REASON_PUBLISH_NO_NAME);
        return;
    }
    struct sn_action_send send = {
        .order = SN_ORDER_PUBLISH, .tag = instance->id, .message = message};
    sn_out_send(instance->cmd, &send);
    sn_unanswered_add(instance, SN_UNANSWERED_HELLO);
    if (instance->kind == SN_KIND_PEER)
        send_hint(instance);
}

void sn_publish_answered(struct sn_instance *instance, bool taken)
{
    bool again = sn_unanswered_has(instance, SN_UNANSWERED_AGAIN);
    sn_unanswered_remove(instance, SN_UNANSWERED_HELLO | SN_UNANSWERED_AGAIN);
    if (again && taken)
        sn_timer_pull(&instance->core->timers, &instance->hello, instance->core->now);
}
