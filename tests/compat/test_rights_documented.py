# SPDX-License-Identifier: BSD-3-Clause
"""The rights that README and the example configuration give are enough, and none of them is refused."""

import re
import time
from pathlib import Path

import pytest
import redis

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


def test_documented_rights__without_the_one_to_unpause_say_so_at_connect(place):
    group = rights.start(place, rights.SENTINEL_RIGHTS + ["+client|pause"], replicas=1)
    rights.wait_logged(group.sentinels, "refuses CLIENT UNPAUSE", r"\+client\|unpause")
    for sentinel in group.sentinels:
        assert sentinel.log_text().count("refuses CLIENT UNPAUSE") == 1
        assert not rights.logged(sentinel, "misconfigured")


def test_documented_rights__are_tried_without_ending_a_pause_of_others(place):
    """What the sentinel sends for it, while a pause is on; its own PUBLISH would have to wait."""
    master = place.redis()
    with master.client() as admin, master.client(single_connection_client=True) as tries:
        admin.execute_command("CLIENT", "PAUSE", "1500", "WRITE")
        start = time.monotonic()
        assert tries.execute_command("MULTI")
        assert tries.execute_command("CLIENT", "UNPAUSE") in ("QUEUED", b"QUEUED")
        for words, error in ((["SLAVEOF"], "wrong number of arguments"), (["EXEC"], "discarded")):
            with pytest.raises(redis.ResponseError, match=error):
                tries.execute_command(*words)
        assert time.monotonic() - start < 1
        admin.set("paused", "1")
        assert time.monotonic() - start > 1.4
