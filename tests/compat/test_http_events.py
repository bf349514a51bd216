# SPDX-License-Identifier: BSD-3-Clause
"""/events of the HTTP port: server-sent events beside those that are published."""

import http.client
import json
import re
import threading

import pytest

from harness import Group, wait_until

pytestmark = pytest.mark.ours_only


class Listener:
    """Reads /events in a thread of its own until it is closed."""

    def __init__(self, port, query="", last_id=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.request("GET", "/events" + query, headers={"Last-Event-ID": last_id} if last_id else {})
        self.response = self.connection.getresponse()
        assert self.response.status == 200
        self.ids, self.events, self.types = [], [], []
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        try:
            for line in self.response:
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field == "id":
                    self.ids.append(value)
                elif field == "event":
                    self.types.append(value)
                elif field == "data" and self.types[-1:] != ["gap"]:
                    self.events.append(json.loads(value))
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # closed

    def names(self):
        return [event["event"] for event in self.events]

    def close(self):
        self.connection.sock.shutdown(2)
        self.thread.join(20)
        self.connection.close()


@pytest.fixture
def watched(place):
    """A group of three sentinels; the first has an HTTP port: (group, port)."""
    port = place.ports.take()
    master = place.redis()
    replicas = [place.redis(master) for _ in range(2)]
    for replica in replicas:
        wait_until(lambda r=replica: r.info()["master_link_status"] == "up", 60, f"{replica.name} in sync")
    monitor = place.monitor(master, down_after_ms=500)
    sentinels = [place.sentinel(monitor, extra=[f"http-port {port}"] if i == 0 else []) for i in range(3)]
    return Group("mymaster", [master, *replicas], sentinels).wait_ready(), port


def test_http_events__are_those_that_are_published(watched):
    group, port = watched
    published = group.sentinels[0].commands.pubsub()
    published.psubscribe("*")
    wait_until(lambda: published.get_message(timeout=1), 20, "subscribed")
    listener = Listener(port)
    mine, other = Listener(port, "?group=mymaster"), Listener(port, "?group=other")
    old = group.master
    old.kill()
    group.wait_switched(old)
    wait_until(lambda: "+switch-master" in listener.names(), 30, "the switch is told")
    told = []

    def all_told():
        message = published.get_message(timeout=0.2)
        while message:
            if message["type"] == "pmessage":
                told.append((message["channel"], message["data"]))
            message = published.get_message(timeout=0.2)
        texts = [tuple(part.decode() if isinstance(part, bytes) else part for part in pair) for pair in told]
        return texts and texts == [(event["event"], event["payload"]) for event in listener.events]
    wait_until(all_told, 30, "both have told the same")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"]) for event in listener.events)
    switch = next(event for event in listener.events if event["event"] == "+switch-master")
    assert switch["group"] == "mymaster" and switch["level"] == "warning"
    expected = [event for event in listener.events if event["group"] == "mymaster"]
    wait_until(lambda: mine.events[-1:] == expected[-1:], 20, "the listener to one group has heard all")
    assert mine.events == [event for event in listener.events if event["group"] == "mymaster"][:len(mine.events)]
    assert other.events == []
    for each in (listener, mine, other):
        each.close()


def test_http_events__one_that_comes_back_misses_nothing(watched):
    group, port = watched
    commands = group.sentinels[0].commands
    first = Listener(port)
    commands.execute_command("SENTINEL", "SET", "mymaster", "quorum", "1")
    wait_until(lambda: "+set" in first.names(), 20, "the change is told")
    first.close()
    commands.execute_command("SENTINEL", "SET", "mymaster", "quorum", "3")
    second = Listener(port, last_id=first.ids[-1])
    wait_until(lambda: any("quorum 3" in event["payload"] for event in second.events), 20, "what was missed is told")
    assert not any("quorum 1" in event["payload"] for event in second.events)
    assert second.types == []
    second.close()
    group.sentinels[0].restart()
    third = Listener(port, last_id=first.ids[-1])
    wait_until(lambda: third.types == ["gap"], 20, "a gap is told")
    third.close()
