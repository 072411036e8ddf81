"""The console's pages in Chromium: they fit small and large screens and pass axe, light and dark."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, Route, sync_playwright

from tests.axe import findings
from undersigned.accounts.clear_password import send_link
from undersigned.accounts.devices import challenge, register
from undersigned.accounts.endpoints import Endpoint, keep_endpoint
from undersigned.accounts.models import Capability, Group, User
from undersigned.base import clock
from undersigned.delivery import account
from undersigned.delivery.models import Message, WebhookEvent
from undersigned.delivery.outbox import announce
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.mark_deleted import mark_deleted
from undersigned.envelopes.metadata import set_metadata
from undersigned.envelopes.metadata_templates import Chosen, add_field, add_template
from undersigned.envelopes.models import Envelope
from undersigned.envelopes.set_retention import set_retention
from undersigned.jobs.models import Job
from undersigned.sealing.identities import make_identity

from .test_own import picture
from .world import World

pytestmark = pytest.mark.browser
HOST = "http://console.test"
LONG = "Framework agreement on maintenance works for the harbour buildings with Rindfleischetikettierungsüberwachung"
CUT = """() => [...document.querySelectorAll('.table-wrap')].filter(e => e.scrollWidth > e.clientWidth + 1)
  .map(e => `${e.querySelector('caption')?.innerText}: ${e.scrollWidth} in ${e.clientWidth}`)"""
MODULES = ["/static/console/fields/paper.js", "/static/console/fields/rows.js"]
"""Loaded by a module, not named in a page."""
SCREENS = ((320, 568, "light"), (390, 844, "light"), (768, 1024, "forced"), (1280, 800, "dark"))
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def answers(world: World, visit: Callable[[str], Client]) -> dict[str, Answer]:
    """The main pages as the server answers them to a member, with what they load.

    They are asked for before the browser starts: Django refuses the database to a thread that runs an event loop, and
    Playwright's runs in this one.
    """
    world.sent.title = LONG
    world.sent.save(update_fields=["title"])
    message = Message.objects.filter(envelope_id=world.sent.pk, purpose="invitation").order_by("-pk")[0]
    tabs = ("timeline", "people", "documents", "messages", "webhooks")
    pages = [reverse(f"console:{n}") for n in ("home", "envelopes", "keys", "new-key", "outbox", "password")]
    pages += [reverse(f"console:envelope-{tab}", args=[world.sent.pk]) for tab in tabs]
    pages += [
        reverse("console:envelopes") + "?state=failed",
        reverse("console:envelope-people", args=[world.declined.pk]),
        reverse("console:key", args=[world.key.pk]),
        reverse("console:outbox-message", args=[message.pk]),
    ]
    draft = world.made
    pages += [
        reverse("console:new"),
        reverse("console:new-fields-of", args=[draft.pk, draft.documents.get().pk]),
    ]
    pages += [
        reverse(f"console:new-{s}", args=[draft.pk]) for s in ("files", "people", "letter", "check", "delete")
    ]
    pages += [
        reverse("console:new-person", args=[draft.pk, draft.recipients.order_by("position")[1].pk]),
        reverse("console:cancel", args=[world.running.pk]),
        reverse("console:envelope-people", args=[world.running.pk]),
        reverse("console:envelopes") + "?sort=due&origin=console",
    ]
    visitors = {reverse("console:login"): visit("anonymous")}
    got: dict[str, Answer] = {}
    for path in [reverse("console:login"), *pages]:
        got[path] = _answer(visitors.get(path) or visit("owner"), path)
        assert got[path][0] == 200, path
    return _with_static(got, visit("owner"))


@pytest.fixture
def operator_answers(world: World, visit: Callable[[str], Client]) -> dict[str, Answer]:
    """What an operator sees: every group with rows that are long, the doctor's findings, the badge at Home."""
    world.sent.title = LONG
    world.sent.needs_attention = (
        f"sealing waits: TimestampUnavailable: https://{'tsa' * 30}.example answered 503"
    )
    world.sent.save(update_fields=["title", "needs_attention"])
    world.admin.capabilities = [Capability.OPERATE]
    world.admin.save()
    Job.objects.filter(unique_key=f"prepare:{world.sent.pk}:1").update(attempts=7)
    for payload, error in (
        ({"envelope": world.declined.pk}, f"OSError: {'x' * 300}"),
        ({}, "RuntimeError: no"),
    ):
        kind = "prepare" if payload else "tick.sweep"
        Job.objects.create(
            kind=kind, payload=payload, state="dead", error=error, attempts=20, finished_at=clock.now()
        )
    client = visit("admin")
    paths = ["/console/", "/console/attention", "/console/attention?show=failed", *_of_metadata(world)]
    world.sent.policy["discussion"] = True
    world.sent.save(update_fields=["policy"])
    talk = reverse("console:envelope-discussion", args=[world.sent.pk])
    client.post(talk, {"text": f"What of clause 4?\n{'x' * 200}"})
    visit("owner").post(talk, {"text": "It stays."})
    budget = SimpleUploadedFile("Budget of the harbour 2027.csv", b"a;b;c")
    files = reverse("console:new-files", args=[world.made.pk])
    client.post(files, {"files": [budget]})
    got = {p: _answer(client, p) for p in [*paths, talk, files]}
    got |= _of_retention(world, client) | _of_people(world, client)
    found = client.post("/console/doctor")
    got["/console/doctor"] = (found.status_code, dict(found.headers), found.content)
    return _with_static(got, client)


