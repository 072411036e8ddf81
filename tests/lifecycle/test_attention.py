"""A seal that cannot be made waits, says so, and is made once the cause is gone."""

from __future__ import annotations

import pytest

from tests.envelopes.signing import Signer, prepared
from tests.jobs.testing import run_due
from undersigned.base import clock
from undersigned.envelopes.attention import note_attention
from undersigned.envelopes.models import DocumentVersion, Envelope
from undersigned.jobs.models import Job
from undersigned.jobs.registry import LeaseLost
from undersigned.lifecycle import handlers
from undersigned.lifecycle import seal as sealing

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def agreed(sent: Envelope) -> Envelope:
    prepared(sent)
    for name in ("John Doe", "Åsa Öberg"):
        Signer(sent.recipients.get(name=name)).sign()
    sent.refresh_from_db()
    assert sent.state == "sealing"
    return sent


def _again(envelope: Envelope) -> Envelope:
    Job.objects.filter(kind="seal").update(run_at=clock.now())
    run_due()
    envelope.refresh_from_db()
    return envelope


def test_the_third_failure_is_noted_and_the_seal_is_made_when_it_can_be(
    agreed: Envelope, settings: object
) -> None:
    settings.TIMESTAMP_AUTHORITY = ""  # type: ignore[attr-defined]
    for attempt in (1, 2):
        _again(agreed)
        assert (agreed.state, agreed.needs_attention) == ("sealing", ""), attempt
    _again(agreed)
    assert agreed.state == "sealing"
    assert agreed.needs_attention.startswith("sealing waits: TimestampUnavailable")
    assert Job.objects.get(kind="seal").state == "waiting"
    settings.TIMESTAMP_AUTHORITY = "built-in"  # type: ignore[attr-defined]
    _again(agreed)
    assert (agreed.state, agreed.needs_attention) == ("completed", "")


def test_who_lost_the_race_to_seal_notes_nothing(agreed: Envelope, monkeypatch: pytest.MonkeyPatch) -> None:
    real = handlers.seal

    def overtaken(envelope_id: int, run: object) -> None:
        real(envelope_id, run)  # type: ignore[arg-type]
        raise LeaseLost("another worker was faster")

    Job.objects.filter(kind="seal").update(attempts=5)
    monkeypatch.setattr(handlers, "seal", overtaken)
    _again(agreed)
    assert (agreed.state, agreed.needs_attention) == ("completed", "")


class Free:
    """A run whose lease nobody takes."""

    def check(self) -> None: ...

    def finish(self) -> None: ...


def test_who_seals_second_changes_nothing(agreed: Envelope, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker completes the envelope while this one makes the evidence."""
    real = sealing.seal_evidence

    def overtaken(envelope: Envelope, sealed: dict[int, str], unproven: set[str]) -> object:
        monkeypatch.setattr(sealing, "seal_evidence", real)
        sealing.seal(envelope.pk, Free())  # type: ignore[arg-type]
        return real(envelope, sealed, unproven)

    monkeypatch.setattr(sealing, "seal_evidence", overtaken)
    sealing.seal(agreed.pk, Free())  # type: ignore[arg-type]
    sealed = DocumentVersion.objects.filter(document__envelope=agreed, kind="sealed")
    assert sealed.count() == agreed.documents.count()
    assert agreed.audit_events.filter(kind="completed").count() == 1


def test_nothing_waits_for_people_on_an_envelope_that_has_ended(agreed: Envelope) -> None:
    _again(agreed)
    assert agreed.state == "completed"
    note_attention(agreed.pk, "too late")
    agreed.refresh_from_db()
    assert agreed.needs_attention == ""
