#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""docs/RULES.md says where each behaviour is described, decided and tested. Usage: rules.py SOURCE_DIR

What a row names exists: its section of PROTOCOL.md, its decision of DESIGN.md, its functions in their files, its tests, its
checkers. The functions of a row name its sections, in the comment above them, in their body, or above their declaration.
In the other direction, each section that describes behaviour and each decision has a row, what has no test is listed at the
end of the page, and every section that a source names exists.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

# Chapters of PROTOCOL.md that describe behaviour; the others are vocabulary, transcripts and appendices.
CHAPTERS = range(3, 25)
# Sections in them without a behaviour of their own, and why.
NO_ROW_FOR_SECTION = {}
# Decisions of DESIGN.md that change no behaviour, and why.
NO_ROW_FOR_DECISION = {}
# A decision that has a heading of its own, and no number.
NAMED_DECISIONS = {"Epochs"}

COLUMNS = ["rule", "§", "decision", "function", "unit or shell test", "scenario or integration test", "checker"]
NOTHING = "–"
SECTION = re.compile(r"§(\d+(?:\.\d+)?)")
# A checker of the simulator is in one of these.
CHECKERS = ("tests/sim/check*.c", "tests/lib/cluster_check.c")


class Row:
    def __init__(self, number, cells):
        self.number = number
        self.rule = cells[0]
        self.sections = [] if cells[1] == NOTHING else cells[1].split(", ")
        self.decisions = [] if cells[2] == NOTHING else cells[2].split(", ")
        self.functions = re.findall(r"`(\w+)` ([\w/.]+)", cells[3])
        self.unit, self.stories, self.checkers = (re.findall(r"`([\w.:]+)`", cell) for cell in cells[4:7])
        named = [len(self.functions), len(self.unit), len(self.stories), len(self.checkers)]
        # What stands in a cell, and was not understood.
        self.odd = [cell for cell, count in zip(cells[3:], named)
                    if not cell or (count == 0) != (cell == NOTHING) or (count and cell.count("`") != 2 * count)]


def read_rows(page):
    """The rows of all tables of seven columns, and the complaints about those that are no such rows."""
    rows, complaints = [], []
    for number, line in enumerate(page.splitlines(), 1):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))] if line.startswith("|") else []
        if not cells or cells == COLUMNS or set("".join(cells)) <= {"-"}:
            continue
        if len(cells) != len(COLUMNS):
            complaints.append(f"{number}: {len(cells)} columns, {len(COLUMNS)} are wanted")
        else:
            rows.append(Row(number, cells))
    return rows, complaints


def comment_above(lines, at):
    """The comment that ends in the line before index at, which is no part of a line of code."""
    first = at
    while first > 0 and lines[first - 1].startswith((" *", "/*")):
        first -= 1
        if lines[first].startswith("/*"):
            break
    return "\n".join(lines[first:at])


class Sources:
    """What functions say of themselves: the comment above, the head and the body, and the comment in the header."""

    def __init__(self, root):
        self.texts = {}
        self.declared = defaultdict(str)
        for path in sorted((root / "sentinel").rglob("*.h")):
            self.read_header(path.read_text(encoding="utf-8").splitlines())
        for path in sorted((root / "sentinel").rglob("*.c")):
            self.read_source(str(path.relative_to(root / "sentinel")), path.read_text(encoding="utf-8").splitlines())

    def read_header(self, lines):
        for at, line in enumerate(lines):
            match = re.match(r"[A-Za-z][\w *]*?\b(sn_\w+)\(", line)
            if match:
                self.declared[match[1]] += comment_above(lines, at) + "\n"

    def read_source(self, name, lines):
        for at, line in enumerate(lines):
            if line != "{":
                continue
            head = at - 1
            while lines[head].startswith(" "):
                head -= 1
            function = re.search(r"(\w+)\(", re.sub(r"^SN_PRINTF\([^)]*\) ?", "", "".join(lines[head:at])))
            if lines[head - 1].startswith("SN_PRINTF"):
                head -= 1
            text = comment_above(lines, head) + "\n" + "\n".join(lines[head:lines.index("}", at)])
            self.texts[(name, function[1])] = text + "\n" + self.declared[function[1]]

    def sections(self, name, function):
        return set(SECTION.findall(self.texts[(name, function)]))


