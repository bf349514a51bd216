/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_READ_STATEMENT_H
#define SN_CONF_READ_STATEMENT_H

/* Checks what a line says as far as that is possible without the others, and adds it to a loader.
 */

#include "conf/read/loader.h"

/* Adds a directive with its values (copied). group is for scope GROUP. SN_EINVAL, with the error
 * set: wrong number of values, control characters. */
SN_MUST_CHECK int sn_statement_add(struct sn_loader *loader, const struct sn_place *at,
                                   enum sn_origin origin, const struct sn_directive *directive,
                                   const char *group, char *const *values, size_t count);
/* Adds what a line of the Redis syntax says. SN_EINVAL also for a directive that does not exist. */
SN_MUST_CHECK int sn_statement_add_words(struct sn_loader *loader, const struct sn_place *at,
                                         enum sn_origin origin, char *const *words, size_t count);
/* As sn_loader_fail, for a word that is no directive of the two scopes; names one that is spelt
 * nearly so. */
int sn_statement_fail_unknown(struct sn_loader *loader, const struct sn_place *at, const char *word,
                              enum sn_scope scope, enum sn_scope other);

#endif
