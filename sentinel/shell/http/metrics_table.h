/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_METRICS_TABLE_H
#define SN_SHELL_HTTP_METRICS_TABLE_H

/* The metrics, in one table. tests/lint/metrics.py checks the table of docs/HTTP.md against it.
 *
 * X(enumerator, name, type, labels, help). Rows are in the order of /metrics. The names and labels
 * that begin with redis_ are those of redis_exporter, for the dashboards and alerts that know them;
 * the name of a counter ends in _total. */

/* Of the process. */
#define SN_PROCESS_METRICS(X)                                                                      \
    X(UP, "redis_up", GAUGE, "", "1: this sentinel answers.")                                      \
    X(INSTANCE_INFO, "redis_instance_info", GAUGE,                                                 \
      "role, redis_version, redis_build_id, redis_mode, os, maxmemory_policy, tcp_port, run_id, "  \
      "process_id, master_replid",                                                                 \
      "1; the labels name the process.")                                                           \
    X(UPTIME, "redis_uptime_in_seconds", GAUGE, "", "Time since the start.")                       \
    X(CLIENTS, "redis_connected_clients", GAUGE, "", "Connected clients.")                         \
    X(COMMANDS, "redis_commands_processed_total", COUNTER, "", "Commands of clients.")             \
    X(CONNECTIONS, "redis_connections_received_total", COUNTER, "", "Accepted clients.")           \
    X(CPU_SYSTEM, "redis_cpu_sys_seconds_total", COUNTER, "", "Processor time in the kernel.")     \
    X(CPU_USER, "redis_cpu_user_seconds_total", COUNTER, "", "Processor time in the program.")     \
    X(CPU_SYSTEM_CHILDREN, "redis_cpu_sys_children_seconds_total", COUNTER, "",                    \
      "The same of its scripts, in the kernel.")                                                   \
    X(CPU_USER_CHILDREN, "redis_cpu_user_children_seconds_total", COUNTER, "",                     \
      "The same of its scripts, in their programs.")                                               \
    X(MASTERS, "redis_sentinel_masters", GAUGE, "", "Groups that are watched.")                    \
    X(TILT, "redis_sentinel_tilt", GAUGE, "", "1: TILT mode, nothing is judged.")                  \
    X(RUNNING_SCRIPTS, "redis_sentinel_running_scripts", GAUGE, "", "Scripts that run.")           \
    X(SCRIPTS_QUEUE, "redis_sentinel_scripts_queue_length", GAUGE, "",                             \
      "Scripts that run or wait to be run.")                                                       \
    X(SIMULATE, "redis_sentinel_simulate_failure_flags", GAUGE, "",                                \
      "Failures that SENTINEL SIMULATE-FAILURE has ordered, as bits.")                             \
    X(BUILD_INFO, "sentineld_build_info", GAUGE, "version", "1; the label is the version.")        \
    X(GROUPS, "sentineld_groups", GAUGE, "status", "Groups by status: ok, sdown, odown.")          \
    X(FAILOVERS_RUNNING, "sentineld_failovers_in_progress", GAUGE, "",                             \
      "Failovers that this sentinel leads, or wants to lead, at the moment.")                      \
    X(FAILOVERS, "sentineld_failovers_total", COUNTER, "result",                                   \
      "Attempts of this sentinel to fail over, by how they ended.")                                \
    X(FAILOVER_DURATION, "sentineld_failover_duration_seconds", HISTOGRAM, "",                     \
      "From +try-failover to +switch-master, of failovers that this sentinel has led.")            \
    X(SWITCHES, "sentineld_switches_total", COUNTER, "",                                           \
      "Changes of a master's address, by this sentinel or others.")                                \
    X(VOTES, "sentineld_votes_total", COUNTER, "", "Votes that were given.")                       \
    X(CURRENT_EPOCH, "sentineld_current_epoch", GAUGE, "", "The current epoch.")                   \
    X(TILTS, "sentineld_tilts_total", COUNTER, "", "How often TILT mode was entered.")             \
    X(EVENTS, "sentineld_events_total", COUNTER, "event", "Events by name (EVENTS.md).")           \
    X(LINKS, "sentineld_links", GAUGE, "kind, state",                                              \
      "Connections to servers and sentinels, by kind and state.")                                  \
    X(READY, "sentineld_ready", GAUGE, "", "1: /readyz answers 200.")                              \
    X(SAVES, "sentineld_save_duration_seconds", HISTOGRAM, "",                                     \
      "Duration of saves of the state that succeeded.")                                            \
    X(SAVES_FAILED, "sentineld_save_failures_total", COUNTER, "",                                  \
      "Saves of the state that failed.")                                                           \
    X(LOOP_LAG, "sentineld_loop_lag_seconds", HISTOGRAM, "",                                       \
      "How late a timer of the event loop came, looked at once a second.")                         \
    X(MAX_CLIENTS, "sentineld_clients_max", GAUGE, "", "Most clients that may be connected.")      \
    X(CLIENTS_MEMORY, "sentineld_clients_memory_bytes", GAUGE, "", "Memory of all clients.")       \
    X(SUBSCRIBERS, "sentineld_subscribed_clients", GAUGE, "", "Clients with a subscription.")      \
    X(REJECTED, "sentineld_clients_rejected_total", COUNTER, "",                                   \
      "Clients that were refused, because there were too many.")                                   \
    X(EVICTED, "sentineld_clients_evicted_total", COUNTER, "",                                     \
      "Clients that were closed, because all held too much memory.")                               \
    X(HTTP_CONNECTIONS, "sentineld_http_connections", GAUGE, "", "Connections to this port.")      \
    X(HTTP_REQUESTS, "sentineld_http_requests_total", COUNTER, "", "Requests that were answered.") \
    X(HTTP_CUT, "sentineld_http_connections_cut_total", COUNTER, "",                               \
      "Connections to this port that were idle or slow for too long, or gave way to newer ones.")  \
    X(HTTP_LISTENERS, "sentineld_http_listeners", GAUGE, "", "Listeners of /events.")              \
    X(HTTP_LISTENERS_DROPPED, "sentineld_http_listeners_dropped_total", COUNTER, "",               \
      "Listeners of /events that were too slow.")

