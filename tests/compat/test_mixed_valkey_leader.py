# SPDX-License-Identifier: BSD-3-Clause
"""Ours in one quorum with redis-sentinel or valkey-sentinel: whoever leads is lost on the way and comes
back."""

import pytest

from harness import OURS, mixed, wait_until

pytestmark = pytest.mark.ours_only


@mixed.FOREIGN
@mixed.COMPOSITION
def test_mixed_valkey__leader_is_restarted(place, foreign, ours):
    """The master dies; the sentinel that was elected is killed as soon as it has chosen."""
    watched = mixed.MixedGroup(place, foreign, ours)
    group = watched.group
    recorders = [sentinel.record() for sentinel in group.sentinels]
    old = group.master
    old.kill()

    def elected():
        return [s for s, r in zip(group.sentinels, recorders) if r.first("+selected-slave")]
    leader = wait_until(elected, 30, "somebody is elected")[0]
    leader.restart()
    group.wait_switched(old, 60)
    watched.finish(90)


@mixed.FOREIGN
@pytest.mark.parametrize("by_ours", [True, False], ids=["ours-leads", "theirs-leads"])
def test_mixed_valkey__leader_of_a_manual_failover_is_restarted(place, foreign, by_ours):
    """The master is well; whatever became of the order, all agree in the end."""
    watched = mixed.MixedGroup(place, foreign, 2 if by_ours else 1)
    group = watched.group
    leader = watched.sentinel_of(OURS if by_ours else foreign)
    recorder = leader.record()
    assert leader.raw("FAILOVER", "mymaster") == "OK"
    recorder.wait_for("+selected-slave", 10)
    leader.restart()
    watched.finish(90)
