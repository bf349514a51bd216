# SPDX-License-Identifier: BSD-3-Clause
"""Replicas of replicas."""

from harness.poll import wait_until

TIMEOUT_MS = 4000


def follows(server, master):
    info = server.info()
    return (info["role"], info.get("master_port")) == ("slave", master.port)


def make_chain(place, **options):
    """master, replica, and a replica of that."""
    options.setdefault("down_after_ms", 1000)
    group = place.group(replicas=1, failover_timeout_ms=TIMEOUT_MS, **options)
    below = place.redis(group.replicas[0])
    wait_until(lambda: below.info().get("master_link_status") == "up", 60, "the chain is in sync")
    return group, below


def known_to(sentinel, group):
    return {int(r["port"]) for r in sentinel.replicas(group.name)}


def known(group):
    return set().union(*(known_to(sentinel, group) for sentinel in group.sentinels))
