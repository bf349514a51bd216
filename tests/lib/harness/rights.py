# SPDX-License-Identifier: BSD-3-Clause
"""Data nodes with an ACL user for the sentinels."""

# PROTOCOL.md §20.6: all that a sentinel may need.
SENTINEL_RIGHTS = ["allchannels", "+multi", "+slaveof", "+ping", "+exec", "+subscribe",
                   "+config|rewrite", "+role", "+publish", "+info", "+client|setname",
                   "+client|kill", "+script|kill"]
# What draining the master before a planned switchover needs on top (DESIGN.md D17).
DRAIN_RIGHTS = ["+client|pause", "+client|unpause"]

USER, PASSWORD = "watcher", "w4tcher"
TESTER, TESTER_PASSWORD = "tester", "t3st"


def server_args(rights, **options):
    """For RedisServer: sentinels log in as USER with these rights, the test as TESTER."""
    return {"user": TESTER, "password": TESTER_PASSWORD,
            "options": {"user": [f"{USER} on >{PASSWORD} {' '.join(rights)}",
                                 "copier on >c0py +psync +replconf +ping",
                                 "default off",
                                 f"{TESTER} on >{TESTER_PASSWORD} ~* &* +@all"],
                        "masteruser": "copier", "masterauth": "c0py", **options}}


def monitor_options():
    """For Place.group and Place.monitor."""
    return {"auth_user": USER, "auth_pass": PASSWORD}


def without(right):
    return [r for r in SENTINEL_RIGHTS if r != right]


def denied(server):
    """Names of what USER was refused on server, by the server's own record."""
    with server.client() as client:
        return {entry["object"] for entry in client.acl_log() if entry["username"] == USER}
