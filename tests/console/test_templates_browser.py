"""Pages of templates in Chromium: they fit their screens and pass axe; the editor by pointer and by keys."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from playwright.sync_api import Page, Route, expect, sync_playwright

from undersigned.accounts.models import User
from undersigned.envelopes.models import Collection, Envelope

from .test_browser import HOST, MODULES, Answer, _answer, _faults, _look_at
from .test_templates import HEAD, begun, client, named, sheet_of, template, url
from .world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
__all__ = ["client", "template"]
PICTURES = os.environ.get("TEMPLATE_PICTURES", "")
"""A folder for pictures of the pages, for whoever looks at them."""
LONG = "Framework agreement on maintenance works for the harbour buildings with Rindfleischetikettierungsüberwachung"


def with_pictures(got: dict[str, Answer], client: Client) -> dict[str, Answer]:
    for _, _, body in list(got.values()):
        wanted = re.findall(r'(?:href|src)="((?:/static/|/console/[^"]+\.jpg)[^"]*)"', body.decode())
        for found in [*wanted, *MODULES]:
            if found not in got:
                got[found] = _answer(client, found)
                assert got[found][0] == 200, found
    return got


@pytest.fixture
def answers(
    template: Envelope, client: Client, world: World, visit: Callable[[str], Client]
) -> dict[str, Answer]:
    got: dict[str, Answer] = {}

    def post(path: str, name: str, data: dict[str, object]) -> None:
        found = client.post(path, data)
        got[f"{path}?{name}"] = (found.status_code, dict(found.headers), found.content)

    rows: list[list[object]] = [
        [f"Tia {n}", f"tia{n}@example.com", "Lou", "lou@example.com", n, "x"] for n in range(30)
    ]
    post(url("template-sheet", template.pk), "good", {"sheet": sheet_of([HEAD, *rows])})
    rows[3][1], rows[7][0] = "nonsense", ""
    post(url("template-sheet", template.pk), "bad", {"sheet": sheet_of([HEAD, *rows])})
    post(url("template-use", template.pk), "bad", {"name-0": "Tia", "email-0": "nonsense"})
    kept = re.search(
        r'name="kept" value="([^"]+)"', got[f"{url('template-sheet', template.pk)}?good"][2].decode()
    )
    assert kept is not None
    client.post(url("template-make", template.pk), {"kept": kept[1], "title": LONG})
    given = {
        "title": LONG,
        "name-0": "Tia",
        "email-0": "tia@example.com",
        "name-1": "Lou",
        "email-1": "lou@example.com",
    }
    client.post(url("template-use", template.pk), given)
    instance = Envelope.objects.filter(template=False, dialect="signingtoday", collection=None).latest("pk")
    made = begun(client)
    post(url("template-roles", made.pk), "bad", {"name-0": "A.B", "name-1": "Same", "name-2": "same"})
    named(client, made, "Tenant of the flat on the third floor, with a long name", "Landlord")
    paths = [
        url("templates"),
        url("new-template"),
        url("template", template.pk),
        url("template-use", template.pk),
    ]
    paths += [url("template-sheet", template.pk), url("batch", Collection.objects.get(kind="batch").pk)]
    paths += [url(f"template-{step}", made.pk) for step in ("files", "roles", "check", "delete")]
    paths += [url("template-places-of", made.pk, made.documents.get().pk), url("instance-check", instance.pk)]
    for path in paths:
        got[path] = _answer(client, path)
        assert got[path][0] == 200, path
    return with_pictures(got, client)


def test_pages_of_templates_fit_their_screens_and_pass_axe(answers: dict[str, Answer]) -> None:
    _look_at(answers)
    if PICTURES:
        with looking(answers) as (page, _):
            for path in [p for p in answers if p.startswith("/console/") and not p.endswith(".jpg")]:
                for width, height in ((390, 844), (1280, 800)):
                    page.set_viewport_size({"width": width, "height": height})
                    page.goto(f"{HOST}{path}")
                    name = re.sub(r"\W+", "-", path).strip("-")
                    page.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)


@contextmanager
def looking(answers: dict[str, Answer]) -> Iterator[tuple[Page, list[dict[str, list[str]]]]]:
    """A page, and the forms that it posts in the background."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    posted: list[dict[str, list[str]]] = []

    def serve(route: Route) -> None:
        address = urlsplit(route.request.url)
        found = answers.get(address.path + (f"?{address.query}" if address.query else ""))
        if route.request.method == "POST":
            posted.append(fields(route.request.post_data or ""))
            route.fulfill(status=200, headers={"Content-Type": "application/json"}, body='{"saved": 1}')
        elif found is None:
            route.fulfill(status=404)
        else:
            route.fulfill(status=found[0], headers=found[1], body=found[2])

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(reduced_motion="reduce", viewport={"width": 1280, "height": 900})
        page.route("**/*", serve)
        yield page, posted
        browser.close()


