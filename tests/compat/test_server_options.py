# SPDX-License-Identifier: BSD-3-Clause
"""Failovers of groups whose servers run with other options."""

import pytest

from harness import wait_until


@pytest.mark.parametrize("options", [
    {"min-replicas-to-write": 1, "min-replicas-max-lag": 10},
    {"repl-diskless-sync": "yes", "repl-diskless-load": "swapdb"},
    {"repl-diskless-sync": "no"},
    {"replica-read-only": "no"},
], ids=["min-replicas-to-write", "diskless", "disk-based", "writable-replicas"])
def test_server_options__failover_with(place, options):
    group = place.group(replicas=2, sentinels=3, down_after_ms=500,
                        server_args={"options": options})
    with group.master.client() as client:
        client.set("key", "old")
        client.wait(2, 5000)
    old = group.master
    old.kill()
    new = group.wait_switched(old)
    group.wait_settled()
    with new.client() as client:
        assert client.get("key") == "old"
        wait_until(lambda: client.set("key", "new"), 30, "the new master takes writes")
