# SPDX-License-Identifier: BSD-3-Clause
"""The master hangs (SIGSTOP) and comes back later, believing that it is still the master."""

from harness import wait_until


def test_failover_stop__hung_master_is_replaced_and_demoted(place):
    group = place.group(replicas=2, sentinels=3, down_after_ms=2000)
    old = group.master
    recorders = [sentinel.record() for sentinel in group.sentinels]
    old.freeze()
    new = group.wait_switched(old)

    old.thaw()
    wait_until(lambda: old.follows(new), 40, "the woken master follows", explain=group.roles)
    group.wait_settled()
    assert group.current_master() is new
    assert all(len(r.all("+switch-master")) == 1 for r in recorders), "no second failover"


def test_failover_stop__short_hang_changes_nothing(place):
    group = place.group(replicas=1, sentinels=3, down_after_ms=20000)
    recorders = [sentinel.record() for sentinel in group.sentinels]
    group.master.freeze()
    wait_until(lambda: any(s.master("mymaster")["last-ping-sent"] > 1000 for s in group.sentinels),
               15, "a PING stays unanswered for a while")
    group.master.thaw()
    wait_until(lambda: all(s.master("mymaster")["last-ping-sent"] == 0 for s in group.sentinels),
               15, "all PINGs are answered again")
    for sentinel, recorder in zip(group.sentinels, recorders):
        assert not recorder.first("+sdown", "master mymaster"), recorder.dump()
        assert sentinel.master("mymaster")["flags"] == "master"
    assert group.current_master() is group.master
