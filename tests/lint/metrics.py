#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The metrics: one table in shell/http/metrics_table.h, and what is written of them elsewhere.
Usage: metrics.py [--write] SOURCE_DIR PROGRAM

PROGRAM prints the table (metrics.c). --write makes the table of docs/HTTP.md of it.

page      the table of docs/HTTP.md is the one that would be made
names     each name stands once, begins with redis_ or sentineld_, and ends in _total if, and only if, it is a counter
docs      what other pages call a metric is one
contrib   the dashboard and the alerts name metrics that exist, with labels that they have
"""

import json
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


LABELS_OF_PROMETHEUS = {"instance", "job", "le"}


def expressions(root):
    """(file, PromQL) of the dashboard, the alerts and their tests."""
    for file in sorted((root / "contrib/grafana").glob("*.json")):
        board = json.loads(file.read_text())
        for query in [target["expr"] for panel in board["panels"] for target in panel["targets"]] + [
                note["expr"] for note in board["annotations"]["list"]] + [
                variable["query"]["query"] for variable in board["templating"]["list"] if variable["type"] == "query"]:
            yield file.name, query
    for file in sorted((root / "contrib/prometheus").glob("sentineld.*.yml")):
        for query in re.findall(r"^ *(?:expr:|- series:) (.*)$", file.read_text(), re.M):
            yield file.name, query


def check_contrib(root, table, errors):
    labels = {name: set(of.split(", ")) | LABELS_OF_PROMETHEUS for name, _, of, _ in table}
    for name, kind, _, _ in table:
        if kind == "HISTOGRAM":
            labels.update({name + end: labels[name] for end in ("_bucket", "_sum", "_count")})
    count = 0
    for file, query in expressions(root):
        for name, selector in re.findall(r"\b((?:redis|sentineld)_[a-z_]+)(?:\{([^}]*)\})?", query):
            count += 1
            if name not in labels:
                errors.append(f"contrib: {file}: there is no metric {name}")
                continue
            for label in re.findall(r"([a-z_]+)=", selector):
                if label not in labels[name]:
                    errors.append(f"contrib: {file}: {name} has no label {label}")
    if count == 0:
        errors.append("contrib: no metric is named")


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
    for check in (check_page, check_names, check_docs, check_contrib):
        check(root, table, errors)
    for error in errors:
        print(f"error: {error}")
    print(f"{len(table)} metrics")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
