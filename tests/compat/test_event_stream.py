# SPDX-License-Identifier: BSD-3-Clause
"""Ours and the stock sentinel say the same about what they see and are told, but for what is
listed."""

import pytest

from dialect.scenes import QUIET_SCENES
from dialect.stream import check


@pytest.mark.ours_only
@pytest.mark.parametrize("scene", QUIET_SCENES, ids=lambda scene: scene.__name__)
def test_events__are_those_of_stock(place, scene):
    check(scene, place)
