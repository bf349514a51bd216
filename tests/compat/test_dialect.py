# SPDX-License-Identifier: BSD-3-Clause
"""Ours and the stock sentinel answer alike, but for the differences that are listed."""

import pytest

from dialect.compare import Pair, compare


@pytest.mark.ours_only
def test_dialect__answers_are_those_of_stock(place):
    requests, unexpected, unused = compare(Pair(place))
    assert requests > 300
    assert not unexpected, f"{len(unexpected)} of {requests}:\n" + "\n".join(unexpected)
    assert not unused, f"listed, but no difference any more: {unused}"
