# SPDX-License-Identifier: BSD-3-Clause
"""SENTINEL FAILOVER while clients write (DESIGN.md D17): no acknowledged write is lost."""

import time

import pytest
import redis

from harness import wait_until
from harness.writer import Writer

pytestmark = pytest.mark.ours_only

# The servers are never down for a machine that is slow, and the drain has its full time.
DOWN_AFTER_MS = 20000
# Far above what a pause takes on an idle machine, far below what ends it when nobody does.
PAUSE_S = 5


def start_writing(group):
    writer = Writer(group).start()
    wait_until(lambda: writer.count() > 200, 30, "the clients write")
    return writer


def wait_writing(writer, count=200):
    """They write again, or still."""
    now = time.monotonic()
    wait_until(lambda: writer.count_since(now) > count, 30, "the clients go on writing")


def finish(group, writer, old):
    """All is over: checks that nothing is lost on any server; returns the new master."""
    new = group.wait_switched(old)
    wait_writing(writer)
    group.wait_settled()
    writer.stop()
    assert not writer.lost(new), f"lost: {writer.lost(new)[:10]}"
    for server in group.servers:
        wait_until(lambda s=server: not writer.lost(s), 30, f"{server.name} has everything too")
    return new


def was_drained(group):
    return any("Drained the master" in s.log_text() for s in group.sentinels)


def full_syncs(server):
    return server.info("stats")["sync_full"]


@pytest.mark.parametrize("replicas", [1, 3])
def test_planned__no_acknowledged_write_is_lost(place, replicas):
    group = place.group(replicas=replicas, down_after_ms=DOWN_AFTER_MS)
    old = group.master
    writer = start_writing(group)
    assert group.sentinels[0].raw("FAILOVER", "mymaster") == "OK"
    new = finish(group, writer, old)
    assert was_drained(group)
    assert full_syncs(new) == 0, "everybody could go on where they were"
    assert writer.longest_gap_s() < PAUSE_S


def test_planned__there_and_back_again(place):
    """Several in a row, through all sentinels."""
    group = place.group(replicas=2, failover_timeout_ms=5000, down_after_ms=DOWN_AFTER_MS)
    writer = start_writing(group)
    for number in range(6):
        old = group.current_master()
        sentinel = group.sentinels[number % 3]
        assert wait_until(lambda s=sentinel: accepted(s), 40, "the order is taken") == "OK"
        group.wait_switched(old)
        wait_writing(writer)
        group.wait_settled()
        group.wait_ready()
    writer.stop()
    assert not writer.lost(group.current_master())


def accepted(sentinel, *words):
    try:
        return sentinel.raw("FAILOVER", "mymaster", *words)
    except redis.ResponseError as error:
        assert "INPROG" in str(error), error
        return None


def test_planned__with_some_hundred_megabytes(place):
    options = {"enable-debug-command": "local"}
    master = place.redis(options=options)
    with master.client(socket_timeout=60) as client:
        client.execute_command("DEBUG", "POPULATE", "250000", "key", "1000")
        assert client.info("memory")["used_memory"] > 250e6
    servers = [master] + [place.redis(master, options=options) for _ in range(2)]
    group = place.group(servers=servers, down_after_ms=DOWN_AFTER_MS)
    writer = start_writing(group)
    assert group.sentinels[0].raw("FAILOVER", "mymaster") == "OK"
    new = finish(group, writer, master)
    assert was_drained(group)
    assert full_syncs(new) == 0, "no data was copied again"
    assert writer.longest_gap_s() < PAUSE_S


def test_planned__waits_for_the_replica_that_lags(place):
    """The only replica hangs for a moment while the clients write on."""
    group = place.group(replicas=1, down_after_ms=DOWN_AFTER_MS)
    old, replica = group.servers
    writer = start_writing(group)
    replica.freeze()
    wait_writing(writer, 20)
    assert group.sentinels[0].raw("FAILOVER", "mymaster") == "OK"
    time.sleep(1)
    assert old.role() == "master", "it is not replaced before the replica has everything"
    replica.thaw()
    assert finish(group, writer, old) is replica
    assert was_drained(group)


