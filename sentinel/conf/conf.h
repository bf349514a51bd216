/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_CONF_H
#define SN_CONF_CONF_H

/* Reading and writing configuration and state: both syntaxes, one table of directives
 * (DESIGN.md §3, PROTOCOL.md §19). Nothing here opens a socket or acts on what it reads; reading
 * files is done with the C library. */

#include "conf/read/changes.h"
#include "conf/read/config.h"
#include "conf/table/value.h"

/* Reads the configuration file at path (NULL: there is none, and a state file is named), then the
 * overriding words of the command line
 * (`--port 26380 --sentinel monitor …`, argc/argv without the program and the path), then the state
 * file if one is in use. Nothing is written, no directory entered.
 * On error returns SN_EINVAL, SN_ENOENT, SN_EIO or SN_ECORRUPT, leaves *conf empty and puts into
 * *error a complete message of one or more lines for standard error that names file, line,
 * directive and what was expected. */
SN_MUST_CHECK int sn_conf_load(const char *path, int argc, char *const *argv, struct sn_conf *conf,
                               struct sn_buf *error);
/* Renders what is to be written to conf->state_path: the Redis-syntax file with `old` (its present
 * text, old_len bytes, may be empty) rewritten as redis-sentinel does it (PROTOCOL.md §19.8), or
 * the state file, which ignores `old`. image is the state to save. Pure; safe to call from another
 * thread on values nobody else touches. SN_EINVAL: a value cannot be written without changing the
 * meaning of the file (control characters). */
SN_MUST_CHECK int sn_conf_render(const struct sn_conf *conf, const struct sn_image *image,
                                 const char *old, size_t old_len, struct sn_buf *out);

#endif
