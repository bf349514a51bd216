# SPDX-License-Identifier: BSD-3-Clause
"""A name that has an IPv4 and an IPv6 address, in a mixed quorum: everybody has to ask about the same
address. Each sentinel runs in a mount namespace with an /etc/hosts of its own."""

import os
import socket
import subprocess

import pytest

from harness import OURS, STOCK, Group, mixed, wait_until

pytestmark = pytest.mark.ours_only

NAME = "dual"


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def may_mount():
    script = "mount --bind /etc/hostname /etc/hosts"
    try:
        return subprocess.run(["unshare", "-m", "sh", "-c", script], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              check=False).returncode == 0
    except OSError:
        return False


def sentinel(place, flavour, port, hosts):
    """Not started yet; knows NAME by hosts."""
    own = place.ports.take()
    folder = place.subfolder(f"sentinel-{own}")
    lines = [f"port {own}", "bind 127.0.0.1", f"dir {folder}", "sentinel announce-ip 127.0.0.1",
             "sentinel resolve-hostnames yes", f"sentinel monitor mymaster {NAME} {port} 2",
             f"sentinel down-after-milliseconds mymaster {mixed.DOWN_AFTER_MS}",
             f"sentinel failover-timeout mymaster {mixed.FAILOVER_TIMEOUT_MS}"]
    daemon = place.sentinel(port=own, flavour=flavour, conf_text="\n".join(lines) + "\n", start=False)
    daemon.argv = ["unshare", "-m", "sh", "-c", f"mount --bind {hosts} /etc/hosts && exec \"$@\"", "sh", *daemon.argv]
    return daemon.start()


@pytest.mark.skipif(not has_ipv6(), reason="the loopback interface has no IPv6 address")
@pytest.mark.skipif(not may_mount(), reason="a mount namespace is not permitted here")
@pytest.mark.parametrize("order", [("::1", "127.0.0.1"), ("127.0.0.1", "::1")], ids=["six-first", "four-first"])
@pytest.mark.parametrize("ours", [1, 2], ids=["one-ours", "two-ours"])
def test_dual_names__are_failed_over_by_a_mixed_quorum(place, ours, order):
    hosts = os.path.join(place.folder, "hosts")
    with open(hosts, "w", encoding="utf-8") as file:
        file.write("127.0.0.1 localhost\n" + "".join(f"{ip} {NAME}\n" for ip in order))
    both = {"options": {"bind": "127.0.0.1 ::1"}}
    master = place.redis(**both)
    replica = place.redis(master, **both)
    wait_until(lambda: replica.follows(master), 60, "in sync")
    flavours = [OURS] * ours + [STOCK] * (3 - ours)
    group = Group("mymaster", [master, replica],
                  [sentinel(place, flavour, master.port, hosts) for flavour in flavours])
    group.wait_ready()
    assert len({s.master_address("mymaster")[0] for s in group.sentinels}) == 1
    master.kill()
    assert group.wait_switched(master, 60) is replica
    wait_until(lambda: replica.role() == "master", 30, "promoted")
