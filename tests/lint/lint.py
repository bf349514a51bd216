#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks of the sources that no compiler makes. Usage: lint.py CHECK SOURCE_DIR BUILD_DIR

layers   every include is one that ALLOWED_HEADERS allows to its folder
symbols  base, wire, core and acl call nothing but each other and a few pure functions of libc
headers  each header compiles alone, and twice
sizes    files and functions stay readable: sources of at most 600 lines, headers of at most 400
markers  no leftover work markers, no paths of somebody's machine
licence  every source names its licence
owners   each fact of the core that OWNERS names is written in one file
names    a library has no two static functions of one name, and an extern carries the name of its file or folder
"""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

# The folders of sentinel/ that are libraries of their own.
FOLDERS = ("base", "wire", "core", "conf", "acl", "shell/log", "shell/net", "shell/driver", "shell/links", "shell/store", "shell/report",
           "shell/rescue", "shell/chronicle", "shell/server", "shell/http", "shell/process")

# Project headers that the files of a folder may include; of core, outsiders see only the public ones.
CORE_PUBLIC = ("core/core.h", "core/action.h", "core/input.h", "core/image.h", "core/reason.h", "core/view.h", "core/explain.h", "core/examine.h", "core/rehearse.h")
# What all of the core knows: values, and the structures of groups, members and links.
CORE_MODEL = CORE_PUBLIC + ("base/", "core/timing.h", "core/model/")
ALLOWED_HEADERS = {
    "base": ("base/",),
    "wire": ("base/", "wire/"),
    "core": ("base/", "core/", "wire/hello.h", "wire/hint.h", "wire/info.h", "wire/reply.h", "wire/request.h"),
    "core/values": ("base/", "core/image.h", "core/timing.h"),
    "core/model": CORE_MODEL,
    "core/tell": CORE_MODEL + ("core/tell/",),
    "core/facts": CORE_MODEL + ("core/tell/", "core/facts/"),
    "core/watch": CORE_MODEL + ("core/tell/", "core/facts/", "core/watch/"),
    "core/agree": CORE_MODEL + ("core/tell/", "core/facts/", "core/watch/", "core/agree/"),
    "core/failover": CORE_MODEL + ("core/tell/", "core/facts/", "core/watch/", "core/agree/", "core/failover/"),
    "conf/table": ("base/", "conf/table/", "core/image.h"),
    "conf/file": ("base/", "conf/file/"),
    "conf/read": ("base/", "conf/table/", "conf/file/", "conf/read/", "core/image.h"),
    "conf/state": ("base/", "conf/table/", "conf/file/", "conf/read/config.h", "conf/state/", "core/image.h"),
    "conf/rewrite": ("base/", "conf/table/", "conf/file/", "conf/read/config.h", "conf/rewrite/", "core/image.h"),
    "conf/draft": ("base/", "conf/table/", "conf/read/config.h", "conf/rewrite/", "conf/state/", "conf/draft/", "core/image.h"),
    "conf/conf.c": ("base/", "conf/", "core/image.h"),
    "conf/conf.h": ("base/", "conf/", "core/image.h"),
    "acl": ("base/", "acl/"),
    "shell/log": ("base/", "shell/log/"),
    "shell/net": ("base/", "shell/net/"),
    "shell/driver": ("base/", "shell/driver/") + CORE_PUBLIC,
    "shell/links": ("base/", "wire/", "shell/driver/driver.h", "shell/net/", "shell/links/") + CORE_PUBLIC,
    "shell/store": ("base/", "conf/", "shell/driver/driver.h", "shell/log/log.h", "shell/store/") + CORE_PUBLIC,
    "shell/rescue": ("base/", "wire/", "shell/driver/driver.h", "shell/links/", "shell/net/", "shell/store/store_file.h", "shell/report/json.h", "shell/rescue/") + CORE_PUBLIC,
    "shell/report": ("base/", "shell/report/") + CORE_PUBLIC,
    "shell/chronicle": ("base/", "shell/driver/driver.h", "shell/log/log.h", "shell/store/store_file.h", "shell/report/",
                        "shell/chronicle/") + CORE_PUBLIC,
    "shell/server": ("base/", "wire/", "conf/", "acl/acl.h", "acl/spec_index.h", "acl/specs.h", "shell/driver/driver.h", "shell/log/log.h", "shell/net/",
                     "shell/store/store_file.h", "shell/report/", "shell/chronicle/chronicle.h", "shell/server/", "sn_version.h") + CORE_PUBLIC,
    "shell/http": ("base/", "conf/table/", "shell/driver/driver.h", "shell/log/log.h", "shell/net/", "shell/server/server.h",
                   "shell/server/checkup.h", "shell/server/quorum.h", "shell/report/", "shell/chronicle/chronicle.h", "shell/http/", "sn_version.h") + CORE_PUBLIC,
    "shell/process": ("base/", "conf/", "shell/", "sn_version.h") + CORE_PUBLIC,
    "main.c": ("base/", "shell/process/", "sn_version.h"),
}

PURE_LIBC = ("assert.h", "ctype.h", "errno.h", "inttypes.h", "limits.h", "math.h", "stdarg.h", "stdbool.h",
             "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h", "strings.h",
             "uthash.h", "utlist.h")
# Folders whose files may include no other system headers.
ONLY_PURE = ("wire", "core")
ONLY_IN_SHELL = re.compile(r"^(uv\.h|hiredis/|openssl/|microhttpd|jansson)")

# What base, wire, core and acl may call besides each other.
PURE_CALLS = {
    "memcpy", "memmove", "memset", "memcmp", "memchr", "strlen", "strnlen", "strcmp", "strncmp",
    "strchr", "strrchr", "strstr", "strspn", "strcspn", "strcpy", "strncpy", "stpcpy",
    "strcasecmp", "strncasecmp", "strtod", "snprintf", "vsnprintf", "qsort", "bsearch", "toupper", "tolower",
    "abort", "free", "__assert_fail", "__ctype_b_loc", "__ctype_tolower_loc", "__ctype_toupper_loc",
    "_GLOBAL_OFFSET_TABLE_",
}
# The allocator, which says so when there is no memory, and the text form of addresses.
# Hashes of passwords.
ACL_CALLS = {"SHA256", "CRYPTO_memcmp", "strtok_r", "strpbrk"}
BASE_CALLS = {"malloc", "calloc", "realloc", "fprintf", "stderr", "inet_ntop", "inet_pton"}
INSTRUMENTATION = re.compile(r"^(__asan_|__ubsan_|__sanitizer_|__gcov_|__llvm_|__stack_chk_|__sancov_|__odr_asan\.|"
                             r"_\.stapsdt\.)")

FILE_LINES_MAX = {("sentinel", ".c"): 600, ("sentinel", ".h"): 400, ("tests", ".c"): 1000, ("tests", ".h"): 1000}
FILE_LINES_WISH = 600
# Longer files, and how long each may be until it is split. The list only gets shorter: a file that needs
# its place no longer is an error.
TOLERATED_FILES = {
}
# Tests may hold a long table.
FUNCTION_LINES_MAX = {"sentinel": 80, "tests": 250}
FUNCTION_LINES_WISH = 70


class Report:
    def __init__(self):
        self.errors = []
        self.notes = []

    def error(self, text):
        self.errors.append(text)

    def note(self, text):
        self.notes.append(text)


def c_files(root, *folders, suffixes=(".c", ".h")):
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                yield path


def folder_of(root, path):
    """The entry of ALLOWED_HEADERS that holds for the file; None: it stands where no file belongs."""
    name = path.relative_to(root / "sentinel")
    return next((str(place) for place in (name, *name.parents) if str(place) in ALLOWED_HEADERS), None)


def includes(path):
    """(line number, '<' or '"', header) of every include."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', line)
        if match:
            yield number, match.group(1), match.group(2)


