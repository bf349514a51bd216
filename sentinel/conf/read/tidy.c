/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/read/tidy.h"

#include "base/addr.h"
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"

/* Returns the digits that text begins with, without sign and leading zeros; *rest is the text
 * behind them. NULL: there are none. */
static char *leading_digits(const char *text, const char **rest)
{
    text += strspn(text, " \t");
    text += *text == '+';
    size_t len = strspn(text, DIGITS);
    if (len == 0)
        return NULL;
    *rest = text + len;
    while (len > 1 && *text == '0') {
        text++;
        len--;
    }
    return sn_strndup(text, len);
}

/* True if the text behind the digits changes nothing. */
static bool is_harmless(const char *rest, bool milliseconds)
{
    if (rest[0] == '.' && rest[1] == '0') {
        rest++;
        rest += strspn(rest, "0");
    }
    rest += strspn(rest, " \t");
    if (milliseconds && strncasecmp(rest, "ms", 2) == 0)
        rest += 2;
    rest += strspn(rest, " \t");
    return *rest == '\0' || *rest == '#';
}

char *sn_tidy_number(const char *text, bool milliseconds)
{
    const char *rest;
    char *digits = leading_digits(text, &rest);

    if (digits != NULL && strcmp(digits, text) != 0 && is_harmless(rest, milliseconds))
        return digits;
    free(digits);
    return NULL;
}

char *sn_tidy_misread(const char *text)
{
    const char *rest;
    char *digits = leading_digits(text, &rest);

    if (digits != NULL && *rest != '\0')
        return digits;
    free(digits);
    return NULL;
}

char *sn_tidy_host(const char *text)
{
    size_t dash = text[0] == '-' ? 1 : 0;
    size_t len = strlen(text);

    if (len < dash + 3 || text[dash] != '[' || text[len - 1] != ']')
        return NULL;
    char *bare = sn_strndup(text, len - 1); /* [::1 or -[::1 */
    memmove(bare + dash, bare + dash + 1, len - 1 - dash);
    if (strchr(bare, ':') != NULL && sn_addr_is_ip(bare + dash))
        return bare;
    free(bare);
    return NULL;
}
