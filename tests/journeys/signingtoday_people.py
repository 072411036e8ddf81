"""People in Chromium who sign what a program of Signing Today asked them to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.quiet import quiet_page

from .conftest import PAGE_PATIENCE, Server

ADA = {"id": 0, "name": "Ada", "surname": "Köhler", "email": "ada@example.com", "phone": None}
BEN = {"id": 1, "name": "Ben", "surname": "Seller", "email": "ben@example.com", "phone": None}


@contextmanager
def device(chromium: Browser, width: int, height: int) -> Iterator[Page]:
    """A page of somebody else's phone or desk; nothing may go wrong in its console."""
    context = chromium.new_context(viewport={"width": width, "height": height}, has_touch=width < 600)
    context.set_default_timeout(PAGE_PATIENCE)
    with quiet_page(context) as page:
        yield page
    context.close()


def place(number: int, kind: str, signer: int, y: float, request: int | None = None, **more: Any) -> Any:
    """A form on the first page, numbers as texts, as the vendor's clients send them."""
    extra = {} if request is None else {"signatureRequestId": request}
    at = {"positionX": "12.5", "positionY": str(y), "width": "40", "height": "6", "page": 1}
    return {"id": number, "type": kind, "signerId": signer, "extraData": extra} | at | more


def link(server: Server, address: str, subject: str) -> str:
    """The address of the room in somebody's mail."""
    body = server.mailbox.to(address, subject).get_body(("plain",))
    assert body is not None
    return str(re.findall(r"http://\S+/room/l/\S+", body.get_content())[0])


def seen(page: Page, name: str, folder: Path) -> None:
    """Nothing is cut off at the side; a picture stays, to be looked at."""
    page.wait_for_load_state("load")
    page.evaluate(
        "Promise.all([...document.images].filter(i => i.loading !== 'lazy').map(i => i.decode().catch(() => {})))"
    )
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], name
    page.screenshot(path=folder / f"{name}-{width[1]}.png")


def heading(page: Page, words: str) -> None:
    expect(page.locator("h1:visible").first).to_have_text(words)


def sign_with_name(page: Page) -> None:
    """Take the typed name as it is offered."""
    page.locator("#bar .primary").click()
    heading(page, "Your signature")
    page.get_by_text("Type", exact=True).click()
    page.get_by_role("button", name="Use this").click()
    heading(page, "Sign 1 document")


def agree(page: Page) -> None:
    page.get_by_role("checkbox", name="I have read the document").check()
    page.get_by_role("button", name="Sign 1 document").click()
