#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Puts a defect into a copy of the sources. Usage: apply.py SOURCE_FOLDER PATCH

The patches are unified diffs, but files move and lines shift: each hunk is looked for by its text, blanks aside, in
all sources, with as much of its context as still fits. It must fit in one place only. Exits with 1, and says which
hunk it is, if it does not.
"""

import sys
from pathlib import Path


def hunks(patch):
    """[[(sign, line)]] of a unified diff."""
    found, current = [], None
    for line in patch.read_text().splitlines():
        if line.startswith("@@"):
            current = []
            found.append(current)
        elif line.startswith(("--- ", "+++ ", "diff ", "index ")):
            current = None
        elif current is not None and line[:1] in ("+", "-", " ", ""):
            current.append((line[:1] or " ", line[1:]))
    return found


def plain(line):
    return " ".join(line.split())


def find(sources, before):
    """[(path, line number)] where these lines stand."""
    wanted, places = [plain(line) for line in before], []
    for path, lines in sources.items():
        have = [plain(line) for line in lines]
        for at in range(len(have) - len(wanted) + 1):
            if have[at] == wanted[0] and have[at:at + len(wanted)] == wanted:
                places.append((path, at))
    return places


def narrowed(hunk):
    """The hunk, and what is left of it with less and less context, evenly from both ends."""
    changed = [at for at, (sign, _) in enumerate(hunk) if sign != " "]
    most = max(changed[0], len(hunk) - 1 - changed[-1])
    for cut in range(most + 1):
        yield hunk[min(cut, changed[0]):max(len(hunk) - cut, changed[-1] + 1)]


def apply(sources, hunk):
    places = []
    for part in narrowed(hunk):
        before = [line for sign, line in part if sign != "+"]
        places = find(sources, before) if before else []
        if len(places) == 1:
            path, at = places[0]
            sources[path][at:at + len(before)] = [line for sign, line in part if sign != "-"]
            return path
        if len(places) > 1:
            break
    reason = f"fits in {len(places)} places" if places else "fits nowhere"
    text = "\n".join(sign + line for sign, line in hunk)
    sys.exit(f"this hunk {reason}:\n{text}")


def main():
    folder, patch = Path(sys.argv[1]), Path(sys.argv[2])
    sources = {path: path.read_text().splitlines() for path in sorted(folder.glob("sentinel/**/*.[ch]"))}
    for path in {apply(sources, hunk) for hunk in hunks(patch)}:
        path.write_text("\n".join(sources[path]) + "\n")
        print(path.relative_to(folder))


if __name__ == "__main__":
    main()
