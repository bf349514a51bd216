# SPDX-License-Identifier: BSD-3-Clause
"""What commands have changed is in force again after a power loss, wherever state is kept: in the
configuration itself, beside it, or beside an INI file (PROTOCOL.md §4.17, §5.4)."""

import os

import pytest

from harness import wait_until

pytestmark = pytest.mark.ours_only

USER = "user configured on nopass -@all +ping"

REDIS = """\
port {port}
bind 127.0.0.1
dir {folder}
loglevel notice
{user}
"""

INI = """\
[sentinel]
port = {port}
bind = 127.0.0.1
dir = {folder}
loglevel = notice
{user}
"""


def place_sentinel(place, form):
    port = place.ports.take()
    folder = place.subfolder(f"sentinel-{port}")
    user = USER.replace("user ", "user = ") if form == "ini" else USER
    text = (INI if form == "ini" else REDIS).format(port=port, folder=folder, user=user)
    if form == "state-file":
        text += "state-file kept.state\n"
    return place.sentinel(port=port, conf_text=text), text


def run(sentinel, *words):
    with sentinel.client(username="default") as client:
        return client.execute_command(*words)


def edit(sentinel, text):
    with open(sentinel.conf_path, "w", encoding="utf-8") as file:
        file.write(text)


FORMS = pytest.mark.parametrize("form", ["conf", "state-file", "ini"])
CHANGES = {"resolve-hostnames": "yes", "announce-hostnames": "yes", "announce-ip": "127.0.0.9",
           "announce-port": "777", "sentinel-user": "a user", "sentinel-pass": 'p"w ;#',
           "loglevel": "verbose"}


@FORMS
def test_parameters__of_config_set_survive(place, form):
    sentinel, text = place_sentinel(place, form)
    defaults = run(sentinel, "SENTINEL", "CONFIG", "GET", "*")
    for name, value in CHANGES.items():
        assert run(sentinel, "SENTINEL", "CONFIG", "SET", name, value)
    changed = run(sentinel, "SENTINEL", "CONFIG", "GET", "*")
    assert changed != defaults
    sentinel.restart()
    assert run(sentinel, "SENTINEL", "CONFIG", "GET", "*") == changed
    assert form == "conf" or sentinel.conf_text() == text
    if form == "conf":
        assert [line for line in sentinel.conf_text().splitlines()
                if line.startswith("loglevel")] == ["loglevel verbose"]
    # And back.
    assert run(sentinel, "SENTINEL", "CONFIG", "SET", "resolve-hostnames", "no",
               "announce-hostnames", "no", "announce-ip", "", "announce-port", "0",
               "sentinel-user", "", "sentinel-pass", "", "loglevel", "notice")
    sentinel.restart()
    assert run(sentinel, "SENTINEL", "CONFIG", "GET", "*") == defaults


@FORMS
def test_users__survive(place, form):
    sentinel, text = place_sentinel(place, form)
    configured = run(sentinel, "ACL", "LIST")
    assert run(sentinel, "ACL", "SETUSER", "new", "on", ">secret word", "&+s*", "&it's", '&"',
               "+@pubsub", "(+sentinel|masters &x)")
    assert run(sentinel, "ACL", "SETUSER", '"odd', "on", "nopass", "+@all")
    assert run(sentinel, "ACL", "SETUSER", "configured", "+info")
    assert run(sentinel, "ACL", "SETUSER", "short", "on") and run(sentinel, "ACL", "DELUSER", "short") == 1
    changed = run(sentinel, "ACL", "LIST")
    sentinel.restart()
    assert run(sentinel, "ACL", "LIST") == changed
    assert form == "conf" or sentinel.conf_text() == text
    with sentinel.client(username="new", password="secret word") as client:
        assert client.execute_command("SENTINEL", "MASTERS") == []
    for path in [sentinel.conf_path] + [entry.path for entry in os.scandir(sentinel.folder)
                                        if entry.name.endswith(".state")]:
        with open(path, encoding="utf-8") as file:
            assert "secret" not in file.read()
    # What is not touched again is kept through further saves, and what is deleted stays away.
    assert run(sentinel, "SENTINEL", "FLUSHCONFIG")
    sentinel.restart()
    assert run(sentinel, "ACL", "LIST") == changed
    assert run(sentinel, "ACL", "DELUSER", "new", '"odd', "configured") == 3
    sentinel.restart()
    left = [line for line in configured if not line.startswith("user configured")]
    assert run(sentinel, "ACL", "LIST") == left


@pytest.mark.parametrize("form", ["state-file", "ini"])
def test_users__edited_in_the_file_since_are_the_files(place, form):
    sentinel, text = place_sentinel(place, form)
    assert run(sentinel, "ACL", "SETUSER", "configured", "+info")
    assert run(sentinel, "ACL", "SETUSER", "new", "on", "nopass", "+ping")
    assert run(sentinel, "SENTINEL", "CONFIG", "SET", "loglevel", "verbose")
    sentinel.kill()
    edit(sentinel, text.replace("+ping", "+role").replace("notice", "warning"))
    sentinel.start()
    users = run(sentinel, "ACL", "LIST")
    assert [line.rsplit(" ", 1)[1] for line in users if line.startswith("user configured")] == ["+role"]
    assert any(line.startswith("user new ") for line in users)
    assert run(sentinel, "SENTINEL", "CONFIG", "GET", "loglevel") == ["loglevel", "warning"]


def test_users__edited_in_the_file_since_are_told_of(place):
    sentinel, text = place_sentinel(place, "ini")
    assert run(sentinel, "ACL", "SETUSER", "configured", "+info")
    sentinel.kill()
    edit(sentinel, text.replace("+ping", "+role"))
    sentinel.start()
    wait_until(lambda: "user configured was changed at run time and later in this file: using the "
               "file" in sentinel.log_text(), 5, "the log tells")
