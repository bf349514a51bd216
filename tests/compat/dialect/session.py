# SPDX-License-Identifier: BSD-3-Clause
"""Case files, and running their sessions against a daemon.

A case file is a list of sessions. A session starts with a line `== title [options]` and has one
request per line; it runs on a connection of its own, twice: request by request in RESP2, and in one write
in RESP3. Options: `resp2`, `resp3` (only that one, request by request), `pipeline` (RESP2, one write),
`auth` (against the daemons that want a password), `aclfile` (against those with an ACL file).

    words           sent as an array of bulk strings; quotes and escapes as in sentinel.conf
    inline: text    sent as an inline command
    raw: bytes      Python escapes, sent as they are
    file: text      not sent: becomes the content of the ACL file of the daemon (Python escapes)
    @b: request     on another connection of the same case, always RESP2, which opens when first named
    # text          comment

{x*70000} stands for so many of the same byte, {name} for a port or word of the group (compare.py), {id} {addr} {laddr} for this connection, and
{b.id} {b.addr} {b.laddr} for the one called b. A session with other connections, or one that names an id,
runs request by request.

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
OTHER = re.compile(r"(?:@(\w+): *)?(.*)", re.DOTALL)
REPEAT = re.compile(r"\{(.)\*(\d+)\}")
OWN = re.compile(r"\{(?:(\w)\.)?(id|addr|laddr)\}")


class Session(NamedTuple):
    title: str
    options: frozenset
    requests: list


def load(path):
    """The sessions of a case file."""
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
    request = REPEAT.sub(lambda match: match.group(1) * int(match.group(2)), request)
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
        self._marks = 0
        self.id = None
        self.addr = "%s:%d" % self._socket.getsockname()
        self.laddr = "%s:%d" % self._socket.getpeername()

    def close(self):
        self._socket.close()

    def send(self, data):
        """data and behind it a mark, the number of which comes back."""
        self._marks += 1
        try:
            self._socket.sendall(data + _array([f"{MARK}{self._marks}"]))
        except OSError:
            pass  # reading tells that it was closed
        return self._marks

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

    def ask(self, data):
        return self.until_mark(self.send(data))

    def learn_id(self):
        self.id = self.ask(_array(["CLIENT", "ID"]))[0].value


class Run:
    """One run of a session against a daemon."""

    def __init__(self, session, daemon, names):
        self._session = session
        self._port = daemon.port
        self._acl_path = daemon.acl_path
        self._names = names
        self._connections = {}

    def _connection(self, name):
        if name not in self._connections:
            self._connections[name] = Connection(self._port)
            own = f"{{{name}.id}}" if name else "{id}"
            if any(own in request for request in self._session.requests):
                self._connections[name].learn_id()
        return self._connections[name]

    def _data(self, request):
        return encode(OWN.sub(lambda m: str(getattr(self._connection(m.group(1) or ""), m.group(2))),
                              request), self._names)

    def _one(self, request):
        name, text = OTHER.match(request).groups()
        if text.startswith("file:"):
            content = text[5:].strip().encode().decode("unicode_escape")
            Path(self._acl_path).write_text(content, encoding="utf-8")
            return []
        return self._connection(name or "").ask(self._data(text))

    def results(self, resp3, piped):
        """[(request, replies)]"""
        requests = (["HELLO 3"] if resp3 else []) + self._session.requests
        try:
            if not piped or any(OTHER.match(r).group(1) or OWN.search(r) for r in requests):
                return [(request, self._one(request)) for request in requests]
            main = self._connection("")
            marks = [main.send(self._data(request)) for request in requests]
            return [(request, main.until_mark(mark)) for request, mark in zip(requests, marks)]
        finally:
            for connection in self._connections.values():
                connection.close()


def variants(session):
    """[(name, resp3, pipelined)] of the runs of a session."""
    if "pipeline" in session.options:
        return [("RESP2, in one write", False, True)]
    plain, modern = ("RESP2", False, False), ("RESP3, in one write", True, True)
    if "resp3" in session.options:
        return [("RESP3", True, False)]
    return [plain] if session.options & {"resp2", "auth", "aclfile"} else [plain, modern]
