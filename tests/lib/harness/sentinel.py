# SPDX-License-Identifier: BSD-3-Clause
"""A sentinel process, ours or the stock one, with its configuration file and its events."""

import os
import re
import shutil
from typing import NamedTuple

import redis

from harness.events import EventRecorder
from harness.once import once
from harness.poll import wait_until
from harness.process import Process

OURS, STOCK, VALKEY = "ours", "stock", "valkey"
# What only a defect of the daemon writes.
DEFECT = re.compile(r"(Address|Leak|Undefined\w*)Sanitizer|runtime error:|Assertion .* failed")
STOCK_BINARY = os.environ.get("REDIS_SENTINEL", "redis-sentinel")
VALKEY_BINARY = os.environ.get("VALKEY_SENTINEL", "valkey-sentinel")


def default_flavour():
    """Which daemon the tests are about."""
    return os.environ.get("SENTINELD_FLAVOUR", OURS)


def has_valkey():
    return shutil.which(VALKEY_BINARY) is not None


def _binary(flavour):
    return {STOCK: STOCK_BINARY, VALKEY: VALKEY_BINARY}.get(flavour) or our_binary()


def our_binary():
    binary = os.environ.get("SENTINELD")
    assert binary and shutil.which(binary), "SENTINELD has to name the sentineld binary to be tested"
    return binary


class Monitor(NamedTuple):
    """One monitored group in a configuration file. options: {directive: value or list of values}."""

    name: str
    port: int
    quorum: int
    options: dict
    host: str = "127.0.0.1"

    def lines(self):
        yield f"sentinel monitor {self.name} {self.host} {self.port} {self.quorum}"
        for directive, value in self.options.items():
            for one in value if isinstance(value, (list, tuple)) else [value]:
                yield f"sentinel {directive} {self.name} {one}"


class Sentinel(Process):
    """conf_text replaces what would be generated from monitors and extra (configuration lines).
    password: how the test logs in, and the sentinel's own requirepass. tls: of its port and links. files: it may open
    no more than so many."""

    def __init__(self, folder, port, monitors=(), flavour=None, extra=(), conf_text=None,
                 password=None, arguments=(), tls=None, files=None):
        self.port = port
        self.tls = tls
        self.folder = folder
        self.password = password
        self.flavour = flavour or default_flavour()
        self.conf_path = os.path.join(folder, "sentinel.conf")
        self.acl_path = None
        self._recorders = []
        self._commands = None
        binary = _binary(self.flavour)
        self._before = ["prlimit", f"--nofile={files}:{files}"] if files else []
        super().__init__(f"{self.flavour}-sentinel-{port}", [*self._before, binary, self.conf_path, *arguments],
                         os.path.join(folder, "sentinel.log"))
        if conf_text is None:
            ports = tls.lines(port) if tls else [f"port {port}"]
            lines = [*ports, "bind 127.0.0.1", f"dir {folder}", *extra]
            if password:
                lines.append(f"requirepass {password}")
            for monitor in monitors:
                lines.extend(monitor.lines())
            conf_text = "".join(line + "\n" for line in lines)
        with open(self.conf_path, "w", encoding="utf-8") as conf:
            conf.write(conf_text)

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def client(self, **kwargs):
        settings = {"socket_timeout": 20, "decode_responses": True, "password": self.password, **once(),
                    **(self.tls.client_arguments() if self.tls else {}), **kwargs}
        return redis.Redis("127.0.0.1", self.port, **settings)

    @property
    def commands(self):
        """One client that is kept open, for the many questions of a test."""
        if self._commands is None:
            self._commands = self.client()
        return self._commands

    def start(self):
        super().start()
        wait_until(lambda: self.running() and self.commands.ping(), 30, f"{self.name} answers PING",
                   hopeless=lambda: not self.running())
        return self

    def restart(self):
        """A power loss and a new start."""
        self.kill()
        return self.start()

    def become(self, flavour):
        """Ends, and starts as another daemon with the very same file."""
        self.stop()
        self.flavour = flavour
        self.argv[len(self._before)] = _binary(flavour)
        self.name = f"{flavour}-sentinel-{self.port}"
        return self.start()

    def move_to(self, port):
        """Another port, from its next start on; it must not be running."""
        lines = [f"port {port}" if line.startswith("port ") else line
                 for line in self.conf_text().splitlines()]
        with open(self.conf_path, "w", encoding="utf-8") as conf:
            conf.write("\n".join(lines) + "\n")
        self.port = port
        if self._commands:
            self._commands.close()
        self._commands = None

    def record(self):
        """A new recorder of this sentinel's events; closed with the sentinel."""
        recorder = EventRecorder(self.client(socket_timeout=None))
        self._recorders.append(recorder)
        return recorder

    def end(self):
        for recorder in self._recorders:
            recorder.close()
        super().end()
        if self._commands:
            self._commands.close()

    def problems(self):
        """Ends a running one cleanly and says what was not right with it, sanitizer reports included."""
        if self.running():
            status = self.stop()
            if status != 0:
                yield f"{self.name} ended with {status} on SIGTERM"
        for line in self.log_text().splitlines():
            if DEFECT.search(line):
                yield f"{self.name}: {line}"

    def conf_text(self):
        with open(self.conf_path, encoding="utf-8") as conf:
            return conf.read()

    # What redis-py calls sentinel_*, under the names of the protocol.

    def raw(self, *words):
        """SENTINEL words…, the reply as it is (lists, strings, integers)."""
        return self.commands.execute_command("SENTINEL", *words)

    def my_id(self):
        return self.raw("MYID")

    def master_address(self, name):
        return self.commands.sentinel_get_master_addr_by_name(name)

    def master(self, name):
        return self.commands.sentinel_master(name)

    def replicas(self, name):
        return self.commands.sentinel_slaves(name)

    def peers(self, name):
        return self.commands.sentinel_sentinels(name)

    def ask_vote(self, port, epoch, candidate):
        """[is down here, leader, epoch of the vote], as a peer would be answered."""
        return self.raw("is-master-down-by-addr", "127.0.0.1", port, epoch, candidate)
