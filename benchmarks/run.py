"""`make bench`: measures, writes `benchmarks/results.json`, and puts the tables into `docs/performance.md`.

Arguments are the parts to measure (all without any); those left out keep their former results. `--list` names them. `orders=200` makes
200 orders in place of the usual number.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import report
from .databases import created, replaced

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results.json"
ON = {"seal": (), "start": (), "journey": ("SQLite", "PostgreSQL"), "throughput": ("SQLite", "PostgreSQL")}
"""Parts, and the databases that they are measured on, where it matters; the others are PostgreSQL's alone."""
PARTS = (*ON, "orders", "scale")


def run(module: str, *arguments: str) -> Any:
    """What the module prints."""
    print(f"== {module} {' '.join(arguments)}", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=3600)
    return json.loads(done.stdout)


def machine() -> dict[str, Any]:
    """Facts without which the numbers mean nothing."""
    model = ""
    if (cpuinfo := Path("/proc/cpuinfo")).exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else ""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "cpu": model,
        "processors": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL server: the one on this machine that trusts us, else one of our own."""
    os.environ.setdefault("UNDERSIGNED_TEST_DB", "sqlite")
    from tests.environment import find_postgres
    from tests.postgres import start

    if (url := find_postgres()) is not None:
        yield url
        return
    server = start()
    try:
        yield server.url
    finally:
        server.stop()


def measure(parts: list[str], results: dict[str, Any]) -> None:
    """Measure the parts, each in a process and a database of its own."""
    with postgres() as url:
        for name in parts:
            part, _, number = name.partition("=")
            if part == "scale":
                results[part] = run(part, replaced(url, "undersigned_scale"))
            elif part == "orders":
                with created(replaced(url, "undersigned_bench")) as own:
                    results[part] = run(part, own, *([number] if number else []))
            elif not ON[part]:
                results[part] = run(part)
            for database in ON.get(part, ()):
                of = results.setdefault(part, {})
                if database == "SQLite":
                    of[database] = run(part)
                    continue
                with created(replaced(url, "undersigned_bench")) as own:
                    of[database] = run(part, own)


def main() -> None:
    parts = sys.argv[1:] or list(PARTS)
    if unknown := {re.sub(r"^orders=\d+$", "orders", p) for p in parts} - set(PARTS):
        raise SystemExit(f"{', '.join(PARTS)}" if unknown == {"--list"} else f"unknown: {', '.join(unknown)}")
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results["machine"] = machine()
    measure(parts, results)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    report.write(ROOT / "docs" / "performance.md", results)
    print("\n".join(report.tables(results)))


if __name__ == "__main__":
    main()
