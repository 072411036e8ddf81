"""Making words fit: subjects, SMS lengths, dates in the reader's language."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format

SUBJECT_LIMIT = 59
_GSM7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_ESCAPED = set("\f^{}\\[~]|€")
"""3GPP TS 23.038, section 6.2.1: default alphabet and its extension (two septets a character)."""


def shorten(value: str, length: int, mark: str = "…") -> str:
    """`value` in at most `length` characters, the mark included; never ends in half of a combined character."""
    if len(value) <= length:
        return value
    cut = max(length - len(mark), 0)
    while cut > 0 and (unicodedata.category(value[cut])[0] == "M" or "\u200d" in value[cut - 1 : cut + 1]):
        cut -= 1
    return value[:cut].rstrip() + mark if length >= len(mark) else ""


def fit_subject(words: str, keep: dict[str, str] | None = None, **values: str) -> str:
    """The formatted subject in at most 59 characters: of `values` the longest is cut first, `keep` only when all else is cut."""
    keep = keep or {}
    subject = words.format(**keep, **values)
    while len(subject) > SUBJECT_LIMIT:
        name = max(values, key=lambda n: len(values[n]))
        if len(values[name]) <= 8:
            return shorten(subject, SUBJECT_LIMIT)
        values[name] = shorten(values[name], max(len(values[name]) - (len(subject) - SUBJECT_LIMIT), 8))
        subject = words.format(**keep, **values)
    return subject


def sms_parts(text: str) -> tuple[int, bool]:
    """Number of SMS that `text` takes, and whether it is in the GSM 7-bit alphabet (else UCS-2), by 3GPP TS 23.040.

    One part holds 160 septets or 70 UTF-16 units; of several each holds 153 or 67.
    """
    if all(c in _GSM7 or c in _GSM7_ESCAPED for c in text):
        size, one, each, gsm = sum(2 if c in _GSM7_ESCAPED else 1 for c in text), 160, 153, True
    else:
        size, one, each, gsm = len(text.encode("utf-16-be")) // 2, 70, 67, False
    return (1 if size <= one else -(-size // each)), gsm


def fit_sms(words: str, keep: dict[str, str], **values: str) -> str:
    """The formatted SMS: one part in the GSM alphabet, else at most two. `values` are cut to fit, `keep` never.

    A link too long for that makes the SMS longer rather than broken.
    """
    text = words.format(**keep, **values)
    while True:
        parts, gsm = sms_parts(text)
        name = max(values, key=lambda n: len(values[n]))
        if parts <= (1 if gsm else 2) or len(values[name]) <= 8:
            break
        values[name] = shorten(re.sub(r"\.{3}$", "", values[name]).rstrip(), len(values[name]) - 1, "...")
        text = words.format(**keep, **values)
    return text


def moment(at: datetime, zone: str) -> str:
    """Date and time in the active language with the zone named: `22 November 2026, 14:05 UTC`, `22.11.2026 klo 14.05 UTC`."""
    local = at.astimezone(ZoneInfo(zone))
    name = local.tzname() or zone
    return f"{date_format(local, 'DATETIME_FORMAT')} {zone if name[:1] in '+-' else name}"


def date(at: datetime, zone: str) -> str:
    """The day in the active language: `22 November 2026`."""
    return date_format(at.astimezone(ZoneInfo(zone)), "DATE_FORMAT")
