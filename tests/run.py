"""`make test`: installs the test tools that are missing, then runs the suite on PostgreSQL and its database part on SQLite.

Chromium, pdfsig, qpdf, gettext, clamd and Node.js come from Debian's packages. On a machine where they may not be installed, the tests
that need them are skipped with a line that says so; with CI=true that is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.environment import find_postgres

TOOLS = {
    "chromium": "chromium",
    "pdfsig": "poppler-utils",
    "qpdf": "qpdf",
    "curl": "curl",
    "xgettext": "gettext",
    "clamd": "clamav-daemon",
    "node": "nodejs",
    "npm": "npm",
}


def install_tools() -> None:
    missing = [package for command, package in TOOLS.items() if shutil.which(command) is None]
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(
            f"Not installed, tests that need them are skipped: {', '.join(missing)} (apt-get install {' '.join(missing)})"
        )
        return
    print(f"Installing {', '.join(missing)}", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for attempt in range(3):
        subprocess.run(["apt-get", "update", "-qq"], env=environment, check=False, stdout=subprocess.DEVNULL)
        done = subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing],
            env=environment,
            check=False,
            stdout=subprocess.DEVNULL,
        )
        if done.returncode == 0:
            return
        time.sleep(5 * (attempt + 1))


def main() -> int:
    install_tools()
    started = None
    if find_postgres() is None:
        from tests.postgres import start

        started = start()
        os.environ["UNDERSIGNED_TEST_POSTGRES"] = started.url
    try:
        return _run([["--db=postgresql"], ["--db=sqlite", "-m", "database"]])
    finally:
        if started is not None:
            started.stop()


def _run(passes: list[list[str]]) -> int:
    strict = ["-p", "tests.strict"] if os.environ.get("CI") == "true" else []
    worst = 0
    for arguments in passes:
        begun = time.monotonic()
        print(f"== pytest {' '.join(arguments)}", flush=True)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            str(os.cpu_count() or 2),
            "--dist",
            "loadgroup",
            *arguments,
            *strict,
            *sys.argv[1:],
        ]
        worst = max(worst, subprocess.run(command, cwd=Path(__file__).parent.parent, check=False).returncode)
        print(f"== {time.monotonic() - begun:.0f} s", flush=True)
    return worst


if __name__ == "__main__":
    sys.exit(main())
