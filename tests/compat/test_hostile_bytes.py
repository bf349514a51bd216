# SPDX-License-Identifier: BSD-3-Clause
"""Clients that send rubbish, announce too much or never read: the sentinel answers or hangs up, needs
little memory for it, and goes on serving the others (PROTOCOL.md §3.2)."""

import socket
import threading

import pytest

from harness import wait_until

MIB = 1 << 20

# What is sent, and how the answer ends; None: the connection ends without a word.
RUBBISH = [
    (b"*1\r\n$1073741824\r\n", b"invalid bulk length\r\n"),
    (b"*1\r\n$-1\r\n", b"invalid bulk length\r\n"),
    (b"*1\r\n$-9223372036854775808\r\n", b"invalid bulk length\r\n"),
    (b"*1\r\n$99999999999999999999\r\n", b"invalid bulk length\r\n"),
    (b"*1\r\n$+4\r\nPING\r\n", b"invalid bulk length\r\n"),
    (b"*2147483648\r\n", b"invalid multibulk length\r\n"),
    (b"*99999999999999999999\r\n", b"invalid multibulk length\r\n"),
    (b"* 1\r\n$4\r\nPING\r\n", b"invalid multibulk length\r\n"),
    (b"*\r\n", b"invalid multibulk length\r\n"),
    (b"*1\r\n*1\r\n*1\r\n", b"expected '$', got '*'\r\n"),
    (b"*1\r\n:4\r\n", b"expected '$', got ':'\r\n"),
    (b'"a"b\r\n', b"unbalanced quotes in request\r\n"),
    (b"x" * 70000, b"too big inline request\r\n"),
    (b"POST / HTTP/1.1\r\n\r\n", None),
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", None),
]


@pytest.fixture(name="sentinel")
def fixture_sentinel(place):
    return place.sentinel(place.monitor(20000))


def connect(sentinel):
    return socket.create_connection(("127.0.0.1", sentinel.port), timeout=30)


def memory(sentinel):
    """Bytes in use."""
    with open(f"/proc/{sentinel.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS:"))


def read_all(connection):
    """What comes until the sentinel hangs up."""
    text = b""
    try:
        while piece := connection.recv(65536):
            text += piece
    except ConnectionResetError:
        pass
    return text


@pytest.mark.parametrize("size", ["whole", "byte by byte"])
def test_rubbish__is_answered_with_an_error_and_the_end(sentinel, size):
    for request, end in RUBBISH:
        with connect(sentinel) as connection:
            if size == "whole" or len(request) > 1000:
                connection.sendall(request)
            else:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for byte in request:
                    try:
                        connection.send(bytes([byte]))
                    except (BrokenPipeError, ConnectionResetError):
                        break  # it has seen enough
            text = read_all(connection)
        if end is None and size == "whole":
            assert text == b"", request
        elif end is None:  # its first line is a request like any other, until the second one comes
            assert text == b"" or text.startswith(b"-ERR unknown command 'GET'"), request
            assert text.count(b"\n") <= 1, request
        elif text or size == "whole":  # a byte sent behind the end may take the answer away
            assert text.startswith(b"-ERR Protocol error: ") and text.endswith(end), request
        assert sentinel.commands.ping()


def test_sizes__that_are_only_announced_take_no_memory(sentinel):
    before = memory(sentinel)
    connections = [connect(sentinel) for _ in range(60)]
    for i, connection in enumerate(connections):
        connection.sendall(b"*1\r\n$500000000\r\nxy" if i % 2 else b"*2147483647\r\n$4\r\nPING\r\n")
    assert sentinel.commands.ping()
    assert memory(sentinel) - before < 32 * MIB
    for connection in connections:
        connection.close()
    assert sentinel.commands.ping()


def test_pipeline__of_100000_requests_is_answered_while_others_are_served(sentinel):
    count, answer = 100000, b"+PONG\r\n"
    with connect(sentinel) as connection:
        sender = threading.Thread(target=connection.sendall, args=(b"PING\r\n" * count,))
        sender.start()
        assert sentinel.commands.ping()
        got = b""
        while len(got) < count * len(answer):
            piece = connection.recv(MIB)
            assert piece
            got += piece
        sender.join()
    assert got == answer * count


@pytest.mark.ours_only
def test_pipeline__whose_answers_nobody_reads_takes_little_memory(sentinel):
    before = memory(sentinel)
    with connect(sentinel) as connection:
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):  # it is not read on for ever
            for _ in range(5000):
                connection.sendall(b"COMMAND DOCS\r\n" * 1000)
        assert sentinel.commands.ping()
        grown = memory(sentinel) - before
        assert grown < 96 * MIB
    wait_until(lambda: len(sentinel.commands.client_list()) == 1, 10, "the client is forgotten")


@pytest.mark.ours_only
def test_pipeline__with_large_answers_is_answered_whole_though_it_is_read_late(sentinel):
    """More than a client may leave unread: the sentinel waits for it."""
    count = 28000  # 260 MiB
    request = b"COMMAND DOCS\r\n"
    with connect(sentinel) as connection:
        connection.sendall(request + b"PING\r\n")
        text = b""
        while not text.endswith(b"+PONG\r\n"):
            text += connection.recv(65536)
    with connect(sentinel) as connection:
        connection.sendall(request * count)
        connection.shutdown(socket.SHUT_WR)
        left = count * (len(text) - len(b"+PONG\r\n"))
        while piece := connection.recv(MIB):
            left -= len(piece)
    assert left == 0
    assert sentinel.commands.ping()
