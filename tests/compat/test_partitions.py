# SPDX-License-Identifier: BSD-3-Clause
"""Three hosts, each with a sentinel, a server and a client, and a network that breaks (DESIGN.md D1, PROTOCOL.md §15)."""

import glob
import subprocess
import time

import pytest

from harness import OURS, STOCK, wait_until
from harness.hosts import REDIS_PORT, SENTINEL_PORT, Client, Network, not_possible

WHY_NOT = not_possible()
pytestmark = [pytest.mark.ours_only, pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))]


@pytest.fixture(name="network")
def fixture_network(place):
    network = Network(place)
    yield network
    for host in network.hosts:
        for process in (host.sentinel, host.redis):
            if process:
                process.end()
    network.close()


def ready(network):
    """Everybody knows everybody."""
    def known():
        return all(host.ask(SENTINEL_PORT, "SENTINEL", "CKQUORUM", "mymaster").startswith("OK 3 usable")
                   and len(host.ask(SENTINEL_PORT, "SENTINEL", "REPLICAS", "mymaster")) == 2 for host in network.hosts)
    wait_until(known, 60, "all sentinels know all")
    master = network.hosts[0]
    wait_until(lambda: master.ask(REDIS_PORT, "ROLE")[2] and len(master.ask(REDIS_PORT, "ROLE")[2]) == 2, 60,
               "both replicas are in sync")


def wait_replaced(hosts, timeout_s=60):
    """All of these hosts' sentinels name one of these hosts."""
    wait_until(lambda: {host.named_master() for host in hosts} <= {host.ip for host in hosts}, timeout_s,
               "the others have another master")


def lost(clients, master):
    there = {int(number) for number in master.client().smembers("written")}
    return [(when, number) for client in clients for when, number in client.acknowledged if number not in there]


def epochs(network):
    fields = [host.ask(SENTINEL_PORT, "SENTINEL", "MASTER", "mymaster") for host in network.hosts]
    return {(f if isinstance(f, dict) else dict(zip(f[::2], f[1::2])))["config-epoch"] for f in fields}


def test_partition__of_the_master_and_a_minority(network):
    """The majority has a new master; the old one's own client writes on, and loses that when the network heals."""
    network.start()
    ready(network)
    first, *majority = network.hosts
    clients = [Client(host).start() for host in network.hosts]
    wait_until(lambda: all(len(client.acknowledged) > 50 for client in clients), 40, "all write")
    cut_at = time.monotonic()
    first.cut()
    wait_replaced(majority)
    assert len({host.named_master() for host in majority}) == 1
    assert first.named_master() == first.ip  # who is alone decides nothing
    time.sleep(2)
    healed_at = time.monotonic()
    first.join()
    master = wait_until(network.agreed, 60, "one master, which all follow")
    assert master in majority
    time.sleep(1)
    for client in clients:
        client.stop()
    gone = lost(clients, master)
    # Only what was written behind the cut is gone: nothing from before it, but for what was under way, nor after the heal.
    assert all(cut_at - 1 <= when <= healed_at + 10 for when, _ in gone)
    assert all(number // 10_000_000 == first.number for when, number in gone if when > cut_at + 0.5)
    assert [host.switches() for host in network.hosts] == [1, 1, 1]
    assert len(epochs(network)) == 1


def test_partition__one_way(network):
    """The master still sends, and hears nobody: the others have no answers, and fail it over."""
    network.start()
    ready(network)
    first, *majority = network.hosts
    for host in majority:
        first.hear_nothing_from(host)
    wait_replaced(majority)
    first.heal()
    master = wait_until(network.agreed, 60, "one master, which all follow")
    assert master in majority
    assert len(epochs(network)) == 1


def test_partition__a_third_of_all_packets_is_lost(network):
    """Whatever is decided meanwhile: one master in the end, and nothing goes back and forth after that."""
    network.start(down_after_ms=3000)
    ready(network)
    for host in network.hosts:
        host.lose(30)
    time.sleep(15)
    for host in network.hosts:
        host.heal()
    time.sleep(5)  # retransmissions are seconds apart by now: what was lost last may still make the master S_DOWN
    wait_until(network.agreed, 90, "one master, which all follow")
    before = [host.switches() for host in network.hosts]
    time.sleep(5)
    assert network.agreed()
    assert [host.switches() for host in network.hosts] == before
    assert max(before) <= 2
    assert len(epochs(network)) == 1


def test_partition__that_comes_and_goes(network):
    """A port of the switch that flaps every two seconds: at most one failover for each time, one master in the end."""
    network.start()
    ready(network)
    first = network.hosts[0]
    for _ in range(4):
        first.cut()
        time.sleep(2)
        first.join()
        time.sleep(2)
    wait_until(network.agreed, 60, "one master, which all follow")
    before = [host.switches() for host in network.hosts]
    time.sleep(3)
    assert network.agreed()
    assert [host.switches() for host in network.hosts] == before
    assert max(before) <= 4
    assert len(epochs(network)) == 1


def replay(path, host):
    with open(path, "rb") as file:
        done = subprocess.run(["ip", "netns", "exec", host.namespace, "redis-cli", "-p", str(REDIS_PORT), "--pipe"], stdin=file,
                              capture_output=True, text=True, timeout=60, check=True)
    assert "errors: 0" in done.stdout, done.stdout


@pytest.mark.parametrize("rescue", ["stock", "no", "yes"])
def test_partition__lost_writes_are_told_and_rescued_to_the_last_one(network, rescue):
    """DESIGN.md D21: clients write on both sides. What the old master alone has is lost, or in a file, and nothing else is."""
    network.start(STOCK if rescue == "stock" else OURS)
    ready(network)
    for host in network.hosts if rescue != "stock" else []:
        assert host.ask(SENTINEL_PORT, "SENTINEL", "SET", "mymaster", "rescue-lost-writes", rescue) == "OK"
    first, *majority = network.hosts
    clients = [Client(host).start() for host in network.hosts]
    wait_until(lambda: all(len(client.acknowledged) > 50 for client in clients), 40, "all write")
    first.cut()
    wait_replaced(majority)
    alone = len(clients[0].acknowledged)
    wait_until(lambda: len(clients[0].acknowledged) > alone + 50, 20, "the old master takes writes")
    first.join()
    master = wait_until(network.agreed, 60, "one master, which all follow")
    time.sleep(1)
    for client in clients:
        client.stop()
    gone = lost(clients, master)
    files = [path for host in network.hosts for path in glob.glob(f"{host.folder}/*.resp")]
    assert len(gone) > 50
    assert rescue == "stock" or any(f"+lost-writes mymaster {first.ip} {REDIS_PORT}" in host.sentinel_log() for host in network.hosts)
    assert bool(files) == (rescue == "yes")
    for path in files:
        replay(path, master)
    assert lost(clients, master) == ([] if rescue == "yes" else gone)
