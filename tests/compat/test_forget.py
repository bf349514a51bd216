# SPDX-License-Identifier: BSD-3-Clause
"""SENTINEL FORGET and forget-after (DESIGN.md D23), with real servers."""

import pytest

from harness import OURS, STOCK, wait_until
from harness.mixed import needs_valkey
from harness.poll import stays_true
from harness.sentinel import VALKEY

pytestmark = pytest.mark.ours_only


def forget(sentinel, group, server):
    return sentinel.raw("FORGET", group.name, "127.0.0.1", str(server.port))


def knows(sentinel, group, what, server):
    return any(f"{server.port}" in str(entry) for entry in ports(sentinel, group, what))


def ports(sentinel, group, what):
    rows = sentinel.raw(what, group.name)
    return [row["port"] if isinstance(row, dict) else row[row.index("port") + 1] for row in rows]


def test_forget__dead_replica_is_gone_for_good(place):
    group = place.group()
    gone = group.replicas[0]
    gone.kill()
    sentinel = group.sentinels[0]
    events = sentinel.record()
    assert forget(sentinel, group, gone) in (True, "OK")
    assert events.wait_for("+forget", 5, f"slave 127.0.0.1:{gone.port}")
    with open(sentinel.conf_path, encoding="utf-8") as conf:  # saved before it was answered
        assert f"known-replica {group.name} 127.0.0.1 {gone.port}" not in conf.read()
    wait_until(lambda: str(gone.port) not in str(group.master.info()), 20, "the master does not list it")
    stays_true(lambda: not knows(sentinel, group, "REPLICAS", gone), 12, "it stays away")


def test_forget__living_replica_comes_back_by_info(place):
    group = place.group()
    sentinel, replica = group.sentinels[0], group.replicas[0]
    events = sentinel.record()
    assert forget(sentinel, group, replica) in (True, "OK")
    events.wait_for("+slave", 15, f"slave 127.0.0.1:{replica.port}")
    assert "was forgotten and is back: its master lists it" in sentinel.log_text()


@pytest.mark.parametrize("other", [OURS, STOCK, pytest.param(VALKEY, marks=needs_valkey)])
def test_forget__living_sentinel_comes_back_by_its_hello(place, other):
    group = place.group(flavours=[OURS, other, other])
    sentinel, peer = group.sentinels[0], group.sentinels[1]
    events = sentinel.record()
    assert forget(sentinel, group, peer) in (True, "OK")
    events.wait_for("+forget", 5, "sentinel ")
    events.wait_for("+sentinel", 10, f" 127.0.0.1 {peer.port} ")
    assert "was forgotten and is back: its hello has come" in sentinel.log_text()
    old = group.master
    old.kill()
    group.wait_switched(old)


def test_forget__refuses_the_master_and_nobody(place):
    group = place.group()
    sentinel = group.sentinels[0]
    with sentinel.client() as client:
        for words in (["127.0.0.1", group.master.port], ["127.0.0.1", 1], ["127.0.0.1", 0], ["127.0.0.1", "x"]):
            with pytest.raises(Exception):
                client.execute_command("SENTINEL", "FORGET", group.name, *words)
        with pytest.raises(Exception, match="No such master"):
            client.execute_command("SENTINEL", "FORGET", "nobody", "127.0.0.1", "6379")


def test_forget__replicas_that_are_down_for_so_long(place):
    group = place.group()
    gone, other = group.replicas
    for sentinel in group.sentinels:
        assert sentinel.raw("SET", group.name, "forget-after", "3") in (True, "OK")
    events = [sentinel.record() for sentinel in group.sentinels]
    gone.kill()
    for recorder in events:
        down = recorder.wait_for("+sdown", 20, f"slave 127.0.0.1:{gone.port}")
        forgotten = recorder.wait_for("+forget", 30, f"slave 127.0.0.1:{gone.port}")
        assert forgotten.at - down.at > 2.9
    assert all(knows(sentinel, group, "REPLICAS", other) for sentinel in group.sentinels)
    gone.start()
    for recorder in events:
        recorder.wait_for("+slave", 30, f"slave 127.0.0.1:{gone.port}")


def test_forget__old_master_is_kept_until_it_follows(place):
    """Nobody else would make it a replica when it returns."""
    group = place.group()
    for sentinel in group.sentinels:
        assert sentinel.raw("SET", group.name, "forget-after", "1") in (True, "OK")
    events = [sentinel.record() for sentinel in group.sentinels]
    old = group.master
    old.kill()
    group.wait_switched(old)
    stays_true(lambda: not any(e.first("+forget", f"127.0.0.1:{old.port}") for e in events), 13, "it is kept")
    old.start()
    group.wait_settled()
