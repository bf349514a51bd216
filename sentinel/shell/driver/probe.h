/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_DRIVER_PROBE_H
#define SN_SHELL_DRIVER_PROBE_H

/* Static probes (USDT) of the provider `sentineld`: one instruction that does nothing until
 * somebody attaches to it. SN_PROBE(name, a, b) is the probe called name with two integers (no
 * enums: the header looks at their -1), each of which is evaluated with or without a tracer: it
 * should cost nothing and change nothing. Without SN_HAVE_SDT (CMake option SN_USDT) there are no
 * probes. */

#ifdef SN_HAVE_SDT

#include <sys/sdt.h>

/* The header counts on extensions of gcc's preprocessor. */
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
