# SPDX-License-Identifier: BSD-3-Clause
"""Three sentinels and many groups: how long until all know all, and what they cost when nothing happens."""

import statistics
import sys
import time

from harness import OURS, STOCK
from benchlib import fleet
from benchlib.report import align

# Key of a result, column, digits behind the point.
COLUMNS = [("pong_ms", "PONG ms", 0), ("replicas_s", "replicas s", 1), ("peers_s", "peers s", 1), ("all_ok_s", "all ok s", 1),
           ("cpu_ms_per_s", "CPU ms/s", 2), ("wakeups_per_s", "wake-ups/s", 0), ("syscalls_per_s", "calls/s", 0),
           ("anonymous_kb", "anon KiB", 0), ("kb_per_group", "KiB/group", 2), ("files", "files", 0),
           ("without_quorum", "no quorum", 0), ("farm_cpu_ms_per_s", "farm ms/s", 0)]

# Key of a result, title of its panel.
PANELS = [("all_ok_s", "seconds until all is known"), ("cpu_ms_per_s", "at rest: CPU, ms a second"),
          ("wakeups_per_s", "at rest: wake-ups a second"), ("syscalls_per_s", "at rest: system calls a second"),
          ("anonymous_kb", "anonymous memory, KiB"), ("files", "open files")]


def tell(text):
    print(text, file=sys.stderr, flush=True)


def rest(group, seconds):
    """CPU and wake-ups a second, average of the sentinels, and CPU of the farm."""
    def now():
        return (time.monotonic(), [fleet.cpu_s(pid) for pid in group.pids], [fleet.wakeups(pid) for pid in group.pids],
                sum(fleet.cpu_s(pid) for pid in group.farm.pids()))
    before = now()
    time.sleep(seconds)
    after = now()
    took = after[0] - before[0]
    return {"cpu_ms_per_s": statistics.mean(b - a for a, b in zip(before[1], after[1])) * 1000 / took,
            "wakeups_per_s": statistics.mean(b - a for a, b in zip(before[2], after[2])) / took,
            "farm_cpu_ms_per_s": (after[3] - before[3]) * 1000 / took}


def one(flavour, groups, options):
    with fleet.Fleet(flavour, groups, down_after_milliseconds=options.down_after) as group:
        pong_s = group.start()
        replicas_s, peers_s, all_ok_s = group.wait_known(lambda text: tell(f"  {groups} groups, {flavour}: {text}"),
                                                         options.bound)
        result = {"pong_ms": pong_s * 1000, "replicas_s": replicas_s, "peers_s": peers_s, "all_ok_s": all_ok_s}
        time.sleep(options.settle)
        result.update(rest(group, options.seconds))
        if options.syscalls:
            result["syscalls_per_s"] = fleet.system_calls(group.pids[0], options.syscalls)
        result["anonymous_kb"] = statistics.mean(fleet.anonymous_kb(pid) for pid in group.pids)
        result["files"] = statistics.mean(fleet.open_files(pid) for pid in group.pids)
        result["without_quorum"] = group.without_quorum()
        result["farm"] = group.farm.stats()
        return result


def medians(rounds):
    """{key: median over the rounds that have it}"""
    keys = {key for one_round in rounds for key, value in one_round.items() if isinstance(value, (int, float))}
    return {key: statistics.median(r[key] for r in rounds if r.get(key) is not None) for key in keys}


def with_memory_per_group(results):
    """Adds what each group takes, from the smallest number of groups to this one."""
    for flavour in {flavour for by_flavour in results.values() for flavour in by_flavour}:
        measured = sorted(groups for groups in results if flavour in results[groups])
        for groups in measured[1:]:
            first = results[measured[0]][flavour]["anonymous_kb"]
            results[groups][flavour]["kb_per_group"] = \
                (results[groups][flavour]["anonymous_kb"] - first) / (groups - measured[0])
    return results


def cell(value, digits):
    return "" if value is None else f"{value:.{digits}f}"


def ratio(row, key):
    values = [row[flavour].get(key) for flavour in (OURS, STOCK)]
    return "" if None in values or min(values) <= 0 else f"{values[1] / values[0]:.1f}x"


def table(results, columns=tuple(COLUMNS), what="groups"):
    """results: {label: {flavour: medians}}"""
    used = [column for column in columns if any(column[0] in sums for row in results.values() for sums in row.values())]
    rows = [[what, "", *(title for _, title, _ in used), ""]]
    for label, row in results.items():
        for flavour in (OURS, STOCK):
            if flavour in row:
                rows.append([str(label), flavour, *(cell(row[flavour].get(key), digits) for key, _, digits in used), ""])
        if OURS in row and STOCK in row:
            rows.append([str(label), "ratio", *(ratio(row, key) for key, _, _ in used), ""])
    return "\n".join(align(rows))


def alternate(flavours, number):
    """Which goes first changes from round to round."""
    return flavours if number % 2 == 0 else flavours[::-1]


def run(options):
    """{groups: {flavour: [results]}}; groups of stock above options.stock_max are left out."""
    results = {}
    for number in range(options.rounds):
        for groups in options.groups:
            for flavour in alternate(options.flavours, number):
                if flavour == STOCK and groups > options.stock_max:
                    continue
                result = one(flavour, groups, options)
                results.setdefault(groups, {}).setdefault(flavour, []).append(result)
                tell(f"{groups} groups, {flavour}, round {number + 1}: " + ", ".join(
                    f"{title} {cell(result[key], digits)}" for key, title, digits in COLUMNS if key in result))
    return results


def report(results):
    return table(with_memory_per_group({groups: {flavour: medians(rounds) for flavour, rounds in row.items()}
                                        for groups, row in results.items()}))


def plotted(results):
    """What a plot shows: a title, {groups: {flavour: medians}}, and (key, title) of its panels."""
    return ("What groups cost a sentinel", {groups: {flavour: medians(rounds) for flavour, rounds in row.items()}
                                            for groups, row in results.items()}, PANELS)
