# SPDX-License-Identifier: BSD-3-Clause
"""Size on disk and in memory of both daemons."""

import os
import re
import shutil
import subprocess
import tempfile

from harness import OURS, STOCK, Place, our_binary
from harness.sentinel import STOCK_BINARY


def binary_path(flavour):
    return os.path.realpath(shutil.which(our_binary() if flavour == OURS else STOCK_BINARY))


def stripped_bytes(path):
    """Size without symbols and debug information; None without strip(1)."""
    if not shutil.which("strip"):
        return None
    with tempfile.NamedTemporaryFile() as copy:
        subprocess.run(["strip", "-s", "-o", copy.name, path], check=True)
        return os.path.getsize(copy.name)


def resident_kb(pid):
    """{VmRSS, RssAnon} of a process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        found = dict(re.findall(r"^(VmRSS|RssAnon):\s+(\d+) kB", status.read(), re.M))
    return {name: int(value) for name, value in found.items()}


def measure():
    """{flavour: {...}}; memory with one group of 1 master, 2 replicas, 3 sentinels, all known."""
    result = {}
    place = Place()
    try:
        for flavour in (OURS, STOCK):
            group = place.group(replicas=2, sentinels=3, flavours=[flavour] * 3)
            path = binary_path(flavour)
            result[flavour] = {"binary_bytes": os.path.getsize(path),
                               "stripped_bytes": stripped_bytes(path),
                               **resident_kb(group.sentinels[0].pid)}
    finally:
        place.close()
    return result


def lines(sizes):
    rows = ["                           ours       stock"]
    for key, title, unit in (("stripped_bytes", "binary, stripped (kB)", 1000),
                             ("VmRSS", "resident after start (kB)", 1),
                             ("RssAnon", "  of it not shared (kB)", 1)):
        cells = [sizes[f].get(key) for f in (OURS, STOCK)]
        if None not in cells:
            rows.append(f"{title:<26}" + "".join(f"{c / unit:>8.0f}    " for c in cells).rstrip())
    return rows