@pytest.fixture
def own_answers(world: World, visit: Callable[[str], Client]) -> dict[str, Answer]:
    """Keys, devices and server of an account, with names that are long, and a form that was refused."""
    client, owner = visit("owner"), world.owner
    identity = make_identity(owner, f"Key of the {'harbour-' * 8}department")
    make_identity(owner, "Another")
    look = reverse("console:signing-key-look", args=[identity.pub])
    client.post(look, {"file": SimpleUploadedFile("a.png", picture())})
    register(challenge(owner), "e6419924-fd1d-4c42-9fa2-88023461f5df", f"Phone {'x' * 60}", "signingtoday")
    keep_endpoint(owner, "signingtoday", Endpoint(f"https://hooks.example/{'a' * 90}", {"X-Tenant": ("7",)}))
    event = WebhookEvent.objects.create(
        organization=owner.organization,
        owner_user=owner,
        dialect="signingtoday",
        pub="e1",
        kind="DST_STATUS_CHANGED",
        body=b"{}",
        envelope_id=world.sent.pk,
    )
    announce(event)
    pages = [reverse(f"console:{name}") for name in ("password", "signing-keys", "devices", "endpoint")]
    got = {p: _answer(client, p) for p in [*pages, look]}
    for name, form in (("devices", {}), ("bring-signing-key", {"password": "x"}), ("lasting-token", {})):
        found = client.post(reverse(f"console:{name}"), form)
        got[reverse(f"console:{name}") + "?posted"] = (found.status_code, dict(found.headers), found.content)
    return _with_static(got, client)


def _of_metadata(world: World) -> list[str]:
    """Pages about metadata, with names that are long."""
    board = world.owner.organization
    field = add_field(board, f"Cost centre of the {'harbour-' * 8}department")
    template = add_template(board, "Lease", [Chosen(field.pub, required=True)])
    add_template(
        board, "Archived " + "x" * 60, [Chosen(field.pub), Chosen(add_field(board, "Ends", "date").pub)]
    )
    set_metadata(Actor.from_user(world.owner), world.sent.pk, template.pub, {field.pub: "4711 " * 12})
    return [
        reverse("console:envelopes") + "?q=4711",
        reverse("console:metadata"),
        reverse("console:metadata-template", args=[template.pub]),
        reverse("console:new-metadata", args=[world.made.pk]) + f"?template={template.pub}",
    ]


def _of_retention(world: World, client: Client) -> dict[str, Answer]:
    admin = Actor.from_user(world.admin)
    set_retention(admin, envelope=world.declined, unsigned=12)
    assert world.sent.collection is not None
    mark_deleted(admin, [world.sent.collection])
    pages = ["/console/retention", "/console/retention?list=removed"]
    pages.append(reverse("console:envelope-timeline", args=[world.sent.pk]))
    got = {p: _answer(client, p) for p in pages}
    Envelope.objects.filter(pk=world.declined.pk).update(created_at=clock.add_months(clock.now(), -30))
    for name, form in (("tried", {"signed": "120", "unsigned": "24"}), ("refused", {"signed": "many"})):
        found = client.post("/console/retention", form)
        got[f"/console/retention?{name}"] = (found.status_code, dict(found.headers), found.content)
    return got


