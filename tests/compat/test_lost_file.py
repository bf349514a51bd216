# SPDX-License-Identifier: BSD-3-Clause
"""The configuration file of a running sentinel is deleted, emptied or replaced: what is in force is written
again with the next save, so that a restart opens nothing that was closed."""

import os
import stat

import pytest
import redis

from harness import wait_until

pytestmark = pytest.mark.ours_only  # stock does not write protected-mode

SECRET = "a secret"
LOCKS = ["protected-mode yes", f'requirepass "{SECRET}"', "user bob on >bobs ~* &* +@all", "timeout 77",
         "maxclients 99", "loglevel verbose"]
LOSSES = {
    "deleted": os.unlink,
    "emptied": lambda path: os.truncate(path, 0),
    "replaced": lambda path: write(path, "# from a package\nloglevel notice\n"),
}


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def settings(text):
    """The server's lines, without those that stock adds by itself and without what differs in form."""
    words = ("port", "bind", "requirepass", "protected-mode", "timeout", "maxclients", "dir")
    return sorted(line for line in text.splitlines() if line.split(" ")[0] in words)


@pytest.mark.parametrize("loss", LOSSES)
def test_lost_file__comes_back_with_its_locks(place, loss):
    sentinel = place.sentinel(extra=LOCKS, start=False)
    sentinel.password = SECRET
    sentinel.start()
    assert sentinel.commands.execute_command("SENTINEL FLUSHCONFIG")
    before = settings(sentinel.conf_text())
    LOSSES[loss](sentinel.conf_path)
    assert sentinel.commands.execute_command("SENTINEL FLUSHCONFIG")
    wait_until(lambda: os.path.exists(sentinel.conf_path), 10, "the file is there again")
    assert settings(sentinel.conf_text()) == before
    sentinel.restart()
    with pytest.raises(redis.AuthenticationError), sentinel.client(password=None) as stranger:
        stranger.ping()
    with sentinel.client(username="bob", password="bobs") as bob:
        assert bob.ping()


def test_lost_file__is_as_readable_as_it_was(place):
    sentinel = place.sentinel(extra=LOCKS, start=False)
    sentinel.password = SECRET
    os.chmod(sentinel.conf_path, 0o600)
    sentinel.start()
    os.unlink(sentinel.conf_path)
    assert sentinel.commands.execute_command("SENTINEL FLUSHCONFIG")
    assert stat.S_IMODE(os.stat(sentinel.conf_path).st_mode) == 0o600
