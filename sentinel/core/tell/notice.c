/* SPDX-License-Identifier: BSD-3-Clause */

/* The notices as values, and the only place where an event becomes an action. */

#include "core/tell/notice.h"

#include "core/model/group.h"
#include "core/tell/out.h"

#include <assert.h>

/* NOLINTBEGIN(bugprone-macro-parentheses): a literal in parentheses initialises no array. */
static const struct sn_notice_row rows[] = {
#define X(id, event, its_level, its_scripts, its_subject, text, meaning)                           \
    [SN_NOTICE_##id] = {.name = event,                                                             \
                        .level = SN_LEVEL_##its_level,                                             \
                        .scripts = SN_SCRIPTS_##its_scripts,                                       \
                        .subject = SN_SUBJECT_##its_subject,                                       \
                        .has_text = sizeof(text) > 1},
    SN_NOTICES(X)
#undef X
};
/* NOLINTEND(bugprone-macro-parentheses) */

const struct sn_notice_row *sn_notice_row(enum sn_notice notice)
{
    assert(notice > SN_NOTICE_NOTHING && notice < SN_NOTICE_COUNT);
    return &rows[notice];
}

void sn_notice_emit(struct sn_core *core, uint64_t group, enum sn_notice notice,
                    const char *payload)
{
    const struct sn_notice_row *row = sn_notice_row(notice);
    struct sn_action *action = sn_out_add(core, SN_ACTION_NOTICE);
    action->u.notice.level = (enum sn_level)row->level;
    action->u.notice.name = row->name;
    action->u.notice.payload = sn_out_text(core, payload);
    action->u.notice.group = group;
}