def fields(body: str) -> dict[str, list[str]]:
    """Of a multipart form."""
    found = re.findall(r'name="([^"]+)"\r\n\r\n(.*?)\r\n--', body, re.DOTALL)
    if not found:
        return parse_qs(body)
    got: dict[str, list[str]] = {}
    for name, value in found:
        got.setdefault(name, []).append(value)
    return got


def test_the_editor_by_keys_and_by_pointer(answers: dict[str, Answer]) -> None:
    path = next(p for p in answers if "/places/" in p)
    with looking(answers) as (page, posted):
        errors: list[str] = []
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.goto(f"{HOST}{path}")
        # By keys alone: a text field for the second role, named, moved, and no longer needed.
        page.locator('[data-chip="1"] input').check()
        page.get_by_label("Text field", exact=True).check()
        page.locator("[data-add]").first.press("Enter")
        mark = page.locator(".place").first
        mark.press("ArrowRight")
        mark.press("Shift+ArrowUp")
        name = page.get_by_label("What the text field is called")
        name.fill("Deposit")
        page.get_by_label("Must be filled in before anybody signs").uncheck()
        page.wait_for_timeout(900)
        last = posted[-1]
        assert (last["who-0"], last["kind-0"], last["text-0"]) == (["1"], ["text"], ["Deposit"])
        assert "must-0" not in last
        assert (last["x-0"], last["y-0"], last["w-0"]) == (["10.5"], ["75"], ["40"])
        assert mark.get_attribute("aria-label") == (
            "Text field “Deposit” of Landlord, page 1, 10.5 % from the left, 75 % from the top, 40 % wide, 4 % high"
        )
        assert mark.inner_text() == "Deposit"
        # By pointer: a clause for the first role is dropped onto the page, then dragged.
        page.get_by_label("Clause", exact=True).check()
        chip = page.locator("[data-chip]").first
        paper = page.locator("[data-paper]").first
        chip.drag_to(paper, target_position={"x": 200, "y": 200})
        page.get_by_label("What the clause says").fill("I have read the house rules.")
        page.wait_for_timeout(900)
        last = posted[-1]
        assert (last["kind-1"], last["who-1"], last["text-1"]) == (
            ["clause"],
            ["0"],
            ["I have read the house rules."],
        )
        before = float(last["x-1"][0])
        page.locator(".place.kind-clause").scroll_into_view_if_needed()
        box = page.locator(".place.kind-clause").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 20, box["y"] + 10)
        page.mouse.down()
        page.mouse.move(box["x"] + 120, box["y"] + 60, steps=5)
        page.mouse.up()
        page.wait_for_timeout(900)
        assert float(posted[-1]["x-1"][0]) > before
        page.locator(".place.kind-clause").press("Delete")
        page.get_by_role("button", name="Undo").click()
        page.wait_for_timeout(900)
        assert "kind-1" in posted[-1]
        assert page.locator(".place").count() == 2
        if PICTURES:
            page.locator(".place").first.focus()
            for width, height in ((390, 844), (1280, 900)):
                page.set_viewport_size({"width": width, "height": height})
                page.screenshot(path=f"{PICTURES}/editor-{width}.png", full_page=True)
        assert [w for w in _faults(page, thorough=True) if w] == []
        assert errors == []


def test_progress_is_said_without_a_reload(answers: dict[str, Answer], world: World) -> None:
    assert isinstance(world.owner, User)
    path = next(p for p in answers if "/batches/" in p)
    told = {"done": 12, "size": 30, "failed": 0}
    with looking(answers) as (page, _):
        page.route(
            f"**{path}",
            lambda route: (
                route.fulfill(json=told)
                if route.request.headers.get("accept") == "application/json"
                else route.fallback()
            ),
        )
        page.goto(f"{HOST}{path}")
        expect(page.locator("[data-said]")).to_have_text("12 of 30 sent")
        expect(page.locator("progress")).to_have_js_property("value", 12)
