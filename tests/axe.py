"""What axe-core finds on a page that Chromium shows."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

WCAG = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
"""Conformance level AA of WCAG 2.0 to 2.2, as axe tags its rules."""
_RUN = """options => axe.run(options).then(
  found => found.violations.map(v => `${v.id}: ${v.nodes.map(n => n.html).join(' ')}`))"""


def findings(page: Page, *, practices: bool = True, colours: bool = True) -> list[str]:
    """A line for each rule that the page breaks, with the places. `practices`: also axe's rules that no standard asks for. `colours`: the
    contrast too; in forced colours they are the reader's own, and axe reads ours.

    Only what is wrong is collected: a page's passes take longer to hand over than to find.
    """
    options: dict[str, Any] = {
        "resultTypes": ["violations"],
        "runOnly": [*WCAG, "best-practice"] if practices else WCAG,
    }
    if not colours:
        options["rules"] = {"color-contrast": {"enabled": False}}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(_RUN, options)
    return found
