# SPDX-License-Identifier: BSD-3-Clause
# Completion of sentineld for bash: options, directives, files.
# shellcheck shell=bash

# made by tests/lint/manual.py --write
_sentineld_server_words='
    --port --bind --unixsocket --unixsocketperm --protected-mode --tcp-backlog --tcp-keepalive --timeout
    --maxclients --bind-source-addr --http-port --http-bind --requirepass --requirepass-file --user
    --aclfile --acl-pubsub-default --acllog-max-len --rename-command --client-query-buffer-limit
    --proto-max-bulk-len --maxmemory-clients --client-output-buffer-limit --rescue-dir --daemonize
    --pidfile --supervised --set-proc-title --proc-title-template --loglevel --logfile --log-format
    --log-timestamp-format --syslog-enabled --syslog-ident --syslog-facility --dir --state-file
    --history-file --tls-port --tls-cert-file --tls-key-file --tls-key-file-pass --tls-client-cert-file
    --tls-client-key-file --tls-client-key-file-pass --tls-ca-cert-file --tls-ca-cert-dir
    --tls-dh-params-file --tls-auth-clients --tls-auth-clients-user --tls-auto-reload-interval
    --tls-expected-peer-name --tls-verify-names --tls-replication --tls-protocols --tls-ciphers
    --tls-ciphersuites --tls-prefer-server-ciphers --tls-session-caching --tls-session-cache-size
    --tls-session-cache-timeout
'
_sentineld_sentinel_words='
    deny-scripts-reconfig resolve-hostnames announce-hostnames single-connection announce-ip
    announce-port sentinel-user sentinel-pass sentinel-pass-file monitor down-after-milliseconds
    failover-timeout parallel-syncs notification-script client-reconfig-script auth-pass auth-pass-file
    auth-user tls master-reboot-down-after-period refused-after-milliseconds max-replica-lag
    reborn-empty replica-veto chained-replicas rescue-lost-writes rescue-timeout-milliseconds
    forget-after rename-command
'
# end of what is made

_sentineld() {
    local word=${COMP_WORDS[COMP_CWORD]} before=
    if [ "$COMP_CWORD" -gt 0 ]; then before=${COMP_WORDS[COMP_CWORD - 1]}; fi
    COMPREPLY=()
    if [ "$before" = --sentinel ]; then
        mapfile -t COMPREPLY < <(compgen -W "$_sentineld_sentinel_words" -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "--check-config --help --version --sentinel $_sentineld_server_words" -- "$word")
    fi
    # No match: readline completes a file name.
}
complete -o default -F _sentineld sentineld
