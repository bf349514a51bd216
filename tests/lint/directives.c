/* SPDX-License-Identifier: BSD-3-Clause */

/* Prints the table of directives, one a line, its columns separated by tabs, for manual.py: scope,
 * name, what its values are, default ("-": none), smallest and largest number ("-": none), choices,
 * and its flags. */

#include "conf/table/directives.h"

#include <inttypes.h>
#include <stdio.h>

static const char *scope_name(enum sn_scope scope)
{
    switch (scope) {
    case SN_SCOPE_NONE:
        break;
    case SN_SCOPE_SERVER:
        return "server";
    case SN_SCOPE_SENTINEL:
        return "sentinel";
    case SN_SCOPE_GROUP:
        return "group";
    }
    return "none";
}

/* Has a number between min and max. */
static bool is_ranged(const struct sn_directive *directive)
{
    return directive->kind == SN_VALUE_NUMBER || directive->kind == SN_VALUE_BYTES ||
           directive->kind == SN_VALUE_OCTAL;
}

static const char *kind_name(enum sn_value_kind kind)
{
    if (kind == SN_VALUE_YESNO)
        return "yesno";
    if (kind == SN_VALUE_CHOICE)
        return "choice";
    if (kind == SN_VALUE_NUMBER)
        return "number";
    if (kind == SN_VALUE_BYTES)
        return "bytes";
    if (kind == SN_VALUE_OCTAL)
        return "octal";
    return "other";
}

static void print_row(const struct sn_directive *directive)
{
    const char *fallback = directive->fallback != NULL ? directive->fallback : "-";

    printf("%s\t%s\t%s\t%s\t", scope_name(directive->scope), directive->name,
           kind_name(directive->kind), fallback);
    if (is_ranged(directive))
        printf("%" PRId64 "\t%" PRId64 "\t", directive->min, directive->max);
    else
        printf("-\t-\t");
    for (size_t i = 0; directive->choices != NULL && directive->choices[i] != NULL; i++)
        printf("%s%s", i == 0 ? "" : "|", directive->choices[i]);
    printf("\t%s%s%s%s\n", directive->live ? " live" : "", directive->state ? " state" : "",
           directive->within_monitor ? " within_monitor" : "", directive->many ? " many" : "");
}

int main(void)
{
    const enum sn_scope scopes[] = {SN_SCOPE_SERVER, SN_SCOPE_SENTINEL, SN_SCOPE_GROUP};

    for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
        size_t count;
        const struct sn_directive *table = sn_directives(scopes[i], &count);
        for (size_t j = 0; j < count; j++)
            print_row(&table[j]);
    }
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
