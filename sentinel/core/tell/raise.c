/* SPDX-License-Identifier: BSD-3-Clause */

/* Announces notices: to subscribers and the log by one action, and to the notification script of
 * the group. */

#include "core/tell/raise.h"

#include "core/tell/form.h"
#include "core/tell/script.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* PROTOCOL.md §7.1, §8.1. */
static void tell(struct sn_core *core, struct sn_group *group, enum sn_notice notice,
                 const char *payload)
{
    const struct sn_notice_row *row = sn_notice_row(notice);
    sn_notice_emit(core, group == NULL ? 0 : group->id, notice, payload);
    if (row->scripts != SN_SCRIPTS_NONE)
        sn_script_notify(group, row->name, payload);
}

_Static_assert(SN_SUBJECT_MASTER == 1 << SN_KIND_MASTER && SN_SUBJECT_PEER == 1 << SN_KIND_PEER &&
                   SN_SUBJECT_REPLICA == 1 << SN_KIND_REPLICA,
               "subjects are bits by kind");

static bool fits(const struct sn_notice_row *row, const struct sn_instance *instance, bool has_text)
{
    return (row->subject & 1U << instance->kind) != 0 && row->has_text == has_text;
}

/* PROTOCOL.md §7.1, §7.2. */
void sn_raise(struct sn_instance *instance, enum sn_notice notice, const char *format, ...)
{
    char payload[SN_PAYLOAD_MAX + 1];
    assert(fits(sn_notice_row(notice), instance, format != NULL));
    sn_instance_form(instance, payload);
    if (format != NULL) {
        size_t len = strlen(payload);
        if (len + 1 < sizeof(payload)) {
            payload[len++] = ' ';
            va_list args;
            va_start(args, format);
            (void)vsnprintf(payload + len, sizeof(payload) - len, format, args);
            va_end(args);
        }
    }
    tell(instance->core, instance->group, notice, payload);
}

void sn_raise_plain(struct sn_core *core, struct sn_group *group, enum sn_notice notice,
                    const char *format, ...)
{
    char payload[SN_PAYLOAD_MAX + 1];
    const struct sn_notice_row *row = sn_notice_row(notice);
    va_list args;
    assert(row->subject == SN_SUBJECT_NOBODY);
    assert(group != NULL || row->scripts == SN_SCRIPTS_NONE);
    va_start(args, format);
    (void)vsnprintf(payload, sizeof(payload), format, args);
    va_end(args);
    tell(core, group, notice, payload);
}
