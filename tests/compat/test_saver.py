# SPDX-License-Identifier: BSD-3-Clause
"""Killed at each system call that changes a file, and a disk that takes seconds to sync: no vote is given that is not on disk."""

import contextlib
import os
import re
import select
import shutil
import signal
import socket
import subprocess

import pytest
import redis

from harness import wait_until
from harness.process import Process

pytestmark = pytest.mark.ours_only

MASTER_PORT = 1  # nobody is there
CANDIDATE = "c" * 40
VOTES = 3
LONGEST = 40  # more calls of one kind than a start and three votes make in one thread
# Each is counted by itself in every thread; a pool of two threads makes the counts meaningful.
CALLS = {"fsync": LONGEST, "fchmod": LONGEST, "linkat": LONGEST, "rename": LONGEST, "unlink": LONGEST, "write": 12,
         "openat": 60}


def under_strace(place, rules):
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: system calls cannot be tampered with")
    sentinel = place.sentinel(place.monitor(MASTER_PORT), start=False)
    sentinel.env = {"ASAN_OPTIONS": "detect_leaks=0", "UV_THREADPOOL_SIZE": "2"}
    plain = list(sentinel.argv)
    sentinel.argv = ["strace", "-f", "-qq", "-o", "/dev/null", *rules, *plain]
    return sentinel, plain


def inner_pids(sentinel):
    found = subprocess.run(["pgrep", "-P", str(sentinel.pid)], stdout=subprocess.PIPE, check=False, text=True).stdout
    return [int(pid) for pid in found.split()]


def end_inner(sentinel, number):
    """strace would let go of it, were it killed itself."""
    for pid in inner_pids(sentinel):
        with contextlib.suppress(ProcessLookupError):  # it is just ending
            os.kill(pid, number)
    sentinel.wait()


def votes_until_it_dies(sentinel):
    """The highest epoch of a vote that was answered."""
    given = 0
    for epoch in range(1, VOTES + 1):
        try:
            answer = sentinel.ask_vote(MASTER_PORT, epoch, CANDIDATE)
        except (redis.ConnectionError, redis.TimeoutError, OSError):
            return given
        if answer[1] == CANDIDATE:
            given = max(given, int(answer[2]))
    return given


def is_up(sentinel):
    try:
        return sentinel.commands.ping()
    except (redis.ConnectionError, OSError):
        return False


def play(place, call, number):
    """True if the process was killed."""
    sentinel, plain = under_strace(place, ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"])
    Process.start(sentinel)
    wait_until(lambda: is_up(sentinel) or not sentinel.running(), 60, "its start, or its end")
    given = votes_until_it_dies(sentinel) if sentinel.running() else 0
    killed = not sentinel.running() or not is_up(sentinel)
    end_inner(sentinel, signal.SIGKILL)

    saved = sentinel.conf_text()
    epochs = [int(epoch) for epoch in re.findall(r"^sentinel leader-epoch mymaster (\d+)$", saved, re.M)]
    assert max(epochs, default=0) >= given, f"a vote in epoch {given} is not in the file:\n{saved}"
    sentinel.argv = plain
    sentinel.start()
    assert int(sentinel.master("mymaster")["num-other-sentinels"]) == 0
    answer = sentinel.ask_vote(MASTER_PORT, given, "d" * 40) if given > 0 else None
    assert answer is None or answer[1] != "d" * 40, "it votes once in an epoch"
    assert sentinel.stop() == 0
    return killed


@pytest.mark.parametrize("call", CALLS)
def test_saver__killed_at_any_call_has_the_old_or_the_new_state(place, call):
    numbers = range(1, CALLS[call] + 1)
    killed = 0
    for number in numbers:
        if not play(place, call, number):
            break
        killed += 1
    else:
        assert CALLS[call] != LONGEST, f"{call} is made more often than {LONGEST} times"
    assert killed > 0
    print(f"{call}: killed at {killed} calls")


def test_saver__that_takes_seconds_holds_back_votes_and_nothing_else(place):
    sentinel, _ = under_strace(place, ["-e", "trace=fsync", "-e", "inject=fsync:delay_enter=2s"])
    Process.start(sentinel)
    wait_until(lambda: is_up(sentinel), 60, "its start")
    answered = 0
    with socket.create_connection(("127.0.0.1", sentinel.port), timeout=60) as voter:
        for epoch in (1, 2):  # the second vote is given as the first one was
            request = f"SENTINEL is-master-down-by-addr 127.0.0.1 {MASTER_PORT} {epoch} {CANDIDATE}\r\n"
            voter.sendall(request.encode())
            while not select.select([voter], [], [], 0)[0]:
                assert sentinel.commands.ping()
                assert sentinel.master("mymaster")["name"] == "mymaster"
                answered += 1
            assert CANDIDATE.encode() in voter.recv(1000)
            assert f"\nsentinel leader-epoch mymaster {epoch}\n" in sentinel.conf_text()
    assert answered >= 4, "everything else is answered meanwhile"
    assert f"Saving the state to {sentinel.conf_path} has taken 1." in sentinel.log_text()
    assert "seconds so far (syncing a temporary file)" in sentinel.log_text()
    done = re.findall(r"took (\d+\.\d) seconds, and is done: votes and failovers go on", sentinel.log_text())
    assert len(done) >= 2 and all(4 <= float(seconds) < 30 for seconds in done), "two syncs of two seconds each"
    end_inner(sentinel, signal.SIGTERM)
