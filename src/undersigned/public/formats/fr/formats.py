"""French: `3 mai 2026 à 14:02`; the rest is Django's."""

from __future__ import annotations

DATETIME_FORMAT = "j F Y à H:i"
