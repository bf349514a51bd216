# SPDX-License-Identifier: BSD-3-Clause
"""Records what a sentinel publishes, with the time of each event."""

import threading
import time
from typing import NamedTuple

from harness.poll import wait_until


class Event(NamedTuple):
    at: float  # time.monotonic() at its arrival
    name: str
    payload: str


class EventRecorder:
    """Subscribed to everything from the constructor's return on, until close() or the end of the
    connection."""

    def __init__(self, client):
        self.events = []
        self._closing = threading.Event()
        self._client = client
        self._pubsub = client.pubsub()
        self._pubsub.psubscribe("*")
        self._pubsub.get_message(timeout=20)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._closing.is_set():
            try:
                message = self._pubsub.get_message(timeout=0.1)
            except Exception:  # pylint: disable=broad-except
                return
            if message and message["type"] == "pmessage":
                self.events.append(Event(time.monotonic(), message["channel"], message["data"]))

    def close(self):
        self._closing.set()
        self._thread.join()
        try:
            self._pubsub.close()
            self._client.close()
        except Exception:  # pylint: disable=broad-except
            pass

    def names(self):
        return [event.name for event in self.events]

    def all(self, name):
        return [event for event in self.events if event.name == name]

    def first(self, name, containing=""):
        for event in self.events:
            if event.name == name and containing in event.payload:
                return event
        return None

    def wait_for(self, name, timeout_s, containing=""):
        return wait_until(lambda: self.first(name, containing), timeout_s,
                          f"event {name} with {containing!r}", explain=self.dump)

    def assert_order(self, *names):
        """These events came one after the other. Others, also of the same names, may lie in between
        or before: an election that failed, say."""
        came = iter(self.names())
        for name in names:
            assert name in came, f"no {name} in its place of {names}:\n{self.dump()}"

    def dump(self):
        events = list(self.events)
        if not events:
            return "no events"
        start = events[0].at
        return "\n".join(f"  {(e.at - start) * 1000:8.0f} ms  {e.name} {e.payload}" for e in events)
