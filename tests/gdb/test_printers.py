# SPDX-License-Identifier: BSD-3-Clause
"""scripts/gdb/sentineld.py on a model of a core, on a core dump of that, and on the daemon itself. Run as a program:
test_printers.py GDB SCRIPT MODEL DAEMON. Where gdb cannot be used it says why, and is skipped."""

import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

FILE_MAX = 64 << 20  # of the core dump, which has less than one of these megabytes
REFUSED = ("Operation not permitted", "Could not trace the inferior process", "Cannot create process")

GROUPS = """\
sentinel 00000000: groups 2, epoch 8, now 2000, tilt since 1800
m1, master 10.0.0.1:6379, config epoch 6, flags s_down o_down held, failover wait_promotion since 1950, epoch 8, planned, \
promotes 10.0.0.2:6379
    vote for 00000000 in epoch 8, quorum 2
    master 10.0.0.1:6379, run id none, s_down since 1900, reports master, link connecting
    replica 10.0.0.2:6379, run id 11111111, reports replica, promoted, info unanswered, order unanswered
    replica 10.0.0.3:6379, run id none, reports replica
    peer [fe80::1]:26379, run id aaaaaaaa, says that the master is down, voted for 00000000 in epoch 8
m2, master db.example.org:6380 (not resolved), config epoch 0, flags none, failover none
    vote for none in epoch 0, quorum 2
    master db.example.org:6380 (not resolved), run id none, reports unknown
"""

# What is printed of an expression, as a pattern.
PRINTED = {
    "holder->group": r"\(struct sn_group \*\) 0x\w+ m1, master 10\.0\.0\.1:6379, config epoch 6, .*",
    "*holder->group": r"m1, master .* = \{id = 1, .*quorum = 2, .*o_down = true, .*rank_at = never, .*",
    "*holder->replica": r"replica 10\.0\.0\.2:6379, run id 11111111, .* = \{.*runid = 1{40}, .*data = \{.*",
    "*holder->peer": r"peer \[fe80::1\]:26379, .* = \{.*kind = peer, .*peer = \{.*master_down = true, .*",
    "*holder->link": r"data, up, id 41, 2 pending = \{.*retry = link_retry at 2500, ping = disarmed, .*",
    "links[0]": r"data, connecting, id 40, silent since 900 = \{.*",
    "holder->stale": r"\(struct sn_instance \*\) 0x10",
    "lone.addr": r"db\.example\.org:6380 \(not resolved\)",
    "holder->group->failover.state": "wait_promotion",
    "(enum sn_failover_state)99": "99, which is no sn_failover_state",
    "/r holder->group->failover.state": "SN_FAILOVER_WAIT_PROMOTION",
}


def limit():
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_MAX, FILE_MAX))


def gdb_with(gdb, script, arguments, *commands):
    """What gdb prints of these commands."""
    words = [gdb, "-nx", "-batch", "-iex", "set debuginfod enabled off", "-ex", "set width 0", "-ex", "set confirm off"]
    words += ["-x", script] if script else []
    for command in commands:
        words += ["-ex", command]
    # A traced process cannot look for leaks.
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0", "LC_ALL": "C"}
    done = subprocess.run([*words, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, check=False, preexec_fn=limit,
                          env=environment)
    return done.stdout


def skip(reason):
    print("gdb printers are not tested:", reason)
    sys.exit(0)


def fail(wanted, said):
    sys.exit(f"wanted: {wanted}\nsaid:\n{said}")


def model(gdb, script, program):
    """The running model, then its core dump."""
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder, "core")
        prints = [part for what in PRINTED for part in (f"echo {what}:", f"print {what}".replace(" /", "/"))]
        said = gdb_with(gdb, script, [program], "break stop_here", "run", "sentinel groups", "sentinel groups holder",
                        *prints, "sentinel groups 1", f"generate-core-file {dump}", "kill")
        if any(text in said for text in REFUSED):
            skip("this machine does not let gdb trace processes")
        if said.count(GROUPS) != 2:
            fail(f"twice {GROUPS}", said)
        for what, pattern in PRINTED.items():
            if not re.search(rf"^{re.escape(what)}:\$\d+ = {pattern}$", said, re.MULTILINE):
                fail(f"{what} = {pattern}", said)
        if "1 is no struct sn_core * and has none" not in said:
            fail("an error about 1", said)
        said = gdb_with(gdb, script, [program, dump], "sentinel groups")
        if GROUPS not in said:
            fail(f"of a core dump: {GROUPS}", said)


def nothing(gdb, script):
    said = gdb_with(gdb, script, [], "sentinel groups")
    if "there is no process and no core dump" not in said:
        fail("an error without a process", said)


def daemon(gdb, script, program):
    """A daemon that is about to make its first connection."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        conf = Path(folder, "sentinel.conf")
        conf.write_text(f"bind 127.0.0.1\nport {port}\ndir {folder}\nsentinel monitor m1 127.0.0.1 1 1\n",
                        encoding="utf-8")
        said = gdb_with(gdb, script, ["--args", program, conf], "break sn_links_connect", "run", "sentinel groups",
                        "kill")
    wanted = r"^sentinel [0-9a-f]{8}: groups 1, epoch 0, now \d+\nm1, master 127\.0\.0\.1:1, "
    if not re.search(wanted, said, re.MULTILINE):
        fail("the group of the daemon", said)


def main(gdb, script, program, sentineld):
    if not shutil.which(gdb):
        skip("gdb is not installed (scripts/deps --dev)")
    if "has python" not in gdb_with(gdb, None, [], 'python print("has python")'):
        skip("this gdb has no python")
    model(gdb, script, program)
    nothing(gdb, script)
    daemon(gdb, script, sentineld)


main(*sys.argv[1:])
