# SPDX-License-Identifier: BSD-3-Clause
"""Files that name more replicas than there can be, and more than there are open files for: what is shared slows
down, and does not break."""

import os
import socket

import pytest

from harness import wait_until
from harness.farm import Farm

pytestmark = pytest.mark.ours_only


def lines(count, group="mymaster"):
    # Nobody is there; a connection that is refused at once takes a file all the same.
    return [f"sentinel known-replica {group} 127.{1 + n // 60000}.0.1 {1024 + n % 60000}" for n in range(count)]


def test_replicas__of_a_file_are_limited_and_told_once(place):
    master = place.redis()
    sentinel = place.sentinel(place.monitor(master, quorum=1), extra=lines(20000))
    assert sentinel.master("mymaster")["num-slaves"] == 1024
    told = [line for line in sentinel.log_text().splitlines() if "20000 replicas of group mymaster" in line]
    assert len(told) == 1
    assert sentinel.raw("FLUSHCONFIG") == "OK"
    assert sentinel.conf_text().count("known-replica") == 1024
    sentinel.restart()
    assert "replicas of group mymaster" not in sentinel.log_text().split("just started")[-1]


def test_replicas__leave_open_files_to_masters_and_clients(place):
    # Each takes connections and says nothing.
    silent = socket.create_server(("", place.ports.take()), backlog=1000)
    known = [f"sentinel known-replica one 127.0.2.{n} {silent.getsockname()[1]}" for n in range(1, 201)]
    names = ("one", "two")
    monitors = [place.monitor(place.redis(), quorum=1, name=name) for name in names]
    sentinel = place.sentinel(*monitors, start=False, extra=known)
    sentinel.argv = ["prlimit", "--nofile=150:150", *sentinel.argv]
    sentinel.start()
    wait_until(lambda: "links to replicas use all open files" in sentinel.log_text(), 10, "it is told")
    clients = [sentinel.client() for _ in range(10)]
    for client in clients:
        assert client.ping()
    for name in names:
        wait_until(lambda group=name: sentinel.commands.sentinel_master(group)["flags"] == "master", 10,
                   "the master is up")
    assert sentinel.log_text().count("links to replicas use all open files") == 1
    assert len(os.listdir(f"/proc/{sentinel.pid}/fd")) < 150
    assert "too many open files" not in sentinel.log_text()
    for client in clients:
        client.close()
    silent.close()


def test_replicas__found_later_take_places_that_no_client_uses(place):
    farm = place.add(Farm(12, 2, 1))
    sentinel = place.sentinel(*farm.monitors(down_after_milliseconds=5000), start=False, extra=["maxclients 150"])
    sentinel.argv = ["prlimit", "--nofile=180:180", *sentinel.argv]
    sentinel.start()
    # Files of 12 masters and 24 replicas, each with a command link and a subscription.
    wait_until(lambda: all(replica["flags"] == "slave" and replica["link-pending-commands"] in ("0", "1")
                           for name in range(12) for replica in sentinel.replicas(f"m{name}"))
               and len(os.listdir(f"/proc/{sentinel.pid}/fd")) > 72, 20, "all replicas are connected")
    text = sentinel.log_text()
    assert "links to replicas that were found since the start need the files" in text
    assert "links to replicas use all open files" not in text
    left = int(sentinel.commands.info("clients")["maxclients"])
    assert text.count(f" to {left}: links to replicas that were found") == 1
    clients = [sentinel.client() for _ in range(left - 2)]
    for client in clients:
        assert client.ping()
        client.close()
