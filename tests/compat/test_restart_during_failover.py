# SPDX-License-Identifier: BSD-3-Clause
"""A sentinel is lost in the middle of a failover and comes back: the group converges all the same."""

import pytest

from harness import wait_until


def leader_reaching(recorders, event):
    return next((i for i, recorder in enumerate(recorders) if recorder.first(event)), None)


def epochs(group):
    return {sentinel.master("mymaster")["config-epoch"] for sentinel in group.sentinels}


@pytest.mark.parametrize("moment", ["+try-failover", "+selected-slave", "+promoted-slave"])
def test_restart_during_failover__leader_lost_at(place, moment):
    group = place.group(replicas=2, sentinels=3, down_after_ms=500, failover_timeout_ms=3000)
    old = group.master
    ids = [sentinel.my_id() for sentinel in group.sentinels]
    recorders = [sentinel.record() for sentinel in group.sentinels]
    old.kill()
    index = wait_until(lambda: leader_reaching(recorders, moment) is not None and
                       [leader_reaching(recorders, moment)], 40, f"somebody reaches {moment}")[0]
    leader = group.sentinels[index]
    leader.kill()
    leader.start()

    group.wait_switched(old)
    new = group.wait_settled()
    assert new in group.replicas
    assert [sentinel.my_id() for sentinel in group.sentinels] == ids
    wait_until(lambda: len(epochs(group)) == 1, 20, "all have the configuration of the same epoch",
               explain=lambda: epochs(group))


def test_restart_during_failover__observer_lost(place):
    group = place.group(replicas=1, sentinels=3, down_after_ms=500, failover_timeout_ms=3000)
    old = group.master
    recorders = [sentinel.record() for sentinel in group.sentinels]
    old.kill()
    wait_until(lambda: any(r.first("+odown") for r in recorders), 30, "somebody sees the master down")
    observer = next(s for s, r in zip(group.sentinels, recorders) if not r.first("+promoted-slave"))
    observer.restart()
    group.wait_switched(old)
    group.wait_settled()
