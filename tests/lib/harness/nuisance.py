# SPDX-License-Identifier: BSD-3-Clause
"""Clients that misbehave: they use up connections, come in storms, are idle by the thousand, or never read."""

import contextlib
import os
import socket
import ssl
import subprocess
import threading

FEW = 100          # maxclients, where it is to be reached
FILES = 128        # that a sentinel may have open, where they are to be used up
STORM = 200        # clients of one sentinel that connect, ask and go, over and over
SUBSCRIBERS = 200  # of one sentinel, that ask for more than they ever read


class Clients:
    """sentinel-clients on one port: connect all at once, ask, and stay."""

    def __init__(self, sentinel, count, authority):
        files = [authority.ca, authority.cert_of("one"), authority.key_of("one")] if sentinel.tls else []
        self._child = subprocess.Popen([os.environ["SENTINEL_CLIENTS"], str(sentinel.port), str(count), *files],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._over = threading.Event()
        self._thread = None

    def connect(self):
        """Returns how many were answered."""
        self._child.stdin.write("again\n")
        self._child.stdin.flush()
        return int((self._child.stdout.readline() or "0").split()[0])

    def connect_again_and_again(self):
        def work():
            with contextlib.suppress(OSError, ValueError):
                while not self._over.is_set():
                    self.connect()
        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()

    def close(self):
        self._over.set()
        self._child.kill()
        self._child.wait()
        if self._thread:
            self._thread.join(30)


class DeafSubscribers:
    """Subscribed to everything, and with replies of a megabyte under way that nobody reads."""

    def __init__(self, sentinel, count, authority):
        context = None
        if sentinel.tls:
            context = ssl.create_default_context(cafile=authority.ca)
            context.check_hostname = False
            context.load_cert_chain(authority.cert_of("one"), authority.key_of("one"))
        self._links = []
        for _ in range(count):
            link = socket.create_connection(sentinel.address, timeout=20)
            if context:
                link = context.wrap_socket(link)
            link.sendall(b"INFO\r\n" * 500 + b"PSUBSCRIBE *\r\n")
            self._links.append(link)

    def close(self):
        for link in self._links:
            link.close()


def nothing(_sentinel, _count, _authority):
    return []


def no_room(sentinel, _count, authority):
    held, knocking = Clients(sentinel, FEW + 20, authority), Clients(sentinel, 20, authority)
    held.connect()
    knocking.connect_again_and_again()
    return [held, knocking]


def no_files(sentinel, _count, authority):
    held, knocking = Clients(sentinel, FILES, authority), Clients(sentinel, 20, authority)
    held.connect()
    knocking.connect_again_and_again()
    return [held, knocking]


def storm(sentinel, _count, authority):
    clients = Clients(sentinel, STORM, authority)
    clients.connect_again_and_again()
    return [clients]


def idle_clients(sentinel, count, authority):
    clients = Clients(sentinel, count, authority)
    clients.connect()
    return [clients]


def deaf(sentinel, _count, authority):
    return [DeafSubscribers(sentinel, SUBSCRIBERS, authority)]


ABUSES = {"nothing": nothing, "maxclients reached": no_room, "descriptors used up": no_files, "connect and close": storm,
          "idle clients": idle_clients, "subscribers that never read": deaf}
