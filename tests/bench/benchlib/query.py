# SPDX-License-Identifier: BSD-3-Clause
"""What requests cost a sentinel that watches few or many groups, and how fast an event reaches many subscribers."""

import json
import os
import subprocess
import time

from benchlib import fleet, scale

CLIENTS, SUBSCRIBERS = 50, 10000
ASK = ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "m%")
# Name of a row: (arguments of sentinel-load, request)
REQUESTS = {
    "get-master-addr, 50 clients": (["--clients", str(CLIENTS)], ASK),
    "the same, pipeline 16": (["--clients", str(CLIENTS), "--pipeline", "16"], ASK),
    "SENTINEL MASTERS, 1 client": ([], ("SENTINEL", "MASTERS")),
    "SENTINEL MASTERS, pipeline 16": (["--pipeline", "16"], ("SENTINEL", "MASTERS")),
    "INFO sentinel, 1 client": ([], ("INFO", "sentinel")),
    "PING, 50 clients": (["--clients", str(CLIENTS)], ("PING",)),
}
COLUMNS = [("per_s", "requests/s", 0), ("cpu_us", "CPU us each", 2), ("p50_ms", "p50 ms", 3), ("p99_ms", "p99 ms", 3),
           ("errors", "errors", 0)]
EVENT_COLUMNS = [("event_p50_ms", "median ms", 1), ("event_max_ms", "max ms", 1), ("event_cpu_ms", "CPU ms each", 1),
                 ("event_cpu_us", "CPU us/subscriber", 2)]


def load(sentinel, arguments, request):
    """What sentinel-load printed."""
    done = subprocess.run([os.environ["SENTINEL_LOAD"], *arguments, "127.0.0.1", str(sentinel.port), *request],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure(sentinel, groups, seconds):
    """{row: numbers}; the CPU time that the sentinel takes when nobody asks does not count."""
    results, before = {}, fleet.cpu_s(sentinel.pid)
    time.sleep(seconds)
    idle = (fleet.cpu_s(sentinel.pid) - before) / seconds
    for name, (arguments, request) in REQUESTS.items():
        before = fleet.cpu_s(sentinel.pid)
        result = load(sentinel, ["--seconds", str(seconds), "--names", str(groups), *arguments], request)
        used = fleet.cpu_s(sentinel.pid) - before - idle * result["seconds"]
        result["per_s"] = result["requests"] / result["seconds"]
        result["cpu_us"] = used * 1e6 / max(1, result["requests"])
        results[name] = result
    return results


def measure_events(sentinel, groups, subscribers, count):
    """An event that SENTINEL SET raises, until the last subscriber has it. The saving of the value is part of the time."""
    before = fleet.cpu_s(sentinel.pid)
    with subprocess.Popen([os.environ["SENTINEL_LOAD"], "--clients", str(subscribers), "--subscribe", "+set", "--events",
                           str(count), "--names", str(groups), "127.0.0.1", str(sentinel.port), "SENTINEL", "SET", "m%",
                           "failover-timeout", "18%000"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            child.stdout.readline()
            before = fleet.cpu_s(sentinel.pid)
            result = json.loads(child.stdout.readline())
            used = fleet.cpu_s(sentinel.pid) - before
        finally:
            child.kill()
    return {"event_p50_ms": result["p50_ms"], "event_max_ms": result["max_ms"], "event_cpu_ms": used * 1000 / count,
            "event_cpu_us": used * 1e6 / count / subscribers}


def one(flavour, groups, options):
    with fleet.Fleet(flavour, groups, sentinels=1, quorum=1, down_after_milliseconds=options.down_after) as group:
        group.start()
        group.wait_known()
        time.sleep(options.settle)
        sentinel = group.sentinels[0]
        results = measure(sentinel, groups, options.seconds)
        if options.subscribers:
            results[f"event to {options.subscribers} subscribers"] = \
                measure_events(sentinel, groups, options.subscribers, options.events)
        return results


def run(options):
    """{"groups, row": {flavour: [results]}}"""
    results = {}
    for number in range(options.rounds):
        for groups in options.groups:
            for flavour in scale.alternate(options.flavours, number):
                for name, result in one(flavour, groups, options).items():
                    results.setdefault(f"{groups}: {name}", {}).setdefault(flavour, []).append(result)
                    scale.tell(f"{groups} groups, {flavour}, round {number + 1}, {name}: " + ", ".join(
                        f"{title} {scale.cell(result[key], digits)}" for key, title, digits in COLUMNS + EVENT_COLUMNS
                        if key in result))
    return results


def report(results):
    rows = {label: {flavour: scale.medians(rounds) for flavour, rounds in row.items()} for label, row in results.items()}
    events = {label: row for label, row in rows.items() if "event to" in label}
    requests = {label: row for label, row in rows.items() if label not in events}
    tables = [scale.table(requests, COLUMNS, "groups: request")]
    if events:
        tables.append(scale.table(events, EVENT_COLUMNS, "groups: event"))
    return "\n\n".join(tables)


def plotted(results):
    """As that of scale: a panel for what each request, or an event, takes of the CPU."""
    by_groups, titles = {}, []
    for label, row in results.items():
        groups, name = label.split(": ", 1)
        if name not in titles:
            titles.append(name)
        for flavour, rounds in row.items():
            sums = scale.medians(rounds)
            by_groups.setdefault(int(groups), {}).setdefault(flavour, {})[name] = sums.get("cpu_us", sums.get("event_cpu_us"))
    return ("What requests cost a sentinel that watches groups", by_groups,
            [(name, f"{name}: CPU, us each") for name in titles])
