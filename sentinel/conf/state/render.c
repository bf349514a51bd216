/* SPDX-License-Identifier: BSD-3-Clause */

#include "conf/state/render.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/prng.h"
#include "base/text.h"
#include "conf/state/state.h"
#include "conf/state/users.h"
#include "conf/table/keep.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Piece sizes that fit into a line whatever limit the INI library was built with: unescaped bytes,
 * bytes that may all need an escape of four bytes, and the longest resulting piece. */
#define PIECE_MAX         140
#define PIECE_ESCAPED_MAX 35
#define PIECE_TEXT_MAX    150
#define PREFIX_MAX        50 /* a port, and 40 characters */

/* A semicolon behind a blank would begin a comment, in quotes too. */
static void put_escaped(struct sn_buf *out, const char *quoted)
{
    for (; *quoted != '\0'; quoted++) {
        if (*quoted == ';')
            sn_buf_puts(out, "\\x3b");
        else
            sn_buf_putc(out, *quoted);
    }
}

/* Appends the first len bytes of text in quotes. */
static void put_piece(struct sn_buf *out, const char *text, size_t len)
{
    struct sn_buf quoted;
    char *piece = sn_strndup(text, len);

    sn_buf_init(&quoted, SIZE_MAX);
    sn_text_quote_always(&quoted, piece);
    put_escaped(out, sn_buf_text(&quoted));
    sn_buf_fini(&quoted);
    free(piece);
}

static size_t piece_len(const char *text)
{
    size_t len = strnlen(text, PIECE_MAX);
    struct sn_buf trial;

    sn_buf_init(&trial, SIZE_MAX);
    put_piece(&trial, text, len);
    if (trial.len > PIECE_TEXT_MAX && len > PIECE_ESCAPED_MAX)
        len = PIECE_ESCAPED_MAX;
    sn_buf_fini(&trial);
    return len;
}

/* `key = "text"`, over several lines if need be; prefix stands before the text. */
static void put_text(struct sn_buf *out, const char *key, const char *prefix, const char *text)
{
    size_t len = piece_len(text);

    sn_buf_printf(out, "%s = %s", key, prefix);
    put_piece(out, text, len);
    sn_buf_putc(out, '\n');
    for (text += len; *text != '\0'; text += len) {
        len = piece_len(text);
        sn_buf_puts(out, "more = ");
        put_piece(out, text, len);
        sn_buf_putc(out, '\n');
    }
}

/* A run id as one word; hexadecimal ones stay bare. */
static void put_runid(struct sn_buf *out, const char *runid)
{
    struct sn_buf quoted;

    sn_buf_init(&quoted, SIZE_MAX);
    if (strchr(runid, ';') != NULL)
        sn_text_quote_always(&quoted, runid);
    else
        sn_text_quote(&quoted, runid);
    put_escaped(out, sn_buf_text(&quoted));
    sn_buf_fini(&quoted);
}

static void put_id(struct sn_buf *out, const char *key, const char *runid)
{
    sn_buf_printf(out, "%s = ", key);
    put_runid(out, runid);
    sn_buf_putc(out, '\n');
}

static void put_addr(struct sn_buf *out, const char *key, const struct sn_addr *addr,
                     const char *runid)
{
    struct sn_buf prefix;

    sn_buf_init(&prefix, SIZE_MAX);
    sn_buf_printf(&prefix, "%u ", (unsigned)addr->port);
    if (runid != NULL) {
        put_runid(&prefix, runid);
        sn_buf_putc(&prefix, ' ');
    }
    if (prefix.len > PREFIX_MAX) {
        /* An id with many escapes gets a line of its own. */
        sn_buf_printf(out, "%s = %s\"\"\n", key, sn_buf_text(&prefix));
        key = "more";
        sn_buf_clear(&prefix);
    }
    put_text(out, key, sn_buf_text(&prefix), addr->host);
    sn_buf_fini(&prefix);
}

static void put_words(struct sn_buf *out, const char *key, const struct sn_setting_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        put_text(out, key, "", words->items[i]);
}

static bool has_control(const struct sn_setting_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        if (sn_text_has_control(words->items[i], strlen(words->items[i])))
            return true;
    }
    return false;
}

