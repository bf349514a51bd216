/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_READ_TIDY_H
#define SN_CONF_READ_TIDY_H

/* Values that the other daemons take although they are not quite well-formed, because they read
 * numbers by their leading digits. They are taken where that is what the writer meant. */

#include "base/types.h"

/* Makes the plain form of a number: without a leading '+', leading zeros, a comment behind it
 * ("3000#text"), a fraction of zeros, and, for durations, the unit ms. NULL: there is nothing to
 * tidy, or it would change what is meant. free() it (PROTOCOL.md §19.7, §24.2). */
char *sn_tidy_number(const char *text, bool milliseconds);
/* The digits by which the other daemons would read a number that sn_tidy_number does not take
 * ("5s": "5"); NULL if text is one, or does not begin with digits. free() it. */
char *sn_tidy_misread(const char *text);
/* An IPv6 address without the brackets around it, after the '-' that bind allows; NULL if text is
 * none. free() it. */
char *sn_tidy_host(const char *text);

#endif