/* Of each group, or of its replicas. */
#define SN_GROUP_METRICS(X)                                                                        \
    X(STATUS, "redis_sentinel_master_status", GAUGE, "master_name, master_address, master_status", \
      "1: the master is ok.")                                                                      \
    X(SLAVES, "redis_sentinel_master_slaves", GAUGE, "master_name, master_address",                \
      "Known replicas.")                                                                           \
    X(SENTINELS, "redis_sentinel_master_sentinels", GAUGE, "master_name, master_address",          \
      "Known sentinels, this one included.")                                                       \
    X(OK_SLAVES, "redis_sentinel_master_ok_slaves", GAUGE, "master_name, master_address",          \
      "Replicas that are not down.")                                                               \
    X(OK_SENTINELS, "redis_sentinel_master_ok_sentinels", GAUGE, "master_name, master_address",    \
      "Sentinels that are not down, this one included.")                                           \
    X(CKQUORUM_STATUS, "redis_sentinel_master_ckquorum_status", GAUGE, "master_name, message",     \
      "1: enough sentinels are up for a failover (SENTINEL CKQUORUM).")                            \
    X(CKQUORUM, "redis_sentinel_master_setting_ckquorum", GAUGE, "master_name, master_address",    \
      "The quorum.")                                                                               \
    X(FAILOVER_TIMEOUT, "redis_sentinel_master_setting_failover_timeout", GAUGE,                   \
      "master_name, master_address", "failover-timeout, in milliseconds.")                         \
    X(PARALLEL_SYNCS, "redis_sentinel_master_setting_parallel_syncs", GAUGE,                       \
      "master_name, master_address", "parallel-syncs.")                                            \
    X(DOWN_AFTER, "redis_sentinel_master_setting_down_after_milliseconds", GAUGE,                  \
      "master_name, master_address", "down-after-milliseconds.")                                   \
    X(CONFIG_EPOCH, "redis_sentinel_master_config_epoch", GAUGE, "master_name, master_address",    \
      "Epoch of the configuration: of the failover that made this master.")                        \
    X(LAST_OK_PING, "redis_sentinel_master_last_ok_ping_reply_seconds", GAUGE,                     \
      "master_name, master_address", "Time since the master answered PING well.")                  \
    X(USABLE, "sentineld_group_usable_sentinels", GAUGE, "master_name",                            \
      "Sentinels whose votes can be had, this one included.")                                      \
    X(FAILOVER, "sentineld_group_failover_in_progress", GAUGE, "master_name",                      \
      "1: this sentinel leads a failover of the group, or wants to.")                              \
    X(PAUSE, "sentineld_group_pause_left_seconds", GAUGE, "master_name",                           \
      "How much longer an operator has paused automatic failovers; 0: not paused.")                \
    X(LOST_BYTES, "sentineld_group_lost_bytes", GAUGE, "master_name",                              \
      "Bytes of the old master that its last failover has lost, at least; missing while unknown.") \
    X(CHOICE_AGE, "sentineld_group_choice_age_seconds", GAUGE, "master_name",                      \
      "Age of the newest fact by which this sentinel chose the present master; missing if it did " \
      "not.")                                                                                      \
    X(REPLICA_UP, "sentineld_replica_up", GAUGE, "master_name, replica_address",                   \
      "1: the replica is not down.")                                                               \
    X(REPLICA_LINK, "sentineld_replica_link_up", GAUGE, "master_name, replica_address",            \
      "1: the replica says that its link to the master is up.")                                    \
    X(REPLICA_LAG, "sentineld_replica_lag_bytes", GAUGE, "master_name, replica_address",           \
      "Bytes that the replica lacks, by the last INFO of both servers; missing while unknown.")

enum sn_process_metric {
#define X(id, name, type, labels, help) SN_PROCESS_##id,
    SN_PROCESS_METRICS(X)
#undef X
        SN_PROCESS_METRIC_COUNT
};

enum sn_group_metric {
#define X(id, name, type, labels, help) SN_GROUP_METRIC_##id,
    SN_GROUP_METRICS(X)
#undef X
        SN_GROUP_METRIC_COUNT
};

#endif
