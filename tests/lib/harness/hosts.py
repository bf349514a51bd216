# SPDX-License-Identifier: BSD-3-Clause
"""Hosts that are network namespaces of the tests' own: each with a server, a sentinel and clients, on one switch that can be
broken. Nothing of it is reachable from outside, and it needs root."""

import contextlib
import ctypes
import os
import shutil
import subprocess
import threading
import time

import redis

from harness.once import once
from harness.process import Process
from harness.redis_server import BINARY
from harness.sentinel import OURS, STOCK_BINARY, our_binary

CLONE_NEWNET = 0x40000000
REDIS_PORT, SENTINEL_PORT = 6379, 26379
_libc = ctypes.CDLL(None, use_errno=True)


def run(*words):
    subprocess.run(words, check=True, capture_output=True, text=True, timeout=30)


def not_possible():
    """Why there can be no such hosts here; None if there can."""
    for program in ("ip", "bridge", "nft"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return f"{program} is not installed (scripts/deps)"
    probe = f"sn-probe-{os.getpid()}"
    try:
        run("ip", "netns", "add", probe)
        run("ip", "netns", "exec", probe, "nft", "add", "table", "inet", "sn")
    except (OSError, subprocess.CalledProcessError) as error:
        return f"network namespaces are not permitted here: {getattr(error, 'stderr', error)}"
    finally:
        subprocess.run(["ip", "netns", "del", probe], check=False, capture_output=True)
    return None


def _set_namespace(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        if _libc.setns(handle, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {path}")
    finally:
        os.close(handle)


@contextlib.contextmanager
def inside(namespace):
    """Sockets that this thread makes meanwhile belong to that host."""
    own = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
    _set_namespace(f"/run/netns/{namespace}")
    try:
        yield
    finally:
        _libc.setns(own, CLONE_NEWNET)
        os.close(own)


class HostConnection(redis.Connection):
    def __init__(self, namespace=None, **kwargs):
        self.namespace = namespace
        super().__init__(**kwargs)

    def _connect(self):
        with inside(self.namespace):
            return super()._connect()


class Host:
    """One machine. The first one is 10.77.0.1."""

    def __init__(self, network, number):
        self.network = network
        self.number = number
        self.ip = f"10.77.0.{number}"
        self.namespace = f"{network.prefix}-h{number}"
        self.port = f"p{number}"  # at the switch
        self.folder = network.place.subfolder(f"host{number}")
        self.redis = self.sentinel = None
        run("ip", "netns", "add", self.namespace)
        run("ip", "link", "add", "eth0", "netns", self.namespace, "type", "veth", "peer", "name", self.port, "netns",
            network.switch)
        run("ip", "-n", self.namespace, "link", "set", "lo", "up")
        run("ip", "-n", self.namespace, "addr", "add", f"{self.ip}/24", "dev", "eth0")
        run("ip", "-n", self.namespace, "link", "set", "eth0", "up")
        run("ip", "-n", network.switch, "link", "set", self.port, "master", "br0", "up")
        self._nft("add", "table", "inet", "sn")
        self._nft("add", "chain", "inet", "sn", "in", "{ type filter hook input priority 0; }")

    def _nft(self, *words):
        run("ip", "netns", "exec", self.namespace, "nft", *words)

    def _process(self, name, *argv):
        argv = ["ip", "netns", "exec", self.namespace, *argv]
        return self.network.place.add(Process(f"{name}-{self.number}", argv, os.path.join(self.folder, f"{name}.log")))

    def _file(self, name, *lines):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
        return path

    def start_redis(self, master=None):
        lines = [f"port {REDIS_PORT}", f"bind {self.ip} 127.0.0.1", "protected-mode no", f"dir {self.folder}", 'save ""',
                 "repl-diskless-sync-delay 0", "repl-timeout 10"]
        if master:
            lines.append(f"replicaof {master.ip} {REDIS_PORT}")
        self.redis = self._process("redis", BINARY, self._file("redis.conf", *lines)).start()

    def start_sentinel(self, master, flavour=OURS, down_after_ms=1000, failover_timeout_ms=10000):
        conf = self._file("sentinel.conf", f"port {SENTINEL_PORT}", f"bind {self.ip} 127.0.0.1", "protected-mode no",
                          f"dir {self.folder}", f"sentinel monitor mymaster {master.ip} {REDIS_PORT} 2",
                          f"sentinel down-after-milliseconds mymaster {down_after_ms}",
                          f"sentinel failover-timeout mymaster {failover_timeout_ms}")
        self.sentinel = self._process("sentinel", our_binary() if flavour == OURS else STOCK_BINARY, conf).start()

    def client(self, port=REDIS_PORT, **kwargs):
        """From this host to itself."""
        settings = {"socket_timeout": 5, "socket_connect_timeout": 5, "decode_responses": True, **once(), **kwargs}
        return redis.Redis(connection_pool=redis.ConnectionPool(
            connection_class=HostConnection, namespace=self.namespace, host="127.0.0.1", port=port, **settings))

    def ask(self, port, *words):
        with self.client(port) as client:
            return client.execute_command(*words)

    def named_master(self):
        """The IP that this host's sentinel names."""
        return self.ask(SENTINEL_PORT, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")[0]

    def role(self):
        return self.ask(REDIS_PORT, "ROLE")[0]

    def sentinel_log(self):
        return self.sentinel.log_text()

    def switches(self):
        return self.sentinel_log().count("+switch-master")

    # What is wrong with the network. Nobody is told: frames vanish, ARP's too.

    def cut(self):
        self.network.bridge(self.port, 0)

    def join(self):
        self.network.bridge(self.port, 3)

    def hear_nothing_from(self, other):
        """One way only: what this host sends arrives."""
        self._nft("add", "rule", "inet", "sn", "in", "ip", "saddr", other.ip, "drop")

    def lose(self, percent):
        """That part of what arrives, at random."""
        self._nft("add", "rule", "inet", "sn", "in", "iifname", "eth0", "numgen", "random", "mod", "100", "<", str(percent),
                  "drop")

    def heal(self):
        self._nft("flush", "chain", "inet", "sn", "in")


class Network:
    def __init__(self, place, hosts=3):
        self.place = place
        self.prefix = f"sn{os.getpid()}"
        self.switch = f"{self.prefix}-switch"
        self.hosts = []
        try:
            run("ip", "netns", "add", self.switch)
            run("ip", "-n", self.switch, "link", "add", "br0", "type", "bridge")
            run("ip", "-n", self.switch, "link", "set", "br0", "up")
            for number in range(1, hosts + 1):
                self.hosts.append(Host(self, number))
        except BaseException:
            self.close()
            raise

    def bridge(self, port, state):
        run("ip", "netns", "exec", self.switch, "bridge", "link", "set", "dev", port, "state", str(state))

    def start(self, flavour=OURS, **settings):
        """A group: the first host has the master."""
        master = self.hosts[0]
        for host in self.hosts:
            host.start_redis(None if host is master else master)
        for host in self.hosts:
            host.start_sentinel(master, flavour, **settings)

    def agreed(self):
        """The one host that all sentinels name, that is a master, and that the others follow; None: not yet."""
        named = {host.named_master() for host in self.hosts}
        roles = {host.ip: host.ask(REDIS_PORT, "ROLE") for host in self.hosts}
        if len(named) != 1:
            return None
        ip = named.pop()
        following = [role for address, role in roles.items()
                     if address != ip and role[:2] == ["slave", ip] and role[3] == "connected"]
        if roles[ip][0] != "master" or len(following) != len(self.hosts) - 1:
            return None
        return next(host for host in self.hosts if host.ip == ip)

    def close(self):
        """The processes have ended."""
        for namespace in [host.namespace for host in self.hosts] + [self.switch]:
            subprocess.run(["ip", "netns", "del", namespace], check=False, capture_output=True)


class Client:
    """Lives on a host, asks its sentinel for the master, and adds one number after the other to a set there."""

    def __init__(self, host):
        self.host = host
        self.acknowledged = []  # (when, number)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self._stop.set()
        self._thread.join(20)

    def _run(self):
        number = self.host.number * 10_000_000
        while not self._stop.is_set():
            try:
                with redis.Redis(connection_pool=redis.ConnectionPool(
                        connection_class=HostConnection, namespace=self.host.namespace, host=self.host.named_master(),
                        port=REDIS_PORT, socket_timeout=0.5, socket_connect_timeout=0.5, max_connections=1, **once())) as client:
                    while not self._stop.is_set():
                        number += 1
                        client.sadd("written", number)
                        self.acknowledged.append((time.monotonic(), number))
                        time.sleep(0.002)
            except (redis.RedisError, OSError):
                time.sleep(0.02)

    def longest_gap_s(self):
        times = [when for when, _ in self.acknowledged]
        return max((b - a for a, b in zip(times, times[1:])), default=0.0)
