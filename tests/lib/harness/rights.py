# SPDX-License-Identifier: BSD-3-Clause
"""Data nodes with an ACL user for the sentinels."""

import re

from harness.poll import wait_until

# PROTOCOL.md §20.6: all that a sentinel may need.
SENTINEL_RIGHTS = ["resetchannels", "&__sentinel__:hello", "+multi", "+slaveof", "+ping", "+exec", "+subscribe",
                   "+config|rewrite", "+role", "+publish", "+info", "+client|setname",
                   "+client|kill", "+script|kill"]
# What draining the master before a planned switchover needs on top (DESIGN.md D17).
DRAIN_RIGHTS = ["+client|pause", "+client|unpause"]

USER, PASSWORD = "watcher", "w4tcher"
TESTER, TESTER_PASSWORD = "tester", "t3st"


def server_args(rights, **options):
    """For RedisServer: sentinels log in as USER with these rights, the test as TESTER."""
    return {"user": TESTER, "password": TESTER_PASSWORD,
            "options": {"user": [f"{USER} on >{PASSWORD} {' '.join(rights)}",
                                 "copier on >c0py +psync +replconf +ping",
                                 "default off",
                                 f"{TESTER} on >{TESTER_PASSWORD} ~* &* +@all"],
                        "masteruser": "copier", "masterauth": "c0py", **options}}


def monitor_options():
    """For Place.group and Place.monitor."""
    return {"auth_user": USER, "auth_pass": PASSWORD}


def without(right):
    return [r for r in SENTINEL_RIGHTS if r != right]


def denied(server):
    """Names of what USER was refused on server, by the server's own record."""
    with server.client() as client:
        return {entry["object"] for entry in client.acl_log() if entry["username"] == USER}


def start(place, given, last_replica=None, replicas=2, down_after_ms=1000, **options):
    """A group whose servers give the sentinels these rights; last_replica: those of the last one."""
    servers = [place.redis(**server_args(given))]
    for number in range(replicas):
        own = last_replica if number == replicas - 1 and last_replica is not None else given
        servers.append(place.redis(servers[0], **server_args(own)))
    return place.group(servers=servers, down_after_ms=down_after_ms, failover_timeout_ms=5000,
                       **monitor_options(), **options)


def logged(sentinel, *patterns):
    """The line of the log that has all of these."""
    return next((line for line in sentinel.log_text().splitlines()
                 if all(re.search(p, line) for p in patterns)), None)


def wait_logged(sentinels, *patterns, timeout_s=30):
    for sentinel in sentinels:
        wait_until(lambda s=sentinel: logged(s, *patterns), timeout_s,
                   f"a line with {patterns} in the log of {sentinel.name}")


def prefer(group, replica):
    """This replica is the best candidate, and every sentinel knows it."""
    with replica.client() as client:
        client.config_set("replica-priority", 10)

    def known():
        return all(r["slave-priority"] == 10 for s in group.sentinels
                   for r in s.replicas(group.name) if r["port"] == replica.port)
    wait_until(known, 30, f"all know the priority of {replica.name}")
