/* SPDX-License-Identifier: BSD-3-Clause */

/* The words of the command line behind the program's name (PROTOCOL.md §19.5). An option is a
 * directive with two dashes before it; its values are the words up to the next option, and the word
 * behind a bare option is its value whatever it looks like. One word may hold option and values,
 * `"--port 26380"`, and is split like a line of a file. */

#include "conf/read/argv.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"
#include "conf/read/redis.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* An option with its values. */
struct option {
    int first;
    int end;               /* index behind its last word */
    struct sn_words words; /* without the dashes */
};

static bool is_option(const char *word)
{
    return strncmp(word, "--", 2) == 0;
}

/* `-`: more lines come from standard input. Only the first or the last word means that (PROTOCOL.md
 * §19.2). */
static bool is_stdin(int argc, char *const *argv, int at)
{
    return strcmp(argv[at], "-") == 0 && (at == 0 || at == argc - 1);
}

/* `--sentinel` alone changes nothing, and has no value (PROTOCOL.md §19.2). */
static bool is_pseudo(const char *word)
{
    return strcasecmp(word, "--sentinel") == 0;
}

static void add_word(struct sn_words *words, const char *text)
{
    words->items = sn_realloc(words->items, (words->count + 1) * sizeof(*words->items));
    words->items[words->count++] = sn_strdup(text);
}

static int find_end(int argc, char *const *argv, int first, bool bare)
{
    int end = first + 1;

    if (bare && end < argc && !is_stdin(argc, argv, end) &&
        !(is_option(argv[end]) && is_pseudo(argv[first])))
        end++;
    while (end < argc && !is_option(argv[end]) && !is_stdin(argc, argv, end))
        end++;
    return end;
}

/* Takes the option that begins at index first. SN_EINVAL: its quotes do not match. */
static int read_option(int argc, char *const *argv, int first, struct option *option)
{
    const char *word = argv[first];
    bool dashed = is_option(word);

    *option = (struct option){.first = first, .end = first + 1};
    if (dashed && sn_words_split(word + 2, strlen(word + 2), &option->words) < 0)
        return SN_EINVAL;
    if (!dashed)
        add_word(&option->words, word);
    option->end = find_end(argc, argv, first, dashed && option->words.count == 1);
    for (int i = first + 1; i < option->end; i++)
        add_word(&option->words, argv[i]);
    return 0;
}

static int read_stdin(struct sn_loader *loader)
{
    enum { STDIN_MAX = 64 << 20 };
    static const struct sn_place at = {.text = "-"};
    struct sn_buf text;
    char chunk[4096];
    size_t got;
    int code = 0;

    if (!loader->files)
        return 0;
    sn_buf_init(&text, STDIN_MAX);
    errno = 0;
    while ((got = fread(chunk, 1, sizeof(chunk), stdin)) > 0 && !text.full)
        sn_buf_append(&text, chunk, got);
    if (ferror(stdin) || text.full)
        code = sn_loader_fail(loader, &at, text.full ? "it is larger than 64 MiB" : strerror(errno),
                              "lines of a configuration on standard input");
    else
        code = sn_redis_read_more(loader, "standard input", sn_buf_text(&text), text.len);
    sn_buf_fini(&text);
    return code;
}

static int add_option(struct sn_loader *loader, int argc, char *const *argv, int first, int *end)
{
    struct option option;
    struct sn_buf line;
    struct sn_place at = {.file = NULL};

    int code = read_option(argc, argv, first, &option);
    sn_buf_init(&line, SIZE_MAX);
    for (int i = first; i < option.end; i++)
        sn_buf_printf(&line, "%s%s", i > first ? " " : "", argv[i]);
    at.text = sn_buf_text(&line);
    if (code < 0)
        code = sn_loader_fail(loader, &at, "Unbalanced quotes in configuration line",
                              "a quote at the end of the word that one begins");
    else if (option.words.count == 0 || option.words.items[0][0] == '\0')
        code = sn_loader_fail(loader, &at, "not a directive", "--directive value…");
    else
        code = sn_redis_add_words(loader, &at, SN_ORIGIN_COMMAND_LINE, option.words.items,
                                  option.words.count);
    sn_words_fini(&option.words);
    sn_buf_fini(&line);
    *end = option.end;
    return code;
}

/* A word without dashes in front is an option only as the first one (PROTOCOL.md §19.2). */
int sn_argv_read(struct sn_loader *loader, int argc, char *const *argv)
{
    int code = 0;
    bool from_stdin = false;

    for (int at = 0; at < argc && !from_stdin; at++)
        from_stdin = is_stdin(argc, argv, at);
    if (from_stdin)
        code = read_stdin(loader);
    for (int at = 0; at < argc && code == 0;) {
        if (is_stdin(argc, argv, at))
            at++;
        else
            code = add_option(loader, argc, argv, at, &at);
    }
    return code;
}

/* Gets how many words an option has at least and at most. False: unknown, or any number. */
static bool words_wanted(const struct sn_words *words, size_t *least, size_t *most)
{
    const struct sn_directive *directive;
    size_t names = 1;

    *least = 1;
    if (strcasecmp(words->items[0], "sentinel") == 0) {
        *most = 1;
        directive = words->count > 1 ? sn_directive_find_sentinel(words->items[1]) : NULL;
        if (directive == NULL)
            return true;
        names = directive->scope == SN_SCOPE_GROUP ? 3 : 2;
    } else {
        directive = sn_directive_find(SN_SCOPE_SERVER, words->items[0]);
    }
    if (directive == NULL)
        return false;
    *least = names + directive->values_min;
    *most = names + directive->values_max;
    return directive->values_max != SN_VALUES_ANY;
}

static bool is_file(const char *path)
{
    struct stat info;
    return path[0] != '-' && stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* True if the last word of an option is not one of its values. */
static bool has_file(const struct option *option, char *const *argv)
{
    size_t least, most;

    if (option->words.count == 0 || option->end - option->first < 2)
        return false;
    bool known = words_wanted(&option->words, &least, &most);
    size_t count = option->words.count;
    if (known)
        return count == most + 1 && argv[option->end - 1][0] != '\0';
    return count > least && is_file(argv[option->end - 1]);
}

int sn_argv_find_file(int argc, char *const *argv)
{
    int found = -1;

    if (argc > 0 && argv[0][0] != '-')
        return argv[0][0] != '\0' ? 0 : -1;
    for (int at = 0; at < argc && found < 0;) {
        struct option option = {.end = at + 1};
        if (!is_stdin(argc, argv, at) && read_option(argc, argv, at, &option) == 0) {
            if (has_file(&option, argv))
                found = option.end - 1;
            sn_words_fini(&option.words);
        }
        at = option.end;
    }
    return found;
}
