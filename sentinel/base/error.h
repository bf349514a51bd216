/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_ERROR_H
#define SN_BASE_ERROR_H

/* Error codes. A function that can fail returns 0 or one of these; the details that an operator
 * needs travel separately (a message buffer), never inside the code. */

enum sn_error {
    SN_EINVAL = -1,  /* malformed input */
    SN_ERANGE = -2,  /* a number or size outside its limits */
    SN_EAGAIN = -3,  /* incomplete: more bytes are needed */
    SN_EFULL = -4,   /* a stated cap is reached */
    SN_ENOENT = -5,  /* no such thing */
    SN_EEXIST = -6,  /* there already */
    SN_EIO = -7,     /* the operating system refused; errno or a uv code tells why */
    SN_ECORRUPT = -8 /* a checksum or version does not match */
};

/* A short English text for code, never NULL; static storage. */
const char *sn_strerror(int code);

#endif
