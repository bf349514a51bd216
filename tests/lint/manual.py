#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The manual pages and the completions: made of the table of directives, and well formed.
Usage: manual.py [--write] SOURCE_DIR DIRECTIVES_PROGRAM [SENTINELD]
       manual.py --pages SOURCE_DIR

DIRECTIVES_PROGRAM prints the table (directives.c). contrib/man/directives.txt has a text for each row. --write puts both
into sentineld.conf(5) and the word lists of the completions.

texts        each directive has a text, each text a directive, and its values are those of the table
made         the made part of the page and of both completions is the one that would be made
options      sentineld(8) and both completions name each option that `sentineld --help` names
--pages      mandoc and man find nothing wrong with the pages
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

TEXTS = "contrib/man/directives.txt"
PAGES = ("contrib/man/sentineld.8", "contrib/man/sentineld.conf.5")
COMPLETIONS = ("contrib/completion/sentineld.bash", "contrib/completion/_sentineld")
BEGIN, END = "made by tests/lint/manual.py --write", "end of what is made"
COLUMNS = ("scope", "name", "kind", "default", "min", "max", "choices", "flags")
LARGEST = {str(2**31 - 1), str(2**32 - 1), str(2**63 - 1), str((2**63 - 1) // 1024)}


class Entry:
    """A directive of directives.txt."""

    def __init__(self, head, line):
        self.head, self.line, self.text = head, line, []
        words = head.split()
        self.sentinel = words[0] == "sentinel"
        self.name = words[1] if self.sentinel else words[0]
        self.values = words[2 if self.sentinel else 1:]


class Section:
    def __init__(self, title):
        self.title, self.intro, self.entries = title, [], []


def read_table(program):
    lines = subprocess.run([program], check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()
    return [dict(zip(COLUMNS, line.split("\t"))) for line in lines]


def read_texts(root):
    """The sections, in order."""
    sections = []
    for number, line in enumerate((root / TEXTS).read_text().splitlines(), 1):
        if line.startswith("#"):
            continue
        if line.startswith("== "):
            sections.append(Section(line[3:]))
        elif line.startswith(" "):
            sections[-1].entries[-1].text.append(line.strip())
        elif line and (sections[-1].entries or is_head(line)):
            sections[-1].entries.append(Entry(line, number))
        elif line:
            sections[-1].intro.append(line)
    return sections


def is_head(line):
    """A directive, not a sentence."""
    return not line.endswith(".") and re.match(r"[a-z][a-z0-9-]* ", line) is not None


def matches(entry, row):
    """Whether the text is that of the row."""
    if entry.name != row["name"]:
        return False
    if row["scope"] == "server" or "within_monitor" in row["flags"]:
        return not entry.sentinel
    return entry.sentinel and (row["scope"] == "group") == (entry.values[:1] == ["NAME"])


def choices(row):
    """The values that the head of the text has to have; None: any."""
    if row["kind"] == "yesno":
        return "yes|no"
    return row["choices"] or None


def check_texts(root, table, sections, errors):
    entries = [entry for section in sections for entry in section.entries]
    for row in table:
        found = [entry for entry in entries if matches(entry, row)]
        line = "sentinel " * (row["scope"] != "server") + row["name"]
        if len(found) != 1:
            errors.append(f"{TEXTS}: {len(found)} texts for the directive `{line}`, there has to be one"
                          " (and in the right form: `sentinel NAME-OF-DIRECTIVE NAME ...` for one of a group)")
            continue
        wanted = choices(row)
        if wanted and found[0].values[-1:] != [wanted]:
            errors.append(f"{TEXTS}:{found[0].line}: the values of `{line}` are {wanted}")
        if not found[0].text:
            errors.append(f"{TEXTS}:{found[0].line}: no text")
    for entry in entries:
        if not any(matches(entry, row) for row in table):
            errors.append(f"{TEXTS}:{entry.line}: there is no directive `{entry.head}`")
    aliases = re.findall(r'^    \{"([a-z-]+)", "[a-z-]+"\},$', (root / "sentinel/conf/table/directives.c").read_text(), re.M)
    for alias in aliases:
        if not any(f"`{alias}`" in line for entry in entries for line in entry.text):
            errors.append(f"{TEXTS}: no text names the alias `{alias}`")


def roff(text):
    """A text for roff, with `words` in bold."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", text)
    return "\\&" + text if text[:1] in (".", "'") else text


def roff_macro(line):
    """A macro line whose values are not taken for macros or quotes; it may be broken at each `|`."""
    return line.replace("-", "\\-").replace('"', "\\(dq").replace("|", "|\\:")


def sentences(lines):
    """Each sentence on a line of its own, as roff wants it."""
    return re.split(r"(?<=[.:])\s+(?=[A-Z`0-9])", " ".join(lines))


def facts(row):
    """What the table says of a directive, as sentences."""
    told = []
    low, high = row["min"], row["max"]
    if row["kind"] == "number" and "state" not in row["flags"] and low != "-":
        if high not in LARGEST:
            told.append(f"From {low} to {high}.")
        elif low != "0":
            told.append(f"At least {low}.")
    elif row["kind"] == "bytes":
        told.append(f"At least {low} bytes." if high in LARGEST else f"From {low} to {high} bytes.")
    if row["default"] != "-":
        told.append(f"Default: `{row['default']}`.")
    if "live" in row["flags"]:
        order = "SENTINEL SET" if row["scope"] == "group" else "SENTINEL CONFIG SET"
        told.append(f"`{order}` changes it too.")
    return told


def item(entry, row):
    words = ["Ic", *(["sentinel"] if entry.sentinel else []), entry.name]
    if entry.values:
        words += ["Ar", *entry.values]
    lines = [".It " + roff_macro(" ".join(words))]
    lines += [roff(text) for text in sentences(entry.text) + facts(row)]
    return lines


def render_page(table, sections):
    lines = []
    for section in sections:
        lines.append(f".Ss {section.title}")
        lines += [roff(text) for text in sentences(section.intro)] if section.intro else []
        lines.append(".Bl -tag -width Ds")
        for entry in section.entries:
            row = next((row for row in table if matches(entry, row)), None)
            if row is not None:
                lines += item(entry, row)
        lines.append(".El")
    return "\n".join(lines) + "\n"


def wrap(words, width):
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] += " " + word if lines[-1] else word
    return lines


def render_words(table):
    """Bash and zsh both read this: options, and the words behind `--sentinel`."""
    server = [f"--{row['name']}" for row in table if row["scope"] == "server"]
    sentinel = [row["name"] for row in table
                if row["scope"] != "server" and not {"state", "within_monitor"} & set(row["flags"].split())]
    text = ""
    for name, words in (("server", server), ("sentinel", sentinel)):
        text += f"_sentineld_{name}_words='\n" + "".join(f"    {line}\n" for line in wrap(words, 100)) + "'\n"
    return text


def made(root, table, sections):
    """{path: the part that is made}."""
    words = render_words(table)
    return {PAGES[1]: render_page(table, sections), **{path: words for path in COMPLETIONS}}


def split(text):
    """What is before, in and behind the made part."""
    begin, end = (re.search(rf"^\S+ {re.escape(mark)}\n", text, re.M) for mark in (BEGIN, END))
    if begin is None or end is None:
        raise SystemExit(f"the lines `{BEGIN}` and `{END}` are missing")
    return text[:begin.end()], text[begin.end():end.start()], text[end.start():]


def check_made(root, table, sections, errors):
    for path, wanted in made(root, table, sections).items():
        if split((root / path).read_text())[1] != wanted:
            errors.append(f"{path} is not what the table of directives and {TEXTS} make: tests/lint/manual.py --write")


def write(root, table, sections):
    for path, part in made(root, table, sections).items():
        before, _, behind = split((root / path).read_text())
        (root / path).write_text(before + part + behind)


def checkers():
    """The programs that are here, and find faults in pages; one that finds none prints nothing."""
    if shutil.which("mandoc"):
        yield "mandoc", ["mandoc", "-T", "lint", "-W", "style"]
    if shutil.which("man") and shutil.which("groff"):
        yield "man", ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"]


# mandoc knows the manuals of this machine and the habits of one system, and says so.
NO_FAULT = re.compile(r"referenced manual not found|operating system explicitly specified|Mdocdate|RCS id|"
                      r"verbatim \"--\"|input text line longer|lower case character in document title|file name of the manual")


def check_pages(root, errors):
    for name, command in checkers():
        for page in PAGES:
            done = subprocess.run([*command, root / page], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"})
            said = done.stdout if name == "mandoc" else done.stderr
            for line in said.splitlines():
                if not NO_FAULT.search(line):
                    errors.append(f"{name}: {line}")


def check_options(root, program, errors):
    usage = subprocess.run([program, "--help"], check=True, text=True, stdout=subprocess.PIPE).stdout
    options = set(re.findall(r"--[a-z][a-z-]+", usage.partition("\n\n")[0])) - {"--directive"}
    if len(options) < 3:
        errors.append(f"--help names only {sorted(options)}")
    for path in (PAGES[0], *COMPLETIONS):
        text = (root / path).read_text().replace("\\-", "-")
        for option in sorted(options):
            if option[1:] not in text:  # in mdoc the first dash is a macro
                errors.append(f"{path} does not name {option}")


def check_all(arguments, errors):
    root, table = Path(arguments[0]), read_table(arguments[1])
    sections = read_texts(root)
    if "--write" in sys.argv:
        write(root, table, sections)
    check_texts(root, table, sections, errors)
    check_made(root, table, sections, errors)
    if len(arguments) > 2:
        check_options(root, arguments[2], errors)


def main():
    arguments, errors = [word for word in sys.argv[1:] if word not in ("--write", "--pages")], []
    if "--pages" not in sys.argv:
        check_all(arguments, errors)
    elif list(checkers()):
        check_pages(Path(arguments[0]), errors)
    else:
        print("neither mandoc nor man is here")
    for text in errors:
        print(f"error: {text}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
