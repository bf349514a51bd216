/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/file/journal.h"

#include "base/alloc.h"
#include "base/text.h"
#include "conf/file/file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* If the file was touched so much later than its journal, somebody has repaired it. */
#define REPAIRED_AFTER_S 60

char *sn_journal_path(const char *path, const char *dir, bool beside)
{
    struct sn_buf full;
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;

    sn_buf_init(&full, SIZE_MAX);
    if (beside)
        sn_buf_printf(&full, "%s.journal", path);
    else
        sn_buf_printf(&full, "%s/%s.journal", dir != NULL ? dir : ".", name);
    return sn_buf_take(&full);
}

/* Returns the last value of a directive in a text that may be damaged; prefix is the word before
 * it, or NULL. The caller frees it; NULL: not found. */
static char *find_value(const char *text, const char *prefix, const char *name)
{
    size_t at = prefix != NULL ? 1 : 0;
    char *value = NULL;

    while (*text != '\0') {
        struct sn_words words;
        size_t len = strcspn(text, "\r\n");
        if (sn_words_split(text, len, &words) == 0 && words.count == at + 2 &&
            (prefix == NULL || strcasecmp(words.items[0], prefix) == 0) &&
            strcasecmp(words.items[at], name) == 0) {
            free(value);
            value = sn_strdup(words.items[at + 1]);
        }
        sn_words_fini(&words);
        text += len;
        text += strspn(text, "\r\n");
    }
    return value;
}

static bool same_sentinel(const char *text, const char *journal)
{
    char *id = find_value(text, "sentinel", "myid");
    char *other = find_value(journal, "sentinel", "myid");
    bool same = other != NULL && (id == NULL || strcmp(id, other) == 0);
    free(id);
    free(other);
    return same;
}

static bool is_repaired(const char *path, const char *journal)
{
    struct stat file_info, journal_info;
    return stat(path, &file_info) != 0 || stat(journal, &journal_info) != 0 ||
           file_info.st_mtime > journal_info.st_mtime + REPAIRED_AFTER_S;
}

bool sn_journal_trusted(const char *path, const char *found)
{
    struct stat journal, file;

    if (lstat(found, &journal) != 0 || !S_ISREG(journal.st_mode))
        return false;
    return journal.st_uid == 0 || journal.st_uid == geteuid() ||
           (stat(path, &file) == 0 && journal.st_uid == file.st_uid);
}

char *sn_journal_find(const char *path, const struct sn_buf *text, struct sn_buf *journal)
{
    char *dir = find_value(sn_buf_text(text), NULL, "dir");
    char *found = NULL;

    sn_buf_init(journal, 0);
    for (int beside = 0; beside <= 1 && found == NULL; beside++) {
        found = sn_journal_path(path, dir, beside == 1);
        if (sn_journal_trusted(path, found) && sn_file_read(found, journal) == 0 &&
            !is_repaired(path, found) && strlen(sn_buf_text(journal)) == journal->len &&
            same_sentinel(sn_buf_text(text), sn_buf_text(journal)))
            break;
        sn_buf_fini(journal);
        free(found);
        found = NULL;
    }
    free(dir);
    return found;
}
