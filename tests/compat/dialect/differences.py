# SPDX-License-Identifier: BSD-3-Clause
"""The differences that are meant to be. Each entry: session title pattern, request pattern (both
glob), reason. docs/COMPATIBILITY.md explains the reasons."""

from fnmatch import fnmatchcase
from pathlib import Path

LIST = Path(__file__).with_name("differences.txt")


class Differences:
    def __init__(self, path=LIST):
        self._entries = []  # [session pattern, request pattern, reason]
        self._used = set()
        reason = None
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("##"):
                reason = line[2:].strip()
            elif line.strip() and not line.startswith("#"):
                session, _, request = line.partition("|")
                assert reason, f"{path.name}: an entry before the first reason: {line}"
                self._entries.append((session.strip(), request.strip(), reason))

    def reason(self, session, request):
        """Why this request may be answered differently; None if it may not."""
        for number, (session_pattern, request_pattern, reason) in enumerate(self._entries):
            if fnmatchcase(session, session_pattern) and fnmatchcase(request, request_pattern):
                self._used.add(number)
                return reason
        return None

    def unused(self):
        """Entries that no difference needed: they would hide the next one."""
        return [f"{session} | {request}" for number, (session, request, _)
                in enumerate(self._entries) if number not in self._used]
