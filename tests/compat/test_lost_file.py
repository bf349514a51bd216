# SPDX-License-Identifier: BSD-3-Clause
"""The configuration file of a running sentinel is deleted, emptied or replaced: what is in force is written
again with the next save, so that a restart opens nothing that was closed."""

import os
import stat

import pytest
import redis

from harness import wait_until

pytestmark = pytest.mark.ours_only  # stock does not write protected-mode

MASTER_PORT = 1  # nobody is there
CANDIDATE = "c" * 40
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


@pytest.mark.parametrize("loss", LOSSES)
def test_lost_file__comes_back_with_the_next_vote(place, loss):
    sentinel = place.sentinel(place.monitor(MASTER_PORT), extra=LOCKS, start=False)
    sentinel.password = SECRET
    sentinel.start()
    for epoch in (1, 2):  # the first save is of all, the second one of a change
        assert sentinel.ask_vote(MASTER_PORT, epoch, CANDIDATE)[1] == CANDIDATE
    before = settings(sentinel.conf_text())
    LOSSES[loss](sentinel.conf_path)
    assert sentinel.ask_vote(MASTER_PORT, 3, CANDIDATE)[1] == CANDIDATE
    assert settings(sentinel.conf_text()) == before
    assert "\nsentinel leader-epoch mymaster 3\n" in sentinel.conf_text()


def test_edited_file__keeps_what_was_added_while_we_run(place):
    sentinel = place.sentinel(place.monitor(MASTER_PORT))
    for epoch in (1, 2):
        assert sentinel.ask_vote(MASTER_PORT, epoch, CANDIDATE)[1] == CANDIDATE
    write(sentinel.conf_path, "# first\n" + sentinel.conf_text() + "# last\n")
    for epoch in (3, 4):
        assert sentinel.ask_vote(MASTER_PORT, epoch, CANDIDATE)[1] == CANDIDATE
        text = sentinel.conf_text()
        assert text.startswith("# first\n") and text.endswith("# last\n"), text
        assert f"\nsentinel leader-epoch mymaster {epoch}\n" in text


def test_lost_file__is_as_readable_as_it_was(place):
    sentinel = place.sentinel(extra=LOCKS, start=False)
    sentinel.password = SECRET
    os.chmod(sentinel.conf_path, 0o600)
    sentinel.start()
    os.unlink(sentinel.conf_path)
    assert sentinel.commands.execute_command("SENTINEL FLUSHCONFIG")
    assert stat.S_IMODE(os.stat(sentinel.conf_path).st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_lost_file__belongs_to_whom_it_did(place):
    acl = os.path.join(place.folder, "users.acl")
    write(acl, "user default on nopass ~* &* +@all\n")
    sentinel = place.sentinel(start=False, extra=[f"aclfile {acl}"])
    for path in (acl, sentinel.conf_path):
        os.chmod(path, 0o640)
        os.chown(path, 65533, 65534)
    sentinel.start()
    for path in (acl, sentinel.conf_path):
        os.unlink(path)
    assert sentinel.commands.execute_command("SENTINEL FLUSHCONFIG")
    assert sentinel.commands.execute_command("ACL SAVE")
    for path in (acl, sentinel.conf_path):
        info = os.stat(path)
        assert (info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)) == (65533, 65534, 0o640)
