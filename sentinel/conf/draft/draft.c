/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/draft/draft.h"

#include "base/alloc.h"
#include "base/error.h"
#include "conf/rewrite/rewrite.h"
#include "conf/state/render.h"

#include <stdlib.h>
#include <string.h>

/* Lines that are gone leave gaps; from so many on it is worth reading the file anew. */
#define GAPS_MAX 1000

struct sn_conf_draft {
    const struct sn_conf *conf;
    bool kept; /* what follows is the text that was rendered last */
    struct sn_rewrite rewrite;
    struct sn_state_text text;
    char *users; /* of conf->live, as rendered last; NULL: not changed */
    enum sn_level loglevel;
};

struct sn_conf_draft *sn_conf_draft_new(const struct sn_conf *conf)
{
    struct sn_conf_draft *draft = sn_alloc(sizeof(*draft));
    draft->conf = conf;
    return draft;
}

static void forget(struct sn_conf_draft *draft)
{
    if (!draft->kept)
        return;
    draft->kept = false;
    if (draft->conf->state_in_conf)
        sn_rewrite_fini(&draft->rewrite);
    else
        sn_state_text_fini(&draft->text);
    free(draft->users);
    draft->users = NULL;
}

void sn_conf_draft_free(struct sn_conf_draft *draft)
{
    forget(draft);
    free(draft);
}

/* The users of the files do not change while we run. */
static bool is_live_same(const struct sn_conf_draft *draft)
{
    const struct sn_conf_live *live = &draft->conf->live;

    if (draft->loglevel != live->loglevel || (draft->users == NULL) != (live->users == NULL))
        return false;
    return live->users == NULL || strcmp(draft->users, live->users) == 0;
}

static int render_whole(struct sn_conf_draft *draft, const struct sn_image *image, const char *old,
                        size_t old_len, struct sn_buf *out)
{
    const struct sn_conf *conf = draft->conf;

    forget(draft);
    draft->kept = true;
    draft->users = conf->live.users != NULL ? sn_strdup(conf->live.users) : NULL;
    draft->loglevel = conf->live.loglevel;
    return conf->state_in_conf ? sn_rewrite_whole(&draft->rewrite, conf, image, old, old_len, out)
                               : sn_state_render(&draft->text, conf, image, out);
}

static int render_changes(struct sn_conf_draft *draft, const struct sn_conf_update *update,
                          const char *old, size_t old_len, struct sn_buf *out)
{
    const struct sn_conf *conf = draft->conf;

    if (!draft->kept || !is_live_same(draft))
        return SN_EAGAIN;
    if (!conf->state_in_conf)
        return sn_state_render_changes(&draft->text, conf, update, out);
    if (!sn_rewrite_is_text(&draft->rewrite, old, old_len))
        return SN_EAGAIN;
    int code = sn_rewrite_changes(&draft->rewrite, update, out);
    if (code == 0 && draft->rewrite.dropped > draft->rewrite.count / 2 &&
        draft->rewrite.dropped > GAPS_MAX)
        forget(draft);
    return code;
}

int sn_conf_draft_render(struct sn_conf_draft *draft, const struct sn_conf_update *update,
                         const char *old, size_t old_len, struct sn_buf *out)
{
    int code = update->whole ? render_whole(draft, &update->image, old, old_len, out)
                             : render_changes(draft, update, old, old_len, out);
    if (code != 0)
        forget(draft);
    return code;
}
