"""Italian: `3 mag 2026 alle 14:02`; the rest is Django's, whose full names of months are capitalised."""

from __future__ import annotations

DATE_FORMAT = "j b Y"
DATETIME_FORMAT = r"j b Y \a\l\l\e H:i"
