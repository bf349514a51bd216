# SPDX-License-Identifier: BSD-3-Clause
"""The acts of scripts/demo, which builds the daemon first. Usage: demo.py DAEMON [--once]

Uses the standard library only. Everything happens in a temporary folder, which is removed at the end
like every process that was started.
"""

import argparse
import ctypes
import os
import queue
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

GROUP = "mymaster"
DOWN_AFTER_MS = 1000
QUORUM = 2

COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


# ------------------------------------------------------------------ output

def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def bold(text):
    return paint("1", text)


def dim(text):
    return paint("2", text)


def green(text):
    return paint("32", text)


def heading(text):
    print(f"\n{bold('== ' + text)}", flush=True)


def say(text=""):
    print(f"   {text}".rstrip(), flush=True)


def done(text):
    say(f"{green('ok')}  {text}")


class Failed(Exception):
    """Something that the demo promises did not happen."""


# ------------------------------------------------------------------ a small Redis client

class Connection:
    """One connection; call() sends a command and returns its reply."""

    def __init__(self, port, timeout_s=10.0):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self._input = self._socket.makefile("rb")

    def close(self):
        self._input.close()
        self._socket.close()

    def call(self, *words):
        parts = [b"*%d\r\n" % len(words)]
        for word in words:
            data = str(word).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self._socket.sendall(b"".join(parts))
        return self.read()

    def wait_forever(self):
        self._socket.settimeout(None)

    def read(self):
        line = self._input.readline()
        if not line:
            raise ConnectionError("closed by the other side")
        kind, rest = line[:1], line[1:].strip().decode()
        if kind == b"-":
            raise Failed(rest)
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == "-1" else self._input.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return None if rest == "-1" else [self.read() for _ in range(int(rest))]
        return rest


def call(port, *words):
    connection = Connection(port)
    try:
        return connection.call(*words)
    finally:
        connection.close()


