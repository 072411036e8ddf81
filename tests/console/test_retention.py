"""The page of the organisation's rules: dry run before save, what goes when, what was removed; for administrators."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.queries import Queries
from undersigned.accounts.models import Organization
from undersigned.base import clock
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.create_envelope import create_envelope
from undersigned.envelopes.mark_deleted import mark_deleted
from undersigned.envelopes.models import Envelope
from undersigned.envelopes.set_retention import set_retention

from .world import World

pytestmark = pytest.mark.django_db
PAGE = "/console/retention"


def rules(world: World) -> tuple[int | None, int | None, int | None]:
    found = Organization.objects.get(pk=world.admin.organization_id)
    return (
        found.retention_signed_months,
        found.retention_unsigned_months,
        found.retention_other_months,
    )


def test_rules_are_saved_after_a_dry_run(world: World, visit: Callable[[str], Client]) -> None:
    long_ago = clock.add_months(clock.now(), -13)
    Envelope.objects.filter(pk=world.sent.pk).update(created_at=long_ago, title="=1+1")
    admin = visit("admin")
    page = admin.post(PAGE, {"signed": "120", "unsigned": "12", "other": ""}).content.decode()
    total = Envelope.objects.filter(organization=world.admin.organization_id).count()
    assert f"Today this would erase 1 of {total} envelopes" in page
    assert "=1+1" in page
    assert rules(world) == (None, None, None)
    answer = admin.get("/console/retention.csv?signed=120&unsigned=12")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]
    assert [r[:2] for r in rows] == [["id", "title"], [str(world.sent.pk), "'=1+1"]]
    saved = admin.post(PAGE, {"signed": "120", "unsigned": "12", "other": "", "save": "1"})
    assert saved.status_code == 302
    assert rules(world) == (120, 12, None)
    assert Envelope.objects.get(pk=world.sent.pk).content_erase_at is None  # new content only
    fresh = create_envelope(
        Actor.from_user(type(world.owner).objects.get(pk=world.owner.pk)), "console", "New"
    )
    assert fresh.content_erase_at == clock.add_months(fresh.created_at, 12)
    assert "New" in admin.get(PAGE).content.decode()
    # For ever is a rule too.
    assert "Documents are kept for ever" in admin.post(PAGE, {"signed": ""}).content.decode()


@pytest.mark.parametrize("wrong", ["0", "-1", "1.5", "many", "1201"])
def test_only_whole_months(world: World, visit: Callable[[str], Client], wrong: str) -> None:
    answer = visit("admin").post(PAGE, {"signed": wrong, "save": "1"})
    assert answer.status_code == 422
    assert "Write a whole number of months" in answer.content.decode()
    assert rules(world) == (None, None, None)
    assert visit("admin").get(f"/console/retention.csv?signed={wrong}").status_code == 404


def test_for_administrators_alone_and_of_their_own_organisation(
    world: World, visit: Callable[[str], Client]
) -> None:
    for who in ("owner", "other"):
        assert visit(who).get(PAGE).status_code == 404
        assert visit(who).post(PAGE, {"signed": "1", "save": "1"}).status_code == 404
        assert PAGE not in visit(who).get("/console/").content.decode()
    visit("stranger").post(PAGE, {"signed": "1", "save": "1"})
    assert rules(world) == (None, None, None)
    set_retention(Actor.from_user(world.owner), envelope=world.sent, unsigned=3)
    assert world.sent.title in visit("admin").get(PAGE).content.decode()
    assert world.sent.title not in visit("stranger").get(PAGE).content.decode()


def test_removed_and_restored(world: World, visit: Callable[[str], Client]) -> None:
    collection = world.sent.collection
    assert collection is not None
    envelope = reverse("console:envelope-timeline", args=[world.sent.pk])
    back = reverse("console:restore", args=[collection.pk])
    mark_deleted(Actor.from_user(world.owner), [collection])
    assert envelope not in visit("owner").get("/console/envelopes").content.decode()
    for who in ("owner", "admin"):
        page = visit(who).get(envelope).content.decode()
        assert "Removed; it will be erased on" in page
        assert back in page
    page = visit("admin").get(f"{PAGE}?list=removed").content.decode()
    assert back in page
    assert 'data-label="Days left">14</td>' in page
    for who in ("other", "stranger", "anonymous"):
        assert visit(who).post(back).status_code in (302, 404)
        collection.refresh_from_db()
        assert collection.marked_deleted_at is not None
    assert visit("owner").post(back).status_code == 302
    collection.refresh_from_db()
    assert collection.marked_deleted_at is None
    assert envelope in visit("owner").get("/console/envelopes").content.decode()
    mark_deleted(Actor.from_user(world.owner), [collection])
    type(collection).objects.filter(pk=collection.pk).update(delete_after=clock.now() - timedelta(minutes=1))
    late = visit("admin").post(back, {"from": "list"}, follow=True).content.decode()
    assert "The 14 days are over" in late


def test_pages_of_what_goes(world: World, visit: Callable[[str], Client]) -> None:
    """In the order in which it goes, by pages, and no more queries for fifty rows than for one."""
    owner, admin = Actor.from_user(world.owner), visit("admin")

    def add(count: int) -> None:
        for number in range(count):
            made = create_envelope(owner, "console", f"E{number}")
            set_retention(owner, envelope=made, unsigned=1 + number)

    add(1)
    with Queries(connection) as few:
        admin.get(PAGE)
    add(50)
    with Queries(connection) as many:
        first = admin.get(PAGE).content.decode()
    assert len(many) <= len(few)
    assert first.count("E2<") == 1
    assert "E40<" not in first
    for name in ("envelopes", "collections", "removed", "nonsense"):
        assert admin.get(f"{PAGE}?list={name}").status_code == 200


def test_the_envelopes_page_says_when(world: World, visit: Callable[[str], Client]) -> None:
    set_retention(Actor.from_user(world.owner), envelope=world.sent, unsigned=3)
    page = visit("owner").get(reverse("console:envelope-timeline", args=[world.sent.pk])).content.decode()
    assert "Content is erased" in page
    assert "changed for how long it is kept" in page
    assert "All is erased" in page  # the API's own end
