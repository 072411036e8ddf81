"""German: `3. Mai 2026, 14:02 Uhr`; the rest is Django's."""

from __future__ import annotations

DATETIME_FORMAT = r"j. F Y, H:i \U\h\r"
