# SPDX-License-Identifier: BSD-3-Clause
"""Passwords that stand in files of their own (PROTOCOL.md §19.10)."""

import os
import signal
import subprocess

import pytest
import redis

from harness import wait_until
from harness.sentinel import our_binary

pytestmark = pytest.mark.ours_only


def put(place, name, password, mode=0o600):
    """A file is replaced, as secrets of containers are."""
    path = os.path.join(place.folder, name)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(password + "\n")
    os.chmod(path + ".new", mode)
    os.rename(path + ".new", path)
    return path


def hang_up(sentinel):
    before = sentinel.log_text().count("Password files read again")
    sentinel.signal(signal.SIGHUP)
    wait_until(lambda: sentinel.log_text().count("Password files read again") > before, 20,
               "the files are read again")


def is_up(sentinel, name="mymaster"):
    return sentinel.master(name)["flags"] == "master"


def locked_redis(place, password):
    return place.redis(options={"requirepass": password, "masterauth": password}, password=password)


def written(sentinel):
    return sentinel.conf_text() + sentinel.log_text()


def new_password(server, password):
    with server.client() as client:
        client.config_set("requirepass", password)
        client.execute_command("CLIENT", "KILL", "TYPE", "normal")
    server.password = password


def test_password_files__log_in_everywhere_and_are_written_nowhere(place):
    master = locked_redis(place, "s3cret-of-group")
    group_file = put(place, "group", "s3cret-of-group")
    own_file = put(place, "own", "s3cret-own")
    monitor = place.monitor(master, quorum=2, auth_pass_file=group_file)
    daemons = [place.sentinel(monitor, password=None, start=False, extra=[f"requirepass-file {own_file}"])
               for _ in range(2)]
    for daemon in daemons:
        daemon.password = "s3cret-own"
        daemon.start()
    for daemon in daemons:
        wait_until(lambda d=daemon: is_up(d) and d.master("mymaster")["num-other-sentinels"] == 1 and
                   all(p["flags"] == "sentinel" and not p["is_disconnected"] for p in d.peers("mymaster")),
                   40, "links to the server and to the peer are logged in")
        with pytest.raises(redis.AuthenticationError):
            daemon.client(password=None).ping()
        daemon.raw("FLUSHCONFIG")
        assert "s3cret" not in written(daemon)
        assert f"sentinel auth-pass-file mymaster {group_file}" in daemon.conf_text()
        assert "s3cret" not in str(daemon.raw("CONFIG", "GET", "*")) + str(daemon.raw("MASTER", "mymaster"))


def test_password_files__are_read_again_on_sighup(place):
    master = locked_redis(place, "0ld-group")
    put(place, "group", "0ld-group")
    put(place, "own", "0ld-own")
    group_file, own_file = os.path.join(place.folder, "group"), os.path.join(place.folder, "own")
    sentinel = place.sentinel(place.monitor(master, auth_pass_file=group_file), start=False,
                              extra=[f"requirepass-file {own_file}", "user watcher on >w +info +ping"])
    sentinel.password = "0ld-own"
    sentinel.start()
    wait_until(lambda: is_up(sentinel), 20, "logged in")
    stays = sentinel.client()
    events = sentinel.record()
    assert stays.ping()
    number = stays.client_id()

    new_password(master, "n3w-group")
    put(place, "group", "n3w-group")
    put(place, "own", "n3w-own")
    sentinel.signal(signal.SIGHUP)
    events.wait_for("+set", 20, "auth-pass-file ******")
    wait_until(lambda: "Password files read again: 2, changed: 2" in sentinel.log_text(), 20, "both are new")
    assert stays.ping() and stays.client_id() == number, "who is logged in stays"
    # Newer releases of redis-py leave the word WRONGPASS out.
    with pytest.raises((redis.ResponseError, redis.AuthenticationError), match="invalid username-password pair"):
        sentinel.client().ping()
    sentinel.password = "n3w-own"
    with sentinel.client() as client:
        assert client.ping()
    wait_until(lambda: is_up(sentinel) and "link-refusal" not in sentinel.master("mymaster"), 30,
               "the links log in with the new password")
    hang_up(sentinel)
    assert "Password files read again: 2, changed: 0" in sentinel.log_text()
    # Saved users hold neither it nor its hash.
    stays.execute_command("ACL", "SETUSER", "watcher", "+role")
    sentinel.raw("FLUSHCONFIG")
    text = sentinel.conf_text()
    line = next(line for line in text.splitlines() if line.startswith("user default "))
    assert "#" not in line and "nopass" not in line
    assert "0ld" not in written(sentinel) and "n3w" not in written(sentinel)
    stays.close()
    sentinel.stop()
    again = place.sentinel(port=sentinel.port, conf_text=text, start=False)
    again.password = "n3w-own"
    again.start()
    with pytest.raises((redis.ResponseError, redis.AuthenticationError), match="invalid username-password pair"):
        again.client(password="0ld-own").ping()


