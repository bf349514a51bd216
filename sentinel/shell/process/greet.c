/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/process/greet.h"

#include "shell/process/passwords.h"
#include "sn_version.h"

#include <unistd.h>

static void warn_of_public(void *arg, const char *text)
{
    sn_log(arg, SN_LEVEL_WARNING, "%s", text);
}

void sn_greet(struct sn_log *log, const struct sn_conf *conf, enum sn_supervisor supervisor,
              const struct sn_server *server)
{
    const struct sn_settings *settings = &conf->settings;

    sn_log(log, SN_LEVEL_NOTICE, "sentineld version=%s, pid=%ld, just started", SN_VERSION,
           (long)getpid());
    sn_log(log, SN_LEVEL_NOTICE, "Configuration loaded from %s (syntax: %s)",
           conf->path[0] != '\0' ? conf->path : "the command line",
           conf->syntax == SN_CONF_INI ? "ini" : "redis");
    if (!conf->state_in_conf)
        sn_log(log, SN_LEVEL_NOTICE, "State file is %s", conf->state_path);
    if (supervisor == SN_SUPERVISOR_SYSTEMD)
        sn_log(log, SN_LEVEL_NOTICE,
               "Supervised by systemd. Please make sure you set appropriate values for "
               "TimeoutStartSec and TimeoutStopSec in your service unit.");
    else if (supervisor == SN_SUPERVISOR_UPSTART)
        sn_log(log, SN_LEVEL_NOTICE, "Supervised by upstart, stopping to signal readiness");
    for (size_t i = 0; i < conf->notice_count; i++)
        sn_log(log, SN_LEVEL_NOTICE, "%s", conf->notices[i]);
    sn_passwords_check(settings, &conf->image, warn_of_public, log);
    sn_log(log, SN_LEVEL_NOTICE, "Running mode=sentinel, port=%u.",
           (unsigned)(settings->port != 0 ? settings->port : settings->tls.port));
    sn_server_log_listeners(server);
}

void sn_greet_no_more(const struct sn_settings *settings, const char *error, char stock[64])
{
    const struct {
        const char *kind;
        uint16_t port;
    } kinds[] = {
        {"(TLS)", settings->tls.port}, {"(TCP)", settings->port}, {"(HTTP)", settings->http_port}};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strstr(error, kinds[i].kind) != NULL)
            snprintf(stock, 64, "Failed listening on port %u %s, aborting.",
                     (unsigned)kinds[i].port, kinds[i].kind);
    }
}
