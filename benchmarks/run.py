"""`make bench`: measures, then writes `benchmarks/results.json` and `docs/performance.md`."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent
DATABASE = "undersigned_bench"


def run(module: str, *arguments: str) -> dict[str, Any]:
    print(f"== {module}", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=240
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


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


def on_postgres() -> dict[str, Any] | None:
    """The journey on a database of its own, where a server is found."""
    import psycopg

    os.environ.setdefault("UNDERSIGNED_TEST_DB", "sqlite")
    from tests.environment import find_postgres

    url = find_postgres()
    if url is None:
        return None
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        connection.execute(f"CREATE DATABASE {DATABASE}")
        try:
            return run("benchmarks.journey", urlsplit(url)._replace(path=f"/{DATABASE}").geturl())
        finally:
            connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def page(results: dict[str, Any]) -> str:
    m = results["machine"]
    lines = [
        "# Performance",
        "",
        "Written by `make bench`; the numbers as data are in `benchmarks/results.json`.",
        "",
        f"{m['date']}, {m['cpu']}, {m['processors']} processors (load {m['load_before']} before the run), Python {m['python']}, {m['system']}.",
        "",
        "## The path of a file",
        "",
        "Median of nine interleaved rounds. The floor is what nobody can save: copy, SHA-256, one P-256 signature. Shares are exclusive:",
        "the disposable process with the PDF parser, the picture of the signature, the CMS, the timestamp.",
        "",
        "| pages | step | ms | times the floor | process | picture | CMS | timestamp |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for pages, steps in results["seal"].items():
        for name, step in steps.items():
            shares = " | ".join(f"{share:.0%}" for share in step["shares"].values())
            lines.append(f"| {pages} | {name} | {step['ms']} | {step['ratio']} | {shares} |")
    lines += [
        "",
        "## A contract over HTTP",
        "",
        "Three pages, two signers, one client, median of five. Processor time is the server's without its disposable processes.",
        "",
        "| | publish, ms (cpu) | two sittings, ms (cpu) | seal and evidence, ms (cpu) | GET contract /s | list /s |",
        "|---|---|---|---|---|---|",
    ]
    for database, j in results["journey"].items():
        cells = [f"{j[f'{n}_ms']:.0f} ({j[f'{n}_cpu_ms']:.0f})" for n in ("publish", "sign", "seal")]
        lines.append(f"| {database} | {' | '.join(cells)} | {j['get_per_second']} | {j['list_per_second']} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    results: dict[str, Any] = {"machine": machine(), "seal": run("benchmarks.seal"), "journey": {}}
    results["journey"]["SQLite"] = run("benchmarks.journey")
    if (postgres := on_postgres()) is not None:
        results["journey"]["PostgreSQL"] = postgres
    (ROOT / "benchmarks" / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (ROOT / "docs" / "performance.md").write_text(page(results))
    print(page(results))


if __name__ == "__main__":
    main()
