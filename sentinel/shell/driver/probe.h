/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_DRIVER_PROBE_H
#define SN_SHELL_DRIVER_PROBE_H

/* Static probes (USDT) of the provider `sentineld`: each is one instruction that does nothing until
 * a tracer attaches. SN_PROBE(name, a, b) defines the probe name with two integer arguments; enums
 * do not work, as the header compares them with -1. The arguments are evaluated without a tracer
 * too, so they must be cheap and free of side effects. Without SN_HAVE_SDT (CMake option SN_USDT)
 * there are no probes. */

#ifdef SN_HAVE_SDT

#include <sys/sdt.h>

/* The header uses extensions of gcc's preprocessor. */
#ifdef __clang__
#define SN_PROBE(name, a, b)                                                                       \
    _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wpedantic\"")            \
        DTRACE_PROBE2(sentineld, name, a, b);                                                      \
    _Pragma("clang diagnostic pop")
#else
#define SN_PROBE(name, a, b) DTRACE_PROBE2(sentineld, name, a, b)
#endif

#else

#define SN_PROBE(name, a, b) ((void)(a), (void)(b))

#endif

#endif
