# SPDX-License-Identifier: BSD-3-Clause
"""refused-after-milliseconds (DESIGN.md D18) with real servers: down-after is a minute, and no test waits for it."""

import signal
import time

import pytest

from harness import OURS, mixed, wait_until
from harness.poll import stays_true

pytestmark = pytest.mark.ours_only

DOWN_AFTER_MS = 60_000
PATIENCE_S = 30  # half of it: whatever happens in that time was not caused by silence


def group_of(place, flavours, after_ms=20):
    group = place.group(replicas=2, flavours=flavours, down_after_ms=DOWN_AFTER_MS, failover_timeout_ms=10_000)
    for sentinel in group.sentinels:
        if sentinel.flavour == OURS:
            assert sentinel.raw("SET", "mymaster", "refused-after-milliseconds", str(after_ms)) in (True, "OK")
    return group


def shut_down(server):
    with server.client() as client:
        client.shutdown(nosave=True)


def crash(server):
    server.signal(signal.SIGSEGV)


@pytest.mark.parametrize("end", [lambda server: server.kill(), shut_down, crash], ids=["kill", "shutdown", "crash"])
def test_refused__process_that_ends_is_replaced_at_once(place, end):
    group = group_of(place, [OURS] * 3)
    old = group.master
    since = time.monotonic()
    end(old)
    assert group.wait_switched(old, PATIENCE_S) in group.replicas
    print(f"{(time.monotonic() - since) * 1000:.0f} ms")
    wait_until(lambda: not old.running(), 20, "its end")
    old.start()
    group.wait_settled()


@mixed.FOREIGN
def test_refused__two_of_three_are_a_quorum_and_stock_follows(place, foreign):
    group = group_of(place, [OURS, OURS, foreign])
    old = group.master
    old.kill()
    assert group.wait_switched(old, PATIENCE_S) in group.replicas


@mixed.FOREIGN
def test_refused__one_of_three_waits_for_stock(place, foreign):
    group = group_of(place, [OURS, foreign, foreign])
    ours = group.sentinels[0]
    group.master.kill()
    wait_until(lambda: "s_down" in ours.master("mymaster")["flags"], PATIENCE_S, "ours knows")
    stays_true(lambda: set(group.addresses().values()) == {("127.0.0.1", group.master.port)}, 5, "no quorum agrees")


def test_refused__silence_is_none(place):
    """A full server accepts and closes, and a stopped one accepts: neither refuses."""
    group = group_of(place, [OURS] * 3)
    events, master = [sentinel.record() for sentinel in group.sentinels], group.master
    with master.client() as client:
        client.config_set("maxclients", 4)
        for _ in range(3):
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            time.sleep(0.5)
    master.freeze()
    time.sleep(3)
    master.thaw()
    assert not any(recorder.first("+sdown", "master ") for recorder in events)


def test_refused__restart_in_time_changes_nothing(place):
    group = group_of(place, [OURS] * 3, after_ms=20_000)
    events, master = [sentinel.record() for sentinel in group.sentinels], group.master
    master.kill()
    master.start()
    group.wait_ready()
    assert not any(recorder.first("+sdown", "master ") for recorder in events)
    assert group.current_master() is master
