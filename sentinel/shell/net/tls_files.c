/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* dirfd, fstatat */
#include "shell/net/tls_files.h"

#include "base/prng.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t add_file(uint64_t hash, const struct stat *info)
{
    const int64_t facts[] = {(int64_t)info->st_dev,          (int64_t)info->st_ino,
                             (int64_t)info->st_size,         (int64_t)info->st_mtim.tv_sec,
                             (int64_t)info->st_mtim.tv_nsec, (int64_t)info->st_ctim.tv_sec,
                             (int64_t)info->st_ctim.tv_nsec};

    return sn_hash_bytes(hash, facts, sizeof(facts));
}

/* Links are followed: those that name a certificate by its hash lead to its file. */
static uint64_t entry_of(int folder, const char *name)
{
    uint64_t hash = sn_hash_bytes(SN_HASH_START, name, strlen(name));
    struct stat info;

    return folder >= 0 && fstatat(folder, name, &info, 0) == 0 ? add_file(hash, &info) : hash;
}

/* In whatever order the entries come. */
static uint64_t add_entries(uint64_t hash, const char *path)
{
    DIR *folder = opendir(path);
    uint64_t sum = 0;

    if (folder == NULL)
        return hash;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            sum += entry_of(dirfd(folder), entry->d_name);
    }
    closedir(folder);
    return sn_hash_bytes(hash, &sum, sizeof(sum));
}

/* PROTOCOL.md §20.5. */
uint64_t sn_tls_fingerprint(uint64_t hash, const char *path)
{
    struct stat info;

    if (path == NULL || path[0] == '\0' || stat(path, &info) != 0)
        memset(&info, 0, sizeof(info));
    hash = add_file(hash, &info);
    return S_ISDIR(info.st_mode) ? add_entries(hash, path) : hash;
}
