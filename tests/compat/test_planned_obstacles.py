# SPDX-License-Identifier: BSD-3-Clause
"""SENTINEL FAILOVER where the master cannot be drained (DESIGN.md D17): a plain order goes on and says
why, a coordinated one stops, and the master takes writes as before."""

import time

import pytest
import redis

from harness import rights, wait_until
from harness.writer import Writer

pytestmark = pytest.mark.ours_only

NEAR_S = 5  # the longest wait for a replica that lags
# Far above every pause: the servers are never down for a machine that is slow.
DOWN_AFTER_MS = 20000


def rights_group(place, given, **options):
    master = place.redis(**rights.server_args(given))
    servers = [master] + [place.redis(master, **rights.server_args(given)) for _ in range(2)]
    return place.group(servers=servers, down_after_ms=DOWN_AFTER_MS, **rights.monitor_options(), **options)


def writer_of(group):
    login = {"username": group.master.user, "password": group.master.password}
    writer = Writer(group, **{k: v for k, v in login.items() if v}).start()
    wait_until(lambda: writer.count() > 200, 30, "the clients write")
    return writer


def wait_writing(writer, timeout_s=30):
    now = time.monotonic()
    wait_until(lambda: writer.count_since(now) > 200, timeout_s, "the clients go on writing")


def calls(server, command):
    """How often somebody executed it."""
    stats = server.info("commandstats").get(f"cmdstat_{command}", {"calls": 0, "failed_calls": 0})
    return stats["calls"] - stats["failed_calls"]


def cut_off(group):
    """The only replica answers everybody, but gets no more data from its master."""
    master, replica = group.servers
    with replica.client() as client:
        client.config_set("masterauth", "wr0ng")
    with master.client() as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "replica")
    wait_until(lambda: replica.info()["master_link_status"] == "down", 20, "its link is down")


def cut_off_group(place, **options):
    """One replica, which is cut off from the master's data after the start."""
    server = {"options": {"requirepass": "s3cret", "masterauth": "s3cret"}, "password": "s3cret"}
    return place.group(replicas=1, server_args=server, auth_pass="s3cret", down_after_ms=DOWN_AFTER_MS,
                       **options)


# Rights

def test_planned__documented_rights_only_go_on_without_drain(place):
    group = rights_group(place, rights.SENTINEL_RIGHTS)
    old = group.master
    sentinel = group.sentinels[0]
    assert sentinel.raw("FAILOVER", "mymaster") == "OK"
    new = group.wait_switched(old)
    wait_until(lambda: old.follows(new), 30, "the old master follows", explain=group.roles)
    line = next(l for l in sentinel.log_text().splitlines() if "without draining" in l)
    assert "+client|pause" in line and "+client|unpause" in line, line
    assert rights.denied(old) == {"client|pause"}, "nothing else was tried beyond the rights"
    group.wait_settled()


def test_planned__documented_rights_only_coordinated_changes_nothing(place):
    group = rights_group(place, rights.SENTINEL_RIGHTS)
    old = group.master
    writer = writer_of(group)
    recorder = group.sentinels[0].record()
    assert group.sentinels[0].raw("FAILOVER", "mymaster", "COORDINATED") == "OK"
    recorder.wait_for("-failover-abort-master-timeout", 30, f"mymaster 127.0.0.1 {old.port}")
    line = next(l for l in group.sentinels[0].log_text().splitlines() if "because writes could be lost" in l)
    assert "+client|pause" in line, line
    wait_writing(writer)
    writer.stop()
    assert calls(old, "client|pause") == 0
    assert group.current_master() is old
    assert [r.role() for r in group.servers] == ["master", "slave", "slave"]
    assert not recorder.first("+promoted-slave")


def test_planned__with_the_rights_to_pause_nothing_is_lost(place):
    group = rights_group(place, rights.SENTINEL_RIGHTS + rights.DRAIN_RIGHTS)
    old = group.master
    writer = writer_of(group)
    assert group.sentinels[0].raw("FAILOVER", "mymaster") == "OK"
    new = group.wait_switched(old)
    wait_writing(writer)
    group.wait_settled()
    writer.stop()
    assert not writer.lost(new)
    assert not [d for s in group.servers for d in rights.denied(s)]


