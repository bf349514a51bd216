# SPDX-License-Identifier: BSD-3-Clause
"""What the program does with its arguments and with configuration files it refuses."""

import os
import re
import subprocess

import pytest
import redis

from harness import Process, our_binary, wait_until
from harness.once import once

pytestmark = pytest.mark.ours_only

GOOD_REDIS = """\
port 26379
sentinel monitor mymaster 127.0.0.1 6379 2
sentinel down-after-milliseconds mymaster 1000
"""
GOOD_INI = """\
[sentinel]
port = 26379

[master mymaster]
address = 127.0.0.1:6379
quorum = 2
down-after-milliseconds = 1000
"""


def run(*arguments, text=""):
    return subprocess.run([our_binary(), *arguments], text=True, timeout=60, check=False, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def write(place, text, name="sentinel.conf"):
    path = os.path.join(place.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def test_command_line__version_and_help():
    version = run("--version")
    assert version.returncode == 0
    assert version.stdout.startswith("sentineld 0.")
    usage = run("--help")
    assert usage.returncode == 0
    for word in ("--check-config", "--version", "--help"):
        assert word in usage.stdout
    assert usage.stderr == version.stderr == ""


@pytest.mark.parametrize("text", [GOOD_REDIS, GOOD_INI], ids=["redis", "ini"])
def test_command_line__check_config_accepts_and_writes_nothing(place, text):
    path = write(place, text)
    done = run("--check-config", path)
    assert done.returncode == 0, done.stderr
    assert "ok" in done.stdout.lower()
    assert os.listdir(place.folder) == ["sentinel.conf"]
    with open(path, encoding="utf-8") as file:
        assert file.read() == text


REFUSED = {
    "negative time": (GOOD_REDIS + "sentinel failover-timeout mymaster -1\n", 4, "failover-timeout"),
    "time is text": (GOOD_REDIS + "sentinel down-after-milliseconds mymaster soon\n", 4,
                     "down-after-milliseconds"),
    "quorum 0": ("port 26379\nsentinel monitor mymaster 127.0.0.1 6379 0\n", 2, "monitor"),
    "port above range": ("port 70000\n", 1, "port"),
    "no such group": (GOOD_REDIS + "\nsentinel parallel-syncs other 1\n", 5, "parallel-syncs"),
    "unknown directive": ("port 26379\n# note\nsentinel montor m 127.0.0.1 6379 2\n", 3, "montor"),
    "unbalanced quotes": ('port 26379\nlogfile "a\n', 2, "logfile"),
    "twice the same group": (GOOD_REDIS + "sentinel monitor mymaster 127.0.0.1 6380 2\n", 4,
                             "monitor"),
    "ini: quorum 0": (GOOD_INI.replace("quorum = 2", "quorum = 0"), 6, "quorum"),
    "ini: bad address": (GOOD_INI.replace("127.0.0.1:6379", "127.0.0.1"), 5, "address"),
    "ini: unknown key": (GOOD_INI + "quorun = 3\n", 8, "quorun"),
    "ini: unknown section": (GOOD_INI + "[slave x]\nport = 1\n", None, "slave x"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_command_line__refused_file_names_line_and_directive(place, case):
    text, line, directive = REFUSED[case]
    path = write(place, text)
    for arguments in (["--check-config", path], [path]):
        done = run(*arguments)
        assert done.returncode == 1
        assert "sentinel.conf" in done.stderr, done.stderr
        assert directive in done.stderr, done.stderr
        if line:
            assert f":{line}:" in done.stderr or f"line {line}" in done.stderr, done.stderr
        assert re.search("expected|not a known|duplicate|no such master|unbalanced|unknown",
                         done.stderr, re.I), done.stderr
        with open(path, encoding="utf-8") as file:
            assert file.read() == text, "a refused file stays as it is"


def test_command_line__no_file_missing_file_unwritable_folder(place):
    nothing = run()
    assert nothing.returncode == 1
    assert "needs config file on disk" in nothing.stderr + nothing.stdout
    missing = run(os.path.join(place.folder, "nosuch.conf"))
    assert missing.returncode == 1
    assert "nosuch.conf" in missing.stderr and "No such file or directory" in missing.stderr


def test_command_line__unknown_option_is_told(place):
    path = write(place, GOOD_REDIS)
    for arguments in (["--check", path], ["--check"], [path, "--check"]):
        done = run(*arguments)
        assert done.returncode == 1
        assert "Unknown option '--check'; did you mean '--check-config'?" in done.stderr, done.stderr
    done = run(path, "--port=26400")
    assert done.returncode == 1
    assert "write '--port 26400'" in done.stderr


def test_command_line__check_config_stands_anywhere(place):
    path = write(place, GOOD_REDIS)
    for arguments in ([path, "--check-config"], ["--port", "26400", "--check-config", path],
                      ["--check-config", "--port", "26400", path], [path, "--port", "26400", "--check-config", "-"]):
        done = run(*arguments, text="timeout 5\n")
        assert done.returncode == 0, done.stderr
        assert "ok, 1 group" in done.stdout


def test_command_line__standard_input_has_more_lines(place):
    path = write(place, GOOD_REDIS)
    done = run("--check-config", path, "-", text="sentinel monitor other 127.0.0.1 6380 1\n")
    assert done.returncode == 0, done.stderr
    assert "ok, 2 groups" in done.stdout
    done = run("--check-config", path, "-", text="\nport x\n")
    assert done.returncode == 1
    assert "standard input:2: port x" in done.stderr


MONITOR = ["--sentinel", "monitor", "mymaster", "127.0.0.1", "1", "2"]


def test_command_line__no_file_but_a_state_file(place):
    state = os.path.join(place.folder, "kept.state")
    port = place.ports.take()
    done = run("--check-config", "--port", str(port), *MONITOR)
    assert done.returncode == 1
    assert "needs config file on disk" in done.stderr and "--state-file" in done.stderr
    words = ["--port", str(port), "--bind", "127.0.0.1", *MONITOR, "--state-file", state]
    done = run("--check-config", *words)
    assert done.returncode == 0, done.stderr
    ids = set()
    for _ in range(2):
        process = Process(f"sentineld-{port}", [our_binary(), *words], os.path.join(place.folder, "log"))
        place.add(process)
        process.start()
        with redis.Redis("127.0.0.1", port, decode_responses=True, **once()) as client:
            wait_until(lambda: answers(client), 30, "it answers")
            ids.add(client.execute_command("SENTINEL MYID"))
            assert client.info("server")["config_file"] == ""
            assert client.info("sentinel")["sentinel_masters"] == 1
        process.stop()
    assert len(ids) == 1, "the id is kept"


def answers(client):
    try:
        return client.ping()
    except redis.ConnectionError:
        return False


def test_command_line__values_are_saved_in_the_file(place):
    port = place.ports.take()
    words = [f"--port {port}", "--bind", "127.0.0.1 -[::1]", "--user", "bob", "on", ">x",
             "--sentinel monitor m 127.0.0.1 1 1"]
    sentinel = place.sentinel(port=port, conf_text="", arguments=words)
    assert sentinel.raw("FLUSHCONFIG") == "OK"
    lines = sentinel.conf_text().splitlines()
    assert f"port {port}" in lines
    assert "bind 127.0.0.1 -::1" in lines
    assert "user bob on >x" in lines
    assert "sentinel monitor m 127.0.0.1 1 1" in lines
