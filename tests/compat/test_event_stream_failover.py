# SPDX-License-Identifier: BSD-3-Clause
"""Ours and the stock sentinel say the same about failovers, but for what is listed."""

import pytest

from dialect.scenes import FAILOVER_SCENES
from dialect.stream import check


@pytest.mark.ours_only
@pytest.mark.parametrize("scene", FAILOVER_SCENES, ids=lambda scene: scene.__name__)
def test_events__are_those_of_stock(place, scene):
    check(scene, place)
