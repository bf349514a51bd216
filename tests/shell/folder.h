/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_SHELL_FOLDER_H
#define SN_TESTS_SHELL_FOLDER_H

/* A test's own folder, and what is in its files. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    char inner[512];

    if (dir == NULL)
        return;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name) >= (int)sizeof(inner))
            continue;
        if (unlink(inner) != 0)
            remove_folder(inner);
    }
    closedir(dir);
    rmdir(path);
}

static inline const char *content(const char *path)
{
    static char text[65536];
    FILE *file = fopen(path, "r");

    if (file == NULL)
        return "(no file)";
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    text[len] = '\0';
    fclose(file);
    return text;
}

static inline void put(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static inline mode_t mode_of(const char *path)
{
    struct stat entry;

    assert_int_equal(lstat(path, &entry), 0);
    return entry.st_mode & 07777;
}

static inline size_t files_in(const char *path)
{
    DIR *dir = opendir(path);
    size_t count = 0;

    if (dir == NULL)
        return 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return count;
}

#endif
