/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"

const char *sn_strerror(int code)
{
    switch (code) {
    case 0:
        return "no error";
    case SN_EINVAL:
        return "malformed input";
    case SN_ERANGE:
        return "out of range";
    case SN_EAGAIN:
        return "incomplete";
    case SN_EFULL:
        return "limit reached";
    case SN_ENOENT:
        return "not found";
    case SN_EEXIST:
        return "exists already";
    case SN_EIO:
        return "refused by the operating system";
    case SN_ECORRUPT:
        return "checksum or version does not match";
    default: /* code is an int: any value can come in */
        return "unknown error";
    }
}
