"""Results as tables, between two markers of a page whose other words are people's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- results: written by make bench -->", "<!-- end of results -->"


def write(page: Path, results: dict[str, Any]) -> None:
    """Put the tables between the markers."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(before + BEGIN + "\n" + "\n".join(tables(results)) + "\n" + END + after)


def tables(results: dict[str, Any]) -> list[str]:
    """Markdown of all parts that were measured."""
    m = results["machine"]
    lines = [
        f"{m['date']}, {m['cpu']}, {m['processors']} processors (load {m['load_before']} before the run), "
        f"Python {m['python']}, {m['system']}."
    ]
    for part, table in _PARTS.items():
        if part in results:
            lines += ["", *table(results[part])]
    return lines


def _rows(heads: list[str], rows: Iterator[list[Any]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines]


def _throughput(results: dict[str, Any]) -> list[str]:
    heads = ["per second", "database", "Undersigned", "bare slice", "ratio", "CPU-ms", "bare slice", "ratio"]
    rows = (
        [operation, database, of["ours"], of["peer"], of["ratio"], *of["cpu_ms"], of["cpu_ratio"]]
        for database, operations in results.items()
        for operation, of in operations.items()
    )
    return ["### Against a bare slice", "", *_rows(heads, rows)]


def _journey(results: dict[str, Any]) -> list[str]:
    phases = list(next(iter(results.values()))["phases"])
    heads = ["database", "CPU-ms", *(f"{phase}, ms (CPU)" for phase in phases), "memory after, MB PSS"]
    rows = (
        [
            database,
            f"{of['cpu_ms']:.0f}",
            *(f"{of['phases'][p]['ms']:.0f} ({of['phases'][p]['cpu_ms']:.0f})" for p in phases),
            f"{of['memory_mb']['all']:.0f} in {of['memory_mb']['processes']} processes",
        ]
        for database, of in results.items()
    )
    return ["### A contract with two signers", "", *_rows(heads, rows)]


def _seal(results: dict[str, Any]) -> list[str]:
    heads = ["pages", "step", "ms", "times the floor", "process", "picture", "CMS", "timestamp"]
    rows = (
        [pages, name, step["ms"], step["ratio"], *(f"{share:.0%}" for share in step["shares"].values())]
        for pages, steps in results.items()
        for name, step in steps.items()
    )
    return ["### The path of a file", "", *_rows(heads, rows)]


def _orders(results: dict[str, Any]) -> list[str]:
    r = results
    return [
        "### Orders with a package each",
        "",
        f"{r['orders']:,} orders on PostgreSQL, with a load of {r['load_before']} before the run: {r['created_per_second']} made per second "
        f"through the API ({r['queries'][0]} queries for the first, {r['queries'][-1]} for the last), {r['signed_per_second']} signed. One "
        f"worker then built {r['packages_per_second']} packages per second, beside the results, seals and evidence of the same orders; its "
        f"queue was empty after {r['emptied_s']:.0f} s. {r['left']} left, {r['doubled']} made twice.",
    ]


def _scale(results: dict[str, Any]) -> list[str]:
    heads = ["95th percentile, ms", "1,000 envelopes", "1,000,000", "ratio"]
    rows = ([name, *of["p95_ms"], of["ratio"]] for name, of in results["operations"].items())
    loaded = f"The million were loaded in {results['load_seconds']:.0f} seconds."
    return ["### Among a million", "", *_rows(heads, rows), "", loaded]


def _start(results: dict[str, Any]) -> list[str]:
    return [
        "### Start",
        "",
        f"First answer {results['first_s']} s after the first start (database and demo are made), {results['again_s']} s after a "
        f"later one; idle then {results['memory_mb']['all']:.0f} MB (PSS) in {results['memory_mb']['processes']} processes.",
    ]


_PARTS = {
    "throughput": _throughput,
    "journey": _journey,
    "seal": _seal,
    "orders": _orders,
    "scale": _scale,
    "start": _start,
}
