# SPDX-License-Identifier: BSD-3-Clause
"""The differences that are meant to be. Each entry: session title pattern, request pattern (both
glob), reason. docs/COMPATIBILITY.md explains the reasons. The reasons that begin with NEWER_FORM
list where not even the newer stock daemon answers as we do, those with EITHER what may be so or so."""

from fnmatch import fnmatchcase
from pathlib import Path

NEWER_FORM = "Valkey:"
EITHER = "Either way:"
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
        return self._find(session, request, False)

    def newer_reason(self, session, request):
        """The same for what the newer stock daemon answers."""
        return self._find(session, request, True)

    def _find(self, session, request, newer):
        for number, (session_pattern, request_pattern, reason) in enumerate(self._entries):
            if reason.startswith(NEWER_FORM) != newer:
                continue
            if fnmatchcase(session, session_pattern) and fnmatchcase(request, request_pattern):
                self._used.add(number)
                return reason
        return None

    def unused(self):
        """Entries that no difference needed: they would hide the next one."""
        return [f"{session} | {request}" for number, (session, request, reason)
                in enumerate(self._entries) if number not in self._used and not reason.startswith(EITHER)]
