#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Circles of files that call each other. Usage: circles.py BUILD_DIR

Within a folder, a file that calls another should not be called back by it: whoever reads one of them has to
know them all. The same holds for folders. The object files tell which file calls which. Files that are in a
circle today stand in TOLERATED; the list only gets shorter: a file that joins a circle is an error, and so is
one that has left it and is still listed.
"""

import json
import shlex
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

TOLERATED = {}


def symbols(path):
    """(defined, undefined) external symbols of an object file."""
    defined, undefined = set(), set()
    output = subprocess.run(["nm", "-g", str(path)], check=True, text=True, stdout=subprocess.PIPE).stdout
    for line in output.splitlines():
        kind, name = line.split()[-2:]
        if name.startswith("sn_"):
            (undefined if kind == "U" else defined).add(name)
    return defined, undefined


def objects_of(build):
    """{source below sentinel/, without its suffix: symbols of its object}; what an earlier build has left is
    not among them."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        path = Path(words[words.index("-o") + 1])
        if path.parts[0] == "sentinel" and len(path.parts) > 4:
            at = path.parts.index("CMakeFiles")
            found["/".join((*path.parts[1:at], *path.parts[at + 2:])).removesuffix(".c.o")] = symbols(build / path)
    return found


def calls(build):
    """{file: {file that it calls: [functions]}}"""
    objects = objects_of(build)
    owner = {name: file for file, (defined, _) in objects.items() for name in defined}
    graph = {file: defaultdict(list) for file in objects}
    for file, (_, undefined) in objects.items():
        for name in sorted(undefined):
            if owner.get(name, file) != file:
                graph[file][owner[name]].append(name)
    return graph


def folder_of(file):
    return file.rpartition("/")[0]


def within(graph, folder):
    """The part of it between the files of a folder, by their bare names."""
    bare = {}
    for file in graph:
        if folder_of(file) == folder:
            bare[file.rpartition("/")[2]] = {other.rpartition("/")[2]: names for other, names in graph[file].items()
                                             if folder_of(other) == folder}
    return bare


def between(graph):
    """The same of folders."""
    folders = {folder_of(file): defaultdict(list) for file in graph}
    for file, others in graph.items():
        for other, names in others.items():
            if folder_of(other) != folder_of(file):
                folders[folder_of(file)][folder_of(other)] += [f"{file} calls {name}" for name in names]
    return folders


def reach(graph, start):
    seen, waiting = set(), list(graph[start])
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting.extend(graph[file])
    return seen


def circles(graph):
    """The sets of files that reach each other, without those of one file."""
    reached = {file: reach(graph, file) for file in graph}
    found = []
    for file in graph:
        circle = frozenset({file} | {other for other in reached[file] if file in reached[other]})
        if len(circle) > 1 and circle not in found:
            found.append(circle)
    return found


def ties(graph, circle, only):
    """What ties it: the calls of `only` to the others, and back."""
    for one in sorted(circle):
        for two in sorted(circle):
            if graph[one].get(two) and (one in only or two in only):
                print(f"    {one} -> {two}: {', '.join(graph[one][two])}")


def check(name, graph):
    """The number of errors in a graph of files or folders."""
    tolerated, wrong, in_circles = TOLERATED.get(name, set()), 0, set()
    for circle in circles(graph):
        in_circles |= circle
        if circle <= tolerated:
            print(f"{name or 'folders'}: a circle of {len(circle)}, tolerated so far")
            continue
        wrong += 1
        print(f"error: {name or 'folders'}: these call each other in a circle: {', '.join(sorted(circle))}")
        ties(graph, circle, circle - tolerated)
    for one in sorted(tolerated - in_circles):
        wrong += 1
        print(f"error: {name or 'folders'}: {one} is in no circle any more: take it out of TOLERATED")
    return wrong


def main():
    graph = calls(Path(sys.argv[1]))
    folders = between(graph)
    wrong = sum(check(folder, within(graph, folder)) for folder in sorted(folders))
    wrong += check("", folders)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
