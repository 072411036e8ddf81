"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from undersigned.app.settings import Settings


class Level(StrEnum):
    """`warn`: it works, and somebody should look. `fail`: something does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One line of the report: a sentence, and what to do about it unless all is well."""

    check: str
    level: Level
    text: str
    fix: str = ""


@dataclass
class Look:
    """What the checks are about. `key_problem`: why the master key cannot be read. `mail_to`: where a test mail goes, if anywhere."""

    settings: Settings
    key_problem: str = ""
    mail_to: str = ""
    database: bool = True
    """False once the database did not answer: checks that need it are passed over."""


def ok(check: str, text: str) -> Finding:
    return Finding(check, Level.OK, text)


def warn(check: str, text: str, fix: str) -> Finding:
    return Finding(check, Level.WARN, text, fix)


def fail(check: str, text: str, fix: str) -> Finding:
    return Finding(check, Level.FAIL, text, fix)


def passed_over(check: str, why: str) -> Finding:
    """Another check says what to do."""
    return Finding(check, Level.WARN, f"Not checked: {why}.")


def words(e: Exception) -> str:
    """An error on one line, with its kind."""
    return f"{type(e).__name__}: {' '.join(str(e).split())}"[:400]
