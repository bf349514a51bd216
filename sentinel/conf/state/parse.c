/* SPDX-License-Identifier: BSD-3-Clause */

/* Reads the text of a state file. */

#include "base/alloc.h"
#include "base/error.h"
#include "base/prng.h"
#include "base/text.h"
#include "conf/file/ini.h"
#include "conf/state/state.h"
#include "conf/table/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_LINE   "\nversion = "
#define CHECKSUM_LINE  "\nchecksum = "
#define CHECKSUM_CHARS 16

struct reader {
    struct sn_state *state;
    struct sn_state_group *group;     /* of the section at hand */
    struct sn_state_removed *removed; /* of the section at hand */
    struct sn_state_user *user;       /* of the section at hand */
    struct sn_state_change *change;   /* that `value` and `was` belong to */
    char **text;                      /* that `more` goes on with */
    struct sn_addr *host;             /* that `more` goes on with instead */
    int line;                         /* line of the fault */
};

static void *append(void *items, size_t *count, size_t size)
{
    char *grown = sn_realloc(items, (*count + 1) * size);
    memset(grown + *count * size, 0, size);
    (*count)++;
    return grown;
}

static int enter_section(struct reader *reader, const char *section)
{
    struct sn_state *state = reader->state;

    reader->group = NULL;
    reader->removed = NULL;
    reader->user = NULL;
    reader->change = NULL;
    reader->text = NULL;
    reader->host = NULL;
    if (strcmp(section, "group") == 0) {
        state->groups = append(state->groups, &state->group_count, sizeof(*state->groups));
        reader->group = &state->groups[state->group_count - 1];
        return 0;
    }
    if (strcmp(section, "removed") == 0) {
        state->removed = append(state->removed, &state->removed_count, sizeof(*state->removed));
        reader->removed = &state->removed[state->removed_count - 1];
        return 0;
    }
    if (strcmp(section, "user") == 0) {
        state->users = append(state->users, &state->user_count, sizeof(*state->users));
        reader->user = &state->users[state->user_count - 1];
        return 0;
    }
    return strcmp(section, "change") == 0 || strcmp(section, "end") == 0 ? 0 : SN_EINVAL;
}

static int take_epoch(struct reader *reader, const char *text, uint64_t *epoch)
{
    return sn_value_epoch(text, epoch, &reader->state->epoch_spoilt);
}

static int take_runid(const char *text, struct sn_runid *runid)
{
    if (!sn_text_is_runid(text))
        return SN_EINVAL;
    sn_text_copy(runid->hex, sizeof(runid->hex), text);
    return 0;
}

/* The host may continue in the next line, so the address is only complete at the end of the
 * section. */
static int take_addr(struct reader *reader, char *const *words, size_t count, struct sn_addr *addr)
{
    int64_t port;
    if (count != 2 || sn_text_to_i64(words[0], strlen(words[0]), &port) < 0 || port < 0 ||
        port > UINT16_MAX || !sn_text_copy(addr->host, sizeof(addr->host), words[1]))
        return SN_EINVAL;
    addr->port = (uint16_t)port;
    reader->host = addr;
    return 0;
}

static int take_more(struct reader *reader, const char *piece)
{
    if (reader->host != NULL) {
        size_t len = strlen(reader->host->host);
        return sn_text_copy(reader->host->host + len, sizeof(reader->host->host) - len, piece)
                   ? 0
                   : SN_EINVAL;
    }
    if (reader->text == NULL)
        return SN_EINVAL;
    size_t len = strlen(*reader->text);
    *reader->text = sn_realloc(*reader->text, len + strlen(piece) + 1);
    memcpy(*reader->text + len, piece, strlen(piece) + 1);
    return 0;
}

static int begin_change(struct reader *reader, const char *name)
{
    enum sn_scope scope = reader->group != NULL ? SN_SCOPE_GROUP : SN_SCOPE_SENTINEL;
    const struct sn_directive *directive = sn_directive_find(scope, name);
    struct sn_state_change **changes = &reader->state->changes;
    size_t *count = &reader->state->change_count;

    if (directive == NULL && reader->group == NULL)
        directive = sn_directive_find(SN_SCOPE_SERVER, name);
    if (directive == NULL || !directive->live)
        return SN_EINVAL;
    if (reader->group != NULL) {
        changes = &reader->group->changes;
        count = &reader->group->change_count;
    }
    *changes = append(*changes, count, sizeof(**changes));
    reader->change = &(*changes)[*count - 1];
    reader->change->directive = directive;
    return 0;
}

