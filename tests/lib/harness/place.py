# SPDX-License-Identifier: BSD-3-Clause
"""Where one test happens: a temporary folder and everything that was started in it."""

import atexit
import os
import shutil
import tempfile

from harness.group import Group
from harness.poll import wait_until
from harness.ports import Ports
from harness.redis_server import RedisServer
from harness.sentinel import Monitor, Sentinel


class Place:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sentineld-test-")
        self.ports = Ports()
        self._processes = []
        atexit.register(self.close)

    def close(self):
        """Ends everything and removes the folder. May be called twice."""
        for process in reversed(self._processes):
            process.end()
        self._processes.clear()
        self.ports.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)

    def problems(self):
        """Ends all sentinels and lists what was wrong with any of them."""
        return [problem for process in self._processes if isinstance(process, Sentinel)
                for problem in process.problems()]

    def subfolder(self, name):
        path = os.path.join(self.folder, name)
        os.makedirs(path, exist_ok=True)
        return path

    def add(self, process):
        """Makes a process end with this place."""
        self._processes.append(process)
        return process

    def redis(self, master=None, port=None, start=True, **kwargs):
        port = port or self.ports.take()
        server = self.add(RedisServer(self.subfolder(f"redis-{port}"), port, master, **kwargs))
        return server.start() if start else server

    def sentinel(self, *monitors, port=None, start=True, **kwargs):
        port = port or self.ports.take()
        sentinel = self.add(Sentinel(self.subfolder(f"sentinel-{port}"), port, monitors, **kwargs))
        return sentinel.start() if start else sentinel

    def monitor(self, server, name="mymaster", quorum=2, down_after_ms=1000,
                failover_timeout_ms=10000, **options):
        """Monitor lines for server; further options have `_` for `-`."""
        lines = {"down-after-milliseconds": down_after_ms, "failover-timeout": failover_timeout_ms}
        lines.update({key.replace("_", "-"): value for key, value in options.items()})
        port = server if isinstance(server, int) else server.port
        return Monitor(name, port, quorum, lines)

    def group(self, replicas=2, sentinels=3, name="mymaster", flavours=None, servers=None,
              server_args=None, sentinel_args=None, ready=True, **monitor_options):
        """A group of fresh processes; waits until everybody knows everybody (ready).

        flavours: one per sentinel, instead of the default one for all. servers: use these. server_args
        and sentinel_args go to RedisServer and Sentinel.
        """
        if servers is None:
            master = self.redis(**(server_args or {}))
            servers = [master] + [self.redis(master, **(server_args or {})) for _ in range(replicas)]
        for replica in servers[1:]:
            # A replica that is not in sync yet would be looked at again only 10 s later.
            wait_until(lambda r=replica: r.role() == "slave" and
                       r.info()["master_link_status"] == "up", 60, f"{replica.name} in sync")
        monitor = self.monitor(servers[0], name=name, **monitor_options)
        flavours = flavours or [None] * sentinels
        daemons = [self.sentinel(monitor, flavour=flavour, **(sentinel_args or {}))
                   for flavour in flavours]
        group = Group(name, servers, daemons)
        return group.wait_ready() if ready else group
