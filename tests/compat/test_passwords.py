# SPDX-License-Identifier: BSD-3-Clause
"""Data nodes and sentinels with passwords; the ACL user with exactly the documented rights."""

from harness import wait_until

# PROTOCOL.md §20.6
SENTINEL_RIGHTS = ("allchannels +multi +slaveof +ping +exec +subscribe +config|rewrite +role "
                   "+publish +info +client|setname +client|kill +script|kill")


def fail_over(group):
    old = group.master
    old.kill()
    new = group.wait_switched(old)
    group.wait_settled()
    old.start()
    wait_until(lambda: old.follows(new), 40, "the old master follows", explain=group.roles)


def test_passwords__requirepass_everywhere(place):
    options = {"requirepass": "s3cret", "masterauth": "s3cret"}
    group = place.group(replicas=1, sentinels=3, failover_timeout_ms=5000, auth_pass="s3cret",
                        server_args={"options": options, "password": "s3cret"},
                        sentinel_args={"password": "w4tch"})
    fail_over(group)


def test_passwords__acl_user_with_the_documented_rights_only(place):
    options = {
        "user": [f"watcher on >w4tcher {SENTINEL_RIGHTS}", "copier on >c0py +psync +replconf +ping",
                 "default off", "tester on >t3st ~* &* +@all"],
        "masteruser": "copier", "masterauth": "c0py",
    }
    group = place.group(replicas=2, sentinels=3, failover_timeout_ms=5000,
                        auth_user="watcher", auth_pass="w4tcher",
                        server_args={"options": options, "user": "tester", "password": "t3st"})
    recorders = [sentinel.record() for sentinel in group.sentinels]
    fail_over(group)
    for server in group.servers:
        with server.client() as client:
            denied = [entry for entry in client.acl_log() if entry["username"] == "watcher"]
            # Whether a planned switchover could hold back writes is tried; nothing else is beyond them.
            assert {entry["object"] for entry in denied} <= {"client|pause"}
    for recorder in recorders:
        recorder.wait_for("+switch-master", 30)
