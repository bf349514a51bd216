#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The events for operators: one table in core/tell/notice.h, and what is written of them elsewhere.
Usage: events.py [--write] SOURCE_DIR PROGRAM

PROGRAM prints the table (events.c). --write makes the table of docs/EVENTS.md of it.

page      the table of docs/EVENTS.md is the one that would be made
stock     what PROTOCOL.md §7.2 says of an event of the same name is the same; an event that is only there, or only
          here, is named in docs/COMPATIBILITY.md
sources   the core names no event but in the table, and raises each of them
docs      what other pages call an event is one, here or in stock
"""

import re
import subprocess
import sys
from pathlib import Path

BEGIN, END = "<!-- made by tests/lint/events.py --write -->", "<!-- end -->"
LEVELS = {"WARNING": "W", "NOTICE": "N", "VERBOSE": "V", "DEBUG": "D"}
SCRIPTS = {"NONE": "", "NOTIFY": "notification", "BOTH": "notification, client-reconfig"}
SUBJECTS = {"MASTER": "master", "REPLICA": "replica", "PEER": "sentinel", "DATA": "server", "ANY": "member", "NOBODY": ""}
PAGES = ("README.md", "CONTRIBUTING.md", "docs/ARCHITECTURE.md", "docs/COMPATIBILITY.md", "docs/DESIGN.md",
         "docs/EVENTS.md", "docs/TESTING.md")
# Words of that form that are something else: rights, options of programs.
NO_EVENTS = re.compile(r"^[+-](client|config|multi|slaveof|ping|exec|subscribe|role|publish|info|script|acl|all|x|keep-going)$")


def read_table(program):
    lines = subprocess.run([program], check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()
    return [line.split("\t") for line in lines]


def payload(subject, text):
    words = [f"[{SUBJECTS[subject]}]" if SUBJECTS[subject] else "", f"`{text}`" if text else ""]
    return " ".join(word for word in words if word)


def render(table):
    rows = ["| event | level | scripts | payload | meaning |", "|---|---|---|---|---|"]
    for _, name, level, scripts, subject, text, meaning in table:
        cells = f"`{name}`", LEVELS[level], SCRIPTS[scripts], payload(subject, text), meaning
        rows.append("|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|")
    return "\n".join(rows) + "\n"


def check_page(root, table, errors):
    page = (root / "docs/EVENTS.md").read_text()
    written = page.partition(BEGIN + "\n")[2].partition(END)[0]
    for line in sorted(set(render(table).splitlines()) ^ set(written.splitlines())):
        errors.append(f"docs/EVENTS.md and core/tell/notice.h differ: {line}")
    if not errors and written != render(table):
        errors.append("docs/EVENTS.md: another order than that of core/tell/notice.h")


def read_stock(root):
    """{name: (level, a script hears of it, its payload begins with a member)} by PROTOCOL.md §7.2."""
    section = (root / "docs/PROTOCOL.md").read_text().partition("### 7.2")[2].partition("### 7.3")[0]
    found = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 6 or not cells[1].startswith("`"):
            continue
        for name in re.findall(r"`([+-][a-z-]+)`", cells[1]):
            found[name] = cells[2], cells[3] == "✓", cells[4].startswith("[I]")
    return found


def check_stock(root, table, errors):
    stock = read_stock(root)
    if len(stock) < 40:
        errors.append(f"PROTOCOL.md §7.2: only {len(stock)} events were read")
    differences = (root / "docs/COMPATIBILITY.md").read_text()
    ours = {name: (LEVELS[level], scripts != "NONE", subject != "NOBODY")
            for _, name, level, scripts, subject, _, _ in table}
    for name, facts in ours.items():
        if name in stock and facts != stock[name]:
            errors.append(f"{name}: level, script and subject are {facts} here, {stock[name]} in PROTOCOL.md §7.2")
    for name in sorted(set(ours) ^ set(stock)):
        if f"`{name}`" not in differences:
            errors.append(f"{name} is an event {'here' if name in ours else 'of stock'} only, and COMPATIBILITY.md does not say so")


def check_sources(root, table, errors):
    texts = {path: path.read_text() for path in sorted((root / "sentinel/core").rglob("*.[ch]"))
             if path.name not in ("notice.h", "action.h")}
    for path, text in texts.items():
        for name in re.findall(r'"([+-][a-z]+[a-z-]*)[ "]', text):
            errors.append(f"{path.relative_to(root)}: {name} is named outside of core/tell/notice.h")
    for enumerator, name, *_ in table:
        if not any(re.search(rf"\b{enumerator}\b", text) for text in texts.values()):
            errors.append(f"nothing raises {name} ({enumerator})")


def check_docs(root, table, errors):
    known = {row[1] for row in table} | set(read_stock(root))
    for page in PAGES:
        for name in re.findall(r"`([+-][a-z]+[a-z-]*)`", (root / page).read_text()):
            if name not in known and not NO_EVENTS.match(name):
                errors.append(f"{page}: {name} is no event, here or in stock")


def write(root, table):
    page = root / "docs/EVENTS.md"
    before, _, rest = page.read_text().partition(BEGIN + "\n")
    page.write_text(before + BEGIN + "\n" + render(table) + END + rest.partition(END)[2])


def main():
    arguments = [word for word in sys.argv[1:] if word != "--write"]
    root, table, errors = Path(arguments[0]), read_table(arguments[1]), []
    if "--write" in sys.argv:
        write(root, table)
    for check in (check_page, check_stock, check_sources, check_docs):
        check(root, table, errors)
    for text in errors:
        print(f"error: {text}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