/* Writes the changed values of one scope. Those that belong to no group get a section each. */
static int put_changes(struct sn_buf *out, enum sn_scope scope, const struct sn_kept *now,
                       const struct sn_kept *base)
{
    size_t count;
    const struct sn_directive *table = sn_directives(scope, &count);
    int code = 0;

    for (size_t i = 0; i < count; i++) {
        struct sn_setting_words value, was;
        if (!table[i].live || sn_keep_equal(&table[i], now, base))
            continue;
        sn_keep_get_words(&table[i], now, &value);
        sn_keep_get_words(&table[i], base, &was);
        if (has_control(&value))
            code = SN_EINVAL;
        if (scope != SN_SCOPE_GROUP)
            sn_buf_puts(out, "\n[change]\n");
        sn_buf_printf(out, "option = %s\n", table[i].name);
        put_words(out, "value", &value);
        put_words(out, "was", &was);
        sn_list_fini(&value);
        sn_list_fini(&was);
    }
    return code;
}

/* Writes the changes of the sentinel as a whole, and of the server. */
static int put_own_changes(struct sn_buf *out, const struct sn_conf *conf,
                           const struct sn_image *image)
{
    const struct sn_settings settings = sn_conf_now(conf);
    const struct sn_kept now = {.settings = &settings, .image = image};
    const struct sn_kept base = {.settings = &conf->base_settings, .image = &conf->base};

    int code = put_changes(out, SN_SCOPE_SENTINEL, &now, &base);
    return code < 0 ? code : put_changes(out, SN_SCOPE_SERVER, &now, &base);
}

static int put_users(struct sn_buf *out, const struct sn_conf *conf)
{
    size_t count;
    struct sn_state_user *users = sn_users_changed(conf, &count);
    int code = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t was = sn_users_hash(&conf->base_settings, users[i].name);
        if (has_control(&users[i].rules))
            code = SN_EINVAL;
        sn_buf_puts(out, "\n[user]\n");
        put_text(out, "name", "", users[i].name);
        if (was != 0)
            sn_buf_printf(out, "was = %016" PRIx64 "\n", was);
        put_words(out, "rule", &users[i].rules);
    }
    sn_users_fini(users, count);
    return code;
}

/* Members with an address or id that the reader would refuse are left out: they are learned
 * again. */
static void put_members(struct sn_buf *out, const struct sn_group_image *group)
{
    for (size_t i = 0; i < group->replica_count; i++) {
        if (sn_addr_host_valid(group->replicas[i].host))
            put_addr(out, "replica", &group->replicas[i], NULL);
    }
    for (size_t i = 0; i < group->peer_count; i++) {
        const struct sn_known_peer *peer = &group->peers[i];
        if (sn_addr_host_valid(peer->addr.host) && sn_text_is_runid(peer->runid.hex))
            put_addr(out, "peer", &peer->addr, peer->runid.hex);
    }
}

/* base is the configured group, NULL if there is none. */
static int put_group(struct sn_buf *out, const struct sn_conf *conf, const struct sn_image *image,
                     const struct sn_group_image *group, const struct sn_group_image *base)
{
    struct sn_group_image defaults = {0};
    const struct sn_kept now = {.image = image, .group = group};
    const struct sn_kept was = {.image = &conf->base, .group = base != NULL ? base : &defaults};

    if (sn_text_has_control(group->name, strlen(group->name)) ||
        !sn_addr_host_valid(group->addr.host))
        return SN_EINVAL;
    sn_buf_puts(out, "\n[group]\n");
    put_text(out, "name", "", group->name);
    if (base != NULL)
        put_addr(out, "base", &base->addr, NULL);
    put_addr(out, "address", &group->addr, NULL);
    sn_buf_printf(out, "config-epoch = %" PRIu64 "\nleader-epoch = %" PRIu64 "\n",
                  group->config_epoch, group->leader_epoch);
    if (sn_text_is_runid(group->leader.hex))
        put_id(out, "leader", group->leader.hex);
    if (group->pause != NULL)
        put_text(out, "pause", "", group->pause);
    put_members(out, group);

    sn_group_params_init(&defaults.params, 0);
    int code = put_changes(out, SN_SCOPE_GROUP, &now, &was);
    sn_group_params_fini(&defaults.params);
    return code;
}

/* ---- pieces ---- */

static void piece_free(struct sn_state_text *text, struct sn_state_piece *piece)
{
    HASH_DEL(text->groups, piece);
    sn_buf_fini(&piece->text);
    free(piece->name);
    free(piece);
}

static struct sn_state_piece *find_piece(const struct sn_state_text *text, const char *name)
{
    struct sn_state_piece *piece;
    HASH_FIND_STR(text->groups, name, piece);
    return piece;
}

/* at: where the configured group of this name may be. */
static struct sn_state_piece *add_piece(struct sn_state_text *text, const struct sn_image *base,
                                        const char *name, size_t at)
{
    struct sn_state_piece *piece = sn_alloc(sizeof(*piece));
    size_t found = sn_state_find_group(base, name, at);

    piece->name = sn_strdup(name);
    piece->base = found < base->group_count ? &base->groups[found] : NULL;
    HASH_ADD_KEYPTR(hh, text->groups, piece->name, strlen(piece->name), piece);
    return piece;
}

