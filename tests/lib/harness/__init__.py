# SPDX-License-Identifier: BSD-3-Clause
"""Real redis-server and sentinel processes for the integration tests.

Everything hangs on a Place (place.py): it owns a temporary folder and every process started in it,
and ends both, also when a test fails. Ours and the stock daemon run through the same classes;
SENTINELD names our binary, SENTINELD_FLAVOUR=stock runs the same tests on redis-sentinel.
"""

from harness.group import Group
from harness.place import Place
from harness.poll import wait_until
from harness.process import Process
from harness.redis_server import RedisServer
from harness.sentinel import (OURS, STOCK, VALKEY, Monitor, Sentinel, default_flavour, has_valkey,
                              our_binary)

__all__ = ["Group", "Monitor", "OURS", "Place", "Process", "RedisServer", "STOCK", "Sentinel",
           "VALKEY", "default_flavour", "has_valkey", "our_binary", "wait_until"]
