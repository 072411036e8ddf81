"""Virus scan: of what comes in, and of what goes out when the last scan is older than six hours.

Every way in ends in `store.take_in`, every way out begins with `read_clean` (or `ensure_clean`, where somebody else reads). Without a
scanner (`settings.CLAMD`) everything passes, and the log and the doctor say so; with one, what it could not check never passes. Never call
these in a transaction: a scan takes up to `clamd.ANSWER` seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from undersigned.base import clock

from . import clamd, storage
from .models import Blob

logger = logging.getLogger(__name__)

FRESH = timedelta(hours=6)
"""How long a verdict holds; signatures of new viruses come several times a day."""
RETRY_AFTER = 30
"""Seconds after which a caller may ask again while the scanner does not answer."""

INFECTED: Promise = _("The file did not pass the virus scan and was not kept.")
NOT_CHECKED: Promise = _("The file could not be checked for viruses just now; try again in a minute.")


class Infected(Exception):
    """The scanner found something; the argument is its name for it."""

    def __init__(self, virus: str) -> None:
        super().__init__(virus)
        self.virus = virus


class ScannerUnavailable(Exception):
    """A scanner is configured and has not checked the bytes; the argument is English for the log. To be answered with 503."""

    retry_after = RETRY_AFTER


@dataclass(frozen=True)
class Verdict:
    """What came of a scan: `status` NONE where no scanner is configured. `at` is real time."""

    status: Blob.Scan
    at: datetime


Listener = Callable[[int, str], None]
_listener: Listener | None = None


def listen(listener: Listener | None) -> None:
    """Set who hears of a stored blob whose verdict changed: its id, and the virus's name, empty when it is clean after all."""
    global _listener
    _listener = listener


def check(path: Path) -> Verdict:
    """Scan bytes that came in. Raises Infected, ScannerUnavailable."""
    if not settings.CLAMD:
        return Verdict(Blob.Scan.NONE, clock.now())
    virus = _ask(_pieces(path))
    if virus:
        raise Infected(virus)
    return Verdict(Blob.Scan.CLEAN, clock.now())


def note(blob: Blob, verdict: Verdict) -> None:
    """Keep the verdict on bytes that came in; where nobody looked, only the time, and never in place of what a scanner had found."""
    if verdict.status != Blob.Scan.NONE:
        _keep(blob, "")
    elif blob.scan_status == Blob.Scan.NONE:
        Blob.objects.filter(pk=blob.pk).update(scanned_at=verdict.at)


def ensure_clean(blob: Blob) -> None:
    """Let `blob` go out only if its last scan is younger than six hours, or this one finds nothing; the result is kept on its row.

    Raises Infected, also where the scanner that found it is no longer configured; ScannerUnavailable; storage.Damaged.
    """
    if not settings.CLAMD:
        if blob.scan_status == Blob.Scan.INFECTED:
            raise Infected("found before the scanner was switched off")
        return
    if _is_fresh(blob):
        if blob.scan_status == Blob.Scan.INFECTED:
            raise Infected("found at the last scan")
        return
    virus = _ask(storage.read(blob))
    _keep(blob, virus)
    if virus:
        raise Infected(virus)


def read_clean(blob: Blob) -> Iterator[bytes]:
    """The bytes of `blob` for somebody outside. Raises at once, before the first piece, as `ensure_clean` does."""
    ensure_clean(blob)
    return storage.read(blob)


def _is_fresh(blob: Blob) -> bool:
    return (
        blob.scan_status != Blob.Scan.NONE
        and blob.scanned_at is not None
        and timedelta() <= clock.now() - blob.scanned_at < FRESH
    )


def _keep(blob: Blob, virus: str) -> None:
    """Write the verdict on the row; tell who listens what was found, each time, or that there is nothing after all."""
    before = blob.scan_status
    blob.scan_status = Blob.Scan.INFECTED if virus else Blob.Scan.CLEAN
    blob.scanned_at = clock.now()
    Blob.objects.filter(pk=blob.pk).update(scan_status=blob.scan_status, scanned_at=blob.scanned_at)
    if virus:
        logger.warning("blob %s is infected: %s", blob.pk, virus)
    if _listener is not None and (virus or before == Blob.Scan.INFECTED):
        _listener(blob.pk, virus)


def _ask(pieces: Iterator[bytes]) -> str:
    try:
        return clamd.scan(settings.CLAMD, pieces)
    except clamd.NoAnswer as e:
        logger.error("virus scanner: %s", e)
        raise ScannerUnavailable(str(e)) from e


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while piece := source.read(storage.CHUNK):
            yield piece
