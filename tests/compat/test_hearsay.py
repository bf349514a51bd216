# SPDX-License-Identifier: BSD-3-Clause
"""Hellos that nobody has sent must move no group (DESIGN.md D30). The table of SECURITY.md has what the same messages do to
stock sentinels."""

import time

import pytest

from harness import OURS, mixed, wait_until
from harness.poll import stays_true

HELLO = "__sentinel__:hello"
NEW_IDS = 20000
WATCH_S = 3

pytestmark = pytest.mark.ours_only

AT = pytest.mark.parametrize("at", ["master", "replica", "sentinels"])


def text(sentinel, group, port, epoch, runid=None, address=None):
    address = address or f"127.0.0.1,{sentinel.port}"
    return f"{address},{runid or sentinel.my_id()},{epoch},{group.name},127.0.0.1,{port},{epoch}"


def publish(group, at, message):
    if at == "sentinels":
        for sentinel in group.sentinels:
            sentinel.commands.publish(HELLO, message)
        return
    server = group.current_master()
    if at == "replica":
        server = next(s for s in group.servers if s is not server)
    with server.client() as client:
        client.publish(HELLO, message)


def epoch_of(group):
    return max(s.master(group.name)["config-epoch"] for s in group.sentinels)


def assert_stays(group, seconds=WATCH_S):
    master = group.current_master()
    stays_true(lambda: set(group.addresses().values()) == {("127.0.0.1", master.port)}, seconds,
               "nobody moves")
    assert master.role() == "master"


@pytest.fixture(name="group", params=["epoch-0", "epoch-above"])
def fixture_group(place, request):
    group = place.group(replicas=2, down_after_ms=5000)
    if request.param == "epoch-above":
        old = group.current_master()
        group.sentinels[0].raw("FAILOVER", group.name)
        wait_until(lambda: len(set(group.addresses().values())) == 1 and
                   group.current_master() is not old, 60, "all name the new master")
        group.wait_settled(60)
    return group


@AT
def test_hearsay__of_a_known_id_moves_nothing(group, place, at):
    stranger = place.redis()
    epoch = epoch_of(group)
    for number, sentinel in enumerate(group.sentinels):
        for port in (stranger.port, next(s.port for s in group.servers
                                         if s is not group.current_master())):
            publish(group, at, text(sentinel, group, port, epoch + 5 + number))
    assert_stays(group)
    assert epoch_of(group) == epoch
    assert stranger.role() == "master"
    assert any("hello in the name of sentinel" in s.log_text() for s in group.sentinels)


@mixed.FOREIGN
def test_hearsay__is_believed_by_stock(place, foreign):
    """What the attack is: without it, a test of the defence proves nothing."""
    group = place.group(flavours=[foreign] * 3, down_after_ms=5000)
    stranger = place.redis()
    publish(group, "master", text(group.sentinels[0], group, stranger.port, 7))
    wait_until(lambda: {int(port) for _, port in group.addresses().values()} == {stranger.port}, 20, "all name the stranger")


@AT
def test_hearsay__of_an_unknown_id_moves_nothing(group, place, at):
    stranger = place.redis()
    epoch = epoch_of(group)
    for number, port in enumerate((stranger.port, group.servers[2].port, group.servers[0].port)):
        publish(group, at, text(None, group, port, epoch + 5, runid=str(number) * 40,
                                address=f"127.0.0.1,{place.ports.take()}"))
    assert_stays(group)
    assert epoch_of(group) == epoch


def test_hearsay__of_addresses_moves_no_peer_that_answers(group, place):
    for sentinel in group.sentinels:
        publish(group, "master", text(sentinel, group, group.current_master().port, epoch_of(group),
                                      address=f"127.0.0.1,{place.ports.take()}"))
    ports = {s.port for s in group.sentinels}
    stays_true(lambda: all({int(p["port"]) for p in s.peers(group.name)} == ports - {s.port}
                           for s in group.sentinels), WATCH_S, "all stay where they are")


def test_hearsay__does_not_stop_a_failover(place):
    """A forger speaks all the time, also while the master dies."""
    group = place.group(replicas=2, down_after_ms=1000)
    stranger = place.redis()
    old = group.master
    group.replicas[0].client().config_set("replica-priority", 100)
    old.kill()
    end = time.monotonic() + 30
    epoch = 10
    while time.monotonic() < end and any(a[1] == str(old.port) or int(a[1]) == old.port
                                         for a in group.addresses().values()):
        epoch += 1
        for sentinel in group.sentinels:
            publish(group, "sentinels", text(sentinel, group, stranger.port, epoch))
    assert group.current_master() in group.replicas
    group.wait_settled(60)
    assert stranger.role() == "master"


def test_hearsay__of_many_ids_does_not_stop_the_sentinels(place):
    """They count as voters, as with stock: a majority must never be counted too small. RESET forgets
    them."""
    group = place.group(replicas=1, down_after_ms=5000)
    sentinel = group.sentinels[0]
    with group.master.client() as client:
        pipe = client.pipeline(transaction=False)
        for number in range(NEW_IDS):
            pipe.publish(HELLO, f"127.0.0.9,{1024 + number},{number:040x},0,{group.name},127.0.0.1,"
                                f"{group.master.port},0")
        pipe.execute()
    wait_until(lambda: sentinel.master(group.name)["num-other-sentinels"] >= 256, 30, "it has heard them")
    assert all(sentinel.commands.ping() for _ in range(50))
    assert sentinel.master(group.name)["num-other-sentinels"] <= 256
    assert_stays(group)


@mixed.FOREIGN
def test_hearsay__in_a_mixed_quorum_moves_none_of_ours(place, foreign):
    """Stock believes it and from then on says so itself, to all; that it is no hearsay any more. What
    reaches only ours moves nobody."""
    group = place.group(replicas=2, flavours=[OURS, OURS, foreign], down_after_ms=5000)
    stock = group.sentinels[2]
    for sentinel in group.sentinels[:2]:
        sentinel.commands.publish(HELLO, text(stock, group, group.replicas[0].port, 7))
    assert_stays(group)


@pytest.mark.parametrize("leader", [0, 2], ids=["ours-leads", "stock-leads"])
@mixed.FOREIGN
def test_hearsay__is_told_from_a_switch_in_a_mixed_quorum(place, leader, foreign):
    group = place.group(replicas=2, flavours=[OURS, OURS, foreign], down_after_ms=5000)
    old = group.current_master()
    group.sentinels[leader].raw("FAILOVER", group.name)
    wait_until(lambda: len(set(group.addresses().values())) == 1 and group.current_master() is not old,
               60, "all follow")
    group.wait_settled(90)
