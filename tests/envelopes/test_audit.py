"""The chain holds, and the database refuses to change it."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from undersigned.envelopes import audit
from undersigned.envelopes.models import AuditDetail, AuditEvent, DocumentVersion, Envelope
from undersigned.sealing.chain import first_break

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def _chain(envelope: Envelope) -> list[dict[str, object]]:
    return [
        audit.hashed_fields(e)
        | {"prev_hash": e.prev_hash, "hash": e.hash, "salt": e.detail.salt, "detail": detail}
        for e, detail in audit.trail(envelope)
    ]


def test_the_chain_is_whole_and_ends_at_the_head(sent: Envelope) -> None:
    sent.refresh_from_db()
    chain = _chain(sent)
    assert [e["kind"] for e in chain] == [
        "created",
        "recipient_added",
        "recipient_added",
        "document_added",
        "sent",
    ]
    assert first_break(chain) is None
    assert (chain[-1]["hash"], len(chain)) == (sent.audit_head, sent.audit_seq)


def test_a_changed_detail_breaks_the_chain(sent: Envelope) -> None:
    chain = _chain(sent)
    chain[1]["detail"] = {"name": "Somebody Else"}
    assert first_break(chain) == 2


def test_the_database_refuses_to_change_an_event(sent: Envelope) -> None:
    events = AuditEvent.objects.filter(envelope=sent)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        events.update(kind="signed")


def test_the_database_refuses_to_delete_an_event(sent: Envelope) -> None:
    events = AuditEvent.objects.filter(envelope=sent)
    AuditDetail.objects.filter(event__envelope=sent).delete()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        events._raw_delete(events.db)


def test_the_database_refuses_to_change_a_version(sent: Envelope) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        DocumentVersion.objects.update(sha256="0" * 64)


def test_details_may_go_and_the_chain_still_holds(sent: Envelope) -> None:
    chain = [e | {"salt": None, "detail": None} for e in _chain(sent)]
    assert first_break(chain) is None
