# SPDX-License-Identifier: BSD-3-Clause
"""Users that were changed at run time come back after a restart (PROTOCOL.md §5.4)."""

import os

import pytest

from harness import OURS, STOCK


def users(sentinel):
    with sentinel.client(username="default") as client:
        return client.acl_list()


@pytest.mark.parametrize("reader", [OURS, STOCK])
def test_users__are_in_the_configuration_once_answered(place, reader):
    master = place.redis()
    sentinel = place.sentinel(place.monitor(master), extra=[
        "# before", "user old on >pw +ping", "user gone on nopass +@all", "# behind"])
    sentinel.raw("FLUSHCONFIG")  # nothing else is about to be saved
    with sentinel.client() as client:
        client.execute_command("ACL", "SETUSER", "new", "on", ">secret word", "&+s*", "+@pubsub",
                               "(+sentinel|masters &x)")
        client.execute_command("ACL", "SETUSER", "old", "+info")
        client.execute_command("ACL", "DELUSER", "gone")
        before = users(sentinel)
    text = sentinel.conf_text()
    assert "secret" not in text
    assert "user gone" not in text
    lines = text.splitlines()
    assert lines.index("# before") < next(i for i, line in enumerate(lines) if line.startswith("user "))
    sentinel.stop()
    again = place.sentinel(port=sentinel.port, flavour=reader, conf_text=text)
    if reader == OURS:
        assert users(again) == before
    else:
        assert [line.split()[1] for line in users(again)] == ["default", "new", "old"]
    with again.client(username="new", password="secret word") as client:
        assert client.execute_command("SENTINEL", "MASTERS")


def test_users__lines_of_the_operator_stay_as_long_as_nobody_changes_users(place):
    line = "user  old  on   >pw +ping"
    sentinel = place.sentinel(place.monitor(place.redis()), extra=[line])
    sentinel.raw("FLUSHCONFIG")
    assert line in sentinel.conf_text().splitlines()
    assert "user default" not in sentinel.conf_text()


def test_users__requirepass_does_not_come_back_for_a_changed_default_user(place):
    sentinel = place.sentinel(place.monitor(place.redis()), password="first")
    with sentinel.client() as client:
        client.execute_command("ACL", "SETUSER", "default", "resetpass", ">second")
        client.execute_command("SENTINEL", "FLUSHCONFIG")
    sentinel.stop()
    again = place.sentinel(port=sentinel.port, conf_text=sentinel.conf_text(), password="second")
    assert again.my_id()


def test_users__acl_file_is_written_on_request_only(place):
    port = place.ports.take()
    path = os.path.join(place.subfolder(f"sentinel-{port}"), "users.acl")
    with open(path, "w", encoding="utf-8") as file:
        file.write("user default on nopass ~* &* +@all\n")
    os.chmod(path, 0o600)
    sentinel = place.sentinel(place.monitor(place.redis()), port=port, extra=[f"aclfile {path}"])
    with sentinel.client() as client:
        client.execute_command("ACL", "SETUSER", "new", "on", ">pw", "+ping")
        client.execute_command("SENTINEL", "FLUSHCONFIG")
        assert "user " not in sentinel.conf_text()
        assert client.execute_command("ACL", "SAVE")
    before = users(sentinel)
    assert os.stat(path).st_mode & 0o777 == 0o600
    sentinel.restart()
    assert users(sentinel) == before


@pytest.mark.parametrize("flavour", [OURS, STOCK])
def test_users__in_two_places_stop_the_start(place, flavour):
    path = os.path.join(place.folder, "users.acl")
    with open(path, "w", encoding="utf-8") as file:
        file.write("user default on nopass ~* &* +@all\n")
    sentinel = place.sentinel(place.monitor(20000), flavour=flavour, start=False,
                              extra=[f"aclfile {path}", "user other on >pw +ping"])
    with pytest.raises(AssertionError):
        sentinel.start()
    assert sentinel.wait() == 1
