/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/checkup.h"

#include "base/text.h"
#include "shell/chronicle/chronicle.h"
#include "shell/server/accounts.h"
#include "shell/server/clients.h"
#include "shell/server/parts.h"

#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <time.h>

#define HOUR_MS 3600000

static bool is_loopback_bind(const char *address)
{
    address += address[0] == '-';
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strcasecmp(address, "localhost") == 0;
}

/* tls-auth-clients yes lets in only those who have a certificate of ours. */
static bool has_port_for_anybody(const struct sn_settings *settings)
{
    const char *auth = settings->tls.auth_clients;
    bool asks_certificate = auth == NULL || strcasecmp(auth, "yes") == 0;

    return settings->port != 0 || (settings->tls.port != 0 && !asks_certificate);
}

static bool is_exposed(const struct sn_settings *settings)
{
    if (settings->bind_none || !has_port_for_anybody(settings))
        return false;
    for (size_t i = 0; i < settings->bind_count; i++) {
        if (!is_loopback_bind(settings->bind[i]))
            return true;
    }
    return settings->bind_count == 0;
}

static uint64_t max_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return 0;
    return limit.rlim_cur;
}

/* Takes the field of the tls section of INFO. */
static struct sn_doctor_certificate read_certificate(const char *text, const char *field)
{
    struct sn_doctor_certificate certificate = {0};
    const char *found = strstr(text, field);

    if (found == NULL)
        return certificate;
    found += strlen(field);
    certificate.is_there =
        sn_text_to_i64(found, strcspn(found, "\r\n"), &certificate.seconds_left) == 0;
    return certificate;
}

static void read_certificates(const struct sn_server_env *env, struct sn_doctor_facts *facts)
{
    struct sn_buf text;

    if (env->describe_tls == NULL)
        return;
    sn_buf_init(&text, SIZE_MAX);
    env->describe_tls(env->arg, &text);
    facts->server = read_certificate(sn_buf_text(&text), "tls_server_certificate_seconds_left:");
    facts->client = read_certificate(sn_buf_text(&text), "tls_client_certificate_seconds_left:");
    sn_buf_fini(&text);
}

static size_t count_switches(const void *arg, const char *group)
{
    return sn_chronicle_count_switches(arg, group, HOUR_MS);
}

void sn_server_check_up(const struct sn_server *server, struct sn_doctor_facts *facts)
{
    const struct sn_server_env *env = sn_server_env(server);

    struct timespec wall = {0};

    clock_gettime(CLOCK_REALTIME, &wall);
    *facts = (struct sn_doctor_facts){
        .core = sn_server_core(server),
        .now = sn_driver_now(sn_server_driver(server)),
        .wall_ms = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000,
        .asks_no_password = sn_accounts_open_to_all(sn_server_accounts(server)),
        .is_exposed = is_exposed(env->settings),
        .is_protected = env->settings->protected_mode,
        .clients = sn_server_clients(server)->count,
        .clients_max = env->settings->maxclients,
        .files_max = max_files(),
        .count_switches = count_switches,
        .arg = env->chronicle};
    read_certificates(env, facts);
}
