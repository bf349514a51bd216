# SPDX-License-Identifier: BSD-3-Clause
"""How long one client holds up the PING of another one, by sending what costs most."""

import contextlib
import multiprocessing
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from harness import OURS, STOCK, our_binary
from harness.sentinel import STOCK_BINARY

SECONDS, TIMES = 1, 3  # the best of three times counts: the machine has other work too


def request(*words):
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


def many(first, each, count):
    """The words of first, then each(i) for count values of i."""
    words = list(first)
    for i in range(count):
        words.extend(each(i))
    return request(*words)


BOMB = "*[" + "a" * 60000 + "]z"

# name: (setup requests sent once, the request that is repeated)
ATTACKS = {
    "nothing": ([], b""),
    "COMMAND DOCS, pipelined": ([], request("COMMAND", "DOCS") * 500),
    "COMMAND INFO x 200,000": ([], many(["COMMAND", "INFO"], lambda i: ["sentinel"], 200000)),
    "COMMAND INFO x 4,000": ([], many(["COMMAND", "INFO"], lambda i: ["sentinel"], 4000)),
    "COMMAND DOCS x 200,000": ([], many(["COMMAND", "DOCS"], lambda i: ["sentinel"], 200000)),
    "COMMAND LIST PATTERN bomb": ([], request("COMMAND", "LIST", "FILTERBY", "PATTERN", BOMB)),
    "SENTINEL SET x 200,000": ([], many(["SENTINEL", "SET", "m0"],
                                        lambda i: ["down-after-milliseconds", 30000], 200000)),
    "SENTINEL SET x 2,000": ([], many(["SENTINEL", "SET", "m0"],
                                      lambda i: ["down-after-milliseconds", 30000 + i], 2000)),
    "SENTINEL CONFIG GET x 10,000": ([], many(["SENTINEL", "CONFIG", "GET"], lambda i: ["*"], 10000)),
    "SENTINEL CONFIG GET bomb": ([], request("SENTINEL", "CONFIG", "GET", BOMB)),
    "SENTINEL RESET bomb": ([], request("SENTINEL", "RESET", BOMB)),
    "SENTINEL MASTERS": ([], request("SENTINEL", "MASTERS") * 20),
    "SENTINEL INFO-CACHE x 10,000": ([], many(["SENTINEL", "INFO-CACHE"],
                                              lambda i: [f"m{i % 1000}"], 10000)),
    "SUBSCRIBE x 1,000,000": ([], many(["SUBSCRIBE"], lambda i: [i], 1000000)),
    "SUBSCRIBE x 4,000, then not": ([], many(["SUBSCRIBE"], lambda i: [i], 4000) +
                                    request("UNSUBSCRIBE")),
    "PSUBSCRIBE x 4,000 bombs, RESET": ([], many(["PSUBSCRIBE"], lambda i: [f"*[{i}abcdefgh]*z"], 4000)
                                        + request("RESET")),
    "ACL SETUSER x 6,000 rules": ([], many(["ACL", "SETUSER", "u"], lambda i: [f"~{i}"], 6000)),
    "ACL SETUSER x 4,000 rules": ([], many(["ACL", "SETUSER", "u"], lambda i: [f"~{i}"], 4000)),
    "ACL SETUSER x 4,000 passwords": ([], many(["ACL", "SETUSER", "u"], lambda i: [f">{i}"], 4000)),
    "ACL LIST of 3,000 users": ([request("ACL", "SETUSER", f"u{i}", "on") for i in range(3000)],
                                request("ACL", "LIST") * 20),
    "AUTH with 1 MB": ([], request("AUTH", "default", "x" * 1000000)),
    "PING with 1 MB": ([], request("PING", "x" * 1000000)),
    "one bulk of 64 MB": ([], b"*2\r\n$4\r\nPING\r\n$67108864\r\n" + b"x" * 67108864 + b"\r\n"),
    "inline, 30,000 words": ([], b"COMMAND INFO " + b"x " * 30000 + b"\r\n"),
    "INFO, pipelined": ([], request("INFO") * 500),
    "CLIENT LIST of 1,000": ([], request("CLIENT", "LIST") * 50),
    "CLIENT LIST ID x 1,000": ([], many(["CLIENT", "LIST", "ID"], lambda i: [i + 1], 1000)),
    "CLIENT KILL of 1,000": ([], request("CLIENT", "KILL", "TYPE", "pubsub")),
}


