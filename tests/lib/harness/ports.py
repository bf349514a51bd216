# SPDX-License-Identifier: BSD-3-Clause
"""Free TCP ports of the loopback, never the same for two test programs that run side by side."""

import random
import socket

# Below the range from which the kernel takes ports for outgoing connections. 20000 to 20099 stay
# free: tests name them where nobody may answer.
FIRST, LAST = 20100, 32000


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Ports:
    """Hands out ports. A UDP socket bound to the same number marks each as taken while we run."""

    def __init__(self):
        self._marks = []

    def take(self):
        for _ in range(1000):
            port = random.randint(FIRST, LAST)
            mark = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                mark.bind(("127.0.0.1", port))
            except OSError:
                mark.close()
                continue
            if _is_free(port):
                self._marks.append(mark)
                return port
            mark.close()
        raise RuntimeError("no free port found")

    def close(self):
        for mark in self._marks:
            mark.close()
        self._marks.clear()
