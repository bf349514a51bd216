# SPDX-License-Identifier: BSD-3-Clause
"""What the program does with its arguments and with configuration files it refuses."""

import os
import re
import subprocess

import pytest

from harness import our_binary

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


def run(*arguments):
    return subprocess.run([our_binary(), *arguments], text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


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
