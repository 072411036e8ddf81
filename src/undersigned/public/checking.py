"""What /verify needs to know about a file. The check itself is registered by `app`; without one the page says that it is not there.

Indications are those of ETSI EN 319 102-1 section 5.1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class Code(StrEnum):
    """The verdict over the whole file: the worst of its signatures."""

    VALID = "valid"  # TOTAL-PASSED
    UNKNOWN_ISSUER = "unknown_issuer"  # INDETERMINATE, NO_CERTIFICATE_CHAIN_FOUND
    CHANGED = "changed"  # a later revision does what is not allowed
    BROKEN = "broken"  # TOTAL-FAILED: HASH_FAILURE, SIG_CRYPTO_FAILURE
    FORGED = "forged"  # TOTAL-FAILED: FORMAT_FAILURE
    NO_TIME = "no_time"  # INDETERMINATE, OUT_OF_BOUNDS_NO_POE
    REVOKED = "revoked"  # TOTAL-FAILED, REVOKED
    UNSIGNED = "unsigned"
    NOT_PDF = "not_pdf"
    PASSWORD = "password"  # noqa: S105 - a word for "the file has one"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class SignatureSeen:
    """One signature, seal or document timestamp, in the file's order."""

    kind: str
    """signature, seal or timestamp."""
    name: str
    at: datetime | None
    """The time that a trusted timestamp confirms, else the signer's own claim."""
    time_confirmed_by: str
    """Name of the time-stamping authority; empty: the time is the signer's claim."""
    code: Code
    indication: str
    """ETSI indication and sub-indication."""
    level: str
    """Such as PAdES-B-LTA; empty where none is reached."""
    issuer: str
    fingerprint: str
    """SHA-256 of the issuing root's certificate, hexadecimal."""
    covers_all: bool
    """Nothing comes after the revision that it covers."""


@dataclass(frozen=True)
class RecordSeen:
    """What the evidence says. `broken_at`: number of the first event that does not follow from the one before; 0: none."""

    belongs: bool
    events: int
    broken_at: int = 0


@dataclass(frozen=True)
class Seen:
    """A checked file. `detail`: what exactly is wrong, in words, where one can say it."""

    code: Code
    sha256: str
    signatures: tuple[SignatureSeen, ...] = ()
    detail: str = ""
    record: RecordSeen | None = None


Check = Callable[[Path, Path | None], Seen]
"""Check a PDF and, if given, its evidence, both temporary files. Raises Busy when no answer came within the limits."""


class Busy(Exception):
    """The check took too long or too much memory and was stopped."""


_check: Check | None = None


def register(check: Check | None) -> Check | None:
    """Set the check; returns the former one."""
    global _check
    former, _check = _check, check
    return former


def registered() -> Check | None:
    """The check, or None where there is none."""
    return _check
