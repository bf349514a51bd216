# SPDX-License-Identifier: BSD-3-Clause
"""contrib/haproxy with the real HAProxy: which server its clients reach, through failovers."""

import os
import re
import shutil
import socket
import subprocess
import threading
import time

import pytest
import redis

from harness import Group, Process, wait_until

pytestmark = [pytest.mark.ours_only,
              pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not here (scripts/deps --dev)")]

RECIPE = os.path.join(os.path.dirname(__file__), "../../contrib/haproxy/haproxy.cfg")


class Client(threading.Thread):
    """Asks, again and again, which server it has reached, over one connection for as long as that lasts."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.halt = port, threading.Event()
        self.answers = []  # (when it had been answered, port of the server, role)

    def run(self):
        while not self.halt.is_set():
            try:
                with redis.Redis(port=self.port, socket_timeout=60, decode_responses=True, single_connection_client=True) as connection:
                    while not self.halt.is_set():
                        port, role = int(connection.config_get("port")["port"]), connection.role()[0]
                        self.answers.append((time.monotonic(), port, role))
                        time.sleep(0.002)
            except redis.RedisError:
                time.sleep(0.01)

    def last(self):
        """The last answer, if it is fresh."""
        return self.answers[-1] if self.answers and time.monotonic() - self.answers[-1][0] < 0.5 else (0, None, None)


@pytest.fixture
def balanced(place):
    """(group, port to the primary, port to the replicas) behind an HAProxy with the recipe."""
    https = [place.ports.take() for _ in range(3)]
    master = place.redis()
    replicas = [place.redis(master) for _ in range(2)]
    for replica in replicas:
        wait_until(lambda r=replica: r.info()["master_link_status"] == "up", 60, f"{replica.name} in sync")
    monitor = place.monitor(master, down_after_ms=500)
    group = Group("mymaster", [master, *replicas], [place.sentinel(monitor, extra=[f"http-port {port}"]) for port in https]).wait_ready()
    with open(RECIPE, encoding="utf-8") as file:
        text = file.read()
    doors = [place.ports.take() for _ in range(2)]
    for i, server in enumerate(group.servers, 1):
        text = text.replace(f"10.0.0.{i}:6379", f"127.0.0.1:{server.port}")
        majority = str(place.ports.take())
        text = text.replace(f"127.0.0.1:940{i}", f"127.0.0.1:{majority}").replace(f"port 940{i}", f"port {majority}")
    for i, port in enumerate(https, 1):
        text = text.replace(f"10.0.0.1{i}:9355", f"127.0.0.1:{port}").replace(f"addr 10.0.0.1{i} port 9355", f"addr 127.0.0.1 port {port}")
    text = text.replace("bind :6379", f"bind 127.0.0.1:{doors[0]}").replace("bind :6380", f"bind 127.0.0.1:{doors[1]}")
    assert re.findall(r"^(?! *#).*(10\.0\.0\.|\b9355\b|\b940\d\b).*$", text, re.M) == []
    path = os.path.join(place.subfolder("haproxy"), "haproxy.cfg")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    place.add(Process("haproxy", ["haproxy", "-db", "-f", path], path + ".log")).start()
    yield group, doors


def test_contrib_haproxy__the_recipe_is_valid():
    done = subprocess.run(["haproxy", "-c", "-f", RECIPE], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr


def reaches(client, server):
    return lambda: client.last()[1] == server.port


def test_contrib_haproxy__nobody_talks_to_the_old_primary(balanced):
    """The old primary hangs, is replaced, and goes on: it still holds connections, and believes to be the master."""
    group, doors = balanced
    clients = [Client(doors[0]) for _ in range(4)]
    for client in clients:
        client.start()
    old = group.master
    for client in clients:
        wait_until(reaches(client, old), 30, "the primary is reached")
    old.freeze()
    new = group.wait_switched(old)
    for client in clients:
        wait_until(reaches(client, new), 30, "the new primary is reached")
    switched = time.monotonic()
    old.thaw()
    wait_until(lambda: old.role() == "slave", 60, "the old primary follows the new one")
    time.sleep(1)  # for what must not come
    for client in clients:
        client.halt.set()
        client.join(10)
        after = [port for when, port, _ in client.answers if when > switched]
        assert len(after) > 50 and set(after) == {new.port}, "a client has reached the old primary"


def test_contrib_haproxy__a_planned_failover_too(balanced):
    group, doors = balanced
    client = Client(doors[0])
    client.start()
    old = group.master
    wait_until(reaches(client, old), 30, "the primary is reached")
    group.sentinels[0].commands.execute_command("SENTINEL", "FAILOVER", "mymaster")
    new = group.wait_switched(old)
    wait_until(reaches(client, new), 30, "the new primary is reached")
    switched = next(when for when, port, _ in client.answers if port == new.port)
    time.sleep(1)  # for what must not come
    client.halt.set()
    client.join(10)
    assert {port for when, port, _ in client.answers if when > switched} == {new.port}
    assert all(role == "master" for when, _, role in client.answers if when > switched)


def test_contrib_haproxy__reads_go_to_replicas(balanced):
    group, doors = balanced
    reached = set()

    def look():
        with redis.Redis(port=doors[1], socket_timeout=2, decode_responses=True) as connection:
            reached.add(int(connection.config_get("port")["port"]))
        return reached == {replica.port for replica in group.replicas}
    wait_until(lambda: socket.create_connection(("127.0.0.1", doors[1]), 1).close() is None, 30, "the door is open")
    time.sleep(3)  # until the checks have found the primary to be none
    wait_until(look, 30, "both replicas are reached")
    assert group.master.port not in reached
