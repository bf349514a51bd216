#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What packages bring along agrees with the sources. Usage: contrib.py SOURCE_DIR SENTINELD PACKAGED_CONF

conf       sentineld takes the first configuration of a package
licence    contrib/debian/copyright has the text of LICENSE
paths      the paths of the configuration, units, rotation, maintainer scripts and manual pages are the same ones
versions   the RPM spec packages the version of CMakeLists.txt
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

CONF, STATE, LOG = "/etc/sentineld/sentinel.conf", "/var/lib/sentineld", "/var/log/sentineld"
# Which of these paths a file has to name.
NAMED = {
    "contrib/debian/conffiles": (CONF,),
    "contrib/debian/postinst": (CONF, STATE, LOG),
    "contrib/debian/postrm": (STATE, LOG),
    "contrib/logrotate/sentineld": (LOG,),
    "contrib/man/sentineld.8": (CONF, STATE, LOG),
    "contrib/man/sentineld.conf.5": (CONF, STATE, LOG),
    "contrib/rpm/sentineld.spec": ("sentineld/sentinel.conf", "lib/sentineld", "log/sentineld"),
    "contrib/systemd/sentineld.service": (CONF,),
    "contrib/systemd/sentineld.sysusers": (STATE,),
}


def check_conf(program, conf, errors):
    text = conf.read_text()
    for line in (f"logfile {LOG}/sentineld.log", f"dir {STATE}", "protected-mode yes"):
        if f"\n{line}\n" not in text:
            errors.append(f"{conf.name}: no line `{line}`")
    if re.search(r"^sentinel monitor ", text, re.M):
        errors.append(f"{conf.name}: watches a group before anybody has named one")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "sentinel.conf")
        copy.write_text(text.replace(STATE, folder).replace(LOG, folder))
        done = subprocess.run([program, "--check-config", copy, "--port", "0"],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            errors.append(f"{conf.name} would not start: {done.stdout}")


def check_licence(root, errors):
    words = re.split(r"\s+", (root / "LICENSE").read_text().partition("\n\n")[2].partition("\n\n")[2].strip())
    told = (root / "contrib/debian/copyright").read_text().rpartition("License: BSD-3-Clause\n")[2]
    if [word for word in told.split() if word != "."] != words:
        errors.append("contrib/debian/copyright has another text than LICENSE")


def check_paths(root, errors):
    for name, paths in NAMED.items():
        text = (root / name).read_text().replace("\\-", "-")
        for path in paths:
            if path not in text:
                errors.append(f"{name} does not name {path}")


def check_versions(root, errors):
    version = re.search(r"project\(sentineld VERSION ([\d.]+)", (root / "CMakeLists.txt").read_text()).group(1)
    told = re.search(r"^Version: *(.*)$", (root / "contrib/rpm/sentineld.spec").read_text(), re.M).group(1)
    if told != version:
        errors.append(f"contrib/rpm/sentineld.spec packages {told}, and this is {version}")


def main():
    root, errors = Path(sys.argv[1]), []
    check_conf(sys.argv[2], Path(sys.argv[3]), errors)
    check_licence(root, errors)
    check_paths(root, errors)
    check_versions(root, errors)
    for text in errors:
        print(f"error: {text}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
