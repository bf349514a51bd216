/* SPDX-License-Identifier: BSD-3-Clause */

/* What is announced: to subscribers and the log by one action, and to the notification script of
 * the group. */

#include "core/tell/script.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void raise(struct sn_core *core, struct sn_group *group, enum sn_level level,
                  const char *name, const char *payload)
{
    sn_out_event(core, level, name, payload);
    if (level == SN_LEVEL_WARNING && group != NULL)
        sn_script_notify(group, name, payload);
}

void sn_event_raise(struct sn_instance *instance, enum sn_level level, const char *name,
                    const char *format, ...)
{
    char payload[SN_PAYLOAD_MAX + 1];
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
    raise(instance->core, instance->group, level, name, payload);
}

void sn_event_plain(struct sn_core *core, struct sn_group *group, enum sn_level level,
                    const char *name, const char *format, ...)
{
    char payload[SN_PAYLOAD_MAX + 1];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(payload, sizeof(payload), format, args);
    va_end(args);
    raise(core, group, level, name, payload);
}
