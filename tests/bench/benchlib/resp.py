# SPDX-License-Identifier: BSD-3-Clause
"""One non-blocking RESP2 connection for a select() loop: no thread, no library, little work."""

import select
import socket

CHUNK = 65536


class Error(str):
    """An error reply."""


class _Incomplete(Exception):
    pass


def _parse(data, at):
    """(value, offset behind it)"""
    end = data.find(b"\r\n", at)
    if end < 0:
        raise _Incomplete
    kind, rest, at = data[at:at + 1], data[at + 1:end], end + 2
    if kind == b"+":
        return rest.decode(), at
    if kind == b"-":
        return Error(rest.decode()), at
    if kind == b":":
        return int(rest), at
    count = int(rest)
    if count < 0:
        return None, at
    if kind == b"$":
        if len(data) < at + count + 2:
            raise _Incomplete
        return bytes(data[at:at + count]).decode(), at + count + 2
    values = []
    for _ in range(count):
        value, at = _parse(data, at)
        values.append(value)
    return values, at


def encode(*words):
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


def readable(connections, timeout_s):
    """Those that can be read, or are at their end; waits for the first one. Unlike select() it takes files of any number."""
    poll, by_file = select.poll(), {connection.fileno(): connection for connection in connections}
    for file in by_file:
        poll.register(file, select.POLLIN)
    return [by_file[file] for file, _ in poll.poll(max(0, timeout_s) * 1000)]


class Connection:
    """Connects when made; broken is true once it is of no use any more. sent_bytes of a request
    always fit into the socket's buffer here, so nothing is queued."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.broken = False
        self._input = bytearray()
        try:
            self.socket.connect((host, port))
            self.socket.setblocking(False)
        except OSError:
            self.broken = True

    def fileno(self):
        return self.socket.fileno()

    def close(self):
        self.broken = True
        self.socket.close()

    def send(self, request):
        try:
            self.socket.send(request)
        except OSError:
            self.broken = True

    def receive(self):
        """The replies that are complete now; call it when select() says that there is something."""
        try:
            chunk = self.socket.recv(CHUNK)
        except BlockingIOError:
            return []
        except OSError:
            chunk = b""
        if not chunk:
            self.broken = True
            return []
        self._input += chunk
        replies, at = [], 0
        while at < len(self._input):
            try:
                reply, at = _parse(self._input, at)
            except _Incomplete:
                break
            replies.append(reply)
        del self._input[:at]
        return replies
