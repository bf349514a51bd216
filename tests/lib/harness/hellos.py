# SPDX-License-Identifier: BSD-3-Clause
"""Listens to what the sentinels of a group tell each other through its servers."""

import threading

import redis


class HelloRecorder:
    """Which master every config epoch was announced with, from start() on, on all servers, which may
    go away and come back."""

    def __init__(self, group):
        self._name = group.name
        self.masters = {}  # config epoch: {(host, port)}
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(server,), daemon=True)
                         for server in group.servers]

    def start(self):
        for thread in self._threads:
            thread.start()
        return self

    def _run(self, server):
        while not self._closing.is_set():
            try:
                with server.client(socket_timeout=5) as client:
                    pubsub = client.pubsub()
                    pubsub.subscribe("__sentinel__:hello")
                    while not self._closing.is_set():
                        self._take(pubsub.get_message(timeout=0.2))
            except redis.RedisError:
                self._closing.wait(0.1)

    def _take(self, message):
        if not message or message["type"] != "message":
            return
        fields = message["data"].split(",")
        if len(fields) == 8 and fields[4] == self._name:
            self.masters.setdefault(int(fields[7]), set()).add((fields[5], int(fields[6])))

    def stop(self):
        self._closing.set()
        for thread in self._threads:
            thread.join(5)

    def assert_one_master_per_epoch(self):
        for epoch, masters in self.masters.items():
            assert len(masters) == 1, f"config epoch {epoch} stands for {masters}"
