# SPDX-License-Identifier: BSD-3-Clause
"""The rounds of the failover benchmark: a fresh group of each flavour, one fault, what was seen."""

import os
import random
import sys
import time

from benchlib.faults import FAULTS
from benchlib.observe import WATCHED, Observer
from harness import OURS, STOCK, Place

FAILOVER_TIMEOUT_MS = 10000
REPLICAS, SENTINELS, QUORUM = 2, 3, 2
TIMEOUT_S = 90
SETTLE_S = 0.2  # after the end, so that late events are seen too


def ms(later, earlier):
    return None if later is None or earlier is None else round((later - earlier) * 1000, 3)


def phases(observer, start):
    """{event: ms after the fault} of the sentinel that led, and the first of all for +sdown."""
    leader = next((e for e in observer.events if e.first("+promoted-slave")), None)
    if leader is None:
        return {}
    seen = {name: ms(leader.first(name, "master ") if name in ("+sdown", "+odown")
                     else leader.first(name), start) for name in WATCHED}
    firsts = [e.first("+sdown", "master ") for e in observer.events]
    seen["first +sdown"] = ms(min((f for f in firsts if f), default=None), start)
    return {name: value for name, value in seen.items() if value is not None and value >= 0}


def measure_writer(observer, start, new_port):
    writer = observer.writer
    promoted = [observer.roles[new_port].master_at]
    promoted += [e.first("+promoted-slave") for e in observer.events]
    promoted = min(p for p in promoted if p)
    last = writer.last_on(observer.old_port)
    return {
        "writes": len(writer.acknowledged),
        "lost_writes": len(writer.lost_writes()),
        "old_master_last_write_after_promotion_ms": max(0.0, ms(last, promoted)),
        "write_gap_ms": ms(writer.gap(start), 0),
        "old_master_follows_ms": ms(observer.old_role.follows_at[new_port], start),
    }


def run_round(group, fault):
    """One fault in group; everything that is reported of it, as a dictionary."""
    observer = Observer(group, with_old_master=fault == "manual")
    try:
        called, start = observer.watch(lambda: FAULTS[fault].inject(group), 0.3 + random.random(), SETTLE_S,
                                       TIMEOUT_S)
        new_port = observer.new_port()
        result = {
            "answers_ms": [ms(a.at, start) for a in observer.answers],
            "switch_events_ms": [ms(e.first("+switch-master"), start) for e in observer.events],
            "replica_ms": ms(max(r.follows_at[new_port] for r in observer.remaining()), start),
            "role_master_ms": ms(observer.roles[new_port].master_at, start),
            "phases_ms": phases(observer, start),
            "events": [[ms(at, start), s.port, name, payload]
                       for e, s in zip(observer.events, group.sentinels)
                       for at, name, payload in e.events],
            "observer_lag_ms": round(observer.lag_ms, 3),
        }
        if start != called:
            result["server_ended_ms"] = ms(start, called)
        result["all_answers_ms"] = max(result["answers_ms"])
        result["first_answer_ms"] = min(result["answers_ms"])
        result["all_switch_events_ms"] = max(result["switch_events_ms"])
        result["replica_after_switch_ms"] = round(
            result["replica_ms"] - result["all_answers_ms"], 3)
        if fault == "manual":
            result.update(measure_writer(observer, start, new_port))
        return result
    finally:
        observer.close()


def set_refused_after(group, after_ms):
    for sentinel in group.sentinels:
        assert sentinel.raw("SET", group.name, "refused-after-milliseconds", str(after_ms)) in (True, "OK")


def build_groups(place, fault, extra, flavours):
    """A ready group of each flavour, in random order."""
    flavours = random.sample(flavours, len(flavours))
    groups = {flavour: place.group(replicas=REPLICAS, sentinels=SENTINELS, quorum=QUORUM,
                                   flavours=[flavour] * SENTINELS, ready=False,
                                   down_after_ms=fault.down_after_ms,
                                   failover_timeout_ms=FAILOVER_TIMEOUT_MS,
                                   sentinel_args={"extra": extra})
              for flavour in flavours}
    for group in groups.values():
        group.wait_ready(40)
    if fault.refused_after_ms:
        set_refused_after(groups[OURS], fault.refused_after_ms)
    return groups


def keep_logs(groups, folder, label):
    """Copies all logs, for those who want to know why a round was slow."""
    os.makedirs(folder, exist_ok=True)
    for flavour, group in groups.items():
        for process in group.servers + group.sentinels:
            path = os.path.join(folder, f"{label}-{flavour}-{process.port}.log")
            with open(path, "w", encoding="utf-8") as out:
                out.write(process.log_text())


def run_flavours(fault, number, log_folder, flavours):
    """{flavour: result} of one round."""
    place = Place()
    groups = {}
    try:
        groups = build_groups(place, FAULTS[fault], ["loglevel debug"] if log_folder else [], flavours)
        results = {}
        for flavour, group in groups.items():
            load = os.getloadavg()[0]
            results[flavour] = run_round(group, fault)
            results[flavour].update({"round": number, "load": round(load, 2)})
            for process in group.servers + group.sentinels:
                process.kill()
        return results
    finally:
        if log_folder:
            keep_logs(groups, log_folder, f"{number:03}-{fault}")
        place.close()


def run(rounds, faults, log_folder=None, stock_every=1):
    """{fault: {flavour: [result]}}; tells its progress on the standard error output. Stock needs long for a
    round: with stock_every 5 it takes part in every fifth."""
    results = {fault: {OURS: [], STOCK: []} for fault in faults}
    total, started = rounds * len(faults), time.monotonic()
    # The faults take turns as well, so that a busy minute of the machine hits all of them.
    for number, (turn, fault) in enumerate([(n, f) for n in range(rounds) for f in faults], 1):
        flavours = [OURS, STOCK] if turn % stock_every == 0 else [OURS]
        seen = run_flavours(fault, number, log_folder, flavours)
        for flavour, result in seen.items():
            results[fault][flavour].append(result)
        told = "   ".join(f"{flavour} {seen[flavour]['all_answers_ms']:7.1f} ms" for flavour in flavours)
        minutes = (time.monotonic() - started) / number * (total - number) / 60
        print(f"[{number:3}/{total}] {fault:<9}  {told}   load {seen[OURS]['load']:.1f}   "
              f"{minutes:.0f} min left", file=sys.stderr, flush=True)
    return results
