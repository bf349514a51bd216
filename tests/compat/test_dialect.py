# SPDX-License-Identifier: BSD-3-Clause
"""Ours and the stock sentinel answer alike, but for the differences that are listed."""

import pytest

from dialect.compare import Comparison, Daemons


@pytest.mark.ours_only
def test_dialect__answers_are_those_of_stock(place):
    found = Comparison(Daemons(place))
    assert found.requests > 900
    assert not found.unexpected, (f"{len(found.unexpected)} of {found.requests}:\n" +
                                  "\n".join(found.unexpected))
    assert not found.unused, f"listed, but no difference any more: {found.unused}"
