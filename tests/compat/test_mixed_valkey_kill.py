# SPDX-License-Identifier: BSD-3-Clause
"""Ours in one quorum with redis-sentinel or valkey-sentinel: the master dies and returns."""

import pytest

from harness import mixed, wait_until

pytestmark = pytest.mark.ours_only


@mixed.FOREIGN
@mixed.COMPOSITION
def test_mixed_valkey__master_dies_and_returns(place, foreign, ours):
    watched = mixed.MixedGroup(place, foreign, ours)
    group = watched.group
    recorders = [sentinel.record() for sentinel in group.sentinels]
    old = group.master
    old.kill()
    new = group.wait_switched(old, 60)
    told = f"mymaster 127.0.0.1 {old.port} 127.0.0.1 {new.port}"
    for recorder in recorders:
        recorder.wait_for("+switch-master", 60, told)  # stock in TILT waits for 30 s
    old.start()
    wait_until(lambda: old.follows(group.current_master()), 40, "the old master follows",
               explain=group.roles)
    watched.finish()
