/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_CHRONICLE_SHELF_H
#define SN_SHELL_CHRONICLE_SHELF_H

/* The entries in memory, oldest first. The oldest gives way when there are too many; orders of
 * operators give way before failovers if they are more than half. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sn_shelf_entry {
    uint64_t number; /* rises with each entry that is added */
    char *text;      /* a line of JSON */
    char *id;
    char *group;      /* NULL: none */
    unsigned amended; /* times */
    bool is_minor;
    struct sn_shelf_entry *prev, *next;
};

struct sn_shelf {
    struct sn_shelf_entry *entries;
    uint64_t last_number;
    size_t count, minor_count, bytes;
    size_t count_max, bytes_max;
};

void sn_shelf_init(struct sn_shelf *shelf, size_t count_max, size_t bytes_max);
void sn_shelf_fini(struct sn_shelf *shelf);
/* Adds a line. False: it is no entry, or changes one that is gone. */
bool sn_shelf_add(struct sn_shelf *shelf, const char *text);
/* Returns the last entry of group that is a change of its master; NULL if there is none. */
const struct sn_shelf_entry *sn_shelf_last_switch(const struct sn_shelf *shelf, const char *group);
/* Returns how many entries of group that began at wall_ms or later are changes of its master. */
size_t sn_shelf_count_switches(const struct sn_shelf *shelf, const char *group, uint64_t wall_ms);

#endif
