# SPDX-License-Identifier: BSD-3-Clause
"""The rights that README and the example configuration give are enough, and none of them is refused."""

import re
from pathlib import Path

import pytest

from harness import rights, wait_until

pytestmark = pytest.mark.ours_only

ROOT = Path(__file__).parent.parent.parent


def documented(file):
    """The words from resetchannels on that are rules of an ACL."""
    text = (ROOT / file).read_text(encoding="utf-8").replace("#", " ")
    words = text[text.index("resetchannels"):].split()
    end = next(i for i, word in enumerate(words) if not re.fullmatch(r"resetchannels|[&+][\w:|]+", word))
    assert end > 10
    return words[:end]


@pytest.mark.parametrize("file", ["README.md", "sentinel.conf.example"])
def test_documented_rights__are_enough(place, file):
    group = rights.start(place, documented(file), replicas=1)
    old = group.master
    assert group.sentinels[0].raw("FAILOVER", "mymaster", "COORDINATED") == "OK"
    new = group.wait_switched(old)
    wait_until(lambda: old.follows(new), 30, "the old master follows", explain=group.roles)
    group.wait_ready()
    assert [rights.denied(server) for server in group.servers] == [set(), set()]
    new.kill()
    assert group.wait_switched(new) is old
    assert rights.denied(old) == set()
    for sentinel in group.sentinels:
        assert not rights.logged(sentinel, "refuse")


def test_documented_rights__without_those_to_pause_say_so_at_connect(place):
    group = rights.start(place, rights.SENTINEL_RIGHTS, replicas=1)
    rights.wait_logged(group.sentinels, "refuses CLIENT PAUSE", r"\+client\|pause and \+client\|unpause")
    for sentinel in group.sentinels:
        assert sentinel.log_text().count("refuses CLIENT PAUSE") == 1
        assert not rights.logged(sentinel, "misconfigured")
        assert "link-refusal" not in sentinel.master("mymaster")
