# SPDX-License-Identifier: BSD-3-Clause
"""docs/NIGHT.md, played with real servers: each answer that the page shows is given, line by line.

In the page `…` stands for what differs from night to night. Servers have ports from 6379 on, sentinels from 26379 on, in
the order in which they were started."""

import re
import shutil
from pathlib import Path

import pytest

from harness import rights, wait_until

pytestmark = pytest.mark.ours_only

PAGE = Path(__file__).resolve().parents[2] / "docs/NIGHT.md"
PROMPT = re.compile(r"127\.0\.0\.1:(\d+)> (.+)")


def blocks(title):
    """{(port, command): [line]} of the section of that title; only answers, not their indentation."""
    section = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", PAGE.read_text(), re.M | re.S).group(1)
    found, lines = {}, None
    for line in section.splitlines():
        prompt = PROMPT.match(line.strip())
        if prompt:
            lines = found.setdefault((int(prompt.group(1)), prompt.group(2)), [])
        elif not line.startswith("    "):
            lines = None
        elif lines is not None:
            lines.append(line.strip())
    return found


class Night:
    """A group with the ports of the page."""

    def __init__(self, group):
        self.group = group
        self.names = {server.port: 6379 + number for number, server in enumerate(group.servers)}
        self.names.update({sentinel.port: 26379 + number for number, sentinel in enumerate(group.sentinels)})

    def answer(self, port, command):
        sentinel = self.group.sentinels[port - 26379]
        words = command.split()
        assert words[0] == "SENTINEL"
        reply = sentinel.raw(*words[1:])
        lines = reply if isinstance(reply, list) else [reply]
        text = "\n".join(line.decode() if isinstance(line, bytes) else str(line) for line in lines)
        return re.sub(r"\b\d{5}\b", lambda number: str(self.names.get(int(number.group()), number.group())), text).splitlines()

    def missing(self, port, command, wanted):
        """The first line of the page that is not in the answer, in this order; None if there is none."""
        given = iter([line.strip() for line in self.answer(port, command)])
        for line in wanted:
            pattern = re.compile(".*".join(re.escape(part) for part in line.split("…")))
            if not any(pattern.fullmatch(one) for one in given):
                return line
        return None

    def says(self, title, which, timeout_s=20):
        """Waits until the sentinel gives the answer of that command in that section."""
        (port, command), = [key for key in blocks(title) if key[1] == which]
        wanted = blocks(title)[port, command]
        assert wanted
        wait_until(lambda: self.missing(port, command, wanted) is None, timeout_s, f"{title}: {command}",
                   explain=lambda: "\n".join([f"missing: {self.missing(port, command, wanted)}", *self.answer(port, command)]))


EXPLAIN, HISTORY = "SENTINEL EXPLAIN mymaster", "SENTINEL HISTORY mymaster 1"


def test_night__the_master_has_died(place):
    night = Night(place.group())
    old = night.group.master
    old.kill()
    night.group.wait_switched(old)
    night.says("1. The master has died", EXPLAIN)
    night.says("1. The master has died", HISTORY)


def test_night__the_master_hangs(place):
    night = Night(place.group(down_after_ms=5000))
    night.group.master.freeze()
    night.says("2. The master hangs", EXPLAIN, 5)
    night.group.master.thaw()


def test_night__the_network_is_cut(place):
    night = Night(place.group())
    for sentinel in night.group.sentinels[1:]:
        sentinel.freeze()
    night.group.master.kill()
    night.says("3. The network is cut", EXPLAIN)
    for sentinel in night.group.sentinels[1:]:
        sentinel.thaw()


def test_night__a_right_is_missing(place):
    night = Night(rights.start(place, rights.without("+slaveof"), replicas=1))
    night.says("4. A right is missing", EXPLAIN)


def test_night__the_password_has_changed(place):
    night = Night(place.group(quorum=3, sentinels=2))
    with night.group.master.client() as client:
        client.config_set("requirepass", "changed")
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    night.says("5. The password has changed", EXPLAIN)


def test_night__no_replica_is_fit(place):
    night = Night(place.group())
    for replica in night.group.replicas:
        with replica.client() as client:
            client.config_set("replica-priority", 0)
    sentinel = night.group.sentinels[0]
    wait_until(lambda: "its priority is 0" in "\n".join(night.answer(26379, EXPLAIN)), 30, "that is known")
    night.group.master.kill()
    night.says("6. No replica is fit", EXPLAIN)
    assert sentinel.running()


def test_night__the_votes_do_not_come_together(place):
    night = Night(place.group(quorum=1, down_after_ms=6000))
    first = night.group.sentinels[0]
    night.group.master.kill()
    # The others count as up until long after the attempt: it waits for their turns, up to a second.
    wait_until(lambda: first.master("mymaster")["last-ok-ping-reply"] > 3000, 10, "the master is silent")
    for sentinel in night.group.sentinels[1:]:
        sentinel.freeze()
    night.says("7. The votes do not come together", EXPLAIN)
    for sentinel in night.group.sentinels[1:]:
        sentinel.thaw()


def test_night__the_disk_is_full(place):
    state = place.subfolder("state")
    night = Night(place.group(sentinels=1, quorum=1, sentinel_args={"extra": [f"state-file {state}/state"]}))
    # A sentinel whose id was never saved does not stay.
    assert night.group.sentinels[0].commands.execute_command("SENTINEL", "FLUSHCONFIG")
    shutil.rmtree(state)
    night.group.master.kill()
    night.says("8. The disk is full", EXPLAIN)


def test_night__the_group_is_paused(place):
    night = Night(place.group())
    assert night.group.sentinels[2].raw("PAUSE", "mymaster", "1800", "new switch in rack 7") in (True, "OK")
    wait_until(lambda: "rack 7" in "\n".join(night.answer(26379, EXPLAIN)), 10, "all know of it")
    night.group.master.kill()
    night.says("9. The group is paused", EXPLAIN)
    assert night.group.sentinels[0].raw("RESUME", "mymaster") in (True, "OK")
    night.group.wait_switched(night.group.master)


def test_night__the_master_changes_again_and_again(place):
    night = Night(place.group(down_after_ms=500, failover_timeout_ms=1000))
    for _ in range(3):
        master = night.group.current_master()
        master.freeze()
        night.group.wait_switched(master)
        master.thaw()
        night.group.wait_settled()
    night.says("10. The master changes again and again", "SENTINEL HISTORY mymaster 3")
    night.says("10. The master changes again and again", "SENTINEL DOCTOR mymaster")


def test_night__every_situation_is_played():
    titles = re.findall(r"^## (.+)$", PAGE.read_text(), re.M)
    played = Path(__file__).read_text()
    assert len(titles) == 10 and all(f'"{title}"' in played for title in titles)
