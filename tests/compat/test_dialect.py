# SPDX-License-Identifier: BSD-3-Clause
"""Ours and the stock sentinel answer alike, but for the differences that are listed."""

import re
import subprocess

import pytest

from dialect.compare import Comparison, Daemons
from harness.sentinel import STOCK_BINARY

# Cases and differences are those of this version; later ones add fields and words of their own.
COMPARED_WITH = "7.0"


def stock_version():
    told = subprocess.run([STOCK_BINARY, "--version"], capture_output=True, text=True, check=True)
    return re.search(r"v=(\d+\.\d+)", told.stdout)[1]


@pytest.mark.ours_only
def test_dialect__answers_are_those_of_stock(place):
    if stock_version() != COMPARED_WITH:
        pytest.skip(f"the dialect is that of redis-sentinel {COMPARED_WITH}; this is {stock_version()}")
    found = Comparison(Daemons(place))
    assert found.requests > 900
    assert not found.unexpected, (f"{len(found.unexpected)} of {found.requests}:\n" +
                                  "\n".join(found.unexpected))
    assert not found.unused, f"listed, but no difference any more: {found.unused}"
