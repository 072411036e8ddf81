"""`make crash`: the long storms, and a hundred contracts whose two signers sign at one instant, on both databases.

Options: --kills (PostgreSQL), --kills-sqlite, --races, --seed; the first two also as CRASH_KILLS, CRASH_KILLS_SQLITE.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.environment import find_postgres

from . import storm
from .product import database


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whoever stops this leaves no server behind
    started = None
    server = find_postgres()
    if server is None:
        from tests.postgres import start

        started = start()
        server = started.url
    try:
        plans = [
            storm.Plan("postgresql", options.kills, workers=2, clients=options.clients, seed=options.seed),
            storm.Plan("sqlite", options.kills_sqlite, workers=1, clients=options.clients, seed=options.seed),
            storm.Plan("postgresql", 0, workers=2, web=2, clients=4, contracts=options.races),
            storm.Plan("sqlite", 0, workers=1, clients=4, contracts=options.races),
        ]
        results = [_run(plan, server) for plan in plans if plan.kills or plan.contracts]
    finally:
        if started is not None:
            started.stop()
    # Those that `make test` runs on PostgreSQL alone.
    placed = [sys.executable, "-m", "pytest", "-q", "--db=sqlite", "tests/crash"]
    broken = subprocess.run(placed, cwd=Path(__file__).parents[2], check=False).returncode
    options.output.write_text(json.dumps(results, indent=2) + "\n")
    print(f"As data: {options.output}")
    return 1 if broken or any(result["faults"] for result in results) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=int(os.environ.get("CRASH_KILLS", "1000")))
    parser.add_argument("--kills-sqlite", type=int, default=int(os.environ.get("CRASH_KILLS_SQLITE", "100")))
    parser.add_argument(
        "--races", type=int, default=100, help="contracts whose two signers sign at one instant"
    )
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("crash.json"))
    return parser.parse_args()


def _run(plan: storm.Plan, server: str) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="undersigned-crash-"))
    with database(plan.vendor, server) as url:
        result = storm.run(plan, folder, url, lambda line: print(line, flush=True))
    print(summary(result), flush=True)
    if result["faults"]:
        print(f"The installation is kept in {folder}", flush=True)
    storm.tidy(folder, result)
    return result


def summary(result: dict[str, Any]) -> str:
    """The result for people."""
    killed = ", ".join(f"{n} {kind}" for kind, n in result["killed"].items())
    counts = "\n".join(f"  {n:6} {what}" for what, n in result["counts"].items())
    met = ", ".join(f"{n} {what}" for what, n in result["clients_met"].items())
    verdict = "\n".join(f"  FAULT {fault}" for fault in result["faults"]) or "  nothing lost, nothing doubled"
    return (
        f"{result['database']}, {result['workers']} workers: {result['kills']} kills ({killed}) in {result['seconds']} s; "
        f"quiet {result['seconds_to_quiet']} s after the last\n"
        f"  killed to replaced, ms: {result['replaced_ms']}\n{counts}\n  clients met: {met}\n{verdict}"
    )


if __name__ == "__main__":
    sys.exit(main())
