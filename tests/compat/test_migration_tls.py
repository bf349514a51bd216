# SPDX-License-Identifier: BSD-3-Clause
"""From redis-sentinel to ours and back with TLS at the ports and on the links, with the very same files (docs/MIGRATING.md)."""

import pytest

from harness.migration import there_and_back
from harness.sentinel import STOCK
from harness.tls import Authority, Tls

pytestmark = pytest.mark.ours_only


def test_migration_tls__one_by_one_and_back_under_load(place):
    there_and_back(place, STOCK, Tls(Authority(place.subfolder("tls"))))
