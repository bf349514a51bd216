# SPDX-License-Identifier: BSD-3-Clause
"""Groups of ours and foreign sentinels, for the tests of mixed quorums."""

import shutil

import pytest

from harness.hellos import HelloRecorder
from harness.poll import wait_until
from harness.redis_server import BINARY, VALKEY_BINARY
from harness.sentinel import OURS, STOCK, VALKEY, has_valkey

# After a switch the stock daemon may open its link to the new master only a second later. With a
# shorter time than that its sentinels hold the new master for down and fail over once more.
DOWN_AFTER_MS = 2000
FAILOVER_TIMEOUT_MS = 5000

needs_valkey = pytest.mark.skipif(
    not has_valkey() or not shutil.which(VALKEY_BINARY),
    reason="valkey-sentinel and valkey-server are not installed (scripts/deps tries to)")

# Every foreign daemon, as one of three and as two of three.
FOREIGN = pytest.mark.parametrize("foreign", [
    STOCK, pytest.param(VALKEY, marks=needs_valkey)])
COMPOSITION = pytest.mark.parametrize("ours", [1, 2], ids=["one-ours", "two-ours"])


class MixedGroup:
    """A ready group whose data nodes are of the foreign daemon's make, with what it must keep to."""

    def __init__(self, place, foreign, ours, replicas=2, tls=None, sentinel_lines=(), **monitor_options):
        binary = VALKEY_BINARY if foreign == VALKEY else BINARY
        flavours = [OURS] * ours + [foreign] * (3 - ours)
        self.group = place.group(replicas=replicas, flavours=flavours,
                                 down_after_ms=DOWN_AFTER_MS,
                                 failover_timeout_ms=FAILOVER_TIMEOUT_MS,
                                 server_args={"binary": binary, "tls": tls},
                                 sentinel_args={"tls": tls, "extra": sentinel_lines}, **monitor_options)
        self.hellos = HelloRecorder(self.group).start()

    def sentinel_of(self, flavour):
        return next(s for s in self.group.sentinels if s.flavour == flavour)

    def converged(self):
        """All sentinels name one master of one epoch, all servers follow it."""
        masters = [s.master(self.group.name) for s in self.group.running_sentinels()]
        return (len({(m["ip"], m["port"], m["config-epoch"]) for m in masters}) == 1
                and all("down" not in m["flags"] for m in masters))

    def finish(self, timeout_s=60):
        """Waits until everything is well, and checks the epochs; returns the master."""
        master = self.group.wait_settled(timeout_s)
        wait_until(self.converged, timeout_s, "one master with one epoch everywhere",
                   explain=self.group.addresses)
        epoch = self.group.running_sentinels()[0].master(self.group.name)["config-epoch"]
        wait_until(lambda: epoch in self.hellos.masters, 15, f"a hello with config epoch {epoch}")
        self.hellos.stop()
        self.hellos.assert_one_master_per_epoch()
        assert self.group.current_master() is master
        return master
