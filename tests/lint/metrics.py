#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The metrics: one table in shell/http/metrics_table.h, and what is written of them elsewhere.
Usage: metrics.py [--write] SOURCE_DIR PROGRAM

PROGRAM prints the table (metrics.c). --write makes the table of docs/HTTP.md of it.

page      the table of docs/HTTP.md is the one that would be made
names     each name stands once, begins with redis_ or sentineld_, and ends in _total if, and only if, it is a counter
docs      what other pages call a metric is one
"""

import re
import subprocess
import sys
from pathlib import Path

PAGE = "docs/HTTP.md"
# Words of that form that are something else: fields of INFO.
NO_METRICS = {"sentineld_version"}
BEGIN, END = "<!-- made by tests/lint/metrics.py --write -->", "<!-- end -->"


def read_table(program):
    lines = subprocess.run([program], check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()
    return [line.split("\t") for line in lines]


def render(table):
    rows = ["| metric | type | labels | meaning |", "|---|---|---|---|"]
    for name, kind, labels, text in table:
        cells = f"`{name}`", kind.lower(), ", ".join(f"`{label}`" for label in labels.split(", ") if label), text
        rows.append("|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|")
    return "\n".join(rows) + "\n"


def check_page(root, table, errors):
    written = (root / PAGE).read_text().partition(BEGIN + "\n")[2].partition(END)[0]
    for line in sorted(set(render(table).splitlines()) ^ set(written.splitlines())):
        errors.append(f"{PAGE} and shell/http/metrics_table.h differ: {line}")
    if not errors and written != render(table):
        errors.append(f"{PAGE}: another order than that of shell/http/metrics_table.h")


def check_names(_root, table, errors):
    seen = set()
    for name, kind, _, text in table:
        if name in seen:
            errors.append(f"{name} stands twice")
        seen.add(name)
        if not re.fullmatch(r"(redis|sentineld)_[a-z_]+", name):
            errors.append(f"{name} is no name of a metric")
        if name.endswith("_total") != (kind == "COUNTER"):
            errors.append(f"{name} is a {kind.lower()}")
        if not text.endswith("."):
            errors.append(f"{name}: its meaning is a sentence")


def check_docs(root, table, errors):
    known = {name for name, *_ in table}
    for page in sorted((root / "docs").glob("*.md")):
        for name in re.findall(r"`(sentineld_[a-z_]+|redis_sentinel_[a-z_]+)[`{]", page.read_text()):
            if name not in known | NO_METRICS:
                errors.append(f"docs/{page.name}: there is no metric {name}")


def write_page(root, table):
    page = root / PAGE
    before, _, rest = page.read_text().partition(BEGIN + "\n")
    page.write_text(before + BEGIN + "\n" + render(table) + END + rest.partition(END)[2])


def main():
    arguments = [word for word in sys.argv[1:] if word != "--write"]
    root, table = Path(arguments[0]), read_table(arguments[1])
    if "--write" in sys.argv:
        write_page(root, table)
    errors = []
    for check in (check_page, check_names, check_docs):
        check(root, table, errors)
    for error in errors:
        print(f"error: {error}")
    print(f"{len(table)} metrics")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
