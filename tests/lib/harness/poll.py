# SPDX-License-Identifier: BSD-3-Clause
"""Waiting for a condition, with a bound, and with something to read when it does not come."""

import time

from harness import process

INTERVAL_S = 0.02


class NotReached(AssertionError):
    """A condition did not come true in time."""


def wait_until(condition, timeout_s, what, explain=None, hopeless=None):
    """Calls condition() until it returns something true, which is handed back.

    An exception counts as "not yet". When timeout_s has passed, or hopeless() is true, NotReached
    tells what was waited for, the last value or exception, what explain() has to say, and the last
    log lines of every process that this test started.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            last = condition()
            if last:
                return last
        except Exception as error:  # pylint: disable=broad-except
            last = f"{type(error).__name__}: {error}"
        if time.monotonic() >= deadline or (hopeless and hopeless()):
            break
        time.sleep(INTERVAL_S)

    lines = [f"waited {timeout_s} s for: {what}", f"last seen: {last!r}"]
    if explain:
        try:
            lines.append(f"state: {explain()}")
        except Exception as error:  # pylint: disable=broad-except
            lines.append(f"state: {type(error).__name__}: {error}")
    lines.append(process.last_words())
    raise NotReached("\n".join(lines))


def stays_true(condition, duration_s, what):
    """Asserts that condition() holds at every look for duration_s: for what must *not* happen."""
    deadline = time.monotonic() + duration_s
    while time.monotonic() < deadline:
        assert condition(), f"stopped being true: {what}\n{process.last_words()}"
        time.sleep(INTERVAL_S)
