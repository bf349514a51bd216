# SPDX-License-Identifier: BSD-3-Clause
"""Thousands of mock groups: sentinel-farm (tests/bench/farm.c), as many processes of it as the limit of open files makes
necessary. SENTINEL_FARM names the program."""

import ipaddress
import os
import random
import resource
import socket
import subprocess
from typing import NamedTuple

from harness.process import die_with_parent
from harness.sentinel import Monitor

PORT, PER_ADDRESS = 10000, 1000
SPARE_FILES = 200


class Server(NamedTuple):
    state: str  # live, hung, dead
    follows: str  # address of its master; "-": is a master
    link: str  # up, down; "-": is a master


def raise_open_files():
    """As many as the system allows this process, and so those that it starts; returns the number."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def free_address(groups):
    """An address of the loopback, with its successors, on which nobody listens at the farm's ports."""
    for _ in range(100):
        first = ipaddress.ip_address(f"127.{random.randint(20, 250)}.{random.randint(0, 250)}.1")
        try:
            for row in range((groups - 1) // PER_ADDRESS + 1):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind((str(first + row), PORT))
            return first
        except OSError:
            continue
    raise RuntimeError("no free address found")


class Farm:
    """Group i is named m<i>. sentinels: how many will watch it. place.add() makes it end with a test."""

    def __init__(self, groups, replicas=2, sentinels=3):
        self.groups, self.replicas = groups, replicas
        self._first = free_address(groups)
        files_of_group = (replicas + 1) * (2 + 2 * sentinels)
        share = max(1, (raise_open_files() - SPARE_FILES) // files_of_group)
        count = -(-groups // share)
        bounds = [groups * i // count for i in range(count + 1)]
        self._shares = []  # (first group, first of the next one, process)
        for first, end in zip(bounds, bounds[1:]):
            self._shares.append((first, end, self._start(first, end - first)))
        for _, _, child in self._shares:
            self._read(child, until="ready")

    def _start(self, first, count):
        return subprocess.Popen(
            [os.environ["SENTINEL_FARM"], "--replicas", str(self.replicas), "--first", str(first), "--address", str(self._first),
             "--port", str(PORT), "--per-address", str(PER_ADDRESS), str(count)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)

    @staticmethod
    def _read(child, until):
        lines = []
        for line in child.stdout:
            line = line.rstrip("\n")
            if line == until:
                return lines
            if line.startswith("error "):
                raise RuntimeError(f"sentinel-farm: {line}")
            lines.append(line)
        raise RuntimeError(f"sentinel-farm ended with {child.wait()}")

    def _ask(self, *words, groups=None):
        """One control command to all processes that have some of the groups (a range), then all their answers."""
        groups = groups if groups is not None else range(self.groups)
        asked = []
        for first, end, child in self._shares:
            mine = range(max(first, groups.start), min(end, groups.stop))
            if mine:
                child.stdin.write(" ".join([words[0], f"{mine.start}..{mine.stop - 1}", *words[1:]]) + "\n")
                child.stdin.flush()
                asked.append(child)
        return [line for child in asked for line in self._read(child, until="ok")]

    # Addresses

    def address(self, group, member=0):
        """(ip, port)"""
        return (str(self._first + group // PER_ADDRESS), PORT + group % PER_ADDRESS * (self.replicas + 1) + member)

    def monitors(self, quorum=2, **options):
        """Monitor lines of all groups; options have `_` for `-`."""
        lines = {key.replace("_", "-"): value for key, value in options.items()}
        for group in range(self.groups):
            host, port = self.address(group)
            yield Monitor(f"m{group}", port, quorum, lines, host)

    # Faults and facts

    def hang(self, groups, who="master"):
        """The servers that are masters now (or "replicas", or "all") answer nothing any more."""
        self._ask("hang", who, groups=groups)

    def kill(self, groups, who="master"):
        self._ask("kill", who, groups=groups)

    def revive(self):
        self._ask("revive")

    def roles(self):
        """The servers of each group."""
        found = []
        for line in self._ask("roles"):
            words = line.split()
            found.append([Server(*word.split(",")) for word in words[2:]])
        return found

    def problems(self):
        """Groups that have not exactly one master, or servers that do not follow it; dead and hung ones do not count."""
        found = []
        for group, servers in enumerate(self.roles()):
            live = [server for server in servers if server.state == "live"]
            masters = [member for member, server in enumerate(servers) if server.state == "live" and server.follows == "-"]
            if len(masters) != 1:
                found.append(f"m{group} has {len(masters)} masters")
                continue
            host, port = self.address(group, masters[0])
            lost = sum(server.follows not in ("-", f"{host}:{port}") or server.link == "down" for server in live)
            if lost:
                found.append(f"{lost} servers of m{group} do not follow its master")
        return found

    def stats(self):
        """{name: sum over the processes}; of turn_max_ms and uptime_ms the greatest; {"commands": {name: count}}."""
        total = {"commands": {}}
        for line in self._ask("stats"):
            *kind, name, value = line.split()
            table = total["commands"] if kind else total
            join = max if name in ("turn_max_ms", "uptime_ms") else int.__add__
            table[name] = join(table.get(name, 0), int(value))
        return total

    def pids(self):
        return [child.pid for _, _, child in self._shares]

    def end(self):
        for _, _, child in self._shares:
            child.kill()
            child.wait()
            child.stdin.close()
            child.stdout.close()
        self._shares = []