def check_layers(root, _build, report):
    inih_users = set()
    for path in c_files(root, "sentinel"):
        folder = folder_of(root, path)
        if folder is None:
            report.error(f"{path.relative_to(root)}: no rule says what the files of this folder may include")
            continue
        for number, kind, header in includes(path):
            where = f"{path.relative_to(root)}:{number}"
            if header == "ini.h":
                inih_users.add(str(path.relative_to(root)))
            if kind == '"' and not header.startswith(ALLOWED_HEADERS[folder]):
                report.error(f"{where}: {folder} may not include \"{header}\"")
            if kind == "<":
                if folder.split("/")[0] in ONLY_PURE and header not in PURE_LIBC:
                    report.error(f"{where}: {folder} may not include <{header}>")
                if folder == "acl" and header not in (*PURE_LIBC, "openssl/crypto.h", "openssl/sha.h"):
                    report.error(f"{where}: {folder} may not include <{header}>")
                if ONLY_IN_SHELL.match(header) and folder != "acl" and not folder.startswith("shell/"):
                    report.error(f"{where}: <{header}> belongs to shell")
    if len(inih_users) > 1:
        report.error("inih is used in more than one file: " + ", ".join(sorted(inih_users)))


def nm(archive, *options):
    output = subprocess.run(["nm", *options, str(archive)], check=True, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return {line.split()[-1] for line in output.splitlines() if line and not line.endswith(":")}


def check_symbols(_root, build, report):
    lower = set()
    for layer in ("base", "wire", "core", "acl"):
        archive = build / "sentinel" / layer / f"libsn_{layer}.a"
        lower |= nm(archive, "--defined-only", "-g")
        pure = PURE_CALLS | {"base": BASE_CALLS, "acl": ACL_CALLS}.get(layer, set())
        for symbol in sorted(nm(archive, "--undefined-only") - lower):
            plain = re.sub(r"^__(?:isoc(?:99|23)_)?(\w+)_chk$", r"\1", symbol)
            if plain not in pure and not INSTRUMENTATION.match(symbol):
                report.error(f"libsn_{layer}.a needs {symbol}, which is neither pure nor of a layer below")


def compile_flags(build, folder):
    """How a source of the folder is compiled, without its input and output."""
    marker = f"CMakeFiles/sn_{folder.replace('/', '_')}.dir/"
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if marker not in entry["command"]:
            continue
        words = iter(shlex.split(entry["command"]))
        kept = []
        for word in words:
            if word in ("-o", "-MF", "-MT", "-MQ"):
                next(words)
            elif word not in ("-c", "-MD", entry["file"]):
                kept.append(word)
        return kept
    raise SystemExit(f"no source of {folder} in compile_commands.json")


def check_headers(root, build, report):
    for folder in FOLDERS:
        flags = compile_flags(build, folder)
        for path in c_files(root, f"sentinel/{folder}", suffixes=(".h",)):
            name = path.relative_to(root / "sentinel")
            code = f'#include "{name}"\n#include "{name}"\nextern int sn_alone;\n'
            done = subprocess.run(flags + ["-fsyntax-only", "-x", "c", "-"], input=code, text=True,
                                  cwd=build, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode != 0:
                report.error(f"{name} does not compile alone:\n{done.stdout}")


def functions(lines):
    """(first line number, length, text of the head) of every function, as clang-format lays out."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield start, number - start + 1, lines[start - 2].strip()
            start = None


def check_sizes(root, _build, report):
    for name in TOLERATED_FILES:
        if not (root / name).exists():
            report.error(f"{name} does not exist: take it out of TOLERATED_FILES")
    for path in c_files(root, "sentinel", "tests"):
        lines = path.read_text().splitlines()
        name = path.relative_to(root)
        lines_max, function_max = FILE_LINES_MAX[name.parts[0], path.suffix], FUNCTION_LINES_MAX[name.parts[0]]
        tolerated = TOLERATED_FILES.get(str(name))
        if len(lines) > (tolerated or lines_max):
            report.error(f"{name}: {len(lines)} lines, at most {tolerated or lines_max}")
        elif tolerated and len(lines) <= lines_max:
            report.error(f"{name}: {len(lines)} lines are few enough: take it out of TOLERATED_FILES")
        elif len(lines) > min(lines_max, FILE_LINES_WISH):
            report.note(f"{name}: {len(lines)} lines")
        for first, length, head in functions(lines):
            if length > function_max:
                report.error(f"{name}:{first}: {length} lines, at most {function_max}: {head}")
            elif length > FUNCTION_LINES_WISH:
                report.note(f"{name}:{first}: {length} lines: {head}")


TEXT_SUFFIXES = {".c", ".h", ".py", ".cmake", ".json", ".md", ".sh", ".txt", ".in", ".conf", ".ini"}
# Spelt so that this file does not contain them.
MARKERS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(wo" r"rk|ho" r"me|ro" r"ot)/")


def own_texts(root):
    for folder in ("sentinel", "tests", "scripts", "cmake", ".ci"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "corpus" not in path.parts and "__pycache__" not in path.parts:
                if path.suffix in TEXT_SUFFIXES or not path.suffix:
                    yield path
    yield root / "CMakeLists.txt"


def check_markers(root, _build, report):
    for path in own_texts(root):
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if MARKERS.search(line) or MACHINE_PATHS.search(line):
                report.error(f"{path.relative_to(root)}:{number}: {line.strip()}")


LICENSED_SUFFIXES = {".c", ".h", ".py", ".cmake", ".sh", ".in"}


def check_licence(root, _build, report):
    for path in own_texts(root):
        is_script = not path.suffix and path.read_bytes()[:2] == b"#!"
        if path.suffix in LICENSED_SUFFIXES or path.name == "CMakeLists.txt" or is_script:
            head = path.read_text().splitlines()[:2]
            if not any("SPDX-License-Identifier: BSD-3-Clause" in line for line in head):
                report.error(f"{path.relative_to(root)}: no SPDX line at its top")


# What externs of a file are called after besides the file, and why. The list only gets shorter: a name that no
# extern of the file needs is an error.
TOLERATED_PREFIXES = {
    "base/alloc.c": ("realloc", "strdup", "strndup", "strset"),  # named like what they stand for in libc
    "base/error.c": ("strerror",),  # likewise
    "base/prng.c": ("hash",),  # the mixing function of the generator, used alone
    "base/text.c": ("words",),  # the words of a text: short, and nothing else uses them so closely
    "acl/specs.c": ("category",),  # categories are a part of the table of commands
    "core/facts/reason.c": ("group",),  # what view.h shows of a group
    # The members, what a link refuses, and how both are shown: operations on a noun whose own file is full.
    "core/facts/members.c": ("group", "peer"),
    "core/facts/refusal.c": ("link",),
    "core/tell/form.c": ("instance",),
    "core/values/image.c": ("globals", "group_image", "group_params", "renames"),  # the parts of an image
    "core/view.c": ("group", "instance"),  # what the other layers may ask of them
    "shell/net/stream.c": ("listener",),  # streams that others open
    # Nouns of the server that are a part of what their files are about.
    "shell/server/cmd_command.c": ("command_texts",),
    "shell/server/describe.c": ("client",),
    "shell/server/pubsub.c": ("subscriptions",),
    "shell/server/stats.c": ("rate",),
}
# Static functions of which a library has two, to be told apart when their files are next changed. The list only
# gets shorter as well.
TOLERATED_STATICS = {}
STATIC_FUNCTION = re.compile(r"^static (?:SN_\w+\([^)]*\)\s+)?[^=;(]*?(\w+)\([^;]*?\n{", re.MULTILINE)


def prefixes(path):
    """How the externs of a file below sentinel/ may begin: with its name or the first words of that, in the singular
    or the plural, or with the name of a folder that it is in."""
    words = path.stem.split("_")
    stems = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
    singular = [re.sub("s$", "", stem) for stem in stems]
    return [*singular, *(f"{stem}s" for stem in singular), *path.parts[:-1]]


def begins(symbol, words):
    """The words with which it begins, of these."""
    return {word for word in words if re.match(rf"sn_{word}(_|$)", symbol)}


def check_externs(path, symbols, report):
    tolerated = TOLERATED_PREFIXES.get(str(path), ())
    needed = set()
    for symbol in sorted(symbols):
        if INSTRUMENTATION.match(symbol) or begins(symbol, prefixes(path)):
            continue
        found = begins(symbol, tolerated)
        needed |= found
        if not found:
            report.error(f"{path}: {symbol} carries the name neither of its file nor of a folder of that")
    for word in sorted(set(tolerated) - needed):
        report.error(f"{path}: no extern needs sn_{word}: take it out of TOLERATED_PREFIXES")


def check_statics(library, texts, report):
    """texts: {path: text} of its sources."""
    tolerated = TOLERATED_STATICS.get(library, ())
    seen, twice = {}, set()
    for path, text in texts.items():
        for static in set(STATIC_FUNCTION.findall(text)):
            if static in seen:
                twice.add(static)
                if static not in tolerated:
                    report.error(f"{path}: {static}() stands in {seen[static]} too")
            seen.setdefault(static, path)
    for static in sorted(set(tolerated) - twice):
        report.error(f"{library}: there is no second {static}(): take it out of TOLERATED_STATICS")


def externs(folder, sources):
    """{source: the symbols that it defines for others}; folder: where the objects are."""
    found = {source: set() for source in sources}
    if sources:
        objects = [f"{source}.o" for source in sources]
        output = subprocess.run(["nm", "-A", "--defined-only", "-g", *objects], check=True, cwd=folder, text=True,
                                stdout=subprocess.PIPE).stdout
        for line in output.splitlines():
            found[line.split(".o:")[0]].add(line.split()[-1])
    return found


# Facts of the core, and the one file that writes them. core.c may write what it loads.
OWNERS = {
    "facts/turn.c": ("lost_rounds", "retry_at", "rank_at", "stand_back_until", "held"),
    "facts/instance.c": ("s_down", "s_down_at", "s_up_at"),
    "facts/group.c": ("o_down", "config_epoch"),
    "facts/attempt.c": ("reconf",),
    "facts/silence.c": ("silence_at", "act_ping_at", "traffic_at"),
    "facts/unanswered.c": ("unanswered", "pauses_pending"),
    "failover/drain.c": ("phase",),
}
LOADED_BY_CORE = ("config_epoch",)


def check_owners(root, _build, report):
    owners = {field: file for file, fields in OWNERS.items() for field in fields}
    # Comparisons have a second "=" or another character before it.
    write = re.compile(r"(?:->|\.)(\w+) *(?:[-+|&]?=(?!=)|\+\+|--)|(?:\+\+|--)[\w.>-]*?(?:->|\.)(\w+)\b(?!->|\.|\()")
    for path in c_files(root, "sentinel/core", suffixes=(".c",)):
        name = path.relative_to(root / "sentinel/core").as_posix()
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for match in write.finditer(line):
                field = match.group(1) or match.group(2)
                owner = owners.get(field, name)
                if owner != name and not (name == "core.c" and field in LOADED_BY_CORE):
                    report.error(f"{path.relative_to(root)}:{number}: writes {field}, which only {owner} does")


def check_names(root, build, report):
    paths = set()
    for library in FOLDERS:
        objects = build / "sentinel" / library / f"CMakeFiles/sn_{library.replace('/', '_')}.dir"
        top = root / "sentinel" / library
        texts = {str(path.relative_to(top)): path.read_text() for path in c_files(root, f"sentinel/{library}",
                                                                                  suffixes=(".c",))}
        for name, symbols in externs(objects, list(texts)).items():
            check_externs(Path(library, name), symbols, report)
        check_statics(library, {f"{library}/{name}": text for name, text in texts.items()}, report)
        paths.update(f"{library}/{name}" for name in texts)
    for name in TOLERATED_PREFIXES:
        if name not in paths:
            report.error(f"{name} does not exist: take it out of TOLERATED_PREFIXES")


CHECKS = {name[len("check_"):]: function for name, function in globals().items()
          if name.startswith("check_")}


def main():
    check, root, build = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    os.environ["LC_ALL"] = "C"
    report = Report()
    CHECKS[check](root, build, report)
    for text in report.notes:
        print(f"long: {text}")
    for text in report.errors:
        print(f"error: {text}")
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main())