def test_password_files__of_peers_change_together(place):
    """On the command line too; a line of it is saved, what the file holds is not."""
    master = place.redis()
    path = put(place, "own", "0ld-own")
    daemons = [place.sentinel(place.monitor(master), start=False, arguments=["--requirepass-file", path])
               for _ in range(2)]

    def linked():
        return all(len(d.peers("mymaster")) == 1 and d.peers("mymaster")[0]["flags"] == "sentinel" and
                   d.raw("CKQUORUM", "mymaster").startswith("OK 2") for d in daemons)
    for daemon in daemons:
        daemon.password = "0ld-own"
        daemon.start()
    wait_until(linked, 40, "the peers log in")
    put(place, "own", "n3w-own")
    for daemon in daemons:
        hang_up(daemon)
        # No login is left that could hide a wrong password; ours is the one that is kept open.
        daemon.commands.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    wait_until(linked, 40, "the peers log in with the new password")
    for daemon in daemons:
        daemon.raw("FLUSHCONFIG")
        assert f"requirepass-file {path}" in daemon.conf_text()
        assert "0ld" not in written(daemon) and "n3w" not in written(daemon)


@pytest.mark.parametrize("spoil, told", [
    (os.unlink, "No such file or directory"),
    (lambda path: open(path, "w", encoding="utf-8").close(), "its first line is empty"),
], ids=["gone", "empty"])
def test_password_files__that_are_lost_change_nothing(place, spoil, told):
    master = locked_redis(place, "s3cret")
    path = put(place, "group", "s3cret")
    sentinel = place.sentinel(place.monitor(master, auth_pass_file=path))
    wait_until(lambda: is_up(sentinel), 20, "logged in")
    spoil(path)
    hang_up(sentinel)
    assert f"Can't use {path}, the auth-pass-file of group mymaster: {told}. The password in force stays" \
        in sentinel.log_text()
    with master.client() as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal")
        client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    wait_until(lambda: is_up(sentinel), 20, "logged in again")


def test_password_files__give_way_to_set_until_they_are_read_again(place):
    master = locked_redis(place, "in-file")
    path = put(place, "group", "in-file")
    sentinel = place.sentinel(place.monitor(master, auth_pass_file=path))
    wait_until(lambda: is_up(sentinel), 20, "logged in")
    sentinel.raw("SET", "mymaster", "auth-pass", "typed-one")
    wait_until(lambda: "auth-pass of group mymaster is not saved" in sentinel.log_text(), 20, "it is told")
    wait_until(lambda: "s_down" in sentinel.master("mymaster")["flags"] or
               "link-refusal" in sentinel.master("mymaster"), 30, "the typed one is used")
    assert "typed-one" not in sentinel.conf_text()
    hang_up(sentinel)
    wait_until(lambda: is_up(sentinel), 30, "the file counts again")


def test_password_files__go_with_their_group(place):
    master = locked_redis(place, "in-file")
    path = put(place, "group", "in-file")
    sentinel = place.sentinel(place.monitor(master, auth_pass_file=path))
    sentinel.raw("RESET", "mymaster")
    assert f"sentinel auth-pass-file mymaster {path}" in sentinel.conf_text()
    sentinel.raw("REMOVE", "mymaster")
    assert "auth-pass-file" not in sentinel.conf_text()
    sentinel.raw("MONITOR", "mymaster", "127.0.0.1", master.port, 2)
    sentinel.raw("SET", "mymaster", "auth-pass", "in-file")
    assert "sentinel auth-pass mymaster in-file" in sentinel.conf_text()
    sentinel.signal(signal.SIGHUP)
    wait_until(lambda: "Received SIGHUP" in sentinel.log_text(), 20, "told")
    assert "password files" not in sentinel.log_text().split("Received SIGHUP")[1].splitlines()[0]


def test_password_files__are_checked_before_the_start(place):
    port = place.ports.take()
    path = os.path.join(place.folder, "c.conf")

    def check(line):
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"port {port}\nsentinel monitor mymaster 127.0.0.1 6379 1\n{line}\n")
        return subprocess.run([our_binary(), "--check-config", path], text=True, timeout=60, check=False,
                              capture_output=True)
    done = check("requirepass-file /nonexistent/password")
    assert done.returncode == 1 and f"{path}:3: requirepass-file" in done.stderr
    secret = put(place, "secret", "s3cret", 0o644)
    done = check(f"sentinel auth-pass-file mymaster {secret}")
    assert done.returncode == 0
    assert f"Every user of this machine can read {secret}, the auth-pass-file of group mymaster" in done.stdout
    os.chmod(secret, 0o600)
    assert "Every user" not in check(f"sentinel auth-pass-file mymaster {secret}").stdout
