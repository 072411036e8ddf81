"""`undersigned verify`: check files without the server."""

from __future__ import annotations
