# SPDX-License-Identifier: BSD-3-Clause
"""One master under several names (DESIGN.md D16), with real servers, alone and beside stock."""

import pytest

from harness import OURS, STOCK, Group, mixed, wait_until

pytestmark = pytest.mark.ours_only


def start(place, flavours, names=("one", "two"), replicas=2, extra=(), each=None, hosts=None):
    """A group for each name, of the same servers and sentinels. each: settings by name; hosts: how a
    name's master is monitored, if not as 127.0.0.1."""
    master = place.redis()
    servers = [master] + [place.redis(master) for _ in range(replicas)]
    for replica in servers[1:]:
        wait_until(lambda r=replica: r.follows(master), 60, f"{replica.name} in sync")
    settings = {"down_after_ms": mixed.DOWN_AFTER_MS, "failover_timeout_ms": mixed.FAILOVER_TIMEOUT_MS}
    monitors = [place.monitor(master, name=name, **{**settings, **(each or {}).get(name, {})})
                for name in names]
    monitors = [monitor._replace(host=(hosts or {}).get(monitor.name, "127.0.0.1")) for monitor in monitors]
    sentinels = [place.sentinel(*monitors, flavour=flavour, extra=extra) for flavour in flavours]
    return [Group(name, servers, sentinels).wait_ready() for name in names]


def settled(groups, timeout_s=120):
    """Waits until all names stand for one master, which all servers follow; returns it."""
    def same():
        masters = {group.current_master() for group in groups}
        return len(masters) == 1 and groups[0].wait_settled(1)
    return wait_until(same, timeout_s, "one master under all names",
                      explain=lambda: [(g.name, g.addresses(), g.roles()) for g in groups])


@pytest.mark.parametrize("ours", [1, 2, 3], ids=["one-ours", "two-ours", "ours"])
def test_two_names__end_at_one_master(place, ours):
    groups = start(place, [OURS] * ours + [STOCK] * (3 - ours))
    old = groups[0].master
    old.kill()
    for group in groups:
        group.wait_switched(old, 60)
    settled(groups)
    old.start()
    settled(groups)


def test_two_names__and_a_third_one_follow(place):
    groups = start(place, [OURS] * 3, names=("one", "three", "two"))
    old = groups[0].master
    groups[1].sentinels[0].raw("FAILOVER", "three")
    for group in groups:
        group.wait_switched(old, 30)
    new = settled(groups)
    new.kill()
    for group in groups:
        group.wait_switched(new, 30)
    settled(groups)


def test_two_names__by_host_and_by_address(place):
    """The one is monitored as localhost, the other as 127.0.0.1."""
    groups = start(place, [OURS] * 3, extra=["sentinel resolve-hostnames yes"], hosts={"two": "localhost"})
    old = groups[0].master
    old.kill()
    for group in groups:
        group.wait_switched(old, 30)
    new = settled(groups)
    old.start()
    settled(groups)
    groups[0].sentinels[0].raw("FAILOVER", "two")
    for group in groups:
        group.wait_switched(new, 30)
    settled(groups)


def test_two_names__with_unlike_settings(place):
    """The first name sees the master down with one voice and soon, the second with three and late."""
    groups = start(place, [OURS] * 3, each={"one": {"quorum": 1, "down_after_ms": 1000},
                                            "two": {"quorum": 3, "down_after_ms": 20000}})
    old = groups[0].master
    old.kill()
    for group in groups:
        group.wait_switched(old, 60)
    settled(groups)


def test_two_names__that_are_added_in_a_failover(place):
    """By SENTINEL MONITOR, when the master is dead: nobody can tell the new group its replicas but the
    first one."""
    groups = start(place, [OURS] * 3, names=("one",))
    old = groups[0].master
    switched = groups[0].sentinels[0].record()
    old.kill()
    switched.wait_for("+sdown", 30)
    for number, sentinel in enumerate(groups[0].sentinels):
        if number == 2:
            switched.wait_for("+switch-master", 30)
        sentinel.raw("MONITOR", "two", "127.0.0.1", old.port, 2)
        sentinel.raw("SET", "two", "down-after-milliseconds", mixed.DOWN_AFTER_MS)
    groups.append(Group("two", groups[0].servers, groups[0].sentinels))
    for group in groups:
        group.wait_switched(old, 60)
    settled(groups)
    old.start()
    settled(groups)


def test_two_names__of_two_deployments_end_at_one_master(place):
    """Two sets of sentinels that share nothing but the servers; those of the second are restarted when
    the first has switched."""
    first, = start(place, [OURS] * 3, names=("one",))
    second = Group("two", first.servers, [
        place.sentinel(place.monitor(first.master, name="two", down_after_ms=15000)) for _ in range(3)])
    second.wait_ready()
    old = first.master
    for sentinel in second.sentinels:
        sentinel.kill()
    old.kill()
    new = first.wait_switched(old, 30)
    for sentinel in second.sentinels:
        sentinel.start()
    second.wait_switched(old, 60)
    assert settled([first, second]) is new
    old.start()
    settled([first, second])
