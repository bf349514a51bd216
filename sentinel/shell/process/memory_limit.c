/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/process/memory_limit.h"

#include "conf/conf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#define DEFAULT_PART 8
#define DEFAULT_MIN  ((uint64_t)16 << 20)
#define DEFAULT_MAX  ((uint64_t)256 << 20)
#define PATH_ROOM    4200

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t of_resource(int resource)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    return limit.rlim_cur;
}

/* Returns the number in a file with nothing else; UINT64_MAX if there is none ("max"). */
static uint64_t read_number(const char *path)
{
    FILE *file = fopen(path, "re");
    uint64_t number = UINT64_MAX;
    char text[32];

    if (file == NULL)
        return UINT64_MAX;
    if (fgets(text, sizeof(text), file) != NULL && text[0] >= '0' && text[0] <= '9')
        number = strtoull(text, NULL, 10);
    fclose(file);
    return number;
}

/* Returns the lowest limit of a cgroup and its ancestors. */
static uint64_t of_cgroup(const char *root, char *group, const char *name)
{
    uint64_t least = UINT64_MAX;
    char path[PATH_ROOM + 64];

    for (;;) {
        snprintf(path, sizeof(path), "%s%s/%s", root, group, name);
        least = lesser(least, read_number(path));
        char *slash = strrchr(group, '/');
        if (slash == NULL)
            return least;
        *slash = '\0';
    }
}

/* Lines are "0::/path" (version 2) or "4:memory:/path" (version 1). */
static uint64_t of_cgroups(void)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    uint64_t least = UINT64_MAX;
    char line[PATH_ROOM];

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *kind = strchr(line, ':');
        char *group = kind != NULL ? strchr(kind + 1, ':') : NULL;
        if (group == NULL)
            continue;
        *group++ = '\0';
        if (kind[1] == '\0')
            least = lesser(least, of_cgroup("/sys/fs/cgroup", group, "memory.max"));
        else if (strstr(kind + 1, "memory") != NULL)
            least =
                lesser(least, of_cgroup("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
    if (file != NULL)
        fclose(file);
    return least;
}

uint64_t sn_memory_available(void)
{
    uint64_t least = uv_get_total_memory();

    if (least == 0)
        least = UINT64_MAX;
    least = lesser(least, of_cgroups());
    least = lesser(least, of_resource(RLIMIT_AS));
    return lesser(least, of_resource(RLIMIT_DATA));
}

uint64_t sn_memory_of_clients(const char *text, uint64_t available)
{
    int64_t number = 0;

    if (text == NULL || sn_conf_parse_share(text, &number) != 0) {
        uint64_t part = available / DEFAULT_PART;
        return part < DEFAULT_MIN ? DEFAULT_MIN : lesser(part, DEFAULT_MAX);
    }
    if (number == 0)
        return UINT64_MAX;
    return number > 0 ? (uint64_t)number : available / 100 * (uint64_t)-number;
}