def test_planned__hung_replica_does_not_hold_up_the_others(place):
    group = place.group(replicas=2, down_after_ms=DOWN_AFTER_MS)
    old, hung, good = group.servers
    writer = start_writing(group)
    hung.freeze()
    wait_writing(writer, 20)
    assert group.sentinels[0].raw("FAILOVER", "mymaster") == "OK"
    assert group.wait_switched(old) is good
    hung.thaw()
    finish(group, writer, old)
    assert was_drained(group)


def test_planned__to_the_replica_that_was_asked_for(place):
    group = place.group(replicas=3, down_after_ms=DOWN_AFTER_MS)
    old = group.master
    wanted = group.replicas[1]
    with group.replicas[2].client() as client:
        client.config_set("replica-priority", 1)  # the one that would be taken
    writer = start_writing(group)
    assert group.sentinels[1].raw("FAILOVER", "mymaster", "TO", "127.0.0.1", wanted.port) == "OK"
    assert finish(group, writer, old) is wanted
    assert was_drained(group)


def test_planned__to_somebody_who_cannot(place):
    group = place.group(replicas=1, down_after_ms=DOWN_AFTER_MS)
    stranger = place.redis()
    for port in (stranger.port, group.master.port):
        with pytest.raises(redis.ResponseError, match="NOGOODSLAVE"):
            group.sentinels[0].raw("FAILOVER", "mymaster", "TO", "127.0.0.1", port)
    with pytest.raises(redis.ResponseError):
        group.sentinels[0].raw("FAILOVER", "mymaster", "TO", "127.0.0.1")
    with pytest.raises(redis.ResponseError):
        group.sentinels[0].raw("FAILOVER", "mymaster", "COORDINATED", "FORCE")
    assert group.current_master() is group.master
    assert group.master.role() == "master"


def test_planned__coordinated(place):
    group = place.group(replicas=2, down_after_ms=DOWN_AFTER_MS)
    old = group.master
    writer = start_writing(group)
    assert group.sentinels[2].raw("FAILOVER", "mymaster", "COORDINATED") == "OK"
    finish(group, writer, old)
    assert was_drained(group)


def test_planned__force_asks_nobody(place):
    """As stock does: neither the master nor the other sentinels have to answer."""
    group = place.group(replicas=1, down_after_ms=DOWN_AFTER_MS)
    for sentinel in group.sentinels[1:]:
        sentinel.kill()
    old, replica = group.servers
    old.freeze()
    assert group.sentinels[0].raw("FAILOVER", "mymaster", "FORCE") == "OK"
    assert group.wait_switched(old) is replica
    assert replica.role() == "master"
    old.thaw()
    wait_until(lambda: old.follows(replica), 40, "the old master follows", explain=group.roles)
    assert not was_drained(group)
    assert "without draining" not in group.sentinels[0].log_text(), "it was not even tried"


def test_planned__master_takes_no_write_that_the_new_one_lacks(place):
    """Clients of the old master that ask no sentinel are refused from the switch on."""
    group = place.group(replicas=1, down_after_ms=DOWN_AFTER_MS)
    old, new = group.servers
    stubborn = old.client(socket_timeout=60)
    stubborn.set("before", "1")
    written = []
    assert group.sentinels[0].raw("FAILOVER", "mymaster") == "OK"
    deadline = time.monotonic() + 60
    for number in range(10 ** 9):
        try:
            stubborn.rpush("stubborn", number)
            written.append(str(number))
        except redis.ConnectionError:
            pass
        except redis.ReadOnlyError:
            break
        assert time.monotonic() < deadline, "it takes writes all the time"
    assert group.wait_switched(old) is new
    group.wait_settled()
    assert old.follows(new)
    with new.client() as client:
        assert client.lrange("stubborn", 0, -1)[:len(written)] == written
