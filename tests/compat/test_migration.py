# SPDX-License-Identifier: BSD-3-Clause
"""From redis-sentinel to ours and back, one by one, with the very same files (docs/MIGRATING.md)."""

import pytest

from harness.migration import there_and_back
from harness.sentinel import STOCK

pytestmark = pytest.mark.ours_only


def test_migration__one_by_one_and_back_under_load(place):
    there_and_back(place, STOCK)
