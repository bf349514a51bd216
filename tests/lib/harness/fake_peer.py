# SPDX-License-Identifier: BSD-3-Clause
"""A peer that only listens: what other sentinels send it is recorded as they wrote it."""

import socketserver
import threading


def _bulk(*texts):
    body = "".join(f"${len(text)}\r\n{text}\r\n" for text in map(str, texts))
    return body if len(texts) == 1 else f"*{len(texts)}\r\n{body}"


class _Connection(socketserver.StreamRequestHandler):
    def _words(self):
        """The next request; None at the end of the connection."""
        head = self.rfile.readline()
        if not head.startswith(b"*"):
            return None
        words = []
        for _ in range(int(head[1:])):
            length = int(self.rfile.readline()[1:])
            words.append(self.rfile.read(length).decode())
            self.rfile.read(2)
        return words

    def _about_sentinels(self, words):
        what = words[1].upper()
        if what == "MYID":
            return _bulk(self.server.runid).encode()
        if what == "MASTER" and self.server.config:
            return _bulk("name", words[2], "config-epoch", self.server.config[2]).encode()
        if what == "GET-MASTER-ADDR-BY-NAME" and self.server.config:
            return _bulk(*self.server.config[:2]).encode()
        if what in ("MASTER", "GET-MASTER-ADDR-BY-NAME"):
            return b"-ERR No such master with that name\r\n"
        return b"*3\r\n:0\r\n$1\r\n*\r\n:0\r\n"

    def handle(self):
        name = ""
        try:
            while True:
                words = self._words()
                if words is None:
                    return
                verb = words[0].upper()
                if verb == "CLIENT" and words[1].upper() == "SETNAME":
                    name = words[2]
                self.server.requests.append((name, words))
                self.wfile.write(self._about_sentinels(words) if verb == "SENTINEL" else
                                 {"PING": b"+PONG\r\n", "PUBLISH": b":1\r\n"}.get(verb, b"+OK\r\n"))
        except (OSError, ValueError):
            return


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class FakePeer:
    """Says PONG, sees no master down and votes for nobody. Listens until close(). config: what it says
    about its configuration, (host, port, config epoch) of the master; None: it has no such group."""

    RUNID = "f" * 40

    def __init__(self, port, runid=RUNID, config=None):
        self.port = port
        self._server = _Server(("127.0.0.1", port), _Connection)
        self._server.requests = []
        self._server.runid, self._server.config = runid, config
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def introduce_to(self, sentinel, group):
        """Says hello to sentinel, so that it takes this for a peer."""
        hello = f"127.0.0.1,{self.port},{self.RUNID},0,{group.name},127.0.0.1,{group.master.port},0"
        assert isinstance(sentinel.commands.publish("__sentinel__:hello", hello), int)

    def requests_of(self, sentinel, verb):
        """Requests that begin with verb, by the name that the connection was given."""
        prefix = f"sentinel-{sentinel.my_id()[:8]}"
        return [words for name, words in list(self._server.requests)
                if name.startswith(prefix) and words[0].upper() == verb]
