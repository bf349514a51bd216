# SPDX-License-Identifier: BSD-3-Clause
"""Ours in one quorum with redis-sentinel or valkey-sentinel: the master hangs and wakes up."""

import pytest

from harness import mixed, wait_until

pytestmark = pytest.mark.ours_only


@mixed.FOREIGN
@mixed.COMPOSITION
def test_mixed_valkey__master_hangs_and_wakes_up(place, foreign, ours):
    watched = mixed.MixedGroup(place, foreign, ours)
    group = watched.group
    old = group.master
    old.freeze()
    group.wait_switched(old, 60)
    old.thaw()
    wait_until(lambda: old.follows(group.current_master()), 40, "the woken master follows",
               explain=group.roles)
    watched.finish()
