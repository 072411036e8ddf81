"""The virus scanner: is it there, does it know what is new, does it take files as large as we do?"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from undersigned.base import clock
from undersigned.files import clamd

from .findings import Finding, Look, fail, ok, warn

NAME = "virus scan"
OLD = timedelta(days=4)
_PIECE = bytes(1 << 20)


def scanner(look: Look) -> list[Finding]:
    """With a scanner, nothing comes in or goes out while it does not answer."""
    if not settings.CLAMD:
        text = "No virus scanner is set: files are taken and handed out unchecked."
        return [ok(NAME, text)] if look.settings.demo else [warn(NAME, text, "UNDERSIGNED_CLAMD.")]
    try:
        version, made = clamd.version(settings.CLAMD)
    except clamd.NoAnswer as e:
        return [
            fail(
                NAME,
                f"The scanner does not answer: {e}. No file comes in or goes out.",
                "Start clamd, or mend UNDERSIGNED_CLAMD.",
            )
        ]
    return [_age(version, made), *_size()]


def _age(version: str, made: datetime | None) -> Finding:
    if made is None:
        return warn(NAME, f"{version} has no official signatures.", "Run freshclam, and keep it running.")
    days = (clock.now() - made).days
    if clock.now() - made > OLD:
        return warn(
            NAME,
            f"{version}: the signatures are {days} days old.",
            "Look why freshclam brings no newer ones.",
        )
    return ok(NAME, f"{version} answers; its signatures are of {made:%Y-%m-%d}.")


def _size() -> list[Finding]:
    """A file of the largest size that we take, of nothing but zeros."""
    try:
        clamd.scan(settings.CLAMD, (_PIECE for _ in range(-(-settings.MAX_UPLOAD_BYTES // len(_PIECE)))))
    except clamd.NoAnswer as e:
        most = settings.MAX_UPLOAD_BYTES // (1 << 20)
        return [
            fail(
                NAME,
                f"The scanner does not take a file of {most} MB: {e}.",
                f"StreamMaxLength, MaxScanSize and MaxFileSize in clamd.conf: {most + 1}M or more; or a smaller UNDERSIGNED_MAX_UPLOAD_MB.",
            )
        ]
    return []
