/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Feeds every file of the folders (or files) named on the command line to a fuzz target, for
 * compilers without libFuzzer. Exits 1 where nothing could be fed: an empty corpus proves nothing.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int feed_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size ? size : 1);
    if (!file || !data || fread(data, 1, size, file) != size) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(1);
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

static int feed(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        fprintf(stderr, "cannot stat %s\n", path);
        exit(1);
    }
    if (!S_ISDIR(info.st_mode))
        return feed_file(path, (size_t)info.st_size);

    int fed = 0;
    DIR *folder = opendir(path);
    if (!folder) {
        fprintf(stderr, "cannot open %s\n", path);
        exit(1);
    }
    for (struct dirent *entry; (entry = readdir(folder));) {
        char child[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        fed += feed(child);
    }
    closedir(folder);
    return fed;
}

int main(int argc, char **argv)
{
    int fed = 0;
    for (int i = 1; i < argc; i++)
        fed += feed(argv[i]);
    printf("%d inputs\n", fed);
    return fed > 0 ? 0 : 1;
}
