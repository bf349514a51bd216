# SPDX-License-Identifier: BSD-3-Clause
"""What a failover has lost is told to the byte (DESIGN.md D21), with real servers."""

import os
import re
import shutil

import pytest

from harness import OURS, mixed, wait_until
from harness.poll import stays_true
from harness.redis_server import BINARY, VALKEY_BINARY

pytestmark = pytest.mark.ours_only

WRITES = 200
NOWHERE = 1  # nobody listens there


def command(server, *words):
    with server.client() as client:
        return client.execute_command(*words)


def made(place, binary=BINARY, **options):
    if shutil.which(binary) is None:
        pytest.skip(f"no {binary}")
    master = place.redis(binary=binary)
    servers = [master] + [place.redis(master, binary=binary) for _ in range(2)]
    return place.group(servers=servers, **options)


def write_alone(group, writes=WRITES):
    """Acknowledged by the master, and nobody else has them."""
    for replica in group.replicas:
        command(replica, "REPLICAOF", "127.0.0.1", NOWHERE)
    with group.master.client() as client:
        for number in range(writes):
            assert client.set(f"lost:{number}", "x")


def payload_of(group, old, lost=""):
    return f"{group.name} 127.0.0.1 {old.port} {lost}"


def fail_over(group):
    """Returns the old master, and what it had beyond the new one before it was stopped."""
    old = group.master
    had = old.info()
    old.freeze()
    new = group.wait_switched(old).info()
    assert new["master_replid2"] == had["master_replid"]
    return old, had["master_repl_offset"] - new["second_repl_offset"] + 1


def lost_in_the_end(old, new):
    """By the log of the old master: with this it asked to go on, when it was demoted. Hellos have come since the
    failover: they are PUBLISH commands, and in the stream."""
    with open(old.log_path, encoding="utf-8") as log:
        asked = re.findall(r"Trying a partial resynchronization \(request ([0-9a-f]{40}):(\d+)\)", log.read())
    replid, offset = asked[-1]
    assert replid == new["master_replid2"]
    return int(offset) - new["second_repl_offset"]


def told(recorder):
    return [int(event.payload.split()[-1]) for event in recorder.all("+lost-writes")]


@pytest.mark.parametrize("binary", [BINARY, VALKEY_BINARY], ids=os.path.basename)
def test_lost_writes__are_told_to_the_byte_when_the_old_master_returns(place, binary):
    group = made(place, binary)
    events = [sentinel.record() for sentinel in group.sentinels]
    write_alone(group)
    old, lost = fail_over(group)
    assert lost > WRITES * 20
    old.thaw()
    for recorder in events:
        recorder.wait_for("+lost-writes", 20, payload_of(group, old))
    group.wait_settled()
    exact = lost_in_the_end(old, group.current_master().info())
    for recorder in events:
        numbers = told(recorder)
        assert numbers == sorted(set(numbers)) and lost <= numbers[-1] <= exact, (numbers, lost, exact)
        assert len(recorder.first("+switch-master").payload.split(" ")) == 5  # as stock's
    assert max(told(recorder)[-1] for recorder in events) == exact  # by the one who has demoted it
    assert command(group.current_master(), "EXISTS", "lost:0") == 0


def test_lost_writes__are_none_if_a_master_hangs_that_nobody_writes_to(place):
    """Hellos have come meanwhile, and when it is back: they are no writes."""
    group = made(place)
    events = [sentinel.record() for sentinel in group.sentinels]
    # A replica that is behind what the sentinels first heard of the master would leave them without a proof.
    known = group.master.info()["master_repl_offset"]
    wait_until(lambda: all(replica.info()["slave_repl_offset"] > known for replica in group.replicas), 20, "the replicas have it")
    old, _ = fail_over(group)
    old.thaw()
    group.wait_settled()
    assert lost_in_the_end(old, group.current_master().info()) > 0
    stays_true(lambda: not any(told(recorder) for recorder in events), 3, "nothing is lost")


def test_lost_writes__are_estimated_if_it_does_not_return(place):
    """By the last INFO before its death: it is known to have had so much."""
    group = made(place)
    events = [sentinel.record() for sentinel in group.sentinels]
    write_alone(group)
    offset = f"master_repl_offset:{group.master.info()['master_repl_offset']}"
    wait_until(lambda: all(offset in str(s.raw("INFO-CACHE", group.name)) for s in group.sentinels), 30, "all know how much there is")
    old, lost = fail_over(group)
    for recorder in events:
        recorder.wait_for("+lost-writes", 20, payload_of(group, old))
        assert lost - 1000 < told(recorder)[0] <= lost  # hellos have come since
    assert any("bytes of writes were lost" in s.log_text() for s in group.sentinels)
    old.kill()


def test_lost_writes__are_none_in_a_planned_switchover(place):
    group = made(place)
    events = [sentinel.record() for sentinel in group.sentinels]
    old = group.master
    with old.client() as client:
        for number in range(WRITES):
            client.set(f"kept:{number}", "x")
    assert group.sentinels[0].raw("FAILOVER", group.name) in (True, "OK")
    group.wait_switched(old)
    group.wait_settled()
    stays_true(lambda: not any(e.first("+lost-writes") for e in events), 3, "nothing is lost")


@mixed.FOREIGN
def test_lost_writes__stock_beside_us_is_not_disturbed(place, foreign):
    group = made(place, flavours=[OURS, foreign, foreign])
    recorder = group.sentinels[0].record()
    write_alone(group)
    old, lost = fail_over(group)
    old.thaw()
    recorder.wait_for("+lost-writes", 30, payload_of(group, old))
    group.wait_settled()
    assert lost <= told(recorder)[-1] <= lost_in_the_end(old, group.current_master().info())
