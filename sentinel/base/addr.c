/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/addr.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.';
}

/* True if text is the name or number of an interface, behind a link-local address (RFC 4007). */
static bool is_scope(const char *text)
{
    size_t len = 0;
    while (is_name_byte(text[len]))
        len++;
    return len >= 1 && len <= SN_SCOPE_MAX && text[len] == '\0';
}

/* Reads an IPv6 address; *scope is what stands behind it, from its % on, or "". */
static bool parse_v6(const char *text, unsigned char raw[sizeof(struct in6_addr)],
                     const char **scope)
{
    char bare[INET6_ADDRSTRLEN];
    size_t len = strcspn(text, "%");
    *scope = text + len;
    if (len >= sizeof(bare) || ((*scope)[0] == '%' && !is_scope(*scope + 1)))
        return false;
    memcpy(bare, text, len);
    bare[len] = '\0';
    return inet_pton(AF_INET6, bare, raw) == 1;
}

/* Writes the one canonical spelling of a literal IP, so that equal IPs are equal texts. */
static bool canonical_ip(const char *text, char out[SN_IP_MAX + 1])
{
    unsigned char raw[sizeof(struct in6_addr)];
    const char *scope;

    /* inet_pton() accepts one spelling of an IPv4 address only. */
    if (inet_pton(AF_INET, text, raw) == 1)
        return sn_text_copy(out, SN_IP_MAX + 1, text);
    if (!parse_v6(text, raw, &scope) || inet_ntop(AF_INET6, raw, out, SN_IP_MAX + 1) == NULL)
        return false;
    size_t len = strlen(out);
    return sn_text_copy(out + len, SN_IP_MAX + 1 - len, scope);
}

bool sn_addr_is_ip(const char *text)
{
    unsigned char raw[sizeof(struct in6_addr)];
    const char *scope;

    return inet_pton(AF_INET, text, raw) == 1 || parse_v6(text, raw, &scope);
}

static bool is_usable_v4(const unsigned char raw[4])
{
    bool is_multicast = raw[0] >= 224 && raw[0] <= 239;
    bool is_broadcast = raw[0] == 255 && raw[1] == 255 && raw[2] == 255 && raw[3] == 255;

    return raw[0] != 0 && !is_multicast && !is_broadcast;
}

bool sn_addr_ip_usable(const char *ip)
{
    static const unsigned char zeros[15] = {0};
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    unsigned char raw[sizeof(struct in6_addr)];
    const char *scope;

    if (inet_pton(AF_INET, ip, raw) == 1)
        return is_usable_v4(raw);
    if (!parse_v6(ip, raw, &scope))
        return false;
    if (memcmp(raw, mapped, sizeof(mapped)) == 0)
        return is_usable_v4(raw + sizeof(mapped));
    bool is_unspecified = memcmp(raw, zeros, sizeof(zeros)) == 0 && raw[15] == 0;
    return !is_unspecified && raw[0] != 0xff;
}

bool sn_addr_is_useless(const struct sn_addr *addr)
{
    return addr->ip[0] != '\0' && !sn_addr_ip_usable(addr->ip);
}

bool sn_addr_host_valid(const char *text)
{
    size_t len = strnlen(text, SN_HOST_MAX + 1);

    if (len == 0 || len > SN_HOST_MAX)
        return false;
    if (sn_addr_is_ip(text))
        return true;
    for (size_t i = 0; i < len; i++) {
        if (!is_name_byte(text[i]))
            return false;
    }
    return true;
}

int sn_addr_make(const char *host, int64_t port, struct sn_addr *addr)
{
    if (!sn_addr_host_valid(host))
        return SN_EINVAL;
    if (port < 0 || port > UINT16_MAX)
        return SN_ERANGE;

    struct sn_addr made = {.port = (uint16_t)port};
    sn_text_copy(made.host, sizeof(made.host), host);
    if (!canonical_ip(host, made.ip))
        made.ip[0] = '\0';
    *addr = made;
    return 0;
}

struct sn_addr *sn_addr_dup(const struct sn_addr *addr)
{
    struct sn_addr *copy = sn_alloc(sizeof(*copy));

    *copy = *addr;
    return copy;
}

bool sn_addr_same_place(const struct sn_addr *a, const struct sn_addr *b)
{
    return a->port == b->port && a->ip[0] != '\0' && strcmp(a->ip, b->ip) == 0;
}

bool sn_addr_equal(const struct sn_addr *a, const struct sn_addr *b)
{
    return sn_addr_same_place(a, b) || (a->port == b->port && strcasecmp(a->host, b->host) == 0);
}

const char *sn_addr_shown(const struct sn_addr *addr, bool announce_hostnames)
{
    return announce_hostnames || addr->ip[0] == '\0' ? addr->host : addr->ip;
}

void sn_addr_format(const char *host, uint16_t port, char *out)
{
    if (strchr(host, ':') != NULL)
        snprintf(out, SN_ADDR_TEXT_MAX + 1, "[%.*s]:%u", SN_HOST_MAX, host, (unsigned)port);
    else
        snprintf(out, SN_ADDR_TEXT_MAX + 1, "%.*s:%u", SN_HOST_MAX, host, (unsigned)port);
}