def info(port, section="replication"):
    lines = call(port, "INFO", section).splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def wait_until(condition, timeout_s, what):
    """Polls condition() until it is true; errors count as "not yet"."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            value = condition()
            if value:
                return value
        except (OSError, Failed):
            pass
        time.sleep(0.005)
    raise Failed(f"did not happen within {timeout_s} s: {what}")


# ------------------------------------------------------------------ processes

def die_with_parent():
    """Should this script be killed hard, its children go too (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Node:
    """A redis-server or a sentinel in the temporary folder."""

    def __init__(self, stage, label, program, conf_lines):
        self.label = label
        self.port = stage.take_port()
        self.folder = os.path.join(stage.folder, label)
        self.conf = os.path.join(self.folder, "sentinel.conf" if "sentinel" in label else "redis.conf")
        self._program = program
        self._child = None
        os.makedirs(self.folder)
        with open(self.conf, "w", encoding="utf-8") as conf:
            conf.write(f"port {self.port}\nbind 127.0.0.1\ndir {self.folder}\n")
            conf.writelines(line + "\n" for line in conf_lines)

    @property
    def pid(self):
        return self._child.pid

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            # A session of its own, so that Ctrl-C reaches only this script.
            self._child = subprocess.Popen(
                [self._program, self.conf], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=die_with_parent)
        wait_until(lambda: call(self.port, "PING") == "PONG", 10, f"{self.label} answers")

    def kill(self):
        if self._child and self._child.poll() is None:
            self._child.kill()
            self._child.wait()

    def last_log_lines(self):
        path = os.path.join(self.folder, "log")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8", errors="replace") as log:
            return log.read().splitlines()[-8:]


class Stage:
    """The temporary folder and everything in it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sentineld-demo-")
        self.nodes = []
        self._ports = set()

    def take_port(self):
        while True:
            port = random.randint(20000, 32000)
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            if port not in self._ports:
                self._ports.add(port)
                return port

    def add(self, label, program, conf_lines):
        node = Node(self, label, program, conf_lines)
        self.nodes.append(node)
        node.start()
        return node

    def clear(self):
        for node in self.nodes:
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


# ------------------------------------------------------------------ events

def names_of(servers, sentinels):
    """What stands for an address or an id in the events, and the name it is shown as."""
    names = []
    for node in sentinels:
        node_id = call(node.port, "SENTINEL", "MYID")
        names += [(f"sentinel {node_id} 127.0.0.1 {node.port}", node.label), (node_id, node.label)]
    for node in servers:
        names += [(f"127.0.0.1:{node.port} 127.0.0.1 {node.port}", node.label),
                  (f"127.0.0.1 {node.port}", node.label)]
    for node in servers:
        names += [(f" @ {GROUP} {node.label}", ""), (f"master {GROUP} {node.label}", f"master {node.label}")]
    return names


class Events:
    """Everything that the sentinels publish, in the order of arrival, with its time."""

    def __init__(self, servers, sentinels):
        self._queue = queue.Queue()
        self._names = names_of(servers, sentinels)
        for sentinel in sentinels:
            connection = Connection(sentinel.port)
            connection.call("PSUBSCRIBE", "*")
            connection.wait_forever()
            threading.Thread(target=self._listen, args=(sentinel, connection), daemon=True).start()

    def _listen(self, sentinel, connection):
        try:
            while True:
                _, _, name, payload = connection.read()
                self._queue.put((time.monotonic(), sentinel.label, name, payload))
        except (OSError, ValueError, TypeError):
            pass

    def _line(self, ms, label, name, payload):
        for text, short in self._names:
            payload = payload.replace(text, short)
        line = f"{ms:5.0f} ms  {label}  {name:<25} {payload}"
        return line if len(line) <= 77 else f"{ms:5.0f} ms  {label}  {name} {payload}"

    def print_new(self, start):
        while not self._queue.empty():
            at, label, name, payload = self._queue.get()
            text = self._line((at - start) * 1000, label, name, payload)
            say(green(text) if name == "+switch-master" else text)


# ------------------------------------------------------------------ the acts

def start_everything(stage, daemon):
    quiet = ['save ""', "appendonly no", "repl-diskless-sync-delay 0"]
    master = stage.add("redis-1", "redis-server", quiet)
    servers = [master]
    for number in (2, 3):
        servers.append(stage.add(f"redis-{number}", "redis-server",
                                 quiet + [f"replicaof 127.0.0.1 {master.port}"]))
    for replica in servers[1:]:
        wait_until(lambda r=replica: info(r.port)["master_link_status"] == "up", 15, "replicas in sync")

    watch = [f"sentinel monitor {GROUP} 127.0.0.1 {master.port} {QUORUM}",
             f"sentinel down-after-milliseconds {GROUP} {DOWN_AFTER_MS}",
             f"sentinel failover-timeout {GROUP} 10000"]
    sentinels = [stage.add(f"sentinel-{number}", daemon, watch) for number in (1, 2, 3)]
    return servers, sentinels


def described(sentinel):
    """What a sentinel knows about the group, as a dictionary."""
    flat = call(sentinel.port, "SENTINEL", "MASTER", GROUP)
    return dict(zip(flat[::2], flat[1::2]))


def master_port(sentinel):
    return int(call(sentinel.port, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", GROUP)[1])


def show_topology(servers, sentinels):
    for server in servers:
        facts = info(server.port)
        role = "master" if facts["role"] == "master" else f"replica of {facts['master_port']}"
        say(f"{server.label:<11} 127.0.0.1:{server.port}  {role}")
    for sentinel in sentinels:
        facts = described(sentinel)
        say(f"{sentinel.label:<11} 127.0.0.1:{sentinel.port}  watches {facts['port']}: "
            f"{facts['num-slaves']} replicas, {facts['num-other-sentinels']} peers, "
            f"quorum {facts['quorum']}")


def act_discovery(servers, sentinels):
    heading("Discovery: each sentinel was told only the master's address")

    def all_known():
        return all((d["num-slaves"], d["num-other-sentinels"], d["flags"]) == ("2", "2", "master")
                   for d in map(described, sentinels))
    wait_until(all_known, 30, "every sentinel knows two replicas and two peers")
    show_topology(servers, sentinels)


def act_failover(servers, sentinels):
    master = servers[0]
    heading("A write, then the master is killed")
    # On one connection: WAIT counts the replicas that have what this very connection wrote.
    writer = Connection(master.port)
    writer.call("SET", "greeting", "still here")
    confirmed = writer.call("WAIT", "2", "5000")
    writer.close()
    if confirmed != 2:
        raise Failed("the replicas did not confirm the write")
    say(f"SET greeting 'still here' on {master.port}, confirmed by both replicas")

    events = Events(servers, sentinels)
    say(f"kill -9 {master.pid}   (down-after-milliseconds is {DOWN_AFTER_MS})")
    say("what the sentinels publish, with names in place of addresses and ids:")
    say()
    start = time.monotonic()
    master.kill()

    answers = {}
    while len(answers) < len(sentinels):
        for sentinel in sentinels:
            if sentinel.label not in answers and master_port(sentinel) != master.port:
                answers[sentinel.label] = (master_port(sentinel), time.monotonic() - start)
        events.print_new(start)
        if time.monotonic() - start > 30:
            raise Failed("the sentinels did not all switch within 30 s")
        time.sleep(0.005)
    new_port = next(iter(answers.values()))[0]

    def all_follow():
        events.print_new(start)
        return info(new_port)["role"] == "master" and all(
            info(s.port).get("master_port") == str(new_port)
            and info(s.port)["master_link_status"] == "up"
            for s in servers if s is not master and s.port != new_port)
    wait_until(all_follow, 30, "the other replica follows the new master")
    events.print_new(start)

    say()
    for label, (port, seconds) in sorted(answers.items()):
        if port != new_port:
            raise Failed(f"{label} names {port}, another one {new_port}")
        done(f"{label} answers 127.0.0.1:{port} since {seconds * 1000:.0f} ms after the kill")
    if call(new_port, "GET", "greeting") != "still here":
        raise Failed("the write is lost")
    done(f"GET greeting on {new_port}: 'still here'")
    return new_port


def act_return(servers, new_port):
    old = servers[0]
    heading(f"The old master {old.port} comes back")
    start = time.monotonic()
    old.start()

    def demoted():
        facts = info(old.port)
        return (facts["role"], facts.get("master_port")) == ("slave", str(new_port))
    wait_until(demoted, 60, "the old master was told to follow the new one")
    told_ms = (time.monotonic() - start) * 1000
    wait_until(lambda: call(old.port, "GET", "greeting") == "still here", 30, "it has the data")
    done(f"became a replica of {new_port} after {told_ms:.0f} ms and has the data")


def act_wait(servers, sentinels, stage):
    heading("Everything keeps running until Ctrl-C; to try in another terminal")
    first = sentinels[0].port
    say(f"redis-cli -p {first} sentinel get-master-addr-by-name {GROUP}")
    say(f"redis-cli -p {first} sentinel replicas {GROUP}")
    say(f"redis-cli -p {first} psubscribe '*'")
    say(f"redis-cli -p {first} sentinel failover {GROUP}")
    say(f"redis-cli -p {servers[0].port} role")
    say(dim(f"configuration and logs: {stage.folder}"))
    while True:
        time.sleep(3600)


def play(stage, daemon, once):
    servers, sentinels = start_everything(stage, daemon)
    act_discovery(servers, sentinels)
    new_port = act_failover(servers, sentinels)
    act_return(servers, new_port)
    heading("Now")
    show_topology(servers, sentinels)
    if not once:
        act_wait(servers, sentinels, stage)


def stop_on_signal(_number, _frame):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("daemon", help="the program to show: sentineld or redis-sentinel")
    parser.add_argument("--once", action="store_true", help="end after the failover was shown")
    arguments = parser.parse_args()
    once = arguments.once
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop_on_signal)

    stage = Stage()
    status = 0
    try:
        play(stage, arguments.daemon, once)
    except KeyboardInterrupt:
        status = 1 if once else 0
    except (Failed, OSError) as error:
        status = 1
        heading(paint("31", f"Failed: {error}"))
        for node in stage.nodes:
            say(dim(f"--- {node.label}"))
            for line in node.last_log_lines():
                say(dim(line))
    finally:
        # A second Ctrl-C must not interrupt the cleaning up.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        stage.clear()
    say()
    say(dim("all processes ended, temporary folder removed"))
    return status


if __name__ == "__main__":
    sys.exit(main())
