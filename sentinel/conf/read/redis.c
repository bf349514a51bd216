/* SPDX-License-Identifier: BSD-3-Clause */

/* Reads files of the Redis syntax, with what they include (PROTOCOL.md §19.2, §19.3). */

#include "conf/read/redis.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "conf/file/file.h"
#include "conf/read/statement.h"
#include "conf/table/line.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define INCLUDE_DEPTH_MAX 16

static int read_lines(struct sn_loader *loader, const char *file, const char *text, size_t len,
                      enum sn_origin origin);

static int fail_file(struct sn_loader *loader, const struct sn_place *at, const char *path,
                     int code)
{
    struct sn_buf problem;

    sn_buf_init(&problem, SIZE_MAX);
    sn_buf_printf(&problem, "Fatal error, can't open config file '%s': %s", path,
                  code == SN_ERANGE ? "it is larger than 64 MiB" : sn_file_error(errno));
    code = sn_loader_fail(loader, at, sn_buf_text(&problem), "a readable file");
    sn_buf_fini(&problem);
    return code;
}

static int include_file(struct sn_loader *loader, const struct sn_place *at, const char *path)
{
    struct sn_buf text;

    int code = sn_file_read(path, &text);
    if (code < 0) {
        code = fail_file(loader, at, path, code);
    } else {
        loader->depth++;
        code = read_lines(loader, sn_loader_name(loader, path), sn_buf_text(&text), text.len,
                          SN_ORIGIN_INCLUDED);
        loader->depth--;
    }
    sn_buf_fini(&text);
    return code;
}

/* PROTOCOL.md §19.5. */
static int include_all(struct sn_loader *loader, const struct sn_place *at, const char *pattern)
{
    glob_t found;
    int code = 0;

    if (strpbrk(pattern, "*?[") == NULL)
        return include_file(loader, at, pattern);
    /* A pattern without a match is allowed, but settings that were expected there may be
     * missing. */
    if (glob(pattern, 0, NULL, &found) != 0) {
        sn_loader_notice(loader, at, "no file matches %s: nothing is included", pattern);
        return 0;
    }
    for (size_t i = 0; i < found.gl_pathc && code == 0; i++)
        code = include_file(loader, at, found.gl_pathv[i]);
    globfree(&found);
    return code;
}

/* Remembers a file that is included by the main file, or by the command line. */
static void note_include(struct sn_loader *loader, const char *path)
{
    struct sn_conf *conf = loader->conf;
    size_t size = (conf->include_count + 1) * sizeof(*conf->includes);

    conf->includes = sn_realloc(conf->includes, size);
    conf->includes[conf->include_count++] = (struct sn_conf_include){.path = sn_strdup(path)};
}

/* Relative paths are relative to `dir`, as read so far (PROTOCOL.md §19.5). */
static int include(struct sn_loader *loader, const struct sn_place *at, enum sn_origin origin,
                   const char *path)
{
    if (!loader->files)
        return 0;
    if (loader->depth >= INCLUDE_DEPTH_MAX)
        return sn_loader_fail(loader, at, "files include each other more than 16 deep", NULL);
    if (origin != SN_ORIGIN_INCLUDED)
        note_include(loader, origin == SN_ORIGIN_MAIN ? path : NULL);
    char *full = sn_file_join(loader->dir, path);
    int code = include_all(loader, at, full);
    free(full);
    return code;
}

int sn_redis_add_words(struct sn_loader *loader, const struct sn_place *at, enum sn_origin origin,
                       char *const *words, size_t count)
{
    if (strcasecmp(words[0], "include") != 0)
        return sn_statement_add_words(loader, at, origin, words, count);
    if (count != 2)
        return sn_loader_fail(loader, at, "wrong number of arguments", "one path, or one pattern");
    return include(loader, at, origin, words[1]);
}

/* A comment may hold state of ours that stock must not see. One that cannot be read is a comment.
 */
static int read_comment(struct sn_loader *loader, const struct sn_place *at, enum sn_origin origin)
{
    const char *line = sn_line_in_comment(at->text);
    struct sn_words words;
    int code = 0;

    if (line == NULL || sn_words_split(line, strlen(line), &words) < 0)
        return 0;
    bool clean = true;
    for (size_t i = 0; i < words.count; i++)
        clean = clean && !sn_text_has_control(words.items[i], words.lens[i]);
    if (clean)
        code = sn_redis_add_words(loader, at, origin, words.items, words.count);
    sn_words_fini(&words);
    return code;
}

/* PROTOCOL.md §19.3. */
static int read_line(struct sn_loader *loader, const struct sn_place *at, size_t len,
                     enum sn_origin origin)
{
    struct sn_words words;
    int code = 0;

    if (len == 0)
        return 0;
    if (at->text[0] == '#')
        return read_comment(loader, at, origin);
    if (strlen(at->text) != len)
        return sn_loader_fail(loader, at, "control characters are not allowed in a line", NULL);
    if (sn_words_split(at->text, len, &words) < 0)
        return sn_loader_fail(loader, at, "Unbalanced quotes in configuration line",
                              "a quote at the end of the word that one begins");
    for (size_t i = 0; i < words.count && code == 0; i++) {
        if (sn_text_has_control(words.items[i], words.lens[i]))
            code =
                sn_loader_fail(loader, at, "control characters are not allowed in a value", NULL);
    }
    if (code == 0 && words.count > 0)
        code = sn_redis_add_words(loader, at, origin, words.items, words.count);
    sn_words_fini(&words);
    return code;
}

static int read_lines(struct sn_loader *loader, const char *file, const char *text, size_t len,
                      enum sn_origin origin)
{
    struct sn_place at = {.file = file};
    const char *end = text + len;
    int code = 0;

    while (text < end && code == 0) {
        size_t line_len;
        const char *start = sn_file_take_line(&text, end, &line_len);
        char *line = sn_strndup(start, line_len);
        at.line++;
        at.text = line;
        code = read_line(loader, &at, line_len, origin);
        free(line);
    }
    return code;
}

int sn_redis_read(struct sn_loader *loader, const char *file, const char *text, size_t len)
{
    size_t skip = sn_file_bom_len(text, len);
    return read_lines(loader, sn_loader_name(loader, file), text + skip, len - skip,
                      SN_ORIGIN_MAIN);
}

int sn_redis_read_more(struct sn_loader *loader, const char *name, const char *text, size_t len)
{
    size_t skip = sn_file_bom_len(text, len);
    return read_lines(loader, sn_loader_name(loader, name), text + skip, len - skip,
                      SN_ORIGIN_COMMAND_LINE);
}
