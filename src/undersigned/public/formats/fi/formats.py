"""Finnish: `3.5.2026`, `klo 14.02`; the rest is Django's."""

from __future__ import annotations

DATE_FORMAT = "j.n.Y"
DATETIME_FORMAT = r"j.n.Y \k\l\o G.i"
