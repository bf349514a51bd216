# SPDX-License-Identifier: BSD-3-Clause
"""SHUTDOWN with every word that it takes (PROTOCOL.md §5.8). Words that it refuses: the dialect."""

import socket

import pytest

from harness import OURS, STOCK


@pytest.mark.parametrize("flavour", [OURS, STOCK])
@pytest.mark.parametrize("words", ["SHUTDOWN", "SHUTDOWN NOSAVE", "shutdown save now", "SHUTDOWN FORCE NOW NOSAVE"])
def test_shutdown__ends_at_once_without_a_reply(place, flavour, words):
    sentinel = place.sentinel(flavour=flavour)
    before = sentinel.conf_text()
    with socket.create_connection(sentinel.address, timeout=30) as connection:
        connection.sendall(words.encode() + b"\r\nPING\r\n")
        assert connection.recv(100) == b""
    assert sentinel.wait() == 0
    assert sentinel.conf_text() == before or "sentinel myid" not in before


@pytest.mark.parametrize("flavour", [OURS, STOCK])
def test_shutdown__needs_the_right(place, flavour):
    sentinel = place.sentinel(flavour=flavour, extra=["user weak on >pw +@all -shutdown"])
    with socket.create_connection(sentinel.address, timeout=30) as connection:
        connection.sendall(b"AUTH weak pw\r\nSHUTDOWN\r\n")
        answer = b""
        while answer.count(b"\r\n") < 2:
            answer += connection.recv(1000)
    assert answer.startswith(b"+OK\r\n-NOPERM ")
    assert sentinel.running()
