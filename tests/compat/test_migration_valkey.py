# SPDX-License-Identifier: BSD-3-Clause
"""From valkey-sentinel to ours and back, one by one, with the very same files (docs/MIGRATING.md)."""

import pytest

from harness import mixed
from harness.migration import there_and_back
from harness.sentinel import VALKEY

pytestmark = pytest.mark.ours_only


@mixed.needs_valkey
def test_migration_valkey__one_by_one_and_back_under_load(place):
    there_and_back(place, VALKEY)
