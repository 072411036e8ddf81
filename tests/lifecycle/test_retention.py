"""When its time is over: what goes, what stays, and what is no longer there for work that was on its way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.conf import LazySettings
from django.test import Client

from tests.envelopes.signing import Signer, prepared
from tests.jobs.testing import run_due
from undersigned.accounts.models import Attempt, IdempotencyRecord, Organization
from undersigned.base import clock
from undersigned.delivery.models import Message, WebhookEvent
from undersigned.envelopes import appearance, audit, links
from undersigned.envelopes.access import visible_collections
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.erase import erase_collection
from undersigned.envelopes.errors import NotFound
from undersigned.envelopes.models import Collection, Document, Envelope, Grant, Recipient, Sitting
from undersigned.files import storage
from undersigned.files.models import Blob, File
from undersigned.jobs.models import Job
from undersigned.lifecycle import retention
from undersigned.sealing.chain import first_break

pytestmark = [pytest.mark.django_db, pytest.mark.database]

PERSONAL = (
    "John",
    "Doe",
    "john@example.com",
    "Öberg",
    "asa@example.com",
    "358401234567",
    "192.0.2.7",
    "Lease",
)
PERSONAL_FILE = "contract.pdf"


@pytest.fixture
def completed(sent: Envelope) -> Envelope:
    prepared(sent)
    for name in ("John Doe", "Åsa Öberg"):
        Signer(sent.recipients.get(name=name)).sign(consent="I, John Doe, agree.")
    run_due()
    sent.refresh_from_db()
    assert sent.state == "completed"
    return sent


def _end(envelope: Envelope) -> None:
    """Its retention is over."""
    past = clock.now() - timedelta(minutes=1)
    began = clock.add_months(past, -36) - timedelta(days=3)
    Collection.objects.filter(pk=envelope.collection_id).update(erase_at=past, created_at=began)


def _values() -> Iterator[tuple[str, Any]]:
    """Everything in the database, decrypted."""
    for model in apps.get_models():
        for row in model._default_manager.values():
            for column, value in row.items():
                text = (
                    bytes(value).decode("utf-8", "replace")
                    if isinstance(value, (bytes, memoryview))
                    else value
                )
                yield f"{model.__name__}.{column}", str(text)


def _found(*words: str) -> list[tuple[str, str]]:
    return [(where, word) for where, value in _values() for word in words if word in value]


def test_what_is_personal_goes_from_every_table(completed: Envelope, actor: Actor) -> None:
    Grant.objects.create(collection=completed.collection, raw="john@example.com", right="see")
    Grant.objects.create(envelope=completed, user=actor.user, right="see")
    Envelope.objects.filter(pk=completed.pk).update(
        needs_attention="no glyph in John", error="John", return_url="https://x.example/?who=John"
    )
    assert _found(*PERSONAL, PERSONAL_FILE)
    _end(completed)
    assert retention.erase_due() == 1
    assert _found(*PERSONAL, PERSONAL_FILE) == []
    assert not Message.objects.exists()
    assert not WebhookEvent.objects.exists()
    assert retention.erase_due() == 0


def test_a_tombstone_and_the_chain_remain(completed: Envelope, actor: Actor) -> None:
    seq, created = completed.audit_seq, completed.created_at
    _end(completed)
    retention.erase_due()
    completed.refresh_from_db()
    assert completed.erased_at is not None
    assert (completed.state, completed.created_at) == ("completed", created)
    chain = [
        audit.hashed_fields(e) | {"prev_hash": e.prev_hash, "hash": e.hash} for e, _ in audit.trail(completed)
    ]
    assert first_break(chain) is None
    assert len(chain) == seq + 1
    assert chain[-1]["kind"] == "erased"
    assert all(detail == {} for _, detail in audit.trail(completed))
    assert not visible_collections(actor).exists()


def test_the_bytes_go_with_the_next_sweeps(completed: Envelope) -> None:
    keys = list(Blob.objects.values_list("storage_key", flat=True))
    assert len(keys) >= 6
    _end(completed)
    retention.erase_due()
    assert not File.objects.exclude(blob=None).exists()
    retention.sweep()
    assert Blob.objects.count() == len(keys)  # spared: somebody may be about to use the same bytes
    Blob.objects.update(staged_at=clock.now() - timedelta(days=2))
    retention.sweep()
    assert not Blob.objects.exists()
    for key in keys:
        with pytest.raises(storage.Damaged):
            b"".join(storage.read(Blob(storage_key=key, sha256="0" * 64, size=1)))


def test_the_link_says_removed(completed: Envelope, client: Client, settings: LazySettings) -> None:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    address = links.url(completed.recipients.get(name="John Doe")).partition("://")[2].partition("/")[2]
    _end(completed)
    retention.erase_due()
    answer = client.get(f"/{address}")
    assert answer.status_code == 200
    assert "This document has been removed" in answer.content.decode()
    assert "Board Oy" in answer.content.decode()
    assert client.post(f"/{address}").status_code == 404
    assert not Sitting.objects.exists()


def test_erasing_again_has_no_effect(sent: Envelope) -> None:
    erase_collection(sent.collection_id or 0)
    first = Envelope.objects.get(pk=sent.pk)
    erase_collection(sent.collection_id or 0)
    assert Envelope.objects.get(pk=sent.pk).audit_seq == first.audit_seq


def test_one_that_cannot_be_erased_keeps_nobody_else(
    sent: Envelope, monkeypatch: pytest.MonkeyPatch, actor: Actor
) -> None:
    from undersigned.envelopes.create_collection import create_collection

    other = create_collection(actor, "plain", Collection.Kind.CONTRACT, "Other")
    past = clock.now() - timedelta(days=1)
    Collection.objects.update(erase_at=past, created_at=clock.add_months(past, -36) - timedelta(days=4))
    Collection.objects.filter(pk=other.pk).update(erase_at=past + timedelta(hours=1))
    real = erase_collection

    def fails(pk: int, **options: bool) -> bool:
        if pk == sent.collection_id:
            raise RuntimeError("broken")
        return real(pk, **options)

    monkeypatch.setattr(retention, "erase_collection", fails)
    assert retention.erase_due() == 1
    other.refresh_from_db()
    assert other.erased_at is not None


def test_the_test_clock_moves_retention(sent: Envelope, organization: Organization) -> None:
    assert retention.erase_due() == 0
    Organization.objects.filter(pk=organization.pk).update(clock_offset=timedelta(days=37 * 31))
    assert retention.erase_due() == 1


@pytest.mark.parametrize("stage", ["prepare", "seal"])
def test_work_on_its_way_finds_the_tombstone_and_ends(sent: Envelope, stage: str) -> None:
    if stage == "seal":
        prepared(sent)
        for name in ("John Doe", "Åsa Öberg"):
            Signer(sent.recipients.get(name=name)).sign()
    erase_collection(sent.collection_id or 0)
    run_due()
    job = Job.objects.get(kind=stage)
    assert (job.state, job.error) == ("done", "")
    sent.refresh_from_db()
    assert sent.needs_attention == ""


def test_erased_while_somebody_signs(sent: Envelope, monkeypatch: pytest.MonkeyPatch) -> None:
    from undersigned.envelopes import make_signature as module

    prepared(sent)
    john = Signer(sent.recipients.get(name="John Doe"))
    john.ready()
    real = module.sign_pdf

    def slow(*args: object) -> object:
        result = real(*args)  # type: ignore[arg-type]
        erase_collection(sent.collection_id or 0)
        return result

    monkeypatch.setattr(module, "sign_pdf", slow)
    with pytest.raises(NotFound):
        john.sign()
    assert not Document.objects.exists()


def test_the_sweep_takes_old_looks_and_counters(sent: Envelope) -> None:
    prepared(sent)
    john, asa = (Signer(r) for r in Recipient.objects.order_by("position"))
    john.ready()
    asa.ready()
    long_ago = clock.now() - timedelta(days=2)
    Sitting.objects.filter(pk=john.sitting.pk).update(last_seen=long_ago)
    Attempt.objects.create(bucket="b", subject=b"x", at=long_ago)
    Attempt.objects.create(bucket="b", subject=b"x", at=clock.now())
    assert IdempotencyRecord.objects.count() == 0
    retention.sweep()
    assert appearance.kept(Sitting.objects.get(pk=john.sitting.pk)) is None
    assert appearance.kept(Sitting.objects.get(pk=asa.sitting.pk)) is not None
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize(("hours", "kept"), [(23, True), (25, False)])
@pytest.mark.parametrize("offset", [timedelta(days=-40), timedelta(days=40)])
def test_sittings_are_old_by_their_organisations_clock(
    sent: Envelope, organization: Organization, offset: timedelta, hours: int, kept: bool
) -> None:
    prepared(sent)
    john = Signer(sent.recipients.get(name="John Doe"))
    john.ready()
    Organization.objects.filter(pk=organization.pk).update(clock_offset=offset)
    seen = clock.now(offset) - timedelta(hours=hours)
    Sitting.objects.filter(pk=john.sitting.pk).update(last_seen=seen)
    retention.sweep()
    assert (appearance.kept(Sitting.objects.get(pk=john.sitting.pk)) is not None) == kept
