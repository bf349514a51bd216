# SPDX-License-Identifier: BSD-3-Clause
"""Clients that ask for as much as they can do not keep the sentinels from their work."""

import contextlib
import socket
import threading

import pytest


def request(*words):
    parts = [f"*{len(words)}\r\n"]
    parts.extend(f"${len(word)}\r\n{word}\r\n" for word in words)
    return "".join(parts).encode()


REQUESTS = [
    request("COMMAND", "INFO", *["sentinel"] * 500000),
    request("COMMAND", "INFO", *["ping"] * 4000) + request("COMMAND", "DOCS") * 100,
    request("SENTINEL", "SET", "mymaster", *["quorum", "2"] * 100000),
    request("SUBSCRIBE", *[str(i) for i in range(4000)]) + request("UNSUBSCRIBE"),
    request("ACL", "SETUSER", "x", *[f"~{i}" for i in range(1000)]) + request("ACL", "LIST"),
    b"*2\r\n$4\r\nPING\r\n$536870912\r\n" + b"x" * 5000000,
]


def discard(link):
    with contextlib.suppress(OSError):
        while link.recv(1 << 16):
            pass


def attack(port, end):
    """All requests over and over; what is refused by closing the connection is sent on a new one."""
    while not end.is_set():
        for one in REQUESTS:
            with contextlib.suppress(OSError), \
                    socket.create_connection(("127.0.0.1", port), timeout=10) as link:
                threading.Thread(target=discard, args=(link,), daemon=True).start()
                link.sendall(one)


@pytest.mark.ours_only
def test_hostile_load__does_not_keep_sentinels_from_a_failover(place):
    group = place.group(replicas=2, sentinels=3, down_after_ms=2000)
    old, end = group.master, threading.Event()
    threads = [threading.Thread(target=attack, args=(sentinel.port, end), daemon=True)
               for sentinel in group.sentinels]
    for thread in threads:
        thread.start()
    try:
        old.kill()
        assert group.wait_switched(old) in group.replicas
        group.wait_settled()
        for sentinel in group.sentinels:
            assert sentinel.commands.ping()
    finally:
        end.set()
        for thread in threads:
            thread.join(30)
