"""Content by its own clocks, and removal with its days of grace: what goes when, what stays, who is told, who may."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.envelopes.conftest import PlainDialect
from tests.envelopes.signing import Signer, prepared
from tests.jobs.testing import run_due
from undersigned.accounts.models import Credential, Organization, User
from undersigned.base import clock
from undersigned.delivery import deliver
from undersigned.delivery.models import Message
from undersigned.delivery.render import render
from undersigned.envelopes import audit, links
from undersigned.envelopes.access import visible, visible_collections
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.create_collection import create_collection
from undersigned.envelopes.create_envelope import create_envelope
from undersigned.envelopes.erase import erase_content
from undersigned.envelopes.errors import Conflict, Invalid, NotFound
from undersigned.envelopes.locks import lock_envelope
from undersigned.envelopes.mark_deleted import mark_deleted
from undersigned.envelopes.models import (
    AuditDetail,
    AuditEvent,
    Collection,
    Comment,
    Document,
    Envelope,
    Grant,
    MetadataField,
    MetadataTemplate,
    MetadataValue,
    Sitting,
)
from undersigned.envelopes.restore import restore
from undersigned.envelopes.set_retention import set_retention
from undersigned.files.models import Blob, File
from undersigned.files.store import copy_file
from undersigned.identity.models import OneTimeCode, Provider, SignIn
from undersigned.jobs.models import Job
from undersigned.lifecycle import retention
from undersigned.lifecycle.dry_run import Rules, past, preview
from undersigned.sealing.chain import first_break

from .test_retention import PERSONAL, PERSONAL_FILE, _found

pytestmark = [pytest.mark.django_db, pytest.mark.database]
Commits = Callable[..., AbstractContextManager[Any]]
CONTENT = (*(word for word in PERSONAL if word != "Lease"), PERSONAL_FILE, "Zebra")


@pytest.fixture
def completed(sent: Envelope, organization: Organization) -> Envelope:
    prepared(sent)
    for name in ("John Doe", "Åsa Öberg"):
        Signer(sent.recipients.get(name=name)).sign(consent="I, John Doe, agree.")
    run_due()
    sent.refresh_from_db()
    assert sent.state == "completed"
    _say_more(sent, organization)
    return sent


def _say_more(envelope: Envelope, organization: Organization) -> None:
    """Rows that this room knows of and others write."""
    at = clock.now()
    john = envelope.recipients.get(name="John Doe")
    Comment.objects.create(envelope=envelope, recipient=john, text="Zebra", created_at=at)
    field = MetadataField.objects.create(organization=organization, pub="f", name="Person", created_at=at)
    template = MetadataTemplate.objects.create(organization=organization, pub="t", name="T", created_at=at)
    MetadataValue.objects.create(envelope=envelope, field=field, value="Zebra")
    Envelope.objects.filter(pk=envelope.pk).update(metadata_template=template, description="Dear Zebra")
    OneTimeCode.objects.create(
        subject_kind="recipient",
        subject_id=john.pk,
        channel="sms",
        seed=b"x" * 16,
        created_at=at,
        expires_at=at,
    )
    provider = Provider.objects.create(key="p", name="P", issuer="https://p.example", client_id="c")
    sitting = Sitting.objects.filter(recipient=john).first()
    assert sitting is not None
    SignIn.objects.create(
        provider=provider, subject_kind="sitting", subject_id=sitting.pk, state_hash=secrets.token_bytes(32),
        nonce="n", verifier="Zebra", created_at=at, expires_at=at,
    )  # fmt: skip
    envelope.refresh_from_db()


def _turn(organization: Organization, days: float) -> None:
    """Set the test clock so many days ahead of real time."""
    Organization.objects.filter(pk=organization.pk).update(clock_offset=timedelta(days=days))
    organization.refresh_from_db()


def _chain(envelope: Envelope) -> list[dict[str, Any]]:
    return [
        audit.hashed_fields(e) | {"prev_hash": e.prev_hash, "hash": e.hash} for e, _ in audit.trail(envelope)
    ]


def _stored(folder: Path) -> Iterator[Path]:
    return (p for p in folder.rglob("*") if p.is_file() and "sqlite3" not in p.name)


@pytest.fixture
def unbound(completed: Envelope) -> Envelope:
    """Without an end that its API sets."""
    policy = completed.policy | {"retention_months": None}
    Envelope.objects.filter(pk=completed.pk).update(policy=policy)
    Collection.objects.filter(pk=completed.collection_id).update(erase_at=None)
    completed.refresh_from_db()
    return completed


def test_84_months_to_the_day(
    unbound: Envelope,
    actor: Actor,
    organization: Organization,
    settings: LazySettings,
    django_capture_on_commit_callbacks: Commits,
) -> None:
    set_retention(actor, envelope=unbound, signed=84)
    assert unbound.collection is not None
    end = clock.add_months(unbound.agreed_at or clock.now(), 84)
    assert unbound.content_erase_at == end
    left = (end - clock.now()).total_seconds() / 86400
    _turn(organization, left - 0.01)
    assert retention.erase_due() == 0
    assert _found(*CONTENT)
    _turn(organization, left + 0.01)
    Blob.objects.update(staged_at=clock.now() - timedelta(days=2))
    keys = list(Blob.objects.values_list("storage_key", flat=True))
    assert any(p for p in _stored(settings.DATA_DIR / "files"))
    seq = unbound.audit_seq
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.erase_due() == 1
    assert _found(*CONTENT) == []
    assert not Blob.objects.filter(storage_key__in=keys).exists()
    for key in keys:
        assert not (settings.DATA_DIR / "files" / key).exists()
        assert not (settings.DATA_DIR / "cache" / key).exists()
    unbound.refresh_from_db()
    assert (unbound.title, unbound.state, unbound.erased_at) == ("Lease", "completed", None)
    assert unbound.content_erased_at is not None
    assert visible(actor).filter(pk=unbound.pk).exists()
    chain = _chain(unbound)
    assert first_break(chain) is None
    assert (len(chain), chain[-1]["kind"], unbound.audit_head) == (
        seq + 1,
        "content_erased",
        chain[-1]["hash"],
    )
    assert not AuditDetail.objects.exists()
    assert retention.erase_due() == 0
    with pytest.raises(NotFound):  # for use cases it is gone
        lock_envelope(unbound.pk)
    assert not OneTimeCode.objects.exists()
    assert not SignIn.objects.exists()


def test_what_another_envelope_uses_stays(completed: Envelope, actor: Actor) -> None:
    """The same handle, and the same bytes under another."""
    original = Document.objects.get(envelope=completed).original
    other = create_envelope(actor, "plain", "Other")
    Document.objects.create(
        envelope=other, position=1, title="again", original=original, created_at=clock.now()
    )
    version = completed.documents.get().versions.get(kind="sealed").file
    copied = copy_file(version, File.Kind.ARCHIVE)
    set_retention(actor, envelope=completed, signed=1)
    Envelope.objects.filter(pk=completed.pk).update(agreed_at=clock.now() - timedelta(days=40))
    assert erase_content(completed.pk)
    kept = File.objects.exclude(blob=None)
    assert set(kept) == {original, copied}


def test_open_content_is_called_off_and_goes_when_all_have_been_told(
    sent: Envelope, actor: Actor, organization: Organization, plain: PlainDialect
) -> None:
    plain.use_cases = frozenset({"cancel"})
    prepared(sent)
    john = Signer(sent.recipients.get(name="John Doe"))
    set_retention(actor, envelope=sent, unsigned=1)
    _turn(organization, 32)
    assert retention.erase_due() == 0
    sent.refresh_from_db()
    assert (sent.state, sent.content_erased_at) == ("cancelled", None)
    told = Message.objects.filter(envelope_id=sent.pk, purpose="cancelled")
    assert sorted(m.address or "" for m in told) == ["asa@example.com", "john@example.com"]
    with pytest.raises(Conflict):
        john.sign()
    assert retention.erase_due() == 0  # their mails wait
    run_due()
    assert {m.state for m in told.all()} == {"sent"}
    assert retention.erase_due() == 1
    assert _found(*CONTENT) == []


def test_an_api_without_a_word_for_it_calls_nothing_off(
    sent: Envelope, actor: Actor, organization: Organization
) -> None:
    prepared(sent)
    set_retention(actor, collection=sent.collection, unsigned=1)
    _turn(organization, 32)
    assert retention.erase_due() == 1
    sent.refresh_from_db()
    assert (sent.state, bool(sent.content_erased_at)) == ("expired", True)
    assert not Message.objects.filter(purpose="cancelled").exists()
    with pytest.raises(NotFound):
        Signer(sent.recipients.first(), with_code=False)  # type: ignore[arg-type]


def test_a_running_seal_finds_the_tombstone(sent: Envelope, actor: Actor) -> None:
    prepared(sent)
    for name in ("John Doe", "Åsa Öberg"):
        Signer(sent.recipients.get(name=name)).sign()
    set_retention(actor, envelope=sent, signed=1)
    Envelope.objects.filter(pk=sent.pk).update(agreed_at=clock.now() - timedelta(days=40))
    assert erase_content(sent.pk)
    run_due()
    job = Job.objects.get(kind="seal")
    assert (job.state, job.error) == ("done", "")
    assert not File.objects.exclude(blob=None).exists()


def test_the_clock_is_wound_when_all_have_agreed(sent: Envelope, actor: Actor) -> None:
    set_retention(actor, collection=sent.collection, signed=6, unsigned=1)
    sent.refresh_from_db()
    assert sent.content_erase_at == clock.add_months(sent.created_at, 1)
    prepared(sent)
    for name in ("John Doe", "Åsa Öberg"):
        Signer(sent.recipients.get(name=name)).sign()
    sent.refresh_from_db()
    assert sent.agreed_at is not None
    assert sent.content_erase_at == clock.add_months(sent.agreed_at, 6)


def test_more_time_saves_what_was_found_due(sent: Envelope, actor: Actor, organization: Organization) -> None:
    set_retention(actor, envelope=sent, unsigned=1)
    _turn(organization, 32)
    # The tick has read the row; before it has the lock, somebody gives more time.
    Envelope.objects.filter(pk=sent.pk).update(retention_unsigned_months=3)
    assert not erase_content(sent.pk)
    sent.refresh_from_db()
    assert sent.content_erase_at == clock.add_months(sent.created_at, 3)


def test_the_organisations_rules_are_copied_and_touch_new_content_only(
    sent: Envelope, actor: Actor, organization: Organization
) -> None:
    for column in ("signed", "unsigned", "other"):
        setattr(organization, f"retention_{column}_months", 7)
    organization.save()
    actor = Actor(organization, actor.user, None, actor.reach)
    sent.refresh_from_db()
    assert sent.content_erase_at is None
    alone = create_envelope(actor, "plain", "Alone")
    assert alone.content_erase_at == clock.add_months(alone.created_at, 7)
    held = create_collection(actor, "plain", Collection.Kind.CONTRACT, "Held")
    inside = held.envelopes.get()
    assert inside.retention_unsigned_months is None  # its collection's
    assert inside.content_erase_at == clock.add_months(inside.created_at, 7)
    organization.retention_unsigned_months = 1
    organization.save()
    inside.refresh_from_db()
    assert inside.content_erase_at == clock.add_months(inside.created_at, 7)
    set_retention(actor, collection=held, unsigned=None)
    inside.refresh_from_db()
    assert inside.content_erase_at is None
    assert held.retention_signed_months == 7  # left out, so it stays


def test_what_was_said_goes_before_what_was_signed(
    unbound: Envelope, actor: Actor, organization: Organization
) -> None:
    collection = unbound.collection
    assert collection is not None
    Comment.objects.create(collection=collection, user=actor.user, text="Gossip", created_at=clock.now())
    Comment.objects.filter(envelope=unbound).delete()
    set_retention(actor, collection=collection, signed=24, other=12)
    assert collection.erase_at == clock.add_months(collection.created_at, 12)
    _turn(organization, 367)
    assert retention.erase_due() == 0
    assert not Comment.objects.exists()
    collection.refresh_from_db()
    unbound.refresh_from_db()
    assert (unbound.content_erased_at, collection.erased_at) == (None, None)
    assert collection.erase_at == unbound.content_erase_at
    _turn(organization, 735)
    assert retention.erase_due() == 2  # the content, then what was left of the whole
    collection.refresh_from_db()
    assert collection.erased_at is not None
    assert _found(*PERSONAL, PERSONAL_FILE, "Zebra") == []


@pytest.mark.parametrize("given", [0, -1, 1201, True, "12", 1.5])
def test_only_whole_months(sent: Envelope, actor: Actor, given: Any) -> None:
    with pytest.raises(Invalid) as refused:
        set_retention(actor, envelope=sent, signed=given, other=3)
    assert refused.value.faults == {"signed": ["invalid"]}
    with pytest.raises(Invalid):
        set_retention(actor, signed=3)


def test_grace(
    sent: Envelope, actor: Actor, organization: Organization, client: Client, settings: LazySettings
) -> None:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    prepared(sent)
    collection = sent.collection
    assert collection is not None
    john = Signer(sent.recipients.get(name="John Doe"))
    mark_deleted(actor, [collection], ["a@example.com", "b@example.com", "a@example.com"], "Save Zebra first")
    first = collection.marked_deleted_at
    assert first is not None
    assert collection.delete_after == first + timedelta(days=14)
    mails = Message.objects.filter(purpose="removal").order_by("pk")
    assert [m.address for m in mails] == ["a@example.com", "b@example.com"]
    text = render(mails[0]).text
    assert "Save Zebra first" in text
    assert "Anna Virtanen has removed “Lease”" in text
    assert len(render(mails[0]).subject) < 60
    # In no list, found by who asks for it, not signable; its link says so and names nothing.
    assert not visible(actor).exists()
    assert not visible_collections(actor).exists()
    assert visible(actor, removed=True).get() == sent
    assert visible_collections(actor, removed=True).get() == collection
    with pytest.raises(Conflict) as refused:
        john.sign()
    assert refused.value.code == "erased"
    address = links.url(john.recipient).partition("://")[2].partition("/")[2]
    page = client.get(f"/{address}").content.decode()
    assert "This document has been removed" in page
    assert "Lease" not in page
    assert client.post(f"/{address}").status_code == 404
    mark_deleted(actor, [collection], ["c@example.com"])
    assert (collection.marked_deleted_at, mails.count()) == (first, 2)
    # Brought back in time; the mails that have not left are dropped.
    _turn(organization, 13.9)
    assert retention.erase_due() == 0
    restore(actor, [collection])
    assert visible(actor).get() == sent
    assert deliver.attempt(mails[0]).outcome == "dropped"
    john.sign()
    # Removed again, and not in time.
    mark_deleted(actor, [collection])
    _turn(organization, 13.9 + 13.9)
    assert retention.erase_due() == 0
    _turn(organization, 13.9 + 14.1)
    with pytest.raises(Conflict):
        restore(actor, [collection])
    assert retention.erase_due() == 1
    assert _found(*PERSONAL, PERSONAL_FILE, "Zebra", "a@example.com") == []
    sent.refresh_from_db()
    assert first_break(_chain(sent)) is None
    kinds = [e.kind for e in AuditEvent.objects.filter(envelope=sent)]
    assert [k for k in kinds if k in ("marked_deleted", "restored", "erased")] == [
        "marked_deleted", "restored", "marked_deleted", "erased"
    ]  # fmt: skip


def test_who_may(sent: Envelope, actor: Actor) -> None:
    collection = sent.collection
    assert collection is not None
    elsewhere = Organization.objects.create(slug="elsewhere", name="Elsewhere")
    strangers = [
        Actor.from_user(User.objects.create(organization=elsewhere, username="s", role=User.Role.ADMIN)),
        Actor.from_user(User.objects.create(organization=sent.organization, username="m")),
    ]
    for stranger in strangers:
        with pytest.raises(NotFound):
            set_retention(stranger, envelope=sent, signed=1)
        with pytest.raises(NotFound):
            set_retention(stranger, collection=collection, signed=1)
        with pytest.raises(NotFound):
            mark_deleted(stranger, [collection])
    mark_deleted(actor, [collection])
    for stranger in strangers:
        with pytest.raises(NotFound):
            restore(stranger, [collection])
    colleague = strangers[1].user
    Grant.objects.create(collection=collection, user=colleague, right=Grant.Right.OWNER)
    restore(strangers[1], [collection])
    robot = Actor(sent.organization, colleague, None, Credential.Reach.ROBOT)
    mark_deleted(robot, [collection])
    with pytest.raises(Invalid):
        mark_deleted(actor, [collection], ["not an address"])


def test_a_dry_run_counts_what_the_rules_then_erase(
    sent: Envelope, actor: Actor, organization: Organization, django_assert_max_num_queries: Any
) -> None:
    """Around a month's end, where the order of starts is not that of ends."""
    at = clock.now()
    edge = clock.add_months(at, -2)
    starts = [edge + timedelta(hours=7 * n) for n in range(-20, 21)]
    for number, start in enumerate(starts):
        made = create_envelope(actor, "plain", f"E{number}")
        signed = start if number % 2 else None
        Envelope.objects.filter(pk=made.pk).update(
            created_at=start, agreed_at=signed, state="completed" if signed else "sent"
        )
    rules = Rules(signed=2, unsigned=2, other=None)
    with django_assert_max_num_queries(7):
        found = preview(organization, rules)
    assert found.total == len(starts) + 1
    assert found.erased == len(list(past(organization, rules))) > 10
    assert found.oldest == starts[0]
    for envelope in Envelope.objects.filter(collection=None):
        set_retention(actor, envelope=envelope, signed=2, unsigned=2)
    assert retention.erase_due() == found.erased
    assert preview(organization, Rules(None, None, 1)).erased == 0
