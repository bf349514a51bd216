#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Circles of files that call each other. Usage: circles.py BUILD_DIR

Within a library, a file that calls another should not be called back by it: who reads one of them has to
know them all. The object files tell who calls whom. Files that are in a circle today stand in TOLERATED; the
list only gets shorter: a file that joins a circle is an error, and so is one that has left it and is still listed.
"""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

LIBRARIES = ("base", "wire", "core", "conf", "shell")

TOLERATED = {
    "core": {"agree", "alias", "detect", "drain", "election", "epoch", "failover", "group", "hello", "instance", "link",
             "out", "peer", "persist", "probe", "reconf", "refusal", "rights", "script", "select", "tilt"},
    "conf": {"read/apply", "read/loader", "state/merge", "state/users", "table/directives", "table/option"},
    "shell": {"acl", "acl_file", "acl_rules", "client", "cmd_acl", "cmd_client", "cmd_client_list", "cmd_command",
              "cmd_connection", "cmd_info", "cmd_pubsub", "cmd_sentinel", "cmd_sentinel_set", "commands",
              "commands_table", "pubsub", "server"},
}


def symbols(path):
    """(defined, undefined) external symbols of an object file."""
    defined, undefined = set(), set()
    output = subprocess.run(["nm", "-g", str(path)], check=True, text=True, stdout=subprocess.PIPE).stdout
    for line in output.splitlines():
        kind, name = line.split()[-2:]
        if name.startswith("sn_"):
            (undefined if kind == "U" else defined).add(name)
    return defined, undefined


def file_name(folder, path):
    """folder/file of an object file, as the source is called below its library, without ending"""
    return str(path.relative_to(folder)).split(".")[0]


def calls(build, library):
    """{file: {file that it calls: [functions]}}"""
    folder = build / "sentinel" / library / f"CMakeFiles/sn_{library}.dir"
    objects = {file_name(folder, path): symbols(path) for path in sorted(folder.rglob("*.o"))}
    owner = {name: file for file, (defined, _) in objects.items() for name in defined}
    graph = {file: defaultdict(list) for file in objects}
    for file, (_, undefined) in objects.items():
        for name in sorted(undefined):
            if owner.get(name, file) != file:
                graph[file][owner[name]].append(name)
    return graph


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


def main():
    build, wrong = Path(sys.argv[1]), 0
    for library in LIBRARIES:
        graph, tolerated = calls(build, library), set(TOLERATED.get(library, ()))
        in_circles = set()
        for circle in circles(graph):
            in_circles |= circle
            if circle <= tolerated:
                print(f"{library}: a circle of {len(circle)} files, tolerated so far")
                continue
            wrong += 1
            print(f"error: {library}: these call each other in a circle: {', '.join(sorted(circle))}")
            for file in sorted(circle - tolerated):
                for other in sorted(circle):
                    for one, two in ((file, other), (other, file)):
                        if graph[one].get(two):
                            print(f"    {one} -> {two}: {', '.join(graph[one][two])}")
        for file in sorted(tolerated - in_circles):
            wrong += 1
            print(f"error: {library}: {file} is in no circle any more: take it out of TOLERATED")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
