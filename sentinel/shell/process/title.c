/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/process/title.h"

#include "base/alloc.h"
#include "conf/table/title.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

extern char **environ;

/* Never freed; one allocation, so that texts dropped by unsetenv() are not leaks. */
struct list {
    char **items;
    char *texts;
};

/* The kernel shows one such area per process. */
static struct {
    char *start;  /* of argv[0] */
    size_t words; /* bytes of all words */
    size_t size;  /* including the environment, as far as it follows the words */
    struct list argv;
    struct list environment;
} place;

static size_t count_of(char *const *list)
{
    size_t count = 0;

    while (list[count] != NULL)
        count++;
    return count;
}

/* Also measures how far the texts are contiguous. */
static void move(struct list *list, char *const *from, size_t count, char **end)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += strlen(from[i]) + 1;
    list->items = sn_alloc_array(count + 1, sizeof(*list->items));
    list->texts = sn_alloc(size + 1);
    char *at = list->texts;
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(from[i]) + 1;
        list->items[i] = memcpy(at, from[i], len);
        at += len;
        if (from[i] == *end)
            *end += len;
    }
}

char **sn_title_init(int argc, char **argv)
{
    if (argc < 1)
        return argv;
    char *end = argv[0];
    place.start = argv[0];
    move(&place.argv, argv, (size_t)argc, &end);
    place.words = (size_t)(end - place.start);
    move(&place.environment, environ, count_of(environ), &end);
    place.size = (size_t)(end - place.start);
    environ = place.environment.items;
    return place.argv.items;
}

static void set_name(const char *argv0)
{
    const char *slash = strrchr(argv0, '/');
    const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : argv0;

    (void)prctl(PR_SET_NAME, name); /* the kernel cuts the name */
}

void sn_title_set(const struct sn_conf *conf)
{
    struct sn_buf text;

    if (place.start == NULL || !conf->settings.set_proc_title)
        return;
    struct sn_title_values values = {
        .title = place.argv.items[0], .config_path = conf->path, .settings = &conf->settings};
    sn_buf_init(&text, SIZE_MAX);
    if (sn_title_expand(conf->settings.proc_title_template, &values, &text) == 0 && text.len > 0) {
        size_t len = text.len < place.size - 1 ? text.len : place.size - 1;
        /* If the last byte of the words is not zero, the kernel reads on behind them. */
        memset(place.start, 0, place.size);
        memcpy(place.start, sn_buf_text(&text), len);
    }
    sn_buf_fini(&text);
    set_name(place.argv.items[0]);
}
