# SPDX-License-Identifier: BSD-3-Clause
"""What is done to the groups of the failover benchmark, and what is aimed at."""

import dataclasses
import random
import signal
import socket
import threading
import time
import typing

from benchlib.observe import call


def kill(group):
    group.master.signal(signal.SIGKILL)


def stop(group):
    group.master.freeze()


def shut_down(group):
    """Returns a function that tells when the server had ended: it holds all writes first, and waits for its replicas to have
    said that they have them, which they do once a second."""
    ended_at = []
    connection = socket.create_connection(("127.0.0.1", group.master.port))
    connection.sendall(b"SHUTDOWN NOSAVE\r\n")

    def wait():
        with connection:
            while connection.recv(4096):
                pass
        ended_at.append(time.monotonic())

    waiter = threading.Thread(target=wait)
    waiter.start()

    def ended():
        waiter.join()
        return ended_at[0]

    return ended


def order(group):
    # A sentinel that may be busy answers later; the time runs from the order.
    sentinel = random.choice(group.sentinels)
    reply = call(sentinel.port, "SENTINEL", "FAILOVER", group.name)
    assert reply == "OK", f"{sentinel.name} refused: {reply}"


@dataclasses.dataclass(frozen=True)
class Fault:
    title: str
    inject: typing.Callable  # returns None, or a function that tells later when the fault took place
    since: str  # what the milliseconds count from: "down-after", "fault" or "order"
    goal: tuple  # median and tail, in these milliseconds
    down_after_ms: int = 1000
    refused_after_ms: int = 0  # of ours; 0: off

    def base_ms(self):
        """What is taken off the time since the fault."""
        return self.down_after_ms if self.since == "down-after" else 0

    def unit(self):
        return {"down-after": "ms beyond down-after", "fault": "ms from the fault", "order": "ms after the order"}[self.since]


FAULTS = {
    "kill": Fault("kill -9 of the master", kill, "down-after", (15, 40)),
    "stop": Fault("SIGSTOP of the master", stop, "down-after", (30, 70)),
    "manual": Fault("SENTINEL FAILOVER, master healthy", order, "order", (25, 80)),
    "stop-5000": Fault("SIGSTOP, down-after 5000", stop, "down-after", (80, 200), down_after_ms=5000),
    "refused": Fault("kill -9, down-after 5000, ours refused-after 20", kill, "fault", (60, 150), down_after_ms=5000,
                     refused_after_ms=20),
    "shutdown": Fault("end by SHUTDOWN, down-after 5000, ours refused-after 20", shut_down, "fault", (60, 150), down_after_ms=5000,
                      refused_after_ms=20),
}
