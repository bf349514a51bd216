/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/http/history_pieces.h"

#include "base/alloc.h"
#include "base/text.h"
#include "shell/report/history.h"

#include <string.h>

struct sn_history_pieces {
    const struct sn_http_parts *parts;
    struct sn_chronicle_place place;
    bool begun, ended;
    bool any_group;
    char group[]; /* of these entries */
};

struct sn_history_pieces *sn_history_pieces_new(const struct sn_http_parts *parts,
                                                const char *group, const char *count)
{
    uint64_t number = SN_HISTORY_PIECES_COUNT;
    size_t len = group == NULL ? 0 : strlen(group);

    if (count != NULL && (sn_text_to_u64(count, strlen(count), &number) != 0 || number < 1 ||
                          number > SN_HISTORY_COUNT_MAX))
        return NULL;
    struct sn_history_pieces *pieces = sn_alloc(sizeof(*pieces) + len + 1);
    pieces->parts = parts;
    pieces->any_group = group == NULL;
    if (len > 0)
        memcpy(pieces->group, group, len);
    sn_chronicle_seek(parts->env.chronicle, group, (size_t)number, &pieces->place);
    return pieces;
}

bool sn_history_pieces_next(struct sn_history_pieces *pieces, struct sn_buf *out)
{
    const char *group = pieces->any_group ? NULL : pieces->group;
    struct sn_buf entry;

    if (pieces->ended)
        return false;
    if (!pieces->begun)
        sn_history_json_begin(sn_driver_core(pieces->parts->driver), out);
    sn_buf_init(&entry, SIZE_MAX);
    pieces->ended = !sn_chronicle_next(pieces->parts->env.chronicle, group, &pieces->place, &entry);
    if (pieces->ended)
        sn_history_json_end(out);
    else
        sn_history_json_add(sn_buf_text(&entry), !pieces->begun, out);
    pieces->begun = true;
    sn_buf_fini(&entry);
    return true;
}
