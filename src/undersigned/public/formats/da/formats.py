"""Danish: `3. maj 2026 kl. 14.02`; the rest is Django's."""

from __future__ import annotations

TIME_FORMAT = "H.i"
DATETIME_FORMAT = r"j. F Y \k\l. H.i"
