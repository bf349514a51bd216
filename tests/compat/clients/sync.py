# SPDX-License-Identifier: BSD-3-Clause
"""As ioredis.js, with redis-py."""

import sys
import time

import redis
from redis.sentinel import Sentinel

from tls import TLS

ports = [int(port) for port in sys.argv[1].split(",")]
client = Sentinel([("127.0.0.1", port) for port in ports], sentinel_kwargs={"socket_timeout": 0.5, **TLS},
                  socket_timeout=0.5, **TLS)
client = client.master_for("mymaster")
beat = 0
while True:
    beat += 1
    try:
        client.set("beat", beat)
    except redis.RedisError as error:
        print(error, file=sys.stderr)
    time.sleep(0.05)
