# SPDX-License-Identifier: BSD-3-Clause
"""Case files, and running their sessions against a daemon.

A case file is a list of sessions. A session starts with a line `== title [options]` and has one
request per line; it runs on a connection of its own. Options: `resp3` (HELLO 3 first), `pipeline` (one
write for all), `auth` (against the daemons that want a password).

    words           sent as an array of bulk strings; quotes and escapes as in sentinel.conf
    inline: text    sent as an inline command
    raw: bytes      Python escapes, sent as they are
    # text          comment

Behind each request goes a command that nobody knows: its error ends the list of replies, whatever
the state of the connection is.
"""

import re
import shlex
import socket
from pathlib import Path
from typing import NamedTuple

from dialect.resp import Incomplete, parse

TIMEOUT_S = 5
MARK = "NoSuchCommandMark"
CLOSED = "(closed)"


class Session(NamedTuple):
    title: str
    options: frozenset
    requests: list


def load(path):
    sessions = []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith("=="):
            title, _, options = line[2:].strip().partition("[")
            sessions.append(Session(title.strip(), frozenset(options.rstrip("] ").split()), []))
        elif line.strip() and not line.startswith("#"):
            sessions[-1].requests.append(line.strip())
    return sessions


def _array(words):
    data = b"*%d\r\n" % len(words)
    for word in words:
        word = word.encode("utf-8").decode("unicode_escape").encode("latin-1")
        data += b"$%d\r\n%s\r\n" % (len(word), word)
    return data


def encode(request, names):
    """The bytes of a request line. {name} is replaced from names."""
    request = re.sub(r"\{(\w+)\}", lambda match: str(names[match.group(1)]), request)
    if request.startswith("inline:"):
        return request[7:].strip().encode() + b"\r\n"
    if request.startswith("raw:"):
        return request[4:].strip().encode().decode("unicode_escape").encode("latin-1")
    return _array(shlex.split(request))


class Connection:
    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self._data = b""
        self._at = 0

    def close(self):
        self._socket.close()

    def send(self, data):
        try:
            self._socket.sendall(data)
        except OSError:
            pass  # reading tells that it was closed

    def _next(self):
        while True:
            try:
                reply, self._at = parse(self._data, self._at)
                return reply
            except Incomplete:
                try:
                    chunk = self._socket.recv(65536)
                except ConnectionResetError:
                    chunk = b""
                if not chunk:
                    return None
                self._data += chunk

    def until_mark(self, number):
        """The replies before the mark; CLOSED last if the connection ended."""
        replies = []
        while True:
            reply = self._next()
            if reply is None:
                return replies + [CLOSED]
            if reply.kind == "-" and f"'{MARK}{number}'" in reply.value:
                return replies
            replies.append(reply)


def _mark(number):
    return _array([f"{MARK}{number}"])


def run(session, port, names):
    """[(request, replies)] of a session."""
    connection = Connection(port)
    requests = (["HELLO 3"] if "resp3" in session.options else []) + session.requests
    results = []
    try:
        if "pipeline" in session.options:
            connection.send(b"".join(encode(request, names) + _mark(number)
                                     for number, request in enumerate(requests)))
        for number, request in enumerate(requests):
            if "pipeline" not in session.options:
                connection.send(encode(request, names) + _mark(number))
            results.append((request, connection.until_mark(number)))
    finally:
        connection.close()
    return results
