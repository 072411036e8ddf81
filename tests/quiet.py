"""A page of Chromium in whose console nothing may go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, Page


@contextmanager
def quiet_page(context: BrowserContext) -> Iterator[Page]:
    """A page whose console must stay free of errors until the end: scripts and the content security policy included."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console",
        lambda m: (
            wrong.append(m.text) if m.type == "error" and "Failed to load resource" not in m.text else None
        ),
    )
    yield page
    assert wrong == []
