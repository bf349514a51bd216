/* SPDX-License-Identifier: BSD-3-Clause */

/* The only file that uses inih. The library pulls its lines from here; so this file counts the
 * lines, and refuses a line that the library would cut. */

#include "conf/file/ini.h"

#include "base/alloc.h"
#include "base/error.h"
#include "conf/file/file.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>

/* Distributions build the library with limits that can be raised at run time; otherwise the symbol
 * is missing and the compiled-in limit (200 bytes unless changed) applies. */
#if defined(__ELF__)
extern int ini_max_line __attribute__((weak));
#define LINE_MAX_WANTED 32768
#endif

struct reader {
    const char *next;
    const char *end;
    sn_ini_fn *fn;
    sn_ini_fn *bad;
    void *arg;
    const char *problem;
    int code;
    int line;
    char *text;
    char *section;
    bool owed; /* the last line has to come back as a key */
};

static void refuse(struct reader *reader, const char *problem)
{
    struct sn_ini_line line = {
        .line = reader->line, .text = reader->text, .section = reader->section};

    reader->problem = problem;
    reader->code = SN_EINVAL;
    (void)reader->bad(reader->arg, &line);
}

/* Takes the next line off the text, without blanks at its ends. False at the end of the text. */
static bool take_line(struct reader *reader)
{
    if (reader->next == reader->end)
        return false;
    if (reader->line == 0)
        reader->next += sn_file_bom_len(reader->next, (size_t)(reader->end - reader->next));
    size_t len = 0;
    const char *start = "";
    if (reader->next < reader->end)
        start = sn_file_take_line(&reader->next, reader->end, &len);
    free(reader->text);
    reader->text = sn_strndup(start, len);
    reader->line++;
    if (strlen(reader->text) != len)
        refuse(reader, "control characters are not allowed in a line");
    return true;
}

static void take_section(struct reader *reader)
{
    const char *close = strchr(reader->text, ']');
    if (close == NULL) {
        refuse(reader, "the section name has no closing ]");
        return;
    }
    const char *rest = close + 1 + strspn(close + 1, " \t");
    if (*rest != '\0' && *rest != ';' && *rest != '#') {
        refuse(reader, "text follows the section name");
        return;
    }
    free(reader->section);
    reader->section = sn_strndup(reader->text + 1, (size_t)(close - reader->text - 1));

    struct sn_ini_line line = {
        .line = reader->line, .text = reader->text, .section = reader->section};
    reader->code = reader->fn(reader->arg, &line);
}

/* inih asks for a line of at most size - 1 bytes, like fgets(). */
static char *on_wanted(char *out, int size, void *arg)
{
    struct reader *reader = arg;

    if (reader->code == 0 && reader->owed)
        refuse(reader, "not a \"key = value\" line");
    reader->owed = false;
    if (reader->code < 0 || !take_line(reader) || reader->code < 0)
        return NULL;

    size_t len = strlen(reader->text);
    if (size < 3 || len > (size_t)size - 3) {
        refuse(reader, "the line is too long for the INI library");
        return NULL;
    }
    if (reader->text[0] == '[')
        take_section(reader);
    else
        reader->owed = len > 0 && reader->text[0] != ';' && reader->text[0] != '#';
    if (reader->code < 0)
        return NULL;
    memcpy(out, reader->text, len);
    memcpy(out + len, "\n", 2);
    return out;
}

static int on_key(void *arg, const char *section, const char *key, const char *value)
{
    struct reader *reader = arg;

    /* The library cuts long section names; ours is complete. */
    (void)section;
    if (reader->code < 0 || key == NULL)
        return 1;
    reader->owed = false;
    struct sn_ini_line line = {.line = reader->line,
                               .text = reader->text,
                               .section = reader->section,
                               .key = key,
                               .value = value != NULL ? value : ""};
    reader->code = reader->fn(reader->arg, &line);
    return 1;
}

int sn_ini_read(const char *text, size_t len, sn_ini_fn *fn, sn_ini_fn *bad, void *arg,
                const char **problem)
{
    struct reader reader = {.next = text,
                            .end = text + len,
                            .fn = fn,
                            .bad = bad,
                            .arg = arg,
                            .section = sn_strdup("")};
#ifdef LINE_MAX_WANTED
    if (&ini_max_line != NULL)
        ini_max_line = LINE_MAX_WANTED;
#endif
    int result = ini_parse_stream(on_wanted, &reader, on_key, &reader);
    if (result == -2)
        abort(); /* out of memory */
    if (result != 0 && reader.code == 0) {
        /* Another error of the library; `owed` reports the usual case with its line. */
        reader.line = result > 0 ? result : reader.line;
        refuse(&reader, "not a \"key = value\" line");
    }
    *problem = reader.problem;
    free(reader.text);
    free(reader.section);
    return reader.code;
}