/* Pieces are many and live long: each has only the room that it needs. */
static void keep_text(struct sn_state_piece *piece, const struct sn_buf *fresh)
{
    sn_buf_fini(&piece->text);
    sn_buf_init(&piece->text, SIZE_MAX);
    sn_buf_append(&piece->text, fresh->data, fresh->len);
}

/* Writes the groups of image anew; the others keep their text. */
static int write_groups(struct sn_state_text *text, const struct sn_conf *conf,
                        const struct sn_image *image)
{
    struct sn_buf fresh;
    size_t at = 0;
    int code = 0;

    sn_buf_init(&fresh, SIZE_MAX);
    for (size_t i = 0; i < image->group_count && code == 0; i++) {
        const struct sn_group_image *group = &image->groups[i];
        struct sn_state_piece *piece = find_piece(text, group->name);
        if (piece == NULL)
            piece = add_piece(text, &conf->base, group->name, at);
        if (piece->base != NULL)
            at = (size_t)(piece->base - conf->base.groups) + 1;
        sn_buf_clear(&fresh);
        code = put_group(&fresh, conf, image, group, piece->base);
        keep_text(piece, &fresh);
    }
    sn_buf_fini(&fresh);
    return code;
}

static void write_removed(struct sn_state_text *text, const struct sn_image *base)
{
    struct sn_buf *out = &text->removed;

    sn_buf_clear(out);
    for (size_t i = 0; i < base->group_count; i++) {
        if (find_piece(text, base->groups[i].name) != NULL)
            continue;
        sn_buf_puts(out, "\n[removed]\n");
        put_text(out, "name", "", base->groups[i].name);
        put_addr(out, "base", &base->groups[i].addr, NULL);
        sn_buf_printf(out, "quorum = %" PRIu32 "\n", base->groups[i].params.quorum);
    }
}

static int put_all(const struct sn_state_text *text, const struct sn_image *image,
                   struct sn_buf *out)
{
    size_t start = out->len;
    const struct sn_state_piece *piece;

    sn_buf_puts(out, "; What sentineld has learned and what was changed at run time.\n"
                     "; Written by the program: do not edit.\n"
                     "version = 1\n");
    if (sn_text_is_runid(image->myid.hex))
        put_id(out, "myid", image->myid.hex);
    sn_buf_printf(out, "current-epoch = %" PRIu64 "\n", image->current_epoch);
    sn_buf_append(out, text->own.data, text->own.len);
    for (piece = text->groups; piece != NULL; piece = piece->hh.next)
        sn_buf_append(out, piece->text.data, piece->text.len);
    sn_buf_append(out, text->removed.data, text->removed.len);
    sn_buf_puts(out, "\n[end]\n");
    sn_buf_printf(out, "checksum = %016" PRIx64 "\n",
                  sn_hash_bytes(SN_HASH_START, out->data + start, out->len - start));
    return out->full ? SN_EFULL : 0;
}

int sn_state_render(struct sn_state_text *text, const struct sn_conf *conf,
                    const struct sn_image *image, struct sn_buf *out)
{
    *text = (struct sn_state_text){0};
    sn_buf_init(&text->own, SIZE_MAX);
    sn_buf_init(&text->removed, SIZE_MAX);
    int code = put_own_changes(&text->own, conf, image);
    if (code == 0)
        code = put_users(&text->own, conf);
    if (code == 0)
        code = write_groups(text, conf, image);
    if (code < 0)
        return code;
    write_removed(text, &conf->base);
    return put_all(text, image, out);
}

int sn_state_render_changes(struct sn_state_text *text, const struct sn_conf *conf,
                            const struct sn_conf_update *update, struct sn_buf *out)
{
    size_t count = HASH_COUNT(text->groups);

    for (size_t i = 0; i < update->gone.count; i++) {
        struct sn_state_piece *piece = find_piece(text, update->gone.items[i]);
        if (piece != NULL)
            piece_free(text, piece);
    }
    int code = write_groups(text, conf, &update->image);
    if (code < 0)
        return code;
    if (update->gone.count > 0 || HASH_COUNT(text->groups) != count)
        write_removed(text, &conf->base);
    return put_all(text, &update->image, out);
}

void sn_state_text_fini(struct sn_state_text *text)
{
    struct sn_state_piece *piece, *next;

    HASH_ITER(hh, text->groups, piece, next)
        piece_free(text, piece);
    sn_buf_fini(&text->own);
    sn_buf_fini(&text->removed);
}
