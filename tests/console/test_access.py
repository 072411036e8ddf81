"""Every page against every kind of visitor; what a GET may do; CSRF."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from undersigned.accounts.models import Credential
from undersigned.console.urls import urlpatterns
from undersigned.delivery.models import Message
from undersigned.envelopes.models import DocumentVersion

from .conftest import VISITORS
from .test_new import CHANGES, FORMS, of_draft
from .world import World

EVERYBODY = {"owner", "other", "admin", "stranger"}
OWN = {"owner", "admin"}
GET = {
    "home": EVERYBODY,
    "password": EVERYBODY,
    "envelopes": EVERYBODY,
    "outbox": EVERYBODY,
    "keys": EVERYBODY,
    "new-key": EVERYBODY,
    "envelope-timeline": OWN,
    "envelope-people": OWN,
    "envelope-documents": OWN,
    "envelope-messages": OWN,
    "envelope-webhooks": OWN,
    "download": OWN,
    "outbox-message": OWN,
    "outbox-html": OWN,
    "key": OWN,
    "attention": {"admin", "stranger"},
    "providers": {"admin", "stranger"},
    "metadata": {"admin", "stranger"},
    "people": {"admin", "stranger"},
    "groups": {"admin", "stranger"},
    "retention": {"admin", "stranger"},
    "retention-csv": {"admin", "stranger"},
    "new": EVERYBODY,
    "new-files": OWN,
    "new-delete": OWN,
    "new-page": OWN,
    "new-people": OWN,
    "new-person": OWN,
    "new-fields-of": OWN,
    "new-letter": OWN,
    "new-check": OWN,
    "cancel": OWN,
}
POST = {
    "resend": OWN,
    "send-again": OWN,
    "set-aside": OWN,
    "run-all-again": {"admin", "stranger"},
    "enable-key": OWN,
    "disable-key": OWN,
    "key-secret": OWN,
}
ELSEWHERE = {
    "restore",
    "login",
    "logout",
    "evidence-pdf",
    "evidence-json",
    "run-again",
    "doctor",
    "new-provider",
    "provider",
    "enable-provider",
    "disable-provider",
    "test-provider",
    "provider-tested",
    "new-fields",
    # In the wider matrix (tests/adversarial/test_authorization.py) and in tests of their own.
    "envelope-comment",
    "envelope-discussion",
    "metadata-field",
    "metadata-field-archive",
    "metadata-field-new",
    "metadata-field-restore",
    "metadata-template",
    "metadata-template-archive",
    "metadata-template-new",
    "metadata-template-restore",
    "new-metadata",
    "report",
    "delete-group",
    "disable-person",
    "enable-person",
    "forgotten",
    "group",
    "new-group",
    "new-password",
    "new-person-account",
    "person",
    "person-link",
    "person-rights",
    "vouched",
    *CHANGES,
}
"""Tested by themselves."""


def address(name: str, world: World) -> str:
    about = (
        Message.objects.filter(envelope_id=world.sent.pk)
        .exclude(state=Message.State.FAILED)
        .order_by("pk")[0]
    )
    version = DocumentVersion.objects.filter(document__envelope=world.sent).order_by("pk")[0]
    values: dict[str, dict[str, Any]] = {
        "resend": {
            "envelope_id": world.sent.pk,
            "recipient_id": world.sent.recipients.order_by("position")[0].pk,
        },
        "download": {"envelope_id": world.sent.pk, "version_id": version.pk},
        "outbox-message": {"message_id": about.pk},
        "outbox-html": {"message_id": about.pk},
        "send-again": {"message_id": Message.objects.get(state=Message.State.FAILED).pk},
        "set-aside": {"message_id": Message.objects.get(state=Message.State.FAILED).pk},
        "run-all-again": {"group": "failed"},
    }
    if name.startswith("new-") and name != "new-key":
        values[name] = of_draft(name, world)
    if name in ("cancel", "remind"):
        values[name] = {"envelope_id": world.running.pk}
    if name.startswith("envelope-"):
        values[name] = {"envelope_id": world.sent.pk}
    if name in ("key", "enable-key", "disable-key", "key-secret"):
        values[name] = {"key_id": world.key.pk}
    return reverse(f"console:{name}", kwargs=values.get(name, {}))


def test_every_page_is_in_the_matrix() -> None:
    assert {p.name for p in urlpatterns} == {*GET, *POST, *ELSEWHERE}


def test_pages(world: World, visit: Callable[[str], Client]) -> None:
    wrong = []
    for who, (name, allowed) in itertools.product(VISITORS, GET.items()):
        response = visit(who).get(address(name, world))
        expected = 302 if who == "anonymous" else 200 if who in allowed else 404
        if response.status_code != expected:
            wrong.append((who, name, response.status_code, expected))
        if who == "anonymous" and not response["Location"].startswith("/console/login?next="):
            wrong.append((who, name, response["Location"], "login"))
        if response.streaming:
            list(response.streaming_content)  # type: ignore[attr-defined]  # reads to the end, so the digest is checked
    assert wrong == []


def test_posts(world: World, visit: Callable[[str], Client]) -> None:
    wrong = []
    for (name, allowed), who in itertools.product(
        POST.items(), ["anonymous", "stranger", "other", "admin", "owner"]
    ):
        before = _counts()
        response = visit(who).post(address(name, world))
        if who in allowed:
            expected = 200 if name == "key-secret" else 302
            if "/login" in response.get("Location", ""):
                wrong.append((who, name, "login"))
        else:
            expected = 302 if who == "anonymous" else 404
            if _counts() != before:
                wrong.append((who, name, "changed something"))
        if response.status_code != expected:
            wrong.append((who, name, response.status_code, expected))
        Message.objects.filter(
            channel="email", recipient_id=address_recipient(world), purpose="invitation"
        ).update(state="failed")
        Message.objects.filter(dedup_key__contains=":again:").delete()
    assert wrong == []


def address_recipient(world: World) -> int:
    return world.sent.recipients.order_by("position")[0].pk


def test_posts_need_the_csrf_token(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.owner)
    for name in [*POST, "logout", "new-key", "key", "password", "login"]:
        url = address(name, world) if name not in ("logout", "login") else reverse(f"console:{name}")
        response = strict.post(url)
        assert response.status_code == 403, name
        assert "This was refused" in response.content.decode()


def test_get_changes_nothing(world: World, visit: Callable[[str], Client]) -> None:
    client = visit("admin")
    before = _counts()
    for name in GET:
        response = client.get(address(name, world))
        assert response.status_code == 200, name
        if response.streaming:
            list(response.streaming_content)  # type: ignore[attr-defined]
    for name in POST:
        assert client.get(address(name, world)).status_code == 405, name
    assert _counts() == before


def _counts() -> dict[str, Any]:
    """How many rows each table of ours has, and what the keys and messages say."""
    tables = {
        m._meta.label: m._default_manager.count()
        for m in apps.get_models()
        if m._meta.app_label not in ("sessions",)
    }
    keys = sorted(Credential.objects.values_list("pk", "enabled", "webhook_url"))
    return tables | {"keys": keys, "messages": sorted(Message.objects.values_list("pk", "state", "attempts"))}


def test_posting_to_a_page_that_only_shows(world: World, visit: Callable[[str], Client]) -> None:
    for name in set(GET) - {"new-key", "key", "password", "cancel", "new", "retention", *FORMS}:
        assert visit("owner").post(address(name, world)).status_code == 405, name


def test_the_code_is_for_the_sender_alone(world: World, visit: Callable[[str], Client]) -> None:
    code = world.sent.recipients.order_by("position")[0].code or "?"
    url = address("envelope-people", world)
    assert code in visit("owner").get(url).content.decode()
    assert code not in visit("admin").get(url).content.decode()


def test_lists_show_only_what_one_may_see(world: World, visit: Callable[[str], Client]) -> None:
    for page in ("home", "envelopes", "outbox", "keys"):
        url = reverse(f"console:{page}")
        for who in ("other", "stranger"):
            body = visit(who).get(url).content.decode()
            for secret in ("boathouse", "Loan", "bea.berg", "Booking system", "Employment"):
                assert secret not in body, (page, who, secret)
    assert "boathouse" in visit("owner").get(reverse("console:envelopes")).content.decode()
    assert "Anna Virtanen" in visit("admin").get(reverse("console:envelopes")).content.decode()


def test_a_recipient_of_another_envelope_cannot_be_resent_to(
    world: World, visit: Callable[[str], Client]
) -> None:
    foreign = world.declined.recipients.order_by("position")[0]
    url = reverse("console:resend", kwargs={"envelope_id": world.sent.pk, "recipient_id": foreign.pk})
    assert visit("owner").post(url).status_code == 404
    version = DocumentVersion.objects.filter(document__envelope=world.declined)[0]
    url = reverse("console:download", kwargs={"envelope_id": world.sent.pk, "version_id": version.pk})
    assert visit("owner").get(url).status_code == 404


@pytest.mark.parametrize("number", [2**31, 2**63, 2**64, 10**30])
def test_absurd_numbers_are_not_found(world: World, visit: Callable[[str], Client], number: int) -> None:
    client = visit("admin")
    for path in (f"envelopes/{number}", f"envelopes/{number}/people", f"keys/{number}", f"outbox/{number}"):
        assert client.get(f"/console/{path}").status_code == 404, path
    for path in (f"envelopes/{world.sent.pk}/documents/{number}.pdf",):
        assert client.get(f"/console/{path}").status_code == 404, path
    assert client.post(f"/console/envelopes/{world.sent.pk}/people/{number}/resend").status_code == 404
    assert client.get(f"/console/envelopes?before={number}").status_code == 200


def test_where_mail_is_sent_nobody_reads_links_here(
    world: World, visit: Callable[[str], Client], settings: Any
) -> None:
    sent_by_mail = Message.objects.filter(envelope_id=world.sent.pk, channel="email").exclude(state="failed")[
        0
    ]
    settings.MAIL_URL = "smtp://mail.example"
    client = visit("admin")
    assert (
        client.get(reverse("console:outbox-message", kwargs={"message_id": sent_by_mail.pk})).status_code
        == 404
    )
    home = client.get(reverse("console:home")).content.decode()
    assert "Nothing is being sent" not in home
    assert reverse("console:outbox") not in home
