"""The virus scan found something in stored bytes, or finds nothing any more: envelopes that have them wait, or go on."""

from __future__ import annotations

from django.db.models import Q

from undersigned.base.clock import now
from undersigned.base.db import atomic

from . import audit, messages
from .errors import NotFound
from .locks import lock_envelope
from .models import AuditEvent, Envelope, EnvelopeState

_TURNS = ("infected", "found_clean", "declined", "put_on_hold", "resumed", "files_replaced", "cancelled")


def quarantine(blob_id: int, virus: str) -> None:
    """Put what is open and has the blob on hold, and tell its owners; with no `virus` let what waits for nothing else go on.

    One envelope a transaction; a repetition has no effect.
    """
    having = Q(documents__original__blob=blob_id) | Q(documents__versions__file__blob=blob_id)
    for pk in list(
        Envelope.objects.filter(having, erased_at=None).order_by("pk").values_list("pk", flat=True).distinct()
    ):
        with atomic():
            try:
                envelope = lock_envelope(pk)
            except NotFound:
                continue
            if virus:
                _hold(envelope, virus)
            else:
                _go_on(envelope)


def _hold(envelope: Envelope, virus: str) -> None:
    if _last_turn(envelope) == "infected":
        return
    at = now(envelope.organization.clock_offset)
    audit.append(envelope, "infected", at, by=None, virus=virus)
    if envelope.state == EnvelopeState.SENT:
        envelope.state = EnvelopeState.ON_HOLD
        envelope.save(update_fields=["state", "updated_at"])
    messages.tell_infected(envelope, virus, at)


def _go_on(envelope: Envelope) -> None:
    if _last_turn(envelope) != "infected" or _still_infected(envelope):
        return
    audit.append(envelope, "found_clean", now(envelope.organization.clock_offset), by=None)
    if envelope.state == EnvelopeState.ON_HOLD:
        envelope.state = EnvelopeState.SENT
        envelope.save(update_fields=["state", "updated_at"])


def _last_turn(envelope: Envelope) -> str | None:
    """What last made it wait or go on: who was on hold for another reason stays so."""
    turns = AuditEvent.objects.filter(envelope=envelope, kind__in=_TURNS).order_by("-seq")
    return turns.values_list("kind", flat=True).first()


def _still_infected(envelope: Envelope) -> bool:
    infected = Q(original__blob__scan_status="infected") | Q(versions__file__blob__scan_status="infected")
    return envelope.documents.filter(infected).exists()
