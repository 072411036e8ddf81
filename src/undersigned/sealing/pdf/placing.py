"""Places on a page: from percent of what is shown to points of the page's own."""

from __future__ import annotations

from typing import Any

import pikepdf


def box(page: pikepdf.Page, place: list[float]) -> list[float]:
    """Points in the page's own coordinates of a place in percent of what is shown of an upright page."""
    left, bottom, right, top = _common(_corners(page.cropbox), _corners(page.mediabox))
    width, height = (right - left) / 100, (top - bottom) / 100
    return [
        left + place[0] * width,
        top - place[3] * height,
        left + place[2] * width,
        top - place[1] * height,
    ]


def _corners(box: Any) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(v) for v in box)
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _common(
    a: tuple[float, float, float, float], b: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """What two boxes share: a crop box counts only as far as the media box reaches (ISO 32000-2, 14.11.2.1)."""
    both = max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
    return both if both[0] < both[2] and both[1] < both[3] else b