static int take_word(struct reader *reader, struct sn_setting_words *list, const char *word)
{
    sn_list_take(list, sn_strdup(word));
    reader->text = &list->items[list->count - 1];
    return 0;
}

static int take_name(struct reader *reader, char **name, const char *word)
{
    sn_strset(name, word);
    reader->text = name;
    return *name != NULL ? 0 : SN_EINVAL;
}

static int take_group_key(struct reader *reader, const char *key, char *const *words, size_t count)
{
    struct sn_state_group *state = reader->group;
    struct sn_group_image *group = &state->image;

    if (strcmp(key, "name") == 0)
        return take_name(reader, &group->name, words[0]);
    if (strcmp(key, "base") == 0)
        return take_addr(reader, words, count, &state->base);
    if (strcmp(key, "address") == 0)
        return take_addr(reader, words, count, &group->addr);
    if (strcmp(key, "config-epoch") == 0)
        return take_epoch(reader, words[0], &group->config_epoch);
    if (strcmp(key, "leader-epoch") == 0)
        return take_epoch(reader, words[0], &group->leader_epoch);
    if (strcmp(key, "leader") == 0)
        return take_runid(words[0], &group->leader);
    if (strcmp(key, "pause") == 0)
        return take_name(reader, &group->pause, words[0]);
    if (strcmp(key, "replica") == 0) {
        sn_group_image_add_replica(group, &(struct sn_addr){0});
        return take_addr(reader, words, count, &group->replicas[group->replica_count - 1]);
    }
    if (strcmp(key, "peer") == 0 && count == 3) {
        struct sn_runid runid;
        char *addr[] = {words[0], words[2]};
        if (take_runid(words[1], &runid) < 0)
            return SN_EINVAL;
        sn_group_image_add_peer(group, &(struct sn_addr){0}, &runid);
        return take_addr(reader, addr, 2, &group->peers[group->peer_count - 1].addr);
    }
    return SN_EINVAL;
}

static int take_removed_key(struct reader *reader, const char *key, char *const *words,
                            size_t count)
{
    int64_t quorum;

    if (strcmp(key, "name") == 0)
        return take_name(reader, &reader->removed->name, words[0]);
    if (strcmp(key, "base") == 0)
        return take_addr(reader, words, count, &reader->removed->base);
    if (strcmp(key, "quorum") != 0 || sn_text_to_i64(words[0], strlen(words[0]), &quorum) < 0 ||
        quorum < 0 || quorum > UINT32_MAX)
        return SN_EINVAL;
    reader->removed->quorum = (uint32_t)quorum;
    return 0;
}

static int take_user_key(struct reader *reader, const char *key, const char *word)
{
    struct sn_state_user *user = reader->user;

    if (strcmp(key, "name") == 0)
        return take_name(reader, &user->name, word);
    if (strcmp(key, "rule") == 0)
        return take_word(reader, &user->rules, word);
    if (strcmp(key, "was") != 0)
        return SN_EINVAL;
    char *end;
    errno = 0;
    user->was = strtoull(word, &end, 16);
    return errno == 0 && *end == '\0' ? 0 : SN_EINVAL;
}

static int take_key(struct reader *reader, const char *section, const char *key, char *const *words,
                    size_t count)
{
    if (strcmp(key, "more") == 0)
        return take_more(reader, words[0]);
    reader->text = NULL;
    reader->host = NULL;
    if (strcmp(key, "option") == 0 && (reader->group != NULL || strcmp(section, "change") == 0))
        return begin_change(reader, words[0]);
    if (strcmp(key, "value") == 0 && reader->change != NULL)
        return take_word(reader, &reader->change->value, words[0]);
    if (strcmp(key, "was") == 0 && reader->change != NULL)
        return take_word(reader, &reader->change->was, words[0]);
    if (reader->group != NULL)
        return take_group_key(reader, key, words, count);
    if (reader->removed != NULL)
        return take_removed_key(reader, key, words, count);
    if (reader->user != NULL)
        return take_user_key(reader, key, words[0]);
    if (strcmp(section, "end") == 0)
        return strcmp(key, "checksum") == 0 ? 0 : SN_EINVAL;
    if (strcmp(key, "version") == 0)
        return 0;
    if (strcmp(key, "myid") == 0)
        return take_runid(words[0], &reader->state->myid);
    if (strcmp(key, "current-epoch") == 0)
        return take_epoch(reader, words[0], &reader->state->current_epoch);
    return SN_EINVAL;
}

