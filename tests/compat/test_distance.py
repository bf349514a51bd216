# SPDX-License-Identifier: BSD-3-Clause
"""Sentinels and servers that are 300 ms apart (DESIGN.md D6). Stock is there to be compared with, and is not judged."""

import socket
import time

import pytest

from harness import OURS, STOCK, wait_until
from harness.relay import Distance

pytestmark = pytest.mark.ours_only
DELAY_S = 0.15


@pytest.fixture(name="distance")
def fixture_distance(place):
    distance = Distance(place.ports, DELAY_S)
    yield distance
    distance.close()


class FarGroup:
    """Three servers and three sentinels. Everybody knows the others by the ports of relays."""

    def __init__(self, place, distance, flavour):
        self.flavour = flavour
        self.relays, self.servers = [], []
        for _ in range(3):
            port = place.ports.take()
            relay = distance.to(port)
            options = {"replica-announce-ip": "127.0.0.1", "replica-announce-port": relay.port}
            if self.relays:
                options["replicaof"] = f"127.0.0.1 {self.relays[0].port}"
            self.relays.append(relay)
            self.servers.append(place.redis(port=port, options=options))
        wait_until(lambda: all(self.follows(server, 0) for server in self.servers[1:]), 60, "the replicas are in sync")
        monitor = place.monitor(self.relays[0].port, down_after_ms=1000, failover_timeout_ms=10000)
        self.sentinels = [self.sentinel(place, distance, monitor) for _ in range(3)]

    def sentinel(self, place, distance, monitor):
        port = place.ports.take()
        extra = ["sentinel announce-ip 127.0.0.1", f"sentinel announce-port {distance.to(port).port}"]
        return place.sentinel(monitor, port=port, flavour=self.flavour, extra=extra)

    def follows(self, server, index):
        info = server.info()
        return (info["role"] == "slave" and info["master_port"] == self.relays[index].port
                and info["master_link_status"] == "up")

    def is_ready(self):
        return all(sentinel.master("mymaster")["flags"] == "master"
                   and sentinel.master("mymaster")["num-other-sentinels"] == 2
                   and [r["master-link-status"] for r in sentinel.replicas("mymaster")] == ["ok", "ok"]
                   for sentinel in self.sentinels)

    def named(self):
        return {int(sentinel.master_address("mymaster")[1]) for sentinel in self.sentinels}

    def new_master(self):
        """Index of the server that all sentinels name in place of the first one; None as long as they do not."""
        ports = [relay.port for relay in self.relays]
        named = self.named()
        return ports.index(named.pop()) if len(named) == 1 and ports[0] not in named else None

    def is_settled(self, index):
        return self.servers[index].role() == "master" and all(
            self.follows(server, index) for server in self.servers if server is not self.servers[index])


def round_trip_ms(port):
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        began = time.monotonic()
        connection.sendall(b"PING\r\n")
        assert connection.recv(100) == b"+PONG\r\n"
        return (time.monotonic() - began) * 1000


@pytest.mark.parametrize("how", ["dies", "is cut off"])
def test_distance__master_is_replaced(place, distance, how):
    groups = [FarGroup(place, distance, flavour) for flavour in (STOCK, OURS)]
    for group in groups:
        wait_until(group.is_ready, 90, f"{group.flavour}: everybody knows everybody")
    assert round_trip_ms(groups[0].relays[0].port) >= 2000 * DELAY_S
    began = time.monotonic()
    for group in groups:
        if how == "dies":
            group.servers[0].kill()
        else:
            group.relays[0].cut()
    stock, ours = groups
    wait_until(lambda: ours.new_master() is not None, 90, "all sentinels name another master", explain=ours.named)
    took_s = time.monotonic() - began
    new = ours.new_master()
    print(f"{how}: ours after {took_s:.1f} s, stock {'too' if stock.new_master() is not None else 'not yet'}")
    if how == "dies":
        ours.servers[0].start()
    else:
        ours.relays[0].heal()
    wait_until(lambda: ours.new_master() == new and ours.is_settled(new), 90, "all follow the new master, the old one too")
    epochs = {sentinel.master("mymaster")["config-epoch"] for sentinel in ours.sentinels}
    assert len(epochs) == 1