def _of_people(world: World, client: Client) -> dict[str, Answer]:
    """Users, groups, and the doors to a new password, with names that are long."""
    board = world.owner.organization
    Group.objects.bulk_create(
        Group(organization=board, name=f"{n} department of the {'harbour-' * 6}") for n in "AB"
    )
    Group.objects.get(name__startswith="A").members.add(world.owner, world.other)
    world.other.capabilities = [Capability.SEE_USERS]
    world.other.email = f"{'very-long-' * 6}name@{'harbour-' * 6}board.example"
    world.other.save()
    User.objects.create_user(board, "stamp-of-the-" + "harbour" * 10, None, kind="robot", automatic=True)
    send_link(world.admin, world.owner)
    link = account.link(Message.objects.get(purpose="password_lost"))
    pages = [reverse(f"console:{n}") for n in ("people", "new-person-account", "groups", "new-group")]
    pages += [reverse("console:person", args=[user.pub]) for user in (world.other, world.admin)]
    pages += [reverse("console:group", args=[Group.objects.get(name__startswith="A").pk])]
    pages += [reverse("console:people") + "?q=nobody", urlsplit(link).path]
    got = {p: _answer(client, p) for p in pages}
    doors = (
        ("console:new-person-account", {"kind": "person", "username": "a@b", "role": "king"}),
        ("console:forgotten", {"username": "nobody@board"}),
        ("console:forgotten", {"username": ""}),
    )
    for number, (name, form) in enumerate(doors):
        found = client.post(reverse(name), form)
        got[f"{reverse(name)}?{number}"] = (found.status_code, dict(found.headers), found.content)
    over = client.get("/console/new-password/over")
    got["/console/new-password/over"] = (over.status_code, dict(over.headers), over.content)
    return got


def _with_static(got: dict[str, Answer], client: Client) -> dict[str, Answer]:
    for _, _, body in list(got.values()):
        wanted = re.findall(rb'(?:href|src)="((?:/static/|/console/drafts/[^"]+\.jpg)[^"]*)"', body)
        for found in [*(w.decode() for w in wanted), *MODULES]:
            if found not in got:
                got[found] = _answer(client, found)
                assert got[found][0] == 200, found
    return got


def _answer(client: Client, path: str) -> Answer:
    response = client.get(path)
    body = b"".join(response) if response.streaming else response.content
    return response.status_code, dict(response.headers), body


def test_pages_fit_their_screens_and_pass_axe(answers: dict[str, Answer]) -> None:
    _look_at(answers)


def test_an_operators_pages_fit_their_screens_and_pass_axe(operator_answers: dict[str, Answer]) -> None:
    _look_at(operator_answers)


def test_an_accounts_own_pages_fit_their_screens_and_pass_axe(own_answers: dict[str, Answer]) -> None:
    _look_at(own_answers)


def _look_at(answers: dict[str, Answer]) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    wrong: list[str] = []

    def serve(route: Route) -> None:
        address = urlsplit(route.request.url)
        found = answers.get(address.path + (f"?{address.query}" if address.query else ""))
        if found is None:
            route.fulfill(status=404)
        else:
            route.fulfill(status=found[0], headers=found[1], body=found[2])

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(reduced_motion="reduce")
        page.route("**/*", serve)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda m: wrong.append(f"{page.url}: {m.text}") if "Content Security" in m.text else None,
        )
        for path in [
            p for p, (_, _, body) in answers.items() if body.lstrip().startswith(b"<!doctype html>")
        ]:
            page.goto(f"{HOST}{path}")
            wrong += [f"{path}: {what}" for what in _faults(page, thorough="/drafts/" in path)]
        browser.close()
    assert wrong == []


def _faults(page: Page, *, thorough: bool) -> list[str]:
    """What does not fit at 320, 390, 768 and 1280, and what axe finds at 390 and 1280, or `thorough`, at all four."""
    faults: list[str] = []
    for width, height, scheme in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(
            color_scheme="dark" if scheme == "dark" else "light",
            forced_colors="active" if scheme == "forced" else "none",
        )
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
            faults.append(f"{wide} wide at {width}")
        faults += [f"table cut at {width}: {what}" for what in page.evaluate(CUT)]
        if thorough or width in (390, 1280):
            faults += [f"axe at {width}: {found}" for found in findings(page, practices=False)]
    return faults