static int on_state_line(void *arg, const struct sn_ini_line *line)
{
    struct reader *reader = arg;
    struct sn_words words;
    int code;

    reader->line = line->line;
    if (line->key == NULL)
        return enter_section(reader, line->section);
    if (sn_words_split(line->value, strlen(line->value), &words) < 0)
        return SN_EINVAL;
    code = SN_EINVAL;
    for (size_t i = 0; i < words.count; i++) {
        if (sn_text_has_control(words.items[i], words.lens[i]))
            goto out;
    }
    if (words.count > 0)
        code = take_key(reader, line->section, line->key, words.items, words.count);
out:
    sn_words_fini(&words);
    return code;
}

static int on_bad_state_line(void *arg, const struct sn_ini_line *line)
{
    struct reader *reader = arg;
    reader->line = line->line;
    return 0;
}

/* Completes an address: tells literal IPs from names. Port 0 is allowed, an empty host is not. */
static bool complete_addr(struct sn_addr *addr)
{
    struct sn_addr whole;
    if (sn_addr_make(addr->host, addr->port, &whole) < 0)
        return false;
    *addr = whole;
    return true;
}

static bool complete_group(struct sn_state_group *group)
{
    struct sn_group_image *image = &group->image;
    bool ok = image->name != NULL && complete_addr(&image->addr) &&
              (group->base.host[0] == '\0' || complete_addr(&group->base));

    for (size_t i = 0; i < image->replica_count; i++)
        ok = ok && complete_addr(&image->replicas[i]);
    for (size_t i = 0; i < image->peer_count; i++)
        ok = ok && complete_addr(&image->peers[i].addr);
    return ok;
}

static bool complete(struct sn_state *state)
{
    bool ok = true;
    for (size_t i = 0; i < state->group_count; i++)
        ok = ok && complete_group(&state->groups[i]);
    for (size_t i = 0; i < state->removed_count; i++)
        ok = ok && state->removed[i].name != NULL && complete_addr(&state->removed[i].base);
    for (size_t i = 0; i < state->user_count; i++)
        ok = ok && state->users[i].name != NULL;
    return ok;
}

/* Returns the last occurrence of needle in a text of len bytes; NULL if there is none. */
static const char *find_last(const char *text, size_t len, const char *needle)
{
    size_t size = strlen(needle);
    for (size_t at = len >= size ? len - size + 1 : 0; at > 0; at--) {
        if (memcmp(text + at - 1, needle, size) == 0)
            return text + at - 1;
    }
    return NULL;
}

/* The version comes first: a newer format may have another checksum. */
static int check_seal(const char *text, size_t len, struct sn_buf *problem)
{
    char want[CHECKSUM_CHARS + 2];
    const char *version = strstr(text, VERSION_LINE);
    const char *seal = find_last(text, len, CHECKSUM_LINE);

    if (version == NULL || seal == NULL) {
        sn_buf_puts(problem, "it is not complete");
        return SN_ECORRUPT;
    }
    version += strlen(VERSION_LINE);
    if (strncmp(version, "1\n", 2) != 0) {
        sn_buf_printf(problem, "its version is %.*s, this program knows version 1",
                      (int)strcspn(version, "\r\n"), version);
        return SN_ECORRUPT;
    }
    seal++;
    uint64_t hash = sn_hash_bytes(SN_HASH_START, text, (size_t)(seal - text));
    seal += strlen(CHECKSUM_LINE) - 1;
    snprintf(want, sizeof(want), "%016" PRIx64 "\n", hash);
    if ((size_t)(text + len - seal) != strlen(want) || memcmp(seal, want, strlen(want)) != 0) {
        sn_buf_puts(problem, "its checksum does not match");
        return SN_ECORRUPT;
    }
    return 0;
}

int sn_state_parse(const char *text, size_t len, struct sn_state *state, struct sn_buf *problem)
{
    struct reader reader = {.state = state};
    const char *fault;

    *state = (struct sn_state){0};
    int code = check_seal(text, len, problem);
    if (code < 0)
        return code;
    code = sn_ini_read(text, len, on_state_line, on_bad_state_line, &reader, &fault);
    if (code == 0 && !complete(state))
        code = SN_EINVAL;
    if (code == 0)
        return 0;
    sn_buf_printf(problem, "line %d cannot be read", reader.line);
    sn_state_fini(state);
    return SN_ECORRUPT;
}
