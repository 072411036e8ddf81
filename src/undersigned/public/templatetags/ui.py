"""Template tags of the shared look."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import lucide
from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.safestring import SafeString, mark_safe

from undersigned.files import kinds

register = template.Library()


@register.simple_tag
def icon(name: str, size: int = 20, extra: str = "") -> SafeString:
    """A lucide icon as inline SVG, `size` pixels, hidden from assistive technology: words stand beside it.

    Raises lucide.IconDoesNotExist. `extra` is a class.
    """
    return _drawn(str(name), size, extra)


@lru_cache(maxsize=512)
def _drawn(name: str, size: int, extra: str) -> SafeString:
    """The package copies and writes the drawing's XML each time, a millisecond and more; a page has twenty."""
    attributes = {"class": f"icon {extra}".strip(), "aria-hidden": "true", "focusable": "false"}
    svg = lucide._render_icon(name, size, **attributes)  # noqa: SLF001 - what the package's own tag calls
    return mark_safe(svg)  # noqa: S308 - drawn by the package from its own files


@register.filter
def moment(value: datetime | None) -> str:
    """Date and time in the reader's language, with the zone named: `3 May 2026, 14:02 (UTC+3)`, `3.5.2026 klo 14.02 (UTC+3)`."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    offset = local.utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset else 0
    hours, rest = divmod(abs(minutes), 60)
    zone = (
        "UTC" if not minutes else f"UTC{'+' if minutes > 0 else '−'}{hours}{f':{rest:02d}' if rest else ''}"
    )
    return f"{date_format(local, 'DATETIME_FORMAT')} ({zone})"


@register.filter
def day(value: datetime | None) -> str:
    """Date in the reader's language and zone."""
    return date_format(timezone.localtime(value), "DATE_FORMAT") if value else ""


@register.filter
def short_day(value: datetime | None) -> str:
    """Date as `day`, short, for columns."""
    return date_format(timezone.localtime(value), "SHORT_DATE_FORMAT") if value else ""


@register.filter
def filesize_mb(value: int) -> str:
    """`1.4 MB` or `312 kB`, decimal, with the reader's separator."""
    return f"{number_format(value / 1e6, 1)} MB" if value >= 1e6 else f"{max(value // 1000, 1)} kB"


@register.filter
def file_kind(media_type: str) -> str:
    """What people call a file of this type."""
    return kinds.in_words(media_type)


@register.filter
def initial(name: str) -> str:
    """First letter, upper case, for the mark of an organisation or person without a picture."""
    return name.strip()[:1].upper() or "?"