class Daemon:
    def __init__(self, flavour, groups):
        self.folder = tempfile.mkdtemp(prefix="hold-")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        path = os.path.join(self.folder, "s.conf")
        with open(path, "w", encoding="ascii") as conf:
            conf.write(f"port {self.port}\nbind 127.0.0.1\ndir {self.folder}\n"
                       f"logfile {self.folder}/log\n")
            for i in range(groups):  # nothing listens there
                conf.write(f"sentinel monitor m{i} 127.0.0.1 1 2\n"
                           f"sentinel down-after-milliseconds m{i} 3600000\n")
        binary = our_binary() if flavour == OURS else STOCK_BINARY
        self.process = subprocess.Popen([binary, path], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        for _ in range(500):
            with contextlib.suppress(OSError):
                self.dial().close()
                return
            time.sleep(0.02)
        raise RuntimeError(f"{binary} does not listen")

    def dial(self):
        link = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return link

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)


def drain(link):
    with contextlib.suppress(OSError):
        while link.recv(1 << 20):
            pass


def send_over_and_over(daemon, setup, attack):
    """In a process of its own, until that is ended."""
    while attack:
        with contextlib.suppress(OSError):
            link = daemon.dial()
            threading.Thread(target=drain, args=(link,), daemon=True).start()
            for one in setup:
                link.sendall(one)
            setup = []
            while True:
                link.sendall(attack)


def crowd(daemon, name):
    links = [daemon.dial() for _ in range(1000)] if "of 1,000" in name else []
    for link in links:
        link.sendall(b"SUBSCRIBE x\r\n")
    return links


def waited_s(pid):
    """For how long the main thread of a process has waited for a free core."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[1]) / 1e9


def worst_ping(daemon, seconds):
    """Milliseconds, without those in which the machine had no core for the daemon or for us."""
    worst, link, own = 0.0, daemon.dial(), os.getpid()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        waited = waited_s(daemon.process.pid) + waited_s(own)
        begin = time.monotonic()
        link.sendall(b"PING\r\n")
        if link.recv(64)[:5] != b"+PONG":
            raise RuntimeError("no answer to PING")
        took = time.monotonic() - begin
        waited = waited_s(daemon.process.pid) + waited_s(own) - waited
        worst = max(worst, took - waited)
        time.sleep(0.001)
    link.close()
    return worst * 1000


def measure_one(flavour, name, groups):
    setup, attack = ATTACKS[name]
    daemon = Daemon(flavour, groups)
    attacker = multiprocessing.Process(target=send_over_and_over, args=(daemon, setup, attack))
    try:
        others = crowd(daemon, name)
        time.sleep(1)
        attacker.start()
        try:
            return min(worst_ping(daemon, SECONDS) for _ in range(TIMES))
        except (OSError, RuntimeError):
            return None
        finally:
            for link in others:
                link.close()
    finally:
        if attacker.pid:
            attacker.kill()
            attacker.join()
        daemon.close()


def run(groups, names=None, flavours=(OURS, STOCK)):
    """Prints a line for each request as it is measured."""
    print(f"{'worst PING of another client, ms':<36}" +
          "".join(f"{flavour:>10}" for flavour in flavours), flush=True)
    for name in names or ATTACKS:
        cells = []
        for flavour in flavours:
            worst = measure_one(flavour, name, groups)
            cells.append("no answer" if worst is None else f"{worst:.1f}")
        print(f"{name:<36}" + "".join(f"{cell:>10}" for cell in cells), flush=True)
