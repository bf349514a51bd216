# SPDX-License-Identifier: BSD-3-Clause
"""Everything on ::1, in a quorum with stock (PROTOCOL.md §20): what is listened at, monitored, announced, known from the
file, told in hellos and events."""

import pytest

from harness import OURS, STOCK, Group, mixed, wait_until
from harness.dns import has_ipv6
from harness.hellos import HelloRecorder

pytestmark = [pytest.mark.ours_only,
              pytest.mark.skipif(not has_ipv6(), reason="the loopback interface has no IPv6 address")]
PATIENCE_S = 180  # stock may be in TILT for half a minute, more than once
LOOPBACK = "::1"
BOTH = f"127.0.0.1 {LOOPBACK}"  # the tests themselves ask at the former


def server(place, master=None):
    options = {"bind": BOTH, "replica-announce-ip": LOOPBACK}
    if master:
        options["replicaof"] = f"{LOOPBACK} {master.port}"
    return place.redis(options=options)


def start(place, flavours, announced):
    master = server(place)
    replica = server(place, master)
    wait_until(lambda: replica.follows(master), PATIENCE_S, "in sync")
    monitor = place.monitor(master, down_after_ms=mixed.DOWN_AFTER_MS,
                            failover_timeout_ms=mixed.FAILOVER_TIMEOUT_MS)._replace(host=LOOPBACK)
    extra = [f"bind {BOTH}"] + ([f"sentinel announce-ip {LOOPBACK}"] if announced else [])
    return Group("mymaster", [master, replica],
                 [place.sentinel(monitor, flavour=flavour, extra=extra) for flavour in flavours]).wait_ready(PATIENCE_S)


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "not-announced"])
@pytest.mark.parametrize("flavours", [[OURS] * 3, [OURS, OURS, STOCK], [OURS, STOCK, STOCK]],
                         ids=["ours", "two-ours", "one-ours"])
def test_ipv6__group_is_failed_over(place, flavours, announced):
    group = start(place, flavours, announced)
    master, replica = group.servers
    events = [daemon.record() for daemon in group.sentinels]
    hellos = HelloRecorder(group).start()
    for daemon in group.sentinels:
        assert {peer["ip"] for peer in daemon.peers("mymaster")} == {LOOPBACK}
        assert {one["ip"] for one in daemon.replicas("mymaster")} == {LOOPBACK}
    master.kill()
    assert group.wait_switched(master, PATIENCE_S) is replica
    for recorder in events:
        recorder.wait_for("+switch-master", PATIENCE_S,
                          f"mymaster {LOOPBACK} {master.port} {LOOPBACK} {replica.port}")
    master.start()
    group.wait_settled(PATIENCE_S)
    assert {daemon.master_address("mymaster") for daemon in group.sentinels} == {(LOOPBACK, replica.port)}
    wait_until(lambda: any((LOOPBACK, replica.port) in masters for masters in hellos.masters.values()), PATIENCE_S,
               "a hello names the new master", explain=lambda: hellos.masters)
    hellos.stop()
    hellos.assert_one_master_per_epoch()


def test_ipv6__addresses_are_read_back_from_the_file(place):
    """known-replica and known-sentinel: a sentinel that starts alone knows them."""
    group = start(place, [OURS, OURS], True)
    one, other = group.sentinels
    other_id = other.my_id()
    one.raw("FLUSHCONFIG")
    one.kill()
    lines = one.conf_text().splitlines()
    assert f"sentinel monitor mymaster {LOOPBACK} {group.master.port} 2" in lines
    assert f"sentinel known-replica mymaster {LOOPBACK} {group.replicas[0].port}" in lines
    assert f"sentinel known-sentinel mymaster {LOOPBACK} {other.port} {other_id}" in lines
    for process in (other, *group.servers):
        process.kill()
    one.start()
    assert [(peer["ip"], int(peer["port"])) for peer in one.peers("mymaster")] == [(LOOPBACK, other.port)]
    assert [(r["ip"], int(r["port"])) for r in one.replicas("mymaster")] == [(LOOPBACK, group.replicas[0].port)]
    for process in (*group.servers, other):
        process.start()
    group.wait_ready(PATIENCE_S)
