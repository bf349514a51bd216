# SPDX-License-Identifier: BSD-3-Clause
"""A wrong auth-pass: reported, retried, never fatal; the right one at run time recovers."""

from harness import default_flavour, OURS, wait_until


def test_wrong_password__is_reported_and_recovers(place):
    options = {"requirepass": "right", "masterauth": "right"}
    group = place.group(replicas=1, sentinels=2, ready=False, auth_pass="n0t-this-one",
                        server_args={"options": options, "password": "right"})
    for sentinel in group.sentinels:
        wait_until(lambda s=sentinel: s.master("mymaster")["is_sdown"], 30,
                   "an instance that refuses us counts as down")
        if default_flavour() == OURS:
            wait_until(lambda s=sentinel: "WRONGPASS" in s.log_text(), 20,
                       "the refusal is in the log with the server's own words")
        lines = [line for line in sentinel.log_text().splitlines() if "refuses us" in line]
        assert len(lines) == (1 if default_flavour() == OURS else 0), lines
        assert not [line for line in lines if ".. " in line]
        assert sentinel.running()
        assert "n0t-this-one" not in sentinel.log_text(), "a password is in the log"

    events = [sentinel.record() for sentinel in group.sentinels]
    for sentinel, recorder in zip(group.sentinels, events):
        assert sentinel.raw("SET", "mymaster", "auth-pass", "right") == "OK"
        recorder.wait_for("+set", 20, "auth-pass ******")
        recorder.wait_for("-sdown", 30, "master mymaster")
    group.wait_ready()


def test_wrong_password__corrected_group_fails_over(place):
    options = {"requirepass": "right", "masterauth": "right"}
    group = place.group(replicas=1, sentinels=3, ready=False, auth_pass="n0t-this-one", down_after_ms=500,
                        server_args={"options": options, "password": "right"})
    for sentinel in group.sentinels:
        wait_until(lambda s=sentinel: s.master("mymaster")["is_sdown"], 30, "down by refusal")
        sentinel.raw("SET", "mymaster", "auth-pass", "right")
    group.wait_ready()
    old = group.master
    old.kill()
    group.wait_switched(old)
    group.wait_settled()