def find_tests(root, *folders):
    """Name of a test -> the names of the files that have it."""
    found = defaultdict(set)
    for folder in folders:
        for path in sorted((root / "tests" / folder).glob("test_*")):
            if path.suffix in (".c", ".py"):
                for test in re.findall(r"^(?:static void\s+|def )(test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE):
                    found[test].add(path.name)
    return found


def check_functions(row, sources):
    known = [(name, file) for name, file in row.functions if (file, name) in sources.texts]
    for name, file in row.functions:
        if (name, file) not in known:
            where = ", ".join(other for other, function in sources.texts if function == name)
            yield f"{file} has no function {name}" + (f" ({where} has one)" if where else "")
        elif row.sections and not sources.sections(file, name) & set(row.sections):
            yield f"{name} in {file} names none of its sections: " + ", ".join("§" + section for section in row.sections)
    if not row.functions:
        yield "no function"
    for section in row.sections:
        if known and not any(section in sources.sections(file, name) for name, file in known):
            yield f"§{section} is named by none of its functions"


def check_tests(names, found, kind):
    for name in names:
        file, _, test = name.rpartition("::")
        if test not in found:
            yield f"there is no {kind} test {test}"
        elif file and file not in found[test]:
            yield f"{file} has no test {test}"
        elif not file and len(found[test]) > 1:
            yield f"{test} stands in {', '.join(sorted(found[test]))}: write FILE::{test}"


def in_chapters(section):
    return int(section.split(".")[0]) in CHAPTERS


def check_rows(rows, root, sections, decisions):
    sources = Sources(root)
    unit, stories = find_tests(root, "unit", "shell"), find_tests(root, "scenario", "compat")
    checks = "".join(path.read_text(encoding="utf-8") for pattern in CHECKERS for path in root.glob(pattern))
    checkers = set(re.findall(r"^(?:static )?\w+ \*?(\w+)\(", checks, re.MULTILINE))
    rules = set()
    for row in rows:
        problems = [f"cannot be read: {cell}" for cell in row.odd]
        problems += [f"PROTOCOL.md has no §{section}" for section in row.sections if section not in sections]
        problems += [f"DESIGN.md has no {decision}" for decision in row.decisions if decision not in decisions]
        problems += check_functions(row, sources)
        problems += check_tests(row.unit, unit, "unit or shell")
        problems += check_tests(row.stories, stories, "scenario or integration")
        problems += [f"the simulator has no checker {name}" for name in row.checkers if name not in checkers]
        if row.rule in rules:
            problems.append("stands there twice")
        rules.add(row.rule)
        yield from (f"docs/RULES.md:{row.number}: {row.rule}: {problem}" for problem in problems)


def check_completeness(rows, page, sections, decisions):
    parents = {section.split(".")[0] for section in sections if "." in section}
    wanted = {section for section in sections if in_chapters(section) and section not in parents}
    listed = {section for row in rows for section in row.sections}
    for section in sorted(wanted - listed - set(NO_ROW_FOR_SECTION), key=lambda text: [int(part) for part in text.split(".")]):
        yield f"PROTOCOL.md §{section} has no row in docs/RULES.md"
    for decision in sorted(decisions - {decision for row in rows for decision in row.decisions} - set(NO_ROW_FOR_DECISION)):
        yield f"{decision} of DESIGN.md has no row in docs/RULES.md"
    for name in (set(NO_ROW_FOR_SECTION) & listed):
        yield f"§{name} has a row, and is an exception in {Path(__file__).name}"
    untested = {row.rule for row in rows if not row.unit and not row.stories}
    admitted = set(re.findall(r"^- (.*)$", page.partition("## Without a test")[2], re.MULTILINE))
    for rule in sorted(untested - admitted):
        yield f"docs/RULES.md: no test, and not listed under \"Without a test\": {rule}"
    for rule in sorted(admitted - untested):
        yield f"docs/RULES.md: listed under \"Without a test\", and has one, or is no rule: {rule}"


def check_citations(root, sections):
    """Every `PROTOCOL.md §N, §M` of a source or a test exists."""
    for folder in ("sentinel", "tests"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".c", ".h", ".py"):
                continue
            text = path.read_text(encoding="utf-8")
            for match in re.finditer(r"PROTOCOL\.md[\s*]+(?:§[\d.]*\d[\s*,-]*)+", text):
                for section in SECTION.findall(match[0]):
                    if section not in sections:
                        number = text.count("\n", 0, match.start()) + 1
                        yield f"{path.relative_to(root)}:{number}: PROTOCOL.md has no §{section}"


def main():
    root = Path(sys.argv[1])
    page, protocol, design = ((root / "docs" / name).read_text(encoding="utf-8")
                              for name in ("RULES.md", "PROTOCOL.md", "DESIGN.md"))
    sections = set(re.findall(r"^##+ (\d+(?:\.\d+)?)\.? ", protocol, re.MULTILINE))
    decisions = set(re.findall(r"^- (D\d+) \*", design, re.MULTILINE))
    decisions |= {name for name in NAMED_DECISIONS if f"**{name}**" in design}
    rows, complaints = read_rows(page)
    errors = [f"docs/RULES.md:{complaint}" for complaint in complaints]
    errors += check_rows(rows, root, sections, decisions)
    errors += check_completeness(rows, page, sections, decisions)
    errors += check_citations(root, sections)
    for error in errors:
        print(f"error: {error}")
    print(f"{len(rows)} rules")
    return 1 if errors or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
