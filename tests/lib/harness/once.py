# SPDX-License-Identifier: BSD-3-Clause
"""Clients of redis-py that try once. Newer releases repeat a failed connection for seconds, and whoever polls a process that has
ended, or that is not up yet, would wait for that each time."""

from redis.backoff import NoBackoff
from redis.retry import Retry


def once():
    return {"retry": Retry(NoBackoff(), 0)}
