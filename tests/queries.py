"""Counting what is asked of the database."""

from __future__ import annotations

from typing import Any

from django.test.utils import CaptureQueriesContext


class Queries(CaptureQueriesContext):
    """All that was asked but for what a process asks once a second, and so not each time: the time (`base.clock`) and how many calls
    all processes counted (`accounts.tally`)."""

    @property
    def captured_queries(self) -> list[dict[str, Any]]:
        sometimes = ("clock_timestamp", "accounts_attempt", "SAVEPOINT")
        return [q for q in super().captured_queries if not any(word in q["sql"] for word in sometimes)]
