# SPDX-License-Identifier: BSD-3-Clause
"""What lint.py says of sources that break one rule each. Run as a program."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import lint

STATIC = "static int helper(int a)\n{{\n    return a + {0};\n}}\n"
EXTERN = "int {0}(int a);\nint {0}(int a)\n{{\n    return a;\n}}\n"


def write(place, sources):
    """The sources of a project, and the objects that a build of it would leave."""
    for name, text in sources.items():
        path = place / "sentinel" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        library = next(folder for folder in lint.FOLDERS if name.startswith(f"{folder}/"))
        built = place / "build/sentinel" / library / f"CMakeFiles/sn_{library.replace('/', '_')}.dir"
        target = built / f"{path.relative_to(place / 'sentinel' / library)}.o"
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".c":
            subprocess.run([os.environ.get("CC", "cc"), "-c", "-o", target, path], check=True)


def said(check, sources, **lists):
    """The errors that a check finds in sources, where the lists of the tolerated are these."""
    for name in ("FILES", "PREFIXES", "STATICS"):
        setattr(lint, f"TOLERATED_{name}", lists.get(name.lower(), {}))
    report = lint.Report()
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), sources)
        check(Path(folder), Path(folder, "build"), report)
    return report.errors


def expect(wanted, errors):
    """Exactly one error, which has these words; none where there are no words."""
    if [wanted in error for error in errors] != ([True] if wanted else []):
        sys.exit(f"wanted: {wanted or 'nothing'}\nsaid: {errors}")


def lines(count):
    return "/* */\n" * count


def sizes():
    def check(wanted, sources, **lists):
        expect(wanted, said(lint.check_sizes, sources, **lists))

    check("", {"core/a.c": lines(600), "core/a.h": lines(400)})
    check("core/a.c: 601 lines, at most 600", {"core/a.c": lines(601)})
    check("core/a.h: 401 lines, at most 400", {"core/a.h": lines(401)})
    check("", {"core/a.h": lines(450)}, files={"sentinel/core/a.h": 450})
    check("451 lines, at most 450", {"core/a.h": lines(451)}, files={"sentinel/core/a.h": 450})
    check("are few enough", {"core/a.h": lines(400)}, files={"sentinel/core/a.h": 450})
    check("does not exist", {"core/a.h": lines(9)}, files={"sentinel/core/b.h": 450})
    check("82 lines, at most 80", {"core/a.c": "void sn_a(void)\n{\n" + lines(80) + "}\n"})


def names():
    def check(wanted, sources, **lists):
        expect(wanted, said(lint.check_names, sources, **lists))

    check("", {"base/a.c": STATIC.format(1), "core/a.c": STATIC.format(2)})
    for folder in lint.FOLDERS:
        inside = f"{folder}/part" if folder in ("core", "conf") else folder
        check(f"{inside}/b.c: helper() stands in {folder}/a.c too",
              {f"{folder}/a.c": STATIC.format(1), f"{inside}/b.c": STATIC.format(2)})
        check(f"{inside}/b.c: sn_else_do carries", {f"{inside}/b.c": EXTERN.format("sn_else_do")})
    two = {"base/a.c": STATIC.format(1), "base/b.c": STATIC.format(2)}
    check("", two, statics={"base": ("helper",)})
    check("no second other()", two, statics={"base": ("helper", "other")})
    marked = "#define SN_PRINTF(a, b)\nstatic SN_PRINTF(1, 2) void {0}(int a)\n{{\n    (void)a;\n}}\n"
    check("", {"base/a.c": marked.format("one"), "base/b.c": marked.format("two")})
    check("one() stands", {"base/a.c": marked.format("one"), "base/b.c": marked.format("one")})

    for good in ("sn_links_do", "sn_link_do", "sn_links_far_do", "sn_server_do"):
        check("", {"shell/server/links_far.c": EXTERN.format(good)})
    check("sn_linkage_do carries", {"shell/server/links_far.c": EXTERN.format("sn_linkage_do")})
    check("sn_far_do carries", {"shell/server/links_far.c": EXTERN.format("sn_far_do")})
    far = {"base/a.c": EXTERN.format("sn_far_do")}
    check("", far, prefixes={"base/a.c": ("far",)})
    check("no extern needs sn_near", far, prefixes={"base/a.c": ("far", "near")})
    check("does not exist", {"base/a.c": ""}, prefixes={"base/b.c": ()})


def owners():
    def check(wanted, file, line):
        expect(wanted, said(lint.check_owners, {f"core/{file}": f"#define NOTHING(...)\nNOTHING({line})\n"}))

    check("", "facts/turn.c", "group->held = true;")
    check("", "core.c", "group->config_epoch = 7;")
    check("", "agree/a.c", "if (group->held == true && link->silence_at <= 7 && data.unanswered != 0)")
    check("", "agree/a.c", "group->held->else_ = 1;")
    for line in ("group->held = true;", "wait(group.held |= true);", "group->held++;", "--the.group->held;"):
        check("core/agree/a.c:2: writes held, which only facts/turn.c does", "agree/a.c", line)


sizes()
names()
owners()
