/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_READ_INI_CONF_H
#define SN_CONF_READ_INI_CONF_H

#include "conf/read/loader.h"

/* Reads an INI file, whose whole text is NUL-terminated after len bytes. SN_EINVAL, with the error
 * set. */
SN_MUST_CHECK int sn_ini_conf_read(struct sn_loader *loader, const char *file, const char *text,
                                   size_t len);

#endif
