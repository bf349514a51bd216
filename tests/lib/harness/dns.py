# SPDX-License-Identifier: BSD-3-Clause
"""Host names of the tests' own: a DNS server in a network namespace without a way out, which the thread of the test and
all that it starts live in. Processes that are wrapped find it in an /etc/resolv.conf of their own."""

import ctypes
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections import Counter

CLONE_NEWNET = 0x40000000
SERVER_IP = "127.0.0.53"
A, AAAA = 1, 28
NXDOMAIN, SERVFAIL = 3, 2
_libc = ctypes.CDLL(None, use_errno=True)

# $1: the folder with the files. They hide the host's for the one process that follows.
ENTER = """
for file in resolv.conf nsswitch.conf hosts; do
    mount --bind "$1/$file" "/etc/$file" || exit 77
done
shift
exec "$@"
"""
RESOLV_CONF = f"nameserver {SERVER_IP}\nsearch none.invalid\noptions timeout:{{timeout_s}} attempts:1\n"
FILES = {"nsswitch.conf": "hosts: files dns\n", "hosts": "127.0.0.1 localhost\n::1 localhost\n"}


def _wrapped(folder, words):
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "dns", folder, *words]


def not_possible():
    """Why there can be no such names here; None if there can."""
    for program in ("ip", "unshare", "mount"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return f"{program} is not installed (scripts/deps)"
    probe = ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c",
             "ip link set lo up && for file in resolv.conf nsswitch.conf hosts; do mount --bind /dev/null /etc/$file || exit 1; done"]
    done = subprocess.run(probe, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"network and mount namespaces are not permitted here: {done.stderr.strip()}"
    return None


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


class Answer:
    """What the server says about a name. ips: IPv4 and IPv6 addresses; none: there is no such name."""

    def __init__(self, *ips, delay_s=0.0, silent=False, rcode=None):
        self.ips = ips
        self.delay_s = delay_s
        self.silent = silent
        self.rcode = rcode if rcode is not None else (0 if ips else NXDOMAIN)

    def packet(self, question):
        """The answer to a question, whose kind decides which addresses are in it."""
        kind = struct.unpack("!H", question.asked[-4:-2])[0]
        family, length = {A: (socket.AF_INET, 4), AAAA: (socket.AF_INET6, 16)}.get(kind, (None, 0))
        records = b""
        count = 0
        for ip in self.ips:
            if family and (":" in ip) == (family == socket.AF_INET6):
                records += struct.pack("!HHHIH", 0xC00C, kind, 1, 0, length) + socket.inet_pton(family, ip)
                count += 1
        return struct.pack("!HHHHHH", question.number, 0x8580 | self.rcode, 1, count, 0, 0) + question.asked + records


class Question:
    """The one question in a packet."""

    def __init__(self, packet):
        self.number = struct.unpack("!H", packet[:2])[0]
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii"))
            at += 1 + packet[at]
        self.name = ".".join(labels).lower()
        self.asked = packet[12:at + 5]
        self.kind = struct.unpack("!H", packet[at + 1:at + 3])[0]


class Dns:
    """Enters the namespace; close() leaves it again. Both are called by the thread of the test.

    A look-up asks for IPv4 and for IPv6; it counts once. A process gives up a question after timeout_s."""

    def __init__(self, place, timeout_s=30):
        self.place = place
        self.folder = place.subfolder("dns")
        for name, text in {**FILES, "resolv.conf": RESOLV_CONF.format(timeout_s=timeout_s)}.items():
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        self._answers = {}
        self.asked = []  # (when, name)
        self._lock = threading.Lock()
        self._own = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
        if _libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True, capture_output=True, timeout=30)
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind((SERVER_IP, 53))
        except BaseException:
            self._leave()
            raise
        self._timers = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _leave(self):
        _libc.setns(self._own, CLONE_NEWNET)
        os.close(self._own)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (SERVER_IP, 53))
        self._thread.join()
        for timer in self._timers:
            timer.cancel()
            timer.join()
        self._socket.close()
        self._leave()

    def wrap(self, process):
        """Before its start: the process asks this server."""
        process.argv = _wrapped(self.folder, process.argv)
        return process

    # The table

    def set(self, name, *ips, **how):
        """From now on; see Answer. A name that is not set does not exist."""
        with self._lock:
            self._answers[name.lower()] = Answer(*ips, **how)

    def count(self, name):
        """Of the look-ups so far."""
        return self.counts()[name.lower()]

    def counts(self):
        with self._lock:
            return Counter(name for _, name in self.asked)

    def _run(self):
        while True:
            packet, client = self._socket.recvfrom(4096)
            if not packet:
                return
            question = Question(packet)
            with self._lock:
                if question.kind == A:
                    self.asked.append((time.monotonic(), question.name))
                answer = self._answers.get(question.name, Answer())
            if answer.silent:
                continue
            if answer.delay_s:
                timer = threading.Timer(answer.delay_s, self._socket.sendto, (answer.packet(question), client))
                timer.daemon = True
                self._timers.append(timer)
                timer.start()
            else:
                self._socket.sendto(answer.packet(question), client)