def test_planned__pause_without_unpause_is_told_and_ends_by_itself(place):
    group = rights_group(place, rights.SENTINEL_RIGHTS + ["+client|pause"])
    old = group.master
    writer = writer_of(group)
    assert group.sentinels[0].raw("FAILOVER", "mymaster") == "OK"
    new = group.wait_switched(old)
    group.wait_settled()
    wait_until(lambda: "refused CLIENT UNPAUSE" in group.sentinels[0].log_text(), 20, "it is told")
    wait_writing(writer)
    writer.stop()
    assert not writer.lost(new)


# A replica that never catches up

def test_planned__time_out_goes_on(place):
    group = cut_off_group(place)
    old, replica = group.servers
    cut_off(group)
    sentinel = group.sentinels[0]
    start = time.monotonic()
    with old.client() as client:
        client.set("too late", "1")
    assert sentinel.raw("FAILOVER", "mymaster") == "OK"
    assert group.wait_switched(old) is replica
    assert time.monotonic() - start >= NEAR_S
    assert "without draining the master" in sentinel.log_text()
    assert "catch up" in sentinel.log_text()


def test_planned__time_out_coordinated_changes_nothing(place):
    """Clients are not even paused for a replica that is far behind."""
    group = cut_off_group(place)
    old, replica = group.servers
    writer = writer_of(group)
    cut_off(group)
    recorder = group.sentinels[0].record()
    assert group.sentinels[0].raw("FAILOVER", "mymaster", "COORDINATED") == "OK"
    recorder.wait_for("-failover-abort-master-timeout", NEAR_S + 30)
    wait_writing(writer)
    writer.stop()
    assert calls(old, "client|pause") == 0
    assert group.current_master() is old
    assert (old.role(), replica.role()) == ("master", "slave")
    assert not writer.lost(old)


# A master that does not answer

def test_planned__hung_master_coordinated_changes_nothing(place):
    """It hangs during the order, and finds itself resumed when it wakes up."""
    group = place.group(replicas=1, down_after_ms=DOWN_AFTER_MS)
    old, replica = group.servers
    recorder = group.sentinels[0].record()
    old.freeze()
    assert group.sentinels[0].raw("FAILOVER", "mymaster", "COORDINATED") == "OK"
    recorder.wait_for("-failover-abort-master-timeout", 30)
    assert replica.role() == "slave"
    old.thaw()
    with old.client() as client:
        wait_until(lambda: client.set("key", "value"), 20, "it takes writes")
    assert group.current_master() is old


def test_planned__dead_master_coordinated_is_stopped(place):
    """With a quorum that nobody reaches, so that no automatic failover comes in between."""
    group = place.group(replicas=1, sentinels=1, quorum=2, down_after_ms=500)
    sentinel = group.sentinels[0]
    recorder = sentinel.record()
    old, replica = group.servers
    old.kill()
    recorder.wait_for("+sdown", 20, f"mymaster 127.0.0.1 {old.port}")
    try:
        assert sentinel.raw("FAILOVER", "mymaster", "COORDINATED") == "OK"
        recorder.wait_for("-failover-abort-not-elected", 40)
    except redis.ResponseError as error:
        assert "NOGOODSLAVE" in str(error), error
    time.sleep(1)
    assert replica.role() == "slave"
    assert not recorder.first("+promoted-slave")


def test_planned__dead_master_plain_goes_on(place):
    group = place.group(replicas=1, sentinels=1, quorum=2, down_after_ms=500)
    sentinel = group.sentinels[0]
    recorder = sentinel.record()
    old, replica = group.servers
    old.kill()
    recorder.wait_for("+sdown", 20, f"mymaster 127.0.0.1 {old.port}")
    assert sentinel.raw("FAILOVER", "mymaster") == "OK"
    assert group.wait_switched(old) is replica
    assert "without draining the master" in sentinel.log_text()


# The sentinel that leads dies

@pytest.mark.parametrize("moment", ["+try-failover", "+selected-slave", "+promoted-slave"])
def test_planned__leader_dies_on_the_way(place, moment):
    """Whoever the master is in the end, it has all that was acknowledged, and no pause remains."""
    group = place.group(replicas=2, failover_timeout_ms=3000)
    writer = writer_of(group)
    recorder = group.sentinels[0].record()
    assert group.sentinels[0].raw("FAILOVER", "mymaster") == "OK"
    recorder.wait_for(moment, 30)
    group.sentinels[0].kill()
    wait_writing(writer)
    time.sleep(1)  # longer than the pause, and than down-after
    wait_writing(writer)
    writer.stop()
    new = group.wait_settled()
    assert not writer.lost(new)
