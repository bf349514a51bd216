#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Counts the single tests in what `ctest --output-junit FILE` wrote, and names those that were skipped.

A program of cmocka or a file of pytest is one entry for ctest, and one that skips half of what is in it
has passed. The last line is "N passed, N failed, N skipped". Exit status: 0, also if tests failed.

  summary.py FILE...
"""

import re
import sys
import xml.etree.ElementTree as tree

CMOCKA = re.compile(r"^\[  (PASSED|FAILED|SKIPPED )\s*\] (?:(?:\w+: )?(\d+) test\(s\)|(\S+)$)", re.M)
PYTEST = re.compile(r"^=*\s*((?:\d+ \w+, )*\d+ \w+) in [\d.]+s", re.M)
PYTEST_SKIPPED = re.compile(r"^skipped: (.*)$", re.M)
KINDS = {"passed": 0, "xpassed": 0, "xfailed": 0, "failed": 1, "error": 1, "errors": 1, "skipped": 2}


def count_cmocka(output):
    """Counts of passed, failed and skipped, and the names of the skipped; None if it is not cmocka's."""
    counts, names = [0, 0, 0], []
    for word, number, name in CMOCKA.findall(output):
        place = ("PASSED", "FAILED", "SKIPPED ").index(word)
        if number:
            counts[place] += int(number)
        elif word == "SKIPPED " and name not in names:
            names.append(name)
    return (counts, names) if any(counts) else None


def count_pytest(output):
    """The same for pytest."""
    lines = PYTEST.findall(output)
    if not lines:
        return None
    counts = [0, 0, 0]
    for part in lines[-1].split(", "):
        number, kind = part.split()
        if kind in KINDS:
            counts[KINDS[kind]] += int(number)
    return counts, PYTEST_SKIPPED.findall(output)


def count_entry(entry):
    """The same for one entry of ctest, which counts as one test where it has no count of its own."""
    name, status = entry.get("name"), entry.get("status")
    output = entry.findtext("system-out") or ""
    if status not in ("run", "fail"):
        reason = entry.find("skipped")
        text = (output.strip().splitlines() or [reason.get("message") if reason is not None else status])[-1]
        return [0, 0, 1], [f"{name}: {text}"]
    found = count_pytest(output) or count_cmocka(output)
    if found is None:
        found = ([1, 0, 0], []) if status == "run" else ([0, 1, 0], [])
    counts, names = found
    if status == "fail" and counts[1] == 0:
        counts[1] = 1  # it crashed, or took too long
    return counts, [f"{name}: {text}" for text in names]


def main(files):
    total, skipped = [0, 0, 0], []
    for file in files:
        for entry in tree.parse(file).iter("testcase"):
            counts, names = count_entry(entry)
            total = [a + b for a, b in zip(total, counts)]
            skipped += names
    for name in skipped:
        print("skipped:", name)
    print("{} passed, {} failed, {} skipped".format(*total))


if __name__ == "__main__":
    main(sys.argv[1:])
