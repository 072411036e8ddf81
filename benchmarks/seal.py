"""Prepare, one signature, seal and close; each as a ratio to the floor measured in the same round: copy, SHA-256, one P-256 signature.

Run as a process of its own: `python -m benchmarks.seal` prints JSON.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

ROUNDS = 9
PAGES = (3, 20)
PARTS = ("bounded", "stamp", "cms", "timestamp")


class Clock:
    """Exclusive seconds by part: time inside a nested part counts for that one alone."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._inner = [0.0]

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        self._inner.append(0.0)
        begun = perf_counter()
        try:
            yield
        finally:
            seconds = perf_counter() - begun
            self.spent[name] += seconds - self._inner.pop()
            self._inner[-1] += seconds

    def watch(self, owner: Any, name: str, part: str) -> None:
        """Replace `owner.name` by itself, timed."""
        function = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.part(part):
                return function(*args, **kwargs)

        setattr(owner, name, timed)


def floor(source: Path, target: Path) -> None:
    """What no implementation can save: the bytes written once, hashed once, one signature."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    shutil.copyfile(source, target)
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    _key().sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


_keys: list[Any] = []


def _key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    if not _keys:
        _keys.append(ec.generate_private_key(ec.SECP256R1()))
    return _keys[0]


def steps(folder: Path, pages: int) -> dict[str, Callable[[], None]]:
    """What is measured on a file of so many pages, in the order in which it is done."""
    from tests.pdfs import make_pdf
    from undersigned.base import clock
    from undersigned.sealing.appearance import Appearance
    from undersigned.sealing.authority import Subject
    from undersigned.sealing.prepare import (
        PreparePlan,
        Widget,
        Words,
        prepare_pdf,
        seal_field,
        signature_field,
    )
    from undersigned.sealing.seal import SealRequest, seal_pdf
    from undersigned.sealing.sign import SignRequest, sign_pdf

    original, prepared, signed, sealed, copy = (
        folder / f"{name}-{pages}.pdf" for name in ("original", "prepared", "signed", "sealed", "copy")
    )
    original.write_bytes(make_pdf(pages, "This agreement is made between the parties. " * 40))
    digest = hashlib.sha256(original.read_bytes()).hexdigest()
    plan = PreparePlan(
        title="Agreement",
        sha256=digest,
        sizes=[(595.28, 841.89)] * pages,
        signed=False,
        widgets=[Widget(signature_field(1, digest), "Anna Virtanen")],
        words=Words("Signatures", "About this page.", "SHA-256:"),
    )
    request = SignRequest(
        field=signature_field(1, digest),
        subject=Subject("Anna Virtanen", reference="1-1", identified_by="sms-code"),
        not_after=clock.now() + timedelta(days=90),
        appearance=Appearance("typed", name="Anna Virtanen", hand="caveat"),
        caption=("Anna Virtanen", "22 November 2026, 12:00 UTC"),
    )
    return {
        "floor": lambda: floor(original, copy),
        "prepare": lambda: void(prepare_pdf(original, prepared, plan)),
        "sign": lambda: void(sign_pdf(prepared, signed, request)),
        "seal": lambda: seal_pdf(signed, sealed, SealRequest("board", "Board Oy", seal_field(digest))),
    }


def void(_: object) -> None:
    return None


def measure(folder: Path) -> dict[str, Any]:
    """Median milliseconds, ratios and shares, by pages and step."""
    from undersigned.base import bounded
    from undersigned.sealing import cms, sign, timestamp

    clock = Clock()
    clock.watch(bounded, "run", "bounded")
    clock.watch(sign, "write_stamp", "stamp")
    clock.watch(cms, "signed_data", "cms")
    clock.watch(timestamp.BuiltIn, "_token", "timestamp")
    work = {pages: steps(folder, pages) for pages in PAGES}
    times: dict[tuple[int, str], list[float]] = defaultdict(list)
    shares: dict[tuple[int, str], list[dict[str, float]]] = defaultdict(list)
    for number in range(ROUNDS + 1):  # the first warms up and is not counted
        for pages, todo in work.items():
            for name, function in todo.items():
                clock.spent.clear()
                begun = perf_counter()
                function()
                seconds = perf_counter() - begun
                if number:
                    times[pages, name].append(seconds)
                    shares[pages, name].append({p: clock.spent[p] / seconds for p in PARTS})
    result: dict[str, Any] = {}
    for (pages, name), seconds_of in times.items():
        ratios = [s / f for s, f in zip(seconds_of, times[pages, "floor"], strict=True)]
        result.setdefault(str(pages), {})[name] = {
            "ms": round(median(seconds_of) * 1000, 2),
            "ratio": round(median(ratios), 1),
            "shares": {p: round(median(s[p] for s in shares[pages, name]), 3) for p in PARTS},
        }
    return result


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="undersigned-bench-") as folder:
        os.environ["UNDERSIGNED_DATA_DIR"] = folder
        os.environ["UNDERSIGNED_LOG_LEVEL"] = "WARNING"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "undersigned.app.django_settings")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        json.dump(measure(Path(folder)), sys.stdout)


if __name__ == "__main__":
    main()
